//! Interviews (facts row A10): two notices in adjacent months lead to one; hq triggers it with the second. The city bureau's
//! deputy chief interviews the deputy bureau chief in charge and the station's head, named by post.

use super::closings::{day, period};
use super::notices::Below;
use super::{BOARD, Course, NAME};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::city::CITY;
use crate::demo::plan::bureau_of;
use crate::demo::stage::{Actor, Shown, Tale};
use crate::fault::Fault;
use xiaoan_proto::hq::v1::{self as hq, InterviewState, Officeholder, Post};

/// A station with notices in a month and in the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    /// Place of the second month.
    pub(super) month: usize,
    /// Station.
    pub(super) unit: &'static str,
}

/// How far an interview came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Triggered,
    Scheduled,
    /// Held; its minutes have commitments, which nobody has judged: their days are over, so they are missed.
    Missed,
    /// Held, with nothing left to keep.
    Closed,
}

/// Those that fall with the correction are only scheduled; so is one of the others, and one waits.
fn stage(n: usize, falls: bool) -> Stage {
    match n {
        _ if falls => Stage::Scheduled,
        0 => Stage::Missed,
        1 => Stage::Scheduled,
        2 => Stage::Triggered,
        _ => Stage::Closed,
    }
}

/// Newest first, then in the order of the table of stations.
pub(super) fn pairs(below: &[Below]) -> Vec<Pair> {
    let has = |month: usize, unit: &str| below.iter().any(|b| b.month == month && b.unit == unit);
    let mut pairs: Vec<_> = below
        .iter()
        .filter(|b| b.month.checked_sub(1).is_some_and(|before| has(before, b.unit)))
        .map(|b| Pair { month: b.month, unit: b.unit })
        .collect();
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.month));
    pairs
}

fn interview_id(pair: &Pair) -> String {
    format!("{BOARD}-{}-{}", pair.unit, period(pair.month))
}

pub(super) fn tale(n: usize, pair: &Pair, falls: bool) -> Tale {
    let (headquarters, id) = (Actor::headquarters(&["hq"]), || interview_id(pair));
    let stage = stage(n, falls);
    let mut tale = Tale::new(NAME, format!("interview-{}", id()));
    if stage == Stage::Triggered {
        return tale;
    }
    let on = |days: i64| Some(day(pair.month, days).into());
    let holder = |org_unit: &str, post: Post| Officeholder { org_unit: org_unit.into(), post: post.into() };
    let schedule = hq::ScheduleInterviewRequest {
        interview_id: id(),
        scheduled_for: on(14),
        interviewer: Some(holder(CITY, Post::CityDeputyChief)),
        interviewees: vec![
            holder(bureau_of(pair.unit), Post::DeputyBureauChief),
            holder(pair.unit, Post::StationHead),
        ],
        on: on(8),
        ..Default::default()
    };
    tale.add(&headquarters, schedule);
    if stage == Stage::Scheduled {
        return tale;
    }
    let hold = hq::HoldInterviewRequest { interview_id: id(), on: on(14), ..Default::default() };
    tale.add(&headquarters, hold);
    let commitment = |text: &str, days| hq::CommitmentInput { text: text.into(), due_on: on(days) };
    let commitments = match stage {
        Stage::Missed => vec![commitment("演示：一个月内落实技防", 44), commitment("演示：清理积案", 74)],
        _ => Vec::new(),
    };
    let sign = hq::SignInterviewMinutesRequest {
        interview_id: id(),
        minutes: "演示：通报情况，提出要求".into(),
        commitments,
        on: on(16),
        ..Default::default()
    };
    tale.with(&headquarters, sign)
}

pub(super) async fn figures(clients: &Clients, course: &Course) -> Result<Vec<Shown>, Fault> {
    let request = hq::ListInterviewsRequest { board: BOARD.into(), ..Default::default() };
    let ask = async |r| clients.interview().list_interviews(r).await;
    let interviews = clients.call(Service::Hq, request, ask).await?.interviews;
    let pairs = pairs(&course.below);
    let mine: Vec<_> = pairs.iter().map(interview_id).collect();
    let interviews: Vec<_> = interviews.iter().filter(|i| mine.contains(&i.interview_id)).collect();
    let in_state = |state| interviews.iter().filter(|i| i.state() == state).count();
    let falls = |pair: &&Pair| course.falls(pair);
    let held =
        |(n, pair): &(usize, &Pair)| matches!(stage(*n, course.falls(pair)), Stage::Missed | Stage::Closed);
    Ok(vec![
        Shown::of("约谈", "interviews after two notices (A10)", &mine.len(), &interviews.len()),
        Shown::of(
            "约谈撤销",
            "interviews withdrawn by the correction",
            &pairs.iter().filter(falls).count(),
            &in_state(InterviewState::Withdrawn),
        ),
        Shown::of(
            "约谈办结",
            "interviews closed",
            &pairs.iter().enumerate().filter(held).count(),
            &in_state(InterviewState::Closed),
        ),
    ])
}
