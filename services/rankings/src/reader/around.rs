//! What a page needs around the standings: where in time to begin.

use super::{ReadError, Reader};
use time::Date;

impl Reader {
    /// First day of the latest month, not after today, in which a case was filed or an alert received; `None` while there
    /// is none. A month into which only late solves reach is not one to begin with. Reads all monthly sums (tens of
    /// milliseconds for a large city): whoever asks for every page remembers the answer for a while.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn latest_month(&self) -> Result<Option<Date>, ReadError> {
        let latest = sqlx::query_scalar(
            "SELECT max(month)
             FROM ledger.cases_month_sums
             WHERE prefix = '' AND month <= $1 AND (case_filed <> 0 OR alert_received <> 0)",
        )
        .bind(self.today())
        .fetch_one(&self.inner.pool)
        .await?;
        Ok(latest)
    }
}
