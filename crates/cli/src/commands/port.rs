//! `xiaoan port …`: incidents, accidents, guards and freight traffic of the port; the import of incidents; the track that
//! facts lead to; how far a port system's records are taken.

use super::import::{Parts, Sent, Words, import};
use super::{Context, Verdict};
use crate::args::{Import, Service};
use crate::connect::Clients;
use crate::fault::Fault;
use crate::moments::{self, rfc3339, show_day, show_instant};
use crate::render::{self, Align, Field, Sheet, message_json};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use time::Date;
use tokio_stream::StreamExt;
use xiaoan_proto::port::v1 as pb;

/// Resources asked for at once.
const PAGE: usize = 500;

/// The port.
#[derive(Debug, Subcommand)]
pub enum Port {
    /// Import a spreadsheet of incidents (CSV in UTF-8 or GB18030, Chinese or English headers)
    Import(Import),
    /// Incidents, accidents, guards or records of freight traffic of a unit and those below it, newest first
    List(List),
    /// One of them
    Get {
        /// What
        #[arg(value_enum)]
        what: What,
        /// Its id
        id: String,
    },
    /// Everything that happened to one of them
    History {
        /// What
        #[arg(value_enum)]
        what: What,
        /// Its id
        id: String,
    },
    /// Which procedure an accident takes, by its facts; records nothing
    Track(Track),
    /// How far the records of a port dispatch system are taken
    Intake {
        /// The system: the subject of its token [default: the caller]
        #[arg(default_value = "")]
        system: String,
    },
}

/// What the port keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// 事件
    #[value(alias = "incidents")]
    Incident,
    /// 事故
    #[value(alias = "accidents")]
    Accident,
    /// 保安
    #[value(alias = "guards")]
    Guard,
    /// 货运交通疏导
    Freight,
}

/// Which of them.
#[derive(Debug, Args)]
pub struct List {
    /// What
    #[arg(value_enum)]
    pub what: What,
    /// Unit whose subtree is listed [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// First day
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
    /// Only this kind of incident: congestion, channel, traffic, security, fire, hazmat
    #[arg(long, value_parser = kind)]
    pub kind: Option<pb::IncidentKind>,
    /// Only guards whose authority holds on this day
    #[arg(long, value_parser = moments::day)]
    pub authorised_on: Option<Date>,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Facts of an accident.
#[derive(Debug, Args)]
pub struct Track {
    /// Worst harm: none, slight-injury, serious-injury, death
    #[arg(long, value_parser = harm)]
    pub harm: pb::Harm,
    /// Items of article 13, 1 to 7
    #[arg(long = "item", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(1..=7))]
    pub items: Vec<i32>,
    /// A building or facility was hit
    #[arg(long)]
    pub facility: bool,
    /// A vehicle carries dangerous goods
    #[arg(long)]
    pub hazmat: bool,
    /// An inspection or insurance mark is missing
    #[arg(long)]
    pub mark_missing: bool,
    /// A crime is suspected
    #[arg(long)]
    pub crime: bool,
    /// Parties of the accident
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub parties: u8,
    /// Parties who consent to the simple procedure
    #[arg(long, default_value_t = 0)]
    pub consent: u8,
    /// A party wants an officer
    #[arg(long)]
    pub officer: bool,
}

fn kind(word: &str) -> Result<pb::IncidentKind, String> {
    pb::IncidentKind::from_str_name(&format!("INCIDENT_KIND_{}", word.to_ascii_uppercase()))
        .filter(|kind| *kind != pb::IncidentKind::Unspecified)
        .ok_or_else(|| "congestion, channel, traffic, security, fire or hazmat".to_owned())
}

fn harm(word: &str) -> Result<pb::Harm, String> {
    pb::Harm::from_str_name(&format!("HARM_{}", word.to_ascii_uppercase().replace('-', "_")))
        .filter(|harm| *harm != pb::Harm::Unspecified)
        .ok_or_else(|| "none, slight-injury, serious-injury or death".to_owned())
}

/// `xiaoan port …`.
pub async fn run(context: &Context, what: Port) -> Result<Verdict, Fault> {
    match what {
        Port::Import(what) => import_incidents(context, what).await,
        Port::List(what) => list(context, &what).await,
        Port::Get { what, id } => get(context, what, id).await,
        Port::History { what, id } => history(context, what, id).await,
        Port::Track(what) => track(context, &what).await,
        Port::Intake { system } => intake(context, system).await,
    }
}

async fn import_incidents(context: &Context, what: Import) -> Result<Verdict, Fault> {
    let clients = &context.clients()?;
    let words = Words { zh: "事件编号", en: "incident no", json: "incidentNo" };
    let answer = |parts: Parts<pb::IncidentRow>| async move {
        use pb::import_incidents_request::Part;
        let part = |part| pb::ImportIncidentsRequest { part: Some(part) };
        let messages = parts.map(move |sent| match sent {
            Sent::Header { dry_run, file_name } => {
                part(Part::Header(pb::ImportHeader { dry_run, file_name }))
            }
            Sent::Row(row) => part(Part::Row(row)),
        });
        let answer = clients.incident().import_incidents(clients.request_without_deadline(messages)?).await;
        answer.map(|a| a.into_inner().into()).map_err(|status| clients.fault(Service::Port, status))
    };
    import(context, what, words, answer).await
}

/// Pages until there are enough; whether there are more. `limit` 0 = all.
async fn pages<T>(
    limit: usize,
    mut fetch: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), Fault>,
) -> Result<(Vec<T>, bool), Fault> {
    let wanted = if limit == 0 { usize::MAX } else { limit };
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let size = i32::try_from(PAGE.min(wanted - found.len())).unwrap_or(i32::MAX);
        let (page, next) = fetch(size, token).await?;
        found.extend(page);
        if next.is_empty() || found.len() >= wanted {
            return Ok((found, !next.is_empty()));
        }
        token = next;
    }
}

async fn list(context: &Context, what: &List) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    match what.what {
        What::Incident => {
            let (found, more) =
                pages(what.limit, async |size, token| incidents(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("事件编号", "incident"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("类别", "kind"), Align::Left),
                (context.say("接报时间", "reported"), Align::Left),
                (context.say("状态", "state"), Align::Left),
                (context.say("地点", "place"), Align::Left),
            ])
            .may_drop(5, 1);
            for i in &found {
                sheet.row(vec![
                    i.incident_id.as_str().into(),
                    i.org_unit.as_str().into(),
                    kind_name(context, i.kind()).into(),
                    show_instant(i.reported_at.as_ref()).into(),
                    state_name(context, i.state()).into(),
                    i.place.as_str().into(),
                ]);
            }
            show_list(context, &sheet, "incidents", &documents(&found), more)
        }
        What::Accident => {
            let (found, more) =
                pages(what.limit, async |size, token| accidents(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("事故编号", "accident"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("发生时间", "occurred"), Align::Left),
                (context.say("程序", "track"), Align::Left),
                (context.say("状态", "state"), Align::Left),
            ]);
            for a in &found {
                let track = a.decision.as_ref().map_or(pb::Track::Unspecified, pb::TrackDecision::track);
                sheet.row(vec![
                    a.accident_id.as_str().into(),
                    a.org_unit.as_str().into(),
                    show_instant(a.occurred_at.as_ref()).into(),
                    track_name(context, track).into(),
                    short(a.state().as_str_name(), "ACCIDENT_STATE_").into(),
                ]);
            }
            show_list(context, &sheet, "accidents", &documents(&found), more)
        }
        What::Guard => {
            let (found, more) =
                pages(what.limit, async |size, token| guards(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("保安编号", "guard"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("用人单位", "employer"), Align::Left),
                (context.say("培训", "trained"), Align::Left),
                (context.say("授权起", "from"), Align::Left),
                (context.say("授权止", "to"), Align::Left),
            ]);
            for g in &found {
                sheet.row(vec![
                    g.guard_id.as_str().into(),
                    g.org_unit.as_str().into(),
                    g.employer.as_str().into(),
                    show_day(g.trained_on).into(),
                    show_day(g.authority_from).into(),
                    show_day(g.authority_to).into(),
                ]);
            }
            show_list(context, &sheet, "guards", &documents(&found), more)
        }
        What::Freight => {
            let (found, more) =
                pages(what.limit, async |size, token| freight(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("记录编号", "record"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("日期", "day"), Align::Left),
                (context.say("车辆", "vehicles"), Align::Right),
                (context.say("地点", "place"), Align::Left),
            ]);
            for r in &found {
                sheet.row(vec![
                    r.record_id.as_str().into(),
                    r.org_unit.as_str().into(),
                    show_day(r.directed_on).into(),
                    r.vehicles.to_string().into(),
                    r.place.as_str().into(),
                ]);
            }
            show_list(context, &sheet, "records", &documents(&found), more)
        }
    }
}

async fn incidents(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Incident>, String), Fault> {
    let request = pb::ListIncidentsRequest {
        org_unit: what.unit.clone(),
        kind: what.kind.unwrap_or_default().into(),
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page =
        clients.call(Service::Port, request, async |r| clients.incident().list_incidents(r).await).await?;
    Ok((page.incidents, page.next_page_token))
}

async fn accidents(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Accident>, String), Fault> {
    let request = pb::ListAccidentsRequest {
        org_unit: what.unit.clone(),
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page =
        clients.call(Service::Port, request, async |r| clients.accident().list_accidents(r).await).await?;
    Ok((page.accidents, page.next_page_token))
}

async fn guards(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Guard>, String), Fault> {
    let request = pb::ListGuardsRequest {
        org_unit: what.unit.clone(),
        authorised_on: what.authorised_on.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page = clients.call(Service::Port, request, async |r| clients.guard().list_guards(r).await).await?;
    Ok((page.guards, page.next_page_token))
}

async fn freight(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::FreightTraffic>, String), Fault> {
    let request = pb::ListFreightTrafficRequest {
        org_unit: what.unit.clone(),
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page = clients
        .call(Service::Port, request, async |r| clients.freight().list_freight_traffic(r).await)
        .await?;
    Ok((page.records, page.next_page_token))
}

/// Messages as JSON documents.
fn documents<M: prost::Message + prost::Name>(messages: &[M]) -> Vec<Value> {
    messages.iter().map(message_json).collect()
}

fn show_list(
    context: &Context,
    sheet: &Sheet,
    name: &str,
    documents: &[Value],
    more: bool,
) -> Result<Verdict, Fault> {
    let note = match (documents.is_empty(), more) {
        (true, _) => context.say(" 没有符合条件的记录", " nothing of the kind").to_owned(),
        (_, true) => format!(
            "\n {}",
            context.say("还有更多：--limit 0 列出全部", "there are more: --limit 0 lists all")
        ),
        _ => String::new(),
    };
    render::print(context, sheet, &json!({ name: documents, "more": more }), &note)?;
    Ok(Verdict::Done)
}

async fn get(context: &Context, what: What, id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let at_least = 0;
    let document = match what {
        What::Incident => {
            let request = pb::GetIncidentRequest { incident_id: id, at_least };
            let found = clients
                .call(Service::Port, request, async |r| clients.incident().get_incident(r).await)
                .await?;
            found.incident.as_ref().map(message_json)
        }
        What::Accident => {
            let request = pb::GetAccidentRequest { accident_id: id, at_least };
            let found = clients
                .call(Service::Port, request, async |r| clients.accident().get_accident(r).await)
                .await?;
            found.accident.as_ref().map(message_json)
        }
        What::Guard => {
            let request = pb::GetGuardRequest { guard_id: id, at_least };
            let found =
                clients.call(Service::Port, request, async |r| clients.guard().get_guard(r).await).await?;
            found.guard.as_ref().map(message_json)
        }
        What::Freight => {
            let request = pb::GetFreightTrafficRequest { record_id: id, at_least };
            let found = clients
                .call(Service::Port, request, async |r| clients.freight().get_freight_traffic(r).await)
                .await?;
            found.record.as_ref().map(message_json)
        }
    }
    .unwrap_or(Value::Null);
    let mut sheet = Sheet::new(&[
        (context.say("项目", "item"), Align::Left),
        (context.say("内容", "value"), Align::Left),
    ]);
    for (name, value) in document.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        sheet.row(vec![name.as_str().into(), Field::from(text)]);
    }
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}

async fn history(context: &Context, what: What, id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let fetch = async |page_size: i32, page_token: String| {
        let id = id.clone();
        let page = match what {
            What::Incident => {
                let request = pb::GetIncidentHistoryRequest { incident_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| clients.incident().get_incident_history(r).await)
                    .await?;
                (page.entries, page.next_page_token)
            }
            What::Accident => {
                let request = pb::GetAccidentHistoryRequest { accident_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| clients.accident().get_accident_history(r).await)
                    .await?;
                (page.entries, page.next_page_token)
            }
            What::Guard => {
                let request = pb::GetGuardHistoryRequest { guard_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| clients.guard().get_guard_history(r).await)
                    .await?;
                (page.entries, page.next_page_token)
            }
            What::Freight => {
                let request = pb::GetFreightTrafficHistoryRequest { record_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| {
                        clients.freight().get_freight_traffic_history(r).await
                    })
                    .await?;
                (page.entries, page.next_page_token)
            }
        };
        Ok(page)
    };
    let (entries, _) = pages(0, fetch).await?;
    let mut sheet = Sheet::new(&[
        (context.say("版本", "version"), Align::Right),
        (context.say("事件", "event"), Align::Left),
        (context.say("发生日", "day"), Align::Left),
        (context.say("记录人", "actor"), Align::Left),
        (context.say("记录时间", "recorded at"), Align::Left),
        (context.say("位置", "position"), Align::Right),
        (context.say("哈希", "hash"), Align::Left),
    ])
    .may_drop(5, 1)
    .may_drop(6, 2);
    let mut documents = Vec::new();
    for entry in &entries {
        sheet.row(vec![
            entry.version.to_string().into(),
            entry.r#type.rsplit('.').next().unwrap_or_default().into(),
            show_day(entry.occurred_on).into(),
            entry.actor.as_str().into(),
            show_instant(entry.recorded_at.as_ref()).into(),
            entry.position.to_string().into(),
            hex::encode(entry.hash.get(..6).unwrap_or_default()).into(),
        ]);
        documents.push(json!({
            "position": entry.position, "version": entry.version, "type": entry.r#type,
            "occurredOn": show_day(entry.occurred_on), "recordedAt": rfc3339(entry.recorded_at.as_ref()),
            "actor": entry.actor, "hash": hex::encode(&entry.hash),
            "event": serde_json::from_str::<Value>(&entry.event_json).unwrap_or(Value::Null),
        }));
    }
    render::print(context, &sheet, &json!({ "entries": documents }), "")?;
    Ok(Verdict::Done)
}

async fn track(context: &Context, what: &Track) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let party = |n: u8| pb::Party {
        party_id: format!("P{n}"),
        consent: if n <= what.consent { pb::Consent::Given } else { pb::Consent::Unspecified }.into(),
        wants_officer: what.officer && n == 1,
        ..Default::default()
    };
    let request = pb::CheckTrackRequest {
        facts: Some(pb::AccidentFacts {
            harm: what.harm.into(),
            items: what.items.clone(),
            facility_damaged: what.facility,
            hazmat_vehicle: what.hazmat,
            mark_missing: what.mark_missing,
            crime_suspected: what.crime,
        }),
        parties: (1..=what.parties).map(party).collect(),
        on: None,
    };
    let decision = clients
        .call(Service::Port, request, async |r| clients.accident().check_track(r).await)
        .await?
        .decision
        .unwrap_or_default();
    let mut sheet = Sheet::new(&[
        (context.say("排除的程序", "barred track"), Align::Left),
        (context.say("理由", "ground"), Align::Left),
        (context.say("依据", "basis"), Align::Left),
    ]);
    for reason in &decision.reasons {
        sheet.row(vec![
            track_name(context, reason.barred()).into(),
            short(reason.ground().as_str_name(), "TRACK_GROUND_").into(),
            reason.basis.as_str().into(),
        ]);
    }
    let duty = short(decision.scene_duty().as_str_name(), "SCENE_DUTY_").replace('_', " ");
    let (track, officers) = (track_name(context, decision.track()), decision.officers_needed);
    let note = context.say(
        format!("\n 程序：{track}，至少 {officers} 名民警；现场：{duty}"),
        format!("\n track: {track}, {officers} officers at least; at the scene: {duty}"),
    );
    render::print(context, &sheet, &message_json(&decision), &note)?;
    Ok(Verdict::Done)
}

async fn intake(context: &Context, system_id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::GetIntakeRequest { system_id };
    let found = clients.call(Service::Port, request, async |r| clients.intake().get_intake(r).await).await?;
    let mut sheet = Sheet::new(&[
        (context.say("系统", "system"), Align::Left),
        (context.say("最后序号", "last sequence"), Align::Right),
        (context.say("拒绝", "refused"), Align::Right),
    ]);
    sheet.row(vec![
        found.system_id.as_str().into(),
        found.last_sequence.to_string().into(),
        found.refused.to_string().into(),
    ]);
    render::print(context, &sheet, &message_json(&found), "")?;
    Ok(Verdict::Done)
}

fn short(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}

fn kind_name(context: &Context, kind: pb::IncidentKind) -> &'static str {
    match kind {
        pb::IncidentKind::Unspecified => "?",
        pb::IncidentKind::Congestion => context.say("拥堵", "congestion"),
        pb::IncidentKind::Channel => context.say("航道", "channel"),
        pb::IncidentKind::Traffic => context.say("交通", "traffic"),
        pb::IncidentKind::Security => context.say("治安", "security"),
        pb::IncidentKind::Fire => context.say("火警", "fire"),
        pb::IncidentKind::Hazmat => context.say("危化", "hazmat"),
    }
}

fn state_name(context: &Context, state: pb::IncidentState) -> &'static str {
    match state {
        pb::IncidentState::Unspecified => "?",
        pb::IncidentState::Reported => context.say("已接报", "reported"),
        pb::IncidentState::Classified => context.say("已分类", "classified"),
        pb::IncidentState::Dispatched => context.say("已派警", "dispatched"),
        pb::IncidentState::OnScene => context.say("已到场", "on scene"),
        pb::IncidentState::Controlled => context.say("已控制", "controlled"),
        pb::IncidentState::Restored => context.say("已恢复", "restored"),
        pb::IncidentState::Referred => context.say("已移交", "referred"),
        pb::IncidentState::Closed => context.say("已办结", "closed"),
        pb::IncidentState::Withdrawn => context.say("已撤销", "withdrawn"),
    }
}

fn track_name(context: &Context, track: pb::Track) -> &'static str {
    match track {
        pb::Track::Unspecified => "?",
        pb::Track::SelfNegotiation => context.say("自行协商", "self-negotiation"),
        pb::Track::Simple => context.say("简易程序", "simple"),
        pb::Track::Ordinary => context.say("一般程序", "ordinary"),
    }
}
