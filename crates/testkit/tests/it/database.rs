use xiaoan_testkit::TestDb;

#[tokio::test]
async fn every_test_has_a_migrated_database_of_its_own() {
    let (a, b) = tokio::join!(TestDb::create("eventstore"), TestDb::create("eventstore"));
    assert_ne!(a.name(), b.name());
    for db in [&a, &b] {
        let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
            .fetch_one(&db.owner_pool())
            .await
            .unwrap();
        assert!(applied >= 1, "{applied}");
        let user: String =
            sqlx::query_scalar("SELECT current_user::text").fetch_one(&db.pool()).await.unwrap();
        assert_eq!(user, "xiaoan_app");
    }
    sqlx::query("CREATE TABLE only_here ()").execute(&a.owner_pool()).await.unwrap();
    assert!(sqlx::query("SELECT FROM only_here").execute(&b.owner_pool()).await.is_err());
}

#[tokio::test]
async fn many_databases_at_once_do_not_get_in_each_others_way() {
    let many: Vec<_> = (0..12).map(|_| tokio::spawn(TestDb::create("eventstore"))).collect();
    let mut names = std::collections::HashSet::new();
    for one in many {
        assert!(names.insert(one.await.unwrap().name().to_owned()));
    }
    assert_eq!(names.len(), 12);
}

#[tokio::test]
async fn a_database_goes_with_its_test() {
    let other = TestDb::empty().await;
    let name = {
        let db = TestDb::empty().await;
        // A connection that is still open does not keep it.
        let _held = db.pool().acquire().await.unwrap();
        db.name().to_owned()
    };
    let left: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&other.owner_pool())
        .await
        .unwrap();
    assert!(!left);
}

#[tokio::test]
async fn both_urls_lead_to_the_same_database() {
    use sqlx::Connection;
    let db = TestDb::empty().await;
    for (url, role) in [(db.url(), Some("xiaoan_app")), (db.owner_url(), None)] {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        let (database, user): (String, String) =
            sqlx::query_as("SELECT current_database()::text, current_user::text")
                .fetch_one(&mut connection)
                .await
                .unwrap();
        assert_eq!(database, db.name());
        assert!(role.is_none_or(|role| role == user), "{user}");
    }
}
