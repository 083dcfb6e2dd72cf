use crate::Access;

/// How a file is mapped.
///
/// ```
/// use ng_store::{Access, MapOptions};
///
/// // One of thousands of files, in which single tokens are looked up.
/// let options = MapOptions::new().reserve_tokens(0).access(Access::Random);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct MapOptions {
    reserve_tokens: Option<u64>,
    access: Access,
}

impl MapOptions {
    /// Returns the default options: address space for the file's maximum size, and no
    /// advice.
    pub const fn new() -> Self {
        Self {
            reserve_tokens: None,
            access: Access::Normal,
        }
    }

    /// Sets how many tokens to reserve address space for, if the file holds fewer.
    ///
    /// A map that the file outgrows is replaced, and its pages are faulted in again;
    /// snapshots keep theirs. By default the file's maximum is reserved, so that no map is
    /// ever replaced. That is 256 GiB for 2^32 tokens, and the 128 TiB of a process cannot
    /// hold 512 such files. If the address space is exhausted, a map reserves only its
    /// file's current capacity, visible only in
    /// [`reserved_bytes`](crate::MemoryUsage::reserved_bytes): the process then has little
    /// address space left for anything else.
    pub const fn reserve_tokens(mut self, tokens: u64) -> Self {
        self.reserve_tokens = Some(tokens);
        self
    }

    /// Sets how all snapshots of the store will access the tokens. [`Access::WillNeed`]
    /// applies to what a map shows first. A hint: if the system refuses it, the store works
    /// without.
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// How many tokens to map, for a file with maximum `most` and current capacity `now`.
    pub(super) fn token_capacity(&self, most: u64, now: u64) -> u64 {
        self.reserve_tokens
            .map_or(most, |wanted| wanted.max(now))
            .min(most)
    }

    /// How every map of the store is accessed.
    pub(super) fn lasting_access(&self) -> Option<Access> {
        match self.access {
            Access::Normal | Access::WillNeed => None,
            lasting => Some(lasting),
        }
    }

    /// Whether the tokens shown first are wanted at once.
    pub(super) fn wants_all(&self) -> bool {
        self.access == Access::WillNeed
    }
}
