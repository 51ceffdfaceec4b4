//! The text of a bulletin, block by block.

mod sections;

use crate::figures::{Figures, Stage};
use crate::numbers::{day, days};
use crate::typefaces::Face;
use time::Date;

/// A bulletin as text.
#[derive(Debug, Clone)]
pub struct Document {
    /// Id that stands in the file.
    pub id: String,
    /// Day that stands in the file.
    pub dated: Date,
    /// Whether 草稿 stands across every page.
    pub draft: bool,
    /// Where the classification would stand.
    pub classification: Text,
    /// The red head: who issues it.
    pub head: Text,
    /// Where the document number would stand.
    pub number: Text,
    /// Title, in lines that each make sense: short, long, short (菱形).
    pub title: Vec<Text>,
    /// Body.
    pub blocks: Vec<Block>,
    /// Where copies go, at the end.
    pub copies: Text,
    /// Who issued it, at the end.
    pub printer: Text,
    /// When, at the end.
    pub printed: Text,
}

/// Words, and where they come from: an error about a character says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The words.
    pub words: String,
    /// The field, for example "name of unit 371102010000".
    pub field: String,
}

impl Text {
    /// Words of ours, or words from a field.
    pub fn new(words: impl Into<String>, field: impl Into<String>) -> Self {
        Self { words: words.into(), field: field.into() }
    }
}

/// A block of the body.
#[derive(Debug, Clone)]
pub enum Block {
    /// 一、 in 黑体.
    Heading(Text),
    /// A paragraph whose first words, （一）…, stand in 楷体.
    Led(Text, Text),
    /// A paragraph, indented by two characters.
    Paragraph(Text),
    /// Whom it is addressed to: not indented.
    Address(Text),
    /// Small print under a table.
    Note(Text),
    /// A table.
    Table(Table),
    /// Lines at the right: where a signature and a seal would stand, and the day.
    Signature(Vec<Text>),
}

/// A table; its head is repeated on every page.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it shows.
    pub caption: Text,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows; no cell is empty.
    pub rows: Vec<Vec<Text>>,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Head.
    pub head: Text,
    /// Width in characters of the table's size; widened in proportion to fill the line.
    pub width: f32,
    /// How its cells stand.
    pub align: Align,
    /// Typeface of its cells.
    pub face: Face,
}

/// How a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Short words.
    Centre,
    /// Numbers.
    Right,
}

/// The bulletin of these figures.
#[must_use]
pub fn document(figures: &Figures) -> Document {
    let issuer = figures.name_of(&figures.contents.issuer);
    let ours = |words: &str| Text::new(words, "the template");
    let (printed, signed_on) = match figures.stage {
        Stage::Draft => ("（印发日期：未定）".to_owned(), "（成文日期：印发时确定）".to_owned()),
        Stage::Issued(on) => (format!("{}印发", day(on)), day(on)),
    };
    let mut blocks = vec![Block::Address(ours("（主送机关：未填）")), opening(figures)];
    if let Some(correction) = correction(figures) {
        blocks.push(correction);
    }
    let mut numbers = ["一", "二", "三", "四", "五", "六", "七"].into_iter();
    for (heading, section) in sections::all(figures) {
        let number = numbers.next().unwrap_or_default();
        blocks.push(Block::Heading(ours(&format!("{number}、{heading}"))));
        blocks.extend(section);
    }
    number_tables(&mut blocks);
    blocks.push(Block::Signature(vec![ours("（发文机关署名、印章：未填）"), ours(&signed_on)]));
    Document {
        id: format!("{}-{}", figures.closing_id, figures.edition),
        dated: figures.dated(),
        draft: figures.stage == Stage::Draft,
        classification: ours("（份号、密级、紧急程度：未填）"),
        head: Text::new(issuer, "name of the issuing unit"),
        number: ours("（发文字号：未编）"),
        title: title_lines(figures).map(|line| Text::new(line, "title of the board")).to_vec(),
        blocks,
        copies: ours("（抄送机关：未填）"),
        printer: Text::new(issuer, "name of the issuing unit"),
        printed: ours(&printed),
    }
}

/// 表1, 表2 …, in the order in which they stand.
fn number_tables(blocks: &mut [Block]) {
    let tables = blocks.iter_mut().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    for (number, table) in (1..).zip(tables) {
        table.caption.words = format!("表{number}　{}", table.caption.words);
    }
}

/// The title, as it also stands in the workbook.
#[must_use]
pub fn title(figures: &Figures) -> String {
    title_lines(figures).concat()
}

fn title_lines(figures: &Figures) -> [String; 3] {
    let kind = if figures.edition > 1 { "情况的通报（更正）" } else { "情况的通报" };
    [format!("关于{}", figures.period), figures.scheme.title_zh.clone(), kind.to_owned()]
}

fn opening(figures: &Figures) -> Block {
    let words = format!(
        "现将{}（{}）“{}”的统计情况予以通报。本期数字于{}冻结，冻结之后不再改变；此后补录、变更的情况只作为更正列明。",
        figures.period,
        days(figures.from, figures.to),
        figures.scheme.title_zh,
        day(figures.frozen_on),
    );
    Block::Paragraph(Text::new(words, "title of the board"))
}

/// That it is a correction, and why.
fn correction(figures: &Figures) -> Option<Block> {
    let correction = figures.correction.as_ref()?;
    let replaces = match figures.edition {
        ..=1 => String::new(),
        edition => format!("本通报为第{edition}版，替代第{}版。", edition - 1),
    };
    let words = format!(
        "{replaces}所列数字为{}第{}次更正后的数字。更正理由：{}。",
        day(figures.figures_on()),
        correction.number,
        correction.reason.trim_end_matches('。'),
    );
    Some(Block::Paragraph(Text::new(words, "reason of the correction")))
}
