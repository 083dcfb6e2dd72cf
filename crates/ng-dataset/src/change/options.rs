use ng_query::sealed::FileId;
use ng_store::CachePolicy;
use ng_store::disk::Dir;

use crate::error::Conflict;
use crate::manifest::Tags;
use crate::place::Place;
use crate::{DatasetError, Manifest};

/// How rows are changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeOptions {
    pub(super) dry_run: bool,
    pub(super) cache: CachePolicy,
    pub(super) tags: Tags,
    base: Option<u64>,
}

impl ChangeOptions {
    /// Changes the newest generation, whichever it is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts what would change, and writes nothing. It takes no lock.
    #[must_use]
    pub fn dry_run(mut self, is_dry: bool) -> Self {
        self.dry_run = is_dry;
        self
    }

    /// Sets whether the pages of shards that are read and written stay cached.
    #[must_use]
    pub fn cache(mut self, cache: CachePolicy) -> Self {
        self.cache = cache;
        self
    }

    /// Notes a text by a name in the generation that is published, if one is, and in all that
    /// follow.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.tags.insert(name.into(), text.into());
        self
    }

    /// Makes it a conflict if another generation than this one is the newest, at the start or when
    /// the change is published. A writer that rolls publishes, too.
    #[must_use]
    pub fn base(mut self, generation: u64) -> Self {
        self.base = Some(generation);
        self
    }

    pub(super) fn check_base<R: Dir>(
        &self,
        place: &Place<R>,
        newest: &Manifest,
    ) -> Result<(), DatasetError> {
        match self.base {
            Some(base) if base != newest.generation => {
                let what = Conflict::NotNewest { generation: base };
                Err(place.conflict(newest.generation, what))
            }
            _ => Ok(()),
        }
    }
}

/// What a change did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeReport {
    /// The generation that was published; `None` if no row changed, or in a dry run.
    pub generation: Option<u64>,
    /// How many rows the filter selected, or had an id that was given.
    pub matched: u64,
    /// How many rows have other bytes than before.
    pub changed: u64,
    /// How many rows went.
    pub deleted: u64,
    /// How many rows were added.
    pub added: u64,
    /// The files whose rows were replaced, or went, in their order.
    pub files: Vec<FileId>,
    /// How many shards were written anew.
    pub shards_rewritten: u64,
    /// How many shards went without a new one, as all their rows did.
    pub shards_dropped: u64,
    /// How many shards were never opened, as their zones or positions rule them out.
    pub shards_pruned: u64,
    /// How many shards retention dropped before the change was published: what was written for
    /// them was removed again.
    pub shards_retired: u64,
    /// How many bytes of tokens were read: those before the first that changes in a shard twice,
    /// but in a dry run.
    pub bytes_read: u64,
    /// How many bytes of tokens the new shards have.
    pub bytes_written: u64,
}

/// Now, for the filter, in seconds since 1970 UTC.
pub(super) fn now_s() -> u32 {
    u32::try_from(ng_store::now_ns() / 1_000_000_000).unwrap_or(u32::MAX)
}
