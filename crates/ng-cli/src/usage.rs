//! A wrong command line, reported as text or JSON.

use std::env;
use std::process::ExitCode;

use clap::Error;
use clap::error::{ContextKind, ContextValue};

use crate::error_kind::USAGE;
use crate::say::Say;

pub(crate) const EXIT_USAGE: u8 = 2;

/// What follows the error: the correct usage, for people.
const BEHIND: [&str; 2] = ["\n\nUsage:", "\n\nFor more information"];

/// Reports the error, or prints the requested help.
pub(crate) fn refused(mut error: Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    shorten_value(&mut error);
    let words = error.render().to_string();
    match (is_json(), is_plain()) {
        (true, _) => Say::new(true, false).tell_error(&what_is_wrong(&words), USAGE),
        (false, true) => drop(error.print()),
        (false, false) => Say::new(false, false).warn(&[escaped(&words)]),
    }
    ExitCode::from(EXIT_USAGE)
}

/// The most characters of a value that are repeated; an error in a filter shows its own excerpt.
const VALUE_MAX: usize = 60;

fn shorten_value(error: &mut Error) {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
        && let Some((end, _)) = value.char_indices().nth(VALUE_MAX)
    {
        let short = format!("{}...", &value[..end]);
        error.insert(ContextKind::InvalidValue, ContextValue::String(short));
    }
}

/// Whether a command line that cannot be parsed asks for JSON.
fn is_json() -> bool {
    let options = env::args_os().take_while(|argument| argument != "--");
    options.into_iter().any(|argument| argument == "--json")
}

/// Whether no argument can control a terminal. The message repeats them.
fn is_plain() -> bool {
    let mut arguments = env::args_os();
    arguments.all(|argument| !argument.to_string_lossy().contains(char::is_control))
}

/// The part of a message about this command line, in one line.
fn what_is_wrong(words: &str) -> String {
    let words = words.strip_prefix("error: ").unwrap_or(words);
    let end = BEHIND.iter().filter_map(|behind| words.find(behind)).min();
    let words = words[..end.unwrap_or(words.len())].split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

fn escaped(words: &str) -> String {
    let lines = words
        .lines()
        .map(|line| ng_store::Shown(line.as_ref()).to_string());
    lines.collect::<Vec<_>>().join("\n")
}
