//! The case "12·31" (facts row P7): three dens raided, 76 suspects caught, 600 telephones and 100 computers seized; the ministry
//! supervises it and one other (J10), and the three lookups with accountability are done for it (J9). Days, places and how the
//! numbers are spread over dens are ours.
//!
//! Exhibits and supervisions are recorded long after their days, so the service says of the exhibits that they came to the
//! custodian's record late, and asks for the next report of progress within a week of the load.

use super::{Draft, FRAUD, NAME, PORT};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::city::CITY;
use crate::demo::deal::at;
use crate::demo::stage::{Actor, Asked, Shown, Tale};
use crate::fault::Fault;
use time::macros::date;
use time::{Date, Duration};
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::cases::v1::{ExhibitKind, LookupOutcome};
use xiaoan_proto::timestamp;

const CASE_NO: &str = "A3711900100002020129001";
/// The other one that the ministry supervises: still at work.
const OTHER: &str = "A3711900100002021069002";
/// A den, and what was found in it.
struct Den {
    day: Date,
    officers: i32,
    suspects: i32,
    phones: i64,
    computers: i64,
    cards: i64,
}

const DENS: [Den; 3] = [
    Den { day: date!(2021 - 03 - 12), officers: 18, suspects: 31, phones: 250, computers: 45, cards: 120 },
    Den { day: date!(2021 - 03 - 12), officers: 15, suspects: 27, phones: 210, computers: 35, cards: 96 },
    Den { day: date!(2021 - 04 - 08), officers: 12, suspects: 18, phones: 140, computers: 20, cards: 41 },
];

/// Suspects caught in it.
pub(super) fn suspects() -> i32 {
    DENS.iter().map(|den| den.suspects).sum()
}

/// Both cases.
pub(super) fn cases() -> Vec<Tale> {
    let case = |case_no: &str, filed_on: Date| Draft {
        case_no: case_no.into(),
        unit: PORT.1,
        category: FRAUD,
        reported_at: at(filed_on, 9, 40),
        filed_on,
        loss_fen: 86_000_000,
        what: "虚假投资（演示）",
        caught: Vec::new(),
        solved_at: None,
        recovered_fen: 0,
    };
    let solved = Draft {
        caught: DENS.iter().map(|den| (den.day, den.suspects)).collect(),
        solved_at: Some(at(date!(2021 - 04 - 28), 16, 0)),
        ..case(CASE_NO, date!(2020 - 12 - 31))
    };
    vec![solved.tale(), case(OTHER, date!(2021 - 06 - 21)).tale()]
}

fn custodian() -> Actor {
    Actor::new("demo-custodian-port", PORT.0, &["officer"])
}

/// Dens with their exhibits, both supervisions, and the lookups but for their end.
pub(super) fn work() -> Vec<Tale> {
    let mut tales: Vec<_> = DENS.iter().enumerate().map(|(n, den)| raid(n, den)).collect();
    tales.extend([supervised(CASE_NO, true), supervised(OTHER, false), lookups()]);
    tales
}

fn den_id(n: usize) -> String {
    format!("demo-1-den-{}", n + 1)
}

fn raid(n: usize, den: &Den) -> Tale {
    let officer = Actor::officer(PORT.1);
    let raided_at = at(den.day, 5, 30);
    let raid = pb::RaidDenRequest {
        den_id: den_id(n),
        org_unit: PORT.1.into(),
        case_no: CASE_NO.into(),
        raided_at: Some(timestamp(raided_at)),
        place: format!("示例公寓{}栋（演示窝点）", n + 1),
        officers: den.officers,
        suspects: den.suspects,
        ..Default::default()
    };
    let mut tale = Tale::new(NAME, den_id(n)).with(&officer, raid);
    let lots = [
        (ExhibitKind::Phone, "phones", den.phones),
        (ExhibitKind::Computer, "computers", den.computers),
        (ExhibitKind::BankCard, "cards", den.cards),
    ];
    for (kind, word, count) in lots {
        let exhibit_id = format!("{}-{word}", den_id(n));
        let seize = pb::SeizeExhibitsRequest {
            exhibit_id: exhibit_id.clone(),
            org_unit: PORT.1.into(),
            case_no: CASE_NO.into(),
            den_id: den_id(n),
            kind: kind.into(),
            count,
            description: "演示物品".into(),
            seized_at: Some(timestamp(raided_at + Duration::hours(2))),
            ..Default::default()
        };
        let hand_in = pb::HandInExhibitsRequest {
            exhibit_id,
            custodian: "DEMO-CUSTODIAN-1".into(),
            handed_in_at: Some(timestamp(raided_at + Duration::hours(11))),
            ..Default::default()
        };
        tale.add(&officer, seize);
        tale.add(&custodian(), hand_in);
    }
    tale
}

/// Under the ministry's supervision; a solved case leaves it.
fn supervised(case_no: &str, solved: bool) -> Tale {
    let bureau = Actor::approver(PORT.0);
    let supervise = pb::SuperviseMajorCaseRequest {
        case_no: case_no.into(),
        level: pb::SupervisionLevel::Ministry.into(),
        document: "演示督办通知".into(),
        chief: "DEMO-CHIEF-PORT".into(),
        ..Default::default()
    };
    let report = pb::ReportMajorCaseProgressRequest {
        case_no: case_no.into(),
        text: if solved {
            "演示：主要犯罪嫌疑人已到案"
        } else {
            "演示：资金流向已查明两级"
        }
        .into(),
        ..Default::default()
    };
    let tale =
        Tale::new(NAME, format!("supervised-{case_no}")).with(&bureau, supervise).with(&bureau, report);
    if !solved {
        return tale;
    }
    let end = pb::EndMajorCaseSupervisionRequest { case_no: case_no.into(), ..Default::default() };
    tale.with(&bureau, end)
}

/// The checklist as it is shipped (services/cases/src/rulebook/lookup_items.csv), and what came of each item.
const ITEMS: [(&str, LookupOutcome, &str); 7] = [
    ("S1", LookupOutcome::Found, "演示：信息由一家示例网店泄露"),
    ("S2", LookupOutcome::Found, "演示：线路由示例虚拟号段转接"),
    ("F1", LookupOutcome::Found, "演示：一级账户至取款人共四级"),
    ("F2", LookupOutcome::Found, "演示：可止付资金已移交反诈中心"),
    ("C1", LookupOutcome::Found, "演示：查明贩卡人员"),
    ("C2", LookupOutcome::Nothing, ""),
    ("R1", LookupOutcome::Found, "演示：一家示例代理点未核验身份"),
];

/// City researches, bureau investigates, station assists: looked up by the station, accounted for by the bureau.
fn lookups() -> Tale {
    let (station, bureau) = (Actor::officer(PORT.1), Actor::approver(PORT.0));
    let open = pb::OpenLookupsRequest {
        case_no: CASE_NO.into(),
        city: CITY.into(),
        bureau: PORT.0.into(),
        station: PORT.1.into(),
        ..Default::default()
    };
    let mut tale = Tale::new(NAME, "lookups").with(&bureau, open);
    for (item_id, outcome, note) in ITEMS {
        let check = pb::CheckLookupItemRequest {
            case_no: CASE_NO.into(),
            item_id: item_id.into(),
            outcome: outcome.into(),
            note: note.into(),
            ..Default::default()
        };
        // The lookups are the bureau's: whoever checks writes for it.
        tale.add(&Actor { unit: PORT.0, ..station.clone() }, check);
    }
    let decide = pb::DecideAccountabilityRequest {
        case_no: CASE_NO.into(),
        accountability: pb::Accountability::Referred.into(),
        subject: "电信代理点".into(),
        reason: "演示：未按规定核验身份，移送主管部门".into(),
        ..Default::default()
    };
    tale.with(&bureau, decide)
}

/// The very last command of the share.
pub(super) fn last() -> Tale {
    let close = pb::CloseLookupsRequest {
        case_no: CASE_NO.into(),
        summary: "演示：三查一究完成".into(),
        ..Default::default()
    };
    Tale::new(NAME, "lookups-closed").with(&Actor::approver(PORT.0), close)
}

pub(super) fn is_loaded(clients: &Clients) -> Asked<'_, bool> {
    Box::pin(async move {
        let request = pb::GetLookupsRequest { case_no: CASE_NO.into(), at_least: 0 };
        match clients.call(Service::Cases, request, async |r| clients.lookup().get_lookups(r).await).await {
            Ok(found) => Ok(found.lookups.is_some_and(|l| l.state() == pb::LookupState::Closed)),
            Err(fault) if fault.grpc_code() == Some(tonic::Code::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    })
}

pub(super) async fn figures(clients: &Clients) -> Result<Vec<Shown>, Fault> {
    let request = pb::ListDensRequest { case_no: CASE_NO.into(), page_size: 1000, ..Default::default() };
    let dens = clients.call(Service::Cases, request, async |r| clients.den().list_dens(r).await).await?.dens;
    let request = pb::ListExhibitsRequest { case_no: CASE_NO.into(), page_size: 1000, ..Default::default() };
    let exhibits = clients
        .call(Service::Cases, request, async |r| clients.exhibit().list_exhibits(r).await)
        .await?
        .exhibits;
    let of = |kind| exhibits.iter().filter(|e| e.kind() == kind).map(|e| e.count).sum::<i64>();
    let seized = |of: fn(&Den) -> i64| DENS.iter().map(of).sum::<i64>();
    let request = pb::ListMajorCasesRequest { page_size: 1000, ..Default::default() };
    let major = clients
        .call(Service::Cases, request, async |r| clients.major_case().list_major_cases(r).await)
        .await?
        .major_cases;
    let by_ministry = major.iter().filter(|m| m.level() == pb::SupervisionLevel::Ministry).count();
    let request = pb::GetLookupsRequest { case_no: CASE_NO.into(), at_least: 0 };
    let lookups = clients
        .call(Service::Cases, request, async |r| clients.lookup().get_lookups(r).await)
        .await?
        .lookups
        .unwrap_or_default();
    let looked_up = lookups.items.iter().filter(|i| i.outcome() != LookupOutcome::Unspecified).count();
    Ok(vec![
        Shown::of("12·31案窝点", "dens, case 12·31 (P7)", &DENS.len(), &dens.len()),
        Shown::of(
            "12·31案抓获",
            "suspects, case 12·31 (P7)",
            &suspects(),
            &dens.iter().map(|d| d.suspects).sum::<i32>(),
        ),
        Shown::of(
            "12·31案手机",
            "phones, case 12·31 (P7)",
            &seized(|den| den.phones),
            &of(ExhibitKind::Phone),
        ),
        Shown::of(
            "12·31案电脑",
            "computers, case 12·31 (P7)",
            &seized(|den| den.computers),
            &of(ExhibitKind::Computer),
        ),
        Shown::of("部督案件", "cases supervised by the ministry (J10)", &2, &by_ministry),
        Shown::of("三查一究项目", "items looked up (J9)", &ITEMS.len(), &looked_up),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::telecom::WINDOW;
    use super::*;

    #[test]
    fn p07_the_dens_add_up_to_the_published_figures_and_their_suspects_count_in_the_window() {
        let sum = |of: fn(&Den) -> i64| DENS.iter().map(of).sum::<i64>();
        assert_eq!(
            (DENS.len(), suspects(), sum(|den| den.phones), sum(|den| den.computers)),
            (3, 76, 600, 100)
        );
        assert!(sum(|den| den.officers.into()) > 40);
        assert!(DENS.iter().all(|den| WINDOW.has(den.day)));
    }
}
