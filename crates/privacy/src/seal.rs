//! Sealing and opening of one value, and wrapping of one key. Pure but for the random numbers.

use crate::PrivacyError;
use crate::kek::Key;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use xiaoan_proto::core::v1::Sealed;
use zeroize::Zeroizing;

/// `Sealed.suite` of XChaCha20-Poly1305.
const SUITE: u32 = 1;
const NONCE: usize = 24;

/// Fields of a person. The name is part of what is authenticated, so a phone number cannot pass for an id number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Phone,
    IdNumber,
    /// One that `SealedPerson` does not have, for example "birth_date".
    Other(&'static str),
}

impl Field {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::IdNumber => "id_number",
            Self::Other(name) => name,
        }
    }
}

/// Seals a value; nothing for an empty one.
pub(crate) fn seal(
    key: &Key,
    key_id: Uuid,
    field: Field,
    value: &str,
) -> Result<Option<Sealed>, PrivacyError> {
    if value.is_empty() {
        return Ok(None);
    }
    let nonce = XNonce::generate();
    let payload = Payload { msg: value.as_bytes(), aad: &value_context(key_id, field) };
    let ciphertext = cipher(key).encrypt(&nonce, payload).map_err(|_| PrivacyError::Malformed("too long"))?;
    Ok(Some(Sealed { key_id: key_id.to_string(), nonce: nonce.to_vec(), ciphertext, suite: SUITE }))
}

/// The key that a sealed value needs.
pub(crate) fn key_of(sealed: &Sealed) -> Result<Uuid, PrivacyError> {
    if sealed.suite != SUITE {
        return Err(PrivacyError::Malformed("unknown cipher suite"));
    }
    Uuid::try_parse(&sealed.key_id).map_err(|_| PrivacyError::Malformed("key id is no UUID"))
}

/// Opens a value that was sealed as this field with this key.
pub(crate) fn open(
    key: &Key,
    key_id: Uuid,
    field: Field,
    sealed: &Sealed,
) -> Result<Zeroizing<String>, PrivacyError> {
    let nonce: [u8; NONCE] =
        sealed.nonce.as_slice().try_into().map_err(|_| PrivacyError::Malformed("nonce is not 24 bytes"))?;
    let payload = Payload { msg: &sealed.ciphertext, aad: &value_context(key_id, field) };
    let forged = || PrivacyError::NotAuthentic { field: field.as_str() };
    let opened = Zeroizing::new(cipher(key).decrypt(&nonce.into(), payload).map_err(|_| forged())?);
    let text = std::str::from_utf8(&opened).map_err(|_| forged())?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A fresh data key.
pub(crate) fn fresh_key() -> Key {
    Zeroizing::new(Generate::generate())
}

/// Nonce and ciphertext of a data key under the wrapping key.
pub(crate) fn wrap(wrapping: &Key, key: &Key, key_id: Uuid, person: Uuid) -> Result<Vec<u8>, PrivacyError> {
    let nonce = XNonce::generate();
    let payload = Payload { msg: key.as_slice(), aad: &key_context(key_id, person) };
    let ciphertext =
        cipher(wrapping).encrypt(&nonce, payload).map_err(|_| PrivacyError::Malformed("too long"))?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

/// The data key in there, provided that it was wrapped for this person.
pub(crate) fn unwrap(
    wrapping: &Key,
    wrapped: &[u8],
    key_id: Uuid,
    person: Uuid,
) -> Result<Key, PrivacyError> {
    let forged = || PrivacyError::NotAuthentic { field: "key" };
    let (nonce, ciphertext) = wrapped.split_at_checked(NONCE).ok_or_else(forged)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| forged())?;
    let payload = Payload { msg: ciphertext, aad: &key_context(key_id, person) };
    let key = Zeroizing::new(cipher(wrapping).decrypt(&nonce.into(), payload).map_err(|_| forged())?);
    Ok(Zeroizing::new(key.as_slice().try_into().map_err(|_| forged())?))
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

fn value_context(key_id: Uuid, field: Field) -> Vec<u8> {
    [b"xiaoan/person/v1/".as_slice(), key_id.as_bytes(), field.as_str().as_bytes()].concat()
}

fn key_context(key_id: Uuid, person: Uuid) -> Vec<u8> {
    [b"xiaoan/person-key/v1/".as_slice(), key_id.as_bytes(), person.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "测试甲";

    fn sealed() -> (Key, Uuid, Sealed) {
        let (key, id) = (fresh_key(), Uuid::now_v7());
        let sealed = seal(&key, id, Field::Name, NAME).expect("seals").expect("a value");
        (key, id, sealed)
    }

    #[test]
    fn a_value_opens_with_its_key_and_as_its_field() {
        let (key, id, sealed) = sealed();
        assert_eq!(open(&key, id, Field::Name, &sealed).expect("opens").as_str(), NAME);
        assert_eq!(key_of(&sealed).expect("an id"), id);
        assert!(!sealed.ciphertext.windows(3).any(|w| NAME.as_bytes().windows(3).any(|n| n == w)));
    }

    #[test]
    fn the_same_value_is_never_sealed_the_same_way_twice() {
        let (key, id, first) = sealed();
        let second = seal(&key, id, Field::Name, NAME).expect("seals").expect("a value");
        assert_ne!(first.nonce, second.nonce);
        assert_ne!(first.ciphertext, second.ciphertext);
    }

    #[test]
    fn another_key_field_or_id_does_not_open_it() {
        let (key, id, sealed) = sealed();
        assert!(open(&fresh_key(), id, Field::Name, &sealed).is_err());
        assert!(open(&key, id, Field::Phone, &sealed).is_err());
        assert!(open(&key, Uuid::now_v7(), Field::Name, &sealed).is_err());
    }

    #[test]
    fn one_flipped_bit_anywhere_is_noticed() {
        let (key, id, sealed) = sealed();
        for at in 0..sealed.ciphertext.len() {
            let mut bad = sealed.clone();
            bad.ciphertext[at] ^= 1;
            assert!(open(&key, id, Field::Name, &bad).is_err(), "byte {at}");
        }
        for at in 0..sealed.nonce.len() {
            let mut bad = sealed.clone();
            bad.nonce[at] ^= 1;
            assert!(open(&key, id, Field::Name, &bad).is_err(), "nonce byte {at}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused_without_a_panic() {
        let (key, id, sealed) = sealed();
        assert!(open(&key, id, Field::Name, &Sealed { nonce: vec![0; 12], ..sealed.clone() }).is_err());
        assert!(open(&key, id, Field::Name, &Sealed { ciphertext: Vec::new(), ..sealed.clone() }).is_err());
        assert!(key_of(&Sealed { suite: 2, ..sealed.clone() }).is_err());
        assert!(key_of(&Sealed { key_id: "nobody".into(), ..sealed }).is_err());
    }

    #[test]
    fn a_key_unwraps_only_for_its_person_and_under_its_kek() {
        let (wrapping, key) = (fresh_key(), fresh_key());
        let (id, person) = (Uuid::now_v7(), Uuid::now_v7());
        let wrapped = wrap(&wrapping, &key, id, person).expect("wrapped");
        assert_eq!(wrapped.len(), 72);
        assert_eq!(*unwrap(&wrapping, &wrapped, id, person).expect("unwraps"), *key);
        assert!(unwrap(&fresh_key(), &wrapped, id, person).is_err());
        assert!(unwrap(&wrapping, &wrapped, id, Uuid::now_v7()).is_err());
        assert!(unwrap(&wrapping, &wrapped, Uuid::now_v7(), person).is_err());
        assert!(unwrap(&wrapping, &wrapped[..10], id, person).is_err());
    }

    #[test]
    fn an_empty_value_is_absent_rather_than_sealed() {
        assert_eq!(seal(&fresh_key(), Uuid::now_v7(), Field::Phone, "").expect("seals"), None);
    }
}
