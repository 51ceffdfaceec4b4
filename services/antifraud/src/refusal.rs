//! Every word with which this service says no, with its stable code and one sentence in Chinese and English that says what to
//! do. Codes `AF-*`, `CB-*` and `GE-*` are those of the domain reference, section J; the others are states of the service's own.
//!
//! AF-013 (dissuasion) and AF-015 (sanctions) are not decided here yet: neither is part of this service so far. AF-014 (counted
//! by order instead of confirmation) is no refusal: the ledgers know no other events than confirmations.

use time::{Date, OffsetDateTime};
use xiaoan_kernel::{OrgCode, Said, yuan_from_fen};
use xiaoan_proto::antifraud::v1::ApprovalLevel;

/// The service said no.
pub type Refused = xiaoan_kernel::Refused<Reason>;
/// Remarks gathered while a command is looked at.
pub type Remarks = xiaoan_kernel::Remarks<Reason>;

/// Why not. Values in a reason appear in its sentences; none of them may hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences in `said` are their documentation
pub enum Reason {
    // fields
    OrgUnit,
    OrgUnitUnknown { unit: OrgCode },
    InFuture,
    Missing,
    Malformed { form_zh: &'static str, form_en: &'static str },
    MatchFieldMissing,
    OriginalApplicationMissing,
    OneOfficer,
    NoFiledCase,
    RestrictionMissing,
    ReturnSum { shares_fen: i64, amount_fen: i64 },
    ReturnMethod,
    // permission
    NotYourUnit { unit: OrgCode },
    NotYourInstruction,
    SameOfficer,
    ApprovalLevel { needed: ApprovalLevel },
    // stops
    ThirdStop,
    StopUnknown,
    StopOpen,
    NothingToApprove,
    NotStopped,
    // freezes
    FreezeUnknown,
    FreezeOpen,
    AlreadyFrozen,
    NotFrozen,
    RenewedTooLate { expired_on: Date },
    StopOfOtherAccount,
    // returns
    ReturnUnknown,
    ReturnTooMuch { amount_fen: i64, left_fen: i64 },
    VictimPaid,
    NoNoticeNeeded,
    NotNoticed,
    Noticed,
    NoticeRuns { until: Date },
    Objected,
    ObjectionUnknown,
    ReturnClosed,
    ReturnsOpen,
    // instructions
    InstructionUnknown,
    InstructionAnswered,
    AnswerContradicts,
    NotAgreed,
    MoreThanBalance,
    ActedBefore { earliest: OffsetDateTime },
    NotThisAnswer,
    NotConfirmed,
    Waits,
    // members
    BankUnknown,
    MemberUnknown,
    MemberExists,
    MemberLeft,
    RoleUnchanged,
    // data
    NoLaw { id: &'static str },
}

impl xiaoan_kernel::Reason for Reason {
    fn said(&self) -> Said {
        use Said as S;
        let yuan = yuan_from_fen;
        match self {
            Self::OrgUnit => S::field("CB-001", "单位代码须为12位数字", "an org unit code has 12 digits"),
            Self::OrgUnitUnknown { unit } => S::field(
                "CB-001",
                format!("没有代码为{unit}的单位，请核对"),
                format!("no unit has the code {unit}; check it"),
            ),
            Self::InFuture => S::field("CB-003", "时间在将来，请核对", "this lies in the future; check it"),
            Self::Missing => S::field("GE-006", "缺少此项", "this is missing"),
            Self::Malformed { form_zh, form_en } => {
                S::field("GE-006", format!("须为{form_zh}"), format!("must be {form_en}"))
            }
            Self::MatchFieldMissing => S::field(
                "AF-002",
                "户名、账号、金额、时间四项须齐全，银行据此核对",
                "holder, account, amount and time must all be stated: the bank compares them",
            ),
            Self::OriginalApplicationMissing => S::field(
                "AF-003",
                "申请类型02至05须填写原申请编号",
                "application types 02 to 05 need the original application id",
            ),
            Self::OneOfficer => S::field(
                "AF-004",
                "须由两名民警办理：经办人与协查人须为证件号码不同的两人",
                "two officers are needed: operator and co-investigator with different id numbers",
            ),
            Self::NoFiledCase => S::field(
                "AF-005",
                "未立案不得冻结：须填写案件编号和立案日期",
                "no freeze without a filed case: state its number and the day of filing",
            ),
            Self::RestrictionMissing => S::field(
                "AF-009",
                "须告知原因、救济途径和所需材料",
                "reason, remedy and papers needed must be told",
            ),
            Self::ReturnSum { shares_fen, amount_fen } => S::field(
                "AF-010",
                format!("各份合计{}元，与返还金额{}元不符", yuan(*shares_fen), yuan(*amount_fen)),
                format!(
                    "the shares add up to {} yuan, the amount is {} yuan",
                    yuan(*shares_fen),
                    yuan(*amount_fen)
                ),
            ),
            Self::ReturnMethod => S::field(
                "RETURN-METHOD",
                "直接返还只有一名被害人；按时间戳返还须填写每人追溯到的金额",
                "direct returns have one claim; traced ones need what is traced to each",
            ),
            Self::NotYourUnit { unit } => S::permission(
                "GE-004",
                format!("单位{unit}不在您的单位及其下级范围内"),
                format!("unit {unit} is neither your unit nor below it"),
            ),
            Self::NotYourInstruction => S::permission(
                "GE-004",
                "贵行没有此流水号的指令",
                "your bank has no instruction with this serial number",
            ),
            Self::SameOfficer => S::permission(
                "AF-004",
                "申请人不得自己审批，请由另一名民警审批",
                "who asked may not approve; another officer must",
            ),
            Self::ApprovalLevel { needed } => {
                let (zh, en) = match needed {
                    ApprovalLevel::City => ("市级公安机关", "the city bureau"),
                    ApprovalLevel::County | ApprovalLevel::Unspecified => {
                        ("县级以上公安机关负责人", "the head of a county bureau or the city bureau")
                    }
                };
                S::permission("AF-006", format!("须由{zh}审批"), format!("must be approved by {en}"))
            }
            Self::ThirdStop => S::state(
                "AF-001",
                "同一账户止付以两次为限，请依法办理冻结",
                "an account is stopped twice at most; freeze it by law instead",
            ),
            Self::StopUnknown => S::missing("ORDER-UNKNOWN", "没有该止付单", "there is no such stop"),
            Self::StopOpen => S::state(
                "STOP-OPEN",
                "该账户在本案已有未结的止付",
                "a stop of this account in this case is open already",
            ),
            Self::NothingToApprove => {
                S::state("NOTHING-TO-APPROVE", "没有待审批的事项", "nothing waits for approval")
            }
            Self::NotStopped => {
                S::state("STOP-NOT-STOPPED", "账户未处于止付中", "the account is not stopped")
            }
            Self::FreezeUnknown => S::missing("ORDER-UNKNOWN", "没有该冻结单", "there is no such freeze"),
            Self::FreezeOpen => S::state(
                "FREEZE-OPEN",
                "该账户在本案已有未结的冻结",
                "a freeze of this account in this case is open already",
            ),
            Self::AlreadyFrozen => S::state(
                "AF-008",
                "账户已被冻结，不得重复冻结，只能轮候（queue）",
                "the account is frozen already: it cannot be frozen twice, only queued (queue)",
            ),
            Self::NotFrozen => S::state("FREEZE-NOT-FROZEN", "账户未处于冻结中", "the account is not frozen"),
            Self::RenewedTooLate { expired_on } => S::state(
                "AF-007",
                format!("冻结已于{expired_on}届满自动解除，不能续冻，请重新冻结"),
                format!("the freeze ended by itself after {expired_on}; freeze again instead of renewing"),
            ),
            Self::StopOfOtherAccount => {
                S::state("STOP-OTHER-ACCOUNT", "该止付单不属于此账户", "that stop is not one of this account")
            }
            Self::ReturnUnknown => S::missing("ORDER-UNKNOWN", "没有该返还单", "there is no such return"),
            Self::ReturnTooMuch { amount_fen, left_fen } => S::state(
                "AF-011",
                format!("返还{}元超过可返还的冻结余额{}元", yuan(*amount_fen), yuan(*left_fen)),
                format!(
                    "{} yuan are more than the {} yuan that are frozen and not returned yet",
                    yuan(*amount_fen),
                    yuan(*left_fen)
                ),
            ),
            Self::VictimPaid => S::state(
                "RETURN-VICTIM-PAID",
                "其中一名被害人在该账户已有返还，不得重复返还",
                "one of the victims has a share out of this account already",
            ),
            Self::NoNoticeNeeded => {
                S::state("RETURN-NO-NOTICE", "只有按比例返还须公告", "only a pro-rata return is published")
            }
            Self::NotNoticed => {
                S::state("AF-012", "按比例返还须先公告30日", "a pro-rata return needs 30 days' notice first")
            }
            Self::Noticed => S::state("RETURN-NOTICED", "已公告", "the notice is published already"),
            Self::NoticeRuns { until } => S::state(
                "AF-012",
                format!("公告期至{until}，期满后方可决定"),
                format!("the notice runs until {until}; decide after that day"),
            ),
            Self::Objected => {
                S::state("RETURN-OBJECTED", "尚有未处理的异议", "an objection is not decided yet")
            }
            Self::ObjectionUnknown => {
                S::state("OBJECTION-UNKNOWN", "没有该异议或已处理", "there is no such open objection")
            }
            Self::ReturnClosed => {
                S::state("RETURN-CLOSED", "该返还已办结或已决定", "the return is decided or closed")
            }
            Self::ReturnsOpen => S::state(
                "RETURN-OPEN",
                "该冻结已有返还，请先撤销返还",
                "money was or will be returned out of this freeze; revoke that first",
            ),
            Self::InstructionUnknown => {
                S::missing("INSTRUCTION-UNKNOWN", "没有该流水号的指令", "no instruction has this serial")
            }
            Self::InstructionAnswered => S::state(
                "INSTRUCTION-ANSWERED",
                "该指令已有结果，无需重发",
                "the instruction is answered; nothing to send again",
            ),
            Self::AnswerContradicts => S::state(
                "ANSWER-CONTRADICTS",
                "与已记录的反馈不一致，请来函更正",
                "this contradicts the answer on record; have it corrected by letter",
            ),
            Self::NotAgreed => S::field(
                "AF-002",
                "户名、账号、金额、时间未全部核对一致，不得执行",
                "name, account, amount and time do not all agree: nothing may be done",
            ),
            Self::MoreThanBalance => S::field(
                "GE-006",
                "金额超过余额或申请金额",
                "the amount is more than the balance or than what was asked for",
            ),
            Self::ActedBefore { earliest } => S::field(
                "GE-006",
                format!("办理时间早于{earliest}"),
                format!("the moment lies before {earliest}"),
            ),
            Self::NotThisAnswer => {
                S::field("GE-006", "该交易不能有此反馈", "this transaction has no such answer")
            }
            Self::NotConfirmed => S::state(
                "NOT-CONFIRMED",
                "银行尚未确认，无可撤销",
                "no bank has confirmed it; nothing to take back",
            ),
            Self::Waits => S::state(
                "ORDER-WAITS",
                "上一指令尚无结果",
                "an instruction of this order is not answered yet",
            ),
            Self::BankUnknown => S::field(
                "BANK-UNKNOWN",
                "没有该成员银行，或其已退出",
                "no bank among the members has this id, or it has left",
            ),
            Self::MemberUnknown => S::missing("MEMBER-UNKNOWN", "没有该成员单位", "no such member unit"),
            Self::MemberExists => {
                S::state("MEMBER-EXISTS", "该编号已使用，请另选编号", "the id is taken; choose another")
            }
            Self::MemberLeft => S::state("MEMBER-LEFT", "该成员单位已退出", "the member unit has left"),
            Self::RoleUnchanged => {
                S::state("MEMBER-ROLE-UNCHANGED", "驻场职责未变", "it has that role on site already")
            }
            Self::NoLaw { id } => S::state(
                "NO-LAW",
                format!("当日没有有效的期限规则{id}"),
                format!("no limit {id} is in force on that day"),
            ),
        }
    }
}
