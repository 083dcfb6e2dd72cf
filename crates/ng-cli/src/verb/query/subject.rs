use std::path::Path;

use anyhow::Result;
use ng_parallel::{StopFlag, Workers};
use ng_query::index::Index;
use ng_query::{Filter, Query, Source as Tokens};
use ng_store::Snapshot;

use crate::args::WayArgs;
use crate::found::Found;
use crate::mapped::{index_warnings, map, open_index};
use crate::source::Source;
use crate::tool::workers;

/// The tokens of a file to query, mapped or read.
pub(in crate::verb) struct Subject {
    source: Source,
    /// `None` if the file is read.
    snapshot: Option<Snapshot>,
    index: Option<Index>,
    workers: Workers,
    pub(in crate::verb) found: Found,
}

impl Subject {
    pub(in crate::verb) fn open(file: &Path, way: &WayArgs) -> Result<Self> {
        let source = Source::open(file)?;
        let snapshot = match way.verified {
            true => None,
            false => map(file, &source.reader.commit())?,
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
            source,
            snapshot,
            index,
            workers: workers(way.threads)?,
            found,
        })
    }

    pub(in crate::verb) fn path(&self) -> &Path {
        &self.source.path
    }

    pub(in crate::verb) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn stop_flag(&self) -> StopFlag {
        self.workers.stop_flag()
    }

    pub(in crate::verb) fn workers(&self) -> &Workers {
        &self.workers
    }

    pub(in crate::verb) fn tokens(&self) -> Tokens<'_> {
        match &self.snapshot {
            Some(snapshot) => snapshot.into(),
            None => (&self.source.reader).into(),
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

    /// What of the index was put aside so far.
    pub(in crate::verb) fn index_warnings(&self) -> Vec<String> {
        index_warnings(self.index.as_ref())
    }
}
