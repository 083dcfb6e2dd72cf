use std::path::Path;

use ng_parallel::Workers;
use ng_store::{BlockReader, CreateOptions, FileDraft, TokenSink, is_same_file};

use super::external::sort_external;
use super::in_memory::sort_in_memory;
use super::input::OneFile;
use super::memory::Budget;
use super::progress::Counter;
use super::{Order, SortError, SortOptions, SortPhase, SortProgress};
use crate::{Parts, Source};

/// What a sort did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SortReport {
    /// How many tokens were sorted.
    pub tokens: u64,
    /// How many temporary files they went through; 0 in memory.
    pub temporary_files: u64,
}

/// Sorts the tokens of a file into a new one, which gets its name once it is complete and durable.
/// It has one commit, and apart from its id and times it is the same for any number of threads and
/// any memory limit.
///
/// What fits in memory is loaded, sorted and written. Otherwise tokens are partitioned by key into
/// temporary files that do fit, and each of these is sorted: two reads and two writes in all. The
/// borders are keys of a sample. A key that many tokens have gets its own file, which is copied as
/// it is; a file that came out too large is partitioned again.
///
/// Every block is verified as it is read. `watch` is called with the progress, on any thread.
///
/// ```
/// use ng_query::ng_parallel::Workers;
/// use ng_query::ng_store::{BlockReader, CreateOptions, TokenStore, VecStore};
/// use ng_query::ng_token::Token;
/// use ng_query::order::{SortOptions, sort_file};
///
/// let folder = tempfile::tempdir()?;
/// let (path, sorted) = (folder.path().join("a.ngt"), folder.path().join("b.ngt"));
/// let ids = [30, 10, 20].map(Token::new);
/// VecStore::from(ids.to_vec()).save(&path, &CreateOptions::new())?;
///
/// let reader = BlockReader::open(&path)?;
/// let to = (sorted.as_path(), CreateOptions::new());
/// let by_id = "id".parse()?;
/// sort_file(&Workers::new(2)?, &reader, to, &by_id, &SortOptions::new(), |_| ())?;
/// assert_eq!(VecStore::load(&sorted)?.tokens(), [10, 20, 30].map(Token::new));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`SortError`]. There is no new file then, an existing one is unchanged, and temporary files are
/// removed. Those of a killed process are removed by the next sort that uses the same folder.
pub fn sort_file(
    workers: &Workers,
    reader: &BlockReader,
    to: (&Path, CreateOptions),
    order: &Order,
    options: &SortOptions,
    watch: impl Fn(SortProgress) + Sync,
) -> Result<SortReport, SortError> {
    let (out, create) = to;
    let file = OneFile(reader);
    let sort = Sort::new(workers, &file, order, options, &watch)?;
    reader.refuse_lost()?;
    if is_same_file(reader.path(), out) {
        return Err(SortError::SameFile {
            path: out.to_owned(),
        });
    }
    let create = create.reserve(sort.total).cache(options.cache_policy());
    let mut draft = FileDraft::begin(out, &create)?;
    let report = sort.run(options.temp_for(out), draft.writer())?;
    draft.writer().commit()?;
    draft.publish()?;
    Ok(report)
}

/// A sort in progress.
pub(super) struct Sort<'a> {
    pub(super) workers: &'a Workers,
    pub(super) parts: &'a dyn Parts,
    pub(super) order: &'a Order,
    pub(super) options: &'a SortOptions,
    pub(super) budget: Budget,
    /// How many tokens there are.
    pub(super) total: u64,
    pub(super) watch: &'a (dyn Fn(SortProgress) + Sync),
}

impl<'a> Sort<'a> {
    pub(super) fn new(
        workers: &'a Workers,
        parts: &'a dyn Parts,
        order: &'a Order,
        options: &'a SortOptions,
        watch: &'a (dyn Fn(SortProgress) + Sync),
    ) -> Result<Self, SortError> {
        Ok(Self {
            workers,
            parts,
            order,
            options,
            budget: Budget::of(options.asked_memory_bytes(), workers.threads(), order)?,
            total: Source::Parts(parts).len(),
            watch,
        })
    }

    /// Appends the tokens to a sink in their order, by way of temporary files in a folder in `temp`
    /// if they do not fit in memory.
    pub(super) fn run<S: TokenSink<Error: Into<SortError>>>(
        &self,
        temp: &Path,
        sink: &mut S,
    ) -> Result<SortReport, SortError> {
        let temporary_files = match self.budget.holds(self.total) {
            true => sort_in_memory(self, sink).map(|()| 0),
            false => sort_external(self, temp, sink),
        }?;
        self.check_stop()?;
        Ok(SortReport {
            tokens: self.total,
            temporary_files,
        })
    }

    /// Begins a phase, of all tokens.
    pub(super) fn phase(&self, phase: SortPhase) -> Counter<'_> {
        Counter::begin(phase, self.total, self.watch)
    }

    pub(super) fn check_stop(&self) -> Result<(), SortError> {
        match self.workers.stop_flag().is_stopped() {
            true => Err(SortError::Stopped),
            false => Ok(()),
        }
    }
}
