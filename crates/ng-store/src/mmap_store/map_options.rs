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
    /// Returns the options of the constructors that take none: address space for all
    /// that the file may become, and no advice.
    pub const fn new() -> Self {
        Self {
            reserve_tokens: None,
            access: Access::Normal,
        }
    }

    /// Sets for how many tokens address space is reserved, if the file holds less.
    ///
    /// A map that the file outgrows is replaced by another one, and what was in its page
    /// tables is faulted in once more; snapshots keep theirs. As a rule all is reserved
    /// that the file may become, so that no map is ever replaced. That is 256 GiB for
    /// 2^32 tokens, and a process of 128 TiB has no room for 512 such files. Where there
    /// is none, a map reserves what its file has room for now, and nothing tells but
    /// [`reserved_bytes`](crate::MemoryUsage::reserved_bytes): the process has then
    /// little address space left for anything else.
    pub const fn reserve_tokens(mut self, tokens: u64) -> Self {
        self.reserve_tokens = Some(tokens);
        self
    }

    /// Sets how the tokens will be looked at, by all snapshots of the store.
    /// [`Access::WillNeed`] is about what a map shows first. A hint: where the system
    /// refuses it, the store works without.
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// For how many tokens a map is made of a file that may have `most`, and has room
    /// for `now`.
    pub(super) fn token_capacity(&self, most: u64, now: u64) -> u64 {
        self.reserve_tokens
            .map_or(most, |wanted| wanted.max(now))
            .min(most)
    }

    /// How every map of the store is looked at.
    pub(super) fn lasting_access(&self) -> Option<Access> {
        match self.access {
            Access::Normal | Access::WillNeed => None,
            lasting => Some(lasting),
        }
    }

    /// Whether the tokens that are shown first are wanted at once.
    pub(super) fn wants_all(&self) -> bool {
        self.access == Access::WillNeed
    }
}
