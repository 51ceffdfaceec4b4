//! `SchemeService`, rpc by rpc.

use crate::house::{House, fields, fresh, receipt, refused};
use tonic::Code;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::scheme_service_client::SchemeServiceClient;

fn scheme(board: &str) -> hq::Scheme {
    let measure =
        |measure: &str| Some(hq::MeasureRef { measure: measure.into(), category_prefix: "0502".into() });
    hq::Scheme {
        board: board.into(),
        version: 0,
        title_zh: "盗窃案件派出所榜".into(),
        title_en: "Theft, stations".into(),
        entrant_kinds: vec![OrgKind::Station.into()],
        indicators: vec![hq::Indicator {
            id: "solve_rate".into(),
            title_zh: "破案率".into(),
            title_en: "Solve rate".into(),
            numerator: measure("case.solved"),
            denominator: measure("case.filed"),
            scale: 100,
            direction: hq::Direction::HigherIsBetter.into(),
            min_denominator: 10,
            unit: "%".into(),
            weight: 100,
            ..Default::default()
        }],
        rank_by: "solve_rate".into(),
        attention_rules: vec![hq::AttentionRule {
            indicator_id: "solve_rate".into(),
            threshold_numerator: 40,
            threshold_denominator: 100,
        }],
        ..Default::default()
    }
}

fn publish(scheme: hq::Scheme, etag: &str) -> hq::PublishSchemeRequest {
    hq::PublishSchemeRequest { request_id: fresh(), scheme: Some(scheme), etag: etag.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_gives_the_next_version_of_that_board() {
    let house = House::new().await;
    let mut client = house.schemes();
    for (board, version) in [("theft-stations", 1), ("theft-stations", 2), ("small-cases", 1)] {
        let answer = client.publish_scheme(publish(scheme(board), "")).await.expect("published").into_inner();
        let receipt = receipt(answer.receipt);
        assert_eq!(answer.version, version);
        assert_eq!((receipt.name, receipt.etag), (format!("schemes/{board}"), version.to_string()));
    }
    let list = |board: &str| hq::ListSchemesRequest { board: board.into(), at_least: 3 };
    let all = client.list_schemes(list("")).await.expect("a list").into_inner().schemes;
    let listed: Vec<_> = all.iter().map(|s| (s.board.as_str(), s.version)).collect();
    assert_eq!(listed, [("small-cases", 1), ("theft-stations", 2), ("theft-stations", 1)]);
    let theft = client.list_schemes(list("theft-stations")).await.expect("a list").into_inner().schemes;
    assert_eq!(theft[0], hq::Scheme { version: 2, ..scheme("theft-stations") });
    assert_eq!(theft.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_publication_gives_the_version_of_the_first_answer() {
    let house = House::new().await;
    let mut client = house.schemes();
    let command = publish(scheme("theft-stations"), "");
    client.publish_scheme(command.clone()).await.expect("published");
    client.publish_scheme(publish(scheme("theft-stations"), "1")).await.expect("published again");
    let repeated = client.publish_scheme(command).await.expect("remembered").into_inner();
    let receipt = receipt(repeated.receipt);
    assert_eq!((repeated.version, receipt.replayed, receipt.position), (1, true, 1));
    let stale = client.publish_scheme(publish(scheme("theft-stations"), "1")).await;
    assert_eq!(refused(stale), (Code::Aborted, "GE-001".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_scheme_is_refused_with_every_wrong_field() {
    let house = House::new().await;
    let mut wrong = scheme("theft-stations");
    wrong.rank_by = "arrests".into();
    wrong.indicators[0].weight = 90;
    wrong.attention_rules[0].threshold_denominator = 0;
    let answer = house.schemes().publish_scheme(publish(wrong, "")).await;
    assert_eq!(
        fields(answer.as_ref().expect_err("refused")),
        ["scheme.indicators.weight", "scheme.rank_by", "scheme.attention_rules.threshold_denominator"]
    );
    assert_eq!(refused(answer), (Code::InvalidArgument, "SCHEME-INVALID".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_headquarters_publishes_schemes() {
    let house = House::new().await;
    for roles in [&["officer"][..], &["hq", "auditor"]] {
        let mut client = SchemeServiceClient::new(house.caller(roles));
        let answer = client.publish_scheme(publish(scheme("theft-stations"), "")).await;
        assert_eq!(refused(answer), (Code::PermissionDenied, "GE-004".into()));
    }
}
