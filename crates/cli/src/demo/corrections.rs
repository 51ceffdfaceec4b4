//! Corrections: what was first recorded otherwise. Each nets to the figures of the table.

use super::city::{BASE, CAMPAIGN, LIANGCHENG, STATIONS, Span, ZHONGZHI};
use super::deal::{at, file, solved_on};
use super::dice::Dice;
use super::draft::{Draft, Solve, Twist, Way};
use time::Duration;

/// How many of each.
const RETURNED_ONCE: usize = 12;
const SOLVED_AGAIN: usize = 6;
const REVOKED: usize = 9;
const RECLASSIFIED: usize = 22;
const TRANSFERRED: usize = 8;
const REFILED: usize = 5;
const TRIVIAL: usize = 7;
const EXCEPTIONAL: usize = 4;
const NO_CRIME: (usize, usize) = (10, 6);
const BECAME_SNATCH: usize = 5;
const SNATCHES: usize = 44;

/// Days that something may take after the filing without leaving the campaign.
const ROOM: i64 = 30;

/// Gives some cases of the campaign another way to the same end.
pub fn twist(dice: &mut Dice, drafts: &mut [Draft]) {
    let solved = |d: &Draft| {
        d.solved_in(CAMPAIGN) && d.solve.as_ref().is_some_and(|s| matches!(s.way, Way::Direct(_)))
    };
    // Days from filing to solve; cases that wait for something need some.
    let waited = |d: &Draft| d.solve.as_ref().map_or(i64::MAX, |s| (solved_on(s) - d.filed_on).whole_days());
    let open = |d: &Draft| d.solve.is_none();

    give(dice, drafts, RETURNED_ONCE, solved, |_, _| Twist::ReturnedOnce);
    give(
        dice,
        drafts,
        SOLVED_AGAIN,
        |d| solved(d) && waited(d) >= 5,
        |_, d| Twist::Revoked(at(d.filed_on + Duration::days(2), 11, 0)),
    );
    give(dice, drafts, REVOKED, open, |dice, d| {
        Twist::Revoked(at(d.filed_on + Duration::days(dice.between(4, 20)), 16, 0))
    });
    give(
        dice,
        drafts,
        RECLASSIFIED,
        |d| ["050220", "050240", "050224"].contains(&d.category),
        |dice, d| {
            Twist::FiledAs(match d.category {
                // Lighter: the registrar decides. Graver: the station does.
                "050220" => {
                    if dice.chance(50) {
                        "050201"
                    } else {
                        "050900"
                    }
                }
                "050240" => "050400",
                _ => "050227",
            })
        },
    );
    give(
        dice,
        drafts,
        TRANSFERRED,
        |_| true,
        |_, d| {
            let here = STATIONS[d.station].bureau;
            Twist::FiledAt(
                STATIONS
                    .iter()
                    .rev()
                    .find(|s| s.bureau != here && s.code != LIANGCHENG && s.filed > 50)
                    .map_or("", |s| s.code),
            )
        },
    );
    give(dice, drafts, REFILED, |d| waited(d) >= ROOM, |_, _| Twist::Refiled);
    give(dice, drafts, TRIVIAL, |d| open(d) && d.loss_fen < 30_000, |_, _| Twist::Trivial);
    give(dice, drafts, EXCEPTIONAL, open, |dice, d| {
        Twist::Exceptional(at(d.filed_on + Duration::days(dice.between(5, 25)), 15, 0))
    });
    for draft in drafts.iter_mut().filter(|d| d.is_free()) {
        if dice.chance(6) {
            draft.twist = Twist::Investigated;
        }
    }
}

/// Zhongzhi and Liangcheng keep clear of corrections, so that their published figures can be followed by hand.
fn may_twist(draft: &Draft) -> bool {
    let code = STATIONS[draft.station].code;
    let in_time = CAMPAIGN.has(draft.filed_on) && CAMPAIGN.has(draft.filed_on + Duration::days(ROOM));
    draft.is_free() && in_time && ![ZHONGZHI, LIANGCHENG].contains(&code)
}

fn give(
    dice: &mut Dice,
    drafts: &mut [Draft],
    count: usize,
    suits: impl Fn(&Draft) -> bool,
    make: impl Fn(&mut Dice, &Draft) -> Twist,
) {
    let mut free: Vec<_> =
        (0..drafts.len()).filter(|i| may_twist(&drafts[*i]) && suits(&drafts[*i])).collect();
    dice.shuffle(&mut free);
    for i in free.into_iter().take(count) {
        drafts[i].twist = make(dice, &drafts[i]);
    }
}

/// Cases that count nowhere among the thefts in the end, and some snatch thefts, which are another category.
pub fn extra(dice: &mut Dice, drafts: &mut Vec<Draft>) {
    let mut add = |dice: &mut Dice, span: Span, change: fn(&mut Dice, &mut Draft)| {
        let stations: Vec<_> = (0..STATIONS.len()).filter(|i| STATIONS[*i].filed > 100).collect();
        let station = *dice.pick(&stations);
        let filed_on = span.from + Duration::days(dice.between(0, span.days() - ROOM));
        let mut draft = file(dice, station, filed_on);
        change(dice, &mut draft);
        drafts.push(draft);
    };
    for (span, count) in [(CAMPAIGN, NO_CRIME.0), (BASE, NO_CRIME.1)] {
        for _ in 0..count {
            add(dice, span, |_, draft| draft.twist = Twist::NoCrime);
        }
    }
    for _ in 0..BECAME_SNATCH {
        add(dice, CAMPAIGN, |_, draft| {
            draft.category = "050240";
            draft.what = "手机";
            draft.twist = Twist::Becomes("050400");
        });
    }
    for i in 0..SNATCHES {
        add(dice, if i % 2 == 0 { CAMPAIGN } else { BASE }, |dice, draft| {
            draft.category = "050400";
            draft.what = *dice.pick(&["手机", "挎包", "项链"]);
            draft.loss_fen = dice.between(30, 600) * 1_000;
            if (180_000..200_000).contains(&draft.loss_fen) {
                draft.loss_fen = 210_000;
            }
            if dice.chance(55) {
                let day = draft.filed_on + Duration::days(dice.between(1, 20));
                draft.solve = Some(Solve { at: at(day, 17, 0), way: Way::Direct(1) });
            }
        });
    }
}
