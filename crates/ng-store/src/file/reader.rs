use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ng_token::Token;

use super::{Cut, FileInfo, Finding, Follower, Head, Tail, Trust};
use crate::disk::{Disk, Passing, RealFile, Source};
use crate::format::{BLOCK, ENTRY_BYTES, FileBlockHasher, TOKEN_BYTES, chain};
use crate::{
    BLOCK_TOKENS, BlockHasher, BlockPass, CachePolicy, Commit, IoError, OpenError, ReadError,
};

/// How many table entries one read takes: 32 KiB of them.
pub(super) const READ_ENTRIES: u64 = 4096;

/// Table entries of a page, the least that a disk loses at once.
pub(super) const PAGE_ENTRIES: u64 = 512;

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
/// file, the worst is an error. It reads one commit, the newest one when it was
/// opened or last [refreshed](Self::refresh), and holds one block at a time. A forked
/// child reads on as its parent does. A clone shares the open file, and is refreshed
/// on its own.
///
/// What it passes over from one end to the other goes around the page cache by its
/// [`CachePolicy`], in windows of 2 MiB, which are then held as well, one for each
/// thread and one ahead. [`for_each`](Self::for_each), [`blocks`](Self::blocks) and
/// [`verify`](crate::VerifyBlocks::verify) are such passes, and so is what is read by
/// the reader that [`pass`](Self::pass) gives. Where it goes around, they have another
/// thread read ahead.
///
/// It opens a file whose last block is damaged, too, and then says so where that
/// block is read.
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
    /// Whether it is a pass: what it does, it does as it is.
    is_pass: bool,
    /// Buffers of a pass that are not in use, one for each thread at most.
    spare: Arc<Mutex<Vec<Vec<Token>>>>,
}

// Not derived, which would ask for a disk that can be cloned.
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

    /// Goes on to what was committed since, once it is durable, and tells whether that
    /// was anything. An appender may be at work meanwhile.
    ///
    /// A pass has begun with its commit, and cannot be refreshed. It costs a sync where there is a new commit, and the first time after opening.
    ///
    /// # Errors
    ///
    /// [`OpenError`], as [`MmapStore::refresh`](crate::MmapStore::refresh) says, except
    /// that a path is not looked at: it follows the file that it opened, whatever
    /// becomes of its name. It reads on as before: after
    /// [`TakenBack`](OpenError::TakenBack) and [`WentBack`](OpenError::WentBack), what
    /// was overwritten is [`ReadError::BadBlock`] where it is read.
    pub fn refresh(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Durable)
    }

    /// Goes on to what was committed since, as [`refresh`](Self::refresh) does, without
    /// a sync: a commit whose last sync is under way can yet be taken back.
    ///
    /// # Errors
    ///
    /// As `refresh`; [`OpenError::NotDurable`] only for a commit of which `refresh`
    /// has said it.
    pub fn refresh_unsynced(&mut self) -> Result<bool, OpenError> {
        self.refresh_with(Trust::Written)
    }

    /// The last block is not checked here: it is where it is read.
    fn refresh_with(&mut self, trust: Trust) -> Result<bool, OpenError> {
        let Some(new) = self.follower.look(trust)? else {
            return Ok(false);
        };
        self.follower.show(new, trust);
        Ok(true)
    }
}

impl<D: Disk> BlockReader<D> {
    /// Opens a file on any disk; `path` is what errors call it.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    #[cfg(feature = "sim")]
    pub fn of_disk(disk: D, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::of_source(Source::new(disk, path.as_ref()))
    }

    /// Opens a file that may have lost its end; its last blocks are then bad.
    ///
    /// # Errors
    ///
    /// [`OpenError`], and [`OpenError::Truncated`] only when it lost its head.
    #[cfg(feature = "sim")]
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
            is_pass: false,
            spare: Arc::default(),
        }
    }

    /// Returns a reader of another commit of the same file.
    pub(crate) fn with_head(&self, head: Head) -> Self {
        Self {
            follower: Follower::of_head(self.source().clone(), head),
            spare: Arc::clone(&self.spare),
            ..*self
        }
    }

    pub(crate) fn source(&self) -> &Source<Arc<D>> {
        self.follower.source()
    }

    pub(super) fn head(&self) -> &Head {
        self.follower.head()
    }

    /// Returns the commit that is read.
    pub fn commit(&self) -> Commit {
        Commit::of(self.head())
    }

    /// Returns the path by which the file was opened.
    pub fn path(&self) -> &Path {
        self.source().path()
    }

    /// Returns a reader of an earlier commit of the same file.
    pub(crate) fn as_of(&self, commit: &Commit) -> Self {
        self.with_head(commit.head(self.head()))
    }

    /// Sets what becomes of the pages that a pass goes through.
    #[must_use]
    pub fn with_cache(self, cache: CachePolicy) -> Self {
        Self { cache, ..self }
    }

    /// Begins a pass over the file: returns a reader of the same commit for reading
    /// most of its blocks once, by any number of threads, each in its own range. It
    /// goes around the page cache by the policy, and what was in there when the pass
    /// began stays. Functions take it as [`BlockPass`].
    pub fn pass<'d>(&self) -> BlockPass<'d>
    where
        D: 'd,
    {
        self.pass_over(0..self.len())
    }

    /// Begins a pass over a range of tokens, by whose number the policy goes; otherwise
    /// does what [`pass`](Self::pass) does.
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
            is_pass: true,
            ..BlockReader::new(Source::new(disk, self.source().path()), self.head().clone())
        }
    }

    /// Tells whether it is a pass.
    pub(super) fn is_pass(&self) -> bool {
        self.is_pass
    }

    /// Refuses a file that may have lost its newest commit, as
    /// [`VecStore::load`](crate::VecStore::load) does.
    ///
    /// # Errors
    ///
    /// [`OpenError::SlotLost`].
    pub fn refuse_lost(&self) -> Result<(), OpenError> {
        self.head().refuse_lost(self.source().path())
    }

    /// Returns how many tokens the commit has that is read.
    pub fn len(&self) -> u64 {
        self.head().slot.tokens
    }

    /// Tells whether no token was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many blocks there are, the one that is not full counted.
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

    /// Returns what was wrong when the file was opened or last refreshed.
    pub fn recovery(&self) -> &[Finding] {
        &self.head().findings
    }

    /// Returns the process that has the file open to append, where the system tells: where it
    /// does not, as of a process in another namespace, there may be one.
    pub fn appender(&self) -> Option<u32> {
        self.source().disk().lock_holder()
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

    /// Reads one token, or `None` from [`len`](Self::len) on.
    ///
    /// It reads and verifies the whole block: 256 KiB for each call. Where many are
    /// asked for, read each block once, or look through a map.
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
    /// blocks in `ends`, which ascend. Each vouches for all the blocks before it, as
    /// [`Commit::table_chain`] does for those of the commit. Reads 8 bytes for each full
    /// block: the chains are those of the table that was committed.
    ///
    /// # Errors
    ///
    /// As [`check_table`](Self::check_table).
    ///
    /// # Panics
    ///
    /// When `ends` do not ascend, or one is beyond the full blocks.
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

    /// Goes on with a chain over the entries of more blocks.
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

    /// How many blocks may be whole in a file that was cut: those that begin
    /// before its end, and the one behind, which an image may hold all of.
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

    /// Asks how long the file is, and tells if it is now too short.
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

    /// Reads table entries, page by page where not all of them can be read. Those
    /// that cannot are of no hash that is likely.
    pub(super) fn entries_or_damaged(&self, blocks: Range<u64>) -> Vec<[u8; 8]> {
        let mut entries = vec![[0; ENTRY_BYTES as usize]; (blocks.end - blocks.start) as usize];
        self.read_entries_or_damaged(blocks.start, &mut entries);
        entries
    }

    /// Reads table entries, zero where the file ends.
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

    /// A buffer for a block; that of a block before, if there is one that is not in use.
    pub(super) fn take_buffer(&self) -> Vec<Token> {
        // Not waited for: a thread that is not in this fork may have the lock.
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
