//! Commands of patrols that look at more than the patrol: planning (squadron, duty point, rule), and in and out, which are
//! one append over the patrol and its volunteers.

use super::{LEADERS, Sitting, Volunteers, remembered, well_formed};
use crate::patrol::Patrol;
use crate::patrol::planning::Referred;
use crate::patrol_rule::STANDARD;
use crate::reason::Refused;
use crate::squadron::Squadron;
use crate::volunteer::Volunteer;
use prost::Message;
use std::collections::BTreeMap;
use tonic::Status;
use xiaoan_eventstore::Decision;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::volunteers::v1::{
    CheckInRequest, CheckOutRequest, CheckOutResponse, EndPatrolRequest, EndPatrolResponse, PlanPatrolRequest,
};
use xiaoan_rpc::{command_status, receipt, store_status};

impl Volunteers {
    pub(super) async fn plan(&self, sitting: &Sitting, m: &PlanPatrolRequest) -> Result<Receipt, Status> {
        let meta = self.meta(sitting, &m.request_id, m, "")?;
        let patrol_id =
            if m.patrol_id.is_empty() { meta.request.id.to_string() } else { m.patrol_id.clone() };
        well_formed("patrol_id", &patrol_id)?;
        well_formed("squadron_id", &m.squadron_id)?;
        if !m.duty_point_id.is_empty() {
            well_formed("duty_point_id", &m.duty_point_id)?;
        }
        let rule_id = if m.rule_id.is_empty() { STANDARD } else { &m.rule_id };
        well_formed("rule_id", rule_id)?;
        // A rule only gets versions, and a duty point that closes this moment might have closed the next.
        let rules = self.rules.load(rule_id).await.map_err(|e| store_status(&e))?.state;
        let duty_point = self.duty_points.load(&m.duty_point_id).await.map_err(|e| store_status(&e))?.state;
        let unit = sitting.known(&m.org_unit);
        let decide = |patrol: &Patrol, squadrons: &BTreeMap<String, Squadron>| -> Result<_, Refused> {
            sitting.acts_for(LEADERS, unit)?;
            let squadron = squadrons.get(&m.squadron_id);
            let referred = Referred { squadron, duty_point: &duty_point, rules: &rules };
            let facts = patrol.decide_plan(m, &patrol_id, referred, &sitting.moment())?;
            Ok((Decision::from(facts), BTreeMap::new()))
        };
        let which = |_: &Patrol| vec![m.squadron_id.clone()];
        let outcome = self
            .patrols
            .execute_across(&patrol_id, &self.squadrons, which, &meta, decide)
            .await
            .map_err(command_status)?;
        Ok(receipt(format!("patrols/{patrol_id}"), &outcome))
    }

    pub(super) async fn volunteer_in(
        &self,
        sitting: &Sitting,
        m: &CheckInRequest,
    ) -> Result<Receipt, Status> {
        well_formed("patrol_id", &m.patrol_id)?;
        well_formed("volunteer_id", &m.volunteer_id)?;
        let meta = self.meta(sitting, &m.request_id, m, &m.etag)?;
        let decide = |patrol: &Patrol, people: &BTreeMap<String, Volunteer>| -> Result<_, Refused> {
            sitting.acts_for(LEADERS, patrol.unit())?;
            let both = patrol.decide_check_in(m, people.get(&m.volunteer_id), &sitting.moment())?;
            let volunteer = BTreeMap::from([(m.volunteer_id.clone(), both.volunteer)]);
            Ok((Decision::from(both.patrol), volunteer))
        };
        let which = |_: &Patrol| vec![m.volunteer_id.clone()];
        let outcome = self
            .patrols
            .execute_across(&m.patrol_id, &self.people, which, &meta, decide)
            .await
            .map_err(command_status)?;
        Ok(receipt(format!("patrols/{}", m.patrol_id), &outcome))
    }

    pub(super) async fn volunteer_out(
        &self,
        sitting: &Sitting,
        m: &CheckOutRequest,
    ) -> Result<CheckOutResponse, Status> {
        well_formed("patrol_id", &m.patrol_id)?;
        well_formed("volunteer_id", &m.volunteer_id)?;
        let meta = self.meta(sitting, &m.request_id, m, &m.etag)?;
        let decide = |patrol: &Patrol, people: &BTreeMap<String, Volunteer>| -> Result<_, Refused> {
            sitting.acts_for(LEADERS, patrol.unit())?;
            let both = patrol.decide_check_out(m, people.get(&m.volunteer_id), &sitting.moment())?;
            let answer = CheckOutResponse { receipt: None, minutes: both.minutes };
            let volunteer = BTreeMap::from([(m.volunteer_id.clone(), both.volunteer)]);
            Ok((Decision { facts: both.patrol, response: answer.encode_to_vec() }, volunteer))
        };
        let which = |_: &Patrol| vec![m.volunteer_id.clone()];
        let outcome = self
            .patrols
            .execute_across(&m.patrol_id, &self.people, which, &meta, decide)
            .await
            .map_err(command_status)?;
        let mut answer: CheckOutResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("patrols/{}", m.patrol_id), &outcome));
        Ok(answer)
    }

    /// Ends a patrol and releases everybody still there, in one append.
    pub(super) async fn end(
        &self,
        sitting: &Sitting,
        m: &EndPatrolRequest,
    ) -> Result<EndPatrolResponse, Status> {
        well_formed("patrol_id", &m.patrol_id)?;
        let meta = self.meta(sitting, &m.request_id, m, &m.etag)?;
        let decide = |patrol: &Patrol, people: &BTreeMap<String, Volunteer>| -> Result<_, Refused> {
            sitting.acts_for(LEADERS, patrol.unit())?;
            let end = patrol.decide_end(m, people, &sitting.moment())?;
            let answer = EndPatrolResponse { receipt: None, minutes: end.minutes };
            Ok((Decision { facts: end.patrol, response: answer.encode_to_vec() }, end.volunteers))
        };
        let outcome = self
            .patrols
            .execute_across(&m.patrol_id, &self.people, Patrol::on_duty, &meta, decide)
            .await
            .map_err(command_status)?;
        let mut answer: EndPatrolResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("patrols/{}", m.patrol_id), &outcome));
        Ok(answer)
    }
}
