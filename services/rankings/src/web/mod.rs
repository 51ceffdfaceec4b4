//! The web board: server-rendered pages over the standings, Chinese first, whole without a script.
//!
//! | address | what |
//! |---|---|
//! | `/` | every board with its headline |
//! | `/boards/{board}?period=2026-06&as_of=…` | the standings |
//! | `/boards/{board}/explain?period&unit&indicator&part=` | every ledger line behind one number |
//! | `/boards/{board}/live` | "something changed", as Server-Sent Events |
//! | `/sources` | how far each source has been read |
//! | `/assets/…` | our own style, script and icon |
//!
//! Invariants: nothing personal is shown, because nothing here reads anything but the ledger; there is no sign-in yet,
//! so [`serve`] refuses to listen beyond loopback; every figure on a page comes from one snapshot of the standings.

mod ask;
mod assets;
mod board;
mod explain;
mod format;
mod guard;
mod interval;
mod lang;
mod links;
mod live;
mod names;
mod pages;
mod period;
mod picker;
mod problem;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod sample;
mod status;
mod summary;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use time::Date;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::Reader;
use period::Span;
use problem::Problem;

/// Open pages that may follow a board at once; more are answered 503 and still see every page.
const SEATS: usize = 512;
/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where the board listens and by which names it answers.
#[derive(Debug, Clone, clap::Args)]
pub struct WebOptions {
    /// Address of the web board; loopback only, as there is no sign-in yet.
    #[arg(long, env = "XIAOAN_WEB_ADDR", default_value = "127.0.0.1:7080")]
    pub web_addr: SocketAddr,
    /// Host names that are answered besides localhost, for a proxy on the same machine.
    #[arg(long, env = "XIAOAN_WEB_HOSTS", value_delimiter = ',')]
    pub web_hosts: Vec<String>,
}

/// How long the answer to "which month is the latest with anything in it" is good for.
const REMEMBERED: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Web {
    reader: Reader,
    seats: Arc<Semaphore>,
    ending: watch::Receiver<bool>,
    latest: Arc<Mutex<Option<(Instant, String)>>>,
}

impl Web {
    /// The period a page shows when none is asked for: the latest month in which anything is booked, else this month.
    async fn default_period(&self) -> Result<String, Problem> {
        let mut latest = self.latest.lock().await;
        match &*latest {
            Some((since, period)) if since.elapsed() < REMEMBERED => Ok(period.clone()),
            _ => {
                let read = self.reader.latest_month().await;
                let month =
                    read.map_err(|error| Problem::of(error, "", ""))?.unwrap_or_else(|| self.reader.today());
                let period = Span::month_of(month).param();
                *latest = Some((Instant::now(), period.clone()));
                Ok(period)
            }
        }
    }

    /// Names on a day of a unit that is not on the board itself.
    fn unit_name(&self, code: &str, day: Date) -> Option<(String, String)> {
        self.reader.unit_name(code.parse().ok()?, day).map(|name| (name.zh, name.en))
    }
}

/// The web board as a router; reads through `reader` only. `ending` turning true ends the open streams.
pub fn router(reader: Reader, hosts: Vec<String>, ending: watch::Receiver<bool>) -> Router {
    let web = Web { reader, seats: Arc::new(Semaphore::new(SEATS)), ending, latest: Arc::default() };
    Router::new()
        .route("/", get(pages::index))
        .route("/boards/{board}", get(pages::board))
        .route("/boards/{board}/explain", get(explain::explain))
        .route("/boards/{board}/live", get(live::live))
        .route("/sources", get(pages::sources))
        .route("/assets/{digest}/{name}", get(assets::get))
        .fallback(pages::nothing)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn_with_state(guard::Hosts(hosts.into()), guard::guard))
        .with_state(web)
}

/// Serves the board until `shutdown` is done; open streams are ended, requests under way are answered.
///
/// # Errors
/// When the address is not a loopback one, or cannot be listened on.
pub async fn serve(
    reader: Reader,
    options: WebOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let address = options.web_addr;
    anyhow::ensure!(
        address.ip().is_loopback(),
        "the web board has no sign-in and listens on loopback only, not on {address}"
    );
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "web board listens");
    let (end, ending) = watch::channel(false);
    let ended = async move {
        shutdown.await;
        // Nobody listening for the end is fine.
        end.send(true).ok();
    };
    axum::serve(listener, router(reader, options.web_hosts, ending)).with_graceful_shutdown(ended).await?;
    Ok(())
}
