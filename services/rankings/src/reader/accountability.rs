//! What hq decided after a month was over, for the pages that show it.

use super::{ReadError, Reader};
use crate::accountability::{self, Closed, Kept};
use time::Date;
use xiaoan_directory::UnitInfo;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{Closing, Notice};

impl Reader {
    /// Everything of a kind that hq decided, the latest period first.
    ///
    /// # Errors
    /// [`ReadError::Database`]; so for what follows.
    pub async fn decided<K: Kept>(&self) -> Result<Vec<K>, ReadError> {
        Ok(accountability::all(&mut *self.inner.pool.acquire().await?).await?)
    }

    /// Notices of which a deadline has passed.
    ///
    /// # Errors
    /// See [`decided`](Self::decided).
    pub async fn overdue_notices(&self) -> Result<Vec<Notice>, ReadError> {
        Ok(accountability::overdue_notices(&mut *self.inner.pool.acquire().await?).await?)
    }

    /// The closing of a period without its rows; `None` while it is provisional.
    ///
    /// # Errors
    /// See [`decided`](Self::decided).
    pub async fn closing(&self, board: &str, period: &str) -> Result<Option<Closing>, ReadError> {
        Ok(accountability::closing(&mut *self.inner.pool.acquire().await?, board, period).await?)
    }

    /// The closing of a period with all its figures; `None` while it is provisional.
    ///
    /// # Errors
    /// See [`decided`](Self::decided).
    pub async fn closed(&self, board: &str, period: &str) -> Result<Option<Closed>, ReadError> {
        Ok(accountability::closed(&mut *self.inner.pool.acquire().await?, board, period).await?)
    }

    /// Bureaus that are there on a day, in the order of their codes.
    #[must_use]
    pub fn bureaus(&self, day: Date) -> Vec<UnitInfo> {
        let of_kind = |unit: &&UnitInfo| matches!(unit.kind, OrgKind::CountyBureau | OrgKind::PortBureau);
        let there =
            |unit: &&UnitInfo| unit.effective_on <= day && unit.retired_on.is_none_or(|end| end > day);
        let units = self.inner.units.on(&self.inner.directory, day);
        units.iter().filter(of_kind).filter(there).cloned().collect()
    }

    /// Whether a unit stands under a bureau on a day, or is it.
    #[must_use]
    pub fn is_within(&self, unit: &str, bureau: &str, day: Date) -> bool {
        match (OrgCode::parse(unit), OrgCode::parse(bureau)) {
            (Ok(unit), Ok(bureau)) => self.inner.directory.tree().is_within(unit, bureau, day),
            _ => false,
        }
    }
}
