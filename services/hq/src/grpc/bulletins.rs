//! `BulletinService`. What a bulletin says is gathered from three views at one position; issuing takes the turn of closings, so
//! that no correction and no notice comes between.

use super::accountability::{Accountable, RACES, Write, broken, no, several};
use super::registers::Registers;
use super::{CACHED, question};
use crate::bulletin::{Bulletins, OnRecord, contents, units_named};
use crate::refusal::Reason;
use crate::register::commendation::Commendation;
use crate::register::supervision::ListedCase;
use crate::views::registers::{Filter, Table};
use crate::views::{closings, notices};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Repository;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::day;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::bulletin_service_server::BulletinService;
use xiaoan_proto::hq::v1::{BulletinContents, BulletinUnit};
use xiaoan_rpc::{Page, errors, store_status};

/// Entries of a register that are read at a time.
const AT_A_TIME: usize = 1000;

/// What the handlers share.
#[derive(Clone)]
pub struct Bulletin {
    bulletins: Repository<Bulletins>,
    accountable: Accountable,
    registers: Registers,
}

impl Bulletin {
    /// Over what knows closings and notices, and what knows listed cases and honours.
    #[must_use]
    pub fn new(accountable: Accountable, registers: Registers) -> Self {
        let bulletins = Repository::new(accountable.store.clone(), CACHED);
        Self { bulletins, accountable, registers }
    }

    /// The closing, and what a bulletin of it would say now, by every event up to a position.
    async fn gathered(
        &self,
        closing_id: &str,
        at_least: i64,
    ) -> Result<(hq::Closing, BulletinContents), Status> {
        self.accountable.views.at_least(at_least).await?;
        self.registers.entries.at_least(at_least).await?;
        self.registers.directory.at_least(at_least).await?;
        let pool = self.accountable.pool();
        let closing = closings::find(pool, closing_id).await.map_err(broken)?;
        let closing = closing.ok_or_else(|| no(Reason::NotFrozen.into()))?;
        let of_closing = notices::Filter { closing_id, ..Default::default() };
        let figures = crate::closing::current(&closing);
        let record = OnRecord {
            notices: notices::list(pool, of_closing).await.map_err(broken)?,
            listed: self.all::<ListedCase>(&Filter::default()).await?,
            commendations: self
                .all::<Commendation>(&Filter {
                    from: figures.and_then(|f| day(f.from)),
                    to: figures.and_then(|f| day(f.to)),
                    ..Default::default()
                })
                .await?,
        };
        let mut contents = contents(&closing, record, self.issuer()?).map_err(no)?;
        contents.units = units_named(&contents).into_iter().map(|code| self.named(code)).collect();
        Ok((closing, contents))
    }

    /// The city bureau: the unit above all others.
    fn issuer(&self) -> Result<OrgCode, Status> {
        let units = self.registers.directory.view.units();
        let top = units.iter().find(|unit| unit.parent.is_none() && unit.retired_on.is_none());
        top.map(|unit| unit.code).ok_or_else(|| no(Reason::OrgUnit.into()))
    }

    fn named(&self, code: String) -> BulletinUnit {
        let unit = OrgCode::parse(&code).ok().and_then(|code| self.registers.directory.view.unit(code));
        let (name_zh, name_en) = unit.map(|unit| (unit.name_zh, unit.name_en)).unwrap_or_default();
        BulletinUnit { org_unit: code, name_zh, name_en }
    }

    /// All entries of a register that a filter lets through.
    async fn all<R: crate::register::Register>(&self, filter: &Filter<'_>) -> Result<Vec<R::Shown>, Status> {
        let (mut all, mut page) = (Vec::new(), Page { size: AT_A_TIME, after: None });
        loop {
            let (shown, next) =
                Table::<R>::list(self.accountable.pool(), filter, &page).await.map_err(broken)?;
            all.extend(shown);
            if next.is_none() {
                return Ok(all);
            }
            page.after = next;
        }
    }

    async fn head(&self) -> Result<i64, Status> {
        Ok(self.accountable.store.head().await.map_err(|e| store_status(&e))?.position)
    }
}

#[tonic::async_trait]
impl BulletinService for Bulletin {
    async fn get_bulletin_contents(
        &self,
        request: Request<hq::GetBulletinContentsRequest>,
    ) -> Result<Response<hq::GetBulletinContentsResponse>, Status> {
        let query = question(request)?;
        // Whoever composes a bulletin is to see what was recorded a moment ago.
        let at_least = query.at_least.max(self.head().await?);
        let (_, contents) = self.gathered(&query.closing_id, at_least).await?;
        let known = self.bulletins.load(&query.closing_id).await.map_err(|e| store_status(&e))?;
        Ok(Response::new(hq::GetBulletinContentsResponse {
            edition: known.state.next_edition(),
            issued: known.state.shows(contents.correction),
            contents: Some(contents),
        }))
    }

    async fn issue_bulletin(
        &self,
        request: Request<hq::IssueBulletinRequest>,
    ) -> Result<Response<hq::IssueBulletinResponse>, Status> {
        let (caller, command, meta) = Accountable::of_hq(request, |m| (&m.request_id, ""))?;
        let id = command.contents.as_ref().map(|c| c.closing_id.clone()).unwrap_or_default();
        let _turn = self.accountable.turn().await?;
        let mut done: Option<(hq::IssueBulletinResponse, _)> = self.accountable.answered(&meta).await?;
        for _ in 0..RACES {
            if let Some((answer, appended)) = done {
                let receipt = several(format!("bulletins/{id}"), &appended);
                return Ok(Response::new(hq::IssueBulletinResponse { receipt, ..answer }));
            }
            let (closing, now) = self.gathered(&id, self.head().await?).await?;
            let loaded = self.bulletins.load(&id).await.map_err(|e| store_status(&e))?;
            let facts = loaded
                .state
                .decide_issue(&command, &closing, &now, caller.org_unit, self.accountable.today())
                .map_err(no)?;
            let answer =
                hq::IssueBulletinResponse { edition: loaded.state.next_edition(), ..Default::default() };
            done = self.accountable.record(&meta, vec![Write::of(&id, &loaded, &facts)], answer).await?;
        }
        Err(errors::lost_race())
    }

    async fn list_bulletins(
        &self,
        request: Request<hq::ListBulletinsRequest>,
    ) -> Result<Response<hq::ListBulletinsResponse>, Status> {
        let query = question(request)?;
        let known = self.bulletins.load(&query.closing_id).await.map_err(|e| store_status(&e))?;
        Ok(Response::new(hq::ListBulletinsResponse { bulletins: known.state.issued().to_vec() }))
    }
}
