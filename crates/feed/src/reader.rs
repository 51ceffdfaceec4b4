//! Reads a log by position, wherever it is.

use crate::options::Token;
use crate::peer::Peer;
use crate::{FeedError, FeedSource};
use futures::StreamExt;
use futures::stream::BoxStream;
use std::time::Duration;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};
use xiaoan_eventstore::{ChainHead, EventStore, RecordedEvent};
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::eventlog::v1::{GetHeadRequest, ReadRequest};

/// Events per batch read from a store of this process.
const LOCAL_BATCH: i64 = 2_000;
/// The largest message accepted from an `EventLog`: a batch is about 1 MiB, but one event may be larger.
const MAX_MESSAGE: usize = 32 << 20;
/// How long a source may be silent in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(30);

/// A log that can be read by position: a store in this process, or a source's `EventLog`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogReader(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Local(EventStore),
    Remote(Box<Remote>),
}

#[derive(Debug, Clone)]
struct Remote {
    source: String,
    token: Option<Token>,
    peer: Peer,
}

impl LogReader {
    /// The store of this process.
    #[must_use]
    pub fn local(store: EventStore) -> Self {
        Self(Kind::Local(store))
    }

    /// Another service's `EventLog`; connects when it is first asked, and again when it must. Inside a tokio runtime.
    #[must_use]
    pub fn remote(source: &FeedSource) -> Self {
        let peer = Peer::new(&source.event_log_url, &source.tls);
        let (source, token) = (source.name.clone(), source.token.clone());
        Self(Kind::Remote(Box::new(Remote { source, token, peer })))
    }

    /// Name of the source.
    #[must_use]
    pub fn source(&self) -> &str {
        match &self.0 {
            Kind::Local(store) => store.source(),
            Kind::Remote(remote) => &remote.source,
        }
    }

    /// The head of the log.
    ///
    /// # Errors
    /// When the log cannot be asked.
    pub async fn head(&self) -> Result<ChainHead, FeedError> {
        match &self.0 {
            Kind::Local(store) => Ok(store.head().await?),
            Kind::Remote(remote) => remote.head().await,
        }
    }

    /// Events from a position on, at most `limit` (≥ 1), in order; not checked.
    ///
    /// # Errors
    /// When the log cannot be asked.
    pub async fn read(&self, from: i64, limit: i64) -> Result<Vec<RecordedEvent>, FeedError> {
        match &self.0 {
            Kind::Local(store) => Ok(store.read_log(from, limit).await?),
            Kind::Remote(_) => {
                let mut events = Vec::new();
                let mut batches = self.batches(from, limit);
                while let Some(batch) = batches.next().await {
                    events.append(&mut batch?);
                }
                Ok(events)
            }
        }
    }

    /// Batches of events from a position on, in order; `limit` 0 = up to the head at the time of the call. Not
    /// checked. The stream ends after an error.
    #[must_use]
    pub fn batches(
        &self,
        from: i64,
        limit: i64,
    ) -> BoxStream<'static, Result<Vec<RecordedEvent>, FeedError>> {
        match &self.0 {
            Kind::Local(store) => local_batches(store.clone(), from, limit),
            Kind::Remote(remote) => remote.clone().batches(from, limit),
        }
    }
}

fn local_batches(
    store: EventStore,
    from: i64,
    limit: i64,
) -> BoxStream<'static, Result<Vec<RecordedEvent>, FeedError>> {
    let open = async move {
        let head = store.head().await?.position;
        let last = if limit > 0 { head.min(from + limit - 1) } else { head };
        Ok::<_, FeedError>(futures::stream::try_unfold(from, move |from| {
            let store = store.clone();
            async move {
                if from > last {
                    return Ok(None);
                }
                let events = store.read_log(from, LOCAL_BATCH.min(last - from + 1)).await?;
                Ok(events.last().map(|event| event.position + 1).map(|next| (events, next)))
            }
        }))
    };
    futures::TryStreamExt::try_flatten(futures::stream::once(open)).boxed()
}

impl Remote {
    fn client(&self) -> Result<EventLogServiceClient<Channel>, FeedError> {
        let channel = self.peer.channel().map_err(|reason| self.error(reason))?;
        Ok(EventLogServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE))
    }

    async fn request<T>(&self, message: T) -> Result<Request<T>, FeedError> {
        let mut request = Request::new(message);
        let token = match &self.token {
            None => return Ok(request),
            Some(Token::Fixed(token)) => token.clone(),
            Some(Token::File(path)) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| self.error(format!("token file {}: {error}", path.display())))?,
        };
        let mut value = MetadataValue::try_from(format!("Bearer {}", token.trim()))
            .map_err(|_| self.error("the token is no header value"))?;
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }

    async fn head(&self) -> Result<ChainHead, FeedError> {
        let mut request = self.request(GetHeadRequest {}).await?;
        request.set_timeout(Duration::from_secs(5));
        // The deadline in the request is the server's to keep; a server that hangs does not keep it.
        let answer = tokio::time::timeout(Duration::from_secs(6), self.client()?.get_head(request)).await;
        let head = answer.map_err(|_| self.error("no answer"))?.map_err(|s| self.status(&s))?.into_inner();
        if head.position == 0 {
            return Ok(ChainHead::EMPTY);
        }
        let recorded_at = head.recorded_at.as_ref().and_then(xiaoan_proto::instant);
        match (<[u8; 32]>::try_from(head.hash.as_slice()), recorded_at) {
            (Ok(hash), Some(recorded_at)) => Ok(ChainHead { position: head.position, hash, recorded_at }),
            _ => Err(self.error("malformed head")),
        }
    }

    fn batches(self, from: i64, limit: i64) -> BoxStream<'static, Result<Vec<RecordedEvent>, FeedError>> {
        let open = async move {
            let request = self.request(ReadRequest { from, limit }).await?;
            let answer = tokio::time::timeout(SILENCE, self.client()?.read(request)).await;
            let batches =
                answer.map_err(|_| self.error("no answer"))?.map_err(|s| self.status(&s))?.into_inner();
            Ok::<_, FeedError>(futures::stream::try_unfold((self, batches), |(remote, mut batches)| async {
                let next = tokio::time::timeout(SILENCE, batches.message()).await;
                let next = next.map_err(|_| remote.error("silent in the middle of an answer"))?;
                let batch = next.map_err(|s| remote.status(&s))?;
                Ok(batch.map(|batch| (batch.events, (remote, batches))))
            }))
        };
        futures::TryStreamExt::try_flatten(futures::stream::once(open)).boxed()
    }

    fn status(&self, status: &Status) -> FeedError {
        self.error(format!("{:?}: {}", status.code(), status.message()))
    }

    fn error(&self, reason: impl Into<String>) -> FeedError {
        FeedError::EventLog { source_name: self.source.clone(), reason: reason.into() }
    }
}
