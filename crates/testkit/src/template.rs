//! Template databases: every content of `migrations/` is applied once per server.

use crate::admin::Admin;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::path::{Path, PathBuf};

/// Folders that every service's database begins with, in this order.
const BASE: [&str; 4] = ["eventstore", "privacy", "directory", "timer"];
/// Taken (in the maintenance database) by whoever builds or drops a template.
const BUILD_LOCK: i64 = 0x7869_616f_616e_0001;
/// Role of the services.
pub(crate) const APP: &str = "xiaoan_app";

/// Name of a ready template for a service, or of the empty one; builds it when this content of `migrations/` was not
/// seen before. Afterwards the services' role exists as well.
pub(crate) async fn ready(admin: &Admin, service: Option<&str>) -> Result<String> {
    let mut connection =
        PgConnection::connect_with(&admin.options).await.context("cannot reach XIAOAN_TEST_PG")?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(BUILD_LOCK).execute(&mut connection).await?;
    // The lock ends with the connection, whatever happens in between.
    let built = build_in_turn(&mut connection, admin, service).await;
    connection.close().await?;
    built
}

async fn build_in_turn(
    connection: &mut PgConnection,
    admin: &Admin,
    service: Option<&str>,
) -> Result<String> {
    ensure_app_role(connection, admin).await?;
    let Some(service) = service else { return Ok("template0".to_owned()) };
    let folders = folders(service)?;
    let prefix = format!("xiaoan_tpl_{service}_");
    let name = format!("{prefix}{}", content_hash(&folders)?);
    let known: Vec<String> =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)")
            .bind(&prefix)
            .fetch_all(&mut *connection)
            .await?;
    if known.contains(&name) {
        return Ok(name);
    }
    for stale in &known {
        // Another working tree may be cloning it right now; then it stays until the next build.
        let _ = run(connection, format!("ALTER DATABASE {stale} IS_TEMPLATE false")).await;
        let _ = run(connection, format!("DROP DATABASE IF EXISTS {stale} WITH (FORCE)")).await;
    }
    let building = format!("{prefix}building");
    run(connection, format!("CREATE DATABASE {building} TEMPLATE template0")).await?;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(admin.options.clone().database(&building))
        .await?;
    for folder in &folders {
        let mut migrator = Migrator::new(folder.as_path()).await?;
        migrator.set_ignore_missing(true);
        migrator.run(&pool).await.with_context(|| format!("migrations of {}", folder.display()))?;
    }
    pool.close().await;
    run(connection, format!("ALTER DATABASE {building} RENAME TO {name}")).await?;
    run(connection, format!("ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false")).await?;
    Ok(name)
}

/// Makes the services' role when the cluster does not have it, and lets it log in. Roles belong to the cluster, so
/// this is done in turn.
async fn ensure_app_role(connection: &mut PgConnection, admin: &Admin) -> Result<()> {
    if admin.options.get_username() == APP {
        bail!("XIAOAN_TEST_PG must name a superuser, not {APP}");
    }
    let may_log_in: Option<bool> = sqlx::query_scalar("SELECT rolcanlogin FROM pg_roles WHERE rolname = $1")
        .bind(APP)
        .fetch_optional(&mut *connection)
        .await?;
    match may_log_in {
        None => run(connection, format!("CREATE ROLE {APP} LOGIN")).await?,
        Some(false) => run(connection, format!("ALTER ROLE {APP} LOGIN")).await?,
        Some(true) => {}
    }
    // A server that asks the superuser for a password asks the services' role for one too: the same, for tests.
    if let Some(password) = admin.password() {
        let password = password.replace('\'', "''");
        let statement = format!("ALTER ROLE {APP} PASSWORD '{password}'");
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(connection)
            .await
            .context("password of xiaoan_app")?;
    }
    Ok(())
}

/// `CREATE DATABASE` copies no privileges on the database itself, so they are granted again on the clone.
pub(crate) async fn copy_grants(connection: &mut PgConnection, from: &str, to: &str) -> Result<()> {
    let grants: Vec<(String, String)> = sqlx::query_as(
        "SELECT quote_ident(pg_get_userbyid(acl.grantee)), acl.privilege_type
           FROM pg_database AS d, aclexplode(d.datacl) AS acl
          WHERE d.datname = $1 AND acl.grantee NOT IN (0, d.datdba)",
    )
    .bind(from)
    .fetch_all(&mut *connection)
    .await?;
    for (grantee, privilege) in grants {
        run(connection, format!("GRANT {privilege} ON DATABASE {to} TO {grantee}")).await?;
    }
    Ok(())
}

/// Runs one statement whose names this crate has made itself.
pub(crate) async fn run(connection: &mut PgConnection, statement: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(connection).await.context(statement)?;
    Ok(())
}

fn folders(service: &str) -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let own = root.join(service);
    if !own.is_dir() {
        bail!("there is no folder {} to migrate a database from", own.display());
    }
    let mut folders = Vec::new();
    for base in BASE {
        let folder = root.join(base);
        if folder.is_dir() {
            folders.push(folder);
        }
        if base == service {
            return Ok(folders);
        }
    }
    folders.push(own);
    Ok(folders)
}

fn content_hash(folders: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    for folder in folders {
        let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
        files.sort_by_key(std::fs::DirEntry::file_name);
        for file in files {
            let content = std::fs::read(file.path())?;
            hash.update(file.file_name().as_encoded_bytes());
            hash.update([0]);
            hash.update(u64::try_from(content.len())?.to_be_bytes());
            hash.update(&content);
        }
    }
    Ok(hex::encode(&hash.finalize()[..6]))
}
