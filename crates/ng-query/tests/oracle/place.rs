//! A file with indexes of it, and the paths to query it.

use std::path::PathBuf;

use ng_query::index::{BuildOptions, Index, build};
use ng_query::ng_parallel::Workers;
use ng_query::ng_store::{
    BLOCK_TOKENS, BlockReader, CreateOptions, FileWriter, MmapStore, Snapshot, TokenSink,
};
use ng_query::ng_token::{Space, Token};
use ng_query::{Column, Query, Source};
use tempfile::TempDir;

use crate::columns::stored;

/// A file of some tokens in a folder of its own.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) reader: BlockReader,
    pub(crate) snapshot: Snapshot,
}

/// What an index has, besides its zones.
pub(crate) fn zones() -> BuildOptions {
    BuildOptions::new().only(true).rebuild(true)
}

/// Some of the possible parts.
pub(crate) fn some() -> BuildOptions {
    let columns = Column::list("weight,physical,flags").unwrap();
    zones().columns(columns)
}

/// All possible parts.
pub(crate) fn everything() -> BuildOptions {
    zones().columns(stored()).boxes(Space::ALL).ids(true)
}

impl Place {
    pub(crate) fn of(tokens: &[Token]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.ngt");
        write(&path, tokens);
        Self::opened(folder)
    }

    /// A place with a file that a function makes under a name.
    pub(crate) fn made(make: impl FnOnce(PathBuf)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path().join("t.ngt"));
        Self::opened(folder)
    }

    fn opened(folder: TempDir) -> Self {
        let path = folder.path().join("t.ngt");
        Self {
            reader: BlockReader::open(&path).unwrap(),
            snapshot: mapped(&path),
            folder,
        }
    }

    /// Makes the tokens' file, with an index of about its first three quarters.
    pub(crate) fn grown(tokens: &[Token]) -> (Self, Index) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.ngt");
        let before = tokens.len() / 4 * 3;
        write(&path, &tokens[..before]);
        let reader = BlockReader::open(&path).unwrap();
        let workers = Workers::new(2).unwrap();
        build(&workers, &reader, &everything(), |_, _| ()).unwrap();
        let mut writer = FileWriter::open_append(&path).unwrap();
        writer.append(&tokens[before..]).unwrap();
        writer.commit().unwrap();
        drop(writer);
        let place = Self::opened(folder);
        let index = open(&place.reader);
        assert_eq!(index.covered_blocks(), (before / BLOCK_TOKENS) as u64);
        (place, index)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("t.ngt")
    }

    /// Makes an index of all full blocks, and opens it.
    pub(crate) fn index(&self, options: &BuildOptions) -> Index {
        let workers = Workers::new(2).unwrap();
        build(&workers, &self.reader, options, |_, _| ()).unwrap();
        open(&self.reader)
    }
}

fn write(path: &std::path::Path, tokens: &[Token]) {
    let options = CreateOptions::new().max_tokens(1 << 32);
    let mut writer = FileWriter::create(path, &options).unwrap();
    writer.append(tokens).unwrap();
    writer.commit().unwrap();
}

#[expect(
    unsafe_code,
    reason = "the constructor that maps; the file is the test's own"
)]
fn mapped(path: &std::path::Path) -> Snapshot {
    // SAFETY: (1) Only this test knows the file, and it changes none that is mapped.
    let store = unsafe { MmapStore::open(path) }.unwrap();
    store.snapshot()
}

#[expect(
    unsafe_code,
    reason = "the constructor that maps; the files are the test's own"
)]
fn open(reader: &BlockReader) -> Index {
    // SAFETY: (1) Only this test knows the files, and builders change none.
    unsafe { Index::open(reader) }.unwrap()
}

/// A path: what to query, with which index, on how many threads.
pub(crate) struct Way<'w> {
    pub(crate) name: String,
    pub(crate) source: Source<'w>,
    index: Option<&'w Index>,
    workers: Workers,
}

impl<'w> Way<'w> {
    pub(crate) fn new(
        (name, source): (&str, Source<'w>),
        (index_name, index): (&str, Option<&'w Index>),
        threads: usize,
    ) -> Self {
        Self {
            name: format!("{name}, {index_name}, {threads} threads"),
            source,
            index,
            workers: Workers::new(threads).unwrap(),
        }
    }

    pub(crate) fn query(&self) -> Query<'w> {
        let query = Query::new(self.source, &self.workers);
        match self.index {
            Some(index) => query.index(index).unwrap(),
            None => query,
        }
    }
}
