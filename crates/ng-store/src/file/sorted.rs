//! Which blocks of a damaged file are sound, judged by all known commits.

use std::ops::Range;

use ng_token::Token;

use super::evidence::Evidence;
use super::reader::{READ_ENTRIES, Raw};
use super::repair::{STEP_BLOCKS, Watch, tell};
use super::{BadBlock, Basis, BlockReader, Cause, Cut, Finding, RepairOptions};
use crate::disk::Disk;
use crate::format::BLOCK;
use crate::{BLOCK_TOKENS, IoError, RepairError, VerifyBlocks};

/// If a file's end is unknown, this many blocks without an entry mark it: 1 TiB. A hole may
/// be much longer.
const GAP_BLOCKS: u64 = 1 << 22;

/// How far tokens can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// A commit authenticates them.
    Proven,
    /// Their block matches its hash, which no commit authenticates.
    HashOnly,
    /// Nothing is known of them.
    Unproven,
    /// They differ from what was committed, or are unreadable.
    Lost,
}

/// A commit and its bad blocks.
struct Judged<D> {
    reader: BlockReader<D>,
    bad: Vec<BadBlock>,
    table_matches: bool,
}

/// The blocks of a damaged file, verified.
pub(super) struct Sorted<D> {
    commits: Vec<Judged<D>>,
    /// All blocks that fit in the file, as if full, if a commit longer than the known ones
    /// may be lost.
    beyond: Option<BlockReader<D>>,
    /// The blocks among them that match their hash.
    matching: Vec<Range<u64>>,
    bad: Vec<BadBlock>,
    tokens: u64,
    /// How many blocks were checked.
    looked_at: u64,
    basis: Basis,
    may_be_older: bool,
    keep_unproven: bool,
    findings: Vec<Finding>,
}

impl<D: Disk> Sorted<D> {
    /// Verifies all existing blocks, a step at a time.
    pub(super) fn new(
        evidence: Evidence<D>,
        options: &RepairOptions,
        watch: Watch<'_>,
    ) -> Result<Self, RepairError> {
        let newest = evidence.newest();
        let there = newest.blocks_there();
        let beyond = evidence.may_go_on.then(|| beyond(newest));
        let looked_at = there.max(beyond.as_ref().map_or(0, BlockReader::block_count));
        let raw = verify(newest, there, looked_at, watch)?;
        let known = newest.full_blocks();
        let matching = match &beyond {
            Some(beyond) => find_matching(beyond, known, looked_at, watch)?,
            None => Vec::new(),
        };
        let mut sorted = Self {
            tokens: newest.len(),
            beyond,
            looked_at,
            basis: evidence.basis,
            may_be_older: evidence.may_be_older,
            keep_unproven: options.keeps_unproven(),
            findings: evidence.findings,
            commits: judge(evidence.commits, &raw, there)?,
            bad: Vec::new(),
            matching,
        };
        sorted.find_end()?;
        Ok(sorted)
    }

    /// Takes the last block beyond the newest commit that matches its hash as the end, and
    /// examines those that do not.
    fn find_end(&mut self) -> Result<(), IoError> {
        self.bad.clone_from(&self.commits[0].bad);
        let (Some(beyond), Some(last)) = (&self.beyond, self.matching.last()) else {
            return Ok(());
        };
        self.tokens = last.end * BLOCK;
        self.basis = Basis::LastBlock;
        let mut block = self.commits[0].reader.full_blocks();
        self.bad.retain(|bad| bad.block < block);
        for run in &self.matching {
            self.bad.extend(beyond.verify_blocks(block..run.start)?);
            block = run.end;
        }
        Ok(())
    }

    pub(super) fn tokens(&self) -> u64 {
        self.tokens
    }

    pub(super) fn basis(&self) -> Basis {
        self.basis
    }

    pub(super) fn may_be_older(&self) -> bool {
        self.may_be_older
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(super) fn bad(&self) -> &[BadBlock] {
        &self.bad
    }

    pub(super) fn table_matches(&self) -> bool {
        self.basis != Basis::LastBlock && self.commits[0].table_matches
    }

    pub(super) fn cut(&self) -> Result<Option<Cut>, IoError> {
        self.commits[0].reader.cut()
    }

    /// How many blocks of the tokens exist, at least partly.
    pub(super) fn blocks(&self) -> u64 {
        self.looked_at.min(self.tokens.div_ceil(BLOCK))
    }

    /// Half of the total reported to a watcher.
    pub(super) fn watched(&self) -> u64 {
        self.looked_at
    }

    pub(super) fn tokens_of(&self, block: u64) -> Range<u64> {
        let start = block.saturating_mul(BLOCK).min(self.tokens);
        start..start.saturating_add(BLOCK).min(self.tokens)
    }

    /// The maximum number of tokens of the new file.
    pub(super) fn room(&self, options: &RepairOptions) -> u64 {
        match options.is_compact() {
            true => (0..self.blocks()).map(|block| self.fate(block).count).sum(),
            false => self.tokens,
        }
    }

    /// Reads the usable part of a block.
    pub(super) fn read(&self, block: u64, tokens: &mut Vec<Token>) -> Worth {
        let fate = self.fate(block);
        if fate.is_read(block, tokens) {
            tokens.truncate(fate.count as usize);
            return fate.worth;
        }
        tokens.clear();
        Worth::Lost
    }

    /// Consults the commits, newest first, then the block's own hash.
    fn fate(&self, block: u64) -> Fate<'_, D> {
        let range = self.tokens_of(block);
        let all = range.end - range.start;
        let newest = &self.commits[0];
        let fate = |worth, reader| Fate {
            worth,
            count: all,
            reader,
            bad: None,
        };
        let mut begin = None;
        for commit in &self.commits {
            let fate = commit.proven(block, all);
            match fate {
                Some(fate) if fate.count == all => return fate,
                fate => begin = begin.or(fate),
            }
        }
        let beyond = self.beyond.as_ref();
        let reader = match newest.reader.is_full(block) {
            true => &newest.reader,
            false => beyond.unwrap_or(&newest.reader),
        };
        let cause = bad_at(&self.bad, block).map(|bad| bad.cause);
        match (cause, begin) {
            (None, _) if reader.is_full(block) => fate(Worth::HashOnly, reader),
            (Some(Cause::Unknown), _) if self.keep_unproven => fate(Worth::Unproven, reader),
            (_, Some(begin)) => begin,
            _ => Fate {
                count: 0,
                ..fate(Worth::Lost, reader)
            },
        }
    }
}

/// What becomes of a block.
struct Fate<'s, D> {
    worth: Worth,
    /// How many of its tokens, from its start.
    count: u64,
    reader: &'s BlockReader<D>,
    /// Its fault, if that does not matter.
    bad: Option<BadBlock>,
}

impl<D: Disk> Fate<'_, D> {
    fn is_read(&self, block: u64, tokens: &mut Vec<Token>) -> bool {
        match (self.worth, self.bad) {
            (Worth::Lost, _) => false,
            (Worth::Unproven, _) => {
                matches!(self.reader.read_raw(block, tokens), Ok(Raw::Hash(_)))
            }
            // The table chain proves these tokens, whatever the entry is.
            (_, Some(bad)) if bad.cause == Cause::Table => self
                .reader
                .read_raw(block, tokens)
                .is_ok_and(|raw| raw == Raw::Hash(bad.found)),
            _ => self.reader.read_block(block, tokens).is_ok(),
        }
    }
}

impl<D: Disk> Judged<D> {
    /// Tells which of the first `all` tokens of a block the commit authenticates.
    fn proven(&self, block: u64, all: u64) -> Option<Fate<'_, D>> {
        let range = self.reader.tokens_of(block);
        let bad = bad_at(&self.bad, block).copied();
        let is_proven = match bad.map(|bad| bad.cause) {
            None => self.table_matches || !self.reader.is_full(block),
            Some(cause) => matches!(cause, Cause::Table | Cause::RestorableTail),
        };
        (is_proven && !range.is_empty()).then(|| Fate {
            worth: Worth::Proven,
            count: all.min(range.end - range.start),
            reader: &self.reader,
            bad,
        })
    }
}

fn bad_at(bad: &[BadBlock], block: u64) -> Option<&BadBlock> {
    let at = bad.binary_search_by_key(&block, |bad| bad.block).ok()?;
    bad.get(at)
}

/// Verifies the existing blocks of the newest commit, a step at a time.
fn verify<D: Disk>(
    reader: &BlockReader<D>,
    there: u64,
    looked_at: u64,
    watch: Watch<'_>,
) -> Result<Vec<BadBlock>, RepairError> {
    let mut bad = Vec::new();
    let mut start = 0;
    while start < there {
        tell(watch, start, looked_at)?;
        let end = there.min(start + STEP_BLOCKS);
        bad.extend(reader.verify_blocks(start..end)?);
        start = end;
    }
    Ok(bad)
}

/// Applies the findings for the longest commit to each commit.
fn judge<D: Disk>(
    readers: Vec<BlockReader<D>>,
    raw: &[BadBlock],
    there: u64,
) -> Result<Vec<Judged<D>>, IoError> {
    let judge = |(number, reader): (usize, BlockReader<D>)| {
        let (full, blocks) = (reader.full_blocks(), reader.block_count().min(there));
        let of_it = |bad: &&BadBlock| bad.block < full || number == 0;
        let mut bad: Vec<_> = raw.iter().filter(of_it).copied().collect();
        if number > 0 {
            bad.extend(reader.verify_blocks(full.min(blocks)..blocks)?);
        }
        let mut table_matches = false;
        if reader.has_table() {
            let report = reader.conclude_within(bad, blocks)?;
            (bad, table_matches) = (report.bad, report.table_matches);
        }
        Ok(Judged {
            reader,
            bad,
            table_matches,
        })
    };
    readers.into_iter().enumerate().map(judge).collect()
}

/// All full blocks that fit in a file, as if they were committed.
fn beyond<D: Disk>(reader: &BlockReader<D>) -> BlockReader<D> {
    let mut head = reader.head().clone();
    let most = head.header.max_tokens / BLOCK;
    head.slot.tokens = most.min(reader.whole_blocks_in(head.length)) * BLOCK;
    reader.with_head(head)
}

/// Finds the blocks that match their entries. A zero entry was never written, so its block
/// is not read.
fn find_matching<D: Disk>(
    reader: &BlockReader<D>,
    from: u64,
    looked_at: u64,
    watch: Watch<'_>,
) -> Result<Vec<Range<u64>>, RepairError> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
    let mut start = from;
    let near = |runs: &[Range<u64>]| runs.last().map_or(from, |run| run.end) + GAP_BLOCKS;
    while start < reader.block_count().min(near(&runs)) {
        let end = reader.block_count().min(start + READ_ENTRIES);
        for (block, entry) in (start..end).zip(reader.entries_or_damaged(start..end)) {
            if block.is_multiple_of(STEP_BLOCKS) {
                tell(watch, block, looked_at)?;
            }
            let expected = Raw::Hash(u64::from_le_bytes(entry));
            if expected == Raw::Hash(0)
                || !matches!(reader.read_raw(block, &mut tokens), Ok(raw) if raw == expected)
            {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.end == block => run.end += 1,
                _ => runs.push(block..block + 1),
            }
        }
        start = end;
    }
    Ok(runs)
}
