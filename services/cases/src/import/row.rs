//! Reads and judges one row.

use crate::case::filing::{Filing, FilingFields};
use crate::case::{CASE_NO_FORM, LegacyCase, case_no_is_well_formed};
use crate::moment::{DAY, Moment};
use crate::refusal::{Reason, Remarks};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{OrgCode, parse_city_minute, parse_day, yuan_to_fen};
use xiaoan_proto::cases::v1::{CaseRow, SolveManner, WithdrawalGround};

/// A row that was looked at.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Everything that is to be said about it.
    pub remarks: Remarks,
    /// What it says; `None` when something rejects.
    pub case: Option<LegacyCase>,
}

/// Most characters of a caller's own words that a report repeats.
const MOST_REPEATED: usize = 200;

/// Reads and judges a row. `may_write` says whether the caller may write for a unit (GE-004 otherwise).
#[must_use]
pub fn judge(row: &CaseRow, at: &Moment<'_>, may_write: impl Fn(OrgCode) -> bool) -> Judged {
    let mut remarks = Remarks::default();
    if !row.malformed.is_empty() {
        remarks.note(
            "malformed",
            Reason::MalformedLine { why: row.malformed.chars().take(MOST_REPEATED).collect() },
        );
        return Judged { remarks, case: None };
    }
    let cells = Cells::read(row, &mut remarks, at);
    cells.judge(&mut remarks, at, may_write);
    let case = if remarks.reject() { None } else { cells.into_case(row) };
    Judged { remarks, case }
}

/// The cells as values; `None` where a cell is empty or was reported.
struct Cells<'a> {
    case_no: &'a str,
    unit: Option<OrgCode>,
    category: &'a str,
    reported_at: Option<OffsetDateTime>,
    occurred_at: Option<OffsetDateTime>,
    filed_on: Option<Date>,
    loss_fen: Option<i64>,
    preventable: Option<bool>,
    solved_on: Option<Date>,
    manner: SolveManner,
    arrests: i32,
    recovered_fen: Option<i64>,
    withdrawn_on: Option<Date>,
    ground: Option<WithdrawalGround>,
}

impl<'a> Cells<'a> {
    fn read(row: &'a CaseRow, remarks: &mut Remarks, at: &Moment<'_>) -> Self {
        if required(remarks, "case_no", &row.case_no) && !case_no_is_well_formed(&row.case_no) {
            remarks.note("case_no", CASE_NO_FORM);
        }
        let filed_on = day(remarks, "filed_on", &row.filed_on, at);
        if row.filed_on.is_empty() {
            remarks.note("filed_on", Reason::MissingValue);
        }
        let unit = if required(remarks, "org_unit", &row.org_unit) {
            at.unit(remarks, "org_unit", &row.org_unit, filed_on)
        } else {
            None
        };
        required(remarks, "category", &row.category);
        required(remarks, "reported_at", &row.reported_at);
        required(remarks, "loss_yuan", &row.loss_yuan);
        let preventable = match row.preventable.to_ascii_lowercase().as_str() {
            "是" | "yes" => Some(true),
            "否" | "no" => Some(false),
            "" => {
                remarks.note("preventable", Reason::MissingValue);
                None
            }
            _ => {
                remarks.note("preventable", Reason::Malformed { form_zh: "是或否", form_en: "yes or no" });
                None
            }
        };
        let manner = match row.solve_manner.to_ascii_lowercase().as_str() {
            "带破" | "brought" => SolveManner::Brought,
            "直接" | "direct" | "" => SolveManner::Direct,
            _ => {
                remarks.note(
                    "solve_manner",
                    Reason::Malformed { form_zh: "直接或带破", form_en: "direct or brought" },
                );
                SolveManner::Direct
            }
        };
        Self {
            case_no: &row.case_no,
            unit,
            category: &row.category,
            reported_at: minute(remarks, "reported_at", &row.reported_at, at),
            occurred_at: minute(remarks, "occurred_at", &row.occurred_at, at),
            filed_on,
            loss_fen: amount(remarks, "loss_yuan", &row.loss_yuan),
            preventable,
            solved_on: day(remarks, "solved_on", &row.solved_on, at),
            manner,
            arrests: count(remarks, "arrests", &row.arrests),
            recovered_fen: if row.recovered_yuan.is_empty() {
                Some(0)
            } else {
                amount(remarks, "recovered_yuan", &row.recovered_yuan)
            },
            withdrawn_on: day(remarks, "withdrawn_on", &row.withdrawn_on, at),
            ground: ground(remarks, row),
        }
        .with_whole_row(remarks, row)
    }

    /// What only several cells together show.
    fn with_whole_row(self, remarks: &mut Remarks, row: &CaseRow) -> Self {
        if row.solved_on.is_empty() && !row.solve_manner.is_empty() {
            remarks.note("solved_on", Reason::SolveWithoutDay);
        }
        if !row.solved_on.is_empty() && !row.withdrawn_on.is_empty() {
            remarks.note("withdrawn_on", Reason::SolvedAndWithdrawn);
        }
        if row.withdrawn_on.is_empty() && !row.withdrawal_ground.is_empty() {
            remarks.note("withdrawn_on", Reason::WithdrawalDayMissing);
        }
        self
    }

    fn judge(&self, remarks: &mut Remarks, at: &Moment<'_>, may_write: impl Fn(OrgCode) -> bool) {
        if let Some(unit) = self.unit.filter(|unit| !may_write(*unit)) {
            remarks.note("org_unit", Reason::NotYourUnit { unit });
        }
        if !self.category.is_empty() {
            let filing = Filing {
                unit: self.unit,
                category: self.category,
                occurred_at: self.occurred_at,
                reported_at: self.reported_at,
                filed_on: self.filed_on,
                loss_fen: self.loss_fen,
            };
            filing.check(remarks, FilingFields { occurred: "occurred_at", loss: "loss_yuan" }, at);
        }
        if let (Some(solved), Some(filed)) = (self.solved_on, self.filed_on)
            && solved < filed
        {
            remarks.note("solved_on", Reason::SolvedBeforeFiled { case_no: self.case_no.to_owned() });
        }
        if let (Some(withdrawn), Some(filed)) = (self.withdrawn_on, self.filed_on)
            && withdrawn < filed
        {
            remarks.note("withdrawn_on", Reason::WithdrawnBeforeFiled);
        }
        if let (Some(recovered_fen), Some(loss_fen)) = (self.recovered_fen, self.loss_fen)
            && recovered_fen > loss_fen
        {
            remarks.note("recovered_yuan", Reason::RecoveredExceedsLoss { recovered_fen, loss_fen });
        }
    }

    /// The case that the row tells. Nothing rejected, so nothing that is required is missing.
    fn into_case(self, row: &CaseRow) -> Option<LegacyCase> {
        Some(LegacyCase {
            case_no: row.case_no.clone(),
            unit: self.unit?,
            category: row.category.clone(),
            reported_at: self.reported_at?,
            occurred_at: self.occurred_at,
            filed_on: self.filed_on?,
            loss_fen: self.loss_fen?,
            preventable: self.preventable?,
            solved: self.solved_on.map(|on| (on, self.manner)),
            arrests: self.arrests,
            recovered_fen: self.recovered_fen?,
            withdrawn: self.withdrawn_on.zip(self.ground),
        })
    }
}

fn required(remarks: &mut Remarks, field: &'static str, cell: &str) -> bool {
    if cell.is_empty() {
        remarks.note(field, Reason::MissingValue);
    }
    !cell.is_empty()
}

/// A day not in the future; an empty cell is none.
fn day(remarks: &mut Remarks, field: &'static str, cell: &str, at: &Moment<'_>) -> Option<Date> {
    if cell.is_empty() {
        return None;
    }
    match parse_day(cell) {
        Some(day) if day > at.today() => remarks.note(field, Reason::InFuture),
        Some(day) => return Some(day),
        None => remarks.note(field, DAY),
    }
    None
}

/// A minute not in the future; an empty cell is none.
fn minute(remarks: &mut Remarks, field: &'static str, cell: &str, at: &Moment<'_>) -> Option<OffsetDateTime> {
    if cell.is_empty() {
        return None;
    }
    match parse_city_minute(cell) {
        Some(minute) if minute > at.now => remarks.note(field, Reason::InFuture),
        Some(minute) => return Some(minute),
        None => remarks.note(
            field,
            Reason::Malformed {
                form_zh: "时间“年-月-日 时:分”", form_en: "a time \"YYYY-MM-DD HH:MM\""
            },
        ),
    }
    None
}

fn amount(remarks: &mut Remarks, field: &'static str, cell: &str) -> Option<i64> {
    if cell.is_empty() {
        return None;
    }
    let fen = yuan_to_fen(cell).ok();
    if fen.is_none() {
        remarks.note(
            field,
            Reason::Malformed {
                form_zh: "以元为单位、最多两位小数的金额",
                form_en: "an amount of yuan with at most two decimals",
            },
        );
    }
    fen
}

fn count(remarks: &mut Remarks, field: &'static str, cell: &str) -> i32 {
    if cell.is_empty() {
        return 0;
    }
    let digits = cell.len() <= 4 && cell.bytes().all(|b| b.is_ascii_digit());
    match cell.parse() {
        Ok(number) if digits && (0..=1000).contains(&number) => number,
        _ => {
            remarks.note(
                field,
                Reason::Malformed { form_zh: "0至1000的整数", form_en: "a whole number of 0 to 1000" },
            );
            0
        }
    }
}

/// One of the six grounds, 1..6. Required with a day of withdrawal; another value is CB-011 as a missing one is.
fn ground(remarks: &mut Remarks, row: &CaseRow) -> Option<WithdrawalGround> {
    let ground = match row.withdrawal_ground.as_str() {
        "1" => Some(WithdrawalGround::NoCrime),
        "2" => Some(WithdrawalGround::Trivial),
        "3" => Some(WithdrawalGround::Limitation),
        "4" => Some(WithdrawalGround::Pardon),
        "5" => Some(WithdrawalGround::SuspectDead),
        "6" => Some(WithdrawalGround::Other),
        _ => None,
    };
    let stated = !row.withdrawal_ground.is_empty() || !row.withdrawn_on.is_empty();
    if ground.is_none() && stated {
        remarks.note("withdrawal_ground", Reason::GroundMissing);
    }
    ground
}

#[cfg(test)]
mod tests;
