use std::io::ErrorKind;
use std::path::Path;

use ng_token::Token;

use super::grow::is_no_space;
use super::head::put_copies;
use super::length::check_length;
use super::lock::{open_locked, take_lock};
use super::outflow::Outflow;
use super::zero_ahead::ZeroAhead;
use super::{AppendOptions, FileInfo, Finding, Head, Tail};
use crate::disk::{Dir, Disk, Source};
use crate::format::{
    BLOCK, ENTRY_BYTES, FileBlockHasher, HEAD_BYTES, INTENT_OFFSET, Intent, SLOT_OFFSETS,
    SLOT_PAGE_BYTES, SPARE_HEADER_OFFSET, Slot, StaticHeader, TABLE_OFFSET, TAIL_OFFSETS,
};
use crate::{
    BLOCK_TOKENS, BlockHasher, CachePolicy, Commit, IoError, OpenError, Operation, WriteError,
};

/// Appends tokens to a file and commits them.
///
/// It holds the disk's lock, which a real file keeps until dropped. The caller must check
/// that a path still names the file; [`FileWriter`](crate::FileWriter) does.
///
/// Appends are buffered, up to 1 MiB, and written after the committed tokens; a commit
/// makes them count. A failed write or sync poisons the writer: it refuses from then on,
/// and reopening the file finds the last commit.
#[derive(Debug)]
pub struct Writer<D: Disk> {
    pub(super) source: Source<D>,
    pub(super) head: Head,
    pub(super) hasher: FileBlockHasher,
    /// Tokens from `buffer_start`, the start of a block, to the end of the appended ones.
    pub(super) buffer: Vec<Token>,
    pub(super) buffer_start: u64,
    /// How many of the buffer's tokens are in the file.
    pub(super) written: usize,
    /// The hashes of the blocks that became full since the last commit.
    pub(super) entries: Vec<[u8; 8]>,
    /// How many tokens have disk blocks allocated.
    pub(super) allocated: u64,
    /// The minimum length of the file when the writer is dropped.
    pub(super) kept: u64,
    pub(super) outflow: Outflow,
    /// The announced end, in tokens, of the commit being appended.
    pub(super) announced: u64,
    /// How many tokens were appended when the append at work began.
    pub(super) mark: u64,
    /// The start of the block at `mark`, once it left the buffer.
    pub(super) saved: Vec<Token>,
    pub(super) zero_ahead: ZeroAhead,
    pub(super) poisoned: bool,
    /// Whether no other commit than the one in `head` can be the newest.
    pub(super) knows_newest: bool,
}

impl<D: Disk> Writer<D> {
    /// Opens a file for appending, locks it, and makes what it found durable before
    /// reporting it: the tail is restored from its image if necessary, the newest commit is
    /// repeated as the next generation, and the folder is synced if possible. The writer of
    /// that commit may have died before its last sync, and the creator of the file before
    /// making its name durable.
    ///
    /// `dir` is the folder of `disk`, `path` the file's name in errors.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::Locked`] while another appender lives.
    pub fn open<R: Dir<File = D>>(
        dir: &R,
        disk: D,
        path: impl AsRef<Path>,
    ) -> Result<Self, OpenError> {
        Self::open_with(dir, disk, path, &AppendOptions::new())
    }

    /// Opens a damaged file for appending, as far as `options` accept its losses; otherwise
    /// like [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_with<R: Dir<File = D>>(
        dir: &R,
        disk: D,
        path: impl AsRef<Path>,
        options: &AppendOptions,
    ) -> Result<Self, OpenError> {
        take_lock(&disk, path.as_ref())?;
        let source = Source::new(disk, path.as_ref());
        let mut head = Head::read(&source)?;
        head.check_writable(source.path(), options)?;
        let tail = match Tail::read(&source, &head) {
            // An unreadable block is closed like a damaged one.
            Err(_) if options.takes_damaged_tail() => Tail::Lost {
                tokens: vec![Token::ZERO; (head.slot.tokens % BLOCK) as usize],
                found: 0,
            },
            read => read?,
        };
        let writer = match tail {
            Tail::Sound(tokens) => Self::new(source, head, tokens),
            Tail::Restorable {
                tokens,
                image_start,
                ..
            } => {
                restore_tail(&source, &mut head, image_start)?;
                Self::new(source, head, tokens)
            }
            Tail::Lost { found, .. } if !options.takes_damaged_tail() => {
                return Err(Tail::damaged(&source, &head, found, false));
            }
            Tail::Lost { found, tokens } => Self::closing_tail(source, head, found, tokens)?,
        };
        let mut writer = writer.with_cache(options.cache_policy());
        writer.confirm()?;
        match writer.source.sync_folder(dir) {
            Err(error) if is_refused(&error) => {
                writer.head.findings.push(Finding::FolderNotSynced);
            }
            other => other?,
        }
        Ok(writer)
    }

    /// Opens the file that has a name, even if it is being replaced meanwhile; otherwise like
    /// [`open_with`](Self::open_with).
    ///
    /// `name` is the file's name in `dir`, `path` its name in errors.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_named<R: Dir<File = D>>(
        dir: &R,
        (name, path): (&str, &Path),
        options: &AppendOptions,
    ) -> Result<Self, OpenError> {
        let open = || {
            dir.open(name, true).map_err(|source| {
                OpenError::Io(IoError {
                    path: path.to_owned(),
                    operation: Operation::Open,
                    offset: None,
                    source,
                })
            })
        };
        let file = open_locked(path, open, |file| dir.is_named(name, file))?;
        Self::open_with(dir, file, path, options)
    }

    /// Writes the head of an empty file, and does not sync it.
    pub(crate) fn create(
        source: Source<D>,
        header: StaticHeader,
        tag: u64,
    ) -> Result<Self, IoError> {
        let slot = Slot::first(&header, tag);
        let slot_copy = slot.encode();
        super::grow::allocate(&source, 0, TABLE_OFFSET)?;
        let mut page = vec![0; HEAD_BYTES];
        let header_page = header.encode();
        page[..header_page.len()].copy_from_slice(&header_page);
        let mut slot_pages = Box::new([[0; SLOT_PAGE_BYTES]; 2]);
        put_copies(&mut slot_pages[slot.index()], &slot_copy);
        for (at, slot_page) in SLOT_OFFSETS.into_iter().zip(slot_pages.iter()) {
            page[at as usize..at as usize + SLOT_PAGE_BYTES].copy_from_slice(slot_page);
        }
        let intent = Intent::of(&slot).encode(header.file_id);
        let at = TAIL_OFFSETS[slot.index()] as usize + INTENT_OFFSET;
        page[at..at + intent.len()].copy_from_slice(&intent);
        source.write(&page, 0)?;
        source.write(&header_page, SPARE_HEADER_OFFSET)?;
        let head = Head {
            header,
            slot,
            slot_copy,
            other: None,
            slot_pages,
            tail_image: None,
            findings: Vec::new(),
            length: TABLE_OFFSET,
            unreadable: None,
        };
        Ok(Self::new(source, head, Vec::new()))
    }

    /// Closes a damaged last block: zero tokens fill it up, and its entry is the complement
    /// of its hash, so that it never passes as sound.
    ///
    /// `tokens` are its tokens, `found` is their hash.
    fn closing_tail(
        source: Source<D>,
        mut head: Head,
        found: u64,
        mut tokens: Vec<Token>,
    ) -> Result<Self, OpenError> {
        let committed = head.slot.tokens;
        let block = committed / BLOCK;
        let end = (block + 1) * BLOCK;
        if end > head.header.max_tokens {
            // There is no next block to continue in.
            return Err(Tail::damaged(&source, &head, found, false));
        }
        let begun = tokens.len();
        tokens.resize(BLOCK_TOKENS, Token::ZERO);
        let fill = ng_token::as_bytes(&tokens[begun..]);
        let offset = head.header.token_offset(committed);
        super::grow::allocate(&source, head.header.entry_offset(block), ENTRY_BYTES)?;
        super::grow::allocate(&source, offset, fill.len() as u64)?;
        source.write(fill, offset)?;
        head.length = head.length.max(offset + fill.len() as u64);
        head.findings.push(Finding::TailClosed { block });
        let mut writer = Self::new(source, head, Vec::new());
        let entry = !writer.hasher.hash_block(block, &tokens);
        writer.entries.push(entry.to_le_bytes());
        writer.buffer_start = end;
        writer.allocated = end;
        writer.mark = end;
        Ok(writer)
    }

    fn new(source: Source<D>, head: Head, tokens: Vec<Token>) -> Self {
        let committed = head.slot.tokens;
        Self {
            hasher: FileBlockHasher::new(head.header.file_id),
            buffer_start: committed - committed % BLOCK,
            written: tokens.len(),
            buffer: tokens,
            entries: Vec::new(),
            allocated: committed,
            kept: head.length,
            outflow: Outflow::new(CachePolicy::Auto, head.header.token_offset(committed)),
            announced: committed,
            mark: committed,
            saved: Vec::new(),
            zero_ahead: ZeroAhead::default(),
            poisoned: false,
            knows_newest: true,
            source,
            head,
        }
    }

    pub(super) fn with_cache(mut self, policy: CachePolicy) -> Self {
        self.outflow.set_policy(policy);
        self
    }

    /// Returns how many tokens are committed.
    pub fn committed_tokens(&self) -> u64 {
        self.head.slot.tokens
    }

    /// Returns the last commit.
    pub fn last_commit(&self) -> Commit {
        Commit::of(&self.head)
    }

    /// Returns how many tokens were appended, committed or not.
    pub fn appended_tokens(&self) -> u64 {
        self.buffer_start + self.buffer.len() as u64
    }

    /// Returns how many tokens fit before the file must grow.
    pub fn allocated_tokens(&self) -> u64 {
        self.allocated
    }

    /// Returns the number of the last commit.
    pub fn generation(&self) -> u64 {
        self.head.slot.generation
    }

    /// Returns the hasher of this file's blocks.
    pub fn block_hasher(&self) -> FileBlockHasher {
        self.hasher
    }

    /// Returns what the file says about itself.
    pub fn info(&self) -> FileInfo {
        FileInfo::from(&self.head)
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Returns the findings of the open.
    pub fn findings(&self) -> &[Finding] {
        &self.head.findings
    }

    /// Tells whether a failure made the writer refuse.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Returns the disk.
    pub fn disk(&self) -> &D {
        self.source.disk()
    }

    /// Returns the file's name in errors.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    pub(crate) fn source(&self) -> &Source<D> {
        &self.source
    }

    pub(crate) fn check_sound(&self) -> Result<(), WriteError> {
        let path = || self.source.path().to_owned();
        if !self.source.disk().is_ours() {
            return Err(WriteError::Forked { path: path() });
        }
        if self.poisoned {
            return Err(WriteError::Poisoned { path: path() });
        }
        Ok(())
    }

    /// Poisons the writer with a failure that leaves the last commit intact. If the file
    /// was truncated, reports that as the cause.
    pub(super) fn poison(&mut self, cause: IoError) -> WriteError {
        self.poisoned = true;
        if let Err(cut @ WriteError::Truncated { .. }) = check_length(&self.source, &self.head) {
            return cut;
        }
        match is_no_space(&cause) {
            true => WriteError::NoSpaceAfterAll { cause },
            false => WriteError::Io { cause },
        }
    }
}

/// Tells whether a folder cannot be synced, for lack of permission or file-system support.
fn is_refused(error: &IoError) -> bool {
    matches!(
        error.source.kind(),
        ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
    )
}

/// Restores the end of the last block in the file.
fn restore_tail<D: Disk>(
    source: &Source<D>,
    head: &mut Head,
    token_index: u64,
) -> Result<(), IoError> {
    if let Some(image) = &head.tail_image {
        source.write(image, head.header.token_offset(token_index))?;
    }
    head.findings.push(Finding::TailRestored { token_index });
    Ok(())
}
