//! Bulletins set with the real fonts and read back by a reader of others (poppler).

mod city;
mod pages;
mod workbook;

use std::path::{Path, PathBuf};
use std::process::Command;
use xiaoan_bulletin::{Figures, Rendered, Stage, Typefaces};

/// The fonts of this machine: `./dev fonts` brings them.
fn typefaces() -> Typefaces {
    let mut folders: Vec<PathBuf> = std::env::var_os("XIAOAN_FONTS")
        .map(|folders| std::env::split_paths(&folders).collect())
        .unwrap_or_default();
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.dev/tools/fonts"));
    folders.extend(xiaoan_bulletin::typefaces::SYSTEM_FOLDERS.iter().map(PathBuf::from));
    Typefaces::find(&folders).expect("fonts; run ./dev fonts")
}

fn set(city: &city::City, stage: Stage) -> Rendered {
    let edition = city.contents.correction + 1;
    let figures = Figures::read(&city.closing, &city.contents, edition, stage).expect("figures");
    xiaoan_bulletin::render(&figures, &typefaces()).expect("a bulletin")
}

/// What a tool of poppler says about a PDF; it is Debian's package poppler-utils, which `./dev test` installs.
fn poppler(tool: &str, args: &[&str], pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bulletin.pdf");
    std::fs::write(&file, pdf).expect("written");
    let mut command = Command::new(tool);
    command.args(args).arg(&file);
    if tool == "pdftotext" {
        command.arg("-");
    }
    let output = command.output().unwrap_or_else(|e| panic!("{tool}: {e}; install poppler-utils"));
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The text of a PDF without blanks and line ends.
fn text(pdf: &[u8]) -> String {
    poppler("pdftotext", &["-raw"], pdf).split_whitespace().collect()
}
