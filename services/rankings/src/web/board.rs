//! A board as its page shows it: every figure of the standings turned into text and links, once, here.

use xiaoan_proto::hq::v1::{AttentionRule, Indicator, Scheme};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse, IndicatorValue};

use super::format::{Moment, change, day_text, grouped, percent_of_bp, whole};
use super::interval::{self, Bar};
use super::lang::Lang;
use super::period::Span;
use super::status::Status;
use super::{links, names};
use crate::measures::OFFICERS;

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
    /// Address of the page that lists the events behind one number.
    pub fn explain(&self, unit: &str, indicator: &str, part: &str) -> String {
        let pairs = [
            ("period", self.period.as_str()),
            ("unit", unit),
            ("indicator", indicator),
            ("part", part),
            ("as_of", self.as_of.as_str()),
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

/// A row.
#[derive(Debug)]
pub struct Row {
    /// Code of the unit; empty for the whole city.
    pub unit: String,
    /// Name.
    pub name: String,
    /// Name of the unit above; empty when unknown.
    pub parent: String,
    /// Rank.
    pub rank: Option<i32>,
    /// Change on the period before.
    pub change: RankChange,
    /// Asks for attention.
    pub attention: Option<Attention>,
    /// Cells in the order of the columns.
    pub cells: Vec<Cell>,
}

/// What became of a rank since the period before.
#[derive(Debug, PartialEq, Eq)]
pub enum RankChange {
    /// Places won.
    Up(i32),
    /// Places lost.
    Down(i32),
    /// The same rank.
    Same,
    /// Ranked now, not before.
    New,
    /// Not ranked now; the rank before, when there was one.
    Unranked(Option<i32>),
}

/// Why a row asks for attention.
#[derive(Debug)]
pub struct Attention {
    /// "破案率 < 40%".
    pub reason: String,
    /// The interval reaches the threshold: it may be chance.
    pub perhaps_chance: bool,
}

/// A figure.
#[derive(Debug)]
pub struct Cell {
    /// Column title, for the narrow layout.
    pub title: String,
    /// Drawn with fraction and interval on a scale to 100 %.
    pub percent: bool,
    /// Has a denominator.
    pub rate: bool,
    /// The board is ranked by it.
    pub ranks: bool,
    /// "40.0" or "7,470,000.00"; "—" when it cannot be evaluated.
    pub value: String,
    /// Unit after a rate's value: "%".
    pub unit: String,
    /// Numerator.
    pub numerator: String,
    /// Denominator of a rate.
    pub denominator: Option<String>,
    /// Link to the events of the numerator.
    pub numerator_href: String,
    /// Link to the events of the denominator; absent for headcounts, which are not events of the ledger.
    pub denominator_href: Option<String>,
    /// Ends of the interval, "21.9" and "61.3", and its drawing.
    pub interval: Option<(String, String, Bar)>,
    /// Change on the year before.
    pub yoy: Yoy,
}

/// Change on the year before.
#[derive(Debug, PartialEq, Eq)]
pub enum Yoy {
    /// Known.
    Known {
        /// "+84.8%" or "+22.8 pp".
        change: String,
        /// "+91.3%" beside a change in percentage points; empty for counts.
        relative: String,
        /// "809" or "809/3,235".
        base: String,
    },
    /// The year before is zero: no figure, never infinity.
    BaseZero,
    /// Cannot be evaluated now or then.
    None,
}

/// Builds the page's view of standings.
pub fn view(standings: &GetStandingsResponse, place: &Place, lookup: Names<'_>) -> BoardView {
    let lang = place.lang;
    let empty = Scheme::default();
    let scheme = standings.scheme.as_ref().unwrap_or(&empty);
    let row = |entry: &Entry| row(entry, scheme, place, lookup);
    let (ranked, unranked): (Vec<Row>, Vec<Row>) =
        standings.entries.iter().map(row).partition(|r| r.rank.is_some());
    let by = scheme.indicators.iter().find(|i| i.id == scheme.rank_by);
    BoardView {
        title: lang.name(&scheme.title_zh, &scheme.title_en).to_owned(),
        period: Span::read(&place.period).label(lang),
        days: days(standings, lang),
        columns: scheme.indicators.iter().map(|i| column(i, scheme, lang)).collect(),
        attention: ranked.iter().filter(|r| r.attention.is_some()).count(),
        ranked,
        unranked,
        total: standings.total.as_ref().map(row),
        version: version(scheme, lang),
        effective: scheme
            .effective_on
            .and_then(|day| time::Date::try_from(day).ok())
            .map(|d| day_text(d, lang)),
        status: Status::of(&standings.sources, lang),
        as_of: Moment::of_wire(standings.as_of.as_ref()),
        revision: standings.revision,
        ranked_by: by.map(|i| title(i, lang).to_owned()).unwrap_or_default(),
        rules: scheme.attention_rules.iter().map(|rule| reason(rule, scheme, lang)).collect(),
        minimum: by.map_or(0, |i| i.min_denominator),
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

fn row(entry: &Entry, scheme: &Scheme, place: &Place, lookup: Names<'_>) -> Row {
    let lang = place.lang;
    let parent = lookup(&entry.parent).map(|(zh, en)| lang.name(&zh, &en).to_owned());
    let by_id = |id: &str| entry.indicators.iter().find(|value| value.id == id);
    let cells = scheme.indicators.iter().map(|indicator| match by_id(&indicator.id) {
        Some(value) => cell(value, indicator, &entry.org_unit, scheme, place),
        None => missing(indicator, lang),
    });
    Row {
        unit: entry.org_unit.clone(),
        name: match entry.org_unit.as_str() {
            "" => lang.t("全市", "Whole city").to_owned(),
            _ => lang.name(&entry.name_zh, &entry.name_en).to_owned(),
        },
        parent: parent.unwrap_or_default(),
        rank: entry.rank,
        change: rank_change(entry.rank, entry.previous_rank),
        attention: entry.attention.then(|| attention(entry, scheme, lang)),
        cells: cells.collect(),
    }
}

fn rank_change(now: Option<i32>, before: Option<i32>) -> RankChange {
    match (now, before) {
        (None, before) => RankChange::Unranked(before),
        (Some(_), None) => RankChange::New,
        (Some(now), Some(before)) => match before - now {
            0 => RankChange::Same,
            won if won > 0 => RankChange::Up(won),
            lost => RankChange::Down(-lost),
        },
    }
}

fn attention(entry: &Entry, scheme: &Scheme, lang: Lang) -> Attention {
    let broken = scheme.attention_rules.iter().find_map(|rule| {
        let value = entry.indicators.iter().find(|v| v.id == rule.indicator_id && v.evaluable)?;
        let below = i128::from(value.numerator) * i128::from(rule.threshold_denominator)
            < i128::from(rule.threshold_numerator) * i128::from(value.denominator?);
        below.then_some((rule, value))
    });
    match broken {
        Some((rule, value)) => {
            let threshold = interval::parts_of((rule.threshold_numerator, rule.threshold_denominator));
            Attention {
                reason: reason(rule, scheme, lang),
                perhaps_chance: value.wilson_high.is_some_and(|high| high >= threshold),
            }
        }
        None => Attention { reason: String::new(), perhaps_chance: false },
    }
}

fn reason(rule: &AttentionRule, scheme: &Scheme, lang: Lang) -> String {
    let indicator = scheme.indicators.iter().find(|i| i.id == rule.indicator_id);
    let name = indicator.map_or(rule.indicator_id.as_str(), |i| title(i, lang));
    let threshold = match (rule.threshold_numerator, rule.threshold_denominator) {
        (numerator, 100) if indicator.is_none_or(names::is_percent) => format!("{numerator}%"),
        (numerator, 1) => numerator.to_string(),
        (numerator, denominator) => format!("{numerator}/{denominator}"),
    };
    format!("{name} < {threshold}")
}

fn cell(value: &IndicatorValue, of: &Indicator, unit: &str, scheme: &Scheme, place: &Place) -> Cell {
    let rule = scheme.attention_rules.iter().find(|rule| rule.indicator_id == of.id);
    let threshold = rule.map(|rule| (rule.threshold_numerator, rule.threshold_denominator));
    let interval = match (value.wilson_low, value.wilson_high, value.denominator) {
        (Some(low), Some(high), Some(denominator)) => {
            let drawn = interval::bar(low, high, (value.numerator, denominator), threshold);
            Some((percent_of_bp(low), percent_of_bp(high), drawn))
        }
        _ => None,
    };
    let shown = if value.display.is_empty() { "—".to_owned() } else { grouped(&value.display) };
    let headcount = of.denominator.as_ref().is_some_and(|d| d.measure == OFFICERS);
    let measure = of.numerator.as_ref().map_or("", |numerator| &numerator.measure);
    Cell {
        title: title(of, place.lang).to_owned(),
        percent: names::is_percent(of),
        rate: of.denominator.is_some(),
        ranks: of.id == scheme.rank_by,
        unit: if names::is_percent(of) && !value.display.is_empty() { "%".to_owned() } else { String::new() },
        value: shown,
        numerator: names::amount(measure, value.numerator),
        denominator: value.denominator.map(whole),
        numerator_href: place.explain(unit, &of.id, "numerator"),
        denominator_href: (!headcount).then(|| place.explain(unit, &of.id, "denominator")),
        interval,
        yoy: yoy(value, measure),
    }
}

fn missing(of: &Indicator, lang: Lang) -> Cell {
    Cell {
        title: title(of, lang).to_owned(),
        percent: names::is_percent(of),
        rate: of.denominator.is_some(),
        ranks: false,
        value: "—".to_owned(),
        unit: String::new(),
        numerator: String::new(),
        denominator: None,
        numerator_href: String::new(),
        denominator_href: None,
        interval: None,
        yoy: Yoy::None,
    }
}

fn yoy(value: &IndicatorValue, measure: &str) -> Yoy {
    if value.base_zero {
        return Yoy::BaseZero;
    }
    if value.yoy.is_empty() {
        return Yoy::None;
    }
    let numerator = names::amount(measure, value.base_numerator);
    let base = match value.base_denominator {
        Some(denominator) => format!("{numerator}/{}", whole(denominator)),
        None => numerator,
    };
    Yoy::Known { change: change(&value.yoy), relative: change(&value.yoy_relative), base }
}
