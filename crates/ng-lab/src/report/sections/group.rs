//! The cells of a report, grouped by scenario, size and work.

use crate::model::{CellReport, PhaseReport, Profile, Report, Role};
use crate::report::text;

/// A cell with its index in the report.
pub(crate) type Indexed<'r> = (usize, &'r CellReport);

/// The cells of one scenario at one size.
pub(crate) struct Group<'r> {
    pub(crate) scenario: &'r str,
    pub(crate) items: u64,
    /// The name of the items.
    unit: &'r str,
    pub(crate) cells: Vec<Indexed<'r>>,
}

/// One variant on one number of threads: its cells in all builds and roles.
pub(crate) struct Work<'r> {
    pub(crate) variant: &'r str,
    pub(crate) threads: usize,
    pub(crate) cells: Vec<Indexed<'r>>,
}

/// One phase of a cell, with the indices of both.
#[derive(Clone, Copy)]
pub(crate) struct PhaseOf<'r> {
    pub(crate) cell_index: usize,
    pub(crate) cell: &'r CellReport,
    pub(crate) index: usize,
    pub(crate) phase: &'r PhaseReport,
}

/// Scenarios and sizes in the order of the plan.
pub(crate) fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (index, cell) in report.cells.iter().enumerate() {
        let (scenario, items) = (cell.key.scenario.as_str(), cell.items());
        let known = groups
            .iter_mut()
            .find(|group| group.scenario == scenario && group.items == items);
        match known {
            Some(group) => group.cells.push((index, cell)),
            None => groups.push(Group {
                scenario,
                items,
                unit: &report.run.items,
                cells: vec![(index, cell)],
            }),
        }
    }
    groups
}

impl<'r> Group<'r> {
    pub(crate) fn title(&self) -> String {
        format!(
            "{}, {} {}",
            self.scenario,
            text::items(self.items),
            self.unit
        )
    }

    /// The work of the group in the order of the plan.
    pub(crate) fn works(&self) -> Vec<Work<'r>> {
        works(self.cells.iter().copied())
    }
}

/// Cells of one scenario by variant and threads.
pub(crate) fn works<'r>(cells: impl IntoIterator<Item = Indexed<'r>>) -> Vec<Work<'r>> {
    let mut works: Vec<Work<'r>> = Vec::new();
    for (index, cell) in cells {
        let (variant, threads) = (cell.key.variant.as_str(), cell.key.threads);
        let known = works
            .iter_mut()
            .find(|work| work.variant == variant && work.threads == threads);
        match known {
            Some(work) => work.cells.push((index, cell)),
            None => works.push(Work {
                variant,
                threads,
                cells: vec![(index, cell)],
            }),
        }
    }
    works
}

impl<'r> Work<'r> {
    pub(crate) fn label(&self) -> String {
        format!("{} x{}", self.variant, self.threads)
    }

    /// The names of the phases in order.
    pub(crate) fn phases(&self) -> Vec<&'r str> {
        phase_names(&self.cells)
    }

    /// The main cells.
    pub(crate) fn main(&self) -> impl Iterator<Item = Indexed<'r>> {
        let cells = self.cells.iter().copied();
        cells.filter(|(_, cell)| cell.role == Role::Main)
    }

    /// The phase called `name` in each of `cells` that has it.
    pub(crate) fn phase_of(
        cells: impl IntoIterator<Item = Indexed<'r>>,
        name: &str,
    ) -> Vec<PhaseOf<'r>> {
        let found = cells
            .into_iter()
            .filter_map(|(index, cell)| PhaseOf::find(index, cell, name));
        found.collect()
    }
}

impl<'r> PhaseOf<'r> {
    fn find(cell_index: usize, cell: &'r CellReport, name: &str) -> Option<Self> {
        let index = cell.phases.iter().position(|phase| phase.name == name)?;
        Some(Self {
            cell_index,
            cell,
            index,
            phase: &cell.phases[index],
        })
    }

    /// Whether its figures are usable; others are drawn hollow.
    pub(crate) fn is_usable(&self) -> bool {
        self.cell.verdict.is_comparable()
    }

    /// The CSS class of this cell's series.
    pub(crate) fn series(&self) -> &'static str {
        match (self.cell.key.profile, self.cell.role) {
            (Profile::Dev, Role::Main) => "dev",
            (Profile::Release, Role::Main) => "release",
            (_, Role::Aa) => "aa",
            (_, Role::Against) => "against",
        }
    }
}

/// The names of all phases of `cells` in order.
pub(crate) fn phase_names<'r>(cells: &[Indexed<'r>]) -> Vec<&'r str> {
    let phases = cells.iter().flat_map(|(_, cell)| &cell.phases);
    unique(phases.map(|phase| phase.name.as_str()))
}

/// The distinct values, in order of first appearance.
pub(crate) fn unique<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}
