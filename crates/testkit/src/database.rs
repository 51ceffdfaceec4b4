//! A database of a test's own.

use crate::keeper::keeper;
use crate::template::APP;
use anyhow::Result;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// A migrated database that belongs to one test; dropped with it.
#[derive(Debug)]
pub struct TestDb {
    name: String,
    url: String,
    owner_url: String,
    pool: PgPool,
    owner_pool: PgPool,
}

impl TestDb {
    /// A database migrated like a service's: `migrations/eventstore`, `privacy`, `directory`, `timer`, then
    /// `migrations/<service>`. One of the four first names stops there ("eventstore" = only the store's tables).
    pub async fn create(service: &str) -> Self {
        Self::make(Some(service)).await.unwrap_or_else(|e| panic!("no test database of {service}: {e:#}"))
    }

    /// A database without any table, for tests of the migrations themselves.
    pub async fn empty() -> Self {
        Self::make(None).await.unwrap_or_else(|e| panic!("no empty test database: {e:#}"))
    }

    async fn make(service: Option<&str>) -> Result<Self> {
        let keeper = keeper()?;
        let name = keeper.create(service).await?;
        let owner = keeper.admin.options.clone().database(&name);
        let app = owner.clone().username(APP);
        // Connections are made when they are first needed: many tests need only one of the roles.
        let pool = PgPoolOptions::new().max_connections(16).connect_lazy_with(app);
        let owner_pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(owner);
        let url = keeper.admin.url_of(&name, Some(APP));
        let owner_url = keeper.admin.url_of(&name, None);
        Ok(Self { name, url, owner_url, pool, owner_pool })
    }

    /// Name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Connections of the services' role, `xiaoan_app`, which may not change or delete events.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }
    /// Connections of the owner, who migrates.
    #[must_use]
    pub fn owner_pool(&self) -> PgPool {
        self.owner_pool.clone()
    }
    /// URL for the services' role (`XIAOAN_DATABASE_URL`).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
    /// URL for the owner (`XIAOAN_OWNER_DATABASE_URL`).
    #[must_use]
    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Ok(keeper) = keeper() {
            keeper.drop_database(&self.name);
        }
    }
}
