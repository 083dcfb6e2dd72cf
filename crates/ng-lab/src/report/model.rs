//! The report as data. Its keys are a contract: a JSON schema of the program
//! that uses the lab names them, and other programs rely on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conductor::Role;
use crate::judge::{Finding, Flag, GateReport, Verdict};
use crate::machine::allocations::Allocations;
use crate::machine::host::Host;
use crate::machine::pages::Pages;
use crate::machine::volume::Volume;
use crate::report::ClaimRow;
use crate::report::sample::RunPlace;
use crate::soak::SoakReport;
use crate::stats;
use crate::worker::access::AccessEvidence;
use crate::worker::limits::Limit;
use crate::worker::plant::Plant;
use crate::worker::protocol::MemoryReading;
use crate::worker::run::{Bound, FileEvidence};
use crate::worker::scenario::Profile;

/// Names the form of a report. The number changes when a key changes its meaning
/// or goes; new keys may come without.
pub const SCHEMA: &str = "ng-lab/report/1";

/// Everything that a run found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// When and how it was run.
    pub run: RunInfo,
    /// The machine.
    pub host: Host,
    /// The programs.
    pub build: Build,
    /// Where data files were, as it was before the run; none if there were none.
    #[serde(default)]
    pub data: Option<Volume>,
    /// Limits of the machine, as measured in this run.
    pub limits: Vec<LimitReport>,
    /// The figure that stands for each scenario at each size, in the order of the
    /// plan; empty in a report of an older program.
    #[serde(default)]
    pub headlines: Vec<HeadlineReport>,
    /// Cells in the order of the plan.
    pub cells: Vec<CellReport>,
    /// Ratios within the run, and with what it is held against.
    pub comparisons: Vec<Comparison>,
    /// Ratios that a reader would expect and that are not there; empty in a report
    /// of an older program.
    #[serde(default)]
    pub not_compared: Vec<NotCompared>,
    /// How times grow with the number of items, where there are several sizes.
    #[serde(default)]
    pub scaling: Vec<Scaling>,
    /// What a long run was like over its time; none where none was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<SoakReport>,
    /// What it is held against.
    pub reference: Option<ReferenceReport>,
    /// What came of the gate, where there was one and both sides could be compared.
    pub gate: Option<GateReport>,
    /// What was said of the measured work, and what became of it.
    #[serde(default)]
    pub claims: Vec<ClaimRow>,
}

impl Report {
    /// The phases of this program's own cells, without those of their copies.
    pub(crate) fn main_phases(&self) -> impl Iterator<Item = (&CellReport, &PhaseReport)> {
        let cells = self.cells.iter().filter(|cell| cell.role == Role::Main);
        cells.flat_map(|cell| cell.phases.iter().map(move |phase| (cell, phase)))
    }

    /// Whether there was a soak and nothing else, so that nothing is to be said of
    /// cells.
    pub(crate) fn is_soak_alone(&self) -> bool {
        self.soak.is_some() && self.cells.is_empty()
    }
}

/// The other side of a comparison, as a report names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceReport {
    /// Measured beside, or kept: [`ComparisonKind::Against`] or [`ComparisonKind::Baseline`].
    pub kind: ComparisonKind,
    /// What the user called it.
    pub name: String,
    /// Its commit; empty if unknown.
    pub commit: String,
    /// When it was measured; none for a revision that was measured beside.
    pub started: Option<String>,
    /// Why it cannot be compared with, if so.
    pub not_comparable: Option<String>,
}

/// When and how a run was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunInfo {
    /// Start, UTC, ISO 8601.
    pub started: String,
    /// The command line.
    pub command: Vec<String>,
    /// Seed of the random orders.
    pub seed: u64,
    /// Whole rounds after round 0.
    pub rounds: u32,
    /// What the items are called.
    pub items: String,
    /// Bytes of an item; unknown in a report of an older program.
    #[serde(default)]
    pub item_bytes: Option<u64>,
    /// A slowdown on purpose: the times are not those of the program.
    pub plant: Option<Plant>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// What else ended it early.
    pub stopped_by: Option<String>,
    /// Wall time in seconds.
    pub elapsed_s: f64,
    /// Probes that failed, in their own words.
    pub probe_failures: Vec<String>,
}

/// The programs that were measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Build {
    /// The compiler's version.
    pub rustc: String,
    /// The commit, with `-dirty` if the tree had changes; empty if unknown.
    pub commit: String,
    /// The version of the measured package.
    pub version: String,
    /// The target triple.
    pub target: String,
    /// What a dev build optimises against Cargo's default.
    pub overrides: Vec<String>,
    /// What else a reader should know of the builds.
    pub notes: Vec<String>,
}

/// An interval at 95 %, in JSON an array of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval95(pub [f64; 2]);

impl From<stats::Interval> for Interval95 {
    fn from(interval: stats::Interval) -> Self {
        Self([interval.low, interval.high])
    }
}

/// Which figure stands for a scenario at one size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadlineReport {
    /// The scenario.
    pub scenario: String,
    /// The number of items under their name.
    #[serde(flatten, deserialize_with = "whole_numbers")]
    pub size: BTreeMap<String, u64>,
    /// The variant.
    pub variant: String,
    /// Threads.
    pub threads: usize,
    /// The phase; the first one that was measured if none.
    pub phase: Option<String>,
}

/// A limit of the machine at one size and number of threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LimitReport {
    /// The limit.
    pub name: Limit,
    /// What a unit is.
    pub unit: String,
    /// Bytes that it was probed over.
    pub bytes: u64,
    /// Threads that worked at once.
    pub threads: usize,
    /// The memory that the probe was confined to, if so.
    #[serde(default)]
    pub memory_limit_bytes: Option<u64>,
    /// Readings of rounds 1 and on.
    pub samples_ns_per_unit: Vec<f64>,
    /// The reading of round 0.
    pub cold_ns_per_unit: Option<f64>,
    /// Median of the samples.
    pub median_ns_per_unit: Option<f64>,
    /// Interval of the median.
    pub ci95_ns_per_unit: Option<Interval95>,
}

/// One cell in one build and role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CellReport {
    /// The scenario.
    pub scenario: String,
    /// The build.
    pub profile: Profile,
    /// Main or A/A.
    pub role: Role,
    /// The number of items under their name.
    #[serde(flatten, deserialize_with = "whole_numbers")]
    pub size: BTreeMap<String, u64>,
    /// Threads.
    pub threads: usize,
    /// The scenario's variant.
    pub variant: String,
    /// Pages that were asked for.
    pub pages: Pages,
    /// Whether memory was touched and freed before.
    pub host_warm: bool,
    /// The memory that it was confined to, page cache included, if so.
    #[serde(default)]
    pub memory_limit_bytes: Option<u64>,
    /// Bytes that the limits beside it were probed over; none in a report of an older
    /// program, which probed them over those of the items.
    #[serde(default)]
    pub limit_bytes: Option<u64>,
    /// Where in the run its workers stood; empty in a report of an older program.
    #[serde(default)]
    pub runs: Vec<RunPlace>,
    /// The timed phases in their order.
    pub phases: Vec<PhaseReport>,
    /// Proof of the work; empty where there is none.
    pub proof: BTreeMap<String, Value>,
    /// Memory of the worker, medians over the rounds; none where it did not run.
    pub memory: Option<MemoryReading>,
    /// Why a cell that ran has no figures of memory.
    pub memory_missing: Option<String>,
    /// Median rate of the warming.
    pub warm_ns_per_byte: Option<f64>,
    /// What the cell is worth.
    pub verdict: Verdict,
    /// The flags, each once.
    pub flags: Vec<Flag>,
    /// The flags with their places and figures.
    pub findings: Vec<Finding>,
    /// Why it failed or was skipped.
    pub reason: Option<String>,
}

/// One phase of a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhaseReport {
    /// The phase's name.
    pub name: String,
    /// Items that it works on.
    pub items: u64,
    /// Samples of rounds 1 and on, in the order of the rounds.
    pub samples_ns: Vec<u64>,
    /// The sample of round 0.
    pub cold_ns: Option<u64>,
    /// Median of the samples.
    pub median_ns: Option<f64>,
    /// Exact interval of the median; none below six samples.
    pub ci95_ns: Option<Interval95>,
    /// Smallest sample.
    pub min_ns: Option<f64>,
    /// A tenth of the samples is below.
    pub p10_ns: Option<f64>,
    /// A tenth of the samples is above.
    pub p90_ns: Option<f64>,
    /// Median distance from the median.
    pub mad_ns: Option<f64>,
    /// The limit that bounds it.
    pub bound: Option<Bound>,
    /// The limit's time over the phase's, median over the rounds.
    pub share_of_limit: Option<f64>,
    /// The same at fewer items.
    pub growth: Option<GrowthReport>,
    /// The order of reads.
    pub access: Option<AccessEvidence>,
    /// Where its file was when the clock started, in the round that speaks most
    /// against what the phase says; `read_bytes` is a median.
    #[serde(default)]
    pub file: Option<FileEvidence>,
    /// How its threads shared the work, where there are several and all were seen.
    #[serde(default)]
    pub threads: Option<ThreadsReport>,
    /// What it asked the allocator for, where that was counted.
    #[serde(default)]
    pub allocations: Option<Allocations>,
}

/// How the threads of a phase shared its work: medians over the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsReport {
    /// The part of the phase's time that its least busy thread was on a processor.
    pub least_busy: f64,
    /// The same of its most busy thread.
    pub most_busy: f64,
    /// How often all of them gave the processor up to wait.
    pub waits: f64,
    /// How often the kernel took it away from them.
    pub preemptions: f64,
}

/// A phase at fewer items.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GrowthReport {
    /// Number of items.
    pub items: u64,
    /// Best time of all rounds.
    pub best_ns: u64,
}

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonKind {
    /// Time of the dev build over time of the release build.
    DevVsRelease,
    /// One thread's time over that of several: the speed-up.
    Threads,
    /// Time of the scenario's first variant over that of another one.
    Variants,
    /// Time of a program over that of the same program.
    Aa,
    /// Time of another revision over that of this one, in the same rounds.
    Against,
    /// Time in another run over that in this one; nothing is paired.
    Baseline,
}

/// A ratio of two times, paired by round where both are of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// What is compared.
    pub kind: ComparisonKind,
    /// The scenario.
    pub scenario: String,
    /// The variant whose time is the denominator.
    pub variant: String,
    /// The phase.
    pub phase: String,
    /// The number of items under their name.
    #[serde(flatten, deserialize_with = "whole_numbers")]
    pub size: BTreeMap<String, u64>,
    /// Threads of the denominator.
    pub threads: usize,
    /// Build of the denominator.
    pub profile: Profile,
    /// What the numerator is.
    pub against: String,
    /// How many times as fast the denominator is.
    pub estimate: f64,
    /// Interval of the estimate; none below six pairs.
    pub ci95: Option<Interval95>,
    /// The two-sided p of "the ratio is 1", not adjusted for other tests.
    pub p: Option<f64>,
    /// Rounds that both took part in; 0 where nothing is paired.
    pub pairs: usize,
    /// Samples of the numerator and of the denominator.
    #[serde(default)]
    pub samples: [usize; 2],
    /// Why the ratio must not be used, if so.
    pub stopped: Option<String>,
}

/// A ratio that is not there, and why. One that is there and must not be used is a
/// [`Comparison`] that is `stopped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCompared {
    /// What would be compared.
    pub kind: ComparisonKind,
    /// The scenario.
    pub scenario: String,
    /// The variant of the denominator.
    pub variant: String,
    /// The phase; none where all phases of the cell are meant.
    pub phase: Option<String>,
    /// The number of items under their name.
    #[serde(flatten, deserialize_with = "whole_numbers")]
    pub size: BTreeMap<String, u64>,
    /// Threads of the denominator.
    pub threads: usize,
    /// Build of the denominator.
    pub profile: Profile,
    /// What the numerator would be.
    pub against: String,
    /// Why there is no ratio.
    pub reason: String,
}

/// How the time of a phase grows from one number of items to a larger one: as
/// its power `exponent`. Paired by round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scaling {
    /// The scenario.
    pub scenario: String,
    /// The variant.
    pub variant: String,
    /// The phase.
    pub phase: String,
    /// Threads.
    pub threads: usize,
    /// The build.
    pub profile: Profile,
    /// The smaller number of items.
    pub from: u64,
    /// The larger number of items.
    pub to: u64,
    /// 1 where the time an item stays the same, 0 where the whole time does.
    pub exponent: f64,
    /// Interval of the exponent; none below six pairs.
    pub ci95: Option<Interval95>,
    /// Rounds that both sizes took part in.
    pub pairs: usize,
    /// Why the exponent must not be used, if so.
    pub stopped: Option<String>,
}

/// Reads the keys that no field has taken: those that are whole numbers. A newer
/// report may have others.
pub(crate) fn whole_numbers<'de, D>(deserializer: D) -> Result<BTreeMap<String, u64>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let all = BTreeMap::<String, Value>::deserialize(deserializer)?;
    let numbers = all.into_iter();
    Ok(numbers
        .filter_map(|(name, value)| Some((name, value.as_u64()?)))
        .collect())
}

impl CellReport {
    /// Number of items.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.size.values().copied().next().unwrap_or(0)
    }

    /// Bytes that the limits beside it were probed over in `run`, its own.
    pub(crate) fn limit_bytes_in(&self, run: &RunInfo) -> Option<u64> {
        let of_items = || self.items().checked_mul(run.item_bytes?);
        self.limit_bytes.or_else(of_items)
    }

    /// Whether this is the same work in another build or role.
    #[must_use]
    pub fn is_copy_of(&self, other: &Self) -> bool {
        self.scenario == other.scenario
            && self.variant == other.variant
            && self.threads == other.threads
            && self.size == other.size
    }

    /// Whether this is the cell itself, of the same work in the same build, of
    /// another run.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.is_copy_of(other)
            && self.profile == other.profile
            && self.pages == other.pages
            && self.host_warm == other.host_warm
            && self.memory_limit_bytes == other.memory_limit_bytes
            && self.role == Role::Main
    }

    /// Adds what was found, and lets the verdict follow from it.
    pub fn add_findings(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        self.flags = self.findings.iter().map(|finding| finding.flag).collect();
        self.flags.sort_unstable();
        self.flags.dedup();
        if self.verdict.is_comparable() {
            self.verdict = Verdict::from_findings(&self.findings);
        }
    }
}

impl NotCompared {
    /// Number of items.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.size.values().copied().next().unwrap_or(0)
    }

    /// Whether it is said of this phase of `cell`, the denominator.
    #[must_use]
    pub fn is_of(&self, cell: &CellReport, phase: &str) -> bool {
        self.scenario == cell.scenario
            && self.variant == cell.variant
            && self.threads == cell.threads
            && self.size == cell.size
            && self.profile == cell.profile
            && cell.role == Role::Main
            && self.phase.as_deref().is_none_or(|own| own == phase)
    }
}

impl Comparison {
    /// Number of items.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.size.values().copied().next().unwrap_or(0)
    }

    /// Whether `cell` is the denominator.
    #[must_use]
    pub fn is_of(&self, cell: &CellReport) -> bool {
        self.scenario == cell.scenario
            && self.variant == cell.variant
            && self.threads == cell.threads
            && self.size == cell.size
            && self.profile == cell.profile
            && cell.role == Role::Main
    }
}
