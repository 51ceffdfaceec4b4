//! The digest of a closing, written anew from the words of `proto/xiaoan/hq/v1/closing.proto` ("Digest of a closing") as an
//! auditor of another house would: nothing of `xiaoan_proto::closing_text` is used, and rows and sources are put in order here.

use anyhow::{Context, Result};
use prost::Message;
use sha2::{Digest, Sha256};
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::hq::v1::{ClosedEntry, ClosedFigures, ClosedValue, Closing};

/// SHA-256 of the text of figures that a closing stored.
pub fn digest(closing: &Closing, figures: &ClosedFigures) -> Result<Vec<u8>> {
    Ok(Sha256::digest(text(closing, figures)?.as_bytes()).to_vec())
}

fn text(closing: &Closing, figures: &ClosedFigures) -> Result<String> {
    let scheme = figures.scheme.as_ref().context("a scheme")?;
    let mut facts = vec![
        vec!["xiaoan-closing-1".to_owned()],
        vec![
            "period".into(),
            closing.board.clone(),
            closing.period.clone(),
            day(figures.from)?,
            day(figures.to)?,
        ],
        vec![
            "scheme".into(),
            scheme.version.to_string(),
            hex::encode(Sha256::digest(scheme.encode_to_vec())),
        ],
    ];
    let mut sources: Vec<_> = figures.sources.iter().collect();
    sources.sort_by_key(|source| source.source.as_str());
    for source in sources {
        let at = source.position.to_string();
        facts.push(vec!["source".into(), source.source.clone(), at, hex::encode(&source.chain_hash)]);
    }
    let order: Vec<_> = scheme.indicators.iter().map(|indicator| indicator.id.as_str()).collect();
    let mut entries: Vec<_> = figures.entries.iter().collect();
    entries.sort_by_key(|entry| (entry.org_unit.as_str(), entry.squadron.as_str()));
    for entry in entries {
        facts.extend(row(entry, &order)?);
    }
    let lines = facts.into_iter().map(|fact| fact.join("\t") + "\n");
    Ok(lines.collect())
}

fn row(entry: &ClosedEntry, order: &[&str]) -> Result<Vec<Vec<String>>> {
    let rank = entry.rank.map_or("-".to_owned(), |rank| rank.to_string());
    let mut facts = vec![vec![
        "entry".into(),
        entry.org_unit.clone(),
        entry.squadron.clone(),
        rank,
        one_or_zero(entry.attention),
    ]];
    for id in order {
        let value: &ClosedValue = entry.values.iter().find(|v| v.id == *id).context("every indicator")?;
        let denominator = value.denominator.map_or("-".to_owned(), |n| n.to_string());
        facts.push(vec![
            "value".into(),
            value.id.clone(),
            value.numerator.to_string(),
            denominator,
            one_or_zero(value.evaluable),
        ]);
    }
    let mut counts: Vec<_> = entry.integrity.iter().collect();
    counts.sort_by_key(|count| count.name.as_str());
    for count in counts {
        facts.push(vec!["integrity".into(), count.name.clone(), count.count.to_string()]);
    }
    Ok(facts)
}

fn one_or_zero(is: bool) -> String {
    if is { "1".into() } else { "0".into() }
}

fn day(date: Option<Date>) -> Result<String> {
    let Date { year, month, day } = date.context("a day")?;
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}
