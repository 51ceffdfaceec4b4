//! `xiaoan watch`: standings now, and again whenever they change; goes on after a lost connection.

use super::{Context, Verdict, standings};
use crate::args::{Output, Service, Watch};
use crate::fault::Fault;
use crate::render;
use std::io::IsTerminal;
use std::time::Duration;
use tonic::Code;
use xiaoan_proto::rankings::v1::{GetStandingsResponse, WatchStandingsRequest};

/// Pause before a lost connection is taken up again.
const PAUSE: Duration = Duration::from_secs(1);

pub async fn run(context: &Context, what: Watch) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let mut request = WatchStandingsRequest { board: what.board, period: what.period, after_revision: 0 };
    let mut shown = 0;
    loop {
        let mut client = clients.rankings();
        let ended = match client.watch_standings(clients.request_without_deadline(request.clone())?).await {
            Err(status) => Some(status),
            Ok(stream) => {
                let mut stream = stream.into_inner();
                loop {
                    match stream.message().await {
                        Ok(Some(changed)) => {
                            let Some(standings) = changed.standings else { continue };
                            request.after_revision = standings.revision;
                            show(context, &standings)?;
                            shown += 1;
                            if what.count > 0 && shown >= what.count {
                                return Ok(Verdict::Done);
                            }
                        }
                        Ok(None) => break None,
                        Err(status) => break Some(status),
                    }
                }
            }
        };
        // A restarted service ends the stream in one of these ways; anything else is meant.
        match ended {
            Some(status) if shown == 0 || !passing(status.code()) => {
                return Err(clients.fault(Service::Rankings, status));
            }
            _ => {
                eprintln!("{}", context.say("连接中断，正在重连……", "connection lost, reconnecting …"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn passing(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Cancelled
            | Code::Unknown
            | Code::ResourceExhausted
            | Code::DeadlineExceeded
    )
}

fn show(context: &Context, now: &GetStandingsResponse) -> Result<(), Fault> {
    match context.output() {
        // One document a line.
        Output::Json => render::out(&format!("{}\n", standings::document(now))),
        output => {
            if output == Output::Table && std::io::stdout().is_terminal() {
                render::out("\u{1b}[H\u{1b}[2J")?;
            }
            let sheet = standings::sheet(context, now);
            render::print(context, &sheet, &serde_json::Value::Null, &standings::footer(context, now))
        }
    }
}
