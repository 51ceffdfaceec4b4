//! A board in a few figures, for the index.

use xiaoan_proto::rankings::v1::GetStandingsResponse;

use super::board::{self, Place};
use super::row::Cell;
use super::{links, sheet};

/// How many places a card shows.
const PLACES: usize = 3;

/// A board's card.
#[derive(Debug)]
pub struct Card {
    /// Address of the board.
    pub href: String,
    /// Title.
    pub title: String,
    /// The ranking indicator over the whole city.
    pub headline: Option<Figure>,
    /// The first places; ties may show fewer ranks than rows.
    pub top: Vec<Leader>,
    /// Ranked units.
    pub ranked: usize,
    /// Units with too few to rank.
    pub unranked: usize,
    /// Units that ask for attention.
    pub attention: usize,
    /// True when the scheme has an attention rule at all.
    pub has_rules: bool,
    /// Version of the scheme.
    pub version: String,
}

/// A figure with its name.
#[derive(Debug)]
pub struct Figure {
    /// Name of the indicator.
    pub title: String,
    /// Value.
    pub value: String,
    /// Unit.
    pub unit: String,
    /// "259/575"; empty for counts.
    pub fraction: String,
}

/// A unit among the first.
#[derive(Debug)]
pub struct Leader {
    /// Rank.
    pub rank: i32,
    /// Name.
    pub name: String,
    /// Value with its unit.
    pub value: String,
    /// "17/25"; empty for counts.
    pub fraction: String,
}

/// A sheet of figures as a strip: the first figure of every area.
#[derive(Debug)]
pub struct Strip {
    /// Address of the sheet.
    pub href: String,
    /// Title.
    pub title: String,
    /// (letter, name of the area, figure).
    pub figures: Vec<(String, String, Figure)>,
}

/// The strip of a sheet.
pub fn sheet(standings: &GetStandingsResponse, place: &Place) -> Strip {
    let scheme = standings.scheme.as_ref();
    let title = scheme.map_or("", |s| place.lang.name(&s.title_zh, &s.title_en)).to_owned();
    let figures = sheet::areas(standings, place, &|_| None).into_iter().filter_map(|area| {
        let first = area.figures.into_iter().next()?;
        let fraction = fraction(&first.cell);
        let unit = if first.cell.rate { first.cell.unit } else { first.unit };
        let figure = Figure { title: first.cell.title, value: first.cell.value, unit, fraction };
        Some((area.letter, area.name, figure))
    });
    Strip {
        href: links::board(&place.board, &place.period, &place.as_of, place.lang),
        title,
        figures: figures.collect(),
    }
}

/// The card of standings.
pub fn card(standings: &GetStandingsResponse, place: &Place) -> Card {
    let view = board::view(standings, place, &|_| None);
    let ranking = |cells: &[Cell]| cells.iter().position(|cell| cell.ranks);
    let headline =
        view.total.as_ref().and_then(|row| row.cells.get(ranking(&row.cells)?)).map(|cell| Figure {
            title: cell.title.clone(),
            value: cell.value.clone(),
            unit: cell.unit.clone(),
            fraction: fraction(cell),
        });
    let leaders = view.ranked.iter().take(PLACES).filter_map(|row| {
        let cell = row.cells.get(ranking(&row.cells)?)?;
        Some(Leader {
            rank: row.rank?,
            name: row.name.clone(),
            value: format!("{}{}", cell.value, cell.unit),
            fraction: fraction(cell),
        })
    });
    Card {
        href: links::board(&place.board, &place.period, &place.as_of, place.lang),
        headline,
        top: leaders.collect(),
        ranked: view.ranked.len(),
        unranked: view.unranked.len(),
        attention: view.attention,
        has_rules: !view.rules.is_empty(),
        version: view.version,
        title: view.title,
    }
}

fn fraction(cell: &Cell) -> String {
    cell.denominator.as_ref().map(|d| format!("{}/{d}", cell.numerator)).unwrap_or_default()
}
