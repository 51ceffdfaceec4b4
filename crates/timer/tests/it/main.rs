//! The durable timer on a real PostgreSQL, with a service of one aggregate that has a deadline.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod due;
mod failing;
mod restart;
mod support;
