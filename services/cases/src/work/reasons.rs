//! Why the work on cases says no: constants, because none of them has a value in its sentence.

use crate::refusal::{Reason, Refused};
use xiaoan_kernel::RefusalKind;

/// A reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkReason {
    /// What kind of no it is.
    pub kind: RefusalKind,
    /// Stable code.
    pub code: &'static str,
    /// One sentence in Chinese that says what to do.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
}

impl From<WorkReason> for Refused {
    fn from(reason: WorkReason) -> Self {
        Reason::Work(reason).into()
    }
}

macro_rules! reasons {
    ($($name:ident: $kind:ident $code:literal, $zh:literal, $en:literal;)+) => {
        $(#[doc = $en]
        pub const $name: WorkReason =
            WorkReason { kind: RefusalKind::$kind, code: $code, zh: $zh, en: $en };)+
        /// All of them.
        pub const ALL: &[WorkReason] = &[$($name),+];
    };
}

reasons! {
    CASE_UNKNOWN: State "WORK-CASE-UNKNOWN", "没有这个案件，请先立案", "there is no such case; file it first";
    TERM_MISSING: State "WORK-TERM-MISSING", "工作时限表中没有适用的时限，请补充", "the table of terms has none that holds on this day; add one";

    TASKFORCE_UNKNOWN: Missing "TASKFORCE-UNKNOWN", "没有这个专班", "there is no such task force";
    TASKFORCE_EXISTS: State "TASKFORCE-EXISTS", "该专班编号已存在", "a task force with this id is formed already";
    TASKFORCE_DISSOLVED: State "TASKFORCE-DISSOLVED", "该专班已经撤销", "the task force is dissolved";
    TASKFORCE_CHIEF_MISSING: Field "TASKFORCE-CHIEF-MISSING", "经侦专班须写明负责的局领导", "a team against economic crime needs a leader in charge";
    TASKFORCE_CASE_ASSIGNED: State "TASKFORCE-CASE-ASSIGNED", "该案已交由此专班", "the case is assigned to the task force already";
    TASKFORCE_NOT_OWED: State "TASKFORCE-NOT-OWED", "该期的指令或研判已经提交、已经缺失或尚未轮到", "this is not owed: it is done, missed for good, or something earlier comes first";
    TASKFORCE_TOO_EARLY: State "TASKFORCE-TOO-EARLY", "该期尚未开始（指令）或尚未结束（研判）", "too early: a directive's day has not begun, or the period of an analysis is not over";
    TASKFORCE_RESULT_EXISTS: State "TASKFORCE-RESULT-EXISTS", "该战果编号已记录", "results with this id are recorded already";
    TASKFORCE_RESULT_UNKNOWN: State "TASKFORCE-RESULT-UNKNOWN", "没有这条战果，或已撤销", "there are no such results, or they are revoked";

    CLEANUP_UNKNOWN: Missing "CLEANUP-UNKNOWN", "没有这次清查", "there is no such operation";
    CLEANUP_EXISTS: State "CLEANUP-EXISTS", "该清查编号已存在", "an operation with this id is planned already";
    CLEANUP_CLOSED: State "CLEANUP-CLOSED", "该清查已经结束", "the operation is closed";
    CLEANUP_VENUE_INSPECTED: State "CLEANUP-VENUE-INSPECTED", "该场所本次已经检查", "the venue is inspected already in this operation";
    CLEANUP_OUT_OF_TIME: Field "CLEANUP-OUT-OF-TIME", "检查日期不在清查期间内，请核对", "the day lies outside the operation; check it";
    CLEANUP_OTHER_KIND: Field "CLEANUP-OTHER-KIND", "该类场所不在本次清查范围内", "the operation is not about venues of this kind";
    CLEANUP_FINDING_UNKNOWN: State "CLEANUP-FINDING-UNKNOWN", "没有这个问题", "there is no such finding";
    CLEANUP_FINDING_SETTLED: State "CLEANUP-FINDING-SETTLED", "该问题已经整改或移交", "the finding is put right or handed over already";
    CLEANUP_FINDINGS_OPEN: State "CLEANUP-FINDINGS-OPEN", "还有问题没有整改或移交", "there are findings neither put right nor handed over";
    CLEANUP_NOTHING_INSPECTED: State "CLEANUP-NOTHING-INSPECTED", "尚未检查任何场所", "no venue is inspected yet";
    CLEANUP_NOT_OVER: State "CLEANUP-NOT-OVER", "清查期间尚未结束", "the operation's last day has not come yet";

    CATEGORY_NOT_PREVENTABLE: State "CP-010", "该案别在立案当日不在可防性案件目录内，不得倒查", "on the day of filing the category is not in the list of preventable categories; there is no review";
    REVIEW_UNKNOWN: Missing "REVIEW-UNKNOWN", "没有这个倒查", "there is no such review";
    REVIEW_EXISTS: State "REVIEW-EXISTS", "该案已经倒查", "the case has a review already";
    REVIEW_OTHER_STATE: State "REVIEW-OTHER-STATE", "倒查所处环节不允许此操作", "the review is at another stage";
    REVIEW_KIND_MISSING: Field "REVIEW-KIND-MISSING", "人防、物防、技防须逐项写明措施或不需要的理由，且只写其一", "each kind of prevention needs a measure or a reason why none is needed, not both";
    REVIEW_OWN_UNIT: Permission "REVIEW-OWN-UNIT", "责任认定和申诉决定须由上级单位作出", "responsibility and appeals are decided by a unit above the one that is looked at";
    REVIEW_NOTHING_TO_APPEAL: State "REVIEW-NOTHING-TO-APPEAL", "未认定责任，无须申诉", "no responsibility was found; there is nothing to appeal against";
    REVIEW_APPEAL_LATE: State "REVIEW-APPEAL-LATE", "申诉期限已过", "the time for an appeal is over";
    REVIEW_APPEAL_DECIDED: State "REVIEW-APPEAL-DECIDED", "申诉已有决定", "an appeal is decided already";
    REVIEW_GRAVER: Field "REVIEW-GRAVER", "申诉决定不得加重责任", "an appeal does not make the responsibility graver";
    REVIEW_MEASURE_UNKNOWN: State "REVIEW-MEASURE-UNKNOWN", "没有这项措施", "there is no such measure";
    REVIEW_MEASURE_DONE: State "REVIEW-MEASURE-DONE", "该措施已经落实", "the measure is in place already";
    REVIEW_MEASURES_OPEN: State "REVIEW-MEASURES-OPEN", "还有措施没有落实", "there are measures that are not in place";
    REVIEW_APPEAL_OPEN: State "REVIEW-APPEAL-OPEN", "申诉期限未过或申诉未决", "an appeal is still possible or undecided";

    MAJOR_UNKNOWN: Missing "MAJOR-UNKNOWN", "该案没有督办", "the case is not under supervision";
    MAJOR_SUPERVISED: State "MAJOR-SUPERVISED", "该案已经督办", "the case is under supervision already";
    MAJOR_ENDED: State "MAJOR-ENDED", "督办已经结束", "the supervision is over";
    MAJOR_CHIEF_MISSING: Field "CP-009", "须写明负责的局领导（警号），不能是单位", "name the bureau leader in charge by service number; a unit is not one";
    MAJOR_NOT_SOLVED: State "CP-008", "案件未破，须有签字的理由才能结束督办", "the case is not solved; a signed reason is needed to end the supervision";

    EXHIBIT_UNKNOWN: Missing "EXHIBIT-UNKNOWN", "没有这批物品", "there is no such lot of exhibits";
    EXHIBIT_EXISTS: State "EXHIBIT-EXISTS", "该物品编号已登记", "a lot with this id is recorded already";
    EXHIBIT_OTHER_STATE: State "EXHIBIT-OTHER-STATE", "物品所处环节不允许此操作：须先移交保管，且未处理完毕", "the lot is not where this could be done: it must be in custody, once, and not settled";
    EXHIBIT_BEFORE_SEIZURE: Field "EXHIBIT-BEFORE-SEIZURE", "时间早于扣押，请核对", "this lies before the seizure; check the time";
    EXHIBIT_TOO_MANY: State "EXHIBIT-TOO-MANY", "返还和处理合计超过扣押数量", "more would be returned and disposed of than were seized";
    EXHIBIT_DEN_UNKNOWN: State "EXHIBIT-DEN-UNKNOWN", "没有这个窝点，或不属于此案", "there is no such den, or it belongs to another case";
    DEN_UNKNOWN: Missing "DEN-UNKNOWN", "没有这个窝点", "there is no such den";
    DEN_EXISTS: State "DEN-EXISTS", "该窝点编号已登记", "a den with this id is recorded already";

    LOOKUP_UNKNOWN: Missing "LOOKUP-UNKNOWN", "该案没有三查一究", "the case has no lookups";
    LOOKUP_EXISTS: State "LOOKUP-EXISTS", "该案已经开展三查一究", "the case has lookups already";
    LOOKUP_TIERS: Field "LOOKUP-TIERS", "三级单位须依次隶属：市局、分县局、派出所", "the three tiers lie one below the other: city, bureau, station";
    LOOKUP_OTHER_STATE: State "LOOKUP-OTHER-STATE", "三查一究所处环节不允许此操作", "the lookups are at another stage";
    LOOKUP_ITEM_UNKNOWN: State "LOOKUP-ITEM-UNKNOWN", "清单中没有此项", "the checklist has no such item";
    LOOKUP_ITEMS_OPEN: State "LOOKUP-ITEMS-OPEN", "清单还有未查的项目", "there are items not looked up";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let codes: BTreeSet<_> = ALL.iter().map(|reason| reason.code).collect();
        assert_eq!(codes.len(), ALL.len());
    }
}
