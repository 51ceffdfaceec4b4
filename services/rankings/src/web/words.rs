//! What the states of hq's decisions are called.

use xiaoan_proto::hq::v1::{
    ClosingState, InterviewState, NoticeState, NoticeStep, Officeholder, Post, SupervisionLevel,
    WithdrawalCause,
};

use super::lang::Lang;

/// State of a closing.
pub fn closing(state: ClosingState, l: Lang) -> &'static str {
    match state {
        ClosingState::Unspecified => l.t("暂定", "provisional"),
        ClosingState::Frozen => l.t("已冻结", "frozen"),
        ClosingState::Corrected => l.t("已更正", "corrected"),
    }
}

/// State of a notice.
pub fn notice(state: NoticeState, l: Lang) -> &'static str {
    match state {
        NoticeState::Unspecified => "—",
        NoticeState::Issued => l.t("已通报，待签收", "issued"),
        NoticeState::Acknowledged => l.t("已签收，待报方案", "acknowledged"),
        NoticeState::PlanSubmitted => l.t("已报方案，待审", "plan submitted"),
        NoticeState::PlanReturned => l.t("方案退回，待重报", "plan returned"),
        NoticeState::PlanApproved => l.t("方案通过，整改中", "plan approved"),
        NoticeState::Implemented => l.t("已整改，待验收", "carried out"),
        NoticeState::Verified => l.t("验收合格", "verified"),
        NoticeState::Failed => l.t("验收不合格，待再整改", "verification failed"),
        NoticeState::Closed => l.t("已办结", "closed"),
        NoticeState::Waived => l.t("已免予", "waived"),
        NoticeState::Withdrawn => l.t("已撤回", "withdrawn"),
    }
}

/// Whether nothing more is to be done.
pub fn is_over(state: NoticeState) -> bool {
    matches!(state, NoticeState::Closed | NoticeState::Waived | NoticeState::Withdrawn)
}

/// What a deadline of a notice asks for.
pub fn step(step: NoticeStep, l: Lang) -> &'static str {
    match step {
        NoticeStep::Unspecified => "—",
        NoticeStep::Acknowledge => l.t("签收", "acknowledge"),
        NoticeStep::Plan => l.t("报整改方案", "plan"),
        NoticeStep::Implement => l.t("落实整改", "carry out"),
        NoticeStep::Verify => l.t("市局验收", "verification by headquarters"),
    }
}

/// State of an interview.
pub fn interview(state: InterviewState, l: Lang) -> &'static str {
    match state {
        InterviewState::Unspecified => "—",
        InterviewState::Triggered => l.t("待约谈", "triggered"),
        InterviewState::Scheduled => l.t("已安排", "scheduled"),
        InterviewState::Held => l.t("已约谈", "held"),
        InterviewState::Minuted => l.t("已形成纪要，承诺待兑现", "minuted"),
        InterviewState::Closed => l.t("已办结", "closed"),
        InterviewState::Withdrawn => l.t("已撤销", "withdrawn"),
    }
}

/// Why an interview was withdrawn.
pub fn cause(cause: WithdrawalCause, l: Lang) -> &'static str {
    match cause {
        WithdrawalCause::Unspecified => "",
        WithdrawalCause::Correction => {
            l.t("结账更正后不再低于标准", "the closing was corrected: no longer below")
        }
        WithdrawalCause::NoticeWaived => l.t("所依据的通报已免予", "a notice it rests on was waived"),
    }
}

/// Who watches a listed case.
pub fn level(level: SupervisionLevel, l: Lang) -> &'static str {
    match level {
        SupervisionLevel::Unspecified => "—",
        SupervisionLevel::City => l.t("市局督办", "city"),
        SupervisionLevel::Province => l.t("省厅督办", "province"),
        SupervisionLevel::Ministry => l.t("部督", "ministry"),
    }
}

fn post(post: Post, l: Lang) -> &'static str {
    match post {
        Post::Unspecified => "—",
        Post::StationHead => l.t("所长", "station head"),
        Post::DeputyBureauChief => l.t("分管副局长", "deputy bureau chief"),
        Post::BureauChief => l.t("局长", "bureau chief"),
        Post::CityDeputyChief => l.t("市局副局长", "city deputy chief"),
        Post::CityChief => l.t("市局局长", "city chief"),
    }
}

/// A post of a unit: "东港分局分管副局长". Never a person.
pub fn office(of: &Officeholder, unit: &str, l: Lang) -> String {
    let post = post(of.post(), l);
    // The posts of the city bureau name it themselves.
    if of.post() >= Post::CityDeputyChief {
        return post.to_owned();
    }
    match l {
        Lang::Zh => format!("{unit}{post}"),
        Lang::En => format!("{post}, {unit}"),
    }
}
