//! `cases`: the casebook. `cases serve` (or nothing) serves, `cases migrate` brings the database up to date.

use std::process::ExitCode;
use xiaoan_cases::config::CasesOptions;
use xiaoan_cases::service::{SOURCE, migrate, serve};
use xiaoan_rpc::{About, service_main};

fn main() -> ExitCode {
    let about = About {
        name: SOURCE,
        version: env!("CARGO_PKG_VERSION"),
        about: "Xiaoan casebook: alerts, cases and series",
        grpc_addr: "127.0.0.1:7101",
        admin_addr: "127.0.0.1:7201",
    };
    service_main::<CasesOptions, _, _, _, _>(about, serve, migrate)
}
