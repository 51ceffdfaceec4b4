//! Pages to bytes: PDF/A-2a and PDF/UA-1. Both forbid glyphs without a character and fonts that are not embedded, so a mistake of
//! ours is an error and never a box.

use crate::error::Error;
use crate::layout::{HEIGHT, Kind, LEFT, Laid, Mark, Meaning, Node, PAGE, TOP};
use crate::lines::Line;
use crate::typefaces::Typefaces;
use crate::wording::Document;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node as TagNode, SpanTag, TableHeaderScope, Tag,
    TagGroup, TagTree,
};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document as Pdf, SerializeSettings};
use std::num::NonZeroU16;

/// Turn of 草稿 across the page, in degrees.
const TURN: f32 = -48.0;

pub(crate) fn write(document: &Document, laid: &Laid, typefaces: &Typefaces) -> Result<Vec<u8>, Error> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|e| Error::Pdf(format!("{e:?}")))?;
    let settings = SerializeSettings { configuration, enable_tagging: true, ..Default::default() };
    let mut pdf = Pdf::new_with(settings);
    let mut identifiers: Vec<Vec<Identifier>> = vec![Vec::new(); laid.nodes.len()];
    for marks in &laid.pages {
        let page =
            PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| Error::Pdf("size of the page".into()))?;
        let mut page = pdf.start_page_with(page);
        let mut surface = page.surface();
        for mark in marks {
            if let Some((node, identifier)) = draw(&mut surface, mark, typefaces)? {
                identifiers[node].push(identifier);
            }
        }
        surface.finish();
        page.finish();
    }
    pdf.set_tag_tree(tree(&laid.nodes, &identifiers));
    pdf.set_outline(outline(&laid.nodes));
    pdf.set_metadata(metadata(document));
    pdf.finish().map_err(|e| Error::Pdf(format!("{e:?}")))
}

fn metadata(document: &Document) -> Metadata {
    let day = document.dated;
    let dated = DateTime::new(u16::try_from(day.year()).unwrap_or_default())
        .month(day.month().into())
        .day(day.day())
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(8)
        .utc_offset_minute(0);
    Metadata::new()
        .title(document.title.iter().map(|line| line.words.as_str()).collect())
        .authors(vec![document.head.words.clone()])
        .creator("xiaoan bulletin".to_owned())
        .language("zh-CN".to_owned())
        .document_id(document.id.clone())
        .creation_date(dated)
}

/// Draws a mark; gives its piece of the structure with where it stands.
fn draw(
    surface: &mut Surface<'_>,
    mark: &Mark,
    typefaces: &Typefaces,
) -> Result<Option<(usize, Identifier)>, Error> {
    match mark {
        Mark::Rule { from, to, thickness, colour } => {
            let mut path = PathBuilder::new();
            path.move_to(LEFT + from.0, TOP + from.1);
            path.line_to(LEFT + to.0, TOP + to.1);
            if let Some(path) = path.finish() {
                surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke {
                    paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
                    width: *thickness,
                    ..Default::default()
                }));
                surface.draw_path(&path);
                surface.set_stroke(None);
                surface.end_tagged();
            }
            Ok(None)
        }
        Mark::Words { x, baseline, size, line, colour, meaning, turned } => {
            let tag = match meaning {
                Meaning::Of(_) => ContentTag::Span(SpanTag::empty()),
                Meaning::Decoration => artifact(ArtifactType::PaginationOther),
                Meaning::PageNumber => artifact(ArtifactType::PageNumber),
                Meaning::Watermark => artifact(ArtifactType::Watermark),
            };
            let identifier = surface.start_tagged(tag);
            surface.set_fill(Some(Fill {
                paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
                opacity: NormalizedF32::ONE,
                ..Default::default()
            }));
            if *turned {
                let middle = (PAGE.0 / 2.0, TOP + HEIGHT / 2.0);
                surface.push_transform(&Transform::from_rotate_at(TURN, middle.0, middle.1));
            }
            words(surface, line, (LEFT + x, TOP + baseline), *size, typefaces)?;
            if *turned {
                surface.pop();
            }
            surface.end_tagged();
            Ok(match meaning {
                Meaning::Of(node) => Some((*node, identifier)),
                _ => None,
            })
        }
    }
}

fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

/// Draws a line, font by font.
fn words(
    surface: &mut Surface<'_>,
    line: &Line,
    (mut x, baseline): (f32, f32),
    size: f32,
    typefaces: &Typefaces,
) -> Result<(), Error> {
    for run in line.glyphs.chunk_by(|a, b| a.0.font == b.0.font) {
        let mut text = String::new();
        let mut glyphs = Vec::with_capacity(run.len());
        let mut wide = 0.0;
        for (glyph, advance) in run {
            let start = text.len();
            text.push(glyph.character);
            let range = start..text.len();
            glyphs.push(KrillaGlyph::new(GlyphId::new(glyph.id), advance / size, 0.0, 0.0, 0.0, range, None));
            wide += advance;
        }
        let font = typefaces.font(run[0].0.font)?;
        surface.draw_glyphs(Point::from_xy(x, baseline), &glyphs, font, &text, size, false);
        x += wide;
    }
    Ok(())
}

/// The structure for whoever has it read aloud, in the order of the document.
fn tree(nodes: &[Node], identifiers: &[Vec<Identifier>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some("zh-CN".to_owned()));
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (number, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(number);
        }
    }
    for (number, _) in nodes.iter().enumerate().filter(|(_, node)| node.parent.is_none()) {
        tree.push(group(number, nodes, &children, identifiers));
    }
    tree
}

fn group(number: usize, nodes: &[Node], children: &[Vec<usize>], identifiers: &[Vec<Identifier>]) -> TagNode {
    let node = &nodes[number];
    let mut group = match node.kind {
        Kind::Title => TagGroup::new(Tag::Hn(NonZeroU16::MIN, Some(node.words.clone()))),
        Kind::Heading => TagGroup::new(Tag::Hn(NonZeroU16::MIN.saturating_add(1), Some(node.words.clone()))),
        Kind::Paragraph => TagGroup::new(Tag::P),
        Kind::Table => TagGroup::new(Tag::Table),
        Kind::Caption => TagGroup::new(Tag::Caption),
        Kind::Head => TagGroup::new(Tag::THead),
        Kind::Body => TagGroup::new(Tag::TBody),
        Kind::Row => TagGroup::new(Tag::TR),
        Kind::HeadCell => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
        Kind::Cell => TagGroup::new(Tag::TD),
    };
    for identifier in &identifiers[number] {
        group.push(*identifier);
    }
    for &child in &children[number] {
        group.push(self::group(child, nodes, children, identifiers));
    }
    TagNode::from(group)
}

fn outline(nodes: &[Node]) -> Outline {
    let mut outline = Outline::new();
    for node in nodes.iter().filter(|node| matches!(node.kind, Kind::Title | Kind::Heading)) {
        if let Some((page, y)) = node.place {
            let destination = XyzDestination::new(page, Point::from_xy(LEFT, y));
            outline.push_child(OutlineNode::new(node.words.clone(), destination));
        }
    }
    outline
}
