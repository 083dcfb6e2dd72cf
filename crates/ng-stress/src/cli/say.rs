//! Output for people, on standard output and standard error.

use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// Writes `text` to standard output. A closed pipe is not an error.
pub(super) fn out(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output"),
    }
}

/// Writes a line to standard error, ignoring failures.
pub(super) fn err(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
