//! Reasons of alerts under way, reports and audits, with their codes and sentences. `CB-*` and `GE-*` are those of the domain
//! reference, section J; the others are states of the aggregates.

use xiaoan_kernel::{OrgCode, Said};

/// Why not, at intake.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences in `said` are their documentation
pub enum Intake {
    // any act with a stated time
    StepEarlier,
    NoLaw { id: &'static str },
    LevelTooLow { needs_city: bool },
    SamePerson,
    // alerts
    AlertStep,
    AlertRegistered,
    AlertNotDisposed,
    AlertOverridden,
    NeedsRegistrar,
    // reports
    ReportUnknown,
    ReportExists,
    ReportReceipted,
    ReportNoReceipt,
    ReportNotUnderReview,
    ReportSameTrack,
    ReportNotLonger,
    ReportForeign,
    ReportNotForeign,
    ReportNotApproved,
    ReportOtherUnit,
    ReportFiledOrOpen,
    ReportServed,
    ReportNotServed,
    ReportRequested,
    ReportNotRequested,
    ReportExhausted,
    ReportTooLate,
    ReportNotDecided,
    ReportOverridden,
    ReportNotRefused,
    ReportReasonsAsked,
    ReportReasonsNotAsked,
    ReportNotOfAgency,
    ReportAgencyNotAsked,
    ReportNoSecurityCase,
    // withdrawals
    WithdrawalNoticed,
    // audits
    AuditUnknown,
    AuditExists,
    AuditEmpty,
    AuditNotSampled,
    AuditDecided,
    AuditOwnUnit { unit: OrgCode },
    AuditNotYours { unit: OrgCode },
    AuditNeedsRegistrar,
}

impl Intake {
    /// Weight, code and sentences.
    #[must_use]
    #[allow(clippy::too_many_lines)] // one arm per reason
    pub fn said(&self) -> Said {
        match self {
            Self::StepEarlier => Said::field(
                "CB-005",
                "时间早于前一环节，请核对",
                "this lies before the step it follows; check the times",
            ),
            Self::NoLaw { id } => Said::state(
                "NO-LAW",
                format!("当日没有有效的法定期限{id}，请补充期限目录"),
                format!("no time limit {id} is in force on that day; complete the catalogue"),
            ),
            Self::LevelTooLow { needs_city } => Said::state(
                "CB-007",
                if *needs_city {
                    "须由市公安局审批"
                } else {
                    "须由县级以上公安机关负责人审批"
                },
                if *needs_city {
                    "only the city bureau decides this"
                } else {
                    "only a head at county level or above decides this"
                },
            ),
            Self::SamePerson => Said::state(
                "CB-006",
                "审批人与经办人或原决定人是同一人，请由他人办理",
                "the same person has handled or decided this before; somebody else must decide",
            ),
            Self::AlertStep => Said::state(
                "ALERT-STEP",
                "警情当前状态不能进行此步骤，请先完成前一环节",
                "the alert is not at the step before this one",
            ),
            Self::AlertRegistered => Said::state(
                "ALERT-REGISTERED",
                "该警情已受案登记",
                "the alert is registered as a report already",
            ),
            Self::AlertNotDisposed => Said::state(
                "ALERT-NOT-DISPOSED",
                "该警情没有“不立案”的处置结果可以撤销",
                "the alert has no disposition without a case that could be set aside",
            ),
            Self::AlertOverridden => Said::state(
                "ALERT-OVERRIDDEN",
                "登记审核员已撤销“不立案”的处置，须受案登记",
                "the registrar set the disposition aside; the alert must be registered or filed",
            ),
            Self::NeedsRegistrar => Said::permission(
                "GE-004",
                "须由案件登记审核员办理",
                "only the registrar, outside operational command, decides this",
            ),
            Self::ReportUnknown => {
                Said::missing("REPORT-UNKNOWN", "没有这个受案登记", "there is no such report")
            }
            Self::ReportExists => Said::state(
                "REPORT-EXISTS",
                "该受案编号已登记",
                "a report with this id is registered already",
            ),
            Self::ReportReceipted => Said::state(
                "REPORT-RECEIPTED",
                "受案回执已出具或已注明未送达",
                "the receipt is given already, or its refusal noted",
            ),
            Self::ReportNoReceipt => Said::state(
                "REPORT-NO-RECEIPT",
                "尚未出具受案回执，也未注明拒收或无法联系，请先补充",
                "no receipt is given and no refusal noted; do that first",
            ),
            Self::ReportNotUnderReview => Said::state(
                "REPORT-NOT-UNDER-REVIEW",
                "该受案不在审查中",
                "the report is not under review any more",
            ),
            Self::ReportSameTrack => Said::field(
                "REPORT-SAME-TRACK",
                "该受案已按此程序办理",
                "the report runs under this procedure already",
            ),
            Self::ReportNotLonger => Said::state(
                "REPORT-NOT-LONGER",
                "审查期限已不短于此",
                "the review lasts as long already, or the report has no such review",
            ),
            Self::ReportForeign => Said::state(
                "REPORT-FOREIGN",
                "该受案不属本单位管辖，请移送",
                "the report belongs to another authority; transfer it",
            ),
            Self::ReportNotForeign => Said::state(
                "REPORT-NOT-FOREIGN",
                "尚未认定不属本单位管辖，请先认定",
                "the report was not found to belong elsewhere; record that first",
            ),
            Self::ReportNotApproved => Said::state(
                "REPORT-NOT-APPROVED",
                "该受案未经批准立案，不能据此立案",
                "filing of the report is not approved; no case can be filed for it",
            ),
            Self::ReportOtherUnit => Said::field(
                "REPORT-OTHER-UNIT",
                "立案单位与受案单位不一致，请核对",
                "the case is of another unit than the report; check the unit",
            ),
            Self::ReportFiledOrOpen => Said::state(
                "REPORT-FILED-OR-OPEN",
                "没有不予立案决定需要送达",
                "there is no decision not to file that could be served",
            ),
            Self::ReportServed => {
                Said::state("REPORT-SERVED", "不予立案通知书已送达", "the notice is served already")
            }
            Self::ReportNotServed => Said::state(
                "REPORT-NOT-SERVED",
                "没有已送达的不予立案决定",
                "no decision not to file has been served",
            ),
            Self::ReportRequested => Said::state(
                "REPORT-REQUESTED",
                "已有复议或复核申请待决定",
                "a request waits for its decision already",
            ),
            Self::ReportNotRequested => Said::state(
                "REPORT-NOT-REQUESTED",
                "没有待决定的复议或复核申请",
                "no request waits for a decision",
            ),
            Self::ReportExhausted => Said::state(
                "REPORT-EXHAUSTED",
                "复议、复核均已作出决定",
                "reconsideration and review are both decided",
            ),
            Self::ReportTooLate => {
                Said::state("REPORT-TOO-LATE", "已超过申请期限", "the time to request has run out")
            }
            Self::ReportNotDecided => Said::state(
                "REPORT-NOT-DECIDED",
                "没有可以由登记审核员变更的决定",
                "there is no decision that the registrar could change so",
            ),
            Self::ReportOverridden => Said::state(
                "REPORT-OVERRIDDEN",
                "登记审核员已作出最终决定",
                "the registrar has decided already, finally",
            ),
            Self::ReportNotRefused => {
                Said::state("REPORT-NOT-REFUSED", "没有不予立案的决定", "no decision not to file stands")
            }
            Self::ReportReasonsAsked => Said::state(
                "REPORT-REASONS-ASKED",
                "检察机关已要求说明不立案理由，请先答复",
                "the procuratorate has asked for reasons already; answer first",
            ),
            Self::ReportReasonsNotAsked => Said::state(
                "REPORT-REASONS-NOT-ASKED",
                "没有待答复的说明不立案理由通知",
                "no request of the procuratorate for reasons waits for an answer",
            ),
            Self::ReportNotOfAgency => Said::state(
                "REPORT-NOT-OF-AGENCY",
                "不是审查中的行政机关移送案件，或材料已要求补充",
                "no matter handed over by an agency is under review, or its materials are asked for already",
            ),
            Self::ReportAgencyNotAsked => Said::state(
                "REPORT-AGENCY-NOT-ASKED",
                "没有要求移送机关补充材料",
                "the agency was not asked for materials",
            ),
            Self::ReportNoSecurityCase => Said::state(
                "REPORT-NO-SECURITY-CASE",
                "没有正在办理的治安案件",
                "no public security case is being handled",
            ),
            Self::WithdrawalNoticed => Said::state(
                "CASE-WITHDRAWAL-NOTICED",
                "撤案已告知嫌疑人和被害人",
                "suspect and victim have been told of the withdrawal already",
            ),
            Self::AuditUnknown => Said::missing("AUDIT-UNKNOWN", "没有这个抽查", "there is no such audit"),
            Self::AuditExists => {
                Said::state("AUDIT-EXISTS", "该抽查编号已存在", "an audit with this id is drawn already")
            }
            Self::AuditEmpty => Said::state(
                "AUDIT-EMPTY",
                "该范围内没有警情可供抽查",
                "there is no alert in the frame to be drawn",
            ),
            Self::AuditNotSampled => {
                Said::state("AUDIT-NOT-SAMPLED", "该警情不在样本中", "the alert is none of the sample")
            }
            Self::AuditDecided => {
                Said::state("AUDIT-DECIDED", "该警情已有抽查结论", "the alert has its verdict already")
            }
            Self::AuditOwnUnit { unit } => Said::permission(
                "GE-004",
                format!("抽查单位不能审核本单位（{unit}）或其上级的警情"),
                format!("the auditing unit cannot audit alerts of its own or of a unit above it ({unit})"),
            ),
            Self::AuditNotYours { unit } => Said::permission(
                "GE-004",
                format!("该抽查由{unit}办理"),
                format!("this audit is {unit}'s to decide"),
            ),
            Self::AuditNeedsRegistrar => Said::permission(
                "GE-004",
                "抽查须由登记审核员或市局指挥部门办理",
                "an audit is drawn by a registrar or headquarters and decided by a registrar",
            ),
        }
    }
}
