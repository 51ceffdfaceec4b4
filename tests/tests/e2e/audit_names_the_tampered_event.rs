//! Somebody with the superuser's password rewrites one event: the audit names it, and so does the consumer's chain.

use crate::city::City;
use crate::storm::Storm;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_names_the_first_rewritten_event() -> Result<()> {
    let city = City::start().await?;
    Storm::start(&city, 4, 50).await?.finished().await?;
    let clean = city.xiaoan(&["audit", "verify"]).await?;
    assert_eq!(clean.code, 0, "{}{}", clean.stdout, clean.stderr);

    let database = city.database("cases").owner_pool();
    sqlx::query("update eventstore.events set org_unit = '371103010000' where position = 17")
        .execute(&database)
        .await?;
    let tampered = city.xiaoan(&["audit", "verify"]).await?;
    assert_eq!(tampered.code, 1);
    let said = format!("{}{}", tampered.stdout, tampered.stderr);
    assert!(said.contains("cases") && said.contains("17"), "{said}");
    Ok(())
}
