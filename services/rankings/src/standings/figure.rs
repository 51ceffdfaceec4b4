//! One cell of a board: an indicator's numbers, its text, its change on the year before, its interval.
//!
//! | shown | decimals |
//! |---|---|
//! | a count | none; fen are shown as yuan with two |
//! | a rate in per cent | one; two when it is a rate of a thousand or more |
//! | another ratio (per 100 officers) | two |
//! | a change of a rate, in percentage points | as the rate; two only when both denominators reach a thousand |
//! | a relative change, in per cent | one; two while it is below ten per cent |
//!
//! Rounded half away from zero; of two decimals a zero at the end is left out: "40.0", "+5.8pp", "-60.0%", "-7.68%".

use crate::measures::Measure;
use xiaoan_kernel::fraction::{self, Fraction, rate_places, rounded};
use xiaoan_kernel::{wilson, yuan_from_fen};
use xiaoan_proto::hq::v1::Indicator;
use xiaoan_proto::rankings::v1::IndicatorValue;

/// Numbers of one indicator over one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Numerator; the number itself for a plain count.
    pub numerator: i64,
    /// Denominator; `None` for a plain count.
    pub denominator: Option<i64>,
}

/// The value that ranks and is held against a threshold; `None` when there is too little to say.
#[must_use]
pub fn value(indicator: &Indicator, numbers: Numbers) -> Option<Fraction> {
    match numbers.denominator {
        None => Some(Fraction::whole(numbers.numerator)),
        Some(d) if d < indicator.min_denominator => None,
        Some(d) => Fraction::new(numbers.numerator, d),
    }
}

/// Whether the indicator is a share in per cent, as opposed to a count or another ratio.
fn is_rate(indicator: &Indicator) -> bool {
    indicator.denominator.is_some() && indicator.unit == "%"
}

fn is_money(indicator: &Indicator) -> bool {
    let measure = indicator.numerator.as_ref().and_then(|part| Measure::named(&part.measure));
    measure.is_some_and(Measure::is_money)
}

/// The cell: numbers of the period and of its base.
#[must_use]
pub fn cell(indicator: &Indicator, now: Numbers, base: Numbers) -> IndicatorValue {
    let evaluable = value(indicator, now).is_some();
    let interval = match now.denominator {
        // A share of money is no proportion of cases: yuan are not independent of one another.
        Some(n) if is_rate(indicator) && !is_money(indicator) => wilson::interval(now.numerator, n),
        _ => None,
    };
    let both = evaluable && value(indicator, base).is_some();
    let (yoy, yoy_relative) = if both { change(indicator, now, base) } else { Default::default() };
    IndicatorValue {
        id: indicator.id.clone(),
        numerator: now.numerator,
        denominator: now.denominator,
        base_numerator: base.numerator,
        base_denominator: base.denominator,
        display: if evaluable { display(indicator, now) } else { String::new() },
        yoy,
        yoy_relative,
        base_zero: base.denominator.unwrap_or(base.numerator) == 0,
        wilson_low: interval.map(|(low, _)| low),
        wilson_high: interval.map(|(_, high)| high),
        evaluable,
    }
}

fn display(indicator: &Indicator, numbers: Numbers) -> String {
    let scaled = i128::from(numbers.numerator) * i128::from(indicator.scale.max(1));
    let Some(denominator) = numbers.denominator else {
        return match is_money(indicator) {
            true => yuan_from_fen(numbers.numerator),
            false => text(|text| fraction::push(text, scaled, 0)),
        };
    };
    let places = if is_rate(indicator) { rate_places(denominator) } else { 2 };
    fraction::decimal(scaled, denominator.into(), places).unwrap_or_default()
}

/// A text made in one piece.
fn text(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::with_capacity(12);
    write(&mut text);
    text
}

/// (change, relative change of a rate); empty where the base is zero.
fn change(indicator: &Indicator, now: Numbers, base: Numbers) -> (String, String) {
    let Numbers { numerator: n, denominator: d } = now;
    let Numbers { numerator: bn, denominator: bd } = base;
    let (d, bd) = (i128::from(d.unwrap_or(1)), i128::from(bd.unwrap_or(1)));
    // value ÷ base value = (n · bd) ÷ (d · bn)
    let relative = relative_change(i128::from(n) * bd, d * i128::from(bn));
    if !is_rate(indicator) {
        return (relative, String::new());
    }
    let places = rate_places(i64::try_from(d.min(bd)).unwrap_or(i64::MAX));
    let difference = i128::from(n) * bd - i128::from(bn) * d;
    let points =
        difference.checked_mul(indicator.scale.max(1).into()).and_then(|up| rounded(up, d * bd, places));
    let points = points.map_or_else(String::new, |units| {
        text(|text| {
            fraction::push_signed(text, units, places);
            text.push_str("pp");
        })
    });
    (points, relative)
}

/// "+84.8%" for now ÷ base − 1; empty for a base that is not above zero.
fn relative_change(now: i128, base: i128) -> String {
    let per_cent = |places| rounded((now - base).checked_mul(100)?, base, places);
    let Some(hundredths) = per_cent(2) else { return String::new() };
    let (units, places) = match per_cent(1) {
        Some(tenths) if hundredths.abs() >= 1_000 => (tenths, 1),
        _ => (hundredths, 2),
    };
    text(|text| {
        fraction::push_signed(text, units, places);
        text.push('%');
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_proto::hq::v1::MeasureRef;

    fn of(measure: &str) -> Option<MeasureRef> {
        Some(MeasureRef { measure: measure.into(), category_prefix: String::new() })
    }
    fn count(measure: &str) -> Indicator {
        Indicator { numerator: of(measure), scale: 1, ..Default::default() }
    }
    fn rate() -> Indicator {
        Indicator {
            numerator: of("case.solved"),
            denominator: of("case.filed"),
            scale: 100,
            unit: "%".into(),
            min_denominator: 10,
            ..Default::default()
        }
    }
    fn counted(now: i64, base: i64) -> IndicatorValue {
        let numbers = |numerator| Numbers { numerator, denominator: None };
        cell(&count("case.solved"), numbers(now), numbers(base))
    }
    fn rated(now: (i64, i64), base: (i64, i64)) -> IndicatorValue {
        let numbers = |(numerator, d)| Numbers { numerator, denominator: Some(d) };
        cell(&rate(), numbers(now), numbers(base))
    }

    #[test]
    fn the_figures_of_the_source_come_out_as_published() {
        assert_eq!(counted(1495, 809).yoy, "+84.8%"); // A1
        assert_eq!(counted(278, 149).yoy, "+86.6%"); // J1
        assert_eq!(counted(252, 102).yoy, "+147.1%"); // J1, from whole numbers
        assert_eq!(counted(577, 625).yoy, "-7.68%"); // V12
        assert_eq!(counted(12, 30).yoy, "-60.0%"); // V12
        let theft = rated((1495, 3125), (809, 3235));
        assert_eq!(
            (theft.display.as_str(), theft.yoy.as_str(), theft.yoy_relative.as_str()),
            ("47.84", "+22.83pp", "+91.3%")
        );
        assert_eq!(rated((809, 3235), (0, 0)).display, "25.01");
        assert_eq!(rated((13, 15), (0, 0)).display, "86.7"); // F1
    }

    #[test]
    fn k11_a_zero_base_gives_no_change_never_infinity() {
        let from_nothing = counted(5, 0);
        assert_eq!((from_nothing.yoy.as_str(), from_nothing.base_zero), ("", true));
        assert_eq!(from_nothing.numerator - from_nothing.base_numerator, 5, "both parts are told: +5");
        assert_eq!(counted(9, 12).yoy, "-25.0%");
        assert!(!counted(9, 12).base_zero);
        assert_eq!(rated((470, 1000), (412, 1000)).yoy, "+5.8pp");
        assert_eq!(rated((47, 100), (412, 1000)).yoy, "+5.8pp");
        let unsolved_base = rated((5, 10), (0, 10));
        assert_eq!((unsolved_base.yoy.as_str(), unsolved_base.yoy_relative.as_str()), ("+50.0pp", ""));
        assert!(!unsolved_base.base_zero);
        assert!(rated((5, 10), (0, 0)).base_zero);
    }

    #[test]
    fn k01_too_small_a_denominator_is_not_evaluable_and_shows_only_its_parts() {
        for (numbers, evaluable, display) in [
            ((3, 8), false, ""),
            ((0, 0), false, ""),
            ((4, 10), true, "40.0"),
            ((8, 20), true, "40.0"),
            ((399_999, 1_000_000), true, "40.0"),
        ] {
            let shown = rated(numbers, (0, 0));
            assert_eq!((shown.evaluable, shown.display.as_str()), (evaluable, display), "{numbers:?}");
            assert_eq!((shown.numerator, shown.denominator), (numbers.0, Some(numbers.1)));
        }
    }

    #[test]
    fn k04_a_throughput_rate_above_one_hundred_per_cent_is_shown_as_it_is_without_an_interval() {
        let july = cell(
            &Indicator { min_denominator: 0, ..rate() },
            Numbers { numerator: 3, denominator: Some(2) },
            Numbers { numerator: 0, denominator: Some(0) },
        );
        assert_eq!((july.display.as_str(), july.wilson_low, july.evaluable), ("150.0", None, true));
    }

    #[test]
    fn k12_a_rate_has_its_wilson_interval_and_a_count_has_none() {
        let shown = rated((20, 50), (0, 0));
        assert_eq!((shown.wilson_low, shown.wilson_high), (Some(2761), Some(5382)));
        assert_eq!(counted(20, 50).wilson_low, None);
    }

    #[test]
    fn money_is_counted_in_fen_and_shown_in_yuan() {
        let none = Numbers { numerator: 0, denominator: None };
        let shown =
            cell(&count("case.solved_loss"), Numbers { numerator: 747_000_050, denominator: None }, none);
        assert_eq!((shown.numerator, shown.display.as_str()), (747_000_050, "7470000.50"));
    }

    #[test]
    fn a_ratio_that_is_no_rate_changes_in_per_cent() {
        let per_100 = Indicator { denominator: of("officers"), scale: 100, ..count("case.solved") };
        let numbers = |numerator, d| Numbers { numerator, denominator: Some(d) };
        let shown = cell(&per_100, numbers(95, 420), numbers(80, 400));
        assert_eq!((shown.display.as_str(), shown.yoy.as_str(), shown.wilson_low), ("22.62", "+13.1%", None));
        assert!(!cell(&per_100, numbers(95, 0), numbers(0, 0)).evaluable);
    }

    #[test]
    fn nothing_changed_has_no_sign() {
        assert_eq!(counted(7, 7).yoy, "0.0%");
    }
}
