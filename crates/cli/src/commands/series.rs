//! `xiaoan series …`: cases linked as the work of the same hands (串并案).

use super::fields::Act;
use super::listing::{documents, pages, show_list, show_one};
use super::{Context, Verdict, acts};
use crate::args::Service;
use crate::fault::Fault;
use crate::render::{Align, Sheet, message_json};
use clap::Subcommand;
use serde_json::Value;
use xiaoan_proto::cases::v1 as pb;

/// Series.
#[derive(Debug, Subcommand)]
pub enum Series {
    /// Series of a unit's subtree, newest first
    #[command(after_help = "Example: xiaoan series list --org-unit 371102000000")]
    List {
        /// Unit whose subtree is listed [default: the token's own]
        #[arg(long = "org-unit", alias = "unit", default_value = "")]
        unit: String,
        /// At most so many; 0 = all
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One of them
    #[command(after_help = "Example: xiaoan series get bicycles-2026")]
    Get {
        /// Its id
        id: String,
    },
    /// A command with its fields in JSON: open, link, unlink, propose-brought-solves, approve-brought-solves, return-brought-solves
    #[command(
        after_help = "Example: xiaoan series do link '{\"seriesId\": \"bicycles-2026\", \"caseNo\": \"A3711020100002026060001\"}'"
    )]
    Do(Act),
}

/// Series.
///
/// # Errors
/// When cases refuses or does not answer.
pub async fn run(context: &Context, what: Series) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (unit, limit) = match what {
        Series::List { unit, limit } => (unit, limit),
        Series::Get { id } => {
            let request = pb::GetSeriesRequest { series_id: id, at_least: 0 };
            let found =
                clients.call(Service::Cases, request, async |r| clients.series().get_series(r).await).await?;
            return show_one(context, &found.series.as_ref().map_or(Value::Null, message_json));
        }
        Series::Do(act) => return acts::series(context, &act).await,
    };
    let (found, more) = pages(limit, async |page_size, page_token| {
        let request = pb::ListSeriesRequest { org_unit: unit.clone(), page_size, page_token, at_least: 0 };
        let page =
            clients.call(Service::Cases, request, async |r| clients.series().list_series(r).await).await?;
        Ok((page.series, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("串并案", "series"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("名称", "title"), Align::Left),
        (context.say("案件", "cases"), Align::Right),
        (context.say("带破", "brought"), Align::Right),
        (context.say("待批准", "proposed"), Align::Right),
    ]);
    for one in &found {
        sheet.row(vec![
            one.series_id.as_str().into(),
            one.org_unit.as_str().into(),
            one.title.as_str().into(),
            one.case_nos.len().to_string().into(),
            one.brought_case_nos.len().to_string().into(),
            one.proposed_case_nos.len().to_string().into(),
        ]);
    }
    show_list(context, &sheet, "series", &documents(&found), more)
}
