//! The key-encryption key, and what is derived from it.

use crate::PrivacyError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::Generate;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// 32 bytes.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// The key-encryption key: one key to wrap persons' keys, one for digests; the key itself is not kept.
#[derive(Clone)]
pub struct Kek {
    wrap: Key,
    digest: Key,
    id: String,
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kek").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Kek {
    /// From 32 bytes in base64, blanks around them ignored.
    ///
    /// # Errors
    /// [`PrivacyError::Kek`] when it is not that. The error does not repeat the text.
    pub fn from_base64(text: &str) -> Result<Self, PrivacyError> {
        let wrong = || PrivacyError::Kek("must be 32 bytes in base64".to_owned());
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| wrong())?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| wrong())?;
        Ok(Self::from_key(&Zeroizing::new(key)))
    }

    /// From a file that holds 32 bytes in base64.
    ///
    /// # Errors
    /// [`PrivacyError::Kek`] when it cannot be read or holds something else.
    pub fn from_file(path: &Path) -> Result<Self, PrivacyError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| PrivacyError::Kek(format!("cannot read {}: {error}", path.display())))?;
        Self::from_base64(&Zeroizing::new(text))
    }

    /// From a value or a file, whichever is given (the options `--kek` and `--kek-file` of a service).
    ///
    /// # Errors
    /// [`PrivacyError::Kek`] when none or both are given, or as above.
    pub fn from_either(base64: Option<&str>, file: Option<&Path>) -> Result<Self, PrivacyError> {
        match (base64, file) {
            (Some(text), None) => Self::from_base64(text),
            (None, Some(path)) => Self::from_file(path),
            (None, None) => {
                Err(PrivacyError::Kek("none is configured: set XIAOAN_KEK_FILE or XIAOAN_KEK".to_owned()))
            }
            (Some(_), Some(_)) => {
                Err(PrivacyError::Kek("two are configured: set XIAOAN_KEK_FILE or XIAOAN_KEK".to_owned()))
            }
        }
    }

    /// From the environment: `XIAOAN_KEK_FILE` or `XIAOAN_KEK`.
    ///
    /// # Errors
    /// As [`Kek::from_either`].
    pub fn from_env() -> Result<Self, PrivacyError> {
        let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let file = value("XIAOAN_KEK_FILE");
        Self::from_either(value("XIAOAN_KEK").as_deref(), file.as_deref().map(Path::new))
    }

    /// A random one that nobody else has: for tests.
    #[must_use]
    pub fn fresh() -> Self {
        Self::from_key(&Zeroizing::new(Generate::generate()))
    }

    fn from_key(key: &Key) -> Self {
        let id = derive(key, b"xiaoan/kek-id/v1");
        Self {
            wrap: derive(key, b"xiaoan/wrap-person-keys/v1"),
            digest: derive(key, b"xiaoan/request-digest/v1"),
            id: hex::encode(&id[..8]),
        }
    }

    /// Fingerprint: says which key it is, not what it is.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn wrapping_key(&self) -> &Key {
        &self.wrap
    }

    /// HMAC-SHA-256 of bytes. Without the KEK nobody can try out what the bytes may have been.
    #[must_use]
    pub fn keyed_digest(&self, bytes: &[u8]) -> [u8; 32] {
        mac(&self.digest, bytes)
    }
}

fn derive(key: &Key, purpose: &[u8]) -> Key {
    Zeroizing::new(mac(key, purpose))
}

fn mac(key: &Key, bytes: &[u8]) -> [u8; 32] {
    // The key has the length of the array type; `new` takes arrays of the block size only.
    let mut padded = Zeroizing::new([0_u8; 64]);
    padded[..32].copy_from_slice(key.as_slice());
    let mut mac = Hmac::<Sha256>::new((&*padded).into());
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn it_is_32_bytes_in_base64_and_nothing_else() {
        let kek = Kek::from_base64(&format!(" {TEXT}\n")).expect("32 bytes");
        assert_eq!(kek.id(), Kek::from_base64(TEXT).expect("32 bytes").id());
        for bad in ["", "AAEC", &TEXT[..42], "not base64 at all"] {
            let error = Kek::from_base64(bad).expect_err("no key");
            assert!(bad.is_empty() || !error.to_string().contains(bad), "{error}");
        }
    }

    #[test]
    fn the_digest_is_the_standard_hmac_under_a_derived_key() {
        // RFC 4231, test case 1 (the key is shorter than a block and padded with zeros).
        let mut key = [0_u8; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex::encode(mac(&Zeroizing::new(key), b"Hi There")), expected);
    }

    #[test]
    fn digests_differ_by_key_and_by_content() {
        let (a, b) = (Kek::from_base64(TEXT).expect("32 bytes"), Kek::fresh());
        assert_eq!(a.keyed_digest(b"x"), a.keyed_digest(b"x"));
        assert_ne!(a.keyed_digest(b"x"), a.keyed_digest(b"y"));
        assert_ne!(a.keyed_digest(b"x"), b.keyed_digest(b"x"));
        assert_ne!(a.id(), b.id());
    }

    #[test]
    fn neither_form_nor_error_prints_the_key() {
        let kek = Kek::from_base64(TEXT).expect("32 bytes");
        let printed = format!("{kek:?}");
        assert!(!printed.contains("AAEC") && !printed.contains("0, 1, 2"), "{printed}");
    }

    #[test]
    fn exactly_one_source_is_asked_for() {
        assert!(Kek::from_either(Some(TEXT), None).is_ok());
        assert!(Kek::from_either(None, None).is_err());
        assert!(Kek::from_either(Some(TEXT), Some(Path::new("kek"))).is_err());
        assert!(Kek::from_either(None, Some(Path::new("/nowhere/kek"))).is_err());
    }
}
