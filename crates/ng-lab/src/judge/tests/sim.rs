//! Records as a run would leave them, without a run.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::conductor::{
    CellReadings, CellRound, LimitSample, PlannedCell, Readings, Rounds, Stopping, Subject, Versus,
};
use crate::judge::{Judgement, hold, judge};
use crate::machine::kernel::CpuTicks;
use crate::machine::threads::ThreadWork;
use crate::model::{
    AccessEvidence, Bound, Build, FileEvidence, FileState, Host, Limit, LimitKey, MemoryReading,
    Pages, Profile, Report, Role, RunInfo,
};
use crate::worker::protocol::{CellReading, FractionReading};
use crate::worker::run::{PhaseReading, TouchEvidence};
use crate::worker::scenario::{Cell, Variant};

pub(super) const SUBJECT: Subject = Subject {
    items: "records",
    item_bytes: 64,
};
pub(super) const ITEMS: u64 = 1000;
pub(super) const BYTES: u64 = ITEMS * SUBJECT.item_bytes;
/// What round 0 says everywhere: any figure that it gets into goes wrong.
pub(super) const COLD_NS: u64 = 999_000_000_000;
/// A time with nothing special about it, and enough rounds of it.
pub(super) const PLAIN_NS: u64 = 1_000_000;
pub(super) const PLAIN: [u64; 6] = [PLAIN_NS; 6];

/// One planned cell with what its workers said. Nothing speaks against it as it
/// begins: the release build of a variant on one thread and huge pages.
#[derive(Clone)]
pub(super) struct Sim {
    planned: PlannedCell,
    rounds: Vec<CellRound>,
    limits: Vec<(LimitKey, f64)>,
    readings_of_limits: Vec<(LimitKey, Vec<f64>)>,
}

impl Sim {
    pub(super) fn cell(scenario: &str) -> Self {
        let cell = Cell {
            scenario: scenario.to_owned(),
            variant: Variant::new("base"),
            items: ITEMS,
        };
        let planned = PlannedCell {
            cell,
            profile: Profile::Release,
            role: Role::Main,
            block: 0,
            uses_files: false,
            memory_limit_bytes: None,
            limit_bytes: BYTES,
            skipped: None,
        };
        Self {
            planned,
            rounds: Vec::new(),
            limits: Vec::new(),
            readings_of_limits: Vec::new(),
        }
    }

    pub(super) fn variant(mut self, name: &str) -> Self {
        name.clone_into(&mut self.planned.cell.variant.name);
        self
    }

    pub(super) fn block(mut self, block: usize) -> Self {
        self.planned.block = block;
        self
    }

    pub(super) fn threads(mut self, threads: usize) -> Self {
        self.planned.cell.variant.threads = threads;
        self
    }

    pub(super) fn pages(mut self, pages: Pages) -> Self {
        self.planned.cell.variant.pages = pages;
        self
    }

    pub(super) fn items(mut self, items: u64) -> Self {
        self.planned.cell.items = items;
        self.limits_over(items * SUBJECT.item_bytes)
    }

    /// Limits from here on, and bounds, are of so many bytes.
    pub(super) fn limits_over(mut self, bytes: u64) -> Self {
        self.planned.limit_bytes = bytes;
        self
    }

    pub(super) fn confined(mut self, memory_limit_bytes: u64) -> Self {
        self.planned.memory_limit_bytes = Some(memory_limit_bytes);
        self
    }

    pub(super) fn dev(mut self) -> Self {
        self.planned.profile = Profile::Dev;
        self
    }

    pub(super) fn aa(mut self) -> Self {
        self.planned.role = Role::Aa;
        self
    }

    pub(super) fn against(mut self) -> Self {
        self.planned.role = Role::Against;
        self
    }

    pub(super) fn skipped(mut self, reason: &str) -> Self {
        self.planned.skipped = Some(reason.to_owned());
        self
    }

    /// Its first phase, as round 0 saw it.
    pub(super) fn first_phase(&self) -> PhaseReading {
        let reading = self.rounds[0].reading.as_ref().expect("a reading");
        reading.phases[0].clone()
    }

    /// The work, as planned.
    pub(super) fn what(&self) -> &Cell {
        &self.planned.cell
    }

    pub(super) fn role(&self) -> Role {
        self.planned.role
    }

    /// Adds a phase with its times from round 1 on; the first phase says how
    /// many rounds there are.
    pub(super) fn phase(mut self, name: &str, times: &[u64]) -> Self {
        if self.rounds.is_empty() {
            self.rounds = (0..=times.len() as u32).map(plain_round).collect();
        }
        assert_eq!(self.rounds.len(), times.len() + 1, "rounds of {name}");
        for (reading, elapsed_ns) in self.readings().zip([COLD_NS].iter().chain(times)) {
            reading.phases.push(PhaseReading {
                name: name.to_owned(),
                elapsed_ns: *elapsed_ns,
                items: ITEMS,
                bound: None,
                touched: None,
                grows: true,
                access: None,
                file: None,
                threads: Vec::new(),
                allocations: None,
            });
        }
        self
    }

    /// Bounds the last phase by `amount` units of a limit on the cell's threads.
    pub(super) fn bound(self, limit: Limit, amount: u64) -> Self {
        let threads = self.planned.cell.variant.threads;
        self.last_phase(|phase| {
            phase.bound = Some(Bound {
                limit,
                threads,
                amount,
            });
        })
    }

    /// Readings of a limit over the cell's bytes on its threads, from round 1 on.
    pub(super) fn limit_readings(mut self, limit: Limit, ns_per_unit: &[f64]) -> Self {
        let key = self.limit_key(limit);
        self.readings_of_limits.push((key, ns_per_unit.to_vec()));
        self
    }

    pub(super) fn touched(self, declared_bytes: u64, resident_growth_bytes: u64) -> Self {
        self.last_phase(|phase| {
            phase.touched = Some(TouchEvidence {
                declared_bytes,
                resident_growth_bytes,
                minor_faults: 0,
            });
        })
    }

    /// What its threads did: from round 1 on `done`, in round 0 nothing.
    pub(super) fn did(self, done: &[ThreadWork]) -> Self {
        self.warm(|reading| {
            let phase = reading.phases.last_mut().expect("a phase");
            phase.threads = done.to_vec();
        })
    }

    pub(super) fn constant(self) -> Self {
        self.last_phase(|phase| phase.grows = false)
    }

    pub(super) fn access(self, evidence: &AccessEvidence) -> Self {
        self.last_phase(|phase| phase.access = Some(evidence.clone()))
    }

    /// What the last phase says of its file of 1000 pages, and how many of them
    /// were in memory; in round 0 the other half of them.
    pub(super) fn file(mut self, claimed: FileState, resident: u64) -> Self {
        for (round, reading) in self.readings().enumerate() {
            let phase = reading.phases.last_mut().expect("a phase");
            phase.file = Some(FileEvidence {
                claimed,
                file_pages: 1000,
                resident_before: if round == 0 { 500 } else { resident },
                read_bytes: Some(4_096_000),
                unknown: None,
            });
        }
        self
    }

    /// The time of every phase at an eighth of the items: in round 1 `best_ns`, in
    /// the others much more.
    pub(super) fn fraction(self, best_ns: u64) -> Self {
        self.fractions(&[COLD_NS, best_ns])
    }

    /// The same from round 0 on; much more in the rounds without one.
    pub(super) fn fractions(mut self, best_ns: &[u64]) -> Self {
        for (round, reading) in self.readings().enumerate() {
            let elapsed_ns = best_ns.get(round).copied().unwrap_or(COLD_NS);
            reading.fraction = Some(FractionReading {
                items: ITEMS / 8,
                elapsed_ns: vec![elapsed_ns; reading.phases.len()],
            });
        }
        self
    }

    pub(super) fn proof(mut self, name: &str, value: impl Into<Value> + Clone) -> Self {
        for reading in self.readings() {
            reading.proof.insert(name.to_owned(), value.clone().into());
        }
        self
    }

    /// A limit over the cell's bytes on its threads, the same in every round but
    /// round 0.
    pub(super) fn limit(mut self, limit: Limit, ns_per_unit: f64) -> Self {
        let key = self.limit_key(limit);
        self.limits.push((key, ns_per_unit));
        self
    }

    fn limit_key(&self, limit: Limit) -> LimitKey {
        LimitKey {
            bytes: self.planned.limit_bytes,
            threads: self.planned.cell.variant.threads,
            memory_limit_bytes: self.planned.memory_limit_bytes,
            limit,
        }
    }

    /// Changes what the workers said from round 1 on.
    pub(super) fn warm(mut self, change: impl Fn(&mut CellReading)) -> Self {
        self.readings().skip(1).for_each(change);
        self
    }

    /// Changes what the worker of one round said.
    pub(super) fn round(mut self, round: usize, change: impl Fn(&mut CellReading)) -> Self {
        self.readings().skip(round).take(1).for_each(change);
        self
    }

    pub(super) fn ticks(mut self, round: usize, ticks: CpuTicks) -> Self {
        self.rounds[round].ticks = ticks;
        self
    }

    /// The place of the cell in each round from round 1 on.
    pub(super) fn positions(mut self, positions: &[u32]) -> Self {
        for (run, position) in self.rounds.iter_mut().skip(1).zip(positions) {
            run.position = *position;
        }
        self
    }

    pub(super) fn failed(mut self, round: usize, reason: &str) -> Self {
        self.rounds[round].reading = Err(reason.to_owned());
        self
    }

    /// A worker that said nothing.
    pub(super) fn crashed(mut self, round: usize) -> Self {
        self.rounds[round].answered = false;
        self.failed(round, "worker killed by signal 9")
    }

    /// Keeps the first `rounds` rounds, as an interrupt does.
    pub(super) fn interrupted_after(mut self, rounds: usize) -> Self {
        self.rounds.truncate(rounds);
        self
    }

    /// Keeps its first `rounds` rounds after round 0.
    pub(super) fn first(self, rounds: usize) -> Self {
        self.interrupted_after(rounds + 1)
    }

    fn last_phase(mut self, change: impl Fn(&mut PhaseReading)) -> Self {
        for reading in self.readings() {
            change(reading.phases.last_mut().expect("a phase"));
        }
        self
    }

    fn readings(&mut self) -> impl Iterator<Item = &mut CellReading> {
        self.rounds
            .iter_mut()
            .map(|run| run.reading.as_mut().expect("failed rounds come last"))
    }
}

/// A round as it comes out on a quiet machine. Places go up and down with the
/// rounds, so that what follows the one does not follow the other.
fn plain_round(round: u32) -> CellRound {
    let cold = round == 0;
    let ticks = CpuTicks {
        total: 400,
        busy: 100,
        ours: 100,
        steal: 0,
    };
    CellRound {
        round,
        position: round * 5 % 13,
        reading: Ok(plain_reading(cold)),
        answered: true,
        ticks: if cold { all_stolen() } else { ticks },
    }
}

fn plain_reading(cold: bool) -> CellReading {
    let size = if cold { COLD_NS } else { 4096 };
    CellReading {
        phases: Vec::new(),
        proof: [].into(),
        memory: Ok(MemoryReading {
            resident_bytes: size,
            peak_bytes: size,
            anonymous_bytes: size,
            file_bytes: size,
            huge_bytes: 0,
            swapped_bytes: if cold { size } else { 0 },
            minor_faults: size,
            major_faults: size,
            private_peak_bytes: None,
        }),
        fraction: None,
        allocations: Vec::new(),
        counting_ns: 0,
        warm_ns_per_byte: Some(if cold { 99.0 } else { 0.5 }),
        spin_ns: [PLAIN_NS, if cold { COLD_NS } else { PLAIN_NS }],
    }
}

fn all_stolen() -> CpuTicks {
    CpuTicks {
        total: COLD_NS,
        busy: COLD_NS / 2,
        ours: 0,
        steal: COLD_NS / 2,
    }
}

/// The readings of a run over `cells`.
pub(super) fn readings(cells: &[Sim]) -> Readings {
    let mut readings = Readings {
        rounds: 6,
        ..Readings::default()
    };
    for sim in cells {
        readings.cells.push(CellReadings {
            planned: sim.planned.clone(),
            rounds: sim.rounds.clone(),
        });
        for (key, ns) in &sim.limits {
            let samples = (0..sim.rounds.len() as u32).map(|round| LimitSample {
                round,
                block: None,
                ns_per_unit: if round == 0 { COLD_NS as f64 } else { *ns },
            });
            readings.limits.insert(*key, samples.collect());
        }
        for (key, samples) in &sim.readings_of_limits {
            let samples = samples.iter().zip(1..).map(|(ns, round)| LimitSample {
                round,
                block: None,
                ns_per_unit: *ns,
            });
            readings.limits.insert(*key, samples.collect());
        }
    }
    readings
}

/// The report of a run over `cells`.
pub(super) fn report(cells: &[Sim]) -> Report {
    report_of(&readings(cells))
}

fn report_of(readings: &Readings) -> Report {
    let judgement = judge(readings, SUBJECT);
    let run = RunInfo {
        looks: readings.looks.clone(),
        rounds: 6,
        items: SUBJECT.items.to_owned(),
        item_bytes: Some(SUBJECT.item_bytes),
        elapsed_s: 1.0,
        ..RunInfo::default()
    };
    Report {
        limits: judgement.limits,
        cells: judgement.cells,
        comparisons: judgement.comparisons,
        not_compared: judgement.not_compared,
        scaling: judgement.scaling,
        ..Report::new(run, Host::default(), Build::default())
    }
}

/// Returns the report of a run that stops blocks once decided, like a conductor with time
/// for `each` rounds of all blocks, and the total rounds of all blocks. A round of a block
/// takes a second. `cells` have the most rounds that they could have.
pub(super) fn followed(cells: &[Sim], each: usize, versus: &Versus) -> (Report, usize) {
    let mut blocks: Vec<usize> = cells.iter().map(|sim| sim.planned.block).collect();
    blocks.dedup();
    let seconds = |count: usize| Duration::from_secs(count as u64);
    let asked = Rounds::Within {
        budget: seconds(each * blocks.len()),
        at_least: 8,
        patience: Duration::MAX,
        at_most: 1000,
    };
    let mut had = vec![0; blocks.len()];
    let mut stopping = Stopping::plan(versus, asked, &readings(cells), each as u32);
    for round in 1..=stopping.most(each as u32) {
        let goes_on = |sim: &&Sim| stopping.goes_on(&sim.planned);
        let on: BTreeSet<usize> = cells
            .iter()
            .filter(goes_on)
            .map(|sim| sim.planned.block)
            .collect();
        let spent = seconds(had.iter().sum());
        if on.is_empty() || stopping.lacks_time(spent, seconds(on.len())) {
            break;
        }
        for block in on {
            had[block] = round as usize;
        }
        if stopping.taken().iter().any(|look| look.rounds == round) {
            let spent = seconds(had.iter().sum());
            stopping.look(round, spent, &readings(&cut(cells, &had)));
        }
    }
    let mut seen = readings(&cut(cells, &had));
    seen.looks = stopping.taken();
    seen.schedule = stopping.looks().clone();
    let mut report = report_of(&seen);
    hold(&mut report, versus);
    (report, had.iter().sum())
}

/// Cuts each cell to the rounds that its block had.
fn cut(cells: &[Sim], had: &[usize]) -> Vec<Sim> {
    let cells = cells.iter();
    cells
        .map(|sim| sim.clone().first(had[sim.planned.block]))
        .collect()
}

pub(super) fn judged(cells: &[Sim]) -> Judgement {
    judge(&readings(cells), SUBJECT)
}
