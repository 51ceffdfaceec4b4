//! Lines to pages, by GB/T 9704-2012: A4, a type area of 156 × 225 mm that begins 37 mm below the top and 28 mm from the left edge,
//! 22 lines of 28 characters of the third size (16 pt). Lengths are in points; y grows downwards.

mod ends;
mod table;

use crate::error::Error;
use crate::lines::{Line, fill};
use crate::typefaces::{Face, Glyph, Typefaces};
use crate::wording::{Block, Document, Text};
use std::collections::BTreeSet;

/// Millimetres in points.
pub(crate) const fn mm(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}

/// The page: A4.
pub(crate) const PAGE: (f32, f32) = (mm(210.0), mm(297.0));
/// Margins.
pub(crate) const LEFT: f32 = mm(28.0);
pub(crate) const TOP: f32 = mm(37.0);
/// The type area.
pub(crate) const WIDTH: f32 = mm(156.0);
pub(crate) const HEIGHT: f32 = mm(225.0);
/// A line of the grid.
pub(crate) const LINE: f32 = HEIGHT / 22.0;
/// A character of the grid.
pub(crate) const CELL: f32 = WIDTH / 28.0;
/// Sizes: second (二号), third (三号), fourth (四号).
const SECOND: f32 = 22.0;
pub(crate) const THIRD: f32 = 16.0;
pub(crate) const FOURTH: f32 = 14.0;
/// Where the middle of a character is above the baseline, in ems.
const MIDDLE: f32 = 0.38;

/// Colours: of the body, of the head, of 草稿.
pub(crate) const BLACK: (u8, u8, u8) = (0, 0, 0);
pub(crate) const RED: (u8, u8, u8) = (0xd0, 0x11, 0x11);
pub(crate) const PALE: (u8, u8, u8) = (0xec, 0xec, 0xec);

/// What a piece of the page is, for whoever has it read aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Title,
    Heading,
    Paragraph,
    Table,
    Caption,
    Head,
    Body,
    Row,
    HeadCell,
    Cell,
}

/// A piece of the document's structure; its marks on the pages name it by its number.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub kind: Kind,
    pub parent: Option<usize>,
    /// Words of a title or heading, for the outline.
    pub words: String,
    /// Page and y of its first mark.
    pub place: Option<(usize, f32)>,
}

/// What a mark means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Part of a piece of the structure.
    Of(usize),
    /// Decoration, or repetition.
    Decoration,
    PageNumber,
    Watermark,
}

/// A mark on a page.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    Words {
        x: f32,
        baseline: f32,
        size: f32,
        line: Line,
        colour: (u8, u8, u8),
        meaning: Meaning,
        turned: bool,
    },
    Rule {
        from: (f32, f32),
        to: (f32, f32),
        thickness: f32,
        colour: (u8, u8, u8),
    },
}

/// Everything set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Laid {
    pub pages: Vec<Vec<Mark>>,
    pub nodes: Vec<Node>,
}

impl Laid {
    /// Numbers of the font files that are used.
    pub fn fonts(&self) -> BTreeSet<usize> {
        let lines = self.pages.iter().flatten().filter_map(|mark| match mark {
            Mark::Words { line, .. } => Some(line),
            Mark::Rule { .. } => None,
        });
        lines.flat_map(|line| line.glyphs.iter().map(|(glyph, _)| glyph.font)).collect()
    }
}

/// Sets a document.
pub(crate) fn pages(document: &Document, typefaces: &Typefaces) -> Result<Laid, Error> {
    let mut setter = Setter { typefaces, laid: Laid::default(), y: 0.0, draft: document.draft };
    setter.turn_page()?;
    setter.head(document)?;
    let mut blocks = document.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        setter.block(block, blocks.peek().copied())?;
    }
    setter.end(document)?;
    setter.page_numbers()?;
    Ok(setter.laid)
}

/// Puts marks on pages, from the top down.
struct Setter<'a> {
    typefaces: &'a Typefaces,
    laid: Laid,
    /// Where the next mark begins, from the top of the type area.
    y: f32,
    draft: bool,
}

impl Setter<'_> {
    fn turn_page(&mut self) -> Result<(), Error> {
        self.laid.pages.push(Vec::new());
        self.y = 0.0;
        if self.draft { self.watermark() } else { Ok(()) }
    }

    fn mark(&mut self, mark: Mark) {
        if let Mark::Words { meaning: Meaning::Of(node), baseline, size, .. } = &mark {
            let place = (self.laid.pages.len() - 1, TOP + baseline - size);
            self.laid.nodes[*node].place.get_or_insert(place);
        }
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(mark);
        }
    }

    fn node(&mut self, kind: Kind, parent: Option<usize>, words: &str) -> usize {
        self.laid.nodes.push(Node { kind, parent, words: words.to_owned(), place: None });
        self.laid.nodes.len() - 1
    }

    /// Moves to the next line of the grid, on the next page when fewer than so many lines are left.
    fn onto_grid(&mut self, lines: f32) -> Result<(), Error> {
        self.y = ((self.y - 0.5) / LINE).ceil().max(0.0) * LINE;
        if self.y + lines * LINE > HEIGHT + 0.5 { self.turn_page() } else { Ok(()) }
    }

    fn shape(&self, face: Face, text: &Text) -> Result<Vec<Glyph>, Error> {
        self.typefaces.shape(face, &text.words, &text.field)
    }

    /// Puts a line on the grid and moves on.
    fn grid_line(&mut self, line: Line, x: f32, size: f32, meaning: Meaning) -> Result<(), Error> {
        self.onto_grid(1.0)?;
        self.words(line, x, self.y, LINE, size, meaning, BLACK);
        self.y += LINE;
        Ok(())
    }

    /// Puts a line into a band of a height, its characters in the middle.
    #[allow(clippy::too_many_arguments)]
    fn words(
        &mut self,
        line: Line,
        x: f32,
        top: f32,
        height: f32,
        size: f32,
        meaning: Meaning,
        colour: (u8, u8, u8),
    ) {
        let baseline = top + height / 2.0 + MIDDLE * size;
        self.mark(Mark::Words { x, baseline, size, line, colour, meaning, turned: false });
    }

    fn block(&mut self, block: &Block, next: Option<&Block>) -> Result<(), Error> {
        match block {
            Block::Heading(text) => {
                let glyphs = self.shape(Face::Hei, text)?;
                // Never alone at the foot of a page: the head of a table takes more room than a line.
                let with = if matches!(next, Some(Block::Table(_))) { 5.0 } else { 2.0 };
                self.onto_grid(with)?;
                let node = self.node(Kind::Heading, None, &text.words);
                self.paragraph(&glyphs, 2.0, node)
            }
            Block::Paragraph(text) => {
                let glyphs = self.shape(Face::FangSong, text)?;
                let node = self.node(Kind::Paragraph, None, "");
                self.paragraph(&glyphs, 2.0, node)
            }
            Block::Led(lead, text) => {
                let mut glyphs = self.shape(Face::Kai, lead)?;
                glyphs.extend(self.shape(Face::FangSong, text)?);
                let node = self.node(Kind::Paragraph, None, "");
                self.paragraph(&glyphs, 2.0, node)
            }
            Block::Address(text) => {
                let glyphs = self.shape(Face::FangSong, text)?;
                let node = self.node(Kind::Paragraph, None, "");
                self.paragraph(&glyphs, 0.0, node)
            }
            Block::Note(text) => self.note(text),
            Block::Table(table) => self.table(table),
            Block::Signature(texts) => self.signature(texts),
        }
    }

    /// Lines on the grid, the first one indented by so many characters.
    fn paragraph(&mut self, glyphs: &[Glyph], indent: f32, node: usize) -> Result<(), Error> {
        let indent = indent * CELL;
        let lines = fill(glyphs, THIRD, CELL / THIRD, WIDTH, indent);
        for (number, mut line) in lines.into_iter().enumerate() {
            let x = if number == 0 { indent } else { 0.0 };
            line.justify(WIDTH - x, THIRD);
            self.grid_line(line, x, THIRD, Meaning::Of(node))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
