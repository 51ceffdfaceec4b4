//! Personal values at rest: sealed with a key per person, which is wrapped by a key from a file or the environment.
//!
//! | what | how |
//! |---|---|
//! | a value (name, phone, id number) | XChaCha20-Poly1305 under the person's data key, bound to the key's id and the field's name |
//! | a data key | 32 random bytes, wrapped with XChaCha20-Poly1305, bound to its id and the person's id; table `person_keys` |
//! | the wrapping key | derived from the KEK (32 bytes in base64, `XIAOAN_KEK_FILE` or `XIAOAN_KEK`), never in a database |
//! | what a request with personal data is remembered by | HMAC-SHA-256 under another key derived from the KEK ([`Vault::keyed_digest`]) |
//!
//! Invariant: an event, a NATS message and a log line hold no readable personal value; without the row of `person_keys` **or**
//! without the KEK nobody reads one. Opening them for users, with a purpose and an access log, comes later.
//!
//! Invariant: `Debug` of everything here prints no secret and no personal value.

mod kek;
mod seal;
mod vault;

pub use kek::Kek;
pub use vault::{OpenedPerson, Vault};

use sqlx::migrate::{MigrateError, Migrator};

/// The migrations of `person_keys`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/privacy");

/// Brings `person_keys` up to date; for services that seal persons, after the event store's migrations.
///
/// # Errors
/// When a migration fails or was changed after it had been applied.
pub async fn migrate(owner: &sqlx::PgPool) -> Result<(), MigrateError> {
    // Several folders share one table of applied migrations, so each must ignore the others' rows.
    let mut shared = Migrator { migrations: MIGRATIONS.migrations.clone(), ..Migrator::DEFAULT };
    shared.set_ignore_missing(true);
    shared.run(owner).await
}

/// What can break. No text of it holds a personal value.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// PostgreSQL refused or failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// There is no usable key-encryption key.
    #[error("key-encryption key: {0}")]
    Kek(String),
    /// The person's key is wrapped by another key-encryption key than the one at hand.
    #[error("person keys are wrapped by key {needed}, the one at hand is {at_hand}")]
    OtherKek {
        /// Fingerprint of the one that is needed.
        needed: String,
        /// Fingerprint of the one at hand.
        at_hand: String,
    },
    /// There is no such key: the person was forgotten.
    #[error("person forgotten: no key {0}")]
    Forgotten(uuid::Uuid),
    /// The sealed value was changed, or belongs to another person or field.
    #[error("sealed value of field {field} is not authentic")]
    NotAuthentic {
        /// Field it was read as.
        field: &'static str,
    },
    /// The sealed value is malformed, or of a suite that this build does not know.
    #[error("malformed sealed value: {0}")]
    Malformed(&'static str),
}
