//! `xiaoan antifraud …`: stops, freezes and returns; what banks confirmed; member units.
//!
//! Drafts hold persons and account numbers. They are read from a file or from stdin, never from the command line, which
//! everybody on the machine may see.

mod drafts;
mod members;
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
    #[command(after_help = "Example: xiaoan antifraud draft stop stop.json\n\n\
        {\"orgUnit\": \"371102010000\", \"account\": {\"memberUnit\": \"bank-01\", \"accountClass\": \"ACCOUNT_CLASS_PERSON\",\n \
         \"holder\": {\"name\": \"…\", \"idNumber\": \"(account number)\"}}, \"transfer\": {\"amountFen\": \"100000\", …}, …}")]
    Draft {
        /// What
        #[arg(value_enum)]
        what: What,
        /// The file
        file: PathBuf,
    },
    /// Approve what waits: a drafted stop or freeze, an extension, a renewal; decide a return. By another officer than asked
    #[command(after_help = "Example: xiaoan antifraud approve 5f2c9a…-s1")]
    Approve {
        /// Order
        order_id: String,
    },
    /// Ask for the second stop, or for the renewal of a freeze
    #[command(
        after_help = "Example: xiaoan antifraud extend 5f2c9a…-s1 --reason 仍在核查 --remedy 七日内向本局申诉 --papers 身份证"
    )]
    Extend(Extend),
    /// Ask the bank to release a stop, or to lift a freeze
    #[command(after_help = "Examples:\n  \
        xiaoan antifraud release 5f2c9a…-s1 --reason 报警人撤回\n  \
        xiaoan antifraud release 5f2c9a…-f1 --reason 与案件无关 --unrelated-since 2026-06-30")]
    Release(Release),
    /// Publish the 30-day notice of a pro-rata return
    #[command(after_help = "Example: xiaoan antifraud notice 5f2c9a…-r1 --on 2026-06-30")]
    Notice {
        /// Return
        order_id: String,
        /// Day of publication
        #[arg(long, value_parser = moments::day)]
        on: Date,
    },
    /// Record an objection to a return; it waits until the objection is decided
    #[command(after_help = "Example: xiaoan antifraud object 5f2c9a…-r1 --ground 份额计算有误")]
    Object {
        /// Return
        order_id: String,
        /// What is objected, without personal data
        #[arg(long)]
        ground: String,
    },
    /// Decide an objection; an upheld one ends the return, and another is proposed
    #[command(
        after_help = "Example: xiaoan antifraud decide-objection 5f2c9a…-r1 1 dismissed --reason 与账目相符"
    )]
    DecideObjection {
        /// Return
        order_id: String,
        /// Number of the objection within the return
        #[arg(value_parser = clap::value_parser!(i32).range(1..))]
        number: i32,
        /// What became of it
        #[arg(value_enum)]
        decision: Decision,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Send an unanswered instruction again, with the same serial number
    #[command(
        after_help = "Example: xiaoan antifraud resend 5f2c9a…-s1 37110201000020260630180000a1b2c3d4e5f6"
    )]
    Resend {
        /// Order
        order_id: String,
        /// TransSerialNumber
        serial: String,
    },
    /// Take back what a bank confirmed by mistake (registrars)
    #[command(after_help = "Example: xiaoan antifraud revoke 5f2c9a…-s1 --reason 银行函件更正")]
    Revoke(Why),
    /// Stops, freezes or returns of a unit and those below it, newest first
    #[command(after_help = "Example: xiaoan antifraud list stops --state timed-out --bank bank-01")]
    List(List),
    /// One order
    #[command(after_help = "Example: xiaoan antifraud get 5f2c9a…-s1")]
    Get {
        /// Order
        order_id: String,
    },
    /// Everything that happened to an order, and to others that changed it
    #[command(after_help = "Example: xiaoan antifraud history 5f2c9a…-f1")]
    History {
        /// Order
        order_id: String,
    },
    /// What banks confirmed: stopped, frozen, returned. Never added to each other
    #[command(after_help = "Example: xiaoan antifraud sums --from 2026-06-01 --to 2026-06-30")]
    Sums(Period),
    /// The events behind one of the three sums
    #[command(after_help = "Example: xiaoan antifraud entries freeze --from 2026-06-01 --to 2026-06-30")]
    Entries(Entries),
    /// Member units of the joint meeting
    #[command(after_help = "Example: xiaoan antifraud members")]
    Members,
    /// Take a member unit in (headquarters)
    #[command(
        after_help = "Example: xiaoan antifraud join bank-07 --kind bank --name-zh 演示银行 --on 2026-03-01 --role stop-payment"
    )]
    Join(Join),
    /// Give a member unit another role on site (headquarters)
    #[command(after_help = "Example: xiaoan antifraud role bank-07 inquiry --from 2026-07-01")]
    Role {
        /// Member unit
        member_unit: String,
        /// What it does on site from then on
        #[arg(value_enum)]
        role: OnSite,
        /// First day [default: today]
        #[arg(long, value_parser = moments::day)]
        from: Option<Date>,
    },
    /// Take a member unit out; its orders stay (headquarters)
    #[command(after_help = "Example: xiaoan antifraud leave bank-07 --on 2026-12-31")]
    Leave {
        /// Member unit
        member_unit: String,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
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

/// A stop or a freeze that is to end.
#[derive(Debug, Args)]
pub struct Release {
    /// Stop or freeze
    pub order_id: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Day on which frozen money was found to be unrelated: the bank is told within 3 days
    #[arg(long, value_parser = moments::day)]
    pub unrelated_since: Option<Date>,
}

/// What became of an objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// 成立
    Upheld,
    /// 不成立
    Dismissed,
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
    /// Only this state, as it is printed, for example stopped, frozen, timed-out
    #[arg(long, default_value = "")]
    pub state: String,
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
        Antifraud::Object { order_id, ground } => orders::object(context, order_id, ground).await,
        Antifraud::DecideObjection { order_id, number, decision, reason } => {
            orders::decide_objection(context, order_id, number, decision, reason).await
        }
        Antifraud::Resend { order_id, serial } => orders::resend(context, order_id, serial).await,
        Antifraud::Revoke(what) => orders::revoke(context, what).await,
        Antifraud::List(what) => orders::list(context, what).await,
        Antifraud::Get { order_id } => orders::get(context, order_id).await,
        Antifraud::History { order_id } => orders::history(context, order_id).await,
        Antifraud::Sums(what) => sums::sums(context, what).await,
        Antifraud::Entries(what) => sums::entries(context, what).await,
        Antifraud::Members => members::members(context).await,
        Antifraud::Join(what) => members::join(context, what).await,
        Antifraud::Role { member_unit, role, from } => members::role(context, member_unit, role, from).await,
        Antifraud::Leave { member_unit, on } => members::leave(context, member_unit, on).await,
    }
}

/// Kind of an order by its id; the service says what is wrong with others.
fn kind_of(order_id: &str) -> What {
    match order_id.rsplit_once('-').and_then(|(_, own)| own.chars().next()) {
        Some('f') => What::Freeze,
        Some('r') => What::Return,
        _ => What::Stop,
    }
}
