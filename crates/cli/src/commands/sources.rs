//! `xiaoan sources`: what the boards are computed from, and how far each source has been read.

use super::{Context, Verdict};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{rfc3339, show_instant};
use crate::render::{self, Align, Field, Sheet, Tone};
use serde_json::json;
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_proto::rankings::v1::{ListSourcesRequest, SourceStatus};

pub async fn run(context: &Context) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = ListSourcesRequest {};
    let answer =
        clients.call(Service::Rankings, request, async |r| clients.rankings().list_sources(r).await).await?;
    let sources = answer.sources;
    let documents: Vec<_> = sources.iter().map(document).collect();
    render::print(context, &sheet(context, &sources), &json!({ "sources": documents }), "")?;
    // A source that has stopped will not go on by itself.
    let stopped = sources.iter().any(|s| s.followed && s.state() == ProjectionState::Stopped);
    Ok(if stopped { Verdict::SomeRejected } else { Verdict::Done })
}

fn sheet(context: &Context, sources: &[SourceStatus]) -> Sheet {
    let mut sheet = Sheet::new(&[
        (context.say("来源", "source"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("位置", "position"), Align::Right),
        (context.say("来源位置", "source head"), Align::Right),
        (context.say("落后", "behind"), Align::Right),
        (context.say("落后秒数", "seconds"), Align::Right),
        (context.say("数据截至", "data as of"), Align::Left),
        (context.say("链头", "chain head"), Align::Left),
    ])
    .may_drop(3, 2)
    .may_drop(6, 1)
    .may_drop(7, 3);
    for source in sources {
        let well = !source.followed || source.state() == ProjectionState::Live;
        let said = format!("{} {}", state(context, source), source.problem);
        let number = |number: i64| if source.followed { number.to_string() } else { String::new() };
        sheet.row(vec![
            source.source.as_str().into(),
            Field::toned(said.trim(), if well { Tone::Plain } else { Tone::Alert }),
            number(source.position).into(),
            number(source.source_head).into(),
            number(source.lag_events).into(),
            if source.followed { format!("{:.1}", source.lag_seconds) } else { String::new() }.into(),
            show_instant(source.data_as_of.as_ref()).into(),
            Field::toned(hex::encode(&source.chain_head), Tone::Faint),
        ]);
    }
    sheet
}

fn state(context: &Context, source: &SourceStatus) -> &'static str {
    if !source.followed {
        return context.say("未接入", "not followed");
    }
    match source.state() {
        ProjectionState::Live => context.say("正常", "live"),
        ProjectionState::CatchingUp => context.say("追赶中", "catching up"),
        ProjectionState::Stopped => context.say("已停止", "STOPPED"),
        ProjectionState::Disconnected => context.say("连接中断", "cannot be reached"),
        ProjectionState::Unspecified => "",
    }
}

fn document(source: &SourceStatus) -> serde_json::Value {
    json!({
        "source": source.source, "followed": source.followed, "position": source.position,
        "sourceHead": source.source_head, "lagEvents": source.lag_events, "lagSeconds": source.lag_seconds,
        "chainHead": hex::encode(&source.chain_head), "dataAsOf": rfc3339(source.data_as_of.as_ref()),
        "state": source.state().as_str_name().trim_start_matches("PROJECTION_STATE_").to_ascii_lowercase(),
        "problem": source.problem, "measures": source.measures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_a_row_also_one_that_is_not_followed() {
        use clap::Parser;
        let globals = crate::args::Cli::parse_from(["xiaoan", "sources"]).globals;
        let context = Context { globals, lang: crate::lang::Lang::Zh };
        let cases = SourceStatus {
            source: "cases".into(),
            followed: true,
            position: 41,
            source_head: 44,
            lag_events: 3,
            lag_seconds: 1.25,
            chain_head: vec![0xab; 2],
            state: ProjectionState::Disconnected.into(),
            ..Default::default()
        };
        let port = SourceStatus { source: "port".into(), ..Default::default() };
        let shown = sheet(&context, &[cases, port]).table(false, None).0;
        let rows: Vec<_> = shown.lines().skip(2).collect();
        assert!(
            rows[0].contains("连接中断") && rows[0].contains("44") && rows[0].contains("abab"),
            "{shown}"
        );
        assert!(rows[1].contains("未接入"), "{shown}");
    }
}
