//! The web board: server-rendered pages over the standings, Chinese first, whole without a script.
//!
//! | address | what |
//! |---|---|
//! | `/` | every board with its headline |
//! | `/boards/{board}?period=2026-06&as_of=…` | the standings; a board with areas (`city`) as a sheet of figures |
//! | `/boards/{board}/explain?period&unit&squadron&indicator&part=` | every ledger line behind one number |
//! | `/boards/{board}/funnel?period` | units over the limits of chance |
//! | `/boards/{board}/trend?period&unit&indicator` | a figure month by month with the year before |
//! | `/boards/{board}/why?period&unit` | why a unit has its rank |
//! | `/boards/{board}/integrity?period` | what bears on the rates, and whether solves pile up at the ends of months |
//! | `/boards/{board}/closing?period&indicator&recount` | a closed period: frozen figures beside those of now |
//! | `/boards/{board}/live` | "something changed", as Server-Sent Events |
//! | `/closings` | every closed period |
//! | `/accountability?bureau` | open notices, interviews, listed cases; what is overdue |
//! | `/sources` | per source its position, lag, chain head and state |
//! | `/assets/…` | our own style, script and icon |
//!
//! Invariants: nothing personal is shown, because nothing here reads anything but the ledger and what hq decided about units; there is no sign-in yet,
//! so [`serve`] refuses to listen beyond loopback; every figure on a page comes from one snapshot of the standings.

mod accountability;
mod accountability_rows;
mod ask;
mod assets;
mod board;
mod closing;
mod closing_rows;
mod closings;
mod explain;
mod figure;
mod format;
mod funnel;
mod guard;
mod integrity;
mod interval;
mod lang;
mod links;
mod live;
mod month_ends;
mod names;
mod overdue;
mod pages;
mod period;
mod picker;
mod problem;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod rendering_after;
#[cfg(test)]
mod rendering_figures;
mod row;
#[cfg(test)]
mod sample;
mod sheet;
mod sources;
mod status;
mod summary;
mod trend;
mod why;
mod words;

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
use xiaoan_proto::hq::v1::Campaign;

use crate::{ReadError, Reader};
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

/// How long the answer to "where in time to begin" is good for.
const REMEMBERED: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Web {
    reader: Reader,
    seats: Arc<Semaphore>,
    ending: watch::Receiver<bool>,
    begin: Arc<Mutex<Option<(Instant, String)>>>,
}

impl Web {
    /// The period a page shows when none is asked for: the newest campaign that is under way, else the latest month in
    /// which anything was filed, else this month.
    async fn default_period(&self) -> Result<String, Problem> {
        let mut remembered = self.begin.lock().await;
        if let Some((since, period)) = &*remembered
            && since.elapsed() < REMEMBERED
        {
            return Ok(period.clone());
        }
        let period = self.find_begin().await.map_err(|error| Problem::of(error, "", ""))?;
        *remembered = Some((Instant::now(), period.clone()));
        Ok(period)
    }

    async fn find_begin(&self) -> Result<String, ReadError> {
        let today = self.reader.today();
        let begun = |campaign: &Campaign| {
            campaign.from.is_some_and(|from| Date::try_from(from).is_ok_and(|d| d <= today))
        };
        let campaigns = self.reader.campaigns().await?;
        if let Some(campaign) = campaigns.iter().find(|campaign| !campaign.closed && begun(campaign)) {
            return Ok(campaign.campaign_id.clone());
        }
        Ok(Span::month_of(self.reader.latest_month().await?.unwrap_or(today)).param())
    }

    /// Names on a day of a unit that is not on the board itself.
    fn unit_name(&self, code: &str, day: Date) -> Option<(String, String)> {
        self.reader.unit_name(code.parse().ok()?, day).map(|name| (name.zh, name.en))
    }
}

/// The web board as a router; reads through `reader` only. `ending` turning true ends the open streams.
pub fn router(reader: Reader, hosts: Vec<String>, ending: watch::Receiver<bool>) -> Router {
    let web = Web { reader, seats: Arc::new(Semaphore::new(SEATS)), ending, begin: Arc::default() };
    Router::new()
        .route("/", get(pages::index))
        .route("/boards/{board}", get(pages::board))
        .route("/boards/{board}/explain", get(explain::explain))
        .route("/boards/{board}/funnel", get(funnel::funnel))
        .route("/boards/{board}/trend", get(trend::trend))
        .route("/boards/{board}/why", get(why::why))
        .route("/boards/{board}/integrity", get(integrity::integrity))
        .route("/boards/{board}/closing", get(closing::closing))
        .route("/boards/{board}/live", get(live::live))
        .route("/closings", get(closings::closings))
        .route("/accountability", get(accountability::accountability))
        .route("/sources", get(sources::sources))
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
