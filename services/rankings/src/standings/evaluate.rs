//! From sums to rows: cells, ranks, attention. Pure: the same sums give the same board, whoever asks.

use super::figure::{self, Numbers};
use std::cmp::Ordering;
use std::collections::HashMap;
use xiaoan_kernel::OrgCode;
use xiaoan_kernel::fraction::Fraction;
use xiaoan_proto::hq::v1::{AttentionRule, Direction, Indicator, MeasureRef, Scheme};
use xiaoan_proto::rankings::v1::{Entry, IndicatorValue};

/// Which days a sum is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// The period asked for.
    Now,
    /// The same a year before.
    Base,
    /// The period before, for the change of rank.
    Previous,
}

/// Who is ranked. A squadron is no org unit: its facts are the lines of its category.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntrantId {
    /// An org unit, with everything below it.
    Unit(OrgCode),
    /// A squadron of volunteers.
    Squadron(String),
}

impl From<OrgCode> for EntrantId {
    fn from(code: OrgCode) -> Self {
        Self::Unit(code)
    }
}

/// A unit or squadron that is ranked, as it is on the last day of the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrant {
    /// Who.
    pub id: EntrantId,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Parent, if any; of a squadron the unit it belongs to.
    pub parent: Option<OrgCode>,
}

/// What an indicator is made of, as a key.
pub type Part = (String, String);

/// The key of a measure narrowed to categories.
#[must_use]
pub fn part(of: &MeasureRef) -> Part {
    (of.measure.clone(), of.category_prefix.clone())
}

/// Sums by slot and part: of each entrant, and of the whole city.
///
/// A board of a thousand units has twenty thousand of them, so entrants have places and sums lie in rows by place.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    places: HashMap<EntrantId, usize>,
    columns: HashMap<(Slot, Part), Column>,
}

/// Sums of one part over one slot.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// By the entrants' places; shorter when the last ones have none.
    sums: Vec<i64>,
    total: i64,
}

impl Column {
    /// Adds to the sum of the entrant at a place.
    pub fn add(&mut self, place: usize, quantity: i64) {
        if place >= self.sums.len() {
            self.sums.resize(place + 1, 0);
        }
        self.sums[place] += quantity;
    }
    /// Adds to the city's sum.
    pub fn add_total(&mut self, quantity: i64) {
        self.total += quantity;
    }
    fn sum(&self, whose: Whose) -> i64 {
        match whose {
            Whose::City => self.total,
            Whose::Entrant(place) => {
                place.and_then(|place| self.sums.get(place)).copied().unwrap_or_default()
            }
        }
    }
}

/// Whose numbers: an entrant's by its place (`None` = it has no facts at all), or the city's.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Entrant(Option<usize>),
    City,
}

/// An indicator with its columns found, once for all rows.
struct Ready<'a> {
    indicator: &'a Indicator,
    numerator: Option<&'a Column>,
    /// `None` for a count.
    denominator: Option<Option<&'a Column>>,
    /// Whoever's row it stands in, it is counted for this unit.
    scope: Option<Whose>,
}

impl Ready<'_> {
    fn numbers(&self, whose: Whose) -> Numbers {
        let whose = self.scope.unwrap_or(whose);
        let sum = |column: Option<&Column>| column.map_or(0, |column| column.sum(whose));
        Numbers { numerator: sum(self.numerator), denominator: self.denominator.map(sum) }
    }
    fn value(&self, whose: Whose) -> Option<Fraction> {
        figure::value(self.indicator, self.numbers(whose))
    }
    /// Whether anything of its own was counted.
    fn counts(&self, whose: Whose) -> bool {
        let Numbers { numerator, denominator } = self.numbers(whose);
        self.scope.is_none() && (numerator != 0 || denominator.is_some_and(|d| d != 0))
    }
}

impl Sheet {
    /// Place of an entrant; the next free one when it has none yet.
    pub fn place(&mut self, entrant: impl Into<EntrantId>) -> usize {
        let next = self.places.len();
        *self.places.entry(entrant.into()).or_insert(next)
    }
    /// A column to add to.
    pub fn column(&mut self, slot: Slot, part: &Part) -> &mut Column {
        self.columns.entry((slot, part.clone())).or_default()
    }
    /// Adds to an entrant's sum.
    pub fn add(&mut self, slot: Slot, part: &Part, entrant: impl Into<EntrantId>, quantity: i64) {
        let place = self.place(entrant);
        self.column(slot, part).add(place, quantity);
    }

    fn whose(&self, entrant: &EntrantId) -> Whose {
        Whose::Entrant(self.places.get(entrant).copied())
    }
    fn ready<'a>(&'a self, slot: Slot, indicator: &'a Indicator) -> Ready<'a> {
        let column = |of: &MeasureRef| self.columns.get(&(slot, part(of)));
        Ready {
            indicator,
            numerator: indicator.numerator.as_ref().and_then(column),
            denominator: indicator.denominator.as_ref().map(column),
            scope: scope(indicator).map(|unit| self.whose(&unit.into())),
        }
    }
}

/// The unit that an indicator is counted for, whatever the row.
#[must_use]
pub fn scope(indicator: &Indicator) -> Option<OrgCode> {
    OrgCode::parse(&indicator.org_unit).ok()
}

/// Ranks of entrants by the scheme's indicator, 1-2-2-4; nobody who cannot be evaluated is in it.
#[must_use]
pub fn ranks(scheme: &Scheme, entrants: &[&EntrantId], sheet: &Sheet, slot: Slot) -> HashMap<EntrantId, i32> {
    let Some(indicator) = scheme.indicators.iter().find(|i| i.id == scheme.rank_by) else {
        return HashMap::new();
    };
    let lower = indicator.direction == i32::from(Direction::LowerIsBetter);
    let better_first = |a: &Fraction, b: &Fraction| -> Ordering { if lower { a.cmp(b) } else { b.cmp(a) } };
    let ready = sheet.ready(slot, indicator);
    let value = |id: &&EntrantId| {
        let whose = sheet.whose(id);
        // Of the period before, only what ranks is known.
        let takes_part = slot != Slot::Previous || !scheme.with_facts_only || ready.counts(whose);
        Some(((*id).clone(), takes_part.then(|| ready.value(whose))??))
    };
    let mut values: Vec<(EntrantId, Fraction)> = entrants.iter().filter_map(value).collect();
    values.sort_by(|(a_id, a), (b_id, b)| better_first(a, b).then_with(|| a_id.cmp(b_id)));
    let mut ranks = HashMap::with_capacity(values.len());
    let mut last: Option<(Fraction, i32)> = None;
    for (place, (id, value)) in (1..).zip(values) {
        let rank = last.filter(|(before, _)| *before == value).map_or(place, |(_, rank)| rank);
        last = Some((value, rank));
        ranks.insert(id, rank);
    }
    ranks
}

/// The rows in the order shown: ranked ones by rank then code, the others after them by code.
#[must_use]
pub fn rows(
    scheme: &Scheme,
    entrants: &[Entrant],
    sheet: &Sheet,
    previous: &HashMap<EntrantId, i32>,
) -> Vec<Entry> {
    let board = Board::new(scheme, sheet);
    let takes_part = |e: &&Entrant| !scheme.with_facts_only || board.has_facts(sheet.whose(&e.id));
    let entrants: Vec<&Entrant> = entrants.iter().filter(takes_part).collect();
    let ids: Vec<_> = entrants.iter().map(|e| &e.id).collect();
    let ranks = ranks(scheme, &ids, sheet, Slot::Now);
    let mut order: Vec<_> = entrants.into_iter().map(|e| (ranks.get(&e.id).copied(), e)).collect();
    order.sort_by(|(a, x), (b, y)| (a.unwrap_or(i32::MAX), &x.id).cmp(&(b.unwrap_or(i32::MAX), &y.id)));
    let row = |(rank, entrant): (Option<i32>, &Entrant)| {
        let whose = sheet.whose(&entrant.id);
        let parent = entrant.parent.map(|p| p.to_string()).unwrap_or_default();
        let (org_unit, squadron) = match &entrant.id {
            EntrantId::Unit(code) => (code.to_string(), String::new()),
            EntrantId::Squadron(id) => (parent.clone(), id.clone()),
        };
        Entry {
            org_unit,
            name_zh: entrant.name_zh.clone(),
            name_en: entrant.name_en.clone(),
            rank,
            previous_rank: previous.get(&entrant.id).copied(),
            attention: board.asks_for_attention(whose),
            indicators: board.cells(whose),
            parent,
            squadron,
        }
    };
    order.into_iter().map(row).collect()
}

/// The whole city as one row: everybody's facts, entrants or not, without rank or attention.
#[must_use]
pub fn total(scheme: &Scheme, sheet: &Sheet) -> Entry {
    Entry {
        name_zh: "全市".into(),
        name_en: "Whole city".into(),
        indicators: Board::new(scheme, sheet).cells(Whose::City),
        ..Default::default()
    }
}

/// A scheme with its columns found.
struct Board<'a> {
    /// Now and a year before.
    indicators: Vec<(Ready<'a>, Ready<'a>)>,
    rules: Vec<(Ready<'a>, Fraction)>,
}

impl<'a> Board<'a> {
    fn new(scheme: &'a Scheme, sheet: &'a Sheet) -> Self {
        let both = |i| (sheet.ready(Slot::Now, i), sheet.ready(Slot::Base, i));
        let rule = |rule: &AttentionRule| {
            let indicator = scheme.indicators.iter().find(|i| i.id == rule.indicator_id)?;
            let threshold = Fraction::new(rule.threshold_numerator, rule.threshold_denominator)?;
            Some((sheet.ready(Slot::Now, indicator), threshold))
        };
        Self {
            indicators: scheme.indicators.iter().map(both).collect(),
            rules: scheme.attention_rules.iter().filter_map(rule).collect(),
        }
    }
    fn cells(&self, whose: Whose) -> Vec<IndicatorValue> {
        let cell = |(now, base): &(Ready<'_>, Ready<'_>)| {
            figure::cell(now.indicator, now.numbers(whose), base.numbers(whose))
        };
        self.indicators.iter().map(cell).collect()
    }
    fn has_facts(&self, whose: Whose) -> bool {
        self.indicators.iter().any(|(now, base)| now.counts(whose) || base.counts(whose))
    }
    /// Evaluable and strictly below a threshold: 40.0 % is not below 40 %.
    fn asks_for_attention(&self, whose: Whose) -> bool {
        self.rules.iter().any(|(ready, threshold)| ready.value(whose).is_some_and(|value| value < *threshold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standings::builtin;

    fn scheme() -> Scheme {
        builtin::schemes().into_iter().find(|s| s.board == "theft-stations").expect("built in")
    }
    fn without_minimum() -> Scheme {
        let mut scheme = scheme();
        scheme.indicators.iter_mut().for_each(|i| i.min_denominator = 0);
        scheme
    }
    fn code(n: usize) -> OrgCode {
        OrgCode::parse(&format!("3711020{n:02}000")).expect("12 digits")
    }
    fn theft(measure: &str) -> Part {
        (measure.to_owned(), "0502".to_owned())
    }
    /// A board of stations with these (solved, filed).
    fn board(scheme: &Scheme, rates: &[(i64, i64)]) -> Vec<Entry> {
        let mut sheet = Sheet::default();
        let mut entrants = Vec::new();
        for (n, (solved, filed)) in rates.iter().enumerate() {
            sheet.add(Slot::Now, &theft("case.solved"), code(n), *solved);
            sheet.add(Slot::Now, &theft("case.filed"), code(n), *filed);
            entrants.push(Entrant {
                id: code(n).into(),
                name_zh: String::new(),
                name_en: String::new(),
                parent: None,
            });
        }
        rows(scheme, &entrants, &sheet, &HashMap::new())
    }
    fn row(rows: &[Entry], n: usize) -> &Entry {
        rows.iter().find(|e| e.org_unit == code(n).to_string()).expect("a row")
    }

    #[test]
    fn k01_the_forty_per_cent_rule_is_exact_and_strict() {
        for ((solved, filed), attention) in [
            ((2, 5), false),
            ((3, 8), true),
            ((0, 0), false),
            ((39, 100), true),
            ((40, 100), false),
            ((399_999, 1_000_000), true),
        ] {
            let rows = board(&without_minimum(), &[(solved, filed)]);
            assert_eq!(rows[0].attention, attention, "{solved}/{filed}");
        }
        let below_minimum = &board(&scheme(), &[(3, 8)])[0];
        assert_eq!((below_minimum.attention, below_minimum.rank), (false, None));
    }

    #[test]
    fn k02_ties_are_ranked_1_2_2_2_and_the_next_would_be_5() {
        let rows = board(&without_minimum(), &[(8, 20), (4, 10), (3, 4), (0, 0), (2, 5), (1, 5)]);
        let rank = |n| row(&rows, n).rank;
        assert_eq!(rank(2), Some(1));
        assert_eq!((rank(0), rank(1), rank(4)), (Some(2), Some(2), Some(2)));
        assert_eq!(rank(5), Some(5));
        assert_eq!(rank(3), None);
        let order: Vec<_> = rows.iter().map(|e| e.org_unit.clone()).collect();
        assert_eq!(
            order,
            [2, 0, 1, 4, 5, 3].map(|n| code(n).to_string()),
            "by rank, then code, unranked last"
        );
    }

    #[test]
    fn k04_june_cohort_is_70_per_cent_and_july_throughput_150() {
        let mut sheet = Sheet::default();
        for (slot, filed, solved, cohort) in [(Slot::Base, 10, 4, 7), (Slot::Now, 2, 3, 0)] {
            sheet.add(slot, &theft("case.filed"), code(0), filed);
            sheet.add(slot, &theft("case.solved"), code(0), solved);
            sheet.add(slot, &theft("case.cohort_solved"), code(0), cohort);
        }
        let entrant =
            Entrant { id: code(0).into(), name_zh: String::new(), name_en: String::new(), parent: None };
        let july = rows(&without_minimum(), &[entrant], &sheet, &HashMap::new()).remove(0);
        let find = |id: &str| july.indicators.iter().find(|i| i.id == id).expect("an indicator");
        assert_eq!(find("solve_rate").display, "150.0");
        assert_eq!(find("cohort_solve_rate").display, "0.0");
        let june = find("cohort_solve_rate");
        assert_eq!((june.base_numerator, june.base_denominator), (7, Some(10)));
    }

    #[test]
    fn fewer_is_better_when_the_scheme_says_so_and_no_facts_are_a_count_of_zero() {
        let scheme =
            builtin::schemes().into_iter().find(|s| s.board == "prevention-stations").expect("built in");
        let mut sheet = Sheet::default();
        let part = ("case.preventable.filed".to_owned(), String::new());
        sheet.add(Slot::Now, &part, code(0), 12);
        sheet.add(Slot::Now, &part, code(1), 3);
        let ids = [0, 1, 2].map(|n| EntrantId::from(code(n)));
        let ranks = ranks(&scheme, &ids.each_ref(), &sheet, Slot::Now);
        assert_eq!(ids.map(|id| ranks[&id]), [3, 2, 1]);
    }

    #[test]
    fn who_has_no_facts_is_left_out_where_the_scheme_says_so() {
        let scheme = Scheme { with_facts_only: true, ..without_minimum() };
        let rows = board(&scheme, &[(0, 0), (0, 3), (2, 4)]);
        let order: Vec<_> = rows.iter().map(|e| (e.org_unit.clone(), e.rank)).collect();
        assert_eq!(order, [(code(2).to_string(), Some(1)), (code(1).to_string(), Some(2))]);
        assert_eq!(board(&without_minimum(), &[(0, 0), (0, 3)]).len(), 2);
    }

    #[test]
    fn a_figure_of_one_unit_is_that_units_in_every_row() {
        let mut scheme = without_minimum();
        scheme.indicators[0].org_unit = code(1).to_string();
        let mut sheet = Sheet::default();
        for (n, filed) in [(0, 7), (1, 9)] {
            sheet.add(Slot::Now, &theft("case.filed"), code(n), filed);
            sheet.column(Slot::Now, &theft("case.filed")).add_total(filed);
        }
        let entrant =
            Entrant { id: code(0).into(), name_zh: String::new(), name_en: String::new(), parent: None };
        let rows = rows(&scheme, &[entrant], &sheet, &HashMap::new());
        assert_eq!(rows[0].indicators[0].numerator, 9);
        assert_eq!(total(&scheme, &sheet).indicators[0].numerator, 9);
        assert_eq!(total(&scheme, &sheet).indicators[2].denominator, Some(16), "the others are the city's");
    }

    #[test]
    fn a_squadrons_row_names_it_and_the_unit_it_belongs_to() {
        let mut sheet = Sheet::default();
        let id = EntrantId::Squadron("zz-2".into());
        sheet.add(Slot::Now, &theft("case.filed"), id.clone(), 4);
        let entrant =
            Entrant { id, name_zh: "二中队".into(), name_en: String::new(), parent: Some(code(5)) };
        let row = rows(&scheme(), &[entrant], &sheet, &HashMap::new()).remove(0);
        assert_eq!((row.squadron.as_str(), row.org_unit), ("zz-2", code(5).to_string()));
        assert_eq!(row.indicators[0].numerator, 4);
    }

    #[test]
    fn the_total_is_the_city_and_has_no_rank() {
        let mut sheet = Sheet::default();
        sheet.column(Slot::Now, &theft("case.filed")).add_total(643);
        let total = total(&scheme(), &sheet);
        assert_eq!((total.rank, total.attention, total.org_unit.as_str()), (None, false, ""));
        assert_eq!(total.indicators[0].numerator, 643);
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_entrants_never_changes_a_board(
            rates in proptest::collection::vec((0_i64..30, 0_i64..30), 1..12), turn in 0_usize..12
        ) {
            let forward = board(&scheme(), &rates);
            let mut sheet = Sheet::default();
            let mut entrants = Vec::new();
            for (n, (solved, filed)) in rates.iter().enumerate() {
                sheet.add(Slot::Now, &theft("case.solved"), code(n), *solved);
                sheet.add(Slot::Now, &theft("case.filed"), code(n), *filed);
                entrants.push(Entrant { id: code(n).into(), name_zh: String::new(), name_en: String::new(), parent: None });
            }
            let turn = turn % rates.len();
            entrants.rotate_left(turn);
            proptest::prop_assert_eq!(forward, rows(&scheme(), &entrants, &sheet, &HashMap::new()));
        }
    }
}
