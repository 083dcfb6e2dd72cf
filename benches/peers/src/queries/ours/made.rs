//! What queries run over: each thing is made once for all questions, and its time noted.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use ng_arrow::Column;
use ng_query::Query;
use ng_query::index::{BuildOptions, Index, build};
use ng_query::order::{Order, SortOptions, sort_file};
use ng_store::{BlockReader, CreateOptions, Snapshot};
use ng_token::{Axis, Space};

use super::Ours;
use crate::maps::{open_index, open_store};

/// What a query runs over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Over {
    /// The mapped records, and nothing else.
    Records,
    /// An index of zones and the needed columns, without ids.
    Columns,
    /// The same, with sorted ids.
    Index,
    /// A copy along a curve through the physical space, whose index has its columns and boxes.
    Ordered,
}

/// What was made, and how long that took.
pub(super) struct Made<T> {
    value: T,
    ms: f64,
}

/// A sorted copy, mapped, and its index.
pub(super) struct Ordered {
    snapshot: Snapshot,
    index: Index,
}

/// The time for each thing made, by its name.
pub(crate) type Builds = BTreeMap<String, f64>;

impl Ours {
    /// Returns a query over all tokens, and the time for each thing it needs.
    pub(crate) fn query(&self, over: Over) -> Result<(Query<'_>, Builds)> {
        let of_records = Query::new(&self.snapshot, &self.workers);
        match over {
            Over::Records => Ok((of_records, Builds::new())),
            Over::Columns => {
                let columns = self.columns()?;
                let query = of_records.index(&columns.value)?;
                Ok((query, builds([("columns", columns.ms)])))
            }
            Over::Index => {
                // Earlier things stay, so their time counts too.
                let (columns, ids) = (self.columns()?, self.ids()?);
                let query = of_records.index(&ids.value)?;
                Ok((query, builds([("columns", columns.ms), ("ids", ids.ms)])))
            }
            Over::Ordered => {
                let ordered = self.ordered()?;
                let copy = &ordered.value;
                let query = Query::new(&copy.snapshot, &self.workers).index(&copy.index)?;
                Ok((query, builds([("ordered", ordered.ms)])))
            }
        }
    }

    fn columns(&self) -> Result<&Made<Index>> {
        let hot = [Column::Weight, Column::Timestamp, Column::EntityType];
        let columns = hot.into_iter().chain(Space::ALL.into_iter().flat_map(axes));
        once(&self.columns, || {
            self.index(&self.reader, BuildOptions::new().columns(columns))
        })
    }

    fn ids(&self) -> Result<&Made<Index>> {
        once(&self.ids, || {
            self.index(&self.reader, BuildOptions::new().ids(true))
        })
    }

    fn ordered(&self) -> Result<&Made<Ordered>> {
        once(&self.ordered, || {
            let path = self.new_file("ngt");
            let to = (path.as_path(), CreateOptions::new());
            let order = Order::by_space(Space::Physical);
            let options = SortOptions::new();
            sort_file(&self.workers, &self.reader, to, &order, &options, |_| ())?;
            let options = BuildOptions::new()
                .columns(axes(Space::Physical))
                .boxes([Space::Physical]);
            Ok(Ordered {
                index: self.index(&BlockReader::open(&path)?, options)?,
                snapshot: open_store(&path)?.snapshot(),
            })
        })
    }

    fn index(&self, reader: &BlockReader, options: BuildOptions) -> Result<Index> {
        build(&self.workers, reader, &options, |_, _| ())?;
        open_index(reader)
    }
}

fn axes(space: Space) -> [Column; 3] {
    Axis::ALL.map(|axis| Column::Coordinate(space, axis))
}

fn builds<const N: usize>(builds: [(&str, f64); N]) -> Builds {
    builds.map(|(name, ms)| (name.to_owned(), ms)).into()
}

fn once<T>(cell: &OnceCell<Made<T>>, make: impl FnOnce() -> Result<T>) -> Result<&Made<T>> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let start = Instant::now();
    let value = make()?;
    let ms = 1e3 * start.elapsed().as_secs_f64();
    Ok(cell.get_or_init(|| Made { value, ms }))
}
