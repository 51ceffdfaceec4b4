//! A real server, real clients, real sockets.
#![allow(clippy::result_large_err)] // tonic's Status is what it is

mod auth;
mod drain;
mod errors;
mod limits;
mod ports;
mod rig;
mod tls;
