//! `xiaoan dev`: what ./dev needs of us, so that it needs no psql.

use super::Verdict;
use crate::args::{Databases, Dev};
use crate::fault::Fault;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

pub async fn run(what: Dev) -> Result<Verdict, Fault> {
    let Dev::Databases(what) = what;
    let broken = |e: sqlx::Error| Fault::Failed(format!("database: {e}"));
    let mut admin = PgConnection::connect(&what.admin_url).await.map_err(broken)?;
    databases(&mut admin, &what).await.map_err(broken)?;
    Ok(Verdict::Done)
}

async fn databases(admin: &mut PgConnection, what: &Databases) -> Result<(), sqlx::Error> {
    if !what.drop {
        for (role, password) in [("xiaoan_owner", &what.owner_password), ("xiaoan_app", &what.app_password)] {
            let there: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
                .bind(role)
                .fetch_one(&mut *admin)
                .await?;
            let verb = if there { "alter" } else { "create" };
            // PostgreSQL itself quotes the names and the password.
            run_made(
                admin,
                "select format('%s role %I login password %L', $1, $2, $3)",
                &[verb, role, password],
            )
            .await?;
        }
        // To give a database to another role, one must be a member of it; a superuser is anyway.
        let member: bool = sqlx::query_scalar("select pg_has_role(current_user, 'xiaoan_owner', 'member')")
            .fetch_one(&mut *admin)
            .await?;
        if !member {
            let user = current_user(admin).await?;
            run_made(admin, "select format('grant xiaoan_owner to %I', $1)", &[&user]).await?;
        }
    }
    for service in &what.services {
        let name = format!("{}{service}", what.prefix);
        let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut *admin)
            .await?;
        match (there, what.drop) {
            (true, true) => {
                run_made(admin, "select format('drop database %I with (force)', $1)", &[&name]).await?;
            }
            (false, false) => {
                run_made(admin, "select format('create database %I owner xiaoan_owner', $1)", &[&name])
                    .await?;
            }
            (true, false) | (false, true) => {}
        }
    }
    Ok(())
}

async fn current_user(admin: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("select current_user::text").fetch_one(admin).await
}

/// Has PostgreSQL make a statement out of names and values, and runs it.
async fn run_made(
    admin: &mut PgConnection,
    format: &'static str,
    values: &[&str],
) -> Result<(), sqlx::Error> {
    let mut made = sqlx::query_scalar::<_, String>(format);
    for value in values {
        made = made.bind(*value);
    }
    let statement = made.fetch_one(&mut *admin).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(admin).await?;
    Ok(())
}
