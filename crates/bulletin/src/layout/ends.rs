//! What stands around the body: head, signature, end, page numbers, 草稿.

use super::{
    BLACK, CELL, FOURTH, HEIGHT, Kind, LEFT, LINE, MIDDLE, Mark, Meaning, PAGE, PALE, RED, SECOND, Setter,
    THIRD, TOP, WIDTH, mm,
};
use crate::error::Error;
use crate::lines::{Line, fill};
use crate::typefaces::{Face, Glyph};
use crate::wording::{Document, Text};

/// Field named by an error about words of ours.
const OURS: &str = "the template";
/// The head begins so far below the top of the type area.
const HEAD_TOP: f32 = mm(35.0);
/// The red rule lies so far below the document number.
const RULE_BELOW: f32 = mm(4.0);
/// The dashes beside a page number lie so far below the type area.
const NUMBER_BELOW: f32 = mm(7.0);

impl Setter<'_> {
    /// Place of the classification, red head, place of the number, red rule, title.
    pub(super) fn head(&mut self, document: &Document) -> Result<(), Error> {
        let classification = self.one_line(Face::FangSong, &document.classification, THIRD, 1.0)?;
        let node = self.node(Kind::Paragraph, None, "");
        self.words(classification, 0.0, 0.0, LINE, THIRD, Meaning::Of(node), BLACK);

        let glyphs = self.shape(Face::Title, &document.head)?;
        let wide: f32 = glyphs.iter().map(|glyph| glyph.advance).sum();
        let size = (mm(140.0) / wide.max(1.0)).min(42.0);
        let head = whole(&glyphs, size, 1.0);
        let node = self.node(Kind::Paragraph, None, "");
        let (x, baseline) = ((WIDTH - head.width()) / 2.0, HEAD_TOP + (0.5 + MIDDLE) * size);
        self.mark(Mark::Words {
            x,
            baseline,
            size,
            line: head,
            colour: RED,
            meaning: Meaning::Of(node),
            turned: false,
        });

        let below = HEAD_TOP + size + 2.0 * LINE;
        let number = self.one_line(Face::FangSong, &document.number, THIRD, CELL / THIRD)?;
        let node = self.node(Kind::Paragraph, None, "");
        let x = (WIDTH - number.width()) / 2.0;
        self.words(number, x, below - LINE / 2.0, LINE, THIRD, Meaning::Of(node), BLACK);
        let rule = below + LINE / 2.0 + RULE_BELOW;
        self.rule((0.0, rule), (WIDTH, rule), 1.4, RED);
        self.y = rule + 2.0 * LINE;
        self.title(&document.title)?;
        self.y += LINE;
        Ok(())
    }

    /// The title, each line in the middle.
    fn title(&mut self, title: &[Text]) -> Result<(), Error> {
        let words: String = title.iter().map(|line| line.words.as_str()).collect();
        let node = self.node(Kind::Title, None, &words);
        for text in title {
            let glyphs = self.shape(Face::Title, text)?;
            for line in fill(&glyphs, SECOND, 1.0, WIDTH, 0.0) {
                let x = (WIDTH - line.width()) / 2.0;
                self.grid_line(line, x, SECOND, Meaning::Of(node))?;
            }
        }
        Ok(())
    }

    /// Lines at the right, four characters from the edge, the shorter in the middle of the longer.
    pub(super) fn signature(&mut self, texts: &[Text]) -> Result<(), Error> {
        self.y += 2.0 * LINE;
        #[allow(clippy::cast_precision_loss)] // two lines
        self.onto_grid(texts.len() as f32)?;
        let mut lines = Vec::new();
        for text in texts {
            lines.push(self.one_line(Face::FangSong, text, THIRD, CELL / THIRD)?);
        }
        let widest = lines.iter().map(Line::width).fold(0.0, f32::max);
        for line in lines {
            let x = WIDTH - 4.0 * CELL - widest + (widest - line.width()) / 2.0;
            let node = self.node(Kind::Paragraph, None, "");
            self.grid_line(line, x, THIRD, Meaning::Of(node))?;
        }
        Ok(())
    }

    /// 版记: where copies go, who issued it and when, between rules at the foot of the last page.
    pub(super) fn end(&mut self, document: &Document) -> Result<(), Error> {
        let pitch = CELL / THIRD;
        let top = HEIGHT - 2.0 * LINE;
        if self.y > top + 0.5 {
            self.turn_page()?;
        }
        for (y, thickness) in [(top, mm(0.35)), (top + LINE, mm(0.25)), (top + 2.0 * LINE, mm(0.35))] {
            self.rule((0.0, y), (WIDTH, y), thickness, BLACK);
        }
        let copies = self.one_line(Face::FangSong, &document.copies, FOURTH, pitch)?;
        let printer = self.one_line(Face::FangSong, &document.printer, FOURTH, pitch)?;
        let printed = self.one_line(Face::FangSong, &document.printed, FOURTH, pitch)?;
        let right = WIDTH - FOURTH - printed.width();
        for (line, x, y) in
            [(copies, FOURTH, top), (printer, FOURTH, top + LINE), (printed, right, top + LINE)]
        {
            let node = self.node(Kind::Paragraph, None, "");
            self.words(line, x, y, LINE, FOURTH, Meaning::Of(node), BLACK);
        }
        self.y = HEIGHT;
        Ok(())
    }

    /// "— 1 —" below the type area: at the right of odd pages, at the left of even ones, a character from the edge.
    pub(super) fn page_numbers(&mut self) -> Result<(), Error> {
        for page in 0..self.laid.pages.len() {
            let words = Text::new(format!("— {} —", page + 1), OURS);
            let line = self.one_line(Face::Song, &words, FOURTH, 1.0)?;
            let x = if page % 2 == 0 { WIDTH - FOURTH - line.width() } else { FOURTH };
            let baseline = HEIGHT + NUMBER_BELOW + MIDDLE * FOURTH;
            self.laid.pages[page].push(Mark::Words {
                x,
                baseline,
                size: FOURTH,
                line,
                colour: BLACK,
                meaning: Meaning::PageNumber,
                turned: false,
            });
        }
        Ok(())
    }

    /// 草稿 DRAFT across the page, below everything else.
    pub(super) fn watermark(&mut self) -> Result<(), Error> {
        let centre = PAGE.1 / 2.0 - TOP;
        for (words, size, below) in [("草　稿", 130.0, 0.0), ("DRAFT", 90.0, 130.0)] {
            let line = self.one_line(Face::Hei, &Text::new(words, OURS), size, 1.0)?;
            let x = PAGE.0 / 2.0 - LEFT - line.width() / 2.0;
            self.mark(Mark::Words {
                x,
                baseline: centre + below,
                size,
                line,
                colour: PALE,
                meaning: Meaning::Watermark,
                turned: true,
            });
        }
        Ok(())
    }

    pub(super) fn rule(&mut self, from: (f32, f32), to: (f32, f32), thickness: f32, colour: (u8, u8, u8)) {
        self.mark(Mark::Rule { from, to, thickness, colour });
    }

    pub(super) fn one_line(&self, face: Face, text: &Text, size: f32, pitch: f32) -> Result<Line, Error> {
        Ok(whole(&self.shape(face, text)?, size, pitch))
    }
}

/// All glyphs in one line, however wide.
fn whole(glyphs: &[Glyph], size: f32, pitch: f32) -> Line {
    fill(glyphs, size, pitch, f32::MAX, 0.0).pop().unwrap_or_default()
}
