//! `xiaoan antifraud …`: stops, freezes and returns; what banks confirmed; member units.
//!
//! Drafts hold persons and account numbers. They are read from a file or from stdin, never from the command line, which
//! everybody on the machine may see.

mod drafts;
mod orders;
mod sums;

use super::{Context, Verdict};
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use time::Date;

/// The anti-fraud centre.
#[derive(Debug, Subcommand)]
pub enum Antifraud {
    /// Draft a stop, a freeze or a return from a JSON file (the request of the API in ProtoJSON; - = stdin)
    Draft {
        /// What
        #[arg(value_enum)]
        what: What,
        /// The file
        file: PathBuf,
    },
    /// Approve what waits: a drafted stop or freeze, an extension, a renewal; decide a return. By another officer than asked
    Approve {
        /// Order
        order_id: String,
    },
    /// Ask for the second stop, or for the renewal of a freeze
    Extend(Extend),
    /// Ask the bank to release a stop, or to lift a freeze
    Release(Why),
    /// Publish the 30-day notice of a pro-rata return
    Notice {
        /// Return
        order_id: String,
        /// Day of publication
        #[arg(long, value_parser = moments::day)]
        on: Date,
    },
    /// Send an unanswered instruction again, with the same serial number
    Resend {
        /// Order
        order_id: String,
        /// TransSerialNumber
        serial: String,
    },
    /// Take back what a bank confirmed by mistake (registrars)
    Revoke(Why),
    /// Stops, freezes or returns of a unit and those below it, newest first
    List(List),
    /// One order
    Get {
        /// Order
        order_id: String,
    },
    /// What banks confirmed: stopped, frozen, returned. Never added to each other
    Sums(Period),
    /// The events behind one of the three sums
    Entries(Entries),
    /// Member units of the joint meeting
    Members,
    /// Take a member unit in (headquarters)
    Join(Join),
}

/// Kinds of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// 止付
    #[value(alias = "stops")]
    Stop,
    /// 冻结
    #[value(alias = "freezes")]
    Freeze,
    /// 返还
    #[value(alias = "returns")]
    Return,
}

/// What a restricted person is told.
#[derive(Debug, Args)]
pub struct Extend {
    /// Stop or freeze
    pub order_id: String,
    /// Why (told to the holder)
    #[arg(long)]
    pub reason: String,
    /// How to object
    #[arg(long)]
    pub remedy: String,
    /// Which papers are needed
    #[arg(long)]
    pub papers: String,
}

/// An order and a reason.
#[derive(Debug, Args)]
pub struct Why {
    /// Order
    pub order_id: String,
    /// Why
    #[arg(long)]
    pub reason: String,
}

/// Which orders.
#[derive(Debug, Args)]
pub struct List {
    /// What
    #[arg(value_enum)]
    pub what: What,
    /// Unit whose orders and those below it are listed [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// Only this bank
    #[arg(long, default_value = "")]
    pub bank: String,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Days and units.
#[derive(Debug, Args)]
pub struct Period {
    /// Unit with those below it [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// First day
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
}

/// Which events.
#[derive(Debug, Args)]
pub struct Entries {
    /// Whose sum
    #[arg(value_enum)]
    pub ledger: What,
    /// Days and units
    #[command(flatten)]
    pub period: Period,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 500)]
    pub limit: usize,
}

/// A member unit.
#[derive(Debug, Args)]
pub struct Join {
    /// Id: lower-case letters, digits and hyphens
    pub member_unit: String,
    /// What it is
    #[arg(long, value_enum)]
    pub kind: Kind,
    /// Chinese name
    #[arg(long)]
    pub name_zh: String,
    /// English name
    #[arg(long, default_value = "")]
    pub name_en: String,
    /// First day
    #[arg(long, value_parser = moments::day)]
    pub on: Date,
    /// What it does on site
    #[arg(long, value_enum, default_value = "none")]
    pub role: OnSite,
}

/// Kinds of member unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// 银行
    Bank,
    /// 通信运营商
    Operator,
    /// 互联网企业
    Internet,
    /// 政府部门
    Department,
}

/// Roles on site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnSite {
    /// Not on site
    None,
    /// 止付冻结
    StopPayment,
    /// 封停
    Blocking,
    /// 查询
    Inquiry,
    /// 联络
    Liaison,
}

/// Does it.
///
/// # Errors
/// Whatever the service says, and a draft that cannot be read.
pub async fn run(context: &Context, what: Antifraud) -> Result<Verdict, Fault> {
    match what {
        Antifraud::Draft { what, file } => drafts::draft(context, what, &file).await,
        Antifraud::Approve { order_id } => orders::approve(context, order_id).await,
        Antifraud::Extend(what) => orders::extend(context, what).await,
        Antifraud::Release(what) => orders::release(context, what).await,
        Antifraud::Notice { order_id, on } => orders::notice(context, order_id, on).await,
        Antifraud::Resend { order_id, serial } => orders::resend(context, order_id, serial).await,
        Antifraud::Revoke(what) => orders::revoke(context, what).await,
        Antifraud::List(what) => orders::list(context, what).await,
        Antifraud::Get { order_id } => orders::get(context, order_id).await,
        Antifraud::Sums(what) => sums::sums(context, what).await,
        Antifraud::Entries(what) => sums::entries(context, what).await,
        Antifraud::Members => sums::members(context).await,
        Antifraud::Join(what) => sums::join(context, what).await,
    }
}

/// A fresh request id.
fn fresh() -> String {
    xiaoan_kernel::RequestId::fresh().to_string()
}

/// Kind of an order by its id; the service says what is wrong with others.
fn kind_of(order_id: &str) -> What {
    match order_id.rsplit_once('-').and_then(|(_, own)| own.chars().next()) {
        Some('f') => What::Freeze,
        Some('r') => What::Return,
        _ => What::Stop,
    }
}
