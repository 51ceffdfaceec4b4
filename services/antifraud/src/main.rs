//! `antifraud`: stops, freezes and returns. `antifraud serve` (or nothing) serves, `antifraud migrate` brings the database up
//! to date.

use std::process::ExitCode;
use xiaoan_antifraud::config::AntifraudOptions;
use xiaoan_antifraud::service::{SOURCE, migrate, serve};
use xiaoan_rpc::{About, service_main};

fn main() -> ExitCode {
    let about = About {
        name: SOURCE,
        version: env!("CARGO_PKG_VERSION"),
        about: "Xiaoan anti-fraud: stops, freezes and returns of money, and the banks' desk",
        grpc_addr: "127.0.0.1:7104",
        admin_addr: "127.0.0.1:7204",
    };
    service_main::<AntifraudOptions, _, _, _, _>(about, serve, migrate)
}
