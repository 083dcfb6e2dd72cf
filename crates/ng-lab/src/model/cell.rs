//! One cell of a report, and its phases.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{
    AccessEvidence, Allocations, Bound, CellKey, FileEvidence, Finding, Flag, Interval95,
    MemoryReading, Pages, Role, RunInfo, RunPlace, Verdict,
};

/// One cell in one build and role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CellReport {
    /// Which cell.
    #[serde(flatten)]
    pub key: CellKey,
    /// Main, A/A, or another revision.
    pub role: Role,
    /// Pages requested.
    pub pages: Pages,
    /// Whether memory was touched and freed before.
    pub host_warm: bool,
    /// The memory limit it ran under, page cache included, if any.
    #[serde(default)]
    pub memory_limit_bytes: Option<u64>,
    /// Bytes that the limits beside it were probed over; none in an older program's
    /// report, where they were the bytes of the items.
    #[serde(default)]
    pub limit_bytes: Option<u64>,
    /// Where in the run its workers ran; empty in an older program's report.
    #[serde(default)]
    pub runs: Vec<RunPlace>,
    /// The timed phases in their order.
    pub phases: Vec<PhaseReport>,
    /// Proof of the work; empty where there is none.
    pub proof: BTreeMap<String, Value>,
    /// Memory of the worker, medians over the rounds; none where it did not run.
    pub memory: Option<MemoryReading>,
    /// Why a cell that ran has no memory figures.
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

impl CellReport {
    /// Number of items.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.key.items()
    }

    /// Bytes that the limits beside it were probed over; `run` is its own run.
    pub(crate) fn limit_bytes_in(&self, run: &RunInfo) -> Option<u64> {
        let of_items = || self.items().checked_mul(run.item_bytes?);
        self.limit_bytes.or_else(of_items)
    }

    /// Whether this is the same cell in another run, on the same pages and with the same
    /// memory limit.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.key == other.key
            && self.pages == other.pages
            && self.host_warm == other.host_warm
            && self.memory_limit_bytes == other.memory_limit_bytes
            && self.role == Role::Main
    }

    /// Whether this is the main copy of `key`'s cell.
    pub(crate) fn is_main(&self, key: &CellKey) -> bool {
        self.role == Role::Main && self.key == *key
    }

    /// The phase called `name`.
    #[must_use]
    pub fn phase(&self, name: &str) -> Option<&PhaseReport> {
        self.phases.iter().find(|phase| phase.name == name)
    }

    /// Adds findings and updates flags and verdict.
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

/// One phase of a cell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    /// The phase at fewer items.
    pub growth: Option<GrowthReport>,
    /// The order of its reads.
    pub access: Option<AccessEvidence>,
    /// Where its file was when the clock started, in the round that contradicts the
    /// claim most; `read_bytes` is a median.
    #[serde(default)]
    pub file: Option<FileEvidence>,
    /// How its threads shared the work, if there are several and all were seen.
    #[serde(default)]
    pub threads: Option<ThreadsReport>,
    /// Its allocations, if they were counted.
    #[serde(default)]
    pub allocations: Option<Allocations>,
}

/// How the threads of a phase shared its work: medians over the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsReport {
    /// The share of the phase's time that its least busy thread spent on a processor.
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
