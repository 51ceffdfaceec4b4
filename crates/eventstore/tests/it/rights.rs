//! The services' role may add to the log and nothing else.

use crate::support::{append, log, verified, write};

#[tokio::test]
async fn the_services_role_cannot_change_or_remove_what_was_recorded() {
    let (db, store) = log().await;
    store.append(append(vec![write("a", 0, 3)])).await.expect("appended");
    let who: String =
        sqlx::query_scalar("SELECT current_user::text").fetch_one(&db.pool()).await.expect("asked");
    assert_eq!(who, "xiaoan_app");
    for forbidden in [
        "UPDATE eventstore.events SET payload = '\\x00' WHERE position = 2",
        "UPDATE eventstore.events SET traceparent = ''",
        "DELETE FROM eventstore.events WHERE position = 3",
        "DELETE FROM eventstore.events",
        "TRUNCATE eventstore.events",
        "TRUNCATE eventstore.events, eventstore.requests CASCADE",
        "DROP TABLE eventstore.events",
        "ALTER TABLE eventstore.events ADD COLUMN note text",
        "ALTER TABLE eventstore.events DISABLE TRIGGER ALL",
        "CREATE RULE quiet AS ON INSERT TO eventstore.events DO INSTEAD NOTHING",
        "CREATE TRIGGER quiet BEFORE INSERT ON eventstore.events EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "DROP FUNCTION eventstore.append",
        "DROP SCHEMA eventstore CASCADE",
        "CREATE TABLE eventstore.mine (a int)",
        "INSERT INTO eventstore.events SELECT * FROM eventstore.events WHERE position = 1
            ON CONFLICT (position) DO UPDATE SET actor = 'somebody-else'",
        "MERGE INTO eventstore.events AS e USING (VALUES (1)) AS v (p) ON e.position = v.p WHEN MATCHED THEN DELETE",
        "SELECT * FROM eventstore.events FOR UPDATE",
        "UPDATE eventstore.requests SET response = ''",
        "DELETE FROM eventstore.requests",
        "TRUNCATE eventstore.requests",
    ] {
        let error = sqlx::raw_sql(forbidden).execute(&db.pool()).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
    assert_eq!(verified(&store).await.position, 3);
}
