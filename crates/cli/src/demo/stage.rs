//! How a service's share of the demo city is told. A share is made of tales, a tale of commands that follow one another,
//! and a stage sends many tales at a time. Request ids follow from the share, the tale and the place in it, so that
//! telling it again changes nothing.

use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use crate::keys::Signer;
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use indicatif::ProgressBar;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use time::Duration;
use xiaoan_kernel::{Clock, RequestId, SystemClock};
use xiaoan_proto::core::v1::Receipt;

use super::city::CITY;
use super::plan::EDITION;

/// Who sends a command: somebody invented.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Subject of the token.
    pub subject: String,
    /// Unit, 12 digits.
    pub unit: &'static str,
    /// Roles.
    pub roles: &'static [&'static str],
    /// Member unit that they work for, for example "bank-01".
    pub member_unit: Option<String>,
}

impl Actor {
    /// Somebody of a unit.
    #[must_use]
    pub fn new(subject: impl Into<String>, unit: &'static str, roles: &'static [&'static str]) -> Self {
        Self { subject: subject.into(), unit, roles, member_unit: None }
    }

    /// Who works on what a unit has.
    #[must_use]
    pub fn officer(unit: &'static str) -> Self {
        Self::new(format!("demo-officer-{unit}"), unit, &["officer"])
    }

    /// Who decides in a bureau on what its units propose.
    #[must_use]
    pub fn approver(bureau: &'static str) -> Self {
        Self::new(format!("demo-approver-{bureau}"), bureau, &["officer"])
    }

    /// Headquarters, in the roles that a share needs it in.
    #[must_use]
    pub fn headquarters(roles: &'static [&'static str]) -> Self {
        Self::new("demo-headquarters", CITY, roles)
    }
}

/// What a command comes to.
pub type Sent = LocalBoxFuture<'static, Result<Option<Receipt>, Fault>>;
/// What a service answers about a share.
pub type Asked<'a, T> = LocalBoxFuture<'a, Result<T, Fault>>;
/// What a share comes to.
pub type Told<'a> = LocalBoxFuture<'a, Result<(), Box<Stopped>>>;

/// A request message that the demo sends; made for many at once by `demo_commands!`.
pub trait Command: 'static {
    /// Name of the rpc.
    const RPC: &'static str;
    /// Puts the request id in.
    fn set_request_id(&mut self, id: String);
    /// Sends it with somebody's token, again when the service was not there.
    fn send(self, clients: Clients) -> Sent;
}

/// Makes request messages into commands of the demo: the service's word in [`Service`], the method of [`Clients`] that
/// gives the client, then each message with its rpc. The answers have a `receipt`.
macro_rules! demo_commands {
    ($service:ident, $client:ident: $($message:ty => $rpc:ident),+ $(,)?) => {$(
        impl $crate::demo::stage::Command for $message {
            const RPC: &'static str = stringify!($rpc);
            fn set_request_id(&mut self, id: String) {
                self.request_id = id;
            }
            fn send(self, clients: $crate::connect::Clients) -> $crate::demo::stage::Sent {
                Box::pin(async move {
                    let service = $crate::args::Service::$service;
                    let answer =
                        clients.call(service, self, async |r| clients.$client().$rpc(r).await).await?;
                    Ok(answer.receipt)
                })
            }
        }
    )+};
}
pub(crate) use demo_commands;

/// A command with its actor, ready to send.
struct Act {
    actor: Actor,
    rpc: &'static str,
    send: Box<dyn FnOnce(Clients) -> Sent>,
}

/// Commands that follow one another.
pub struct Tale {
    share: &'static str,
    key: String,
    acts: Vec<Act>,
}

impl Tale {
    /// An empty tale of a share. `key` is never used twice within it, for example the id of a patrol.
    #[must_use]
    pub fn new(share: &'static str, key: impl Into<String>) -> Self {
        Self { share, key: key.into(), acts: Vec::new() }
    }

    /// Adds a command; its request id is made here.
    pub fn add<C: Command>(&mut self, actor: &Actor, mut command: C) {
        let place = format!("{EDITION}|{}|{}|{}|{}", self.share, self.key, self.acts.len(), C::RPC);
        command.set_request_id(RequestId::of(&place).to_string());
        let send = Box::new(move |clients| command.send(clients));
        self.acts.push(Act { actor: actor.clone(), rpc: C::RPC, send });
    }

    /// The same, in one line.
    #[must_use]
    pub fn with<C: Command>(mut self, actor: &Actor, command: C) -> Self {
        self.add(actor, command);
        self
    }

    /// What tells it from the share's other tales.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
    /// Number of commands.
    #[must_use]
    pub fn len(&self) -> usize {
        self.acts.len()
    }
    /// Whether nothing happens in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.acts.is_empty()
    }
    /// The rpcs in order, for `xiaoan demo plan`.
    pub fn rpcs(&self) -> impl Iterator<Item = &'static str> {
        self.acts.iter().map(|act| act.rpc)
    }
}

/// A command that was not accepted.
#[derive(Debug)]
pub struct Stopped {
    /// Tale that it belongs to.
    pub story: String,
    /// Its rpc.
    pub rpc: &'static str,
    /// Why.
    pub fault: Fault,
}

/// What was sent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Played {
    /// Commands accepted now.
    pub accepted: u64,
    /// Commands that had been accepted before.
    pub remembered: u64,
    /// Last position in the log of the share's service.
    pub position: i64,
}

/// Where one share is told. All shares are told at the same time, each on a stage of its own.
pub struct Stage<'a> {
    clients: Clients,
    signer: &'a Signer,
    in_flight: usize,
    bar: ProgressBar,
    voices: RefCell<HashMap<Actor, Clients>>,
    played: Cell<Played>,
}

impl<'a> Stage<'a> {
    /// A stage. At most `in_flight` tales are under way at a time; each command moves the bar by one.
    #[must_use]
    pub fn new(clients: Clients, signer: &'a Signer, in_flight: usize, bar: ProgressBar) -> Self {
        Self { clients, signer, in_flight, bar, voices: RefCell::default(), played: Cell::default() }
    }

    /// The services as somebody reaches them, for what is no plain command (a bank's stream, for example). Tokens last
    /// twelve hours and are made once for each.
    ///
    /// # Errors
    /// When signing fails.
    pub fn voice(&self, actor: &Actor) -> Result<Clients, Fault> {
        if let Some(clients) = self.voices.borrow().get(actor) {
            return Ok(clients.clone());
        }
        let roles: Vec<_> = actor.roles.iter().map(ToString::to_string).collect();
        let (now, valid) = (SystemClock.now(), Duration::hours(12));
        let member = actor.member_unit.as_deref();
        let token = self.signer.mint_for(&actor.subject, actor.unit, &roles, member, now, valid)?;
        let clients = self.clients.with_token(Some(token));
        self.voices.borrow_mut().insert(actor.clone(), clients.clone());
        Ok(clients)
    }

    /// Tells phase after phase: what one begins the next finds.
    ///
    /// # Errors
    /// The first command that was not accepted.
    pub async fn play_all(&self, phases: Vec<Vec<Tale>>) -> Result<(), Box<Stopped>> {
        for tales in phases {
            self.play(tales).await?;
        }
        Ok(())
    }

    /// Tells the tales of a phase beside each other, and ends when all are told.
    ///
    /// # Errors
    /// The first command that was not accepted.
    pub async fn play(&self, tales: Vec<Tale>) -> Result<(), Box<Stopped>> {
        let mut running =
            futures::stream::iter(tales).map(|tale| self.tell(tale)).buffer_unordered(self.in_flight);
        while let Some(told) = running.next().await {
            told?;
        }
        Ok(())
    }

    async fn tell(&self, tale: Tale) -> Result<(), Box<Stopped>> {
        for Act { actor, rpc, send } in tale.acts {
            let stopped = |fault| Box::new(Stopped { story: tale.key.clone(), rpc, fault });
            let clients = self.voice(&actor).map_err(stopped)?;
            let receipt = send(clients).await.map_err(stopped)?;
            self.note(receipt.as_ref());
        }
        Ok(())
    }

    /// Counts a command and moves the bar; for commands that were sent otherwise than by [`Stage::play`].
    pub fn note(&self, receipt: Option<&Receipt>) {
        self.bar.inc(1);
        let Some(receipt) = receipt else { return };
        let mut played = self.played.get();
        if receipt.replayed {
            played.remembered += 1;
        } else {
            played.accepted += 1;
        }
        played.position = played.position.max(receipt.position);
        self.played.set(played);
    }

    /// What was sent so far.
    #[must_use]
    pub fn played(&self) -> Played {
        self.played.get()
    }
}

/// A figure of a share beside what its service shows, for `xiaoan demo check`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Chinese title.
    pub zh: String,
    /// English title.
    pub en: String,
    /// What it must be.
    pub expected: String,
    /// What the service shows.
    pub found: String,
}

impl Shown {
    /// A figure.
    #[must_use]
    pub fn of(zh: &str, en: &str, expected: &impl ToString, found: &impl ToString) -> Self {
        Self { zh: zh.into(), en: en.into(), expected: expected.to_string(), found: found.to_string() }
    }
}

/// A service's share of the demo city.
#[derive(Clone, Copy)]
pub struct Share {
    /// The service that is told it.
    pub service: Service,
    /// Chinese title of its bar.
    pub title_zh: &'static str,
    /// English title of its bar.
    pub title_en: &'static str,
    /// Its rpcs with the number of commands of each, as far as they are known beforehand.
    pub commands: fn() -> Vec<(&'static str, u64)>,
    /// Tells it.
    pub replay: for<'a> fn(&'a Stage<'a>) -> Told<'a>,
    /// Whether its very last command was accepted before.
    pub is_loaded: for<'a> fn(&'a Clients) -> Asked<'a, bool>,
    /// Its figures, as the service itself shows them.
    pub figures: for<'a> fn(&'a Clients) -> Asked<'a, Vec<Shown>>,
}

/// Counts the commands of tales by their rpc.
#[must_use]
pub fn counted<'t>(tales: impl IntoIterator<Item = &'t Tale>) -> Vec<(&'static str, u64)> {
    let mut counts: Vec<(&'static str, u64)> = Vec::new();
    for rpc in tales.into_iter().flat_map(Tale::rpcs) {
        match counts.iter_mut().find(|(known, _)| *known == rpc) {
            Some((_, count)) => *count += 1,
            None => counts.push((rpc, 1)),
        }
    }
    counts
}

/// Checks that no two tales of a share have the same key.
///
/// # Panics
/// When two have.
#[cfg(test)]
pub(super) fn have_keys_of_their_own<'t>(tales: impl IntoIterator<Item = &'t Tale>) {
    let mut keys = std::collections::BTreeSet::new();
    for tale in tales {
        assert!(keys.insert(tale.key()), "{} twice", tale.key());
    }
}

/// Checks that no two tales of a share have the same key, and that this is its very last command.
///
/// # Panics
/// When it is otherwise.
#[cfg(test)]
pub(super) fn closed_by(phases: &[Vec<Tale>], rpc: &str) {
    have_keys_of_their_own(phases.iter().flatten());
    let last = phases.last().expect("a phase").iter().flat_map(Tale::rpcs).last();
    assert_eq!(last, Some(rpc));
}
