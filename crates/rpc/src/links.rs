//! From a process's options to its links: the broker, the logs it follows, who may read its own log.

use crate::caller::{Caller, Role};
use crate::client::ClientOptions;
use crate::errors::internal;
use crate::options::ServiceOptions;
use anyhow::{Context, Result};
use sqlx::PgPool;
use std::pin::Pin;
use std::sync::Arc;
use tonic::Extensions;
use xiaoan_feed::{Access, FeedSource, NatsOptions, PeerTls, Token};

impl ServiceOptions {
    /// The broker, with the settings that are shipped.
    ///
    /// # Errors
    /// When the number of replicas is none.
    pub fn nats(&self) -> Result<NatsOptions> {
        Ok(NatsOptions {
            credentials: self.nats_creds.clone(),
            nkey: self.nats_nkey_file.clone(),
            ca: self.nats_ca.clone(),
            replicas: usize::try_from(self.nats_replicas)?,
            ..NatsOptions::at(self.nats_url.expose())
        })
    }

    /// How another service is called at an address.
    #[must_use]
    pub fn peer(&self, url: &str) -> ClientOptions {
        ClientOptions { tls: self.peer_tls(), ..ClientOptions::new(url) }
    }

    fn peer_tls(&self) -> PeerTls {
        PeerTls { ca: self.peer_ca.clone(), identity: self.peer_cert.clone().zip(self.peer_key.clone()) }
    }

    /// Another service's log, by the service's name.
    ///
    /// # Errors
    /// When no `--source` names it.
    pub fn follow(&self, name: &str) -> Result<FeedSource> {
        let url = self.source(name).with_context(|| format!("--source {name}=URL is missing"))?;
        let fixed = self.service_token.as_ref().map(|token| Token::Fixed(token.expose().to_owned()));
        Ok(FeedSource {
            name: name.to_owned(),
            event_log_url: url.to_owned(),
            token: self.service_token_file.clone().map(Token::File).or(fixed),
            tls: self.peer_tls(),
            nats: self.nats()?,
        })
    }
}

/// Lets callers with one of these roles in: for services that another crate implements.
#[must_use]
pub fn allow(roles: &'static [Role]) -> Access {
    Arc::new(move |extensions: &Extensions| {
        let caller = extensions
            .get::<Caller>()
            .ok_or_else(|| internal("a request reached its handler without a verified caller"))?;
        caller.require_any(roles)
    })
}

/// A readiness check: the database answers.
pub fn database_answers(
    pool: PgPool,
) -> impl Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync + 'static {
    move || {
        let pool = pool.clone();
        Box::pin(async move {
            let answer = sqlx::query("SELECT 1").execute(&pool).await;
            answer.map(drop).map_err(|error| {
                tracing::warn!(%error, "database does not answer");
                "no answer".to_owned()
            })
        })
    }
}

/// Who may read a service's log: other services, and auditors.
pub const LOG_READERS: &[Role] = &[Role::Service, Role::Auditor];
/// Who may rebuild a projection: headquarters and operations, never an auditor.
pub const REBUILDERS: &[Role] = &[Role::Hq, Role::Service];
/// Who may see how a service's deadlines stand: headquarters, operations, auditors.
pub const TIMER_READERS: &[Role] = &[Role::Hq, Role::Service, Role::Auditor];
