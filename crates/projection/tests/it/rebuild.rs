use crate::support::*;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{Notify, watch};
use tokio_stream::StreamExt;
use tonic::{Code, Request, Status};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_feed::{LogReader, allow_all};
use xiaoan_projection::{
    ApplyError, Digests, Rebuild, RebuildError, RebuildProgress, Rebuilder, Runner, projections_service,
};
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;
use xiaoan_proto::projections::v1::{
    ListProjectionsRequest, ProjectionState, RebuildProjectionRequest, RebuildProjectionResponse,
};
use xiaoan_testkit::{DEADLINE, wait_until};

/// Builds the tally anew in a table of its own and renames it into place.
struct Again {
    pool: PgPool,
    poison: AtomicI64,
    /// When set, the first batch waits here.
    hold: Option<Arc<Notify>>,
    begun: Notify,
    abandoned: AtomicI64,
}

impl Again {
    fn new(world: &World, hold: Option<Arc<Notify>>) -> Arc<Self> {
        let (poison, begun, abandoned) = (AtomicI64::new(0), Notify::new(), AtomicI64::new(0));
        Arc::new(Self { pool: world.db.pool(), poison, hold, begun, abandoned })
    }
}

async fn digest(connection: &mut PgConnection, table: &str) -> Result<String, sqlx::Error> {
    let sql = format!("SELECT md5(string_agg(position::text, ',' ORDER BY position)) FROM tallies.{table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await
}

impl Rebuild for Again {
    fn name(&self) -> &str {
        "tally"
    }
    async fn prepare(&self) -> anyhow::Result<()> {
        let sql =
            "DROP TABLE IF EXISTS tallies.next; CREATE TABLE tallies.next (LIKE tallies.tally INCLUDING ALL)";
        sqlx::raw_sql(sql).execute(&self.pool).await?;
        Ok(())
    }
    async fn apply(&self, source: &str, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        assert_eq!(source, "cases");
        if let Some(hold) = &self.hold {
            self.begun.notify_one();
            hold.notified().await;
            hold.notify_one();
        }
        for event in batch {
            if event.position == self.poison.load(Ordering::Relaxed) {
                return Err(ApplyError::poison(event, "unreadable"));
            }
        }
        let positions: Vec<i64> = batch.iter().map(|event| event.position).collect();
        sqlx::query("INSERT INTO tallies.next SELECT 'tally', * FROM unnest($1::bigint[])")
            .bind(positions)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
    async fn swap(&self, tx: &mut PgConnection) -> anyhow::Result<Digests> {
        let digests = Digests { rebuilt: digest(tx, "next").await?, replaced: digest(tx, "tally").await? };
        let sql = "DROP TABLE tallies.tally; ALTER TABLE tallies.next RENAME TO tally";
        sqlx::raw_sql(sql).execute(tx).await?;
        Ok(digests)
    }
    async fn abandon(&self) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }
}

fn rebuilder(world: &World, again: &Arc<Again>) -> Rebuilder {
    let sources = vec![LogReader::local(world.store.clone())];
    Rebuilder::new(world.db.pool(), sources, Arc::clone(again))
}

fn request(name: &str) -> Request<RebuildProjectionRequest> {
    Request::new(RebuildProjectionRequest { projection: name.into() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_equals_what_it_replaces_though_events_keep_coming() {
    let world = World::new().await;
    let head = world.append(3000).await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::new("tally"));
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    let hold = Arc::new(Notify::new());
    let again = Again::new(&world, Some(Arc::clone(&hold)));
    let rebuilder = rebuilder(&world, &again);
    let running = tokio::spawn(async move {
        let progress = watch::Sender::new(RebuildProgress::default());
        let digests = rebuilder.run(&progress).await.unwrap();
        (digests, progress.borrow().clone())
    });
    // The live projection goes on meanwhile, far enough that the rebuild must run after it.
    again.begun.notified().await;
    let head = world.append(2500).await;
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    hold.notify_one();
    let (digests, progress) = running.await.unwrap();
    assert_eq!(digests.rebuilt, digests.replaced);
    assert_eq!((progress.events, progress.total), (5500, 5500));
    assert_eq!(progress.digests, Some(digests));
    let head = world.append(10).await;
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    assert_eq!(world.counted("tally").await, up_to(head));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_fails_leaves_the_live_tables_alone() {
    let world = World::new().await;
    let head = world.append(100).await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::new("tally"));
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    let again = Again::new(&world, None);
    again.poison.store(50, Ordering::Relaxed);
    let rebuilder = rebuilder(&world, &again);
    let progress = watch::Sender::new(RebuildProgress::default());
    let failed = rebuilder.run(&progress).await.unwrap_err();
    assert!(matches!(failed, RebuildError::Apply(ApplyError::Poison { position: 50, .. })), "{failed}");
    assert_eq!(again.abandoned.load(Ordering::Relaxed), 1);
    assert_eq!(world.counted("tally").await, up_to(head));
    // And it may be tried again at once.
    again.poison.store(0, Ordering::Relaxed);
    rebuilder.run(&progress).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_reads_no_further_than_a_broken_chain() {
    let world = World::new().await;
    world.append(100).await;
    world.as_superuser("UPDATE eventstore.events SET payload = 'forged' WHERE position = 60").await;
    let again = Again::new(&world, None);
    let progress = watch::Sender::new(RebuildProgress::default());
    let failed = rebuilder(&world, &again).run(&progress).await.unwrap_err();
    let RebuildError::Source(source) = &failed else { panic!("{failed}") };
    assert_eq!(source.broken_at(), Some(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_lists_and_rebuilds_one_at_a_time_and_a_stopped_projection_goes_on() {
    let world = World::new().await;
    let head = world.append(200).await;
    let tally = Tally::that("tally", How::Poison, 120);
    let handle = Runner::local(world.store.clone(), pool(&world), Arc::clone(&tally));
    wait_until(DEADLINE, || async { handle.status().state() == ProjectionState::Stopped }).await;
    let hold = Arc::new(Notify::new());
    let again = Again::new(&world, Some(Arc::clone(&hold)));
    let api = projections_service(vec![handle.clone()], vec![rebuilder(&world, &again)], allow_all());
    let mut api = ProjectionsServiceClient::new(api);

    let listed = api.list_projections(Request::new(ListProjectionsRequest {})).await.unwrap().into_inner();
    assert_eq!(listed.projections.len(), 1);
    assert!(listed.projections[0].problem.contains("position 120"), "{listed:?}");

    let unknown = api.rebuild_projection(request("nothing")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);

    let reports = api.rebuild_projection(request("tally")).await.unwrap().into_inner();
    let busy = api.rebuild_projection(request("tally")).await.unwrap_err();
    assert_eq!(busy.code(), Code::FailedPrecondition, "{busy}");
    hold.notify_one();
    let reports: Vec<RebuildProjectionResponse> = reports.map(Result::unwrap).collect().await;
    let last = reports.last().unwrap();
    assert!(last.done && last.events == 200 && last.total == 200, "{last:?}");
    assert_ne!(last.digest, last.replaced_digest, "the stopped one had not got so far");
    assert!(reports[..reports.len() - 1].iter().all(|report| !report.done));

    // The rebuild has passed the poison: the live projection goes on behind it.
    handle.wait_for("cases", head, DEADLINE).await.ok();
    let head = world.append(5).await;
    wait_until(DEADLINE, || async { handle.status().position == head }).await;
    assert_eq!(handle.status().state(), ProjectionState::Live);
    assert_eq!(world.counted("tally").await, up_to(head));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whom_the_mounting_service_lets_in_rebuilds() {
    let world = World::new().await;
    let nobody: xiaoan_feed::Access = Arc::new(|_| Err(Status::permission_denied("no")));
    let again = Again::new(&world, None);
    let api = projections_service(Vec::new(), vec![rebuilder(&world, &again)], nobody);
    let mut api = ProjectionsServiceClient::new(api);
    let refused = api.rebuild_projection(request("tally")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    api.list_projections(Request::new(ListProjectionsRequest {})).await.unwrap();
}
