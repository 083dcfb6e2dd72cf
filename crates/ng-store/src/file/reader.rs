use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ng_token::Token;

use super::{Cut, FileInfo, Finding, Follower, Head, Tail, Trust, follow};
use crate::disk::{Disk, Followed, Passing, RealFile, Source};
use crate::format::{BLOCK, ENTRY_BYTES, FileBlockHasher, TOKEN_BYTES, chain};
use crate::{
    BLOCK_TOKENS, BlockHasher, BlockPass, CachePolicy, Commit, IoError, OpenError, ReadError,
};

/// How many table entries one read takes: 32 KiB.
pub(super) const READ_ENTRIES: u64 = 4096;

/// Table entries of a page, the smallest unit that a disk loses.
pub(super) const PAGE_ENTRIES: u64 = 512;

/// A block as it is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// It is complete, with this hash.
    Hash(u64),
    /// The file ends inside or before it.
    Cut {
        /// Where a read ended; the file is at most this long.
        end: u64,
    },
}

/// Reads a file's tokens by positioned reads, and verifies all of them.
///
/// It maps nothing, so it requires no promise: whatever happens to the file, the worst
/// outcome is an error. It reads one commit, the newest when it was opened or last
/// [refreshed](Self::refresh), and holds one block at a time. A forked child can keep
/// reading. A clone shares the open file, and refreshes independently.
///
/// Passes bypass the page cache by its [`CachePolicy`], in windows of 2 MiB, which also
/// take memory, one per thread and one ahead. [`for_each`](Self::for_each),
/// [`blocks`](Self::blocks) and [`verify`](crate::VerifyBlocks::verify) are passes, and so
/// are reads by the reader that [`pass`](Self::pass) returns. When bypassing, another
/// thread reads ahead.
///
/// It also opens a file with a damaged last block, and reports the damage when that block
/// is read.
///
/// ```
/// use ng_store::{BlockReader, CreateOptions, FileWriter, ReadError, TokenSink, VerifyBlocks};
/// use ng_token::Token;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokens.ngt");
/// let mut writer = FileWriter::create(&path, &CreateOptions::new())?;
/// writer.append_with(10_000, |index| Token::new(index as u32))?;
/// writer.commit()?;
///
/// let mut reader = BlockReader::open(&path)?;
/// assert_eq!(reader.get(9_999)?, Some(Token::new(9_999)));
/// let mut sum = 0;
/// for block in reader.blocks() {
///     sum += block?.iter().map(|token| u64::from(token.id().raw())).sum::<u64>();
/// }
/// assert_eq!(sum, 49_995_000);
/// // The same without a thread that reads ahead; the error may be your own.
/// reader.for_each(0..10_000, |tokens| {
///     sum -= tokens.iter().map(|token| u64::from(token.id().raw())).sum::<u64>();
///     Ok::<_, ReadError>(())
/// })?;
/// assert_eq!(sum, 0);
///
/// writer.append(&[Token::new(10_000)])?;
/// writer.commit()?;
/// assert!(reader.refresh()?);
/// assert_eq!(reader.len(), 10_001);
/// // A method of `VerifyBlocks`.
/// assert!(reader.verify()?.is_clean());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BlockReader<D = RealFile> {
    follower: Follower<Arc<D>>,
    pub(super) hasher: FileBlockHasher,
    cache: CachePolicy,
    /// The commit being read, if the head's slot is that of a later one.
    as_of: Option<Commit>,
    /// Whether it is a pass already.
    is_pass: bool,
    /// Unused buffers of a pass, at most one per thread.
    spare: Arc<Mutex<Vec<Vec<Token>>>>,
}

// Not derived, which would require a cloneable disk.
impl<D> Clone for BlockReader<D> {
    fn clone(&self) -> Self {
        Self {
            follower: self.follower.clone(),
            spare: Arc::clone(&self.spare),
            ..*self
        }
    }
}

impl BlockReader {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::of_source(Source::new(RealFile::open(path, false)?, path))
    }
}

impl<D: Followed> BlockReader<D> {
    /// Moves to the newest commit once durable, and tells whether there was one. An
    /// appender may be active meanwhile.
    ///
    /// A pass is bound to its commit, and cannot be refreshed. Costs a sync if there is a
    /// new commit, and the first time after opening.
    ///
    /// # Errors
    ///
    /// [`OpenError`], as [`MmapStore::refresh`](crate::MmapStore::refresh) says, except
    /// that the path is not checked: it follows the file it opened, whatever happens to its
    /// name. It keeps reading as before: after [`TakenBack`](OpenError::TakenBack) and
    /// [`WentBack`](OpenError::WentBack), overwritten blocks give [`ReadError::BadBlock`]
    /// when read.
    pub fn refresh(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Durable)
    }

    /// Moves to the newest commit like [`refresh`](Self::refresh), but without a sync: a
    /// commit whose last sync is in progress can still be taken back.
    ///
    /// # Errors
    ///
    /// As `refresh`; [`OpenError::NotDurable`] only for a commit for which `refresh`
    /// returned it.
    pub fn refresh_unsynced(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Written)
    }

    /// The last block is not checked here, but when it is read.
    fn refresh_with(&mut self, trust: Trust) -> Result<bool, OpenError> {
        let Some(new) = self.follower.look(trust)? else {
            return Ok(false);
        };
        self.follower.show(new, trust);
        Ok(true)
    }
}

impl<D: Disk> BlockReader<D> {
    /// Opens a file on any disk; errors call it `path`.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    #[cfg(feature = "rules")]
    pub fn of_disk(disk: D, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::of_source(Source::new(disk, path.as_ref()))
    }

    /// Opens a file that may be truncated; its last blocks are then bad.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::Truncated`] only if the head is incomplete.
    #[cfg(feature = "rules")]
    pub fn of_truncated_disk(disk: D, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let source = Source::new(disk, path.as_ref());
        let head = Head::read_of_any_length(&source)?;
        Ok(Self::new(source, head))
    }

    fn of_source(source: Source<D>) -> Result<Self, OpenError> {
        let head = Head::read(&source)?;
        Ok(Self::new(source, head))
    }

    pub(crate) fn new(source: Source<D>, head: Head) -> Self {
        Self {
            hasher: FileBlockHasher::new(head.header.file_id),
            follower: Follower::of_head(source.shared(), head),
            cache: CachePolicy::Auto,
            as_of: None,
            is_pass: false,
            spare: Arc::default(),
        }
    }

    /// Returns a reader of another commit of the same file.
    pub(crate) fn with_head(&self, head: Head) -> Self {
        Self {
            follower: Follower::of_head(self.source().clone(), head),
            spare: Arc::clone(&self.spare),
            as_of: None,
            ..*self
        }
    }

    pub(crate) fn source(&self) -> &Source<Arc<D>> {
        self.follower.source()
    }

    pub(super) fn head(&self) -> &Head {
        self.follower.head()
    }

    /// Returns the commit being read.
    pub fn commit(&self) -> Commit {
        self.as_of.unwrap_or_else(|| Commit::of(self.head()))
    }

    /// Returns the path by which the file was opened.
    pub fn path(&self) -> &Path {
        self.source().path()
    }

    /// Starts a pass over an earlier commit of the same file, whose tokens this one begins
    /// with; otherwise like [`pass`](Self::pass). It is checked that they are the committed
    /// ones: 8 bytes are read for each full block of that commit, and its partial block.
    ///
    /// ```
    /// use ng_store::{BlockReader, Commit, CreateOptions, FileWriter, TokenSink};
    /// use ng_token::Token;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tokens.ngt");
    /// let mut writer = FileWriter::create(&path, &CreateOptions::new())?;
    /// writer.append_with(5_000, |index| Token::new(index as u32))?;
    /// writer.commit()?;
    /// let noted = writer.last_commit().to_bytes();
    /// writer.append_with(5_000, |index| Token::new(index as u32))?;
    /// writer.commit()?;
    /// let reader = BlockReader::open(&path)?;
    /// let pass = reader.pass_at(&Commit::from_bytes(&noted))?;
    /// assert_eq!((reader.len(), pass.len()), (10_000, 5_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OpenError::Replaced`] for another file's commit, [`OpenError::WentBack`] for a later
    /// one than this reader's, and [`OpenError::TakenBack`] if the file does not begin with
    /// its tokens: it was taken back, or they are damaged.
    pub fn pass_at<'d>(&self, commit: &Commit) -> Result<BlockPass<'d>, OpenError>
    where
        D: 'd,
    {
        if *commit == self.commit() {
            return Ok(self.pass());
        }
        follow::check_begins(self.source(), self.head(), commit)?;
        Ok(self.as_of(commit).pass())
    }

    /// Returns a reader of an earlier commit of the same file, unchecked.
    pub(crate) fn as_of(&self, commit: &Commit) -> Self {
        Self {
            as_of: Some(*commit),
            ..self.with_head(commit.head(self.head()))
        }
    }

    /// Sets whether pages read by a pass stay cached.
    #[must_use]
    pub fn with_cache(self, cache: CachePolicy) -> Self {
        Self { cache, ..self }
    }

    /// Returns a reader whose passes go by a policy, unless it has one of its own.
    #[must_use]
    pub fn passing_by(&self, cache: CachePolicy) -> Self {
        match self.cache {
            CachePolicy::Auto => self.clone().with_cache(cache),
            _ => self.clone(),
        }
    }

    /// Starts a pass over the file: returns a reader of the same commit for reading most of
    /// its blocks once, by any number of threads, each in its own range. It bypasses the
    /// page cache by the policy; pages cached before the pass stay. Functions take it as
    /// [`BlockPass`].
    pub fn pass<'d>(&self) -> BlockPass<'d>
    where
        D: 'd,
    {
        self.pass_over(0..self.len())
    }

    /// Starts a pass over a range of tokens, whose size decides by the policy; otherwise
    /// like [`pass`](Self::pass).
    pub fn pass_over<'d>(&self, range: Range<u64>) -> BlockPass<'d>
    where
        D: 'd,
    {
        let end = range.end.min(self.len());
        let offset = |token| self.head().header.token_offset(token);
        let bytes = offset(range.start.min(end))..offset(end);
        let disk = Arc::clone(self.source().disk());
        let disk = Passing::over(disk, self.cache, bytes);
        BlockReader {
            as_of: self.as_of,
            is_pass: true,
            ..BlockReader::new(Source::new(disk, self.source().path()), self.head().clone())
        }
    }

    /// Tells whether it is a pass.
    pub(super) fn is_pass(&self) -> bool {
        self.is_pass
    }

    /// Refuses a file that may have lost its newest commit, like
    /// [`VecStore::load`](crate::VecStore::load).
    ///
    /// # Errors
    ///
    /// [`OpenError::SlotLost`].
    pub fn refuse_lost(&self) -> Result<(), OpenError> {
        self.head().refuse_lost(self.source().path())
    }

    /// Returns how many tokens the commit has.
    pub fn len(&self) -> u64 {
        self.head().slot.tokens
    }

    /// Tells whether it has no tokens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many blocks there are, including a partial one.
    pub fn block_count(&self) -> u64 {
        self.len().div_ceil(BLOCK)
    }

    /// Returns the indices of the tokens of a block.
    pub fn tokens_of(&self, block: u64) -> Range<u64> {
        let start = block.saturating_mul(BLOCK).min(self.len());
        start..start.saturating_add(BLOCK).min(self.len())
    }

    /// Returns what the file says about itself.
    pub fn info(&self) -> FileInfo {
        FileInfo::from(self.head())
    }

    /// Returns the findings of the open or last refresh.
    pub fn recovery(&self) -> &[Finding] {
        &self.head().findings
    }

    /// Returns the process that has the file open to append, if the system says; otherwise,
    /// as with a process in another namespace, there may still be one.
    pub fn appender(&self) -> Option<u32> {
        self.source().disk().lock_holder()
    }

    /// Reads a block into `tokens`, replacing their content.
    ///
    /// If the end of the last block is damaged, it comes from its image, if that restores
    /// the block.
    ///
    /// # Errors
    ///
    /// [`ReadError::Io`], [`ReadError::BadBlock`] or [`ReadError::Truncated`];
    /// `tokens` is then empty.
    ///
    /// # Panics
    ///
    /// If there is no such block.
    pub fn read_block(&self, block: u64, tokens: &mut Vec<Token>) -> Result<(), ReadError> {
        let read = self.read_verified(block, tokens);
        if read.is_err() {
            tokens.clear();
        }
        read
    }

    /// Reads one token, or `None` from [`len`](Self::len) on.
    ///
    /// Reads and verifies the whole block: 256 KiB per call. For many tokens, read each
    /// block once, or use a map.
    ///
    /// # Errors
    ///
    /// As [`read_block`](Self::read_block).
    pub fn get(&self, index: u64) -> Result<Option<Token>, ReadError> {
        if index >= self.len() {
            return Ok(None);
        }
        let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
        self.read_block(index / BLOCK, &mut tokens)?;
        Ok(tokens.get((index % BLOCK) as usize).copied())
    }

    fn read_verified(&self, block: u64, tokens: &mut Vec<Token>) -> Result<(), ReadError> {
        assert!(
            block < self.block_count(),
            "block {block} of {}",
            self.block_count()
        );
        let (found, expected) = match self.is_full(block) {
            true => {
                let expected = self.entry(block)?;
                match self.read_raw(block, tokens)? {
                    Raw::Hash(found) => (found, expected),
                    Raw::Cut { end } => return Err(self.truncated(self.source().len()?.min(end))),
                }
            }
            false => match Tail::read(self.source(), self.head())? {
                Tail::Sound(sound) | Tail::Restorable { tokens: sound, .. } => {
                    tokens.clear();
                    tokens.extend_from_slice(&sound);
                    return Ok(());
                }
                Tail::Lost { found, .. } => match self.cut()? {
                    Some(cut) => return Err(self.truncated(cut.have)),
                    None => (found, self.head().slot.partial_hash),
                },
            },
        };
        if found == expected {
            return Ok(());
        }
        Err(ReadError::BadBlock {
            path: self.source().path().to_owned(),
            block,
            offset: self.block_offset(block),
            found,
            expected,
        })
    }

    /// Checks that the block table is the committed one. Reads 8 bytes for each full block.
    ///
    /// A block that matches its entry belongs to this file at this place; with this check,
    /// it is also the one committed last.
    ///
    /// # Errors
    ///
    /// [`ReadError::Io`], [`ReadError::TableDamaged`] or [`ReadError::Truncated`].
    pub fn check_table(&self) -> Result<(), ReadError> {
        self.expect_chain(self.chain_with(self.full_blocks(), |blocks| self.entries(blocks))?)
    }

    /// Tells whether `found`, the chain over all entries, is what was committed.
    fn expect_chain(&self, found: u64) -> Result<(), ReadError> {
        let expected = self.head().slot.table_chain;
        if found == expected {
            return Ok(());
        }
        let length = self.source().len()?;
        if length < self.table_end() {
            return Err(self.truncated(length));
        }
        Err(ReadError::TableDamaged {
            path: self.source().path().to_owned(),
            offset: self.head().header.table_offset,
            found,
            expected,
        })
    }

    /// Returns the chain over the first entries of the block table, for each number of
    /// blocks in `ends`, which ascend. Each authenticates all blocks before it, as
    /// [`Commit::table_chain`] does for the commit. Reads 8 bytes for each full block: the
    /// whole table is checked.
    ///
    /// # Errors
    ///
    /// As [`check_table`](Self::check_table).
    ///
    /// # Panics
    ///
    /// If `ends` do not ascend, or one is beyond the full blocks.
    pub fn table_chains(&self, ends: &[u64]) -> Result<Vec<u64>, ReadError> {
        let mut chains = Vec::with_capacity(ends.len());
        let (mut sum, mut block) = (0, 0);
        for &end in ends {
            let full = self.full_blocks();
            assert!(
                (block..=full).contains(&end),
                "{end} not in {block}..={full}"
            );
            sum = self.chain_on(sum, block..end, |blocks| self.entries(blocks))?;
            block = end;
            chains.push(sum);
        }
        let rest = block..self.full_blocks();
        self.expect_chain(self.chain_on(sum, rest, |blocks| self.entries(blocks))?)?;
        Ok(chains)
    }

    /// The chain over the first entries of the table; `read` reads some of its entries.
    pub(super) fn chain_with(
        &self,
        blocks: u64,
        read: impl Fn(Range<u64>) -> Result<Vec<[u8; 8]>, IoError>,
    ) -> Result<u64, IoError> {
        self.chain_on(0, 0..blocks, read)
    }

    /// Extends a chain over the entries of more blocks.
    fn chain_on(
        &self,
        mut sum: u64,
        blocks: Range<u64>,
        read: impl Fn(Range<u64>) -> Result<Vec<[u8; 8]>, IoError>,
    ) -> Result<u64, IoError> {
        let mut block = blocks.start;
        while block < blocks.end {
            let end = blocks.end.min(block + READ_ENTRIES);
            sum = chain(sum, &read(block..end)?);
            block = end;
        }
        Ok(sum)
    }

    /// How many blocks may be complete in a truncated file: those that begin before its
    /// end, and the next one, which an image may hold entirely.
    pub(super) fn blocks_there(&self) -> u64 {
        let data = self.head().length.saturating_sub(self.block_offset(0));
        self.block_count().min(data / (BLOCK * TOKEN_BYTES) + 1)
    }

    /// Whether the file reaches to the end of the block table.
    pub(super) fn has_table(&self) -> bool {
        self.full_blocks() == 0 || self.table_end() <= self.head().length
    }

    /// Where the entries of the full blocks end.
    fn table_end(&self) -> u64 {
        self.head().header.entry_offset(self.full_blocks())
    }

    /// Gets the file's length, and fails if it is now too short.
    pub(super) fn cut(&self) -> Result<Option<Cut>, IoError> {
        let have = self.source().len()?;
        let need = self.length_needed();
        Ok((have < need).then_some(Cut { have, need }))
    }

    fn length_needed(&self) -> u64 {
        self.head().header.length_for(self.len())
    }

    fn truncated(&self, have: u64) -> ReadError {
        ReadError::Truncated {
            path: self.source().path().to_owned(),
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
        self.head().header.token_offset(self.tokens_of(block).start)
    }

    pub(super) fn block_end(&self, block: u64) -> u64 {
        self.head().header.token_offset(self.tokens_of(block).end)
    }

    /// Reads a block as it is, and hashes it.
    pub(super) fn read_raw(&self, block: u64, tokens: &mut Vec<Token>) -> Result<Raw, IoError> {
        let range = self.tokens_of(block);
        let count = (range.end - range.start) as usize;
        tokens.resize(count, Token::ZERO);
        let bytes = ng_token::as_bytes_mut(tokens);
        let offset = self.block_offset(block);
        let have = self.source().read(bytes, offset)?;
        if have < bytes.len() {
            let end = offset + have as u64;
            return Ok(Raw::Cut { end });
        }
        Ok(Raw::Hash(self.hasher.hash_block(block, tokens)))
    }

    pub(super) fn entry(&self, block: u64) -> Result<u64, IoError> {
        let mut entry = [0; ENTRY_BYTES as usize];
        let offset = self.head().header.entry_offset(block);
        self.source().read(&mut entry, offset)?;
        Ok(u64::from_le_bytes(entry))
    }

    /// Reads table entries, page by page if not all can be read. Unreadable ones get an
    /// unlikely hash.
    pub(super) fn entries_or_damaged(&self, blocks: Range<u64>) -> Vec<[u8; 8]> {
        let mut entries = vec![[0; ENTRY_BYTES as usize]; (blocks.end - blocks.start) as usize];
        self.read_entries_or_damaged(blocks.start, &mut entries);
        entries
    }

    /// Reads table entries, zero beyond the end of the file.
    pub(super) fn entries(&self, blocks: Range<u64>) -> Result<Vec<[u8; 8]>, IoError> {
        let mut entries = vec![[0; ENTRY_BYTES as usize]; (blocks.end - blocks.start) as usize];
        self.read_entries(blocks.start, &mut entries)?;
        Ok(entries)
    }

    /// Does what [`entries_or_damaged`](Self::entries_or_damaged) does, from a block on.
    pub(super) fn read_entries_or_damaged(&self, mut block: u64, mut entries: &mut [[u8; 8]]) {
        if self.read_entries(block, entries).is_ok() {
            return;
        }
        while !entries.is_empty() {
            let to_page_end = (PAGE_ENTRIES - block % PAGE_ENTRIES) as usize;
            let (page, rest) = entries.split_at_mut(to_page_end.min(entries.len()));
            if self.read_entries(block, page).is_err() {
                page.fill([u8::MAX; ENTRY_BYTES as usize]);
            }
            block += page.len() as u64;
            entries = rest;
        }
    }

    fn read_entries(&self, block: u64, entries: &mut [[u8; 8]]) -> Result<(), IoError> {
        entries.fill([0; ENTRY_BYTES as usize]);
        let offset = self.head().header.entry_offset(block);
        self.source().read(entries.as_flattened_mut(), offset)?;
        Ok(())
    }

    /// A buffer for a block, reusing a free one if possible.
    pub(super) fn take_buffer(&self) -> Vec<Token> {
        // Without waiting: a thread that does not exist in this fork may hold the lock.
        let mut spare = self.spare.try_lock().ok();
        let buffer = spare.as_mut().and_then(|spare| spare.pop());
        buffer.unwrap_or_else(|| Vec::with_capacity(BLOCK_TOKENS))
    }

    /// Keeps a buffer for the next block, as long as the pass goes on.
    pub(super) fn give_buffer(&self, buffer: Vec<Token>) {
        if self.is_pass
            && let Ok(mut spare) = self.spare.try_lock()
        {
            spare.push(buffer);
        }
    }
}
