//! `BankDeskService`: a bank attends, is handed its instructions, answers them.
//!
//! | step | what happens |
//! |---|---|
//! | 1 | the bank opens with its own member unit, as its token says |
//! | 2 | what is open for it and lies behind its place is handed over in order; the first time, that is recorded (`InstructionSent`) |
//! | 3 | an answer becomes a command whose request id follows from its bytes; the account decides what it means |
//! | 4 | each answer is told what became of it; after a 200003 the result is asked for |
//!
//! There is no memory here: a stream that breaks leaves nothing behind. What the bank has not answered is open in the views and
//! is handed over again on the next stream, with the same serial number.
//!
//! The stream is pulled: nothing is read from a bank that does not take what it is told.

use super::{Antifraud, Sitting, broken};
use crate::account::{Account, Answered, Facts};
use crate::refusal::{Reason, Refused};
use crate::views::instructions::{self, Waiting};
use prost::Message;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};
use xiaoan_eventstore::{CommandError, CommandMeta, Decision, RequestKey};
use xiaoan_kernel::{Refusal, RequestId};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::bank_desk_service_server::BankDeskService;
use xiaoan_proto::antifraud::v1::{attend_request, attend_response};
use xiaoan_rpc::{Caller, Role, command_status, errors, store_status};

/// Instructions read at once.
const AT_ONCE: i64 = 64;
/// The views wake the desk; this often it looks without being woken.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

type Said = attend_request::Said;
type Told = attend_response::Said;

/// A bank at the desk.
struct Seat {
    desk: Antifraud,
    caller: Caller,
    bank: String,
    said: Streaming<af::AttendRequest>,
    /// Sequence of the last instruction handed over.
    after: i64,
    /// Position of the views when they were last asked; what lies behind it has not been looked at.
    seen: i64,
    to_tell: VecDeque<Told>,
    left: bool,
}

#[tonic::async_trait]
impl BankDeskService for Antifraud {
    type AttendStream = Pin<Box<dyn Stream<Item = Result<af::AttendResponse, Status>> + Send>>;

    async fn attend(
        &self,
        request: Request<Streaming<af::AttendRequest>>,
    ) -> Result<Response<Self::AttendStream>, Status> {
        let caller = Caller::of(&request)?;
        let bank = caller.member_of(Role::Bank)?.to_owned();
        let mut said = request.into_inner();
        let Some(Said::Open(open)) = said.message().await?.and_then(|first| first.said) else {
            return Err(malformed("第一条消息须为 open", "the first message must be `open`"));
        };
        if open.member_unit != bank {
            return Err(errors::denied("只能办理本行的指令", "a bank attends for its own member unit only"));
        }
        if !self.takes_orders(&bank).await? {
            return Err(errors::denied(
                "贵单位不是在册的成员银行",
                "your member unit is no bank among the members",
            ));
        }
        tracing::info!(bank, after = open.after_sequence, "a bank attends");
        let seat = Seat {
            desk: self.clone(),
            caller,
            said,
            after: open.after_sequence,
            seen: -1,
            to_tell: VecDeque::from([Told::Opened(af::DeskOpened { member_unit: bank.clone() })]),
            bank,
            left: false,
        };
        Ok(Response::new(Box::pin(told(seat))))
    }
}

/// What the bank is told, as long as it attends. The first error is the last thing it hears. Pulled by the bank's end of the
/// stream: when that is dropped, so is everything here.
fn told(seat: Seat) -> impl Stream<Item = Result<af::AttendResponse, Status>> + Send {
    futures::stream::try_unfold(seat, async |mut seat: Seat| {
        let told = seat.next().await?;
        Ok(told.map(|said| (af::AttendResponse { said: Some(said) }, seat)))
    })
}

impl Seat {
    /// The next thing to tell; `None` when the bank has left and nothing is left to tell it.
    async fn next(&mut self) -> Result<Option<Told>, Status> {
        loop {
            if let Some(told) = self.to_tell.pop_front() {
                return Ok(Some(told));
            }
            if self.left {
                return Ok(None);
            }
            self.look().await?;
            if !self.to_tell.is_empty() {
                continue;
            }
            tokio::select! {
                said = self.said.next() => match said {
                    Some(said) => self.hear(said?).await?,
                    None => self.left = true,
                },
                () = self.desk.views.changed() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Looks for instructions behind the last one, if the views have moved.
    async fn look(&mut self) -> Result<(), Status> {
        let position = self.desk.views.position();
        if position == self.seen {
            return Ok(());
        }
        let pool = self.desk.store.pool();
        let found = instructions::waiting(pool, &self.bank, self.after, AT_ONCE).await.map_err(broken)?;
        // When there may be more, look again before waiting.
        self.seen = if i64::try_from(found.len()).is_ok_and(|n| n < AT_ONCE) { position } else { -1 };
        for waiting in found {
            self.hand_over(&waiting).await?;
        }
        Ok(())
    }

    /// Records that an instruction is handed over, unless it was before, and opens it for this bank.
    async fn hand_over(&mut self, waiting: &Waiting) -> Result<(), Status> {
        let serial = &waiting.trans_serial_number;
        let sitting = self.desk.sit(self.caller.clone());
        let decide =
            |account: &Account, _| account.decide_send(serial, &sitting.moment()).map(Decision::from);
        let command = self.command(&format!("send/{serial}"));
        self.desk.accounts.execute(&waiting.account_id, command, decide).await.map_err(command_status)?;
        let account = self.desk.accounts.load(&waiting.account_id).await.map_err(|e| store_status(&e))?;
        let unopened = account.state.on_the_wire(serial);
        let unopened = unopened.ok_or_else(|| errors::internal("an instruction is not in its account"))?;
        let order = self.desk.open_for_bank(unopened, waiting.sequence).await?;
        self.after = waiting.sequence;
        self.to_tell.push_back(Told::Order(order));
        Ok(())
    }

    async fn hear(&mut self, message: af::AttendRequest) -> Result<(), Status> {
        match message.said {
            Some(Said::Acknowledgement(said)) => {
                let mut wanted = Answered::Noted;
                let serial = said.trans_serial_number.clone();
                let id = answer_id("acknowledgement", &said);
                let outcome = self
                    .answer(&serial, &id, |account, bank, sitting| {
                        let decided = account.decide_acknowledge(bank, &said, &sitting.moment());
                        let (facts, next) = decided?;
                        wanted = next;
                        Ok(facts)
                    })
                    .await?;
                self.to_tell.push_back(Told::Taken(outcome));
                if wanted == Answered::ResultWanted {
                    self.to_tell
                        .push_back(Told::ResultWanted(af::ResultWanted { trans_serial_number: serial }));
                }
                Ok(())
            }
            Some(Said::Feedback(said)) => {
                let serial = said.trans_serial_number.clone();
                let id = answer_id("feedback", &said);
                let outcome = self
                    .answer(&serial, &id, |account, bank, sitting| {
                        account.decide_feedback(bank, &said, &sitting.moment())
                    })
                    .await?;
                self.to_tell.push_back(Told::Taken(outcome));
                Ok(())
            }
            Some(Said::Open(_)) | None => {
                Err(malformed("open 只能是第一条消息", "`open` is the first message only; then come answers"))
            }
        }
    }

    /// Records an answer. A refusal is told on the stream and does not end it; breakage does.
    async fn answer(
        &self,
        serial: &str,
        id: &str,
        mut decide: impl FnMut(&Account, &str, &Sitting) -> Result<Facts, Refused> + Send,
    ) -> Result<af::AnswerTaken, Status> {
        let pool = self.desk.store.pool();
        let found = instructions::account_of_serial(pool, &self.bank, serial).await.map_err(broken)?;
        let Some(account_id) = found else {
            // The same for another bank's and for nobody's: a bank learns nothing about others.
            tracing::warn!(bank = self.bank, "an answer to an instruction that is not the bank's");
            return Ok(refused(serial, &Reason::NotYourInstruction.into()));
        };
        let sitting = self.desk.sit(self.caller.clone());
        let mut news = false;
        let decide = |account: &Account, _| {
            let facts = decide(account, &self.bank, &sitting)?;
            news = !facts.is_empty();
            Ok(Decision::from(facts))
        };
        match self.desk.accounts.execute(&account_id, self.command(id), decide).await {
            Ok(outcome) => {
                let new = news && !outcome.appended.replayed;
                let outcome_of = if new { af::AnswerOutcome::Recorded } else { af::AnswerOutcome::Repeated };
                Ok(af::AnswerTaken {
                    trans_serial_number: serial.to_owned(),
                    outcome: outcome_of.into(),
                    position: if new { outcome.appended.last_position } else { 0 },
                    ..af::AnswerTaken::default()
                })
            }
            Err(CommandError::Refused(refusal)) => Ok(refused(serial, &refusal)),
            Err(
                error @ (CommandError::StaleEtag
                | CommandError::LostRace
                | CommandError::RequestReused
                | CommandError::Overloaded
                | CommandError::Store(_)),
            ) => Err(command_status(error)),
        }
    }

    /// A command of the desk's own, known by what it is about.
    fn command(&self, about: &str) -> CommandMeta {
        let name = format!("xiaoan-antifraud/{}/{about}", self.bank);
        CommandMeta {
            request: RequestKey { id: RequestId::of(&name), digest: Sha256::digest(&name).into() },
            etag: None,
            actor: self.caller.subject.clone(),
            traceparent: xiaoan_telemetry::current_traceparent(),
        }
    }
}

/// The same for the same bytes.
fn answer_id(kind: &str, answer: &impl Message) -> String {
    format!("{kind}/{}", hex::encode(Sha256::digest(answer.encode_to_vec())))
}

fn refused(serial: &str, refusal: &Refused) -> af::AnswerTaken {
    let finding = refusal.findings().into_iter().next();
    let (code, zh, en) = finding.map(|f| (f.code, f.zh, f.en)).unwrap_or_default();
    af::AnswerTaken {
        trans_serial_number: serial.to_owned(),
        outcome: af::AnswerOutcome::Refused.into(),
        code: code.to_owned(),
        message_zh: zh,
        message_en: en,
        position: 0,
    }
}

fn malformed(zh: &str, en: &str) -> Status {
    xiaoan_rpc::invalid(&[xiaoan_kernel::Finding {
        code: "GE-006",
        severity: xiaoan_kernel::Severity::Error,
        field: "said",
        zh: zh.to_owned(),
        en: en.to_owned(),
    }])
}
