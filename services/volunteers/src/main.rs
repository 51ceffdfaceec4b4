//! `volunteers`: people and patrols. `volunteers serve` (or nothing) serves, `volunteers migrate` brings the database up
//! to date.

use std::process::ExitCode;
use xiaoan_rpc::{About, service_main};
use xiaoan_volunteers::{SOURCE, migrate, serve};

fn main() -> ExitCode {
    let about = About {
        name: SOURCE,
        version: env!("CARGO_PKG_VERSION"),
        about: "Xiaoan volunteers: people, squadrons, duty points and patrols",
        grpc_addr: "127.0.0.1:7106",
        admin_addr: "127.0.0.1:7206",
    };
    service_main::<(), _, _, _, _>(about, serve, migrate)
}
