use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ng_token::Token;

use super::causes::{SECTOR_ENTRIES, Search, Suspect};
use super::reader::{PAGE_ENTRIES, Raw};
use super::{BlockReader, Finding, Tail};
use crate::disk::{Disk, Passing};
use crate::format::{BLOCK, ENTRY_BYTES, TOKEN_BYTES, hash_partial};
use crate::{BlockHasher, IoError};

/// How many blocks each of two threads takes at once: a window of a pass.
const PIECE_BLOCKS: u64 = Passing::window_bytes() / (BLOCK * TOKEN_BYTES);

/// How often the length is checked: before this many blocks, 4 MiB.
const LENGTH_BLOCKS: u64 = 16;

/// The maximum number of entries held while looking for rotten ones: those of 4 TiB, in 128
/// MiB.
const SEARCHED_MAX: u64 = 1 << 24;

/// The maximum number of entries hashed for that: for each block less than its own hash
/// cost, but at least this many.
const SEARCH_PER_BLOCK: u64 = 1 << 10;
const SEARCH_MIN: u64 = 1 << 24;

/// A block whose tokens and hash disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadBlock {
    /// The index of the block.
    pub block: u64,
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// The hash of the tokens found.
    pub found: u64,
    /// The hash stored for them.
    pub expected: u64,
    /// Which of the two is damaged.
    pub cause: Cause,
}

/// What is damaged if a block and its hash disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The tokens.
    Data,
    /// The block table's entry; the tokens are as they were committed.
    Table,
    /// The end of the last block, which its image can restore.
    RestorableTail,
    /// The tokens are unreadable. `found` is 0.
    Unreadable,
    /// The file is too short to hold the tokens. `found` is 0.
    Cut,
    /// Unknown: the table is damaged, together with too much else.
    Unknown,
}

/// A file that became shorter than its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// Its length in bytes.
    pub have: u64,
    /// The least length of what was committed.
    pub need: u64,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// How many blocks were checked.
    pub blocks: u64,
    /// The bad ones, in order.
    pub bad: Vec<BadBlock>,
    /// Whether the block table, with the entries of bad blocks corrected, is the committed
    /// one. If not although no block is bad, blocks and their entries were replaced
    /// together.
    pub table_matches: bool,
    /// Whether the file is too short at the end of the verification. Each missing block is
    /// among the bad ones.
    pub cut: Option<Cut>,
    /// What is wrong before the table.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// Tells whether every token and hash is as committed, and no lost slot may have held a
    /// newer commit.
    pub fn is_clean(&self) -> bool {
        let is_lost = |finding: &Finding| matches!(finding, Finding::SlotLost { .. });
        let nothing_is_lost = !self.findings.iter().any(is_lost);
        self.bad.is_empty() && self.table_matches && self.cut.is_none() && nothing_is_lost
    }
}

/// Seals a trait against other crates.
pub(crate) mod sealed {
    /// A type of this crate.
    pub trait Sealed {}
}

/// Checkable blocks: those of a file by a [`BlockReader`], and those of a map by
/// [`MappedBlocks`](crate::MappedBlocks).
///
/// [`verify`](Self::verify) is the way in. The other methods are for callers that check
/// ranges on their own threads.
pub trait VerifyBlocks: sealed::Sealed {
    /// Checks every block against its hash, and the table against its chain.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    fn verify(&self) -> Result<VerifyReport, IoError> {
        if let Some(pass) = self.verifying_pass() {
            return pass.verify();
        }
        let bad = self.verify_blocks(0..self.block_count())?;
        self.conclude(bad)
    }

    /// Returns how many blocks there are, including a partial one.
    fn block_count(&self) -> u64;

    /// Returns the indices of the tokens of a block.
    fn tokens_of(&self, block: u64) -> Range<u64>;

    /// Checks a range of blocks, for callers that check ranges on many threads and pass all
    /// findings to [`conclude`](Self::conclude).
    ///
    /// Every cause is still [`Cause::Unknown`], except for the last block and for
    /// unreadable or truncated ones.
    ///
    /// # Errors
    ///
    /// The file's length cannot be read.
    ///
    /// # Panics
    ///
    /// If the range is not within the file.
    fn verify_blocks(&self, range: Range<u64>) -> Result<Vec<BadBlock>, IoError>;

    /// Determines what is damaged in all bad blocks, and whether the table is the committed
    /// one.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    fn conclude(&self, bad: Vec<BadBlock>) -> Result<VerifyReport, IoError>;

    /// Starts a pass over all blocks: what to check instead of this, for a caller that
    /// checks each block once. `None` if this itself serves.
    fn verifying_pass(&self) -> Option<Box<dyn VerifyBlocks + Sync + '_>> {
        None
    }
}

impl<D> sealed::Sealed for BlockReader<D> {}

impl<D: Disk> VerifyBlocks for BlockReader<D> {
    /// Uses the calling thread and one more, alternating in pieces of 2 MiB: while one
    /// hashes, the other reads.
    fn verify(&self) -> Result<VerifyReport, IoError> {
        match self.verifying_pass() {
            Some(pass) => pass.verify(),
            None => self.conclude(self.verify_by_two()?),
        }
    }

    fn block_count(&self) -> u64 {
        self.block_count()
    }

    fn tokens_of(&self, block: u64) -> Range<u64> {
        self.tokens_of(block)
    }

    fn verify_blocks(&self, range: Range<u64>) -> Result<Vec<BadBlock>, IoError> {
        let (full, partial) = self.split(range);
        let mut tokens = self.take_buffer();
        let bad = self.verify_full(full, |block| self.read_raw(block, &mut tokens));
        self.give_buffer(tokens);
        let mut bad = bad?;
        if partial {
            bad.extend(self.verify_tail()?);
        }
        Ok(bad)
    }

    fn conclude(&self, bad: Vec<BadBlock>) -> Result<VerifyReport, IoError> {
        self.conclude_within(bad, self.block_count())
    }

    fn verifying_pass(&self) -> Option<Box<dyn VerifyBlocks + Sync + '_>> {
        match self.is_pass() {
            true => None,
            false => Some(Box::new(self.pass())),
        }
    }
}

impl<D: Disk> BlockReader<D> {
    /// Checks all blocks by two threads, each in window-sized pieces; by one if the other
    /// cannot be started.
    fn verify_by_two(&self) -> Result<Vec<BadBlock>, IoError> {
        let (blocks, next) = (self.block_count(), AtomicU64::new(0));
        let verify = || {
            let mut bad = Vec::new();
            loop {
                let start = next.fetch_add(PIECE_BLOCKS, Ordering::Relaxed);
                if start >= blocks {
                    return Ok(bad);
                }
                match self.verify_blocks(start..blocks.min(start + PIECE_BLOCKS)) {
                    Ok(found) => bad.extend(found),
                    Err(error) => {
                        next.store(blocks, Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
        };
        if blocks <= PIECE_BLOCKS {
            return verify();
        }
        thread::scope(|scope| {
            let other = thread::Builder::new().name("ng-verify".to_owned());
            let other = other.spawn_scoped(scope, verify);
            let here = verify();
            let other = other.map_or(Ok(Vec::new()), |other| {
                other.join().unwrap_or_else(|panic| resume_unwind(panic))
            });
            Ok([here?, other?].concat())
        })
    }

    /// Checks a range of blocks in memory, where `tokens` are all of the file's, and reads
    /// only their hashes from the file.
    pub(crate) fn verify_shown(
        &self,
        tokens: &[Token],
        range: Range<u64>,
    ) -> Result<Vec<BadBlock>, IoError> {
        let block_of = |block: u64| {
            let range = self.tokens_of(block);
            &tokens[range.start as usize..range.end as usize]
        };
        let (full, partial) = self.split(range);
        let hash_of = |block| Ok(Raw::Hash(self.hasher.hash_block(block, block_of(block))));
        let mut bad = self.verify_full(full, hash_of)?;
        if partial && self.cut()?.is_some() {
            bad.extend(self.verify_tail()?);
        } else if partial {
            let block = self.full_blocks();
            let found = hash_partial(self.hasher, block, block_of(block));
            let expected = self.head().slot.partial_hash;
            if found != expected {
                bad.push(self.bad_block(block, found, expected, Cause::Data));
            }
        }
        Ok(bad)
    }

    /// The full blocks of a range, and whether it includes the partial one.
    fn split(&self, range: Range<u64>) -> (Range<u64>, bool) {
        assert!(
            range.start <= range.end && range.end <= self.block_count(),
            "blocks {range:?} of {}",
            self.block_count()
        );
        let full = range.start..range.end.min(self.full_blocks());
        let partial = range.end > full.end && range.start < range.end;
        (full, partial)
    }

    /// Concludes the findings on the first `blocks` blocks. Blocks truncated after their
    /// check are bad as well.
    pub(super) fn conclude_within(
        &self,
        mut bad: Vec<BadBlock>,
        blocks: u64,
    ) -> Result<VerifyReport, IoError> {
        bad.sort_unstable_by_key(|bad| bad.block);
        let full = bad.iter().filter(|bad| self.is_full(bad.block)).count();
        // The entry of unreadable tokens is assumed correct.
        let judged = |bad: &&BadBlock| !matches!(bad.cause, Cause::Unreadable | Cause::Cut);
        let read: Vec<BadBlock> = bad[..full].iter().filter(judged).copied().collect();
        let causes = self.causes(&read, blocks)?;
        let table_matches = causes.is_some();
        for bad in bad[..full].iter_mut().filter(|bad| judged(&&**bad)) {
            bad.cause = match &causes {
                Some(rotten) if rotten.contains(&bad.block) => Cause::Table,
                Some(_) => Cause::Data,
                None => Cause::Unknown,
            };
        }
        // The last check of the file: what was sound before may be gone by now.
        let cut = self.cut()?;
        if let Some(cut) = cut {
            let whole = blocks.min(self.whole_blocks_in(cut.have));
            bad.retain(|bad| bad.block < whole);
            bad.extend(self.verify_blocks(whole..blocks)?);
        }
        Ok(VerifyReport {
            blocks: self.block_count(),
            bad,
            table_matches,
            cut,
            findings: self.head().findings.clone(),
        })
    }

    /// Compares full blocks, hashed by `hash_of`, with their entries.
    fn verify_full(
        &self,
        blocks: Range<u64>,
        mut hash_of: impl FnMut(u64) -> Result<Raw, IoError>,
    ) -> Result<Vec<BadBlock>, IoError> {
        let mut bad = Vec::new();
        let mut page = [[0; ENTRY_BYTES as usize]; PAGE_ENTRIES as usize];
        let mut start = blocks.start;
        let mut length = self.source().len()?;
        while start < blocks.end {
            let end = blocks.end.min(start + PAGE_ENTRIES);
            let entries = &mut page[..(end - start) as usize];
            self.read_entries_or_damaged(start, entries);
            for (block, &entry) in (start..end).zip(&*entries) {
                if block.is_multiple_of(LENGTH_BLOCKS) {
                    length = self.source().len()?;
                }
                let there = self.block_end(block) <= length;
                // Otherwise not accessed: through a map that would raise a signal.
                let raw = there.then(|| hash_of(block));
                bad.extend(self.judge(block, u64::from_le_bytes(entry), raw));
            }
            start = end;
        }
        Ok(bad)
    }

    /// Compares a full block, if it could be read, with its entry.
    fn judge(
        &self,
        block: u64,
        expected: u64,
        raw: Option<Result<Raw, IoError>>,
    ) -> Option<BadBlock> {
        let (found, cause) = match raw {
            Some(Ok(Raw::Hash(found))) if found == expected => return None,
            Some(Ok(Raw::Hash(found))) => (found, Cause::Unknown),
            Some(Err(_)) => (0, Cause::Unreadable),
            Some(Ok(Raw::Cut { .. })) | None => (0, Cause::Cut),
        };
        Some(self.bad_block(block, found, expected, cause))
    }

    fn verify_tail(&self) -> Result<Option<BadBlock>, IoError> {
        let tail = Tail::read(self.source(), self.head());
        let is_cut = self.cut()?.is_some();
        let (found, cause) = match tail {
            // The truncated part may have been only zeros.
            Ok(Tail::Sound(_)) => return Ok(None),
            Ok(Tail::Restorable { found, .. }) => (found, Cause::RestorableTail),
            _ if is_cut => (0, Cause::Cut),
            Ok(Tail::Lost { found, .. }) => (found, Cause::Data),
            Err(_) => (0, Cause::Unreadable),
        };
        let expected = self.head().slot.partial_hash;
        Ok(Some(self.bad_block(
            self.full_blocks(),
            found,
            expected,
            cause,
        )))
    }

    /// How many blocks end before a length.
    pub(super) fn whole_blocks_in(&self, length: u64) -> u64 {
        length.saturating_sub(self.block_offset(0)) / (BLOCK * TOKEN_BYTES)
    }

    fn bad_block(&self, block: u64, found: u64, expected: u64, cause: Cause) -> BadBlock {
        BadBlock {
            block,
            offset: self.block_offset(block),
            found,
            expected,
            cause,
        }
    }

    /// Finds the entries whose replacement by the hash of their tokens restores the table's
    /// chain; `None` if no tried choice does. The effort depends on how many blocks were
    /// hashed.
    fn causes(&self, bad: &[BadBlock], hashed: u64) -> Result<Option<BTreeSet<u64>>, IoError> {
        let first = bad.first().map_or(self.full_blocks(), |bad| bad.block);
        let first = first - first % SECTOR_ENTRIES as u64;
        let start = self.chain_with(first, |blocks| Ok(self.entries_or_damaged(blocks)))?;
        if self.full_blocks() - first > SEARCHED_MAX {
            return Ok(None);
        }
        let entries = self.entries_or_damaged(first..self.full_blocks());
        let entries: Vec<u64> = entries.into_iter().map(u64::from_le_bytes).collect();
        let suspect = |bad: &BadBlock| Suspect {
            at: (bad.block - first) as usize,
            found: bad.found,
        };
        let suspects: Vec<_> = bad.iter().map(suspect).collect();
        let mut search = Search {
            start,
            entries: &entries,
            suspects: &suspects,
            end: self.head().slot.table_chain,
            budget: SEARCH_MIN.max(hashed * SEARCH_PER_BLOCK),
        };
        let chosen = |rotten: Vec<bool>| {
            let rotten = bad.iter().zip(rotten).filter(|(_, rotten)| *rotten);
            rotten.map(|(bad, _)| bad.block).collect()
        };
        Ok(search.run().map(chosen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CreateOptions, TokenStore, VecStore};

    /// Checks the memory, not the file: in a mapped file both are the same bytes, so only
    /// this test can distinguish them.
    #[test]
    fn tokens_in_memory_are_held_against_the_hashes_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ngt");
        let tokens: Vec<Token> = (0..3 * 4096 + 70).map(Token::new).collect();
        let options = CreateOptions::new().max_tokens(1 << 20);
        let store = VecStore::from_vec(tokens);
        store.save(&path, &options).unwrap();
        let reader = BlockReader::open(&path).unwrap();
        let check = |tokens: &[Token]| {
            let bad = reader
                .verify_shown(tokens, 0..reader.block_count())
                .unwrap();
            reader.conclude(bad).unwrap()
        };
        assert!(check(store.tokens()).is_clean());
        for (index, block) in [(0, 0), (4095, 0), (4096, 1), (12_287, 2), (12_288, 3)] {
            let mut changed = store.tokens().to_vec();
            changed[index] = Token::ZERO;
            let report = check(&changed);
            let found: Vec<_> = report
                .bad
                .iter()
                .map(|bad| (bad.block, bad.cause))
                .collect();
            assert_eq!(found, [(block, Cause::Data)], "token {index}");
        }
    }
}
