//! Vectors K6–K8 (as far as they are about time), the edges of each way of counting, and the built-in data.

use super::*;
use proptest::prelude::*;
use time::macros::{date, datetime};
use time::{Duration, Weekday};

/// The test calendar of vector K8: 2026 with 25–27 September off, and nothing else.
fn k08_clock() -> LegalClock {
    let calendar = "from,to,kind\n2026-01-01,2026-12-31,year\n2026-09-25,2026-09-27,off\n";
    LegalClock::new(WorkCalendar::read(calendar).unwrap(), Catalogue::built_in())
}

#[test]
fn k06_a_stop_lasts_48_hours_from_the_banks_moment_and_a_second_one_as_long_again() {
    let clock = LegalClock::built_in();
    let first = clock.due("STOP-48", datetime!(2026-03-01 10:00 +8)).unwrap();
    assert_eq!(first.ends_at, datetime!(2026-03-03 10:00 +8));
    let second = clock.due("STOP-48", first.ends_at).unwrap();
    assert_eq!(second.ends_at, datetime!(2026-03-05 10:00 +8));
    assert!(second.in_time(datetime!(2026-03-05 09:59:59.999999 +8)));
    assert!(!second.in_time(datetime!(2026-03-05 10:00 +8)));
}

#[test]
fn k07_a_freeze_of_the_last_of_august_ends_with_february_though_that_is_a_sunday() {
    let freeze = LegalClock::built_in().due("FRZ-6M", datetime!(2026-08-31 09:00 +8)).unwrap();
    assert_eq!((freeze.last_day, freeze.rolled), (date!(2027 - 02 - 28), false));
    assert_eq!(freeze.last_day.weekday(), Weekday::Sunday);
    assert_eq!(freeze.certainty, Certainty::Known, "months ask no calendar");
    assert!(freeze.in_time(datetime!(2027-02-28 23:59 +8)));
    assert!(!freeze.in_time(datetime!(2027-03-01 00:00 +8)));
}

#[test]
fn k08_three_criminal_days_that_end_on_a_holiday_run_to_the_end_of_the_next_working_day() {
    let due = k08_clock().due("REV-CRIM-3D", datetime!(2026-09-23 10:00 +8)).unwrap();
    assert_eq!((due.last_day, due.rolled), (date!(2026 - 09 - 28), true));
    assert_eq!(due.ends_at, datetime!(2026-09-29 00:00 +8));
    assert_eq!(due.last_second(), datetime!(2026-09-28 23:59:59 +8));
}

#[test]
fn k08_three_working_days_of_traffic_leave_the_holidays_out() {
    let due = k08_clock().due("TR-SERVE", datetime!(2026-09-23 10:00 +8)).unwrap();
    assert_eq!((due.last_day, due.rolled), (date!(2026 - 09 - 29), false));
}

#[test]
fn k08_twenty_four_hours_run_by_the_clock_holiday_or_not() {
    let due = k08_clock().due("XFER-24H", datetime!(2026-09-24 23:30 +8)).unwrap();
    assert_eq!((due.ends_at, due.rolled), (datetime!(2026-09-25 23:30 +8), false));
}

#[test]
fn k08_a_period_with_somebody_in_custody_never_rolls() {
    let start = datetime!(2026-09-23 10:00 +8);
    let due = k08_clock().due_with("REV-CRIM-3D", start, Custody::Held).unwrap();
    assert_eq!((due.last_day, due.rolled), (date!(2026 - 09 - 26), false));
}

#[test]
fn a_start_late_in_the_evening_counts_from_the_citys_day_and_not_from_the_day_in_utc() {
    let clock = LegalClock::built_in();
    // 2026-06-10T16:30Z is 00:30 of the 11th in the city.
    let due = clock.count(Limit::days(1), datetime!(2026-06-10 16:30 UTC), Custody::None).unwrap();
    assert_eq!(due.last_day, date!(2026 - 06 - 12));
    let due = clock.count(Limit::days(1), datetime!(2026-06-10 15:59:59 UTC), Custody::None).unwrap();
    assert_eq!(due.last_day, date!(2026 - 06 - 11));
}

#[test]
fn a_sunday_that_is_worked_is_a_working_day() {
    let clock = LegalClock::built_in();
    // Friday 18 September; Sunday the 20th is worked for National Day.
    let start = datetime!(2026-09-18 10:00 +8);
    assert_eq!(
        clock.count(Limit::working_days(1), start, Custody::None).unwrap().last_day,
        date!(2026 - 09 - 20)
    );
    let due = clock.count(Limit::days(1), start, Custody::None).unwrap();
    assert_eq!((due.last_day, due.rolled), (date!(2026 - 09 - 20), true));
}

#[test]
fn seven_days_over_the_spring_festival_end_on_the_first_day_after_it() {
    let due = LegalClock::built_in().due("NF-RECON", datetime!(2026-02-12 09:00 +8)).unwrap();
    assert_eq!((due.last_day, due.rolled), (date!(2026 - 02 - 24), true));
}

#[test]
fn months_are_clamped_to_the_last_day_of_the_month() {
    let clock = LegalClock::built_in();
    for (start, months, last) in [
        (date!(2024 - 02 - 29), 12, date!(2025 - 02 - 28)),
        (date!(2023 - 08 - 29), 6, date!(2024 - 02 - 29)),
        (date!(2025 - 12 - 31), 2, date!(2026 - 02 - 28)),
        (date!(2025 - 10 - 31), 1, date!(2025 - 11 - 30)),
        (date!(2025 - 11 - 30), 1, date!(2025 - 12 - 30)),
        (date!(2025 - 12 - 01), 24, date!(2027 - 12 - 01)),
    ] {
        let at = start.with_hms(12, 0, 0).unwrap().assume_offset(crate::CITY_OFFSET);
        assert_eq!(clock.count(Limit::months(months), at, Custody::None).unwrap().last_day, last, "{start}");
    }
}

#[test]
fn a_year_that_is_not_in_the_data_is_refused() {
    let clock = LegalClock::new(WorkCalendar::built_in(), Catalogue::built_in());
    let start = datetime!(2026-12-30 10:00 +8);
    assert_eq!(clock.count(Limit::days(3), start, Custody::None), Err(LegalError::UnknownYear(2027)));
    assert_eq!(clock.count(Limit::working_days(3), start, Custody::None), Err(LegalError::UnknownYear(2027)));
    // No calendar is asked for these.
    assert!(clock.count(Limit::hours(48), start, Custody::None).is_ok());
    assert!(clock.count(Limit::days(3), start, Custody::Held).is_ok());
    assert!(clock.count(Limit::months(3), start, Custody::None).is_ok());
    assert!(clock.count(Limit::days(1), start, Custody::None).is_ok(), "31 December 2026 is known");
}

#[test]
fn a_year_that_is_not_in_the_data_is_assumed_only_with_saying_so() {
    let clock = LegalClock::built_in();
    let due = clock.count(Limit::days(2), datetime!(2026-12-30 10:00 +8), Custody::None).unwrap();
    // 1 January is off in every year, the 2nd and 3rd are a weekend.
    assert_eq!((due.last_day, due.rolled), (date!(2027 - 01 - 04), true));
    assert_eq!(due.certainty, Certainty::Assumed { year: 2027 });
    let due = clock.count(Limit::days(2), datetime!(2026-12-28 10:00 +8), Custody::None).unwrap();
    assert_eq!(due.certainty, Certainty::Known);
}

#[test]
fn the_built_in_calendar_knows_2021_to_2026_and_their_numbers_of_working_days() {
    let calendar = WorkCalendar::built_in();
    assert_eq!(calendar.years().collect::<Vec<_>>(), (2021..=2026).collect::<Vec<_>>());
    // Days off from Monday to Friday less weekend days worked; counted from the second compilation as well.
    for (year, working) in [(2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)] {
        let mut day = time::Date::from_ordinal_date(year, 1).unwrap();
        let mut counted = 0;
        while day.year() == year {
            counted += i32::from(calendar.workday(day) == Ok(Workday::Known(true)));
            day = day.next_day().unwrap();
        }
        assert_eq!(counted, working, "{year}");
    }
}

#[test]
fn the_built_in_catalogue_holds_every_limit_of_the_reference_once_a_day() {
    let catalogue = Catalogue::built_in();
    assert_eq!(catalogue.iter().count(), 52);
    let today = date!(2026 - 11 - 24);
    assert!(catalogue.iter().all(|d| catalogue.find(&d.id, today) == Some(d)));
    assert_eq!(catalogue.find("STOP-48", today).unwrap().limit, Limit::hours(48));
    assert_eq!(catalogue.find("MED-2", today).unwrap().limit, Limit::working_days(7));
}

#[test]
fn a_limit_is_looked_up_by_the_day_the_period_starts() {
    let catalogue = "id,starts,ends,amount,mode,basis,from,until,checked\n\
        X,a,b,3,cr,old act,2020-01-01,2025-12-31,yes\n\
        X,a,b,5,cr,new act,2026-01-01,,yes\n";
    let clock = LegalClock::new(WorkCalendar::built_in(), Catalogue::read(catalogue).unwrap());
    let last = |start| clock.due("X", start).map(|due| due.last_day);
    assert_eq!(
        last(datetime!(2025-12-31 23:59 +8)),
        Ok(date!(2026 - 01 - 04)),
        "3rd is off, Sunday the 4th is worked"
    );
    assert_eq!(last(datetime!(2026-01-01 00:00 +8)), Ok(date!(2026 - 01 - 06)));
    let none = LegalError::UnknownDeadline { id: "X".into(), on: date!(2019 - 12 - 31) };
    assert_eq!(last(datetime!(2019-12-31 12:00 +8)), Err(none));
}

#[test]
fn wrong_rows_are_named_by_their_line() {
    let line = |result: Result<(), LegalError>| match result {
        Err(LegalError::Row { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    let calendar =
        |row: &str| WorkCalendar::read(&format!("from,to,kind\n2026-01-01,2026-12-31,year\n{row}\n"));
    for row in [
        "2026-02-30,2026-02-30,off",
        "2026-02-03,2026-02-02,off",
        "2026-02-03,2026-02-03,holiday",
        "2026-02-03,2026-02-03,work",
        "2027-02-03,2027-02-03,off",
        "2027-01-01,2027-12-30,year",
    ] {
        assert_eq!(line(calendar(row).map(drop)), 3, "{row}");
    }
    assert_eq!(line(calendar("2026-02-03,2026-02-04,off\n2026-02-04,2026-02-05,off").map(drop)), 4);
    let head = "id,starts,ends,amount,mode,basis,from,until,checked";
    for row in [
        "X,a,b,0,cr,act,2020-01-01,,yes",
        "X,a,b,3,days,act,2020-01-01,,yes",
        "X,a,b,-3,cr,act,2020-01-01,,yes",
    ] {
        assert_eq!(line(Catalogue::read(&format!("{head}\n{row}\n")).map(drop)), 2, "{row}");
    }
    let twice = format!("{head}\nX,a,b,3,cr,act,2020-01-01,,yes\nX,a,b,4,cr,act,2021-01-01,,yes\n");
    assert_eq!(line(Catalogue::read(&twice).map(drop)), 3);
}

fn works(calendar: &WorkCalendar, day: time::Date) -> bool {
    calendar.workday(day).unwrap() == Workday::Known(true)
}

proptest! {
    // Starts within the known years, far enough from their end.
    #[test]
    fn days_end_on_a_working_day_and_never_early(offset in 0i64..86_400 * 2_000, amount in 1u16..60) {
        let clock = LegalClock::new(WorkCalendar::built_in(), Catalogue::built_in());
        let start = datetime!(2021-01-01 00:00 +8) + Duration::seconds(offset);
        let day = city_day(start);
        let rolled = clock.count(Limit::days(amount), start, Custody::None).unwrap();
        let held = clock.count(Limit::days(amount), start, Custody::Held).unwrap();
        prop_assert_eq!(held.last_day, day + Duration::days(i64::from(amount)));
        prop_assert!(works(clock.calendar(), rolled.last_day));
        prop_assert_eq!(rolled.rolled, rolled.last_day > held.last_day);
        let mut between = held.last_day;
        while between < rolled.last_day {
            prop_assert!(!works(clock.calendar(), between));
            between = between.next_day().unwrap();
        }
    }

    #[test]
    fn working_days_are_exactly_as_many_as_the_limit(offset in 0i64..86_400 * 2_000, amount in 1u16..30) {
        let clock = LegalClock::new(WorkCalendar::built_in(), Catalogue::built_in());
        let start = datetime!(2021-01-01 00:00 +8) + Duration::seconds(offset);
        let due = clock.count(Limit::working_days(amount), start, Custody::None).unwrap();
        let (mut day, mut counted) = (city_day(start), 0);
        while day < due.last_day {
            day = day.next_day().unwrap();
            counted += u16::from(works(clock.calendar(), day));
        }
        prop_assert_eq!(counted, amount);
        prop_assert!(works(clock.calendar(), due.last_day));
        prop_assert!(due.in_time(due.ends_at - Duration::NANOSECOND) && !due.in_time(due.ends_at));
    }

    #[test]
    fn more_of_a_limit_never_ends_earlier(offset in 0i64..86_400 * 1_500, amount in 0u16..12, mode in 0..4) {
        let clock = LegalClock::new(WorkCalendar::built_in(), Catalogue::built_in());
        let mode = [Mode::Hours, Mode::Days, Mode::WorkingDays, Mode::Months][mode as usize];
        let start = datetime!(2021-01-01 00:00 +8) + Duration::seconds(offset);
        let end = |amount| clock.count(Limit { amount, mode }, start, Custody::None).unwrap().ends_at;
        prop_assert!(end(amount) <= end(amount + 1));
        prop_assert!(end(amount) >= start);
    }
}
