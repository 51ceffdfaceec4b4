use prost::Message;
use uuid::Uuid;
use xiaoan_privacy::{Kek, PrivacyError, Vault};
use xiaoan_proto::core::v1::{PersonInput, SealedPerson};
use xiaoan_testkit::TestDb;

const PLANTED: &str = "测试甲壹贰叁";
const PHONE: &str = "13900001234";

fn person() -> PersonInput {
    PersonInput { name: PLANTED.into(), phone: PHONE.into(), id_number: String::new() }
}

async fn vault(db: &TestDb, kek: &Kek) -> Vault {
    Vault::open(db.pool(), kek.clone()).await.expect("a vault as the services' role")
}

#[tokio::test]
async fn a_sealed_person_opens_again_and_lies_nowhere_in_the_clear() {
    let db = TestDb::create("privacy").await;
    let (kek, id) = (Kek::fresh(), Uuid::now_v7());
    let vault = vault(&db, &kek).await;
    let sealed = vault.seal_person(&person(), id).await.expect("sealed");

    let opened = vault.open_person(&sealed).await.expect("opened");
    assert_eq!(
        (opened.name.as_str(), opened.phone.as_str(), opened.id_number.as_str()),
        (PLANTED, PHONE, "")
    );
    assert_eq!(opened.person_id, id);
    assert_eq!(sealed.id_number, None);

    let wire = sealed.encode_to_vec();
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT k::text FROM person_keys k").fetch_all(&db.pool()).await.expect("rows");
    assert_eq!(rows.len(), 1);
    for planted in [PLANTED, PHONE] {
        assert!(!wire.windows(planted.len()).any(|w| w == planted.as_bytes()));
        assert!(!rows[0].contains(planted) && !rows[0].contains(&hex::encode(planted)));
    }
}

#[tokio::test]
async fn one_more_value_of_a_person_opens_with_the_persons_key_and_under_its_own_name_only() {
    let db = TestDb::create("privacy").await;
    let (vault, id) = (vault(&db, &Kek::fresh()).await, Uuid::now_v7());
    let person = vault.seal_person(&person(), id).await.expect("sealed");
    let birth = vault.seal_value(id, "birth_date", "1990-02-28").await.expect("sealed").expect("a value");
    assert_eq!(person.name.map(|n| n.key_id), Some(birth.key_id.clone()), "one key for one person");
    assert_eq!(vault.open_value(id, "birth_date", &birth).await.expect("opened").as_str(), "1990-02-28");
    assert!(vault.open_value(id, "phone", &birth).await.is_err());
    assert!(vault.open_value(Uuid::now_v7(), "birth_date", &birth).await.is_err());
    assert_eq!(vault.seal_value(id, "birth_date", "").await.expect("nothing to seal"), None);
}

#[tokio::test]
async fn nothing_prints_a_secret_or_a_personal_value() {
    let db = TestDb::create("privacy").await;
    let vault = vault(&db, &Kek::fresh()).await;
    let sealed = vault.seal_person(&person(), Uuid::now_v7()).await.expect("sealed");
    let opened = vault.open_person(&sealed).await.expect("opened");
    let mut tampered = sealed.clone();
    if let Some(name) = &mut tampered.name {
        name.ciphertext[0] ^= 1;
    }
    let error = vault.open_person(&tampered).await.expect_err("tampered");
    for printed in
        [format!("{vault:?}"), format!("{opened:?}"), format!("{:?}", person()), format!("{error:?} {error}")]
    {
        assert!(!printed.contains(PLANTED) && !printed.contains(PHONE), "{printed}");
    }
}

#[tokio::test]
async fn a_person_keeps_the_key_however_often_the_command_is_tried() {
    let db = TestDb::create("privacy").await;
    let vault = vault(&db, &Kek::fresh()).await;
    let id = Uuid::now_v7();
    let first = vault.seal_person(&person(), id).await.expect("sealed");
    let again = vault.seal_person(&person(), id).await.expect("sealed again");
    let key = |p: &SealedPerson| p.name.as_ref().map(|s| s.key_id.clone());
    assert_eq!(key(&first), key(&again));
    assert_ne!(first.name, again.name, "a nonce is never used twice");
}

#[tokio::test]
async fn many_persons_are_sealed_at_once_each_with_a_key_of_their_own() {
    let db = TestDb::create("privacy").await;
    let vault = vault(&db, &Kek::fresh()).await;
    let persons: Vec<(Uuid, PersonInput)> =
        (0..20).map(|n| (Uuid::now_v7(), PersonInput { name: format!("测试{n}"), ..person() })).collect();
    // The first one is there already, and one is named twice.
    vault.seal_person(&persons[0].1, persons[0].0).await.expect("sealed");
    let twice = persons.iter().chain([&persons[3]]).map(|(id, person)| (*id, person));
    let sealed = vault.seal_persons(twice).await.expect("sealed");
    assert_eq!(sealed.len(), 21);
    let mut keys = std::collections::BTreeSet::new();
    for (sealed, (id, person)) in sealed.iter().zip(persons.iter().chain([&persons[3]])) {
        let opened = vault.open_person(sealed).await.expect("opened");
        assert_eq!((opened.person_id, opened.name.as_str()), (*id, person.name.as_str()));
        keys.insert(sealed.name.as_ref().map(|s| s.key_id.clone()));
    }
    assert_eq!(keys.len(), 20);
    assert!(vault.seal_persons([]).await.expect("nobody").is_empty());
}

#[tokio::test]
async fn two_processes_that_seal_the_same_persons_at_once_agree_on_their_keys() {
    let db = TestDb::create("privacy").await;
    let kek = Kek::fresh();
    // Two pools stand for two processes: they share nothing but the database.
    let other_pool = sqlx::PgPool::connect(db.url()).await.expect("a second pool");
    let here = vault(&db, &kek).await;
    let there = Vault::open(other_pool.clone(), kek).await.expect("a second vault");
    for _ in 0..20 {
        let ids: Vec<Uuid> = (0..10).map(|_| Uuid::now_v7()).collect();
        let (one, person) = (person(), person());
        let forward = here.seal_persons(ids.iter().map(|id| (*id, &one)));
        let backward = there.seal_persons(ids.iter().rev().map(|id| (*id, &person)));
        let (forward, backward) = tokio::join!(forward, backward);
        let (forward, backward) = (forward.expect("sealed here"), backward.expect("sealed there"));
        for (a, b) in forward.iter().zip(backward.iter().rev()) {
            let key = |p: &SealedPerson| p.name.as_ref().map(|s| s.key_id.clone());
            assert_eq!(key(a), key(b));
            assert_eq!(
                there.open_person(a).await.expect("opens there"),
                here.open_person(b).await.expect("opens here")
            );
        }
    }
    other_pool.close().await;
}

#[tokio::test]
async fn another_kek_is_refused_at_the_start_and_opens_nothing() {
    let db = TestDb::create("privacy").await;
    let early = vault(&db, &Kek::fresh()).await;
    let right = vault(&db, &Kek::fresh()).await;
    let sealed = right.seal_person(&person(), Uuid::now_v7()).await.expect("sealed");
    assert!(matches!(Vault::open(db.pool(), Kek::fresh()).await, Err(PrivacyError::OtherKek { .. })));
    assert!(matches!(early.open_person(&sealed).await, Err(PrivacyError::OtherKek { .. })));
}

#[tokio::test]
async fn a_value_moved_to_another_field_or_person_is_refused() {
    let db = TestDb::create("privacy").await;
    let vault = vault(&db, &Kek::fresh()).await;
    let one = vault.seal_person(&person(), Uuid::now_v7()).await.expect("sealed");
    let other = vault.seal_person(&person(), Uuid::now_v7()).await.expect("sealed");
    let swapped_fields = SealedPerson { name: one.phone.clone(), phone: one.name.clone(), ..one.clone() };
    let others_name = SealedPerson { name: other.name.clone(), ..one.clone() };
    let others_id = SealedPerson { person_id: other.person_id.clone(), ..one };
    for forged in [swapped_fields, others_name, others_id] {
        assert!(matches!(vault.open_person(&forged).await, Err(PrivacyError::NotAuthentic { .. })));
    }
}

#[tokio::test]
async fn a_forgotten_person_stays_forgotten() {
    let db = TestDb::create("privacy").await;
    let vault = vault(&db, &Kek::fresh()).await;
    let sealed = vault.seal_person(&person(), Uuid::now_v7()).await.expect("sealed");
    let denied = sqlx::query("DELETE FROM person_keys").execute(&db.pool()).await;
    assert!(denied.is_err(), "a service must not destroy keys");
    let denied = sqlx::query("UPDATE person_keys SET wrapped = wrapped").execute(&db.pool()).await;
    assert!(denied.is_err(), "a service must not change keys");
    sqlx::query("DELETE FROM person_keys").execute(&db.owner_pool()).await.expect("the owner may");
    assert!(matches!(vault.open_person(&sealed).await, Err(PrivacyError::Forgotten(_))));
}

#[tokio::test]
async fn only_the_keys_own_statement_does_not_wait_for_the_disk() {
    let db = TestDb::create("privacy").await;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .connect(db.url())
        .await
        .expect("one connection");
    let vault = Vault::open(pool.clone(), Kek::fresh()).await.expect("a vault");
    vault.seal_person(&person(), Uuid::now_v7()).await.expect("sealed");
    let setting: String =
        sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&pool).await.expect("a setting");
    assert_eq!(setting, "on");
    pool.close().await;
}
