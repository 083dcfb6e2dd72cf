use std::fmt;

use ng_token::Token;

use crate::raw::{self, Filled, STREAMED_MIN_TOKENS, Stores, Vacant};
use crate::{MemoryUsage, NoHash, PagePolicy, TokenSink, TokenStore, VecStoreError, whole_blocks};

/// Tokens in memory: a page-aware `Vec<Token>`.
///
/// A large reservation is advised by the store's [`PagePolicy`] before it is touched, and
/// the filling thread makes the first touch. Appended tokens are visible at once, and
/// [`commit`](TokenSink::commit) does nothing.
///
/// It grows by doubling, or by an eighth, or, if memory is refused, by what is needed,
/// always into a fresh allocation, since `realloc` would copy onto unadvised pages. While
/// it grows, the old tokens and the new reservation both exist.
///
/// No constructor gives zeroed memory: for a type aligned to 64, the allocator writes the
/// zeros itself, on one thread, which is then the first touch.
pub struct VecStore {
    tokens: Vec<Token>,
    policy: PagePolicy,
    /// How many tokens of this allocation had been written when some were last removed.
    touched: usize,
}

/// The initial capacity of a growing store, in tokens: one base page.
const MIN_CAPACITY: usize = 64;

impl VecStore {
    /// Returns an empty store that has allocated nothing.
    pub const fn new() -> Self {
        Self::with_policy(PagePolicy::Huge)
    }

    /// Returns an empty store whose reservations are advised by `policy`.
    ///
    /// It has allocated nothing; [`reserve_exact`](Self::reserve_exact) does.
    pub const fn with_policy(policy: PagePolicy) -> Self {
        Self {
            tokens: Vec::new(),
            policy,
            touched: 0,
        }
    }

    /// Returns an empty store with room for exactly `capacity` tokens.
    ///
    /// # Panics
    ///
    /// If memory runs out; [`try_with_capacity`](Self::try_with_capacity) returns an error
    /// instead.
    pub fn with_capacity(capacity: usize) -> Self {
        Self::try_with_capacity(capacity).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns an empty store with room for exactly `capacity` tokens.
    ///
    /// # Errors
    ///
    /// [`CapacityOverflow`](VecStoreError::CapacityOverflow) or
    /// [`OutOfMemory`](VecStoreError::OutOfMemory). A kernel that overcommits grants more
    /// than it has, and running out later is not an error.
    pub fn try_with_capacity(capacity: usize) -> Result<Self, VecStoreError> {
        let mut store = Self::new();
        store.reserve_exact(capacity)?;
        Ok(store)
    }

    /// Takes over a vector unchanged, without copying or advising it.
    ///
    /// The default policy applies when the store grows.
    pub const fn from_vec(tokens: Vec<Token>) -> Self {
        Self {
            tokens,
            policy: PagePolicy::Huge,
            touched: 0,
        }
    }

    /// Returns the vector, with its capacity. O(1).
    pub fn into_vec(self) -> Vec<Token> {
        self.tokens
    }

    /// Returns how reservations are advised.
    pub const fn policy(&self) -> PagePolicy {
        self.policy
    }

    /// Returns how many tokens fit before the store must grow.
    pub const fn capacity(&self) -> usize {
        self.tokens.capacity()
    }

    /// Reserves space for exactly `additional` more tokens, if necessary. O(`len`) when it
    /// grows.
    ///
    /// # Errors
    ///
    /// As [`try_with_capacity`](Self::try_with_capacity).
    pub fn reserve_exact(&mut self, additional: usize) -> Result<(), VecStoreError> {
        match self.missing(additional)? {
            Some(needed) => self.move_into(needed),
            None => Ok(()),
        }
    }

    /// Returns the mutable tokens.
    pub fn tokens_mut(&mut self) -> &mut [Token] {
        &mut self.tokens
    }

    /// Removes all tokens and keeps the reservation, and with it the pages.
    ///
    /// Refilling it causes no page faults. From 32 MiB on, a refill uses non-temporal
    /// stores if the processor has them.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Removes the tokens from index `len` on, if any, and keeps the reservation, like
    /// [`clear`](Self::clear).
    pub fn truncate(&mut self, len: usize) {
        self.touched = self.touched.max(self.tokens.len());
        self.tokens.truncate(len);
    }

    /// Copies the store onto pages of its policy, with exact capacity.
    ///
    /// # Errors
    ///
    /// As [`try_with_capacity`](Self::try_with_capacity).
    pub fn try_clone(&self) -> Result<Self, VecStoreError> {
        let mut clone = Self::with_policy(self.policy);
        clone.reserve_exact(self.tokens.len())?;
        clone.tokens.extend_from_slice(&self.tokens);
        Ok(clone)
    }

    /// Appends `count` tokens that `filler` writes in place.
    ///
    /// `filler` gets the uninitialised capacity. It may split it and have other threads
    /// fill the pieces; it must return the proof that everything was filled. Only then does
    /// the store show any of it.
    ///
    /// ```
    /// use ng_store::{TokenStore, VecStore, VecStoreError};
    /// use ng_token::Token;
    ///
    /// let mut store = VecStore::new();
    /// store.append_in_place(1_000, |vacant| {
    ///     let token = |index| Token::new(index as u32);
    ///     let (left, right) = vacant.split_at(500);
    ///     std::thread::scope(|scope| {
    ///         let right = scope.spawn(move || right.fill(token));
    ///         let left = left.fill(token);
    ///         left.join(right.join().expect("the thread filled its half"))
    ///     })
    /// })?;
    /// assert_eq!(store.len(), 1_000);
    /// # Ok::<(), VecStoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `filler`; those of [`try_with_capacity`](Self::try_with_capacity), in which
    /// case `filler` was not called; and [`RoomNotFilled`](VecStoreError::RoomNotFilled).
    /// The length is then unchanged, also if `filler` panics.
    pub fn append_in_place<E: From<VecStoreError>>(
        &mut self,
        count: usize,
        filler: impl for<'room> FnOnce(Vacant<'room>) -> Result<Filled<'room>, E>,
    ) -> Result<(), E> {
        self.reserve(count)?;
        let stores = self.stores_for(count);
        raw::fill_in_place(&mut self.tokens, count, stores, filler)
    }

    /// Decides how the next `count` tokens are written.
    fn stores_for(&self, count: usize) -> Stores {
        let refill = self.tokens.len() + count <= self.touched;
        match refill && count >= STREAMED_MIN_TOKENS {
            true => Stores::Streamed,
            false => Stores::Plain,
        }
    }

    /// Returns the capacity that `additional` more tokens need, if more than the current
    /// one.
    fn missing(&self, additional: usize) -> Result<Option<usize>, VecStoreError> {
        if additional <= self.tokens.capacity() - self.tokens.len() {
            return Ok(None);
        }
        let needed = self.tokens.len().checked_add(additional);
        let overflow = VecStoreError::CapacityOverflow {
            token_count: usize::MAX,
        };
        needed.ok_or(overflow).map(Some)
    }

    fn reserve_or_panic(&mut self, additional: usize) {
        if let Err(error) = self.reserve(additional) {
            panic!("{error}");
        }
    }

    fn move_into(&mut self, capacity: usize) -> Result<(), VecStoreError> {
        let mut tokens = raw::allocate(capacity, self.policy)?;
        tokens.extend_from_slice(&self.tokens);
        self.tokens = tokens;
        self.touched = 0;
        Ok(())
    }
}

impl TokenStore for VecStore {
    #[inline]
    fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    fn memory_usage(&self) -> MemoryUsage {
        let start = self.tokens.as_ptr().addr();
        let reserved_bytes = self.tokens.capacity() * size_of::<Token>();
        MemoryUsage::measure(
            &(start..start + reserved_bytes),
            size_of_val(self.tokens.as_slice()),
        )
    }
}

impl TokenSink for VecStore {
    type Error = VecStoreError;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        self.tokens.len() as u64
    }

    fn reserve(&mut self, additional: usize) -> Result<(), VecStoreError> {
        let Some(needed) = self.missing(additional)? else {
            return Ok(());
        };
        let doubled = self.tokens.capacity().saturating_mul(2);
        let doubled = needed.max(doubled).max(MIN_CAPACITY);
        // An eighth, so that appending one by one does not copy everything each time.
        let more = needed.saturating_add(needed / 8);
        self.move_into(doubled)
            .or_else(|_| self.move_into(more))
            .or_else(|_| self.move_into(needed))
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), VecStoreError> {
        self.reserve(tokens.len())?;
        self.tokens.extend_from_slice(tokens);
        Ok(())
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), VecStoreError> {
        self.append_in_place(count, |vacant| Ok(vacant.fill(f)))
    }

    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), VecStoreError> {
        let blocks = whole_blocks(self.tokens.len(), tokens.len()).len();
        assert_eq!(
            hashes.len(),
            blocks,
            "{} hashes for {blocks} whole blocks",
            hashes.len()
        );
        self.append(tokens)
    }

    fn commit(&mut self) -> Result<(), VecStoreError> {
        Ok(())
    }
}

/// Appends all tokens, one by one, as a vector does.
///
/// Reserves space for the iterator's lower bound.
///
/// # Panics
///
/// If memory runs out; [`append`](TokenSink::append) returns an error instead.
impl Extend<Token> for VecStore {
    fn extend<I: IntoIterator<Item = Token>>(&mut self, tokens: I) {
        let tokens = tokens.into_iter();
        self.reserve_or_panic(tokens.size_hint().0);
        for token in tokens {
            self.reserve_or_panic(1);
            self.tokens.push(token);
        }
    }
}

impl<'a> Extend<&'a Token> for VecStore {
    fn extend<I: IntoIterator<Item = &'a Token>>(&mut self, tokens: I) {
        self.extend(tokens.into_iter().copied());
    }
}

/// Collects tokens, like [`extend`](Extend::extend).
impl FromIterator<Token> for VecStore {
    fn from_iter<I: IntoIterator<Item = Token>>(tokens: I) -> Self {
        let mut store = Self::new();
        store.extend(tokens);
        store
    }
}

/// Takes over a vector, like [`from_vec`](VecStore::from_vec).
impl From<Vec<Token>> for VecStore {
    fn from(tokens: Vec<Token>) -> Self {
        Self::from_vec(tokens)
    }
}

impl From<VecStore> for Vec<Token> {
    fn from(store: VecStore) -> Self {
        store.into_vec()
    }
}

impl Default for VecStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for VecStore {
    /// Copies the store like [`try_clone`](VecStore::try_clone), and panics if that fails.
    fn clone(&self) -> Self {
        self.try_clone().unwrap_or_else(|error| panic!("{error}"))
    }
}

impl fmt::Debug for VecStore {
    /// Shows the sizes, not the tokens: there may be millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VecStore")
            .field("len", &self.tokens.len())
            .field("capacity", &self.tokens.capacity())
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a large enough refill is streamed.
    #[test]
    fn only_large_refills_are_written_past_the_caches() {
        let mut store = VecStore::new();
        store.touched = 2 * STREAMED_MIN_TOKENS;
        for (count, expected) in [
            (STREAMED_MIN_TOKENS - 1, Stores::Plain),
            (STREAMED_MIN_TOKENS, Stores::Streamed),
            (2 * STREAMED_MIN_TOKENS, Stores::Streamed),
            (2 * STREAMED_MIN_TOKENS + 1, Stores::Plain),
        ] {
            assert_eq!(store.stores_for(count), expected, "{count}");
        }
    }

    #[test]
    fn a_new_allocation_was_not_touched() {
        let mut store = VecStore::new();
        store
            .append_with(100, |index| Token::new(index as u32))
            .unwrap();
        store.clear();
        assert_eq!(store.touched, 100);
        store.reserve_exact(1_000).unwrap();
        assert_eq!(store.touched, 0);
    }
}
