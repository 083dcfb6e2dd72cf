//! What is measured: every scenario's variants at every size, in every build.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::conductor::Versus;
use crate::conductor::available::{Available, Needs};
use crate::model::{CellKey, Limit, Profile, Role, Size};
use crate::worker::limits::PROBED_MOST_BYTES;
use crate::worker::scenario::{Cell, Scenario};

/// The page-fault probe touches this much at most.
pub(crate) const PAGE_FAULT_BYTES: u64 = 64 << 20;

/// What the measured items are; the lab knows nothing else about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The items' name in the plural, as reports use it.
    pub items: &'static str,
    /// Bytes of one item; the limits are probed at `items * item_bytes`, unless a
    /// scenario says otherwise.
    pub item_bytes: u64,
}

impl Subject {
    /// Bytes of all items of a cell.
    pub(crate) fn bytes_of(&self, cell: &Cell) -> u64 {
        cell.items * self.item_bytes
    }
}

/// How many rounds follow round 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    /// This number.
    Exactly(u32),
    /// As many as fit into a time that begins with round 0.
    Within {
        /// The time.
        budget: Duration,
        /// Rounds that are run even if they do not fit.
        at_least: u32,
        /// The time after which even those stop, except for one: a round over files
        /// of tens of gigabytes takes minutes.
        patience: Duration,
        /// Rounds that are not exceeded even if more would fit.
        at_most: u32,
    },
}

impl Rounds {
    /// The number of rounds after round 0 took `first` and each later one is
    /// expected to take `each`.
    ///
    /// It is fixed before any sample counts, so that no result can decide when
    /// to stop. Under a gate against another revision, cells stop or go on at looks that
    /// are fixed in advance too.
    #[must_use]
    pub fn after_first(self, first: Duration, each: Duration) -> u32 {
        match self {
            Self::Exactly(rounds) => rounds,
            Self::Within {
                budget,
                at_least,
                patience,
                at_most,
            } => {
                let fit = |time: Duration| {
                    let left = time.saturating_sub(first).as_secs_f64();
                    (left / each.as_secs_f64().max(1e-3)) as u32
                };
                let at_least = at_least.min(fit(patience)).max(1);
                fit(budget).clamp(at_least, at_most.max(at_least))
            }
        }
    }
}

impl Rounds {
    /// Returns the time budget, if there is one.
    #[must_use]
    pub fn budget(self) -> Option<Duration> {
        match self {
            Self::Exactly(_) => None,
            Self::Within { budget, .. } => Some(budget),
        }
    }
}

/// What the user asked for.
#[derive(Clone)]
pub struct Request {
    /// The items.
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
    /// How long a worker may take; none means half a minute and 0.2 us per byte.
    pub timeout: Option<Duration>,
    /// The file that keeps two measurements apart.
    pub lock: PathBuf,
    /// Where the folder for data files is made, if a cell needs any.
    pub dir: PathBuf,
    /// What the run is compared with.
    pub versus: Versus,
}

impl Request {
    /// Every cell that was asked for, in the order of the report, with its scenario.
    fn cells(&self) -> impl Iterator<Item = (&'static dyn Scenario, Cell)> {
        self.sizes.iter().flat_map(move |&items| {
            self.scenarios.iter().flat_map(move |&scenario| {
                let variants = scenario.variants_at(items, &self.threads);
                variants.into_iter().map(move |variant| {
                    let cell = Cell {
                        scenario: scenario.name().to_owned(),
                        variant,
                        items,
                    };
                    (scenario, cell)
                })
            })
        })
    }

    /// Returns the worker program of a build, or the other revision's.
    ///
    /// # Errors
    /// There is no program of that build.
    pub(crate) fn program(&self, profile: Profile, role: Role) -> io::Result<&Path> {
        if let (Role::Against, Some(against)) = (role, self.versus.against()) {
            return Ok(&against.program);
        }
        let mut programs = self.programs.iter();
        let found = programs.find(|(found, _)| *found == profile);
        found.map(|(_, path)| path.as_path()).ok_or_else(|| {
            let name = profile.name();
            io::Error::new(io::ErrorKind::NotFound, format!("no {name} worker program"))
        })
    }

    /// The bytes that the limits beside a cell are probed over.
    fn limit_bytes(&self, cell: &Cell, needs: &Needs) -> u64 {
        let of_items = self.subject.bytes_of(cell);
        needs.limit_bytes.unwrap_or(of_items)
    }

    /// Whether a cell works on files, or in less memory than the machine has:
    /// both leave something behind if the run is killed.
    #[must_use]
    pub fn needs_folder(&self) -> bool {
        self.cells().any(|(scenario, cell)| {
            scenario.needs_disk_bytes(&cell) > 0 || scenario.memory_limit_bytes(&cell).is_some()
        })
    }

    /// The least memory that a cell is to be confined to.
    #[must_use]
    pub fn least_memory_limit_bytes(&self) -> Option<u64> {
        let limits = self
            .cells()
            .filter_map(|(scenario, cell)| scenario.memory_limit_bytes(&cell));
        limits.min()
    }
}

/// A cell in one build and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCell {
    /// The work.
    pub cell: Cell,
    /// The build of its worker.
    pub profile: Profile,
    /// Main, A/A, or another revision.
    pub role: Role,
    /// Which block of a round it belongs to: the copies of one cell share it.
    pub block: usize,
    /// Whether it works on files.
    pub uses_files: bool,
    /// The memory that it is confined to, if so.
    pub memory_limit_bytes: Option<u64>,
    /// Bytes that the limits beside it are probed over.
    pub limit_bytes: u64,
    /// Why it is not measured, if so.
    pub skipped: Option<String>,
}

impl PlannedCell {
    /// The cell's name in a report about items of that name.
    pub(crate) fn key(&self, items: &str) -> CellKey {
        let Cell {
            scenario,
            variant,
            items: count,
        } = &self.cell;
        CellKey {
            scenario: scenario.clone(),
            size: Size::new(*count, items),
            variant: variant.name.clone(),
            threads: variant.threads,
            profile: self.profile,
        }
    }
}

/// What limits are probed over, apart from those beside the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedLimits {
    /// Bytes of memory, or of a file.
    pub bytes: u64,
    /// Threads that work at once.
    pub threads: usize,
    /// The memory that the probes are confined to, if so.
    pub memory_limit_bytes: Option<u64>,
    /// Whether the limits of memory are among them: not where cells are confined, and
    /// not where the machine has less.
    pub of_memory: bool,
    /// Whether the limits of files are among them.
    pub of_files: bool,
}

impl PlannedLimits {
    /// The limits that are probed.
    pub fn limits(&self) -> impl Iterator<Item = Limit> {
        let Self {
            threads,
            of_memory,
            of_files,
            ..
        } = *self;
        let memory = Limit::on(threads).filter(move |limit| of_memory || limit.pages().is_none());
        let files = Limit::of_files(threads).filter(move |_| of_files);
        memory.chain(files)
    }
}

/// Everything that one run measures.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Cells; the copies of one cell are neighbours.
    pub cells: Vec<PlannedCell>,
    /// What limits are probed over in every round.
    pub limits: Vec<PlannedLimits>,
    /// Rough duration of one round.
    pub round_estimate: Duration,
}

/// Why nothing can be measured.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// No cell fits into memory or onto the disk, or is available here.
    #[error("nothing can be measured here: {reason}")]
    NothingFits {
        /// The reason of the first cell that was skipped.
        reason: String,
    },
    /// The request names no work.
    #[error("nothing to measure: no scenario has a cell for these threads and sizes")]
    Empty,
}

impl Plan {
    /// Whether a limit is probed at this size, number of threads and memory limit.
    pub(super) fn probes(
        &self,
        bytes: u64,
        threads: usize,
        memory_limit_bytes: Option<u64>,
        limit: Limit,
    ) -> bool {
        let key = (bytes, threads, memory_limit_bytes);
        let planned = self
            .limits
            .iter()
            .find(|it| (it.bytes, it.threads, it.memory_limit_bytes) == key);
        planned.is_some_and(|planned| planned.limits().any(|planned| planned == limit))
    }

    /// Lays out the cells of `request` for a machine that has `available`.
    ///
    /// # Errors
    /// [`PlanError`], if no cell would be measured.
    pub fn new(request: &Request, available: &Available) -> Result<Self, PlanError> {
        let mut plan = Self {
            cells: Vec::new(),
            limits: Vec::new(),
            round_estimate: Duration::ZERO,
        };
        for (scenario, cell) in request.cells() {
            let needs = Needs::of(scenario, &cell);
            let lacks = available.lacks(&needs);
            let skipped = lacks.or_else(|| scenario.unavailable(&cell));
            if skipped.is_none() {
                let bytes = request.limit_bytes(&cell, &needs);
                plan.add_limits(bytes, &cell, &needs, available.has_memory(bytes));
            }
            plan.add_copies(request, &cell, &needs, skipped.as_ref());
        }
        let mut measured = plan.cells.iter().filter(|cell| cell.skipped.is_none());
        if measured.next().is_none() {
            let reason = plan.cells.iter().find_map(|cell| cell.skipped.clone());
            return Err(reason.map_or(PlanError::Empty, |reason| PlanError::NothingFits { reason }));
        }
        Ok(plan)
    }

    fn add_copies(
        &mut self,
        request: &Request,
        cell: &Cell,
        needs: &Needs,
        skipped: Option<&String>,
    ) {
        let block = self.cells.last().map_or(0, |last| last.block + 1);
        for (profile, role) in copies(request) {
            if skipped.is_none() {
                self.round_estimate += estimate(profile, cell, needs);
            }
            self.cells.push(PlannedCell {
                cell: cell.clone(),
                profile,
                role,
                block,
                uses_files: needs.disk_bytes > 0,
                memory_limit_bytes: needs.memory_limit_bytes,
                limit_bytes: request.limit_bytes(cell, needs),
                skipped: skipped.cloned(),
            });
        }
    }

    fn add_limits(&mut self, bytes: u64, cell: &Cell, needs: &Needs, of_memory: bool) {
        // Latency limits are read on one thread, whatever the cell's threads.
        for threads in [1, cell.variant.threads] {
            self.add_limits_on(PlannedLimits {
                bytes,
                threads,
                memory_limit_bytes: needs.memory_limit_bytes,
                of_memory: of_memory && needs.memory_limit_bytes.is_none(),
                of_files: needs.disk_bytes > 0 && needs.limit_bytes.is_none(),
            });
        }
    }

    fn add_limits_on(&mut self, new: PlannedLimits) {
        let key =
            |limits: &PlannedLimits| (limits.bytes, limits.threads, limits.memory_limit_bytes);
        let known = self.limits.iter_mut().find(|known| key(known) == key(&new));
        let of_files = known.as_ref().is_some_and(|known| known.of_files);
        if new.of_files && !of_files {
            let probed = new.bytes.min(PROBED_MOST_BYTES);
            self.round_estimate += Duration::from_nanos(probed * 4);
        }
        match known {
            Some(known) => known.of_files |= new.of_files,
            None => {
                let memory_ns = if new.of_memory { new.bytes * 3 / 2 } else { 0 };
                self.round_estimate += Duration::from_nanos(20_000_000 + memory_ns);
                self.limits.push(new);
            }
        }
    }
}

/// Every build once, and one of them again: release, if there is one.
/// Another revision is measured in that build too, since only its noise is known.
fn copies(request: &Request) -> Vec<(Profile, Role)> {
    let mut copies: Vec<_> = request
        .programs
        .iter()
        .map(|(profile, _)| (*profile, Role::Main))
        .collect();
    let aa = copies.iter().map(|(profile, _)| *profile).max();
    copies.extend(aa.map(|profile| (profile, Role::Aa)));
    let against = aa.filter(|_| request.versus.against().is_some());
    copies.extend(against.map(|profile| (profile, Role::Against)));
    copies
}

/// A rough estimate: the start of a process, and a time per byte for warming, work and
/// the fraction, and for writing and reading files. From one machine; round 0 gives the
/// real figure.
fn estimate(profile: Profile, cell: &Cell, needs: &Needs) -> Duration {
    let per_byte_ns = match profile {
        Profile::Dev => 1.6,
        Profile::Release => 0.6,
    };
    let memory_ns = needs.memory_bytes as f64 * per_byte_ns / cell.variant.threads.min(2) as f64;
    let disk_ns = needs.disk_bytes as f64 * (1.0 + per_byte_ns);
    Duration::from_millis(12) + Duration::from_nanos((memory_ns + disk_ns) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conductor::available::SPARE_BYTES;
    use crate::conductor::{Against, Reference};
    use crate::worker::run::Failure;
    use crate::worker::run::Run;
    use crate::worker::scenario::Variant;

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

    /// Memory alone is short.
    fn memory(memory_bytes: u64) -> Available {
        Available {
            memory_bytes,
            ..Available::EVERYTHING
        }
    }

    /// What the scenario says of every cell of a million items and more.
    #[derive(Default)]
    struct Files {
        disk_bytes: u64,
        memory_limit_bytes: Option<u64>,
        limit_bytes: Option<u64>,
        unavailable: Option<String>,
    }

    impl Scenario for Files {
        fn name(&self) -> &'static str {
            "files"
        }
        fn about(&self) -> &'static str {
            "needs what it is made with"
        }
        fn variants(&self, _: &[usize]) -> Vec<Variant> {
            vec![Variant::new("v"), Variant::new("w")]
        }
        fn needs_bytes(&self, _: &Cell) -> u64 {
            0
        }
        fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
            if cell.items < 1_000_000 {
                1
            } else {
                self.disk_bytes
            }
        }
        fn memory_limit_bytes(&self, cell: &Cell) -> Option<u64> {
            self.memory_limit_bytes.filter(|_| cell.items >= 1_000_000)
        }
        fn limit_bytes(&self, cell: &Cell) -> Option<u64> {
            self.limit_bytes.filter(|_| cell.items >= 1_000_000)
        }
        fn unavailable(&self, cell: &Cell) -> Option<String> {
            self.unavailable.clone().filter(|_| cell.items >= 1_000_000)
        }
        fn run(&self, _: &Cell, _: &mut Run) -> Result<(), Failure> {
            Ok(())
        }
    }

    /// A plan over a small cell, which always fits, and a large one.
    fn plan_of(files: Files, available: &Available) -> Plan {
        let request = Request {
            scenarios: vec![Box::leak(Box::new(files))],
            ..request(&[1000, 1_000_000])
        };
        assert!(request.needs_folder());
        Plan::new(&request, available).unwrap()
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
            dir: PathBuf::new(),
            versus: Versus::default(),
        }
    }

    #[test]
    fn every_cell_has_both_builds_and_a_second_release() {
        let plan = Plan::new(&request(&[1000]), &memory(1 << 30)).unwrap();
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
        let limits = plan.limits.iter();
        let limits: Vec<_> = limits.map(|found| (found.bytes, found.threads)).collect();
        assert_eq!(limits, [(64_000, 1), (64_000, 2)]);
        assert!(plan.limits.iter().all(|limits| !limits.of_files));
    }

    #[test]
    fn another_revision_is_measured_in_the_build_that_has_a_copy() {
        let mut request = request(&[1000]);
        request.versus.reference = Some(Reference::Against(Against {
            name: "HEAD".to_owned(),
            commit: String::new(),
            program: PathBuf::new(),
        }));
        let plan = Plan::new(&request, &memory(1 << 30)).unwrap();
        let found: Vec<_> = plan
            .cells
            .iter()
            .filter(|planned| planned.role == Role::Against)
            .map(|planned| (planned.profile, planned.block))
            .collect();
        assert_eq!(found, [(Profile::Release, 0), (Profile::Release, 1)]);
    }

    #[test]
    fn a_cell_that_does_not_fit_is_skipped_with_the_figures() {
        let available = (64 << 20) + SPARE_BYTES;
        let plan = Plan::new(&request(&[1 << 20]), &memory(available)).unwrap();
        assert_eq!(plan.cells[0].skipped, None);
        assert_eq!(
            plan.cells[3].skipped.as_deref(),
            Some("needs 128 MiB of memory plus 256 MiB to spare, 320 MiB available")
        );
    }

    #[test]
    fn a_scenario_can_have_other_cells_at_another_size() {
        let plan = Plan::new(&request(&[NO_SECOND, 1000]), &memory(1 << 30)).unwrap();
        let planned = plan.cells.iter().step_by(3);
        let cells: Vec<_> = planned
            .map(|planned| (planned.cell.items, planned.cell.variant.threads))
            .collect();
        assert_eq!(cells, [(NO_SECOND, 1), (1000, 1), (1000, 2)]);
    }

    #[test]
    fn nothing_that_fits_is_an_error() {
        let error = Plan::new(&request(&[1 << 40]), &memory(1 << 30)).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("nothing can be measured here: needs")
        );
        let mut empty = request(&[1]);
        empty.threads.clear();
        let error = Plan::new(&empty, &Available::EVERYTHING).unwrap_err();
        assert_eq!(error, PlanError::Empty);
    }

    #[test]
    fn a_cell_that_lacks_disk_a_cgroup_or_a_right_is_skipped_and_says_what() {
        let disk = |disk_bytes| Available {
            disk_bytes,
            ..Available::EVERYTHING
        };
        let unconfined = Available {
            confinement: Err("no cgroups".to_owned()),
            ..Available::EVERYTHING
        };
        let large = || Files {
            disk_bytes: 1 << 30,
            ..Files::default()
        };
        let confined = || Files {
            memory_limit_bytes: Some(1 << 20),
            ..large()
        };
        let forbidden = || Files {
            unavailable: Some("needs root".to_owned()),
            ..large()
        };
        let room = (1 << 30) + SPARE_BYTES;
        let short = "needs 1024 MiB of disk plus 256 MiB to spare, 1279 MiB available";
        for (files, available, expected) in [
            (large(), disk(room), None),
            (large(), disk(room - 1), Some(short)),
            (confined(), Available::EVERYTHING, None),
            (confined(), unconfined.clone(), Some("no cgroups")),
            (large(), unconfined, None),
            (forbidden(), Available::EVERYTHING, Some("needs root")),
        ] {
            let plan = plan_of(files, &available);
            for planned in &plan.cells {
                let expected = expected.filter(|_| planned.cell.items == 1_000_000);
                assert_eq!(planned.skipped.as_deref(), expected);
            }
        }
    }

    #[test]
    fn cells_on_files_are_probed_for_files_and_confined_ones_for_nothing_else() {
        let plan = plan_of(
            Files {
                disk_bytes: 1,
                memory_limit_bytes: Some(1 << 20),
                ..Files::default()
            },
            &Available::EVERYTHING,
        );
        let [small, large] = &plan.limits[..] else {
            panic!("{:?}", plan.limits)
        };
        let all: Vec<Limit> = Limit::on(1).chain(Limit::of_files(1)).collect();
        assert_eq!(small.limits().collect::<Vec<_>>(), all);
        assert_eq!(large.memory_limit_bytes, Some(1 << 20));
        let confined: Vec<Limit> = [Limit::ClockRead]
            .into_iter()
            .chain(Limit::of_files(1))
            .collect();
        assert_eq!(large.limits().collect::<Vec<_>>(), confined);
        assert!(plan.cells.iter().all(|planned| planned.uses_files));
    }

    #[test]
    fn limits_are_probed_over_the_items_or_what_a_scenario_says() {
        let files = Files {
            disk_bytes: 1,
            limit_bytes: Some(4_000_000),
            ..Files::default()
        };
        let plan = plan_of(files, &Available::EVERYTHING);
        let probed: Vec<_> = plan.limits.iter().map(|limits| limits.bytes).collect();
        assert_eq!(probed, [64_000, 4_000_000]);
        for planned in &plan.cells {
            let said = [64_000, 4_000_000][usize::from(planned.cell.items == 1_000_000)];
            assert_eq!(planned.limit_bytes, said);
        }
        assert!(plan.probes(4_000_000, 1, None, Limit::Read));
        assert!(!plan.probes(64_000_000, 1, None, Limit::Read));
        assert!(plan.probes(64_000, 1, None, Limit::ColdRead));
        assert!(!plan.probes(4_000_000, 1, None, Limit::ColdRead));
    }

    #[test]
    fn one_size_with_and_without_files_is_probed_once() {
        let mut request = request(&[1_000_000]);
        request.threads = vec![1];
        let files = Files {
            disk_bytes: 1,
            ..Files::default()
        };
        assert!(!request.needs_folder());
        request.scenarios.push(Box::leak(Box::new(files)));
        let plan = Plan::new(&request, &Available::EVERYTHING).unwrap();
        assert_eq!(plan.limits.len(), 1);
        assert!(plan.limits[0].of_files);
    }

    #[test]
    fn limits_of_memory_are_not_probed_where_there_is_too_little() {
        let all: u64 = 64 * 1_000_000;
        for (memory_bytes, expected) in [(all + SPARE_BYTES, true), (all + SPARE_BYTES - 1, false)]
        {
            let available = memory(memory_bytes);
            let files = Files {
                disk_bytes: all,
                ..Files::default()
            };
            let plan = plan_of(files, &available);
            let probes = |limit| plan.probes(all, 1, None, limit);
            assert_eq!(probes(Limit::Read), expected);
            assert!(probes(Limit::ColdRead) && probes(Limit::ClockRead));
            assert!(!plan.probes(all, 3, None, Limit::ColdRead));
        }
    }

    #[test]
    fn rounds_fill_the_budget_between_their_bounds() {
        let rounds = Rounds::Within {
            budget: Duration::from_secs(50),
            at_least: 6,
            patience: Duration::from_secs(600),
            at_most: 12,
        };
        for (first, expected) in [(1, 12), (5, 9), (20, 6), (80, 6), (120, 4), (400, 1)] {
            let first = Duration::from_secs(first);
            assert_eq!(rounds.after_first(first, first), expected);
        }
        let (first, each) = (Duration::from_secs(10), Duration::from_secs(5));
        assert_eq!(rounds.after_first(first, each), 8);
        assert_eq!(Rounds::Exactly(3).after_first(first, each), 3);
    }
}
