use std::ops::{ControlFlow, Range};

use ng_token::Token;

use super::evidence::Evidence;
use super::sorted::{Sorted, Worth};
use super::{
    BadBlock, Basis, BlockReader, CreateOptions, Cut, Damaged, Draft, Finding, Identity, Stamp,
    Writer,
};
use crate::disk::{Dir, Disk};
use crate::{BLOCK_TOKENS, CachePolicy, RepairError};

/// How many blocks a repair processes between progress reports: 4 MiB.
pub(super) const STEP_BLOCKS: u64 = 16;

/// How a damaged file is repaired into a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairOptions {
    compact: bool,
    replace: bool,
    keep_unproven: bool,
    older_commit: bool,
    salvage: bool,
    cache: CachePolicy,
}

impl RepairOptions {
    /// Bad blocks become zero tokens; an existing file is refused.
    pub const fn new() -> Self {
        Self {
            compact: false,
            replace: false,
            keep_unproven: false,
            older_commit: false,
            salvage: false,
            cache: CachePolicy::Auto,
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

    /// Keeps blocks of [`Cause::Unknown`](crate::Cause::Unknown) unchanged instead of
    /// treating them as bad. [`RepairReport::unproven`] lists them.
    #[must_use]
    pub const fn keep_unproven(mut self, keep_unproven: bool) -> Self {
        self.keep_unproven = keep_unproven;
        self
    }

    /// If the slot of a newer commit is lost, uses the commit with a sound slot instead of
    /// the provable part of the newer one.
    #[must_use]
    pub const fn older_commit(mut self, older_commit: bool) -> Self {
        self.older_commit = older_commit;
        self
    }

    /// Also repairs a file without a commit slot, as long as one copy of its static header
    /// is sound.
    #[must_use]
    pub const fn salvage(mut self, salvage: bool) -> Self {
        self.salvage = salvage;
        self
    }

    /// Sets whether read and written pages stay cached.
    #[must_use]
    pub const fn cache(mut self, cache: CachePolicy) -> Self {
        self.cache = cache;
        self
    }

    pub(crate) const fn cache_policy(&self) -> CachePolicy {
        self.cache
    }

    pub(super) const fn keeps_unproven(&self) -> bool {
        self.keep_unproven
    }

    pub(super) const fn is_compact(&self) -> bool {
        self.compact
    }

    pub(crate) const fn is_salvage(&self) -> bool {
        self.salvage
    }

    pub(crate) const fn replaces(&self) -> bool {
        self.replace
    }
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// How many tokens the damaged file has, according to [`basis`](Self::basis).
    pub tokens: u64,
    /// The evidence for that number.
    pub basis: Basis,
    /// Whether a commit newer than the saved one may be lost.
    pub may_be_older: bool,
    /// How many tokens match their hash and are in the new file; the others are unproven,
    /// zero, or left out.
    pub kept: u64,
    /// The tokens that are lost, as ranges of indices in the damaged file.
    pub lost: Vec<Range<u64>>,
    /// Those in the new file as found, without a known hash: see
    /// [`RepairOptions::keep_unproven`].
    pub unproven: Vec<Range<u64>>,
    /// Those of `kept` that belong to this file at this place by the block table, although
    /// no remaining commit authenticates the table: they may be from an older commit, or
    /// one never made.
    pub hash_only: Vec<Range<u64>>,
    /// The bad blocks, including those whose tokens could be kept, but not blocks beyond
    /// the end of a truncated file.
    pub bad: Vec<BadBlock>,
    /// As in [`VerifyReport::table_matches`](crate::VerifyReport::table_matches): if not,
    /// the kept tokens of the newest commit are in `hash_only`.
    pub table_matches: bool,
    /// Whether the damaged file is too short, or became too short during the repair.
    pub cut: Option<Cut>,
    /// What is wrong before the table.
    pub findings: Vec<Finding>,
}

impl RepairReport {
    /// Tells whether the new file provably has every token as last committed.
    pub fn is_whole(&self) -> bool {
        // If it matches, everything kept is proven.
        self.lost.is_empty() && self.table_matches && !self.may_be_older
    }
}

/// The progress of a repair. Each block counts twice: once verified, and once copied or
/// given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairProgress {
    /// How much is done.
    pub done: u64,
    /// How much there is to do: twice the number of blocks.
    pub total: u64,
}

/// Receives the progress of a repair, and may end it.
pub(super) type Watch<'a> = &'a mut dyn FnMut(RepairProgress) -> ControlFlow<()>;

/// Copies the sound parts of `reader`'s file into `draft`, and publishes it.
///
/// The damaged file is not changed. Of the options, the draft handles replacing, and the
/// opener salvage.
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
    let evidence = Evidence::new(reader, true, options.older_commit)?;
    Ok(repair_draft(evidence, draft, options, stamp, watch)?.0)
}

#[cfg(feature = "rules")]
impl<D: Disk> Damaged<D> {
    /// Writes the sound parts to a new file, as [`repair`](crate::repair) does, on any disk. It
    /// is returned with its writer, which has its lock.
    ///
    /// `name` is the name of the new file in `dir`, `path` its name in errors.
    ///
    /// # Errors
    ///
    /// [`RepairError`]; there is then no new file.
    pub fn repair<R: Dir>(
        &self,
        dir: R,
        (name, path): (&str, &std::path::Path),
        options: &RepairOptions,
        identity: Identity,
    ) -> Result<(RepairReport, Writer<R::File>), RepairError> {
        let watch = &mut |_| ControlFlow::Continue(());
        repair_into(self, dir, (name, path), options, identity, watch)
    }
}

/// Repairs into a draft with the same maximum as the damaged file. Also returns the writer of the
/// new file, which has its lock.
pub(crate) fn repair_into<D: Disk, R: Dir>(
    damaged: &Damaged<D>,
    dir: R,
    (name, path): (&str, &std::path::Path),
    options: &RepairOptions,
    identity: Identity,
    watch: Watch<'_>,
) -> Result<(RepairReport, Writer<R::File>), RepairError> {
    let evidence = damaged.evidence(options.older_commit)?;
    let head = evidence.newest().head();
    let create = CreateOptions::new()
        .max_tokens(head.header.max_tokens)
        .tag(head.slot.tag)
        .replace(options.replace)
        .cache(options.cache);
    let draft = Draft::begin(dir, name, path, &create, identity)?;
    let stamp = Stamp {
        committed_at_ns: identity.created_ns,
        tag: head.slot.tag,
    };
    repair_draft(evidence, draft, options, stamp, watch)
}

fn repair_draft<D: Disk, R: Dir>(
    evidence: Evidence<D>,
    mut draft: Draft<R>,
    options: &RepairOptions,
    stamp: Stamp,
    watch: Watch<'_>,
) -> Result<(RepairReport, Writer<R::File>), RepairError> {
    if !options.compact {
        // The file's claimed size may be false: reserve space before any work.
        draft.writer().reserve_exact(evidence.newest().len())?;
    }
    let sorted = Sorted::new(evidence, options, watch)?;
    draft.writer().reserve_exact(sorted.room(options))?;
    let report = copy(sorted, draft.writer(), options, watch)?;
    draft.writer().commit(stamp)?;
    let writer = draft.publish()?;
    Ok((report, writer))
}

/// Reports progress to `watch`; the number of blocks may be only a bound.
pub(super) fn tell(watch: Watch<'_>, done: u64, blocks: u64) -> Result<(), RepairError> {
    let total = 2 * blocks;
    let progress = RepairProgress { done, total };
    match watch(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(RepairError::Stopped { progress }),
    }
}

fn copy<D: Disk, W: Disk>(
    sorted: Sorted<D>,
    writer: &mut Writer<W>,
    options: &RepairOptions,
    watch: Watch<'_>,
) -> Result<RepairReport, RepairError> {
    let mut report = RepairReport {
        tokens: sorted.tokens(),
        basis: sorted.basis(),
        may_be_older: sorted.may_be_older(),
        kept: 0,
        lost: Vec::new(),
        unproven: Vec::new(),
        hash_only: Vec::new(),
        bad: sorted.bad().to_vec(),
        table_matches: sorted.table_matches(),
        cut: None,
        findings: sorted.findings().to_vec(),
    };
    let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
    let blocks = sorted.blocks();
    for block in 0..blocks {
        if block.is_multiple_of(STEP_BLOCKS) {
            tell(watch, sorted.watched() + block, sorted.watched())?;
        }
        let range = sorted.tokens_of(block);
        let worth = sorted.read(block, &mut tokens);
        let saved = range.start..range.start + tokens.len() as u64;
        writer.append(&tokens)?;
        match worth {
            Worth::Proven => report.kept += saved.end - saved.start,
            Worth::HashOnly => {
                report.kept += saved.end - saved.start;
                note(&mut report.hash_only, saved.clone());
            }
            Worth::Unproven => note(&mut report.unproven, saved.clone()),
            Worth::Lost => {}
        }
        lose(&mut report, writer, saved.end..range.end, options)?;
    }
    let cut = sorted.tokens_of(blocks).start..sorted.tokens();
    lose(&mut report, writer, cut, options)?;
    report.cut = sorted.cut()?;
    Ok(report)
}

/// Records what is lost, and puts zero tokens in its place.
fn lose<W: Disk>(
    report: &mut RepairReport,
    writer: &mut Writer<W>,
    range: Range<u64>,
    options: &RepairOptions,
) -> Result<(), RepairError> {
    let mut left = range.end - range.start;
    note(&mut report.lost, range);
    while left > 0 && !options.compact {
        let count = left.min(BLOCK_TOKENS as u64);
        writer.append_with(count as usize, |_| Token::ZERO)?;
        left -= count;
    }
    Ok(())
}

/// Records a range, merged with the previous one if they touch.
fn note(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        _ if range.is_empty() => {}
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}
