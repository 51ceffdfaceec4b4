//! Stations of the demo city and their figures. Sums over the table are the published figures (facts rows A1, V12, F1);
//! how they are spread over stations is ours.

use time::Date;
use time::macros::date;

/// Days from the first to the last, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl Span {
    /// Whether a day is in it.
    #[must_use]
    pub fn has(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
    /// Number of days.
    #[must_use]
    pub fn days(self) -> i64 {
        (self.to - self.from).whole_days() + 1
    }
}

/// Days of the campaign "Autumn Wind" (A1).
pub const CAMPAIGN: Span = Span { from: date!(2020 - 09 - 01), to: date!(2021 - 07 - 10) };
/// The same days one year earlier, against which it is compared.
pub const BASE: Span = Span { from: date!(2019 - 09 - 01), to: date!(2020 - 07 - 10) };
/// Days between the two.
pub const BETWEEN: Span = Span { from: date!(2020 - 07 - 11), to: date!(2020 - 08 - 31) };

/// Suspects caught in theft cases during the campaign (A1); the year before is ours.
pub const SUSPECTS: i32 = 695;
/// Suspects the year before.
pub const SUSPECTS_BASE: i32 = 402;
/// What the theft cases solved during the campaign had cost, in fen (A1: 7.47 million yuan).
pub const AMOUNT_FEN: i64 = 747_000_000;

/// Zhongzhi: alerts and preventable cases (V12).
pub const ZHONGZHI: &str = "371121010000";
/// Preventable cases filed at Zhongzhi during the campaign, and the year before.
pub const ZHONGZHI_PREVENTABLE: (usize, usize) = (12, 30);
/// Liangcheng: small cases (F1).
pub const LIANGCHENG: &str = "371172020000";
/// Small cases filed at Liangcheng during the campaign, and solved of them: 86.7 %.
pub const LIANGCHENG_SMALL: (usize, usize) = (15, 13);
/// Jufeng: the cabbages (A2).
pub const JUFENG: &str = "371103010000";
/// Where the bicycles were found (A3).
pub const BICYCLES: &str = "371102010000";
/// The city bureau.
pub const CITY: &str = "371100000000";
/// The county bureaus, in the order of the table of stations; the port's is none.
pub const BUREAUS: [&str; 6] =
    ["371102000000", "371103000000", "371121000000", "371122000000", "371171000000", "371172000000"];

/// A station and its theft figures.
#[derive(Debug, Clone, Copy)]
pub struct Station {
    /// Code.
    pub code: &'static str,
    /// Its bureau.
    pub bureau: &'static str,
    /// Theft cases filed during the campaign.
    pub filed: usize,
    /// Theft cases solved during the campaign, whenever filed.
    pub solved: usize,
    /// Of these, filed before the campaign (积案).
    pub solved_old: usize,
    /// Filed the year before.
    pub filed_base: usize,
    /// Solved the year before.
    pub solved_base: usize,
    /// Alerts during the campaign, duplicates not counted.
    pub alerts: usize,
    /// Alerts the year before.
    pub alerts_base: usize,
}

macro_rules! stations {
    ($($code:literal $bureau:literal $filed:literal $solved:literal $old:literal $filed0:literal $solved0:literal $alerts:literal $alerts0:literal;)+) => {
        [$(Station {
            code: $code, bureau: $bureau, filed: $filed, solved: $solved, solved_old: $old,
            filed_base: $filed0, solved_base: $solved0, alerts: $alerts, alerts_base: $alerts0,
        }),+]
    };
}

/// All stations. Ties (50 %, 45 %, 40 %, 37 %), exactly 40 % (not below), two below 40 %, one with too few to rank.
pub const STATIONS: [Station; 17] = stations! {
    // code         bureau         filed solved old  filed0 solved0 alerts alerts0
    "371102010000" "371102000000"  420   231    22   420    131     412    398;
    "371102020000" "371102000000"  360   180    16   380    100     366    371;
    "371102030000" "371102000000"  300   111    9    300    54      328    301;
    "371103010000" "371103000000"  140   91     8    150    42      214    226;
    "371103020000" "371103000000"  290   116    10   300    66      307    318;
    "371103030000" "371103000000"  180   81     7    190    44      243    240;
    "371121010000" "371121000000"  48    30     3    120    27      577    625;
    "371121020000" "371121000000"  260   130    12   245    76      281    275;
    "371121030000" "371121000000"  8     5      0    14     4       96     104;
    "371122010000" "371122000000"  400   148    15   395    70      389    402;
    "371122020000" "371122000000"  250   100    9    250    48      266    259;
    "371122030000" "371122000000"  160   72     6    170    40      198    211;
    "371171010000" "371171000000"  170   113    10   165    62      252    247;
    "371172010000" "371172000000"  60    45     4    62     24      157    163;
    "371172020000" "371172000000"  40    25     0    42     12      171    182;
    "371190010000" "371190000000"  32    14     1    24     7       128    119;
    "371190020000" "371190000000"  7     3      0    8      2       88     93;
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up_to_the_published_figures() {
        let sum = |of: fn(&Station) -> usize| STATIONS.iter().map(of).sum::<usize>();
        assert_eq!((sum(|s| s.filed), sum(|s| s.filed_base)), (3125, 3235));
        assert_eq!((sum(|s| s.solved), sum(|s| s.solved_base)), (1495, 809));
    }

    #[test]
    fn the_year_before_is_the_same_days() {
        assert_eq!(
            (CAMPAIGN.from.year() - 1, CAMPAIGN.from.month(), CAMPAIGN.from.day()),
            (BASE.from.year(), BASE.from.month(), BASE.from.day())
        );
        assert_eq!(
            (CAMPAIGN.to.year() - 1, CAMPAIGN.to.month(), CAMPAIGN.to.day()),
            (BASE.to.year(), BASE.to.month(), BASE.to.day())
        );
        assert_eq!(BETWEEN.days(), 52);
    }
}
