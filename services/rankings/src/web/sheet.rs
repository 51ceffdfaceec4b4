//! A sheet of figures: a board whose indicators stand under areas, one row per area, every figure with its events behind it.

use askama::Template;
use time::Date;
use xiaoan_proto::hq::v1::{Campaign, Indicator, Scheme};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

use super::ask::{Ask, Frame};
use super::board::{Names, Place, days, version};
use super::format::Moment;
use super::lang::Lang;
use super::pages::{last_day, period_label};
use super::picker::Picker;
use super::row::{self, Cell, Yoy};
use super::status::Status;
use super::{figure, links, names};

/// Whether a scheme makes a sheet instead of a ranking.
pub fn is_sheet(scheme: &Scheme) -> bool {
    scheme.indicators.iter().any(|indicator| !indicator.area.is_empty())
}

/// A row of a sheet.
#[derive(Debug)]
pub struct Area {
    /// Letter, for example "A".
    pub letter: String,
    /// Name.
    pub name: String,
    /// Unit that all of its figures are counted for; empty = the whole city, or several units.
    pub unit: String,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// A figure.
#[derive(Debug)]
pub struct Figure {
    /// Id of the indicator.
    pub id: String,
    /// The figure as a cell of the city's row.
    pub cell: Cell,
    /// Unit of a count: "件".
    pub unit: String,
}

/// The areas of a sheet, in the order of their figures.
pub fn areas(standings: &GetStandingsResponse, place: &Place, lookup: Names<'_>) -> Vec<Area> {
    let Some(scheme) = &standings.scheme else { return Vec::new() };
    let Some(total) = &standings.total else { return Vec::new() };
    let split = figure::split(scheme);
    let row = row::row(total, scheme, &split, place, lookup);
    let mut areas: Vec<Area> = Vec::new();
    for (indicator, cell) in split.shown.iter().zip(row.cells) {
        let figure = Figure { id: indicator.id.clone(), unit: unit(indicator, place.lang), cell };
        match areas.iter_mut().find(|area| area.letter == indicator.area) {
            Some(area) => area.figures.push(figure),
            None => areas.push(Area {
                letter: indicator.area.clone(),
                name: names::area(&indicator.area, place.lang).to_owned(),
                unit: unit_of(&split.shown, &indicator.area, place.lang, lookup),
                figures: vec![figure],
            }),
        }
    }
    areas
}

fn unit(indicator: &Indicator, lang: Lang) -> String {
    match indicator.denominator {
        Some(_) => String::new(),
        None => names::unit(&indicator.unit, lang).to_owned(),
    }
}

fn unit_of(shown: &[&Indicator], area: &str, lang: Lang, lookup: Names<'_>) -> String {
    let mut units = shown.iter().filter(|i| i.area == area).map(|i| i.org_unit.as_str());
    let first = units.next().unwrap_or_default();
    if first.is_empty() || units.any(|unit| unit != first) {
        return String::new();
    }
    lookup(first).map_or_else(|| first.to_owned(), |(zh, en)| lang.name(&zh, &en).to_owned())
}

/// The page of a sheet.
#[derive(Debug, Template)]
#[template(path = "sheet.html")]
pub struct SheetPage {
    f: Frame,
    l: Lang,
    title: String,
    period: String,
    days: String,
    version: String,
    as_of: Option<Moment>,
    status: Status,
    revision: i64,
    areas: Vec<Area>,
    picker: Picker,
    live: Option<String>,
    unfinished: bool,
}

impl SheetPage {
    /// The page of standings; pure, so that a test renders what a browser gets.
    pub fn of(
        standings: &GetStandingsResponse,
        place: &Place,
        lookup: Names<'_>,
        campaigns: &[Campaign],
        today: Date,
        ask: &Ask,
    ) -> Self {
        let empty = Scheme::default();
        let scheme = standings.scheme.as_ref().unwrap_or(&empty);
        let lang = place.lang;
        let title = lang.name(&scheme.title_zh, &scheme.title_en).to_owned();
        let period = period_label(&place.period, campaigns, lang);
        let first = standings.from.and_then(|day| Date::try_from(day).ok());
        let shown = (first.unwrap_or(today), last_day(standings).unwrap_or(today));
        let path = format!("/boards/{}/live", links::encoded(&place.board));
        let live = links::to(&path, &[("period", &place.period)], Lang::Zh);
        Self {
            f: ask.frame(format!("{title} {period}"), "city"),
            l: lang,
            title,
            period,
            days: days(standings, lang),
            version: version(scheme, lang),
            as_of: Moment::of_wire(standings.as_of.as_ref()),
            status: Status::of(&standings.sources, lang),
            revision: standings.revision,
            areas: areas(standings, place, lookup),
            picker: Picker::of(place, shown, campaigns, today),
            live: place.as_of.is_empty().then_some(live),
            unfinished: shown.1 >= today,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::sample;
    use xiaoan_proto::hq::v1::MeasureRef;

    #[test]
    fn what_tells_how_far_a_rate_can_be_trusted_shifts_no_figure_of_a_sheet() {
        let place = Place {
            board: "city".into(),
            period: "autumn-wind".into(),
            as_of: String::new(),
            lang: Lang::Zh,
        };
        let told = |standings: &GetStandingsResponse| -> Vec<(String, String, String)> {
            let figures = areas(standings, &place, &|_| None).into_iter().flat_map(|area| area.figures);
            figures.map(|figure| (figure.id, figure.cell.title, figure.cell.value)).collect()
        };
        let mut standings = sample::city();
        let before = told(&standings);
        let scheme = standings.scheme.as_mut().unwrap();
        assert_eq!(before.len(), scheme.indicators.len());
        let revoked = Indicator {
            id: "solves_revoked".into(),
            numerator: Some(MeasureRef { measure: "case.solve_revoked".into(), ..Default::default() }),
            ..scheme.indicators[0].clone()
        };
        scheme.indicators.insert(1, revoked);
        assert_eq!(told(&standings), before);
    }
}
