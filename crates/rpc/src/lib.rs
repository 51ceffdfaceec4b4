//! gRPC start-up for every service: TLS, tokens, deadlines, load, health, reflection, drain, and the error contract.
//! No domain words: what a service does is its own business.
//!
//! # A service in thirty lines
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     let about = About { name: "cases", version: env!("CARGO_PKG_VERSION"), about: "Alerts, cases and series", grpc_addr: "127.0.0.1:7101", admin_addr: "127.0.0.1:7201" };
//!     xiaoan_rpc::service_main::<(), _, _, _, _>(about, serve, |owner| async move { xiaoan_eventstore::migrate(&owner, &MIGRATIONS).await.map_err(Into::into) })
//! }
//! async fn serve(start: Start<()>) -> anyhow::Result<()> {
//!     let server = Server::new(start.rpc).await?;            // binds both ports, reads keys; clear errors
//!     let pool = start.service.connect("cases").await?;      // waits for the database
//!     server
//!         .add_service(CaseServiceServer::new(CaseGrpc::new(store)))
//!         .readiness("database", move || { let pool = pool.clone(); async move { ping(&pool).await } })
//!         .serve(shutdown_signal())                          // health, reflection, /livez /readyz /metrics, drain
//!         .await
//! }
//! ```
//!
//! # A handler
//! ```ignore
//! async fn file_case(&self, request: Request<FileCaseRequest>) -> Result<Response<FileCaseResponse>, Status> {
//!     let caller = Caller::of(&request)?;
//!     let m = request.into_inner();
//!     let mut check = Check::new();
//!     let unit = check.org_unit("org_unit", &m.org_unit);
//!     let day = check.past_day("filed_on", m.filed_on, city_day(self.clock.now()));
//!     let (unit, day) = check.finish((unit, day))?;
//!     caller.may_write(&self.directory.tree(), unit, city_day(self.clock.now()))?;
//!     let meta = command_meta_with(&caller, &m.request_id, &m, "", |bytes| self.vault.keyed_digest(bytes))?;
//!     let outcome = self.cases.execute(&id, meta, |case, _| case.file(&m, unit, day)).await.map_err(command_status)?;
//!     Ok(Response::new(FileCaseResponse { receipt: Some(receipt(format!("cases/{id}"), &outcome)) }))
//! }
//! ```
//!
//! # The error contract
//! Every error carries `ErrorInfo { reason, domain: "xiaoan", metadata }` and a `LocalizedMessage` in zh-CN and one in en.
//! `metadata.codes` names every code that applies, `metadata.field` the first field.
//!
//! | what happened | status | reason | made by |
//! |---|---|---|---|
//! | a field is wrong | INVALID_ARGUMENT + BadRequest (a violation per finding, code in its `reason`) | first code of §J; `GE-006` malformed | [`Check`], [`errors::invalid`], `RefusalKind::Field` |
//! | bytes that are no message | INVALID_ARGUMENT | `GE-006` | the server |
//! | no such org unit | INVALID_ARGUMENT | `CB-001` | [`Caller::may_write`] |
//! | the state does not allow it | FAILED_PRECONDITION | the refusal's first code | [`errors::refusal_status`], `RefusalKind::State` |
//! | stale `etag`, or a race lost again and again | ABORTED (lost race: + RetryInfo) | `GE-001`, metadata `cause` = `stale-etag` or `lost-race` | [`errors::command_status`] |
//! | same `request_id`, other body | ALREADY_EXISTS | `GE-002` | [`errors::command_status`] |
//! | not yours | PERMISSION_DENIED | `GE-004` | [`Caller::require`], [`Caller::may_write`], `RefusalKind::Permission` (its own code) |
//! | no such resource | NOT_FOUND + ResourceInfo | `NOT-FOUND` | [`errors::not_found`], `RefusalKind::Missing` (its own code) |
//! | too much at once | RESOURCE_EXHAUSTED + RetryInfo | `OVERLOADED` | the server; [`errors::command_status`] |
//! | a message is too long | RESOURCE_EXHAUSTED, no RetryInfo | `MESSAGE-TOO-LARGE` | the server |
//! | deadline passed | DEADLINE_EXCEEDED | `DEADLINE` | the server |
//! | database away, outcome unknown | UNAVAILABLE + RetryInfo | `STORE-UNAVAILABLE` | [`errors::store_status`] |
//! | view not at `at_least` yet | UNAVAILABLE + RetryInfo | `NOT-YET` | [`errors::not_yet`] |
//! | another service is needed and away | UNAVAILABLE + RetryInfo | `SERVICE-UNREACHABLE` | [`errors::unreachable`] |
//! | service is stopping | UNAVAILABLE + RetryInfo | `DRAINING` | the server |
//! | who are you? | UNAUTHENTICATED | `AUTH-…`, see [`errors::reason`] | the server |
//! | ours (also: a panic, or a handler's own INTERNAL) | INTERNAL, text "internal error" and nothing else; metadata `trace_id` | `INTERNAL` | [`errors::internal`], the server |
//!
//! Invariant: no text of a database, a panic or a library leaves the process; it is in the log only.

mod admin;
mod admit;
mod auth;
mod caller;
mod check;
pub mod client;
mod command;
pub mod errors;
mod history;
pub mod import;
mod law;
mod links;
mod methods;
mod observe;
mod options;
mod page;
mod server;
mod service;
mod tls;
mod turns;

pub use caller::{Caller, Role};
pub use check::{Check, Checked};
pub use command::{command_meta, command_meta_with, receipt, receipt_of};
pub use errors::{command_status, invalid, refusal_status, store_status, wire};
pub use history::event_json;
pub use law::LegalOptions;
pub use links::{LOG_READERS, REBUILDERS, TIMER_READERS, allow, database_answers};
pub use options::{RpcOptions, Secret, ServiceOptions, SourceAddress};
pub use page::{BadToken, Page, PageKey};
pub use server::{Server, shutdown_signal};
pub use service::{About, Start, service_main};
pub use turns::{Turn, Turns};
