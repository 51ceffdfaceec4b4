//! The stream of a port dispatch system: taken once, resumed, refused records, gaps.

use crate::world::*;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use xiaoan_kernel::EventSet;
use xiaoan_port::incident::IncidentEvent;
use xiaoan_proto::port::v1::system_incident_step::Step;
use xiaoan_proto::port::v1::system_record::Content;
use xiaoan_proto::port::v1::*;

/// A system on the line.
pub struct Line {
    to_service: mpsc::Sender<TakeRecordsRequest>,
    answers: Streaming<TakeRecordsResponse>,
    pub opened: Opened,
}

impl Line {
    pub async fn open(caller: &Caller) -> Result<Self, Status> {
        let (to_service, messages) = mpsc::channel(16);
        let opening = take_records_request::Part::Opening(Opening { software: "test".into() });
        let _ = to_service.send(TakeRecordsRequest { part: Some(opening) }).await;
        let mut answers = caller.intake().take_records(ReceiverStream::new(messages)).await?.into_inner();
        match answers.message().await?.and_then(|answer| answer.part) {
            Some(take_records_response::Part::Opened(opened)) => Ok(Self { to_service, answers, opened }),
            other => panic!("the first answer must be Opened, not {other:?}"),
        }
    }
    /// Sends a record; false when the line is cut.
    pub async fn send(&self, record: SystemRecord) -> bool {
        let part = Some(take_records_request::Part::Record(record));
        self.to_service.send(TakeRecordsRequest { part }).await.is_ok()
    }
    pub async fn answer(&mut self) -> Result<Taken, Status> {
        match self.answers.message().await?.and_then(|answer| answer.part) {
            Some(take_records_response::Part::Taken(taken)) => Ok(taken),
            other => Err(Status::aborted(format!("{other:?}"))),
        }
    }
    /// Answers until everything up to a number is taken; every refused record on the way.
    pub async fn until(&mut self, sequence: i64) -> Result<Vec<RefusedRecord>, Status> {
        let mut refused = Vec::new();
        loop {
            let taken = self.answer().await?;
            refused.extend(taken.refused);
            if taken.last_sequence >= sequence {
                return Ok(refused);
            }
        }
    }
    /// Sends from another task while this one listens.
    pub fn sender(&self) -> mpsc::Sender<TakeRecordsRequest> {
        self.to_service.clone()
    }
}

pub fn incident(sequence: i64) -> SystemRecord {
    let content = SystemIncident {
        kind: IncidentKind::Congestion.into(),
        reported_at: june_7(sequence % 600),
        place: "示例2号门".into(),
        ..Default::default()
    };
    SystemRecord {
        sequence,
        record_id: format!("R-{sequence}"),
        org_unit: STATION.into(),
        content: Some(Content::Incident(content)),
    }
}

fn step(sequence: i64, of: i64, minutes: i64, step: Step) -> SystemRecord {
    let content =
        SystemIncidentStep { incident_record_id: format!("R-{of}"), at: june_7(minutes), step: Some(step) };
    SystemRecord {
        sequence,
        record_id: format!("S-{sequence}"),
        org_unit: STATION.into(),
        content: Some(Content::Step(content)),
    }
}

#[tokio::test]
async fn a_system_tells_an_incident_from_report_to_closing_and_what_it_directed() {
    let world = World::start().await;
    let system = world.system("port-1");
    let mut line = Line::open(&system).await.expect("on the line");
    assert_eq!((line.opened.last_sequence, line.opened.system_id.as_str()), (0, "port-1"));
    let freight = SystemRecord {
        sequence: 8,
        record_id: "F-1".into(),
        org_unit: STATION.into(),
        content: Some(Content::Freight(SystemFreightTraffic {
            vehicles: 300,
            from: june_7(0),
            to: june_7(60),
            place: "疏港路".into(),
        })),
    };
    let records = [
        SystemRecord { content: incident(0).content, ..incident(1) },
        step(2, 1, 1, Step::Classified(IncidentKind::Congestion.into())),
        step(3, 1, 2, Step::Dispatched("patrol-1".into())),
        step(4, 1, 9, Step::Arrived("patrol-1".into())),
        step(5, 1, 20, Step::Controlled(true)),
        step(6, 1, 50, Step::Restored(true)),
        step(7, 1, 60, Step::Closed(true)),
        freight,
    ];
    for record in records {
        assert!(line.send(record).await);
    }
    assert_eq!(line.until(8).await.expect("taken"), []);
    let head = world.store().head().await.expect("a head").position;
    let officer = world.officer();
    assert_eq!(officer.incident("port-1--R-1", head).await.state(), IncidentState::Closed);
    let get = GetFreightTrafficRequest { record_id: "port-1--F-1".into(), at_least: head };
    let record =
        officer.freight().get_freight_traffic(get).await.expect("it").into_inner().record.expect("it");
    assert_eq!((record.vehicles, record.system_id.as_str()), (300, "port-1"));
}

#[tokio::test]
async fn a_system_that_was_cut_off_asks_where_to_go_on_and_what_it_sends_again_is_passed_over() {
    let world = World::start().await;
    let system = world.system("port-1");
    let mut line = Line::open(&system).await.expect("on the line");
    for n in 1..=5 {
        line.send(incident(n)).await;
    }
    line.until(5).await.expect("taken");
    drop(line);
    let asked =
        system.intake().get_intake(GetIntakeRequest::default()).await.expect("an answer").into_inner();
    assert_eq!((asked.last_sequence, asked.refused), (5, 0));
    let mut line = Line::open(&system).await.expect("on the line again");
    assert_eq!(line.opened.last_sequence, 5);
    // It trusts nobody and sends everything again.
    for n in 1..=7 {
        line.send(incident(n)).await;
    }
    line.until(7).await.expect("taken");
    assert_eq!(
        sequences(&world.store().read_log(1, 1000).await.expect("a log")),
        (1..=7).collect::<Vec<_>>()
    );
}

/// The systems' numbers of all incidents reported, in the order of the log.
pub fn sequences(log: &[xiaoan_eventstore::RecordedEvent]) -> Vec<i64> {
    log.iter()
        .filter_map(|event| match IncidentEvent::decode(&event.r#type, &event.payload) {
            Ok(IncidentEvent::Reported(reported)) => Some(reported.system_sequence),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_record_that_cannot_be_accepted_is_refused_and_holds_up_nobody() {
    let world = World::start().await;
    let system = world.system("port-1");
    let mut line = Line::open(&system).await.expect("on the line");
    let records = [
        SystemRecord { org_unit: NEIGHBOUR.into(), ..incident(1) },
        SystemRecord { content: None, ..incident(2) },
        step(3, 99, 5, Step::Controlled(true)),
        SystemRecord { record_id: "no id".into(), ..incident(4) },
        incident(5),
        SystemRecord { record_id: "R-5".into(), ..incident(6) },
    ];
    for record in records {
        line.send(record).await;
    }
    let refused = line.until(6).await.expect("taken");
    let codes: Vec<_> = refused.iter().map(|r| (r.sequence, r.findings[0].code.as_str())).collect();
    let expected =
        [(1, "GE-004"), (2, "GE-006"), (3, "INCIDENT-UNKNOWN"), (4, "GE-006"), (6, "INCIDENT-EXISTS")];
    assert_eq!(codes, expected);
    let asked = GetIntakeRequest { system_id: "port-1".into() };
    let asked = world.chief().intake().get_intake(asked).await.expect("an officer asks").into_inner();
    assert_eq!((asked.last_sequence, asked.refused), (6, 5));
}

#[tokio::test]
async fn a_system_whose_clock_is_a_little_fast_loses_no_record_and_a_person_states_no_future() {
    let world = World::start().await;
    let ahead = |seconds| Some(xiaoan_proto::timestamp(NOW + time::Duration::seconds(seconds)));
    let at = |sequence, seconds| {
        let content = SystemIncident {
            kind: IncidentKind::Fire.into(),
            reported_at: ahead(seconds),
            ..Default::default()
        };
        SystemRecord { content: Some(Content::Incident(content)), ..incident(sequence) }
    };
    let mut line = Line::open(&world.system("port-1")).await.expect("on the line");
    line.send(at(1, 60)).await;
    line.send(at(2, 121)).await;
    let refused_records = line.until(2).await.expect("taken");
    let codes: Vec<_> = refused_records.iter().map(|r| (r.sequence, r.findings[0].code.as_str())).collect();
    assert_eq!(codes, [(2, "CB-003")]);
    let stated = ReportIncidentRequest { reported_at: ahead(60), ..congestion("i-1") };
    assert_eq!(refused(world.officer().report(stated).await), no(Code::InvalidArgument, "CB-003"));
}

#[tokio::test]
async fn a_missing_number_stops_the_stream_and_nothing_of_it_is_taken() {
    let world = World::start().await;
    let system = world.system("port-1");
    let mut line = Line::open(&system).await.expect("on the line");
    line.send(incident(2)).await;
    assert_eq!(refused(line.answer().await), no(Code::FailedPrecondition, "INTAKE-GAP"));
    assert_eq!(world.store().head().await.expect("a head").position, 0);
}

#[tokio::test]
async fn only_a_port_system_hands_in_records_and_each_only_its_own() {
    let world = World::start().await;
    for (subject, roles) in [
        ("officer-1", &["officer"] as &[&str]),
        ("a--b", &["port-system"]),
        ("port-1", &["port-system", "auditor"]),
    ] {
        let caller = world.caller(subject, STATION, roles);
        let answer = Line::open(&caller).await.map(|line| line.opened);
        assert_eq!(refused(answer), no(Code::PermissionDenied, "GE-004"), "{subject}");
    }
    let mut line = Line::open(&world.system("port-1")).await.expect("on the line");
    line.send(incident(1)).await;
    line.until(1).await.expect("taken");
    let other = world.system("port-2");
    let asked = other.intake().get_intake(GetIntakeRequest { system_id: "port-1".into() }).await;
    assert_eq!(refused(asked), no(Code::PermissionDenied, "GE-004"));
    let mut theirs = Line::open(&other).await.expect("numbers of its own");
    assert_eq!(theirs.opened.last_sequence, 0);
    theirs.send(incident(1)).await;
    assert_eq!(theirs.until(1).await.expect("taken"), []);
}

#[tokio::test]
async fn two_lines_of_one_system_take_every_record_once_between_them() {
    let world = World::start().await;
    let system = world.system("port-1");
    let (one, two) = (Line::open(&system).await.expect("one"), Line::open(&system).await.expect("two"));
    let mut ends = Vec::new();
    for mut line in [one, two] {
        ends.push(tokio::spawn(async move {
            let sender = line.sender();
            let sending = tokio::spawn(async move {
                for n in 1..=300 {
                    let part = Some(take_records_request::Part::Record(incident(n)));
                    if sender.send(TakeRecordsRequest { part }).await.is_err() {
                        break;
                    }
                }
            });
            let refused = line.until(300).await.expect("taken");
            sending.await.expect("sent");
            refused
        }));
    }
    for end in ends {
        assert_eq!(end.await.expect("an end"), []);
    }
    let log = world.store().read_log(1, 5000).await.expect("a log");
    assert_eq!(sequences(&log), (1..=300).collect::<Vec<_>>());
}
