//! The gRPC services of the work on cases. A command is decided on the state after everything that has fallen due
//! ([`decide_after_due`]); apart from that the handlers are those of the casebook, and the table of them is in `services.rs`.

mod openings;
mod queries;
mod services;

use super::{CACHED, Casebook, Sitting, broken, well_formed_id};
use crate::case::case_no_is_well_formed;
use crate::moment::{Moment, NOT_ONE_OF};
use crate::refusal::{Refused, Remarks};
use crate::views::work as view;
use crate::work::{Alarms, Cases, FactsOf, Row, Work, decide_after_due};
use prost::{Message, Name};
use std::sync::Arc;
use tonic::Status;
use xiaoan_eventstore::{Decision, Repository};
use xiaoan_kernel::OrgCode;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::{Page, command_status, errors, receipt, refusal_status, store_status};

/// What the handlers share: the casebook's, and the aggregates of the work.
#[derive(Clone)]
pub struct WorkDesk {
    book: Casebook,
    all: Alarms,
}

/// What a page is asked for with.
struct Wanted<'m> {
    org_unit: &'m str,
    /// Number of the state and whether there is such a state.
    state: (i32, bool),
    parent: &'m str,
    page_size: i32,
    page_token: &'m str,
    at_least: i64,
}

impl WorkDesk {
    /// Beside a casebook.
    #[must_use]
    pub fn new(book: Casebook) -> Self {
        let store = &book.store;
        let all = Alarms {
            task_forces: Repository::new(store.clone(), CACHED),
            cleanups: Repository::new(store.clone(), CACHED),
            reviews: Repository::new(store.clone(), CACHED),
            major_cases: Repository::new(store.clone(), CACHED),
            exhibits: Repository::new(store.clone(), CACHED),
            dens: Repository::new(store.clone(), CACHED),
            lookups: Repository::new(store.clone(), CACHED),
            rules: Arc::clone(&book.rules),
        };
        Self { book, all }
    }

    /// What carries deadlines of the work out, on the same aggregates.
    #[must_use]
    pub fn alarms(&self) -> Alarms {
        self.all.clone()
    }

    /// A command about one that is there.
    async fn change<A: Work, M: Message + Name>(
        &self,
        all: &Repository<A>,
        sitting: &Sitting,
        (id, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&A, &Moment<'_>) -> Result<FactsOf<A>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        let may = |work: &A, _: &Moment<'_>| sitting.may_write(work.unit());
        self.execute(all, sitting, (id, request_id, etag), message, may, decide).await
    }

    /// A command that makes one, for a unit that the caller may write for; whether it is there already, the decision says.
    async fn open<A: Work, M: Message + Name>(
        &self,
        all: &Repository<A>,
        sitting: &Sitting,
        (id, request_id): (&str, &str),
        unit: &str,
        message: &M,
        decide: impl Fn(&A, &Moment<'_>) -> Result<FactsOf<A>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        // A unit that nobody knows is the decision's to refuse.
        let unit = OrgCode::parse(unit).ok().filter(|unit| sitting.units.knows(*unit));
        let may = |_: &A, _: &Moment<'_>| sitting.may_write(unit);
        self.execute(all, sitting, (id, request_id, ""), message, may, decide).await
    }

    async fn execute<A: Work, M: Message + Name>(
        &self,
        all: &Repository<A>,
        sitting: &Sitting,
        (id, request_id, etag): (&str, &str, &str),
        message: &M,
        may: impl Fn(&A, &Moment<'_>) -> Result<(), Refused>,
        decide: impl Fn(&A, &Moment<'_>) -> Result<FactsOf<A>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        well_formed_id("id", id)?;
        let meta = self.book.meta(sitting, request_id, message, etag)?;
        let decide = |work: &A, _| {
            let at = sitting.moment();
            may(work, &at)?;
            decide_after_due(work, &at, |work| decide(work, &at)).map(Decision::from)
        };
        let outcome = all.execute::<Refused, _>(id, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(format!("{}/{id}", A::NOUN), &outcome)))
    }

    async fn get<A: Work>(&self, sitting: &Sitting, id: &str, at_least: i64) -> Result<A::Shown, Status> {
        well_formed_id("id", id)?;
        self.book.at_least(at_least).await?;
        let found = view::find::<A::Shown>(self.book.store.pool(), A::KIND, id).await.map_err(broken)?;
        let found = found.ok_or_else(|| errors::not_found(&format!("{}/{id}", A::NOUN)))?;
        sitting.may_read(found.org_unit())?;
        Ok(found)
    }

    async fn list<R: Row>(
        &self,
        sitting: &Sitting,
        kind: &str,
        wanted: Wanted<'_>,
    ) -> Result<(Vec<R>, String), Status> {
        let (state, known) = wanted.state;
        if !known {
            let mut remarks = Remarks::default();
            remarks.note("state", NOT_ONE_OF);
            remarks.refuse().map_err(|refused| refusal_status(&refused))?;
        }
        let units = sitting.subtree(wanted.org_unit)?;
        let spelled = format!("{kind} {} {state} {}", wanted.org_unit, wanted.parent);
        let page = Page::of(wanted.page_size, wanted.page_token, &spelled)?;
        self.book.at_least(wanted.at_least).await?;
        let filter = view::Filter { units, state, parent: wanted.parent.to_owned() };
        let (rows, next) = view::list(self.book.store.pool(), kind, &filter, &page).await.map_err(broken)?;
        Ok((rows, Page::token(next.as_ref(), &spelled)))
    }

    /// The named cases that exist, as they are when the command arrives.
    async fn cases_of(&self, case_nos: &[String]) -> Result<Cases, Status> {
        let mut cases = Cases::new();
        // More than a command may name are refused by the decision, whatever they are.
        for case_no in case_nos.iter().filter(|no| case_no_is_well_formed(no)).take(64) {
            let loaded = self.book.cases.load(case_no).await.map_err(|e| store_status(&e))?;
            if loaded.version > 0 {
                cases.insert(case_no.clone(), loaded.state);
            }
        }
        Ok(cases)
    }
}
