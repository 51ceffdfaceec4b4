//! What a page needs around the standings: where to begin in time, and what units are called that are not on the board.

use super::{ReadError, Reader};
use time::Date;
use xiaoan_directory::UnitName;
use xiaoan_kernel::OrgCode;

impl Reader {
    /// First day of the latest month, not after today, in which anything is booked; `None` while nothing is. Reads all
    /// monthly sums (tens of milliseconds for a large city): whoever asks for every page remembers the answer for a while.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn latest_month(&self) -> Result<Option<Date>, ReadError> {
        let latest =
            sqlx::query_scalar("SELECT max(month) FROM ledger.month_sums WHERE prefix = '' AND month <= $1")
                .bind(self.today())
                .fetch_one(&self.inner.pool)
                .await?;
        Ok(latest)
    }

    /// Names of a unit by everything recorded so far.
    #[must_use]
    pub fn unit_name(&self, code: &str) -> Option<UnitName> {
        let unit = self.inner.directory.unit(code.parse::<OrgCode>().ok()?)?;
        Some(UnitName { zh: unit.name_zh, en: unit.name_en })
    }
}
