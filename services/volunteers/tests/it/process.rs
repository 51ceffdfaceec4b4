//! `volunteers` as a process: it follows hq's log for org units, publishes its own, and comes back after a kill.

use crate::world::{STATION, id, june};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::RegisterOrgUnitRequest;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::squadron_service_client::SquadronServiceClient;
use xiaoan_rpc::Secret;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_testkit::{Process, TestDb, TestIssuer, TestNats};

const KEK: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn client(issuer: &TestIssuer, url: &str, org_unit: &str, role: &str) -> AuthenticatedChannel {
    let token = issuer.token("tester", org_unit, &[role]);
    channel(&ClientOptions::new(url), &Secret::new(&token)).expect("a channel")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_learns_units_from_hq_serves_and_comes_back_after_a_kill() {
    let (issuer, nats) = (TestIssuer::new(), TestNats::start().await);
    let (hq_db, db) = (TestDb::create("hq").await, TestDb::create("volunteers").await);
    let env = |database: &TestDb| -> Vec<(String, String)> {
        let mut env = issuer.env();
        env.push(("XIAOAN_DATABASE_URL".into(), database.url().to_owned()));
        env.push(("XIAOAN_NATS_URL".into(), nats.url()));
        env.push(("XIAOAN_KEK".into(), KEK.into()));
        env
    };
    let hq = Process::spawn("hq", env(&hq_db)).await;
    let mut own = env(&db);
    own.push(("XIAOAN_SOURCES".into(), format!("hq={}", hq.grpc_url())));
    let mut volunteers = Process::spawn("volunteers", own).await;

    let city = "371100000000";
    let mut units = OrgUnitServiceClient::new(client(&issuer, &hq.grpc_url(), city, "hq"));
    for (code, kind, parent) in [(city, OrgKind::CityBureau, ""), (STATION, OrgKind::Station, city)] {
        let request = RegisterOrgUnitRequest {
            request_id: id(),
            code: code.into(),
            kind: kind.into(),
            parent: parent.into(),
            name_zh: "示例单位".into(),
            name_en: "Example".into(),
            effective_on: None,
        };
        units.register_org_unit(request).await.expect("registered");
    }
    let form = |n: usize| v1::FormSquadronRequest {
        request_id: id(),
        squadron_id: format!("s-{n}"),
        org_unit: STATION.into(),
        kind: v1::SquadronKind::Village.into(),
        name_zh: "示例中队".into(),
        name_en: "Demo".into(),
        formed_on: june(1),
        ..Default::default()
    };
    let of = |process: &Process| {
        SquadronServiceClient::new(client(&issuer, &process.grpc_url(), STATION, "officer"))
    };
    // The unit is on its way from hq.
    let mut squadrons = of(&volunteers);
    xiaoan_testkit::wait_until(xiaoan_testkit::DEADLINE, || {
        let mut squadrons = squadrons.clone();
        async move { squadrons.form_squadron(form(1)).await.is_ok() }
    })
    .await;
    volunteers.restart().await;
    squadrons = of(&volunteers);
    let answer = squadrons.form_squadron(form(2)).await.expect("formed").into_inner();
    let request = v1::ListSquadronsRequest {
        at_least: answer.receipt.expect("a receipt").position,
        ..Default::default()
    };
    let listed = squadrons.list_squadrons(request).await.expect("a list").into_inner().squadrons;
    assert!(listed.iter().any(|s| s.squadron_id == "s-1") && listed.iter().any(|s| s.squadron_id == "s-2"));
}
