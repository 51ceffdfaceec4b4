//! Why a bulletin cannot be made.

use std::path::PathBuf;

/// Why a bulletin cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The closing stores no such figures.
    #[error("the closing stores no figures of correction {0}")]
    NoFigures(i32),
    /// Font files that are in none of the folders.
    #[error("font files are missing: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// A font file that cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no font.
    #[error("{} is not a font that can be used", .0.display())]
    NotAFont(PathBuf),
    /// A character that no font has. It never becomes an empty box.
    #[error("no font has the character {character} (U+{:04X}) of {field}", u32::from(*.character))]
    NoGlyph {
        /// The character.
        character: char,
        /// Where it stands.
        field: String,
    },
    /// The PDF breaks a rule of PDF/A-2a or PDF/UA-1.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
    /// The spreadsheet could not be written.
    #[error("the spreadsheet could not be written: {0}")]
    Spreadsheet(#[from] rust_xlsxwriter::XlsxError),
}
