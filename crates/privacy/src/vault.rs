//! The vault: persons' keys in the database, persons' values in and out.

use crate::PrivacyError;
use crate::kek::{Kek, Key};
use crate::seal::{self, Field};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use xiaoan_proto::core::v1::{PersonInput, Sealed, SealedPerson};
use zeroize::Zeroizing;

/// Seals persons of one service's database. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    pool: PgPool,
    kek: Arc<Kek>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("kek", &self.kek).finish_non_exhaustive()
    }
}

/// A person whose values were opened. Wiped from memory when dropped; does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedPerson {
    /// Stable id inside the suite.
    pub person_id: Uuid,
    /// Name.
    pub name: Zeroizing<String>,
    /// Telephone number; empty when none was stated.
    pub phone: Zeroizing<String>,
    /// Number of the identity document; empty when none was stated.
    pub id_number: Zeroizing<String>,
}

impl fmt::Debug for OpenedPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedPerson").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

/// A person's key as it lies in the database.
#[derive(sqlx::FromRow)]
struct KeyRow {
    person_id: Uuid,
    key_id: Uuid,
    wrapped: Vec<u8>,
    kek_id: String,
}

/// A person's key ready for use.
struct PersonKey {
    id: Uuid,
    key: Key,
}

impl Vault {
    /// Over a service's database, in which `person_keys` exists.
    ///
    /// # Errors
    /// [`PrivacyError::OtherKek`] when the keys in there are wrapped by another KEK: better now than at the first
    /// person. [`PrivacyError::Database`] when the table is missing (migrate first).
    pub async fn open(pool: PgPool, kek: Kek) -> Result<Self, PrivacyError> {
        let needed: Option<String> =
            sqlx::query_scalar("SELECT kek_id FROM person_keys LIMIT 1").fetch_optional(&pool).await?;
        let vault = Self { pool, kek: Arc::new(kek) };
        match needed {
            Some(needed) => vault.same_kek(&needed).map(|()| vault),
            None => Ok(vault),
        }
    }

    /// Seals one person. `person_id` is the caller's: the same for every attempt of one command, and not made of
    /// personal values. A person who has a key keeps it.
    ///
    /// The key is durable as soon as the event that needs it is: both are in one write-ahead log, the key first. So it
    /// is not waited for, and a command with persons costs no second fsync. (Events must be in the same database.)
    ///
    /// # Errors
    /// [`PrivacyError::Database`], or a key that cannot be unwrapped.
    pub async fn seal_person(
        &self,
        person: &PersonInput,
        person_id: Uuid,
    ) -> Result<SealedPerson, PrivacyError> {
        let key =
            self.keys(&[person_id]).await?.remove(&person_id).ok_or(PrivacyError::Forgotten(person_id))?;
        seal_with(&key, person_id, person)
    }

    /// Seals many persons in one round trip, in the order given.
    ///
    /// # Errors
    /// As [`Vault::seal_person`].
    pub async fn seal_persons<'a>(
        &self,
        persons: impl IntoIterator<Item = (Uuid, &'a PersonInput)>,
    ) -> Result<Vec<SealedPerson>, PrivacyError> {
        let persons: Vec<_> = persons.into_iter().collect();
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = persons.iter().map(|(id, _)| *id).collect();
        let keys = self.keys(&ids).await?;
        persons
            .into_iter()
            .map(|(id, person)| {
                let key = keys.get(&id).ok_or(PrivacyError::Forgotten(id))?;
                seal_with(key, id, person)
            })
            .collect()
    }

    /// Opens a person. For later work with purposes and an access log, and for tests: no rpc gives this away yet.
    ///
    /// # Errors
    /// [`PrivacyError::Forgotten`] when the key was destroyed, [`PrivacyError::NotAuthentic`] when a value was
    /// changed or belongs elsewhere.
    pub async fn open_person(&self, sealed: &SealedPerson) -> Result<OpenedPerson, PrivacyError> {
        let person_id = Uuid::try_parse(&sealed.person_id)
            .map_err(|_| PrivacyError::Malformed("person id is no UUID"))?;
        let fields = [
            (Field::Name, &sealed.name),
            (Field::Phone, &sealed.phone),
            (Field::IdNumber, &sealed.id_number),
        ];
        let mut wanted = BTreeSet::new();
        for (_, value) in &fields {
            if let Some(value) = value {
                wanted.insert(seal::key_of(value)?);
            }
        }
        let keys = self.keys_by_id(&wanted, person_id).await?;
        let open = |field: Field, value: &Option<Sealed>| -> Result<Zeroizing<String>, PrivacyError> {
            let Some(value) = value else { return Ok(Zeroizing::default()) };
            let id = seal::key_of(value)?;
            let key = keys.get(&id).ok_or(PrivacyError::Forgotten(id))?;
            seal::open(key, id, field, value)
        };
        Ok(OpenedPerson {
            person_id,
            name: open(Field::Name, &sealed.name)?,
            phone: open(Field::Phone, &sealed.phone)?,
            id_number: open(Field::IdNumber, &sealed.id_number)?,
        })
    }

    /// Seals one more value of a person, one that [`SealedPerson`] has no field for: its name, for example "birth_date",
    /// must be given again to open it. Nothing for an empty value.
    ///
    /// # Errors
    /// As [`Vault::seal_person`].
    pub async fn seal_value(
        &self,
        person_id: Uuid,
        name: &'static str,
        value: &str,
    ) -> Result<Option<Sealed>, PrivacyError> {
        let key =
            self.keys(&[person_id]).await?.remove(&person_id).ok_or(PrivacyError::Forgotten(person_id))?;
        seal::seal(&key.key, key.id, Field::Other(name), value)
    }

    /// Opens a value that was sealed by [`Vault::seal_value`] under this name.
    ///
    /// # Errors
    /// As [`Vault::open_person`].
    pub async fn open_value(
        &self,
        person_id: Uuid,
        name: &'static str,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, PrivacyError> {
        let id = seal::key_of(sealed)?;
        let keys = self.keys_by_id(&BTreeSet::from([id]), person_id).await?;
        let key = keys.get(&id).ok_or(PrivacyError::Forgotten(id))?;
        seal::open(key, id, Field::Other(name), sealed)
    }

    /// What to remember a request with personal data by: see [`Kek::keyed_digest`].
    #[must_use]
    pub fn keyed_digest(&self, bytes: &[u8]) -> [u8; 32] {
        self.kek.keyed_digest(bytes)
    }

    /// The keys of these persons; made for those who have none.
    async fn keys(&self, persons: &[Uuid]) -> Result<HashMap<Uuid, PersonKey>, PrivacyError> {
        let mut fresh = BTreeMap::new();
        for person in persons {
            let (key, id) = (seal::fresh_key(), Uuid::now_v7());
            let wrapped = seal::wrap(self.kek.wrapping_key(), &key, id, *person)?;
            fresh.insert(*person, (id, wrapped));
        }
        let ids: Vec<Uuid> = fresh.keys().copied().collect();
        let key_ids: Vec<Uuid> = fresh.values().map(|(id, _)| *id).collect();
        let wrapped: Vec<Vec<u8>> = fresh.into_values().map(|(_, wrapped)| wrapped).collect();
        // Rows go in by person, so that two processes that seal the same persons wait for each other in one order.
        let mut rows: Vec<KeyRow> = sqlx::query_as(
            "WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
                  given AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS g (person_id, key_id, wrapped)),
                  added AS (
                      INSERT INTO person_keys (person_id, key_id, wrapped, kek_id)
                      SELECT g.person_id, g.key_id, g.wrapped, $4
                        FROM given g CROSS JOIN unhurried
                       ORDER BY g.person_id
                          ON CONFLICT (person_id) DO NOTHING
                   RETURNING person_id, key_id, wrapped, kek_id)
             SELECT person_id, key_id, wrapped, kek_id FROM added
              UNION ALL
             SELECT k.person_id, k.key_id, k.wrapped, k.kek_id FROM person_keys k JOIN given USING (person_id)",
        )
        .bind(&ids)
        .bind(&key_ids)
        .bind(&wrapped)
        .bind(self.kek.id())
        .fetch_all(&self.pool)
        .await?;
        if rows.len() < ids.len() {
            // Another process committed keys after this statement had begun: they are visible to the next one.
            let known: BTreeSet<Uuid> = rows.iter().map(|row| row.person_id).collect();
            let missing: Vec<Uuid> = ids.into_iter().filter(|id| !known.contains(id)).collect();
            let found: Vec<KeyRow> = sqlx::query_as(
                "SELECT person_id, key_id, wrapped, kek_id FROM person_keys WHERE person_id = ANY($1)",
            )
            .bind(&missing)
            .fetch_all(&self.pool)
            .await?;
            rows.extend(found);
        }
        rows.iter()
            .map(|row| Ok((row.person_id, PersonKey { id: row.key_id, key: self.unwrap(row)? })))
            .collect()
    }

    /// The keys with these ids, provided that they are this person's.
    async fn keys_by_id(
        &self,
        ids: &BTreeSet<Uuid>,
        person: Uuid,
    ) -> Result<HashMap<Uuid, Key>, PrivacyError> {
        let ids: Vec<Uuid> = ids.iter().copied().collect();
        let rows: Vec<KeyRow> = sqlx::query_as(
            "SELECT person_id, key_id, wrapped, kek_id FROM person_keys WHERE key_id = ANY($1)",
        )
        .bind(&ids)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                if row.person_id != person {
                    return Err(PrivacyError::NotAuthentic { field: "person_id" });
                }
                Ok((row.key_id, self.unwrap(row)?))
            })
            .collect()
    }

    fn unwrap(&self, row: &KeyRow) -> Result<Key, PrivacyError> {
        self.same_kek(&row.kek_id)?;
        seal::unwrap(self.kek.wrapping_key(), &row.wrapped, row.key_id, row.person_id)
    }

    fn same_kek(&self, needed: &str) -> Result<(), PrivacyError> {
        if needed == self.kek.id() {
            return Ok(());
        }
        Err(PrivacyError::OtherKek { needed: needed.to_owned(), at_hand: self.kek.id().to_owned() })
    }
}

fn seal_with(key: &PersonKey, person_id: Uuid, person: &PersonInput) -> Result<SealedPerson, PrivacyError> {
    let seal = |field, value: &str| seal::seal(&key.key, key.id, field, value);
    Ok(SealedPerson {
        person_id: person_id.to_string(),
        name: seal(Field::Name, &person.name)?,
        phone: seal(Field::Phone, &person.phone)?,
        id_number: seal(Field::IdNumber, &person.id_number)?,
    })
}
