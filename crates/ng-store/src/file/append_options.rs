use crate::CachePolicy;

/// How a file is opened for appending: which losses are accepted, and whether written pages
/// stay cached.
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

    /// Gives up the commit that a lost slot may have held, and continues from the previous
    /// one instead of returning [`OpenError::SlotLost`](crate::OpenError::SlotLost). The
    /// given-up commit is overwritten.
    #[must_use]
    pub const fn older_commit(mut self, older_commit: bool) -> Self {
        self.older_commit = older_commit;
        self
    }

    /// Continues after a damaged last block that no image can restore, instead of returning
    /// [`OpenError::TailDamaged`](crate::OpenError::TailDamaged).
    ///
    /// The block is closed: zero tokens fill it up, and the table gets a wrong hash for it,
    /// so that it stays a bad block. The next token begins the next block.
    #[must_use]
    pub const fn damaged_tail(mut self, damaged_tail: bool) -> Self {
        self.damaged_tail = damaged_tail;
        self
    }

    /// Sets whether written pages stay cached.
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
