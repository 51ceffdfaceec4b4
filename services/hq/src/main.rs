//! `hq`: what city headquarters decides. `hq serve` (or nothing) serves, `hq migrate` brings the database up to date.

use std::process::ExitCode;
use xiaoan_rpc::{About, service_main};

fn main() -> ExitCode {
    let about = About {
        name: xiaoan_hq::SOURCE,
        version: env!("CARGO_PKG_VERSION"),
        about: "Xiaoan headquarters: org units, campaigns, scoring schemes, closed periods and notices",
        grpc_addr: "127.0.0.1:7102",
        admin_addr: "127.0.0.1:7202",
    };
    service_main::<xiaoan_hq::config::HqOptions, _, _, _, _>(about, xiaoan_hq::serve, xiaoan_hq::migrate)
}
