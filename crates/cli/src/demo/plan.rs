//! The commands of the demo city, in phases: within a phase every story may run beside every other one.

use super::city::{CAMPAIGN, STATIONS};
use super::late::{self, Late};
use super::{alerts, deal, script};
use xiaoan_kernel::RequestId;
use xiaoan_proto::cases::v1 as cases;
use xiaoan_proto::hq::v1 as hq;

/// Changes when the city is dealt otherwise, so that commands of another edition are never taken for these.
pub const EDITION: &str = "demo city 2";
/// The last command of all marks this alert as a duplicate: when it is one, everything before it was accepted.
pub const LAST_ALERT: &str = "demo-city-2-end";
/// Board that the demo's headquarters publishes.
pub const PREVENTION_BOARD: &str = "prevention-stations";
/// Id of the campaign.
pub const CAMPAIGN_ID: &str = "autumn-wind";

/// Who sends a command: an invented officer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Who {
    /// Subject of the token.
    pub subject: String,
    /// Unit.
    pub unit: &'static str,
    /// Roles.
    pub roles: &'static [&'static str],
}

/// A command, ready to send.
#[derive(Debug, Clone)]
pub struct Step {
    /// By whom.
    pub who: Who,
    /// What.
    pub body: Body,
}

/// Commands that follow one another.
#[derive(Debug, Clone)]
pub struct Story {
    /// What it is about, for example a case number; request ids follow from it.
    pub key: String,
    /// In this order.
    pub steps: Vec<Step>,
}

/// Stories that may run beside each other.
#[derive(Debug, Clone)]
pub struct Phase {
    /// Chinese title.
    pub title_zh: &'static str,
    /// English title.
    pub title_en: &'static str,
    /// Stories.
    pub stories: Vec<Story>,
}

/// The whole city.
#[derive(Debug, Clone)]
pub struct Plan {
    /// One after the other.
    pub phases: Vec<Phase>,
    /// What comes only when headquarters has closed its month; told by the share `accountability`.
    pub late: Option<Late>,
}

macro_rules! bodies {
    ($($name:ident($message:ty),)+) => {
        /// What a step commands.
        #[derive(Debug, Clone)]
        #[allow(missing_docs)] // each is the rpc of its name
        pub enum Body { $($name($message)),+ }

        impl Body {
            fn set_request_id(&mut self, id: String) {
                match self { $(Self::$name(m) => m.request_id = id),+ }
            }
            /// Name of the rpc.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),+ }
            }
            /// The request id.
            #[must_use]
            pub fn request_id(&self) -> &str {
                match self { $(Self::$name(m) => &m.request_id),+ }
            }
        }
        $(impl From<$message> for Body { fn from(m: $message) -> Self { Self::$name(m) } })+
    };
}

bodies! {
    OpenCampaign(hq::OpenCampaignRequest),
    PublishScheme(hq::PublishSchemeRequest),
    ReceiveAlert(cases::ReceiveAlertRequest),
    DisposeAlert(cases::DisposeAlertRequest),
    MarkAlertDuplicate(cases::MarkAlertDuplicateRequest),
    FileCase(cases::FileCaseRequest),
    InvestigateCase(cases::InvestigateCaseRequest),
    RecordSuspectCaught(cases::RecordSuspectCaughtRequest),
    ProposeSolve(cases::ProposeSolveRequest),
    ApproveSolve(cases::ApproveSolveRequest),
    ReturnSolve(cases::ReturnSolveRequest),
    RevokeSolve(cases::RevokeSolveRequest),
    RecoverProperty(cases::RecoverPropertyRequest),
    ReturnProperty(cases::ReturnPropertyRequest),
    ReclassifyCase(cases::ReclassifyCaseRequest),
    TransferCase(cases::TransferCaseRequest),
    WithdrawCase(cases::WithdrawCaseRequest),
    RefileCase(cases::RefileCaseRequest),
    OpenSeries(cases::OpenSeriesRequest),
    LinkCase(cases::LinkCaseRequest),
    ProposeBroughtSolves(cases::ProposeBroughtSolvesRequest),
    ApproveBroughtSolves(cases::ApproveBroughtSolvesRequest),
}

impl Plan {
    /// The demo city, the same each time.
    #[must_use]
    pub fn build() -> Self {
        let mut dealt = deal::deal();
        let mut alert_stories = alerts::stories(&mut dealt.drafts);
        let mut stories: Vec<_> =
            dealt.drafts.iter().map(|draft| (draft.reported_at, script::case(draft))).collect();
        stories.append(&mut alert_stories);
        // Everything in the order in which it happened, as a city would record it.
        stories.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| left.key.cmp(&right.key)));
        let series =
            dealt.series.iter().enumerate().map(|(i, s)| script::series(i, s, &dealt.drafts)).collect();
        let phase = |title_zh, title_en, stories| Phase { title_zh, title_en, stories };
        let mut plan = Self {
            phases: vec![
                phase(
                    "市局：专项行动、考核办法",
                    "headquarters: campaign and scheme",
                    vec![campaign(), scheme()],
                ),
                phase(
                    "警情、案件",
                    "alerts and cases",
                    stories.into_iter().map(|(_, story)| story).collect(),
                ),
                phase("串并案", "series", series),
                phase("收尾", "closing", vec![alerts::last()]),
            ],
            late: None,
        };
        plan.late = late::take(&mut plan, &dealt.drafts);
        let late = plan.late.iter_mut().map(|late| &mut late.story);
        for story in plan.phases.iter_mut().flat_map(|phase| &mut phase.stories).chain(late) {
            for (i, step) in story.steps.iter_mut().enumerate() {
                let id = RequestId::of(&format!("{EDITION}|{}|{i}|{}", story.key, step.body.name()));
                step.body.set_request_id(id.to_string());
            }
        }
        plan
    }

    /// All commands in order, the late one at the end.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        let late = self.late.iter().flat_map(|late| &late.story.steps);
        self.steps_before_late().chain(late)
    }

    /// All but the late one.
    pub fn steps_before_late(&self) -> impl Iterator<Item = &Step> {
        self.phases.iter().flat_map(|phase| &phase.stories).flat_map(|story| &story.steps)
    }
}

fn campaign() -> Story {
    let request = hq::OpenCampaignRequest {
        request_id: String::new(),
        campaign_id: CAMPAIGN_ID.to_owned(),
        name_zh: "秋风专项行动".to_owned(),
        name_en: "Autumn Wind".to_owned(),
        from: Some(CAMPAIGN.from.into()),
        to: Some(CAMPAIGN.to.into()),
    };
    Story {
        key: CAMPAIGN_ID.to_owned(),
        steps: vec![Step { who: script::headquarters(), body: request.into() }],
    }
}

/// A scheme that needs no new release: alerts and preventable cases of each station, less is better.
fn scheme() -> Story {
    use xiaoan_proto::core::v1::OrgKind;
    let measure =
        |name: &str| Some(hq::MeasureRef { measure: name.to_owned(), category_prefix: String::new() });
    let count = |id: &str, zh: &str, en: &str, unit: &str, name: &str| hq::Indicator {
        id: id.to_owned(),
        title_zh: zh.to_owned(),
        title_en: en.to_owned(),
        numerator: measure(name),
        denominator: None,
        scale: 1,
        direction: hq::Direction::LowerIsBetter.into(),
        min_denominator: 0,
        unit: unit.to_owned(),
        weight: 0,
        ..Default::default()
    };
    let share = hq::Indicator {
        denominator: measure("case.filed"),
        scale: 100,
        min_denominator: 10,
        weight: 100,
        ..count("preventable_share", "可防性案件占比", "Preventable share", "%", "case.preventable.filed")
    };
    let scheme = hq::Scheme {
        board: PREVENTION_BOARD.to_owned(),
        version: 0,
        title_zh: "派出所发案防控榜（示例）".to_owned(),
        title_en: "Prevention by station (demo)".to_owned(),
        entrant_kinds: vec![OrgKind::Station.into(), OrgKind::PortStation.into()],
        indicators: vec![
            share,
            count("preventable", "可防性案件", "Preventable cases", "件", "case.preventable.filed"),
            count("alerts", "警情", "Alerts", "起", "alert.received"),
        ],
        rank_by: "preventable_share".to_owned(),
        ..Default::default()
    };
    let request =
        hq::PublishSchemeRequest { request_id: String::new(), scheme: Some(scheme), etag: String::new() };
    Story {
        key: PREVENTION_BOARD.to_owned(),
        steps: vec![Step { who: script::headquarters(), body: request.into() }],
    }
}

/// Bureau of a station.
#[must_use]
pub fn bureau_of(unit: &str) -> &'static str {
    STATIONS.iter().find(|s| s.code == unit).map_or(super::city::CITY, |s| s.bureau)
}
