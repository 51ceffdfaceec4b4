//! What banks confirmed: the three sums and the events behind them.

use super::{Context, Entries, Period, Verdict, What};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::show_day;
use crate::render::{self, Align, Sheet};
use serde_json::json;
use xiaoan_kernel::yuan_from_fen;
use xiaoan_proto::antifraud::v1 as pb;

/// Entries asked for at once.
const PAGE: usize = 500;

pub(super) async fn sums(context: &Context, what: Period) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::SumLedgerRequest {
        org_unit: what.unit,
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        at_least: 0,
    };
    let send = async |r| clients.money_ledger().sum_ledger(r).await;
    let sums = clients.call(Service::Antifraud, request, send).await?.sums;
    let mut sheet = Sheet::new(&[
        (context.say("台账", "ledger"), Align::Left),
        (context.say("金额(元)", "yuan"), Align::Right),
        (context.say("笔数", "confirmations"), Align::Right),
    ]);
    for sum in &sums {
        let ledger = match sum.ledger() {
            pb::Ledger::Stopped => context.say("止付", "stopped"),
            pb::Ledger::Frozen => context.say("冻结", "frozen"),
            pb::Ledger::Returned => context.say("返还", "returned"),
            pb::Ledger::Unspecified => "",
        };
        sheet.row(vec![
            ledger.into(),
            yuan_from_fen(sum.amount_fen).into(),
            sum.confirmations.to_string().into(),
        ]);
    }
    let document = json!({ "sums": sums.iter().map(render::message_json).collect::<Vec<_>>() });
    let note = context.say(
        " 止付与冻结不得相加：同一笔钱先止付后冻结",
        " stopped and frozen are never added: the same yuan is first stopped, then frozen",
    );
    render::print(context, &sheet, &document, note)?;
    Ok(Verdict::Done)
}

pub(super) async fn entries(context: &Context, what: Entries) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let wanted = if what.limit == 0 { usize::MAX } else { what.limit };
    let ledger = match what.ledger {
        What::Stop => pb::Ledger::Stopped,
        What::Freeze => pb::Ledger::Frozen,
        What::Return => pb::Ledger::Returned,
    };
    let mut request = pb::ListLedgerEntriesRequest {
        ledger: ledger.into(),
        org_unit: what.period.unit,
        from: what.period.from.map(Into::into),
        to: what.period.to.map(Into::into),
        ..Default::default()
    };
    let mut entries = Vec::new();
    loop {
        request.page_size = i32::try_from(PAGE.min(wanted - entries.len())).unwrap_or(i32::MAX);
        let send = async |r| clients.money_ledger().list_ledger_entries(r).await;
        let page = clients.call(Service::Antifraud, request.clone(), send).await?;
        entries.extend(page.entries);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() || entries.len() >= wanted {
            break;
        }
    }
    let mut sheet = Sheet::new(&[
        (context.say("位置", "position"), Align::Right),
        (context.say("日期", "day"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("银行", "bank"), Align::Left),
        (context.say("单号", "order"), Align::Left),
        (context.say("金额(元)", "yuan"), Align::Right),
        (context.say("事件", "event"), Align::Left),
    ]);
    for entry in &entries {
        sheet.row(vec![
            entry.position.to_string().into(),
            show_day(entry.occurred_on).into(),
            entry.org_unit.as_str().into(),
            entry.member_unit.as_str().into(),
            entry.order_id.as_str().into(),
            yuan_from_fen(entry.amount_fen).into(),
            entry.event_type.rsplit('.').next().unwrap_or_default().into(),
        ]);
    }
    let more = !request.page_token.is_empty();
    let document =
        json!({ "entries": entries.iter().map(render::message_json).collect::<Vec<_>>(), "more": more });
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}
