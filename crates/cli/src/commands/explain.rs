//! `xiaoan explain`: every ledger line of one number, with its event.

use super::{Context, Verdict};
use crate::args::{Explain, Service};
use crate::fault::Fault;
use crate::moments::{rfc3339, show_day, show_instant};
use crate::render::{self, Align, Sheet};
use serde_json::json;
use xiaoan_proto::rankings::v1::{ExplainRequest, LedgerLine};

/// Lines asked for at once.
const PAGE: usize = 2_000;

pub async fn run(context: &Context, what: Explain) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let mut request = ExplainRequest {
        board: what.board,
        period: what.period,
        org_unit: what.unit,
        squadron: what.squadron,
        indicator: what.indicator,
        denominator: what.denominator,
        as_of: what.as_of.map(xiaoan_proto::timestamp),
        as_of_positions: super::standings::positions(what.as_of_positions)?,
        ..Default::default()
    };
    let wanted = if what.limit == 0 { usize::MAX } else { what.limit };
    let mut lines: Vec<LedgerLine> = Vec::new();
    let (sum, count) = loop {
        request.page_size = i32::try_from(PAGE.min(wanted - lines.len())).unwrap_or(i32::MAX);
        let page = clients
            .call(Service::Rankings, request.clone(), async |r| clients.rankings().explain(r).await)
            .await?;
        lines.extend(page.lines);
        if page.next_page_token.is_empty() || lines.len() >= wanted {
            break (page.sum, page.count);
        }
        request.page_token = page.next_page_token;
    };
    let document = json!({
        "board": request.board, "period": request.period, "orgUnit": request.org_unit,
        "squadron": request.squadron, "indicator": request.indicator,
        "part": if request.denominator { "denominator" } else { "numerator" },
        "sum": sum, "count": count, "lines": lines.iter().map(document).collect::<Vec<_>>(),
    });
    let note = format!(
        "\n {} {sum} · {} {count}{}",
        context.say("合计", "sum"),
        context.say("明细行数", "lines"),
        if i64::try_from(lines.len()).is_ok_and(|n| n < count) {
            context.say(
                format!("（显示 {}，--limit 0 显示全部）", lines.len()),
                format!(" ({} shown; --limit 0 shows all)", lines.len()),
            )
        } else {
            String::new()
        }
    );
    render::print(context, &sheet(context, &lines), &document, &note)?;
    Ok(Verdict::Done)
}

fn sheet(context: &Context, lines: &[LedgerLine]) -> Sheet {
    let mut sheet = Sheet::new(&[
        (context.say("日期", "day"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("指标量", "measure"), Align::Left),
        (context.say("案别", "category"), Align::Left),
        (context.say("数量", "quantity"), Align::Right),
        (context.say("事件", "event"), Align::Left),
        (context.say("对象", "stream"), Align::Left),
        (context.say("来源位置", "source position"), Align::Left),
        (context.say("记录时间", "recorded at"), Align::Left),
    ])
    .may_drop(1, 1)
    .may_drop(7, 2)
    .may_drop(8, 3);
    for line in lines {
        let event = line.event_type.rsplit('.').next().unwrap_or_default();
        sheet.row(vec![
            show_day(line.occurred_on).into(),
            line.org_unit.as_str().into(),
            line.measure.as_str().into(),
            line.category.as_str().into(),
            format!("{:+}", line.quantity).into(),
            event.into(),
            line.stream.as_str().into(),
            format!("{} {}", line.source, line.position).into(),
            show_instant(line.recorded_at.as_ref()).into(),
        ]);
    }
    sheet
}

fn document(line: &LedgerLine) -> serde_json::Value {
    json!({
        "measure": line.measure, "orgUnit": line.org_unit, "category": line.category,
        "occurredOn": show_day(line.occurred_on), "quantity": line.quantity, "source": line.source,
        "position": line.position, "recordedAt": rfc3339(line.recorded_at.as_ref()),
        "eventType": line.event_type, "stream": line.stream,
    })
}
