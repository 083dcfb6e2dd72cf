use std::fmt;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::{Error, Result};
use ng_query::Column;
use ng_query::index::BuildOptions;
use ng_query::order::{SortError, SortOptions, SortPhase, SortProgress, SortReport, sort_file};
use ng_store::{BlockReader, CreateError, CreateOptions, Shown};
use ng_token::Axis;
use serde::Serialize;

use crate::args::SortArgs;
use crate::ending::Ending;
use crate::found::{Found, warning};
use crate::own_output::refuse_index;
use crate::progress::Progress;
use crate::say::Report;
use crate::source::Source;
use crate::tool::{Tool, workers};
use crate::verb::index::build_watched;

/// Sorts tokens. Only verified blocks are written.
pub(crate) fn sort(args: &SortArgs, tool: &Tool) -> Result<ExitCode> {
    refuse_index(&args.source, &args.destination)?;
    let source = Source::open(&args.source)?;
    source.reader.refuse_lost()?;
    let found = source.look()?;
    source.warn(&found, tool.say);
    let report = sort_held(args, &source, tool).map_err(cause_of)?;
    let indexed_blocks = match index_sorted(args, tool) {
        Ok(blocks) => blocks,
        Err(error) => {
            // The tokens are sorted; queries do without the index.
            let line = format!("sorted, and has no index: {error:#}");
            tool.say.warn(&[warning(&args.destination, &line)]);
            0
        }
    };
    tool.say.report(&Sorted {
        source: args.source.display().to_string(),
        destination: args.destination.display().to_string(),
        by: args.by.to_string(),
        tokens: report.tokens,
        temporary_files: report.temporary_files,
        indexed_blocks,
        found,
    })
}

/// Makes the zones of the sorted file and, if it is in the order of a space, that space's columns
/// and boxes: they make the order fast.
fn index_sorted(args: &SortArgs, tool: &Tool) -> Result<u64> {
    let options = match args.by.space() {
        None => BuildOptions::new(),
        Some(space) => {
            let axes = Axis::ALL.map(|axis| Column::Coordinate(space, axis));
            BuildOptions::new().columns(axes).boxes([space])
        }
    };
    let reader = BlockReader::open(&args.destination)?.with_cache(args.cache.policy());
    let report = build_watched(&reader, &options, args.threads, tool)?;
    Ok(report.index.blocks)
}

fn sort_held(args: &SortArgs, source: &Source, tool: &Tool) -> Result<SortReport> {
    let workers = workers(args.threads)?;
    let hold = tool.interrupt.hold()?;
    let stop = workers.stop_flag();
    hold.on_wish(move || stop.stop());
    let info = source.reader.info();
    let create = CreateOptions::new()
        .max_tokens(info.max_tokens)
        .tag(info.tag)
        .replace(args.replace);
    let bars = Bars::new(tool);
    let to = (args.destination.as_path(), create);
    let watch = |progress| bars.show(progress);
    let sorted = sort_file(
        &workers,
        &source.reader,
        to,
        &args.by,
        &options(args),
        watch,
    );
    Ok(sorted?)
}

fn options(args: &SortArgs) -> SortOptions {
    let mut options = SortOptions::new().cache(args.cache.policy());
    if let Some(bytes) = args.memory {
        options = options.memory_bytes(bytes);
    }
    match &args.temp {
        Some(folder) => options.temp(folder),
        None => options,
    }
}

/// The original error of a sort, without its wrapping, so that its kind is known.
fn cause_of(error: Error) -> Error {
    let error = match error.downcast::<SortError>() {
        Ok(error) => error,
        Err(other) => return other,
    };
    match error {
        SortError::Open(error) => error.into(),
        SortError::Read(error) => error.into(),
        SortError::Create(CreateError::Write(error)) => error.into(),
        SortError::Create(error) => error.into(),
        SortError::Stopped => Ending::Interrupted.into(),
        error => error.into(),
    }
}

/// A bar for each phase, one after the other.
pub(super) struct Bars<'a> {
    tool: &'a Tool,
    shown: Mutex<Option<(SortPhase, Progress)>>,
}

impl<'a> Bars<'a> {
    pub(super) fn new(tool: &'a Tool) -> Self {
        Self {
            tool,
            shown: Mutex::new(None),
        }
    }

    /// Called on any thread: a late one may report less than was reported already.
    pub(super) fn show(&self, progress: SortProgress) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown
            .as_ref()
            .is_none_or(|(phase, _)| *phase != progress.phase)
        {
            // The previous one goes first.
            *shown = None;
            let name = progress.phase.name();
            let bar = self.tool.progress(name, Some(progress.total));
            *shown = Some((progress.phase, bar));
        }
        if let Some((_, bar)) = &*shown {
            bar.set(progress.done, progress.total);
        }
    }
}

#[derive(Serialize)]
struct Sorted {
    source: String,
    destination: String,
    by: String,
    tokens: u64,
    temporary_files: u64,
    indexed_blocks: u64,
    #[serde(flatten)]
    found: Found,
}

impl Report for Sorted {}

impl fmt::Display for Sorted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: sorted by {} into {}, {} tokens in all",
            Shown(self.source.as_ref()),
            self.by,
            Shown(self.destination.as_ref()),
            self.tokens
        )
    }
}
