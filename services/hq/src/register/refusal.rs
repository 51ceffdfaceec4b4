//! With which words headquarters says no when it keeps its registers. Codes `CP-*`, `CB-*` and `GE-*` are those of the domain
//! reference, section J; the others are states of these aggregates.

use crate::cases::Solve;
use crate::fields::finding;
use time::Date;
use xiaoan_kernel::{Finding, Refusal, RefusalKind};

/// Headquarters said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Fields are wrong.
    Fields(Vec<Finding>),
    /// One reason.
    For(Reason),
}

/// Why not. No value in a reason may hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences are their documentation
pub enum Reason {
    OrgUnit,
    // commendations
    CommendationExists,
    CommendationUnknown,
    CommendationState { now: &'static str },
    SameSubject,
    PublicityRuns { to: Date },
    OtherBasis,
    BasisStands,
    NoPersonKey,
    // listed cases
    ListedCaseExists,
    ListedCaseUnknown,
    ListedCaseState,
    NotTheOwners,
    CaseUnknown,
    OtherSolve { stands: Option<Solve> },
    // figures of others, surveys, inspections
    ReferenceUnknown,
    ReferenceState,
    SurveyExists,
    SurveyUnknown,
    SurveyState,
    InspectionExists,
    InspectionUnknown,
    FindingUnknown,
    FindingResolved,
}

impl From<Vec<Finding>> for Refused {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Fields(findings)
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self::For(reason)
    }
}

impl Refusal for Refused {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Fields(_) => RefusalKind::Field,
            Self::For(reason) => reason.kind(),
        }
    }
    fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Fields(findings) => findings.clone(),
            Self::For(reason) => reason.findings(),
        }
    }
}

impl Reason {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::OrgUnit => RefusalKind::Field,
            Self::CommendationUnknown
            | Self::ListedCaseUnknown
            | Self::ReferenceUnknown
            | Self::SurveyUnknown
            | Self::InspectionUnknown
            | Self::FindingUnknown => RefusalKind::Missing,
            Self::SameSubject | Self::NotTheOwners => RefusalKind::Permission,
            Self::ListedCaseExists
            | Self::ListedCaseState
            | Self::ReferenceState
            | Self::SurveyExists
            | Self::SurveyState
            | Self::InspectionExists
            | Self::FindingResolved
            | Self::CommendationExists
            | Self::CommendationState { .. }
            | Self::PublicityRuns { .. }
            | Self::OtherBasis
            | Self::BasisStands
            | Self::CaseUnknown
            | Self::OtherSolve { .. }
            | Self::NoPersonKey => RefusalKind::State,
        }
    }

    fn findings(&self) -> Vec<Finding> {
        match self {
            Self::OrgUnit => {
                finding("CB-001", "org_unit", "没有该单位，请核对代码", "no such org unit; check the code")
            }
            Self::CommendationExists => finding(
                "COMMENDATION-EXISTS",
                "commendation_id",
                "该编号已使用，请另选编号",
                "the id is taken; choose another",
            ),
            Self::CommendationUnknown => finding(
                "COMMENDATION-UNKNOWN",
                "commendation_id",
                "没有该表彰",
                "there is no such commendation",
            ),
            Self::CommendationState { now } => finding(
                "COMMENDATION-STATE",
                "",
                format!("表彰现状态为{now}，不能这样办理"),
                format!("the commendation is {now}; this step is not open"),
            ),
            Self::SameSubject => finding(
                "COMMENDATION-SAME-SUBJECT",
                "",
                "推荐人不能自行核实，须由他人核实",
                "whoever nominated may not verify it; somebody else must",
            ),
            Self::PublicityRuns { to } => finding(
                "COMMENDATION-PUBLICITY-RUNS",
                "on",
                format!("公示期至{to}止，期满后方可表彰"),
                format!("it is publicised until {to}; grant it after that day"),
            ),
            Self::OtherBasis => finding(
                "COMMENDATION-BASIS",
                "basis",
                "所称被撤销的事项不是该表彰的依据",
                "what is said to have been revoked is not what this honour rests on",
            ),
            Self::BasisStands => finding(
                "COMMENDATION-BASIS-STANDS",
                "basis",
                "所依据的破案并未撤销",
                "what this honour rests on was not revoked",
            ),
            Self::CaseUnknown => finding(
                "CASE-UNKNOWN",
                "case_no",
                "没有这个案件，不能挂牌督办",
                "nobody has filed such a case",
            ),
            Self::OtherSolve { stands: None } => finding(
                "CP-008",
                "solved_position",
                "该案在案件系统中尚未破案",
                "the log of cases has no solve of this case that stands",
            ),
            Self::OtherSolve { stands: Some(Solve { on, position }) } => finding(
                "CP-008",
                "solved_position",
                format!("该案的破案记录是{on}、第{position}条"),
                format!("the solve that stands is of {on} at position {position}"),
            ),
            Self::NoPersonKey => finding(
                "PERSON-KEY-MISSING",
                "person",
                "本服务未配置个人信息密钥，不能受理个人表彰",
                "this service holds no key for personal data, so it takes no individuals",
            ),
            Self::ListedCaseExists => finding(
                "LISTED-CASE-EXISTS",
                "case_no",
                "该案已挂牌督办",
                "this case is under listed supervision already",
            ),
            Self::ListedCaseUnknown => finding(
                "LISTED-CASE-UNKNOWN",
                "case_no",
                "该案未曾挂牌督办",
                "this case was never under listed supervision",
            ),
            Self::ListedCaseState => finding(
                "LISTED-CASE-STATE",
                "",
                "该案已摘牌，不能这样办理",
                "the case has left the list; this step is not open",
            ),
            Self::NotTheOwners => finding(
                "GE-004",
                "",
                "须由包案局领导所在单位或市局办理",
                "only the bureau of the chief who took the case, or headquarters, reports",
            ),
            Self::ReferenceUnknown => {
                finding("REFERENCE-UNKNOWN", "figure_id", "没有该项参考数据", "there is no such figure")
            }
            Self::ReferenceState => {
                finding("REFERENCE-STATE", "", "该项参考数据已撤回", "the figure is withdrawn already")
            }
            Self::SurveyExists => finding(
                "SURVEY-EXISTS",
                "survey.survey_id",
                "该编号已使用，请另选编号",
                "the id is taken; choose another",
            ),
            Self::SurveyUnknown => {
                finding("SURVEY-UNKNOWN", "survey_id", "没有该项调查", "there is no such survey")
            }
            Self::SurveyState => {
                finding("SURVEY-STATE", "", "该项调查已撤回", "the survey is retracted already")
            }
            Self::InspectionExists => finding(
                "INSPECTION-EXISTS",
                "inspection_id",
                "该编号已使用，请另选编号",
                "the id is taken; choose another",
            ),
            Self::InspectionUnknown => {
                finding("INSPECTION-UNKNOWN", "inspection_id", "没有该次检查", "there is no such inspection")
            }
            Self::FindingUnknown => finding(
                "FINDING-UNKNOWN",
                "number",
                "该次检查没有此项问题",
                "the inspection has no finding of that number",
            ),
            Self::FindingResolved => {
                finding("FINDING-RESOLVED", "number", "该项问题已整改", "this finding is put right already")
            }
        }
    }
}
