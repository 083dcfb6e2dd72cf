use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::{CollectReport, Dataset};
use ng_store::{Counted, Shown};
use serde::Serialize;

use crate::args::DatasetGcArgs;
use crate::say::Report;
use crate::tool::Tool;
use crate::verb::query::Bytes;

/// Removes what no kept generation names.
pub(super) fn gc(args: &DatasetGcArgs, tool: &Tool) -> Result<ExitCode> {
    let report = Dataset::open(&args.path)?.collect(&args.options())?;
    tool.say.report(&Collected::new(args, report))
}

#[derive(Serialize)]
struct Collected {
    path: String,
    dry_run: bool,
    generation: u64,
    oldest_kept: u64,
    removed_generations: Vec<u64>,
    removed_shards: u64,
    removed_orphans: u64,
    freed_bytes: u64,
    /// Generations that somebody reads.
    read_generations: Vec<u64>,
    young_generations: Vec<u64>,
    young_files: u64,
    locked_files: u64,
}

impl Collected {
    fn new(args: &DatasetGcArgs, report: CollectReport) -> Self {
        Self {
            path: args.path.display().to_string(),
            dry_run: args.dry_run,
            generation: report.generation,
            oldest_kept: report.oldest_kept,
            removed_generations: report.removed_generations,
            removed_shards: report.removed_shards,
            removed_orphans: report.removed_orphans,
            freed_bytes: report.freed_bytes,
            read_generations: report.read,
            young_generations: report.young_generations,
            young_files: report.young_files,
            locked_files: report.locked_files,
        }
    }
}

impl Report for Collected {}

impl fmt::Display for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let would = if self.dry_run { "would be " } else { "" };
        let path = Shown(self.path.as_ref());
        writeln!(
            f,
            "{path}: {} and {} {would}removed, {} freed; the oldest generation is {}",
            Counted(self.removed_generations.len() as u64, "generation"),
            Counted(self.removed_shards, "shard"),
            Bytes(self.freed_bytes),
            self.oldest_kept,
        )?;
        let mut stays = |count: u64, what: &'static str, why: &'static str| match count {
            0 => Ok(()),
            count => writeln!(f, "{path}: {} {why}", Counted(count, what)),
        };
        let read = self.read_generations.len() as u64;
        stays(read, "generation", "kept, as somebody reads them")?;
        let young = self.young_generations.len() as u64;
        stays(young, "generation", "kept by --older")?;
        stays(self.young_files, "unnamed file", "kept by --older")?;
        stays(
            self.locked_files,
            "unnamed file",
            "kept, as their creators hold them",
        )
    }
}
