//! `xiaoan closings …`: freeze, correct, list, show, verify.
//!
//! `verify` trusts nobody: it makes the digest of what hq stored again, and asks rankings to count everything again as of the
//! stored positions; both must agree to the byte.

use super::{Context, Verdict};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{self, show_day};
use crate::render::{self, Align, Field, Sheet, Tone};
use clap::Subcommand;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use time::Date;
use xiaoan_proto::closing_text;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::{ClosedEntry, ClosedFigures, Closing, ClosingState, Consequence, Standing};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsRequest, GetStandingsResponse};

/// Closed periods of the boards.
#[derive(Debug, Subcommand)]
pub enum Closings {
    /// Freeze a period that is over: what the board shows now is stored for ever (headquarters)
    #[command(after_help = "Example: xiaoan closings freeze --board theft-stations --period 2026-06")]
    Freeze {
        /// Board, for example theft-stations
        #[arg(long)]
        board: String,
        /// 2026-06, 2026-Q2, 2026 or a campaign id; only months make streaks. Headquarters freezes no free range
        /// (2026-06-01..2026-06-30 is refused with GE-006): a closing is named by its period
        #[arg(long)]
        period: String,
        /// Day of freezing [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Record what the board shows now beside the frozen figures; withdraws what has lost its ground (headquarters)
    Correct {
        /// Closing, for example theft-stations-2026-06
        closing_id: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Day of the correction [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Closings, the newest period first
    List {
        /// Only this board
        #[arg(long, default_value = "")]
        board: String,
    },
    /// One closing: every unit with its frozen figures, those by the corrections, those of now, and how it stands
    Show {
        /// Closing, for example theft-stations-2026-06
        closing_id: String,
    },
    /// Count closings again at rankings as of their stored positions, and compare digests and entries
    Verify {
        /// Closing [default: all]
        closing_id: Option<String>,
        /// Only this board
        #[arg(long, default_value = "")]
        board: String,
    },
}

/// `xiaoan closings …`.
///
/// # Errors
/// Whatever went wrong.
pub async fn run(context: &Context, what: Closings) -> Result<Verdict, Fault> {
    match what {
        Closings::Freeze { board, period, on } => freeze(context, board, period, on).await,
        Closings::Correct { closing_id, reason, on } => correct(context, closing_id, reason, on).await,
        Closings::List { board } => list(context, board).await,
        Closings::Show { closing_id } => show(context, closing_id).await,
        Closings::Verify { closing_id, board } => verify(context, closing_id, board).await,
    }
}

async fn freeze(
    context: &Context,
    board: String,
    period: String,
    on: Option<Date>,
) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = hq::FreezePeriodRequest {
        request_id: context.request_id(),
        board,
        period,
        frozen_on: on.map(Into::into),
        at_least: HashMap::new(),
    };
    let answer =
        clients.call(Service::Hq, request, async |r| clients.closing().freeze_period(r).await).await?;
    let said = context.say("已冻结", "frozen");
    let mut sheet = Sheet::new(&[(context.say("结账", "closing"), Align::Left)]);
    sheet.row(vec![answer.closing_id.as_str().into()]);
    render::print(context, &sheet, &render::message_json(&answer), said)?;
    Ok(Verdict::Done)
}

async fn correct(
    context: &Context,
    closing_id: String,
    reason: String,
    on: Option<Date>,
) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = hq::CorrectPeriodRequest {
        request_id: context.request_id(),
        closing_id,
        reason,
        corrected_on: on.map(Into::into),
        ..Default::default()
    };
    let answer =
        clients.call(Service::Hq, request, async |r| clients.closing().correct_period(r).await).await?;
    let mut sheet = Sheet::new(&[
        (context.say("撤回", "withdrawn"), Align::Left),
        (context.say("编号", "id"), Align::Left),
    ]);
    for id in &answer.withdrawn_notices {
        sheet.row(vec![context.say("通报", "notice").into(), id.as_str().into()]);
    }
    for id in &answer.withdrawn_interviews {
        sheet.row(vec![context.say("约谈", "interview").into(), id.as_str().into()]);
    }
    let note = format!("{} {}", context.say("更正第", "correction"), answer.number);
    render::print(context, &sheet, &render::message_json(&answer), &note)?;
    Ok(Verdict::Done)
}

async fn all(context: &Context, board: String) -> Result<hq::ListClosingsResponse, Fault> {
    let clients = context.clients()?;
    let request = hq::ListClosingsRequest { board, at_least: 0 };
    clients.call(Service::Hq, request, async |r| clients.closing().list_closings(r).await).await
}

/// A closing with what follows from it.
pub(super) async fn one(context: &Context, closing_id: String) -> Result<hq::GetClosingResponse, Fault> {
    let clients = context.clients()?;
    let request = hq::GetClosingRequest { closing_id, at_least: 0 };
    clients.call(Service::Hq, request, async |r| clients.closing().get_closing(r).await).await
}

async fn list(context: &Context, board: String) -> Result<Verdict, Fault> {
    let answer = all(context, board).await?;
    let mut sheet = Sheet::new(&[
        (context.say("结账", "closing"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("冻结日", "frozen on"), Align::Left),
        (context.say("更正", "corrections"), Align::Right),
        (context.say("摘要", "digest"), Align::Left),
    ])
    .may_drop(4, 1);
    for closing in &answer.closings {
        let digest = closing.frozen.as_ref().map(|f| hex::encode(&f.digest)).unwrap_or_default();
        sheet.row(vec![
            closing.closing_id.as_str().into(),
            state(context, closing).into(),
            show_day(closing.frozen_on).into(),
            closing.corrections.len().to_string().into(),
            Field::toned(digest, Tone::Faint),
        ]);
    }
    render::print(context, &sheet, &render::message_json(&answer), "")?;
    Ok(Verdict::Done)
}

async fn show(context: &Context, closing_id: String) -> Result<Verdict, Fault> {
    let answer = one(context, closing_id).await?;
    let closing = answer.closing.clone().unwrap_or_default();
    let frozen = closing.frozen.clone().unwrap_or_default();
    // Late facts show without anybody having corrected the period; without rankings the rest is as good.
    let asked = now(context, &closing, &frozen).await;
    let (now, unasked) = match asked {
        Ok(now) => (Some(now), String::new()),
        Err(fault) => {
            (None, format!(" · {}: {fault}", context.say("现在数未取得", "figures of now are missing")))
        }
    };
    let mut sheet = Sheet::new(&[
        (context.say("名次", "rank"), Align::Right),
        (context.say("单位代码", "code"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("冻结时", "frozen"), Align::Right),
        (context.say("经更正", "by corrections"), Align::Right),
        (context.say("现在", "now"), Align::Right),
        (context.say("评价", "standing"), Align::Left),
        (context.say("通报", "notice"), Align::Left),
    ])
    .may_drop(7, 1);
    let ranked_by = frozen.scheme.as_ref().map(|s| s.rank_by.clone()).unwrap_or_default();
    for entry in &frozen.entries {
        let found = answer.consequences.iter().find(|c| c.org_unit == entry.org_unit);
        let id = found.map_or(ranked_by.as_str(), |c| c.indicator_id.as_str());
        let below = found.is_some_and(|c| c.standing() == Standing::Below);
        let tone = if below { Tone::Alert } else { Tone::Plain };
        sheet.row(vec![
            entry.rank.map_or("–".to_owned(), |rank| rank.to_string()).into(),
            Field::toned(&entry.org_unit, Tone::Faint),
            Field::toned(context.say(&entry.name_zh, &entry.name_en), tone),
            fraction(entry, id).into(),
            found.map(|c| format!("{}/{}", c.numerator, c.denominator)).unwrap_or_default().into(),
            figure_now(now.as_ref(), entry, id),
            Field::toned(found.map(|c| standing(context, c)).unwrap_or_default(), tone),
            found.map(|c| c.notice_id.clone()).unwrap_or_default().into(),
        ]);
    }
    let note = format!(
        "{} {} · {} {} · sha256 {}{unasked}",
        closing.closing_id,
        state(context, &closing),
        context.say("冻结于", "frozen on"),
        show_day(closing.frozen_on),
        hex::encode(&frozen.digest),
    );
    let mut document = render::message_json(&answer);
    if let (Some(now), Some(document)) = (&now, document.as_object_mut()) {
        document.insert("now".to_owned(), render::message_json(now));
    }
    render::print(context, &sheet, &document, &note)?;
    Ok(Verdict::Done)
}

/// What the board of the closing shows now, judged by the scheme that was frozen.
async fn now(
    context: &Context,
    closing: &Closing,
    frozen: &ClosedFigures,
) -> Result<GetStandingsResponse, Fault> {
    let clients = context.clients()?;
    let request = GetStandingsRequest {
        board: closing.board.clone(),
        period: closing.period.clone(),
        scheme: frozen.scheme.clone(),
        ..Default::default()
    };
    clients.call(Service::Rankings, request, async |r| clients.rankings().get_standings(r).await).await
}

/// The figure of an entry now, told apart when it is another.
fn figure_now(now: Option<&GetStandingsResponse>, frozen: &ClosedEntry, id: &str) -> Field {
    let Some(now) = now else { return Field::from("?") };
    let same = |e: &&Entry| e.org_unit == frozen.org_unit && e.squadron == frozen.squadron;
    let figure = now.entries.iter().find(same).map(|entry| fraction(&ClosedEntry::from(entry), id));
    let figure = figure.unwrap_or_else(|| "–".to_owned());
    let tone = if figure == fraction(frozen, id) { Tone::Plain } else { Tone::Alert };
    Field::toned(figure, tone)
}

fn fraction(entry: &ClosedEntry, indicator: &str) -> String {
    let value = entry.values.iter().find(|value| value.id == indicator);
    value.map_or(String::new(), |v| match v.denominator {
        Some(n) => format!("{}/{n}", v.numerator),
        None => v.numerator.to_string(),
    })
}

fn state(context: &Context, closing: &Closing) -> &'static str {
    match closing.state() {
        ClosingState::Frozen => context.say("已冻结", "frozen"),
        ClosingState::Corrected => context.say("已更正", "corrected"),
        ClosingState::Unspecified => "?",
    }
}

fn standing(context: &Context, found: &Consequence) -> &'static str {
    match found.standing() {
        Standing::NotBelow => context.say("不低于阈值", "not below"),
        Standing::Below => context.say("▼ 低于阈值", "▼ below"),
        Standing::TooFew => context.say("样本过少", "too few"),
        Standing::Held => context.say("数据待核", "held"),
        Standing::Unspecified => "?",
    }
}

/// Whether something is what was stored or issued.
pub(super) fn agreement(context: &Context, same: bool) -> Field {
    match same {
        true => Field::from(context.say("一致", "same")),
        false => Field::toned(context.say("不一致", "DIFFERS"), Tone::Alert),
    }
}

/// What was found out about figures that a closing stored.
struct Checked {
    closing_id: String,
    /// 0 = the frozen ones.
    correction: i32,
    digest: String,
    /// The stored figures still have the stored digest.
    intact: bool,
    /// Rankings counts the same as of the stored positions.
    recounted: bool,
    differences: Vec<String>,
}

async fn verify(context: &Context, closing_id: Option<String>, board: String) -> Result<Verdict, Fault> {
    let ids = match closing_id {
        Some(id) => vec![id],
        None => all(context, board).await?.closings.into_iter().map(|c| c.closing_id).collect(),
    };
    let mut checked = Vec::new();
    for id in ids {
        let closing = one(context, id).await?.closing.unwrap_or_default();
        let frozen = closing.frozen.iter().map(|figures| (0, figures));
        let corrected =
            closing.corrections.iter().filter_map(|c| c.figures.as_ref().map(|figures| (c.number, figures)));
        for (number, figures) in frozen.chain(corrected) {
            checked.push(check(context, &closing, number, figures).await?);
        }
    }
    let mut sheet = Sheet::new(&[
        (context.say("结账", "closing"), Align::Left),
        (context.say("更正", "correction"), Align::Right),
        (context.say("存储", "stored"), Align::Left),
        (context.say("重算", "counted again"), Align::Left),
        (context.say("摘要", "digest"), Align::Left),
    ])
    .may_drop(4, 1);
    for one in &checked {
        sheet.row(vec![
            one.closing_id.as_str().into(),
            one.correction.to_string().into(),
            agreement(context, one.intact),
            agreement(context, one.recounted),
            Field::toned(&one.digest, Tone::Faint),
        ]);
    }
    let differences: Vec<_> =
        checked.iter().flat_map(|c| c.differences.iter().map(|d| format!("{}: {d}", c.closing_id))).collect();
    let document: Vec<_> = checked
        .iter()
        .map(|c| {
            json!({
                "closingId": c.closing_id, "correction": c.correction, "digest": c.digest,
                "stored": c.intact, "recounted": c.recounted, "differences": c.differences,
            })
        })
        .collect();
    render::print(context, &sheet, &json!({ "closings": document }), &differences.join("\n"))?;
    let well = checked.iter().all(|c| c.intact && c.recounted);
    Ok(if well { Verdict::Done } else { Verdict::SomeRejected })
}

async fn check(
    context: &Context,
    closing: &Closing,
    correction: i32,
    stored: &ClosedFigures,
) -> Result<Checked, Fault> {
    let clients = context.clients()?;
    let positions = stored.sources.iter().map(|s| (s.source.clone(), s.position)).collect();
    let request = GetStandingsRequest {
        board: closing.board.clone(),
        period: closing.period.clone(),
        as_of_positions: positions,
        // Whatever is in force by now: what was frozen was judged by this one.
        scheme: stored.scheme.clone(),
        ..Default::default()
    };
    let standings =
        clients.call(Service::Rankings, request, async |r| clients.rankings().get_standings(r).await).await?;
    // Which event stood at a position is the log's to say (`xiaoan audit verify`); what was counted up to it is compared here.
    let again = ClosedFigures { sources: stored.sources.clone(), ..ClosedFigures::from(&standings) };
    let digest_of = |figures: &ClosedFigures| {
        let text = closing_text(&closing.board, &closing.period, figures, |b| Sha256::digest(b).into());
        Sha256::digest(text).to_vec()
    };
    Ok(Checked {
        closing_id: closing.closing_id.clone(),
        correction,
        digest: hex::encode(&stored.digest),
        intact: digest_of(stored) == stored.digest,
        recounted: digest_of(&again) == stored.digest,
        differences: differences(stored, &again),
    })
}

/// What differs, a line each.
fn differences(stored: &ClosedFigures, again: &ClosedFigures) -> Vec<String> {
    let mut lines = Vec::new();
    if stored.scheme != again.scheme {
        let version = |f: &ClosedFigures| f.scheme.as_ref().map_or(-1, |s| s.version);
        lines.push(format!("scheme: version {} stored, {} now", version(stored), version(again)));
    }
    let key = |entry: &ClosedEntry| (entry.org_unit.clone(), entry.squadron.clone());
    let of = |figures: &ClosedFigures| -> HashMap<_, _> {
        figures.entries.iter().map(|entry| (key(entry), entry.clone())).collect()
    };
    let (before, now) = (of(stored), of(again));
    let mut keys: Vec<_> = before.keys().chain(now.keys()).cloned().collect();
    keys.sort();
    keys.dedup();
    for unit in keys {
        match (before.get(&unit), now.get(&unit)) {
            (Some(stored), Some(again)) => {
                let plain = |e: &ClosedEntry| (e.rank, e.attention, e.values.clone(), e.integrity.clone());
                if plain(stored) != plain(again) {
                    let figures = |e: &ClosedEntry| {
                        let each = |v: &hq::ClosedValue| format!("{} {}", v.id, fraction(e, &v.id));
                        e.values.iter().map(each).collect::<Vec<_>>().join(", ")
                    };
                    lines.push(format!("{}: {} stored, {} now", unit.0, figures(stored), figures(again)));
                }
            }
            (Some(_), None) => lines.push(format!("{}: stored, not there now", unit.0)),
            (None, Some(_)) => lines.push(format!("{}: not stored, there now", unit.0)),
            (None, None) => {}
        }
    }
    lines
}
