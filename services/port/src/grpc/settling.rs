//! `SignSettlement`: decided on an accident and the guard who guided it, in one append that checks both versions, so that
//! authority cannot be ended in between.

use super::sitting::OFFICERS_AND_GUARDS;
use super::{Port, Sitting, well_formed_id};
use crate::accident::Accident;
use crate::guard::Guard;
use std::collections::BTreeMap;
use tonic::Status;
use xiaoan_eventstore::{Decision, OfOthers};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::port::v1::SignSettlementRequest;
use xiaoan_rpc::{command_status, receipt};

impl Port {
    pub(super) async fn settle(
        &self,
        sitting: &Sitting,
        message: &SignSettlementRequest,
    ) -> Result<Receipt, Status> {
        well_formed_id("accident_id", &message.accident_id)?;
        if !message.guard_id.is_empty() {
            well_formed_id("guard_id", &message.guard_id)?;
        }
        let meta = self.meta(sitting, &message.request_id, message, &message.etag)?;
        let which = |_: &Accident| {
            if message.guard_id.is_empty() { Vec::new() } else { vec![message.guard_id.clone()] }
        };
        let decide = |accident: &Accident, guards: &BTreeMap<String, Guard>| {
            sitting.may_write(OFFICERS_AND_GUARDS, accident.unit())?;
            let facts = accident.decide_settle(message, guards.get(&message.guard_id), &sitting.moment())?;
            // The guard gets no facts: it is only checked that their authority is still the one that was looked at.
            Ok((Decision::from(facts), OfOthers::<Guard>::new()))
        };
        let outcome = self
            .accidents
            .execute_across::<_, crate::refusal::Refused>(
                &message.accident_id,
                &self.guards,
                which,
                &meta,
                decide,
            )
            .await
            .map_err(command_status)?;
        Ok(receipt(format!("accidents/{}", message.accident_id), &outcome))
    }
}
