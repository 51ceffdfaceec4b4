//! The vault against a real PostgreSQL.

mod vault;
