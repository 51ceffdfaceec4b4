//! `xiaoan token`: development tokens, signed without any server.

use super::{Context, Verdict};
use crate::args::Token;
use crate::fault::Fault;
use crate::{keys, render};
use time::Duration;
use xiaoan_kernel::{Clock, OrgCode, SystemClock};

/// Roles that the suite knows.
const ROLES: [&str; 9] =
    ["officer", "registrar", "hq", "auditor", "service", "bank", "port-system", "guard", "volunteer-leader"];

pub fn run(_context: &Context, what: Token) -> Result<Verdict, Fault> {
    match what {
        Token::Keygen { dir } => {
            let (key, jwks) = keys::keygen(&dir)?;
            render::out(&format!("{}\n{}\n", key.display(), jwks.display()))?;
        }
        Token::Mint(mint) => {
            OrgCode::parse(&mint.unit).map_err(|e| Fault::Usage(e.to_string()))?;
            if let Some(unknown) = mint.roles.iter().find(|role| !ROLES.contains(&role.as_str())) {
                return Err(Fault::Usage(format!("{unknown:?} is no role; roles are {}", ROLES.join(", "))));
            }
            let key = keys::signing_key(mint.key.as_deref())?;
            let signer = keys::Signer::from_file(&key, &mint.issuer, &mint.audience)?;
            let (now, valid) = (SystemClock.now(), Duration::hours(mint.hours));
            let member = mint.member_unit.as_deref();
            let token = signer.mint_for(&mint.subject, &mint.unit, &mint.roles, member, now, valid)?;
            render::out(&format!("{token}\n"))?;
        }
    }
    Ok(Verdict::Done)
}
