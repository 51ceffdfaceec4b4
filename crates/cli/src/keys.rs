//! Development keys and tokens: an ES256 signing key, its JWKS, and tokens signed with it. No server takes part.

use crate::fault::Fault;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};

/// Issuer of development tokens.
pub const ISSUER: &str = "xiaoan-dev";
/// Audience of development tokens.
pub const AUDIENCE: &str = "xiaoan";
/// Key id in development tokens and in the JWKS.
const KEY_ID: &str = "xiaoan-dev-1";

/// What a token says.
#[derive(Debug, Clone, Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    org_unit: &'a str,
    roles: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    member_unit: Option<&'a str>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Signs tokens.
#[derive(Clone)]
pub struct Signer {
    key: jsonwebtoken::EncodingKey,
    issuer: String,
    audience: String,
}

impl Signer {
    /// A signer with the PKCS#8 key of a file.
    ///
    /// # Errors
    /// When the file cannot be read or holds no P-256 key.
    pub fn from_file(path: &Path, issuer: &str, audience: &str) -> Result<Self, Fault> {
        let pem = std::fs::read(path).map_err(|e| Fault::file(path, &e))?;
        let key = jsonwebtoken::EncodingKey::from_ec_pem(&pem)
            .map_err(|e| Fault::Failed(format!("{} holds no ES256 signing key: {e}", path.display())))?;
        Ok(Self { key, issuer: issuer.to_owned(), audience: audience.to_owned() })
    }

    /// A token from now on.
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint(
        &self,
        subject: &str,
        unit: &str,
        roles: &[String],
        now: OffsetDateTime,
        valid: Duration,
    ) -> Result<String, Fault> {
        self.mint_for(subject, unit, roles, None, now, valid)
    }

    /// The same for somebody who works for a member unit, for example "bank-01".
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint_for(
        &self,
        subject: &str,
        unit: &str,
        roles: &[String],
        member_unit: Option<&str>,
        now: OffsetDateTime,
        valid: Duration,
    ) -> Result<String, Fault> {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
        header.kid = Some(KEY_ID.to_owned());
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: subject,
            org_unit: unit,
            roles,
            member_unit,
            iat: now.unix_timestamp(),
            // Clocks of two machines differ a little.
            nbf: now.unix_timestamp() - 30,
            exp: (now + valid).unix_timestamp(),
        };
        jsonwebtoken::encode(&header, &claims, &self.key)
            .map_err(|e| Fault::Failed(format!("cannot sign: {e}")))
    }
}

/// Makes `signing-key.pem` and `jwks.json` in a folder; leaves a pair that is there alone. Gives both paths.
///
/// # Errors
/// When the folder cannot be written.
pub fn keygen(dir: &Path) -> Result<(PathBuf, PathBuf), Fault> {
    let (key_file, jwks_file) = (dir.join("signing-key.pem"), dir.join("jwks.json"));
    if key_file.exists() && jwks_file.exists() {
        return Ok((key_file, jwks_file));
    }
    std::fs::create_dir_all(dir).map_err(|e| Fault::file(dir, &e))?;
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)
        .map_err(|e| Fault::Failed(format!("cannot make a key: {e}")))?;
    // An uncompressed point: 04 ‖ x ‖ y.
    let point = pair.public_key_raw();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
    let jwks = serde_json::json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID, "x": x, "y": y,
    }]});
    write_secret(&key_file, &pair.serialize_pem())?;
    std::fs::write(&jwks_file, format!("{jwks:#}\n")).map_err(|e| Fault::file(&jwks_file, &e))?;
    Ok((key_file, jwks_file))
}

/// Writes a file that only its owner reads.
fn write_secret(path: &Path, text: &str) -> Result<(), Fault> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| Fault::file(path, &e))
}

/// The nearest `.dev/<name>` from the working folder upward.
#[must_use]
pub fn nearest_dev_file(name: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(".dev").join(name)).find(|path| path.is_file())
}

/// The signing key that was named, or the nearest development key.
///
/// # Errors
/// When there is neither.
pub fn signing_key(named: Option<&Path>) -> Result<PathBuf, Fault> {
    named.map(Path::to_path_buf).or_else(|| nearest_dev_file("secrets/signing-key.pem")).ok_or_else(|| {
        Fault::Usage(
            "no signing key: name one with --key, or run ./dev up, which makes .dev/secrets/signing-key.pem"
                .into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_minted_token_verifies_against_the_jwks_made_with_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let (key, jwks) = keygen(dir.path()).unwrap();
        let signer = Signer::from_file(&key, ISSUER, AUDIENCE).unwrap();
        let now = datetime!(2026-06-01 00:00 UTC);
        let token =
            signer.mint("demo", "371102010000", &["officer".into()], now, Duration::days(365_000)).unwrap();

        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_slice(&std::fs::read(jwks).unwrap()).unwrap();
        let decoding = jsonwebtoken::DecodingKey::from_jwk(set.find(KEY_ID).unwrap()).unwrap();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[ISSUER]);
        let claims = jsonwebtoken::decode::<serde_json::Value>(&token, &decoding, &rules).unwrap().claims;
        assert_eq!(claims["org_unit"], "371102010000");
        assert_eq!(claims["roles"][0], "officer");
    }

    #[test]
    fn keys_that_are_there_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (key, _) = keygen(dir.path()).unwrap();
        let before = std::fs::read(&key).unwrap();
        keygen(dir.path()).unwrap();
        assert_eq!(std::fs::read(&key).unwrap(), before);
    }
}
