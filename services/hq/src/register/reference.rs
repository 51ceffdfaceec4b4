//! Figures of other cities and of the province (facts rows A12, A13): taken over from where they were published, which is always
//! named. None is computed, none is invented.

use super::refusal::{Reason, Refused};
use super::{By, Keys, Register};
use crate::fields::{slug, values};
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::hq::v1 as hq;
use xiaoan_rpc::Check;

xiaoan_kernel::events! {
    /// What can happen to a figure of others.
    pub enum ReferenceEvent {
        Recorded(hq::ReferenceFigureRecorded),
        Withdrawn(hq::ReferenceFigureWithdrawn),
    }
}

/// A figure of others.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    shown: Option<hq::ReferenceFigure>,
}

type Decided = Result<Vec<Fact<ReferenceEvent>>, Refused>;

impl From<hq::ReferenceFigure> for Reference {
    fn from(shown: hq::ReferenceFigure) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Aggregate for Reference {
    const KIND: &'static str = "reference";
    type Event = ReferenceEvent;

    fn apply(&mut self, event: &ReferenceEvent) {
        match event {
            ReferenceEvent::Recorded(e) => self.shown.clone_from(&e.figure),
            ReferenceEvent::Withdrawn(e) => {
                if let Some(shown) = &mut self.shown {
                    shown.withdrawn = true;
                    shown.withdrawn_because.clone_from(&e.reason);
                }
            }
        }
    }
}

impl Register for Reference {
    type Shown = hq::ReferenceFigure;
    fn into_shown(self) -> Option<hq::ReferenceFigure> {
        self.shown
    }
    fn keys(shown: &hq::ReferenceFigure) -> Keys<'_> {
        let (id, reference, day) = (&shown.figure_id, &shown.measure, shown.source_on);
        Keys { id, org_unit: "", state: 0, kind: 0, reference, day }
    }
    fn put_etag(shown: &mut hq::ReferenceFigure, etag: String) {
        shown.etag = etag;
    }
}

/// A decimal number as it is published: digits, at most one point between them, a sign before.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part)
}

/// A rank and of how many, each 0 when not published.
pub(super) fn rank(check: &mut Check, rank: i32, of: i32) {
    let fits = (0..=10_000).contains(&rank) && (0..=10_000).contains(&of) && (of == 0 || rank <= of);
    let (zh, en) = ("名次须不大于总数", "a rank is not below the last");
    check.ensure(fits, "GE-006", "rank", zh, en);
}

impl Reference {
    /// Takes a figure over. One that says the same decides nothing; `of` = the unit of the caller, whose fact it is.
    ///
    /// # Errors
    /// Fields.
    pub fn decide_record(&self, figure: &hq::ReferenceFigure, of: OrgCode, by: By<'_>) -> Decided {
        let mut check = Check::new();
        slug(&mut check, "figure.figure_id", &figure.figure_id);
        slug(&mut check, "figure.measure", &figure.measure);
        let place = figure.place_code.len() == 6 && figure.place_code.bytes().all(|b| b.is_ascii_digit());
        let (zh, en) = ("须为6位行政区划代码", "must be the 6 digits of a place (GB/T 2260)");
        check.ensure(place, "GE-006", "figure.place_code", zh, en);
        check.text("figure.place_zh", &figure.place_zh, 1..=60);
        check.text("figure.title_zh", &figure.title_zh, 1..=60);
        check.text("figure.period", &figure.period, 1..=40);
        check.text("figure.unit", &figure.unit, 0..=20);
        let (zh, en) = ("须为十进制数", "must be a decimal number");
        let number = figure.value.is_empty() || is_decimal(&figure.value);
        check.ensure(number, "GE-006", "figure.value", zh, en);
        rank(&mut check, figure.rank, figure.rank_of);
        let (zh, en) = ("须写明数值或名次", "state a value or a rank");
        let says = !figure.value.is_empty() || figure.rank > 0;
        check.ensure(says, "GE-006", "figure.value", zh, en);
        check.text("figure.source", &figure.source, 1..=300);
        check.past_day("figure.source_on", figure.source_on, by.today);
        check.text("figure.note", &figure.note, 0..=300);
        values(check, ())?;
        let figure = hq::ReferenceFigure {
            withdrawn: false,
            withdrawn_because: String::new(),
            etag: String::new(),
            ..figure.clone()
        };
        if self.shown.as_ref() == Some(&figure) {
            return Ok(Vec::new());
        }
        let event = hq::ReferenceFigureRecorded { figure: Some(figure), on: Some(by.today.into()) };
        Ok(vec![Fact::new(event, of, by.today)])
    }

    /// Withdraws it.
    ///
    /// # Errors
    /// `REFERENCE-UNKNOWN`, `REFERENCE-STATE` or fields.
    pub fn decide_withdraw(
        &self,
        command: &hq::WithdrawReferenceFigureRequest,
        of: OrgCode,
        by: By<'_>,
    ) -> Decided {
        let shown = self.shown.as_ref().ok_or(Reason::ReferenceUnknown)?;
        let mut check = Check::new();
        let reason = check.text("reason", &command.reason, 1..=300);
        let (reason,) = values(check, (reason,))?;
        if shown.withdrawn {
            return Err(Reason::ReferenceState.into());
        }
        let figure_id = shown.figure_id.clone();
        let event = hq::ReferenceFigureWithdrawn { figure_id, on: Some(by.today.into()), reason };
        Ok(vec![Fact::new(event, of, by.today)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use xiaoan_kernel::given::given;
    use xiaoan_proto::core::v1 as core;

    const BY: By<'static> = By { subject: "hq", today: date!(2021 - 07 - 31) };

    fn city() -> OrgCode {
        OrgCode::parse("371100000000").expect("12 digits")
    }
    fn figure() -> hq::ReferenceFigure {
        hq::ReferenceFigure {
            figure_id: "370000-burglary-2020".into(),
            place_code: "370000".into(),
            place_zh: "示例省".into(),
            measure: "burglary-solve-rate".into(),
            title_zh: "入室盗窃破案率".into(),
            period: "2020".into(),
            value: "38.60".into(),
            unit: "%".into(),
            source: "示例通报第1期".into(),
            source_on: Some(core::Date { year: 2021, month: 1, day: 20 }),
            ..Default::default()
        }
    }

    #[test]
    fn a12_a_figure_is_taken_over_and_the_same_again_changes_nothing() {
        let reference = given::<Reference>([]).when(|r| r.decide_record(&figure(), city(), BY)).then([
            hq::ReferenceFigureRecorded {
                figure: Some(figure()),
                on: Some(core::Date { year: 2021, month: 7, day: 31 }),
            }
            .into(),
        ]);
        assert_eq!(reference.decide_record(&figure(), city(), BY), Ok(vec![]));
        let newer = hq::ReferenceFigure { value: "38.61".into(), ..figure() };
        assert_eq!(reference.decide_record(&newer, city(), BY).map(|facts| facts.len()), Ok(1));
    }

    #[test]
    fn a_figure_without_source_day_value_and_rank_is_not_taken_over() {
        let bare =
            hq::ReferenceFigure { source: String::new(), source_on: None, value: String::new(), ..figure() };
        given::<Reference>([])
            .when(|r| r.decide_record(&bare, city(), BY))
            .then_refused(&["GE-006", "GE-006", "GE-006"]);
        let ranked = hq::ReferenceFigure { value: String::new(), rank: 3, rank_of: 16, ..figure() };
        given::<Reference>([]).when(|r| r.decide_record(&ranked, city(), BY)).then_facts();
        for value in ["3,5", "1.", ".5", "n/a", "--1"] {
            let odd = hq::ReferenceFigure { value: value.into(), ..figure() };
            given::<Reference>([]).when(|r| r.decide_record(&odd, city(), BY)).then_refused(&["GE-006"]);
        }
    }

    #[test]
    fn a_figure_is_withdrawn_once_and_may_be_published_again() {
        let reason = "发布单位已更正".to_owned();
        let withdraw = hq::WithdrawReferenceFigureRequest { reason, ..Default::default() };
        given::<Reference>([])
            .when(|r| r.decide_withdraw(&withdraw, city(), BY))
            .then_refused(&["REFERENCE-UNKNOWN"]);
        let mut reference = Reference::from(figure());
        let facts = reference.decide_withdraw(&withdraw, city(), BY).expect("withdrawn");
        facts.iter().for_each(|fact| reference.apply(&fact.event));
        let again = reference.decide_withdraw(&withdraw, city(), BY);
        assert_eq!(again, Err(Reason::ReferenceState.into()));
        assert_eq!(reference.decide_record(&figure(), city(), BY).map(|facts| facts.len()), Ok(1));
    }
}
