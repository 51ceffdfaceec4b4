//! Two `cases` processes on one database under load: dense, no duplicate, no deadlock.

use crate::city::City;
use crate::storm::Storm;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn two_cases_processes_share_one_database() -> Result<()> {
    let city = City::start().await?;
    let second = city.second_cases().await;
    let first_storm = Storm::start(&city, 12, 800).await?;
    let second_storm = Storm::start_at(&city, &second.grpc_url(), 12, 800..1_600).await?;
    let mut acknowledged = first_storm.finished().await?;
    acknowledged.extend(second_storm.finished().await?);
    assert_eq!(acknowledged.len(), 1_600);
    city.log_is_whole(&acknowledged).await?;
    city.board_has_everything().await?;
    assert_eq!(city.filed_on_board().await?, 1_600);
    city.stream_equals_log("cases").await?;
    Ok(())
}
