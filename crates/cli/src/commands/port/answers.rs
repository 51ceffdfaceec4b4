//! `xiaoan port track` and `xiaoan port intake`, and the names of what the port keeps.

use super::super::{Context, Verdict};
use super::Track;
use crate::args::Service;
use crate::fault::Fault;
use crate::render::{self, Align, Sheet, message_json};
use xiaoan_proto::port::v1 as pb;

pub async fn track(context: &Context, what: &Track) -> Result<Verdict, Fault> {
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

pub async fn intake(context: &Context, system_id: String) -> Result<Verdict, Fault> {
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

pub fn short(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}

pub fn kind_name(context: &Context, kind: pb::IncidentKind) -> &'static str {
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

pub fn state_name(context: &Context, state: pb::IncidentState) -> &'static str {
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

pub fn track_name(context: &Context, track: pb::Track) -> &'static str {
    match track {
        pb::Track::Unspecified => "?",
        pb::Track::SelfNegotiation => context.say("自行协商", "self-negotiation"),
        pb::Track::Simple => context.say("简易程序", "simple"),
        pb::Track::Ordinary => context.say("一般程序", "ordinary"),
    }
}
