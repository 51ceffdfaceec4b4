//! People from application to certificate, through gRPC.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::VolunteerState;

#[tokio::test]
async fn somebody_applies_is_vetted_numbered_trained_insured_and_active() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    let last = officer.recruit("zz-1").await;
    let volunteer = officer.volunteer("zz-1", last).await;
    assert_eq!(volunteer.state(), VolunteerState::Active);
    assert_eq!(volunteer.volunteer_no, format!("V{STATION}0001"));
    assert_eq!(volunteer.squadron.map(|s| (s.squadron_id, s.kind)), Some((SQUADRON.into(), 1)));
    assert_eq!(volunteer.adult_from, june(1), "of an adult the day of the application, no birth date");
    assert_eq!(volunteer.etag, "6");
    let second = officer.recruit("zz-2").await;
    assert_eq!(officer.volunteer("zz-2", second).await.volunteer_no, format!("V{STATION}0002"));
}

#[tokio::test]
async fn the_same_command_again_changes_nothing_and_uses_up_no_number() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    let mut people = officer.people();
    people.receive_application(application("zz-1")).await.unwrap();
    people.record_vetting(vetting("zz-1", true)).await.unwrap();
    let enrol = enrolment("zz-1");
    let first = people.enrol_volunteer(enrol.clone()).await.unwrap().into_inner();
    let again = people.enrol_volunteer(enrol).await.unwrap().into_inner();
    assert_eq!(first.volunteer_no, again.volunteer_no);
    assert!(!first.receipt.unwrap().replayed && again.receipt.unwrap().replayed);
    let other = people.enrol_volunteer(enrolment("zz-1")).await;
    assert_eq!(refused(other), no(Code::FailedPrecondition, "VOLUNTEER-ENROLLED"));
    people.receive_application(application("zz-2")).await.unwrap();
    people.record_vetting(vetting("zz-2", true)).await.unwrap();
    let next = people.enrol_volunteer(enrolment("zz-2")).await.unwrap().into_inner();
    assert_eq!(next.volunteer_no, format!("V{STATION}0002"));
}

#[tokio::test]
async fn a_rejected_applicant_appeals_and_somebody_else_decides() {
    let world = World::with_squadron().await;
    let (mut officer, mut chief) = (world.officer().people(), world.chief().people());
    officer.receive_application(application("zz-1")).await.unwrap();
    officer.record_vetting(vetting("zz-1", false)).await.unwrap();
    let enrolled = officer.enrol_volunteer(enrolment("zz-1")).await;
    assert_eq!(refused(enrolled), no(Code::FailedPrecondition, "VOLUNTEER-REJECTED"));
    let appeal = v1::AppealRejectionRequest {
        request_id: id(),
        volunteer_id: "zz-1".into(),
        grounds: "同名".into(),
        ..Default::default()
    };
    officer.appeal_rejection(appeal).await.unwrap();
    let decide = || v1::DecideAppealRequest {
        request_id: id(),
        volunteer_id: "zz-1".into(),
        granted: true,
        reason: "属实".into(),
        ..Default::default()
    };
    assert_eq!(refused(officer.decide_appeal(decide()).await), no(Code::PermissionDenied, "GE-004"));
    chief.decide_appeal(decide()).await.unwrap();
    officer.record_vetting(vetting("zz-1", true)).await.unwrap();
    officer.enrol_volunteer(enrolment("zz-1")).await.unwrap();
}

#[tokio::test]
async fn vetting_and_enrolment_are_an_officers_of_the_unit_and_nobody_elses() {
    let world = World::with_squadron().await;
    let denied = no(Code::PermissionDenied, "GE-004");
    world.officer().people().receive_application(application("zz-1")).await.unwrap();
    for caller in [
        world.leader(),
        world.hq(),
        world.caller("officer-2", ELSEWHERE, &["officer"]),
        world.caller("auditor-1", STATION, &["officer", "auditor"]),
    ] {
        let mut people = caller.people();
        assert_eq!(refused(people.receive_application(application("zz-2")).await), denied);
        assert_eq!(refused(people.record_vetting(vetting("zz-1", true)).await), denied);
        assert_eq!(refused(people.enrol_volunteer(enrolment("zz-1")).await), denied);
    }
    let rule = world.officer().patrols().publish_patrol_rule(publication()).await;
    assert_eq!(refused(rule), denied, "rules are headquarters'");
}

#[tokio::test]
async fn hours_are_approved_and_certified_to_the_minute() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    officer.recruit("zz-1").await;
    officer.plan("p-1", 20).await;
    let mut patrols = officer.patrols();
    patrols.check_in(check_in("p-1", "zz-1", 20)).await.unwrap();
    patrols.muster_patrol(muster("p-1")).await.unwrap();
    patrols.end_patrol(end("p-1", 20)).await.unwrap();
    let approve = |minutes| v1::ApproveHoursRequest {
        request_id: id(),
        volunteer_id: "zz-1".into(),
        patrol_id: "p-1".into(),
        minutes,
        ..Default::default()
    };
    let mut people = officer.people();
    assert_eq!(refused(people.approve_hours(approve(121)).await), no(Code::FailedPrecondition, "VO-010"));
    people.approve_hours(approve(110)).await.unwrap();
    let certify = |minutes| v1::IssueCertificateRequest {
        request_id: id(),
        volunteer_id: "zz-1".into(),
        certificate_no: "c-1".into(),
        from: june(1),
        to: june(30),
        minutes,
        ..Default::default()
    };
    assert_eq!(refused(people.issue_certificate(certify(120)).await), no(Code::FailedPrecondition, "VO-011"));
    let answer = people.issue_certificate(certify(110)).await.unwrap().into_inner();
    let volunteer = officer.volunteer("zz-1", position(answer.receipt.as_ref())).await;
    assert_eq!((volunteer.minutes_served, volunteer.minutes_approved), (120, 110));
    assert_eq!(volunteer.certificates, ["c-1"]);
}

#[tokio::test]
async fn an_etag_makes_a_change_conditional() {
    let world = World::with_squadron().await;
    let mut people = world.officer().people();
    people.receive_application(application("zz-1")).await.unwrap();
    let stale = v1::RecordVettingRequest { etag: "7".into(), ..vetting("zz-1", true) };
    assert_eq!(refused(people.record_vetting(stale).await), no(Code::Aborted, "GE-001"));
    let seen = v1::RecordVettingRequest { etag: "1".into(), ..vetting("zz-1", true) };
    people.record_vetting(seen).await.unwrap();
}

#[tokio::test]
async fn a_history_shows_every_event_in_order_and_nothing_personal() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    officer.recruit("zz-1").await;
    let request = v1::GetVolunteerHistoryRequest { volunteer_id: "zz-1".into() };
    let entries = officer.people().get_volunteer_history(request.clone()).await.unwrap().into_inner().entries;
    let types: Vec<_> = entries.iter().map(|e| e.r#type.rsplit('.').next().unwrap_or_default()).collect();
    assert_eq!(
        types,
        [
            "ApplicationReceived",
            "VettingRecorded",
            "VolunteerEnrolled",
            "CourseCompleted",
            "InsuranceRecorded",
            "VolunteerActivated"
        ]
    );
    assert!(entries[0].event_json.contains("birthDate") && !entries[0].event_json.contains("1990"));
    let stranger = world.caller("officer-2", ELSEWHERE, &["officer"]);
    let answer = stranger.people().get_volunteer_history(request).await;
    assert_eq!(refused(answer), no(Code::PermissionDenied, "GE-004"));
    let nobody = v1::GetVolunteerHistoryRequest { volunteer_id: "zz-9".into() };
    assert_eq!(refused(officer.people().get_volunteer_history(nobody).await).0, Code::NotFound);
}
