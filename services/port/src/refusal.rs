//! Every word with which this service says no, with its stable code, what kind of no it is, and one sentence in Chinese
//! and English that says what to do. The only place that maps reasons: the match is exhaustive, so a new reason does not
//! compile until it has all of these.
//!
//! Codes `CB-*`, `PO-*` and `GE-*` are those of the domain reference, section J; `INCIDENT-*`, `ACCIDENT-*`, `GUARD-*`,
//! `FREIGHT-*` and `INTAKE-*` are states of this service. PO-006 to PO-012 (enterprises, hazards, security levels) are not
//! decided here yet.

use time::Date;
use xiaoan_kernel::{OrgCode, Said};
use xiaoan_proto::port::v1::{IncidentState, Track};

/// The service said no.
pub type Refused = xiaoan_kernel::Refused<Reason>;
/// Remarks gathered while a command or row is looked at.
pub type Remarks = xiaoan_kernel::Remarks<Reason>;

/// Why not. Values in a reason appear in its sentences; none of them may hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences in `said` are their documentation
pub enum Reason {
    // fields
    OrgUnitMalformed,
    OrgUnitUnknown { unit: OrgCode, day: Date },
    InFuture,
    TimeOrder,
    Malformed { form_zh: &'static str, form_en: &'static str },
    MissingValue,
    MalformedLine { why: String },
    OtherContentThere,
    // permission
    NotYourUnit { unit: OrgCode },
    NotForGuards,
    NotThatGuard,
    OwnAuthority,
    ClosedNeedsRegistrar,
    // incidents
    IncidentUnknown,
    IncidentExists,
    IncidentState { state: IncidentState },
    IncidentWithdrawn,
    IncidentCrewThere { crew: String },
    IncidentCrewNotSent { crew: String },
    IncidentMustBeReferred,
    IncidentOriginalUnknown,
    IncidentOwnDuplicate,
    OutcomeMissing,
    // accidents
    AccidentUnknown,
    AccidentExists,
    AccidentEnded,
    AccidentNotEnded,
    AccidentIncidentUnknown,
    AccidentCleared,
    AccidentNotCleared,
    AccidentUnsigned,
    PartyUnknown,
    GuardIssuedCertificate,
    WrongTrack { track: Track },
    TooFewOfficers { needed: i32 },
    SharesIllegal,
    EvidenceInsufficient,
    NoEvidence,
    ClearedBeforeEvidence,
    // guards
    GuardUnknown,
    GuardExists,
    GuardNotTrained,
    GuardNotTested,
    GuardAuthorised,
    GuardNoAuthority,
    // freight traffic
    FreightUnknown,
    FreightExists,
    FreightSameNumber,
    // intake
    IntakeGap { expected: i64 },
    IntakeOutOfOrder,
}

impl xiaoan_kernel::Reason for Reason {
    fn said(&self) -> Said {
        match self {
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
            Self::InFuture => Said::field(
                "CB-003",
                "时间晚于现在，请改为实际时间",
                "this lies in the future; state the actual time",
            ),
            Self::TimeOrder => Said::field(
                "PORT-TIME-ORDER",
                "时间早于前一环节，请核对",
                "this lies before the step it follows; check the times",
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
            Self::OtherContentThere => Said::field(
                "GE-002",
                "该事件编号已有内容不同的记录，请核对；如需更正，请对该事件逐项更正",
                "this number is there already with other content; correct that incident instead of importing it again",
            ),
            Self::NotYourUnit { unit } => Said::permission(
                "GE-004",
                format!("您不能为单位{unit}录入：须有相应角色，且该单位在本单位及其下级范围内"),
                format!(
                    "you cannot write for unit {unit}: that takes the role, in the unit or in one above it"
                ),
            ),
            Self::NotForGuards => Said::permission(
                "GE-004",
                "保安不得办理此项，请由民警办理",
                "a guard cannot do this; an officer must",
            ),
            Self::NotThatGuard => Said::permission(
                "GE-004",
                "保安只能以本人名义引导协商，请填写本人编号",
                "a guard guides a settlement in their own name only; state your own guard id",
            ),
            Self::OwnAuthority => Said::permission(
                "GE-004",
                "不得为本人授权，请由他人办理",
                "nobody gives authority to themselves; somebody else must",
            ),
            Self::ClosedNeedsRegistrar => Said::permission(
                "GE-004",
                "已办结事件须由登记审核员撤销",
                "only the registrar takes a closed incident out of the count",
            ),
            Self::IncidentUnknown => {
                Said::missing("INCIDENT-UNKNOWN", "没有这个事件", "there is no such incident")
            }
            Self::IncidentExists => Said::state(
                "INCIDENT-EXISTS",
                "该事件编号已经登记",
                "an incident with this id is reported already",
            ),
            Self::IncidentState { state } => Said::state(
                "INCIDENT-STATE",
                format!("事件当前状态为“{}”，不能进行此步骤", state_zh(*state)),
                format!("the incident is {}; this step does not follow", state_en(*state)),
            ),
            Self::IncidentWithdrawn => Said::state(
                "INCIDENT-WITHDRAWN",
                "该事件已撤销，不再处置",
                "the incident is withdrawn; nothing more happens to it",
            ),
            Self::IncidentCrewThere { crew } => Said::state(
                "INCIDENT-CREW-THERE",
                format!("警组{crew}已派往或已到场"),
                format!("crew {crew} is out for this incident already"),
            ),
            Self::IncidentCrewNotSent { crew } => Said::state(
                "INCIDENT-CREW-NOT-SENT",
                format!("警组{crew}未派往此事件或已到场，请先派警"),
                format!("crew {crew} is not on its way to this incident; dispatch it first"),
            ),
            Self::IncidentMustBeReferred => Said::state(
                "INCIDENT-MUST-BE-REFERRED",
                "航道受阻由海事部门处置，请移交并填写回执",
                "an obstructed channel is the maritime administration's; refer it and state the receipt",
            ),
            Self::IncidentOriginalUnknown => Said::state(
                "INCIDENT-ORIGINAL-UNKNOWN",
                "所重复的事件不存在，或其本身已撤销",
                "the incident that it repeats does not exist, or is withdrawn itself",
            ),
            Self::IncidentOwnDuplicate => Said::field(
                "INCIDENT-OWN-DUPLICATE",
                "事件不能是自己的重复",
                "an incident cannot be a duplicate of itself",
            ),
            Self::OutcomeMissing => Said::field(
                "GE-006",
                "有处置或办结时间而无处置结果，请填写恢复或移交",
                "a time of the end or the closing without an outcome; state restored or referred",
            ),
            Self::AccidentUnknown => {
                Said::missing("ACCIDENT-UNKNOWN", "没有这起事故", "there is no such accident")
            }
            Self::AccidentExists => Said::state(
                "ACCIDENT-EXISTS",
                "该事故编号已经登记",
                "an accident with this id is reported already",
            ),
            Self::AccidentEnded => Said::state(
                "ACCIDENT-ENDED",
                "该事故已签协议、已出认定书或已办结",
                "the accident is settled, certified or closed already",
            ),
            Self::AccidentNotEnded => Said::state(
                "ACCIDENT-NOT-ENDED",
                "该事故尚未签协议或出认定书，不能办结，或已经办结",
                "the accident is neither settled nor certified, or is closed already",
            ),
            Self::AccidentIncidentUnknown => Said::state(
                "ACCIDENT-INCIDENT-UNKNOWN",
                "事故所属事件不存在，请先登记事件",
                "the incident that the accident belongs to does not exist; report it first",
            ),
            Self::AccidentCleared => {
                Said::state("ACCIDENT-CLEARED", "现场已经撤除", "the scene is cleared already")
            }
            Self::AccidentNotCleared => Said::state(
                "ACCIDENT-NOT-CLEARED",
                "现场尚未撤除，不能办结",
                "the scene is not cleared; clear it before closing",
            ),
            Self::AccidentUnsigned => Said::field(
                "ACCIDENT-UNSIGNED",
                "每一方当事人都须签名且各签一次",
                "every party must sign, each once and nobody else",
            ),
            Self::PartyUnknown => {
                Said::field("GE-006", "不是该事故的当事人编号", "this is no party of the accident")
            }
            Self::GuardIssuedCertificate => Said::permission(
                "PO-001",
                "保安不得出具事故认定书或认定责任，请由民警办理",
                "a guard never issues a certificate nor determines liability; an officer must",
            ),
            Self::WrongTrack { track } => Said::state(
                "PO-002",
                format!("该事故应按“{}”办理，不能这样办理", track_zh(*track)),
                format!("the accident takes the track of {}; this belongs to another", track_en(*track)),
            ),
            Self::TooFewOfficers { needed } => Said::state(
                "PO-002",
                format!("该程序至少须有{needed}名民警，请先指派"),
                format!("this track takes {needed} officers at least; assign them first"),
            ),
            Self::SharesIllegal => Said::field(
                "PO-003",
                "责任组合不合法：应为全部/无、主要/次要、同等或均无责任，且每方各一项",
                "these shares are no legal set: full and none, main and secondary, equal, or all none, one for every party",
            ),
            Self::EvidenceInsufficient => Said::field(
                "PO-004",
                "证据不足：至少两张照片、每方位置及固定时间",
                "the evidence is insufficient: two photographs at least, the position of every party, and the time",
            ),
            Self::NoEvidence => {
                Said::state("PO-004", "尚未固定证据，请先固定", "no evidence is fixed yet; fix it first")
            }
            Self::ClearedBeforeEvidence => Said::state(
                "PO-005",
                "未固定证据不得撤除现场，请先固定证据",
                "the scene cannot be cleared before evidence is fixed",
            ),
            Self::GuardUnknown => Said::missing("GUARD-UNKNOWN", "没有这名保安", "there is no such guard"),
            Self::GuardExists => Said::state(
                "GUARD-EXISTS",
                "该保安编号已经登记",
                "a guard with this id is registered already",
            ),
            Self::GuardNotTrained => Said::state(
                "GUARD-NOT-TRAINED",
                "该保安尚未培训，请先培训",
                "the guard is not trained; record the training first",
            ),
            Self::GuardNotTested => Said::state(
                "GUARD-NOT-TESTED",
                "该保安尚未通过考核，请先考核",
                "the guard has not passed the test; record it first",
            ),
            Self::GuardAuthorised => Said::state(
                "GUARD-AUTHORISED",
                "与已有授权期限重叠",
                "the term overlaps with authority that the guard has",
            ),
            Self::GuardNoAuthority => Said::state(
                "GUARD-NO-AUTHORITY",
                "该保安在当日没有有效授权",
                "the guard has no authority on that day",
            ),
            Self::FreightUnknown => {
                Said::missing("FREIGHT-UNKNOWN", "没有这条疏导记录", "there is no such record")
            }
            Self::FreightExists => Said::state(
                "FREIGHT-EXISTS",
                "该疏导记录编号已经登记",
                "a record with this id is there already",
            ),
            Self::FreightSameNumber => {
                Said::state("FREIGHT-SAME-NUMBER", "车辆数没有变化", "the number of vehicles is the same")
            }
            Self::IntakeGap { expected } => Said::state(
                "INTAKE-GAP",
                format!("序号不连续，应从{expected}继续发送"),
                format!("a number is missing; go on with {expected}"),
            ),
            Self::IntakeOutOfOrder => Said::field(
                "INTAKE-OUT-OF-ORDER",
                "第一条消息须为开始，其后均为记录",
                "the first message must be the opening, and every further one a record",
            ),
        }
    }
}

/// Name of a state in Chinese.
fn state_zh(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Unspecified => "未知",
        IncidentState::Reported => "已接报",
        IncidentState::Classified => "已分类",
        IncidentState::Dispatched => "已派警",
        IncidentState::OnScene => "已到场",
        IncidentState::Controlled => "已控制",
        IncidentState::Restored => "已恢复",
        IncidentState::Referred => "已移交",
        IncidentState::Closed => "已办结",
        IncidentState::Withdrawn => "已撤销",
    }
}

fn state_en(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Unspecified => "unknown",
        IncidentState::Reported => "reported",
        IncidentState::Classified => "classified",
        IncidentState::Dispatched => "dispatched",
        IncidentState::OnScene => "on scene",
        IncidentState::Controlled => "controlled",
        IncidentState::Restored => "restored",
        IncidentState::Referred => "referred",
        IncidentState::Closed => "closed",
        IncidentState::Withdrawn => "withdrawn",
    }
}

fn track_zh(track: Track) -> &'static str {
    match track {
        Track::Unspecified => "未定",
        Track::SelfNegotiation => "自行协商",
        Track::Simple => "简易程序",
        Track::Ordinary => "一般程序",
    }
}

fn track_en(track: Track) -> &'static str {
    match track {
        Track::Unspecified => "nothing yet",
        Track::SelfNegotiation => "self-negotiation",
        Track::Simple => "the simple procedure",
        Track::Ordinary => "the ordinary procedure",
    }
}
