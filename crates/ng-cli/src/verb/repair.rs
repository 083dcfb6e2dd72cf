use std::fmt;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_store::{
    BLOCK_TOKENS, Basis, Counted, Finding, RepairError, RepairOptions, RepairReport, Shown,
};
use serde::Serialize;

use crate::args::RepairArgs;
use crate::ending::Ending;
use crate::found::{Found, ToldBlock, ToldCut, warning};
use crate::own_output::refuse_index;
use crate::say::Report;
use crate::tool::Tool;

pub(crate) fn repair(args: &RepairArgs, tool: &Tool) -> Result<ExitCode> {
    refuse_index(&args.file, &args.out)?;
    let repaired = repair_held(args, tool)?;
    let repaired = Repaired::new(args, &repaired);
    tool.say.warn(&repaired.warnings(&args.file));
    tool.say.report(&repaired)
}

fn repair_held(args: &RepairArgs, tool: &Tool) -> Result<RepairReport> {
    let hold = tool.interrupt.hold()?;
    let options = RepairOptions::new()
        .compact(args.compact)
        .older_commit(args.older_commit)
        .salvage(args.salvage)
        .keep_unproven(args.keep_unproven)
        .replace(args.replace)
        .cache(args.cache.policy());
    let bar = tool.progress("repairing", Some(0));
    let repaired = ng_store::repair(&args.file, &args.out, &options, |progress| {
        // Each block is passed twice, so half of it are tokens.
        let tokens_of = |blocks: u64| blocks * BLOCK_TOKENS as u64 / 2;
        bar.set(tokens_of(progress.done), tokens_of(progress.total));
        match hold.check() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    match repaired {
        Err(RepairError::Stopped { .. }) => Err(Ending::Interrupted.into()),
        repaired => Ok(repaired?),
    }
}

#[derive(Serialize)]
struct Repaired {
    path: String,
    out: String,
    compact: bool,
    tokens: u64,
    /// The basis of the number of tokens.
    basis: &'static str,
    /// The commit, if the basis is an intent.
    intent_generation: Option<u64>,
    may_be_older: bool,
    kept: u64,
    lost: Vec<ToldRange>,
    unproven: Vec<ToldRange>,
    hash_only: Vec<ToldRange>,
    whole: bool,
    #[serde(flatten)]
    found: Found,
}

/// A range of tokens that are not proven, of whole blocks.
#[derive(Serialize)]
struct ToldRange {
    first_token: u64,
    end_token: u64,
    first_block: u64,
    end_block: u64,
}

impl ToldRange {
    fn new(range: &Range<u64>) -> Self {
        Self {
            first_token: range.start,
            end_token: range.end,
            first_block: range.start / BLOCK_TOKENS as u64,
            end_block: range.end.div_ceil(BLOCK_TOKENS as u64),
        }
    }
}

impl fmt::Display for ToldRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "tokens {}..{}, blocks {}..{}",
            self.first_token, self.end_token, self.first_block, self.end_block
        )
    }
}

impl Repaired {
    fn new(args: &RepairArgs, repaired: &RepairReport) -> Self {
        let told = |ranges: &[Range<u64>]| ranges.iter().map(ToldRange::new).collect();
        let (basis, intent_generation) = match repaired.basis {
            Basis::Slot => ("slot", None),
            Basis::Intent { generation } => ("intent", Some(generation)),
            Basis::LastBlock => ("last_block", None),
            _ => ("unknown", None),
        };
        Self {
            path: args.file.display().to_string(),
            out: args.out.display().to_string(),
            compact: args.compact,
            tokens: repaired.tokens,
            basis,
            intent_generation,
            may_be_older: repaired.may_be_older,
            kept: repaired.kept,
            lost: told(&repaired.lost),
            unproven: told(&repaired.unproven),
            hash_only: told(&repaired.hash_only),
            whole: repaired.is_whole(),
            found: found(args, repaired),
        }
    }

    fn warnings(&self, path: &Path) -> Vec<String> {
        let fate = match self.compact {
            true => "left out",
            false => "zero tokens in their place",
        };
        let lost = self
            .lost
            .iter()
            .map(|range| format!("lost: {range}; {fate}"));
        let unproven = self
            .unproven
            .iter()
            .map(|range| format!("kept as found: {range}; nothing is left to check them against"));
        let hash_only = self.hash_only.iter().map(|range| {
            format!("saved: {range}; their blocks have their hashes, no commit vouches for them")
        });
        let lines = lost.chain(unproven).chain(hash_only);
        let lines = lines.map(|line| warning(path, &line));
        lines.chain(self.found.warnings(path)).collect()
    }
}

/// The findings, and what happened to a commit whose slot is lost.
fn found(args: &RepairArgs, repaired: &RepairReport) -> Found {
    let bad = repaired.bad.iter();
    let bad = bad.map(|bad| ToldBlock::new(bad, repaired.tokens));
    // Without a commit there is nothing to compare the table with.
    let has_commit = repaired.basis != Basis::LastBlock;
    let mut found = Found {
        bad: Some(bad.collect()),
        table_matches: has_commit.then_some(repaired.table_matches),
        cut: repaired.cut.map(ToldCut::new),
        ..Found::new(&repaired.findings)
    };
    match (told_basis(repaired, &found), &found.slot_lost) {
        (Some(told), _) => {
            found.settle(told);
            let newer = repaired
                .may_be_older
                .then_some("a newer commit may be lost");
            found.findings.extend(newer.map(str::to_owned));
        }
        (None, Some(lost)) if args.older_commit => found.settle(lost.given_up()),
        (None, _) => {}
    }
    found
}

/// The basis, if it is not a slot.
fn told_basis(repaired: &RepairReport, found: &Found) -> Option<String> {
    let what = match repaired.basis {
        Basis::Intent { generation } if repaired.is_whole() => format!(
            "generation {generation} recovered from its intent: whole, and perhaps never \
             acknowledged"
        ),
        Basis::Intent { generation } => format!(
            "generation {generation} recovered from its intent as far as its hashes hold, and \
             perhaps never acknowledged"
        ),
        Basis::LastBlock => "the last full block that has its hash is taken for the end".to_owned(),
        _ => return None,
    };
    let has_slot = repaired.findings.iter().any(Finding::may_hide_a_commit);
    let why = match &found.slot_lost {
        Some(lost) => format!("commit slot {} is lost", lost.slot),
        None if has_slot => "no slot has it".to_owned(),
        None => "no commit slot is left".to_owned(),
    };
    Some(format!("{why}; {what}"))
}

impl Report for Repaired {
    fn is_good(&self) -> bool {
        self.whole
    }
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} of {} saved into {}",
            Shown(self.path.as_ref()),
            self.kept,
            Counted(self.tokens, "token"),
            Shown(self.out.as_ref())
        )
    }
}
