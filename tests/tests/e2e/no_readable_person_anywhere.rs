//! A planted name is in no event, not in NATS and in no log.

use crate::city::City;
use crate::storm::a_case;
use anyhow::Result;
use xiaoan_proto::core::v1::PersonInput;

const NAME: &str = "植入之名甲乙";
const PHONE: &str = "19900001234";
const ID_NUMBER: &str = "37110019990101999X";

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_name_stands_in_no_event_not_in_nats_and_in_no_log() -> Result<()> {
    let city = City::start().await?;
    let mut cases = city.cases_client().await?;
    let mut request = a_case(1);
    request.victims =
        vec![PersonInput { name: NAME.into(), phone: PHONE.into(), id_number: ID_NUMBER.into() }];
    cases.file_case(request.clone()).await?;
    // A refused command must not leak it either.
    request.request_id = uuid::Uuid::now_v7().to_string();
    cases.file_case(request.clone()).await.expect_err("the case is there already");
    city.board_has_everything().await?;
    city.stream_equals_log("cases").await?;

    let planted: Vec<&[u8]> = vec![NAME.as_bytes(), PHONE.as_bytes(), ID_NUMBER.as_bytes()];
    for needle in &planted {
        let tables = city.tables_holding("cases", needle).await?;
        assert!(tables.is_empty(), "cases database: {tables:?}");
        let tables = city.tables_holding("rankings", needle).await?;
        assert!(tables.is_empty(), "rankings database: {tables:?}");
        assert!(!folder_holds(&city.nats.store(), needle)?, "the broker's files");
        for process in [&city.cases, &city.hq, &city.rankings] {
            let log = process.log();
            let found = log.as_bytes().windows(needle.len()).any(|w| w == *needle);
            assert!(!found, "a service's log");
        }
    }
    // The test can fail: what is not personal is found by the same means.
    assert!(!city.tables_holding("cases", request.case_no.as_bytes()).await?.is_empty());
    assert!(folder_holds(&city.nats.store(), request.case_no.as_bytes())?);
    Ok(())
}

fn folder_holds(folder: &std::path::Path, needle: &[u8]) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            folder_holds(&path, needle)?
        } else {
            std::fs::read(&path)?.windows(needle.len()).any(|w| w == needle)
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
