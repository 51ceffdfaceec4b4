//! Tokens of a test's own issuer.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use xiaoan_kernel::{Clock, SystemClock};

/// An issuer with an ES256 key; its public half is in a JWKS file.
pub struct TestIssuer {
    folder: TempDir,
    key: EncodingKey,
    kid: String,
}

impl std::fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestIssuer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::new()
    }
}

impl TestIssuer {
    /// What stands in `iss`.
    pub const ISSUER: &'static str = "https://issuer.test";
    /// What stands in `aud`.
    pub const AUDIENCE: &'static str = "xiaoan";

    /// A new issuer with a new key.
    #[must_use]
    pub fn new() -> Self {
        Self::make().unwrap_or_else(|e| panic!("no test issuer: {e:#}"))
    }

    fn make() -> Result<Self> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        // An uncompressed point: 0x04, 32 bytes x, 32 bytes y.
        let point = pair.public_key_raw();
        let (x, y) = point.get(1..65).context("no uncompressed P-256 point")?.split_at(32);
        let kid = format!("test-{}", &hex::encode(x)[..8]);
        let jwks = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] });
        let folder = TempDir::with_prefix("xiaoan-issuer-")?;
        std::fs::write(folder.path().join("jwks.json"), jwks.to_string())?;
        let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes())?;
        Ok(Self { folder, key, kid })
    }

    /// The JWKS file (`XIAOAN_JWKS`).
    #[must_use]
    pub fn jwks_path(&self) -> PathBuf {
        self.folder.path().join("jwks.json")
    }

    /// A token of a subject of an org unit (12 digits) with roles, good for an hour.
    #[must_use]
    pub fn token(&self, subject: &str, org_unit: &str, roles: &[&str]) -> String {
        self.token_for(subject, org_unit, roles, 3600)
    }

    /// The same with another life; a negative one has ended that many seconds ago.
    #[must_use]
    pub fn token_for(&self, subject: &str, org_unit: &str, roles: &[&str], seconds: i64) -> String {
        let now = SystemClock.now().unix_timestamp();
        self.sign(&json!({
            "iss": Self::ISSUER, "aud": Self::AUDIENCE, "sub": subject, "org_unit": org_unit, "roles": roles,
            "iat": now.min(now + seconds) - 1, "nbf": now.min(now + seconds) - 1, "exp": now + seconds,
        }))
    }

    /// A token of somebody who works for a member unit, for example a bank's desk ("bank-01"), good for an hour.
    #[must_use]
    pub fn token_of_member(
        &self,
        subject: &str,
        org_unit: &str,
        member_unit: &str,
        roles: &[&str],
    ) -> String {
        let now = SystemClock.now().unix_timestamp();
        self.sign(&json!({
            "iss": Self::ISSUER, "aud": Self::AUDIENCE, "sub": subject, "org_unit": org_unit, "roles": roles,
            "member_unit": member_unit, "iat": now - 1, "nbf": now - 1, "exp": now + 3600,
        }))
    }

    /// Signs any claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key)
            .unwrap_or_else(|e| panic!("cannot sign a token: {e}"))
    }

    /// A file with a token of role `service` (`XIAOAN_SERVICE_TOKEN_FILE`).
    #[must_use]
    pub fn service_token_file(&self) -> PathBuf {
        let path = self.folder.path().join("service.jwt");
        let token = self.token("service", "371100000000", &["service"]);
        std::fs::write(&path, token).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
        path
    }

    /// The environment by which a service trusts this issuer.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![
            ("XIAOAN_JWKS".into(), text(&self.jwks_path())),
            ("XIAOAN_ISSUER".into(), Self::ISSUER.into()),
            ("XIAOAN_AUDIENCE".into(), Self::AUDIENCE.into()),
            ("XIAOAN_SERVICE_TOKEN_FILE".into(), text(&self.service_token_file())),
        ]
    }
}
