//! Commands on an order, lists, one order.

use super::super::listing::{Beside, show_accepted_with, show_history, state};
use super::{Context, Decision, Extend, List, Release, Verdict, What, Why, kind_of};
use crate::connect::{Clients, call};
use crate::fault::Fault;
use crate::moments::{show_day, show_instant};
use crate::render::{self, Align, Field, Sheet, Tone};
use serde_json::json;
use time::Date;
use xiaoan_kernel::yuan_from_fen;
use xiaoan_proto::antifraud::v1 as pb;
use xiaoan_proto::core::v1::Receipt;

/// Orders asked for at once.
const PAGE: usize = 500;

/// Makes a call of the antifraud service.
pub(super) fn said(context: &Context, receipt: Option<Receipt>) -> Result<Verdict, Fault> {
    let receipt = receipt.unwrap_or_default();
    match context.output() {
        crate::args::Output::Json => render::out(&format!("{:#}\n", render::message_json(&receipt)))?,
        crate::args::Output::Table | crate::args::Output::Csv => render::out(&format!("{}\n", receipt.name))?,
    }
    Ok(Verdict::Done)
}

pub(super) async fn approve(context: &Context, order_id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match kind_of(&order_id) {
        What::Stop => {
            let request = pb::ApproveStopRequest { request_id, order_id, etag };
            call!(Antifraud, clients.stop().approve_stop(request)).receipt
        }
        What::Freeze => {
            let request = pb::ApproveFreezeRequest { request_id, order_id, etag };
            call!(Antifraud, clients.freeze().approve_freeze(request)).receipt
        }
        What::Return => {
            let request = pb::DecideReturnRequest { request_id, order_id, etag };
            call!(Antifraud, clients.return_order().decide_return(request)).receipt
        }
    };
    said(context, receipt)
}

pub(super) async fn extend(context: &Context, what: Extend) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let Extend { order_id, reason, remedy, papers } = what;
    let restriction = Some(pb::RestrictionText { reason, remedy, papers });
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match kind_of(&order_id) {
        What::Freeze => {
            let request = pb::RenewFreezeRequest { request_id, order_id, etag, restriction };
            call!(Antifraud, clients.freeze().renew_freeze(request)).receipt
        }
        What::Stop | What::Return => {
            let request = pb::ExtendStopRequest { request_id, order_id, etag, restriction };
            call!(Antifraud, clients.stop().extend_stop(request)).receipt
        }
    };
    said(context, receipt)
}

pub(super) async fn release(context: &Context, what: Release) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let Release { order_id, reason, unrelated_since } = what;
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match kind_of(&order_id) {
        What::Freeze => {
            let found_unrelated_on = unrelated_since.map(Into::into);
            let request = pb::UnfreezeRequest { request_id, order_id, etag, reason, found_unrelated_on };
            call!(Antifraud, clients.freeze().unfreeze(request)).receipt
        }
        What::Stop | What::Return if unrelated_since.is_some() => {
            let why =
                context.say("--unrelated-since 只用于解除冻结", "--unrelated-since is of a freeze only");
            return Err(Fault::Usage(why.to_owned()));
        }
        What::Stop | What::Return => {
            let request = pb::ReleaseStopRequest { request_id, order_id, etag, reason };
            call!(Antifraud, clients.stop().release_stop(request)).receipt
        }
    };
    said(context, receipt)
}

pub(super) async fn notice(context: &Context, order_id: String, on: Date) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::PublishReturnNoticeRequest {
        request_id: context.request_id(),
        order_id,
        published_on: Some(on.into()),
        ..Default::default()
    };
    said(context, call!(Antifraud, clients.return_order().publish_return_notice(request)).receipt)
}

pub(super) async fn object(context: &Context, order_id: String, ground: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let request = pb::FileObjectionRequest { request_id, order_id, etag, ground };
    let answer = call!(Antifraud, clients.return_order().file_objection(request));
    let number = Beside("异议", "objection", "objection", json!(answer.objection));
    show_accepted_with(context, answer.receipt, &[number])
}

pub(super) async fn decide_objection(
    context: &Context,
    order_id: String,
    objection: i32,
    decision: Decision,
    reason: String,
) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let upheld = decision == Decision::Upheld;
    let request = pb::DecideObjectionRequest { request_id, order_id, etag, objection, upheld, reason };
    said(context, call!(Antifraud, clients.return_order().decide_objection(request)).receipt)
}

pub(super) async fn resend(context: &Context, order_id: String, serial: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request_id = context.request_id();
    let request = pb::ResendInstructionRequest { request_id, order_id, trans_serial_number: serial };
    said(context, call!(Antifraud, clients.instruction().resend_instruction(request)).receipt)
}

pub(super) async fn revoke(context: &Context, what: Why) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let Why { order_id, reason } = what;
    let (request_id, etag) = (context.request_id(), String::new());
    let request = pb::RevokeConfirmationRequest { request_id, order_id, etag, reason };
    said(context, call!(Antifraud, clients.instruction().revoke_confirmation(request)).receipt)
}

pub(super) async fn get(context: &Context, order_id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let at_least = 0;
    let mut sheet = sheet(context);
    let document = match kind_of(&order_id) {
        What::Stop => {
            let request = pb::GetStopRequest { order_id, at_least };
            let found = call!(Antifraud, clients.stop().get_stop(request));
            let stop = found.stop.unwrap_or_default();
            row_of_stop(&mut sheet, &stop);
            render::message_json(&stop)
        }
        What::Freeze => {
            let request = pb::GetFreezeRequest { order_id, at_least };
            let found = call!(Antifraud, clients.freeze().get_freeze(request));
            let freeze = found.freeze.unwrap_or_default();
            row_of_freeze(&mut sheet, &freeze);
            render::message_json(&freeze)
        }
        What::Return => {
            let request = pb::GetReturnRequest { order_id, at_least };
            let found = call!(Antifraud, clients.return_order().get_return(request));
            let order = found.return_order.unwrap_or_default();
            row_of_return(&mut sheet, &order);
            render::message_json(&order)
        }
    };
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}

pub(super) async fn history(context: &Context, order_id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::GetOrderHistoryRequest { order_id };
    show_history(context, call!(Antifraud, clients.order().get_order_history(request)).entries)
}

pub(super) async fn list(context: &Context, what: List) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let wanted = if what.limit == 0 { usize::MAX } else { what.limit };
    let mut sheet = sheet(context);
    let mut documents = Vec::new();
    let mut page_token = String::new();
    loop {
        let page_size = i32::try_from(PAGE.min(wanted - documents.len())).unwrap_or(i32::MAX);
        page_token = page(&clients, &what, page_size, page_token, &mut sheet, &mut documents).await?;
        if page_token.is_empty() || documents.len() >= wanted {
            break;
        }
    }
    let note = if page_token.is_empty() {
        String::new()
    } else {
        format!("\n {}", context.say("还有更多：--limit 0 列出全部", "there are more: --limit 0 lists all"))
    };
    let document = json!({ "orders": documents, "more": !page_token.is_empty() });
    render::print(context, &sheet, &document, &note)?;
    Ok(Verdict::Done)
}

/// One page; gives the token of the next.
async fn page(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
    sheet: &mut Sheet,
    documents: &mut Vec<serde_json::Value>,
) -> Result<String, Fault> {
    let (org_unit, member_unit) = (what.unit.clone(), what.bank.clone());
    Ok(match what.what {
        What::Stop => {
            let state = state(&what.state, "STOP_STATE_", pb::StopState::from_str_name)?;
            let request =
                pb::ListStopsRequest { org_unit, state, member_unit, page_size, page_token, at_least: 0 };
            let page = call!(Antifraud, clients.stop().list_stops(request));
            for stop in &page.stops {
                row_of_stop(sheet, stop);
                documents.push(render::message_json(stop));
            }
            page.next_page_token
        }
        What::Freeze => {
            let state = state(&what.state, "FREEZE_STATE_", pb::FreezeState::from_str_name)?;
            let request =
                pb::ListFreezesRequest { org_unit, state, member_unit, page_size, page_token, at_least: 0 };
            let page = call!(Antifraud, clients.freeze().list_freezes(request));
            for freeze in &page.freezes {
                row_of_freeze(sheet, freeze);
                documents.push(render::message_json(freeze));
            }
            page.next_page_token
        }
        What::Return => {
            let state = state(&what.state, "RETURN_STATE_", pb::ReturnState::from_str_name)?;
            let request =
                pb::ListReturnsRequest { org_unit, state, member_unit, page_size, page_token, at_least: 0 };
            let page = call!(Antifraud, clients.return_order().list_returns(request));
            for order in &page.return_orders {
                row_of_return(sheet, order);
                documents.push(render::message_json(order));
            }
            page.next_page_token
        }
    })
}

fn sheet(context: &Context) -> Sheet {
    Sheet::new(&[
        (context.say("单号", "order"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("银行", "bank"), Align::Left),
        (context.say("案件编号", "case no"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("申请(元)", "asked (yuan)"), Align::Right),
        (context.say("银行确认(元)", "confirmed (yuan)"), Align::Right),
        (context.say("到期", "ends"), Align::Left),
        (context.say("提醒", "attention"), Align::Left),
    ])
}

/// What is about to be too late, and what was.
fn attention(warned_days: i32, breaches: &[pb::DeadlineBreach]) -> Field {
    let warned = (warned_days > 0).then(|| format!("≤ {warned_days} d"));
    let words: Vec<_> = warned.into_iter().chain(breaches.iter().map(|b| b.rule_id.clone())).collect();
    Field::toned(words.join(", "), Tone::Alert)
}

/// The word of an enum without what all its values begin with.
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', " ")
}

fn row_of_stop(sheet: &mut Sheet, stop: &pb::StopOrder) {
    sheet.row(vec![
        stop.order_id.as_str().into(),
        stop.org_unit.as_str().into(),
        stop.member_unit.as_str().into(),
        stop.case_no.as_str().into(),
        word(stop.state().as_str_name(), "STOP_STATE_").into(),
        yuan_from_fen(stop.ordered_fen).into(),
        yuan_from_fen(stop.stopped_fen).into(),
        show_instant(stop.expires_at.as_ref()).into(),
        "".into(),
    ]);
}

fn row_of_freeze(sheet: &mut Sheet, freeze: &pb::FreezeOrder) {
    sheet.row(vec![
        freeze.order_id.as_str().into(),
        freeze.org_unit.as_str().into(),
        freeze.member_unit.as_str().into(),
        freeze.case_no.as_str().into(),
        word(freeze.state().as_str_name(), "FREEZE_STATE_").into(),
        yuan_from_fen(freeze.ordered_fen).into(),
        yuan_from_fen(freeze.frozen_fen).into(),
        show_day(freeze.expires_on).into(),
        attention(
            if freeze.state() == pb::FreezeState::Frozen { freeze.warned_days } else { 0 },
            &freeze.breaches,
        ),
    ]);
}

fn row_of_return(sheet: &mut Sheet, order: &pb::ReturnOrder) {
    let paid = if order.state() == pb::ReturnState::Executed { order.amount_fen } else { 0 };
    sheet.row(vec![
        order.order_id.as_str().into(),
        order.org_unit.as_str().into(),
        order.member_unit.as_str().into(),
        order.freeze_order_id.as_str().into(),
        word(order.state().as_str_name(), "RETURN_STATE_").into(),
        yuan_from_fen(order.amount_fen).into(),
        yuan_from_fen(paid).into(),
        show_day(order.notice_until).into(),
        attention(0, &order.breaches),
    ]);
}
