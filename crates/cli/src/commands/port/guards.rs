//! Guards: trained, tested, given authority, and what ends it.

use super::super::listing::show_accepted;
use super::super::{Context, Verdict};
use crate::connect::call;
use crate::fault::Fault;
use crate::moments;
use clap::{Subcommand, ValueEnum};
use time::Date;
use xiaoan_proto::port::v1 as pb;

/// Guards; one is registered with `do register-guard @FILE`, because that names a person.
#[derive(Debug, Subcommand)]
pub enum Guards {
    /// Record a training of a guard
    #[command(after_help = "Example: xiaoan port train g-1 --course 轻微事故快处 --hours 16 --on 2026-03-01")]
    Train {
        /// Guard
        guard: String,
        /// Course
        #[arg(long)]
        course: String,
        /// Hours
        #[arg(long)]
        hours: i32,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Record a test of a guard
    #[command(after_help = "Example: xiaoan port test g-1 92 passed --on 2026-03-03")]
    Test {
        /// Guard
        guard: String,
        /// Points, 0..100
        points: i32,
        /// Whether that is enough
        #[arg(value_enum)]
        result: TestResult,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Give a guard authority to guide the settlement of minor accidents
    #[command(
        after_help = "Example: xiaoan port authorise g-1 --from 2026-03-10 --to 2027-03-09 --document 港航公安〔2026〕3号 \
        --on 2026-03-09"
    )]
    Authorise {
        /// Guard
        guard: String,
        /// First day
        #[arg(long, value_parser = moments::day)]
        from: Date,
        /// Last day
        #[arg(long, value_parser = moments::day)]
        to: Date,
        /// Document of the decision
        #[arg(long)]
        document: String,
        /// Day of the decision [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// End the authority of a guard before its term
    #[command(after_help = "Example: xiaoan port end-authority g-1 --reason 离职 --on 2026-06-30")]
    EndAuthority {
        /// Guard
        guard: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Last day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
}

/// Whether a test was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestResult {
    /// 合格
    Passed,
    /// 不合格
    Failed,
}

pub(super) async fn run(context: &Context, what: Guards) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match what {
        Guards::Train { guard, course, hours, on } => {
            let trained_on = moments::or_today(on);
            let request = pb::RecordGuardTrainingRequest {
                request_id,
                guard_id: guard,
                etag,
                course,
                trained_on,
                hours,
            };
            call!(Port, clients.guard().record_guard_training(request)).receipt
        }
        Guards::Test { guard, points, result, on } => {
            let (tested_on, passed) = (moments::or_today(on), result == TestResult::Passed);
            let request =
                pb::RecordGuardTestRequest { request_id, guard_id: guard, etag, tested_on, points, passed };
            call!(Port, clients.guard().record_guard_test(request)).receipt
        }
        Guards::Authorise { guard, from, to, document, on } => {
            let request = pb::AuthoriseGuardRequest {
                request_id,
                guard_id: guard,
                etag,
                authorised_on: moments::or_today(on),
                from: Some(from.into()),
                to: Some(to.into()),
                document,
            };
            call!(Port, clients.guard().authorise_guard(request)).receipt
        }
        Guards::EndAuthority { guard, reason, on } => {
            let ended_on = moments::or_today(on);
            let request =
                pb::EndGuardAuthorityRequest { request_id, guard_id: guard, etag, ended_on, reason };
            call!(Port, clients.guard().end_guard_authority(request)).receipt
        }
    };
    show_accepted(context, receipt)
}
