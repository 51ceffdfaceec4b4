//! Suspects, losses and recovered property, so that the city's sums come out exactly.

use super::city::{AMOUNT_FEN, CAMPAIGN, Span};
use super::dice::Dice;
use super::draft::{Draft, Way};

/// Losses from here on may be changed; smaller ones keep their side of the theft threshold.
const LARGE_FEN: i64 = 300_000;

/// Catches so many suspects for the thefts solved in a span; some solves have none, because their suspects were caught
/// for other cases.
pub fn suspects(dice: &mut Dice, drafts: &mut [Draft], span: Span, total: i32) {
    let mut left = total;
    let mut free = Vec::new();
    for (i, draft) in drafts.iter_mut().enumerate() {
        if !draft.is_theft() || !draft.solved_in(span) {
            continue;
        }
        let leads = draft.series.is_some();
        let Some(Way::Direct(count)) = draft.solve.as_mut().map(|s| &mut s.way) else { continue };
        if leads && *count == 0 {
            *count = 1;
        }
        if *count == 0 {
            free.push(i);
        }
        left -= *count;
    }
    dice.shuffle(&mut free);
    // A second round gives what the first left over.
    for i in free.iter().chain(&free).copied() {
        let more = dice.weighted(&[(1, 70), (2, 22), (3, 8)]).min(left);
        if let Some(Way::Direct(count)) = drafts[i].solve.as_mut().map(|s| &mut s.way) {
            *count += more;
            left -= more;
        }
        if left <= 0 {
            break;
        }
    }
}

/// Moves the larger losses until the thefts solved during the campaign had cost exactly the published amount.
pub fn losses(drafts: &mut [Draft]) {
    let counted: Vec<_> =
        (0..drafts.len()).filter(|i| drafts[*i].is_theft() && drafts[*i].solved_in(CAMPAIGN)).collect();
    let sum = |drafts: &[Draft]| counted.iter().map(|i| drafts[*i].loss_fen).sum::<i64>();
    let movable: Vec<_> =
        counted.iter().copied().filter(|i| !drafts[*i].fixed && drafts[*i].loss_fen >= LARGE_FEN).collect();
    let base: i64 = movable.iter().map(|i| drafts[*i].loss_fen).sum();
    let missing = AMOUNT_FEN - sum(drafts);
    for i in &movable {
        let loss = drafts[*i].loss_fen;
        let moved = i128::from(loss) * i128::from(missing) / i128::from(base.max(1));
        // Whole tens of yuan, on the same side of the threshold as before.
        let wish = loss + i64::try_from(moved).unwrap_or_default();
        drafts[*i].loss_fen = (wish / 1_000 * 1_000).max(LARGE_FEN);
    }
    let rest = AMOUNT_FEN - sum(drafts);
    if let Some(largest) = movable.into_iter().max_by_key(|i| drafts[*i].loss_fen) {
        drafts[largest].loss_fen += rest;
    }
}

/// Some of what was lost is recovered, and most of that returned.
pub fn recovered(dice: &mut Dice, drafts: &mut [Draft]) {
    for draft in drafts {
        if draft.solve.is_some() && dice.chance(34) {
            let recovered = *dice.pick(&[40, 60, 80, 100, 100]);
            draft.recovered = (recovered, if dice.chance(70) { recovered } else { 0 });
        }
    }
}
