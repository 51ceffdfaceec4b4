//! The header of a spreadsheet of cases: which column stands where, in Chinese or English.

use super::records::{Record, split};
use xiaoan_proto::cases::v1::CaseRow;

/// A column of the spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // each is named by its Chinese and English header below
pub enum Column {
    CaseNo,
    OrgUnit,
    Category,
    ReportedAt,
    OccurredAt,
    FiledOn,
    LossYuan,
    Preventable,
    SolvedOn,
    SolveManner,
    Arrests,
    RecoveredYuan,
    WithdrawnOn,
    WithdrawalGround,
}

impl Column {
    /// All columns with their headers.
    pub const ALL: [(Self, &'static str, &'static str); 14] = [
        (Self::CaseNo, "案件编号", "case_no"),
        (Self::OrgUnit, "办案单位代码", "org_unit"),
        (Self::Category, "案别代码", "category"),
        (Self::ReportedAt, "报案时间", "reported_at"),
        (Self::OccurredAt, "发案时间", "occurred_at"),
        (Self::FiledOn, "立案日期", "filed_on"),
        (Self::LossYuan, "损失金额", "loss_yuan"),
        (Self::Preventable, "可防性", "preventable"),
        (Self::SolvedOn, "破案日期", "solved_on"),
        (Self::SolveManner, "破案方式", "solve_manner"),
        (Self::Arrests, "抓获人数", "arrests"),
        (Self::RecoveredYuan, "追回金额", "recovered_yuan"),
        (Self::WithdrawnOn, "撤案日期", "withdrawn_on"),
        (Self::WithdrawalGround, "撤案理由", "withdrawal_ground"),
    ];
}

/// Columns that a rejected-rows file adds; they are passed over when it is imported after correction.
const OURS: [&str; 4] = ["问题代码", "问题说明", "problem_code", "problem"];

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// Delimiter of the file.
    pub delimiter: char,
    /// The header as it stands.
    pub text: String,
    /// Whether it is written in Chinese.
    pub chinese: bool,
    /// What stands in each column; `None` for a column of ours.
    pub columns: Vec<Option<Column>>,
}

/// A header that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct BadHeader(String);

impl Headers {
    /// Reads the first record.
    ///
    /// # Errors
    /// When columns are unknown, missing or named twice; every one is named.
    pub fn read(text: &str) -> Result<Self, BadHeader> {
        let count = |d: char| text.matches(d).count();
        let delimiter = ['\t', ';', ','].into_iter().max_by_key(|d| count(*d)).unwrap_or(',');
        let cells = split(text, delimiter)
            .ok_or_else(|| BadHeader("a quotation mark in the header is never closed".into()))?;
        let (mut columns, mut unknown, mut twice) = (Vec::new(), Vec::new(), Vec::new());
        let mut chinese = false;
        for cell in &cells {
            let name = clean(cell);
            let found = Column::ALL.iter().find(|(_, zh, en)| name == *zh || name.eq_ignore_ascii_case(en));
            match found {
                Some((column, zh, _)) => {
                    if columns.contains(&Some(*column)) {
                        twice.push(name.clone());
                    }
                    chinese |= name == *zh;
                    columns.push(Some(*column));
                }
                None if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) => columns.push(None),
                None => unknown.push(name),
            }
        }
        let missing: Vec<_> = Column::ALL
            .iter()
            .filter(|(column, _, _)| !columns.contains(&Some(*column)))
            .map(|(_, zh, en)| format!("{zh} ({en})"))
            .collect();
        let mut wrong = Vec::new();
        if !unknown.is_empty() {
            let named: Vec<_> = unknown.iter().map(|u| format!("{u:?}")).collect();
            wrong.push(format!("unknown columns 不认识的列: {}", named.join(", ")));
        }
        if !missing.is_empty() {
            wrong.push(format!("missing columns 缺少的列: {}", missing.join(", ")));
        }
        if !twice.is_empty() {
            wrong.push(format!("columns named twice 重复的列: {}", twice.join(", ")));
        }
        if wrong.is_empty() {
            Ok(Self { delimiter, text: text.to_owned(), chinese, columns })
        } else {
            Err(BadHeader(wrong.join("; ")))
        }
    }

    /// A record as a row for the service; says why when its cells do not fit the header.
    #[must_use]
    pub fn row(&self, record: &Record) -> CaseRow {
        let mut row = CaseRow { line: record.line, ..CaseRow::default() };
        for (cell, column) in record.cells.iter().zip(&self.columns) {
            if let Some(column) = column {
                clean(cell).clone_into(field(&mut row, *column));
            }
        }
        let (cells, wanted) = (record.cells.len(), self.columns.len());
        // Spreadsheet programs add empty cells at the end of a row.
        let surplus = record.cells.iter().skip(wanted).any(|cell| !cell.trim().is_empty());
        if let Some(why) = record.broken {
            why.clone_into(&mut row.malformed);
        } else if cells < wanted || surplus {
            row.malformed = format!("{cells} cells where the header has {wanted}");
        }
        row
    }
}

/// A cell without the blanks and invisible marks around it.
fn clean(cell: &str) -> String {
    let invisible =
        |c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{00A0}' | '\u{3000}');
    cell.trim_matches(invisible).to_owned()
}

fn field(row: &mut CaseRow, column: Column) -> &mut String {
    match column {
        Column::CaseNo => &mut row.case_no,
        Column::OrgUnit => &mut row.org_unit,
        Column::Category => &mut row.category,
        Column::ReportedAt => &mut row.reported_at,
        Column::OccurredAt => &mut row.occurred_at,
        Column::FiledOn => &mut row.filed_on,
        Column::LossYuan => &mut row.loss_yuan,
        Column::Preventable => &mut row.preventable,
        Column::SolvedOn => &mut row.solved_on,
        Column::SolveManner => &mut row.solve_manner,
        Column::Arrests => &mut row.arrests,
        Column::RecoveredYuan => &mut row.recovered_yuan,
        Column::WithdrawnOn => &mut row.withdrawn_on,
        Column::WithdrawalGround => &mut row.withdrawal_ground,
    }
}
