//! Boards as a reader sees them.

use crate::world::*;
use time::macros::date;
use xiaoan_kernel::parse_day;
use xiaoan_proto::cases::v1::AlertReceived;
use xiaoan_proto::hq::v1::{CampaignOpened, Scheme, SchemePublished};
use xiaoan_rankings::ReadError;
use xiaoan_rankings::booking::alert::AlertEvent;

xiaoan_kernel::events! { enum SchemeEvent { Published(SchemePublished) } }
xiaoan_kernel::events! { enum CampaignEvent { Opened(CampaignOpened) } }

/// (unit, filed in June, of those solved in June, of those solved in July).
const CITY_IN_JUNE: [(&str, usize, usize, usize); 3] =
    [(FIRST, 20, 8, 4), (SECOND, 10, 4, 0), (THIRD, 12, 4, 3)];

async fn city_in_june() -> World {
    let mut world = World::new().await;
    for (station, filed, in_june, in_july) in CITY_IN_JUNE {
        for n in 0..filed {
            let day = parse_day(&format!("2026-06-{:02}", n % 28 + 1)).unwrap();
            let mut case = world.file(&format!("{station}-{n}"), station, BURGLARY, day).await;
            if n < in_june {
                case.catch(&mut world, date!(2026 - 06 - 29), 2).await;
                case.solve(&mut world, date!(2026 - 06 - 30)).await;
            } else if n < in_june + in_july {
                case.solve(&mut world, date!(2026 - 07 - 01)).await;
            }
        }
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn stations_are_ranked_by_what_their_events_say() {
    let mut world = city_in_june().await;
    world.file("pier-1", PIER, BURGLARY, date!(2026 - 06 - 10)).await;
    let june = world.standings("theft-stations", JUNE).await;

    let order: Vec<_> = june.entries.iter().map(|e| (e.org_unit.as_str(), e.rank, e.attention)).collect();
    assert_eq!(order, [(FIRST, Some(1), false), (SECOND, Some(1), false), (THIRD, Some(3), true)]);
    let first = entry(&june, FIRST);
    assert_eq!((first.name_zh.as_str(), first.parent.as_str()), ("一所", DONGGANG));
    let rate = cell(first, "solve_rate");
    assert_eq!((rate.numerator, rate.denominator, rate.display.as_str()), (8, Some(20), "40.0"));
    assert_eq!((rate.wilson_low, rate.wilson_high), (Some(2188), Some(6134)));
    assert_eq!(cell(first, "cohort_solve_rate").numerator, 12);
    assert_eq!(cell(first, "arrests").numerator, 16);
    assert_eq!(cell(first, "amount_involved").display, "12000.00");

    let total = june.total.as_ref().unwrap();
    assert_eq!(cell(total, "filed").numerator, 43, "the port's case is the city's, though no station's");
    assert_eq!(total.rank, None);
    let sources: Vec<_> =
        june.sources.iter().map(|s| (s.source.as_str(), s.lag_events, s.problem.as_str())).collect();
    assert_eq!(sources, [("cases", 0, ""), ("hq", 0, "")]);
    assert_eq!(june.sources[0].position, world.cases.head().await.unwrap().position);
    assert_eq!(june.sources[0].chain_head, world.cases.head().await.unwrap().hash);
    world.checked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k04_solves_of_july_are_julys_throughput_and_junes_cohort() {
    let world = city_in_june().await;
    let july = world.standings("theft-stations", JULY).await;
    let first = entry(&july, FIRST);
    assert_eq!((cell(first, "solved").numerator, cell(first, "filed").numerator), (4, 0));
    assert_eq!((first.rank, first.attention, first.previous_rank), (None, false, Some(1)));
    assert_eq!(entry(&july, THIRD).previous_rank, Some(3));
    assert_eq!(cell(first, "cohort_solve_rate").numerator, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn k04_of_ten_cases_of_june_seven_are_solved_and_july_shows_three_of_two() {
    let mut world = World::new().await;
    let mut scheme = world.reader.boards().await.unwrap().remove(0);
    scheme.version = 1;
    scheme.indicators.iter_mut().for_each(|i| i.min_denominator = 0);
    let published = SchemePublished { scheme: Some(scheme) };
    world.decide("scheme", "theft-stations", vec![SchemeEvent::from(published)]).await;
    for n in 0..10 {
        let mut case = world.file(&format!("june-{n}"), FIRST, BURGLARY, date!(2026 - 06 - 10)).await;
        match n {
            0..4 => case.solve(&mut world, date!(2026 - 06 - 30)).await,
            4..7 => case.solve(&mut world, date!(2026 - 07 - 02)).await,
            _ => {}
        }
    }
    for n in 0..2 {
        world.file(&format!("july-{n}"), FIRST, BURGLARY, date!(2026 - 07 - 03)).await;
    }
    let shown = async |month: &str, id: &str| {
        let standings = world.standings("theft-stations", month).await;
        let cell = cell(entry(&standings, FIRST), id);
        (cell.numerator, cell.denominator, cell.display.clone())
    };
    assert_eq!(shown(JUNE, "cohort_solve_rate").await, (7, Some(10), "70.0".into()));
    assert_eq!(shown(JUNE, "solve_rate").await, (4, Some(10), "40.0".into()));
    assert_eq!(shown(JULY, "solve_rate").await, (3, Some(2), "150.0".into()), "not clamped");
    // 现案 0/2; so all three solves of July are of older cases (积案 3).
    assert_eq!(shown(JULY, "cohort_solve_rate").await, (0, Some(2), "0.0".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn bureaus_sum_their_stations_and_divide_by_their_officers() {
    let world = city_in_june().await;
    let june = world.standings("theft-bureaus", "2026-06-01..2026-06-30").await;
    let bureau = entry(&june, DONGGANG);
    assert_eq!(cell(bureau, "filed").numerator, 30);
    let per_100 = cell(bureau, "solved_per_100_officers");
    assert_eq!((per_100.numerator, per_100.denominator, per_100.display.as_str()), (12, Some(420), "2.86"));
    let city = cell(june.total.as_ref().unwrap(), "solved_per_100_officers");
    assert_eq!((city.numerator, city.denominator), (16, Some(910)));
    assert!(june.entries.iter().all(|e| e.org_unit != PORT), "only kinds named in the scheme are ranked");
    let months = world.standings("theft-bureaus", JUNE).await;
    assert_eq!(
        months.entries,
        june.entries
            .iter()
            .cloned()
            .map(|e| xiaoan_proto::rankings::v1::Entry {
                previous_rank: entry(&months, &e.org_unit).previous_rank,
                ..e
            })
            .collect::<Vec<_>>(),
        "a month and its days are the same period"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_station_moves_bureau_sums_only_from_its_day() {
    let mut world = city_in_june().await;
    let before = world.standings("theft-bureaus", JUNE).await;
    assert_eq!((count(&before, DONGGANG, "filed"), count(&before, LANSHAN, "filed")), (30, 12));
    world.move_unit(FIRST, LANSHAN, date!(2026 - 06 - 15)).await;
    let after = world.standings("theft-bureaus", JUNE).await;
    assert_eq!((count(&after, DONGGANG, "filed"), count(&after, LANSHAN, "filed")), (24, 18));
    assert_eq!((count(&after, DONGGANG, "solved"), count(&after, LANSHAN, "solved")), (4, 12));
    assert_eq!(count(&world.standings("theft-stations", JUNE).await, FIRST, "filed"), 20);
    assert_eq!(before.total.as_ref().unwrap().indicators, after.total.as_ref().unwrap().indicators);
    assert!(after.revision > before.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_alerts_and_preventable_cases_are_shown_against_the_year_before() {
    let mut world = World::new().await;
    for (year, alerts, cases) in [(2025, 25, 5), (2026, 23, 2)] {
        let at = format!("{year}-06-09");
        let day = parse_day(&at).unwrap();
        for n in 0..alerts {
            let received = AlertReceived {
                org_unit: FIRST.into(),
                received_at: Some(xiaoan_proto::timestamp(day.midnight().assume_utc())),
                kind: "dispute".into(),
                ..Default::default()
            };
            world.happen("alert", &format!("{year}-{n}"), vec![AlertEvent::from(received)]).await;
        }
        for n in 0..cases {
            world.file_with(&format!("p{year}-{n}"), FIRST, FRAUD, day, false, true).await;
        }
    }
    let june = world.standings("prevention-stations", JUNE).await;
    let row = entry(&june, FIRST);
    assert_eq!((cell(row, "alerts").numerator, cell(row, "alerts").yoy.as_str()), (23, "-8.0%"));
    assert_eq!(
        (cell(row, "preventable_cases").numerator, cell(row, "preventable_cases").yoy.as_str()),
        (2, "-60.0%")
    );
    assert_eq!(row.rank, Some(3), "two other stations have none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_counts_for_periods_that_begin_on_its_day_or_later() {
    let mut world = city_in_june().await;
    let built_in = world.reader.boards().await.unwrap();
    let scheme = built_in.iter().find(|s| s.board == "theft-stations").unwrap();
    let mut stricter = Scheme {
        version: 1,
        effective_on: Some(date!(2026 - 06 - 01).into()),
        title_zh: "新办法".into(),
        ..scheme.clone()
    };
    stricter.indicators.iter_mut().for_each(|i| i.min_denominator *= 2);
    stricter.attention_rules[0].threshold_numerator = 41;
    let may = world.standings("theft-stations", "2026-05").await;
    let before = world.standings("theft-stations", JUNE).await;
    assert_eq!(entry(&before, SECOND).rank, Some(1));

    world.clock.advance(time::Duration::minutes(5));
    let published = SchemePublished { scheme: Some(stricter) };
    world.decide("scheme", "theft-stations", vec![SchemeEvent::from(published)]).await;
    let after = world.standings("theft-stations", JUNE).await;
    assert_eq!(after.scheme.as_ref().unwrap().version, 1);
    assert_eq!(entry(&after, SECOND).rank, None, "ten are too few now");
    assert!(entry(&after, FIRST).attention, "40 % is below 41 %");
    let may_after = world.standings("theft-stations", "2026-05").await;
    assert_eq!(may_after.scheme, may.scheme, "an earlier period keeps its scheme");
    let then = time::macros::datetime!(2026-07-15 08:01 UTC);
    let known = world.standings_as_of("theft-stations", JUNE, then).await;
    assert_eq!(known.scheme, before.scheme, "as it was known then");
    assert_eq!(world.reader.boards().await.unwrap()[0].title_zh, "新办法");
}

#[tokio::test(flavor = "multi_thread")]
async fn hq_adds_a_board_by_publishing_a_scheme() {
    let mut world = city_in_june().await;
    let theft = world.reader.boards().await.unwrap().remove(0);
    let pocket = Scheme { board: "all-units".into(), version: 1, entrant_kinds: vec![2, 3], ..theft };
    world
        .decide("scheme", "all-units", vec![SchemeEvent::from(SchemePublished { scheme: Some(pocket) })])
        .await;
    let june = world.standings("all-units", JUNE).await;
    assert_eq!((count(&june, DONGGANG, "filed"), count(&june, FIRST, "filed")), (30, 20));
    let names: Vec<_> = world.reader.boards().await.unwrap().into_iter().map(|s| s.board).collect();
    assert_eq!(names.first().map(String::as_str), Some("theft-stations"));
    assert_eq!(names.last().map(String::as_str), Some("all-units"), "behind the built-in ones");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_a_period_by_its_id() {
    let mut world = city_in_june().await;
    let opened = CampaignOpened {
        campaign_id: "summer-wind".into(),
        from: Some(date!(2026 - 06 - 20).into()),
        to: Some(date!(2026 - 07 - 10).into()),
        ..Default::default()
    };
    world.decide("campaign", "summer-wind", vec![CampaignEvent::from(opened)]).await;
    let campaign = world.standings("theft-stations", "summer-wind").await;
    assert_eq!(campaign.from, Some(date!(2026 - 06 - 20).into()));
    assert_eq!(campaign.to, Some(date!(2026 - 07 - 10).into()));
    assert_eq!(count(&campaign, FIRST, "solved"), 12);
    assert_eq!(count(&campaign, FIRST, "filed"), 1);
    assert_eq!(world.reader.campaigns().await.unwrap()[0].campaign_id, "summer-wind");
    for bad in ["autumn-wind", "2026-13", ""] {
        let refused = world.reader.standings("theft-stations", bad, None).await;
        assert!(matches!(refused, Err(ReadError::BadPeriod { .. })), "{bad}");
    }
    let unknown = world.reader.standings("no-board", JUNE, None).await;
    assert!(matches!(unknown, Err(ReadError::UnknownBoard { .. })));
}
