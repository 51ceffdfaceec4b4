//! One story per file, with the real PostgreSQL, the real nats-server and the real processes. No mocks, no sleeps: a
//! story waits for a position or a condition, with a deadline.

mod audit_names_the_tampered_event;
mod cases_killed_in_a_storm;
mod city;
mod desks;
mod digest;
mod everybody;
mod import_and_standings;
mod integrators;
mod nats_lost_under_load;
mod nats_lost_while_everybody_writes;
mod no_readable_person_anywhere;
mod rankings_dropped_and_rebuilt;
mod same_command_again;
mod storm;
mod three_months;
mod two_cases_processes;
