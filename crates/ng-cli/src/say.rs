//! Output on standard output and standard error, as text or JSON.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Error, Result};
use serde::Serialize;
use serde_json::json;

use crate::ending::{Ending, ReportNotWritten};
use crate::error_kind::{USAGE, kind_of};
use crate::interrupt::EXIT_INTERRUPTED;
use crate::usage::EXIT_USAGE;

/// The result of a verb: as text, and as one JSON object, which includes problems.
pub(crate) trait Report: Display + Serialize {
    /// Tells whether nothing is wrong; otherwise the program fails.
    fn is_good(&self) -> bool {
        true
    }
}

/// How the user wants output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Say {
    json: bool,
    quiet: bool,
}

impl Say {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    pub(crate) fn shows_progress(self) -> bool {
        !self.json && !self.quiet
    }

    /// Writes problems and warnings, one line each, on standard error: even if quiet, and whatever
    /// happens to standard output. JSON has them in its object.
    pub(crate) fn warn(self, lines: &[String]) {
        if !self.json && !lines.is_empty() {
            err(&(lines.join("\n") + "\n"));
        }
    }

    /// Writes a line on standard error about what the answer does not show, for people.
    pub(crate) fn note(self, line: &str) {
        self.warn(&[line.to_owned()]);
    }

    /// Writes findings for programs, if the lines of standard output are of another kind.
    pub(crate) fn aside(self, found: &impl Serialize) -> Result<()> {
        if self.json {
            err(&(serde_json::to_string(found)? + "\n"));
        }
        Ok(())
    }

    /// Writes the plan on standard error.
    pub(crate) fn plan(self, plan: &impl Display) -> Result<()> {
        match self.json {
            true => self.aside(&json!({ "plan": plan.to_string() })),
            false => {
                err(&format!("{plan}\n"));
                Ok(())
            }
        }
    }

    /// Answers on standard output, quiet or not.
    pub(crate) fn answer(self, report: &impl Report) -> Result<ExitCode> {
        match out(&self.text(report)?) {
            // Problems decide the exit code whether they are read or not.
            Err(error) if !error.is::<Ending>() => Err(error),
            _ => Ok(exit_code(report)),
        }
    }

    /// Reports on standard output, unless quiet. Returns the exit code.
    pub(crate) fn report(self, report: &impl Report) -> Result<ExitCode> {
        if self.reports() {
            return self.answer(report).map_err(|error| {
                let cause = sentence(&error);
                ReportNotWritten { cause }.into()
            });
        }
        Ok(exit_code(report))
    }

    /// Reports on standard error, if standard output is used for tokens.
    pub(crate) fn report_aside(self, report: &impl Report) -> Result<ExitCode> {
        if self.reports() {
            err(&self.text(report)?);
        }
        Ok(exit_code(report))
    }

    /// Writes why the program ends, and what to do about it if known, and returns the exit code.
    pub(crate) fn failed(self, error: &Error, hint: Option<&str>) -> ExitCode {
        let ending = error.downcast_ref::<Ending>();
        if ending != Some(&Ending::ReaderGone) {
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            self.tell_error(&(sentence(error) + &hint), kind_of(error));
        }
        match ending {
            Some(Ending::ReaderGone) => ExitCode::SUCCESS,
            Some(Ending::Interrupted) => ExitCode::from(EXIT_INTERRUPTED),
            // A question that makes no sense, whatever the file.
            None if kind_of(error) == USAGE => ExitCode::from(EXIT_USAGE),
            None => ExitCode::FAILURE,
        }
    }

    fn reports(self) -> bool {
        self.json || !self.quiet
    }

    fn text(self, report: &impl Report) -> Result<String> {
        Ok(match self.json {
            true => serde_json::to_string(report)? + "\n",
            false => report.to_string(),
        })
    }

    pub(crate) fn tell_error(self, told: &str, kind: &str) {
        err(&match self.json {
            true => format!("{}\n", json!({ "error": told, "kind": kind })),
            false => format!("error: {told}\n"),
        });
    }
}

fn exit_code(report: &impl Report) -> ExitCode {
    match report.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The error and its causes, without repetition: some include their cause themselves.
fn sentence(error: &Error) -> String {
    error.chain().fold(String::new(), |told, cause| {
        let cause = cause.to_string();
        match told.as_str() {
            "" => cause,
            told if told.contains(&cause) => told.to_owned(),
            told => format!("{told}: {cause}"),
        }
    })
}

/// Writes all of it to standard output.
pub(crate) fn out(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    to_stdout(&mut stdout, |stdout| stdout.write_all(text.as_bytes()))?;
    to_stdout(&mut stdout, Write::flush)
}

/// Writes to something that ends in standard output.
pub(crate) fn to_stdout<W>(
    writer: &mut W,
    write: impl FnOnce(&mut W) -> io::Result<()>,
) -> Result<()> {
    match write(writer) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Ending::ReaderGone.into()),
        written => written.context("standard output"),
    }
}

/// Writes to standard error. A failure cannot be reported anywhere.
fn err(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
