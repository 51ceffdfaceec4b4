//! The header of a spreadsheet: which column stands where, in Chinese or English.

use super::records::{Record, split};
use super::rows::Row;

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
    /// What stands in each column, by its place among the row's columns; `None` for a column of ours.
    pub columns: Vec<Option<usize>>,
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
    pub fn read<R: Row>(text: &str) -> Result<Self, BadHeader> {
        let count = |d: char| text.matches(d).count();
        let delimiter = ['\t', ';', ','].into_iter().max_by_key(|d| count(*d)).unwrap_or(',');
        let cells = split(text, delimiter)
            .ok_or_else(|| BadHeader("a quotation mark in the header is never closed".into()))?;
        let (mut columns, mut unknown, mut twice) = (Vec::new(), Vec::new(), Vec::new());
        let mut chinese = false;
        for cell in &cells {
            let name = clean(cell);
            let found = R::COLUMNS.iter().position(|(zh, en)| name == *zh || name.eq_ignore_ascii_case(en));
            match found {
                Some(column) => {
                    if columns.contains(&Some(column)) {
                        twice.push(name.clone());
                    }
                    chinese |= R::COLUMNS.get(column).is_some_and(|(zh, _)| name == *zh);
                    columns.push(Some(column));
                }
                None if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) => columns.push(None),
                None => unknown.push(name),
            }
        }
        let missing: Vec<_> = R::COLUMNS
            .iter()
            .enumerate()
            .filter(|(column, _)| !columns.contains(&Some(*column)))
            .map(|(_, (zh, en))| format!("{zh} ({en})"))
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
    pub fn row<R: Row>(&self, record: &Record) -> R {
        let mut row = R::default();
        *row.line() = record.line;
        for (cell, column) in record.cells.iter().zip(&self.columns) {
            if let Some(field) = column.and_then(|column| row.cell(column)) {
                clean(cell).clone_into(field);
            }
        }
        let (cells, wanted) = (record.cells.len(), self.columns.len());
        // Spreadsheet programs add empty cells at the end of a row.
        let surplus = record.cells.iter().skip(wanted).any(|cell| !cell.trim().is_empty());
        if let Some(why) = record.broken {
            why.clone_into(row.malformed());
        } else if cells < wanted || surplus {
            *row.malformed() = format!("{cells} cells where the header has {wanted}");
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
