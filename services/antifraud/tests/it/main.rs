//! Integration tests of `antifraud`: the real service in process, over a real PostgreSQL and real tokens; the real binary
//! where a process is killed.

mod desk;
mod golden;
mod killed;
mod orders;
mod persons;
mod timer;
mod world;
