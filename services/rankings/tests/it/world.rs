//! A small city: the logs of `hq` and of the sources in databases of their own, and rankings following them.

use std::collections::HashMap;
use std::sync::Arc;
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use xiaoan_directory::{Directory, OrgUnitEvent};
use xiaoan_eventstore::{Append, AppenderOptions, EventStore, NewEvent, StreamWrite};
use xiaoan_feed::LogReader;
use xiaoan_kernel::{EventSet, FixedClock, OrgCode, StreamId};
use xiaoan_projection::{ProjectionHandle, Runner};
use xiaoan_proto::cases::v1::{
    CaseFacts, CaseFiled, CaseReclassified, CaseRefiled, CaseSolved, CaseTransferred, CaseWithdrawn,
    DatedCount, SolveClass, SolveRevoked, SuspectCaught,
};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{HeadcountRecorded, OrgUnitMoved, OrgUnitRegistered};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse, IndicatorValue};
use xiaoan_rankings::accountability::Accountability;
use xiaoan_rankings::booking::case::CaseEvent;
use xiaoan_rankings::decisions::Decisions;
use xiaoan_rankings::ledger::Ledger;
use xiaoan_rankings::ledger::check::{Checked, check};
use xiaoan_rankings::squadrons::Squadrons;
use xiaoan_rankings::{Announced, Reader, Standings};
use xiaoan_testkit::{DEADLINE, TestDb};

pub const CITY: &str = "371100000000";
pub const DONGGANG: &str = "371102000000";
pub const LANSHAN: &str = "371103000000";
pub const PORT: &str = "371190000000";
pub const FIRST: &str = "371102010000";
pub const SECOND: &str = "371102020000";
pub const THIRD: &str = "371103010000";
pub const PIER: &str = "371190010000";

pub const BURGLARY: &str = "050201";
pub const PICKPOCKETING: &str = "050240";
pub const FRAUD: &str = "050300";

pub const JUNE: &str = "2026-06";
pub const JULY: &str = "2026-07";

/// The city and everything that follows it.
pub struct World {
    pub board: TestDb,
    pub cases: EventStore,
    pub hq: EventStore,
    /// Logs of the sources beside cases: none, or those of `antifraud`, `port` and `volunteers`.
    pub others: Vec<EventStore>,
    pub clock: Arc<FixedClock>,
    pub reader: Reader,
    pub handles: Vec<ProjectionHandle>,
    versions: HashMap<StreamId, i64>,
    _logs: Vec<TestDb>,
}

pub fn unit(text: &str) -> OrgCode {
    OrgCode::parse(text).unwrap()
}

async fn log(database: &TestDb, source: &str, clock: &Arc<FixedClock>) -> EventStore {
    EventStore::open(database.pool(), source, Arc::clone(clock) as _, AppenderOptions::default())
        .await
        .unwrap()
}

/// Projections and reader over a rankings database, as `service.rs` wires them; the ledger of cases comes first.
pub async fn follow(
    board: &TestDb,
    sources: &[EventStore],
    hq: &EventStore,
    clock: &Arc<FixedClock>,
) -> (Reader, Vec<ProjectionHandle>) {
    let pool = board.pool();
    let directory = Directory::load(pool.clone()).await.unwrap();
    let reader = Reader::new(pool.clone(), Arc::clone(&directory), Arc::clone(clock) as _);
    let ledger = Ledger::open(&pool).await.unwrap();
    let bell = reader.bell();
    let ledger = |log: &EventStore| {
        Runner::local(log.clone(), pool.clone(), Announced::new(Arc::clone(&ledger), bell.clone()))
    };
    let mut handles: Vec<_> = sources.iter().map(ledger).collect();
    handles.push(Runner::local(hq.clone(), pool.clone(), Announced::new(directory, bell.clone())));
    handles.push(Runner::local(hq.clone(), pool.clone(), Announced::new(Decisions::new(), bell.clone())));
    handles.push(Runner::local(
        hq.clone(),
        pool.clone(),
        Announced::new(Accountability::new(), bell.clone()),
    ));
    if let Some(volunteers) = sources.iter().find(|log| log.source() == "volunteers") {
        handles.push(Runner::local(volunteers.clone(), pool, Announced::new(Squadrons::new(), bell)));
    }
    reader.follow(handles.clone());
    reader.read_logs(sources.iter().chain([hq]).cloned().map(LogReader::local).collect());
    (reader, handles)
}

impl World {
    /// The city bureau, two county bureaus with three stations, the port with one.
    pub async fn new() -> Self {
        Self::following(&[]).await
    }
    /// The same with the logs of all sources.
    pub async fn of_all_sources() -> Self {
        Self::following(&["antifraud", "port", "volunteers"]).await
    }

    async fn following(others: &[&str]) -> Self {
        let mut logs = vec![TestDb::create("eventstore").await, TestDb::create("eventstore").await];
        let board = TestDb::create("rankings").await;
        let clock = Arc::new(FixedClock::at(datetime!(2026-07-15 08:00 UTC)));
        let cases = log(&logs[0], "cases", &clock).await;
        let hq = log(&logs[1], "hq", &clock).await;
        let mut stores = vec![cases.clone()];
        for source in others {
            let database = TestDb::create("eventstore").await;
            stores.push(log(&database, source, &clock).await);
            logs.push(database);
        }
        let (reader, handles) = follow(&board, &stores, &hq, &clock).await;
        let others = stores.split_off(1);
        let versions = HashMap::new();
        let mut world = Self { board, cases, hq, others, clock, reader, handles, versions, _logs: logs };
        for (code, kind, parent, name, officers) in [
            (CITY, OrgKind::CityBureau, "", "市局", None),
            (DONGGANG, OrgKind::CountyBureau, CITY, "东港分局", Some(420)),
            (LANSHAN, OrgKind::CountyBureau, CITY, "岚山分局", Some(310)),
            (PORT, OrgKind::PortBureau, CITY, "港航公安局", Some(180)),
            (FIRST, OrgKind::Station, DONGGANG, "一所", None),
            (SECOND, OrgKind::Station, DONGGANG, "二所", None),
            (THIRD, OrgKind::Station, LANSHAN, "三所", None),
            (PIER, OrgKind::PortStation, PORT, "港区一所", None),
        ] {
            world.register(code, kind, parent, name, officers).await;
        }
        // A test that waits for facts alone must find the units they belong to.
        world.settled().await;
        world
    }

    async fn register(&mut self, code: &str, kind: OrgKind, parent: &str, name: &str, officers: Option<i32>) {
        let since = Some(date!(2020 - 01 - 01).into());
        let mut events = vec![OrgUnitEvent::from(OrgUnitRegistered {
            code: code.into(),
            kind: kind.into(),
            parent: parent.into(),
            name_zh: name.into(),
            name_en: String::new(),
            effective_on: since,
        })];
        if let Some(officers) = officers {
            events.push(HeadcountRecorded { code: code.into(), from: since, officers }.into());
        }
        self.decide("org_unit", code, events).await;
    }

    /// A station stands under another bureau from a day on.
    pub async fn move_unit(&mut self, code: &str, to: &str, on: Date) {
        let moved = OrgUnitMoved {
            code: code.into(),
            to_parent: to.into(),
            effective_on: Some(on.into()),
            ..Default::default()
        };
        self.decide("org_unit", code, vec![OrgUnitEvent::from(moved)]).await;
    }

    /// Logs of the sources of the ledger.
    pub fn sources(&self) -> Vec<EventStore> {
        std::iter::once(&self.cases).chain(&self.others).cloned().collect()
    }
    /// How a rebuild reads them.
    pub fn readers(&self) -> Vec<LogReader> {
        self.sources().into_iter().map(LogReader::local).collect()
    }
    /// Another process that follows the same logs into the same database.
    pub async fn follow_again(&self) -> (Reader, Vec<ProjectionHandle>) {
        follow(&self.board, &self.sources(), &self.hq, &self.clock).await
    }

    /// hq decides something.
    pub async fn decide<E: EventSet>(&mut self, kind: &str, id: &str, events: Vec<E>) {
        let store = self.hq.clone();
        self.append(&store, kind, id, events).await;
    }
    /// Something happens to a case or an alert.
    pub async fn happen<E: EventSet>(&mut self, kind: &str, id: &str, events: Vec<E>) {
        let store = self.cases.clone();
        self.append(&store, kind, id, events).await;
    }

    /// Something happens at another source.
    pub async fn happen_at<E: EventSet>(&mut self, source: &str, kind: &str, id: &str, event: impl Into<E>) {
        let store = self.log_of(source);
        self.append(&store, kind, id, vec![event.into()]).await;
    }
    pub fn log_of(&self, source: &str) -> EventStore {
        let found = self.sources().into_iter().find(|log| log.source() == source);
        found.unwrap_or_else(|| panic!("{source} is not there"))
    }

    async fn append<E: EventSet>(&mut self, store: &EventStore, kind: &str, id: &str, events: Vec<E>) {
        let new = |event: &E| NewEvent {
            type_name: event.type_name(),
            payload: event.encode(),
            org_unit: unit(CITY),
            occurred_on: date!(2026 - 06 - 01),
        };
        let events: Vec<_> = events.iter().map(new).collect();
        self.append_raw(store, StreamId::new(kind, id), events).await;
    }

    /// Records events as they are, also ones that nobody can read.
    pub async fn append_raw(&mut self, store: &EventStore, stream: StreamId, events: Vec<NewEvent>) {
        let version = self.versions.entry(stream.clone()).or_default();
        let write = StreamWrite { stream, expected_version: *version, events };
        *version += i64::try_from(write.events.len()).unwrap();
        let append = Append {
            request: None,
            response: Vec::new(),
            writes: vec![write],
            actor: "test".into(),
            traceparent: String::new(),
        };
        store.append(append).await.unwrap();
    }

    /// Waits until everything recorded so far is on the board.
    pub async fn settled(&self) {
        for store in self.sources().iter().chain([&self.hq]) {
            let source = store.source();
            let head = store.head().await.unwrap().position;
            for handle in self.handles.iter().filter(|h| h.source() == source) {
                handle.wait_for(source, head, DEADLINE).await.unwrap();
            }
        }
    }

    pub async fn standings(&self, board: &str, period: &str) -> Arc<Standings> {
        self.settled().await;
        self.reader.standings(board, period, None).await.unwrap()
    }
    pub async fn standings_as_of(&self, board: &str, period: &str, at: OffsetDateTime) -> Arc<Standings> {
        self.settled().await;
        self.reader.standings(board, period, Some(at)).await.unwrap()
    }
    /// Sums equal the lines; what the check found.
    #[track_caller]
    pub fn checked(&self) -> impl Future<Output = Checked> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            self.settled().await;
            let found = check(&self.board.pool()).await.unwrap();
            assert!(found.differences.is_empty(), "{caller}: {:?}", found.differences);
            found
        }
    }

    /// Files a case and remembers what counts of it.
    pub async fn file(&mut self, case_no: &str, org_unit: &str, category: &str, filed_on: Date) -> Case {
        self.file_with(case_no, org_unit, category, filed_on, false, false).await
    }
    pub async fn file_with(
        &mut self,
        case_no: &str,
        org_unit: &str,
        category: &str,
        filed_on: Date,
        small_case: bool,
        preventable: bool,
    ) -> Case {
        let facts = CaseFacts {
            org_unit: org_unit.into(),
            category: category.into(),
            filed_on: Some(filed_on.into()),
            loss_fen: 150_000,
            small_case,
            preventable,
            ..Default::default()
        };
        let filed = CaseFiled {
            case_no: case_no.into(),
            org_unit: org_unit.into(),
            category: category.into(),
            filed_on: Some(filed_on.into()),
            loss_fen: 150_000,
            small_case,
            preventable,
            ..Default::default()
        };
        self.happen("case", case_no, vec![CaseEvent::from(filed)]).await;
        Case { case_no: case_no.into(), facts }
    }
}

/// A case as its events tell it; each method is one accepted command.
#[derive(Debug, Clone)]
pub struct Case {
    pub case_no: String,
    pub facts: CaseFacts,
}

impl Case {
    async fn happens(&self, world: &mut World, event: impl Into<CaseEvent>) {
        world.happen("case", &self.case_no, vec![event.into()]).await;
    }
    pub async fn catch(&mut self, world: &mut World, on: Date, count: i32) {
        self.facts.arrests.push(DatedCount { on: Some(on.into()), count });
        let caught = SuspectCaught {
            caught_on: Some(on.into()),
            count,
            org_unit: self.facts.org_unit.clone(),
            category: self.facts.category.clone(),
            ..Default::default()
        };
        self.happens(world, caught).await;
    }
    pub async fn solve(&mut self, world: &mut World, on: Date) {
        self.facts.solved_on = Some(on.into());
        self.facts.set_solve_class(SolveClass::Arrest);
        self.happens(world, CaseSolved { facts: Some(self.facts.clone()), ..Default::default() }).await;
    }
    pub async fn revoke(&mut self, world: &mut World) {
        self.happens(world, SolveRevoked { facts: Some(self.facts.clone()), ..Default::default() }).await;
        self.facts.solved_on = None;
    }
    pub async fn reclassify(&mut self, world: &mut World, category: &str) {
        let facts = Some(self.facts.clone());
        let small_case = self.facts.small_case;
        self.happens(
            world,
            CaseReclassified { facts, category: category.into(), small_case, ..Default::default() },
        )
        .await;
        self.facts.category = category.into();
    }
    pub async fn transfer(&mut self, world: &mut World, to: &str) {
        let facts = Some(self.facts.clone());
        self.happens(world, CaseTransferred { facts, to_org_unit: to.into(), ..Default::default() }).await;
        self.facts.org_unit = to.into();
    }
    pub async fn withdraw(&mut self, world: &mut World, no_crime: bool) {
        let facts = Some(self.facts.clone());
        self.happens(world, CaseWithdrawn { facts, leaves_count: no_crime, ..Default::default() }).await;
    }
    pub async fn refile(&mut self, world: &mut World, after_no_crime: bool) {
        let facts = Some(self.facts.clone());
        self.happens(world, CaseRefiled { facts, returns_to_count: after_no_crime, ..Default::default() })
            .await;
    }
}

#[track_caller]
pub fn entry<'a>(standings: &'a GetStandingsResponse, unit: &str) -> &'a Entry {
    let found = standings.entries.iter().find(|e| e.org_unit == unit);
    found.unwrap_or_else(|| panic!("no row of {unit} on {}", standings.board))
}
#[track_caller]
pub fn cell<'a>(entry: &'a Entry, id: &str) -> &'a IndicatorValue {
    entry.indicators.iter().find(|i| i.id == id).unwrap_or_else(|| panic!("no indicator {id}"))
}
/// Numerator of an indicator of a unit.
#[track_caller]
pub fn count(standings: &Arc<Standings>, unit: &str, id: &str) -> i64 {
    cell(entry(standings, unit), id).numerator
}
