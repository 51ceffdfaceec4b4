//! `xiaoan demo plan | load | check`.

use super::{Context, Verdict, projections};
use crate::args::{Demo, DemoLoad, Service};
use crate::connect::Clients;
use crate::demo::city::{BASE, CAMPAIGN, JUFENG, LIANGCHENG, STATIONS, Station, ZHONGZHI};
use crate::demo::plan::{CAMPAIGN_ID, PREVENTION_BOARD};
use crate::demo::replay::{self, Replayed};
use crate::demo::stage::{Played, Share, Stage, Stopped};
use crate::demo::sums::Sums;
use crate::demo::{Body, LATER, Plan, SHARES, acceptance, sheet};
use crate::fault::Fault;
use crate::render::{self, Align, Field, Sheet, Tone};
use crate::{keys, progress};
use futures::future::LocalBoxFuture;
use indicatif::ProgressBar;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;
use tokio::time::Instant;
use xiaoan_proto::cases::v1::GetCaseRequest;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::ListOrgUnitsRequest;
use xiaoan_proto::rankings::v1::{Entry, GetStandingsRequest, GetStandingsResponse, IndicatorValue};

/// How long the boards may take to follow the last command.
const PATIENCE: Duration = Duration::from_secs(120);

pub async fn run(context: &Context, what: Demo) -> Result<Verdict, Fault> {
    match what {
        Demo::Plan => plan(context),
        Demo::Load(what) => load(context, what).await,
        Demo::Check => check(context).await,
    }
}

fn plan(context: &Context) -> Result<Verdict, Fault> {
    let plan = Plan::build();
    let mut commands: BTreeMap<String, u64> = BTreeMap::new();
    for step in plan.steps() {
        *commands.entry(step.body.name().to_owned()).or_default() += 1;
    }
    for share in SHARES.iter().chain(LATER) {
        for (rpc, n) in (share.commands)() {
            *commands.entry(format!("{} {rpc}", share.service.word())).or_default() += n;
        }
    }
    let mut sheet = Sheet::new(&[
        (context.say("命令", "command"), Align::Left),
        (context.say("次数", "count"), Align::Right),
    ]);
    for (name, count) in &commands {
        sheet.row(vec![name.as_str().into(), count.to_string().into()]);
    }
    let expected = expected(&Sums::of(&plan));
    let total: u64 = commands.values().sum();
    sheet.row(vec![
        Field::toned(context.say("合计", "total"), Tone::Strong),
        Field::toned(total.to_string(), Tone::Strong),
    ]);
    let figures: Vec<_> = expected.iter().map(|f| json!({ "figure": f.en, "value": f.value })).collect();
    let mut note = String::new();
    for figure in &expected {
        let _ = write!(note, "\n {} {}", context.say(&figure.zh, &figure.en), figure.value);
    }
    render::print(context, &sheet, &json!({ "commands": commands, "figures": figures }), &note)?;
    Ok(Verdict::Done)
}

async fn load(context: &Context, what: DemoLoad) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let cases_wanted = !replay::is_loaded(&clients).await?;
    let (first, later) = (missing(&clients, SHARES).await?, missing(&clients, LATER).await?);
    if !cases_wanted && first.is_empty() && later.is_empty() {
        eprintln!("{}", context.say("演示城市已经在里面了", "the demo city is there already"));
        return Ok(Verdict::Done);
    }
    let key = keys::signing_key(what.key.as_deref())?;
    let signer = keys::Signer::from_file(&key, &what.issuer, &what.audience)?;
    let plan = cases_wanted.then(Plan::build);
    let narrator = Narrator { context, clients: &clients, signer: &signer, in_flight: what.in_flight.into() };
    let started = Instant::now();
    let mut commands = 0;
    // Cases and every share of the first are told at the same time: each waits for its own service only. What comes later
    // asks what the boards make of it.
    for (plan, shares) in [(plan.as_ref(), first), (None, later)] {
        if plan.is_none() && shares.is_empty() {
            continue;
        }
        let told = narrator.tell(plan, shares).await?;
        commands += told.iter().map(|(_, played)| played.accepted + played.remembered).sum::<u64>();
        follow(context, &clients, &told).await?;
    }
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "{}",
        context.say(
            format!("演示城市：{commands} 条命令，{seconds:.1} 秒"),
            format!("demo city: {commands} commands in {seconds:.1} s"),
        )
    );
    Ok(Verdict::Done)
}

/// Those shares that are not there yet.
async fn missing(clients: &Clients, shares: &[Share]) -> Result<Vec<Share>, Fault> {
    let mut missing = Vec::new();
    for share in shares {
        if !(share.is_loaded)(clients).await? {
            missing.push(*share);
        }
    }
    Ok(missing)
}

/// Whoever tells the demo city.
struct Narrator<'n> {
    context: &'n Context,
    clients: &'n Clients,
    signer: &'n keys::Signer,
    in_flight: usize,
}

impl Narrator<'_> {
    /// Tells a plan and shares beside each other, each under a bar of its own.
    async fn tell(&self, plan: Option<&Plan>, shares: Vec<Share>) -> Result<Vec<Told>, Fault> {
        let bars = progress::bars();
        let mut shown = Vec::new();
        let mut bar = |title: &'static str, commands: u64| {
            let bar = bars.add(progress::bar(commands, title, false));
            shown.push((title, bar.clone()));
            bar
        };
        let mut telling: Vec<LocalBoxFuture<'_, Result<Vec<Told>, Box<Stopped>>>> = Vec::new();
        if let Some(plan) = plan {
            let commands = plan.steps_before_late().count() as u64;
            let bar = bar(self.context.say("演示城市", "demo city"), commands);
            telling.push(Box::pin(async move {
                replay::replay(plan, self.clients, self.signer, self.in_flight, &bar).await.map(of_cases)
            }));
        }
        for share in shares {
            let commands = (share.commands)().iter().map(|(_, count)| count).sum();
            let bar = bar(self.context.say(share.title_zh, share.title_en), commands);
            let stage = Stage::new(self.clients.clone(), self.signer, self.in_flight, bar);
            telling.push(Box::pin(async move {
                (share.replay)(&stage).await?;
                Ok(vec![(share.service, stage.played())])
            }));
        }
        let ticker = tokio::spawn(lines(shown));
        let told = futures::future::try_join_all(telling).await;
        ticker.abort();
        let _ = bars.clear();
        match told {
            Ok(told) => Ok(told.into_iter().flatten().collect()),
            Err(stopped) => Err(explain(self.context, *stopped)),
        }
    }
}

/// What was sent to a service.
type Told = (Service, Played);

/// What the cases part sent, service by service.
fn of_cases(replayed: Replayed) -> Vec<Told> {
    let Replayed { accepted, remembered, cases_position, hq_position } = replayed;
    vec![
        (Service::Cases, Played { accepted, remembered, position: cases_position }),
        (Service::Hq, Played { position: hq_position, ..Played::default() }),
    ]
}

/// Says where the demo stopped; gives why.
fn explain(context: &Context, stopped: Stopped) -> Fault {
    let Stopped { story, rpc, fault } = stopped;
    eprintln!("{} {rpc} {story}", context.say("演示城市停在", "the demo city stopped at"));
    if fault.reason().ends_with("-EXISTS") {
        eprintln!(
            "{}",
            context.say(
                "库里有另一版的演示城市：./dev reset 后再来",
                "another edition of the demo city is there: ./dev reset, then again",
            )
        );
    }
    fault
}

/// For a log: a line for each bar every few seconds.
async fn lines(bars: Vec<(&'static str, ProgressBar)>) {
    if std::io::stderr().is_terminal() {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        for (title, bar) in bars.iter().filter(|(_, bar)| bar.position() < bar.length().unwrap_or_default()) {
            eprintln!("{title}: {}/{}", bar.position(), bar.length().unwrap_or_default());
        }
    }
}

/// Waits until rankings, and hq, which follows cases, have applied the last command of every service that they read.
async fn follow(context: &Context, clients: &Clients, told: &[Told]) -> Result<(), Fault> {
    let spinner = progress::spinner(context.say("等待榜单跟上", "waiting for the boards to follow"));
    let until = Instant::now() + PATIENCE;
    // Several shares of one service each know the last position of their own.
    let wanted = |source: &str| {
        let of_source = told.iter().filter(|(service, _)| service.word() == source);
        of_source.map(|(_, played)| played.position).max().unwrap_or_default()
    };
    loop {
        let mut statuses = projections::of(clients, Service::Rankings).await?;
        statuses.extend(projections::of(clients, Service::Hq).await?);
        let Some(behind) = statuses.iter().find(|p| p.position < wanted(&p.source)) else {
            spinner.finish_and_clear();
            return Ok(());
        };
        if !behind.problem.is_empty() || Instant::now() > until {
            return Err(Fault::Failed(format!(
                "{} of {} {} < {}: {}",
                behind.projection,
                behind.source,
                behind.position,
                wanted(&behind.source),
                behind.problem
            )));
        }
        spinner.set_message(format!("{} {}/{}", behind.source, behind.position, wanted(&behind.source)));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A figure that the boards must show.
struct Figure {
    zh: String,
    en: String,
    value: String,
}

fn figure(zh: impl Into<String>, en: impl Into<String>, value: impl Into<String>) -> Figure {
    Figure { zh: zh.into(), en: en.into(), value: value.into() }
}

/// Stations that the theft board ranks; those of the port are another kind.
fn ranked_stations() -> impl Iterator<Item = &'static Station> {
    STATIONS.iter().filter(|s| !s.code.starts_with("371190"))
}

/// Figures as the plan's commands add up to them.
fn expected(sums: &Sums) -> Vec<Figure> {
    let pair = |a: usize, b: usize| format!("{a} ({b})");
    let small = sums.small(LIANGCHENG, CAMPAIGN);
    let mut figures = vec![
        figure(
            "全市盗窃立案（去年同期）",
            "thefts filed, city (year before)",
            pair(sums.filed("", CAMPAIGN), sums.filed("", BASE)),
        ),
        figure(
            "全市盗窃破案（去年同期）",
            "thefts solved, city (year before)",
            pair(sums.solved("", CAMPAIGN), sums.solved("", BASE)),
        ),
        figure("全市盗窃抓获", "theft suspects caught, city", sums.suspects("", CAMPAIGN).to_string()),
        figure(
            "中至警情（去年同期）",
            "alerts, Zhongzhi (year before)",
            pair(sums.alerts(ZHONGZHI, CAMPAIGN), sums.alerts(ZHONGZHI, BASE)),
        ),
        figure(
            "中至可防性案件（去年同期）",
            "preventable cases, Zhongzhi (year before)",
            pair(sums.preventable(ZHONGZHI, CAMPAIGN), sums.preventable(ZHONGZHI, BASE)),
        ),
        figure(
            "两城小案破案/立案",
            "small cases solved/filed, Liangcheng",
            format!("{}/{}", small.1, small.0),
        ),
    ];
    for station in ranked_stations() {
        let rate = format!("{}/{}", sums.solved(station.code, CAMPAIGN), sums.filed(station.code, CAMPAIGN));
        figures.push(figure(
            format!("{} 盗窃破案/立案", station.code),
            format!("{} thefts solved/filed", station.code),
            rate,
        ));
    }
    figures
}

async fn check(context: &Context) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let plan = Plan::build();
    let expected = expected(&Sums::of(&plan));
    let board = async |board: &str| -> Result<GetStandingsResponse, Fault> {
        let request = GetStandingsRequest {
            board: board.to_owned(),
            period: CAMPAIGN_ID.to_owned(),
            ..Default::default()
        };
        clients.call(Service::Rankings, request, async |r| clients.rankings().get_standings(r).await).await
    };
    let theft = board("theft-stations").await?;
    let prevention = board(PREVENTION_BOARD).await?;
    let small = board("small-cases").await?;
    let city = |id: &str| value(theft.total.as_ref(), id);
    let of = |board: &GetStandingsResponse, unit: &str, id: &str| {
        value(board.entries.iter().find(|e| e.org_unit == unit), id)
    };
    let with_base = |v: IndicatorValue| format!("{} ({})", v.numerator, v.base_numerator);
    let fraction = |v: &IndicatorValue| format!("{}/{}", v.numerator, v.denominator.unwrap_or_default());
    let mut found = vec![
        with_base(city("filed")),
        with_base(city("solved")),
        city("arrests").numerator.to_string(),
        with_base(of(&prevention, ZHONGZHI, "alerts")),
        with_base(of(&prevention, ZHONGZHI, "preventable")),
        rate_of(&small, LIANGCHENG).as_ref().map(fraction).unwrap_or_default(),
    ];
    for station in ranked_stations() {
        found.push(fraction(&of(&theft, station.code, "solve_rate")));
    }
    let mut pairs: Vec<_> = expected.into_iter().zip(found).collect();
    pairs.push(cabbages(&clients, &plan).await?);
    let figures = sheet::figures(&clients).await?;
    pairs.extend(figures.into_iter().map(|s| (figure(s.zh, s.en, s.expected), s.found)));
    pairs.extend(per_100_officers(&clients, &Sums::of(&plan)).await?);
    for share in SHARES.iter().chain(LATER) {
        let shown = (share.figures)(&clients).await?;
        pairs.extend(shown.into_iter().map(|s| (figure(s.zh, s.en, s.expected), s.found)));
    }
    // A line of the acceptance figures that no figure shows is no figure that holds.
    for (line, title) in acceptance::CHECKED {
        if !pairs.iter().any(|(figure, _)| figure.en == *title) {
            pairs.push((figure(*line, *title, *line), String::new()));
        }
    }

    let mut sheet = Sheet::new(&[
        (context.say("数字", "figure"), Align::Left),
        (context.say("应为", "expected"), Align::Right),
        (context.say("榜单显示", "found"), Align::Right),
        ("", Align::Left),
    ]);
    let mut documents = Vec::new();
    let all_equal = pairs.iter().all(|(figure, found)| figure.value == *found);
    for (figure, found) in &pairs {
        let equal = figure.value == *found;
        let mark = if equal {
            Field::from("=")
        } else {
            Field::toned(context.say("不符", "DIFFERS"), Tone::Alert)
        };
        let title = context.say(&figure.zh, &figure.en).as_str();
        sheet.row(vec![title.into(), figure.value.as_str().into(), found.as_str().into(), mark]);
        let line = acceptance::line_of(&figure.en);
        documents.push(
            json!({ "figure": figure.en, "line": line, "expected": figure.value, "found": found, "equal": equal }),
        );
    }
    let waiting = acceptance::waiting_rows();
    let lines: BTreeSet<_> = acceptance::CHECKED.iter().map(|(line, _)| line).collect();
    let note = context.say(
        format!(
            " {} 个数字，含验收数据 {} 行；另 {} 行待后续服务，事实表 {}",
            pairs.len(),
            lines.len(),
            acceptance::WAITING.len(),
            waiting.join(" ")
        ),
        format!(
            " {} figures, {} lines of the acceptance file among them; {} lines wait for later services: rows {}",
            pairs.len(),
            lines.len(),
            acceptance::WAITING.len(),
            waiting.join(" ")
        ),
    );
    let lines: Vec<_> =
        acceptance::WAITING.iter().map(|(line, row)| json!({ "line": line, "row": row })).collect();
    render::print(
        context,
        &sheet,
        &json!({ "figures": documents, "equal": all_equal, "waiting": lines }),
        &note,
    )?;
    Ok(if all_equal { Verdict::Done } else { Verdict::SomeRejected })
}

/// Thefts solved over the officers of each county bureau by its dated headcounts (facts row A12).
async fn per_100_officers(clients: &Clients, sums: &Sums) -> Result<Vec<(Figure, String)>, Fault> {
    let request = GetStandingsRequest {
        board: "theft-bureaus".to_owned(),
        period: CAMPAIGN_ID.to_owned(),
        ..Default::default()
    };
    let board =
        clients.call(Service::Rankings, request, async |r| clients.rankings().get_standings(r).await).await?;
    let request = ListOrgUnitsRequest::default();
    let units = clients.call(Service::Hq, request, async |r| clients.org().list_org_units(r).await).await?;
    let mut figures = Vec::new();
    for bureau in units.org_units.iter().filter(|unit| unit.kind() == OrgKind::CountyBureau) {
        let stations = STATIONS.iter().filter(|s| s.bureau == bureau.code);
        let solved: usize = stations.map(|s| sums.solved(s.code, CAMPAIGN)).sum();
        let found =
            value(board.entries.iter().find(|e| e.org_unit == bureau.code), "solved_per_100_officers");
        let name = bureau.code.as_str();
        figures.push((
            figure(
                format!("{name} 盗窃破案/民警"),
                format!("{name} thefts solved/officers (A12)"),
                format!("{solved}/{}", bureau.officers),
            ),
            format!("{}/{}", found.numerator, found.denominator.unwrap_or_default()),
        ));
    }
    Ok(figures)
}

fn value(entry: Option<&Entry>, id: &str) -> IndicatorValue {
    entry.and_then(|e| e.indicators.iter().find(|v| v.id == id)).cloned().unwrap_or_default()
}

/// The ranking indicator of a unit's row, whatever its id.
fn rate_of(board: &GetStandingsResponse, unit: &str) -> Option<IndicatorValue> {
    let id = &board.scheme.as_ref()?.rank_by;
    Some(value(board.entries.iter().find(|e| e.org_unit == unit), id))
}

/// The theft of 35 cabbages, solved seven hours after the report (facts row A2).
async fn cabbages(clients: &Clients, plan: &Plan) -> Result<(Figure, String), Fault> {
    let case_no = plan
        .steps()
        .find_map(|step| match &step.body {
            Body::FileCase(m) if m.org_unit == JUFENG && m.loss_items == 35 => Some(m.case_no.clone()),
            _ => None,
        })
        .unwrap_or_default();
    let request = GetCaseRequest { case_no, at_least: 0 };
    let case = clients
        .call(Service::Cases, request, async |r| clients.case().get_case(r).await)
        .await?
        .case
        .unwrap_or_default();
    let found = format!("{} / {} h", case.loss_items, case.report_to_solve_minutes / 60);
    Ok((
        figure("巨峰白菜案：件数/报案到破案", "cabbage case, Jufeng: items / report to solve", "35 / 7 h"),
        found,
    ))
}
