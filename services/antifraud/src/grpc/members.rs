//! `MemberUnitService`.

use super::{Antifraud, Sitting, broken};
use crate::member::{Member, MemberEvent};
use crate::refusal::Refused;
use crate::views::members;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::{CommandMeta, Decision};
use xiaoan_kernel::Fact;
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::member_unit_service_server::MemberUnitService;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::{Role, command_status, receipt};

#[tonic::async_trait]
impl MemberUnitService for Antifraud {
    async fn join_member_unit(
        &self,
        request: Request<af::JoinMemberUnitRequest>,
    ) -> Result<Response<af::JoinMemberUnitResponse>, Status> {
        let (sitting, m) = self.of_hq(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let receipt =
            self.on_member(&m.member_unit, meta, |member| member.decide_join(&m, &sitting.moment())).await?;
        Ok(Response::new(af::JoinMemberUnitResponse { receipt }))
    }

    async fn assign_on_site_role(
        &self,
        request: Request<af::AssignOnSiteRoleRequest>,
    ) -> Result<Response<af::AssignOnSiteRoleResponse>, Status> {
        let (sitting, m) = self.of_hq(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let receipt = self
            .on_member(&m.member_unit, meta, |member| member.decide_assign(&m, &sitting.moment()))
            .await?;
        Ok(Response::new(af::AssignOnSiteRoleResponse { receipt }))
    }

    async fn leave_member_unit(
        &self,
        request: Request<af::LeaveMemberUnitRequest>,
    ) -> Result<Response<af::LeaveMemberUnitResponse>, Status> {
        let (sitting, m) = self.of_hq(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let receipt =
            self.on_member(&m.member_unit, meta, |member| member.decide_leave(&m, &sitting.moment())).await?;
        Ok(Response::new(af::LeaveMemberUnitResponse { receipt }))
    }

    async fn list_member_units(
        &self,
        request: Request<af::ListMemberUnitsRequest>,
    ) -> Result<Response<af::ListMemberUnitsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let readers = [Role::Officer, Role::Registrar, Role::Hq, Role::Auditor, Role::Service];
        sitting.caller.require_any(&readers)?;
        self.at_least(m.at_least).await?;
        let member_units = members::list(self.store.pool()).await.map_err(broken)?;
        Ok(Response::new(af::ListMemberUnitsResponse { member_units }))
    }
}

impl Antifraud {
    fn of_hq<M>(&self, request: Request<M>) -> Result<(Sitting, M), Status> {
        let (sitting, message) = self.enter(request)?;
        sitting.caller.require(Role::Hq)?;
        Ok((sitting, message))
    }

    async fn on_member(
        &self,
        member_unit: &str,
        meta: CommandMeta,
        decide: impl Fn(&Member) -> Result<Vec<Fact<MemberEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        let decide = |member: &Member, _| decide(member).map(Decision::from);
        let outcome = self.members.execute(member_unit, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(format!("memberUnits/{member_unit}"), &outcome)))
    }

    /// Whether orders can be sent to this member unit.
    pub(super) async fn takes_orders(&self, member_unit: &str) -> Result<bool, Status> {
        let member = self.members.load(member_unit).await.map_err(|e| xiaoan_rpc::store_status(&e))?;
        Ok(member.state.takes_orders())
    }
}
