//! kill -9 of `cases` in the middle of a storm: every acknowledged command is there once, positions dense, chain whole.

use crate::city::City;
use crate::storm::Storm;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn cases_killed_in_a_storm_keeps_every_acknowledged_command_once() -> Result<()> {
    let mut city = City::start().await?;
    let storm = Storm::start(&city, 16, 1_200).await?;
    for at in [200, 500, 800] {
        storm.reached(at).await?;
        city.cases.kill9();
        city.cases.restart().await;
    }
    // Clients send again with the same request id until they are answered, so all of them are acknowledged in the end.
    let acknowledged = storm.finished().await?;
    assert_eq!(acknowledged.len(), 1_200);
    city.log_is_whole(&acknowledged).await?;
    city.board_has_everything().await?;
    assert_eq!(city.filed_on_board().await?, 1_200);
    let audit = city.xiaoan(&["audit", "verify"]).await?;
    assert_eq!(audit.code, 0, "{}{}", audit.stdout, audit.stderr);
    Ok(())
}
