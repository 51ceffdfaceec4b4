//! Pages by key (AIP-158): a token is where the page before ended, bound to the filter it was made with. Opaque to
//! callers; nothing in it is trusted.

use sha2::{Digest, Sha256};
use time::{Date, OffsetDateTime};
use tonic::Status;
use xiaoan_kernel::{Finding, Severity};

/// One page that is wanted.
#[derive(Debug, Clone)]
pub struct Page<K> {
    /// Rows on the page, 1..=1000.
    pub size: usize,
    /// Key of the last row of the page before.
    pub after: Option<K>,
}

/// A page token that this service did not make, or made for another filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad page token")]
pub struct BadToken;

impl From<BadToken> for Status {
    /// INVALID_ARGUMENT (GE-006).
    fn from(_: BadToken) -> Self {
        crate::errors::invalid(&[Finding {
            code: "GE-006",
            severity: Severity::Error,
            field: "page_token",
            zh: "page_token 不是本查询的上一页给出的，请从第一页重新开始".to_owned(),
            en: "this page_token was not given by a page of this query; start again from the first page"
                .to_owned(),
        }])
    }
}

/// A key that can travel in a token.
pub trait PageKey: Sized {
    /// As text.
    fn write(&self) -> String;
    /// From text.
    fn read(text: &str) -> Option<Self>;
}

impl PageKey for i64 {
    fn write(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl PageKey for String {
    fn write(&self) -> String {
        self.clone()
    }
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl PageKey for (Date, String) {
    fn write(&self) -> String {
        format!("{} {}", self.0.to_julian_day(), self.1)
    }
    fn read(text: &str) -> Option<Self> {
        let (day, id) = text.split_once(' ')?;
        Some((Date::from_julian_day(day.parse().ok()?).ok()?, id.to_owned()))
    }
}

impl PageKey for (OffsetDateTime, String) {
    fn write(&self) -> String {
        format!("{} {}", self.0.unix_timestamp_nanos(), self.1)
    }
    fn read(text: &str) -> Option<Self> {
        let (nanos, id) = text.split_once(' ')?;
        Some((OffsetDateTime::from_unix_timestamp_nanos(nanos.parse().ok()?).ok()?, id.to_owned()))
    }
}

impl<K: PageKey> Page<K> {
    /// A page of `size` rows (0 = 50, at most 1000) behind `token`; `filter` is the filter in any fixed spelling.
    ///
    /// # Errors
    /// [`BadToken`].
    pub fn of(size: i32, token: &str, filter: &str) -> Result<Self, BadToken> {
        let size = match usize::try_from(size).unwrap_or(0) {
            0 => 50,
            size => size.min(1000),
        };
        let after = if token.is_empty() { None } else { Some(read(token, filter)?) };
        Ok(Self { size, after })
    }

    /// The token for the rows behind `key`; empty for none.
    #[must_use]
    pub fn token(key: Option<&K>, filter: &str) -> String {
        key.map_or(String::new(), |key| hex::encode([&mark(filter)[..], key.write().as_bytes()].concat()))
    }
}

impl<K> Page<K> {
    /// One row more than the page holds: it tells whether there is another page.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::try_from(self.size + 1).unwrap_or(i64::MAX)
    }

    /// Takes the row too many away again; the key of the last row left when there was one.
    pub fn cut<R>(&self, rows: &mut Vec<R>, key: impl Fn(&R) -> K) -> Option<K> {
        if rows.len() <= self.size {
            return None;
        }
        rows.truncate(self.size);
        rows.last().map(key)
    }
}

fn read<K: PageKey>(token: &str, filter: &str) -> Result<K, BadToken> {
    let bytes = hex::decode(token).map_err(|_| BadToken)?;
    let (made_for, key) = bytes.split_at_checked(MARK).ok_or(BadToken)?;
    if made_for != mark(filter) {
        return Err(BadToken);
    }
    std::str::from_utf8(key).ok().and_then(K::read).ok_or(BadToken)
}

const MARK: usize = 8;

/// Tells filters apart; guards against mistakes, not against forgery: whatever a token says, the filter of the request
/// decides what is shown.
fn mark(filter: &str) -> [u8; MARK] {
    let digest: [u8; 32] = Sha256::digest(filter.as_bytes()).into();
    std::array::from_fn(|n| digest[n])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_token_leads_behind_the_row_it_was_made_of() {
        let key = (date!(2026 - 06 - 07), "A3711020100002026060001".to_owned());
        let token = Page::token(Some(&key), "f");
        assert_eq!(Page::of(10, &token, "f").unwrap().after, Some(key));
    }

    #[test]
    fn a_token_of_another_filter_or_of_nobody_is_refused() {
        let token = Page::token(Some(&7_i64), "f");
        assert_eq!(Page::<i64>::of(10, &token, "g").unwrap_err(), BadToken);
        for bad in ["x", "00", "abcd", "Ж"] {
            assert_eq!(Page::<i64>::of(10, bad, "f").unwrap_err(), BadToken, "{bad}");
        }
    }

    #[test]
    fn a_page_holds_fifty_rows_unless_told_and_a_thousand_at_most() {
        let size = |n| Page::<i64>::of(n, "", "f").unwrap().size;
        assert_eq!([size(0), size(1), size(1000), size(5000), size(-1)], [50, 1, 1000, 1000, 50]);
    }
}
