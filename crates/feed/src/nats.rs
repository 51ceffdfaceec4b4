//! The connection to NATS.
