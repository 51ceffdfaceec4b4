//! kill -9 of nats-server and deletion of its data while commands flow: nothing acknowledged is lost, the board ends exact.

use crate::city::City;
use crate::storm::Storm;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn nats_killed_and_wiped_while_commands_flow_loses_nothing() -> Result<()> {
    let city = City::start().await?;
    let storm = Storm::start(&city, 16, 1_500).await?;
    storm.reached(300).await?;
    city.nats.kill9();
    storm.reached(600).await?;
    city.nats.wipe();
    city.nats.restart().await;
    storm.reached(900).await?;
    // And once more, without a pause between death and return.
    city.nats.kill9();
    city.nats.wipe();
    city.nats.restart().await;
    let acknowledged = storm.finished().await?;
    assert_eq!(acknowledged.len(), 1_500, "commands do not depend on the broker");
    city.log_is_whole(&acknowledged).await?;
    city.board_has_everything().await?;
    assert_eq!(city.filed_on_board().await?, 1_500);
    city.stream_equals_log("cases").await?;
    city.ledger_is_sound().await?;
    Ok(())
}
