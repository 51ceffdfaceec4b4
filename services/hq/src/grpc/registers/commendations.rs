//! `CommendationService`.

use super::{Registers, Sitting, broken, days, question, unsealed};
use crate::register::commendation::{Commendation, CommendationEvent};
use crate::register::refusal::{Reason, Refused};
use crate::views::registers::{Filter, Table};
use tonic::{Request, Response, Status};
use uuid::Uuid;
use xiaoan_kernel::Fact;
use xiaoan_proto::core::v1::{Receipt, SealedPerson};
use xiaoan_proto::hq::v1::commendation_service_server::CommendationService;
use xiaoan_proto::hq::v1::{self as hq, CommendationState, RecipientKind, RevocationCause};
use xiaoan_rpc::{Role, receipt, refusal_status};

/// Whoever may nominate: a unit's own people, and headquarters for every unit.
const NOMINATING: &[Role] = &[Role::Officer, Role::Registrar, Role::Hq];

#[tonic::async_trait]
impl CommendationService for Registers {
    async fn nominate_for_commendation(
        &self,
        request: Request<hq::NominateForCommendationRequest>,
    ) -> Result<Response<hq::NominateForCommendationResponse>, Status> {
        let sitting = self.sitting(NOMINATING, request, |m| (&m.request_id, ""))?;
        let unit = self.known(&sitting.command.org_unit).await?;
        sitting.caller.may_write_as(NOMINATING, &self.tree(), unit, sitting.today)?;
        let person = self.seal(&sitting).await?;
        let decide = |commendation: &Commendation| {
            commendation.decide_nominate(&sitting.command, person.clone(), sitting.by())
        };
        let receipt = self.step(&sitting.command.commendation_id, &sitting, decide).await?;
        Ok(Response::new(hq::NominateForCommendationResponse { receipt }))
    }

    async fn verify_nomination(
        &self,
        request: Request<hq::VerifyNominationRequest>,
    ) -> Result<Response<hq::VerifyNominationResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let decide = |c: &Commendation| c.decide_verify(&sitting.command, sitting.by());
        let receipt = self.step(&sitting.command.commendation_id, &sitting, decide).await?;
        Ok(Response::new(hq::VerifyNominationResponse { receipt }))
    }

    async fn publicize_nomination(
        &self,
        request: Request<hq::PublicizeNominationRequest>,
    ) -> Result<Response<hq::PublicizeNominationResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let decide = |c: &Commendation| c.decide_publicise(&sitting.command, sitting.by());
        let receipt = self.step(&sitting.command.commendation_id, &sitting, decide).await?;
        Ok(Response::new(hq::PublicizeNominationResponse { receipt }))
    }

    async fn grant_commendation(
        &self,
        request: Request<hq::GrantCommendationRequest>,
    ) -> Result<Response<hq::GrantCommendationResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let decide = |c: &Commendation| c.decide_grant(&sitting.command, sitting.by());
        let receipt = self.step(&sitting.command.commendation_id, &sitting, decide).await?;
        Ok(Response::new(hq::GrantCommendationResponse { receipt }))
    }

    async fn deliver_award(
        &self,
        request: Request<hq::DeliverAwardRequest>,
    ) -> Result<Response<hq::DeliverAwardResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let decide = |c: &Commendation| c.decide_deliver(&sitting.command, sitting.by());
        let receipt = self.step(&sitting.command.commendation_id, &sitting, decide).await?;
        Ok(Response::new(hq::DeliverAwardResponse { receipt }))
    }

    async fn revoke_commendation(
        &self,
        request: Request<hq::RevokeCommendationRequest>,
    ) -> Result<Response<hq::RevokeCommendationResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let revoked = match (sitting.command.cause(), &sitting.command.basis) {
            (RevocationCause::BasisRevoked, Some(basis)) => self.cases.is_revoked(basis).await?,
            _ => false,
        };
        let decide = |c: &Commendation| c.decide_revoke(&sitting.command, revoked, sitting.by());
        let receipt = self.step(&sitting.command.commendation_id, &sitting, decide).await?;
        Ok(Response::new(hq::RevokeCommendationResponse { receipt }))
    }

    async fn get_commendation(
        &self,
        request: Request<hq::GetCommendationRequest>,
    ) -> Result<Response<hq::GetCommendationResponse>, Status> {
        let query = question(request)?;
        let found = self.one::<Commendation>(&query.commendation_id, query.at_least).await?;
        let none = || refusal_status(&Refused::from(Reason::CommendationUnknown));
        Ok(Response::new(hq::GetCommendationResponse { commendation: Some(found.ok_or_else(none)?) }))
    }

    async fn list_commendations(
        &self,
        request: Request<hq::ListCommendationsRequest>,
    ) -> Result<Response<hq::ListCommendationsResponse>, Status> {
        let q = question(request)?;
        let filter = Filter {
            org_unit: &q.org_unit,
            state: q.state,
            reference: &q.basis_reference,
            ..Filter::default()
        };
        let (commendations, next_page_token) =
            self.page::<Commendation>(&filter, q.page_size, &q.page_token, q.at_least).await?;
        Ok(Response::new(hq::ListCommendationsResponse { commendations, next_page_token }))
    }

    async fn count_commendations(
        &self,
        request: Request<hq::CountCommendationsRequest>,
    ) -> Result<Response<hq::CountCommendationsResponse>, Status> {
        let query = question(request)?;
        let (from, to) = days(query.from, query.to)?;
        self.entries.at_least(query.at_least).await?;
        let filter = Filter { from, to, ..Filter::default() };
        let counted = Table::<Commendation>::count(self.store.pool(), &filter).await.map_err(broken)?;
        let mut answer = hq::CountCommendationsResponse::default();
        for line in counted {
            let granted = i32::from(line.state) == i32::from(CommendationState::Granted);
            match RecipientKind::try_from(i32::from(line.kind)) {
                _ if !granted => answer.revoked += line.entries,
                Ok(RecipientKind::Individual) => answer.individuals += line.entries,
                _ => answer.collectives += line.entries,
            }
        }
        Ok(Response::new(answer))
    }
}

impl Registers {
    async fn step<C>(
        &self,
        id: &str,
        sitting: &Sitting<C>,
        decide: impl Fn(&Commendation) -> Result<Vec<Fact<CommendationEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        let outcome = Self::act(&self.commendations, id, sitting.meta.clone(), decide).await?;
        Ok(Some(receipt(format!("commendations/{id}"), &outcome)))
    }

    /// Seals the individual of a nomination that has a chance. The individual of a command always has the same id, so a retry
    /// makes no second key.
    async fn seal(
        &self,
        sitting: &Sitting<hq::NominateForCommendationRequest>,
    ) -> Result<Option<SealedPerson>, Status> {
        let (Some(vault), Some(person)) = (&self.vault, &sitting.command.person) else { return Ok(None) };
        if !Commendation::is_promising(&sitting.command, sitting.today) {
            return Ok(None);
        }
        let id = Uuid::new_v5(&sitting.meta.request.id.0, b"individual");
        vault.seal_person(person, id).await.map(Some).map_err(|e| unsealed(&e))
    }
}
