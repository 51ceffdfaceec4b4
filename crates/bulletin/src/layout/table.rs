//! Tables: rows are not divided, the head is repeated on every page.

use super::{BLACK, HEIGHT, Kind, LINE, Meaning, Setter, THIRD, WIDTH};
use crate::error::Error;
use crate::lines::{Line, fill};
use crate::typefaces::Face;
use crate::wording::{Align, Table, Text};

/// Size of what stands in tables (五号), and of their captions (小四).
const SMALL: f32 = 10.5;
const CAPTION: f32 = 12.0;
/// Height of a line in a cell.
const CELL_LINE: f32 = 14.0;
/// Between rule and words.
const PADDING: (f32, f32) = (2.5, 3.5);
const THIN: f32 = 0.5;

/// A row, broken into lines.
struct Row {
    cells: Vec<Vec<Line>>,
    height: f32,
}

/// A column, with its place.
struct Place {
    x: f32,
    width: f32,
    align: Align,
}

impl Setter<'_> {
    pub(super) fn table(&mut self, table: &Table) -> Result<(), Error> {
        let total: f32 = table.columns.iter().map(|column| column.width).sum();
        let mut x = 0.0;
        let mut places = Vec::new();
        for column in &table.columns {
            let width = column.width / total * WIDTH;
            places.push(Place { x, width, align: column.align });
            x += width;
        }
        let heads: Vec<_> = table.columns.iter().map(|column| (Face::Hei, &column.head)).collect();
        let head = self.row(&heads, &places)?;
        let mut rows = Vec::new();
        for cells in &table.rows {
            let faces = table.columns.iter().map(|column| column.face);
            rows.push(self.row(&faces.zip(cells).collect::<Vec<_>>(), &places)?);
        }

        let caption_height = LINE * 0.9;
        let first = rows.first().map_or(0.0, |row| row.height);
        if self.y + caption_height + head.height + first > HEIGHT {
            self.turn_page()?;
        }
        let node = self.node(Kind::Table, None, "");
        let caption = self.node(Kind::Caption, Some(node), "");
        let line = self.one_line(Face::Kai, &table.caption, CAPTION, 1.0)?;
        let x = (WIDTH - line.width()) / 2.0;
        self.words(line, x, self.y, caption_height, CAPTION, Meaning::Of(caption), BLACK);
        self.y += caption_height;

        let head_node = self.node(Kind::Head, Some(node), "");
        let body = self.node(Kind::Body, Some(node), "");
        let head_row = self.node(Kind::Row, Some(head_node), "");
        let mut top = self.y;
        self.put_row(&head, &places, Some((head_row, Kind::HeadCell)));
        for row in &rows {
            if self.y + row.height > HEIGHT {
                self.verticals(&places, top);
                self.turn_page()?;
                top = self.y;
                self.put_row(&head, &places, None);
            }
            let row_node = self.node(Kind::Row, Some(body), "");
            self.put_row(row, &places, Some((row_node, Kind::Cell)));
        }
        self.verticals(&places, top);
        self.y += 6.0;
        Ok(())
    }

    /// Small print, as wide as the type area.
    pub(super) fn note(&mut self, text: &Text) -> Result<(), Error> {
        let glyphs = self.shape(Face::FangSong, text)?;
        let node = self.node(Kind::Paragraph, None, "");
        for mut line in fill(&glyphs, SMALL, 1.0, WIDTH, 0.0) {
            if self.y + CELL_LINE > HEIGHT {
                self.turn_page()?;
            }
            line.justify(WIDTH, SMALL);
            self.words(line, 0.0, self.y, CELL_LINE, SMALL, Meaning::Of(node), BLACK);
            self.y += CELL_LINE;
        }
        // The body goes on at the next line of the grid, not touching the note.
        self.y += LINE - THIRD;
        Ok(())
    }

    fn row(&self, cells: &[(Face, &Text)], places: &[Place]) -> Result<Row, Error> {
        let mut broken = Vec::new();
        for ((face, text), place) in cells.iter().zip(places) {
            let glyphs = self.shape(*face, text)?;
            broken.push(fill(&glyphs, SMALL, 1.0, place.width - 2.0 * PADDING.0, 0.0));
        }
        let most = broken.iter().map(Vec::len).max().unwrap_or_default();
        #[allow(clippy::cast_precision_loss)] // some lines
        let height = most as f32 * CELL_LINE + 2.0 * PADDING.1;
        Ok(Row { cells: broken, height })
    }

    /// Puts a row; without a place in the structure it is the repetition of a head.
    fn put_row(&mut self, row: &Row, places: &[Place], structure: Option<(usize, Kind)>) {
        let top = self.y;
        self.rule((0.0, top), (WIDTH, top), THIN, BLACK);
        for (lines, place) in row.cells.iter().zip(places) {
            let meaning = match structure {
                None => Meaning::Decoration,
                Some((parent, kind)) => Meaning::Of(self.node(kind, Some(parent), "")),
            };
            #[allow(clippy::cast_precision_loss)] // some lines
            let mut y = top + (row.height - lines.len() as f32 * CELL_LINE) / 2.0;
            for line in lines {
                let room = place.width - line.width();
                let x = place.x
                    + match (place.align, structure) {
                        (_, None | Some((_, Kind::HeadCell))) | (Align::Centre, _) => room / 2.0,
                        (Align::Left, _) => PADDING.0,
                        (Align::Right, _) => room - PADDING.0,
                    };
                self.words(line.clone(), x, y, CELL_LINE, SMALL, meaning, BLACK);
                y += CELL_LINE;
            }
        }
        self.y += row.height;
        self.rule((0.0, self.y), (WIDTH, self.y), THIN, BLACK);
    }

    fn verticals(&mut self, places: &[Place], top: f32) {
        let bottom = self.y;
        for x in places.iter().map(|place| place.x).chain([WIDTH]) {
            self.rule((x, top), (x, bottom), THIN, BLACK);
        }
    }
}
