use std::sync::atomic::{AtomicU64, Ordering};

/// How far a sort is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SortProgress {
    /// The current phase.
    pub phase: SortPhase,
    /// How many tokens are done.
    pub done: u64,
    /// How many there are in all.
    pub total: u64,
}

/// The phase of a sort: loading, sorting and writing, or, if the tokens do not fit in memory,
/// partitioning and writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SortPhase {
    /// Tokens are read into memory and verified.
    Loading,
    /// Tokens are read, verified, and written to temporary files by ranges of keys.
    Partitioning,
    /// Keys are sorted.
    Sorting,
    /// Tokens are written in order; those of temporary files are read and sorted first.
    Writing,
}

impl SortPhase {
    /// Returns the phase in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Partitioning => "partitioning",
            Self::Sorting => "sorting",
            Self::Writing => "writing",
        }
    }
}

/// Counts what is done in a phase, on all threads, and reports it.
pub(super) struct Counter<'w> {
    phase: SortPhase,
    done: AtomicU64,
    total: u64,
    watch: &'w (dyn Fn(SortProgress) + Sync),
}

impl<'w> Counter<'w> {
    /// Begins a phase.
    pub(super) fn begin(
        phase: SortPhase,
        total: u64,
        watch: &'w (dyn Fn(SortProgress) + Sync),
    ) -> Self {
        let counter = Self {
            phase,
            done: AtomicU64::new(0),
            total,
            watch,
        };
        counter.add(0);
        counter
    }

    pub(super) fn add(&self, tokens: u64) {
        let before = self.done.fetch_add(tokens, Ordering::Relaxed);
        (self.watch)(SortProgress {
            phase: self.phase,
            done: before + tokens,
            total: self.total,
        });
    }
}
