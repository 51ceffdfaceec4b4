//! A board in a few figures, for the index.

use xiaoan_proto::rankings::v1::GetStandingsResponse;

use super::board::{self, Place};
use super::links;
use super::row::Cell;

/// How many places a card shows.
const PLACES: usize = 3;

/// A board's card.
#[derive(Debug)]
pub struct Card {
    /// Address of the board.
    pub href: String,
    /// Title.
    pub title: String,
    /// The ranking indicator over the whole city.
    pub headline: Option<Figure>,
    /// The first places; ties may show fewer ranks than rows.
    pub top: Vec<Leader>,
    /// Ranked units.
    pub ranked: usize,
    /// Units with too few to rank.
    pub unranked: usize,
    /// Units that ask for attention.
    pub attention: usize,
    /// True when the scheme has an attention rule at all.
    pub has_rules: bool,
    /// Version of the scheme.
    pub version: String,
}

/// A figure with its name.
#[derive(Debug)]
pub struct Figure {
    /// Name of the indicator.
    pub title: String,
    /// Value.
    pub value: String,
    /// Unit.
    pub unit: String,
    /// "259/575"; empty for counts.
    pub fraction: String,
}

/// A unit among the first.
#[derive(Debug)]
pub struct Leader {
    /// Rank.
    pub rank: i32,
    /// Name.
    pub name: String,
    /// Value with its unit.
    pub value: String,
    /// "17/25"; empty for counts.
    pub fraction: String,
}

/// The card of standings.
pub fn card(standings: &GetStandingsResponse, place: &Place) -> Card {
    let view = board::view(standings, place, &|_| None);
    let ranking = |cells: &[Cell]| cells.iter().position(|cell| cell.ranks);
    let headline =
        view.total.as_ref().and_then(|row| row.cells.get(ranking(&row.cells)?)).map(|cell| Figure {
            title: cell.title.clone(),
            value: cell.value.clone(),
            unit: cell.unit.clone(),
            fraction: fraction(cell),
        });
    let leaders = view.ranked.iter().take(PLACES).filter_map(|row| {
        let cell = row.cells.get(ranking(&row.cells)?)?;
        Some(Leader {
            rank: row.rank?,
            name: row.name.clone(),
            value: format!("{}{}", cell.value, cell.unit),
            fraction: fraction(cell),
        })
    });
    Card {
        href: links::board(&place.board, &place.period, &place.as_of, place.lang),
        headline,
        top: leaders.collect(),
        ranked: view.ranked.len(),
        unranked: view.unranked.len(),
        attention: view.attention,
        has_rules: !view.rules.is_empty(),
        version: view.version,
        title: view.title,
    }
}

fn fraction(cell: &Cell) -> String {
    cell.denominator.as_ref().map(|d| format!("{}/{d}", cell.numerator)).unwrap_or_default()
}
