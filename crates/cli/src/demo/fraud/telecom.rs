//! Facts row J1: 278 cases solved and 252 suspects caught from 2021-01-01 to 2021-07-10, 149 and 102 the same days of 2020. How
//! many were filed is ours: fewer than the year before, as the page says of occurrence (J11).

use super::{Draft, FRAUD, december};
use crate::demo::antifraud;
use crate::demo::city::{LIANGCHENG, STATIONS, Span, ZHONGZHI};
use crate::demo::deal::at;
use crate::demo::dice::Dice;
use crate::demo::stage::Tale;
use time::macros::date;
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::city_day;

/// The page's days.
pub(super) const WINDOW: Span = Span { from: date!(2021 - 01 - 01), to: date!(2021 - 07 - 10) };
/// The same days a year before.
const BASE: Span = Span { from: date!(2020 - 01 - 01), to: date!(2020 - 07 - 10) };
/// Solved in the window and a year before.
const SOLVED: (usize, usize) = (278, 149);
/// Suspects caught in the window and a year before.
const SUSPECTS: (i32, i32) = (252, 102);
/// Filed in the window and a year before.
const FILED: (usize, usize) = (430, 520);
/// Serials of the cases that no stop names; those of stops are below, those of thefts far below.
const SERIALS: usize = 8_000;
/// Filed so long before the end of the window, a case may be solved within it.
const ROOM: i64 = 3;
/// No loss is below it; every one is far from the thresholds at which losses are looked at twice.
const LEAST_FEN: i64 = 300_000;
const LURES: [&str; 5] = ["刷单返利", "冒充客服", "虚假投资", "网络贷款", "冒充熟人"];

pub(super) fn tales() -> Vec<Tale> {
    drafts().iter().map(Draft::tale).collect()
}

/// The cases: the same each time.
fn drafts() -> Vec<Draft> {
    let mut dice = Dice::new(96_110);
    let mut now: Vec<_> = antifraud::accounts().iter().map(of_account).collect();
    for n in now.len()..FILED.0 {
        now.push(reported(&mut dice, WINDOW, n));
    }
    let mut before: Vec<_> = (0..FILED.1).map(|n| reported(&mut dice, BASE, n)).collect();
    // The case "12·31" is one of the solved, and most of the suspects were caught in it.
    solve(&mut dice, &mut now, WINDOW, (SOLVED.0 - 1, SUSPECTS.0 - december::suspects()));
    solve(&mut dice, &mut before, BASE, (SOLVED.1, SUSPECTS.1));
    now.append(&mut before);
    now
}

/// The case of an account that a bank stopped: reported half an hour before.
fn of_account(account: &antifraud::Account) -> Draft {
    let reported_at = account.stopped_at - Duration::minutes(30);
    let filed_on = city_day(account.stopped_at);
    // Some of it had left the account before.
    let loss_fen = account.stopped_fen + account.stopped_fen / 100_000 * 1_000;
    draft(account.case_no(), account.unit, reported_at, filed_on, loss_fen)
}

/// A case without an account to stop.
fn reported(dice: &mut Dice, span: Span, n: usize) -> Draft {
    let stations: Vec<_> =
        STATIONS.iter().filter(|s| s.code != ZHONGZHI && s.code != LIANGCHENG && s.filed > 100).collect();
    let unit = dice.pick(&stations).code;
    let filed_on = span.from + Duration::days(dice.between(0, span.days() - 1));
    let reported_at = at(filed_on, dice.between(8, 20), dice.between(0, 59));
    let case_no = format!("A{unit}{:04}{:02}{:04}", filed_on.year(), u8::from(filed_on.month()), SERIALS + n);
    draft(case_no, unit, reported_at, filed_on, LEAST_FEN + dice.between(0, 900) * 10_000)
}

fn draft(
    case_no: String,
    unit: &'static str,
    reported_at: OffsetDateTime,
    filed_on: Date,
    loss_fen: i64,
) -> Draft {
    let lure = usize::from(case_no.bytes().last().unwrap_or_default()) % LURES.len();
    Draft {
        case_no,
        unit,
        category: FRAUD,
        reported_at,
        filed_on,
        loss_fen,
        what: LURES[lure],
        caught: Vec::new(),
        solved_at: None,
        recovered_fen: 0,
    }
}

/// Solves so many within a span, and catches so many suspects for them: one or two a case, none for some whose suspects were
/// caught for another.
fn solve(dice: &mut Dice, drafts: &mut [Draft], span: Span, (count, suspects): (usize, i32)) {
    let mut free: Vec<_> =
        (0..drafts.len()).filter(|i| (span.to - drafts[*i].filed_on).whole_days() >= ROOM).collect();
    dice.shuffle(&mut free);
    free.truncate(count);
    let mut left = suspects;
    for i in free {
        let draft = &mut drafts[i];
        let room = (span.to - draft.filed_on).whole_days();
        let day = draft.filed_on + Duration::days(dice.between(ROOM, ROOM.max(60)).min(room));
        draft.solved_at = Some(at(day, dice.between(9, 20), dice.between(0, 59)));
        let caught = dice.weighted(&[(0, 25), (1, 60), (2, 15)]).min(left);
        left -= caught;
        if caught > 0 {
            draft.caught.push((day, caught));
        }
    }
    // Whatever is left was caught with others: one more in each, until nobody is left.
    for draft in drafts.iter_mut().filter(|d| d.solved_at.is_some()) {
        if left == 0 {
            break;
        }
        let day = draft.solved_at.map_or(draft.filed_on, city_day);
        match draft.caught.first_mut() {
            Some((_, count)) => *count += 1,
            None => draft.caught.push((day, 1)),
        }
        left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn j01_the_cases_add_up_to_the_published_figures_of_both_years_and_none_counts_elsewhere() {
        let drafts = drafts();
        for (span, solved, suspects, filed) in [
            (WINDOW, SOLVED.0 - 1, SUSPECTS.0 - december::suspects(), FILED.0),
            (BASE, SOLVED.1, SUSPECTS.1, FILED.1),
        ] {
            let mine: Vec<_> = drafts.iter().filter(|d| span.has(d.filed_on)).collect();
            assert_eq!(mine.len(), filed);
            let days: Vec<_> = mine.iter().filter_map(|d| d.solved_at).map(city_day).collect();
            assert_eq!((days.len(), days.iter().all(|day| span.has(*day))), (solved, true));
            let caught: Vec<_> = mine.iter().flat_map(|d| &d.caught).collect();
            assert!(caught.iter().all(|(day, _)| span.has(*day)));
            assert_eq!(caught.iter().map(|(_, n)| n).sum::<i32>(), suspects);
        }
        let numbers: BTreeSet<_> = drafts.iter().map(|d| d.case_no.as_str()).collect();
        assert_eq!(numbers.len(), drafts.len());
        for draft in &drafts {
            assert_eq!(draft.case_no.len(), 23);
            assert!(city_day(draft.reported_at) <= draft.filed_on, "{}", draft.case_no);
            assert!(draft.solved_at.is_none_or(|at| at > draft.reported_at), "{}", draft.case_no);
        }
    }

    #[test]
    fn every_stop_of_the_antifraud_share_names_a_case_that_is_filed() {
        let numbers: BTreeSet<_> = drafts().into_iter().map(|d| d.case_no).collect();
        assert!(antifraud::accounts().iter().all(|account| numbers.contains(&account.case_no())));
    }
}
