//! The real binary: migrates an empty database, serves, is killed, goes on, stops as told.

use crate::house::{CITY, fresh, on, receipt, registration};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_rpc::Secret;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_testkit::{Process, TestDb, TestIssuer, TestNats};

fn org_units(process: &Process, issuer: &TestIssuer) -> OrgUnitServiceClient<AuthenticatedChannel> {
    let token = Secret::new(&issuer.token("tester", CITY, &["hq"]));
    OrgUnitServiceClient::new(channel(&ClientOptions::new(process.grpc_url()), &token).expect("a channel"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_hq_comes_back_with_everything_it_had_acknowledged() {
    let (db, nats, issuer) = (TestDb::empty().await, TestNats::start().await, TestIssuer::new());
    let migrate = Process::builder("hq").arg("migrate").env("XIAOAN_OWNER_DATABASE_URL", db.owner_url());
    for _ in 0..2 {
        let (status, said) = migrate.run_to_end();
        assert!(status.success(), "{said}");
    }
    let mut process = Process::builder("hq")
        .arg("serve")
        .envs(issuer.env())
        .env("XIAOAN_DATABASE_URL", db.url())
        .env("XIAOAN_NATS_URL", nats.url())
        .spawn()
        .await;
    let command = registration(CITY, OrgKind::CityBureau, "");
    let answer = org_units(&process, &issuer).register_org_unit(command.clone()).await.expect("registered");
    let first = receipt(answer.into_inner().receipt);

    process.kill9();
    process.restart().await;
    let mut client = org_units(&process, &issuer);
    let again = client.register_org_unit(command).await.expect("remembered").into_inner();
    let again = receipt(again.receipt);
    assert_eq!((again.position, again.replayed), (first.position, true));
    let headcount = hq::RecordHeadcountRequest {
        request_id: fresh(),
        code: CITY.into(),
        from: on(2020, 1, 1),
        officers: 1200,
    };
    let answer = client.record_headcount(headcount).await.expect("recorded").into_inner();
    let at_least = receipt(answer.receipt).position;
    let request = hq::GetOrgUnitRequest { code: CITY.into(), at_least };
    let unit = client.get_org_unit(request).await.expect("the city").into_inner().org_unit.expect("the city");
    assert_eq!((unit.officers, unit.etag.as_str()), (1200, "2"));

    let (status, metrics) = process.get("/metrics").await.expect("the admin port");
    assert!(status == 200 && metrics.contains("xiaoan_"), "{metrics}");
    assert!(process.terminate().await.is_some_and(|status| status.success()), "{}", process.log());
}
