//! `rankings`: the board. `rankings serve` (or nothing) serves, `rankings migrate` brings the database up to date.

use std::process::ExitCode;
use xiaoan_rpc::{About, service_main};

fn main() -> ExitCode {
    let about = About {
        name: xiaoan_rankings::NAME,
        version: env!("CARGO_PKG_VERSION"),
        about: "Xiaoan rankings: the ledger of facts, standings, and the web board",
        grpc_addr: "127.0.0.1:7103",
        admin_addr: "127.0.0.1:7203",
    };
    service_main::<xiaoan_rankings::OwnOptions, _, _, _, _>(
        about,
        xiaoan_rankings::serve,
        xiaoan_rankings::migrate,
    )
}
