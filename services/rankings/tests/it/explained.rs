//! Every number is the sum of lines, and each line names its event.

use crate::world::*;
use time::Duration;
use time::macros::{date, datetime};
use xiaoan_proto::rankings::v1::ExplainRequest;
use xiaoan_rankings::ReadError;

fn ask(board: &str, unit: &str, indicator: &str) -> ExplainRequest {
    ExplainRequest {
        board: board.into(),
        period: JUNE.into(),
        org_unit: unit.into(),
        indicator: indicator.into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_a_board_is_explained_to_the_last_line() {
    let mut world = World::new().await;
    for (n, unit) in [FIRST, FIRST, SECOND, THIRD, PIER].into_iter().enumerate() {
        let mut case = world.file(&format!("c{n}"), unit, BURGLARY, date!(2026 - 06 - 03)).await;
        case.catch(&mut world, date!(2026 - 06 - 04), 3).await;
        case.solve(&mut world, date!(2026 - 06 - 05)).await;
        if n == 1 {
            case.revoke(&mut world).await;
        }
    }
    world.move_unit(SECOND, LANSHAN, date!(2026 - 06 - 05)).await;
    for board in ["theft-stations", "theft-bureaus"] {
        let june = world.standings(board, JUNE).await;
        for row in june.entries.iter().chain(&june.total) {
            for cell in &row.indicators {
                let mut request = ask(board, &row.org_unit, &cell.id);
                let numerator = world.reader.explain(&request).await.unwrap();
                assert_eq!(numerator.sum, cell.numerator, "{board} {} {}", row.org_unit, cell.id);
                assert_eq!(numerator.sum, numerator.lines.iter().map(|l| l.quantity).sum::<i64>());
                assert_eq!(numerator.count, i64::try_from(numerator.lines.len()).unwrap());
                request.denominator = true;
                match (cell.denominator, world.reader.explain(&request).await) {
                    (Some(denominator), Ok(lines)) => assert_eq!(lines.sum, denominator),
                    (_, Err(ReadError::BadArgument { field: "denominator", .. })) => {}
                    (found, told) => panic!("{found:?} {told:?}"),
                }
            }
        }
    }
    let revoked = world.reader.explain(&ask("theft-stations", FIRST, "solved")).await.unwrap();
    let told: Vec<_> =
        revoked.lines.iter().map(|l| (l.event_type.as_str(), l.stream.as_str(), l.quantity)).collect();
    assert_eq!(
        told,
        [
            ("xiaoan.cases.v1.CaseSolved", "case-c0", 1),
            ("xiaoan.cases.v1.CaseSolved", "case-c1", 1),
            ("xiaoan.cases.v1.SolveRevoked", "case-c1", -1),
        ]
    );
    assert_eq!(revoked.lines[2].occurred_on, Some(date!(2026 - 06 - 05).into()));
    assert_eq!((revoked.sum, revoked.count), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_together_are_all_lines_each_once_and_sums_span_them() {
    let mut world = World::new().await;
    for n in 0..23_u8 {
        let day = date!(2026 - 06 - 10) - Duration::days((n % 7).into());
        world.file(&format!("c{n}"), [FIRST, SECOND][usize::from(n % 2)], BURGLARY, day).await;
    }
    world.settled().await;
    for unit in ["", DONGGANG] {
        let mut request = ExplainRequest { page_size: 5, ..ask("theft-stations", unit, "filed") };
        let mut seen = Vec::new();
        loop {
            let page = world.reader.explain(&request).await.unwrap();
            assert_eq!((page.sum, page.count), (23, 23));
            assert!(page.lines.len() <= 5);
            seen.extend(page.lines);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let order: Vec<_> = seen.iter().map(|l| (l.occurred_on.unwrap().day, l.position)).collect();
        assert!(order.is_sorted(), "by day, then position");
        let mut positions: Vec<_> = seen.iter().map(|l| l.position).collect();
        positions.sort_unstable();
        positions.dedup();
        assert_eq!(positions.len(), 23);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_can_be_asked_as_of_a_moment_and_refuses_what_it_cannot_explain() {
    let mut world = World::new().await;
    let mut case = world.file("c", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    world.clock.advance(Duration::hours(1));
    case.transfer(&mut world, SECOND).await;
    world.settled().await;
    let then = Some(xiaoan_proto::timestamp(datetime!(2026-07-15 08:30 UTC)));
    let known =
        world.reader.explain(&ExplainRequest { as_of: then, ..ask("theft-stations", FIRST, "filed") }).await;
    assert_eq!(known.unwrap().count, 1);
    let now = world.reader.explain(&ask("theft-stations", FIRST, "filed")).await.unwrap();
    assert_eq!((now.sum, now.count), (0, 2));

    for (request, wrong) in [
        (ask("theft-stations", "371199990000", "filed"), "org_unit"),
        (ask("theft-stations", "3711", "filed"), "org_unit"),
        (ask("theft-stations", FIRST, "happiness"), "indicator"),
        (ExplainRequest { denominator: true, ..ask("theft-stations", FIRST, "filed") }, "denominator"),
        (
            ExplainRequest { denominator: true, ..ask("theft-bureaus", DONGGANG, "solved_per_100_officers") },
            "denominator",
        ),
        (ExplainRequest { page_size: 5001, ..ask("theft-stations", FIRST, "filed") }, "page_size"),
        (ExplainRequest { page_token: "zz".into(), ..ask("theft-stations", FIRST, "filed") }, "page_token"),
    ] {
        match world.reader.explain(&request).await {
            Err(ReadError::BadArgument { field, .. }) => assert_eq!(field, wrong),
            told => panic!("{wrong}: {told:?}"),
        }
    }
}
