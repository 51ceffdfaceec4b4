//! Surveys of the public (群众安全感满意度, facts row A13), as whoever asked published them.

use super::reference::rank;
use super::refusal::{Reason, Refused};
use super::{By, Keys, Register, unit_of};
use crate::fields::{slug, values};
use xiaoan_kernel::{Aggregate, Fact};
use xiaoan_proto::hq::v1::{self as hq, SurveyKind};
use xiaoan_rpc::Check;

xiaoan_kernel::events! {
    /// What can happen to a survey.
    pub enum SurveyEvent {
        Recorded(hq::SurveyRecorded),
        Retracted(hq::SurveyRetracted),
    }
}

/// A survey.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    shown: Option<hq::Survey>,
}

type Decided = Result<Vec<Fact<SurveyEvent>>, Refused>;

impl From<hq::Survey> for Survey {
    fn from(shown: hq::Survey) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Aggregate for Survey {
    const KIND: &'static str = "survey";
    type Event = SurveyEvent;

    fn apply(&mut self, event: &SurveyEvent) {
        match event {
            SurveyEvent::Recorded(e) => self.shown.clone_from(&e.survey),
            SurveyEvent::Retracted(e) => {
                if let Some(shown) = &mut self.shown {
                    shown.retracted = true;
                    shown.retracted_because.clone_from(&e.reason);
                }
            }
        }
    }
}

impl Register for Survey {
    type Shown = hq::Survey;
    fn into_shown(self) -> Option<hq::Survey> {
        self.shown
    }
    fn keys(shown: &hq::Survey) -> Keys<'_> {
        let (id, org_unit, day) = (&shown.survey_id, &shown.org_unit, shown.published_on);
        Keys { id, org_unit, state: 0, kind: shown.kind, reference: "", day }
    }
    fn put_etag(shown: &mut hq::Survey, etag: String) {
        shown.etag = etag;
    }
}

impl Survey {
    /// Records a survey.
    ///
    /// # Errors
    /// `SURVEY-EXISTS` or fields.
    pub fn decide_record(&self, survey: &hq::Survey, by: By<'_>) -> Decided {
        let mut check = Check::new();
        slug(&mut check, "survey.survey_id", &survey.survey_id);
        check.choice::<SurveyKind>("survey.kind", survey.kind);
        let unit = check.org_unit("survey.org_unit", &survey.org_unit);
        let from = check.past_day("survey.from", survey.from, by.today);
        let to = check.past_day("survey.to", survey.to, by.today);
        let in_order = from.zip(to).is_none_or(|(from, to)| from <= to);
        let (zh, en) = ("结束日期不能早于开始日期", "the last day may not be before the first");
        check.ensure(in_order, "GE-006", "survey.to", zh, en);
        check.text("survey.conducted_by", &survey.conducted_by, 1..=100);
        check.number("survey.respondents", survey.respondents, 0..=100_000_000);
        if let Some(score) = survey.score_hundredths {
            check.number("survey.score_hundredths", score, 0..=10_000);
        }
        rank(&mut check, survey.rank, survey.rank_of);
        let says = survey.score_hundredths.is_some() || survey.rank > 0;
        let (zh, en) = ("须写明得分或名次", "state a score or a rank");
        check.ensure(says, "GE-006", "survey.score_hundredths", zh, en);
        check.text("survey.source", &survey.source, 1..=300);
        let published_on = check.past_day("survey.published_on", survey.published_on, by.today);
        let (unit, published_on) = values(check, (unit, published_on))?;
        if self.shown.is_some() {
            return Err(Reason::SurveyExists.into());
        }
        let survey = hq::Survey {
            retracted: false,
            retracted_because: String::new(),
            etag: String::new(),
            ..survey.clone()
        };
        Ok(vec![Fact::new(hq::SurveyRecorded { survey: Some(survey) }, unit, published_on)])
    }

    /// Retracts it.
    ///
    /// # Errors
    /// `SURVEY-UNKNOWN`, `SURVEY-STATE` or fields.
    pub fn decide_retract(&self, command: &hq::RetractSurveyRequest, by: By<'_>) -> Decided {
        let shown = self.shown.as_ref().ok_or(Reason::SurveyUnknown)?;
        let mut check = Check::new();
        let reason = check.text("reason", &command.reason, 1..=300);
        let (reason,) = values(check, (reason,))?;
        if shown.retracted {
            return Err(Reason::SurveyState.into());
        }
        let event = hq::SurveyRetracted {
            survey_id: shown.survey_id.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(by.today.into()),
            reason,
        };
        Ok(vec![Fact::new(event, unit_of(&shown.org_unit)?, by.today)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use xiaoan_kernel::given::given;
    use xiaoan_proto::core::v1 as core;

    const BY: By<'static> = By { subject: "hq", today: date!(2021 - 07 - 31) };

    fn on(year: i32, month: i32, day: i32) -> Option<core::Date> {
        Some(core::Date { year, month, day })
    }
    fn survey() -> hq::Survey {
        hq::Survey {
            survey_id: "public-2020".into(),
            kind: SurveyKind::Both.into(),
            org_unit: "371100000000".into(),
            from: on(2020, 1, 1),
            to: on(2020, 12, 31),
            conducted_by: "示例统计机构".into(),
            rank: 1,
            rank_of: 16,
            source: "示例通报第2期".into(),
            published_on: on(2021, 1, 15),
            ..Default::default()
        }
    }

    #[test]
    fn a13_a_survey_of_which_only_the_rank_was_published_is_recorded_once() {
        let facts = given::<Survey>([]).when(|s| s.decide_record(&survey(), BY)).then_facts();
        assert_eq!(facts.first().map(|fact| fact.occurred_on), Some(date!(2021 - 01 - 15)));
        let recorded = Survey::from(survey());
        assert_eq!(recorded.decide_record(&survey(), BY), Err(Reason::SurveyExists.into()));
    }

    #[test]
    fn a_survey_that_says_nothing_or_names_no_source_is_refused() {
        let silent = hq::Survey { rank: 0, rank_of: 0, ..survey() };
        given::<Survey>([]).when(|s| s.decide_record(&silent, BY)).then_refused(&["GE-006"]);
        let odd = hq::Survey { score_hundredths: Some(10_001), rank: 17, source: String::new(), ..survey() };
        given::<Survey>([]).when(|s| s.decide_record(&odd, BY)).then_refused(&["GE-006", "GE-006", "GE-006"]);
    }

    #[test]
    fn a_survey_is_retracted_once() {
        let retract = hq::RetractSurveyRequest { reason: "口径有误".into(), ..Default::default() };
        given::<Survey>([]).when(|s| s.decide_retract(&retract, BY)).then_refused(&["SURVEY-UNKNOWN"]);
        let mut recorded = Survey::from(survey());
        let facts = recorded.decide_retract(&retract, BY).expect("retracted");
        facts.iter().for_each(|fact| recorded.apply(&fact.event));
        assert_eq!(recorded.decide_retract(&retract, BY), Err(Reason::SurveyState.into()));
    }
}
