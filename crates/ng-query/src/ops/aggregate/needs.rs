use ng_arrow::Column;

use super::{GroupBy, Measure};

/// What has to be counted for some measures.
pub(super) struct Needs {
    pub(super) group_by: Vec<GroupBy>,
    pub(super) columns: Vec<(Column, Need)>,
    /// All columns that have to be loaded.
    pub(super) loads: Vec<Column>,
}

/// What has to be counted of one column.
#[derive(Clone, Copy, Default)]
pub(super) struct Need {
    pub(super) extremes: bool,
    pub(super) sums: bool,
    pub(super) squares: bool,
    pub(super) values: bool,
    pub(super) distinct: bool,
}

impl Needs {
    pub(super) fn new(group_by: &[GroupBy], measures: &[Measure]) -> Self {
        let mut columns: Vec<(Column, Need)> = Vec::new();
        for measure in measures {
            let Some(column) = measure.column() else {
                continue;
            };
            let place = columns.iter().position(|(known, _)| *known == column);
            let place = place.unwrap_or_else(|| {
                columns.push((column, Need::default()));
                columns.len() - 1
            });
            columns[place].1.add(*measure);
        }
        let mut needs = Self {
            group_by: group_by.to_vec(),
            loads: Vec::new(),
            columns,
        };
        let measured = needs.columns.iter().map(|(column, _)| *column);
        needs.loads = needs.grouped().chain(measured).collect();
        needs
    }

    /// The columns that decide a token's group.
    pub(super) fn grouped(&self) -> impl Iterator<Item = Column> {
        self.group_by.iter().flat_map(|by| by.columns())
    }

    /// The most groups that are counted: a group takes some hundred bytes for each column, and up
    /// to 514 KiB where values are kept.
    pub(super) fn most_groups(&self) -> usize {
        match self.keeps_values() {
            true => 1 << 12,
            false => 1 << 20,
        }
    }

    /// The most groups that all threads together count separately.
    pub(super) fn most_own_groups(&self) -> usize {
        match self.keeps_values() {
            true => 1 << 12,
            false => 1 << 18,
        }
    }

    fn keeps_values(&self) -> bool {
        let keeps = |(_, need): &(Column, Need)| need.values || need.distinct;
        self.columns.iter().any(keeps)
    }

    /// What is summed of weights; it counts the groups as well.
    pub(super) fn weight_sums(&self) -> Option<Need> {
        let place = self.place_of(Column::Weight)?;
        Some(self.columns[place].1).filter(|need| need.sums)
    }

    /// The index of a measure's column.
    pub(super) fn place_of(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|(known, _)| *known == column)
    }
}

impl Need {
    fn add(&mut self, measure: Measure) {
        match measure {
            Measure::Count => {}
            Measure::Min(_) | Measure::Max(_) => self.extremes = true,
            Measure::Sum(_) | Measure::Mean(_) => self.sums = true,
            Measure::StdDev(_) => {
                self.sums = true;
                self.squares = true;
            }
            Measure::Quantile(..) => self.values = true,
            Measure::Distinct(_) => self.distinct = true,
        }
    }

    /// Whether keys are counted; sums of weights need none.
    pub(super) fn asks_for_keys(self, column: Column) -> bool {
        let sums = self.sums && column != Column::Weight;
        self.extremes || sums || self.values || self.distinct
    }
}
