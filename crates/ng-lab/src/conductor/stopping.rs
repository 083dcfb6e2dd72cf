//! Stops blocks whose phases are all decided, under a gate against another revision.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::conductor::plan::{PlannedCell, Rounds};
use crate::conductor::readings::{CellReadings, Readings};
use crate::conductor::versus::{Versus, gated_profile};
use crate::model::{Look, Profile, Role};
use crate::stats::{Copies, Looks, Pairs, Rule};

/// A block may have at most this times the rounds that all blocks have time for, since
/// blocks that stop leave their time to others.
const MOST: u32 = 2;

/// The looks of a run and what it has stopped. Without looks it stops nothing.
#[derive(Debug, Default)]
pub(crate) struct Stopping {
    looks: Looks,
    taken: Vec<Look>,
    /// The logarithm of the ratio allowed by the gate.
    gate: f64,
    tests: usize,
    /// The build that the gate judges.
    gated: Option<Profile>,
    budget: Option<Duration>,
    stopped: BTreeSet<usize>,
    decided: BTreeSet<Phase>,
}

/// A phase that the gate judges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Phase {
    block: usize,
    name: String,
}

/// The result of a look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Looked {
    pub(super) rounds: u32,
    pub(super) tests: usize,
    pub(super) decided: usize,
    /// Names of the phases that go on.
    pub(super) undecided: Vec<String>,
}

impl Stopping {
    /// Whether a run may look: it has a gate against another revision, and a time budget.
    pub(crate) fn applies(versus: &Versus, asked: Rounds) -> bool {
        versus.gate.is_some() && versus.against().is_some() && asked.budget().is_some()
    }

    /// Plans the looks of a run in which all blocks have time for `rounds` rounds.
    pub(crate) fn plan(versus: &Versus, asked: Rounds, readings: &Readings, rounds: u32) -> Self {
        let Some(gate) = versus.gate.filter(|_| Self::applies(versus, asked)) else {
            return Self::default();
        };
        let tests = versus.tests(&readings.cells);
        let looks = looks(asked, tests, rounds);
        let taken = looks.shares().map(|(rounds, share)| Look {
            rounds,
            share,
            elapsed_s: None,
        });
        Self {
            taken: taken.collect(),
            looks,
            gate: gate.log_ratio(),
            tests,
            gated: gated_profile(&readings.cells),
            budget: asked.budget(),
            ..Self::default()
        }
    }

    /// Returns the planned looks.
    pub(crate) fn looks(&self) -> &Looks {
        &self.looks
    }

    /// Returns all planned looks; those taken have a time.
    pub(crate) fn taken(&self) -> Vec<Look> {
        self.taken.clone()
    }

    /// Returns the most rounds that a block can have.
    pub(crate) fn most(&self, rounds: u32) -> u32 {
        self.looks.rounds().last().copied().unwrap_or(rounds)
    }

    /// Whether a cell goes on. From the first look on, only cells of the gated build in
    /// undecided blocks do.
    pub(crate) fn goes_on(&self, planned: &PlannedCell) -> bool {
        !self.has_looked()
            || Some(planned.profile) == self.gated && !self.stopped.contains(&planned.block)
    }

    /// Whether the first look was taken, so that only undecided blocks go on.
    pub(crate) fn has_looked(&self) -> bool {
        self.taken
            .first()
            .is_some_and(|look| look.elapsed_s.is_some())
    }

    /// Whether another round would exceed the budget; not before the first look.
    pub(crate) fn lacks_time(&self, elapsed: Duration, round: Duration) -> bool {
        let budget = self.budget.filter(|_| self.has_looked());
        budget.is_some_and(|budget| elapsed + round > budget)
    }

    /// Takes the look after `rounds`, if there is one, and stops blocks whose phases are
    /// all decided.
    pub(crate) fn look(
        &mut self,
        rounds: u32,
        elapsed: Duration,
        readings: &Readings,
    ) -> Option<Looked> {
        let look = self.taken.iter_mut().find(|look| look.rounds == rounds)?;
        look.elapsed_s = Some(elapsed.as_secs_f64());
        let rule = Rule {
            gate: self.gate,
            tests: self.tests,
            looks: &self.looks,
        };
        let mut open = BTreeSet::new();
        let mut undecided = Vec::new();
        for (phase, copies) in phases(&readings.cells) {
            if self.decided.contains(&phase) {
                continue;
            }
            if rule.decided(&copies, rounds).is_some() {
                self.decided.insert(phase);
            } else {
                open.insert(phase.block);
                undecided.push(phase.name);
            }
        }
        let blocks = readings.cells.iter().map(|cell| cell.planned.block);
        self.stopped = blocks.filter(|block| !open.contains(block)).collect();
        Some(Looked {
            rounds,
            tests: self.tests,
            decided: self.decided.len(),
            undecided,
        })
    }
}

/// Plans the looks of a time budget; an exact number of rounds has none. A block may have
/// more rounds than all have time for, if that leaves an earlier look.
fn looks(asked: Rounds, tests: usize, rounds: u32) -> Looks {
    let Rounds::Within { at_most, .. } = asked else {
        return Looks::default();
    };
    let most = (MOST * rounds).min(at_most).max(rounds);
    let of = |most| {
        let each = rounds;
        Looks::plan(tests, Pairs { each, most })
    };
    match of(most) {
        none if none.rounds().is_empty() => of(rounds),
        looks => looks,
    }
}

/// Returns the phases of the gated cells, with the times of all three copies. A failed
/// cell is invalid, and does not go on.
fn phases(cells: &[CellReadings]) -> Vec<(Phase, Copies)> {
    let mut found = Vec::new();
    for copies in gated(cells) {
        let [main, ..] = copies;
        let phases = main.any_reading().map(|reading| &reading.phases);
        for name in phases.into_iter().flatten().map(|phase| &phase.name) {
            let times = copies.map(|cell| cell.samples(name));
            let times = Copies::paired(times.each_ref());
            let phase = Phase {
                block: main.planned.block,
                name: format!("{} {name}", main.planned.cell),
            };
            found.extend((times.pairs() > 0).then_some((phase, times)));
        }
    }
    found
}

/// Returns this program's cells with their A/A copies and the other revision's, unless one
/// of the three failed.
fn gated(cells: &[CellReadings]) -> impl Iterator<Item = [&CellReadings; 3]> {
    let mains = cells.iter().filter(|cell| cell.planned.role == Role::Main);
    let copies = mains.filter_map(|main| {
        let copy = |role| {
            cells.iter().find(|cell| {
                let (planned, of) = (&cell.planned, &main.planned);
                planned.role == role && planned.block == of.block && planned.profile == of.profile
            })
        };
        Some([main, copy(Role::Aa)?, copy(Role::Against)?])
    });
    let failed = |cell: &CellReadings| cell.rounds.iter().any(|run| run.reading.is_err());
    copies.filter(move |copies| !copies.iter().any(|cell| failed(cell)))
}
