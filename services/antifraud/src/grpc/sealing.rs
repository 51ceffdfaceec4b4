//! Persons and account numbers: sealed before anything is decided, and only if the command has a chance, so that a refused
//! command leaves no key behind. Opened again for one bank only, on its own stream.

use super::Antifraud;
use crate::account::{ACCOUNT_ID, SealedClaim, Unopened};
use crate::moment::SealedDraft;
use tonic::Status;
use uuid::Uuid;
use xiaoan_kernel::RequestId;
use xiaoan_proto::antifraud::v1::{
    AccountInput, BankOrder, BankPayment, ClaimInput, OfficersInput, SealedOfficers,
};
use xiaoan_proto::core::v1::{PersonInput, SealedPerson};
use xiaoan_rpc::errors;

impl Antifraud {
    /// Id of an account: a keyed digest of bank and number. Whoever has no key can try no numbers.
    pub(super) fn account_id(&self, account: Option<&AccountInput>) -> String {
        let bank = account.map_or("", |a| a.member_unit.as_str());
        let number = account.and_then(|a| a.holder.as_ref()).map_or("", |h| h.id_number.as_str());
        self.digest(&format!("account\0{bank}\0{number}"), ACCOUNT_ID)
    }

    fn digest(&self, text: &str, length: usize) -> String {
        let mut digest = hex::encode(self.vault.keyed_digest(text.as_bytes()));
        digest.truncate(length);
        digest
    }

    /// Seals what a draft states. The holder of an account has one key, whatever orders follow.
    pub(super) async fn seal_draft(
        &self,
        request: RequestId,
        account: Option<&AccountInput>,
        from: Option<&PersonInput>,
        officers: Option<&OfficersInput>,
    ) -> Result<SealedDraft, Status> {
        let holder = account.and_then(|a| a.holder.as_ref());
        let holder_id = RequestId::of(&format!("xiaoan-antifraud/holder/{}", self.account_id(account))).0;
        let own = |field: &str| Uuid::new_v5(&request.0, field.as_bytes());
        let stated = [
            holder.map(|p| (holder_id, p)),
            from.map(|p| (own("from"), p)),
            officers.and_then(|o| o.operator.as_ref()).map(|p| (own("operator"), p)),
            officers.and_then(|o| o.co_investigator.as_ref()).map(|p| (own("co_investigator"), p)),
        ];
        let there = stated.map(|person| person.is_some());
        let sealed = self.vault.seal_persons(stated.into_iter().flatten()).await;
        let mut sealed = sealed.map_err(|e| errors::internal(&e))?.into_iter();
        let [holder, from, operator, co_investigator] =
            there.map(|there| if there { sealed.next() } else { None });
        Ok(SealedDraft { holder, from, officers: Some(SealedOfficers { operator, co_investigator }) })
    }

    /// Seals claims. The n-th victim of a command always has the same id, so a retry makes no second key.
    pub(super) async fn seal_claims(
        &self,
        request: RequestId,
        claims: &[ClaimInput],
    ) -> Result<Vec<SealedClaim>, Status> {
        let nobody = PersonInput::default();
        let persons: Vec<(Uuid, &PersonInput)> = claims
            .iter()
            .enumerate()
            .flat_map(|(n, claim)| {
                let own = |field: &str| Uuid::new_v5(&request.0, format!("{field}/{n}").as_bytes());
                [
                    (own("victim"), claim.victim.as_ref().unwrap_or(&nobody)),
                    (own("account"), claim.account.as_ref().unwrap_or(&nobody)),
                ]
            })
            .collect();
        let sealed = self.vault.seal_persons(persons).await.map_err(|e| errors::internal(&e))?;
        let mut sealed = sealed.into_iter();
        Ok(self
            .refs(claims)
            .into_iter()
            .map(|victim_ref| SealedClaim { victim_ref, victim: sealed.next(), account: sealed.next() })
            .collect())
    }

    /// Claims with nothing sealed: for a command that will be refused.
    pub(super) fn unsealed_claims(&self, claims: &[ClaimInput]) -> Vec<SealedClaim> {
        let claim = |victim_ref| SealedClaim { victim_ref, ..SealedClaim::default() };
        self.refs(claims).into_iter().map(claim).collect()
    }

    fn refs(&self, claims: &[ClaimInput]) -> Vec<String> {
        let number =
            |claim: &ClaimInput| claim.victim.as_ref().map_or("", |v| v.id_number.as_str()).to_owned();
        claims.iter().map(|claim| self.digest(&format!("victim\0{}", number(claim)), 32)).collect()
    }

    /// Opens an instruction for its bank. Who calls has made sure whose it is.
    pub(super) async fn open_for_bank(&self, unopened: Unopened, sequence: i64) -> Result<BankOrder, Status> {
        let mut payments = Vec::with_capacity(unopened.payments.len());
        for (account, amount_fen) in &unopened.payments {
            payments.push(BankPayment { account: self.open(Some(account)).await?, amount_fen: *amount_fen });
        }
        Ok(BankOrder {
            sequence,
            account: self.open(unopened.account.as_ref()).await?,
            transfer_out: self.open(unopened.transfer_out.as_ref()).await?,
            operator: self.open(unopened.operator.as_ref()).await?,
            co_investigator: self.open(unopened.co_investigator.as_ref()).await?,
            payments,
            ..unopened.order
        })
    }

    async fn open(&self, sealed: Option<&SealedPerson>) -> Result<Option<PersonInput>, Status> {
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.vault.open_person(sealed).await.map_err(|e| errors::internal(&e))?;
        Ok(Some(PersonInput {
            name: opened.name.as_str().to_owned(),
            phone: opened.phone.as_str().to_owned(),
            id_number: opened.id_number.as_str().to_owned(),
        }))
    }
}
