//! What moves tokens between shards: `sort`, `reshard`, `compact`.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::{Dataset, ReshapeReport};
use ng_store::{Counted, Shown};
use serde::Serialize;

use super::stoppable;
use crate::args::{DatasetCompactArgs, DatasetReshardArgs, DatasetSortArgs};
use crate::say::Report;
use crate::tool::Tool;
use crate::verb::query::Bytes;
use crate::verb::sort::Bars;

pub(super) fn sort(args: &DatasetSortArgs, tool: &Tool) -> Result<ExitCode> {
    let dataset = Dataset::open(&args.path)?;
    let bars = Bars::new(tool);
    let report = stoppable(args.threads.threads, tool, |workers| {
        dataset.sort(workers, &args.options(), |progress| bars.show(progress))
    })?;
    drop(bars);
    tell("sorted", &args.path, report, tool)
}

pub(super) fn reshard(args: &DatasetReshardArgs, tool: &Tool) -> Result<ExitCode> {
    let dataset = Dataset::open(&args.path)?;
    let progress = tool.progress("resharding", None);
    let watch = |done, all| progress.set(done, all);
    let report = stoppable(args.threads.threads, tool, |workers| {
        dataset.reshard(workers, &args.options(), watch)
    })?;
    drop(progress);
    tell("resharded", &args.path, report, tool)
}

pub(super) fn compact(args: &DatasetCompactArgs, tool: &Tool) -> Result<ExitCode> {
    let dataset = Dataset::open(&args.path)?;
    let progress = tool.progress("compacting", None);
    let watch = |done, all| progress.set(done, all);
    let report = stoppable(args.threads.threads, tool, |workers| {
        dataset.compact(workers, &args.options(), watch)
    })?;
    drop(progress);
    tell("compacted", &args.path, report, tool)
}

fn tell(done: &'static str, path: &Path, report: ReshapeReport, tool: &Tool) -> Result<ExitCode> {
    tool.say.report(&Reshaped {
        path: path.display().to_string(),
        done,
        generation: report.generation,
        shards_before: report.shards_before,
        shards_after: report.shards_after,
        tokens: report.rows,
        bytes_written: report.bytes_written,
    })
}

#[derive(Serialize)]
struct Reshaped {
    path: String,
    #[serde(skip)]
    done: &'static str,
    /// `None` if there was nothing to do.
    generation: Option<u64>,
    shards_before: u64,
    shards_after: u64,
    /// How many tokens were written.
    tokens: u64,
    bytes_written: u64,
}

impl Report for Reshaped {}

impl fmt::Display for Reshaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        let Some(generation) = self.generation else {
            return writeln!(f, "{path}: nothing to do");
        };
        writeln!(
            f,
            "{path}: {}, {} into {}; {} written ({}); generation {generation}",
            self.done,
            Counted(self.shards_before, "shard"),
            self.shards_after,
            Counted(self.tokens, "token"),
            Bytes(self.bytes_written),
        )
    }
}
