//! Our answers, one function a question: what it returns is run repeatedly, and timed.
//!
//! `query.rs` queries over records, columns, an index or an ordered copy (`made.rs`); `closures.rs`
//! is what programs did before; `files.rs` makes new files.

pub(super) mod closures;
pub(super) mod files;
mod made;
pub(super) mod query;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, ensure};
use ng_parallel::Workers;
use ng_query::index::Index;
use ng_store::{BlockReader, Snapshot};
use ng_token::Token;

use crate::maps::open_store;
pub(super) use made::{Builds, Over};
use made::{Made, Ordered};

/// How far sums of weights may be off: not everybody adds in the same order.
const DOUBLE: f64 = 1e-9;

/// The queried file, the threads, and what was made of the file.
pub(crate) struct Ours {
    /// Mapped.
    snapshot: Snapshot,
    /// The same commit.
    reader: BlockReader,
    workers: Workers,
    /// For new files: `new_file` returns a name that does not exist yet.
    folder: PathBuf,
    columns: OnceCell<Made<Index>>,
    ids: OnceCell<Made<Index>>,
    ordered: OnceCell<Made<Ordered>>,
}

impl Ours {
    /// Opens a file that nobody writes; what is made of it goes beside it and to `folder`.
    pub(crate) fn open(path: &Path, folder: &Path, threads: usize) -> Result<Self> {
        let (snapshot, reader) = (open_store(path)?.snapshot(), BlockReader::open(path)?);
        ensure!(
            *snapshot.commit() == reader.commit(),
            "{}: another commit",
            path.display()
        );
        Ok(Self {
            snapshot,
            reader,
            workers: Workers::new(threads)?,
            folder: folder.to_owned(),
            columns: OnceCell::new(),
            ids: OnceCell::new(),
            ordered: OnceCell::new(),
        })
    }

    fn tokens(&self) -> &[Token] {
        &self.snapshot
    }

    fn new_file(&self, ending: &str) -> PathBuf {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("ours-{number}.{ending}"))
    }
}
