//! Records of a CSV file, each with the line it starts on. A stray quotation mark costs only its own line.

use std::collections::VecDeque;
use std::io::BufRead;

/// A quoted cell may span this many lines; more is a stray quotation mark.
const LONGEST_RECORD: usize = 20;
/// A line longer than this is no row of a spreadsheet; it is cut, and reported as malformed.
const LONGEST_LINE: usize = 256 * 1024;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Line it starts on, from 1.
    pub line: i64,
    /// The text as it stands, without the line end.
    pub text: String,
    /// Cells without their quotation marks.
    pub cells: Vec<String>,
    /// Why it could not be split, if so.
    pub broken: Option<&'static str>,
}

/// Reads records.
pub struct Records<R> {
    input: R,
    delimiter: char,
    /// Lines read ahead while looking for a closing quotation mark.
    ahead: VecDeque<String>,
    line: i64,
}

impl<R: BufRead> Records<R> {
    /// Records of a text, comma-separated until told otherwise.
    pub fn new(input: R) -> Self {
        Self { input, delimiter: ',', ahead: VecDeque::new(), line: 0 }
    }
    /// Another delimiter from now on.
    pub fn set_delimiter(&mut self, delimiter: char) {
        self.delimiter = delimiter;
    }

    fn read_line(&mut self) -> std::io::Result<Option<String>> {
        let mut bytes = Vec::new();
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                if bytes.is_empty() {
                    return Ok(None);
                }
                break;
            }
            let end = chunk.iter().position(|b| *b == b'\n');
            let take = end.map_or(chunk.len(), |at| at + 1);
            // Beyond the longest line nothing is kept, but everything is passed over.
            let room = (LONGEST_LINE + 1).saturating_sub(bytes.len());
            bytes.extend_from_slice(&chunk[..take.min(room)]);
            self.input.consume(take);
            if end.is_some() {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn next_line(&mut self) -> std::io::Result<Option<String>> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.read_line(),
        }
    }

    fn next_record(&mut self) -> std::io::Result<Option<Record>> {
        let text = loop {
            self.line += 1;
            match self.next_line()? {
                None => return Ok(None),
                Some(line) if line.trim().is_empty() => {}
                Some(line) => break line,
            }
        };
        let line = self.line;
        let too_long = text.len() > LONGEST_LINE;
        if let Some(cells) = split(&text, self.delimiter) {
            let broken = if too_long { Some("the line is longer than any row") } else { unreadable(&text) };
            return Ok(Some(Record { line, text, cells, broken }));
        }
        // An open quotation mark: the cell goes on in the next lines, or the mark is a stray one.
        let mut joined = text.clone();
        let mut taken = Vec::new();
        while taken.len() < LONGEST_RECORD && joined.len() < LONGEST_LINE {
            let Some(more) = self.next_line()? else { break };
            joined.push('\n');
            joined.push_str(&more);
            taken.push(more);
            if let Some(cells) = split(&joined, self.delimiter) {
                self.line += i64::try_from(taken.len()).unwrap_or_default();
                let broken = unreadable(&joined);
                return Ok(Some(Record { line, text: joined, cells, broken }));
            }
        }
        for unused in taken.into_iter().rev() {
            self.ahead.push_front(unused);
        }
        let cells = text.split(self.delimiter).map(|cell| cell.trim_matches('"').to_owned()).collect();
        Ok(Some(Record { line, text, cells, broken: Some("a quotation mark is opened and never closed") }))
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = std::io::Result<Record>;
    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

fn unreadable(text: &str) -> Option<&'static str> {
    text.contains('\u{FFFD}').then_some("the line holds bytes that are no text in UTF-8 or GB18030")
}

/// Splits a record into cells; `None` when a quoted cell is not closed.
#[must_use]
pub fn split(text: &str, delimiter: char) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut at_start = true;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if at_start => quoted = true,
            _ if letter == delimiter && !quoted => {
                cells.push(std::mem::take(&mut cell));
                at_start = true;
                continue;
            }
            _ => cell.push(letter),
        }
        at_start = false;
    }
    if quoted {
        return None;
    }
    cells.push(cell);
    Some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_delimiters_and_doubled_quotes() {
        assert_eq!(split("a,\"b,\"\"c\"\"\",", ',').unwrap(), ["a", "b,\"c\"", ""]);
        assert_eq!(split("12\" pipe,b", ',').unwrap(), ["12\" pipe", "b"]);
        assert_eq!(split("\"a,b", ','), None);
    }

    #[test]
    fn an_endless_line_is_cut_and_reported_and_reading_goes_on() {
        let text = format!("{}\nnext,row\n", "x".repeat(LONGEST_LINE * 2));
        let records: Vec<_> = Records::new(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(records.len(), 2);
        assert!(records[0].broken.is_some() && records[0].text.len() <= LONGEST_LINE + 1);
        assert_eq!((records[1].line, records[1].cells.len()), (2, 2));
    }
}
