//! `xiaoan org import | list | show`.

use super::{Context, Verdict, projections};
use crate::args::{Org, Service};
use crate::connect::Clients;
use crate::fault::Fault;
use crate::moments::show_day;
use crate::progress;
use crate::render::{self, Align, Field, Sheet, Tone};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Code;
use xiaoan_kernel::{RequestId, parse_day};
use xiaoan_proto::core::v1::{OrgKind, Receipt};
use xiaoan_proto::hq::v1::{
    GetOrgUnitRequest, ListOrgUnitsRequest, OrgUnit, RecordHeadcountRequest, RegisterOrgUnitRequest,
};

/// Columns of the file, in any order.
const COLUMNS: [&str; 7] = ["code", "kind", "parent", "name_zh", "name_en", "officers_from", "officers"];

/// A row of org-units.csv.
#[derive(Debug, Deserialize)]
struct UnitRow {
    code: String,
    kind: String,
    parent: String,
    name_zh: String,
    name_en: String,
    officers_from: String,
    officers: String,
}

pub async fn run(context: &Context, what: Org) -> Result<Verdict, Fault> {
    match what {
        Org::Import { file, wait } => import(context, &file, Duration::from_secs(wait)).await,
        Org::List => list(context).await,
        Org::Show { code } => show(context, code).await,
    }
}

async fn import(context: &Context, file: &Path, wait: Duration) -> Result<Verdict, Fault> {
    let rows = read(file)?;
    // Everything is read and checked before anything is sent.
    let commands: Vec<_> = rows
        .iter()
        .map(|row| Ok((row, row.register(file)?, row.headcount(file)?)))
        .collect::<Result<_, Fault>>()?;
    let clients = context.clients()?;
    let known: HashMap<String, OrgUnit> =
        units(&clients, 0).await?.into_iter().map(|u| (u.code.clone(), u)).collect();
    let bar = progress::bar(rows.len() as u64, context.say("登记单位", "registering units"), false);
    let mut done = Imported::default();
    for (row, register, headcount) in commands {
        let there = known.get(&row.code).is_some_and(|unit| row.same_as(unit, register.kind));
        match send(&clients, (!there).then_some(register), headcount, &mut done).await {
            Ok(()) if there => done.there += 1,
            Ok(()) => done.registered += 1,
            // A refusal is about this row; anything else would meet the next row as well.
            Err(fault)
                if matches!(fault.grpc_code(), Some(Code::FailedPrecondition | Code::InvalidArgument)) =>
            {
                eprintln!("{} {}\n{}", row.code, row.name_zh, fault.present(context.lang));
                done.rejected += 1;
            }
            Err(fault) => return Err(fault),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    await_followers(context, &clients, done.position, wait).await?;

    let mut sheet = Sheet::new(&[
        (context.say("单位", "units"), Align::Right),
        (context.say("新登记", "registered"), Align::Right),
        (context.say("已存在", "already there"), Align::Right),
        (context.say("新警力数", "headcounts"), Align::Right),
        (context.say("拒绝", "rejected"), Align::Right),
    ]);
    let counts = [rows.len(), done.registered, done.there, done.headcounts, done.rejected];
    sheet.row(counts.iter().map(|n| n.to_string().into()).collect());
    let document = json!({
        "units": rows.len(), "registered": done.registered, "alreadyThere": done.there, "headcounts": done.headcounts,
        "rejected": done.rejected, "position": done.position,
    });
    render::print(context, &sheet, &document, "")?;
    Ok(if done.rejected == 0 { Verdict::Done } else { Verdict::SomeRejected })
}

/// What an import did.
#[derive(Default)]
struct Imported {
    registered: usize,
    there: usize,
    headcounts: usize,
    rejected: usize,
    position: i64,
}

async fn send(
    clients: &Clients,
    register: Option<RegisterOrgUnitRequest>,
    headcount: Option<RecordHeadcountRequest>,
    done: &mut Imported,
) -> Result<(), Fault> {
    if let Some(register) = register {
        let answer =
            clients.call(Service::Hq, register, async |r| clients.org().register_org_unit(r).await).await?;
        done.position = done.position.max(reached(answer.receipt.as_ref()));
    }
    if let Some(headcount) = headcount {
        let answer =
            clients.call(Service::Hq, headcount, async |r| clients.org().record_headcount(r).await).await?;
        done.headcounts += usize::from(answer.receipt.as_ref().is_some_and(|r| !r.replayed));
        done.position = done.position.max(reached(answer.receipt.as_ref()));
    }
    Ok(())
}

fn reached(receipt: Option<&Receipt>) -> i64 {
    receipt.map_or(0, |r| r.position)
}

/// Reads and checks the whole file before anything is sent.
fn read(file: &Path) -> Result<Vec<UnitRow>, Fault> {
    let bytes = std::fs::read(file).map_err(|e| Fault::file(file, &e))?;
    let usage = |text: String| Fault::Usage(format!("{}: {text}", file.display()));
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => encoding_rs::GB18030.decode(e.as_bytes()).0.into_owned(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let headers = reader.headers().map_err(|e| usage(e.to_string()))?.clone();
    let missing: Vec<_> = COLUMNS.into_iter().filter(|c| !headers.iter().any(|h| h == *c)).collect();
    let unknown: Vec<_> = headers.iter().filter(|h| !COLUMNS.contains(h)).collect();
    if !missing.is_empty() || !unknown.is_empty() {
        return Err(usage(format!(
            "missing columns: [{}]; unknown columns: [{}]",
            missing.join(", "),
            unknown.join(", ")
        )));
    }
    reader.deserialize().collect::<Result<_, _>>().map_err(|e| usage(e.to_string()))
}

impl UnitRow {
    fn register(&self, file: &Path) -> Result<RegisterOrgUnitRequest, Fault> {
        let kind = OrgKind::from_str_name(&format!("ORG_KIND_{}", self.kind.to_ascii_uppercase()))
            .filter(|kind| *kind != OrgKind::Unspecified)
            .ok_or_else(|| {
                Fault::Usage(format!(
                    "{}: unit {}: {:?} is no kind of unit",
                    file.display(),
                    self.code,
                    self.kind
                ))
            })?;
        let content =
            format!("{}|{}|{}|{}|{}", self.code, self.kind, self.parent, self.name_zh, self.name_en);
        Ok(RegisterOrgUnitRequest {
            request_id: RequestId::of(&format!("org import|register|{content}")).to_string(),
            code: self.code.clone(),
            kind: kind.into(),
            parent: self.parent.clone(),
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            effective_on: None,
        })
    }

    fn headcount(&self, file: &Path) -> Result<Option<RecordHeadcountRequest>, Fault> {
        if self.officers.is_empty() && self.officers_from.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            Fault::Usage(format!(
                "{}: unit {}: officers and officers_from must be a number and a day",
                file.display(),
                self.code
            ))
        };
        let from = parse_day(&self.officers_from).ok_or_else(wrong)?;
        let officers: i32 = self.officers.parse().map_err(|_| wrong())?;
        Ok(Some(RecordHeadcountRequest {
            request_id: RequestId::of(&format!("org import|headcount|{}|{from}|{officers}", self.code))
                .to_string(),
            code: self.code.clone(),
            from: Some(from.into()),
            officers,
        }))
    }

    fn same_as(&self, unit: &OrgUnit, kind: i32) -> bool {
        unit.kind == kind
            && unit.parent == self.parent
            && unit.name_zh == self.name_zh
            && unit.name_en == self.name_en
    }
}

/// Waits until cases and rankings have applied hq's log up to a position.
async fn await_followers(
    context: &Context,
    clients: &Clients,
    position: i64,
    wait: Duration,
) -> Result<(), Fault> {
    if wait.is_zero() || position == 0 {
        return Ok(());
    }
    let spinner = progress::spinner(
        context.say("等待各服务得知这些单位", "waiting until the other services know the units"),
    );
    let until = Instant::now() + wait;
    for service in Service::ALL.into_iter().filter(|service| *service != Service::Hq) {
        loop {
            let statuses = projections::of(clients, service).await?;
            let behind = statuses.iter().filter(|p| p.source == "hq").find(|p| p.position < position);
            let follows = statuses.iter().any(|p| p.source == "hq");
            let Some(behind) = behind else {
                if follows {
                    break;
                }
                return Err(Fault::Failed(format!("{} follows no events of hq", service.word())));
            };
            if !behind.problem.is_empty() || Instant::now() >= until {
                let place =
                    format!("{}/{} {} < {position}", service.word(), behind.projection, behind.position);
                return Err(Fault::Failed(context.say(
                    format!(
                        "{} 秒后仍未跟上 hq：{place}。{}看 xiaoan projections status",
                        wait.as_secs(),
                        behind.problem
                    ),
                    format!(
                        "still behind hq after {} s: {place}. {} see xiaoan projections status",
                        wait.as_secs(),
                        behind.problem
                    ),
                )));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    spinner.finish_and_clear();
    Ok(())
}

async fn units(clients: &Clients, at_least: i64) -> Result<Vec<OrgUnit>, Fault> {
    let request = ListOrgUnitsRequest { at_least };
    Ok(clients.call(Service::Hq, request, async |r| clients.org().list_org_units(r).await).await?.org_units)
}

async fn list(context: &Context) -> Result<Verdict, Fault> {
    let units = units(&context.clients()?, 0).await?;
    let parents: HashMap<_, _> = units.iter().map(|u| (u.code.clone(), u.parent.clone())).collect();
    let depth = |code: &str| {
        let mut at = code.to_owned();
        // A tree deeper than this is a loop in the data.
        (0..16)
            .take_while(|_| {
                parents.get(&at).filter(|p| !p.is_empty()).is_some_and(|p| {
                    at.clone_from(p);
                    true
                })
            })
            .count()
    };
    let mut sheet = Sheet::new(&[
        (context.say("代码", "code"), Align::Left),
        (context.say("名称", "name"), Align::Left),
        (context.say("类别", "kind"), Align::Left),
        (context.say("警力", "officers"), Align::Right),
        (context.say("停用", "retired"), Align::Left),
    ]);
    for unit in in_tree_order(&units) {
        let indent = "  ".repeat(depth(&unit.code));
        let name = context.say(&unit.name_zh, &unit.name_en);
        let tone = if unit.retired_on.is_some() { Tone::Faint } else { Tone::Plain };
        sheet.row(vec![
            unit.code.as_str().into(),
            Field::toned(format!("{indent}{name}"), tone),
            kind(context, unit).into(),
            if unit.officers > 0 { unit.officers.to_string().into() } else { "".into() },
            show_day(unit.retired_on).into(),
        ]);
    }
    render::print(
        context,
        &sheet,
        &json!({ "orgUnits": units.iter().map(document).collect::<Vec<_>>() }),
        "",
    )?;
    Ok(Verdict::Done)
}

/// Every unit after its parent, brothers by code.
fn in_tree_order(units: &[OrgUnit]) -> Vec<&OrgUnit> {
    fn under<'a>(units: &'a [OrgUnit], parent: &str, into: &mut Vec<&'a OrgUnit>) {
        for unit in units.iter().filter(|u| u.parent == parent && u.code != parent) {
            if into.len() < units.len() {
                into.push(unit);
                under(units, &unit.code, into);
            }
        }
    }
    let mut ordered = Vec::new();
    under(units, "", &mut ordered);
    ordered
}

async fn show(context: &Context, code: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = GetOrgUnitRequest { code, at_least: 0 };
    let unit = clients
        .call(Service::Hq, request, async |r| clients.org().get_org_unit(r).await)
        .await?
        .org_unit
        .unwrap_or_default();
    let mut sheet = Sheet::new(&[
        (context.say("项目", "item"), Align::Left),
        (context.say("内容", "value"), Align::Left),
    ]);
    for (zh, en, value) in [
        ("代码", "code", unit.code.clone()),
        ("中文名", "Chinese name", unit.name_zh.clone()),
        ("英文名", "English name", unit.name_en.clone()),
        ("类别", "kind", kind(context, &unit).to_owned()),
        ("上级", "parent", unit.parent.clone()),
        ("启用", "effective on", show_day(unit.effective_on)),
        ("停用", "retired on", show_day(unit.retired_on)),
        ("警力", "officers", unit.officers.to_string()),
        ("版本", "version", unit.etag.clone()),
    ] {
        if !value.is_empty() {
            sheet.row(vec![context.say(zh, en).into(), value.into()]);
        }
    }
    render::print(context, &sheet, &document(&unit), "")?;
    Ok(Verdict::Done)
}

fn kind(context: &Context, unit: &OrgUnit) -> &'static str {
    match unit.kind() {
        OrgKind::Unspecified => "?",
        OrgKind::CityBureau => context.say("市局", "city bureau"),
        OrgKind::CountyBureau => context.say("县局/分局", "county bureau"),
        OrgKind::Station => context.say("派出所", "station"),
        OrgKind::PortBureau => context.say("港航公安局", "port bureau"),
        OrgKind::PortStation => context.say("港区派出所", "port station"),
        OrgKind::MemberUnit => context.say("成员单位", "member unit"),
    }
}

fn document(unit: &OrgUnit) -> Value {
    json!({
        "code": unit.code, "kind": unit.kind().as_str_name().trim_start_matches("ORG_KIND_").to_ascii_lowercase(),
        "parent": unit.parent, "nameZh": unit.name_zh, "nameEn": unit.name_en,
        "effectiveOn": show_day(unit.effective_on), "retiredOn": show_day(unit.retired_on),
        "officers": unit.officers, "etag": unit.etag,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_other_columns_is_wrong_usage_and_names_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("units.csv");
        std::fs::write(&file, "code,kind,parent,name,name_en,officers_from,officers\n").unwrap();
        let Err(Fault::Usage(text)) = read(&file) else { panic!("must be refused") };
        assert!(
            text.contains("missing columns: [name_zh]") && text.contains("unknown columns: [name]"),
            "{text}"
        );
    }

    #[test]
    fn the_same_row_is_always_the_same_command() {
        let row = |officers: &str| UnitRow {
            code: "371102010000".into(),
            kind: "station".into(),
            parent: "371102000000".into(),
            name_zh: "示例".into(),
            name_en: "Demo".into(),
            officers_from: "2020-01-01".into(),
            officers: officers.into(),
        };
        let file = Path::new("units.csv");
        assert_eq!(row("32").register(file).unwrap(), row("33").register(file).unwrap());
        assert_ne!(row("32").headcount(file).unwrap(), row("33").headcount(file).unwrap());
        assert_eq!(row("32").register(file).unwrap().kind(), OrgKind::Station);
    }
}
