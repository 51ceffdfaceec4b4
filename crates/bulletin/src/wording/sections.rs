//! The sections of a bulletin.

use super::{Align, Block, Column, Table, Text};
use crate::figures::{Figures, Row, Value, is_money, is_share, places};
use crate::numbers::{percent, ratio};
use crate::typefaces::Face;
use time::Date;
use xiaoan_kernel::fraction::rate_places;
use xiaoan_kernel::yuan_from_fen;
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::hq::v1::{
    BulletinCommendation, BulletinListedCase, BulletinNotice, Indicator, ListedCaseState, NoticeState, Post,
    RecipientKind, SupervisionLevel,
};

/// What stands in a cell of which nothing is known.
const NONE: &str = "—";

type Section = (String, Vec<Block>);

/// All of them, in order.
pub(super) fn all(figures: &Figures) -> Vec<Section> {
    let mut sections = vec![standings(figures)];
    if !figures.others.is_empty() {
        sections.push(others(figures));
    }
    sections.push(notices(figures));
    sections.push(listed_cases(figures));
    if !figures.contents.commendations.is_empty() {
        sections.push(commendations(figures));
    }
    sections.push(provenance(figures));
    sections.push(caution());
    sections
}

fn ours(words: impl Into<String>) -> Text {
    Text::new(words, "the template")
}

fn column(head: impl Into<String>, width: f32, align: Align) -> Column {
    Column { head: Text::new(head, "title of an indicator"), width, align, face: Face::FangSong }
}

/// How a figure of an indicator is written: a rate in per cent, money in yuan, a count as it is.
fn shown(indicator: &Indicator, value: &Value) -> String {
    if !value.stored {
        return NONE.to_owned();
    }
    match value.denominator {
        Some(n) => ratio(value.numerator, indicator.scale, n, places(indicator, n))
            .map_or(NONE.to_owned(), |rate| if indicator.unit == "%" { format!("{rate}%") } else { rate }),
        None if is_money(indicator) => yuan_from_fen(value.numerator),
        None => value.numerator.to_string(),
    }
}

fn fraction(value: &Value) -> String {
    match (value.stored, value.denominator) {
        (false, _) => NONE.to_owned(),
        (true, None) => value.numerator.to_string(),
        (true, Some(n)) => format!("{}/{n}", value.numerator),
    }
}

fn interval(indicator: &Indicator, value: &Value) -> String {
    match value.interval().filter(|_| is_share(indicator) && value.stored) {
        Some((low, high)) => format!("{}–{}", percent(low), percent(high)),
        None => NONE.to_owned(),
    }
}

fn unit_cell(row: &Row) -> Text {
    let field = match row.org_unit.as_str() {
        "" => "the whole city".to_owned(),
        code => format!("name of unit {code}"),
    };
    Text::new(&row.name, field)
}

fn named(figures: &Figures, org_unit: &str) -> Text {
    Text::new(figures.name_of(org_unit), format!("name of unit {org_unit}"))
}

fn on(date: Option<core::Date>) -> String {
    date.and_then(|d| Date::try_from(d).ok()).map_or(NONE.to_owned(), |d| d.to_string())
}

fn standings(figures: &Figures) -> Section {
    let indicator = &figures.ranked_by;
    let is_rate = indicator.denominator.is_some();
    let mut columns = vec![column("名次", 2.9, Align::Centre), column("单位", 9.8, Align::Left)];
    if is_rate {
        columns.push(column("分子/分母", 5.2, Align::Centre));
    }
    columns.push(column(&indicator.title_zh, 4.4, Align::Centre));
    if is_rate {
        columns.push(column("95%区间（%）", 6.2, Align::Centre));
    }
    columns.extend(figures.checks.iter().map(|check| column(&check.title_zh, 2.6, Align::Centre)));
    columns.push(column("备注", 3.9, Align::Centre));
    let cells = |row: &Row| {
        let rank = row.rank.map_or(NONE.to_owned(), |rank| rank.to_string());
        let mut cells = vec![ours(rank), unit_cell(row)];
        if is_rate {
            cells.push(ours(fraction(&row.ranked_by)));
        }
        cells.push(ours(shown(indicator, &row.ranked_by)));
        if is_rate {
            cells.push(ours(interval(indicator, &row.ranked_by)));
        }
        cells.extend(row.checks.iter().map(|check| ours(fraction(check))));
        cells.push(ours(remark(row)));
        cells
    };
    let rows: Vec<_> = figures.rows.iter().chain(figures.total.iter()).map(cells).collect();
    let leading = leading(figures);
    let table = Table {
        caption: Text::new(format!("按{}排列", indicator.title_zh), "title of an indicator"),
        columns,
        rows,
    };
    let mut blocks = vec![Block::Paragraph(ours(leading)), Block::Table(table)];
    blocks.push(Block::Note(ours(notes(figures))));
    ("各单位情况".to_owned(), blocks)
}

fn remark(row: &Row) -> &'static str {
    match (row.org_unit.is_empty(), row.ranked_by.evaluable, row.attention) {
        (true, _, _) => NONE,
        (false, false, _) => "样本少",
        (false, true, true) => "关注",
        (false, true, false) => NONE,
    }
}

fn leading(figures: &Figures) -> String {
    let ranked = figures.rows.iter().filter(|row| row.rank.is_some()).count();
    let few = figures.rows.len() - ranked;
    let rest = match few {
        0 => String::new(),
        few => format!("，{few}个单位因样本过少等原因不排名次"),
    };
    format!(
        "本期列{}个单位，其中{ranked}个排名次{rest}。各率均列分子、分母和95%区间，并列核查数字。",
        figures.rows.len()
    )
}

fn notes(figures: &Figures) -> String {
    let least = match figures.ranked_by.min_denominator {
        ..=0 => String::new(),
        least => format!("分母不足{least}的为样本少，不排名次；"),
    };
    let checks = match figures.checks.is_empty() {
        true => {
            "该版考核办法和结账未列跨月补录、降格改类、撤销立案、撤销破案等核查数字，本表因此没有这些数字。"
                .to_owned()
        }
        false => {
            let titles: Vec<_> = figures.checks.iter().map(|check| check.title_zh.as_str()).collect();
            format!("{}为核查数字，不参与排名，用以判断该率是否可信。", titles.join("、"))
        }
    };
    format!(
        "注：{least}区间为威尔逊95%置信区间，两单位区间重叠的，名次先后不说明差别；率超过100%的不是比例，不列区间。{checks}“关注”指低于考核办法的关注线；“—”为没有或者不适用。"
    )
}

/// The other indicators: rates with their fraction, and the sum of what tells against them.
fn others(figures: &Figures) -> Section {
    let mut columns = vec![column("单位", 8.0, Align::Left)];
    for other in &figures.others {
        let width = match (other.denominator.is_some(), other.unit.as_str()) {
            (true, _) => 7.2,
            (false, "元") => 6.2,
            (false, _) => 3.6,
        };
        columns.push(column(&other.title_zh, width, Align::Centre));
    }
    columns.push(column("核查合计", 3.0, Align::Centre));
    let cells = |row: &Row| {
        let mut cells = vec![unit_cell(row)];
        for (other, value) in figures.others.iter().zip(&row.others) {
            let words = match value.denominator {
                Some(_) if value.stored => format!("{} {}", shown(other, value), fraction(value)),
                _ => shown(other, value),
            };
            cells.push(ours(words));
        }
        let counts = row.checks.iter().filter(|check| check.stored && check.denominator.is_none());
        let sum: i64 = counts.clone().map(|check| check.numerator).sum();
        cells.push(ours(if counts.count() == 0 { NONE.to_owned() } else { sum.to_string() }));
        cells
    };
    let rows = figures.rows.iter().chain(figures.total.iter()).map(cells).collect();
    let table = Table { caption: ours("其他指标"), columns, rows };
    let note = "注：率之后为分子/分母；金额单位为元；核查合计为表1各项核查件数之和，区间见电子表格。";
    ("其他指标".to_owned(), vec![Block::Table(table), Block::Note(ours(note))])
}

fn notices(figures: &Figures) -> Section {
    let heading = "予以通报的单位".to_owned();
    let notices = &figures.contents.notices;
    if notices.is_empty() {
        return (heading, vec![Block::Paragraph(ours("本期没有单位被通报。"))]);
    }
    let threshold = |n: &BulletinNotice| {
        ratio(n.threshold_numerator, 100, n.threshold_denominator, 1)
            .map_or(NONE.to_owned(), |t| format!("{t}%"))
    };
    let words = format!(
        "依照考核办法第{}版的规则，对下列{}个单位予以通报，由其按规定期限报送整改方案。恰好等于通报线的不予通报。",
        figures.scheme.version,
        notices.len(),
    );
    let columns = vec![
        column("单位", 10.0, Align::Left),
        column("分子/分母", 6.0, Align::Centre),
        column("率", 5.0, Align::Centre),
        column("通报线", 5.0, Align::Centre),
        column("通报日期", 7.0, Align::Centre),
        column("现状态", 7.0, Align::Centre),
    ];
    let cells = |n: &BulletinNotice| {
        let rate = ratio(n.numerator, 100, n.denominator, rate_places(n.denominator))
            .map_or(NONE.to_owned(), |rate| format!("{rate}%"));
        vec![
            named(figures, &n.org_unit),
            ours(format!("{}/{}", n.numerator, n.denominator)),
            ours(rate),
            ours(threshold(n)),
            ours(on(n.issued_on)),
            ours(notice_state(n.state())),
        ]
    };
    let table = Table { caption: ours("通报"), columns, rows: notices.iter().map(cells).collect() };
    (heading, vec![Block::Paragraph(ours(words)), Block::Table(table)])
}

fn notice_state(state: NoticeState) -> &'static str {
    match state {
        NoticeState::Unspecified => NONE,
        NoticeState::Issued => "已通报",
        NoticeState::Acknowledged => "已签收",
        NoticeState::PlanSubmitted => "已报方案",
        NoticeState::PlanReturned => "方案退回",
        NoticeState::PlanApproved => "方案通过",
        NoticeState::Implemented => "已整改",
        NoticeState::Verified => "验收合格",
        NoticeState::Failed => "验收不合格",
        NoticeState::Closed => "已办结",
        NoticeState::Waived => "已免予",
        NoticeState::Withdrawn => "已撤回",
    }
}

fn listed_cases(figures: &Figures) -> Section {
    let heading = "挂牌督办案件".to_owned();
    let cases = &figures.contents.listed_cases;
    if cases.is_empty() {
        return (heading, vec![Block::Paragraph(ours("本期没有挂牌督办案件。"))]);
    }
    let columns = vec![
        column("案件编号", 12.4, Align::Left),
        column("办案单位", 6.4, Align::Left),
        column("督办", 3.0, Align::Centre),
        column("包案领导（职务）", 6.6, Align::Left),
        column("挂牌日期", 5.6, Align::Centre),
        column("期限", 5.6, Align::Centre),
        column("状态", 3.0, Align::Centre),
    ];
    let cells = |case: &BulletinListedCase| {
        let office = case.office.clone().unwrap_or_default();
        let unit = named(figures, &office.org_unit);
        vec![
            Text::new(&case.case_no, "case number"),
            named(figures, &case.org_unit),
            ours(level(case.level())),
            Text::new(format!("{}{}", unit.words, post(office.post())), unit.field),
            ours(on(case.listed_on)),
            ours(on(case.due_on)),
            ours(listed_state(case)),
        ]
    };
    let words = format!("本期在册的挂牌督办案件共{}起，逐案列明包案的局领导职务和期限。", cases.len());
    let table =
        Table { caption: ours("挂牌督办案件"), columns, rows: cases.iter().map(cells).collect() };
    (heading, vec![Block::Paragraph(ours(words)), Block::Table(table)])
}

fn listed_state(case: &BulletinListedCase) -> &'static str {
    match (case.state(), case.overdue) {
        (ListedCaseState::Unspecified, _) => NONE,
        (ListedCaseState::Listed, false) => "督办中",
        (ListedCaseState::Listed, true) => "已逾期",
        (ListedCaseState::Solved, _) => "破案摘牌",
        (ListedCaseState::NotSolved, _) => "未破摘牌",
    }
}

fn level(level: SupervisionLevel) -> &'static str {
    match level {
        SupervisionLevel::Unspecified => NONE,
        SupervisionLevel::City => "市局督办",
        SupervisionLevel::Province => "省厅督办",
        SupervisionLevel::Ministry => "部督",
    }
}

fn post(post: Post) -> &'static str {
    match post {
        Post::Unspecified => "",
        Post::StationHead => "所长",
        Post::DeputyBureauChief => "副局长",
        Post::BureauChief => "局长",
        Post::CityDeputyChief => "副局长",
        Post::CityChief => "局长",
    }
}

fn commendations(figures: &Figures) -> Section {
    let honours = &figures.contents.commendations;
    let columns = vec![
        column("授予日期", 6.0, Align::Centre),
        column("单位", 11.0, Align::Left),
        column("对象", 11.0, Align::Left),
        column("荣誉", 14.0, Align::Left),
    ];
    let cells = |honour: &BulletinCommendation| {
        let whom = match honour.recipient() {
            RecipientKind::Individual => "个人（姓名不列）",
            RecipientKind::Collective if honour.team.is_empty() => "集体",
            RecipientKind::Collective => honour.team.as_str(),
            RecipientKind::Unspecified => NONE,
        };
        let field = |what: &str| format!("{what} of commendation {}", honour.commendation_id);
        vec![
            ours(on(honour.granted_on)),
            named(figures, &honour.org_unit),
            Text::new(whom, field("team")),
            Text::new(&honour.honour, field("honour")),
        ]
    };
    let words = format!("本期授予且未被撤销的表彰共{}项。", honours.len());
    let table = Table { caption: ours("表彰"), columns, rows: honours.iter().map(cells).collect() };
    ("表彰".to_owned(), vec![Block::Paragraph(ours(words)), Block::Table(table)])
}

fn provenance(figures: &Figures) -> Section {
    let first = format!(
        "数字依考核办法“{}”第{}版计算，由各业务系统的事件记录逐条累计得出，每个数字都可以追溯到具体的事件；第0版为系统内置版本。",
        figures.scheme.board, figures.scheme.version,
    );
    let second = "结账时各来源读到的位置及该位置的链式校验值（SHA-256）如下表。";
    let columns = vec![
        column("来源", 3.4, Align::Left),
        column("位置", 3.4, Align::Right),
        column("链式校验值", 35.2, Align::Left),
    ];
    let rows = figures
        .sources
        .iter()
        .map(|s| {
            let hash = if s.chain_hash.is_empty() { NONE.to_owned() } else { hex::encode(&s.chain_hash) };
            vec![Text::new(&s.source, "name of a source"), ours(s.position.to_string()), ours(hash)]
        })
        .collect();
    let table = Table { caption: ours("来源"), columns, rows };
    let digest = Table {
        caption: ours("结账"),
        columns: vec![column("项目", 6.8, Align::Left), column("内容", 35.2, Align::Left)],
        rows: vec![
            vec![ours("结账编号"), Text::new(&figures.closing_id, "closing")],
            vec![ours("摘要（SHA-256）"), ours(hex::encode(&figures.digest))],
        ],
    };
    let third = format!(
        "任何人可用命令 xiaoan closings verify {} 从原始事件重新计算并比对摘要；用命令 xiaoan bulletin --closing {} --verify 文件名 核对本材料是否就是印发的那一份。",
        figures.closing_id, figures.closing_id,
    );
    let mut blocks = vec![
        Block::Led(ours("（一）口径。"), Text::new(first, "board")),
        Block::Led(ours("（二）来源。"), ours(second)),
    ];
    if !figures.sources.is_empty() {
        blocks.push(Block::Table(table));
    }
    blocks.push(Block::Table(digest));
    blocks.push(Block::Led(ours("（三）核对。"), Text::new(third, "closing")));
    ("数字的由来与核对".to_owned(), blocks)
}

/// What the ministry says about solve rates as appraisal indicators (domain reference §0.1), in our words.
fn caution() -> Section {
    let first = "破案率等数字在本材料中只用来提示管理上应当关注的地方，不是执法质量考评的指标，也不是对任何民警个人的评分。公安部2011年关于改革完善执法质量考评制度的意见，以及2015年关于改革完善受案立案制度的意见（公通字〔2015〕32号），都要求取消以发案数、破案率等作考评指标；引用前应核对现行文本。";
    let second = "使用本材料时，率须与分子、分母、区间和核查数字一并引用，不得单独摘引；小样本单位一期的高低多为偶然，不宜据此评价工作。立案不实、拖延立案、降格处理所得的好看数字，由如实立案抽查和更正制度纠正。";
    ("使用须知".to_owned(), vec![Block::Paragraph(ours(first)), Block::Paragraph(ours(second))])
}
