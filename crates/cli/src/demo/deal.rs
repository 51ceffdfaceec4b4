//! Deals out filings and solves, so that every station's figures of the table come out exactly.

use super::city::{BASE, BETWEEN, CAMPAIGN, LIANGCHENG, STATIONS, Span, ZHONGZHI};
use super::dice::Dice;
use super::draft::{Draft, SeriesDraft, Solve, Twist, Way};
use super::{amounts, corrections, pieces};
use time::{Date, Duration, OffsetDateTime, Time};
use xiaoan_kernel::{CITY_OFFSET, city_day};

/// Kinds of theft with what was lost, loss in yuan from–to, places, and how often of 100.
pub struct Kind {
    /// Category (GA 240.1).
    pub category: &'static str,
    /// What is lost.
    pub what: &'static [&'static str],
    /// Usual loss in yuan.
    pub loss: (i64, i64),
    /// Where.
    pub places: &'static [&'static str],
    /// How often, of 100.
    pub weight: usize,
}

/// Kinds of theft in the demo city.
pub const KINDS: [Kind; 7] = [
    Kind {
        category: "050201",
        what: &["现金", "手机", "金饰", "笔记本电脑", "香烟"],
        loss: (300, 26_000),
        places: &["示例小区", "示例家园", "示例村", "示例公寓"],
        weight: 24,
    },
    Kind {
        category: "050227",
        what: &["自行车", "山地自行车"],
        loss: (200, 1_700),
        places: &["示例路车棚", "示例中学门口", "示例地铁口", "示例小区车棚"],
        weight: 20,
    },
    Kind {
        category: "050240",
        what: &["手机", "钱包", "现金"],
        loss: (50, 3_200),
        places: &["示例路公交站", "示例农贸市场", "示例步行街", "示例集市"],
        weight: 18,
    },
    Kind {
        category: "050220",
        what: &["电缆", "建材", "农产品", "工具", "渔网"],
        loss: (20, 9_000),
        places: &["示例工地", "示例大棚", "示例仓库", "示例码头堆场"],
        weight: 18,
    },
    Kind {
        category: "050224",
        what: &["摩托车", "电动自行车"],
        loss: (900, 5_800),
        places: &["示例小区", "示例超市门口", "示例医院停车场"],
        weight: 15,
    },
    Kind {
        category: "050237",
        what: &["羊", "鸡", "生猪"],
        loss: (300, 9_500),
        places: &["示例村", "示例养殖场"],
        weight: 3,
    },
    Kind {
        category: "050223",
        what: &["小型轿车", "面包车"],
        loss: (28_000, 130_000),
        places: &["示例停车场", "示例路"],
        weight: 2,
    },
];

/// The whole city as drafts.
pub struct Deal {
    /// Cases; their numbers are given.
    pub drafts: Vec<Draft>,
    /// Series.
    pub series: Vec<SeriesDraft>,
}

/// Deals out the city.
#[must_use]
pub fn deal() -> Deal {
    let mut dice = Dice::new(20_200_901);
    let mut drafts = Vec::new();
    for (station, figures) in STATIONS.iter().enumerate() {
        for (span, count) in
            [(BASE, figures.filed_base), (BETWEEN, figures.filed * 16 / 100), (CAMPAIGN, figures.filed)]
        {
            for _ in 0..count {
                let filed_on = day_in(&mut dice, span);
                drafts.push(file(&mut dice, station, filed_on));
            }
        }
    }
    for station in 0..STATIONS.len() {
        solve(&mut dice, &mut drafts, station);
    }
    let mut series = Vec::new();
    pieces::cabbages(&mut drafts);
    pieces::bicycles(&mut dice, &mut drafts, &mut series);
    pieces::more_series(&mut dice, &mut drafts, &mut series);
    pieces::preventable(&mut dice, &mut drafts);
    pieces::small_cases(&mut dice, &mut drafts);
    corrections::twist(&mut dice, &mut drafts);
    amounts::suspects(&mut dice, &mut drafts, CAMPAIGN, super::city::SUSPECTS);
    amounts::suspects(&mut dice, &mut drafts, BASE, super::city::SUSPECTS_BASE);
    amounts::losses(&mut drafts);
    amounts::recovered(&mut dice, &mut drafts);
    corrections::extra(&mut dice, &mut drafts);
    number(&mut drafts);
    Deal { drafts, series }
}

/// A day of a span; evenings of summer and the weeks before New Year see more theft.
fn day_in(dice: &mut Dice, span: Span) -> Date {
    loop {
        let day = span.from + Duration::days(dice.between(0, span.days() - 1));
        let likely = match u8::from(day.month()) {
            1 | 12 => 90,
            2 => 55,
            6..=8 => 95,
            9 | 10 => 80,
            _ => 70,
        };
        if dice.chance(likely) {
            return day;
        }
    }
}

/// A case filed on a day, unsolved.
pub fn file(dice: &mut Dice, station: usize, filed_on: Date) -> Draft {
    let weights: Vec<_> = KINDS.iter().enumerate().map(|(i, kind)| (i, kind.weight)).collect();
    let kind = &KINDS[dice.weighted(&weights)];
    let what = *dice.pick(kind.what);
    let place = format!("{}{}", dice.pick(kind.places), dice.between(1, 40));
    // Reported on the day of filing or up to two days before it.
    let lag = dice.weighted(&[(0, 70), (1, 24), (2, 6)]);
    let reported_at = at(filed_on - Duration::days(lag), dice.between(7, 21), dice.between(0, 59));
    let occurred_from = reported_at - Duration::minutes(dice.between(40, 2_400));
    // Most losses are small: the square pulls them down.
    let (low, high) = kind.loss;
    let share = dice.between(0, 1_000);
    let yuan = low + (high - low) * share * share / 1_000_000;
    let mut loss_fen = yuan / 10 * 1_000 + 1_000 * i64::from(yuan < 10);
    if (180_000..200_000).contains(&loss_fen) {
        // Just under the threshold is where losses are looked at twice; the demo city keeps away from it.
        loss_fen = 210_000;
    }
    Draft {
        station,
        category: kind.category,
        filed_on,
        reported_at,
        occurred_from,
        loss_fen,
        items: i32::try_from(dice.between(1, 3)).unwrap_or(1),
        what,
        place,
        preventable: dice.chance(12) && ![ZHONGZHI, LIANGCHENG].contains(&STATIONS[station].code),
        proactive: false,
        solve: None,
        twist: Twist::Straight,
        recovered: (0, 0),
        alert_id: String::new(),
        case_no: String::new(),
        series: None,
        fixed: false,
    }
}

/// An instant of a day in the city.
#[must_use]
pub fn at(day: Date, hour: i64, minute: i64) -> OffsetDateTime {
    let time = Time::from_hms(u8::try_from(hour).unwrap_or(12), u8::try_from(minute).unwrap_or(0), 0)
        .unwrap_or(Time::MIDNIGHT);
    day.with_time(time).assume_offset(CITY_OFFSET)
}

/// Gives a station its solves of each span.
fn solve(dice: &mut Dice, drafts: &mut [Draft], station: usize) {
    let figures = &STATIONS[station];
    let mine: Vec<_> = (0..drafts.len()).filter(|i| drafts[*i].station == station).collect();
    let filed_in = |drafts: &[Draft], span: Span| -> Vec<usize> {
        mine.iter().copied().filter(|i| span.has(drafts[*i].filed_on) && drafts[*i].solve.is_none()).collect()
    };
    // (filed in, solved in, how many)
    let between = filed_in(drafts, BETWEEN).len() * 28 / 100;
    for (filed, solved, count) in [
        (BASE, BASE, figures.solved_base),
        (BETWEEN, BETWEEN, between),
        (BETWEEN, CAMPAIGN, figures.solved_old / 2),
        (BASE, CAMPAIGN, figures.solved_old - figures.solved_old / 2),
        (CAMPAIGN, CAMPAIGN, figures.solved - figures.solved_old),
        (CAMPAIGN, AFTER, figures.filed / 60),
    ] {
        let mut free = filed_in(drafts, filed);
        dice.shuffle(&mut free);
        for i in free.into_iter().take(count) {
            let draft = &mut drafts[i];
            let day = solve_day(dice, draft.filed_on, solved);
            draft.solve = Some(Solve { at: solve_time(dice, draft, day), way: Way::Direct(0) });
        }
    }
}

/// Weeks after the campaign: a case of the campaign solved now is in its cohort, not in its period.
const AFTER: Span =
    Span { from: time::macros::date!(2021 - 07 - 11), to: time::macros::date!(2021 - 08 - 20) };

/// A day in the span, soon after the filing when that can be.
fn solve_day(dice: &mut Dice, filed_on: Date, span: Span) -> Date {
    let first = filed_on.max(span.from);
    let room = (span.to - first).whole_days();
    let usual = dice.weighted(&[((0, 2), 25), ((3, 14), 45), ((15, 60), 30)]);
    let wish = dice.between(usual.0, usual.1);
    first + Duration::days(wish.min(room))
}

/// In working hours of the day, after the report.
fn solve_time(dice: &mut Dice, draft: &Draft, day: Date) -> OffsetDateTime {
    let wish = at(day, dice.between(9, 20), dice.between(0, 59));
    if wish > draft.reported_at { wish } else { at(day, 23, 40).max(draft.reported_at) }
}

/// Numbers the cases in order of filing, by the unit that files them and the month.
fn number(drafts: &mut [Draft]) {
    let mut order: Vec<_> = (0..drafts.len()).collect();
    order.sort_by_key(|i| (drafts[*i].filed_on, drafts[*i].reported_at, drafts[*i].station));
    let mut last = std::collections::HashMap::new();
    for i in order {
        let draft = &mut drafts[i];
        let unit = match draft.twist {
            Twist::FiledAt(unit) => unit,
            _ => STATIONS[draft.station].code,
        };
        let month = format!("{:04}{:02}", draft.filed_on.year(), u8::from(draft.filed_on.month()));
        let serial = last.entry((unit, month.clone())).or_insert(0);
        *serial += 1;
        draft.case_no = format!("A{unit}{month}{serial:04}");
    }
}

/// The city's calendar day of a solve.
#[must_use]
pub fn solved_on(solve: &Solve) -> Date {
    city_day(solve.at)
}
