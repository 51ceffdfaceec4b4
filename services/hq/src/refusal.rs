//! With which words headquarters says no when it closes periods, issues notices and holds interviews. Codes `CP-*`, `CB-*`
//! and `GE-*` are those of the domain reference, section J; the others are states of these aggregates.

use time::Date;
use xiaoan_kernel::Said;

/// Headquarters said no.
pub type Refused = xiaoan_kernel::Refused<Reason>;
/// Remarks gathered while a command is looked at.
pub type Remarks = xiaoan_kernel::Remarks<Reason>;

/// A refusal for one field.
#[must_use]
pub fn at(field: &'static str, reason: Reason) -> Refused {
    let mut remarks = Remarks::default();
    remarks.note(field, reason.clone());
    remarks.refuse().err().unwrap_or_else(|| reason.into())
}

/// Why not. Values in a reason appear in its sentences; none of them may hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences in `said` are their documentation
pub enum Reason {
    // fields
    InFuture,
    Before { earliest: Date },
    Day,
    Text { most: usize },
    Slug,
    Period,
    OrgUnit,
    NotAnEntry { unit: String },
    Officeholder,
    TooMany { most: usize },
    // closings
    NotFrozen,
    FrozenAlready,
    PeriodRuns { to: Date },
    SourceStopped { source: String },
    SourceBehind { source: String },
    Unchanged,
    NoRule,
    NoScheme,
    // notices
    TooFew { numerator: i64, denominator: i64 },
    GateFailed,
    NotBelow { numerator: i64, denominator: i64 },
    NoticeExists,
    NoticeUnknown,
    NoticeState { now: &'static str },
    NotYourUnit,
    NoLaw { id: &'static str },
    // interviews
    NoStreak,
    InterviewExists,
    InterviewUnknown,
    InterviewState { now: &'static str },
    NotSenior,
    CommitmentUnknown,
    CommitmentJudged,
    // bulletins
    File,
    Typefaces,
    BulletinExists,
    BulletinStale,
}

impl xiaoan_kernel::Reason for Reason {
    fn said(&self) -> Said {
        use Said as S;
        match self {
            Self::InFuture => {
                S::field("CB-003", "日期在将来，请核对", "this day lies in the future; check it")
            }
            Self::Before { earliest } => {
                S::field("GE-006", format!("不能早于{earliest}"), format!("may not be before {earliest}"))
            }
            Self::Day => S::field("GE-006", "须为日历上存在的日期", "must be a day of the calendar"),
            Self::Text { most } => S::field(
                "GE-006",
                format!("须为1至{most}个字符"),
                format!("must be a text of 1 to {most} characters"),
            ),
            Self::Slug => S::field(
                "GE-006",
                "须为1至40个字母、数字或连字符",
                "must be 1 to 40 letters, digits or hyphens",
            ),
            Self::Period => S::field(
                "GE-006",
                "没有这样的期间：须为月份、季度、年份或专项行动编号",
                "no such period: state a month, a quarter, a year or a campaign",
            ),
            Self::OrgUnit => S::field("CB-001", "单位代码须为12位数字", "an org unit code has 12 digits"),
            Self::NotAnEntry { unit } => S::field(
                "CB-001",
                format!("该榜单本期没有单位{unit}"),
                format!("unit {unit} is not on this board in this period"),
            ),
            Self::Officeholder => S::field(
                "GE-006",
                "须写明单位和职务",
                "state the unit and the post of everybody who takes part",
            ),
            Self::TooMany { most } => {
                S::field("GE-006", format!("须为1至{most}项"), format!("must be 1 to {most} of them"))
            }
            Self::NotFrozen => {
                S::state("CP-001", "该期尚未冻结，请先冻结", "this period is not frozen; freeze it first")
            }
            Self::FrozenAlready => S::state(
                "CP-001",
                "该期已冻结，数字不再改变；如有出入请更正",
                "this period is frozen already and its figures never change; correct it instead",
            ),
            Self::PeriodRuns { to } => S::state(
                "PERIOD-RUNS",
                format!("该期至{to}止，尚未结束，不能冻结"),
                format!("the period lasts until {to} and cannot be frozen before it is over"),
            ),
            Self::SourceStopped { source } => S::state(
                "CLOSING-SOURCE-STOPPED",
                format!("榜单未能读取{source}的全部数据，请先排除故障"),
                format!("the board does not follow {source} at present; have that repaired first"),
            ),
            Self::SourceBehind { source } => S::state(
                "CLOSING-SOURCE-BEHIND",
                format!("榜单的{source}数据早于已记录的位置，请稍后再试"),
                format!("the board's data of {source} are older than those on record; try again later"),
            ),
            Self::Unchanged => S::state(
                "CLOSING-UNCHANGED",
                "现在的数字与已记录的相同，无需更正",
                "the figures are still those on record; there is nothing to correct",
            ),
            Self::NoRule => S::state(
                "CP-002",
                "该期的考核办法没有通报规则",
                "the scheme of this period has no rule from which a notice follows",
            ),
            Self::NoScheme => S::state(
                "CP-002",
                "没有该榜单，或该期没有有效的考核办法",
                "there is no such board, or no scheme of it in force in that period",
            ),
            Self::TooFew { numerator, denominator } => S::state(
                "CP-003",
                format!("样本过少（{numerator}/{denominator}），不能评价"),
                format!("{numerator} of {denominator} are too few to judge by"),
            ),
            Self::GateFailed => S::state(
                "CP-004",
                "立案如实率未达要求，数据待核，不能通报",
                "recording integrity does not reach the gate: the figures await verification",
            ),
            Self::NotBelow { numerator, denominator } => S::state(
                "NOTICE-NOT-BELOW",
                format!("{numerator}/{denominator}不低于阈值，不予通报"),
                format!("{numerator} of {denominator} is not below the threshold"),
            ),
            Self::NoticeExists => {
                S::state("CP-005", "该单位本期已有通报", "there is a notice for this unit and period already")
            }
            Self::NoticeUnknown => S::missing("NOTICE-UNKNOWN", "没有该通报", "there is no such notice"),
            Self::NoticeState { now } => S::state(
                "NOTICE-STATE",
                format!("通报现状态为{now}，不能这样办理"),
                format!("the notice is {now}; this step is not open"),
            ),
            Self::NotYourUnit => S::permission(
                "GE-004",
                "须由被通报单位或其上级办理",
                "only the unit that is named, or one above it, takes this step",
            ),
            Self::NoLaw { id } => S::state(
                "NO-LAW",
                format!("当日没有有效的期限规则{id}"),
                format!("no limit {id} is in force on that day"),
            ),
            Self::NoStreak => S::state(
                "CP-006",
                "各期须为相邻月份，均可评价、低于阈值并已通报，且通报未被免予或撤回",
                "the periods must be adjacent months, each evaluable, below the threshold and with a notice that stands",
            ),
            Self::InterviewExists => {
                S::state("INTERVIEW-EXISTS", "该约谈已经存在", "there is such an interview already")
            }
            Self::InterviewUnknown => {
                S::missing("INTERVIEW-UNKNOWN", "没有该约谈", "there is no such interview")
            }
            Self::InterviewState { now } => S::state(
                "INTERVIEW-STATE",
                format!("约谈现状态为{now}，不能这样办理"),
                format!("the interview is {now}; this step is not open"),
            ),
            Self::NotSenior => S::field(
                "CP-007",
                "约谈人职务须高于被约谈人",
                "the interviewer must be senior to everybody who is interviewed",
            ),
            Self::CommitmentUnknown => {
                S::missing("COMMITMENT-UNKNOWN", "没有该项承诺", "there is no such commitment")
            }
            Self::CommitmentJudged => {
                S::state("COMMITMENT-JUDGED", "该项承诺已有结论", "this commitment is judged already")
            }
            Self::File => S::field(
                "GE-006",
                "须写明文件的SHA-256（32字节）和长度",
                "state the file's SHA-256 (32 bytes) and its length",
            ),
            Self::Typefaces => S::field(
                "GE-006",
                "须按名称列出1至16个字体文件及其SHA-256",
                "state 1 to 16 font files by name, each with its SHA-256",
            ),
            Self::BulletinExists => S::state(
                "CP-011",
                "该期这组数字的通报材料已印发；结账更正后才能印发新版",
                "these figures have a bulletin already; only a correction of the closing leads to another edition",
            ),
            Self::BulletinStale => S::state(
                "BULLETIN-STALE",
                "编制之后通报、督办或表彰有变化，请重新编制",
                "notices, listed cases or honours have changed since it was composed; compose it again",
            ),
        }
    }
}
