use crate::CachePolicy;

/// How a file is opened for appending: what it may have lost, and what becomes of
/// the pages that are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendOptions {
    older_commit: bool,
    damaged_tail: bool,
    cache: CachePolicy,
}

impl AppendOptions {
    /// Refuses a file that may have lost a commit, or whose last block is damaged.
    pub const fn new() -> Self {
        Self {
            older_commit: false,
            damaged_tail: false,
            cache: CachePolicy::Auto,
        }
    }

    /// Gives up the commit that a lost slot may have held, and goes on from the
    /// one before: [`OpenError::SlotLost`](crate::OpenError::SlotLost) is then no
    /// error. What that commit had is written over.
    #[must_use]
    pub const fn older_commit(mut self, older_commit: bool) -> Self {
        self.older_commit = older_commit;
        self
    }

    /// Goes on behind a last block that is damaged and has no image that makes it
    /// whole: [`OpenError::TailDamaged`](crate::OpenError::TailDamaged) is then no
    /// error.
    ///
    /// The block is closed: zero tokens fill it up, and its hash in the table is
    /// one that it does not have, so that it stays a bad block for whoever
    /// verifies. The next token begins the next block.
    #[must_use]
    pub const fn damaged_tail(mut self, damaged_tail: bool) -> Self {
        self.damaged_tail = damaged_tail;
        self
    }

    /// Sets what becomes of the pages that are written.
    #[must_use]
    pub const fn cache(mut self, cache: CachePolicy) -> Self {
        self.cache = cache;
        self
    }

    pub(crate) const fn cache_policy(&self) -> CachePolicy {
        self.cache
    }

    pub(crate) const fn takes_older_commit(&self) -> bool {
        self.older_commit
    }

    pub(crate) const fn takes_damaged_tail(&self) -> bool {
        self.damaged_tail
    }
}
