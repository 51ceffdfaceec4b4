//! Integration tests of `volunteers`: the real service in process, over a real PostgreSQL and real tokens.

mod golden;
mod import;
mod lists;
mod patrols;
mod people;
mod persons;
mod process;
mod rebuilt;
mod world;
