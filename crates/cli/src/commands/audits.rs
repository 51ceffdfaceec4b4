//! `xiaoan audits draw | list | get | verdict | verify`: audits of recording integrity. (`xiaoan audit verify` walks hash chains.)

use super::listing::{documents, pages, show_accepted, show_list};
use super::{Context, Verdict};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{self, show_day};
use crate::render::{self, Align, Field, Sheet, Tone, message_json};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use time::Date;
use xiaoan_proto::cases::v1 as pb;

/// Audits of recording integrity.
#[derive(Debug, Subcommand)]
pub enum Audits {
    /// Draw a sample of alerts by lot
    Draw(Draw),
    /// Audits of a unit and those below it, drawn last first
    List {
        /// Unit whose subtree is listed [default: the token's own]
        #[arg(long = "org-unit", alias = "unit", default_value = "")]
        unit: String,
        /// At most this many; 0 = all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One audit with its sample and verdicts
    Get {
        /// Its id
        audit_id: String,
    },
    /// Say what an alert of the sample should have become
    Verdict {
        /// Audit
        audit_id: String,
        /// Alert
        alert_id: String,
        /// Verdict
        #[arg(value_enum)]
        verdict: Found,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Derive frame and sample anew from the log and compare
    Verify {
        /// Its id
        audit_id: String,
    },
}

/// What is drawn from.
#[derive(Debug, Args)]
pub struct Draw {
    /// Id; letters, digits, hyphens [default: a UUID]
    #[arg(long, default_value = "")]
    pub id: String,
    /// Unit whose subtree is audited
    #[arg(long = "org-unit", alias = "unit")]
    pub unit: String,
    /// Unit that audits [default: the token's own]
    #[arg(long, default_value = "")]
    pub auditor: String,
    /// First day received
    #[arg(long, value_parser = moments::day)]
    pub from: Date,
    /// Last day received
    #[arg(long, value_parser = moments::day)]
    pub to: Date,
    /// Only alerts of this kind; may be repeated
    #[arg(long)]
    pub kind: Vec<String>,
    /// Alerts to draw
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(i32).range(1..=2000))]
    pub size: i32,
    /// Seed; publish it before the window ends
    #[arg(long)]
    pub seed: String,
}

/// What the auditor finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Found {
    /// 应当立案
    ShouldBeRecorded,
    /// 无需立案
    NothingToRecord,
}

impl From<Found> for pb::AuditVerdict {
    fn from(found: Found) -> Self {
        match found {
            Found::ShouldBeRecorded => Self::ShouldBeRecorded,
            Found::NothingToRecord => Self::NothingToRecord,
        }
    }
}

/// Does what the command line says.
///
/// # Errors
/// Whatever went wrong.
pub async fn run(context: &Context, what: Audits) -> Result<Verdict, Fault> {
    match what {
        Audits::Draw(what) => draw(context, what).await,
        Audits::List { unit, limit } => list(context, unit, limit).await,
        Audits::Get { audit_id } => get(context, audit_id).await,
        Audits::Verdict { audit_id, alert_id, verdict, reason } => {
            let clients = context.clients()?;
            let request = pb::RecordAuditVerdictRequest {
                request_id: context.request_id(),
                audit_id,
                alert_id,
                verdict: pb::AuditVerdict::from(verdict).into(),
                reason,
                ..Default::default()
            };
            let ask = async |r| clients.audit().record_audit_verdict(r).await;
            show_accepted(context, clients.call(Service::Cases, request, ask).await?.receipt)
        }
        Audits::Verify { audit_id } => verify(context, audit_id).await,
    }
}

async fn draw(context: &Context, what: Draw) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::DrawAuditSampleRequest {
        request_id: context.request_id(),
        audit_id: what.id,
        org_unit: what.unit,
        auditor_unit: what.auditor,
        from: Some(what.from.into()),
        to: Some(what.to.into()),
        kinds: what.kind,
        size: what.size,
        seed: what.seed,
    };
    let ask = async |r| clients.audit().draw_audit_sample(r).await;
    show_accepted(context, clients.call(Service::Cases, request, ask).await?.receipt)
}

async fn list(context: &Context, unit: String, limit: usize) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (found, more) = pages(limit, async |page_size, page_token| {
        let request =
            pb::ListAuditsRequest { org_unit: unit.clone(), page_size, page_token, ..Default::default() };
        let page =
            clients.call(Service::Cases, request, async |r| clients.audit().list_audits(r).await).await?;
        Ok((page.audits, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("抽查", "audit"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("自", "from"), Align::Left),
        (context.say("至", "to"), Align::Left),
        (context.say("抽样框", "frame"), Align::Right),
        (context.say("如实受立案", "recorded"), Align::Left),
        (context.say("95%区间", "95 % interval"), Align::Left),
        (context.say("等次", "band"), Align::Left),
    ]);
    for audit in &found {
        let result = audit.result.unwrap_or_default();
        sheet.row(vec![
            audit.audit_id.as_str().into(),
            audit.org_unit.as_str().into(),
            show_day(audit.from).into(),
            show_day(audit.to).into(),
            audit.frame_size.to_string().into(),
            share(&result).into(),
            interval(&result).into(),
            band(context, audit),
        ]);
    }
    show_list(context, &sheet, "audits", &documents(&found), more)
}

async fn get(context: &Context, audit_id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::GetAuditRequest { audit_id, at_least: 0 };
    let found = clients.call(Service::Cases, request, async |r| clients.audit().get_audit(r).await).await?;
    let audit = found.audit.unwrap_or_default();
    let result = audit.result.unwrap_or_default();
    let mut sheet = Sheet::new(&[
        (context.say("警情", "alert"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("接警日", "received"), Align::Left),
        (context.say("已受立案", "recorded"), Align::Left),
        (context.say("结论", "verdict"), Align::Left),
        (context.say("审核人", "auditor"), Align::Left),
    ]);
    for audited in &audit.alerts {
        let alert = audited.alert.clone().unwrap_or_default();
        sheet.row(vec![
            alert.alert_id.into(),
            alert.org_unit.into(),
            show_day(alert.received_on).into(),
            if alert.recorded { context.say("是", "yes") } else { context.say("否", "no") }.into(),
            verdict(context, audited.verdict()).into(),
            audited.auditor.as_str().into(),
        ]);
    }
    let note = format!("\n {}  {}  {}", share(&result), interval(&result), band(context, &audit).text);
    render::print(context, &sheet, &message_json(&audit), &note)?;
    Ok(Verdict::Done)
}

async fn verify(context: &Context, audit_id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::VerifyAuditSampleRequest { audit_id };
    let ask = async |r| clients.audit().verify_audit_sample(r).await;
    let found = clients.call(Service::Cases, request, ask).await?;
    let mut sheet = Sheet::new(&[
        (context.say("结果", "result"), Align::Left),
        (context.say("抽样框", "frame"), Align::Right),
        (context.say("样本", "sample"), Align::Right),
        (context.say("事件", "events"), Align::Right),
        (context.say("抽样框哈希", "frame hash"), Align::Left),
    ]);
    sheet.row(vec![
        match found.same {
            true => context.say("一致", "the same").into(),
            false => Field::toned(context.say("不一致", "NOT the same"), Tone::Alert),
        },
        found.frame_size.to_string().into(),
        found.alert_ids.len().to_string().into(),
        found.events.to_string().into(),
        found.frame_hash.as_str().into(),
    ]);
    let document: Value = json!({
        "same": found.same, "frameSize": found.frame_size, "frameHash": found.frame_hash, "events": found.events,
        "alertIds": found.alert_ids,
    });
    render::print(context, &sheet, &document, "")?;
    Ok(if found.same { Verdict::Done } else { Verdict::SomeRejected })
}

/// "171/200 = 85.5%"
fn share(result: &pb::IntegrityResult) -> String {
    let counts = format!("{}/{}", result.recorded, result.should);
    match result.share {
        Some(share) => format!("{counts} = {}", percent(share)),
        None => counts,
    }
}

fn interval(result: &pb::IntegrityResult) -> String {
    match result.share {
        Some(_) => format!("{} – {}", percent(result.low), percent(result.high)),
        None => String::new(),
    }
}

/// Ten-thousandths as a percentage with two places, "85.50%".
fn percent(share: i32) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

fn band(context: &Context, audit: &pb::Audit) -> Field {
    if !audit.complete {
        return Field::toned(context.say("抽查中", "not complete"), Tone::Faint);
    }
    match audit.result.as_ref().map_or(pb::IntegrityBand::Unspecified, pb::IntegrityResult::band) {
        pb::IntegrityBand::Unspecified => "–".into(),
        pb::IntegrityBand::Good => context.say("好", "good").into(),
        pb::IntegrityBand::Fair => context.say("一般", "fair").into(),
        pb::IntegrityBand::Poor => Field::toned(context.say("差", "poor"), Tone::Alert),
    }
}

fn verdict(context: &Context, verdict: pb::AuditVerdict) -> &'static str {
    match verdict {
        pb::AuditVerdict::Unspecified => "",
        pb::AuditVerdict::ShouldBeRecorded => context.say("应当立案", "should be recorded"),
        pb::AuditVerdict::NothingToRecord => context.say("无需立案", "nothing to record"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_with_its_counts_and_its_interval() {
        let result = pb::IntegrityResult {
            should: 200,
            recorded: 171,
            share: Some(8550),
            low: 7995,
            high: 8971,
            ..Default::default()
        };
        assert_eq!(share(&result), "171/200 = 85.50%");
        assert_eq!(interval(&result), "79.95% – 89.71%");
        assert_eq!(share(&pb::IntegrityResult::default()), "0/0");
    }
}
