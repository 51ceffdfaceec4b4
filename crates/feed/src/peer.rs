//! The line to a source: made when first used, made anew when its certificates have been renewed.

use crate::options::PeerTls;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tonic::transport::{Channel, Endpoint};

/// An address and the channel to it. Clones share the channel.
#[derive(Debug, Clone)]
pub(crate) struct Peer(Arc<Line>);

#[derive(Debug)]
struct Line {
    url: String,
    tls: PeerTls,
    /// The channel, and when the files it was made with had been written.
    made: Mutex<Option<(Vec<Option<SystemTime>>, Channel)>>,
}

impl Peer {
    pub(crate) fn new(url: &str, tls: &PeerTls) -> Self {
        Self(Arc::new(Line { url: url.to_owned(), tls: tls.clone(), made: Mutex::default() }))
    }

    /// The channel; it connects at its first call, and again when it must. An address or a file that cannot be used is told
    /// here, like a source that does not answer. A renewal that is half done (the certificate is new, its key is not) leaves
    /// the channel that there is; every call looks again.
    pub(crate) fn channel(&self) -> Result<Channel, String> {
        let written = self.0.written();
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, channel)) = &*made
            && *then == written
        {
            return Ok(channel.clone());
        }
        match (self.0.connect(), &*made) {
            (Ok(channel), _) => {
                *made = Some((written, channel.clone()));
                Ok(channel)
            }
            (Err(problem), Some((_, old))) => {
                tracing::error!(
                    url = self.0.url,
                    problem,
                    "new certificates cannot be used: the old ones stay"
                );
                Ok(old.clone())
            }
            (Err(problem), None) => Err(problem),
        }
    }
}

impl Line {
    fn written(&self) -> Vec<Option<SystemTime>> {
        if !self.url.starts_with("https://") {
            return Vec::new();
        }
        let PeerTls { ca, identity } = &self.tls;
        let files = ca.iter().chain(identity.iter().flat_map(|(cert, key)| [cert, key]));
        files.map(|file| std::fs::metadata(file).and_then(|of| of.modified()).ok()).collect()
    }

    fn connect(&self) -> Result<Channel, String> {
        let endpoint = Endpoint::from_shared(self.url.clone()).map_err(|error| error.to_string())?;
        let mut endpoint = endpoint
            .connect_timeout(Duration::from_secs(3))
            .http2_keep_alive_interval(Duration::from_secs(5))
            .keep_alive_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            // Room for whole batches on the way: the default window of 64 KiB costs a round trip for each.
            .initial_stream_window_size(4 << 20)
            .initial_connection_window_size(8 << 20);
        if self.url.starts_with("https://") {
            endpoint = endpoint.tls_config(self.tls.config()?).map_err(|error| error.to_string())?;
        }
        Ok(endpoint.connect_lazy())
    }
}
