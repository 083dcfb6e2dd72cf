use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ng_query::index::{Index, IndexWarning};
use ng_query::{OpenPart, Parts, QueryError, Source, Zone};
use ng_store::disk::{Dir, Disk, RealDir};
use ng_store::{BlockPass, BlockReader};

use super::{Known, Task};
use crate::DatasetError;
use crate::place::Place;
use crate::shard::{check_chain, check_rows, open_file};

/// The rows of a task as the source of a query, at the positions that they have in the dataset.
///
/// The positions before them are a part that nothing may ask for: restrict the query to those of
/// the task.
#[derive(Debug)]
pub struct Piece {
    part: Arc<OpenPart>,
    positions: Range<u64>,
    start: u64,
    rows: u64,
}

impl Task {
    /// Opens the shard, in the folder at the place of the task, with its index if it has one, and
    /// checks that it is the one that was meant.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]; [`DatasetError::OtherShard`] and [`DatasetError::ShardShort`] for another
    /// file.
    pub fn open(&self) -> Result<Piece, DatasetError> {
        let path = Path::new(&self.place);
        let root = RealDir::open(path).map_err(DatasetError::io(path, "open the folder"))?;
        let reader = self.reader(&Place::new(root, path.to_owned(), None))?;
        let is_whole = self.rows == (0..reader.len());
        let part = match is_whole {
            true => {
                let index = self.ask.index.then(|| Index::load(&reader)).flatten();
                OpenPart::of_reader(reader, index)
            }
            false => Ok(OpenPart::of_reader_rows(reader, self.rows.clone())),
        };
        self.piece(part.map_err(QueryError::from)?)
    }

    /// Opens the shard in a folder of any disk; `path` is its name in errors. `index` opens the
    /// zones of a whole shard.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_in<R: Dir>(
        &self,
        root: R,
        path: &Path,
        index: impl FnOnce(&BlockPass<'static>) -> io::Result<Option<Index>>,
    ) -> Result<Piece, DatasetError>
    where
        R::File: 'static,
    {
        let reader = self.reader(&Place::new(root, path.to_owned(), None))?;
        let is_whole = self.rows == (0..reader.len());
        let pass = reader.pass();
        let index = match is_whole && self.ask.index {
            true => {
                let what = "read the zones of the shard";
                index(&pass).map_err(DatasetError::io(reader.path(), what))?
            }
            false => None,
        };
        let part = OpenPart::of_pass(pass, self.rows.clone(), index);
        self.piece(part.map_err(QueryError::from)?)
    }

    fn reader<R: Dir>(&self, place: &Place<R>) -> Result<BlockReader<R::File>, DatasetError>
    where
        R::File: Disk,
    {
        let reader = open_file(place, self.file)?;
        match &self.known {
            Known::Sealed { chain, slot } => check_chain(&reader, *chain, *slot)?,
            Known::Tail(commit) => {
                reader.pass_at(commit)?;
            }
        }
        check_rows(&reader, self.rows.end)?;
        Ok(reader)
    }

    fn piece(&self, part: OpenPart) -> Result<Piece, DatasetError> {
        Ok(Piece {
            part: Arc::new(part),
            positions: self.positions.clone(),
            start: self.start,
            rows: self.rows.end - self.rows.start,
        })
    }
}

impl Piece {
    /// Returns the positions of the task.
    #[must_use]
    pub fn positions(&self) -> Range<u64> {
        self.positions.clone()
    }

    /// Returns it as the source of a query.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source::Parts(self)
    }

    /// Returns why parts of the index were put aside.
    #[must_use]
    pub fn index_warnings(&self) -> Vec<IndexWarning> {
        self.part.index().map_or(Vec::new(), Index::warnings)
    }
}

/// The positions before the rows, and the rows.
impl Parts for Piece {
    fn part_count(&self) -> usize {
        2
    }

    fn part_tokens(&self, part: usize) -> u64 {
        match part {
            0 => self.start,
            _ => self.rows,
        }
    }

    fn part_zone(&self, _part: usize) -> Option<&Zone> {
        None
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        match part {
            0 => Err(QueryError::PartTokens {
                part,
                tokens: 0,
                expected: self.start,
            }),
            _ => Ok(self.part.clone()),
        }
    }
}
