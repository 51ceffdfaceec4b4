//! `port`: the port and shipping police. `port serve` (or nothing) serves, `port migrate` brings the database up to date.

use std::process::ExitCode;
use xiaoan_port::config::PortOptions;
use xiaoan_port::service::{SOURCE, migrate, serve};
use xiaoan_rpc::{About, service_main};

fn main() -> ExitCode {
    let about = About {
        name: SOURCE,
        version: env!("CARGO_PKG_VERSION"),
        about: "Xiaoan port police: incidents, accidents, guards, freight traffic, intake from machines",
        grpc_addr: "127.0.0.1:7105",
        admin_addr: "127.0.0.1:7205",
    };
    service_main::<PortOptions, _, _, _, _>(about, serve, migrate)
}
