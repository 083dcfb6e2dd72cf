use std::path::Path;

use anyhow::Result;
use ng_parallel::{StopFlag, Workers};
use ng_query::index::{Index, IndexWarning};
use ng_query::{Filter, Query, Source as Tokens};
use ng_store::Snapshot;

use crate::args::WayArgs;
use crate::found::Found;
use crate::mapped::{map, map_dataset, open_index, told_warnings};
use crate::opened::{OfDataset, Opened};
use crate::say::Say;
use crate::source::Source;
use crate::tool::workers;

/// The tokens to query, mapped or read.
pub(in crate::verb) struct Subject {
    opened: Opened,
    /// `None` if the file is read, or for a dataset.
    snapshot: Option<Snapshot>,
    /// That of the file; each shard of a dataset has its own.
    index: Option<Index>,
    workers: Workers,
    pub(in crate::verb) found: Found,
}

impl Subject {
    pub(in crate::verb) fn open(path: &Path, way: &WayArgs) -> Result<Self> {
        match Opened::at(path, way.generation.generation)? {
            Opened::File(source) => Self::of_file(source, way),
            Opened::Dataset(source) => Self::of_dataset(source, way),
        }
    }

    fn of_file(source: Source, way: &WayArgs) -> Result<Self> {
        let snapshot = match way.verified {
            true => None,
            false => map(&source.path, &source.reader.commit())?,
        };
        // The table is needed only to verify by it.
        let found = match snapshot {
            Some(_) => Found::new(source.reader.recovery()),
            None => source.look()?,
        };
        let index = match way.no_index {
            true => None,
            false => open_index(&source.reader),
        };
        Ok(Self {
            opened: Opened::File(source),
            snapshot,
            index,
            workers: workers(way.threads)?,
            found,
        })
    }

    fn of_dataset(source: OfDataset, way: &WayArgs) -> Result<Self> {
        let OfDataset { snapshot, path } = source;
        let snapshot = match way.verified {
            true => snapshot,
            false => map_dataset(snapshot),
        };
        let snapshot = match way.no_index {
            true => snapshot.without_indexes(),
            false => snapshot,
        };
        let source = OfDataset { snapshot, path };
        Ok(Self {
            found: source.found(),
            opened: Opened::Dataset(source),
            snapshot: None,
            index: None,
            workers: workers(way.threads)?,
        })
    }

    pub(in crate::verb) fn path(&self) -> &Path {
        self.opened.path()
    }

    pub(in crate::verb) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Reports what was found, before any answer.
    pub(in crate::verb) fn warn(&self, say: Say) {
        self.opened.warn(&self.found, say);
    }

    pub(super) fn stop_flag(&self) -> StopFlag {
        self.workers.stop_flag()
    }

    pub(in crate::verb) fn workers(&self) -> &Workers {
        &self.workers
    }

    pub(in crate::verb) fn tokens(&self) -> Tokens<'_> {
        match (&self.opened, &self.snapshot) {
            (_, Some(snapshot)) => snapshot.into(),
            (Opened::File(source), None) => (&source.reader).into(),
            (Opened::Dataset(source), None) => source.snapshot.source(),
        }
    }

    pub(in crate::verb) fn query(
        &self,
        filter: Option<&Filter>,
        way: &WayArgs,
    ) -> Result<Query<'_>> {
        let query = Query::new(self.tokens(), &self.workers).skip_damaged(way.skip_damaged);
        let query = match &self.index {
            Some(index) => query.index(index)?,
            None => query,
        };
        Ok(match filter {
            Some(filter) => query.filter(filter),
            None => query,
        })
    }

    /// What of the indexes was put aside so far.
    pub(in crate::verb) fn index_warnings(&self) -> Vec<String> {
        let of_file = self.index.iter().flat_map(Index::warnings);
        let of_shards: Vec<IndexWarning> = match &self.opened {
            Opened::File(_) => Vec::new(),
            Opened::Dataset(source) => source.snapshot.index_warnings(),
        };
        told_warnings(of_file.chain(of_shards))
    }
}
