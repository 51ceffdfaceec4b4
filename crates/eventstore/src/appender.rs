//! Gathers concurrent appends into one transaction.

use std::time::Duration;

/// Bounds of the appender.
#[derive(Debug, Clone)]
pub struct AppenderOptions {
    /// Commands in the house at most, waiting or being written; more are refused as overloaded.
    pub queue: usize,
    /// Bytes of those commands at most.
    pub queue_bytes: usize,
    /// Commands in one transaction at most.
    pub batch: usize,
    /// Bytes in one transaction at most (a single larger command still goes, alone).
    pub batch_bytes: usize,
    /// How often the head is looked up for other processes' appends while somebody watches it.
    pub poll: Duration,
}

impl Default for AppenderOptions {
    fn default() -> Self {
        Self {
            queue: 4096,
            queue_bytes: 64 << 20,
            batch: 512,
            batch_bytes: 8 << 20,
            poll: Duration::from_millis(100),
        }
    }
}
