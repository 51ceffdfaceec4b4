//! Share of `hq`: facts row A8, the honours of the campaign "Autumn Wind": 10 collectives and 15 individuals, each verified by
//! somebody else, publicised, granted, and the award delivered to the door.
//!
//! Nobody in it exists: individuals are called 演示表彰 with a number, and their id numbers begin with DEMO. Which units they are
//! of is ours. One more collective is granted for a case and revoked because the solve of that case was: it counts no more. hq
//! looks in the log of cases whether it was, so the share [`super::accountability`] tells of that one, later.

use super::city::STATIONS;
use super::plan::CAMPAIGN_ID;
use super::stage::{Actor, Asked, Share, Shown, Tale, counted, demo_commands};
use crate::args::Service;
use crate::connect::Clients;
use time::macros::date;
use time::{Date, Duration};
use xiaoan_proto::core::v1::{PersonInput, Provenance};
use xiaoan_proto::hq::v1::{self as hq, BasisKind, RecipientKind, RevocationCause};

demo_commands! { Hq, commendation:
    hq::NominateForCommendationRequest => nominate_for_commendation,
    hq::VerifyNominationRequest => verify_nomination,
    hq::PublicizeNominationRequest => publicize_nomination,
    hq::GrantCommendationRequest => grant_commendation,
    hq::DeliverAwardRequest => deliver_award,
    hq::RevokeCommendationRequest => revoke_commendation,
}

/// The share.
pub const SHARE: Share = Share {
    service: Service::Hq,
    title_zh: "表彰",
    title_en: "commendations",
    commands: || counted(phases().iter().flatten()),
    replay: |stage| Box::pin(async move { stage.play_all(phases()).await }),
    is_loaded,
    figures,
};

const NAME: &str = "hq";
/// A8.
const COLLECTIVES: usize = 10;
/// A8.
const INDIVIDUALS: usize = 15;
/// The last day of the campaign.
const NOMINATED: Date = date!(2021 - 07 - 10);
/// Its last command revokes it: when it is revoked, everything before was accepted.
const REVOKED: &str = "demo-1-honour-revoked";

fn phases() -> Vec<Vec<Tale>> {
    let collectives = (0..COLLECTIVES).map(|n| honour(&format!("demo-1-collective-{:02}", n + 1), n, None));
    let individuals = (0..INDIVIDUALS - 1).map(individual);
    vec![collectives.chain(individuals).collect(), vec![individual(INDIVIDUALS - 1)]]
}

fn individual_id(n: usize) -> String {
    format!("demo-1-individual-{:02}", n + 1)
}

fn individual(n: usize) -> Tale {
    let person = PersonInput {
        name: format!("演示表彰{:02}", n + 1),
        phone: format!("1390001{:04}", n + 1),
        id_number: format!("DEMO-HONOUR-{:02}", n + 1),
    };
    honour(&individual_id(n), n, Some(person))
}

fn campaign() -> hq::Basis {
    hq::Basis { kind: BasisKind::Campaign.into(), reference: CAMPAIGN_ID.into() }
}

/// From the nomination to the award.
fn honour(id: &str, n: usize, person: Option<PersonInput>) -> Tale {
    granted(id, n, person, campaign())
}

fn granted(id: &str, n: usize, person: Option<PersonInput>, basis: hq::Basis) -> Tale {
    let unit = STATIONS[n % STATIONS.len()].code;
    let (station, headquarters) = (Actor::officer(unit), Actor::headquarters(&["hq"]));
    let on = |days: i64| Some((NOMINATED + Duration::days(days)).into());
    let (recipient, honour) = match &person {
        None => (RecipientKind::Collective, "秋风行动先进集体"),
        Some(_) => (RecipientKind::Individual, "秋风行动先进个人"),
    };
    let nominate = hq::NominateForCommendationRequest {
        commendation_id: id.into(),
        org_unit: unit.into(),
        recipient: recipient.into(),
        person,
        honour: honour.into(),
        basis: Some(basis),
        on: on(0),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    };
    let commendation_id = || id.to_owned();
    let verify =
        hq::VerifyNominationRequest { commendation_id: commendation_id(), on: on(2), ..Default::default() };
    let publicise = hq::PublicizeNominationRequest {
        commendation_id: commendation_id(),
        from: on(3),
        to: on(9),
        ..Default::default()
    };
    let grant =
        hq::GrantCommendationRequest { commendation_id: commendation_id(), on: on(10), ..Default::default() };
    let deliver =
        hq::DeliverAwardRequest { commendation_id: commendation_id(), on: on(12), ..Default::default() };
    Tale::new(NAME, id)
        .with(&station, nominate)
        .with(&headquarters, verify)
        .with(&headquarters, publicise)
        .with(&headquarters, grant)
        .with(&headquarters, deliver)
}

/// Granted, and revoked because the solve of the case that it rested on was.
pub(super) fn revoked(case_no: &str) -> Tale {
    let basis = hq::Basis { kind: BasisKind::Case.into(), reference: case_no.into() };
    let revoke = hq::RevokeCommendationRequest {
        commendation_id: REVOKED.into(),
        on: Some((NOMINATED + Duration::days(20)).into()),
        cause: RevocationCause::BasisRevoked.into(),
        basis: Some(basis.clone()),
        reason: "所依据的破案已撤销".into(),
        ..Default::default()
    };
    granted(REVOKED, COLLECTIVES, None, basis).with(&Actor::headquarters(&["hq"]), revoke)
}

fn is_loaded(clients: &Clients) -> Asked<'_, bool> {
    Box::pin(async move {
        let last = individual_id(INDIVIDUALS - 1);
        let request = hq::GetCommendationRequest { commendation_id: last, at_least: 0 };
        let ask = async |r| clients.commendation().get_commendation(r).await;
        match clients.call(Service::Hq, request, ask).await {
            Ok(found) => Ok(found.commendation.is_some_and(|c| c.delivered_on.is_some())),
            Err(fault) if fault.grpc_code() == Some(tonic::Code::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    })
}

fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> {
    Box::pin(async move {
        let ask = async |r| clients.commendation().count_commendations(r).await;
        let found = clients.call(Service::Hq, hq::CountCommendationsRequest::default(), ask).await?;
        let shown = |zh: &str, en: &str, expected: usize, found: i64| Shown {
            zh: zh.to_owned(),
            en: en.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        };
        Ok(vec![
            shown("表彰集体", "collectives commended", COLLECTIVES, found.collectives),
            shown("表彰个人", "individuals commended", INDIVIDUALS, found.individuals),
            shown("撤销表彰", "commendations revoked", 1, found.revoked),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a08_the_share_adds_up_to_the_published_figures_before_any_server_is_asked() {
        let commands = (SHARE.commands)();
        let of = |rpc: &str| commands.iter().find(|(known, _)| *known == rpc).map_or(0, |(_, n)| *n);
        let granted = u64::try_from(COLLECTIVES + INDIVIDUALS).expect("few");
        assert_eq!([of("nominate_for_commendation"), of("deliver_award")], [granted; 2]);
    }
}
