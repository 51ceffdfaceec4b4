//! The lot. The frame is every alert that could be drawn, in the order of its ids; the sample is the alerts whose SHA-256 of
//! seed, frame hash and id is smallest. Whoever knows the seed and the frame draws the same sample, on any machine.

use sha2::{Digest, Sha256};
use xiaoan_proto::cases::v1::{Alert, AlertDisposition, AlertState, SampledAlert};

/// Alerts that can be drawn, as they were at a position of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    alerts: Vec<SampledAlert>,
    position: i64,
}

impl Frame {
    /// A frame of these alerts, in any order.
    #[must_use]
    pub fn new(mut alerts: Vec<SampledAlert>, position: i64) -> Self {
        alerts.sort_by(|a, b| a.alert_id.as_bytes().cmp(b.alert_id.as_bytes()));
        Self { alerts, position }
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

/// An alert as a frame holds it; nothing for a duplicate.
#[must_use]
pub fn entry(alert: &Alert) -> Option<SampledAlert> {
    let received_at = alert.received_at.as_ref().and_then(xiaoan_proto::instant)?;
    let recorded = match alert.state() {
        AlertState::Duplicate => return None,
        AlertState::Registered => true,
        AlertState::Disposed => alert.disposition() == AlertDisposition::FiledAsCase,
        AlertState::Unspecified
        | AlertState::Received
        | AlertState::Dispatched
        | AlertState::Acknowledged
        | AlertState::EnRoute
        | AlertState::OnScene
        | AlertState::Resolved => false,
    };
    Some(SampledAlert {
        alert_id: alert.alert_id.clone(),
        org_unit: alert.org_unit.clone(),
        received_on: Some(xiaoan_kernel::city_day(received_at).into()),
        recorded,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(ids: impl IntoIterator<Item = usize>) -> Frame {
        let alert = |n| SampledAlert { alert_id: format!("110-{n:03}"), ..Default::default() };
        Frame::new(ids.into_iter().map(alert).collect(), 1)
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

    #[test]
    fn a_duplicate_is_in_no_frame_and_a_registered_or_filed_alert_is_recorded() {
        let alert = |state: AlertState, disposition: AlertDisposition| Alert {
            received_at: Some(prost_types::Timestamp::default()),
            state: state.into(),
            disposition: disposition.into(),
            ..Default::default()
        };
        let recorded = |state, disposition| entry(&alert(state, disposition)).map(|a| a.recorded);
        assert_eq!(recorded(AlertState::Duplicate, AlertDisposition::Unspecified), None);
        assert_eq!(recorded(AlertState::Registered, AlertDisposition::Unspecified), Some(true));
        assert_eq!(recorded(AlertState::Disposed, AlertDisposition::FiledAsCase), Some(true));
        assert_eq!(recorded(AlertState::Disposed, AlertDisposition::NoCrime), Some(false));
        assert_eq!(recorded(AlertState::Resolved, AlertDisposition::Unspecified), Some(false));
    }
}
