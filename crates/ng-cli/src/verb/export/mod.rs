//! Exports tokens as columns of other tools' files.
//!
//! [`pieces`](pieces::Pieces) come verified and in order, and are written in one of three ways:
//! Parquet's columns are encoded separately (`parquet.rs`), many threads write lines, which are put
//! in order (`text.rs`), and Arrow is a copy, which takes one thread (`arrow.rs`). `out.rs` is the
//! destination.

mod arrow;
mod out;
mod parquet;
mod pieces;
mod text;

use std::fmt;
use std::io::{self, Write};
use std::ops::{ControlFlow, Range};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::Result;
use ng_arrow::{Format, Layout};
use ng_query::index::Index;
use ng_query::{Query, QueryError};
use ng_store::{Counted, RawDraft, Shown};
use serde::Serialize;

use crate::args::ExportArgs;
use crate::count::TokenRange;
use crate::found::Found;
use crate::mapped::{open_index, told_warnings, warn_of_index};
use crate::opened::Opened;
use crate::own_output::refuse_own_output;
use crate::say::Report;
use crate::source::ended;
use crate::tool::{Tool, threads_for, workers};
pub(super) use out::{Out, cause_of};
use pieces::{From, Piece, Pieces};

/// How many filtered pieces wait to be written.
const WAITING: usize = 2;

/// Exports tokens. Only verified blocks are written.
pub(crate) fn export(args: &ExportArgs, tool: &Tool) -> Result<ExitCode> {
    if !args.is_to_stdout() {
        refuse_own_output(&args.source, &args.destination)?;
    }
    let source = Opened::at(&args.source, args.generation.generation)?;
    let wanted = args.range.unwrap_or(TokenRange::ALL);
    let range = wanted.within(source.len(), &args.source)?;
    let found = source.look()?;
    source.warn(&found, tool.say);
    let (format, layout) = (args.format()?, args.layout());
    let mut exported = Exported {
        source: args.source.display().to_string(),
        destination: args.destination.display().to_string(),
        format: format.name(),
        first_token: range.start,
        end_token: range.end,
        tokens: range.end - range.start,
        columns: layout.columns.iter().map(|column| column.name()).collect(),
        raw: args.raw,
        bytes: 0,
        found,
    };
    let job = Job {
        args,
        tool,
        format,
        layout,
        source: source.with_cache(args.cache.policy()),
        range,
        given: AtomicU64::new(0),
    };
    let written = match args.is_to_stdout() {
        true => job.to_stdout(),
        false => job.to_file(),
    };
    match written {
        Ok(bytes) => {
            exported.bytes = bytes;
            exported.tokens = job.given.load(Ordering::Relaxed);
        }
        Err(error) => return ended(Err(error), &exported.found),
    }
    match args.is_to_stdout() {
        true => tool.say.report_aside(&exported),
        false => tool.say.report(&exported),
    }
}

/// What to export, and how.
struct Job<'a> {
    args: &'a ExportArgs,
    tool: &'a Tool,
    format: Format,
    layout: Layout,
    source: Opened,
    range: Range<u64>,
    /// How many tokens were written.
    given: AtomicU64,
}

impl Job<'_> {
    fn to_file(&self) -> Result<u64> {
        let hold = self.tool.interrupt.hold()?;
        let mut draft = RawDraft::begin(&self.args.destination, self.args.replace)?;
        draft.set_cache(self.args.cache.policy());
        let out = self.write(Out::new(draft), &|| Ok(hold.check()?))?;
        let (draft, bytes) = out.into_inner()?;
        draft.publish()?;
        Ok(bytes)
    }

    fn to_stdout(&self) -> Result<u64> {
        let out = self.write(Out::new(io::stdout()), &|| Ok(()))?;
        let (mut stdout, bytes) = out.into_inner()?;
        stdout.flush().map_err(cause_of)?;
        Ok(bytes)
    }

    /// Writes everything, and calls `check` before each piece to ask whether to go on.
    fn write<W>(&self, out: W, check: &dyn Fn() -> Result<()>) -> Result<W>
    where
        W: Write + Send,
    {
        if let (Opened::File(source), None) = (&self.source, &self.args.filter) {
            let blocks = source.reader.blocks_of(self.range.clone());
            return self.write_from(From::Blocks(Box::new(blocks)), out, check);
        }
        thread::scope(|scope| {
            let (pieces, taken) = sync_channel(WAITING);
            thread::Builder::new().spawn_scoped(scope, || self.choose(pieces))?;
            self.write_from(From::Query(taken), out, check)
        })
    }

    /// Passes on the tokens that a filter matches, or those of a dataset, until nobody takes them
    /// any more.
    fn choose(&self, pieces: SyncSender<Result<Piece>>) {
        let index = match &self.source {
            Opened::File(source) => open_index(&source.reader),
            Opened::Dataset(_) => None,
        };
        let asked = self.ask(index.as_ref(), &pieces);
        if let Err(error) = asked {
            // A consumer that stops has its own error.
            let _ = pieces.send(Err(error));
        }
        let of_shards = match &self.source {
            Opened::File(_) => Vec::new(),
            Opened::Dataset(source) => source.snapshot.index_warnings(),
        };
        let warnings = index.iter().flat_map(Index::warnings).chain(of_shards);
        warn_of_index(&told_warnings(warnings), self.tool.say);
    }

    fn ask(&self, index: Option<&Index>, pieces: &SyncSender<Result<Piece>>) -> Result<()> {
        let workers = workers(self.args.threads)?;
        let query = match &self.source {
            Opened::File(source) => Query::new(&source.reader, &workers),
            Opened::Dataset(source) => Query::new(source.snapshot.source(), &workers),
        };
        let query = query.positions_within(self.range.clone());
        let query = match &self.args.filter {
            Some(filter) => query.filter(filter),
            None => query,
        };
        let query = match index {
            Some(index) => query.index(index)?,
            None => query,
        };
        query.tokens::<QueryError>(|positions, tokens| {
            if tokens.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            let piece = Piece::of_chosen(positions, tokens);
            Ok(match pieces.send(Ok(piece)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        })?;
        Ok(())
    }

    fn write_from<W>(&self, from: From, out: W, check: &dyn Fn() -> Result<()>) -> Result<W>
    where
        W: Write + Send,
    {
        let all = self.range.end - self.range.start;
        let total = self.args.filter.is_none().then_some(all);
        let pieces = Pieces {
            from,
            progress: &self.tool.progress("exporting", total),
            given: &self.given,
            check,
        };
        let threads = threads_for(self.args.threads);
        let layout = self.layout.clone();
        match self.format {
            Format::Parquet => {
                parquet::write(out, layout, self.args.compression(), pieces, threads)
            }
            Format::Csv | Format::JsonLines => {
                text::write(out, self.format, layout, pieces, threads)
            }
            _ => arrow::write(out, self.format, layout, pieces),
        }
    }
}

#[derive(Serialize)]
struct Exported {
    source: String,
    destination: String,
    format: &'static str,
    first_token: u64,
    end_token: u64,
    tokens: u64,
    columns: Vec<&'static str>,
    raw: bool,
    bytes: u64,
    #[serde(flatten)]
    found: Found,
}

impl Report for Exported {
    fn is_good(&self) -> bool {
        !self.found.is_doubtful()
    }
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: tokens {}..{} exported to {}, {} in {}, {}",
            Shown(self.source.as_ref()),
            self.first_token,
            self.end_token,
            Shown(self.destination.as_ref()),
            Counted(self.tokens, "token"),
            Counted(self.columns.len() as u64, "column"),
            Counted(self.bytes, "byte"),
        )
    }
}
