use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

use ng_token::Token;

use super::{Cut, FileInfo, Finding, Head, Tail};
use crate::disk::{Disk, Passing, RealFile, Source};
use crate::format::{BLOCK, ENTRY_BYTES, FileBlockHasher, TOKEN_BYTES, chain};
use crate::{BLOCK_TOKENS, BlockHasher, CachePolicy, IoError, OpenError, ReadError};

/// How many table entries one read takes.
const ENTRIES: u64 = 4096;

/// Table entries of a page, the least that a disk loses at once.
const PAGE_ENTRIES: u64 = 512;

/// A block as it is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// All of it is there, and has this hash.
    Hash(u64),
    /// The file ends within it, or before it.
    Cut {
        /// Where a read ended; the file is this long at most.
        end: u64,
    },
}

/// Reads a file's tokens by positioned reads, and gives none that it has not
/// verified.
///
/// It maps nothing, so there is no promise to make: whatever becomes of the
/// file, the worst is an error. It holds one block at a time, whatever the size
/// of the file, and reads what was committed when it was opened. A forked child
/// reads on as its parent does.
///
/// What it passes over from one end to the other goes around the page cache by its
/// [`CachePolicy`], in windows of 2 MiB, which are then held as well, one for each
/// thread and one ahead. [`for_each`](Self::for_each) and [`verify`](Self::verify) are such passes,
/// and so is what is read by the reader that [`pass`](Self::pass) gives. Where it goes
/// around, `for_each` has another thread read ahead.
///
/// It opens a file whose last block is damaged, too, and then says so where that
/// block is read.
#[derive(Debug)]
pub struct BlockReader<D = RealFile> {
    pub(super) source: Source<D>,
    pub(super) head: Head,
    pub(super) hasher: FileBlockHasher,
    cache: CachePolicy,
    /// Whether it is a pass: what it does, it does as it is.
    is_pass: bool,
}

impl BlockReader {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::of_disk(RealFile::open(path, false)?, path)
    }
}

impl<D: Disk> BlockReader<D> {
    /// Opens a file on any disk; `path` is what errors call it.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn of_disk(disk: D, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let source = Source::new(disk, path.as_ref());
        let head = Head::read(&source)?;
        Ok(Self::new(source, head))
    }

    /// Opens a file that may have lost its end; its last blocks are then bad.
    ///
    /// # Errors
    ///
    /// [`OpenError`], and [`OpenError::Truncated`] only when it lost its head.
    pub fn of_truncated_disk(disk: D, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let source = Source::new(disk, path.as_ref());
        let head = Head::read_of_any_length(&source)?;
        Ok(Self::new(source, head))
    }

    pub(crate) fn new(source: Source<D>, head: Head) -> Self {
        Self {
            hasher: FileBlockHasher::new(head.header.file_id),
            source,
            head,
            cache: CachePolicy::Auto,
            is_pass: false,
        }
    }

    /// Sets what becomes of the pages that a pass goes through.
    #[must_use]
    pub fn with_cache(self, cache: CachePolicy) -> Self {
        Self { cache, ..self }
    }

    /// Begins a pass over the file: returns a reader of the same commit for reading
    /// most of its blocks once, by any number of threads, each in its own range. It
    /// goes around the page cache by the policy, and what was in there when the pass
    /// began stays.
    pub fn pass(&self) -> BlockReader<Passing<'_>> {
        self.pass_over(0..self.len())
    }

    /// Begins a pass over a range of tokens, by whose number the policy goes; otherwise
    /// does what [`pass`](Self::pass) does.
    pub fn pass_over(&self, range: Range<u64>) -> BlockReader<Passing<'_>> {
        let end = range.end.min(self.len());
        let offset = |token| self.head.header.token_offset(token);
        let bytes = offset(range.start.min(end))..offset(end);
        let disk = Passing::over(self.source.disk(), self.cache, bytes);
        BlockReader {
            is_pass: true,
            ..BlockReader::new(Source::new(disk, self.source.path()), self.head.clone())
        }
    }

    /// Tells whether what it does is to be a pass, and is none yet.
    pub(super) fn begins_passes(&self) -> bool {
        !self.is_pass && self.cache != CachePolicy::Keep
    }

    /// Refuses a file that may have lost its newest commit.
    pub(crate) fn refuse_lost(&self) -> Result<(), OpenError> {
        self.head.refuse_lost(self.source.path())
    }

    /// Returns how many tokens were committed when the file was opened.
    pub fn len(&self) -> u64 {
        self.head.slot.tokens
    }

    /// Tells whether no token was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many blocks there are, the one that is not full counted.
    pub fn blocks(&self) -> u64 {
        self.len().div_ceil(BLOCK)
    }

    /// Returns the indices of the tokens of a block.
    pub fn tokens_of(&self, block: u64) -> Range<u64> {
        let start = block.saturating_mul(BLOCK).min(self.len());
        start..start.saturating_add(BLOCK).min(self.len())
    }

    /// Returns what the file says about itself.
    pub fn info(&self) -> FileInfo {
        FileInfo::from(&self.head)
    }

    /// Returns what was wrong when the file was opened.
    pub fn recovery(&self) -> &[Finding] {
        &self.head.findings
    }

    /// Reads a block into `tokens`, in place of what is there.
    ///
    /// The end of a last block that is damaged comes from its image, where that
    /// makes it whole.
    ///
    /// # Errors
    ///
    /// [`ReadError::Io`], [`ReadError::BadBlock`] or [`ReadError::Truncated`];
    /// `tokens` is then empty.
    ///
    /// # Panics
    ///
    /// When there is no such block.
    pub fn read_block(&self, block: u64, tokens: &mut Vec<Token>) -> Result<(), ReadError> {
        let read = self.read_verified(block, tokens);
        if read.is_err() {
            tokens.clear();
        }
        read
    }

    fn read_verified(&self, block: u64, tokens: &mut Vec<Token>) -> Result<(), ReadError> {
        assert!(block < self.blocks(), "block {block} of {}", self.blocks());
        let (found, expected) = match self.is_full(block) {
            true => {
                let expected = self.entry(block)?;
                match self.read_raw(block, tokens)? {
                    Raw::Hash(found) => (found, expected),
                    Raw::Cut { end } => return Err(self.truncated(self.source.len()?.min(end))),
                }
            }
            false => match Tail::read(&self.source, &self.head)? {
                Tail::Sound(sound) | Tail::Restorable { tokens: sound, .. } => {
                    tokens.clear();
                    tokens.extend_from_slice(&sound);
                    return Ok(());
                }
                Tail::Lost { found, .. } => match self.cut()? {
                    Some(cut) => return Err(self.truncated(cut.have)),
                    None => (found, self.head.slot.partial_hash),
                },
            },
        };
        if found == expected {
            return Ok(());
        }
        Err(ReadError::BadBlock {
            path: self.source.path().to_owned(),
            block,
            offset: self.block_offset(block),
            found,
            expected,
        })
    }

    /// Hands a range of tokens over, verified, a block's worth at a time.
    ///
    /// # Errors
    ///
    /// As [`read_block`](Self::read_block); what was handed over before stays
    /// good.
    ///
    /// # Panics
    ///
    /// When the range is not within the file.
    pub fn for_each<E: From<ReadError>>(
        &self,
        range: Range<u64>,
        take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        assert!(
            range.start <= range.end && range.end <= self.len(),
            "tokens {range:?} of {}",
            self.len()
        );
        match self.begins_passes() {
            true => self.pass_over(range.clone()).each_ahead(range, take),
            false => self.each(range, take),
        }
    }

    fn each<E: From<ReadError>>(
        &self,
        range: Range<u64>,
        mut take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
        let mut index = range.start;
        while index < range.end {
            let block = index / BLOCK;
            self.read_block(block, &mut tokens)?;
            let here = self.tokens_of(block);
            let end = here.end.min(range.end);
            let part = (index - here.start) as usize..(end - here.start) as usize;
            take(&tokens[part])?;
            index = end;
        }
        Ok(())
    }

    /// Checks that the block table is the one that was committed. Reads 8 bytes
    /// for each full block.
    ///
    /// A block that has its entry is a block of this file at this place; with
    /// this, it is also the one that was committed last.
    ///
    /// # Errors
    ///
    /// [`ReadError::Io`], [`ReadError::TableDamaged`] or [`ReadError::Truncated`].
    pub fn check_table(&self) -> Result<(), ReadError> {
        let expected = self.head.slot.table_chain;
        let found = self.chain_with(self.full_blocks(), |blocks| self.entries(blocks))?;
        if found == expected {
            return Ok(());
        }
        let length = self.source.len()?;
        if length < self.table_end() {
            return Err(self.truncated(length));
        }
        Err(ReadError::TableDamaged {
            path: self.source.path().to_owned(),
            offset: self.head.header.table_offset,
            found,
            expected,
        })
    }

    /// The chain over a begin of the table; `read` reads some of its entries.
    pub(super) fn chain_with(
        &self,
        blocks: u64,
        read: impl Fn(Range<u64>) -> Result<Vec<[u8; 8]>, IoError>,
    ) -> Result<u64, IoError> {
        let mut sum = 0;
        let mut block = 0;
        while block < blocks {
            let end = blocks.min(block + ENTRIES);
            sum = chain(sum, &read(block..end)?);
            block = end;
        }
        Ok(sum)
    }

    /// How many blocks may be whole in a file that was cut: those that begin
    /// before its end, and the one behind, which an image may hold all of.
    pub(super) fn blocks_there(&self) -> u64 {
        let data = self.head.length.saturating_sub(self.block_offset(0));
        self.blocks().min(data / (BLOCK * TOKEN_BYTES) + 1)
    }

    /// Whether the file reaches to the end of the block table.
    pub(super) fn has_table(&self) -> bool {
        self.full_blocks() == 0 || self.table_end() <= self.head.length
    }

    /// Where the entries of the full blocks end.
    fn table_end(&self) -> u64 {
        self.head.header.entry_offset(self.full_blocks())
    }

    /// Asks how long the file is, and tells if it is now too short.
    pub(super) fn cut(&self) -> Result<Option<Cut>, IoError> {
        let have = self.source.len()?;
        let need = self.length_needed();
        Ok((have < need).then_some(Cut { have, need }))
    }

    fn length_needed(&self) -> u64 {
        self.head.header.length_for(self.len())
    }

    fn truncated(&self, have: u64) -> ReadError {
        ReadError::Truncated {
            path: self.source.path().to_owned(),
            have,
            need: self.length_needed(),
        }
    }

    pub(super) fn full_blocks(&self) -> u64 {
        self.len() / BLOCK
    }

    pub(super) fn is_full(&self, block: u64) -> bool {
        block < self.full_blocks()
    }

    pub(super) fn block_offset(&self, block: u64) -> u64 {
        self.head.header.token_offset(self.tokens_of(block).start)
    }

    pub(super) fn block_end(&self, block: u64) -> u64 {
        self.head.header.token_offset(self.tokens_of(block).end)
    }

    /// Reads a block as it is, and hashes it.
    pub(super) fn read_raw(&self, block: u64, tokens: &mut Vec<Token>) -> Result<Raw, IoError> {
        let range = self.tokens_of(block);
        let count = (range.end - range.start) as usize;
        tokens.resize(count, Token::ZERO);
        let bytes = ng_token::as_bytes_mut(tokens);
        let offset = self.block_offset(block);
        let have = self.source.read(bytes, offset)?;
        if have < bytes.len() {
            let end = offset + have as u64;
            return Ok(Raw::Cut { end });
        }
        Ok(Raw::Hash(self.hasher.hash_block(block, tokens)))
    }

    pub(super) fn entry(&self, block: u64) -> Result<u64, IoError> {
        let mut entry = [0; ENTRY_BYTES as usize];
        let offset = self.head.header.entry_offset(block);
        self.source.read(&mut entry, offset)?;
        Ok(u64::from_le_bytes(entry))
    }

    /// Reads table entries, page by page where not all of them can be read. Those
    /// that cannot are of no hash that is likely.
    pub(super) fn entries_or_damaged(&self, blocks: Range<u64>) -> Vec<[u8; 8]> {
        if let Ok(entries) = self.entries(blocks.clone()) {
            return entries;
        }
        let mut entries = Vec::new();
        let mut block = blocks.start;
        while block < blocks.end {
            let page_end = (block / PAGE_ENTRIES + 1) * PAGE_ENTRIES;
            let end = page_end.min(blocks.end);
            let damaged = || vec![[u8::MAX; ENTRY_BYTES as usize]; (end - block) as usize];
            entries.extend(self.entries(block..end).unwrap_or_else(|_| damaged()));
            block = end;
        }
        entries
    }

    /// Reads table entries, zero where the file ends.
    pub(super) fn entries(&self, blocks: Range<u64>) -> Result<Vec<[u8; 8]>, IoError> {
        let count = (blocks.end - blocks.start) as usize;
        let mut entries = vec![[0; ENTRY_BYTES as usize]; count];
        let offset = self.head.header.entry_offset(blocks.start);
        self.source.read(entries.as_flattened_mut(), offset)?;
        Ok(entries)
    }
}

impl BlockReader<Passing<'_>> {
    /// Does what `each` does, while another thread reads the window that comes next;
    /// without one, if it cannot be started.
    fn each_ahead<E: From<ReadError>>(
        &self,
        range: Range<u64>,
        mut take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        let passing = self.source.disk();
        if !passing.bypasses() {
            return self.each(range, take);
        }
        let end = self.head.header.token_offset(range.end);
        let mut next = self.head.header.token_offset(range.start);
        thread::scope(|scope| {
            let (ask, asked) = sync_channel::<u64>(1);
            let ahead = thread::Builder::new().name("ng-read-ahead".to_owned());
            let _ = ahead.spawn_scoped(scope, move || {
                asked
                    .into_iter()
                    .for_each(|offset| passing.read_ahead(offset));
            });
            let mut token = range.start;
            self.each(range, |tokens| {
                token += tokens.len() as u64;
                let here = self.head.header.token_offset(token);
                if here >= next && next < end {
                    next = here - here % Passing::window_bytes() + Passing::window_bytes();
                    // Where it is not done with the one before, it is no help.
                    let _ = ask.try_send(next);
                }
                take(tokens)
            })
        })
    }
}
