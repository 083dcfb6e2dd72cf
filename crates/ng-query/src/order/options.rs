use std::path::{Path, PathBuf};

use ng_store::CachePolicy;

/// How tokens are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortOptions {
    memory_bytes: Option<u64>,
    temp: Option<PathBuf>,
    spare_bytes: u64,
    cache: CachePolicy,
}

impl SortOptions {
    /// Uses half of the available memory, temporary files beside the new one, if there is one, and
    /// [`CachePolicy::Auto`].
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory_bytes: None,
            temp: None,
            spare_bytes: 0,
            cache: CachePolicy::Auto,
        }
    }

    /// Sets the most bytes of memory that sorting takes: tokens, keys and buffers. What does not
    /// fit is sorted by way of temporary files.
    #[must_use]
    pub const fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = Some(bytes);
        self
    }

    /// Sets the folder for temporary files, which must exist.
    #[must_use]
    pub fn temp(mut self, folder: impl Into<PathBuf>) -> Self {
        self.temp = Some(folder.into());
        self
    }

    /// Sets for how many bytes more than the temporary files their disk must have room: what a sink
    /// writes there.
    #[must_use]
    pub const fn spare_bytes(mut self, bytes: u64) -> Self {
        self.spare_bytes = bytes;
        self
    }

    /// Sets the cache policy of what is read and written.
    #[must_use]
    pub const fn cache(mut self, cache: CachePolicy) -> Self {
        self.cache = cache;
        self
    }

    pub(super) fn asked_memory_bytes(&self) -> Option<u64> {
        self.memory_bytes
    }

    pub(super) fn asked_spare_bytes(&self) -> u64 {
        self.spare_bytes
    }

    /// Returns the folder for temporary files, if it is set.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.temp.as_deref()
    }

    /// Returns the folder for temporary files of a sort into `out`.
    pub(super) fn temp_for<'a>(&'a self, out: &'a Path) -> &'a Path {
        let beside = out.parent().filter(|folder| *folder != Path::new(""));
        let beside = beside.unwrap_or(Path::new("."));
        self.folder().unwrap_or(beside)
    }

    pub(super) fn cache_policy(&self) -> CachePolicy {
        self.cache
    }
}
