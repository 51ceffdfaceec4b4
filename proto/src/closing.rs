//! The canonical text of a closing, and a closing's figures from rankings' standings. Both hq, which stores them, and whoever
//! checks a closing independently need the same text to the byte; so it is part of the published language
//! (`proto/xiaoan/hq/v1/closing.proto`, "Digest of a closing").

use crate::core::v1::Date;
use crate::hq::v1::{ClosedEntry, ClosedFigures, ClosedSource, ClosedValue, IntegrityCount, Scheme};
use crate::measures::INTEGRITY_MEASURES;
use crate::rankings::v1::{Entry, GetStandingsResponse, IndicatorValue, SourcePosition};
use prost::Message;
use std::collections::BTreeMap;
use std::fmt::Write;

impl From<&IndicatorValue> for ClosedValue {
    fn from(value: &IndicatorValue) -> Self {
        Self {
            id: value.id.clone(),
            numerator: value.numerator,
            denominator: value.denominator,
            evaluable: value.evaluable,
        }
    }
}

impl From<&Entry> for ClosedEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            org_unit: entry.org_unit.clone(),
            name_zh: entry.name_zh.clone(),
            name_en: entry.name_en.clone(),
            parent: entry.parent.clone(),
            squadron: entry.squadron.clone(),
            rank: entry.rank,
            attention: entry.attention,
            values: entry.indicators.iter().map(ClosedValue::from).collect(),
            integrity: Vec::new(),
        }
    }
}

impl From<&SourcePosition> for ClosedSource {
    fn from(at: &SourcePosition) -> Self {
        Self { source: at.source.clone(), position: at.position, chain_hash: at.chain_head.clone() }
    }
}

impl From<&GetStandingsResponse> for ClosedFigures {
    /// The figures without their digest; rows and sources in the order of the canonical text.
    fn from(standings: &GetStandingsResponse) -> Self {
        let mut entries: Vec<_> = standings.entries.iter().map(ClosedEntry::from).collect();
        entries.sort_by(|a, b| (&a.org_unit, &a.squadron).cmp(&(&b.org_unit, &b.squadron)));
        if let Some(scheme) = &standings.scheme {
            entries.iter_mut().for_each(|entry| entry.integrity = integrity(scheme, &entry.values));
        }
        let mut sources: Vec<_> = standings.sources.iter().map(ClosedSource::from).collect();
        sources.sort_by(|a, b| a.source.cmp(&b.source));
        Self {
            from: standings.from,
            to: standings.to,
            scheme: standings.scheme.clone(),
            entries,
            total: standings.total.as_ref().map(ClosedEntry::from),
            sources,
            digest: Vec::new(),
        }
    }
}

/// The counts of a row that bear on the integrity of its rates, by name: of every indicator of the scheme that counts such a
/// measure, the first that does. A scheme without any has none.
fn integrity(scheme: &Scheme, values: &[ClosedValue]) -> Vec<IntegrityCount> {
    let mut counts = BTreeMap::new();
    for indicator in &scheme.indicators {
        let name = indicator.numerator.as_ref().map_or("", |part| part.measure.as_str());
        let value = values.iter().find(|value| value.id == indicator.id);
        if let Some(value) = value.filter(|_| INTEGRITY_MEASURES.contains(&name)) {
            counts.entry(name).or_insert(value.numerator);
        }
    }
    counts.into_iter().map(|(name, count)| IntegrityCount { name: name.to_owned(), count }).collect()
}

/// The canonical text over which a closing's digest is taken; `sha256` is the hash of bytes.
#[must_use]
pub fn closing_text(
    board: &str,
    period: &str,
    figures: &ClosedFigures,
    sha256: impl Fn(&[u8]) -> [u8; 32],
) -> String {
    let mut text = String::from("xiaoan-closing-1\n");
    // Writing into a String does not fail.
    let _ = writeln!(text, "period\t{board}\t{period}\t{}\t{}", day(figures.from), day(figures.to));
    if let Some(scheme) = &figures.scheme {
        let _ = writeln!(text, "scheme\t{}\t{}", scheme.version, hex(&sha256(&scheme.encode_to_vec())));
    }
    for source in &figures.sources {
        let _ = writeln!(text, "source\t{}\t{}\t{}", source.source, source.position, hex(&source.chain_hash));
    }
    for entry in &figures.entries {
        let rank = entry.rank.map_or("-".to_owned(), |rank| rank.to_string());
        let attention = u8::from(entry.attention);
        let _ = writeln!(text, "entry\t{}\t{}\t{rank}\t{attention}", entry.org_unit, entry.squadron);
        for value in &entry.values {
            let denominator = value.denominator.map_or("-".to_owned(), |n| n.to_string());
            let evaluable = u8::from(value.evaluable);
            let _ = writeln!(text, "value\t{}\t{}\t{denominator}\t{evaluable}", value.id, value.numerator);
        }
        for count in &entry.integrity {
            let _ = writeln!(text, "integrity\t{}\t{}", count.name, count.count);
        }
    }
    text
}

fn day(date: Option<Date>) -> String {
    date.map_or(String::new(), |d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hq::v1::{Indicator, MeasureRef};

    fn counting(id: &str, numerator: &str, denominator: Option<&str>) -> Indicator {
        let part = |measure: &str| MeasureRef { measure: measure.into(), ..Default::default() };
        Indicator {
            id: id.into(),
            numerator: Some(part(numerator)),
            denominator: denominator.map(part),
            ..Default::default()
        }
    }

    #[test]
    fn the_text_of_a_closing_is_frozen() {
        let value = |id: &str, numerator, denominator, evaluable| IndicatorValue {
            id: id.into(),
            numerator,
            denominator,
            evaluable,
            ..Default::default()
        };
        let standings = GetStandingsResponse {
            from: Some(Date { year: 2026, month: 6, day: 1 }),
            to: Some(Date { year: 2026, month: 6, day: 30 }),
            scheme: Some(Scheme {
                board: "theft-stations".into(),
                version: 2,
                indicators: vec![
                    counting("solve_rate", "case.solved", Some("case.filed")),
                    counting("recording_rate", "audit.recorded", Some("audit.sampled")),
                    counting("revoked", "case.solve_revoked", None),
                ],
                ..Default::default()
            }),
            entries: vec![
                Entry {
                    org_unit: "371102020000".into(),
                    rank: Some(1),
                    indicators: vec![value("filed", 20, None, true), value("solve_rate", 8, Some(20), true)],
                    ..Default::default()
                },
                Entry {
                    org_unit: "371102010000".into(),
                    attention: true,
                    indicators: vec![
                        value("solve_rate", 2, Some(9), false),
                        value("recording_rate", 5, Some(10), true),
                        value("revoked", 3, None, true),
                    ],
                    ..Default::default()
                },
            ],
            sources: vec![
                SourcePosition {
                    source: "hq".into(),
                    position: 7,
                    chain_head: vec![0xab],
                    ..Default::default()
                },
                SourcePosition {
                    source: "cases".into(),
                    position: 40,
                    chain_head: vec![1, 2],
                    ..Default::default()
                },
            ],
            ..Default::default()
        };
        let text = closing_text("theft-stations", "2026-06", &ClosedFigures::from(&standings), |_| [9; 32]);
        let expected = "xiaoan-closing-1\n\
            period\ttheft-stations\t2026-06\t2026-06-01\t2026-06-30\n\
            scheme\t2\t0909090909090909090909090909090909090909090909090909090909090909\n\
            source\tcases\t40\t0102\n\
            source\thq\t7\tab\n\
            entry\t371102010000\t\t-\t1\n\
            value\tsolve_rate\t2\t9\t0\n\
            value\trecording_rate\t5\t10\t1\n\
            value\trevoked\t3\t-\t1\n\
            integrity\taudit.recorded\t5\n\
            integrity\tcase.solve_revoked\t3\n\
            entry\t371102020000\t\t1\t0\n\
            value\tfiled\t20\t-\t1\n\
            value\tsolve_rate\t8\t20\t1\n";
        assert_eq!(text, expected);
    }
}
