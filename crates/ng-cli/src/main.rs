//! The program `ng`: creates, fills, shows, queries, indexes, sorts, verifies, repairs, copies,
//! exports and trims token files, and works with datasets of many.
//!
//! Two verbs map a file, `query` and `describe`; the others read. Begin reading at `args.rs`, then
//! one file below `verb/`.

mod args;
mod count;
mod disk_room;
mod ending;
mod error_kind;
mod found;
mod help;
mod hint;
mod ids;
mod input;
mod interrupt;
mod like;
#[expect(unsafe_code, reason = "maps the file that is asked; nothing else does")]
mod mapped;
mod opened;
mod own_output;
mod pour;
mod progress;
mod say;
mod source;
mod taken;
mod tool;
mod usage;
mod verb;
mod watched;

use std::panic;
use std::process::ExitCode;

use anyhow::Result;

use args::{Cli, Command};
use say::Say;
use tool::Tool;

/// Exit codes: 0 ok, 1 an error or damage, 2 usage, 130 interrupted.
fn main() -> ExitCode {
    ng_store::ignore_file_size_signal();
    keep_caught_panics_silent();
    let cli = match Cli::parse_checked() {
        Ok(cli) => cli,
        Err(error) => return usage::refused(error),
    };
    let say = Say::new(cli.json, cli.quiet);
    run(&cli.command, say)
        .unwrap_or_else(|error| say.failed(&error, hint::hint(&error, &cli.command)))
}

/// Decoders of damaged columns may panic; that is reported as an error.
fn keep_caught_panics_silent() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |told| {
        if !ng_arrow::is_decoding() {
            hook(told);
        }
    }));
}

fn run(command: &Command, say: Say) -> Result<ExitCode> {
    let tool = Tool::new(say)?;
    match command {
        Command::Create(args) => verb::create(args, &tool),
        Command::Append(args) => verb::append(args, &tool),
        Command::Info(args) => verb::info(args, &tool),
        Command::Verify(args) => verb::verify(args, &tool),
        Command::Repair(args) => verb::repair(args, &tool),
        Command::Head(args) => verb::head(args, &tool),
        Command::Query(args) => verb::query(args, &tool),
        Command::Describe(args) => verb::describe(args, &tool),
        Command::Copy(args) => verb::copy(args, &tool),
        Command::Export(args) => verb::export(args, &tool),
        Command::Trim(args) => verb::trim(args, &tool),
        Command::Index(args) => verb::index(args, &tool),
        Command::Sort(args) => verb::sort(args, &tool),
        Command::Dataset(verb) => verb::dataset(verb, &tool),
        Command::Completions { shell } => verb::completions(*shell),
    }
}
