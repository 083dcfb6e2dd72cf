use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_store::{
    BLOCK_TOKENS, Counted, RepairError, RepairOptions, RepairReport, Shown, repair_watched,
};
use serde::Serialize;

use crate::args::RepairArgs;
use crate::ending::Ending;
use crate::found::{Found, ToldBlock, warning};
use crate::say::Report;
use crate::tool::Tool;

pub(crate) fn repair(args: &RepairArgs, tool: &Tool) -> Result<ExitCode> {
    let repaired = repair_held(args, tool)?;
    let repaired = Repaired::new(args, &repaired);
    tool.say.warn(&repaired.warnings(&args.file));
    tool.say.report(&repaired)
}

fn repair_held(args: &RepairArgs, tool: &Tool) -> Result<RepairReport> {
    let hold = tool.interrupt.hold()?;
    let options = RepairOptions::new()
        .compact(args.compact)
        .replace(args.replace);
    let bar = tool.progress("repairing", Some(0));
    let repaired = repair_watched(&args.file, &args.out, &options, |progress| {
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
    kept: u64,
    lost: Vec<Lost>,
    #[serde(flatten)]
    found: Found,
    #[serde(skip)]
    is_whole: bool,
}

/// A range of tokens that are gone, of whole blocks.
#[derive(Serialize)]
struct Lost {
    first_token: u64,
    end_token: u64,
    first_block: u64,
    end_block: u64,
}

impl Repaired {
    fn new(args: &RepairArgs, repaired: &RepairReport) -> Self {
        let tokens = repaired.tokens;
        let lost = repaired.lost.iter().map(|range| Lost {
            first_token: range.start,
            end_token: range.end,
            first_block: range.start / BLOCK_TOKENS as u64,
            end_block: range.end.div_ceil(BLOCK_TOKENS as u64),
        });
        let bad = repaired.bad.iter().map(|bad| ToldBlock::new(bad, tokens));
        Self {
            path: args.file.display().to_string(),
            out: args.out.display().to_string(),
            compact: args.compact,
            tokens,
            kept: repaired.kept,
            lost: lost.collect(),
            found: Found {
                bad: Some(bad.collect()),
                table_matches: Some(repaired.table_matches),
                ..Found::new(&repaired.findings)
            },
            is_whole: repaired.is_whole(),
        }
    }

    fn warnings(&self, path: &Path) -> Vec<String> {
        let fate = match self.compact {
            true => "left out",
            false => "zero tokens in their place",
        };
        let lost = self.lost.iter().map(|lost| {
            let line = format!(
                "lost: tokens {}..{}, blocks {}..{}; {fate}",
                lost.first_token, lost.end_token, lost.first_block, lost.end_block
            );
            warning(path, &line)
        });
        lost.chain(self.found.warnings(path)).collect()
    }
}

impl Report for Repaired {
    fn is_good(&self) -> bool {
        self.is_whole
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
