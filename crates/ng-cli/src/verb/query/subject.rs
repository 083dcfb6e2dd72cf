use std::path::Path;

use anyhow::Result;
use ng_parallel::Workers;
use ng_query::index::Index;
use ng_query::{Query, Source as Tokens};
use ng_store::Snapshot;

use crate::args::QueryArgs;
use crate::found::Found;
use crate::mapped::{map, open_index};
use crate::source::Source;
use crate::tool::workers;

/// What is asked: the tokens of a file, mapped or read.
pub(super) struct Subject {
    source: Source,
    /// `None` where the file is read.
    snapshot: Option<Snapshot>,
    pub(super) index: Option<Index>,
    workers: Workers,
    pub(super) found: Found,
}

impl Subject {
    pub(super) fn open(args: &QueryArgs) -> Result<Self> {
        let source = Source::open(&args.file)?;
        let snapshot = match args.way.verified {
            true => None,
            false => map(&args.file, &source.reader.commit())?,
        };
        // The table is for those who verify by it.
        let found = match snapshot {
            Some(_) => Found::new(source.reader.recovery()),
            None => source.look()?,
        };
        let index = match args.way.no_index {
            true => None,
            false => open_index(&source.reader),
        };
        Ok(Self {
            source,
            snapshot,
            index,
            workers: workers(args.way.threads)?,
            found,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.source.path
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn tokens(&self) -> Tokens<'_> {
        match &self.snapshot {
            Some(snapshot) => snapshot.into(),
            None => (&self.source.reader).into(),
        }
    }

    pub(super) fn query(&self, args: &QueryArgs) -> Result<Query<'_>> {
        let query = Query::new(self.tokens(), &self.workers).skip_damaged(args.way.skip_damaged);
        let query = match &self.index {
            Some(index) => query.index(index)?,
            None => query,
        };
        Ok(match &args.filter {
            Some(filter) => query.filter(filter),
            None => query,
        })
    }
}
