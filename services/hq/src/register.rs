//! Registers that headquarters keeps: what it grants and what it watches.
//!
//! | room | what happens there |
//! |---|---|
//! | [`commendation`] | honours, from the nomination to the award or its revocation (facts row A8) |
//! | [`supervision`] | cases that a bureau chief takes in person (A11) |
//! | [`reference`] | figures of other cities and of the province, never our own (A12, A13) |
//! | [`survey`] | what the public says (A13) |
//! | [`inspection`] | visits and checks of units (P15) |
//! | [`refusal`] | with which words headquarters says no here |

pub mod commendation;
pub mod inspection;
pub mod reference;
pub mod refusal;
pub mod supervision;
pub mod survey;

use crate::fields::recorded_day;
use crate::register::refusal::Refused;
use prost::Message;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Aggregate, OrgCode, day_over};
use xiaoan_proto::core::v1 as core;
use xiaoan_rpc::Check;

/// By what an entry of a register is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys<'a> {
    /// Id of the aggregate.
    pub id: &'a str,
    /// Unit it is about; empty when it is about none of ours.
    pub org_unit: &'a str,
    /// Number of its state; 0 when it has none.
    pub state: i32,
    /// Number of its kind; 0 when it has none.
    pub kind: i32,
    /// What it refers to, for example a case number.
    pub reference: &'a str,
    /// Day on which it counts; `None` = it does not count yet.
    pub day: Option<core::Date>,
}

/// An aggregate that is what it shows.
pub trait Register: Aggregate + From<Self::Shown> {
    /// How it is shown.
    type Shown: Message + Default;
    /// As it is; `None` = it never was.
    fn into_shown(self) -> Option<Self::Shown>;
    /// By what it is found.
    fn keys(shown: &Self::Shown) -> Keys<'_>;
    /// Writes the version into it.
    fn put_etag(shown: &mut Self::Shown, etag: String);
}

/// Who decides, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Subject of the caller's token.
    pub subject: &'a str,
    /// The city's calendar day.
    pub today: Date,
}

/// A day of a command: as stated, or today; neither in the future nor before the step before.
fn step_day(
    check: &mut Check,
    field: &'static str,
    stated: Option<core::Date>,
    earliest: Option<core::Date>,
    today: Date,
) -> Option<Date> {
    let day = match stated {
        None => Some(today),
        Some(_) => check.past_day(field, stated, today),
    };
    let earliest = earliest.and_then(|day| Date::try_from(day).ok());
    let late_enough = day.zip(earliest).is_none_or(|(day, earliest)| earliest <= day);
    let (zh, en) = ("不能早于上一步", "may not be before the step before");
    check.ensure(late_enough, "GE-006", field, zh, en);
    day.filter(|_| late_enough)
}

/// The moment at which a day of a recorded event is over.
fn end_of(day: Option<core::Date>) -> Option<OffsetDateTime> {
    day_over(recorded_day(day))
}

/// What another system calls a thing: 1..=40 letters, digits or hyphens (GE-006).
fn reference(check: &mut Check, field: &'static str, text: &str) {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let (zh, en) = ("须为 1 至 40 个字母、数字或连字符", "must be 1 to 40 letters, digits or hyphens");
    check.ensure((1..=40).contains(&text.len()) && plain, "GE-006", field, zh, en);
}

/// The unit of a recorded event; deciding never records one without.
fn unit_of(code: &str) -> Result<OrgCode, Refused> {
    OrgCode::parse(code).map_err(|_| refusal::Reason::OrgUnit.into())
}
