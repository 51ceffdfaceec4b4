//! The same figures as a workbook, as numbers that can be counted on with.

use crate::error::Error;
use crate::figures::{Figures, Row, Stage, Value, is_money, is_share, places};
use crate::wording;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use time::Date;
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::hq::v1::Indicator;

/// A cell.
enum Cell {
    Words(String),
    Count(i64),
    /// With its decimals: a rate in per cent, money in yuan.
    Decimal(f64, &'static str),
    Empty,
}

impl From<&str> for Cell {
    fn from(words: &str) -> Self {
        if words.is_empty() { Self::Empty } else { Self::Words(words.to_owned()) }
    }
}
impl From<String> for Cell {
    fn from(words: String) -> Self {
        Self::from(words.as_str())
    }
}
impl From<Option<core::Date>> for Cell {
    fn from(date: Option<core::Date>) -> Self {
        date.and_then(|d| Date::try_from(d).ok()).map_or(Self::Empty, |day| Self::Words(day.to_string()))
    }
}

/// Writes the workbook.
pub(crate) fn write(figures: &Figures) -> Result<Vec<u8>, Error> {
    let mut book = Workbook::new();
    let (title, dated) = (wording::title(figures), figures.dated());
    let (year, month) = (u16::try_from(dated.year()).unwrap_or_default(), u8::from(dated.month()));
    let created = ExcelDateTime::from_ymd(year, month, dated.day())?;
    let properties = DocProperties::new()
        .set_title(&title)
        .set_author(figures.name_of(&figures.contents.issuer))
        .set_creation_datetime(&created);
    book.set_properties(&properties);
    standings(book.add_worksheet().set_name("各单位")?, figures, &title)?;
    notices(book.add_worksheet().set_name("通报")?, figures)?;
    listed(book.add_worksheet().set_name("挂牌督办")?, figures)?;
    honours(book.add_worksheet().set_name("表彰")?, figures)?;
    provenance(book.add_worksheet().set_name("由来")?, figures)?;
    Ok(book.save_to_buffer()?)
}

fn bold() -> Format {
    Format::new().set_bold().set_align(FormatAlign::Center).set_border(FormatBorder::Thin).set_text_wrap()
}

/// Writes heads and rows from a line on.
fn grid(
    sheet: &mut Worksheet,
    first: u32,
    heads: &[String],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<(), XlsxError> {
    let (head, plain) = (bold(), Format::new().set_border(FormatBorder::Thin));
    for (column, words) in (0..).zip(heads) {
        sheet.write_with_format(first, column, words, &head)?;
        sheet.set_column_width(column, if column == 1 { 24 } else { 14 })?;
    }
    for (row, cells) in (first + 1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Empty => sheet.write_blank(row, column, &plain)?,
                Cell::Words(words) => sheet.write_with_format(row, column, words, &plain)?,
                Cell::Count(count) => sheet.write_with_format(row, column, count, &plain)?,
                Cell::Decimal(number, format) => {
                    sheet.write_with_format(row, column, number, &plain.clone().set_num_format(format))?
                }
            };
        }
    }
    sheet.set_freeze_panes(first + 1, 0)?;
    Ok(())
}

fn heads(words: &[&str]) -> Vec<String> {
    words.iter().map(|&head| head.to_owned()).collect()
}

/// Heads of an indicator, and its cells: numerator, denominator, rate, both ends of the interval; or the count alone.
fn indicator_heads(indicator: &Indicator) -> Vec<String> {
    let title = &indicator.title_zh;
    if indicator.denominator.is_none() {
        return vec![title.clone()];
    }
    ["分子", "分母", "值", "95%区间下限（%）", "95%区间上限（%）"]
        .iter()
        .map(|part| format!("{title} {part}"))
        .collect()
}

#[allow(clippy::cast_precision_loss)] // shown, never compared
fn indicator_cells(indicator: &Indicator, value: &Value) -> Vec<Cell> {
    if indicator.denominator.is_none() {
        let money = || Cell::Decimal(value.numerator as f64 / 100.0, "0.00");
        return vec![match (value.stored, is_money(indicator)) {
            (false, _) => Cell::Empty,
            (true, true) => money(),
            (true, false) => Cell::Count(value.numerator),
        }];
    }
    let (Some(n), true) = (value.denominator, value.stored) else {
        return (0..5).map(|_| Cell::Empty).collect();
    };
    let rate = value.numerator as f64 * indicator.scale.max(1) as f64 / n as f64;
    let end = |parts: i64| Cell::Decimal(parts as f64 / 100.0, "0.0");
    let (low, high) = match value.interval().filter(|_| is_share(indicator)) {
        Some((low, high)) => (end(low), end(high)),
        None => (Cell::Empty, Cell::Empty),
    };
    // As many decimals as the board shows.
    let format = if places(indicator, n) == 1 { "0.0" } else { "0.0#" };
    let rate = if n > 0 { Cell::Decimal(rate, format) } else { Cell::Empty };
    vec![Cell::Count(value.numerator), Cell::Count(n), rate, low, high]
}

fn standings(sheet: &mut Worksheet, figures: &Figures, title: &str) -> Result<(), XlsxError> {
    let strong = Format::new().set_bold().set_font_size(14);
    sheet.write_with_format(0, 0, title, &strong)?;
    let stage = match figures.stage {
        Stage::Draft => "草稿 DRAFT：未印发".to_owned(),
        Stage::Issued(day) => format!("{day}印发，第{}版", figures.edition),
    };
    sheet.write_with_format(1, 0, stage, &strong)?;
    let mut heads = heads(&["名次", "单位", "单位代码"]);
    heads.extend(indicator_heads(&figures.ranked_by));
    for check in &figures.checks {
        heads.extend([check.title_zh.clone(), format!("{} 分母", check.title_zh)]);
    }
    heads.extend(["可评价".to_owned(), "低于关注线".to_owned()]);
    heads.extend(figures.others.iter().flat_map(indicator_heads));
    let yes = |is: bool| Cell::from(if is { "是" } else { "否" });
    let cells = |row: &Row| {
        let rank = row.rank.map_or(Cell::Empty, |rank| Cell::Count(rank.into()));
        let mut cells = vec![rank, row.name.as_str().into(), row.org_unit.as_str().into()];
        cells.extend(indicator_cells(&figures.ranked_by, &row.ranked_by));
        for check in &row.checks {
            cells.push(if check.stored { Cell::Count(check.numerator) } else { Cell::Empty });
            cells.push(check.denominator.map_or(Cell::Empty, Cell::Count));
        }
        cells.extend([yes(row.ranked_by.evaluable), yes(row.attention)]);
        for (other, value) in figures.others.iter().zip(&row.others) {
            cells.extend(indicator_cells(other, value));
        }
        cells
    };
    grid(sheet, 3, &heads, figures.rows.iter().chain(figures.total.iter()).map(cells))
}

fn notices(sheet: &mut Worksheet, figures: &Figures) -> Result<(), XlsxError> {
    let heads =
        heads(&["通报编号", "单位", "单位代码", "分子", "分母", "通报线分子", "通报线分母", "通报日期"]);
    let rows = figures.contents.notices.iter().map(|n| {
        vec![
            n.notice_id.as_str().into(),
            figures.name_of(&n.org_unit).into(),
            n.org_unit.as_str().into(),
            Cell::Count(n.numerator),
            Cell::Count(n.denominator),
            Cell::Count(n.threshold_numerator),
            Cell::Count(n.threshold_denominator),
            n.issued_on.into(),
        ]
    });
    grid(sheet, 0, &heads, rows)
}

fn listed(sheet: &mut Worksheet, figures: &Figures) -> Result<(), XlsxError> {
    let heads = heads(&[
        "案件编号",
        "办案单位",
        "单位代码",
        "包案领导所在单位",
        "挂牌日期",
        "期限",
        "摘牌日期",
        "是否逾期",
    ]);
    let rows = figures.contents.listed_cases.iter().map(|case| {
        let office = case.office.as_ref().map_or("", |office| office.org_unit.as_str());
        vec![
            case.case_no.as_str().into(),
            figures.name_of(&case.org_unit).into(),
            case.org_unit.as_str().into(),
            figures.name_of(office).into(),
            case.listed_on.into(),
            case.due_on.into(),
            case.delisted_on.into(),
            if case.overdue { "是" } else { "否" }.into(),
        ]
    });
    grid(sheet, 0, &heads, rows)
}

fn honours(sheet: &mut Worksheet, figures: &Figures) -> Result<(), XlsxError> {
    let heads = heads(&["表彰编号", "单位", "单位代码", "集体", "荣誉", "授予日期"]);
    let rows = figures.contents.commendations.iter().map(|honour| {
        vec![
            honour.commendation_id.as_str().into(),
            figures.name_of(&honour.org_unit).into(),
            honour.org_unit.as_str().into(),
            honour.team.as_str().into(),
            honour.honour.as_str().into(),
            honour.granted_on.into(),
        ]
    });
    grid(sheet, 0, &heads, rows)
}

fn provenance(sheet: &mut Worksheet, figures: &Figures) -> Result<(), XlsxError> {
    let correction = figures.correction.as_ref().map_or(0, |correction| correction.number);
    let stated = [
        ("结账", figures.closing_id.clone()),
        ("榜单", figures.board.clone()),
        ("起", figures.from.to_string()),
        ("止", figures.to.to_string()),
        ("冻结日期", figures.frozen_on.to_string()),
        ("更正次数", correction.to_string()),
        ("考核办法版本", figures.scheme.version.to_string()),
        ("结账摘要（SHA-256）", hex::encode(&figures.digest)),
        ("核对命令", format!("xiaoan closings verify {}", figures.closing_id)),
    ];
    let stated = stated.into_iter().map(|(name, words)| vec![name.into(), words.into()]);
    let sources = figures.sources.iter().map(|source| {
        let place = format!("{} {}", source.position, hex::encode(&source.chain_hash));
        vec![format!("来源 {} 的位置与链式校验值", source.source).into(), place.into()]
    });
    grid(sheet, 0, &heads(&["项目", "内容"]), stated.chain(sources))?;
    sheet.set_column_width(0, 32)?;
    sheet.set_column_width(1, 80)?;
    Ok(())
}
