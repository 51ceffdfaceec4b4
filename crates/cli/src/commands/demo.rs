//! `xiaoan demo`.

use super::{Context, Verdict};
use crate::args::Demo;
use crate::fault::Fault;

pub async fn run(_context: &Context, _what: Demo) -> Result<Verdict, Fault> {
    Ok(Verdict::Done)
}
