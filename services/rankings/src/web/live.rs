//! `GET /boards/{board}/live`: says that something changed, as Server-Sent Events.
//!
//! | event | when | data |
//! |---|---|---|
//! | `standings`, with the revision as its id | the standings changed | the revision |
//! | `pulse` | every five seconds | a word that changes when anything about the sources does |
//!
//! The stream carries no figures: the page fetches itself, so that live and reloaded pages cannot differ. A browser
//! that reconnects sends the last id it saw and is told at once when it has missed something.

use axum::extract::{Path, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderName};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::IntervalStream;

use super::Web;
use super::ask::Ask;
use super::lang::Lang;
use super::pages::{self, place};
use super::problem::Problem;
use super::status::Status;

const PULSE: Duration = Duration::from_secs(5);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

enum Beat {
    Changed(i64),
    Pulse,
    Ended,
}

/// The handler.
pub async fn live(
    State(web): State<Web>,
    Path(board): Path<String>,
    headers: HeaderMap,
    ask: Ask,
) -> Response {
    let answer = open(&web, &board, &headers, &ask).await;
    pages::answer(&web, &ask, answer).await
}

async fn open(web: &Web, board: &str, headers: &HeaderMap, ask: &Ask) -> Result<Response, Problem> {
    let seat = web.seats.clone().try_acquire_owned().map_err(|_| Problem::TooManyWatchers)?;
    let (place, _) = place(web, board, ask).await?;
    // Asked once before the stream begins, so that an unknown board is a 404 and not a stream that ends.
    let asked = web.reader.standings(board, &place.period, None).await;
    asked.map_err(|error| Problem::of(error, board, &place.period))?;
    let events = events(web, board, &place.period, last_seen(headers, ask), seat);
    Ok(Sse::new(events).into_response())
}

/// The revision the browser has: from `Last-Event-ID` when it reconnects by itself, else from the page's script.
fn last_seen(headers: &HeaderMap, ask: &Ask) -> i64 {
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    header.and_then(|text| text.parse().ok()).or_else(|| ask.get("after").parse().ok()).unwrap_or(0)
}

fn events(
    web: &Web,
    board: &str,
    period: &str,
    after: i64,
    seat: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + use<> {
    let standings = web.reader.watch(board, period, after).map(|read| match read {
        Ok(standings) => Beat::Changed(standings.revision),
        Err(error) => {
            tracing::error!(error = %error, "watching a board ended");
            Beat::Ended
        }
    });
    let mut clock = tokio::time::interval(PULSE);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pulses = IntervalStream::new(clock).map(|_| Beat::Pulse);
    let ended = stream::once(std::future::ready(Beat::Ended));
    let mut ending = web.ending.clone();
    let reader = web.reader.clone();
    let (board, period) = (board.to_owned(), period.to_owned());
    stream::select(standings.chain(ended), pulses)
        .take_while(|beat| std::future::ready(!matches!(beat, Beat::Ended)))
        .take_until(Box::pin(async move {
            // An error means that nobody will ever end us: wait for ever.
            if ending.wait_for(|over| *over).await.is_err() {
                std::future::pending::<()>().await;
            }
        }))
        .filter_map(move |beat| {
            let (reader, board, period) = (reader.clone(), board.clone(), period.clone());
            async move {
                match beat {
                    Beat::Changed(revision) => {
                        let text = revision.to_string();
                        Some(Event::default().event("standings").id(&text).data(&text))
                    }
                    Beat::Pulse => {
                        // What the board needs, which its own answer says.
                        let standings = reader.standings(&board, &period, None).await.ok()?;
                        let state = Status::of(&standings.sources, Lang::Zh).state;
                        Some(Event::default().event("pulse").data(state))
                    }
                    Beat::Ended => None,
                }
            }
        })
        .map(move |event| {
            let _ = &seat;
            Ok(event)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::FromRequestParts;
    use http::{HeaderValue, Request};

    async fn ask(uri: &str) -> Ask {
        let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        let Ok(ask) = Ask::from_request_parts(&mut parts, &()).await;
        ask
    }

    #[tokio::test]
    async fn a_browser_that_reconnects_says_what_it_saw_last() {
        let ask = ask("/boards/b/live?period=2026-06&after=7").await;
        assert_eq!(last_seen(&HeaderMap::new(), &ask), 7);
        let headers = HeaderMap::from_iter([(LAST_EVENT_ID, HeaderValue::from_static("9"))]);
        assert_eq!(last_seen(&headers, &ask), 9);
        let headers = HeaderMap::from_iter([(LAST_EVENT_ID, HeaderValue::from_static("x"))]);
        assert_eq!(last_seen(&headers, &ask), 7);
    }
}
