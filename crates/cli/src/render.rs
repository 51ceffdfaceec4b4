//! One sheet of columns, printed as an aligned table or as CSV; JSON documents are printed as they are.

use crate::args::Output;
use crate::commands::Context;
use crate::fault::Fault;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// How a cell looks at a terminal; never the only carrier of its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Needs attention.
    Alert,
    /// Less important.
    Faint,
    /// More important.
    Strong,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it says.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
}

impl<T: Into<String>> From<T> for Field {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

impl Field {
    /// A cell with a tone.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// Columns and rows.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    columns: Vec<Column>,
    rows: Vec<Vec<Field>>,
}

#[derive(Debug, Clone)]
struct Column {
    title: String,
    align: Align,
    /// Left out of a table that is wider than the terminal: the greatest first, 0 never.
    rank: u8,
}

impl Sheet {
    /// An empty sheet with these columns.
    #[must_use]
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let column =
            |(title, align): &(&str, Align)| Column { title: (*title).to_owned(), align: *align, rank: 0 };
        Self { columns: columns.iter().map(column).collect(), rows: Vec::new() }
    }
    /// One more column; before any row. A terminal that is too narrow goes without the columns of the greatest rank.
    pub fn column(&mut self, title: impl Into<String>, align: Align, rank: u8) {
        self.columns.push(Column { title: title.into(), align, rank });
    }
    /// Lets a terminal that is too narrow go without a column that is there already.
    #[must_use]
    pub fn may_drop(mut self, column: usize, rank: u8) -> Self {
        if let Some(column) = self.columns.get_mut(column) {
            column.rank = rank;
        }
        self
    }
    /// One more row.
    pub fn row(&mut self, cells: Vec<Field>) {
        self.rows.push(cells);
    }
    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As an aligned table that fits into a width as far as columns may be left out, and how many were; wide (Chinese)
    /// characters count as two columns.
    #[must_use]
    pub fn table(&self, colour: bool, width: Option<usize>) -> (String, usize) {
        let mut kept: Vec<_> = (0..self.columns.len()).collect();
        loop {
            let text = self.table_of(&kept, colour, None);
            // The line under the header is as wide as the table, and holds no escapes.
            let wide = text.lines().nth(1).map_or(0, |line| line.chars().count());
            let least = kept.iter().copied().max_by_key(|i| (self.columns[*i].rank, *i));
            match least.filter(|i| self.columns[*i].rank > 0) {
                Some(least) if width.is_some_and(|width| wide > width) => kept.retain(|i| *i != least),
                _ if width.is_some_and(|width| wide > width) => {
                    // Nothing more may go: long cells are broken into lines.
                    return (self.table_of(&kept, colour, width), self.columns.len() - kept.len());
                }
                _ => return (text, self.columns.len() - kept.len()),
            }
        }
    }

    fn table_of(&self, kept: &[usize], colour: bool, width: Option<usize>) -> String {
        let mut table = Table::new();
        if let Some(width) = width.and_then(|width| u16::try_from(width).ok()) {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        let line = LineStyle::none().fill('─').junction('─');
        table.load_style(TableStyle::new().header_separator(line));
        if colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        let align = |a: Align| if a == Align::Right { CellAlignment::Right } else { CellAlignment::Left };
        table.set_header(kept.iter().map(|i| {
            let cell = Cell::new(&self.columns[*i].title).set_alignment(align(self.columns[*i].align));
            if colour { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
        for row in &self.rows {
            table.add_row(kept.iter().filter_map(|i| Some((row.get(*i)?, &self.columns[*i]))).map(
                |(field, column)| {
                    let cell = Cell::new(&field.text).set_alignment(align(column.align));
                    match (colour, field.tone) {
                        (false, _) | (_, Tone::Plain) => cell,
                        (_, Tone::Alert) => cell.fg(Color::Red).add_attribute(Attribute::Bold),
                        (_, Tone::Faint) => cell.add_attribute(Attribute::Dim),
                        (_, Tone::Strong) => cell.add_attribute(Attribute::Bold),
                    }
                },
            ));
        }
        // Trailing blanks hurt copying.
        table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// As CSV with a header; cells that a spreadsheet would take for a formula are made text.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing into memory does not fail.
        let _ = writer.write_record(self.columns.iter().map(|column| column.title.as_str()));
        for row in &self.rows {
            let _ = writer.write_record(row.iter().map(|f| formula_safe(&f.text)));
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

/// A message in ProtoJSON, as `--output json` prints it; `null` for one that the published language does not know.
#[must_use]
pub fn message_json<M: prost::Message + prost::Name>(message: &M) -> Value {
    let descriptor = xiaoan_proto::descriptor_pool().get_message_by_name(&M::full_name());
    descriptor
        .and_then(|d| prost_reflect::DynamicMessage::decode(d, message.encode_to_vec().as_slice()).ok())
        .and_then(|dynamic| serde_json::to_value(&dynamic).ok())
        .unwrap_or(Value::Null)
}

/// A cell that starts like a formula gets an apostrophe before it; plain negative numbers stay numbers.
#[must_use]
pub fn formula_safe(text: &str) -> String {
    let number = text.parse::<f64>().is_ok();
    if !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Whether stdout shows colours: a terminal, and nobody said NO_COLOR.
#[must_use]
pub fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Columns of the terminal on stdout; nothing when stdout is no terminal.
fn width() -> Option<usize> {
    Table::new().width().map(usize::from)
}

/// Prints the sheet or the document. `note` stands under a table only.
///
/// # Errors
/// When stdout is closed for another reason than that its reader has seen enough.
pub fn print(context: &Context, sheet: &Sheet, json: &Value, note: &str) -> Result<(), Fault> {
    match context.output() {
        Output::Table => {
            let mut text = table(context, sheet);
            if !note.is_empty() {
                text.push_str(note);
                text.push('\n');
            }
            out(&text)
        }
        Output::Csv => out(&sheet.csv()),
        Output::Json => out(&format!("{json:#}\n")),
    }
}

/// The table as the terminal has room for it.
#[must_use]
pub fn table(context: &Context, sheet: &Sheet) -> String {
    let (mut text, left_out) = sheet.table(colour(), width());
    if left_out > 0 {
        text.push_str(&context.say(
            format!(" （终端较窄，未显示 {left_out} 列；--output csv 显示全部）\n"),
            format!(" ({left_out} columns left out for this terminal; --output csv shows all)\n"),
        ));
    }
    text
}

/// Writes to stdout.
///
/// # Errors
/// When stdout is closed for another reason than that its reader has seen enough.
pub fn out(text: &str) -> Result<(), Fault> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Fault::Failed(format!("stdout: {e}"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(&[("单位", Align::Left), ("立案", Align::Right)]);
        sheet.row(vec!["巨峰派出所".into(), "25".into()]);
        sheet.row(vec!["Zhongzhi".into(), Field::toned("1,060", Tone::Alert)]);
        sheet
    }

    #[test]
    fn chinese_columns_align_because_wide_characters_count_twice() {
        let text = sheet().table(false, None).0;
        assert_eq!(
            text,
            " 单位          立案\n────────────────────\n 巨峰派出所      25\n Zhongzhi     1,060\n"
        );
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        assert!(!sheet().table(false, None).0.contains('\u{1b}'));
        assert!(sheet().table(true, None).0.contains('\u{1b}'));
    }

    #[test]
    fn a_narrow_terminal_goes_without_the_least_important_columns() {
        let mut sheet = Sheet::new(&[("unit", Align::Left)]);
        sheet.column("arrests", Align::Right, 2);
        sheet.column("rate", Align::Right, 0);
        sheet.column("code", Align::Left, 1);
        sheet.row(vec!["Jufeng".into(), "13".into(), "48.0".into(), "371103010000".into()]);
        assert_eq!(sheet.table(false, Some(80)).1, 0);
        assert_eq!(
            sheet.table(false, Some(35)),
            (
                " unit     rate   code\n──────────────────────────────\n Jufeng   48.0   371103010000\n"
                    .into(),
                1
            )
        );
        assert_eq!(sheet.table(false, Some(10)).1, 2);
        let narrow = sheet.table(false, Some(12)).0;
        assert!(narrow.lines().all(|line| line.chars().count() <= 12), "{narrow}");
    }

    #[test]
    fn a_cell_that_looks_like_a_formula_becomes_text() {
        assert_eq!(formula_safe("=1+1"), "'=1+1");
        assert_eq!(formula_safe("@x"), "'@x");
        assert_eq!(formula_safe("-7.68"), "-7.68");
        assert_eq!(formula_safe("-x"), "'-x");
        assert_eq!(sheet().csv(), "单位,立案\n巨峰派出所,25\nZhongzhi,\"1,060\"\n");
    }
}
