//! The superuser's access to the test server.

use crate::setting;
use anyhow::{Context, Result};
use sqlx::postgres::PgConnectOptions;
use std::str::FromStr;

#[derive(Clone)]
pub(crate) struct Admin {
    /// Connects as the superuser, to the maintenance database.
    pub(crate) options: PgConnectOptions,
    url: String,
}

impl Admin {
    pub(crate) fn from_env() -> Result<Self> {
        let url = setting("XIAOAN_TEST_PG", "URL of a PostgreSQL superuser")?;
        let options = PgConnectOptions::from_str(&url).context("XIAOAN_TEST_PG is no PostgreSQL URL")?;
        Ok(Self { options, url })
    }

    /// The password in the URL, if it is written plainly.
    pub(crate) fn password(&self) -> Option<&str> {
        let (login, _) = self.parts().1.rsplit_once('@')?;
        login.split_once(':').map(|(_, password)| password).filter(|p| !p.contains('%'))
    }

    /// The superuser's URL with another database, and perhaps another user; password and parameters stay.
    pub(crate) fn url_of(&self, database: &str, user: Option<&str>) -> String {
        let (scheme, authority, query) = self.parts();
        let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let login = match (user, login.split_once(':')) {
            (Some(user), Some((_, password))) => format!("{user}:{password}@"),
            (Some(user), None) => format!("{user}@"),
            (None, _) if login.is_empty() => String::new(),
            (None, _) => format!("{login}@"),
        };
        format!("{scheme}://{login}{host}/{database}{query}")
    }

    /// Scheme, `user:password@host:port`, and the query with its question mark.
    fn parts(&self) -> (&str, &str, &str) {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("postgres", &self.url));
        let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        (scheme, rest.split('/').next().unwrap_or(rest), query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admin(url: &str) -> Admin {
        Admin { options: PgConnectOptions::from_str(url).unwrap(), url: url.to_owned() }
    }

    #[test]
    fn a_url_changes_its_database_and_user_only() {
        let plain = admin("postgres://postgres@127.0.0.1:55432/postgres");
        assert_eq!(plain.url_of("x", None), "postgres://postgres@127.0.0.1:55432/x");
        assert_eq!(plain.url_of("x", Some("xiaoan_app")), "postgres://xiaoan_app@127.0.0.1:55432/x");
        assert_eq!(plain.password(), None);
        let secret = admin("postgres://root:secret@db:5432/postgres?sslmode=disable");
        assert_eq!(secret.url_of("x", Some("app")), "postgres://app:secret@db:5432/x?sslmode=disable");
        assert_eq!(secret.password(), Some("secret"));
    }
}
