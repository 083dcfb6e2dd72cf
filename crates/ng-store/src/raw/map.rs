use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io;
use std::ops::{Deref, Range};
use std::ptr::NonNull;
use std::sync::Arc;

#[cfg(target_os = "linux")]
use memmap2::Advice;
use memmap2::{MmapMut, MmapOptions, MmapRaw};
use ng_token::Token;

use super::Promise;
use super::cached_pages::{cached_pages, drop_mapped_pages};
use crate::{Access, Commit, MemoryUsage, TokenStore, inode};

/// Address space in which tokens appear once committed.
///
/// A map of a file may extend beyond its end: the space is reserved once, and pages become
/// valid as the file grows. So a `Map` alone shows nothing; a [`Snapshot`] shows the tokens
/// up to a committed length.
pub(crate) struct Map {
    start: NonNull<Token>,
    token_capacity: usize,
    // The offset of the first token in the file.
    data_offset: u64,
    backing: Backing,
}

/// Keeps the memory of a map.
enum Backing {
    File(MmapRaw),
    #[cfg(test)]
    Plain {
        _memory: Arc<plain::Memory>,
    },
}

impl Backing {
    /// Makes the kernel load and map some bytes; `false` if unsupported.
    fn populate(&self, offset: usize, bytes: usize) -> io::Result<bool> {
        match self {
            #[cfg(target_os = "linux")]
            Self::File(space) => populate(|advice| space.advise_range(advice, offset, bytes)),
            #[cfg(not(target_os = "linux"))]
            Self::File(_) => {
                let _ = (offset, bytes);
                Ok(false)
            }
            #[cfg(test)]
            Self::Plain { .. } => Ok(false),
        }
    }
}

/// Makes the kernel load the range that `advise` advises; `false` if unsupported.
#[cfg(target_os = "linux")]
fn populate(advise: impl Fn(Advice) -> io::Result<()>) -> io::Result<bool> {
    use std::io::ErrorKind::{Interrupted, InvalidInput};

    loop {
        match advise(Advice::PopulateRead) {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == Interrupted => {}
            // Linux before 5.14.
            Err(error) if error.kind() == InvalidInput => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Reads a token of each page.
fn touch(tokens: &[Token]) {
    const PAGE_TOKENS: usize = 4096 / Token::SIZE;

    let firsts = tokens.iter().step_by(PAGE_TOKENS).chain(tokens.last());
    black_box(firsts.fold(0, |seen, token| seen ^ token.timestamp()));
}

// SAFETY: `Send` and `Sync` require that a `Map` may be moved to, and used from,
// another thread. (1) `start` is only read through, and only where nobody writes:
// below a length that was committed. (2) The backing is unmapped or freed on
// whatever thread drops it, which both allow.
unsafe impl Send for Map {}
// SAFETY: As above: every use through `&Map` reads.
unsafe impl Sync for Map {}

impl Map {
    /// Maps `token_capacity` tokens of `file` from `data_offset` on, read-only
    /// and shared. The file may be shorter.
    ///
    /// # Errors
    ///
    /// The system refuses, or the size is beyond an address space.
    pub(crate) fn of_file(
        file: &File,
        data_offset: u64,
        token_capacity: u64,
        _promise: Promise,
    ) -> io::Result<Self> {
        let size_bytes = size_bytes(token_capacity)?;
        let space = MmapOptions::new()
            .offset(data_offset)
            .len(size_bytes)
            .map_raw_read_only(file)?;
        let start = NonNull::new(space.as_mut_ptr().cast::<Token>())
            .filter(|start| start.is_aligned())
            .ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self {
            start,
            token_capacity: size_bytes / size_of::<Token>(),
            data_offset,
            backing: Backing::File(space),
        })
    }

    pub(crate) fn token_capacity(&self) -> usize {
        self.token_capacity
    }

    /// Advises the system how some bytes of the map will be accessed.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub(crate) fn advise(&self, bytes: Range<usize>, access: Access) -> io::Result<()> {
        match &self.backing {
            #[cfg(unix)]
            Backing::File(space) if !bytes.is_empty() => {
                space.advise_range(access.advice(), bytes.start, bytes.len())
            }
            _ => Ok(()),
        }
    }

    /// Shows the tokens of a commit.
    ///
    /// `file` is the mapped file; its length is checked, so that no slice extends beyond
    /// the end, whatever the caller believes.
    ///
    /// # Errors
    ///
    /// The file is shorter, or cannot be asked.
    ///
    /// # Panics
    ///
    /// If the map is smaller.
    pub(crate) fn snapshot(self: &Arc<Self>, file: &File, commit: Commit) -> io::Result<Snapshot> {
        self.check_length(file, commit.tokens)?;
        Ok(self.show(commit))
    }

    /// Checks that the mapped file is long enough for `len` tokens.
    ///
    /// # Errors
    ///
    /// The file is shorter, or cannot be asked.
    pub(crate) fn check_length(&self, file: &File, len: u64) -> io::Result<()> {
        let end = self.data_offset + len * size_of::<Token>() as u64;
        if len > 0 && inode::length(file)? < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Shows the tokens of a commit of a file whose length was checked.
    ///
    /// # Panics
    ///
    /// If the map is smaller.
    pub(crate) fn show(self: &Arc<Self>, commit: Commit) -> Snapshot {
        let len = usize::try_from(commit.tokens).unwrap_or(usize::MAX);
        assert!(
            len <= self.token_capacity,
            "{len} tokens of a map for {}",
            self.token_capacity
        );
        Snapshot {
            map: Arc::clone(self),
            commit,
            range: 0..len,
        }
    }
}

/// The tokens of a commit, or some of them, valid as long as it is held.
///
/// Cloning increments a counter. It stays valid and unchanged while the store changes,
/// after the store is dropped, and in a forked child.
///
/// It is a slice as well as a [`TokenStore`](crate::TokenStore). If that is imported, `get`
/// is the trait's, which takes an index but no range: use `tokens().get(3..5)`.
#[derive(Clone)]
pub struct Snapshot {
    map: Arc<Map>,
    commit: Commit,
    range: Range<usize>,
}

impl Snapshot {
    /// Returns the tokens. O(1).
    #[inline]
    pub fn tokens(&self) -> &[Token] {
        let start = self.map.start.as_ptr().wrapping_add(self.range.start);
        // SAFETY: `from_raw_parts` requires (1) a pointer that is not null and
        // aligned, (2) to `len` tokens in one allocation, readable for the
        // lifetime of the slice, (3) initialised, (4) not written during it, and
        // (5) at most `isize::MAX` bytes.
        // (1) `Map` checked both when it was made, and `range.start` is within it.
        // (2) `Map::show` checked the length of the commit against the map, and
        //     `Map::snapshot` the file against that length; `range` lies within it
        //     (`slice`); `self.map` keeps the map. That nobody shrinks the file is
        //     the promise that `Map::of_file` was handed.
        // (3) Every byte of a file is one, and every 64 bytes are a `Token`.
        // (4) The range is committed. This crate's writer writes tokens from the
        //     end of the committed ones on only (`Writer::write_tokens` asserts
        //     it), and the map is read-only; others are bound by the promise.
        // (5) `size_bytes` checked the whole map.
        unsafe { std::slice::from_raw_parts(start, self.range.len()) }
    }

    /// Returns how many tokens there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Tells whether it is empty.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Returns the commit of the tokens.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// Returns the index of the first token in the commit: 0, unless it is a
    /// [`slice`](Self::slice).
    pub fn start(&self) -> usize {
        self.range.start
    }

    /// Returns a snapshot of some of the tokens, which keeps the map, too. O(1).
    ///
    /// # Panics
    ///
    /// If the range is not within the snapshot.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.len(),
            "tokens {range:?} of {}",
            self.len()
        );
        let start = self.range.start;
        Self {
            range: start + range.start..start + range.end,
            ..self.clone()
        }
    }

    /// Returns all tokens of the commit.
    pub(crate) fn whole(&self) -> Self {
        Self {
            range: 0..self.commit.tokens as usize,
            ..self.clone()
        }
    }

    /// Advises the system how a range of tokens will be accessed. A hint: any access stays
    /// allowed. Except for [`WillNeed`](Access::WillNeed), it applies to all snapshots of
    /// the map, until other advice is given.
    ///
    /// # Errors
    ///
    /// The system refuses.
    ///
    /// # Panics
    ///
    /// If the range is not within the snapshot.
    pub fn advise(&self, range: Range<usize>, access: Access) -> io::Result<()> {
        let tokens = &self.tokens()[range.clone()];
        let offset = (self.range.start + range.start) * size_of::<Token>();
        self.map
            .advise(offset..offset + size_of_val(tokens), access)
    }

    /// Loads a range of tokens into memory and the page table, and waits.
    ///
    /// Accessing the tokens then causes no fault. And if the disk fails, or the file was
    /// truncated despite the promise, this returns an error where access would raise a
    /// signal. It is no faster than plain access while the file fits in memory, since the
    /// kernel reads ahead for both. For larger files, see [`pass`](Self::pass).
    ///
    /// If the kernel lacks the call (Linux before 5.14, other systems), it accesses the
    /// pages, which may raise that signal.
    ///
    /// # Errors
    ///
    /// The kernel could not read: usually `EFAULT`, whatever the disk's error.
    ///
    /// # Panics
    ///
    /// If the range is not within the snapshot.
    pub fn populate(&self, range: Range<usize>) -> io::Result<()> {
        let tokens = &self.tokens()[range.clone()];
        let offset = (self.range.start + range.start) * size_of::<Token>();
        let done = self.map.backing.populate(offset, size_of_val(tokens))?;
        if !done {
            touch(tokens);
        }
        Ok(())
    }

    /// Calls `each` for each page of the tokens in memory, with its offset in the map, in
    /// bytes. `None` if the system does not say.
    pub(crate) fn cached_pages(&self, each: &mut dyn FnMut(u64)) -> Option<()> {
        match &self.map.backing {
            Backing::File(space) => cached_pages(space, self.bytes(), each),
            #[cfg(test)]
            Backing::Plain { .. } => None,
        }
    }

    /// Asks the system to drop the pages of some bytes of the map, unless others have them
    /// mapped. A hint.
    pub(crate) fn drop_pages(&self, bytes: Range<u64>) {
        match &self.map.backing {
            Backing::File(space) => {
                drop_mapped_pages(space, bytes.start as usize..bytes.end as usize);
            }
            #[cfg(test)]
            Backing::Plain { .. } => {}
        }
    }

    /// The byte range of the tokens in the map.
    pub(crate) fn bytes(&self) -> Range<usize> {
        self.range.start * size_of::<Token>()..self.range.end * size_of::<Token>()
    }

    pub(crate) fn map(&self) -> &Arc<Map> {
        &self.map
    }

    /// The addresses of the tokens.
    pub(crate) fn addresses(&self) -> Range<usize> {
        let start = self.map.start.addr().get();
        start + self.bytes().start..start + self.bytes().end
    }
}

impl Deref for Snapshot {
    type Target = [Token];

    #[inline]
    fn deref(&self) -> &[Token] {
        self.tokens()
    }
}

impl fmt::Debug for Snapshot {
    /// Shows the sizes, not the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("commit", &self.commit)
            .field("range", &self.range)
            .finish()
    }
}

impl TokenStore for Snapshot {
    #[inline]
    fn tokens(&self) -> &[Token] {
        self.tokens()
    }

    /// Measures only these tokens, which are all that is reserved for them.
    fn memory_usage(&self) -> MemoryUsage {
        MemoryUsage::measure(&self.addresses(), self.bytes().len())
    }
}

/// Tokens of a file that can be changed in memory, but never in the file.
pub(crate) struct PrivateMap {
    // `None` for no tokens: there is nothing to map.
    pages: Option<MmapMut>,
}

impl PrivateMap {
    /// Maps `len` committed tokens from `data_offset` on, copied when written.
    ///
    /// # Errors
    ///
    /// The system refuses, the size is beyond an address space, or the file is
    /// shorter.
    pub(crate) fn of_file(
        file: &File,
        data_offset: u64,
        len: u64,
        _promise: Promise,
    ) -> io::Result<Self> {
        if len == 0 {
            return Ok(Self { pages: None });
        }
        let size_bytes = size_bytes(len)?;
        if inode::length(file)? < data_offset + size_bytes as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut options = MmapOptions::new();
        // Otherwise the system reserves swap for every page, as if all were written, and
        // refuses a file larger than memory and swap.
        options
            .offset(data_offset)
            .len(size_bytes)
            .no_reserve_swap();
        // SAFETY: `map_copy` requires that the file is not changed or cut while it
        // is mapped, where a page was not copied yet. (1) The length was just
        // checked. (2) All of it is committed, so this crate's writers do not
        // touch it, and the promise binds everybody else.
        let pages = unsafe { options.map_copy(file) }?;
        Ok(Self { pages: Some(pages) })
    }

    /// Loads some bytes, if the kernel supports it.
    ///
    /// # Errors
    ///
    /// They cannot be read, or were truncated.
    pub(crate) fn populate(&self, bytes: Range<usize>) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(pages) = &self.pages {
            populate(|advice| pages.advise_range(advice, bytes.start, bytes.len()))?;
        }
        let _ = bytes;
        Ok(())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.pages.as_deref().unwrap_or_default()
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.pages.as_deref_mut().unwrap_or_default()
    }
}

/// The bytes of `tokens`, if an address space may hold them.
fn size_bytes(tokens: u64) -> io::Result<usize> {
    usize::try_from(tokens)
        .ok()
        .and_then(|tokens| tokens.checked_mul(size_of::<Token>()))
        .filter(|&size_bytes| isize::try_from(size_bytes).is_ok())
        .ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

#[cfg(test)]
mod plain;
