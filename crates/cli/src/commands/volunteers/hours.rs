//! `xiaoan volunteers hours`: the shifts of a volunteer, out of their history; what was served, what was approved.

use super::super::{Context, Verdict, fields};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{rfc3339, show_instant};
use crate::render::{self, Align, Sheet};
use prost::{Message, Name};
use serde_json::json;
use time::Date;
use xiaoan_kernel::city_day;
use xiaoan_proto::volunteers::v1 as pb;

/// One shift.
#[derive(Debug, Default, PartialEq)]
struct Shift {
    patrol: String,
    begun_at: Option<prost_types::Timestamp>,
    ended_at: Option<prost_types::Timestamp>,
    /// Whole minutes; nothing while it lasts.
    served: Option<i64>,
    /// Nothing while nobody has approved it.
    approved: Option<i64>,
}

impl Shift {
    fn began_on(&self) -> Option<Date> {
        self.begun_at.as_ref().and_then(xiaoan_proto::instant).map(city_day)
    }
}

/// The shifts that a history tells, in the order they began.
fn shifts(entries: &[pb::HistoryEntry]) -> Result<Vec<Shift>, Fault> {
    fn event<M: Message + Name + Default>(entry: &pb::HistoryEntry) -> Result<M, Fault> {
        let unreadable =
            |why| Fault::Failed(format!("{} at position {}: {why}", entry.r#type, entry.position));
        fields::parse(&entry.event_json, String::new).map_err(unreadable)
    }
    let mut shifts: Vec<Shift> = Vec::new();
    for entry in entries {
        // A volunteer is at a patrol once at a time, and comes back to it as another shift.
        let latest = |shifts: &[Shift], patrol: &str| shifts.iter().rposition(|s| s.patrol == patrol);
        if entry.r#type == pb::ShiftBegun::full_name() {
            let begun: pb::ShiftBegun = event(entry)?;
            let (patrol, begun_at) = (begun.patrol_id, begun.begun_at);
            shifts.push(Shift { patrol, begun_at, ..Shift::default() });
        } else if entry.r#type == pb::ShiftEnded::full_name() {
            let ended: pb::ShiftEnded = event(entry)?;
            if let Some(n) = latest(&shifts, &ended.patrol_id) {
                (shifts[n].ended_at, shifts[n].served) = (ended.ended_at, Some(ended.minutes));
            }
        } else if entry.r#type == pb::HoursApproved::full_name() {
            let approved: pb::HoursApproved = event(entry)?;
            if let Some(n) = latest(&shifts, &approved.patrol_id) {
                shifts[n].approved = Some(approved.minutes);
            }
        }
    }
    Ok(shifts)
}

pub async fn hours(
    context: &Context,
    volunteer: String,
    from: Option<Date>,
    to: Option<Date>,
) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::GetVolunteerHistoryRequest { volunteer_id: volunteer };
    let ask = async |r| clients.volunteer().get_volunteer_history(r).await;
    let entries = clients.call(Service::Volunteers, request, ask).await?.entries;
    let wanted = |shift: &Shift| {
        let began = shift.began_on();
        from.is_none_or(|from| began >= Some(from)) && to.is_none_or(|to| began <= Some(to))
    };
    let mut sheet = Sheet::new(&[
        (context.say("巡逻编号", "patrol"), Align::Left),
        (context.say("签到", "checked in"), Align::Left),
        (context.say("签退", "checked out"), Align::Left),
        (context.say("服务分钟", "served"), Align::Right),
        (context.say("认定分钟", "approved"), Align::Right),
    ]);
    let (mut documents, mut served, mut approved) = (Vec::new(), 0, 0);
    for shift in shifts(&entries)?.iter().filter(|shift| wanted(shift)) {
        let minutes = |minutes: Option<i64>| minutes.map(|m| m.to_string()).unwrap_or_default();
        sheet.row(vec![
            shift.patrol.as_str().into(),
            show_instant(shift.begun_at.as_ref()).into(),
            show_instant(shift.ended_at.as_ref()).into(),
            minutes(shift.served).into(),
            minutes(shift.approved).into(),
        ]);
        served += shift.served.unwrap_or_default();
        approved += shift.approved.unwrap_or_default();
        documents.push(json!({
            "patrolId": shift.patrol, "begunAt": rfc3339(shift.begun_at.as_ref()),
            "endedAt": rfc3339(shift.ended_at.as_ref()), "served": shift.served, "approved": shift.approved,
        }));
    }
    let note = format!(
        " {} {served} · {} {approved}",
        context.say("服务分钟合计", "minutes served"),
        context.say("认定分钟合计", "approved"),
    );
    let document = json!({ "shifts": documents, "served": served, "approved": approved });
    render::print(context, &sheet, &document, &note)?;
    Ok(Verdict::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, event_json: &str) -> pb::HistoryEntry {
        let r#type = format!("xiaoan.volunteers.v1.{name}");
        pb::HistoryEntry { r#type, event_json: event_json.to_owned(), ..Default::default() }
    }

    #[test]
    fn shifts_are_told_with_what_was_served_and_what_was_approved() {
        let told = [
            entry("VolunteerActivated", "{}"),
            entry("ShiftBegun", r#"{"patrolId": "p-1", "begunAt": "2026-06-30T11:02:00Z"}"#),
            entry(
                "ShiftEnded",
                r#"{"patrolId": "p-1", "endedAt": "2026-06-30T13:00:00Z", "minutes": "118"}"#,
            ),
            entry("ShiftBegun", r#"{"patrolId": "p-2", "begunAt": "2026-06-30T17:00:00Z"}"#),
            entry("HoursApproved", r#"{"patrolId": "p-1", "minutes": "110"}"#),
        ];
        let shifts = shifts(&told).unwrap();
        assert_eq!((shifts[0].served, shifts[0].approved), (Some(118), Some(110)));
        assert_eq!((shifts[1].patrol.as_str(), shifts[1].served), ("p-2", None), "still there");
        // 01:00 of the city's next day
        assert_eq!(shifts[1].began_on(), Some(time::macros::date!(2026 - 07 - 01)));
    }

    #[test]
    fn an_event_that_cannot_be_read_is_said_and_not_passed_over() {
        assert!(shifts(&[entry("ShiftBegun", r#"{"colour": "red"}"#)]).is_err());
    }
}
