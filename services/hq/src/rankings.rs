//! The one call that hq makes: what rankings shows, when a period is frozen or corrected. hq decides, rankings computes.

use crate::refusal::{Reason, Refused, at};
use std::collections::HashMap;
use tonic::{Code, Status};
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_proto::rankings::v1::{GetStandingsRequest, GetStandingsResponse};
use xiaoan_rpc::client::{ClientOptions, channel};
use xiaoan_rpc::{Secret, ServiceOptions, errors, refusal_status};

/// Largest answer: a board of some thousand units.
const LARGEST_ANSWER: usize = 64 << 20;

/// Where rankings is, and with which token it is asked.
#[derive(Debug, Clone)]
pub struct Rankings {
    url: String,
    token: Token,
}

/// The service token: fixed, or read again for each call, so that it may be renewed.
#[derive(Debug, Clone)]
pub enum Token {
    /// As configured.
    Of(Box<ServiceOptions>),
    /// This one.
    Fixed(Secret),
}

impl Token {
    fn now(&self) -> anyhow::Result<Option<Secret>> {
        match self {
            Self::Of(options) => options.token(),
            Self::Fixed(token) => Ok(Some(token.clone())),
        }
    }

    fn options(&self, url: &str) -> ClientOptions {
        match self {
            Self::Of(options) => options.peer(url),
            Self::Fixed(_) => ClientOptions::new(url),
        }
    }
}

impl Rankings {
    /// At an address.
    #[must_use]
    pub fn new(url: String, token: Token) -> Self {
        Self { url, token }
    }

    /// Standings of a period as they are now, once these positions are counted.
    ///
    /// # Errors
    /// CP-002 when rankings knows no such board, GE-006 for a period that is none, UNAVAILABLE when it cannot be asked.
    pub async fn standings(
        &self,
        board: &str,
        period: &str,
        at_least: &HashMap<String, i64>,
    ) -> Result<GetStandingsResponse, Status> {
        let unreachable = |cause: String| {
            tracing::warn!(url = self.url, cause, "rankings cannot be asked");
            errors::unreachable("rankings")
        };
        let token = self.token.now().map_err(|e| unreachable(format!("{e:#}")))?;
        let token = token.ok_or_else(|| unreachable("no service token is configured".to_owned()))?;
        let options = self.token.options(&self.url);
        let channel = channel(&options, &token).map_err(|e| unreachable(format!("{e:#}")))?;
        let request = GetStandingsRequest {
            board: board.to_owned(),
            period: period.to_owned(),
            at_least: at_least.clone(),
            ..Default::default()
        };
        let mut client = RankingsServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER);
        match client.get_standings(request).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) if status.code() == Code::NotFound => {
                Err(refusal_status(&Refused::from(Reason::NoScheme)))
            }
            Err(status) if status.code() == Code::InvalidArgument => {
                Err(refusal_status(&at("period", Reason::Period)))
            }
            Err(status) => Err(unreachable(status.to_string())),
        }
    }
}
