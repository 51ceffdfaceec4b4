//! Bulletins of closed periods (通报材料): which editions were issued, and what stands in one beside the closing's figures.
//!
//! Invariant: one edition for the figures of a closing. Only a correction of the closing leads to another, and that one is named
//! as a correction. What an edition says is fixed in its event, so that it can be rendered again to the byte.

use crate::closing::correction_number;
use crate::refusal::{Reason, Refused, Remarks};
use crate::step::{Step, recorded};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::day;
use xiaoan_proto::hq::v1::{
    self as hq, Bulletin, BulletinCommendation, BulletinContents, BulletinFile, BulletinListedCase,
    BulletinNotice, BulletinTypeface, CommendationState, NoticeState,
};

xiaoan_kernel::events! {
    /// What can happen to the bulletin of a closing.
    pub enum BulletinEvent {
        Issued(hq::BulletinIssued),
    }
}

/// The editions of a closing's bulletin.
#[derive(Debug, Clone, Default)]
pub struct Bulletins {
    issued: Vec<Bulletin>,
}

type Decided = Result<Vec<Fact<BulletinEvent>>, Refused>;

impl Aggregate for Bulletins {
    const KIND: &'static str = "bulletin";
    type Event = BulletinEvent;

    fn apply(&mut self, event: &BulletinEvent) {
        match event {
            BulletinEvent::Issued(e) => self.issued.push(Bulletin {
                edition: e.edition,
                issued_on: e.issued_on,
                contents: e.contents.clone(),
                template: e.template.clone(),
                pdf: Some(BulletinFile { sha256: e.pdf_sha256.clone(), bytes: e.pdf_bytes }),
                spreadsheet: Some(BulletinFile {
                    sha256: e.spreadsheet_sha256.clone(),
                    bytes: e.spreadsheet_bytes,
                }),
                typefaces: e.typefaces.clone(),
            }),
        }
    }
}

impl Bulletins {
    /// The editions, oldest first.
    #[must_use]
    pub fn issued(&self) -> &[Bulletin] {
        &self.issued
    }

    /// Number of the edition that comes next.
    #[must_use]
    pub fn next_edition(&self) -> i32 {
        self.issued.last().map_or(0, |bulletin| bulletin.edition) + 1
    }

    /// Whether the figures of a correction (0 = the frozen ones) have an edition.
    #[must_use]
    pub fn shows(&self, correction: i32) -> bool {
        self.issued.iter().any(|b| b.contents.as_ref().is_some_and(|c| c.correction == correction))
    }

    /// Records an edition of a closing; `now` is what hq would say in it, `by` is headquarters' unit.
    ///
    /// # Errors
    /// See [`Reason`].
    pub fn decide_issue(
        &self,
        command: &hq::IssueBulletinRequest,
        closing: &hq::Closing,
        now: &BulletinContents,
        by: OrgCode,
        today: Date,
    ) -> Decided {
        let mut remarks = Remarks::default();
        remarks.ensure(command.issued_on.is_some(), "issued_on", Reason::Day);
        remarks.ensure(is_file(command.pdf.as_ref()), "pdf", Reason::File);
        remarks.ensure(is_file(command.spreadsheet.as_ref()), "spreadsheet", Reason::File);
        remarks.ensure(crate::fields::is_slug(&command.template, b'-'), "template", Reason::Slug);
        remarks.ensure(are_typefaces(&command.typefaces), "typefaces", Reason::Typefaces);
        remarks.refuse()?;
        if self.shows(now.correction) {
            return Err(Reason::BulletinExists.into());
        }
        if command.contents.as_ref() != Some(now) {
            return Err(Reason::BulletinStale.into());
        }
        let figures_of = closing.corrections.last().map_or(closing.frozen_on, |c| c.corrected_on);
        let earlier = self.issued.last().map(|bulletin| recorded(bulletin.issued_on));
        let earliest = recorded(figures_of).max(earlier.unwrap_or(Date::MIN));
        let on = Step { field: "issued_on", stated: command.issued_on, earliest, today }.day()?;
        let (pdf, spreadsheet) =
            (command.pdf.clone().unwrap_or_default(), command.spreadsheet.clone().unwrap_or_default());
        let event = hq::BulletinIssued {
            closing_id: closing.closing_id.clone(),
            org_unit: by.to_string(),
            edition: self.next_edition(),
            issued_on: Some(on.into()),
            contents: Some(now.clone()),
            template: command.template.clone(),
            pdf_sha256: pdf.sha256,
            pdf_bytes: pdf.bytes,
            spreadsheet_sha256: spreadsheet.sha256,
            spreadsheet_bytes: spreadsheet.bytes,
            typefaces: command.typefaces.clone(),
        };
        Ok(vec![Fact::new(event, by, on)])
    }
}

fn is_file(file: Option<&BulletinFile>) -> bool {
    file.is_some_and(|file| file.sha256.len() == 32 && file.bytes > 0)
}

fn are_typefaces(typefaces: &[BulletinTypeface]) -> bool {
    let named = |t: &BulletinTypeface| {
        (1..=80).contains(&t.name.len()) && !t.name.contains(['/', '\\']) && t.sha256.len() == 32
    };
    (1..=16).contains(&typefaces.len())
        && typefaces.iter().all(named)
        && typefaces.is_sorted_by(|a, b| a.name < b.name)
}

/// What hq has on record for a bulletin.
#[derive(Debug, Clone, Default)]
pub struct OnRecord {
    /// Notices of the closing.
    pub notices: Vec<hq::Notice>,
    /// Listed cases, all.
    pub listed: Vec<hq::ListedCase>,
    /// Honours granted in the period.
    pub commendations: Vec<hq::Commendation>,
}

/// What a bulletin of a closing says beside its figures. `issuer` is the city bureau; names are added by whoever knows them.
///
/// # Errors
/// CP-001 when the closing stores no figures.
pub fn contents(
    closing: &hq::Closing,
    record: OnRecord,
    issuer: OrgCode,
) -> Result<BulletinContents, Refused> {
    let figures = crate::closing::current(closing).ok_or(Reason::NotFrozen)?;
    let (from, to) = (recorded(figures.from), recorded(figures.to));
    let mut notices: Vec<_> = record.notices.into_iter().filter_map(standing_notice).collect();
    notices.sort_by(|a, b| a.org_unit.cmp(&b.org_unit));
    let was_listed = |case: &hq::ListedCase| {
        let listed = day(case.listed_on).is_some_and(|day| day <= to);
        listed && day(case.delisted_on).is_none_or(|day| from <= day)
    };
    let mut listed_cases: Vec<_> = record.listed.into_iter().filter(was_listed).map(listed_case).collect();
    listed_cases.sort_by(|a, b| a.case_no.cmp(&b.case_no));
    let granted = |honour: &hq::Commendation| {
        honour.state() == CommendationState::Granted
            && day(honour.granted_on).is_some_and(|day| from <= day && day <= to)
    };
    let mut commendations: Vec<_> =
        record.commendations.into_iter().filter(granted).map(commendation).collect();
    commendations.sort_by_key(|c| (day(c.granted_on), c.commendation_id.clone()));
    Ok(BulletinContents {
        closing_id: closing.closing_id.clone(),
        correction: correction_number(closing),
        issuer: issuer.to_string(),
        units: Vec::new(),
        notices,
        listed_cases,
        commendations,
    })
}

/// Codes of the units that contents name, each once, in order.
#[must_use]
pub fn units_named(contents: &BulletinContents) -> Vec<String> {
    let offices = contents.listed_cases.iter().filter_map(|case| case.office.as_ref());
    let mut codes: Vec<String> = std::iter::once(&contents.issuer)
        .chain(contents.notices.iter().map(|notice| &notice.org_unit))
        .chain(contents.listed_cases.iter().map(|case| &case.org_unit))
        .chain(offices.map(|office| &office.org_unit))
        .chain(contents.commendations.iter().map(|honour| &honour.org_unit))
        .cloned()
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

/// A notice that stands.
fn standing_notice(notice: hq::Notice) -> Option<BulletinNotice> {
    let state = notice.state();
    let stands = !matches!(state, NoticeState::Unspecified | NoticeState::Waived | NoticeState::Withdrawn);
    stands.then_some(BulletinNotice {
        notice_id: notice.notice_id,
        org_unit: notice.org_unit,
        indicator_id: notice.indicator_id,
        numerator: notice.numerator,
        denominator: notice.denominator,
        threshold_numerator: notice.threshold_numerator,
        threshold_denominator: notice.threshold_denominator,
        issued_on: notice.issued_on,
        state: notice.state,
    })
}

fn listed_case(case: hq::ListedCase) -> BulletinListedCase {
    BulletinListedCase {
        case_no: case.case_no,
        org_unit: case.org_unit,
        level: case.level,
        office: case.owner.and_then(|owner| owner.office),
        state: case.state,
        listed_on: case.listed_on,
        due_on: case.due_on,
        delisted_on: case.delisted_on,
        overdue: case.overdue,
    }
}

fn commendation(honour: hq::Commendation) -> BulletinCommendation {
    BulletinCommendation {
        commendation_id: honour.commendation_id,
        org_unit: honour.org_unit,
        recipient: honour.recipient,
        team: honour.team,
        honour: honour.honour,
        granted_on: honour.granted_on,
    }
}

#[cfg(test)]
mod tests;
