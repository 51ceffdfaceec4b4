//! Every word with which this service says no (or "look again"), with its stable code, what kind of no it is, and one
//! sentence in Chinese and English that says what to do. The only place that maps reasons: the matches here are
//! exhaustive, so a new reason does not compile until it has all of these.
//!
//! Codes `CB-*` and `GE-*` are those of the domain reference, section J; `CASE-*`, `ALERT-*` and `SERIES-*` are states of
//! the three aggregates. CB-007 (rank too low) is decided where a post is stated (withdrawals, reports); CB-019 (nil return
//! missing) is not decided yet: nil returns are not recorded.

mod intake;

pub use intake::Intake;

use crate::work::reasons::WorkReason;
use time::Date;
use xiaoan_kernel::{OrgCode, Said, Weight, yuan_from_fen};

/// Why not. Values in a reason appear in its sentences; none of them may hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences in `said` are their documentation
pub enum Reason {
    // fields, section J
    OrgUnitMalformed,
    OrgUnitUnknown { unit: OrgCode, day: Date },
    CategoryUnknown,
    CategoryNotLeaf { code: String, name_zh: String, name_en: String },
    CategoryNotInForce { code: String, day: Date },
    InFuture,
    SolvedBeforeFiled { case_no: String },
    FiledBeforeReported,
    OccurredAfterReported,
    EvidenceMissing { part: char },
    ExceptionalIncomplete,
    ArrestBeforeExceptional,
    GroundMissing,
    WithdrawalDayMissing,
    RecoveredExceedsLoss { recovered_fen: i64, loss_fen: i64 },
    ZeroLossOfValuedGoods { name_zh: String, name_en: String },
    // fields, malformed values (GE-006)
    Malformed { form_zh: &'static str, form_en: &'static str },
    MissingValue,
    MalformedLine { why: String },
    SolvedAndWithdrawn,
    WithdrawnBeforeFiled,
    SolveWithoutDay,
    // warnings
    LossFromOneMillion { loss_fen: i64 },
    PossibleDuplicateAlert { alert_id: String },
    LossJustUnderThreshold { loss_fen: i64 },
    ManyBroughtByOne { cases: usize },
    NotListedAsPreventable { category: String },
    // permission
    DowngradeNeedsRegistrar,
    NoCrimeNeedsRegistrar,
    NotYourUnit { unit: OrgCode },
    // import
    OtherContentThere,
    // cases
    ApproverIsProposer,
    CaseUnknown,
    CaseExists,
    CaseWithdrawn { case_no: String },
    CaseSolved { case_no: String },
    CaseInvestigating,
    CaseProposed,
    CaseNotProposed,
    CaseNotSolved,
    CaseNotWithdrawn,
    CaseSameUnit,
    CaseSameCategory,
    CaseNumbersExhausted,
    ReturnExceedsRecovered { returned_fen: i64, recovered_fen: i64 },
    // alerts
    AlertUnknown,
    AlertExists,
    AlertDisposed,
    AlertDuplicate,
    AlertCaseUnknown,
    AlertOriginalUnknown,
    AlertOwnDuplicate,
    // series
    SeriesUnknown,
    SeriesExists,
    SeriesCaseUnknown { case_no: String },
    SeriesCaseLinked { case_no: String },
    SeriesCaseNotLinked { case_no: String },
    SeriesCaseProposed { case_no: String },
    SeriesLeadNotSolved,
    SeriesProposed,
    SeriesNotProposed,
    // alerts under way, reports, audits
    Intake(Intake),
    // the work on cases
    Work(WorkReason),
}

/// The casebook said no: at least one remark rejects.
pub type Refused = xiaoan_kernel::Refused<Reason>;
/// Remarks gathered while a command or row is looked at.
pub type Remarks = xiaoan_kernel::Remarks<Reason>;

impl From<Intake> for Refused {
    fn from(reason: Intake) -> Self {
        Reason::Intake(reason).into()
    }
}

impl xiaoan_kernel::Reason for Reason {
    fn said(&self) -> Said {
        match self {
            Self::Work(WorkReason { kind, code, zh, en }) => {
                Said { weight: Weight::Refusal(*kind), code, zh: (*zh).to_owned(), en: (*en).to_owned() }
            }
            Self::Intake(reason) => reason.said(),
            Self::OrgUnitMalformed => Said::field(
                "CB-001",
                "单位代码不是12位数字，请核对后重填",
                "the org unit code is not 12 digits; check it",
            ),
            Self::OrgUnitUnknown { unit, day } => Said::field(
                "CB-001",
                format!("单位{unit}在{day}不存在，请核对单位代码，或由市局先行登记"),
                format!(
                    "unit {unit} does not exist on {day}; check the code or have headquarters register it"
                ),
            ),
            Self::CategoryUnknown => Said::field(
                "CB-002",
                "案别代码不在案件类别代码表中，请改用表内代码",
                "this is no code of the table of categories; use one that is",
            ),
            Self::CategoryNotLeaf { code, name_zh, name_en } => Said::field(
                "CB-002",
                format!("案别{code}（{name_zh}）不是最末级，请选用其下级代码"),
                format!("category {code} ({name_en}) is divided further; choose one of its parts"),
            ),
            Self::CategoryNotInForce { code, day } => Said::field(
                "CB-002",
                format!("案别{code}在{day}尚未施行或已经停用，请改用当日有效的代码"),
                format!("category {code} is not in force on {day}; use one that is"),
            ),
            Self::InFuture => Said::field(
                "CB-003",
                "时间晚于现在，请改为实际时间",
                "this lies in the future; state the actual time",
            ),
            Self::SolvedBeforeFiled { case_no } => Said::field(
                "CB-004",
                format!("案件{case_no}的破案时间早于立案或报案时间，请核对"),
                format!("case {case_no} cannot be solved before it was filed and reported; check the days"),
            ),
            Self::FiledBeforeReported => Said::field(
                "CB-005",
                "立案日期早于报案日期，请核对",
                "a case cannot be filed before it was reported; check the days",
            ),
            Self::OccurredAfterReported => Said::field(
                "CB-005",
                "发案时间晚于报案时间，请核对",
                "a case cannot be reported before it occurred; check the times",
            ),
            Self::EvidenceMissing { part } => Said::field(
                "CB-008",
                format!("缺少破案证据({part})的卷宗编号，请补充"),
                format!("evidence ({part}) for the solve is missing; refer to its record"),
            ),
            Self::ExceptionalIncomplete => Said::field(
                "CB-009",
                "特殊结案须写明情形代码A至E、嫌疑人身份已查明、所在地已查明及公安机关之外的原因",
                "an exceptional solve needs a code A to E, a known offender, a known location and an outside reason",
            ),
            Self::ArrestBeforeExceptional => Said::field(
                "CB-010",
                "特殊结案当日或之前已有抓获记录，请按抓获破案办理",
                "suspects were caught on or before the exceptional solve; propose a solve by arrest",
            ),
            Self::GroundMissing => Said::field(
                "CB-011",
                "撤案理由缺失或不是1至6，请按法定情形填写",
                "the ground of the withdrawal is missing or none of 1 to 6; state the ground in law",
            ),
            Self::WithdrawalDayMissing => Said::field(
                "CB-011",
                "有撤案理由而无撤案日期，请补充",
                "a ground without a day of withdrawal; add the day",
            ),
            Self::RecoveredExceedsLoss { recovered_fen, loss_fen } => Said::field(
                "CB-012",
                format!(
                    "追回金额{}元超过损失金额{}元，请核对",
                    yuan_from_fen(*recovered_fen),
                    yuan_from_fen(*loss_fen)
                ),
                format!(
                    "{} yuan recovered are more than the {} yuan lost; check the amounts",
                    yuan_from_fen(*recovered_fen),
                    yuan_from_fen(*loss_fen)
                ),
            ),
            Self::ZeroLossOfValuedGoods { name_zh, name_en } => Said::field(
                "CB-013",
                format!("{name_zh}的损失金额不能为0，请填写物品价值"),
                format!("a loss of zero is impossible for this category ({name_en}); state the value"),
            ),
            Self::Malformed { form_zh, form_en } => Said::field(
                "GE-006",
                format!("格式不正确，应为{form_zh}"),
                format!("this is malformed; it must be {form_en}"),
            ),
            Self::MissingValue => Said::field("GE-006", "必填项为空，请填写", "this is required; fill it in"),
            Self::MalformedLine { why } => Said::field(
                "GE-006",
                format!("此行无法按表头拆分（{why}），请检查分隔符和引号"),
                format!("the line does not fit the header ({why}); check separators and quotes"),
            ),
            Self::SolvedAndWithdrawn => Said::field(
                "GE-006",
                "同一案件不能既破案又撤案，请删去其一",
                "a case cannot be both solved and withdrawn; remove one",
            ),
            Self::WithdrawnBeforeFiled => Said::field(
                "GE-006",
                "撤案（或重新立案）日期早于前一环节，请核对",
                "a case cannot be withdrawn before it was filed, nor filed again before the withdrawal; check the days",
            ),
            Self::SolveWithoutDay => Said::field(
                "GE-006",
                "有破案方式而无破案日期，请补充或删去",
                "a manner of solving without a day of solving; add the day or remove the manner",
            ),
            Self::LossFromOneMillion { loss_fen } => Said::warning(
                "CB-014",
                format!("损失金额{}元达到一百万元，请确认没有多写数位", yuan_from_fen(*loss_fen)),
                format!(
                    "the loss of {} yuan reaches one million; make sure no digit slipped",
                    yuan_from_fen(*loss_fen)
                ),
            ),
            Self::PossibleDuplicateAlert { alert_id } => Said::warning(
                "CB-015",
                format!("十分钟内同一地点已有警情{alert_id}，如属重复请标记"),
                format!(
                    "alert {alert_id} came from the same place within ten minutes; mark it if it is a duplicate"
                ),
            ),
            Self::LossJustUnderThreshold { loss_fen } => Said::warning(
                "CB-017",
                format!("损失金额{}元略低于盗窃数额较大的标准，请核对估价", yuan_from_fen(*loss_fen)),
                format!(
                    "the loss of {} yuan lies just under the theft threshold; check the valuation",
                    yuan_from_fen(*loss_fen)
                ),
            ),
            Self::ManyBroughtByOne { cases } => Said::warning(
                "CB-018",
                format!("一次带破{cases}起，超过20起，请逐案核对证据"),
                format!("one solve brings {cases} cases, more than 20; check the evidence case by case"),
            ),
            Self::NotListedAsPreventable { category } => Said::warning(
                "CP-010",
                format!("案别{category}在立案当日不在可防性案件目录内，请核对是否属于可防性案件"),
                format!(
                    "category {category} is not in the list of preventable ones on the day of filing; check that the case is one"
                ),
            ),
            Self::DowngradeNeedsRegistrar => Said::permission(
                "CB-016",
                "改为较轻的案别须由案件登记审核员办理",
                "only the registrar reclassifies a case to a lighter category",
            ),
            Self::NoCrimeNeedsRegistrar => Said::permission(
                "GE-004",
                "以没有犯罪事实撤案将减少立案数，须由案件登记审核员办理",
                "a withdrawal for \"no crime\" takes the case out of the count; only the registrar decides it",
            ),
            Self::NotYourUnit { unit } => Said::permission(
                "GE-004",
                format!("您不能为单位{unit}录入：须为民警或登记审核员，且该单位在本单位及其下级范围内"),
                format!(
                    "you cannot write for unit {unit}: that takes an officer or registrar of the unit or of one above it"
                ),
            ),
            Self::OtherContentThere => Said::field(
                "GE-002",
                "该案件编号已有内容不同的记录，请核对；如需更正，请对该案逐项更正",
                "this case number is there already with other content; correct that case instead of importing it again",
            ),
            Self::ApproverIsProposer => Said::state(
                "CB-006",
                "审批人与提出人是同一人，请由他人审批",
                "the approver is the proposer; somebody else must decide",
            ),
            Self::CaseUnknown => Said::missing("CASE-UNKNOWN", "没有这个案件", "there is no such case"),
            Self::CaseExists => {
                Said::state("CASE-EXISTS", "该案件编号已经立案", "a case with this number is filed already")
            }
            Self::CaseWithdrawn { case_no } => Said::state(
                "CASE-WITHDRAWN",
                format!("案件{case_no}已撤销，如有新事实请先重新立案"),
                format!("case {case_no} is withdrawn; file it again first if there are new facts"),
            ),
            Self::CaseSolved { case_no } => Said::state(
                "CASE-SOLVED",
                format!("案件{case_no}已破，如有错误请先撤销破案"),
                format!("case {case_no} is solved; revoke the solve first if it is wrong"),
            ),
            Self::CaseInvestigating => {
                Said::state("CASE-INVESTIGATING", "该案已在侦查中", "the case is under investigation already")
            }
            Self::CaseProposed => Said::state(
                "CASE-PROPOSED",
                "该案已提请破案审批，请先审批或退回",
                "a solve of the case is proposed; approve it or send it back first",
            ),
            Self::CaseNotProposed => Said::state(
                "CASE-NOT-PROPOSED",
                "该案没有待审批的破案",
                "no solve of the case waits for approval",
            ),
            Self::CaseNotSolved => Said::state("CASE-NOT-SOLVED", "该案尚未破案", "the case is not solved"),
            Self::CaseNotWithdrawn => {
                Said::state("CASE-NOT-WITHDRAWN", "该案没有撤销", "the case is not withdrawn")
            }
            Self::CaseSameUnit => {
                Said::state("CASE-SAME-UNIT", "该案已由此单位办理", "the case is with this unit already")
            }
            Self::CaseSameCategory => {
                Said::state("CASE-SAME-CATEGORY", "该案已属于此案别", "the case is in this category already")
            }
            Self::CaseNumbersExhausted => Said::state(
                "CASE-NUMBERS-EXHAUSTED",
                "该单位本月案件编号已用完（9999）",
                "the unit has used all 9999 case numbers of the month",
            ),
            Self::ReturnExceedsRecovered { returned_fen, recovered_fen } => Said::state(
                "CASE-RETURN-EXCEEDS-RECOVERED",
                format!(
                    "返还合计{}元超过追回的{}元，请核对",
                    yuan_from_fen(*returned_fen),
                    yuan_from_fen(*recovered_fen)
                ),
                format!(
                    "{} yuan returned in all are more than the {} yuan recovered; check the amounts",
                    yuan_from_fen(*returned_fen),
                    yuan_from_fen(*recovered_fen)
                ),
            ),
            Self::AlertUnknown => Said::missing("ALERT-UNKNOWN", "没有这个警情", "there is no such alert"),
            Self::AlertExists => {
                Said::state("ALERT-EXISTS", "该警情编号已登记", "an alert with this id is received already")
            }
            Self::AlertDisposed => {
                Said::state("ALERT-DISPOSED", "该警情已处置", "the alert is disposed of already")
            }
            Self::AlertDuplicate => Said::state(
                "ALERT-DUPLICATE",
                "该警情已标记为重复",
                "the alert is marked as a duplicate already",
            ),
            Self::AlertCaseUnknown => Said::state(
                "ALERT-CASE-UNKNOWN",
                "警情所立案件不存在，请先立案",
                "the case that the alert became does not exist; file it first",
            ),
            Self::AlertOriginalUnknown => Said::state(
                "ALERT-ORIGINAL-UNKNOWN",
                "所重复的警情不存在，或其本身就是重复警情",
                "the earlier alert does not exist, or is a duplicate itself",
            ),
            Self::AlertOwnDuplicate => Said::field(
                "ALERT-OWN-DUPLICATE",
                "警情不能是自己的重复",
                "an alert cannot be a duplicate of itself",
            ),
            Self::SeriesUnknown => {
                Said::missing("SERIES-UNKNOWN", "没有这个串并案", "there is no such series")
            }
            Self::SeriesExists => {
                Said::state("SERIES-EXISTS", "该串并案编号已存在", "a series with this id is open already")
            }
            Self::SeriesCaseUnknown { case_no } => Said::state(
                "SERIES-CASE-UNKNOWN",
                format!("案件{case_no}不存在，请先立案"),
                format!("case {case_no} does not exist; file it first"),
            ),
            Self::SeriesCaseLinked { case_no } => Said::state(
                "SERIES-CASE-LINKED",
                format!("案件{case_no}已在此串并案中"),
                format!("case {case_no} is linked already"),
            ),
            Self::SeriesCaseNotLinked { case_no } => Said::state(
                "SERIES-CASE-NOT-LINKED",
                format!("案件{case_no}不在此串并案中，请先并入"),
                format!("case {case_no} is not linked; link it first"),
            ),
            Self::SeriesCaseProposed { case_no } => Said::state(
                "SERIES-CASE-PROPOSED",
                format!("案件{case_no}正在提请带破审批，请先审批或退回"),
                format!("case {case_no} is part of proposed brought solves; approve or return them first"),
            ),
            Self::SeriesLeadNotSolved => Said::state(
                "SERIES-LEAD-NOT-SOLVED",
                "主案尚未破案，不能带破",
                "the leading case is not solved; it brings none",
            ),
            Self::SeriesProposed => Said::state(
                "SERIES-PROPOSED",
                "已有待审批的带破，请先审批或退回",
                "brought solves are proposed already; approve or return them first",
            ),
            Self::SeriesNotProposed => {
                Said::state("SERIES-NOT-PROPOSED", "没有待审批的带破", "no brought solves wait for approval")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_kernel::{Refusal, RefusalKind, Severity};

    #[test]
    fn a_refusal_names_what_rejects_before_what_warns() {
        let mut remarks = Remarks::default();
        remarks.note("loss_fen", Reason::LossFromOneMillion { loss_fen: 100_000_000 });
        remarks.note("reported_at", Reason::InFuture);
        let refused = remarks.refuse().unwrap_err();
        let said: Vec<_> = refused.findings().iter().map(|f| (f.code, f.severity, f.field)).collect();
        assert_eq!(
            said,
            [("CB-003", Severity::Error, "reported_at"), ("CB-014", Severity::Warning, "loss_fen")]
        );
        assert_eq!(refused.kind(), RefusalKind::Field);
    }

    #[test]
    fn warnings_alone_refuse_nothing() {
        let mut remarks = Remarks::default();
        remarks.note("case_nos", Reason::ManyBroughtByOne { cases: 21 });
        assert_eq!(remarks.refuse().map(|w| w.len()), Ok(1));
    }
}
