//! The process that the scenario `crash` kills: it appends, commits and acknowledges.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use ng_lab::Failure;
use ng_store::{CreateOptions, TokenSink};

use crate::own_file::OwnFile;
use crate::scenarios::token;

/// The argument that makes the program a writer, followed by the file, the position of its
/// first token, and the number of tokens.
pub const WRITER_ARGUMENT: &str = "__writer";

/// Commits of a writer that is not killed before.
pub(crate) const COMMITS: u64 = 16;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Sets the writer's program, for a process other than `ng-stress`. The first call counts.
pub fn use_program(path: PathBuf) {
    // A second call changes nothing, as documented.
    let _ = PROGRAM.set(path);
}

/// How many of `count` tokens are durable after `commits` commits.
pub(crate) fn committed_after(commits: u64, count: u64) -> u64 {
    count * commits / COMMITS
}

/// Runs a writer: creates the file, appends and commits, and after each commit writes the
/// number of durable tokens to standard output. Then waits to be killed.
///
/// It ends when its standard input closes or its output cannot be written: its parent is
/// then gone.
///
/// # Errors
/// The arguments are not a writer's, or the file cannot be written.
pub fn write_until_killed(arguments: &[OsString]) -> Result<(), Failure> {
    let [path, first, count] = arguments else {
        let given = arguments.len();
        return Err(format!("writer: {given} arguments, expected file, first, count").into());
    };
    let file = OwnFile::handed_over(path.into());
    let (first, count) = (number(first)?, number(count)?);
    let mut store = file.create(&CreateOptions::new())?;
    acknowledge(0)?;
    for commit in 1..=COMMITS {
        let done = committed_after(commit - 1, count);
        let end = committed_after(commit, count);
        store.append_with((end - done) as usize, |index| {
            token((first + done) as usize + index)
        })?;
        store.commit()?;
        acknowledge(end)?;
    }
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn number(argument: &OsString) -> Result<u64, Failure> {
    let number = argument.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("writer: {argument:?}, expected a number").into())
}

fn acknowledge(tokens: u64) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{tokens}")?;
    stdout.flush()
}

/// A running writer, killed on drop.
pub(crate) struct Writer {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Writer {
    /// Starts a writer of the tokens at positions `range`.
    pub(crate) fn start(file: &OwnFile, range: &Range<u64>) -> Result<Self, Failure> {
        let program = match PROGRAM.get() {
            Some(program) => program.clone(),
            None => std::env::current_exe()?,
        };
        let mut process = Command::new(program)
            .arg(WRITER_ARGUMENT)
            .arg(file.path())
            .args([range.start, range.end - range.start].map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("a writer without output")?;
        Ok(Self {
            process,
            lines: BufReader::new(stdout),
        })
    }

    /// Waits for the next line: how many tokens are durable.
    pub(crate) fn acknowledged(&mut self) -> Result<u64, Failure> {
        match self.line()? {
            Some(tokens) => Ok(tokens),
            None => Err(format!("the writer ended by itself: {}", self.process.wait()?).into()),
        }
    }

    /// Kills it, and returns its last acknowledgement, if there is a new one, and its status.
    pub(crate) fn kill(mut self) -> Result<(Option<u64>, ExitStatus), Failure> {
        self.process.kill()?;
        let status = self.process.wait()?;
        let mut last = None;
        while let Some(tokens) = self.line()? {
            last = Some(tokens);
        }
        Ok((last, status))
    }

    fn line(&mut self) -> Result<Option<u64>, Failure> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        // A line cut off by the kill does not count.
        let whole = line.strip_suffix('\n');
        Ok(whole.map(str::parse).transpose()?)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Both fail for a process that has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_commit_has_all_tokens_and_earlier_ones_their_share() {
        for count in [0, 1, 15, 16, 1000] {
            assert_eq!(committed_after(0, count), 0);
            assert_eq!(committed_after(COMMITS, count), count);
        }
        assert_eq!(committed_after(1, 1000), 62);
    }

    #[test]
    fn arguments_that_are_not_a_writers_are_refused() {
        let arguments = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        for (words, expected) in [
            (
                &["file"][..],
                "writer: 1 arguments, expected file, first, count",
            ),
            (&["file", "-1", "2"], "writer: \"-1\", expected a number"),
            (&["file", "1", "x"], "writer: \"x\", expected a number"),
        ] {
            let error = write_until_killed(&arguments(words)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
