//! The aggregate `Audit`: an audit of recording integrity (domain reference §A.4, §H.0, vector K13). A sample of alerts is drawn
//! by lot, somebody of another unit decides again what each should have become, and the share that was recorded is told
//! with its 95 % interval and its band.
//!
//! | file | what is there |
//! |---|---|
//! | `mod.rs` | events, state, drawing, verdicts |
//! | `lot.rs` | frame and lot: the same seed over the same frame draws the same sample; what is in a frame, and recorded |
//! | `share.rs` | share, Wilson interval |
//!
//! Invariants: recorded is an alert for which a case stood filed, by what the log said when the sample was drawn, so nobody improves a
//! result afterwards; the auditing unit is not audited itself, nor is a unit above it; each alert is in one audit at most and has one
//! verdict, given without being shown what had become of it; what needed no case is not counted. §A.4 has alerts decided again by
//! somebody independent of the unit, once: there is no second reader.

pub mod lot;
pub mod share;

use crate::moment::{Moment, NOT_ONE_OF, chosen_id, known, text};
use crate::refusal::{Intake, Reason, Refused, Remarks};
use lot::{Frame, FrameRule};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    self, AuditCompleted, AuditSampleDrawn, AuditVerdict, AuditVerdictRecorded, AuditedAlert,
    DrawAuditSampleRequest, IntegrityBand, IntegrityResult, RecordAuditVerdictRequest,
};
use xiaoan_proto::timestamp;

/// Most alerts of a sample.
pub const LARGEST: i32 = 2000;

xiaoan_kernel::events! {
    /// Everything that can happen to an audit.
    pub enum AuditEvent {
        Drawn(v1::AuditSampleDrawn),
        VerdictRecorded(v1::AuditVerdictRecorded),
        Completed(v1::AuditCompleted),
    }
}

/// One audit, as `GetAudit` shows it (without etag).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audit {
    seen: v1::Audit,
}

type Facts = Vec<Fact<AuditEvent>>;

impl Aggregate for Audit {
    const KIND: &'static str = "audit";
    type Event = AuditEvent;

    fn apply(&mut self, event: &AuditEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into an audit as everybody sees it.
pub fn note(audit: &mut v1::Audit, event: &AuditEvent) {
    match event {
        AuditEvent::Drawn(e) => {
            let undecided =
                |alert: &v1::SampledAlert| AuditedAlert { alert: Some(alert.clone()), ..Default::default() };
            *audit = v1::Audit {
                audit_id: e.audit_id.clone(),
                org_unit: e.org_unit.clone(),
                auditor_unit: e.auditor_unit.clone(),
                from: e.from,
                to: e.to,
                kinds: e.kinds.clone(),
                seed: e.seed.clone(),
                frame_hash: e.frame_hash.clone(),
                frame_size: e.frame_size,
                frame_position: e.frame_position,
                alerts: e.alerts.iter().map(undecided).collect(),
                frame_rule: e.frame_rule,
                frame_as_of: e.frame_as_of,
                result: Some(IntegrityResult::default()),
                ..Default::default()
            };
        }
        AuditEvent::VerdictRecorded(e) => {
            let alert = audit.alerts.iter_mut().find(|a| id_of(a) == e.alert_id);
            if let Some(alert) = alert {
                alert.verdict = e.verdict;
                alert.reason.clone_from(&e.reason);
                alert.auditor.clone_from(&e.auditor);
            }
            audit.result = Some(share::result(&audit.alerts));
        }
        AuditEvent::Completed(e) => {
            audit.complete = true;
            audit.result.clone_from(&e.result);
        }
    }
}

/// An audit as it may be seen: what had become of an alert is hidden until its verdict, and the result until the last one; otherwise the
/// auditor would know what the answer makes of the figure.
#[must_use]
pub fn blind(mut audit: v1::Audit) -> v1::Audit {
    if audit.complete {
        return audit;
    }
    audit.result = None;
    for audited in audit.alerts.iter_mut().filter(|audited| audited.verdict == 0) {
        if let Some(alert) = &mut audited.alert {
            alert.recorded = false;
        }
    }
    audit
}

fn id_of(audited: &AuditedAlert) -> &str {
    audited.alert.as_ref().map_or("", |alert| &alert.alert_id)
}

/// A window and stratum that a frame is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stratum {
    /// Unit whose subtree is audited.
    pub unit: OrgCode,
    /// Unit that audits.
    pub auditor: OrgCode,
    /// First day received.
    pub from: Date,
    /// Last day received.
    pub to: Date,
}

impl Audit {
    /// The audit as `GetAudit` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Audit {
        &self.seen
    }

    /// What a request says, or why it cannot be; the frame is read by it.
    ///
    /// # Errors
    /// CB-001, CB-003, GE-006, GE-004 without a registrar.
    pub fn stratum(request: &DrawAuditSampleRequest, at: &Moment<'_>) -> Result<Stratum, Refused> {
        let mut remarks = Remarks::default();
        if !request.audit_id.is_empty() {
            chosen_id(&mut remarks, "audit_id", &request.audit_id);
        }
        let from = at.past_day(&mut remarks, "from", request.from.as_ref());
        let to = at.past_day(&mut remarks, "to", request.to.as_ref());
        if from > to && to.is_some() {
            remarks.note("to", Reason::Intake(Intake::StepEarlier));
        }
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, to);
        let auditor = match request.auditor_unit.as_str() {
            "" => Some(at.unit),
            stated => at.unit(&mut remarks, "auditor_unit", stated, Some(at.today())),
        };
        for kind in &request.kinds {
            text(&mut remarks, "kinds", kind, 1, 40);
        }
        text(&mut remarks, "seed", &request.seed, 1, 64);
        if !(1..=LARGEST).contains(&request.size) {
            remarks.note("size", SIZE);
        }
        remarks.refuse()?;
        if !at.registrar {
            return Err(Intake::AuditNeedsRegistrar.into());
        }
        match (unit, auditor, from, to) {
            (Some(unit), Some(auditor), Some(from), Some(to)) => Ok(Stratum { unit, auditor, from, to }),
            _ => Err(Reason::MissingValue.into()), // cannot be: all were looked at above
        }
    }

    /// Draws the sample from a frame.
    ///
    /// # Errors
    /// AUDIT-EXISTS, AUDIT-EMPTY, GE-004 (the auditor's own alerts), and those of [`stratum`](Self::stratum).
    pub fn decide_draw(
        &self,
        request: &DrawAuditSampleRequest,
        audit_id: &str,
        frame: &Frame,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let stratum = Self::stratum(request, at)?;
        if !self.seen.audit_id.is_empty() {
            return Err(Intake::AuditExists.into());
        }
        if frame.alerts().is_empty() {
            return Err(Intake::AuditEmpty.into());
        }
        for alert in frame.alerts() {
            if let Ok(unit) = OrgCode::parse(&alert.org_unit)
                && at.units.is_within(stratum.auditor, unit, at.today())
            {
                return Err(Intake::AuditOwnUnit { unit }.into());
            }
        }
        let as_of = match frame.rule() {
            FrameRule::Filed(as_of) => Some(as_of),
            FrameRule::RegisteredOrFiled => None,
        };
        let frame_hash = frame.hash();
        let size = usize::try_from(request.size).unwrap_or_default();
        let drawn = AuditSampleDrawn {
            audit_id: audit_id.to_owned(),
            org_unit: request.org_unit.clone(),
            auditor_unit: stratum.auditor.to_string(),
            from: request.from,
            to: request.to,
            kinds: request.kinds.clone(),
            seed: request.seed.clone(),
            alerts: frame.draw(&request.seed, size),
            frame_hash,
            frame_size: i32::try_from(frame.alerts().len()).unwrap_or(i32::MAX),
            frame_position: frame.position(),
            drawn_by: at.actor.to_owned(),
            size: request.size,
            frame_rule: i32::from(as_of.is_some()),
            frame_as_of: as_of.map(timestamp),
        };
        Ok(vec![Fact::new(drawn, stratum.unit, at.today())])
    }

    /// Somebody of the auditing unit decides one alert; the last one completes the audit.
    ///
    /// # Errors
    /// AUDIT-UNKNOWN, AUDIT-NOT-SAMPLED, AUDIT-DECIDED, GE-004, GE-006.
    pub fn decide_verdict(
        &self,
        request: &RecordAuditVerdictRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (Ok(unit), Ok(auditor)) =
            (OrgCode::parse(&self.seen.org_unit), OrgCode::parse(&self.seen.auditor_unit))
        else {
            return Err(Intake::AuditUnknown.into());
        };
        let mut remarks = Remarks::default();
        let _: AuditVerdict = known(&mut remarks, "verdict", request.verdict);
        if request.verdict == 0 {
            remarks.note("verdict", NOT_ONE_OF);
        }
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        if !at.registrar {
            return Err(Intake::AuditNeedsRegistrar.into());
        }
        if at.unit != auditor {
            return Err(Intake::AuditNotYours { unit: auditor }.into());
        }
        let Some(audited) = self.seen.alerts.iter().find(|a| id_of(a) == request.alert_id) else {
            return Err(Intake::AuditNotSampled.into());
        };
        if audited.verdict != 0 {
            return Err(Intake::AuditDecided.into());
        }
        let alert = audited.alert.clone().unwrap_or_default();
        let of_alert = OrgCode::parse(&alert.org_unit).unwrap_or(unit);
        let verdict = AuditVerdictRecorded {
            audit_id: self.seen.audit_id.clone(),
            alert_id: alert.alert_id,
            org_unit: alert.org_unit,
            received_on: alert.received_on,
            verdict: request.verdict,
            recorded: alert.recorded,
            reason: request.reason.clone(),
            auditor: at.actor.to_owned(),
            auditor_unit: auditor.to_string(),
        };
        let counts_on = alert.received_on.and_then(|on| Date::try_from(on).ok()).unwrap_or(at.today());
        let mut after = self.clone();
        let mut facts = vec![Fact::new(verdict, of_alert, counts_on)];
        facts.iter().for_each(|fact| after.apply(&fact.event));
        if after.seen.alerts.iter().all(|alert| alert.verdict != 0) {
            let completed = AuditCompleted {
                audit_id: self.seen.audit_id.clone(),
                org_unit: self.seen.org_unit.clone(),
                completed_on: Some(at.today().into()),
                sampled: i32::try_from(after.seen.alerts.len()).unwrap_or(i32::MAX),
                result: after.seen.result.map(|result| banded(result, at)),
            };
            facts.push(Fact::new(completed, unit, at.today()));
        }
        Ok(facts)
    }
}

/// A result with its band by the limits in force today; without limits it has none.
fn banded(mut result: IntegrityResult, at: &Moment<'_>) -> IntegrityResult {
    let limits = at.rules.bands.find(at.today());
    let band =
        limits.map_or(IntegrityBand::Unspecified, |l| l.band(result.recorded.into(), result.should.into()));
    result.set_band(band);
    result.limits_from = limits.map(|l| l.from.into());
    result
}

const SIZE: Reason = Reason::Malformed { form_zh: "1至2000", form_en: "1 to 2000" };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::story::{Desk, STATION};
    use time::macros::date;
    use xiaoan_kernel::given::given;
    use xiaoan_proto::cases::v1::SampledAlert;

    fn alert(n: usize, recorded: bool) -> SampledAlert {
        SampledAlert {
            alert_id: format!("110-{n:04}"),
            org_unit: STATION.into(),
            received_on: Some(date!(2026 - 09 - 10).into()),
            recorded,
        }
    }

    fn frame_of(alerts: Vec<SampledAlert>, position: i64) -> Frame {
        Frame::new(alerts, position, FrameRule::Filed(Desk::default().now))
    }

    fn request(size: i32) -> DrawAuditSampleRequest {
        DrawAuditSampleRequest {
            org_unit: "371102000000".into(),
            from: Some(date!(2026 - 09 - 01).into()),
            to: Some(date!(2026 - 09 - 30).into()),
            size,
            seed: "2026-10 第1期".into(),
            ..Default::default()
        }
    }

    fn registrar(desk: &Desk) -> Moment<'_> {
        Moment { registrar: true, ..desk.city("registrar-9") }
    }

    fn drawn(frame: &Frame, size: i32) -> Audit {
        let desk = Desk::default();
        let mut audit = Audit::default();
        let facts = audit.decide_draw(&request(size), "a-1", frame, &registrar(&desk)).expect("drawn");
        facts.iter().for_each(|fact| audit.apply(&fact.event));
        audit
    }

    fn decide(audit: &mut Audit, alert_id: &str, verdict: AuditVerdict) -> Facts {
        let desk = Desk::default();
        let request = RecordAuditVerdictRequest {
            alert_id: alert_id.into(),
            verdict: verdict.into(),
            reason: "r".into(),
            ..Default::default()
        };
        let facts = audit.decide_verdict(&request, &registrar(&desk)).expect("decided");
        facts.iter().for_each(|fact| audit.apply(&fact.event));
        facts
    }

    #[test]
    fn k13_200_alerts_of_which_171_recorded_are_85_5_percent_in_the_lowest_band() {
        let frame = frame_of((0..200).map(|n| alert(n, n < 171)).collect(), 900);
        let mut audit = drawn(&frame, 200);
        let ids: Vec<String> = audit.seen().alerts.iter().map(|a| id_of(a).to_owned()).collect();
        let mut last = Vec::new();
        for id in &ids {
            last = decide(&mut audit, id, AuditVerdict::ShouldBeRecorded);
        }
        assert_eq!(last.len(), 2, "the last verdict completes the audit");
        let result = audit.seen().result.expect("a result");
        assert_eq!((result.should, result.recorded), (200, 171));
        assert_eq!((result.share, result.low, result.high), (Some(8550), 7995, 8971));
        assert_eq!(result.band(), IntegrityBand::Poor);
        assert!(audit.seen().complete);
    }

    #[test]
    fn what_needed_no_recording_is_not_counted() {
        let frame = frame_of(vec![alert(1, true), alert(2, false)], 9);
        let mut audit = drawn(&frame, 2);
        decide(&mut audit, "110-0001", AuditVerdict::ShouldBeRecorded);
        decide(&mut audit, "110-0002", AuditVerdict::NothingToRecord);
        let result = audit.seen().result.expect("a result");
        assert_eq!((result.should, result.recorded, result.share), (1, 1, Some(10_000)));
        let mut nothing = drawn(&frame_of(vec![alert(1, false)], 9), 1);
        decide(&mut nothing, "110-0001", AuditVerdict::NothingToRecord);
        let result = nothing.seen().result.expect("a result");
        assert_eq!((result.share, result.band()), (None, IntegrityBand::Unspecified));
    }

    #[test]
    fn an_audit_is_drawn_by_a_registrar_from_what_there_is() {
        let desk = Desk::default();
        let frame = frame_of(vec![alert(1, true)], 9);
        let no_registrar = desk.city("chief-9");
        given::<Audit>([])
            .when(|audit| audit.decide_draw(&request(1), "a-1", &frame, &no_registrar))
            .then_refused(&["GE-004"]);
        given::<Audit>([])
            .when(|audit| audit.decide_draw(&request(1), "a-1", &frame_of(vec![], 9), &registrar(&desk)))
            .then_refused(&["AUDIT-EMPTY"]);
        let future = DrawAuditSampleRequest { to: Some(date!(2026 - 10 - 02).into()), size: 0, ..request(1) };
        given::<Audit>([])
            .when(|audit| audit.decide_draw(&future, "a-1", &frame, &registrar(&desk)))
            .then_refused(&["CB-003", "GE-006"]);
        let there = drawn(&frame, 1);
        let again = there.decide_draw(&request(1), "a-1", &frame, &registrar(&desk)).expect_err("again");
        assert!(again.is(&Reason::Intake(Intake::AuditExists)));
    }

    #[test]
    fn nobody_audits_the_own_unit_or_one_above_it() {
        let desk = Desk::default();
        let frame = frame_of(vec![alert(1, true)], 9);
        let of = |unit: &str| DrawAuditSampleRequest { auditor_unit: unit.into(), ..request(1) };
        given::<Audit>([])
            .when(|audit| audit.decide_draw(&of(STATION), "a-1", &frame, &registrar(&desk)))
            .then_refused(&["GE-004"]);
        let of_bureau = SampledAlert { org_unit: "371102000000".into(), ..alert(1, true) };
        given::<Audit>([])
            .when(|audit| {
                audit.decide_draw(&of(STATION), "a-1", &frame_of(vec![of_bureau], 9), &registrar(&desk))
            })
            .then_refused(&["GE-004"]);
        assert!(Audit::default().decide_draw(&of("371103000000"), "a-1", &frame, &registrar(&desk)).is_ok());
    }

    #[test]
    fn a_verdict_is_the_auditing_units_and_is_given_once() {
        let desk = Desk::default();
        let frame = frame_of(vec![alert(1, true), alert(2, true)], 9);
        let mut audit = drawn(&frame, 2);
        let request = |alert_id: &str, verdict: AuditVerdict| RecordAuditVerdictRequest {
            alert_id: alert_id.into(),
            verdict: verdict.into(),
            reason: "r".into(),
            ..Default::default()
        };
        let should = AuditVerdict::ShouldBeRecorded;
        let code = |audit: &Audit, request: &RecordAuditVerdictRequest, at: &Moment<'_>| {
            let refused = audit.decide_verdict(request, at).expect_err("refused");
            xiaoan_kernel::Refusal::findings(&refused)[0].code
        };
        assert_eq!(code(&audit, &request("110-0001", should), &desk.registrar("r")), "GE-004");
        assert_eq!(code(&audit, &request("110-0001", should), &desk.city("r")), "GE-004");
        assert_eq!(code(&audit, &request("110-0009", should), &registrar(&desk)), "AUDIT-NOT-SAMPLED");
        let none = request("110-0001", AuditVerdict::Unspecified);
        assert_eq!(code(&audit, &none, &registrar(&desk)), "GE-006");
        decide(&mut audit, "110-0001", should);
        assert_eq!(code(&audit, &request("110-0001", should), &registrar(&desk)), "AUDIT-DECIDED");
        assert_eq!(code(&Audit::default(), &request("110-0001", should), &registrar(&desk)), "AUDIT-UNKNOWN");
    }

    #[test]
    fn what_had_become_of_an_alert_is_not_shown_before_its_verdict_nor_the_result_before_the_last() {
        let frame = frame_of(vec![alert(1, true), alert(2, true)], 9);
        let mut audit = drawn(&frame, 2);
        let shown = |audit: &Audit| {
            let seen = blind(audit.seen().clone());
            let of = |n: &str| {
                let audited = seen.alerts.iter().find(|a| id_of(a) == n).expect("sampled");
                audited.alert.as_ref().expect("an alert").recorded
            };
            (of("110-0001"), of("110-0002"), seen.result.is_some())
        };
        assert_eq!(shown(&audit), (false, false, false));
        decide(&mut audit, "110-0001", AuditVerdict::ShouldBeRecorded);
        assert_eq!(shown(&audit), (true, false, false));
        decide(&mut audit, "110-0002", AuditVerdict::ShouldBeRecorded);
        assert_eq!(shown(&audit), (true, true, true));
    }
}
