//! The lot. The frame is every alert that could be drawn, in the order of its ids; the sample is the alerts whose SHA-256 of
//! seed, frame hash and id is smallest. Whoever knows the seed and the frame draws the same sample, on any machine.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use xiaoan_proto::cases::v1::{
    Alert, AlertDisposition, AlertState, Audit, Report, ReportState, SampledAlert,
};

/// By which rule a frame is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameRule {
    /// 0, of audits drawn before there was another: recorded is what was registered as a report, whatever became of that.
    RegisteredOrFiled,
    /// 1: recorded is what stands filed as a case; nothing that another audit holds, nothing whose review was in time at this moment.
    Filed(OffsetDateTime),
}

impl FrameRule {
    /// The rule of an audit that was drawn.
    #[must_use]
    pub fn of(audit: &Audit) -> Self {
        match audit.frame_as_of.as_ref().and_then(xiaoan_proto::instant) {
            Some(as_of) if audit.frame_rule > 0 => Self::Filed(as_of),
            _ => Self::RegisteredOrFiled,
        }
    }

    /// An alert as a frame of this rule holds it, with its report if it has one and whether another audit holds it; nothing for one
    /// that the frame does not hold.
    #[must_use]
    pub fn entry(self, alert: &Alert, report: Option<&Report>, held: bool) -> Option<SampledAlert> {
        let received_at = alert.received_at.as_ref().and_then(xiaoan_proto::instant)?;
        let recorded = match alert.state() {
            AlertState::Duplicate => return None,
            AlertState::Registered => match self {
                Self::RegisteredOrFiled => true,
                Self::Filed(as_of) if report.is_some_and(|report| in_time(report, as_of)) => return None,
                Self::Filed(_) => report.is_some_and(|report| report.state() == ReportState::Filed),
            },
            AlertState::Disposed => alert.disposition() == AlertDisposition::FiledAsCase,
            AlertState::Unspecified
            | AlertState::Received
            | AlertState::Dispatched
            | AlertState::Acknowledged
            | AlertState::EnRoute
            | AlertState::OnScene
            | AlertState::Resolved => false,
        };
        if held && self != Self::RegisteredOrFiled {
            return None;
        }
        Some(SampledAlert {
            alert_id: alert.alert_id.clone(),
            org_unit: alert.org_unit.clone(),
            received_on: Some(xiaoan_kernel::city_day(received_at).into()),
            recorded,
        })
    }
}

/// Whether a report is under review and its time is not up.
fn in_time(report: &Report, as_of: OffsetDateTime) -> bool {
    let due_at = crate::report::review_due_at(report);
    matches!(report.state(), ReportState::Registered | ReportState::UnderReview)
        && due_at.is_some_and(|due| as_of < due)
}

/// Alerts that can be drawn, as they were at a position of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    alerts: Vec<SampledAlert>,
    position: i64,
    rule: FrameRule,
}

impl Frame {
    /// A frame of these alerts, in any order.
    #[must_use]
    pub fn new(mut alerts: Vec<SampledAlert>, position: i64, rule: FrameRule) -> Self {
        alerts.sort_by(|a, b| a.alert_id.as_bytes().cmp(b.alert_id.as_bytes()));
        Self { alerts, position, rule }
    }

    /// By which rule it was made.
    #[must_use]
    pub const fn rule(&self) -> FrameRule {
        self.rule
    }

    /// All of them, by id.
    #[must_use]
    pub fn alerts(&self) -> &[SampledAlert] {
        &self.alerts
    }

    /// Position of the log up to which it was read.
    #[must_use]
    pub const fn position(&self) -> i64 {
        self.position
    }

    /// SHA-256 over the ids, each followed by a line feed; hex.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for alert in &self.alerts {
            hash.update(alert.alert_id.as_bytes());
            hash.update(b"\n");
        }
        hex::encode(hash.finalize())
    }

    /// Draws `size` of them, all when there are fewer; in the order of the lot.
    #[must_use]
    pub fn draw(&self, seed: &str, size: usize) -> Vec<SampledAlert> {
        let frame_hash = self.hash();
        let ticket = |alert: &SampledAlert| -> [u8; 32] {
            Sha256::digest(format!("{seed}\n{frame_hash}\n{}", alert.alert_id)).into()
        };
        let mut tickets: Vec<_> = self.alerts.iter().map(|alert| (ticket(alert), alert)).collect();
        tickets.sort_by_key(|(ticket, _)| *ticket);
        tickets.into_iter().take(size).map(|(_, alert)| alert.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_proto::cases::v1::ReportClock;

    fn frame(ids: impl IntoIterator<Item = usize>) -> Frame {
        let alert = |n| SampledAlert { alert_id: format!("110-{n:03}"), ..Default::default() };
        Frame::new(ids.into_iter().map(alert).collect(), 1, FrameRule::RegisteredOrFiled)
    }

    fn ids(sample: &[SampledAlert]) -> Vec<&str> {
        sample.iter().map(|alert| alert.alert_id.as_str()).collect()
    }

    #[test]
    fn the_same_seed_over_the_same_frame_draws_the_same_sample() {
        let (forward, backward) = (frame(0..100), frame((0..100).rev()));
        assert_eq!(forward.hash(), backward.hash());
        assert_eq!(forward.draw("s", 5), backward.draw("s", 5));
        assert_ne!(ids(&forward.draw("s", 5)), ids(&forward.draw("t", 5)), "another seed");
        assert_ne!(ids(&forward.draw("s", 5)), ids(&frame(0..101).draw("s", 5)), "another frame");
    }

    #[test]
    fn the_lot_is_frozen() {
        // Another lot would make samples of the past impossible to check.
        let frame = frame(0..10);
        let expected = {
            let hash = Sha256::digest((0..10).map(|n| format!("110-{n:03}\n")).collect::<String>());
            hex::encode(hash)
        };
        assert_eq!(frame.hash(), expected);
        let by_hand = |n: usize| Sha256::digest(format!("s\n{expected}\n110-{n:03}"));
        let mut order: Vec<usize> = (0..10).collect();
        order.sort_by_key(|n| by_hand(*n).to_vec());
        let order: Vec<String> = order.iter().take(4).map(|n| format!("110-{n:03}")).collect();
        assert_eq!(ids(&frame.draw("s", 4)), order);
    }

    #[test]
    fn a_sample_larger_than_its_frame_is_the_frame() {
        assert_eq!(frame(0..3).draw("s", 50).len(), 3);
    }

    const NOW: OffsetDateTime = time::macros::datetime!(2026-10-01 12:00 +8);

    fn alert(state: AlertState, disposition: AlertDisposition) -> Alert {
        Alert {
            received_at: Some(prost_types::Timestamp::default()),
            state: state.into(),
            disposition: disposition.into(),
            ..Default::default()
        }
    }

    #[test]
    fn an_alert_is_recorded_when_a_case_stands_filed_and_a_duplicate_is_in_no_frame() {
        let recorded = |state, disposition| {
            FrameRule::Filed(NOW).entry(&alert(state, disposition), None, false).map(|a| a.recorded)
        };
        assert_eq!(recorded(AlertState::Duplicate, AlertDisposition::Unspecified), None);
        assert_eq!(recorded(AlertState::Disposed, AlertDisposition::FiledAsCase), Some(true));
        assert_eq!(recorded(AlertState::Disposed, AlertDisposition::NoCrime), Some(false));
        assert_eq!(recorded(AlertState::Resolved, AlertDisposition::Unspecified), Some(false));
    }

    #[test]
    fn a_registered_alert_is_recorded_as_its_report_is_filed_and_left_out_while_the_review_is_in_time() {
        let registered = alert(AlertState::Registered, AlertDisposition::Unspecified);
        let report = |state: ReportState, due: OffsetDateTime| Report {
            state: state.into(),
            clocks: vec![ReportClock {
                rule_id: "REV-CRIM-3D".into(),
                due_at: Some(xiaoan_proto::timestamp(due)),
                ..Default::default()
            }],
            ..Default::default()
        };
        let (later, before) = (NOW + time::Duration::HOUR, NOW);
        let recorded = |report: Option<&Report>| {
            FrameRule::Filed(NOW).entry(&registered, report, false).map(|entry| entry.recorded)
        };
        assert_eq!(recorded(Some(&report(ReportState::Filed, before))), Some(true));
        for state in [
            ReportState::NotFiled,
            ReportState::Administrative,
            ReportState::Transferred,
            ReportState::FilingApproved,
        ] {
            assert_eq!(recorded(Some(&report(state, later))), Some(false), "{state:?}");
        }
        assert_eq!(recorded(Some(&report(ReportState::UnderReview, later))), None, "nothing is owed yet");
        assert_eq!(recorded(Some(&report(ReportState::UnderReview, before))), Some(false), "left lying");
        assert_eq!(recorded(None), Some(false));
        let first = FrameRule::RegisteredOrFiled.entry(&registered, None, true).map(|entry| entry.recorded);
        assert_eq!(first, Some(true), "samples of the first rule come out as they were drawn");
    }

    #[test]
    fn an_alert_that_another_audit_holds_is_in_no_frame() {
        let alert = alert(AlertState::Disposed, AlertDisposition::NoCrime);
        assert!(FrameRule::Filed(NOW).entry(&alert, None, true).is_none());
        assert!(FrameRule::Filed(NOW).entry(&alert, None, false).is_some());
    }
}
