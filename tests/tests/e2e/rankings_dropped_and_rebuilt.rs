//! `rankings` stopped for a while, then its database dropped: it catches up, then rebuilds; the ledger is the same.

use crate::city::City;
use crate::storm::Storm;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn rankings_catches_up_and_rebuilds_to_the_same_digest() -> Result<()> {
    let mut city = City::start().await?;
    let storm = Storm::start(&city, 8, 600).await?;
    storm.reached(100).await?;
    city.rankings.kill9();
    let acknowledged = storm.finished().await?;
    city.log_is_whole(&acknowledged).await?;
    city.rankings.restart().await;
    city.board_has_everything().await?;
    let caught_up = city.ledger_is_sound().await?;
    assert_eq!(city.filed_on_board().await?, 600);

    city.rankings_over_an_empty_database().await;
    city.board_has_everything().await?;
    assert_eq!(city.ledger_is_sound().await?, caught_up, "a new database must hold the same ledger");

    // The same beside the live tables, while it serves.
    let rebuilt = city.xiaoan(&["projections", "rebuild", "ledger", "--service", "rankings"]).await?;
    assert_eq!(rebuilt.code, 0, "{}{}", rebuilt.stdout, rebuilt.stderr);
    assert_eq!(city.ledger_is_sound().await?, caught_up);
    assert_eq!(city.filed_on_board().await?, 600);
    Ok(())
}
