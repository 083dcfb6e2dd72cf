use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Error, Result};
use ng_dataset::{CreateOptions, Dataset, DatasetError, Writer, WriterOptions};
use ng_store::{Counted, Shown};
use serde::Serialize;

use crate::args::{DatasetAppendArgs, StreamArgs};
use crate::found::warning;
use crate::input::{Arrived, Input, Reading};
use crate::interrupt::Hold;
use crate::pour::Check;
use crate::say::Report;
use crate::tool::Tool;

/// Appends a stream, in commits, until it ends or the user wants that.
pub(super) fn append(args: &DatasetAppendArgs, tool: &Tool) -> Result<ExitCode> {
    let hold = tool.interrupt.hold()?;
    // Errors in the input must be known before anything is created.
    let input = open_input(args.input(), &args.stream, &hold)?;
    let dataset = open_or_create(args)?;
    let closed = close_left(&dataset, &args.path, tool);
    let options = args.pace.of(args.stream.options());
    let flow = Flow {
        path: &args.path,
        dataset: &dataset,
        options,
        check: Check::by(args.stream.from_args.validate),
    };
    let (mut appended, ended) = flow.run(input, tool, &hold)?;
    appended.closed_tails = closed.closed;
    appended.tails_damaged = closed.is_damaged;
    let code = tool.say.report(&appended)?;
    ended.map(|()| code)
}

/// Begins to read what is to be appended.
pub(super) fn open_input(from: &Path, args: &StreamArgs, hold: &Hold<'_>) -> Result<Input> {
    let reading = Reading {
        kind: args.from_args.of(from),
        expected: None,
        cache: args.cache.policy(),
        is_stream: true,
    };
    Input::open(from, reading, hold)
}

fn open_or_create(args: &DatasetAppendArgs) -> Result<Dataset, DatasetError> {
    if args.create && !Dataset::is_at(&args.path) {
        match Dataset::create(&args.path, &CreateOptions::new()) {
            // Another one was faster.
            Err(DatasetError::Exists { .. }) if Dataset::is_at(&args.path) => {}
            created => return created,
        }
    }
    Dataset::open(&args.path)
}

/// What became of the tails of writers that died.
struct Closed {
    closed: u64,
    is_damaged: bool,
}

/// Closes them; one that is damaged is no reason not to append to another.
fn close_left(dataset: &Dataset, path: &Path, tool: &Tool) -> Closed {
    let (closed, lines) = match dataset.close_tails() {
        Ok(closed) => (closed.len() as u64, Vec::new()),
        Err(error) => {
            let line = format!("a tail that a writer left stays open: {error}");
            (0, vec![warning(path, &line)])
        }
    };
    tool.say.warn(&lines);
    Closed {
        closed,
        is_damaged: !lines.is_empty(),
    }
}

/// From an input into a dataset.
pub(super) struct Flow<'a> {
    pub(super) path: &'a Path,
    pub(super) dataset: &'a Dataset,
    pub(super) options: WriterOptions,
    pub(super) check: Check,
}

impl Flow<'_> {
    /// Appends all of the input. However that ended, what was appended is committed, and told with
    /// it.
    pub(super) fn run(
        &self,
        mut input: Input,
        tool: &Tool,
        hold: &Hold<'_>,
    ) -> Result<(Appended, Result<()>)> {
        let mut writer = self.dataset.writer(&self.options)?;
        let ended = self.pour(&mut input, &mut writer, tool, hold);
        let mut appended = Appended::to(self.path);
        appended.tokens = writer.committed_tokens();
        appended.generation = writer.generation();
        let all = writer.appended_tokens();
        match (writer.close(), ended) {
            (Ok(generation), ended) => {
                appended.tokens = all;
                appended.generation = generation;
                Ok((appended, ended))
            }
            (Err(_), Err(error)) => Ok((appended, Err(error))),
            (Err(error), Ok(())) => Ok((appended, Err(Error::from(error)))),
        }
    }

    fn pour(
        &self,
        input: &mut Input,
        writer: &mut Writer,
        tool: &Tool,
        hold: &Hold<'_>,
    ) -> Result<()> {
        let progress = tool.progress("appending", input.known_tokens());
        loop {
            match input.next_within(writer.due_in(), hold)? {
                Arrived::Tokens(tokens) => {
                    self.check.check(&input.chunk(&tokens))?;
                    writer.append(&tokens)?;
                    progress.add(tokens.len() as u64);
                    input.done(tokens);
                }
                Arrived::Nothing => writer.commit_if_due()?,
                Arrived::End => return Ok(()),
            }
        }
    }
}

/// What was appended, all of it durable.
#[derive(Serialize)]
pub(super) struct Appended {
    path: String,
    pub(super) tokens: u64,
    pub(super) generation: u64,
    closed_tails: u64,
    #[serde(skip)]
    tails_damaged: bool,
}

impl Appended {
    fn to(path: &Path) -> Self {
        Self {
            path: path.display().to_string(),
            tokens: 0,
            generation: 0,
            closed_tails: 0,
            tails_damaged: false,
        }
    }
}

impl Report for Appended {
    fn is_good(&self) -> bool {
        !self.tails_damaged
    }
}

impl fmt::Display for Appended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        if self.closed_tails > 0 {
            let closed = Counted(self.closed_tails, "tail");
            writeln!(f, "{path}: {closed} closed that writers left")?;
        }
        writeln!(
            f,
            "{path}: {} appended, durable, generation {}",
            Counted(self.tokens, "token"),
            self.generation
        )
    }
}
