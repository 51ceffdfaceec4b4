//! Verifies a bearer token (RFC 7519, with the advice of RFC 8725).

use super::cache::{TokenCache, TokenDigest, Verified};
use super::keys::KeyFile;
use crate::caller::{Caller, Role};
use crate::errors::{reason, unauthenticated};
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use tonic::Status;
use xiaoan_kernel::{Clock, OrgCode};

/// Clocks may differ by so many seconds.
const SKEW: i64 = 30;
/// Longer than any token of an identity provider.
const LONGEST_TOKEN: usize = 8192;

/// Why a token is refused. Tells the caller enough to mend it and an attacker nothing that the token does not say itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Missing,
    Malformed,
    Algorithm,
    Key,
    Signature,
    Issuer,
    Audience,
    Expired,
    NotYet,
    Claims,
}

impl Refused {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Missing => reason::AUTH_MISSING,
            Self::Malformed => reason::AUTH_MALFORMED,
            Self::Algorithm => reason::AUTH_ALGORITHM,
            Self::Key => reason::AUTH_KEY,
            Self::Signature => reason::AUTH_SIGNATURE,
            Self::Issuer => reason::AUTH_ISSUER,
            Self::Audience => reason::AUTH_AUDIENCE,
            Self::Expired => reason::AUTH_EXPIRED,
            Self::NotYet => reason::AUTH_NOT_YET,
            Self::Claims => reason::AUTH_CLAIMS,
        }
    }

    pub(crate) fn status(self) -> Status {
        let (zh, en) = match self {
            Self::Missing => ("请求没有携带令牌", "the call carries no bearer token"),
            Self::Malformed => ("令牌无法识别", "the token is no readable JWT"),
            Self::Algorithm => ("令牌的签名算法不被允许", "the token's signature algorithm is not allowed"),
            Self::Key => ("令牌的签名密钥未知", "the token is signed with an unknown key"),
            Self::Signature => ("令牌签名不正确", "the token's signature is wrong"),
            Self::Issuer => ("令牌的签发方不被信任", "the token is of another issuer"),
            Self::Audience => ("令牌不是签发给本系统的", "the token is for another audience"),
            Self::Expired => ("令牌已过期，请重新获取", "the token has expired; get a new one"),
            Self::NotYet => ("令牌尚未生效", "the token is not valid yet"),
            Self::Claims => (
                "令牌缺少 sub、org_unit 或 exp，或 member_unit 格式不正确",
                "the token lacks a well-formed sub, org_unit or exp, or its member_unit is no id",
            ),
        };
        unauthenticated(self.reason(), zh, en)
    }
}

/// Everything that a token is measured against.
pub(crate) struct Verifier {
    keys: KeyFile,
    issuer: String,
    audience: String,
    clock: Arc<dyn Clock>,
    cache: TokenCache,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that a verifier must understand; this one understands none.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    sub: Option<String>,
    org_unit: Option<String>,
    member_unit: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

impl Verifier {
    /// With the key set of a file.
    ///
    /// # Errors
    /// When the file cannot be read or holds no usable key.
    pub(crate) fn open(
        jwks: &Path,
        issuer: &str,
        audience: &str,
        clock: Arc<dyn Clock>,
        cached: usize,
    ) -> Result<Self> {
        Ok(Self {
            keys: KeyFile::open(jwks)?,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            clock,
            cache: TokenCache::new(cached),
        })
    }

    /// The caller that a token proves.
    ///
    /// # Errors
    /// Why it proves none.
    pub(crate) fn verify(&self, token: &str) -> Result<Caller, Refused> {
        if token.len() > LONGEST_TOKEN {
            return Err(Refused::Malformed);
        }
        let digest: TokenDigest = Sha256::digest(token.as_bytes()).into();
        let now = self.clock.now().unix_timestamp();
        let generation = self.keys.current().generation;
        if let Some(known) = self.cache.get(&digest) {
            if known.generation == generation && now <= known.expires + SKEW {
                return Ok(known.caller);
            }
            self.cache.remove(&digest);
        }
        let verified = self.verify_anew(token, now)?;
        self.cache.insert(digest, verified.clone());
        Ok(verified.caller)
    }

    fn verify_anew(&self, token: &str, now: i64) -> Result<Verified, Refused> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refused::Malformed)?;
        let header: Header = parse(header).map_err(|_| Refused::Malformed)?;
        // The allow-list stands before the key: `none` and HS* are refused whatever key they name.
        let algorithm = match header.alg.as_str() {
            "ES256" => Algorithm::ES256,
            "EdDSA" => Algorithm::EdDSA,
            "RS256" => Algorithm::RS256,
            _ => return Err(Refused::Algorithm),
        };
        if header.crit.is_some() {
            return Err(Refused::Malformed);
        }
        let kid = header.kid.ok_or(Refused::Key)?;
        let mut keys = self.keys.current();
        if keys.get(&kid).is_none() {
            keys = self.keys.fresh(keys.generation);
        }
        let key = keys.get(&kid).ok_or(Refused::Key)?;
        // The key decides the algorithm, never the token.
        if key.algorithm != algorithm {
            return Err(Refused::Algorithm);
        }
        let holds = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, key.algorithm);
        if !matches!(holds, Ok(true)) {
            return Err(Refused::Signature);
        }
        let (caller, expires) = self.caller_of(parse(payload)?, now)?;
        Ok(Verified { caller, expires, generation: keys.generation })
    }

    fn caller_of(&self, claims: Claims, now: i64) -> Result<(Caller, i64), Refused> {
        if claims.iss.as_deref() != Some(self.issuer.as_str()) {
            return Err(Refused::Issuer);
        }
        if !claims.aud.is_some_and(|aud| aud.names(&self.audience)) {
            return Err(Refused::Audience);
        }
        let expires = seconds(claims.exp.ok_or(Refused::Claims)?)?;
        if now > expires + SKEW {
            return Err(Refused::Expired);
        }
        if let Some(begins) = claims.nbf
            && now < seconds(begins)? - SKEW
        {
            return Err(Refused::NotYet);
        }
        let subject = claims
            .sub
            .filter(|sub| (1..=200).contains(&sub.chars().count()) && !sub.chars().any(char::is_control))
            .ok_or(Refused::Claims)?;
        let org_unit = claims.org_unit.and_then(|code| OrgCode::parse(&code).ok()).ok_or(Refused::Claims)?;
        let mut roles = Vec::new();
        for role in claims.roles.iter().filter_map(|word| Role::parse(word)) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        // Absent is the rule; one that is there and no id is a mistake of the issuer, not "none".
        let member_unit = match claims.member_unit {
            Some(id) if !is_member_unit(&id) => return Err(Refused::Claims),
            other => other,
        };
        Ok((Caller { subject, org_unit, roles, member_unit }, expires))
    }
}

/// Ids of member units: 1..=40 lower-case letters, digits and hyphens.
fn is_member_unit(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn parse<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed)?;
    serde_json::from_slice(&bytes).map_err(
        |error| {
            if error.is_data() { Refused::Claims } else { Refused::Malformed }
        },
    )
}

/// A NumericDate may have a fraction; years beyond 9999 are nobody's expiry.
fn seconds(date: f64) -> Result<i64, Refused> {
    if (0.0..253_402_300_800.0).contains(&date) {
        #[allow(clippy::cast_possible_truncation)] // the range was checked
        return Ok(date as i64);
    }
    Err(Refused::Claims)
}
