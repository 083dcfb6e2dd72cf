use std::ops::{ControlFlow, Range};

use ng_token::Token;

use super::reader::Raw;
use super::{
    BadBlock, BlockReader, Cause, CreateOptions, Cut, Draft, Finding, Identity, Stamp, Writer,
};
use crate::disk::{Dir, Disk};
use crate::{BLOCK_TOKENS, RepairError};

/// After how many blocks a repair says how far it is: 4 MiB.
const STEP_BLOCKS: u64 = 16;

/// How a damaged file is repaired into a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairOptions {
    compact: bool,
    replace: bool,
}

impl RepairOptions {
    /// Bad blocks become zero tokens; an existing file is refused.
    pub const fn new() -> Self {
        Self {
            compact: false,
            replace: false,
        }
    }

    /// Leaves bad blocks out, so that the tokens after them move forward.
    #[must_use]
    pub const fn compact(mut self, compact: bool) -> Self {
        self.compact = compact;
        self
    }

    /// Replaces an existing file at the new path.
    #[must_use]
    pub const fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// How many tokens the damaged file has.
    pub tokens: u64,
    /// How many of them the new file has as they were; the others are zero, or
    /// left out.
    pub kept: u64,
    /// The tokens that are lost, as ranges of indices in the damaged file.
    pub lost: Vec<Range<u64>>,
    /// The bad blocks, those among them whose tokens could be kept. Blocks beyond
    /// the end of a file that was cut are not among them.
    pub bad: Vec<BadBlock>,
    /// As in [`VerifyReport::table_matches`](crate::VerifyReport::table_matches):
    /// if not, any block that was kept may be an older one, with its hash.
    pub table_matches: bool,
    /// Whether the damaged file is too short, or became so during the repair.
    pub cut: Option<Cut>,
    /// What is wrong before the table.
    pub findings: Vec<Finding>,
}

impl RepairReport {
    /// Tells whether the new file is known to have every token as it was committed
    /// last.
    pub fn is_whole(&self) -> bool {
        let hides = self.findings.iter().any(Finding::may_hide_a_commit);
        self.lost.is_empty() && self.table_matches && !hides
    }
}

/// How far a repair is. Each block is counted twice: when it was verified, and
/// when it was copied or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairProgress {
    /// How much is done.
    pub done: u64,
    /// How much there is to do: twice the number of blocks.
    pub total: u64,
}

/// Is told how far a repair is, and may end it.
type Watch<'a> = &'a mut dyn FnMut(RepairProgress) -> ControlFlow<()>;

/// Copies what is whole of `reader`'s file into `draft`, and publishes it.
///
/// Nothing of the damaged file is changed. Of the options, replacing is up to
/// the draft.
///
/// # Errors
///
/// [`RepairError`]; there is then no new file.
pub fn repair<D: Disk, R: Dir>(
    reader: &BlockReader<D>,
    draft: Draft<R>,
    options: &RepairOptions,
    stamp: Stamp,
) -> Result<RepairReport, RepairError> {
    let watch = &mut |_| ControlFlow::Continue(());
    repair_draft(reader, draft, options, stamp, watch)
}

fn repair_draft<D: Disk, R: Dir>(
    reader: &BlockReader<D>,
    mut draft: Draft<R>,
    options: &RepairOptions,
    stamp: Stamp,
    watch: Watch<'_>,
) -> Result<RepairReport, RepairError> {
    if !options.compact {
        // What the file says of its size may be a lie: no work before there is room.
        draft.writer().reserve_exact(reader.len())?;
    }
    let found = verify(reader, watch)?;
    let report = copy_sound(reader, found, draft.writer(), options, watch)?;
    draft.writer().commit(stamp)?;
    draft.publish()?;
    Ok(report)
}

/// Repairs into a draft that is made for the same tokens as the damaged file.
pub(crate) fn repair_into<D: Disk, R: Dir>(
    reader: &BlockReader<D>,
    dir: R,
    (name, path): (&str, &std::path::Path),
    options: &RepairOptions,
    identity: Identity,
    watch: Watch<'_>,
) -> Result<RepairReport, RepairError> {
    let create = CreateOptions::new()
        .max_tokens(reader.head.header.max_tokens)
        .tag(reader.head.slot.tag)
        .replace(options.replace);
    let draft = Draft::begin(dir, name, path, &create, identity)?;
    let stamp = Stamp {
        committed_at_ns: identity.created_ns,
        tag: reader.head.slot.tag,
    };
    repair_draft(reader, draft, options, stamp, watch)
}

/// What a verification found of the blocks that the file still has.
struct Found {
    blocks: u64,
    bad: Vec<BadBlock>,
    table_matches: bool,
}

/// Verifies all blocks that are there, a step at a time.
fn verify<D: Disk>(reader: &BlockReader<D>, watch: Watch<'_>) -> Result<Found, RepairError> {
    let blocks = reader.blocks_there();
    let mut bad = Vec::new();
    let mut start = 0;
    while start < blocks {
        tell(watch, start, blocks)?;
        let end = blocks.min(start + STEP_BLOCKS);
        bad.extend(reader.verify_blocks(start..end)?);
        start = end;
    }
    if !reader.has_table() {
        return Ok(Found {
            blocks,
            bad,
            table_matches: false,
        });
    }
    let report = reader.conclude_within(bad, blocks)?;
    Ok(Found {
        blocks,
        bad: report.bad,
        table_matches: report.table_matches,
    })
}

fn tell(watch: Watch<'_>, done: u64, blocks: u64) -> Result<(), RepairError> {
    let total = 2 * blocks;
    let progress = RepairProgress { done, total };
    match watch(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(RepairError::Stopped { progress }),
    }
}

fn copy_sound<D: Disk, W: Disk>(
    reader: &BlockReader<D>,
    found: Found,
    writer: &mut Writer<W>,
    options: &RepairOptions,
    watch: Watch<'_>,
) -> Result<RepairReport, RepairError> {
    let mut report = RepairReport {
        tokens: reader.len(),
        kept: 0,
        lost: Vec::new(),
        bad: found.bad,
        table_matches: found.table_matches,
        cut: None,
        findings: reader.recovery().to_vec(),
    };
    let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
    let blocks = found.blocks;
    for block in 0..blocks {
        if block.is_multiple_of(STEP_BLOCKS) {
            tell(watch, blocks + block, blocks)?;
        }
        let range = reader.tokens_of(block);
        if read_sound(reader, block, &report.bad, &mut tokens) {
            report.kept += range.end - range.start;
            writer.append(&tokens)?;
            continue;
        }
        if !options.compact {
            let count = (range.end - range.start) as usize;
            writer.append_with(count, |_| Token::ZERO)?;
        }
        lose(&mut report.lost, range);
    }
    let cut = reader.tokens_of(blocks).start..reader.len();
    if !cut.is_empty() {
        fill_up(writer, &cut, options)?;
        lose(&mut report.lost, cut);
    }
    report.cut = reader.cut()?;
    Ok(report)
}

/// Puts zero tokens in the place of those that the file has lost with its end.
fn fill_up<W: Disk>(
    writer: &mut Writer<W>,
    cut: &Range<u64>,
    options: &RepairOptions,
) -> Result<(), RepairError> {
    if options.compact {
        return Ok(());
    }
    let mut left = cut.end - cut.start;
    while left > 0 {
        let count = left.min(BLOCK_TOKENS as u64);
        writer.append_with(count as usize, |_| Token::ZERO)?;
        left -= count;
    }
    Ok(())
}

/// Reads a block as it was committed, if it is still there.
fn read_sound<D: Disk>(
    reader: &BlockReader<D>,
    block: u64,
    bad: &[BadBlock],
    tokens: &mut Vec<Token>,
) -> bool {
    let at = bad.binary_search_by_key(&block, |bad| bad.block);
    match at.ok().map(|at| bad[at]) {
        // The table chain says that these are the tokens, whatever the entry is.
        Some(bad) if bad.cause == Cause::Table => reader
            .read_raw(block, tokens)
            .is_ok_and(|raw| raw == Raw::Hash(bad.found)),
        Some(bad) if bad.cause != Cause::RestorableTail => false,
        _ => reader.read_block(block, tokens).is_ok(),
    }
}

/// Notes a lost range, as one with the range before if they touch.
fn lose(lost: &mut Vec<Range<u64>>, range: Range<u64>) {
    match lost.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => lost.push(range),
    }
}
