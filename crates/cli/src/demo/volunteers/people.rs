//! People: from application to duty, or as far as they came.

use super::{CALL, ENROLLED, LET_IN, NAME, NUMBERED, ON_DUTY, REJECTED, SQUADRONS, TRAINED, VETTED};
use super::{bureau, demo, squadron_id, volunteer_id, weeks};
use crate::demo::city::ZHONGZHI;
use crate::demo::stage::{Actor, Tale};
use time::Duration;
use time::macros::date;
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::VettingResult;

/// Somebody from application to duty, or as far as they came.
pub(super) fn person(unit: &'static str, n: usize) -> Tale {
    let id = volunteer_id(unit, n);
    let station = Actor::officer(unit);
    let apply = v1::ReceiveApplicationRequest {
        volunteer_id: id.clone(),
        org_unit: unit.into(),
        person: Some(PersonInput {
            name: format!("演示{}{:03}", ["甲", "乙", "丙", "丁", "戊"][n % 5], n + 1),
            phone: format!("1390000{:04}", n + 1),
            id_number: format!("DEMO-{unit}-{:04}", n + 1),
        }),
        birth_date: Some(
            (date!(1955 - 01 - 15) + Duration::days(i64::try_from(n * 53).unwrap_or_default())).into(),
        ),
        received_on: Some((CALL + Duration::days(weeks(n))).into()),
        // Veterans, party members, forest rangers, sanitation workers, others (V1).
        background: i32::try_from(n % 5 + 1).unwrap_or_default(),
        risks_explained: true,
        provenance: demo(),
        ..Default::default()
    };
    let tale = Tale::new(NAME, id.clone()).with(&station, apply);
    if unit != ZHONGZHI {
        return enrol(tale.with(&station, vet(&id, true)), &station, &id, None);
    }
    match n {
        n if n < ENROLLED - LET_IN => {
            enrol(tale.with(&station, vet(&id, true)), &station, &id, Some(n % SQUADRONS))
        }
        n if n < ENROLLED => {
            let tale = tale
                .with(&station, vet(&id, false))
                .with(&station, appeal(&id))
                .with(&bureau(unit), decide(&id, true))
                .with(&station, vet(&id, true));
            enrol(tale, &station, &id, Some(n % SQUADRONS))
        }
        n if n < ENROLLED + REJECTED.0 => tale
            .with(&station, vet(&id, false))
            .with(&station, appeal(&id))
            .with(&bureau(unit), decide(&id, false)),
        n if n < ENROLLED + REJECTED.1 => tale.with(&station, vet(&id, false)),
        // Applied, and not decided yet.
        _ => tale,
    }
}

fn vet(id: &str, passed: bool) -> v1::RecordVettingRequest {
    let result = if passed { VettingResult::Passed } else { VettingResult::Failed };
    v1::RecordVettingRequest {
        volunteer_id: id.to_owned(),
        result: result.into(),
        vetted_on: Some(VETTED.into()),
        expires_on: passed.then(|| date!(2023 - 03 - 15).into()),
        ..Default::default()
    }
}

fn appeal(id: &str) -> v1::AppealRejectionRequest {
    v1::AppealRejectionRequest {
        volunteer_id: id.to_owned(),
        grounds: "演示：申请复核".into(),
        ..Default::default()
    }
}

fn decide(id: &str, granted: bool) -> v1::DecideAppealRequest {
    let reason = if granted { "演示：复核后同意重新政审" } else { "演示：维持原结论" };
    v1::DecideAppealRequest {
        volunteer_id: id.to_owned(),
        granted,
        reason: reason.into(),
        ..Default::default()
    }
}

/// Numbered, and at Zhongzhi trained, insured and on duty.
fn enrol(tale: Tale, station: &Actor, id: &str, squadron: Option<usize>) -> Tale {
    let enrol = v1::EnrolVolunteerRequest {
        volunteer_id: id.to_owned(),
        squadron_id: squadron.map(squadron_id).unwrap_or_default(),
        enrolled_on: Some(NUMBERED.into()),
        ..Default::default()
    };
    let tale = tale.with(station, enrol);
    if squadron.is_none() {
        return tale;
    }
    let course = v1::Course { course: "law".into(), completed_on: Some(TRAINED.into()) };
    let insurance = v1::Insurance {
        from: Some(date!(2021 - 04 - 01).into()),
        to: Some(date!(2022 - 03 - 31).into()),
        policy_ref: format!("DEMO-{id}"),
    };
    tale.with(
        station,
        v1::RecordCourseRequest { volunteer_id: id.to_owned(), course: Some(course), ..Default::default() },
    )
    .with(
        station,
        v1::RecordInsuranceRequest {
            volunteer_id: id.to_owned(),
            insurance: Some(insurance),
            ..Default::default()
        },
    )
    .with(
        station,
        v1::ActivateVolunteerRequest {
            volunteer_id: id.to_owned(),
            active_on: Some(ON_DUTY.into()),
            ..Default::default()
        },
    )
}
