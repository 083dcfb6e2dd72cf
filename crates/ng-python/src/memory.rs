//! Tokens in memory that Python reads, and writes to on request.
//!
//! Rust reads slices, which must not be written to meanwhile; numpy has pointers, about which Rust
//! knows nothing. So a [`Memory`] counts both: while a writable view exists there are no slices,
//! and vice versa.

use std::mem::ManuallyDrop;
use std::ops::{Deref, Range};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use ng_store::{MemoryUsage, TokenStore, VecStore};
use ng_token::Token;

use crate::error::{Class, Error};

/// The tokens of a store, which do not move while they are shared.
pub(crate) struct Memory {
    start: NonNull<Token>,
    len: usize,
    capacity: usize,
    lent: Lent,
}

/// How many slices or how many writable views there are: never both.
///
/// One number without a lock, which a fork could find held.
#[derive(Default)]
struct Lent(AtomicU64);

impl Lent {
    const WRITABLE: u64 = 1;
    const SLICE: u64 = 1 << 32;

    /// Counts a slice; fails with the number of writable views if there are any.
    fn add_slice(&self) -> Result<(), u64> {
        self.add(Self::SLICE, |lent| lent % Self::SLICE)
    }

    /// Counts a writable view; fails with the number of slices if there are any.
    fn add_writable(&self) -> Result<(), u64> {
        self.add(Self::WRITABLE, |lent| lent / Self::SLICE)
    }

    fn add(&self, one: u64, others: impl Fn(u64) -> u64) -> Result<(), u64> {
        let more = |lent| (others(lent) == 0).then_some(lent + one);
        // A later reader sees what was written before the view was released.
        let added = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        added.map(|_| ()).map_err(others)
    }

    fn take_back(&self, one: u64) {
        self.0.fetch_sub(one, Ordering::AcqRel);
    }
}

// SAFETY: `Send` and `Sync` ask that it may be moved to, and used from, another thread. (1) It owns
// the allocation, as the vector it was made from did. (2) Through `&Memory` the tokens are read as
// a slice while there are no writable views (`slice`), word by word and atomically (`token`), or by
// Python, which is responsible for its own threads.
unsafe impl Send for Memory {}
// SAFETY: As above.
unsafe impl Sync for Memory {}

impl Memory {
    pub(crate) fn of(store: VecStore) -> Self {
        let mut tokens = ManuallyDrop::new(store.into_vec());
        Self {
            // A vector's pointer is never null.
            start: NonNull::new(tokens.as_mut_ptr()).unwrap_or(NonNull::dangling()),
            len: tokens.len(),
            capacity: tokens.capacity(),
            lent: Lent::default(),
        }
    }

    /// Takes the tokens back, which have no views any more.
    pub(crate) fn into_store(self) -> VecStore {
        let whole = ManuallyDrop::new(self);
        VecStore::from_vec(ManuallyDrop::into_inner(whole.vector()))
    }

    /// The vector it was made from, which owns the tokens only once this is gone.
    fn vector(&self) -> ManuallyDrop<Vec<Token>> {
        // SAFETY: `from_raw_parts` asks for (1) a pointer of this allocator, for this alignment and
        // capacity, (2) `len` initialised tokens at most that many, and (3) that nobody else frees
        // or moves them. (1) and (2) are what `of` took apart. (3) The vector itself frees them
        // only when dropped, which `into_store` and `drop` allow, each for a memory without other
        // owners.
        ManuallyDrop::new(unsafe {
            Vec::from_raw_parts(self.start.as_ptr(), self.len, self.capacity)
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Asks the kernel for the memory of the tokens.
    pub(crate) fn usage(&self) -> MemoryUsage {
        let vector = ManuallyDrop::into_inner(self.vector());
        // It owns nothing, and is asked in place: it is neither changed nor dropped.
        ManuallyDrop::new(VecStore::from_vec(vector)).memory_usage()
    }

    pub(crate) fn start(&self) -> *mut Token {
        self.start.as_ptr()
    }

    /// Returns the tokens as a slice, which is not written to until it is dropped.
    ///
    /// # Errors
    ///
    /// `BufferError` if there is a writable view.
    pub(crate) fn slice(self: &Arc<Self>, range: Range<usize>) -> Result<Slice, Error> {
        self.lent.add_slice().map_err(|writable| {
            let text = format!(
                "the tokens have {}, expected none: delete the arrays first",
                counted(writable as usize, "writable view")
            );
            Error::new(Class::Buffer, text)
        })?;
        let memory = Arc::clone(self);
        Ok(Slice { memory, range })
    }

    /// Counts a new writable view, until [`take_back`](Self::take_back) is called.
    ///
    /// # Errors
    ///
    /// `BufferError` if the tokens are read as a slice.
    pub(crate) fn let_out(&self) -> Result<(), Error> {
        self.lent.add_writable().map_err(|slices| {
            let text = format!(
                "the tokens have {}, expected none: delete the snapshots and streams, and wait \
                 for operations, first",
                counted(slices as usize, "reader")
            );
            Error::new(Class::Buffer, text)
        })
    }

    pub(crate) fn take_back(&self) {
        self.lent.take_back(Lent::WRITABLE);
    }

    /// Copies a token, which may be written to meanwhile; the copy may then mix old and new.
    ///
    /// # Panics
    ///
    /// If there is no such token.
    pub(crate) fn token(&self, index: usize) -> Token {
        assert!(index < self.len, "token {index} of {}", self.len);
        // SAFETY: (1) `index` is below `len`. (2) Rust writes only while it is the sole owner.
        unsafe { copied(self.start.as_ptr().wrapping_add(index).cast()) }
    }
}

/// Copies a record that Python may be writing to; the copy may then mix old and new.
///
/// # Safety
///
/// (1) `start` is valid for reads of a record. (2) No Rust code writes to it meanwhile.
#[inline]
pub(crate) unsafe fn copied(start: *const u8) -> Token {
    let (start, mut bytes) = (start.cast_mut(), [0; Token::SIZE]);
    let words = start.cast::<u64>();
    if words.is_aligned() {
        for (number, place) in bytes.chunks_exact_mut(size_of::<u64>()).enumerate() {
            // SAFETY: `from_ptr` asks for (1) an aligned pointer, (2) valid for what is done by it,
            // and (3) no access that is not atomic meanwhile. (1) It was checked. (2) The caller
            // vouches for reads, and relaxed loads of a word also work on read-only memory. (3) The
            // caller vouches for Rust; Python's writes are by machine code outside Rust's rules,
            // which stores words or less.
            let word = unsafe { AtomicU64::from_ptr(words.wrapping_add(number)) };
            place.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
    } else {
        for (number, place) in bytes.iter_mut().enumerate() {
            // SAFETY: As above; bytes are aligned anywhere.
            let byte = unsafe { AtomicU8::from_ptr(start.wrapping_add(number)) };
            *place = byte.load(Ordering::Relaxed);
        }
    }
    Token::from_bytes(&bytes)
}

impl Drop for Memory {
    fn drop(&mut self) {
        drop(ManuallyDrop::into_inner(self.vector()));
    }
}

/// Some tokens of a memory, as a slice that is not written to.
pub(crate) struct Slice {
    memory: Arc<Memory>,
    range: Range<usize>,
}

impl Deref for Slice {
    type Target = [Token];

    fn deref(&self) -> &[Token] {
        let (start, len) = (self.memory.start, self.memory.len);
        // SAFETY: `from_raw_parts` asks for (1) an aligned pointer to `len` tokens in one
        // allocation, (2) initialised, (3) not written while the slice lives. (1) and (2) are what
        // `Memory::of` took apart. (3) `Memory::slice` found no writable view and `let_out` gives
        // none while this is counted; only the sole owner of the memory takes a store back.
        let tokens = unsafe { std::slice::from_raw_parts(start.as_ptr(), len) };
        &tokens[self.range.clone()]
    }
}

impl Drop for Slice {
    fn drop(&mut self) {
        self.memory.lent.take_back(Lent::SLICE);
    }
}

/// `1 view`, `2 views`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
