//! `AuditService` and `DeadlineService`, and what a deadline does that comes about.

use super::{Casebook, Sitting, broken, well_formed_id};
use crate::alert::{Alert, AlertEvent};
use crate::audit::lot::{Frame, FrameRule};
use crate::audit::{Audit, AuditEvent, Stratum, blind};
use crate::case::Case;
use crate::deadline::Deadline;
use crate::refusal::Refused;
use crate::report::{Report, ReportEvent};
use crate::views::audits;
use std::collections::{BTreeMap, BTreeSet};
use time::{Date, OffsetDateTime};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::{Decision, OfOthers, RecordedEvent, Repository};
use xiaoan_kernel::{
    Aggregate, EventSet, OrgCode, UnknownEvent, city_day, city_midnight, day_over, whole_micros,
};
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::audit_service_server::AuditService;
use xiaoan_proto::cases::v1::deadline_service_server::DeadlineService;
use xiaoan_rpc::{Check, Page, Role, command_status, errors, receipt, refusal_status, store_status};
use xiaoan_timer::Alarm;

/// Events read at once when a frame is derived anew.
const CHUNK: i64 = 2_000;

impl Casebook {
    /// Units of a subtree on the last day of the window: later moves of units do not change a frame.
    fn audited_units(sitting: &Sitting, root: OrgCode, to: Date) -> Vec<OrgCode> {
        let tree = &sitting.units;
        tree.units().into_iter().filter(|unit| tree.is_within(*unit, root, to)).collect()
    }

    async fn frame(&self, sitting: &Sitting, stratum: &Stratum, kinds: &[String]) -> Result<Frame, Status> {
        let head = self.store.head().await.map_err(|e| store_status(&e))?;
        self.at_least(head.position).await?;
        let units = Self::audited_units(sitting, stratum.unit, stratum.to);
        let window = window(stratum.from, stratum.to);
        // What PostgreSQL and an event keep of it, so that a frame comes out the same again.
        let rule = FrameRule::Filed(whole_micros(sitting.now));
        audits::frame(self.store.pool(), &units, window, kinds, rule).await.map_err(broken)
    }

    async fn draw(
        &self,
        sitting: &Sitting,
        m: &v1::DrawAuditSampleRequest,
    ) -> Result<v1::DrawAuditSampleResponse, Status> {
        sitting.caller.require(Role::Registrar)?;
        let meta = self.meta(sitting, &m.request_id, m, "")?;
        let audit_id = if m.audit_id.is_empty() { meta.request.id.to_string() } else { m.audit_id.clone() };
        well_formed_id("audit_id", &audit_id)?;
        let stratum =
            Audit::stratum(m, &sitting.moment()).map_err(|refused: Refused| refusal_status(&refused))?;
        // Two draws at once must not take the same alert.
        let _turn = self.draws.take().await?;
        let frame = self.frame(sitting, &stratum, &m.kinds).await?;
        let decide = |audit: &Audit, _| {
            sitting.may_write(Some(stratum.unit))?;
            audit.decide_draw(m, &audit_id, &frame, &sitting.moment()).map(Decision::from)
        };
        let outcome =
            self.audits.execute::<Refused, _>(&audit_id, meta, decide).await.map_err(command_status)?;
        Ok(v1::DrawAuditSampleResponse { receipt: Some(receipt(format!("audits/{audit_id}"), &outcome)) })
    }

    /// Whoever may read the audited unit, or works where it is audited.
    fn may_read_audit(sitting: &Sitting, audit: &v1::Audit) -> Result<(), Status> {
        if audit.auditor_unit == sitting.caller.org_unit.to_string() {
            return sitting.caller.require(Role::Registrar);
        }
        sitting.may_read(&audit.org_unit)
    }

    /// Derives a frame from the log, up to a position.
    async fn derived(
        &self,
        units: &BTreeSet<String>,
        audit: &v1::Audit,
    ) -> Result<(Frame, i64, Option<prost_types::Timestamp>), Status> {
        let day = |on: Option<xiaoan_proto::core::v1::Date>| {
            on.and_then(|on| Date::try_from(on).ok()).unwrap_or(Date::MIN)
        };
        let (from, to) = (day(audit.from), day(audit.to));
        let (mut past, mut read, mut as_of) = (Past::default(), 0, None);
        let mut next = 1;
        while next <= audit.frame_position {
            let most = CHUNK.min(audit.frame_position - next + 1);
            let events = self.store.read_log(next, most).await.map_err(|e| store_status(&e))?;
            let Some(last) = events.last() else { break };
            next = last.position + 1;
            as_of = last.recorded_at;
            read += i64::try_from(events.len()).unwrap_or_default();
            for event in &events {
                past.note(event).map_err(|e| errors::internal(&e))?;
            }
        }
        let in_frame = |alert: &v1::Alert| {
            let on = alert.received_at.as_ref().and_then(xiaoan_proto::instant).map(city_day);
            units.contains(&alert.org_unit)
                && on.is_some_and(|on| from <= on && on <= to)
                && (audit.kinds.is_empty() || audit.kinds.contains(&alert.kind))
        };
        let rule = FrameRule::of(audit);
        let alerts = past.alerts.values().filter(|alert| in_frame(alert));
        let entries = alerts.filter_map(|alert| {
            rule.entry(alert, past.reports.get(&alert.report_id), past.held.contains(&alert.alert_id))
        });
        Ok((Frame::new(entries.collect(), audit.frame_position, rule), read, as_of))
    }

    /// The time of an alert's, a report's or a case's deadline is up: it is breached unless it was met meanwhile.
    ///
    /// # Errors
    /// When the command did not get as far as a decision: it is tried again.
    pub async fn breach(&self, alarm: &Alarm) -> anyhow::Result<()> {
        match alarm.stream.parts().0 {
            Alert::KIND => {
                self.breach_of(alarm, "alerts", &self.alerts, |alert| {
                    let unit = alert.handler().filter(|_| !alert.ran_elsewhere());
                    unit.zip(alert.due_at(&alarm.kind))
                })
                .await
            }
            Report::KIND => {
                self.breach_of(alarm, "reports", &self.reports, |report| {
                    let unit = report.unit().filter(|_| !report.ran_elsewhere());
                    unit.zip(report.clock(&alarm.kind).map(|clock| clock.due_at))
                })
                .await
            }
            Case::KIND => {
                self.breach_of(alarm, "cases", &self.cases, |case| case.unit().zip(case.notify_by())).await
            }
            // An aggregate that this build does not know is nothing to decide; it would fail for ever otherwise.
            _ => Ok(()),
        }
    }

    /// The same of one kind of aggregate. `limit` = the unit that has to meet this limit of it, and by when, if it is running;
    /// the subject is checked to be unchanged when the breach is recorded.
    async fn breach_of<A: Aggregate>(
        &self,
        alarm: &Alarm,
        collection: &str,
        subjects: &Repository<A>,
        limit: impl Fn(&A) -> Option<(OrgCode, OffsetDateTime)>,
    ) -> anyhow::Result<()> {
        let id = alarm.request_id().to_string();
        let subject = alarm.stream.parts().1;
        let resource = format!("{collection}/{subject}");
        let which = |_: &Deadline| vec![subject.to_owned()];
        let decide = |deadline: &Deadline, found: &BTreeMap<String, A>| {
            let (unit, due_at) = found.get(subject).and_then(&limit).unzip();
            let facts = deadline.decide_breach(alarm, &resource, unit, due_at);
            Ok((facts.into(), OfOthers::<A>::new()))
        };
        let done =
            self.deadlines.execute_across::<_, Refused>(&id, subjects, which, &alarm.command(), decide).await;
        done.map(drop).map_err(|error| anyhow::anyhow!("{}", command_status(error)))
    }
}

/// What a frame depends on, folded from the log.
#[derive(Default)]
struct Past {
    alerts: BTreeMap<String, v1::Alert>,
    reports: BTreeMap<String, v1::Report>,
    /// Alerts that an audit had drawn.
    held: BTreeSet<String>,
}

impl Past {
    fn note(&mut self, event: &RecordedEvent) -> Result<(), UnknownEvent> {
        match event.stream.split_once('-') {
            Some((Alert::KIND, id)) => {
                let decoded = AlertEvent::decode(&event.r#type, &event.payload)?;
                crate::alert::note(self.alerts.entry(id.to_owned()).or_default(), &decoded);
            }
            Some((Report::KIND, id)) => {
                let decoded = ReportEvent::decode(&event.r#type, &event.payload)?;
                crate::report::note(self.reports.entry(id.to_owned()).or_default(), &decoded);
            }
            Some((Audit::KIND, _)) => {
                if let AuditEvent::Drawn(drawn) = AuditEvent::decode(&event.r#type, &event.payload)? {
                    self.held.extend(drawn.alerts.into_iter().map(|alert| alert.alert_id));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn window(from: Date, to: Date) -> (OffsetDateTime, OffsetDateTime) {
    (city_midnight(from), day_over(to).unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

#[tonic::async_trait]
impl AuditService for Casebook {
    async fn draw_audit_sample(
        &self,
        request: Request<v1::DrawAuditSampleRequest>,
    ) -> Result<Response<v1::DrawAuditSampleResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        self.draw(&sitting, &m).await.map(Response::new)
    }

    async fn record_audit_verdict(
        &self,
        request: Request<v1::RecordAuditVerdictRequest>,
    ) -> Result<Response<v1::RecordAuditVerdictResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("audit_id", &m.audit_id)?;
        well_formed_id("alert_id", &m.alert_id)?;
        sitting.caller.require(Role::Registrar)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let which = |_: &Audit| vec![m.alert_id.clone()];
        let decide = |audit: &Audit, alerts: &BTreeMap<String, Alert>| {
            let at = sitting.moment();
            let facts = audit.decide_verdict(&m, &at)?;
            let alert = alerts.get(&m.alert_id).cloned().unwrap_or_default();
            let of_alert = alert.decide_audited(&m.audit_id, &at)?;
            Ok((facts.into(), BTreeMap::from([(m.alert_id.clone(), of_alert)])))
        };
        let outcome = self
            .audits
            .execute_across::<_, Refused>(&m.audit_id, &self.alerts, which, &meta, decide)
            .await
            .map_err(command_status)?;
        let receipt = Some(receipt(format!("audits/{}", m.audit_id), &outcome));
        Ok(Response::new(v1::RecordAuditVerdictResponse { receipt }))
    }

    async fn get_audit(
        &self,
        request: Request<v1::GetAuditRequest>,
    ) -> Result<Response<v1::GetAuditResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("audit_id", &m.audit_id)?;
        self.at_least(m.at_least).await?;
        let found = audits::find(self.store.pool(), &m.audit_id).await.map_err(broken)?;
        let audit = found.ok_or_else(|| errors::not_found(&format!("audits/{}", m.audit_id)))?;
        Self::may_read_audit(&sitting, &audit)?;
        Ok(Response::new(v1::GetAuditResponse { audit: Some(blind(audit)) }))
    }

    async fn list_audits(
        &self,
        request: Request<v1::ListAuditsRequest>,
    ) -> Result<Response<v1::ListAuditsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let units = sitting.subtree(&m.org_unit)?;
        let spelled = format!("audits {}", m.org_unit);
        let page = Page::of(m.page_size, &m.page_token, &spelled)?;
        self.at_least(m.at_least).await?;
        let (found, next) = audits::list(self.store.pool(), &units, &page).await.map_err(broken)?;
        let found = found.into_iter().map(|audit| v1::Audit { alerts: Vec::new(), ..blind(audit) }).collect();
        let next_page_token = Page::token(next.as_ref(), &spelled);
        Ok(Response::new(v1::ListAuditsResponse { audits: found, next_page_token }))
    }

    async fn verify_audit_sample(
        &self,
        request: Request<v1::VerifyAuditSampleRequest>,
    ) -> Result<Response<v1::VerifyAuditSampleResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("audit_id", &m.audit_id)?;
        let audit = self.audits.load(&m.audit_id).await.map_err(|e| store_status(&e))?.state;
        let audit = audit.seen();
        let (Ok(root), Some(to)) =
            (OrgCode::parse(&audit.org_unit), audit.to.and_then(|to| Date::try_from(to).ok()))
        else {
            return Err(errors::not_found(&format!("audits/{}", m.audit_id)));
        };
        Self::may_read_audit(&sitting, audit)?;
        let units = Self::audited_units(&sitting, root, to).iter().map(ToString::to_string).collect();
        let (frame, events, as_of) = self.derived(&units, audit).await?;
        let sample = frame.draw(&audit.seed, audit.alerts.len());
        let drawn = audit.alerts.iter().filter_map(|a| a.alert.as_ref());
        Ok(Response::new(v1::VerifyAuditSampleResponse {
            same: frame.hash() == audit.frame_hash && drawn.eq(sample.iter()),
            frame_hash: frame.hash(),
            frame_size: i32::try_from(frame.alerts().len()).unwrap_or(i32::MAX),
            events,
            alert_ids: sample.into_iter().map(|alert| alert.alert_id).collect(),
            as_of,
        }))
    }
}

#[tonic::async_trait]
impl DeadlineService for Casebook {
    async fn list_breaches(
        &self,
        request: Request<v1::ListBreachesRequest>,
    ) -> Result<Response<v1::ListBreachesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let mut check = Check::new();
        let from = check.optional_day("from", m.from);
        let to = check.optional_day("to", m.to);
        let (from, to) = check.finish((from, to))?;
        let units = sitting.subtree(&m.org_unit)?;
        let spelled = format!("breaches {} {from:?} {to:?}", m.org_unit);
        let page = Page::of(m.page_size, &m.page_token, &spelled)?;
        self.at_least(m.at_least).await?;
        let filter = audits::Breaches { units, from: from.map(city_midnight), until: to.and_then(day_over) };
        let (breaches, next) = audits::breaches(self.store.pool(), &filter, &page).await.map_err(broken)?;
        let next_page_token = Page::token(next.as_ref(), &spelled);
        Ok(Response::new(v1::ListBreachesResponse { breaches, next_page_token }))
    }
}
