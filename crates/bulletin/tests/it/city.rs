//! An invented city: stations with a closed month.

use xiaoan_proto::core::v1::Date;
use xiaoan_proto::hq::v1::{
    BulletinCommendation, BulletinContents, BulletinListedCase, BulletinNotice, BulletinUnit, ClosedEntry,
    ClosedFigures, ClosedSource, ClosedValue, Closing, ClosingState, Correction, Indicator, ListedCaseState,
    MeasureRef, NoticeState, Officeholder, Post, RecipientKind, Scheme, SupervisionLevel,
};

pub const ISSUER: &str = "371100000000";

/// A closing and what hq says of its bulletin.
#[derive(Debug, Clone)]
pub struct City {
    pub closing: Closing,
    pub contents: BulletinContents,
}

pub fn day(month: i32, day: i32) -> Option<Date> {
    Some(Date { year: 2026, month, day })
}

fn indicator(id: &str, title: &str, unit: &str, numerator: &str, denominator: Option<&str>) -> Indicator {
    let measure = |name: &str| MeasureRef { measure: name.into(), category_prefix: String::new() };
    Indicator {
        id: id.into(),
        title_zh: title.into(),
        unit: unit.into(),
        scale: if denominator.is_some() { 100 } else { 1 },
        min_denominator: if id == "solve_rate" { 10 } else { 0 },
        numerator: Some(measure(numerator)),
        denominator: denominator.map(measure),
        ..Default::default()
    }
}

fn scheme() -> Scheme {
    Scheme {
        board: "theft-stations".into(),
        title_zh: "盗窃案件战果排行榜（派出所）".into(),
        rank_by: "solve_rate".into(),
        indicators: vec![
            indicator("filed", "立案", "件", "case.filed", None),
            indicator("solved", "破案", "件", "case.solved", None),
            indicator("solve_rate", "破案率", "%", "case.solved", Some("case.filed")),
            indicator("cohort_solve_rate", "本期立案破案率", "%", "case.cohort_solved", Some("case.filed")),
            indicator("arrests", "抓获", "人", "case.arrests", None),
            indicator("amount_involved", "涉案金额", "元", "case.solved_loss", None),
            indicator("withdrawn_no_crime", "撤销立案", "件", "case.withdrawn_no_crime", None),
            indicator("reclassified_down", "降格改类", "件", "case.reclassified_down", None),
            indicator("solves_revoked", "撤销破案", "件", "case.solve_revoked", None),
            indicator("recorded_late", "跨月补录", "件", "case.recorded_late", None),
        ],
        ..Default::default()
    }
}

fn entry(code: &str, name: &str, (solved, filed): (i64, i64)) -> ClosedEntry {
    let value = |id: &str, numerator: i64, denominator: Option<i64>| ClosedValue {
        id: id.into(),
        numerator,
        denominator,
        evaluable: denominator.is_none_or(|n| n >= 10),
    };
    ClosedEntry {
        org_unit: code.into(),
        name_zh: name.into(),
        attention: filed >= 10 && 100 * solved < 40 * filed,
        values: vec![
            value("filed", filed, None),
            value("solved", solved, None),
            value("solve_rate", solved, Some(filed)),
            value("cohort_solve_rate", solved.min(filed) / 2, Some(filed)),
            value("arrests", solved / 2, None),
            value("amount_involved", 1_234_567 * solved, None),
            value("withdrawn_no_crime", filed % 2, None),
            value("reclassified_down", filed % 3, None),
            value("solves_revoked", solved % 2, None),
            value("recorded_late", (filed + solved) % 4, None),
        ],
        ..Default::default()
    }
}

fn figures(names: &[&str], extra: i64) -> ClosedFigures {
    let numbered = names.iter().zip(0..);
    let mut entries: Vec<_> = numbered
        .map(|(name, at): (_, i64)| {
            entry(&format!("3711020{at:02}000"), name, (3 + at * 7 % 23 + extra, 9 + at * 5 % 31))
        })
        .collect();
    // Competition ranks by cross-multiplication, as rankings gives them.
    let of = |e: &ClosedEntry| (e.values[2].numerator, e.values[2].denominator.unwrap_or_default());
    let all: Vec<_> = entries.iter().filter(|e| e.values[2].evaluable).map(of).collect();
    for entry in entries.iter_mut().filter(|e| e.values[2].evaluable) {
        let (k, n) = of(entry);
        let better = all.iter().filter(|(a, b)| a * n > k * b).count();
        entry.rank = i32::try_from(better + 1).ok();
    }
    let total = entry("", "", (entries.iter().map(|e| of(e).0).sum(), entries.iter().map(|e| of(e).1).sum()));
    ClosedFigures {
        from: day(6, 1),
        to: day(6, 30),
        scheme: Some(scheme()),
        entries,
        total: Some(total),
        sources: ["cases", "hq"]
            .iter()
            .map(|source| ClosedSource {
                source: (*source).into(),
                position: 4711,
                chain_hash: vec![0xab; 32],
            })
            .collect(),
        digest: vec![0xcd; 32],
    }
}

impl City {
    /// With stations of these names.
    pub fn with(names: &[&str]) -> Self {
        let frozen = figures(names, 0);
        let below = frozen.entries.iter().filter(|entry| entry.attention);
        let notices = below
            .map(|entry| BulletinNotice {
                notice_id: format!("theft-stations-2026-06-{}", entry.org_unit),
                org_unit: entry.org_unit.clone(),
                indicator_id: "solve_rate".into(),
                numerator: entry.values[2].numerator,
                denominator: entry.values[2].denominator.unwrap_or_default(),
                threshold_numerator: 40,
                threshold_denominator: 100,
                issued_on: day(7, 3),
                state: NoticeState::Issued.into(),
            })
            .collect();
        let unit = |code: &str, name: &str| BulletinUnit {
            org_unit: code.into(),
            name_zh: name.into(),
            name_en: String::new(),
        };
        let listed = BulletinListedCase {
            case_no: "A3711020100002026060001".into(),
            org_unit: "371102000000".into(),
            level: SupervisionLevel::City.into(),
            office: Some(Officeholder { org_unit: "371103000000".into(), post: Post::BureauChief.into() }),
            state: ListedCaseState::Listed.into(),
            listed_on: day(6, 5),
            due_on: day(8, 31),
            ..Default::default()
        };
        let honour = BulletinCommendation {
            commendation_id: "c-1".into(),
            org_unit: "371103000000".into(),
            recipient: RecipientKind::Collective.into(),
            team: "示例反扒中队".into(),
            honour: "示例先进集体".into(),
            granted_on: day(6, 20),
        };
        let closing = Closing {
            closing_id: "theft-stations-2026-06".into(),
            board: "theft-stations".into(),
            period: "2026-06".into(),
            state: ClosingState::Frozen.into(),
            frozen_on: day(7, 2),
            frozen: Some(frozen),
            ..Default::default()
        };
        let contents = BulletinContents {
            closing_id: closing.closing_id.clone(),
            issuer: ISSUER.into(),
            units: vec![
                unit(ISSUER, "示例市公安局"),
                unit("371102000000", "示例东港分局"),
                unit("371103000000", "示例岚山分局"),
            ],
            notices,
            listed_cases: vec![listed],
            commendations: vec![honour],
            ..Default::default()
        };
        Self { closing, contents }
    }

    /// Forty stations.
    pub fn of_forty() -> Self {
        let names: Vec<String> = (1..=40).map(|at| format!("示例第{at}派出所")).collect();
        Self::with(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The same after a correction.
    pub fn corrected(names: &[&str]) -> Self {
        let mut city = Self::with(names);
        city.closing.corrections.push(Correction {
            number: 1,
            reason: "补录两起已破案件".into(),
            corrected_on: day(7, 8),
            figures: Some(figures(names, 1)),
            ..Default::default()
        });
        city.contents.correction = 1;
        city
    }
}
