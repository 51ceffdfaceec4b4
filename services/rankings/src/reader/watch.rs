//! Standings now, and again whenever their content changes.

use super::{PATIENCE, ReadError, Reader, Standings};
use futures::Stream;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

/// Updates are at least this far apart: a storm of commands becomes five pictures a second.
const APART: Duration = Duration::from_millis(200);
/// Without a ring, look again after this: a ring can only come from this process.
const LOOK: Duration = Duration::from_secs(2);

impl Reader {
    /// Standings now (unless `after` is the present revision) and again whenever their content changes, at most every
    /// 200 ms. Ends with the first error, or when the stream is dropped.
    ///
    /// An `after` beyond the present revision (a rebuild is catching up, or another replica was ahead) is waited for,
    /// for a few seconds; then the present standings are sent.
    pub fn watch(
        &self,
        board: &str,
        period: &str,
        after: i64,
    ) -> impl Stream<Item = Result<Arc<Standings>, ReadError>> + Send + 'static + use<> {
        let watcher = Watcher {
            reader: self.clone(),
            board: board.to_owned(),
            period: period.to_owned(),
            rings: self.inner.bell.listen(),
            after,
            shown: None,
            next: Instant::now(),
            over: false,
        };
        futures::stream::unfold(watcher, |mut watcher| async move {
            if watcher.over {
                return None;
            }
            let item = watcher.next_change().await;
            watcher.over = item.is_err();
            Some((item, watcher))
        })
    }
}

struct Watcher {
    reader: Reader,
    board: String,
    period: String,
    rings: watch::Receiver<()>,
    after: i64,
    shown: Option<Arc<Standings>>,
    next: Instant,
    over: bool,
}

impl Watcher {
    async fn next_change(&mut self) -> Result<Arc<Standings>, ReadError> {
        if self.shown.is_none() {
            let first = self.first().await?;
            let seen = first.revision == self.after;
            self.shown = Some(Arc::clone(&first));
            if !seen {
                self.next = Instant::now() + APART;
                return Ok(first);
            }
        }
        loop {
            // An error means that nobody can ring any more; then looking now and again is all there is.
            let _ = timeout(LOOK, self.rings.changed()).await;
            sleep_until(self.next).await;
            let now = self.look().await?;
            let changed = self.shown.as_ref().is_none_or(|shown| !same_content(shown, &now));
            self.shown = Some(Arc::clone(&now));
            if changed {
                self.next = Instant::now() + APART;
                return Ok(now);
            }
        }
    }

    async fn first(&mut self) -> Result<Arc<Standings>, ReadError> {
        let until = Instant::now() + PATIENCE;
        loop {
            self.rings.mark_unchanged();
            let now = self.look().await?;
            if now.revision >= self.after || Instant::now() >= until {
                return Ok(now);
            }
            let _ = timeout_at(until, self.rings.changed()).await;
        }
    }

    async fn look(&mut self) -> Result<Arc<Standings>, ReadError> {
        self.rings.mark_unchanged();
        self.reader.standings(&self.board, &self.period, None).await
    }
}

/// Whether a reader would see the same board; how far the sources are does not matter.
fn same_content(a: &GetStandingsResponse, b: &GetStandingsResponse) -> bool {
    a.entries == b.entries && a.total == b.total && a.scheme == b.scheme && a.from == b.from && a.to == b.to
}
