//! Drafts → commands. The officers who send them are invented: each station has one, each bureau an approver and a
//! registrar, and the proposer of a solve never approves it.

use super::city::{CITY, STATIONS};
use super::draft::{Draft, SeriesDraft, Twist, Way};
use super::plan::{Body, Step, Story, Who, bureau_of};
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::city_day;
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::core::v1::{PersonInput, Provenance};
use xiaoan_proto::timestamp;

/// Headquarters.
#[must_use]
pub fn headquarters() -> Who {
    Who { subject: "demo-headquarters".to_owned(), unit: CITY, roles: &["hq", "officer"] }
}

/// The officer of a station.
#[must_use]
pub fn officer(unit: &'static str) -> Who {
    Who { subject: format!("demo-officer-{unit}"), unit, roles: &["officer"] }
}

/// Who approves a station's solves.
fn approver(unit: &str) -> Who {
    let bureau = bureau_of(unit);
    Who { subject: format!("demo-approver-{bureau}"), unit: bureau, roles: &["officer"] }
}

/// Who decides downgrades and withdrawals (domain reference §A.4).
fn registrar(unit: &str) -> Who {
    let bureau = bureau_of(unit);
    Who { subject: format!("demo-registrar-{bureau}"), unit: bureau, roles: &["registrar"] }
}

/// Collects the steps of one case.
struct Scribe<'a> {
    draft: &'a Draft,
    unit: &'static str,
    steps: Vec<Step>,
}

/// The story of a case.
#[must_use]
pub fn case(draft: &Draft) -> Story {
    let station = STATIONS[draft.station].code;
    let filed_at = if let Twist::FiledAt(unit) = draft.twist { unit } else { station };
    let mut scribe = Scribe { draft, unit: filed_at, steps: Vec::new() };
    if !draft.alert_id.is_empty() {
        scribe.alert();
    }
    scribe.file();
    scribe.twist(station);
    if let Some(solve) = &draft.solve
        && let Way::Direct(suspects) = solve.way
    {
        scribe.caught(city_day(solve.at), suspects);
        if draft.twist == Twist::ReturnedOnce {
            scribe.propose(solve.at - Duration::minutes(30));
            let reason = "示例：笔录不完整".to_owned();
            scribe.by(
                approver(scribe.unit),
                pb::ReturnSolveRequest { case_no: scribe.no(), reason, ..Default::default() },
            );
        }
        scribe.propose(solve.at);
        scribe.approve();
        scribe.steps.extend(property(draft, scribe.unit));
    }
    Story { key: draft.case_no.clone(), steps: scribe.steps }
}

/// Steps after the solve: property recovered and returned.
fn property(draft: &Draft, unit: &'static str) -> Vec<Step> {
    let (recovered, returned) = draft.recovered;
    let Some(solve) = draft.solve.as_ref().filter(|_| recovered > 0) else { return Vec::new() };
    let (case_no, on) = (draft.case_no.clone(), city_day(solve.at));
    let fen = |percent: i64| draft.loss_fen * percent / 100;
    let mut steps = Vec::new();
    let recover = pb::RecoverPropertyRequest {
        case_no: case_no.clone(),
        recovered_on: Some(on.into()),
        fen: fen(recovered),
        ..Default::default()
    };
    steps.push(Step { who: officer(unit), body: recover.into() });
    if returned > 0 {
        let on = on + Duration::days(9);
        let give = pb::ReturnPropertyRequest {
            case_no,
            returned_on: Some(on.into()),
            fen: fen(returned),
            ..Default::default()
        };
        steps.push(Step { who: officer(unit), body: give.into() });
    }
    steps
}

/// References to the three records of evidence (domain reference §A.5).
fn evidence(of: &str) -> pb::SolveEvidence {
    pb::SolveEvidence {
        facts_ref: format!("DEMO-{of}-a"),
        suspect_ref: format!("DEMO-{of}-b"),
        custody_ref: format!("DEMO-{of}-c"),
    }
}

/// An invented person; the name says so.
fn person(series: &str, of: &str) -> PersonInput {
    PersonInput {
        name: format!("演示{series}{}", &of[of.len().saturating_sub(8)..]),
        phone: String::new(),
        id_number: String::new(),
    }
}

impl Scribe<'_> {
    fn no(&self) -> String {
        self.draft.case_no.clone()
    }
    fn by(&mut self, who: Who, request: impl Into<Body>) {
        self.steps.push(Step { who, body: request.into() });
    }
    fn serial(&self) -> u32 {
        self.draft.case_no[19..].parse().unwrap_or_default()
    }

    fn alert(&mut self) {
        let receive = pb::ReceiveAlertRequest {
            alert_id: self.draft.alert_id.clone(),
            org_unit: self.unit.to_owned(),
            received_at: Some(timestamp(self.draft.reported_at)),
            kind: "theft".to_owned(),
            place: self.draft.place.clone(),
            provenance: Provenance::Demo.into(),
            ..Default::default()
        };
        self.by(officer(self.unit), receive);
    }

    fn file(&mut self) {
        let draft = self.draft;
        let category = if let Twist::FiledAs(category) = draft.twist { category } else { draft.category };
        let discovery = if draft.proactive { pb::Discovery::Proactive } else { pb::Discovery::Reported };
        // One case in eight names its victim; sealing is seen at work without half a million keys.
        let victims = if self.serial() % 8 == 1 && !draft.proactive {
            vec![person("甲", &draft.case_no)]
        } else {
            Vec::new()
        };
        let request = pb::FileCaseRequest {
            case_no: self.no(),
            org_unit: self.unit.to_owned(),
            category: category.to_owned(),
            occurred_from: Some(timestamp(draft.occurred_from)),
            reported_at: Some(timestamp(draft.reported_at)),
            filed_on: Some(draft.filed_on.into()),
            loss_fen: draft.loss_fen,
            loss_items: draft.items,
            loss_description: draft.what.to_owned(),
            place: format!("{}号", draft.place),
            dwelling: draft.category == "050201",
            preventable: draft.preventable,
            discovery: discovery.into(),
            alert_id: draft.alert_id.clone(),
            victims,
            provenance: Provenance::Demo.into(),
            ..Default::default()
        };
        self.by(officer(self.unit), request);
        if !draft.alert_id.is_empty() {
            let dispose = pb::DisposeAlertRequest {
                alert_id: draft.alert_id.clone(),
                disposition: pb::AlertDisposition::FiledAsCase.into(),
                case_no: self.no(),
                ..Default::default()
            };
            self.by(officer(self.unit), dispose);
        }
    }

    /// What goes another way; afterwards the case stands at `station` in its last category.
    fn twist(&mut self, station: &'static str) {
        let (case_no, filed_on) = (self.no(), self.draft.filed_on);
        match self.draft.twist.clone() {
            Twist::Straight | Twist::ReturnedOnce => {}
            Twist::Investigated => {
                let lead_officer = format!("D{}", &station[6..10]);
                self.by(
                    officer(station),
                    pb::InvestigateCaseRequest { case_no, lead_officer, ..Default::default() },
                );
            }
            Twist::FiledAs(_) => self.reclassify(self.draft.category),
            Twist::Becomes(category) => self.reclassify(category),
            Twist::FiledAt(_) => {
                let reason = "示例：移送管辖".to_owned();
                let to_org_unit = station.to_owned();
                self.by(
                    headquarters(),
                    pb::TransferCaseRequest { case_no, to_org_unit, reason, ..Default::default() },
                );
                self.unit = station;
            }
            Twist::Refiled => {
                self.withdraw(pb::WithdrawalGround::NoCrime, filed_on + Duration::days(5));
                let refile = pb::RefileCaseRequest {
                    case_no,
                    refiled_on: Some((filed_on + Duration::days(18)).into()),
                    new_facts: "示例：发现新的证据".to_owned(),
                    ..Default::default()
                };
                self.by(officer(station), refile);
            }
            Twist::Trivial => self.withdraw(pb::WithdrawalGround::Trivial, filed_on + Duration::days(9)),
            Twist::NoCrime => self.withdraw(pb::WithdrawalGround::NoCrime, filed_on + Duration::days(7)),
            Twist::Revoked(at) => {
                self.propose(at);
                self.approve();
                let reason = "示例：证据不足，予以撤销".to_owned();
                self.by(registrar(station), pb::RevokeSolveRequest { case_no, reason, ..Default::default() });
            }
            Twist::Exceptional(at) => {
                let ground = pb::ExceptionalGround {
                    code: "A".to_owned(),
                    offender_known: true,
                    location_known: true,
                    outside_reason: "示例：犯罪嫌疑人死亡".to_owned(),
                };
                let propose = pb::ProposeSolveRequest {
                    case_no,
                    solved_at: Some(timestamp(at)),
                    solve_class: pb::SolveClass::Exceptional.into(),
                    evidence: Some(evidence(&self.draft.case_no)),
                    exceptional: Some(ground),
                    manner: pb::SolveManner::Direct.into(),
                    ..Default::default()
                };
                self.by(officer(station), propose);
                self.approve();
            }
        }
    }

    fn reclassify(&mut self, category: &str) {
        let (case_no, category, reason) = (self.no(), category.to_owned(), "示例：复核后改变定性".to_owned());
        self.by(
            registrar(self.unit),
            pb::ReclassifyCaseRequest { case_no, category, reason, ..Default::default() },
        );
    }

    fn withdraw(&mut self, ground: pb::WithdrawalGround, on: Date) {
        let request = pb::WithdrawCaseRequest {
            case_no: self.no(),
            ground: ground.into(),
            withdrawn_on: Some(on.into()),
            reason: "示例：经查证".to_owned(),
            ..Default::default()
        };
        self.by(registrar(self.unit), request);
    }

    fn caught(&mut self, on: Date, count: i32) {
        if count == 0 {
            return;
        }
        let suspects =
            if self.serial() % 4 == 1 { vec![person("乙", &self.draft.case_no)] } else { Vec::new() };
        let request = pb::RecordSuspectCaughtRequest {
            case_no: self.no(),
            caught_on: Some(on.into()),
            count,
            suspects,
            measure: "detained".to_owned(),
            provenance: Provenance::Demo.into(),
            ..Default::default()
        };
        self.by(officer(self.unit), request);
    }

    fn propose(&mut self, at: OffsetDateTime) {
        let request = pb::ProposeSolveRequest {
            case_no: self.no(),
            solved_at: Some(timestamp(at)),
            solve_class: pb::SolveClass::Arrest.into(),
            evidence: Some(evidence(&self.draft.case_no)),
            manner: pb::SolveManner::Direct.into(),
            ..Default::default()
        };
        self.by(officer(self.unit), request);
    }

    fn approve(&mut self) {
        self.by(approver(self.unit), pb::ApproveSolveRequest { case_no: self.no(), ..Default::default() });
    }
}

/// The story of a series: opened, cases linked, brought solves proposed by the station and approved by its bureau.
#[must_use]
pub fn series(number: usize, series: &SeriesDraft, drafts: &[Draft]) -> Story {
    let unit = STATIONS[series.station].code;
    let series_id = format!("demo-series-{:02}", number + 1);
    let no = |i: usize| drafts[i].case_no.clone();
    let brought: Vec<_> = series.brought.iter().map(|i| no(*i)).collect();
    let (first, later) = brought.split_at(brought.len().div_ceil(2));
    let mut steps = Vec::new();
    let mut by = |who: Who, body: Body| steps.push(Step { who, body });
    let open = pb::OpenSeriesRequest {
        series_id: series_id.clone(),
        org_unit: unit.to_owned(),
        title: series.title.clone(),
        case_nos: std::iter::once(no(series.lead)).chain(first.iter().cloned()).collect(),
        ..Default::default()
    };
    by(officer(unit), open.into());
    for case_no in later {
        let link = pb::LinkCaseRequest {
            series_id: series_id.clone(),
            case_no: case_no.clone(),
            ..Default::default()
        };
        by(officer(unit), link.into());
    }
    let propose = pb::ProposeBroughtSolvesRequest {
        series_id: series_id.clone(),
        lead_case_no: no(series.lead),
        case_nos: brought.clone(),
        solved_at: Some(timestamp(series.solved_at)),
        evidence: Some(evidence(&series_id)),
        ..Default::default()
    };
    by(officer(unit), propose.into());
    by(
        approver(unit),
        pb::ApproveBroughtSolvesRequest { series_id: series_id.clone(), ..Default::default() }.into(),
    );
    for i in &series.brought {
        steps.extend(property(&drafts[*i], unit));
    }
    Story { key: series_id, steps }
}
