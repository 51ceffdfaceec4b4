//! An event as a NATS message: subject and headers, from which it can be rebuilt byte for byte.
