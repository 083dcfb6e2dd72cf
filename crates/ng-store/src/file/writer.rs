use std::path::Path;

use ng_token::Token;

use super::{FileInfo, Finding, Head, Tail};
use crate::disk::{Dir, Disk, Source};
use crate::format::{
    BLOCK, COPY_BYTES, COPY_OFFSETS, FileBlockHasher, HEAD_BYTES, SLOT_OFFSETS, Slot, StaticHeader,
    TABLE_OFFSET, TAIL_OFFSETS, TAIL_TOKENS,
};
use crate::{IoError, OpenError, WriteError};

/// Appends tokens to a file and commits them.
///
/// It takes no lock: whoever makes one over a real file locks it first, as
/// [`FileWriter`](crate::FileWriter) does.
///
/// What is appended is buffered, up to 1 MiB, and written behind the committed
/// tokens; a commit makes it count. A failed write or sync poisons the writer:
/// it refuses from then on, and opening the file again finds the last commit.
#[derive(Debug)]
pub struct Writer<D> {
    pub(super) source: Source<D>,
    pub(super) head: Head,
    pub(super) hasher: FileBlockHasher,
    /// Tokens from `buffer_start`, a block's first, to the end of what was
    /// appended.
    pub(super) buffer: Vec<Token>,
    pub(super) buffer_start: u64,
    /// How many of the buffer's tokens are in the file.
    pub(super) written: usize,
    /// The hashes of the blocks that became full since the last commit.
    pub(super) entries: Vec<[u8; 8]>,
    /// How many tokens have blocks on the disk.
    pub(super) allocated: u64,
    /// From which byte on no writeback was started.
    pub(super) writeback_start: u64,
    /// How many tokens were appended when the append at work began.
    pub(super) mark: u64,
    /// The begin of the block at `mark`, once it left the buffer.
    pub(super) saved: Vec<Token>,
    pub(super) poisoned: bool,
}

impl<D: Disk> Writer<D> {
    /// Opens a file for appending, and makes true what it found: the tail is
    /// restored from its image if it must, the newest slot written again and
    /// synced, and so is the folder, before anything is said about it. Whoever
    /// created the file may have died between giving it its name and making
    /// the name durable.
    ///
    /// `dir` is the folder that `disk` is in, `path` what errors call the file.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open<R: Dir<File = D>>(
        dir: &R,
        disk: D,
        path: impl AsRef<Path>,
    ) -> Result<Self, OpenError> {
        let source = Source::new(disk, path.as_ref());
        let mut head = Head::read(&source)?;
        head.check_writable(source.path())?;
        let tokens = restore_tail(&source, &mut head)?;
        confirm(&source, &head, &tokens)?;
        source.sync_folder(dir)?;
        Ok(Self::new(source, head, tokens))
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
        for offset in COPY_OFFSETS {
            let at = SLOT_OFFSETS[slot.index()] as usize + offset;
            page[at..at + COPY_BYTES].copy_from_slice(&slot_copy);
        }
        source.write(&page, 0)?;
        let head = Head {
            header,
            slot,
            slot_copy,
            tail_image: None,
            findings: Vec::new(),
            length: TABLE_OFFSET,
            unreadable: None,
        };
        Ok(Self::new(source, head, Vec::new()))
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
            writeback_start: head.header.token_offset(committed),
            mark: committed,
            saved: Vec::new(),
            poisoned: false,
            source,
            head,
        }
    }

    /// Returns how many tokens are committed.
    pub fn committed_tokens(&self) -> u64 {
        self.head.slot.tokens
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

    /// Returns what was wrong when the file was opened.
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

    /// Returns what errors call the file.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    pub(crate) fn source(&self) -> &Source<D> {
        &self.source
    }

    pub(crate) fn check_sound(&self) -> Result<(), WriteError> {
        if !self.poisoned {
            return Ok(());
        }
        Err(WriteError::Poisoned {
            path: self.source.path().to_owned(),
        })
    }

    /// Poisons the writer with a failure that leaves the last commit alone.
    pub(super) fn poison(&mut self, cause: IoError) -> WriteError {
        self.poisoned = true;
        WriteError::Io { cause }
    }
}

/// Checks the block that is not full, and mends its end in the file.
fn restore_tail<D: Disk>(source: &Source<D>, head: &mut Head) -> Result<Vec<Token>, OpenError> {
    match Tail::read(source, head)? {
        Tail::Sound(tokens) => Ok(tokens),
        Tail::Restorable {
            tokens,
            image_start,
            ..
        } => {
            if let Some(image) = &head.tail_image {
                source.write(image, head.header.token_offset(image_start))?;
            }
            let token_index = image_start;
            head.findings.push(Finding::TailRestored { token_index });
            Ok(tokens)
        }
        Tail::Lost { found } => Err(Tail::damaged(source, head, found, false)),
    }
}

/// Makes the newest commit durable as it is: whoever wrote it may have died
/// before its sync. A damaged image of its tail is made again.
fn confirm<D: Disk>(source: &Source<D>, head: &Head, tokens: &[Token]) -> Result<(), IoError> {
    let slot = head.slot.index();
    if head.findings.contains(&Finding::TailImage { slot }) {
        let tail = &tokens[tokens.len() - tokens.len() % TAIL_TOKENS as usize..];
        source.write(ng_token::as_bytes(tail), TAIL_OFFSETS[slot])?;
    }
    for offset in COPY_OFFSETS {
        source.write(&head.slot_copy, SLOT_OFFSETS[slot] + offset as u64)?;
    }
    source.sync()
}
