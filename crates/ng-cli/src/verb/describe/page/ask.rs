use anyhow::Result;
use ng_query::index::IndexInfo;
use ng_query::ng_arrow::Column;
use ng_query::{Bins, Histogram, Histogram2d};
use ng_token::{Axis, Space};

use super::super::description::{Description, Summary};
use super::super::gather::Asked;
use super::bins::bins;

/// The most bins of a histogram on the page.
const FINE: usize = 60;
/// The most bins along an axis of a map.
const CELLS: usize = 64;

/// What the page has beyond the description.
pub(in crate::verb::describe) struct Details {
    pub(super) histograms: Vec<Histogram>,
    /// The planes of each space that is described on all three axes.
    pub(super) maps: Vec<(Space, Vec<Histogram2d>)>,
    pub(super) index: Indexed,
}

/// What is indexed.
pub(in crate::verb::describe) enum Indexed {
    /// `None` without an index.
    File(Option<IndexInfo>),
    /// Of a dataset, all shards together.
    Shards {
        shards: u64,
        with_index: u64,
        blocks: u64,
        size_bytes: u64,
    },
}

impl Details {
    /// Asks for the histograms in one pass, and for the maps in another.
    pub(in crate::verb::describe) fn ask(
        asked: &mut Asked<'_>,
        described: &Description<'_>,
        index: Indexed,
    ) -> Result<Self> {
        let summaries = &described.columns;
        let fine = summaries.iter().filter_map(|it| binned(it, FINE));
        let answer = asked.query.histograms(&fine.collect::<Vec<_>>())?;
        asked.took(answer.stats);
        Ok(Self {
            histograms: answer.value.into_iter().flatten().collect(),
            maps: maps(asked, summaries)?,
            index,
        })
    }

    pub(super) fn histogram(&self, column: Column) -> Option<&Histogram> {
        self.histograms.iter().find(|it| it.column == column)
    }
}

/// A column with its bins; `None` if it has no finite number.
fn binned(summary: &Summary, at_most: usize) -> Option<(Column, Bins)> {
    let (low, high) = (summary.min.number()?, summary.max.number()?);
    let bins = match low.is_finite() && high.is_finite() {
        true => bins(summary.column, low, high, at_most),
        // The ends have to be found.
        false => Bins::new(at_most),
    };
    Some((summary.column, bins))
}

fn maps(asked: &mut Asked<'_>, summaries: &[Summary]) -> Result<Vec<(Space, Vec<Histogram2d>)>> {
    let axis = |space, axis| {
        let column = Column::Coordinate(space, axis);
        binned(summaries.iter().find(|it| it.column == column)?, CELLS)
    };
    let axes = |space| {
        let [x, y, z] = Axis::ALL.map(|it| axis(space, it));
        Some((space, [[x?, y?], [x?, z?], [y?, z?]]))
    };
    let spaces: Vec<_> = Space::ALL.into_iter().filter_map(axes).collect();
    let planes: Vec<_> = spaces.iter().flat_map(|(_, planes)| *planes).collect();
    let answer = asked.query.histograms_2d(&planes)?;
    asked.took(answer.stats);
    let mut found = answer.value.into_iter().flatten();
    let of_space =
        |(space, planes): &(Space, [_; 3])| (*space, found.by_ref().take(planes.len()).collect());
    Ok(spaces.iter().map(of_space).collect())
}
