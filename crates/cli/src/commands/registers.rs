//! `xiaoan commendations …`, `xiaoan listed-cases …`, `xiaoan references …`, `xiaoan surveys …`, `xiaoan inspections …`: the
//! registers of headquarters.

use super::fields::Act;
use super::listing::{documents, pages, show_accepted, show_list};
use super::{Context, Verdict, acts};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{self, show_day};
use crate::render::{self, Align, Sheet};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use time::Date;
use xiaoan_kernel::parse_day;
use xiaoan_proto::hq::v1 as hq;

/// Honours.
#[derive(Debug, Subcommand)]
pub enum Commendations {
    /// Honours and nominations, newest first
    List {
        /// Only of this unit
        #[arg(long = "org-unit", alias = "unit", default_value = "")]
        unit: String,
        /// Only those that rest on this case, series or campaign
        #[arg(long, default_value = "")]
        basis: String,
        /// At most this many; 0 = all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// How many honours stand: granted in these days, and not revoked since
    Count {
        /// First day
        #[arg(long, value_parser = moments::day)]
        from: Option<Date>,
        /// Last day
        #[arg(long, value_parser = moments::day)]
        to: Option<Date>,
    },
    /// Verify a nomination of somebody else (headquarters)
    Verify(Step),
    /// Publicise a verified nomination (headquarters)
    Publicize {
        /// Commendation
        id: String,
        /// First day [default: today]
        #[arg(long, value_parser = moments::day)]
        from: Option<Date>,
        /// Last day
        #[arg(long, value_parser = moments::day)]
        to: Date,
    },
    /// Grant an honour whose days of publicity are over (headquarters)
    Grant(Step),
    /// The award was delivered to the door (headquarters)
    Deliver(Step),
    /// Revoke what rests on a case whose solve was revoked (headquarters)
    Revoke {
        /// Commendation
        id: String,
        /// Number of the case that was revoked
        #[arg(long)]
        case: String,
        /// Why; no personal data
        #[arg(long)]
        reason: String,
    },
    /// A command with its fields in JSON: nominate (names an individual: @FILE or -), revoke (for every kind of basis and cause)
    #[command(after_help = "Example: xiaoan commendations do nominate @nomination.json")]
    Do(Act),
}

/// A step on a day.
#[derive(Debug, Args)]
pub struct Step {
    /// Commendation
    pub id: String,
    /// Day [default: today]
    #[arg(long, value_parser = moments::day)]
    pub on: Option<Date>,
}

/// Cases under listed supervision.
#[derive(Debug, Subcommand)]
pub enum ListedCases {
    /// The city-wide list, newest first
    List {
        /// Only of this investigating unit
        #[arg(long = "org-unit", alias = "unit", default_value = "")]
        unit: String,
        /// Only of this chief
        #[arg(long, default_value = "")]
        owner: String,
        /// At most this many; 0 = all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Report how it goes (the chief's bureau)
    Report {
        /// Case
        case_no: String,
        /// What was done; no personal data
        #[arg(long)]
        text: String,
    },
    /// A command with its fields in JSON: list-case, extend, delist (headquarters)
    #[command(after_help = "Example: xiaoan listed-cases do extend @extension.json")]
    Do(Act),
}

/// Figures of other cities and of the province.
#[derive(Debug, Subcommand)]
pub enum References {
    /// Import figures that others published (CSV); a figure that is there already stays as it is
    ///
    /// Columns: figure_id, place_code, place_zh, measure, title_zh, period, value, unit, rank, rank_of, source, source_on, note.
    /// Source and day of publication must be stated in each row, and a value or a rank.
    Import {
        /// The file
        file: PathBuf,
    },
    /// Figures, newest first
    List {
        /// Only of this measure
        #[arg(long, default_value = "")]
        measure: String,
        /// At most this many; 0 = all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

/// A register that is listed, and written by `do`.
#[derive(Debug, Subcommand)]
pub enum Listed {
    /// Newest first
    List {
        /// Only about this unit
        #[arg(long = "org-unit", alias = "unit", default_value = "")]
        unit: String,
        /// At most this many; 0 = all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// A command with its fields in JSON (headquarters). Surveys: record, retract; inspections: record, resolve-finding
    Do(Act),
}

/// Honours and nominations.
///
/// # Errors
/// When hq refuses or does not answer.
pub async fn commendations(context: &Context, what: Commendations) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let receipt = match what {
        Commendations::Do(act) => return acts::commendation(context, &act).await,
        Commendations::List { unit, basis, limit } => return honours(context, unit, basis, limit).await,
        Commendations::Count { from, to } => {
            let (from, to) = (from.map(Into::into), to.map(Into::into));
            let request = hq::CountCommendationsRequest { from, to, at_least: 0 };
            let ask = async |r| clients.commendation().count_commendations(r).await;
            let found = clients.call(Service::Hq, request, ask).await?;
            let mut sheet = Sheet::new(&[
                (context.say("集体", "collectives"), Align::Right),
                (context.say("个人", "individuals"), Align::Right),
                (context.say("已撤销", "revoked"), Align::Right),
            ]);
            let counts = [found.collectives, found.individuals, found.revoked];
            sheet.row(counts.iter().map(|n| n.to_string().into()).collect());
            let document = json!({
                "collectives": found.collectives, "individuals": found.individuals, "revoked": found.revoked,
            });
            render::print(context, &sheet, &document, "")?;
            return Ok(Verdict::Done);
        }
        Commendations::Verify(Step { id, on }) => {
            let on = on.map(Into::into);
            let (request_id, etag) = (context.request_id(), String::new());
            let request = hq::VerifyNominationRequest { request_id, commendation_id: id, etag, on };
            let ask = async |r| clients.commendation().verify_nomination(r).await;
            clients.call(Service::Hq, request, ask).await?.receipt
        }
        Commendations::Publicize { id, from, to } => {
            let request = hq::PublicizeNominationRequest {
                request_id: context.request_id(),
                commendation_id: id,
                etag: String::new(),
                from: from.map(Into::into),
                to: Some(to.into()),
            };
            let ask = async |r| clients.commendation().publicize_nomination(r).await;
            clients.call(Service::Hq, request, ask).await?.receipt
        }
        Commendations::Grant(Step { id, on }) => {
            let on = on.map(Into::into);
            let (request_id, etag) = (context.request_id(), String::new());
            let request = hq::GrantCommendationRequest { request_id, commendation_id: id, etag, on };
            let ask = async |r| clients.commendation().grant_commendation(r).await;
            clients.call(Service::Hq, request, ask).await?.receipt
        }
        Commendations::Deliver(Step { id, on }) => {
            let on = on.map(Into::into);
            let (request_id, etag) = (context.request_id(), String::new());
            let request = hq::DeliverAwardRequest { request_id, commendation_id: id, etag, on };
            let ask = async |r| clients.commendation().deliver_award(r).await;
            clients.call(Service::Hq, request, ask).await?.receipt
        }
        Commendations::Revoke { id, case, reason } => {
            let request = hq::RevokeCommendationRequest {
                request_id: context.request_id(),
                commendation_id: id,
                cause: hq::RevocationCause::BasisRevoked.into(),
                basis: Some(hq::Basis { kind: hq::BasisKind::Case.into(), reference: case }),
                reason,
                ..Default::default()
            };
            let ask = async |r| clients.commendation().revoke_commendation(r).await;
            clients.call(Service::Hq, request, ask).await?.receipt
        }
    };
    show_accepted(context, receipt)
}

async fn honours(context: &Context, unit: String, basis: String, limit: usize) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (found, more) = pages(limit, async |page_size, page_token| {
        let request = hq::ListCommendationsRequest {
            org_unit: unit.clone(),
            basis_reference: basis.clone(),
            page_size,
            page_token,
            ..Default::default()
        };
        let ask = async |r| clients.commendation().list_commendations(r).await;
        let page = clients.call(Service::Hq, request, ask).await?;
        Ok((page.commendations, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("编号", "commendation"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("对象", "recipient"), Align::Left),
        (context.say("荣誉", "honour"), Align::Left),
        (context.say("依据", "basis"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("表彰日", "granted"), Align::Left),
    ]);
    for c in &found {
        let individual = c.recipient() == hq::RecipientKind::Individual;
        let recipient = context.say(["集体", "个人"], ["collective", "individual"])[usize::from(individual)];
        sheet.row(vec![
            c.commendation_id.as_str().into(),
            c.org_unit.as_str().into(),
            recipient.into(),
            c.honour.as_str().into(),
            c.basis.as_ref().map_or("", |basis| &basis.reference).into(),
            word(c.state().as_str_name(), "COMMENDATION_STATE_").into(),
            show_day(c.granted_on).into(),
        ]);
    }
    show_list(context, &sheet, "commendations", &documents(&found), more)
}

/// A value of an enum without what it begins with, in small letters.
fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase().replace('_', "-")
}

/// Cases under listed supervision.
///
/// # Errors
/// When hq refuses or does not answer.
pub async fn listed_cases(context: &Context, what: ListedCases) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (unit, owner, limit) = match what {
        ListedCases::List { unit, owner, limit } => (unit, owner, limit),
        ListedCases::Do(act) => return acts::listed_case(context, &act).await,
        ListedCases::Report { case_no, text } => {
            let request = hq::ReportListedCaseProgressRequest {
                request_id: context.request_id(),
                case_no,
                text,
                ..Default::default()
            };
            let ask = async |r| clients.supervision().report_listed_case_progress(r).await;
            return show_accepted(context, clients.call(Service::Hq, request, ask).await?.receipt);
        }
    };
    let (found, more) = pages(limit, async |page_size, page_token| {
        let request = hq::ListListedCasesRequest {
            org_unit: unit.clone(),
            owner: owner.clone(),
            page_size,
            page_token,
            ..Default::default()
        };
        let ask = async |r| clients.supervision().list_listed_cases(r).await;
        let page = clients.call(Service::Hq, request, ask).await?;
        Ok((page.listed_cases, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("案件编号", "case"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("包案局领导", "chief"), Align::Left),
        (context.say("限期", "due"), Align::Left),
        (context.say("逾期", "overdue"), Align::Left),
        (context.say("进展", "reports"), Align::Right),
        (context.say("状态", "state"), Align::Left),
    ]);
    for c in &found {
        sheet.row(vec![
            c.case_no.as_str().into(),
            c.org_unit.as_str().into(),
            c.owner.as_ref().map_or("", |owner| &owner.subject).into(),
            show_day(c.due_on).into(),
            if c.overdue { context.say("是", "yes") } else { "" }.into(),
            c.progress.len().to_string().into(),
            word(c.state().as_str_name(), "LISTED_CASE_STATE_").into(),
        ]);
    }
    show_list(context, &sheet, "listedCases", &documents(&found), more)
}

/// A row of figures that others published.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureRow {
    figure_id: String,
    place_code: String,
    place_zh: String,
    measure: String,
    title_zh: String,
    period: String,
    value: String,
    unit: String,
    rank: Option<i32>,
    rank_of: Option<i32>,
    source: String,
    source_on: String,
    note: String,
}

impl FigureRow {
    fn figure(self) -> Option<hq::ReferenceFigure> {
        Some(hq::ReferenceFigure {
            source_on: Some(parse_day(&self.source_on)?.into()),
            figure_id: self.figure_id,
            place_code: self.place_code,
            place_zh: self.place_zh,
            measure: self.measure,
            title_zh: self.title_zh,
            period: self.period,
            value: self.value,
            unit: self.unit,
            rank: self.rank.unwrap_or_default(),
            rank_of: self.rank_of.unwrap_or_default(),
            source: self.source,
            note: self.note,
            ..Default::default()
        })
    }
}

/// Reads the whole file before anything is sent.
fn read_figures(file: &Path) -> Result<Vec<hq::ReferenceFigure>, Fault> {
    let text = std::fs::read_to_string(file).map_err(|e| Fault::file(file, &e))?;
    let usage = |why: String| Fault::Usage(format!("{}: {why}", file.display()));
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let rows: Result<Vec<FigureRow>, _> = reader.deserialize().collect();
    let rows = rows.map_err(|e| usage(e.to_string()))?;
    let figure = |(n, row): (usize, FigureRow)| {
        let line = n + 2;
        row.figure().ok_or_else(|| usage(format!("row {line}: source_on must be a day")))
    };
    rows.into_iter().enumerate().map(figure).collect()
}

/// Figures of others.
///
/// # Errors
/// When hq refuses or does not answer.
pub async fn references(context: &Context, what: References) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (measure, limit) = match what {
        References::List { measure, limit } => (measure, limit),
        References::Import { file } => {
            let figures = read_figures(&file)?;
            let rows = figures.len();
            for (line, figure) in (2..).zip(figures) {
                let request_id = context.request_id_of(&format!("line {line}"));
                let request = hq::RecordReferenceFigureRequest { request_id, figure: Some(figure) };
                let ask = async |r| clients.reference().record_reference_figure(r).await;
                clients.call(Service::Hq, request, ask).await?;
            }
            let mut sheet = Sheet::new(&[(context.say("数据", "figures"), Align::Right)]);
            sheet.row(vec![rows.to_string().into()]);
            render::print(context, &sheet, &json!({ "figures": rows }), "")?;
            return Ok(Verdict::Done);
        }
    };
    let (found, more) = pages(limit, async |page_size, page_token| {
        let measure = measure.clone();
        let request = hq::ListReferenceFiguresRequest { measure, page_size, page_token, at_least: 0 };
        let ask = async |r| clients.reference().list_reference_figures(r).await;
        let page = clients.call(Service::Hq, request, ask).await?;
        Ok((page.figures, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("地区", "place"), Align::Left),
        (context.say("指标", "measure"), Align::Left),
        (context.say("期间", "period"), Align::Left),
        (context.say("数值", "value"), Align::Right),
        (context.say("名次", "rank"), Align::Right),
        (context.say("来源", "source"), Align::Left),
        (context.say("日期", "of"), Align::Left),
        (context.say("说明", "note"), Align::Left),
    ]);
    for f in &found {
        let rank = if f.rank > 0 { f.rank.to_string() } else { String::new() };
        let withdrawn = context.say("已撤回：", "withdrawn: ");
        let note = if f.withdrawn { format!("{withdrawn}{}", f.withdrawn_because) } else { f.note.clone() };
        sheet.row(vec![
            f.place_zh.as_str().into(),
            f.title_zh.as_str().into(),
            f.period.as_str().into(),
            format!("{}{}", f.value, f.unit).into(),
            rank.into(),
            f.source.as_str().into(),
            show_day(f.source_on).into(),
            note.into(),
        ]);
    }
    show_list(context, &sheet, "figures", &documents(&found), more)
}

/// Surveys of the public.
///
/// # Errors
/// When hq refuses or does not answer.
pub async fn surveys(context: &Context, what: Listed) -> Result<Verdict, Fault> {
    let (unit, limit) = match what {
        Listed::List { unit, limit } => (unit, limit),
        Listed::Do(act) => return acts::survey(context, &act).await,
    };
    let clients = context.clients()?;
    let (found, more) = pages(limit, async |page_size, page_token| {
        let request =
            hq::ListSurveysRequest { org_unit: unit.clone(), page_size, page_token, ..Default::default() };
        let ask = async |r| clients.survey().list_surveys(r).await;
        let page = clients.call(Service::Hq, request, ask).await?;
        Ok((page.surveys, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("编号", "survey"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("得分", "score"), Align::Right),
        (context.say("名次", "rank"), Align::Right),
        (context.say("来源", "source"), Align::Left),
    ]);
    for s in &found {
        let score = s.score_hundredths.map_or(String::new(), |n| format!("{}.{:02}", n / 100, n % 100));
        sheet.row(vec![
            s.survey_id.as_str().into(),
            s.org_unit.as_str().into(),
            score.into(),
            s.rank.to_string().into(),
            s.source.as_str().into(),
        ]);
    }
    show_list(context, &sheet, "surveys", &documents(&found), more)
}

/// Inspections of units.
///
/// # Errors
/// When hq refuses or does not answer.
pub async fn inspections(context: &Context, what: Listed) -> Result<Verdict, Fault> {
    let (unit, limit) = match what {
        Listed::List { unit, limit } => (unit, limit),
        Listed::Do(act) => return acts::inspection(context, &act).await,
    };
    let clients = context.clients()?;
    let (found, more) = pages(limit, async |page_size, page_token| {
        let request = hq::ListInspectionsRequest {
            org_unit: unit.clone(),
            page_size,
            page_token,
            ..Default::default()
        };
        let ask = async |r| clients.inspection().list_inspections(r).await;
        let page = clients.call(Service::Hq, request, ask).await?;
        Ok((page.inspections, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("编号", "inspection"), Align::Left),
        (context.say("类别", "kind"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("日期", "day"), Align::Left),
        (context.say("问题", "findings"), Align::Right),
        (context.say("未整改", "open"), Align::Right),
        (context.say("逾期", "overdue"), Align::Right),
    ]);
    for i in &found {
        let open = i.findings.iter().filter(|f| f.resolved_on.is_none()).count();
        sheet.row(vec![
            i.inspection_id.as_str().into(),
            word(i.kind().as_str_name(), "INSPECTION_KIND_").into(),
            i.org_unit.as_str().into(),
            show_day(i.on).into(),
            i.findings.len().to_string().into(),
            open.to_string().into(),
            i.findings.iter().filter(|f| f.overdue).count().to_string().into(),
        ]);
    }
    show_list(context, &sheet, "inspections", &documents(&found), more)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "figure_id,place_code,place_zh,measure,title_zh,period,value,unit,rank,rank_of,source,source_on,note\n";

    fn read(rows: &str) -> Result<Vec<hq::ReferenceFigure>, Fault> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("figures.csv");
        std::fs::write(&file, format!("{HEADER}{rows}")).expect("written");
        read_figures(&file)
    }

    #[test]
    fn a_row_of_figures_has_a_source_with_its_day_and_a_value_or_a_rank() {
        let row =
            "370000-burglary-2020,370000,示例省,burglary,入室盗窃破案率,2020,,%,3,16,示例通报,2021-01-20,\n";
        let figures = read(row).expect("readable");
        assert_eq!(
            figures.iter().map(|f| (f.rank, f.rank_of, f.value.as_str())).collect::<Vec<_>>(),
            [(3, 16, "")]
        );
    }

    #[test]
    fn a_file_with_a_row_that_cannot_be_read_sends_nothing() {
        assert!(matches!(read("a,370000,省,m,t,2020,1,,,,s,sometime,\n"), Err(Fault::Usage(_))));
        assert!(matches!(read("a,370000,省,m,t,2020,1,,first,,s,2021-01-20,\n"), Err(Fault::Usage(_))));
    }
}
