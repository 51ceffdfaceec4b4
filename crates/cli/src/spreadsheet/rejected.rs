//! Writes the rejected rows back in the user's own encoding, header, order and delimiter, with code and sentence.

use super::{Encoding, Row, Spreadsheet};
use crate::fault::Fault;
use crate::render::formula_safe;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Why a row was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Codes, most important first, joined by blanks.
    pub codes: String,
    /// Sentences, in the same order.
    pub sentences: String,
}

/// Reads `source` once more and writes its rejected lines to `target`. The result can be corrected and imported as it is.
///
/// # Errors
/// When either file cannot be read or written.
pub fn write_rejected<R: Row>(
    source: &Path,
    target: &Path,
    rejected: &HashMap<i64, Rejection>,
) -> Result<(), Fault> {
    let sheet = Spreadsheet::<R>::open(source, |_| {})?;
    let (encoding, headers) = (sheet.encoding, sheet.headers.clone());
    let delimiter = headers.delimiter;
    let mut file = BufWriter::new(File::create(target).map_err(|e| Fault::file(target, &e))?);
    let problem = |e: std::io::Error| Fault::file(target, &e);

    file.write_all(encoding.mark()).map_err(problem)?;
    let titles = if headers.chinese { ["问题代码", "问题说明"] } else { ["problem_code", "problem"] };
    let names = super::records::split(&headers.text, delimiter).unwrap_or_default();
    // A file that was rejected before has our columns already: they are written anew.
    let own: Vec<_> = headers.columns.iter().map(Option::is_some).collect();
    let kept = |cells: &[String]| -> Vec<String> {
        cells
            .iter()
            .enumerate()
            .filter(|(i, _)| own.get(*i).copied().unwrap_or(true))
            .map(|(_, c)| c.clone())
            .collect()
    };
    let mut first = kept(&names);
    first.extend(titles.map(str::to_owned));
    write_line(&mut file, encoding, delimiter, &first).map_err(problem)?;

    for item in sheet {
        let (_, record) = item.map_err(|e| Fault::file(source, &e))?;
        let Some(rejection) = rejected.get(&record.line) else { continue };
        let mut cells = kept(&record.cells);
        // A short row is filled up, so that code and sentence stand under their own titles.
        while cells.len() < first.len() - 2 {
            cells.push(String::new());
        }
        cells.push(rejection.codes.clone());
        cells.push(rejection.sentences.clone());
        write_line(&mut file, encoding, delimiter, &cells).map_err(problem)?;
    }
    file.flush().map_err(problem)
}

fn write_line(
    out: &mut impl Write,
    encoding: Encoding,
    delimiter: char,
    cells: &[String],
) -> std::io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|cell| quote(&formula_safe(cell), delimiter)).collect();
    out.write_all(&encoding.encode(&cells.join(&delimiter.to_string())))?;
    out.write_all(b"\r\n")
}

fn quote(cell: &str, delimiter: char) -> String {
    if cell.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_proto::cases::v1::CaseRow;

    #[test]
    fn rejected_rows_keep_the_users_encoding_header_and_order_and_can_be_imported_again() {
        let dir = tempfile::tempdir().unwrap();
        let (source, target) = (dir.path().join("in.csv"), dir.path().join("in.rejected.csv"));
        let header = "撤案理由;案件编号;办案单位代码;案别代码;报案时间;发案时间;立案日期;损失金额;可防性;破案日期;破案方式;抓获人数;追回金额;撤案日期";
        let good = "1;A1;;;;;;;;;;;;";
        let bad = ";A2;371102010000;=cmd();;;;;;;;;;";
        let text = format!("{header}\r\n{good}\r\n{bad}\r\nshort;A3\r\n");
        std::fs::write(&source, encoding_rs::GB18030.encode(&text).0).unwrap();
        let why = |codes: &str| Rejection {
            codes: codes.into(), sentences: "案别代码不对；请改。".into()
        };
        let rejected = HashMap::from([(3, why("CB-002")), (4, why("GE-006"))]);
        write_rejected::<CaseRow>(&source, &target, &rejected).unwrap();

        let bytes = std::fs::read(&target).unwrap();
        let (written, _, malformed) = encoding_rs::GB18030.decode(&bytes);
        assert!(!malformed);
        let lines: Vec<_> = written.lines().collect();
        assert_eq!(lines[0], format!("{header};问题代码;问题说明"));
        assert_eq!(lines[1], ";A2;371102010000;'=cmd();;;;;;;;;;;CB-002;案别代码不对；请改。");
        assert_eq!(lines[2], "short;A3;;;;;;;;;;;;;GE-006;案别代码不对；请改。");
        assert_eq!(lines.len(), 3);

        let again: Vec<_> =
            Spreadsheet::<CaseRow>::open(&target, |_| {}).unwrap().map(|r| r.unwrap().0).collect();
        assert_eq!((again.len(), again[0].case_no.as_str(), again[0].malformed.as_str()), (2, "A2", ""));
    }
}
