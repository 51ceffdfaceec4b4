//! A closed period as a bulletin (通报材料): a PDF in the official layout of GB/T 9704-2012 and a spreadsheet with the same figures.
//! Pure: figures, fonts and days come in, bytes go out; the same input gives the same bytes, on any machine and for ever.
//!
//! | room | what happens there |
//! |---|---|
//! | [`figures`] | what is shown, as numbers: rows of a closing with numerator, denominator, interval and the counts beside them |
//! | `wording` | the text of the bulletin, block by block; every sentence of it is here |
//! | `numbers` | how numbers and days are written |
//! | [`typefaces`] | font files, the chain of fallbacks for each character |
//! | `lines` | characters to lines: widths, what may not begin or end a line |
//! | `layout` | lines to pages: the grid of 22 lines of 28 characters, tables, the head, the end |
//! | `pdf` | pages to bytes: PDF/A-2a and PDF/UA-1, tagged, every font embedded |
//! | `spreadsheet` | the same figures as a workbook |
//!
//! Nothing is invented: where a document number, a classification, a seal or a signature would stand, a word says that the place
//! is empty.

mod error;
pub mod figures;
mod layout;
mod lines;
mod numbers;
mod pdf;
mod spreadsheet;
pub mod typefaces;
mod wording;

pub use error::Error;
pub use figures::{Figures, Stage};
pub use typefaces::Typefaces;

use sha2::{Digest, Sha256};

/// Version of the wording and the layout. Another one gives other bytes, so it stands in the event of an edition.
pub const TEMPLATE: &str = "gbt9704-2";

/// A bulletin, set.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// The workbook (.xlsx).
    pub spreadsheet: Vec<u8>,
    /// Font files that the PDF was set with, by name, with their SHA-256.
    pub typefaces: Vec<(String, [u8; 32])>,
    /// Pages of the PDF.
    pub pages: usize,
}

/// Sets a bulletin.
///
/// # Errors
/// A character that no font has, a font that cannot be read; [`Error::Pdf`] and [`Error::Spreadsheet`] are mistakes of ours.
pub fn render(figures: &Figures, typefaces: &Typefaces) -> Result<Rendered, Error> {
    let document = wording::document(figures);
    let laid = layout::pages(&document, typefaces)?;
    let pdf = pdf::write(&document, &laid, typefaces)?;
    let spreadsheet = spreadsheet::write(figures)?;
    Ok(Rendered { pdf, spreadsheet, typefaces: typefaces.used(&laid.fonts())?, pages: laid.pages.len() })
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
