//! `OrgUnitService`.

use super::{Hq, decision_of_hq, question};
use crate::org_unit::OrgUnit;
use tonic::{Request, Response, Status};
use xiaoan_directory::UnitInfo;
use xiaoan_eventstore::{Decision, Outcome};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::org_unit_service_server::OrgUnitService;
use xiaoan_rpc::{Check, command_meta, command_status, errors, receipt};

#[tonic::async_trait]
impl OrgUnitService for Hq {
    async fn register_org_unit(
        &self,
        request: Request<hq::RegisterOrgUnitRequest>,
    ) -> Result<Response<hq::RegisterOrgUnitResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, "")?;
        let turn = self.turn().await?;
        let decide = |unit: &OrgUnit, _| unit.decide_register(&command, &turn.tree).map(Decision::from);
        let outcome = self.units.execute(&command.code, meta, decide).await.map_err(command_status)?;
        let receipt = receipt_of(&command.code, &outcome);
        Ok(Response::new(hq::RegisterOrgUnitResponse { receipt }))
    }

    async fn rename_org_unit(
        &self,
        request: Request<hq::RenameOrgUnitRequest>,
    ) -> Result<Response<hq::RenameOrgUnitResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let decide = |unit: &OrgUnit, _| unit.decide_rename(&command).map(Decision::from);
        let outcome = self.units.execute(&command.code, meta, decide).await.map_err(command_status)?;
        let receipt = receipt_of(&command.code, &outcome);
        Ok(Response::new(hq::RenameOrgUnitResponse { receipt }))
    }

    async fn move_org_unit(
        &self,
        request: Request<hq::MoveOrgUnitRequest>,
    ) -> Result<Response<hq::MoveOrgUnitResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let turn = self.turn().await?;
        let decide = |unit: &OrgUnit, _| unit.decide_move(&command, &turn.tree).map(Decision::from);
        let outcome = self.units.execute(&command.code, meta, decide).await.map_err(command_status)?;
        let receipt = receipt_of(&command.code, &outcome);
        Ok(Response::new(hq::MoveOrgUnitResponse { receipt }))
    }

    async fn retire_org_unit(
        &self,
        request: Request<hq::RetireOrgUnitRequest>,
    ) -> Result<Response<hq::RetireOrgUnitResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let turn = self.turn().await?;
        let decide = |unit: &OrgUnit, _| unit.decide_retire(&command, &turn.tree).map(Decision::from);
        let outcome = self.units.execute(&command.code, meta, decide).await.map_err(command_status)?;
        let receipt = receipt_of(&command.code, &outcome);
        Ok(Response::new(hq::RetireOrgUnitResponse { receipt }))
    }

    async fn record_headcount(
        &self,
        request: Request<hq::RecordHeadcountRequest>,
    ) -> Result<Response<hq::RecordHeadcountResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, "")?;
        let decide = |unit: &OrgUnit, _| unit.decide_record_headcount(&command).map(Decision::from);
        let outcome = self.units.execute(&command.code, meta, decide).await.map_err(command_status)?;
        let receipt = receipt_of(&command.code, &outcome);
        Ok(Response::new(hq::RecordHeadcountResponse { receipt }))
    }

    async fn get_org_unit(
        &self,
        request: Request<hq::GetOrgUnitRequest>,
    ) -> Result<Response<hq::GetOrgUnitResponse>, Status> {
        let query = question(request)?;
        let mut check = Check::new();
        let code = check.org_unit("code", &query.code);
        let (code,) = check.finish((code,))?;
        let directory = self.directory.at_least(query.at_least).await?;
        let unit =
            directory.unit_on(code, self.today()).ok_or_else(|| errors::not_found(&name(&query.code)))?;
        Ok(Response::new(hq::GetOrgUnitResponse { org_unit: Some(shown(unit)) }))
    }

    async fn list_org_units(
        &self,
        request: Request<hq::ListOrgUnitsRequest>,
    ) -> Result<Response<hq::ListOrgUnitsResponse>, Status> {
        let query = question(request)?;
        let directory = self.directory.at_least(query.at_least).await?;
        let org_units = directory.units_on(self.today()).into_iter().map(shown).collect();
        Ok(Response::new(hq::ListOrgUnitsResponse { org_units }))
    }
}

/// Resource name.
fn name(code: &str) -> String {
    format!("orgUnits/{code}")
}

fn receipt_of(code: &str, outcome: &Outcome) -> Option<Receipt> {
    Some(receipt(name(code), outcome))
}

fn shown(unit: UnitInfo) -> hq::OrgUnit {
    hq::OrgUnit {
        code: unit.code.to_string(),
        kind: unit.kind.into(),
        parent: unit.parent.map(|code| code.to_string()).unwrap_or_default(),
        name_zh: unit.name_zh,
        name_en: unit.name_en,
        effective_on: Some(unit.effective_on.into()),
        retired_on: unit.retired_on.map(Into::into),
        officers: unit.officers.unwrap_or_default(),
        etag: unit.version.to_string(),
    }
}
