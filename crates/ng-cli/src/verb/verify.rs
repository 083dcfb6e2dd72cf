use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use ng_parallel::{DEFAULT_SHARD_TOKENS, Shards, map_shards};
use ng_store::{BLOCK_TOKENS, BlockReader, Finding, VerifyReport};
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::bad_block::ToldBlock;
use crate::say::Report;
use crate::tool::{Tool, workers};

/// Something is kept of each shard, and the length is only what a file says.
const MOST_SHARDS: usize = 1 << 16;

pub(crate) fn verify(args: &VerifyArgs, tool: &Tool) -> Result<ExitCode> {
    let reader = BlockReader::open(&args.file)?;
    let found = verify_on_all(&reader, args, tool)?;
    tool.say.report(&Verified {
        path: args.file.display().to_string(),
        tokens: reader.len(),
        blocks: found.blocks,
        clean: found.is_clean() && is_sound(&found.findings),
        bad: found
            .bad
            .iter()
            .map(|bad| ToldBlock::new(bad, reader.len()))
            .collect(),
        table_matches: found.table_matches,
        findings: found.findings.iter().map(ToString::to_string).collect(),
    })
}

/// Checks shard by shard, on all workers.
fn verify_on_all(reader: &BlockReader, args: &VerifyArgs, tool: &Tool) -> Result<VerifyReport> {
    let workers = workers(args.threads)?;
    let progress = tool.progress("verifying", Some(reader.len()));
    let shards = shards(usize::try_from(reader.len())?);
    let found = map_shards(&workers, shards, |shard| {
        let blocks = shard.range.start / BLOCK_TOKENS..shard.range.end.div_ceil(BLOCK_TOKENS);
        let bad = reader.verify_blocks(blocks.start as u64..blocks.end as u64);
        progress.add(shard.range.len() as u64);
        bad
    })?;
    let mut bad = Vec::new();
    for found in found {
        bad.extend(found?);
    }
    Ok(reader.conclude(bad)?)
}

/// Plans shards of the usual length, or longer ones where a file says that it
/// has very many tokens.
fn shards(token_count: usize) -> Shards {
    let blocks = token_count.div_ceil(BLOCK_TOKENS).div_ceil(MOST_SHARDS);
    let shard_tokens = DEFAULT_SHARD_TOKENS.max(blocks * BLOCK_TOKENS);
    Shards::with_shard_tokens(token_count, shard_tokens)
}

/// What a power cut may leave behind is told, and is no damage.
fn is_sound(findings: &[Finding]) -> bool {
    findings.iter().all(Finding::may_be_of_a_power_cut)
}

#[derive(Serialize)]
struct Verified {
    path: String,
    tokens: u64,
    blocks: u64,
    clean: bool,
    bad: Vec<ToldBlock>,
    table_matches: bool,
    findings: Vec<String>,
}

impl Report for Verified {
    fn is_good(&self) -> bool {
        self.clean
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, tokens, blocks) = (&self.path, self.tokens, self.blocks);
        match (self.clean, self.bad.len()) {
            (true, _) => writeln!(f, "{path}: {tokens} tokens in {blocks} blocks are sound")?,
            (false, 0) => writeln!(f, "{path}: damaged; its {blocks} blocks are sound")?,
            (false, bad) => writeln!(f, "{path}: damaged; {bad} of {blocks} blocks are bad")?,
        }
        for bad in &self.bad {
            writeln!(f, "{bad}")?;
        }
        if !self.table_matches {
            writeln!(f, "the block table is not the one that was committed")?;
        }
        self.findings
            .iter()
            .try_for_each(|finding| writeln!(f, "{finding}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_has_a_bounded_number_of_shards() {
        for (token_count, shards_expected) in [
            (0, 0),
            (DEFAULT_SHARD_TOKENS + 1, 2),
            (DEFAULT_SHARD_TOKENS * MOST_SHARDS, MOST_SHARDS),
            (DEFAULT_SHARD_TOKENS * MOST_SHARDS + 1, 58_255),
            (1 << 57, MOST_SHARDS),
        ] {
            assert_eq!(shards(token_count).len(), shards_expected, "{token_count}");
        }
    }
}
