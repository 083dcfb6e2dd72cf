//! What is measured: every scenario's variants at every size, in every build.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::scenario::{Cell, Profile, Scenario};

/// Memory that a cell leaves to the rest of the machine.
const SPARE_BYTES: u64 = 256 << 20;
/// The page-fault probe touches this much at most.
pub(crate) const PAGE_FAULT_BYTES: u64 = 64 << 20;

/// What the measured items are. The lab knows no more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The items' name in the plural, as reports use it.
    pub items: &'static str,
    /// Bytes of one item; the limits are probed at `items * item_bytes`.
    pub item_bytes: u64,
}

/// How many rounds follow round 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    /// As many as said.
    Exactly(u32),
    /// As many as fit into a time that begins with round 0.
    Within {
        /// The time.
        budget: Duration,
        /// Rounds that are run even if they do not fit.
        at_least: u32,
        /// Rounds that are not exceeded even if more would fit.
        at_most: u32,
    },
}

impl Rounds {
    /// The number of rounds after round 0 took `first` and each later one is
    /// expected to take `each`.
    ///
    /// It is fixed before any sample counts, so that no result can decide when
    /// to stop.
    #[must_use]
    pub fn after_first(self, first: Duration, each: Duration) -> u32 {
        match self {
            Self::Exactly(rounds) => rounds,
            Self::Within {
                budget,
                at_least,
                at_most,
            } => {
                let left = budget.saturating_sub(first).as_secs_f64();
                let fit = left / each.as_secs_f64().max(1e-3);
                (fit as u32).clamp(at_least, at_most)
            }
        }
    }
}

/// What the user asked for.
#[derive(Clone)]
pub struct Request {
    /// What is measured.
    pub subject: Subject,
    /// The scenarios, in the order of the report.
    pub scenarios: Vec<&'static dyn Scenario>,
    /// Numbers of items.
    pub sizes: Vec<u64>,
    /// Numbers of threads, rising.
    pub threads: Vec<usize>,
    /// The worker program of each build that is measured.
    pub programs: Vec<(Profile, PathBuf)>,
    /// How many rounds.
    pub rounds: Rounds,
    /// Seed of every random order.
    pub seed: u64,
    /// How long a worker may take; none for half a minute and 0.2 us a byte.
    pub timeout: Option<Duration>,
    /// The file that keeps two measurements apart.
    pub lock: PathBuf,
}

/// Whether a cell is measured for its own sake or as a copy that shows the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The cell itself.
    Main,
    /// The same program once more: any difference is noise.
    Aa,
}

/// A cell in one build and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCell {
    /// The work.
    pub cell: Cell,
    /// The build of its worker.
    pub profile: Profile,
    /// Main or A/A.
    pub role: Role,
    /// Which block of a round it belongs to: the copies of one cell share it.
    pub block: usize,
    /// Why it is not measured, if so.
    pub skipped: Option<String>,
}

/// Everything that one run measures.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Cells; the copies of one cell are neighbours.
    pub cells: Vec<PlannedCell>,
    /// What limits are probed over in every round: bytes and threads.
    pub limits: Vec<(u64, usize)>,
    /// Rough duration of one round.
    pub round_estimate: Duration,
}

/// Why nothing can be measured.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// No cell fits into memory.
    #[error("nothing fits into memory: {reason}")]
    NothingFits {
        /// The reason of the first cell that was skipped.
        reason: String,
    },
    /// The request names no work.
    #[error("nothing to measure: no scenario has a cell for these threads and sizes")]
    Empty,
}

impl Plan {
    /// Lays out the cells of `request` for a machine with `available_bytes` of memory.
    ///
    /// # Errors
    /// [`PlanError`], if no cell would be measured.
    pub fn new(request: &Request, available_bytes: u64) -> Result<Self, PlanError> {
        let mut plan = Self {
            cells: Vec::new(),
            limits: Vec::new(),
            round_estimate: Duration::ZERO,
        };
        for &items in &request.sizes {
            for scenario in &request.scenarios {
                plan.add_scenario(request, *scenario, items, available_bytes);
            }
        }
        let mut measured = plan.cells.iter().filter(|cell| cell.skipped.is_none());
        if measured.next().is_none() {
            let reason = plan.cells.iter().find_map(|cell| cell.skipped.clone());
            return Err(reason.map_or(PlanError::Empty, |reason| PlanError::NothingFits { reason }));
        }
        Ok(plan)
    }

    fn add_scenario(
        &mut self,
        request: &Request,
        scenario: &dyn Scenario,
        items: u64,
        available_bytes: u64,
    ) {
        for variant in scenario.variants_at(items, &request.threads) {
            let cell = Cell {
                scenario: scenario.name().to_owned(),
                variant,
                items,
            };
            let needs = scenario.needs_bytes(&cell);
            let skipped = (needs.saturating_add(SPARE_BYTES) > available_bytes)
                .then(|| too_large(needs, available_bytes));
            if skipped.is_none() {
                self.add_limits(request.subject, &cell);
            }
            let block = self.cells.last().map_or(0, |last| last.block + 1);
            for (profile, role) in copies(request) {
                if skipped.is_none() {
                    self.round_estimate += estimate(profile, &cell, needs);
                }
                self.cells.push(PlannedCell {
                    cell: cell.clone(),
                    profile,
                    role,
                    block,
                    skipped: skipped.clone(),
                });
            }
        }
    }

    fn add_limits(&mut self, subject: Subject, cell: &Cell) {
        let bytes = cell.items * subject.item_bytes;
        // Latency limits are read on one thread, whatever the cell's threads.
        for threads in [1, cell.variant.threads] {
            if !self.limits.contains(&(bytes, threads)) {
                self.limits.push((bytes, threads));
                self.round_estimate += Duration::from_nanos(20_000_000 + bytes * 3 / 2);
            }
        }
    }
}

/// Every build once, and one of them a second time: release, where there is one.
fn copies(request: &Request) -> Vec<(Profile, Role)> {
    let mut copies: Vec<_> = request
        .programs
        .iter()
        .map(|(profile, _)| (*profile, Role::Main))
        .collect();
    let aa = copies.iter().map(|(profile, _)| *profile).max();
    copies.extend(aa.map(|profile| (profile, Role::Aa)));
    copies
}

fn too_large(needs: u64, available: u64) -> String {
    format!(
        "needs {} MiB of memory and {} MiB to spare, available are {} MiB",
        needs >> 20,
        SPARE_BYTES >> 20,
        available >> 20
    )
}

/// Rough: a process, and so much a byte for warming, work and the fraction.
/// Seen on one machine; round 0 gives the real figure.
fn estimate(profile: Profile, cell: &Cell, needs: u64) -> Duration {
    let per_byte_ns = match profile {
        Profile::Dev => 1.6,
        Profile::Release => 0.6,
    };
    let ns = needs as f64 * per_byte_ns / cell.variant.threads.min(2) as f64;
    Duration::from_millis(12) + Duration::from_nanos(ns as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Run;
    use crate::scenario::{Failure, Variant};

    struct Half;
    /// The size at which it has one cell only.
    const NO_SECOND: u64 = 7;
    impl Scenario for Half {
        fn name(&self) -> &'static str {
            "half"
        }
        fn about(&self) -> &'static str {
            "one small and one large cell"
        }
        fn variants(&self, threads: &[usize]) -> Vec<Variant> {
            threads
                .iter()
                .map(|threads| Variant::new("v").threads(*threads))
                .collect()
        }
        fn variants_at(&self, items: u64, threads: &[usize]) -> Vec<Variant> {
            let mut variants = self.variants(threads);
            variants.truncate(if items == NO_SECOND { 1 } else { 2 });
            variants
        }
        fn needs_bytes(&self, cell: &Cell) -> u64 {
            cell.items * 64 * cell.variant.threads as u64
        }
        fn run(&self, _: &Cell, _: &mut Run) -> Result<(), Failure> {
            Ok(())
        }
    }

    fn request(sizes: &[u64]) -> Request {
        Request {
            subject: Subject {
                items: "records",
                item_bytes: 64,
            },
            scenarios: vec![&Half],
            sizes: sizes.to_vec(),
            threads: vec![1, 2],
            programs: vec![(Profile::Dev, "d".into()), (Profile::Release, "r".into())],
            rounds: Rounds::Exactly(1),
            seed: 1,
            timeout: None,
            lock: PathBuf::new(),
        }
    }

    #[test]
    fn every_cell_has_both_builds_and_a_second_release() {
        let plan = Plan::new(&request(&[1000]), 1 << 30).unwrap();
        let copies: Vec<_> = plan.cells[..3]
            .iter()
            .map(|planned| (planned.profile, planned.role))
            .collect();
        assert_eq!(
            copies,
            [
                (Profile::Dev, Role::Main),
                (Profile::Release, Role::Main),
                (Profile::Release, Role::Aa)
            ]
        );
        assert_eq!(plan.cells.len(), 6);
        assert_eq!(plan.limits, [(64_000, 1), (64_000, 2)]);
    }

    #[test]
    fn a_cell_that_does_not_fit_is_skipped_with_the_figures() {
        let available = (64 << 20) + SPARE_BYTES;
        let plan = Plan::new(&request(&[1 << 20]), available).unwrap();
        assert_eq!(plan.cells[0].skipped, None);
        assert_eq!(
            plan.cells[3].skipped.as_deref(),
            Some("needs 128 MiB of memory and 256 MiB to spare, available are 320 MiB")
        );
    }

    #[test]
    fn a_scenario_can_have_other_cells_at_another_size() {
        let plan = Plan::new(&request(&[NO_SECOND, 1000]), 1 << 30).unwrap();
        let planned = plan.cells.iter().step_by(3);
        let cells: Vec<_> = planned
            .map(|planned| (planned.cell.items, planned.cell.variant.threads))
            .collect();
        assert_eq!(cells, [(NO_SECOND, 1), (1000, 1), (1000, 2)]);
    }

    #[test]
    fn nothing_that_fits_is_an_error() {
        let error = Plan::new(&request(&[1 << 40]), 1 << 30).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("nothing fits into memory: needs")
        );
        let mut empty = request(&[1]);
        empty.threads.clear();
        assert_eq!(Plan::new(&empty, 1 << 40).unwrap_err(), PlanError::Empty);
    }

    #[test]
    fn rounds_fill_the_budget_between_their_bounds() {
        let rounds = Rounds::Within {
            budget: Duration::from_secs(50),
            at_least: 6,
            at_most: 12,
        };
        for (first, expected) in [(1, 12), (5, 9), (20, 6)] {
            let first = Duration::from_secs(first);
            assert_eq!(rounds.after_first(first, first), expected);
        }
        let (first, each) = (Duration::from_secs(10), Duration::from_secs(5));
        assert_eq!(rounds.after_first(first, each), 8);
        assert_eq!(Rounds::Exactly(3).after_first(first, each), 3);
    }
}
