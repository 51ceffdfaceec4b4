//! The campaign's months closed, and the one that a late approval corrects.

use super::{BOARD, Course, NAME};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::late::Late;
use crate::demo::months;
use crate::demo::plan::Body;
use crate::demo::stage::{Actor, Shown, Stage, Tale};
use crate::fault::Fault;
use std::time::Duration;
use time::Date;
use tokio::time::Instant;
use xiaoan_proto::hq::v1::{self as hq, ClosingState};
use xiaoan_proto::projections::v1::ListProjectionsRequest;

/// How long the boards may take to follow the late approval, and the pause between two looks.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// So many days after the last one of a month.
pub(super) fn day(month: usize, days: i64) -> Date {
    let to = months::all().get(month).map_or(Date::MIN, |month| month.to);
    to + time::Duration::days(days)
}

pub(super) fn period(month: usize) -> String {
    months::all().get(month).map_or_else(String::new, |month| months::word(*month))
}

pub(super) fn closing_id(month: usize) -> String {
    format!("{BOARD}-{}", period(month))
}

/// Every month is frozen on the fourth of the next.
pub(super) fn freezes() -> Vec<Tale> {
    let freeze = |month: usize| {
        let freeze = hq::FreezePeriodRequest {
            board: BOARD.into(),
            period: period(month),
            frozen_on: Some(day(month, 4).into()),
            ..Default::default()
        };
        Tale::new(NAME, closing_id(month)).with(&Actor::headquarters(&["hq"]), freeze)
    };
    (0..months::all().len()).map(freeze).collect()
}

/// The bureau approves what its station had proposed in time; gives back when the boards have counted it.
pub(super) async fn approve_late(stage: &Stage<'_>, late: &Late) -> Result<(), Fault> {
    for step in &late.story.steps {
        let Body::ApproveSolve(approve) = &step.body else { continue };
        let approver = Actor::new(step.who.subject.clone(), step.who.unit, step.who.roles);
        let clients = stage.voice(&approver)?;
        let send = async |r| clients.case().approve_solve(r).await;
        let receipt = clients.call(Service::Cases, approve.clone(), send).await?.receipt;
        let position = receipt.map_or(0, |receipt| receipt.position);
        let until = Instant::now() + PATIENCE;
        loop {
            let send = async |r| clients.projections(Service::Rankings).list_projections(r).await;
            let listed = clients.call(Service::Rankings, ListProjectionsRequest {}, send).await?;
            let cases = listed.projections.iter().find(|p| p.source == Service::Cases.word());
            if cases.is_some_and(|p| p.position >= position) {
                break;
            }
            if Instant::now() > until {
                return Err(Fault::Failed(format!("rankings/cases < {position}")));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

/// Its month is corrected when the next one has been closed too, and what followed from both is under way.
pub(super) fn correction(late: &Late) -> Tale {
    let correct = hq::CorrectPeriodRequest {
        closing_id: closing_id(late.month),
        reason: "演示：一起案件破案审批迟到".into(),
        corrected_on: Some(day(late.month, 55).into()),
        ..Default::default()
    };
    Tale::new(NAME, format!("{}-corrected", closing_id(late.month)))
        .with(&Actor::headquarters(&["hq"]), correct)
}

pub(super) async fn found(clients: &Clients) -> Result<Vec<hq::Closing>, Fault> {
    let request = hq::ListClosingsRequest { board: BOARD.into(), at_least: 0 };
    let ask = async |r| clients.closing().list_closings(r).await;
    let closings = clients.call(Service::Hq, request, ask).await?.closings;
    let mine: Vec<_> = (0..months::all().len()).map(period).collect();
    Ok(closings.into_iter().filter(|closing| mine.contains(&closing.period)).collect())
}

pub(super) async fn figures(clients: &Clients, course: &Course) -> Result<Vec<Shown>, Fault> {
    let closings = found(clients).await?;
    let corrected = closings.iter().filter(|closing| closing.state() == ClosingState::Corrected).count();
    Ok(vec![
        Shown::of("已结账月份", "months closed (A9)", &months::all().len(), &closings.len()),
        Shown::of("已更正月份", "months corrected", &course.late.iter().count(), &corrected),
    ])
}
