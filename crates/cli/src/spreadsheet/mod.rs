//! The user's spreadsheets: CSV as Excel, WPS and older police systems write it.
//!
//! Reading is streaming in bounded memory. The file is looked at once to find its encoding (a byte order mark, else
//! valid UTF-8, else GB18030), then read; rejected rows are read out of it once more to be written back.

mod decode;
mod headers;
mod records;
mod rejected;
mod rows;

pub use decode::{Encoding, detect, open};
pub use headers::Headers;
pub use records::{Record, Records};
pub use rejected::{Rejection, write_rejected};
pub use rows::Row;

use crate::fault::Fault;
use std::io::BufRead;
use std::marker::PhantomData;
use std::path::Path;

/// A spreadsheet of rows of one kind, its header read.
pub struct Spreadsheet<R> {
    /// Encoding found.
    pub encoding: Encoding,
    /// Header found.
    pub headers: Headers,
    records: Records<Box<dyn BufRead + Send>>,
    rows: PhantomData<fn() -> R>,
}

impl<R: Row> Spreadsheet<R> {
    /// Opens a file and reads its header. `tally` is told how many bytes were read.
    ///
    /// # Errors
    /// Usage: no such file, no header, unknown or missing columns.
    pub fn open(path: &Path, tally: impl Fn(u64) + Send + 'static) -> Result<Self, Fault> {
        let encoding = detect(path)?;
        let mut records = Records::new(open(path, encoding, tally)?);
        let Some(first) = records.next().transpose().map_err(|e| Fault::file(path, &e))? else {
            return Err(Fault::Usage(format!("{}: the file is empty", path.display())));
        };
        let headers =
            Headers::read::<R>(&first.text).map_err(|e| Fault::Usage(format!("{}: {e}", path.display())))?;
        records.set_delimiter(headers.delimiter);
        Ok(Self { encoding, headers, records, rows: PhantomData })
    }
}

impl<R: Row> Iterator for Spreadsheet<R> {
    type Item = std::io::Result<(R, Record)>;
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let record = match self.records.next()? {
                Ok(record) => record,
                Err(error) => return Some(Err(error)),
            };
            // Spreadsheet programs leave rows of empty cells at the end.
            if record.cells.iter().all(|cell| cell.trim().is_empty()) && record.broken.is_none() {
                continue;
            }
            return Some(Ok((self.headers.row(&record), record)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_proto::cases::v1::CaseRow;

    const ENGLISH: &str = "case_no,org_unit,category,reported_at,occurred_at,filed_on,loss_yuan,preventable,solved_on,\
        solve_manner,arrests,recovered_yuan,withdrawn_on,withdrawal_ground";
    const CHINESE: &str = "案件编号,办案单位代码,案别代码,报案时间,发案时间,立案日期,损失金额,可防性,破案日期,破案方式,抓获人数,追回金额,撤案日期,撤案理由";
    const ROW: &str = "A3711020100002026060001,371102010000,050201,2026-06-02 04:43,2026-06-01 14:43,2026-06-02,9800,是,2026-06-03,带破,3,4900.0,,";

    fn read(bytes: &[u8]) -> Result<(Encoding, Vec<CaseRow>), Fault> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cases.csv");
        std::fs::write(&path, bytes).unwrap();
        let sheet = Spreadsheet::<CaseRow>::open(&path, |_| {})?;
        let encoding = sheet.encoding;
        Ok((encoding, sheet.map(|r| r.unwrap().0).collect()))
    }

    #[test]
    fn the_same_row_is_read_from_every_encoding_header_and_delimiter() {
        let chinese = format!("{CHINESE}\r\n{ROW}\r\n");
        let english = format!("{ENGLISH}\n{ROW}\n");
        let (gb, _, _) = encoding_rs::GB18030.encode(&chinese);
        let bom = [b"\xEF\xBB\xBF".as_slice(), chinese.as_bytes()].concat();
        let semicolons = chinese.replace(',', ";");
        let tabs = english.replace(',', "\t");
        let reversed: String = chinese
            .lines()
            .map(|line| format!("{}\n", line.split(',').rev().collect::<Vec<_>>().join(",")))
            .collect();
        let (_, expected) = read(chinese.as_bytes()).unwrap();
        assert_eq!(expected.len(), 1);
        assert_eq!((expected[0].line, expected[0].solve_manner.as_str()), (2, "带破"));
        for (name, bytes, encoding) in [
            ("gb18030", gb.as_ref(), Encoding::Gb18030),
            ("bom", &bom, Encoding::Utf8Bom),
            ("english", english.as_bytes(), Encoding::Utf8),
            ("semicolons", semicolons.as_bytes(), Encoding::Utf8),
            ("tabs", tabs.as_bytes(), Encoding::Utf8),
            ("other order", reversed.as_bytes(), Encoding::Utf8),
        ] {
            assert_eq!(read(bytes).unwrap(), (encoding, expected.clone()), "{name}");
        }
    }

    #[test]
    fn unknown_and_missing_columns_are_named() {
        let text = format!("{}\n{ROW}\n", CHINESE.replace("可防性", "可防"));
        let Err(Fault::Usage(message)) = read(text.as_bytes()) else { panic!("must be refused") };
        assert!(message.contains("可防性 (preventable)") && message.contains("\"可防\""), "{message}");
        let twice = format!("{CHINESE},撤案理由\n");
        let Err(Fault::Usage(message)) = read(twice.as_bytes()) else { panic!("must be refused") };
        assert!(message.contains("twice"), "{message}");
        assert!(matches!(read(b""), Err(Fault::Usage(_))));
    }

    #[test]
    fn a_row_with_another_number_of_cells_is_malformed_and_the_next_one_is_read() {
        let text = format!("{CHINESE}\nA1,371102010000\n{ROW},extra\n{ROW},,\n\n,,,,,,,,,,,,,\n{ROW}\n");
        let (_, rows) = read(text.as_bytes()).unwrap();
        let short: Vec<_> = rows.iter().map(|r| (r.line, r.malformed.is_empty())).collect();
        assert_eq!(short, [(2, false), (3, false), (4, true), (7, true)]);
        assert_eq!(rows[0].case_no, "A1");
        assert!(rows[0].malformed.contains("2 cells"), "{}", rows[0].malformed);
    }

    #[test]
    fn a_quoted_cell_may_span_lines_and_a_stray_quote_costs_only_its_own_row() {
        let spans = ROW.replace("2026-06-02 04:43", "\"2026-06-02\n04:43\"");
        let stray = ROW.replace("A3711020100002026060001", "\"A3711020100002026060001");
        let text = format!("{CHINESE}\n{spans}\n{stray}\n{ROW}\n");
        let (_, rows) = read(text.as_bytes()).unwrap();
        let short: Vec<_> = rows.iter().map(|r| (r.line, r.malformed.is_empty())).collect();
        assert_eq!(short, [(2, true), (4, false), (5, true)]);
        assert_eq!(rows[0].reported_at, "2026-06-02\n04:43");
    }

    #[test]
    fn bytes_that_are_no_text_make_their_own_row_malformed() {
        let (gb, _, _) = encoding_rs::GB18030.encode(CHINESE);
        let mut bytes = gb.into_owned();
        bytes.extend_from_slice(b"\n");
        let mut row = encoding_rs::GB18030.encode(ROW).0.into_owned();
        row[3] = 0xFF;
        bytes.extend_from_slice(&row);
        bytes.extend_from_slice(b"\n");
        bytes.extend_from_slice(&encoding_rs::GB18030.encode(ROW).0);
        let (encoding, rows) = read(&bytes).unwrap();
        assert_eq!(encoding, Encoding::Gb18030);
        assert!(rows[0].malformed.contains("GB18030") && rows[1].malformed.is_empty());
    }
}
