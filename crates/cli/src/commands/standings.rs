//! `xiaoan standings`, and the board that `watch` and `./dev up` show as well.

use super::{Context, Verdict};
use crate::args::{Service, Standings};
use crate::fault::Fault;
use crate::moments::{rfc3339, show_day, show_instant};
use crate::render::{self, Align, Field, Sheet, Tone};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use xiaoan_proto::hq::v1::{Indicator, Scheme};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsRequest, GetStandingsResponse, IndicatorValue};

pub async fn run(context: &Context, what: Standings) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = GetStandingsRequest {
        board: what.board,
        period: what.period,
        as_of: what.as_of.map(xiaoan_proto::timestamp),
        as_of_positions: positions(what.as_of_positions)?,
        ..Default::default()
    };
    let standings =
        clients.call(Service::Rankings, request, async |r| clients.rankings().get_standings(r).await).await?;
    render::print(context, &sheet(context, &standings), &document(&standings), &footer(context, &standings))?;
    Ok(Verdict::Done)
}

/// A position for each source.
///
/// # Errors
/// When a source is named twice.
pub fn positions(named: Vec<(String, i64)>) -> Result<HashMap<String, i64>, Fault> {
    let mut positions = HashMap::new();
    for (source, position) in named {
        if positions.insert(source.clone(), position).is_some() {
            return Err(Fault::Usage(format!("--as-of-position names {source} twice")));
        }
    }
    Ok(positions)
}

/// The board as a sheet: rank, unit, every indicator; rates with numerator and denominator beside them. A board whose
/// indicators stand under areas has a row per figure instead.
pub fn sheet(context: &Context, standings: &GetStandingsResponse) -> Sheet {
    let areas = |s: &Scheme| s.indicators.iter().any(|i| !i.area.is_empty());
    if let Some(scheme) = standings.scheme.as_ref().filter(|scheme| areas(scheme)) {
        return figures(context, standings, scheme);
    }
    let mut sheet = Sheet::default();
    sheet.column(context.say("名次", "rank"), Align::Right, 0);
    sheet.column(context.say("变化", "change"), Align::Right, 3);
    sheet.column(context.say("单位代码", "code"), Align::Left, 4);
    sheet.column(context.say("单位", "unit"), Align::Left, 0);
    let indicators = standings.scheme.as_ref().map(|s| s.indicators.clone()).unwrap_or_default();
    for (rank, indicator) in (10..).zip(&indicators) {
        let title = context.say(&indicator.title_zh, &indicator.title_en);
        let unit = if indicator.unit == "%" { " %" } else { "" };
        // What ranks is always shown, with its fraction; of the others the later go first, fractions before them.
        let ranked = ranks(standings, indicator);
        sheet.column(format!("{title}{unit}"), Align::Right, if ranked { 0 } else { rank });
        if is_ratio(indicator) {
            sheet.column(context.say("分子/分母", "k/n"), Align::Right, if ranked { 0 } else { 100 });
        }
        sheet.column(context.say("同比", "yoy"), Align::Right, if ranked { 2 } else { 90 });
    }
    sheet.column(context.say("关注", "attention"), Align::Left, 1);
    for entry in &standings.entries {
        sheet.row(row(context, standings, &indicators, entry));
    }
    if let Some(total) = &standings.total {
        let mut cells = row(context, standings, &indicators, total);
        cells[0] = Field::from("");
        cells[3] = Field::from(context.say("全市合计", "whole city"));
        for cell in &mut cells {
            cell.tone = Tone::Strong;
        }
        sheet.row(cells);
    }
    sheet
}

fn figures(context: &Context, standings: &GetStandingsResponse, scheme: &Scheme) -> Sheet {
    let mut sheet = Sheet::new(&[
        (context.say("分区", "area"), Align::Left),
        (context.say("数字", "figure"), Align::Left),
        (context.say("编号", "id"), Align::Left),
        (context.say("值", "value"), Align::Right),
        (context.say("单位", "unit"), Align::Left),
        (context.say("分子/分母", "k/n"), Align::Right),
        (context.say("同比", "yoy"), Align::Right),
        (context.say("统计单位", "counted for"), Align::Left),
    ])
    .may_drop(2, 2)
    .may_drop(7, 1);
    for indicator in &scheme.indicators {
        let of_total = standings.total.as_ref().map(|total| total.indicators.as_slice()).unwrap_or_default();
        let value = of_total.iter().find(|v| v.id == indicator.id);
        sheet.row(vec![
            indicator.area.as_str().into(),
            context.say(&indicator.title_zh, &indicator.title_en).as_str().into(),
            Field::toned(&indicator.id, Tone::Faint),
            value.map(shown).unwrap_or_default().into(),
            indicator.unit.as_str().into(),
            Field::toned(value.map(fraction).unwrap_or_default(), Tone::Faint),
            value.map(|v| v.yoy.clone()).unwrap_or_default().into(),
            Field::toned(&indicator.org_unit, Tone::Faint),
        ]);
    }
    sheet
}

fn is_ratio(indicator: &Indicator) -> bool {
    indicator.denominator.is_some()
}

fn ranks(standings: &GetStandingsResponse, indicator: &Indicator) -> bool {
    standings.scheme.as_ref().is_some_and(|scheme| scheme.rank_by == indicator.id)
}

fn row(
    context: &Context,
    standings: &GetStandingsResponse,
    indicators: &[Indicator],
    entry: &Entry,
) -> Vec<Field> {
    let unranked = entry.rank.is_none();
    let tone = if entry.attention { Tone::Alert } else { Tone::Plain };
    let mut cells = vec![
        Field::from(entry.rank.map_or("–".to_owned(), |rank| rank.to_string())),
        Field::from(change(entry)),
        Field::toned(if entry.squadron.is_empty() { &entry.org_unit } else { &entry.squadron }, Tone::Faint),
        Field::toned(context.say(&entry.name_zh, &entry.name_en), tone),
    ];
    for indicator in indicators {
        let value = entry.indicators.iter().find(|v| v.id == indicator.id);
        let ranked = ranks(standings, indicator);
        cells.push(Field::toned(
            value.map(shown).unwrap_or_default(),
            if ranked { tone } else { Tone::Plain },
        ));
        if is_ratio(indicator) {
            cells.push(Field::toned(value.map(fraction).unwrap_or_default(), Tone::Faint));
        }
        cells.push(Field::from(value.map(|v| v.yoy.clone()).unwrap_or_default()));
    }
    let is_total = standings.total.as_ref().is_some_and(|total| std::ptr::eq(total, entry));
    cells.push(if entry.attention {
        Field::toned(context.say("▼ 低于阈值", "▼ below threshold"), Tone::Alert)
    } else if unranked && !is_total {
        Field::toned(context.say("样本过少，不排名", "too few to rank"), Tone::Faint)
    } else {
        Field::from("")
    });
    cells
}

fn shown(value: &IndicatorValue) -> String {
    if !value.display.is_empty() {
        value.display.clone()
    } else if value.denominator.is_none() {
        value.numerator.to_string()
    } else {
        "–".to_owned()
    }
}

fn fraction(value: &IndicatorValue) -> String {
    value.denominator.map(|n| format!("{}/{n}", value.numerator)).unwrap_or_default()
}

/// ↑2, ↓1, =, or nothing when there is no rank to compare.
fn change(entry: &Entry) -> String {
    match (entry.rank, entry.previous_rank) {
        (Some(now), Some(before)) if now < before => format!("↑{}", before - now),
        (Some(now), Some(before)) if now > before => format!("↓{}", now - before),
        (Some(_), Some(_)) => "=".to_owned(),
        _ => String::new(),
    }
}

/// Title, period and what the figures are based on; stands under the table.
pub fn footer(context: &Context, standings: &GetStandingsResponse) -> String {
    let (zh, en) =
        standings.scheme.as_ref().map(|s| (s.title_zh.as_str(), s.title_en.as_str())).unwrap_or_default();
    let mut lines = vec![format!(
        "\n {}  {}{}{} … {}{}",
        context.say(zh, en),
        standings.period,
        context.say("（", " ("),
        show_day(standings.from),
        show_day(standings.to),
        context.say("）", ")")
    )];
    if standings.as_of.is_some() {
        lines.push(format!(
            " {} {}",
            context.say("按当时所知：", "as known at"),
            show_instant(standings.as_of.as_ref())
        ));
    }
    for source in &standings.sources {
        let mut line = format!(
            " {} {} · {} {} · {}",
            context.say("数据截至", "data as of"),
            show_instant(source.data_as_of.as_ref()),
            source.source,
            source.position,
            match (source.lag_events, context.say("已是最新", "up to date")) {
                (0, fresh) => fresh.to_owned(),
                (lag, _) => format!("{}{lag}", context.say("落后事件 ", "events behind: ")),
            }
        );
        if !source.problem.is_empty() {
            line.push_str(&format!(" · {}{}", context.say("已停止：", "STOPPED: "), source.problem));
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// The document of `--output json`. `rank` is absent when there are too few to rank.
#[must_use]
pub fn document(standings: &GetStandingsResponse) -> Value {
    let sources: Vec<_> = standings
        .sources
        .iter()
        .map(|s| {
            json!({
                "source": s.source, "position": s.position, "chainHead": hex::encode(&s.chain_head),
                "dataAsOf": rfc3339(s.data_as_of.as_ref()), "lagEvents": s.lag_events, "problem": s.problem,
            })
        })
        .collect();
    let mut document = Map::new();
    document.insert("board".into(), json!(standings.board));
    document.insert("period".into(), json!(standings.period));
    document.insert("from".into(), json!(show_day(standings.from)));
    document.insert("to".into(), json!(show_day(standings.to)));
    if standings.as_of.is_some() {
        document.insert("asOf".into(), json!(rfc3339(standings.as_of.as_ref())));
    }
    document.insert("entries".into(), standings.entries.iter().map(entry_document).collect());
    if let Some(total) = &standings.total {
        document.insert("total".into(), entry_document(total));
    }
    document.insert("sources".into(), json!(sources));
    document.insert("revision".into(), json!(standings.revision));
    Value::Object(document)
}

fn entry_document(entry: &Entry) -> Value {
    let mut document = Map::new();
    document.insert("orgUnit".into(), json!(entry.org_unit));
    if !entry.squadron.is_empty() {
        document.insert("squadron".into(), json!(entry.squadron));
    }
    if let Some(rank) = entry.rank {
        document.insert("rank".into(), json!(rank));
    }
    if let Some(rank) = entry.previous_rank {
        document.insert("previousRank".into(), json!(rank));
    }
    document.insert("attention".into(), json!(entry.attention));
    document.insert("nameZh".into(), json!(entry.name_zh));
    document.insert("nameEn".into(), json!(entry.name_en));
    document.insert("parent".into(), json!(entry.parent));
    document.insert("indicators".into(), entry.indicators.iter().map(indicator_document).collect());
    Value::Object(document)
}

fn indicator_document(value: &IndicatorValue) -> Value {
    let mut document = Map::new();
    document.insert("id".into(), json!(value.id));
    document.insert("numerator".into(), json!(value.numerator));
    if let Some(denominator) = value.denominator {
        document.insert("denominator".into(), json!(denominator));
    }
    document.insert("evaluable".into(), json!(value.evaluable));
    document.insert("display".into(), json!(value.display));
    document.insert("baseNumerator".into(), json!(value.base_numerator));
    if let Some(denominator) = value.base_denominator {
        document.insert("baseDenominator".into(), json!(denominator));
    }
    document.insert("yoy".into(), json!(value.yoy));
    document.insert("yoyRelative".into(), json!(value.yoy_relative));
    document.insert("baseZero".into(), json!(value.base_zero));
    if let (Some(low), Some(high)) = (value.wilson_low, value.wilson_high) {
        document.insert("wilson".into(), json!([low, high]));
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_proto::hq::v1::MeasureRef;

    #[test]
    fn the_document_has_the_promised_shape_and_leaves_the_rank_out_when_there_is_none() {
        let standings = GetStandingsResponse {
            board: "theft-stations".into(),
            period: "2026-06".into(),
            entries: vec![
                Entry {
                    org_unit: "371102010000".into(),
                    rank: Some(1),
                    attention: true,
                    indicators: vec![
                        IndicatorValue { id: "filed".into(), numerator: 20, ..Default::default() },
                        IndicatorValue {
                            id: "solve_rate".into(),
                            numerator: 8,
                            denominator: Some(20),
                            ..Default::default()
                        },
                    ],
                    ..Default::default()
                },
                Entry { org_unit: "371122020000".into(), ..Default::default() },
            ],
            ..Default::default()
        };
        let document = document(&standings);
        let first = &document["entries"][0];
        assert_eq!(
            (&first["orgUnit"], &first["rank"], &first["attention"]),
            (&json!("371102010000"), &json!(1), &json!(true))
        );
        assert_eq!(first["indicators"][1]["denominator"], 20);
        assert!(first["indicators"][0].get("denominator").is_none());
        assert!(document["entries"][1].get("rank").is_none());
        assert_eq!(document["entries"][1]["attention"], false);
    }

    fn context() -> Context {
        use clap::Parser;
        let words = ["xiaoan", "standings", "--board", "theft-stations", "--period", "2026-06"];
        Context { globals: crate::args::Cli::parse_from(words).globals, lang: crate::lang::Lang::Zh }
    }

    #[test]
    fn a_board_shows_rates_beside_their_fractions_and_says_who_is_not_ranked() {
        let rate = Indicator {
            id: "solve_rate".into(),
            title_zh: "破案率".into(),
            denominator: Some(MeasureRef::default()),
            unit: "%".into(),
            ..Default::default()
        };
        let filed = Indicator {
            id: "filed".into(),
            title_zh: "立案".into(),
            unit: "件".into(),
            ..Default::default()
        };
        let row =
            |code: &str, name: &str, rank: Option<i32>, attention: bool, k: i64, n: i64, display: &str| {
                Entry {
                    org_unit: code.into(),
                    name_zh: name.into(),
                    rank,
                    previous_rank: rank.map(|r| r + 1),
                    attention,
                    indicators: vec![
                        IndicatorValue { id: "filed".into(), numerator: n, ..Default::default() },
                        IndicatorValue {
                            id: "solve_rate".into(),
                            numerator: k,
                            denominator: Some(n),
                            display: display.into(),
                            yoy: if rank.is_some() { "+5.8pp".into() } else { String::new() },
                            ..Default::default()
                        },
                    ],
                    ..Default::default()
                }
            };
        let standings = GetStandingsResponse {
            scheme: Some(Scheme {
                indicators: vec![filed, rate],
                rank_by: "solve_rate".into(),
                ..Default::default()
            }),
            entries: vec![
                row("371103010000", "巨峰派出所", Some(1), false, 12, 25, "48.0"),
                row("371102010000", "示例东港一所", Some(2), true, 7, 20, "35.0"),
                row("371121010000", "中至派出所", None, false, 2, 3, ""),
            ],
            total: Some(row("", "", None, false, 21, 48, "43.8")),
            ..Default::default()
        };
        let shown = sheet(&context(), &standings).table(false, None).0;
        let expected = [
            " 名次   变化   单位代码       单位           立案   同比   破案率 %   分子/分母     同比   关注",
            "────────────────────────────────────────────────────────────────────────────────────────────────────────────",
            "    1     ↑1   371103010000   巨峰派出所       25              48.0       12/25   +5.8pp",
            "    2     ↑1   371102010000   示例东港一所     20              35.0        7/20   +5.8pp   ▼ 低于阈值",
            "    –          371121010000   中至派出所        3                 –         2/3            样本过少，不排名",
            "                              全市合计         48              43.8       21/48",
        ];
        assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_rise_is_an_arrow_up() {
        let at = |rank, previous_rank| change(&Entry { rank, previous_rank, ..Default::default() });
        assert_eq!(at(Some(1), Some(3)), "↑2");
        assert_eq!(at(Some(3), Some(1)), "↓2");
        assert_eq!(at(Some(2), Some(2)), "=");
        assert_eq!(at(None, Some(2)), "");
    }
}
