//! Font files. Each typeface of GB/T 9704 has a free font; a character that it lacks is taken from the next file that has it, and
//! when none has it the bulletin is not made.
//!
//! | typeface | file | from the Debian package |
//! |---|---|---|
//! | 仿宋, 楷体, 黑体, 宋体 | FandolFang, FandolKai, FandolHei, FandolSong | texlive-lang-chinese (GPL with font exception) |
//! | 小标宋 | NotoSerifCJK-Bold | fonts-noto-cjk (OFL) |
//! | whatever these lack | NotoSerifCJK-Regular; HanaMinA, HanaMinB; BabelStoneHan | fonts-noto-cjk, fonts-hanazono, fonts-babelstone-han |

use crate::error::Error;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A typeface of GB/T 9704-2012.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// 仿宋: the body.
    FangSong,
    /// 楷体: headings of the second level.
    Kai,
    /// 黑体: headings.
    Hei,
    /// 小标宋: head and title.
    Title,
    /// 宋体: page numbers.
    Song,
}

/// Files by name, and which font of a collection is the simplified Chinese one. The order after the typefaces is that of the
/// fallbacks.
const FILES: [(&str, u32); 9] = [
    ("FandolFang-Regular.otf", 0),
    ("FandolKai-Regular.otf", 0),
    ("FandolHei-Regular.otf", 0),
    ("NotoSerifCJK-Bold.ttc", 2),
    ("FandolSong-Regular.otf", 0),
    ("NotoSerifCJK-Regular.ttc", 2),
    ("HanaMinA.ttf", 0),
    ("HanaMinB.ttf", 0),
    ("BabelStoneHan.ttf", 0),
];
/// Where Debian's packages put them.
pub const SYSTEM_FOLDERS: [&str; 3] = [
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol",
];
/// First fallback.
const FALLBACKS: usize = 5;
/// Folders below a folder that are looked into.
const DEPTH: usize = 9;

/// The fonts, each read when it is first needed.
pub struct Typefaces {
    files: Vec<File>,
}

struct File {
    path: PathBuf,
    index: u32,
    loaded: OnceCell<Loaded>,
}

struct Loaded {
    data: Arc<Vec<u8>>,
    font: krilla::text::Font,
}

/// A character's glyph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    pub character: char,
    /// Number of the file.
    pub font: usize,
    pub id: u32,
    /// Advance in ems.
    pub advance: f32,
}

impl Face {
    fn file(self) -> usize {
        match self {
            Self::FangSong => 0,
            Self::Kai => 1,
            Self::Hei => 2,
            Self::Title => 3,
            Self::Song => 4,
        }
    }
}

impl Typefaces {
    /// Finds the files in these folders and those below them; the first folder that has a file wins.
    ///
    /// # Errors
    /// [`Error::Missing`] with all that are in none.
    pub fn find(folders: &[PathBuf]) -> Result<Self, Error> {
        let mut found: Vec<Option<PathBuf>> = vec![None; FILES.len()];
        for folder in folders {
            look(folder, DEPTH, &mut found);
        }
        let missing: Vec<_> = found
            .iter()
            .zip(FILES)
            .filter(|(path, _)| path.is_none())
            .map(|(_, (name, _))| name.to_owned())
            .collect();
        if !missing.is_empty() {
            return Err(Error::Missing(missing));
        }
        let file = |(path, (_, index))| File { path, index, loaded: OnceCell::new() };
        Ok(Self { files: found.into_iter().flatten().zip(FILES).map(file).collect() })
    }

    fn loaded(&self, number: usize) -> Result<&Loaded, Error> {
        let file = &self.files[number];
        if let Some(loaded) = file.loaded.get() {
            return Ok(loaded);
        }
        let read = |source| Error::Read { path: file.path.clone(), source };
        let data = Arc::new(std::fs::read(&file.path).map_err(read)?);
        let font = krilla::text::Font::new(Arc::clone(&data).into(), file.index);
        let font = font.ok_or_else(|| Error::NotAFont(file.path.clone()))?;
        Ok(file.loaded.get_or_init(|| Loaded { data, font }))
    }

    /// The font of a file.
    pub(crate) fn font(&self, number: usize) -> Result<krilla::text::Font, Error> {
        Ok(self.loaded(number)?.font.clone())
    }

    /// The glyphs of a text, one for each character.
    pub(crate) fn shape(&self, face: Face, text: &str, field: &str) -> Result<Vec<Glyph>, Error> {
        text.chars().map(|character| self.glyph(face, character, field)).collect()
    }

    fn glyph(&self, face: Face, character: char, field: &str) -> Result<Glyph, Error> {
        // What a font shows for private characters is its own affair: two fonts show two things.
        let chain = std::iter::once(face.file()).chain(FALLBACKS..self.files.len());
        for font in chain.filter(|_| !is_private(character)) {
            let loaded = self.loaded(font)?;
            let file = &self.files[font];
            let parsed = FontRef::from_index(&loaded.data, file.index)
                .map_err(|_| Error::NotAFont(file.path.clone()))?;
            let Some(id) = parsed.charmap().map(character).filter(|id| id.to_u32() != 0) else { continue };
            let metrics = parsed.glyph_metrics(Size::new(1.0), LocationRef::default());
            let advance = metrics.advance_width(id).unwrap_or(1.0);
            return Ok(Glyph { character, font, id: id.to_u32(), advance });
        }
        Err(Error::NoGlyph { character, field: field.to_owned() })
    }

    /// Names and digests of these files, by name.
    pub(crate) fn used(&self, fonts: &BTreeSet<usize>) -> Result<Vec<(String, [u8; 32])>, Error> {
        let mut used = Vec::new();
        for &number in fonts {
            used.push((FILES[number].0.to_owned(), crate::sha256(&self.loaded(number)?.data)));
        }
        used.sort();
        Ok(used)
    }
}

/// Whether Unicode gives the character no meaning: private use, or none at all.
fn is_private(character: char) -> bool {
    matches!(u32::from(character), 0 | 0xe000..=0xf8ff | 0xfeff | 0xfffe | 0xffff | 0xf_0000..)
}

/// Notes the wanted files of a folder. What cannot be read is passed over: another folder may have it.
fn look(folder: &Path, depth: usize, found: &mut [Option<PathBuf>]) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if depth > 0 {
                look(&path, depth - 1, found);
            }
            continue;
        }
        let name = entry.file_name();
        if let Some(at) = FILES.iter().position(|(wanted, _)| name.to_str() == Some(*wanted)) {
            found[at].get_or_insert(path);
        }
    }
}
