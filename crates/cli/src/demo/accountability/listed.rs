//! Listed supervision (facts row A11): burglaries that the chief of a county bureau takes in person. The chief is a post of the
//! bureau and an invented subject. Most left the list because they were solved; some are still on it, past their day; one left it
//! for a reason that the city bureau signed.

use super::{Course, NAME};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::city::{BUREAUS, CAMPAIGN, CITY, STATIONS};
use crate::demo::deal;
use crate::demo::draft::{Draft, Twist, Way};
use crate::demo::late::Late;
use crate::demo::stage::{Actor, Shown, Stage, Stopped, Tale};
use crate::fault::Fault;
use time::{Date, Duration};
use xiaoan_kernel::city_day;
use xiaoan_proto::cases::v1::GetCaseHistoryRequest;
use xiaoan_proto::hq::v1::{self as hq, ListedCaseState as State, Officeholder, Post};

/// Solved ones of each bureau.
const SOLVED: usize = 2;
/// Bureaus with one that is still on the list; the chief of the next one gave it back.
const OPEN: usize = 3;

/// A case on the list.
pub(super) struct Chosen {
    case_no: String,
    unit: &'static str,
    bureau: &'static str,
    filed_on: Date,
    solved_on: Option<Date>,
    signed: bool,
}

/// The same each time. One that waits for its approval is not among them.
pub(super) fn chosen(late: Option<&Late>) -> Vec<Chosen> {
    let drafts = deal::deal().drafts;
    let burglary = |d: &&Draft| {
        d.category == "050201"
            && matches!(d.twist, Twist::Straight | Twist::Investigated)
            && CAMPAIGN.has(d.filed_on)
            && late.is_none_or(|late| late.case_no != d.case_no)
    };
    let mut chosen = Vec::new();
    for (nth, bureau) in BUREAUS.iter().enumerate() {
        let mine: Vec<_> =
            drafts.iter().filter(burglary).filter(|d| STATIONS[d.station].bureau == *bureau).collect();
        let take = |draft: &Draft, solved_on, signed| Chosen {
            case_no: draft.case_no.clone(),
            unit: STATIONS[draft.station].code,
            bureau,
            filed_on: draft.filed_on,
            solved_on,
            signed,
        };
        let solved = mine.iter().filter_map(|draft| {
            let solve = draft.solve.as_ref().filter(|s| matches!(s.way, Way::Direct(_)))?;
            let day = city_day(solve.at);
            // Long enough after it was listed.
            (day >= draft.filed_on + Duration::days(12)).then(|| take(draft, Some(day), false))
        });
        chosen.extend(solved.take(SOLVED));
        if nth <= OPEN {
            let unsolved = mine.iter().find(|draft| draft.solve.is_none());
            chosen.extend(unsolved.map(|draft| take(draft, None, nth == OPEN)));
        }
    }
    chosen
}

impl Chosen {
    /// Listed three days after its filing, and what became of it; `position` of its solve in the log of cases.
    pub(super) fn tale(&self, position: i64) -> Tale {
        let (headquarters, case_no) = (Actor::headquarters(&["hq"]), || self.case_no.clone());
        let bureau = Actor::approver(self.bureau);
        let on = |days: i64| Some((self.filed_on + Duration::days(days)).into());
        let owner = hq::CaseOwner {
            subject: format!("demo-chief-{}", &self.bureau[..6]),
            office: Some(Officeholder { org_unit: self.bureau.into(), post: Post::BureauChief.into() }),
        };
        let list = hq::ListCaseRequest {
            case_no: case_no(),
            org_unit: self.unit.into(),
            level: hq::SupervisionLevel::City.into(),
            owner: Some(owner),
            on: on(3),
            due_on: on(63),
            ..Default::default()
        };
        let report = hq::ReportListedCaseProgressRequest {
            case_no: case_no(),
            on: on(8),
            text: "演示：已梳理周边监控和销赃线索".into(),
            ..Default::default()
        };
        let tale = Tale::new(NAME, format!("listed-{}", self.case_no))
            .with(&headquarters, list)
            .with(&bureau, report);
        let delist = match self.solved_on {
            Some(day) => hq::DelistCaseRequest {
                case_no: case_no(),
                on: Some(day.next_day().unwrap_or(day).into()),
                solved_on: Some(day.into()),
                solved_position: position,
                ..Default::default()
            },
            None if self.signed => hq::DelistCaseRequest {
                case_no: case_no(),
                on: on(70),
                reason: "演示：并入异地系列案件侦办".into(),
                signed_by: Some(Officeholder { org_unit: CITY.into(), post: Post::CityDeputyChief.into() }),
                ..Default::default()
            },
            None => return tale,
        };
        tale.with(&headquarters, delist)
    }
}

/// The tales with the positions of the solves, as the histories of the cases name them.
pub(super) async fn tales(stage: &Stage<'_>, chosen: &[Chosen]) -> Result<Vec<Tale>, Box<Stopped>> {
    let mut tales = Vec::with_capacity(chosen.len());
    for one in chosen {
        let position = match one.solved_on {
            None => 0,
            Some(_) => position(stage, one).await.map_err(|fault| {
                Box::new(Stopped { story: one.case_no.clone(), rpc: "get_case_history", fault })
            })?,
        };
        tales.push(one.tale(position));
    }
    Ok(tales)
}

async fn position(stage: &Stage<'_>, chosen: &Chosen) -> Result<i64, Fault> {
    let clients = stage.voice(&Actor::headquarters(&["officer"]))?;
    let request = GetCaseHistoryRequest { case_no: chosen.case_no.clone() };
    let ask = async |r| clients.case().get_case_history(r).await;
    let entries = clients.call(Service::Cases, request, ask).await?.entries;
    let solved = entries.iter().rev().find(|entry| entry.r#type.ends_with(".CaseSolved"));
    solved
        .map(|entry| entry.position)
        .ok_or_else(|| Fault::Failed(format!("{} is not solved", chosen.case_no)))
}

pub(super) async fn figures(clients: &Clients, course: &Course) -> Result<Vec<Shown>, Fault> {
    let request = hq::ListListedCasesRequest { page_size: 1000, ..Default::default() };
    let ask = async |r| clients.supervision().list_listed_cases(r).await;
    let found = clients.call(Service::Hq, request, ask).await?.listed_cases;
    let found: Vec<_> =
        found.iter().filter(|listed| course.listed.iter().any(|c| c.case_no == listed.case_no)).collect();
    let chosen = |of: fn(&Chosen) -> bool| course.listed.iter().filter(|c| of(c)).count();
    let in_state = |state| found.iter().filter(|listed| listed.state() == state).count();
    let overdue = found.iter().filter(|listed| listed.state() == State::Listed && listed.overdue).count();
    Ok(vec![
        Shown::of("挂牌督办入室盗窃", "burglaries listed (A11)", &course.listed.len(), &found.len()),
        Shown::of(
            "挂牌破案",
            "listed cases solved",
            &chosen(|c| c.solved_on.is_some()),
            &in_state(State::Solved),
        ),
        Shown::of(
            "挂牌未破、签字摘牌",
            "listed cases given back",
            &chosen(|c| c.signed),
            &in_state(State::NotSolved),
        ),
        Shown::of(
            "挂牌逾期",
            "listed cases overdue",
            &chosen(|c| c.solved_on.is_none() && !c.signed),
            &overdue,
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a11_every_county_bureau_has_burglaries_on_the_list_and_each_way_off_it_occurs() {
        let chosen = chosen(None);
        for bureau in BUREAUS {
            assert!(chosen.iter().any(|c| c.bureau == bureau && c.solved_on.is_some()), "{bureau}");
        }
        assert_eq!(chosen.iter().filter(|c| c.signed).count(), 1);
        assert_eq!(chosen.iter().filter(|c| c.solved_on.is_none() && !c.signed).count(), OPEN);
    }
}
