//! The directory over a real log: what is folded in memory is what the tables say, in every process.

use std::sync::Arc;
use std::time::Duration;
use time::{Date, macros::date};
use xiaoan_directory::{Directory, OrgUnitEvent, STREAM_KIND};
use xiaoan_eventstore::{Append, AppenderOptions, EventStore, NewEvent, StreamWrite};
use xiaoan_feed::LogReader;
use xiaoan_kernel::{EventSet, OrgCode, StreamId, SystemClock};
use xiaoan_projection::{ProjectionHandle, Rebuilder, Runner};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{
    HeadcountRecorded, OrgUnitMoved, OrgUnitRegistered, OrgUnitRenamed, OrgUnitRetired,
};
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_testkit::{DEADLINE, TestDb};

const CITY: &str = "371100000000";
const DONGGANG: &str = "371102000000";
const LANSHAN: &str = "371103000000";
const STATION: &str = "371102010000";
const DAYS: [Date; 4] =
    [date!(2019 - 12 - 31), date!(2026 - 06 - 14), date!(2026 - 06 - 15), date!(2027 - 01 - 01)];

/// hq's log in the database of the service that follows it; enough to record org units.
struct Log {
    db: TestDb,
    store: EventStore,
}

impl Log {
    async fn new() -> Self {
        let db = TestDb::create("directory").await;
        let store = EventStore::open(db.pool(), "hq", Arc::new(SystemClock), AppenderOptions::default());
        Self { store: store.await.expect("a store"), db }
    }
    /// Records an event of a unit; gives its position.
    async fn record(&self, unit: &str, event: impl Into<OrgUnitEvent>) -> i64 {
        let event = event.into();
        self.record_raw(unit, event.type_name(), event.encode()).await
    }
    async fn record_raw(&self, unit: &str, type_name: String, payload: Vec<u8>) -> i64 {
        let stream = StreamId::new(STREAM_KIND, unit);
        let expected_version = self.store.read_stream(&stream, 0).await.expect("a stream").len();
        let event = NewEvent { type_name, payload, org_unit: code(unit), occurred_on: date!(2026 - 06 - 30) };
        let append = Append {
            request: None,
            response: Vec::new(),
            writes: vec![StreamWrite {
                stream,
                expected_version: i64::try_from(expected_version).expect("a small number"),
                events: vec![event],
            }],
            actor: "tester".into(),
            traceparent: String::new(),
        };
        self.store.append(append).await.expect("an append").last_position
    }
    /// City, two bureaus, one station; four events.
    async fn city(&self) -> i64 {
        let registered = |unit: &str, kind: OrgKind, parent: &str| OrgUnitRegistered {
            code: unit.into(),
            kind: kind.into(),
            parent: parent.into(),
            name_zh: format!("示例{unit}"),
            name_en: format!("Example {unit}"),
            effective_on: Some(date!(1949 - 10 - 01).into()),
        };
        self.record(CITY, registered(CITY, OrgKind::CityBureau, "")).await;
        self.record(DONGGANG, registered(DONGGANG, OrgKind::CountyBureau, CITY)).await;
        self.record(LANSHAN, registered(LANSHAN, OrgKind::CountyBureau, CITY)).await;
        self.record(STATION, registered(STATION, OrgKind::Station, DONGGANG)).await
    }
    /// Everything that can happen to a unit, with corrections; eight events.
    async fn life_of_the_station(&self) -> i64 {
        let renamed = |name: &str, on: Date| OrgUnitRenamed {
            code: STATION.into(),
            name_zh: name.into(),
            name_en: String::new(),
            effective_on: Some(on.into()),
        };
        let counted = |officers, from: Date| HeadcountRecorded {
            code: STATION.into(),
            from: Some(from.into()),
            officers,
        };
        self.record(STATION, renamed("新名", date!(2026 - 06 - 15))).await;
        self.record(STATION, renamed("新名更正", date!(2026 - 06 - 15))).await;
        self.record(STATION, renamed("更早名", date!(2020 - 01 - 01))).await;
        self.record(STATION, counted(30, date!(2020 - 01 - 01))).await;
        self.record(STATION, counted(32, date!(2026 - 01 - 01))).await;
        self.record(STATION, counted(33, date!(2026 - 01 - 01))).await;
        let moved = OrgUnitMoved {
            code: STATION.into(),
            from_parent: DONGGANG.into(),
            to_parent: LANSHAN.into(),
            effective_on: Some(date!(2026 - 06 - 15).into()),
        };
        self.record(STATION, moved).await;
        let retired = OrgUnitRetired {
            code: STATION.into(),
            effective_on: Some(date!(2027 - 01 - 01).into()),
            successor: LANSHAN.into(),
        };
        self.record(STATION, retired).await
    }
    /// A directory as a process has it, with its runner.
    async fn process(&self) -> Process {
        let directory = Directory::load(self.db.pool()).await.expect("a directory");
        self.run(directory)
    }
    fn run(&self, directory: Arc<Directory>) -> Process {
        let handle = Runner::local(self.store.clone(), self.db.pool(), Arc::clone(&directory));
        Process { directory, handle }
    }
}

struct Process {
    directory: Arc<Directory>,
    handle: ProjectionHandle,
}

impl Process {
    async fn at(&self, position: i64) -> &Directory {
        self.handle.wait_for("hq", position, DEADLINE).await.expect("the position is reached");
        &self.directory
    }
}

fn code(text: &str) -> OrgCode {
    OrgCode::parse(text).expect("12 digits")
}

/// Everything that a directory says.
fn everything(directory: &Directory) -> String {
    let mut said = format!("position {}\n", directory.position());
    let tree = directory.tree();
    for day in DAYS {
        for unit in directory.units_on(day) {
            let (exists, headcount) =
                (tree.exists_on(unit.code, day), directory.headcount_on(unit.code, day));
            said += &format!("{day} {unit:?} {exists} {headcount:?}\n");
        }
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_folded_in_memory_is_what_is_read_from_the_tables() {
    let log = Log::new().await;
    let process = log.process().await;
    log.city().await;
    let last = log.life_of_the_station().await;
    let folded = process.at(last).await;
    let read = Directory::load(log.db.pool()).await.expect("a directory");
    assert_eq!(everything(folded), everything(&read));

    let station = folded.unit_on(code(STATION), date!(2026 - 06 - 15)).expect("the station");
    assert_eq!((station.name_zh.as_str(), station.parent), ("新名更正", Some(code(LANSHAN))));
    assert_eq!((station.officers, station.version), (Some(33), 9));
    assert_eq!(station.successor, Some(code(LANSHAN)));
    let before = folded.unit_on(code(STATION), date!(2026 - 06 - 14)).expect("the station");
    assert_eq!((before.name_zh.as_str(), before.parent), ("更早名", Some(code(DONGGANG))));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_both_show_everything() {
    let log = Log::new().await;
    let (one, two) = (log.process().await, log.process().await);
    log.city().await;
    let last = log.life_of_the_station().await;
    assert_eq!(everything(one.at(last).await), everything(two.at(last).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_read_the_tables_before_another_moved_them_on_catches_up() {
    let log = Log::new().await;
    let early = Directory::load(log.db.pool()).await.expect("an empty directory");
    let other = log.process().await;
    let last = log.city().await;
    other.at(last).await;
    // Only now does the early one start to follow: its runner begins behind what its memory lacks.
    let early = log.run(early);
    assert_eq!(early.at(last).await.position(), last);
    let last = log.life_of_the_station().await;
    early.at(last).await;
    assert_eq!(early.directory.position(), last);
    assert_eq!(everything(&early.directory), everything(other.at(last).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_stops_the_directory_where_it_is() {
    let log = Log::new().await;
    let process = log.process().await;
    let last = log.city().await;
    process.at(last).await;
    let poison = log.record_raw(STATION, "xiaoan.hq.v1.OrgUnitMerged".into(), vec![]).await;
    let after = log.life_of_the_station().await;
    let waited = process.handle.wait_for("hq", after, DEADLINE).await.expect_err("it has stopped");
    assert!(waited.to_string().contains("OrgUnitMerged"), "{waited}");
    let status = process.handle.status();
    assert_eq!((status.state(), status.position), (ProjectionState::Stopped, poison - 1));
    assert_eq!(process.directory.position(), last);
    assert_eq!(process.directory.headcount_on(code(STATION), date!(2026 - 06 - 15)), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_puts_right_what_somebody_has_changed_in_the_tables() {
    let log = Log::new().await;
    let process = log.process().await;
    log.city().await;
    let last = log.life_of_the_station().await;
    let good = everything(process.at(last).await);
    sqlx::query("UPDATE directory_headcounts SET officers = 99")
        .execute(&log.db.pool())
        .await
        .expect("a change");
    process.directory.refresh().await.expect("the changed tables");
    assert_ne!(everything(&process.directory), good);

    let reader = LogReader::local(log.store.clone());
    let rebuild = Arc::new(process.directory.rebuild());
    let (progress, _) = tokio::sync::watch::channel(Default::default());
    let digests =
        Rebuilder::new(log.db.pool(), vec![reader], rebuild).run(&progress).await.expect("a rebuild");
    assert_ne!(digests.rebuilt, digests.replaced);
    assert_eq!(everything(&process.directory), good);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_what_never_comes_ends() {
    let log = Log::new().await;
    let process = log.process().await;
    let last = log.city().await;
    let waited = process.handle.wait_for("hq", last + 1, Duration::from_millis(50)).await;
    assert!(waited.is_err());
}
