//! `xiaoan task-forces | cleanups | reviews | major-cases | exhibits | lookups`: the work on cases. Lists and gets, and `do` for
//! every command of the service, its fields in JSON.

mod act;
mod lists;
mod sheets;

pub use super::fields::Act;
use super::{Context, Verdict};
use crate::connect::call;
use crate::fault::Fault;
use crate::render::message_json;
use clap::{Args, Subcommand};
use xiaoan_proto::cases::v1 as pb;

/// Which are listed.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// Unit whose subtree is listed [default: the token's own]
    #[arg(long, default_value = "")]
    pub unit: String,
    /// Only in this state, for example overdue or closed
    #[arg(long)]
    pub state: Option<String>,
    /// At most so many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Task forces: who works in them, what they owe, what came of it
#[derive(Debug, Subcommand)]
pub enum TaskForces {
    /// Task forces of a unit's subtree, newest first
    List(Which),
    /// One of them, with what it owes now
    Get {
        /// Task force
        id: String,
    },
    /// Directives and analyses: done in time, late, overdue, missed
    Work {
        /// Only of this task force
        #[arg(long, default_value = "")]
        task_force: String,
        /// Which
        #[command(flatten)]
        list: Which,
    },
    /// form-task-force, issue-directive, analyse-key-cases, analyse-month …
    Do(Act),
}

/// Work of one kind.
#[derive(Debug, Subcommand)]
pub enum One {
    /// Those of a unit's subtree, newest first
    List(Which),
    /// One of them
    Get {
        /// Its id: the case number where there is one per case
        id: String,
    },
    /// A command, its fields in JSON
    Do(Act),
}

/// Reverse reviews.
#[derive(Debug, Subcommand)]
pub enum Reviews {
    /// Those of a unit's subtree, newest first
    List(Which),
    /// One of them
    Get {
        /// The case number
        id: String,
    },
    /// Preventable cases that are solved and have no review, newest filing first
    Unreviewed {
        /// Unit whose subtree is listed [default: the token's own]
        #[arg(long, default_value = "")]
        unit: String,
        /// At most so many; 0 = all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// A command, its fields in JSON
    Do(Act),
}

/// Exhibits and the dens they were found in.
#[derive(Debug, Subcommand)]
pub enum Exhibits {
    /// Exhibits of a unit's subtree, newest first
    List {
        /// Only of this case
        #[arg(long, default_value = "")]
        case: String,
        /// Which
        #[command(flatten)]
        list: Which,
    },
    /// One lot
    Get {
        /// Lot
        id: String,
    },
    /// Dens of a unit's subtree, newest first
    Dens {
        /// Only of this case
        #[arg(long, default_value = "")]
        case: String,
        /// Which
        #[command(flatten)]
        list: Which,
    },
    /// One den
    Den {
        /// Den
        id: String,
    },
    /// seize-exhibits, hand-in-exhibits, return-exhibits, dispose-exhibits, raid-den
    Do(Act),
}

macro_rules! get {
    ($context:ident, $client:ident.$method:ident, $request:expr, $field:ident) => {{
        let clients = $context.clients()?;
        let found = call!(Cases, clients.$client().$method($request));
        super::listing::show_one($context, &found.$field.as_ref().map(message_json).unwrap_or_default())
    }};
}

pub(super) async fn task_forces(context: &Context, what: TaskForces) -> Result<Verdict, Fault> {
    match what {
        TaskForces::List(list) => lists::task_forces(context, &list).await,
        TaskForces::Work { task_force, list } => lists::work(context, &list, &task_force).await,
        TaskForces::Get { id } => {
            let request = pb::GetTaskForceRequest { task_force_id: id, at_least: 0 };
            get!(context, task_force.get_task_force, request, task_force)
        }
        TaskForces::Do(act) => act::task_force(context, &act).await,
    }
}

pub(super) async fn cleanups(context: &Context, what: One) -> Result<Verdict, Fault> {
    match what {
        One::List(list) => lists::cleanups(context, &list).await,
        One::Get { id } => {
            let request = pb::GetCleanupRequest { cleanup_id: id, at_least: 0 };
            get!(context, cleanup.get_cleanup, request, cleanup)
        }
        One::Do(act) => act::cleanup(context, &act).await,
    }
}

pub(super) async fn reviews(context: &Context, what: Reviews) -> Result<Verdict, Fault> {
    match what {
        Reviews::List(list) => lists::reviews(context, &list).await,
        Reviews::Unreviewed { unit, limit } => lists::unreviewed(context, &unit, limit).await,
        Reviews::Get { id } => {
            let request = pb::GetReverseReviewRequest { case_no: id, at_least: 0 };
            get!(context, reverse_review.get_reverse_review, request, review)
        }
        Reviews::Do(act) => act::review(context, &act).await,
    }
}

pub(super) async fn major_cases(context: &Context, what: One) -> Result<Verdict, Fault> {
    match what {
        One::List(list) => lists::major_cases(context, &list).await,
        One::Get { id } => {
            let request = pb::GetMajorCaseRequest { case_no: id, at_least: 0 };
            get!(context, major_case.get_major_case, request, major_case)
        }
        One::Do(act) => act::major_case(context, &act).await,
    }
}

pub(super) async fn exhibits(context: &Context, what: Exhibits) -> Result<Verdict, Fault> {
    match what {
        Exhibits::List { case, list } => lists::exhibits(context, &list, &case).await,
        Exhibits::Get { id } => {
            let request = pb::GetExhibitRequest { exhibit_id: id, at_least: 0 };
            get!(context, exhibit.get_exhibit, request, exhibit)
        }
        Exhibits::Dens { case, list } => lists::dens(context, &list, &case).await,
        Exhibits::Den { id } => {
            let request = pb::GetDenRequest { den_id: id, at_least: 0 };
            get!(context, den.get_den, request, den)
        }
        Exhibits::Do(act) => act::exhibit(context, &act).await,
    }
}

pub(super) async fn lookups(context: &Context, what: One) -> Result<Verdict, Fault> {
    match what {
        One::List(list) => lists::lookups(context, &list).await,
        One::Get { id } => {
            let request = pb::GetLookupsRequest { case_no: id, at_least: 0 };
            get!(context, lookup.get_lookups, request, lookups)
        }
        One::Do(act) => act::lookup(context, &act).await,
    }
}
