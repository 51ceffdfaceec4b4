//! `xiaoan`: the suite in a terminal. Wiring only; see `lib.rs` for the rooms.
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    xiaoan_cli::run().await
}
