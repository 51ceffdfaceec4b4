//! NATS killed and wiped while all five sources write: nothing acknowledged is lost, every board ends exact.

use crate::city::{City, SOURCES};
use crate::everybody::{Everybody, Plan, boards_are_exact};
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn nats_wiped_while_all_five_sources_write_loses_nothing() -> Result<()> {
    let city = City::start().await?;
    let plan = Plan { cases: 900, incidents: 200, applications: 200, stops: 60, units: 40 };
    let everybody = Everybody::start(&city, plan).await?;
    everybody.cases.reached(150).await?;
    city.nats.kill9();
    everybody.cases.reached(300).await?;
    city.nats.wipe();
    city.nats.restart().await;
    everybody.cases.reached(600).await?;
    city.nats.kill9();
    city.nats.wipe();
    city.nats.restart().await;
    let filed = everybody.finished().await?;
    city.log_is_whole(&filed).await?;
    city.everything_is_confirmed("antifraud", "xiaoan.antifraud.v1.StopConfirmed", plan.stops).await?;
    boards_are_exact(&city, plan).await?;
    for source in SOURCES {
        city.stream_equals_log(source).await?;
    }
    let before = city.ledger_is_sound().await?;
    let rebuilt = city.xiaoan(&["projections", "rebuild", "ledger", "--service", "rankings"]).await?;
    assert_eq!(rebuilt.code, 0, "{}{}", rebuilt.stdout, rebuilt.stderr);
    assert_eq!(city.ledger_is_sound().await?, before, "a rebuild over five sources gives the same ledger");
    Ok(())
}
