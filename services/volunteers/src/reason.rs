//! Every word with which the service says no. One enum, one exhaustive match.
//!
//! "Checked in twice" has no code of its own in the catalogue: a volunteer who is checked in overlaps with themselves, at
//! this patrol or at another one, so both are VO-004 with sentences of their own.

use time::{Date, OffsetDateTime};
use xiaoan_kernel::{CITY_OFFSET, OrgCode, Said};

/// Remarks of this service.
pub type Remarks = xiaoan_kernel::Remarks<Reason>;
/// A no of this service.
pub type Refused = xiaoan_kernel::Refused<Reason>;

/// Why not. Values appear in the sentences; none is personal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // each says itself what it means, below
pub enum Reason {
    OrgUnitMalformed,
    OrgUnitUnknown { unit: OrgCode, day: Date },
    InFuture,
    MissingValue,
    Malformed { form_zh: &'static str, form_en: &'static str },
    MalformedLine { why: String },
    TooEarlyDay,
    OtherContentThere,
    NotYourUnit { unit: OrgCode },
    SamePerson,

    NotInsured { day: Date },
    VettingExpired { expired_after: Option<Date>, day: Date },
    Minor { day: Date },
    CheckedIn { since: OffsetDateTime },
    Overlap { begun: OffsetDateTime, ended: Option<OffsetDateTime> },
    RestTooShort { rested: i64, wanted: i64 },
    TaskForbidden { task: String },
    NoOfficerInCharge,
    NotCheckedIn,
    HoursExceedShift { minutes: i64, most: i64 },
    CertificateDiffers { stated: i64, approved: i64 },

    VolunteerUnknown,
    VolunteerExists,
    VolunteerGone,
    VolunteerRejected,
    VolunteerNotRejected,
    VolunteerAppealed,
    VolunteerNotAppealed,
    VolunteerNotVetted,
    VolunteerEnrolled,
    VolunteerNotEnrolled,
    VolunteerNotTrained,
    VolunteerActive,
    VolunteerNotActive,
    VolunteerNotSuspended,
    VolunteerOnShift { patrol_id: String },
    VolunteerElsewhere { unit: OrgCode },
    VolunteerNumbersExhausted,
    CourseCompleted,
    HoursAlreadyApproved,
    CertificateExists,

    SquadronUnknown,
    SquadronExists,
    SquadronDisbanded { on: Date },
    SquadronElsewhere { unit: OrgCode },
    SquadronSame,
    DutyPointUnknown,
    DutyPointExists,
    DutyPointClosed { on: Date },
    DutyPointElsewhere { unit: OrgCode },

    PatrolUnknown,
    PatrolExists,
    PatrolEnded,
    PatrolCancelled,
    PatrolBegun,
    PatrolNotEnded,
    PatrolTooEarly { from: OffsetDateTime },
    PatrolOver { until: OffsetDateTime },
    PatrolEndsBefore { at: OffsetDateTime },
    PatrolSameResults,
    PatrolComposition { missing_zh: String, missing_en: String },
    PatrolRuleUnknown { day: Date },
    PatrolRuleEarlier { before: Date },
}

impl xiaoan_kernel::Reason for Reason {
    fn said(&self) -> Said {
        match self {
            Self::OrgUnitMalformed => {
                Said::field("CB-001", "单位代码须为12位数字", "an org unit code has 12 digits")
            }
            Self::OrgUnitUnknown { unit, day } => Said::field(
                "CB-001",
                format!("单位{unit}在{day}不存在，请核对代码"),
                format!("org unit {unit} does not exist on {day}; check the code"),
            ),
            Self::InFuture => {
                Said::field("CB-003", "时间晚于现在，请核对", "this lies in the future; check it")
            }
            Self::MissingValue => Said::field("GE-006", "必填项为空，请填写", "this is required; fill it in"),
            Self::Malformed { form_zh, form_en } => Said::field(
                "GE-006",
                format!("格式不正确，应为{form_zh}"),
                format!("this is malformed; it must be {form_en}"),
            ),
            Self::MalformedLine { why } => Said::field(
                "GE-006",
                format!("此行无法按表头拆分（{why}），请检查分隔符和引号"),
                format!("the line does not fit the header ({why}); check separators and quotes"),
            ),
            Self::TooEarlyDay => Said::field(
                "GE-006",
                "此日期（时间）早于前一环节，请核对",
                "this lies before what it follows; check the days",
            ),
            Self::OtherContentThere => Said::field(
                "GE-002",
                "该报名编号已有内容不同的记录，请核对；如需更正，请逐项办理",
                "this id is there already with other content; act on that volunteer instead of importing it again",
            ),
            Self::NotYourUnit { unit } => Said::permission(
                "GE-004",
                format!("您不能为单位{unit}办理：角色或所属单位不符"),
                format!("you cannot act for unit {unit}: another role, or another unit, is needed"),
            ),
            Self::SamePerson => Said::permission(
                "GE-004",
                "作出该政审结论的人不能处理对它的申诉，请由他人办理",
                "whoever recorded the vetting does not decide the appeal; somebody else must",
            ),

            Self::NotInsured { day } => Said::state(
                "VO-001",
                format!("{day}没有有效的意外保险，请先投保并登记"),
                format!("not insured on {day}; record an accident insurance first"),
            ),
            Self::VettingExpired { expired_after: Some(last), day } => Said::state(
                "VO-002",
                format!("政审有效期至{last}，{day}已过期，请重新政审"),
                format!("the vetting held until {last} and not on {day}; vet again"),
            ),
            Self::VettingExpired { expired_after: None, day } => Said::state(
                "VO-002",
                format!("{day}没有有效的政审，请先政审"),
                format!("no vetting holds on {day}; vet first"),
            ),
            Self::Minor { day } => Said::state(
                "VO-003",
                format!("{day}未满18周岁，不得参加巡逻"),
                format!("under 18 on {day}; must not patrol"),
            ),
            Self::CheckedIn { since } => Said::state(
                "VO-004",
                format!("该志愿者已于{}在本次巡逻签到，不能重复签到", city(*since)),
                format!("checked in at this patrol already, at {}", city(*since)),
            ),
            Self::Overlap { begun, ended: None } => Said::state(
                "VO-004",
                format!("与另一次执勤重叠：{}已签到，尚未签退", city(*begun)),
                format!("overlaps with another shift: checked in at {} and not out", city(*begun)),
            ),
            Self::Overlap { begun, ended: Some(ended) } => Said::state(
                "VO-004",
                format!("与另一次执勤（{}至{}）重叠", city(*begun), city(*ended)),
                format!("overlaps with another shift, {} to {}", city(*begun), city(*ended)),
            ),
            Self::RestTooShort { rested, wanted } => Said::state(
                "VO-005",
                format!("两次执勤之间只休息了{rested}分钟，不足{wanted}分钟"),
                format!("only {rested} minutes of rest between two shifts, {wanted} are needed"),
            ),
            Self::TaskForbidden { task } => Said::field(
                "VO-006",
                format!("任务“{task}”不在志愿者可承担的范围内"),
                format!("the task \"{task}\" is none that volunteers may be given"),
            ),
            Self::NoOfficerInCharge => Said::field(
                "VO-007",
                "没有带班民警，请填写警号（字母、数字、连字符）",
                "no officer in charge; state the badge number (letters, digits, hyphens)",
            ),
            Self::NotCheckedIn => Said::state(
                "VO-008",
                "该志愿者没有在本次巡逻签到，或已签退",
                "the volunteer is not checked in at this patrol, or is out already",
            ),
            Self::HoursExceedShift { minutes, most } => Said::state(
                "VO-010",
                format!("{minutes}分钟超过本次执勤允许的{most}分钟，请核对，或先延长巡逻"),
                format!(
                    "{minutes} minutes exceed the {most} of the shift; check them, or extend the patrol first"
                ),
            ),
            Self::CertificateDiffers { stated, approved } => Said::state(
                "VO-011",
                format!("证明写{stated}分钟，该期间已审核的合计为{approved}分钟，须一致"),
                format!(
                    "the certificate says {stated} minutes, {approved} are approved on these days; they must agree"
                ),
            ),

            Self::VolunteerUnknown => {
                Said::missing("VOLUNTEER-UNKNOWN", "没有这个志愿者", "there is no such volunteer")
            }
            Self::VolunteerExists => Said::state(
                "VOLUNTEER-EXISTS",
                "该报名编号已登记",
                "an application with this id is there already",
            ),
            Self::VolunteerGone => Said::state(
                "VOLUNTEER-GONE",
                "该志愿者已退出或被除名",
                "the volunteer has left or was expelled",
            ),
            Self::VolunteerRejected => Said::state(
                "VOLUNTEER-REJECTED",
                "该报名已被拒绝，可提出申诉",
                "the application is rejected; an appeal is possible",
            ),
            Self::VolunteerNotRejected => {
                Said::state("VOLUNTEER-NOT-REJECTED", "该报名没有被拒绝", "the application is not rejected")
            }
            Self::VolunteerAppealed => Said::state(
                "VOLUNTEER-APPEALED",
                "已提出申诉，等待处理",
                "an appeal waits to be decided already",
            ),
            Self::VolunteerNotAppealed => {
                Said::state("VOLUNTEER-NOT-APPEALED", "没有待处理的申诉", "no appeal waits to be decided")
            }
            Self::VolunteerNotVetted => {
                Said::state("VOLUNTEER-NOT-VETTED", "尚未通过政审，不能编号", "not vetted yet; vet first")
            }
            Self::VolunteerEnrolled => {
                Said::state("VOLUNTEER-ENROLLED", "该志愿者已经编号", "the volunteer is enrolled already")
            }
            Self::VolunteerNotEnrolled => {
                Said::state("VOLUNTEER-NOT-ENROLLED", "该志愿者尚未编号", "the volunteer is not enrolled")
            }
            Self::VolunteerNotTrained => Said::state(
                "VOLUNTEER-NOT-TRAINED",
                "没有完成任何岗前培训，请先培训并登记",
                "no course is completed; train first",
            ),
            Self::VolunteerActive => {
                Said::state("VOLUNTEER-ACTIVE", "该志愿者已可上岗", "the volunteer is active already")
            }
            Self::VolunteerNotActive => Said::state(
                "VOLUNTEER-NOT-ACTIVE",
                "该志愿者不在岗（未上岗、停用或已退出）",
                "the volunteer is not active (not yet, suspended, or gone)",
            ),
            Self::VolunteerNotSuspended => {
                Said::state("VOLUNTEER-NOT-SUSPENDED", "该志愿者没有被停用", "the volunteer is not suspended")
            }
            Self::VolunteerOnShift { patrol_id } => Said::state(
                "VOLUNTEER-ON-SHIFT",
                format!("该志愿者正在执勤（{patrol_id}），请先签退"),
                format!("the volunteer is on patrol {patrol_id}; check out first"),
            ),
            Self::VolunteerElsewhere { unit } => Said::state(
                "VOLUNTEER-ELSEWHERE",
                format!("该志愿者属于单位{unit}，不属于本次巡逻的单位"),
                format!("the volunteer belongs to unit {unit}, not to the patrol's"),
            ),
            Self::VolunteerNumbersExhausted => Said::state(
                "VOLUNTEER-NUMBERS-EXHAUSTED",
                "该单位的志愿者编号已用完（9999）",
                "the unit has used all 9999 numbers",
            ),
            Self::CourseCompleted => Said::state(
                "COURSE-COMPLETED",
                "该课程当日已登记",
                "this course is recorded for that day already",
            ),
            Self::HoursAlreadyApproved => Said::state(
                "HOURS-APPROVED",
                "该次执勤的时长已审核",
                "the hours of this patrol are approved already",
            ),
            Self::CertificateExists => Said::state(
                "CERTIFICATE-EXISTS",
                "该证明编号已使用",
                "a certificate with this number was issued already",
            ),

            Self::SquadronUnknown => {
                Said::missing("SQUADRON-UNKNOWN", "没有这个中队", "there is no such squadron")
            }
            Self::SquadronExists => {
                Said::state("SQUADRON-EXISTS", "该中队编号已存在", "a squadron with this id is there already")
            }
            Self::SquadronDisbanded { on } => Said::state(
                "SQUADRON-DISBANDED",
                format!("该中队已于{on}撤销"),
                format!("the squadron was disbanded on {on}"),
            ),
            Self::SquadronElsewhere { unit } => Said::state(
                "SQUADRON-ELSEWHERE",
                format!("该中队属于单位{unit}"),
                format!("the squadron belongs to unit {unit}"),
            ),
            Self::SquadronSame => Said::state(
                "SQUADRON-SAME",
                "该志愿者已在此中队",
                "the volunteer is in this squadron already",
            ),
            Self::DutyPointUnknown => {
                Said::missing("DUTY-POINT-UNKNOWN", "没有这个执勤点", "there is no such duty point")
            }
            Self::DutyPointExists => Said::state(
                "DUTY-POINT-EXISTS",
                "该执勤点编号已存在",
                "a duty point with this id is there already",
            ),
            Self::DutyPointClosed { on } => Said::state(
                "DUTY-POINT-CLOSED",
                format!("该执勤点已于{on}撤销"),
                format!("the duty point was closed on {on}"),
            ),
            Self::DutyPointElsewhere { unit } => Said::state(
                "DUTY-POINT-ELSEWHERE",
                format!("该执勤点属于单位{unit}"),
                format!("the duty point belongs to unit {unit}"),
            ),

            Self::PatrolUnknown => Said::missing("PATROL-UNKNOWN", "没有这次巡逻", "there is no such patrol"),
            Self::PatrolExists => {
                Said::state("PATROL-EXISTS", "该巡逻编号已存在", "a patrol with this id is there already")
            }
            Self::PatrolEnded => Said::state("PATROL-ENDED", "该次巡逻已结束", "the patrol has ended"),
            Self::PatrolCancelled => {
                Said::state("PATROL-CANCELLED", "该次巡逻已取消", "the patrol is cancelled")
            }
            Self::PatrolBegun => Said::state(
                "PATROL-BEGUN",
                "已有人签到，不能取消，请结束巡逻",
                "somebody has checked in; end the patrol instead of cancelling it",
            ),
            Self::PatrolNotEnded => {
                Said::state("PATROL-NOT-ENDED", "该次巡逻尚未结束", "the patrol has not ended")
            }
            Self::PatrolTooEarly { from } => Said::state(
                "PATROL-TOO-EARLY",
                format!("签到过早，{}起方可签到", city(*from)),
                format!("too early; check-in is possible from {} on", city(*from)),
            ),
            Self::PatrolOver { until } => Said::state(
                "PATROL-OVER",
                format!("计划于{}结束，不能再签到；请先延长巡逻", city(*until)),
                format!("planned to end at {}; extend the patrol first", city(*until)),
            ),
            Self::PatrolEndsBefore { at } => Said::state(
                "PATROL-ENDS-BEFORE",
                format!("结束时间早于{}的签到或签退，请核对", city(*at)),
                format!("somebody checked in or out at {}, after that end; check the times", city(*at)),
            ),
            Self::PatrolSameResults => {
                Said::state("PATROL-SAME-RESULTS", "战果没有变化", "the results are these already")
            }
            Self::PatrolComposition { missing_zh, missing_en } => Said::state(
                "PATROL-COMPOSITION",
                format!("编组不符合要求（{missing_zh}），请说明原因"),
                format!("the composition is not what the rule wants ({missing_en}); state why"),
            ),
            Self::PatrolRuleUnknown { day } => Said::state(
                "PATROL-RULE-UNKNOWN",
                format!("{day}没有适用的巡逻编组办法，请先由市局发布"),
                format!("no rule for patrols applies on {day}; headquarters must publish one first"),
            ),
            Self::PatrolRuleEarlier { before } => Said::state(
                "PATROL-RULE-EARLIER",
                format!("生效日期不能早于上一版的{before}"),
                format!("a version cannot apply before the one it follows, {before}"),
            ),
        }
    }
}

/// The minute in the city's time, for sentences.
fn city(at: OffsetDateTime) -> String {
    let at = at.to_offset(CITY_OFFSET);
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}
