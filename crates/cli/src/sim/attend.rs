//! The bank's end of the stream: one for each bank, connected again when it breaks.

use super::bank::{Bank, Habits, Reply};
use super::{PlayBank, Sim};
use crate::args::Service;
use crate::commands::{Context, Verdict};
use crate::connect::Clients;
use crate::demo::city::CITY;
use crate::fault::Fault;
use crate::keys::{self, Signer};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_proto::antifraud::v1::attend_request::Said;
use xiaoan_proto::antifraud::v1::attend_response::Said as Told;
use xiaoan_proto::antifraud::v1::{AnswerOutcome, AttendRequest, DeskOpen};

/// Pause before a broken stream is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Plays until it is stopped, or until every bank has had its number of orders.
///
/// # Errors
/// When there is no signing key, or a desk refuses the bank.
pub async fn run(context: &Context, what: Sim) -> Result<Verdict, Fault> {
    let Sim::Bank(play) = what;
    let clients = context.clients()?;
    let key = keys::signing_key(play.key.as_deref())?;
    let signer = Signer::from_file(&key, &play.issuer, &play.audience)?;
    let mut playing = FuturesUnordered::new();
    for member_unit in &play.banks {
        playing.push(attend_always(member_unit, &play, &clients, &signer));
    }
    while let Some(ended) = playing.next().await {
        ended?;
    }
    Ok(Verdict::Done)
}

fn habits(play: &PlayBank) -> Habits {
    Habits {
        latency: play.latency,
        mismatch: play.mismatch,
        fail: play.fail,
        duplicate: play.duplicate,
        out_of_order: play.out_of_order,
        silence: play.silence,
        partial: play.partial,
    }
}

/// How a stream ended.
enum Ended {
    /// The bank has had its number of orders, and they are answered.
    Enough,
    /// The stream broke.
    Broken(tonic::Status),
}

async fn attend_always(
    member_unit: &str,
    play: &PlayBank,
    clients: &Clients,
    signer: &Signer,
) -> Result<(), Fault> {
    let mut bank = Bank::new(member_unit, play.seed, habits(play));
    let mut heard = 0;
    loop {
        let (now, valid) = (SystemClock.now(), time::Duration::hours(12));
        let roles = ["bank".to_owned()];
        let subject = format!("sim-{member_unit}");
        let token = signer.mint_for(&subject, CITY, &roles, Some(member_unit), now, valid)?;
        let clients = clients.with_token(Some(token));
        match attend(&mut bank, member_unit, play, &clients, &mut heard).await? {
            Ended::Enough => return Ok(()),
            Ended::Broken(status)
                if matches!(status.code(), Code::PermissionDenied | Code::Unauthenticated) =>
            {
                return Err(clients.fault(Service::Antifraud, status));
            }
            Ended::Broken(status) => {
                eprintln!("{member_unit}: {}; again in {PAUSE:?}", status.message());
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One stream, to its end.
async fn attend(
    bank: &mut Bank,
    member_unit: &str,
    play: &PlayBank,
    clients: &Clients,
    heard: &mut u64,
) -> Result<Ended, Fault> {
    let (say, said) = mpsc::channel(256);
    // Everything unanswered is heard again: what a bank forgot or never said is asked for once more.
    let open = Said::Open(DeskOpen { member_unit: member_unit.to_owned(), after_sequence: 0 });
    let room = say.send(AttendRequest { said: Some(open) }).await;
    debug_assert!(room.is_ok(), "a fresh channel has room");
    let request = clients.request_without_deadline(ReceiverStream::new(said))?;
    let mut told = match clients.bank_desk().attend(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(Ended::Broken(status)),
    };
    let mut under_way = FuturesUnordered::new();
    let mut untold = 0_usize;
    loop {
        if play.count > 0 && *heard >= play.count && under_way.is_empty() && untold == 0 {
            return Ok(Ended::Enough);
        }
        tokio::select! {
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            told = told.message() => {
                let told = match told {
                    Ok(Some(told)) => told.said,
                    Ok(None) => return Ok(Ended::Broken(tonic::Status::unavailable("the desk has closed"))),
                    Err(status) => return Ok(Ended::Broken(status)),
                };
                let replies = match told {
                    Some(Told::Order(order)) => {
                        *heard += 1;
                        let replies = bank.hear(&order, SystemClock.now());
                        eprintln!("{member_unit}: {} {}", order.tx_code, order.trans_serial_number);
                        replies
                    }
                    Some(Told::ResultWanted(wanted)) => bank.result(&wanted.trans_serial_number).into_iter().collect(),
                    Some(Told::Taken(taken)) => {
                        untold = untold.saturating_sub(1);
                        if taken.outcome() == AnswerOutcome::Refused {
                            eprintln!("{member_unit}: {} {}: {}", taken.trans_serial_number, taken.code, taken.message_en);
                        }
                        Vec::new()
                    }
                    Some(Told::Opened(_)) | None => Vec::new(),
                };
                untold += replies.len();
                for Reply { after, said } in replies {
                    let say = say.clone();
                    under_way.push(async move {
                        // The bank's latency.
                        tokio::time::sleep(Duration::from_millis(after)).await;
                        // A closed channel is a broken stream, which the other branch notices.
                        let _ = say.send(AttendRequest { said: Some(said) }).await;
                    });
                }
            }
        }
    }
}
