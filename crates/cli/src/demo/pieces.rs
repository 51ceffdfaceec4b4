//! The set pieces: cabbages (A2), bicycles (A3) and other series, Zhongzhi's preventable cases (V12), Liangcheng's small
//! cases (F1).

use super::city::{
    BASE, BETWEEN, BICYCLES, CAMPAIGN, JUFENG, LIANGCHENG, LIANGCHENG_SMALL, STATIONS, Span, ZHONGZHI,
    ZHONGZHI_PREVENTABLE,
};
use super::deal::{at, solved_on};
use super::dice::Dice;
use super::draft::{Draft, SeriesDraft, Solve, Way};
use time::Duration;
use time::macros::date;

/// Cases that the solve of the bicycle thief brought.
const BICYCLES_BROUGHT: usize = 12;

fn station(code: &str) -> usize {
    STATIONS.iter().position(|s| s.code == code).unwrap_or_default()
}

/// Directly solved during the campaign, and free.
fn solved(drafts: &[Draft], station: usize) -> Vec<usize> {
    let direct = |d: &Draft| d.solve.as_ref().is_some_and(|s| matches!(s.way, Way::Direct(_)));
    (0..drafts.len())
        .filter(|i| drafts[*i].station == station && drafts[*i].is_free())
        .filter(|i| drafts[*i].solved_in(CAMPAIGN) && direct(&drafts[*i]))
        .collect()
}

/// A theft of 35 cabbages, solved seven hours after the report.
pub fn cabbages(drafts: &mut [Draft]) {
    let of_campaign = |i: &usize| CAMPAIGN.has(drafts[*i].filed_on);
    let Some(i) = solved(drafts, station(JUFENG)).into_iter().find(of_campaign) else { return };
    let day = date!(2020 - 11 - 23);
    let case = &mut drafts[i];
    case.category = "050220";
    case.filed_on = day;
    case.occurred_from = at(day - Duration::DAY, 22, 30);
    case.reported_at = at(day, 6, 30);
    (case.items, case.what, case.loss_fen) = (35, "白菜", 10_500);
    case.place = "示例大棚7".to_owned();
    case.solve = Some(Solve { at: at(day, 13, 30), way: Way::Direct(1) });
    case.fixed = true;
}

/// A bicycle theft that nobody reported: the police find it, catch the thief the next day, and twelve more are solved.
pub fn bicycles(dice: &mut Dice, drafts: &mut [Draft], series: &mut Vec<SeriesDraft>) {
    let of = station(BICYCLES);
    let day = date!(2021 - 03 - 17);
    let mut free = solved(drafts, of);
    free.retain(|i| CAMPAIGN.has(drafts[*i].filed_on) && drafts[*i].filed_on <= day);
    if free.len() <= BICYCLES_BROUGHT {
        return;
    }
    dice.shuffle(&mut free);
    free.truncate(BICYCLES_BROUGHT + 1);
    let solved_at = at(day + Duration::days(3), 10, 15);
    for i in &free {
        let case = &mut drafts[*i];
        (case.category, case.what, case.items) = ("050227", "山地自行车", 1);
        case.loss_fen = dice.between(25, 160) * 1_000;
        case.place = format!("示例路车棚{}", dice.between(1, 9));
        case.solve = Some(Solve { at: solved_at, way: Way::Brought });
        case.series = Some(series.len());
    }
    let lead = free[0];
    let case = &mut drafts[lead];
    case.filed_on = day;
    case.occurred_from = at(day - Duration::DAY, 19, 0);
    case.reported_at = at(day, 8, 20);
    case.proactive = true;
    case.solve = Some(Solve { at: at(day + Duration::DAY, 15, 40), way: Way::Direct(1) });
    let title = "示例：系列盗窃自行车案".to_owned();
    series.push(SeriesDraft { station: of, title, lead, brought: free.split_off(1), solved_at });
}

/// More series, where one suspect did several of a kind.
pub fn more_series(dice: &mut Dice, drafts: &mut [Draft], series: &mut Vec<SeriesDraft>) {
    for (of, figures) in STATIONS.iter().enumerate() {
        if [ZHONGZHI, LIANGCHENG].contains(&figures.code) {
            continue;
        }
        for _ in 0..figures.solved / 40 {
            let free = solved(drafts, of);
            let Some(lead) = free.get(dice.below(free.len())).copied() else { break };
            let Some(caught) = drafts[lead].solve.as_ref().map(solved_on) else { continue };
            let solved_at = at(caught + Duration::days(2), 10, 0);
            if !CAMPAIGN.has(caught + Duration::days(2)) {
                continue;
            }
            let most = 4 + dice.below(10);
            let brought: Vec<_> = free
                .into_iter()
                .filter(|i| {
                    *i != lead
                        && drafts[*i].category == drafts[lead].category
                        && drafts[*i].filed_on <= caught
                })
                .take(most)
                .collect();
            if brought.len() < 2 {
                continue;
            }
            for i in &brought {
                drafts[*i].solve = Some(Solve { at: solved_at, way: Way::Brought });
                drafts[*i].series = Some(series.len());
            }
            drafts[lead].series = Some(series.len());
            let title = format!("示例：系列盗窃案{:02}", series.len() + 1);
            series.push(SeriesDraft { station: of, title, lead, brought, solved_at });
        }
    }
}

/// Zhongzhi: 12 preventable cases during the campaign, 30 the year before.
pub fn preventable(dice: &mut Dice, drafts: &mut [Draft]) {
    let of = station(ZHONGZHI);
    for (span, count) in [(CAMPAIGN, ZHONGZHI_PREVENTABLE.0), (BASE, ZHONGZHI_PREVENTABLE.1), (BETWEEN, 2)] {
        let mut mine = filed(drafts, of, span);
        dice.shuffle(&mut mine);
        for i in mine.into_iter().take(count) {
            drafts[i].preventable = true;
        }
    }
}

/// Liangcheng: 15 small cases filed and 13 of them solved during the campaign; its other thefts are no small ones.
pub fn small_cases(dice: &mut Dice, drafts: &mut [Draft]) {
    let mine = filed(drafts, station(LIANGCHENG), CAMPAIGN);
    let (filed, solved) = LIANGCHENG_SMALL;
    let (mut small_solved, mut small_unsolved) = (0, 0);
    for i in mine {
        let case = &mut drafts[i];
        let room = if case.solve.is_some() { &mut small_solved } else { &mut small_unsolved };
        let most = if case.solve.is_some() { solved } else { filed - solved };
        if *room < most {
            if case.category == "050223" {
                case.category = "050220";
            }
            // The first one lost 20 yuan: still a case (A2).
            case.loss_fen = if *room == 0 { 2_000 } else { dice.between(4, 150) * 1_000 };
            *room += 1;
        } else {
            (case.category, case.what) = ("050201", "现金");
            case.loss_fen = dice.between(250, 1_200) * 1_000;
        }
        case.fixed = true;
    }
}

fn filed(drafts: &[Draft], station: usize, span: Span) -> Vec<usize> {
    (0..drafts.len()).filter(|i| drafts[*i].station == station && span.has(drafts[*i].filed_on)).collect()
}
