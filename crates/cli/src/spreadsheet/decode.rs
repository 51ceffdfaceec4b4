//! Encodings: which one a file is in, and its text as it is read.

use crate::fault::Fault;
use encoding_rs::{CoderResult, Decoder, DecoderResult, GB18030, UTF_8};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes looked at in one go.
const CHUNK: usize = 64 * 1024;

/// Encoding of a user's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 with a byte order mark, as Excel writes it.
    Utf8Bom,
    /// GB18030, which contains GBK and GB 2312.
    Gb18030,
}

impl Encoding {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Utf8Bom => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }
    /// Text in this encoding; GB18030 has every character of Unicode, so nothing is lost.
    #[must_use]
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 | Self::Utf8Bom => text.as_bytes().to_vec(),
            Self::Gb18030 => GB18030.encode(text).0.into_owned(),
        }
    }
    /// What stands before the first character.
    #[must_use]
    pub fn mark(self) -> &'static [u8] {
        if self == Self::Utf8Bom { b"\xEF\xBB\xBF" } else { b"" }
    }
}

/// Finds the encoding of a file: a byte order mark, else valid UTF-8 to the end, else GB18030.
///
/// # Errors
/// Usage when the file is not there or is UTF-16.
pub fn detect(path: &Path) -> Result<Encoding, Fault> {
    let mut file = File::open(path).map_err(|e| Fault::file(path, &e))?;
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let (mut bytes, mut text) = (vec![0; CHUNK], vec![0; CHUNK * 3 + 16]);
    let mut first = true;
    loop {
        let count = file.read(&mut bytes).map_err(|e| Fault::file(path, &e))?;
        let seen = &bytes[..count];
        if first && seen.starts_with(b"\xEF\xBB\xBF") {
            return Ok(Encoding::Utf8Bom);
        }
        if first && (seen.starts_with(b"\xFF\xFE") || seen.starts_with(b"\xFE\xFF")) {
            return Err(Fault::Usage(format!(
                "{}: the file is in UTF-16; save it as \"CSV UTF-8\" and import that",
                path.display()
            )));
        }
        first = false;
        let (outcome, _, _) = decoder.decode_to_utf8_without_replacement(seen, &mut text, count == 0);
        match outcome {
            DecoderResult::Malformed(_, _) => return Ok(Encoding::Gb18030),
            _ if count == 0 => return Ok(Encoding::Utf8),
            _ => {}
        }
    }
}

/// Opens a file as UTF-8 text; what cannot be decoded becomes U+FFFD. `tally` is told how many bytes were read.
///
/// # Errors
/// When the file cannot be opened.
pub fn open(
    path: &Path,
    encoding: Encoding,
    tally: impl Fn(u64) + Send + 'static,
) -> Result<Box<dyn BufRead + Send>, Fault> {
    let file = File::open(path).map_err(|e| Fault::file(path, &e))?;
    let decoder = match encoding {
        Encoding::Utf8 | Encoding::Utf8Bom => UTF_8.new_decoder_with_bom_removal(),
        Encoding::Gb18030 => GB18030.new_decoder_without_bom_handling(),
    };
    Ok(Box::new(BufReader::with_capacity(
        CHUNK,
        Decoded { file, decoder, bytes: vec![0; CHUNK], unread: 0..0, ended: false, finished: false, tally },
    )))
}

/// A file read through a decoder.
struct Decoded<F> {
    file: File,
    decoder: Decoder,
    bytes: Vec<u8>,
    /// Part of `bytes` not yet decoded.
    unread: std::ops::Range<usize>,
    ended: bool,
    /// The decoder has given everything; it must not be asked again.
    finished: bool,
    tally: F,
}

impl<F: Fn(u64)> Read for Decoded<F> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while !self.finished {
            if self.unread.is_empty() && !self.ended {
                let count = self.file.read(&mut self.bytes)?;
                (self.tally)(count as u64);
                self.ended = count == 0;
                self.unread = 0..count;
            }
            let (outcome, read, written, _) =
                self.decoder.decode_to_utf8(&self.bytes[self.unread.clone()], out, self.ended);
            self.unread.start += read;
            self.finished = self.ended && outcome == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
