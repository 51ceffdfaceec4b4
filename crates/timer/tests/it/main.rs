//! The durable timer on a real PostgreSQL, with a service of one aggregate that has a deadline.

mod due;
mod failing;
mod restart;
mod support;
