//! Help texts: what stands there as an example is a command line.

use clap::{Command, CommandFactory, Parser};
use xiaoan_cli::args::Cli;

/// Words as a shell would split them; quotes keep spaces.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quote, mut word) = (Vec::new(), None, None::<String>);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The examples of a help text: behind "Example: " or on lines below "Examples:".
fn examples(command: &Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().map(|line| line.trim().trim_start_matches("Example: ").to_owned());
    lines.filter(|line| line.starts_with("xiaoan ")).collect()
}

/// The commands that have no commands below them, with the words that lead there.
fn leaves(command: &Command, path: &[String]) -> Vec<(Vec<String>, Command)> {
    let path = [path, &[command.get_name().to_owned()]].concat();
    if command.get_subcommands().next().is_none() {
        return vec![(path, command.clone())];
    }
    command.get_subcommands().flat_map(|below| leaves(below, &path)).collect()
}

#[test]
fn every_command_of_volunteers_antifraud_and_port_has_an_example_and_every_example_is_a_command_line() {
    let all = leaves(&Cli::command(), &[]);
    let mut seen = 0;
    for (path, command) in &all {
        let examples = examples(command);
        let must = ["volunteers", "antifraud", "port"].contains(&path[1].as_str());
        assert!(!must || !examples.is_empty(), "{path:?} has no example");
        for example in examples {
            let words = words(&example);
            assert!(words.starts_with(path), "{example:?} is no example of {path:?}");
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{example:?}: {error}");
            }
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn words_are_split_as_a_shell_splits_them() {
    assert_eq!(words("a \"b c\"  'd \"e\"' \"\""), ["a", "b c", "d \"e\"", ""]);
}
