//! The key set that tokens are verified with: a JWKS file, read again when it changes.

use anyhow::{Context, Result, bail};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// The file is looked at once a second at most, however many tokens name an unknown key.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A public key and the only algorithm it may be used with.
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// Keys by `kid`, and which reading of the file they come from.
pub(crate) struct KeySet {
    keys: HashMap<String, Key>,
    /// Grows when the file changes; whatever an older set has verified must be verified again.
    pub(crate) generation: u64,
}

impl KeySet {
    pub(crate) fn get(&self, kid: &str) -> Option<&Key> {
        self.keys.get(kid)
    }
}

/// The file and what it held when it was last read.
pub(crate) struct KeyFile {
    path: PathBuf,
    current: RwLock<Arc<KeySet>>,
    looked: Mutex<Looked>,
}

struct Looked {
    at: Instant,
    digest: [u8; 32],
}

impl KeyFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or holds no key that may be used.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read the key set {}", path.display()))?;
        let keys = usable_keys(&bytes).with_context(|| format!("key set {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            current: RwLock::new(Arc::new(KeySet { keys, generation: 1 })),
            looked: Mutex::new(Looked { at: Instant::now(), digest: Sha256::digest(&bytes).into() }),
        })
    }

    /// The keys as they are now: the file is looked at when the last look is a second old, by one caller while the
    /// others go on with what is there.
    pub(crate) fn current(&self) -> Arc<KeySet> {
        if let Ok(mut looked) = self.looked.try_lock()
            && looked.at.elapsed() >= LOOK_AGAIN
        {
            looked.at = Instant::now();
            self.look(&mut looked);
        }
        self.known()
    }

    /// The keys after a look at the file now, for a token whose key is not known. One token in a second may cause that.
    pub(crate) fn fresh(&self, seen: u64) -> Arc<KeySet> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have read it since, or the last look was just now.
        let known = self.known();
        if known.generation == seen && looked.at.elapsed() >= LOOK_AGAIN {
            looked.at = Instant::now();
            self.look(&mut looked);
            return self.known();
        }
        known
    }

    fn known(&self) -> Arc<KeySet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A file that cannot be read or holds no key leaves the keys as they are: losing it must not lock everybody out.
    fn look(&self, looked: &mut Looked) {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(%error, path = %self.path.display(), "key set cannot be read, keeping the keys");
                return;
            }
        };
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        if digest == looked.digest {
            return;
        }
        looked.digest = digest;
        match usable_keys(&bytes) {
            Ok(keys) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                let generation = current.generation + 1;
                tracing::info!(keys = keys.len(), generation, "key set changed");
                *current = Arc::new(KeySet { keys, generation });
            }
            Err(error) => {
                tracing::error!(%error, path = %self.path.display(), "key set is unusable, keeping the keys");
            }
        }
    }
}

/// Every key of the set that may verify tokens; the others are named in the log and left out.
fn usable_keys(bytes: &[u8]) -> Result<HashMap<String, Key>> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(bytes).context("no JWKS")?;
    let mut keys = HashMap::new();
    for (index, value) in set.keys.into_iter().enumerate() {
        match usable_key(value) {
            Ok((kid, key)) => {
                keys.insert(kid, key);
            }
            Err(error) => tracing::warn!(index, %error, "a key of the key set is not used"),
        }
    }
    if keys.is_empty() {
        bail!("holds no public key for ES256, EdDSA or RS256 with a kid");
    }
    Ok(keys)
}

fn usable_key(value: serde_json::Value) -> Result<(String, Key)> {
    let jwk: Jwk = serde_json::from_value(value).context("no JWK")?;
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        AlgorithmParameters::RSA(rsa) => {
            // 2048 bits in base64url without padding.
            if rsa.n.len() < 342 {
                bail!("an RSA key of less than 2048 bits");
            }
            (Algorithm::RS256, KeyAlgorithm::RS256)
        }
        // Among these a shared secret: whoever can verify with it could sign as well.
        _ => bail!("a kind of key that is not allowed"),
    };
    if jwk.common.key_algorithm.is_some_and(|stated| stated != named) {
        bail!("a key for another algorithm");
    }
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        bail!("a key that is not for signatures");
    }
    let key = DecodingKey::from_jwk(&jwk).context("a malformed key")?;
    let kid = jwk.common.key_id.filter(|kid| !kid.is_empty()).context("a key without a kid")?;
    Ok((kid, Key { algorithm, key }))
}
