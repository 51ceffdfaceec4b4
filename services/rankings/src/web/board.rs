//! A board as its page shows it: every figure of the standings turned into text and links, once, here.

use xiaoan_proto::hq::v1::{Entrants, Indicator, Scheme};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse};

use super::format::{Moment, day_text};
use super::lang::Lang;
use super::period::Span;
use super::row::{self, Row};
use super::status::Status;
use super::{figure, links, names};

/// Names of units that are not on the board themselves, such as the bureau above a station: code → (zh, en).
pub type Names<'a> = &'a dyn Fn(&str) -> Option<(String, String)>;

/// Which numbers a link from this page points at.
#[derive(Debug, Clone)]
pub struct Place {
    /// Board.
    pub board: String,
    /// Period as the request carries it.
    pub period: String,
    /// Moment of knowledge as the request carries it; empty = now.
    pub as_of: String,
    /// Language.
    pub lang: Lang,
}

impl Place {
    /// Address of the page that lists the events behind one number of a row.
    pub fn explain_row(&self, row: &Entry, indicator: &Indicator, part: &str) -> String {
        self.explain(&row.org_unit, &row.squadron, indicator, part, "")
    }

    /// The same for a number of a unit or squadron, neither = the whole city, and of the period's closing: that of a correction,
    /// "0" the frozen one, empty = as it is now.
    pub fn explain(
        &self,
        unit: &str,
        squadron: &str,
        indicator: &Indicator,
        part: &str,
        closing: &str,
    ) -> String {
        // A squadron is told by its own id, whatever unit it belongs to.
        let unit = if squadron.is_empty() { unit } else { "" };
        let pairs = [
            ("period", self.period.as_str()),
            ("unit", unit),
            ("squadron", squadron),
            ("indicator", indicator.id.as_str()),
            ("part", part),
            ("as_of", self.as_of.as_str()),
            ("closing", closing),
        ];
        links::to(&format!("/boards/{}/explain", links::encoded(&self.board)), &pairs, self.lang)
    }

    /// Address of the board over another period, same moment of knowledge.
    pub fn over(&self, span: &Span) -> String {
        links::board(&self.board, &span.param(), &self.as_of, self.lang)
    }
}

/// A board.
#[derive(Debug)]
pub struct BoardView {
    /// Title.
    pub title: String,
    /// Name of the period.
    pub period: String,
    /// "2026年6月1日至…": the days counted.
    pub days: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Indicators that stand in a line under the unit: how far its rate can be trusted.
    pub integrity: Vec<Column>,
    /// Ranked rows.
    pub ranked: Vec<Row>,
    /// Rows with too few to rank.
    pub unranked: Vec<Row>,
    /// The whole city.
    pub total: Option<Row>,
    /// How many rows ask for attention.
    pub attention: usize,
    /// "第 3 版" or "built in".
    pub version: String,
    /// From when on the scheme applies.
    pub effective: Option<String>,
    /// What the rows are based on.
    pub status: Status,
    /// Asked as known at this moment.
    pub as_of: Option<Moment>,
    /// Revision of the standings.
    pub revision: i64,
    /// The indicator that ranks.
    pub ranked_by: String,
    /// Attention rules in words.
    pub rules: Vec<String>,
    /// Smallest denominator of the ranking indicator.
    pub minimum: i64,
    /// Page of the funnel plot, when a share of cases ranks.
    pub funnel: Option<String>,
    /// Page of the months.
    pub trend: String,
    /// Page of what bears on the rates, when a share of cases ranks.
    pub integrity_page: Option<String>,
    /// Head of the column of names.
    pub who: &'static str,
}

impl BoardView {
    /// How many columns the table has: rank, change, unit, indicators.
    pub fn width(&self) -> usize {
        self.columns.len() + 3
    }
}

/// A column of indicators.
#[derive(Debug)]
pub struct Column {
    /// Title.
    pub title: String,
    /// "破案 ÷ 立案"; empty for counts.
    pub hint: String,
    /// Unit shown in the head for counts.
    pub unit: String,
    /// Drawn with fraction and interval on a scale to 100 %.
    pub percent: bool,
    /// Has an interval: a share of cases, not of money.
    pub interval: bool,
    /// Has a denominator.
    pub rate: bool,
    /// Ranks the board.
    pub ranks: bool,
    /// Exact formula.
    pub formula: String,
    /// Smallest denominator; 0 = any above zero.
    pub minimum: i64,
    /// Share of the score.
    pub weight: i32,
    /// "多者为先" / "more is better".
    pub direction: String,
}

/// Builds the page's view of standings.
pub fn view(standings: &GetStandingsResponse, place: &Place, lookup: Names<'_>) -> BoardView {
    let lang = place.lang;
    let empty = Scheme::default();
    let scheme = standings.scheme.as_ref().unwrap_or(&empty);
    let split = figure::split(scheme);
    let row = |entry: &Entry| row::row(entry, scheme, &split, place, lookup);
    let (mut ranked, mut unranked): (Vec<Row>, Vec<Row>) =
        standings.entries.iter().map(row).partition(|r| r.rank.is_some());
    let mut total = standings.total.as_ref().map(row);
    row::align(ranked.iter_mut().chain(&mut unranked).chain(&mut total));
    let by = scheme.indicators.iter().find(|i| i.id == scheme.rank_by);
    let share = by.is_some_and(names::is_share);
    let [integrity, columns] = [&split.integrity, &split.shown]
        .map(|of| of.iter().map(|indicator| column(indicator, scheme, lang)).collect());
    BoardView {
        title: lang.name(&scheme.title_zh, &scheme.title_en).to_owned(),
        period: Span::read(&place.period).label(lang),
        days: days(standings, lang),
        columns,
        integrity,
        attention: ranked.iter().filter(|r| r.attention.is_some()).count(),
        ranked,
        unranked,
        total,
        version: version(scheme, lang),
        effective: scheme
            .effective_on
            .and_then(|day| time::Date::try_from(day).ok())
            .map(|d| day_text(d, lang)),
        status: Status::of(&standings.sources, lang),
        as_of: Moment::of_wire(standings.as_of.as_ref()),
        revision: standings.revision,
        ranked_by: by.map(|i| title(i, lang).to_owned()).unwrap_or_default(),
        rules: scheme.attention_rules.iter().map(|rule| row::reason(rule, scheme, lang)).collect(),
        minimum: by.map_or(0, |i| i.min_denominator),
        funnel: share.then(|| figure::page(place, "funnel", "", "")),
        trend: figure::page(place, "trend", "", ""),
        integrity_page: share.then(|| figure::page(place, "integrity", "", "")),
        who: match scheme.entrants() {
            Entrants::Squadrons => lang.t("中队", "Squadron"),
            Entrants::Unspecified => lang.t("单位", "Unit"),
        },
    }
}

/// "第 3 版" or "内置".
pub fn version(scheme: &Scheme, lang: Lang) -> String {
    match (scheme.version, lang) {
        (0, _) => lang.t("第 0 版（内置）", "v0 (built in)").to_owned(),
        (n, Lang::Zh) => format!("第 {n} 版"),
        (n, Lang::En) => format!("v{n}"),
    }
}

/// The days counted, in words.
pub fn days(standings: &GetStandingsResponse, lang: Lang) -> String {
    let day = |date: Option<xiaoan_proto::core::v1::Date>| date.and_then(|d| time::Date::try_from(d).ok());
    match (day(standings.from), day(standings.to)) {
        (Some(from), Some(to)) => Span::Days(from, to).label(lang),
        _ => String::new(),
    }
}

/// Title of an indicator.
pub fn title(indicator: &Indicator, lang: Lang) -> &str {
    lang.name(&indicator.title_zh, &indicator.title_en)
}

fn column(indicator: &Indicator, scheme: &Scheme, lang: Lang) -> Column {
    use xiaoan_proto::hq::v1::Direction;
    let rate = indicator.denominator.is_some();
    Column {
        title: title(indicator, lang).to_owned(),
        hint: names::ratio(indicator, lang),
        unit: if rate { String::new() } else { names::unit(&indicator.unit, lang).to_owned() },
        percent: names::is_percent(indicator),
        interval: names::is_share(indicator),
        rate,
        ranks: indicator.id == scheme.rank_by,
        formula: names::formula(indicator),
        minimum: indicator.min_denominator,
        weight: indicator.weight,
        direction: match indicator.direction() {
            Direction::HigherIsBetter => lang.t("多者为先", "more is better").to_owned(),
            Direction::LowerIsBetter => lang.t("少者为先", "less is better").to_owned(),
            Direction::Unspecified => String::new(),
        },
    }
}
