//! What changes tokens: `update`, `delete`, `upsert`.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::{ChangeReport, Dataset, DatasetError};
use ng_parallel::Workers;
use ng_store::{Counted, Shown};
use ng_token::Token;
use serde::Serialize;

use super::stoppable;
use crate::args::{ChangeArgs, DatasetDeleteArgs, DatasetUpdateArgs, DatasetUpsertArgs};
use crate::input::{Input, Reading};
use crate::interrupt::Hold;
use crate::pour::Check;
use crate::say::Report;
use crate::tool::Tool;
use crate::verb::query::Bytes;

pub(super) fn update(args: &DatasetUpdateArgs, tool: &Tool) -> Result<ExitCode> {
    let change = &args.change;
    changed(&args.path, change, tool, |dataset, workers| {
        dataset.update(workers, &args.filter, &args.set, &change.options())
    })
}

pub(super) fn delete(args: &DatasetDeleteArgs, tool: &Tool) -> Result<ExitCode> {
    let change = &args.change;
    changed(&args.path, change, tool, |dataset, workers| {
        dataset.delete(workers, &args.filter, &change.options())
    })
}

pub(super) fn upsert(args: &DatasetUpsertArgs, tool: &Tool) -> Result<ExitCode> {
    let change = &args.change;
    let tokens = {
        let hold = tool.interrupt.hold()?;
        all_tokens(args, tool, &hold)?
    };
    changed(&args.path, change, tool, |dataset, workers| {
        dataset.upsert(workers, tokens, &change.options())
    })
}

/// The tokens of the input.
fn all_tokens(args: &DatasetUpsertArgs, tool: &Tool, hold: &Hold<'_>) -> Result<Vec<Token>> {
    let reading = Reading {
        kind: args.from_args.of(&args.from),
        expected: None,
        cache: args.change.cache.policy(),
        is_stream: true,
    };
    let input = Input::open(&args.from, reading, hold)?;
    let check = Check::by(args.from_args.validate);
    let progress = tool.progress("reading", input.known_tokens());
    let mut tokens = Vec::new();
    input.for_each(hold, |chunk| {
        check.check(chunk)?;
        tokens.extend_from_slice(chunk.tokens);
        progress.add(chunk.tokens.len() as u64);
        Ok(())
    })?;
    Ok(tokens)
}

/// Makes a change, until the user wants it to end, and reports it.
fn changed(
    path: &Path,
    args: &ChangeArgs,
    tool: &Tool,
    change: impl FnOnce(&Dataset, &Workers) -> Result<ChangeReport, DatasetError>,
) -> Result<ExitCode> {
    let dataset = Dataset::open(path)?;
    let report = stoppable(args.threads, tool, |workers| change(&dataset, workers))?;
    tool.say.report(&Changed::new(path, args.dry_run, &report))
}

#[derive(Serialize)]
struct Changed {
    path: String,
    dry_run: bool,
    /// `None` if nothing was published.
    generation: Option<u64>,
    matched: u64,
    changed: u64,
    deleted: u64,
    added: u64,
    shards_rewritten: u64,
    shards_dropped: u64,
    shards_pruned: u64,
    shards_retired: u64,
    bytes_read: u64,
    bytes_written: u64,
}

impl Changed {
    fn new(path: &Path, dry_run: bool, report: &ChangeReport) -> Self {
        Self {
            path: path.display().to_string(),
            dry_run,
            generation: report.generation,
            matched: report.matched,
            changed: report.changed,
            deleted: report.deleted,
            added: report.added,
            shards_rewritten: report.shards_rewritten,
            shards_dropped: report.shards_dropped,
            shards_pruned: report.shards_pruned,
            shards_retired: report.shards_retired,
            bytes_read: report.bytes_read,
            bytes_written: report.bytes_written,
        }
    }
}

impl Report for Changed {}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let would = if self.dry_run { "would be " } else { "" };
        write!(f, "{}: ", Shown(self.path.as_ref()))?;
        write!(f, "{} matched", Counted(self.matched, "token"))?;
        for (count, done) in [
            (self.changed, "changed"),
            (self.deleted, "deleted"),
            (self.added, "added"),
        ] {
            if count > 0 {
                write!(f, ", {count} {would}{done}")?;
            }
        }
        let rewritten = Counted(self.shards_rewritten, "shard");
        write!(
            f,
            "; {rewritten} {would}written anew ({})",
            Bytes(self.bytes_written)
        )?;
        for (count, done) in [
            (self.shards_dropped, "dropped"),
            (self.shards_pruned, "not opened"),
        ] {
            if count > 0 {
                write!(f, ", {count} {done}")?;
            }
        }
        match self.generation {
            Some(generation) => writeln!(f, "; generation {generation}"),
            None => writeln!(f, "; nothing was changed"),
        }
    }
}
