//! Get, list and history, the same for every resource.

use super::{Port, Sitting, broken, well_formed_id};
use crate::views::{Filter, Key, Shown, find, list};
use tonic::Status;
use xiaoan_kernel::{OrgCode, StreamId, city_midnight, day_over};
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::port::v1::HistoryEntry;
use xiaoan_rpc::{Check, Page, Role, errors, event_json, store_status};

/// A resource that is asked for.
pub(super) struct Asked<'a> {
    /// Name of the collection.
    pub(super) collection: &'static str,
    /// Field that holds the id.
    pub(super) field: &'static str,
    pub(super) id: &'a str,
    /// Roles whose bearers may read what they write, beside those who read everything.
    pub(super) roles: &'static [Role],
}

/// What a list is asked for, whatever it lists.
pub(super) struct Listed<'a> {
    pub(super) org_unit: &'a str,
    pub(super) from: Option<core::Date>,
    pub(super) to: Option<core::Date>,
    pub(super) state: i32,
    pub(super) facet: i32,
    pub(super) authorised_on: Option<core::Date>,
    pub(super) page_size: i32,
    pub(super) page_token: &'a str,
    pub(super) at_least: i64,
    pub(super) roles: &'static [Role],
}

impl Port {
    pub(super) async fn get<S: Shown>(
        &self,
        sitting: &Sitting,
        asked: &Asked<'_>,
        at_least: i64,
    ) -> Result<S, Status> {
        well_formed_id(asked.field, asked.id)?;
        self.at_least(at_least).await?;
        let found: Option<S> = find(self.store.pool(), asked.id).await.map_err(broken)?;
        let shown = found.ok_or_else(|| errors::not_found(&format!("{}/{}", asked.collection, asked.id)))?;
        sitting.may_read(asked.roles, shown.unit())?;
        Ok(shown)
    }

    /// A page, and the token of the next.
    pub(super) async fn list<S: Shown>(
        &self,
        sitting: &Sitting,
        listed: &Listed<'_>,
    ) -> Result<(Vec<S>, String), Status> {
        let mut check = Check::new();
        let from = check.optional_day("from", listed.from);
        let to = check.optional_day("to", listed.to);
        let authorised_on = check.optional_day("authorised_on", listed.authorised_on);
        let (from, to, authorised_on) = check.finish((from, to, authorised_on))?;
        let units = sitting.subtree(listed.roles, listed.org_unit)?;
        let spelled = format!(
            "{} {} {from:?} {to:?} {} {} {authorised_on:?}",
            S::KIND,
            listed.org_unit,
            listed.state,
            listed.facet
        );
        let page: Page<Key> = Page::of(listed.page_size, listed.page_token, &spelled)?;
        self.at_least(listed.at_least).await?;
        let filter = Filter {
            units,
            from: from.map(city_midnight),
            until: to.and_then(day_over),
            state: Some(listed.state).filter(|state| *state != 0),
            facet: Some(listed.facet).filter(|facet| *facet != 0),
            authorised_on,
        };
        let (found, next) = list(self.store.pool(), &filter, &page).await.map_err(broken)?;
        Ok((found, Page::token(next.as_ref(), &spelled)))
    }

    /// A page of a resource's history, and the token of the next. Read from the log itself, so it is never behind.
    pub(super) async fn history(
        &self,
        sitting: &Sitting,
        kind: &str,
        asked: &Asked<'_>,
        (page_size, page_token): (i32, &str),
    ) -> Result<(Vec<HistoryEntry>, String), Status> {
        well_formed_id(asked.field, asked.id)?;
        let spelled = format!("history {kind} {}", asked.id);
        let page: Page<i64> = Page::of(page_size, page_token, &spelled)?;
        let stream = StreamId::new(kind, asked.id);
        let events = self.store.read_stream(&stream, 0).await.map_err(|e| store_status(&e))?;
        let Some(first) = events.first() else {
            return Err(errors::not_found(&format!("{}/{}", asked.collection, asked.id)));
        };
        sitting.may_read(asked.roles, &first.org_unit)?;
        let after = page.after.unwrap_or_default();
        let behind = events.iter().filter(|event| event.version > after);
        let mut rows: Vec<_> = behind.take(page.size + 1).collect();
        let next = page.cut(&mut rows, |event| event.version);
        let entry = |event: &&xiaoan_eventstore::RecordedEvent| {
            Ok(HistoryEntry {
                position: event.position,
                version: event.version,
                r#type: event.r#type.clone(),
                occurred_on: event.occurred_on,
                recorded_at: event.recorded_at,
                actor: event.actor.clone(),
                event_json: event_json(event)?,
                hash: event.hash.to_vec(),
            })
        };
        let entries = rows.iter().map(entry).collect::<Result<_, Status>>()?;
        Ok((entries, Page::token(next.as_ref(), &spelled)))
    }

    /// Refuses an enum's number that this build does not know.
    pub(super) fn known_choice<E: TryFrom<i32>>(field: &'static str, value: i32) -> Result<(), Status> {
        let mut check = Check::new();
        let choice = check.choice_or_default::<E>(field, value);
        check.finish((choice.map(drop), Some(()))).map(|_| ())
    }

    /// The unit of a resource's receipt, when it is one.
    pub(super) fn unit_of(org_unit: &str) -> Option<OrgCode> {
        OrgCode::parse(org_unit).ok()
    }
}
