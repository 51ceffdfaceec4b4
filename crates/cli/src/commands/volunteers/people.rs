//! People: from the application through vetting, number and squadron to activity; what ends it; hours and their certificate.

use super::super::listing::{Beside, show_accepted, show_accepted_with};
use super::super::{Context, Verdict, fields};
use crate::connect::call;
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use time::Date;
use xiaoan_proto::volunteers::v1 as pb;

/// People.
#[derive(Debug, Subcommand)]
pub enum People {
    /// Receive an application: the request of the API in JSON, read from a file or stdin (-), because it names a person
    #[command(after_help = "Example: xiaoan volunteers apply application.json\n\n\
        {\"volunteerId\": \"zy-001\", \"orgUnit\": \"371102010000\", \"person\": {\"name\": \"…\", \"idNumber\": \"…\"},\n \
         \"birthDate\": {\"year\": 1990, \"month\": 5, \"day\": 1}, \"receivedOn\": {\"year\": 2026, \"month\": 3, \"day\": 1},\n \
         \"background\": \"VOLUNTEER_BACKGROUND_VETERAN\", \"risksExplained\": true}")]
    Apply {
        /// The file
        file: PathBuf,
    },
    /// Record what vetting found: passed, or failed, which rejects the application
    #[command(after_help = "Examples:\n  \
        xiaoan volunteers vet zy-001 passed --on 2026-03-05 --until 2028-03-04\n  \
        xiaoan volunteers vet zy-002 failed --on 2026-03-05")]
    Vet {
        /// Volunteer
        volunteer: String,
        /// What it found
        #[arg(value_enum)]
        result: Vetting,
        /// Day it was made [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
        /// Last day on which it holds; needed when passed
        #[arg(long, value_parser = moments::day, required_if_eq("result", "passed"))]
        until: Option<Date>,
    },
    /// The applicant appeals against a rejection
    #[command(after_help = "Example: xiaoan volunteers appeal zy-002 --grounds 材料有误")]
    Appeal {
        /// Volunteer
        volunteer: String,
        /// Grounds, without personal data
        #[arg(long)]
        grounds: String,
    },
    /// Decide an appeal; by another officer than who recorded the failed vetting
    #[command(after_help = "Example: xiaoan volunteers decide-appeal zy-002 granted --reason 复核属实")]
    DecideAppeal {
        /// Volunteer
        volunteer: String,
        /// Whether it is granted
        #[arg(value_enum)]
        decision: Decision,
        /// Why, without personal data
        #[arg(long)]
        reason: String,
    },
    /// Enrol a vetted applicant: gives the number, and a squadron if one is named
    #[command(after_help = "Example: xiaoan volunteers enrol zy-001 --squadron zd-1 --on 2026-03-10")]
    Enrol {
        /// Volunteer
        volunteer: String,
        /// Squadron of the same unit
        #[arg(long, default_value = "")]
        squadron: String,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Put an enrolled volunteer into a squadron, or into another one
    #[command(after_help = "Example: xiaoan volunteers assign zy-001 zd-2")]
    Assign {
        /// Volunteer
        volunteer: String,
        /// Squadron of the same unit
        squadron: String,
    },
    /// Record a completed course
    #[command(after_help = "Example: xiaoan volunteers course zy-001 first-aid --on 2026-03-12")]
    Course {
        /// Volunteer
        volunteer: String,
        /// Course, for example law, first-aid, water-rescue, fire, anti-fraud
        course: String,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Record an accident insurance
    #[command(
        after_help = "Example: xiaoan volunteers insure zy-001 --from 2026-03-01 --to 2027-02-28 --policy BX-2026-17"
    )]
    Insure {
        /// Volunteer
        volunteer: String,
        /// First day
        #[arg(long, value_parser = moments::day)]
        from: Date,
        /// Last day
        #[arg(long, value_parser = moments::day)]
        to: Date,
        /// Reference of the policy
        #[arg(long)]
        policy: String,
    },
    /// The volunteer may patrol from now on: vetted, trained and insured
    #[command(after_help = "Example: xiaoan volunteers activate zy-001 --on 2026-03-15")]
    Activate {
        /// Volunteer
        volunteer: String,
        /// First day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Suspend an active volunteer
    #[command(after_help = "Example: xiaoan volunteers suspend zy-001 --reason 养伤")]
    Suspend(Because),
    /// End a suspension
    #[command(after_help = "Example: xiaoan volunteers reinstate zy-001 --reason 伤愈")]
    Reinstate(Because),
    /// An enrolled volunteer leaves of their own will
    #[command(after_help = "Example: xiaoan volunteers retire zy-001 --reason 迁居外地")]
    Retire {
        /// Volunteer
        volunteer: String,
        /// Why, without personal data
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// The unit parts with an enrolled volunteer
    #[command(after_help = "Example: xiaoan volunteers expel zy-001 --reason 违反章程")]
    Expel(Because),
    /// Hours of a volunteer, shift by shift: served, approved
    #[command(after_help = "Example: xiaoan volunteers hours zy-001 --from 2026-06-01 --to 2026-06-30")]
    Hours {
        /// Volunteer
        volunteer: String,
        /// Only shifts that began on this day or later
        #[arg(long, value_parser = moments::day)]
        from: Option<Date>,
        /// Only shifts that began on this day or earlier
        #[arg(long, value_parser = moments::day)]
        to: Option<Date>,
    },
    /// Approve the hours of one patrol; fewer minutes than were served correct them
    #[command(after_help = "Example: xiaoan volunteers approve-hours zy-001 p-1 118")]
    ApproveHours {
        /// Volunteer
        volunteer: String,
        /// Patrol
        patrol: String,
        /// Minutes, at most what was served
        minutes: i64,
    },
    /// Issue a certificate of approved hours
    #[command(
        after_help = "Example: xiaoan volunteers certify zy-001 --no ZS-2026-9 --from 2026-06-01 --to 2026-06-30 --minutes 118"
    )]
    Certify {
        /// Volunteer
        volunteer: String,
        /// Number of the certificate
        #[arg(long = "no")]
        number: String,
        /// First day on which the shifts began
        #[arg(long, value_parser = moments::day)]
        from: Date,
        /// Last day
        #[arg(long, value_parser = moments::day)]
        to: Date,
        /// Minutes: exactly the approved ones of these days (see `hours`)
        #[arg(long)]
        minutes: i64,
    },
}

/// What vetting found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Vetting {
    /// 合格
    Passed,
    /// 不合格
    Failed,
}

/// What became of an appeal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// 支持
    Granted,
    /// 驳回
    Rejected,
}

/// A volunteer and a reason.
#[derive(Debug, Args)]
pub struct Because {
    /// Volunteer
    pub volunteer: String,
    /// Why, without personal data
    #[arg(long)]
    pub reason: String,
}

pub(super) async fn run(context: &Context, what: People) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match what {
        People::Apply { file } => {
            let request: pb::ReceiveApplicationRequest = fields::read_file(context, &file)?;
            let answer = call!(Volunteers, clients.volunteer().receive_application(request));
            let id = Beside("报名编号", "volunteer", "volunteerId", json!(answer.volunteer_id));
            return show_accepted_with(context, answer.receipt, &[id]);
        }
        People::Vet { volunteer, result, on, until } => {
            let result = match result {
                Vetting::Passed => pb::VettingResult::Passed,
                Vetting::Failed => pb::VettingResult::Failed,
            };
            let request = pb::RecordVettingRequest {
                request_id,
                volunteer_id: volunteer,
                etag,
                result: result.into(),
                vetted_on: moments::or_today(on),
                expires_on: until.map(Into::into),
            };
            call!(Volunteers, clients.volunteer().record_vetting(request)).receipt
        }
        People::Appeal { volunteer, grounds } => {
            let request = pb::AppealRejectionRequest { request_id, volunteer_id: volunteer, etag, grounds };
            call!(Volunteers, clients.volunteer().appeal_rejection(request)).receipt
        }
        People::DecideAppeal { volunteer, decision, reason } => {
            let granted = decision == Decision::Granted;
            let request =
                pb::DecideAppealRequest { request_id, volunteer_id: volunteer, etag, granted, reason };
            call!(Volunteers, clients.volunteer().decide_appeal(request)).receipt
        }
        People::Enrol { volunteer, squadron, on } => {
            let request = pb::EnrolVolunteerRequest {
                request_id,
                volunteer_id: volunteer,
                etag,
                squadron_id: squadron,
                enrolled_on: moments::or_today(on),
            };
            let answer = call!(Volunteers, clients.volunteer().enrol_volunteer(request));
            let number = Beside("编号", "number", "volunteerNo", json!(answer.volunteer_no));
            return show_accepted_with(context, answer.receipt, &[number]);
        }
        People::Assign { volunteer, squadron } => {
            let request = pb::AssignSquadronRequest {
                request_id,
                volunteer_id: volunteer,
                etag,
                squadron_id: squadron,
            };
            call!(Volunteers, clients.volunteer().assign_squadron(request)).receipt
        }
        People::Course { volunteer, course, on } => {
            let course = Some(pb::Course { course, completed_on: moments::or_today(on) });
            let request = pb::RecordCourseRequest { request_id, volunteer_id: volunteer, etag, course };
            call!(Volunteers, clients.volunteer().record_course(request)).receipt
        }
        People::Insure { volunteer, from, to, policy } => {
            let (from, to) = (Some(from.into()), Some(to.into()));
            let insurance = Some(pb::Insurance { from, to, policy_ref: policy });
            let request = pb::RecordInsuranceRequest { request_id, volunteer_id: volunteer, etag, insurance };
            call!(Volunteers, clients.volunteer().record_insurance(request)).receipt
        }
        People::Activate { volunteer, on } => {
            let active_on = moments::or_today(on);
            let request =
                pb::ActivateVolunteerRequest { request_id, volunteer_id: volunteer, etag, active_on };
            call!(Volunteers, clients.volunteer().activate_volunteer(request)).receipt
        }
        People::Suspend(Because { volunteer, reason }) => {
            let request = pb::SuspendVolunteerRequest { request_id, volunteer_id: volunteer, etag, reason };
            call!(Volunteers, clients.volunteer().suspend_volunteer(request)).receipt
        }
        People::Reinstate(Because { volunteer, reason }) => {
            let request = pb::ReinstateVolunteerRequest { request_id, volunteer_id: volunteer, etag, reason };
            call!(Volunteers, clients.volunteer().reinstate_volunteer(request)).receipt
        }
        People::Retire { volunteer, reason } => {
            let request = pb::RetireVolunteerRequest { request_id, volunteer_id: volunteer, etag, reason };
            call!(Volunteers, clients.volunteer().retire_volunteer(request)).receipt
        }
        People::Expel(Because { volunteer, reason }) => {
            let request = pb::ExpelVolunteerRequest { request_id, volunteer_id: volunteer, etag, reason };
            call!(Volunteers, clients.volunteer().expel_volunteer(request)).receipt
        }
        People::Hours { volunteer, from, to } => {
            return super::hours::hours(context, volunteer, from, to).await;
        }
        People::ApproveHours { volunteer, patrol, minutes } => {
            let request = pb::ApproveHoursRequest {
                request_id,
                volunteer_id: volunteer,
                etag,
                patrol_id: patrol,
                minutes,
            };
            call!(Volunteers, clients.volunteer().approve_hours(request)).receipt
        }
        People::Certify { volunteer, number, from, to, minutes } => {
            let request = pb::IssueCertificateRequest {
                request_id,
                volunteer_id: volunteer,
                etag,
                certificate_no: number,
                from: Some(from.into()),
                to: Some(to.into()),
                minutes,
            };
            call!(Volunteers, clients.volunteer().issue_certificate(request)).receipt
        }
    };
    show_accepted(context, receipt)
}
