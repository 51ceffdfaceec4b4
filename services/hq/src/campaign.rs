//! Campaigns (专项行动): opened with the days that count, closed once (facts row A1).

use crate::fields::{finding, recorded_day, slug, values};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, Finding, OrgCode, Refusal, RefusalKind};
use xiaoan_proto::hq::v1 as hq;
use xiaoan_rpc::Check;

xiaoan_kernel::events! {
    /// What can happen to a campaign.
    pub enum CampaignEvent {
        Opened(hq::CampaignOpened),
        Closed(hq::CampaignClosed),
    }
}

/// Why hq does not open or close a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignRefusal {
    /// Fields are wrong (GE-006).
    Fields(Vec<Finding>),
    /// `CAMPAIGN-EXISTS`: the id is taken.
    Exists,
    /// `CAMPAIGN-UNKNOWN`: no such campaign.
    Unknown,
    /// `CAMPAIGN-NOT-OPEN`: it is closed already.
    NotOpen {
        /// Day of closing.
        closed_on: Date,
    },
}

impl Refusal for CampaignRefusal {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Fields(_) => RefusalKind::Field,
            Self::Unknown => RefusalKind::Missing,
            Self::Exists | Self::NotOpen { .. } => RefusalKind::State,
        }
    }
    fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Fields(findings) => findings.clone(),
            Self::Exists => {
                finding("CAMPAIGN-EXISTS", "", "该编号已使用，请另选编号", "the id is taken; choose another")
            }
            Self::Unknown => finding(
                "CAMPAIGN-UNKNOWN",
                "campaign_id",
                "没有该专项行动，请核对编号",
                "no such campaign; check the id",
            ),
            Self::NotOpen { closed_on } => finding(
                "CAMPAIGN-NOT-OPEN",
                "",
                format!("该专项行动已于{closed_on}结束"),
                format!("the campaign was closed on {closed_on}"),
            ),
        }
    }
}

impl From<Vec<Finding>> for CampaignRefusal {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Fields(findings)
    }
}

type Decided = Result<Vec<Fact<CampaignEvent>>, CampaignRefusal>;

/// A campaign.
#[derive(Debug, Clone, Default)]
pub struct Campaign {
    opened: Option<Opened>,
}

#[derive(Debug, Clone, Copy)]
struct Opened {
    from: Date,
    closed_on: Option<Date>,
}

impl Aggregate for Campaign {
    const KIND: &'static str = "campaign";
    type Event = CampaignEvent;

    fn apply(&mut self, event: &CampaignEvent) {
        match event {
            CampaignEvent::Opened(e) => {
                self.opened = Some(Opened { from: recorded_day(e.from), closed_on: None });
            }
            CampaignEvent::Closed(e) => {
                if let Some(opened) = &mut self.opened {
                    opened.closed_on = Some(recorded_day(e.closed_on));
                }
            }
        }
    }
}

impl Campaign {
    /// Opens it; `by` is the unit of the caller, whose fact it is.
    ///
    /// # Errors
    /// See [`CampaignRefusal`]; so for closing.
    pub fn decide_open(&self, command: &hq::OpenCampaignRequest, by: OrgCode) -> Decided {
        let mut check = Check::new();
        slug(&mut check, "campaign_id", &command.campaign_id);
        let name_zh = check.text("name_zh", &command.name_zh, 1..=60);
        let name_en = check.text("name_en", &command.name_en, 0..=80);
        let from = check.day("from", command.from);
        let to = check.day("to", command.to);
        check.ensure(
            from.zip(to).is_none_or(|(from, to)| from <= to),
            "GE-006",
            "to",
            "结束日期不能早于开始日期",
            "the last day may not be before the first",
        );
        let (name_zh, name_en, from, to) = values(check, (name_zh, name_en, from, to))?;
        if self.opened.is_some() {
            return Err(CampaignRefusal::Exists);
        }
        let event = hq::CampaignOpened {
            campaign_id: command.campaign_id.clone(),
            name_zh,
            name_en,
            from: Some(from.into()),
            to: Some(to.into()),
        };
        Ok(vec![Fact::new(event, by, from)])
    }

    /// Closes it, on its first day at the earliest.
    pub fn decide_close(&self, command: &hq::CloseCampaignRequest, by: OrgCode) -> Decided {
        let mut check = Check::new();
        let opened = self.opened.ok_or(CampaignRefusal::Unknown)?;
        let closed_on = check.day("closed_on", command.closed_on);
        check.ensure(
            closed_on.is_none_or(|day| opened.from <= day),
            "GE-006",
            "closed_on",
            "不能早于开始日期",
            "may not be before the first day",
        );
        let (closed_on,) = values(check, (closed_on,))?;
        if let Some(closed_on) = opened.closed_on {
            return Err(CampaignRefusal::NotOpen { closed_on });
        }
        let event = hq::CampaignClosed {
            campaign_id: command.campaign_id.clone(),
            closed_on: Some(closed_on.into()),
        };
        Ok(vec![Fact::new(event, by, closed_on)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use xiaoan_kernel::given::given;
    use xiaoan_proto::core::v1 as core;

    fn city() -> OrgCode {
        OrgCode::parse("371100000000").expect("12 digits")
    }
    fn on(year: i32, month: i32, day: i32) -> Option<core::Date> {
        Some(core::Date { year, month, day })
    }
    fn open() -> hq::OpenCampaignRequest {
        hq::OpenCampaignRequest {
            campaign_id: "autumn-wind".into(),
            name_zh: "秋风".into(),
            name_en: "Autumn Wind".into(),
            from: on(2020, 9, 1),
            to: on(2021, 7, 10),
            ..Default::default()
        }
    }
    fn opened() -> CampaignEvent {
        hq::CampaignOpened {
            campaign_id: "autumn-wind".into(),
            name_zh: "秋风".into(),
            name_en: "Autumn Wind".into(),
            from: on(2020, 9, 1),
            to: on(2021, 7, 10),
        }
        .into()
    }
    fn close(closed_on: Option<core::Date>) -> hq::CloseCampaignRequest {
        hq::CloseCampaignRequest { campaign_id: "autumn-wind".into(), closed_on, ..Default::default() }
    }
    fn closed(closed_on: Option<core::Date>) -> CampaignEvent {
        hq::CampaignClosed { campaign_id: "autumn-wind".into(), closed_on }.into()
    }

    #[test]
    fn a01_the_autumn_wind_campaign_counts_from_its_first_day() {
        let facts = given::<Campaign>([]).when(|c| c.decide_open(&open(), city())).then_facts();
        assert_eq!(facts, [Fact::new(opened(), city(), date!(2020 - 09 - 01))]);
    }

    #[test]
    fn a_campaign_is_opened_once() {
        given::<Campaign>([opened()])
            .when(|c| c.decide_open(&open(), city()))
            .then_refused(&["CAMPAIGN-EXISTS"]);
    }

    #[test]
    fn every_wrong_field_of_a_campaign_is_reported() {
        let command = hq::OpenCampaignRequest {
            campaign_id: "Autumn Wind".into(),
            from: on(2021, 7, 10),
            to: on(2020, 9, 1),
            ..Default::default()
        };
        given::<Campaign>([])
            .when(|c| c.decide_open(&command, city()))
            .then_refused(&["GE-006", "GE-006", "GE-006"]);
    }

    #[test]
    fn a_campaign_is_closed_once_and_not_before_its_first_day() {
        let past = || [opened()];
        given::<Campaign>(past())
            .when(|c| c.decide_close(&close(on(2020, 8, 31)), city()))
            .then_refused(&["GE-006"]);
        let campaign = given::<Campaign>(past())
            .when(|c| c.decide_close(&close(on(2021, 7, 10)), city()))
            .then([closed(on(2021, 7, 10))]);
        let again = campaign.decide_close(&close(on(2021, 7, 11)), city());
        assert_eq!(again, Err(CampaignRefusal::NotOpen { closed_on: date!(2021 - 07 - 10) }));
    }

    #[test]
    fn a_campaign_that_was_never_opened_is_missing() {
        given::<Campaign>([])
            .when(|c| c.decide_close(&close(on(2021, 7, 10)), city()))
            .then_refused(&["CAMPAIGN-UNKNOWN"]);
        assert_eq!(CampaignRefusal::Unknown.kind(), RefusalKind::Missing);
    }
}
