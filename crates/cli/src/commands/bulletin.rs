//! `xiaoan bulletin`: a closing as a PDF in official layout and a spreadsheet; issuing it; comparing a file with what was issued.
//!
//! hq says what stands in it, `crates/bulletin` sets it. The same closing and contents give the same bytes, so an edition can be set
//! again by anybody who has the same fonts, and compared with the digest that hq recorded.

use super::{Context, Verdict, closings};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments;
use crate::render::{self, Align, Field, Sheet, Tone};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use time::Date;
use xiaoan_bulletin::{Error, Figures, Rendered, Stage, TEMPLATE, Typefaces};
use xiaoan_kernel::{Clock, SystemClock, city_day};
use xiaoan_proto::hq::v1::{self as hq, BulletinContents, BulletinFile, BulletinTypeface, Closing};

/// A closing as a bulletin.
#[derive(Debug, Args)]
pub struct Bulletin {
    /// Closing, for example theft-stations-2026-06
    #[arg(long, value_name = "ID")]
    pub closing: String,
    /// Where the files are written
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
    /// Issue it: no watermark any more, and hq records the digests (headquarters)
    #[arg(long)]
    pub issue: bool,
    /// Day of issue [default: today]
    #[arg(long, value_name = "DAY", value_parser = moments::day, requires = "issue")]
    pub on: Option<Date>,
    /// Compare a PDF or spreadsheet with what was issued, and set it again
    #[arg(long, value_name = "FILE", conflicts_with = "issue")]
    pub verify: Option<PathBuf>,
    /// Folders with the font files [default: the nearest .dev/tools/fonts upward, then the system's]
    #[arg(long, value_name = "DIR", env = "XIAOAN_FONTS", value_delimiter = ':')]
    pub fonts: Vec<PathBuf>,
}

/// `xiaoan bulletin`.
///
/// # Errors
/// Whatever went wrong.
pub async fn run(context: &Context, what: Bulletin) -> Result<Verdict, Fault> {
    let typefaces = Typefaces::find(&folders(&what.fonts)).map_err(|e| fault(context, &e))?;
    match &what.verify {
        Some(file) => verify(context, &what.closing, file, &typefaces).await,
        None if what.issue => issue(context, &what, &typefaces).await,
        None => show(context, &what, &typefaces).await,
    }
}

fn folders(given: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders = given.to_vec();
    let here = std::env::current_dir().unwrap_or_default();
    folders.extend(here.ancestors().map(|folder| folder.join(".dev/tools/fonts")).find(|path| path.is_dir()));
    folders.extend(xiaoan_bulletin::typefaces::SYSTEM_FOLDERS.iter().map(PathBuf::from));
    folders
}

fn fault(context: &Context, error: &Error) -> Fault {
    Fault::Failed(match error {
        Error::NoGlyph { character, field } => context.say(
            format!(
                "没有字体含有“{character}”（U+{:04X}），出处：{field}。请安装含有该字的字体",
                u32::from(*character)
            ),
            format!("{error}; install a font that has it"),
        ),
        Error::Missing(names) => context.say(
            format!("缺少字体文件：{}。请运行 ./dev fonts，或用 --fonts 指明文件夹", names.join("、")),
            format!("{error}; run ./dev fonts, or name a folder with --fonts"),
        ),
        Error::NoFigures(_)
        | Error::Read { .. }
        | Error::NotAFont(_)
        | Error::Pdf(_)
        | Error::Spreadsheet(_) => error.to_string(),
    })
}

async fn closing(context: &Context, id: &str) -> Result<Closing, Fault> {
    Ok(closings::one(context, id.to_owned()).await?.closing.unwrap_or_default())
}

async fn editions(context: &Context, id: &str) -> Result<Vec<hq::Bulletin>, Fault> {
    let clients = context.clients()?;
    let request = hq::ListBulletinsRequest { closing_id: id.to_owned() };
    let answer =
        clients.call(Service::Hq, request, async |r| clients.bulletin().list_bulletins(r).await).await?;
    Ok(answer.bulletins)
}

async fn contents(context: &Context, id: &str) -> Result<hq::GetBulletinContentsResponse, Fault> {
    let clients = context.clients()?;
    let request = hq::GetBulletinContentsRequest { closing_id: id.to_owned(), at_least: 0 };
    clients.call(Service::Hq, request, async |r| clients.bulletin().get_bulletin_contents(r).await).await
}

fn set(
    context: &Context,
    closing: &Closing,
    contents: &BulletinContents,
    edition: i32,
    stage: Stage,
    typefaces: &Typefaces,
) -> Result<Rendered, Fault> {
    Figures::read(closing, contents, edition, stage)
        .and_then(|figures| xiaoan_bulletin::render(&figures, typefaces))
        .map_err(|error| fault(context, &error))
}

/// The files of an edition that was issued, set again; otherwise a draft.
async fn show(context: &Context, what: &Bulletin, typefaces: &Typefaces) -> Result<Verdict, Fault> {
    let now = contents(context, &what.closing).await?;
    let known = closing(context, &what.closing).await?;
    if !now.issued {
        let contents = now.contents.unwrap_or_default();
        let rendered = set(context, &known, &contents, now.edition, Stage::Draft, typefaces)?;
        let files = Files::write(&what.out, &format!("{}-{}-draft", what.closing, now.edition), &rendered)?;
        return files.print(context, &what.closing, now.edition, None, &rendered);
    }
    let issued = editions(context, &what.closing).await?.pop().unwrap_or_default();
    let rendered = again(context, &known, &issued, typefaces)?;
    let files = Files::write(&what.out, &format!("{}-{}", what.closing, issued.edition), &rendered)?;
    files.print(context, &what.closing, issued.edition, day(&issued), &rendered)
}

fn day(issued: &hq::Bulletin) -> Option<Date> {
    issued.issued_on.and_then(|day| Date::try_from(day).ok())
}

/// Sets an edition that was issued again, from what its event says.
fn again(
    context: &Context,
    closing: &Closing,
    issued: &hq::Bulletin,
    typefaces: &Typefaces,
) -> Result<Rendered, Fault> {
    let contents = issued.contents.clone().unwrap_or_default();
    let stage = day(issued).map_or(Stage::Draft, Stage::Issued);
    set(context, closing, &contents, issued.edition, stage, typefaces)
}

async fn issue(context: &Context, what: &Bulletin, typefaces: &Typefaces) -> Result<Verdict, Fault> {
    let now = contents(context, &what.closing).await?;
    let known = closing(context, &what.closing).await?;
    let on = what.on.unwrap_or_else(|| city_day(SystemClock.now()));
    let contents = now.contents.unwrap_or_default();
    let rendered = set(context, &known, &contents, now.edition, Stage::Issued(on), typefaces)?;
    let typefaces = rendered.typefaces.iter();
    let request = hq::IssueBulletinRequest {
        request_id: context.request_id(),
        contents: Some(contents),
        issued_on: Some(on.into()),
        template: TEMPLATE.to_owned(),
        pdf: Some(file(&rendered.pdf)),
        spreadsheet: Some(file(&rendered.spreadsheet)),
        typefaces: typefaces
            .map(|(name, sha256)| BulletinTypeface { name: name.clone(), sha256: sha256.to_vec() })
            .collect(),
    };
    let clients = context.clients()?;
    let answer =
        clients.call(Service::Hq, request, async |r| clients.bulletin().issue_bulletin(r).await).await?;
    // Only now: a file without a watermark is one that was issued.
    let files = Files::write(&what.out, &format!("{}-{}", what.closing, answer.edition), &rendered)?;
    files.print(context, &what.closing, answer.edition, Some(on), &rendered)
}

fn file(bytes: &[u8]) -> BulletinFile {
    BulletinFile {
        sha256: xiaoan_bulletin::sha256(bytes).to_vec(),
        bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
    }
}

/// What was written.
struct Files {
    pdf: PathBuf,
    spreadsheet: PathBuf,
}

impl Files {
    fn write(folder: &Path, name: &str, rendered: &Rendered) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder).map_err(|e| Fault::file(folder, &e))?;
        let files = Self {
            pdf: folder.join(format!("{name}.pdf")),
            spreadsheet: folder.join(format!("{name}.xlsx")),
        };
        for (path, bytes) in [(&files.pdf, &rendered.pdf), (&files.spreadsheet, &rendered.spreadsheet)] {
            std::fs::write(path, bytes).map_err(|e| Fault::file(path, &e))?;
        }
        Ok(files)
    }

    fn print(
        &self,
        context: &Context,
        closing_id: &str,
        edition: i32,
        issued_on: Option<Date>,
        rendered: &Rendered,
    ) -> Result<Verdict, Fault> {
        let mut sheet = Sheet::new(&[
            (context.say("文件", "file"), Align::Left),
            (context.say("字节", "bytes"), Align::Right),
            ("sha256", Align::Left),
        ])
        .may_drop(2, 1);
        let both = [(&self.pdf, &rendered.pdf), (&self.spreadsheet, &rendered.spreadsheet)];
        let mut documents = Vec::new();
        for (path, bytes) in both {
            let digest = hex::encode(xiaoan_bulletin::sha256(bytes));
            let path = path.display().to_string();
            sheet.row(vec![
                path.as_str().into(),
                bytes.len().to_string().into(),
                Field::toned(&digest, Tone::Faint),
            ]);
            documents.push(json!({ "file": path, "bytes": bytes.len(), "sha256": digest }));
        }
        let note = match issued_on {
            None => context.say("草稿，未印发", "a draft, not issued").to_owned(),
            Some(day) => context
                .say(format!("第{edition}版，{day}印发"), format!("edition {edition}, issued on {day}")),
        };
        let document = json!({
            "closingId": closing_id, "edition": edition, "issued": issued_on.is_some(),
            "issuedOn": issued_on.map(|day| day.to_string()), "template": TEMPLATE, "pages": rendered.pages,
            "pdf": documents[0], "spreadsheet": documents[1],
            "typefaces": rendered.typefaces.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        });
        render::print(context, &sheet, &document, &note)?;
        Ok(Verdict::Done)
    }
}

/// Whether a file is one that was issued, and whether it comes out the same when it is set again.
async fn verify(context: &Context, id: &str, path: &Path, typefaces: &Typefaces) -> Result<Verdict, Fault> {
    let bytes = std::fs::read(path).map_err(|e| Fault::file(path, &e))?;
    let found = file(&bytes);
    let editions = editions(context, id).await?;
    let issued = editions.iter().rev().find_map(|edition| {
        let same = |recorded: &Option<BulletinFile>| recorded.as_ref() == Some(&found);
        match (same(&edition.pdf), same(&edition.spreadsheet)) {
            (true, _) => Some((edition, "pdf")),
            (_, true) => Some((edition, "spreadsheet")),
            _ => None,
        }
    });
    let mut sheet = Sheet::new(&[
        (context.say("文件", "file"), Align::Left),
        (context.say("版", "edition"), Align::Right),
        (context.say("与印发的", "as issued"), Align::Left),
        (context.say("重排", "set again"), Align::Left),
        ("sha256", Align::Left),
    ])
    .may_drop(4, 1);
    let mut document = json!({
        "closingId": id, "file": path.display().to_string(), "sha256": hex::encode(&found.sha256),
        "same": issued.is_some(), "setAgain": null, "edition": null, "kind": null, "differs": [],
    });
    let (mut note, mut well) = (String::new(), false);
    let (mut edition_cell, mut again_cell) = (Field::from("–"), Field::from("–"));
    match issued {
        None if editions.is_empty() => {
            note = context.say("该结账没有印发过通报材料", "no bulletin of this closing was issued").into();
        }
        None => note = context.say("这不是印发的文件", "this is no file that was issued").into(),
        Some((edition, kind)) => {
            let rendered = again(context, &closing(context, id).await?, edition, typefaces)?;
            let same = if kind == "pdf" { rendered.pdf == bytes } else { rendered.spreadsheet == bytes };
            let differs = differences(edition, &rendered);
            if !same && !differs.is_empty() {
                note = format!(
                    "{}{}",
                    context.say("版式或字体与印发时不同：", "set with another template or other fonts: "),
                    differs.join(", ")
                );
            }
            edition_cell = edition.edition.to_string().into();
            again_cell = closings::agreement(context, same);
            document["setAgain"] = same.into();
            document["edition"] = edition.edition.into();
            document["kind"] = kind.into();
            document["differs"] = differs.into();
            well = same;
        }
    }
    sheet.row(vec![
        path.display().to_string().into(),
        edition_cell,
        closings::agreement(context, issued.is_some()),
        again_cell,
        Field::toned(hex::encode(&found.sha256), Tone::Faint),
    ]);
    render::print(context, &sheet, &document, &note)?;
    Ok(if well { Verdict::Done } else { Verdict::SomeRejected })
}

/// What the edition was set with that is not what we have.
fn differences(issued: &hq::Bulletin, rendered: &Rendered) -> Vec<String> {
    let mut differs = Vec::new();
    if issued.template != TEMPLATE {
        differs.push(format!("{} ({TEMPLATE})", issued.template));
    }
    for typeface in &issued.typefaces {
        let ours = rendered.typefaces.iter().find(|(name, _)| *name == typeface.name);
        if ours.is_none_or(|(_, sha256)| sha256[..] != typeface.sha256[..]) {
            differs.push(typeface.name.clone());
        }
    }
    differs
}
