//! The house rules, checked by machine: arrows between rooms, who may touch the events table, what events look like,
//! words and files. Needs no server; every check reads the repository as it lies on disk.

mod arrows;
mod events;
mod files;
mod sources;

use std::path::{Path, PathBuf};

/// Root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests crate lies in the repository").to_owned()
}

/// A text file of the repository.
struct Text {
    /// Path from the root, with slashes.
    path: String,
    content: String,
}

impl Text {
    fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
    }
    /// Lines with their numbers from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.content.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
    /// Rust without its comments and without a test module at the end, so that rules about code look at code.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.content.find("#[cfg(test)]\nmod tests {").unwrap_or(self.content.len());
        let end = self.content[..tests].lines().count();
        self.lines().take(end).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Every text file that belongs to the repository; what is built or downloaded lies in the folders left out.
fn texts() -> Vec<Text> {
    const NOT_OURS: [&str; 5] = ["target", ".git", ".dev", "node_modules", ".cargo"];
    let root = root();
    let mut folders = vec![root.clone()];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let kind = entry.file_type().expect("a known kind of file");
            if kind.is_dir() {
                if !NOT_OURS.contains(&entry.file_name().to_string_lossy().as_ref()) {
                    folders.push(entry.path());
                }
            } else if kind.is_file()
                && let Ok(content) = std::fs::read_to_string(entry.path())
            {
                let path =
                    entry.path().strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
                texts.push(Text { path, content });
            }
        }
    }
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(texts.len() > 50, "the repository was not found at {}", root.display());
    texts
}

/// Fails with every breach at once.
#[track_caller]
fn no_breach(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}
