//! `xiaoan cases import`, `xiaoan port import` …: streams a spreadsheet to its service, reports every row that is worth it, and
//! writes the rejected rows back beside the file in the user's own form.
//!
//! A service with an import has its columns in `spreadsheet/rows.rs`, one `report_from!` here, and one call of [`import`].

use super::{Context, Verdict};
use crate::args::{Import, Output, Service};
use crate::fault::Fault;
use crate::lang::Lang;
use crate::progress;
use crate::render::{self, Align, Field, Sheet, Tone};
use crate::spreadsheet::{Rejection, Row, Spreadsheet, write_rejected};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use xiaoan_proto::cases::v1 as cases;
use xiaoan_proto::core::v1::{Finding, Severity};

/// More rows than these that were there already are not listed one by one in a table.
const LISTED: usize = 20;
/// Rows on their way to the service; more wait in the file.
const ON_THE_WAY: usize = 256;

/// `xiaoan cases import`.
pub async fn run(context: &Context, what: Import) -> Result<Verdict, Fault> {
    let clients = &context.clients()?;
    let words = Words { zh: "案件编号", en: "case no", json: "caseNo" };
    let answer = |parts: Parts<cases::CaseRow>| async move {
        use cases::import_cases_request::Part;
        let part = |part| cases::ImportCasesRequest { part: Some(part) };
        let messages = parts.map(move |sent| match sent {
            Sent::Header { dry_run, file_name } => {
                part(Part::Header(cases::ImportHeader { dry_run, file_name }))
            }
            Sent::Row(row) => part(Part::Row(row)),
        });
        let answer = clients.case().import_cases(clients.request_without_deadline(messages)?).await;
        answer.map(|a| a.into_inner().into()).map_err(|status| clients.fault(Service::Cases, status))
    };
    import(context, what, words, answer).await
}

/// What the service is sent: the header, then rows.
pub enum Sent<R> {
    /// How the import is to be done.
    Header {
        /// Check everything, write nothing.
        dry_run: bool,
        /// Name of the file, without a path.
        file_name: String,
    },
    /// A row.
    Row(R),
}

/// The header and the rows as they are read.
pub type Parts<R> = ReceiverStream<Sent<R>>;

/// What a row's number is called.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
    /// In JSON.
    pub json: &'static str,
}

/// What the service answers, whichever it is.
#[derive(Debug, Clone, Default)]
pub struct Report {
    rows: i64,
    imported: i64,
    already_there: i64,
    rejected: i64,
    position: i64,
    reports: Vec<RowReport>,
}

/// A row that is worth a report.
#[derive(Debug, Clone, Default)]
struct RowReport {
    line: i64,
    number: String,
    outcome: RowOutcome,
    findings: Vec<Finding>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum RowOutcome {
    #[default]
    Unknown,
    Imported,
    AlreadyThere,
    Rejected,
}

impl RowOutcome {
    fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unspecified",
            Self::Imported => "imported",
            Self::AlreadyThere => "already_there",
            Self::Rejected => "rejected",
        }
    }
}

/// A context's own answer as a [`Report`]: package, message, and the field of its row reports that holds the number.
macro_rules! report_from {
    ($package:ident, $response:ident, $number:ident) => {
        impl From<xiaoan_proto::$package::v1::$response> for Report {
            fn from(answer: xiaoan_proto::$package::v1::$response) -> Self {
                use xiaoan_proto::$package::v1;
                let outcome = |row: &v1::RowReport| match row.outcome() {
                    v1::RowOutcome::Unspecified => RowOutcome::Unknown,
                    v1::RowOutcome::Imported => RowOutcome::Imported,
                    v1::RowOutcome::AlreadyThere => RowOutcome::AlreadyThere,
                    v1::RowOutcome::Rejected => RowOutcome::Rejected,
                };
                let report = |row: v1::RowReport| RowReport {
                    outcome: outcome(&row),
                    line: row.line,
                    number: row.$number,
                    findings: row.findings,
                };
                Self {
                    rows: answer.rows,
                    imported: answer.imported,
                    already_there: answer.already_there,
                    rejected: answer.rejected,
                    position: answer.position,
                    reports: answer.reports.into_iter().map(report).collect(),
                }
            }
        }
    };
}

report_from!(cases, ImportCasesResponse, case_no);
report_from!(port, ImportIncidentsResponse, incident_no);
report_from!(volunteers, ImportVolunteersResponse, volunteer_id);

/// Imports a file: `send` hands the parts to the service and gives its answer.
///
/// # Errors
/// When the file cannot be read, or the service does not take it.
pub async fn import<R, F>(
    context: &Context,
    what: Import,
    words: Words,
    send: impl FnOnce(Parts<R>) -> F,
) -> Result<Verdict, Fault>
where
    R: Row,
    F: Future<Output = Result<Report, Fault>>,
{
    let length = std::fs::metadata(&what.file).map_err(|e| Fault::file(&what.file, &e))?.len();
    let bar = progress::bar(length, context.say("导入", "importing"), true);
    let tally = {
        let bar = bar.clone();
        move |bytes| bar.inc(bytes)
    };
    let sheet = Spreadsheet::<R>::open(&what.file, tally)?;
    let encoding = sheet.encoding;
    // The rejected rows go back in the language of the file's own header.
    let file_lang = if sheet.headers.chinese { Lang::Zh } else { Lang::En };
    let (rows, to_service) = mpsc::channel(ON_THE_WAY);
    let header = Sent::Header { dry_run: what.dry_run, file_name: name(&what.file) };
    // The file is read on a thread that may block; the channel holds it back while the service is busy.
    let reader = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        if rows.blocking_send(header).is_err() {
            return Ok(());
        }
        for item in sheet {
            let (row, _) = item?;
            if rows.blocking_send(Sent::Row(row)).is_err() {
                // The service ended the call; its answer says why.
                break;
            }
        }
        Ok(())
    });
    let answer = send(ReceiverStream::new(to_service)).await;
    bar.finish_and_clear();
    let report = answer.inspect_err(|_| {
        eprintln!(
            "{}",
            context.say(
                "导入中断。已导入的行不会重复：改正后对同一文件再运行一次即可。",
                "the import broke off. Rows that landed are recognised: run it again on the same file.",
            )
        );
    })?;
    match reader.await {
        Ok(read) => read.map_err(|e| Fault::file(&what.file, &e))?,
        Err(panicked) => return Err(Fault::Failed(panicked.to_string())),
    }

    let written = write_back::<R>(context, &what, &report, file_lang)?;
    print(context, &what, words, &report, written.as_deref(), encoding.name())?;
    Ok(if report.rejected == 0 { Verdict::Done } else { Verdict::SomeRejected })
}

fn name(file: &Path) -> String {
    file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Writes the rejected rows; gives where, or nothing when none was rejected or nothing may be written.
fn write_back<R: Row>(
    context: &Context,
    what: &Import,
    report: &Report,
    file_lang: Lang,
) -> Result<Option<PathBuf>, Fault> {
    let rejected: HashMap<i64, Rejection> = report
        .reports
        .iter()
        .filter(|row| row.outcome == RowOutcome::Rejected)
        .map(|row| {
            let errors: Vec<_> = row.findings.iter().filter(|f| f.severity() == Severity::Error).collect();
            let codes = errors.iter().map(|f| f.code.as_str()).collect::<Vec<_>>().join(" ");
            let sentences = errors
                .iter()
                .map(|f| sentence(file_lang, f))
                .collect::<Vec<_>>()
                .join(file_lang.pick("；", "; "));
            (row.line, Rejection { codes, sentences })
        })
        .collect();
    // A dry run writes nothing, unless a file was named for it.
    if rejected.is_empty() || (what.dry_run && what.rejected.is_none()) {
        return Ok(None);
    }
    if let Some(target) = &what.rejected {
        write_rejected::<R>(&what.file, target, &rejected)?;
        return Ok(Some(target.clone()));
    }
    let beside = beside(&what.file);
    let here = PathBuf::from(name(&beside));
    for target in [beside, here] {
        match write_rejected::<R>(&what.file, &target, &rejected) {
            Ok(()) => return Ok(Some(target)),
            Err(fault) => eprintln!("{}", fault.present(context.lang)),
        }
    }
    Ok(None)
}

/// `cases.csv` → `cases.rejected.csv`, in the same folder.
fn beside(file: &Path) -> PathBuf {
    let name = name(file);
    let stem = name.strip_suffix(".csv").or_else(|| name.strip_suffix(".CSV")).unwrap_or(&name);
    file.with_file_name(format!("{stem}.rejected.csv"))
}

fn sentence(lang: Lang, finding: &Finding) -> &str {
    lang.pick(&finding.message_zh, &finding.message_en)
}

fn print(
    context: &Context,
    what: &Import,
    words: Words,
    report: &Report,
    written: Option<&Path>,
    encoding: &str,
) -> Result<(), Fault> {
    let mut sheet = Sheet::new(&[
        (context.say("行", "line"), Align::Right),
        (context.say(words.zh, words.en), Align::Left),
        (context.say("结果", "outcome"), Align::Left),
        (context.say("字段", "field"), Align::Left),
        (context.say("代码", "code"), Align::Left),
        (context.say("说明", "what is wrong"), Align::Left),
    ]);
    // A whole file that was there already says so in one line; the other outputs name every row.
    let plain = |row: &RowReport| row.outcome == RowOutcome::AlreadyThere && row.findings.is_empty();
    let unlisted =
        context.output() == Output::Table && report.reports.iter().filter(|row| plain(row)).count() > LISTED;
    for row in report.reports.iter().filter(|row| !unlisted || !plain(row)) {
        add(context, &mut sheet, row);
    }
    let summary = summary(context, what, report, encoding);
    match context.output() {
        Output::Json => render::out(&format!("{}\n", document(what, words, report, written)))?,
        Output::Csv => render::out(&sheet.csv())?,
        Output::Table => {
            if !sheet.is_empty() {
                render::out(&format!("{}\n", render::table(context, &sheet)))?;
            }
            render::out(&format!("{summary}\n"))?;
        }
    }
    if let Some(written) = written {
        eprintln!("{}{}", context.say("被拒绝的行写在：", "rejected rows are in "), written.display());
    }
    Ok(())
}

fn summary(context: &Context, what: &Import, report: &Report, encoding: &str) -> String {
    let trial = if what.dry_run {
        context.say("（试运行，未写入）", " (dry run, nothing written)")
    } else {
        ""
    };
    let (rows, landed, there, rejected) =
        (report.rows, report.imported, report.already_there, report.rejected);
    context.say(
        format!("共 {rows} 行（{encoding}）：导入 {landed}，已存在 {there}，拒绝 {rejected}{trial}"),
        format!(
            "{rows} rows ({encoding}): {landed} imported, {there} already there, {rejected} rejected{trial}"
        ),
    )
}

fn add(context: &Context, sheet: &mut Sheet, row: &RowReport) {
    let (outcome, tone) = match row.outcome {
        RowOutcome::Unknown => ("?", Tone::Plain),
        RowOutcome::Imported => (context.say("已导入", "imported"), Tone::Plain),
        RowOutcome::AlreadyThere => (context.say("已存在", "already there"), Tone::Faint),
        RowOutcome::Rejected => (context.say("拒绝", "rejected"), Tone::Alert),
    };
    let head = |first: bool| -> Vec<Field> {
        let show = |text: &str, tone| if first { Field::toned(text, tone) } else { Field::from("") };
        vec![show(&row.line.to_string(), Tone::Plain), show(&row.number, Tone::Plain), show(outcome, tone)]
    };
    if row.findings.is_empty() {
        let mut cells = head(true);
        cells.extend(["", "", ""].map(Field::from));
        sheet.row(cells);
    }
    // In CSV every line stands alone; in a table a row's further findings leave its head out.
    let csv = context.output() == Output::Csv;
    for (i, finding) in row.findings.iter().enumerate() {
        let mut cells = head(i == 0 || csv);
        let warning = finding.severity() == Severity::Warning;
        let code = if warning {
            format!("{} ({})", finding.code, context.say("提醒", "warning"))
        } else {
            finding.code.clone()
        };
        cells.extend([
            Field::from(finding.field.as_str()),
            Field::toned(code, if warning { Tone::Plain } else { tone }),
            Field::from(sentence(context.lang, finding)),
        ]);
        sheet.row(cells);
    }
}

/// The document of `--output json`; `rejected` and `warnings` hold one pair of line and code for each finding.
fn document(what: &Import, words: Words, report: &Report, written: Option<&Path>) -> Value {
    let pairs = |severity: Severity, outcome: Option<RowOutcome>| -> Vec<Value> {
        let rows = report.reports.iter().filter(|row| outcome.is_none_or(|o| row.outcome == o));
        rows.flat_map(|row| {
            row.findings.iter().filter(|f| f.severity() == severity).map(|f| json!([row.line, f.code]))
        })
        .collect()
    };
    let reports: Vec<_> = report
        .reports
        .iter()
        .map(|row| {
            let findings: Vec<_> = row
                .findings
                .iter()
                .map(|f| {
                    let severity = if f.severity() == Severity::Warning { "warning" } else { "error" };
                    json!({ "code": f.code, "severity": severity, "field": f.field, "messageZh": f.message_zh, "messageEn": f.message_en })
                })
                .collect();
            json!({ "line": row.line, words.json: row.number, "outcome": row.outcome.word(), "findings": findings })
        })
        .collect();
    json!({
        "file": name(&what.file),
        "dry_run": what.dry_run,
        "rows": report.rows,
        "imported": report.imported,
        "duplicate_rows": report.already_there,
        "rejected_rows": report.rejected,
        "rejected": pairs(Severity::Error, Some(RowOutcome::Rejected)),
        "warnings": pairs(Severity::Warning, None),
        "reports": reports,
        "rejected_file": written.map(|path| path.display().to_string()),
        "position": report.position,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rejected_rows_stand_beside_the_file() {
        assert_eq!(beside(Path::new("/a/cases-2026-06.csv")), Path::new("/a/cases-2026-06.rejected.csv"));
        assert_eq!(beside(Path::new("cases")), Path::new("cases.rejected.csv"));
    }

    #[test]
    fn the_document_lists_line_and_code_of_every_error_and_warning_apart() {
        let finding = |code: &str, severity: Severity| Finding {
            code: code.into(),
            severity: severity.into(),
            ..Default::default()
        };
        let report = Report {
            rows: 3,
            imported: 1,
            already_there: 1,
            rejected: 1,
            reports: vec![
                RowReport {
                    line: 4,
                    outcome: RowOutcome::Rejected,
                    findings: vec![
                        finding("CB-001", Severity::Error),
                        finding("CB-003", Severity::Error),
                        finding("CB-014", Severity::Warning),
                    ],
                    ..Default::default()
                },
                RowReport {
                    line: 5,
                    outcome: RowOutcome::Imported,
                    findings: vec![finding("CB-017", Severity::Warning)],
                    ..Default::default()
                },
                RowReport { line: 6, outcome: RowOutcome::AlreadyThere, ..Default::default() },
            ],
            position: 9,
        };
        let what = Import { file: "x/cases.csv".into(), dry_run: false, rejected: None };
        let words = Words { zh: "", en: "", json: "caseNo" };
        let document = document(&what, words, &report, None);
        assert_eq!(document["rejected"], json!([[4, "CB-001"], [4, "CB-003"]]));
        assert_eq!(document["warnings"], json!([[4, "CB-014"], [5, "CB-017"]]));
        assert_eq!(
            (&document["rows"], &document["imported"], &document["duplicate_rows"]),
            (&json!(3), &json!(1), &json!(1))
        );
    }
}
