//! Who may do what at the broker: one nkey for each service, and the permissions that go with it.
//!
//! | a service | may | may not |
//! |---|---|---|
//! | publishes | its own subjects `xiaoan.evt.<name>.>`, and looks after its own stream | anything of another's |
//! | follows | reads the streams of its sources by consumers that keep nothing | publish there, change or delete the stream |
//! | is answered | in an inbox named after its key | listen to another's inbox |
//!
//! This is invariant 3 from the broker's side: *only the feed publishes*. The hash chain would find a forged event anyway; here it
//! is refused before anybody reads it.

use crate::{FeedError, wire};
use nkeys::KeyPair;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A service at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUser {
    /// Name of the service and of the context that it writes, for example "cases".
    pub name: String,
    /// Public key, `U…`.
    pub nkey: String,
    /// Contexts that it follows.
    pub follows: Vec<String>,
}

impl BrokerUser {
    /// The user with the seed in a file. A file that is not there is made, with a new key, for its owner's eyes only.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no seed.
    pub fn with_seed_in(file: &Path, name: &str, follows: Vec<String>) -> Result<Self, FeedError> {
        if !file.exists() {
            let seed = KeyPair::new_user().seed().map_err(|error| wrong(file, &error))?;
            let mut made = std::fs::File::options()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(file)
                .map_err(|error| wrong(file, &error))?;
            made.write_all(seed.as_bytes()).map_err(|error| wrong(file, &error))?;
        }
        let (_, pair) = read(file)?;
        Ok(Self { name: name.to_owned(), nkey: pair.public_key(), follows })
    }

    /// Its entry in the list `users` of a nats-server's configuration.
    #[must_use]
    pub fn configuration(&self) -> String {
        let quoted = |subjects: Vec<String>| {
            subjects.iter().map(|subject| format!("\"{subject}\"")).collect::<Vec<_>>().join(", ")
        };
        format!(
            "# {}\n{{ nkey: {}, permissions: {{\n  publish: {{ allow: [{}] }}\n  subscribe: {{ allow: [{}] }}\n}} }}\n",
            self.name,
            self.nkey,
            quoted(self.publishes()),
            quoted(self.listens()),
        )
    }

    /// Subjects that it may publish to, the broker's own API among them.
    #[must_use]
    pub fn publishes(&self) -> Vec<String> {
        let own = wire::stream_name(&self.name);
        let mut subjects = vec![wire::subjects(&self.name)];
        for call in ["STREAM.INFO", "STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.MSG.GET"] {
            subjects.push(format!("$JS.API.{call}.{own}"));
        }
        subjects.push(format!("$JS.API.DIRECT.GET.{own}"));
        subjects.push(format!("$JS.API.DIRECT.GET.{own}.>"));
        for context in &self.follows {
            let stream = wire::stream_name(context);
            subjects.push(format!("$JS.API.STREAM.INFO.{stream}"));
            subjects.push(format!("$JS.API.CONSUMER.CREATE.{stream}"));
            for call in ["CONSUMER.CREATE", "CONSUMER.INFO", "CONSUMER.DELETE", "CONSUMER.MSG.NEXT"] {
                subjects.push(format!("$JS.API.{call}.{stream}.>"));
            }
        }
        subjects
    }

    /// Subjects that it may listen to: its own inbox.
    #[must_use]
    pub fn listens(&self) -> Vec<String> {
        vec![format!("{}.>", inbox(&self.nkey))]
    }
}

/// Where the answers for a key arrive.
fn inbox(nkey: &str) -> String {
    format!("_INBOX_{nkey}")
}

/// The block `authorization` of a nats-server's configuration.
#[must_use]
pub fn authorization(users: &[BrokerUser]) -> String {
    let users: String = users.iter().map(BrokerUser::configuration).collect();
    format!("authorization {{ users = [\n{users}] }}\n")
}

/// A key to sign in with, and the prefix of the inboxes that go with it.
pub(crate) struct SignIn {
    pub(crate) seed: String,
    pub(crate) inbox: String,
}

/// Reads a seed (`SU…`) from a file.
pub(crate) fn sign_in(file: &Path) -> Result<SignIn, FeedError> {
    let (seed, pair) = read(file)?;
    Ok(SignIn { inbox: inbox(&pair.public_key()), seed })
}

fn read(file: &Path) -> Result<(String, KeyPair), FeedError> {
    let text = std::fs::read_to_string(file).map_err(|error| wrong(file, &error))?;
    let seed = text.trim().to_owned();
    // What stands in the file is never part of the message.
    let pair = KeyPair::from_seed(&seed).map_err(|_| wrong(file, &"no seed of an nkey (SU…)"))?;
    Ok((seed, pair))
}

fn wrong(file: &Path, reason: &dyn std::fmt::Display) -> FeedError {
    FeedError::Setting { setting: "nats nkey", reason: format!("{}: {reason}", file.display()) }
}
