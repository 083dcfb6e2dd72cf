//! What finds and replaces damage: `verify`, `repair`.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::{
    Dataset, DatasetReport, FileId, LeftShard, Orphan, OrphanState, RepairReport, RepairedShard,
    VerifyProgress,
};
use ng_store::{Counted, Shown};
use serde::Serialize;

use super::stoppable;
use crate::args::{DatasetRepairArgs, DatasetVerifyArgs};
use crate::found::warning;
use crate::progress::Progress;
use crate::say::Report;
use crate::tool::Tool;

/// Checks all that a generation names.
pub(super) fn verify(args: &DatasetVerifyArgs, tool: &Tool) -> Result<ExitCode> {
    let dataset = Dataset::open(&args.path)?;
    let report = {
        let progress = tool.progress("verifying", None);
        stoppable(args.threads.threads, tool, |workers| {
            dataset.verify(workers, &args.options(), |done| show(&progress, done))
        })?
    };
    let verified = Verified::new(&args.path, &report);
    let next = "next: `ng dataset repair PATH --dry-run` tells what can be done";
    let mut lines = verified.lines(&args.path);
    lines.extend((!verified.clean).then(|| next.to_owned()));
    tool.say.warn(&lines);
    tool.say.report(&verified)
}

fn show(progress: &Progress, done: VerifyProgress) {
    progress.reach(done.tokens);
}

#[derive(Serialize)]
struct Verified {
    path: String,
    generation: u64,
    manifests: u64,
    shards: u64,
    tokens: u64,
    clean: bool,
    manifest_faults: Vec<ToldFault>,
    damaged: Vec<ToldShard>,
    /// Files that no generation names.
    unnamed: Vec<String>,
}

#[derive(Serialize)]
struct ToldFault {
    generation: u64,
    problem: String,
}

#[derive(Serialize)]
struct ToldShard {
    file: String,
    tokens: u64,
    problems: Vec<String>,
}

impl Verified {
    fn new(path: &Path, report: &DatasetReport) -> Self {
        let faults = report.manifest_faults.iter().map(|fault| ToldFault {
            generation: fault.generation,
            problem: fault.problem.to_string(),
        });
        let damaged = report.damaged.iter().map(|shard| ToldShard {
            file: shard.file.to_string(),
            tokens: shard.tokens,
            problems: shard.problems.iter().map(ToString::to_string).collect(),
        });
        Self {
            path: path.display().to_string(),
            generation: report.generation,
            manifests: report.manifests,
            shards: report.shards,
            tokens: report.tokens,
            clean: report.is_clean(),
            manifest_faults: faults.collect(),
            damaged: damaged.collect(),
            unnamed: report.unnamed.iter().map(ToString::to_string).collect(),
        }
    }

    /// The problems, one line each.
    fn lines(&self, path: &Path) -> Vec<String> {
        let faults = self.manifest_faults.iter().map(|fault| {
            let ToldFault {
                generation,
                problem,
            } = fault;
            warning(path, &format!("generation {generation}: {problem}"))
        });
        let shards = self.damaged.iter().flat_map(|shard| {
            let problems = shard.problems.iter();
            problems.map(|problem| warning(path, &format!("shard {}: {problem}", shard.file)))
        });
        let bad = self.damaged.len() + self.manifest_faults.len();
        let verdict = (!self.clean).then(|| {
            let found = Counted(bad as u64, "shard or manifest");
            format!("error: {}: damaged, {found} not as committed", Shown(path))
        });
        verdict.into_iter().chain(faults).chain(shards).collect()
    }
}

impl Report for Verified {
    fn is_good(&self) -> bool {
        self.clean
    }
}

/// Empty if it is damaged: then the problems say so.
impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.clean {
            return Ok(());
        }
        let path = Shown(self.path.as_ref());
        writeln!(
            f,
            "{path}: {} in {}, {}, all sound",
            Counted(self.tokens, "token"),
            Counted(self.shards, "shard"),
            Counted(self.manifests, "manifest"),
        )?;
        match self.unnamed.len() as u64 {
            0 => Ok(()),
            count => writeln!(
                f,
                "{path}: {} not named by any generation; `ng dataset gc` removes old ones",
                Counted(count, "file")
            ),
        }
    }
}

/// Replaces what is damaged.
pub(super) fn repair(args: &DatasetRepairArgs, tool: &Tool) -> Result<ExitCode> {
    let dataset = Dataset::open(&args.path)?;
    let report = {
        let progress = tool.progress("verifying", None);
        stoppable(args.threads.threads, tool, |workers| {
            dataset.repair(workers, &args.options(), |done| show(&progress, done))
        })?
    };
    let repaired = Repaired::new(args, &report);
    tool.say.warn(&repaired.lines(&args.path));
    tool.say.report(&repaired)
}

#[derive(Serialize)]
struct Repaired {
    path: String,
    dry_run: bool,
    /// `None` if nothing was published.
    generation: Option<u64>,
    verified: Verified,
    damaged_manifest: bool,
    repaired: Vec<ToldRepair>,
    rezoned: Vec<String>,
    corrected: Vec<String>,
    dropped: Vec<String>,
    left: Vec<ToldLeft>,
    closed_tails: Vec<String>,
    orphans: Vec<ToldOrphan>,
}

#[derive(Serialize)]
struct ToldRepair {
    file: String,
    /// `None` in a dry run, as those that follow.
    new: Option<String>,
    kept: Option<u64>,
    lost: Option<u64>,
    /// Rows that the generation names, and the file no longer has.
    missing: u64,
    whole: Option<bool>,
}

#[derive(Serialize)]
struct ToldLeft {
    file: String,
    error: String,
}

#[derive(Serialize)]
struct ToldOrphan {
    file: String,
    state: &'static str,
    tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Repaired {
    fn new(args: &DatasetRepairArgs, report: &RepairReport) -> Self {
        let names = |files: &[FileId]| files.iter().map(ToString::to_string).collect();
        Self {
            path: args.path.display().to_string(),
            dry_run: args.dry_run,
            generation: report.generation,
            verified: Verified::new(&args.path, &report.verified),
            damaged_manifest: report.has_damaged_manifest,
            repaired: report.repaired.iter().map(ToldRepair::new).collect(),
            rezoned: names(&report.rezoned),
            corrected: names(&report.corrected),
            dropped: names(&report.dropped),
            left: report.left.iter().map(ToldLeft::new).collect(),
            closed_tails: names(&report.closed_tails),
            orphans: report.orphans.iter().map(ToldOrphan::new).collect(),
        }
    }

    /// The problems, and what became of them, one line each.
    fn lines(&self, path: &Path) -> Vec<String> {
        let mut lines = self.verified.lines(path);
        let repaired = self.repaired.iter().map(|it| it.told(self.dry_run));
        let left = self
            .left
            .iter()
            .map(|ToldLeft { file, error }| format!("shard {file} stays damaged: {error}"));
        let dropped = self
            .dropped
            .iter()
            .map(|file| format!("shard {file} is given up"));
        let orphans = self.orphans.iter().map(ToldOrphan::told);
        let told = repaired.chain(left).chain(dropped).chain(orphans);
        lines.extend(told.map(|line| warning(path, &line)));
        lines
    }
}

impl ToldRepair {
    fn new(shard: &RepairedShard) -> Self {
        let report = shard.report.as_ref();
        let lost = |report: &ng_store::RepairReport| {
            let lengths = report.lost.iter().map(|lost| lost.end - lost.start);
            lengths.sum()
        };
        Self {
            file: shard.file.to_string(),
            new: shard.new.map(|file| file.to_string()),
            kept: report.map(|report| report.kept),
            lost: report.map(lost),
            missing: shard.missing_rows,
            whole: report.map(|report| report.is_whole() && shard.missing_rows == 0),
        }
    }

    fn told(&self, dry_run: bool) -> String {
        let file = &self.file;
        match (self.kept, self.lost) {
            (Some(kept), Some(lost)) => {
                let lost = Counted(lost + self.missing, "token");
                format!("shard {file} is replaced: {kept} tokens kept, {lost} lost")
            }
            _ if dry_run => format!("shard {file} would be replaced by what is whole of it"),
            _ => format!("shard {file} is replaced"),
        }
    }
}

impl ToldLeft {
    fn new(left: &LeftShard) -> Self {
        Self {
            file: left.file.to_string(),
            error: left.error.to_string(),
        }
    }
}

impl ToldOrphan {
    fn new(orphan: &Orphan) -> Self {
        let (state, tokens, error) = match &orphan.state {
            OrphanState::Locked => ("locked", None, None),
            OrphanState::Sound { rows } => ("sound", Some(*rows), None),
            OrphanState::Recovered { rows } => ("recovered", Some(*rows), None),
            OrphanState::Damaged(error) => ("damaged", None, Some(error.to_string())),
            _ => ("unknown", None, None),
        };
        Self {
            file: orphan.file.to_string(),
            state,
            tokens,
            error,
        }
    }

    fn told(&self) -> String {
        let Self { file, state, .. } = self;
        match (self.tokens, &self.error) {
            (Some(tokens), _) => {
                let tokens = Counted(tokens, "token");
                format!("file {file} is named by no generation: {state}, {tokens}")
            }
            (None, Some(error)) => format!("file {file} is named by no generation: {error}"),
            (None, None) => format!("file {file} is named by no generation: {state}"),
        }
    }
}

impl Report for Repaired {
    fn is_good(&self) -> bool {
        let is_whole = |it: &ToldRepair| it.whole == Some(true);
        self.left.is_empty()
            && self.dropped.is_empty()
            && !self.damaged_manifest
            && self.repaired.iter().all(is_whole)
    }
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        match self.generation {
            Some(generation) => writeln!(
                f,
                "{path}: {} replaced, {} dropped; generation {generation}",
                Counted(self.repaired.len() as u64, "shard"),
                self.dropped.len(),
            ),
            None if self.dry_run => writeln!(f, "{path}: nothing was changed"),
            None => writeln!(f, "{path}: nothing was published"),
        }?;
        match self.closed_tails.len() as u64 {
            0 => Ok(()),
            count => writeln!(f, "{path}: {} closed", Counted(count, "tail")),
        }
    }
}
