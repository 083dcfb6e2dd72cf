//! The report as data. Its keys are a contract: other programs rely on them, and the
//! program that uses the lab publishes them as a JSON schema.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::model::{
    CellReport, ClaimRow, Comparison, ComparisonKind, GateReport, Host, InstructionsReport,
    LimitReport, Look, NotCompared, PhaseReport, Plant, Role, Scaling, Size, SoakReport, Volume,
    name_items,
};

/// The schema of a report. The number changes when a key changes its meaning or is
/// removed; new keys do not change it.
pub const SCHEMA: &str = "ng-lab/report/1";

/// Everything that a run found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// When and how it was run.
    pub run: RunInfo,
    /// The machine.
    pub host: Host,
    /// The programs.
    pub build: Build,
    /// The file system of the data files before the run; none without data files.
    #[serde(default)]
    pub data: Option<Volume>,
    /// The machine's limits, measured in this run.
    pub limits: Vec<LimitReport>,
    /// The headline of each scenario at each size, in the order of the plan; empty in an
    /// older program's report.
    #[serde(default)]
    pub headlines: Vec<HeadlineReport>,
    /// Cells in the order of the plan.
    pub cells: Vec<CellReport>,
    /// Ratios within the run, and with the other side.
    pub comparisons: Vec<Comparison>,
    /// Ratios that a reader would expect but that are missing; empty in an older
    /// program's report.
    #[serde(default)]
    pub not_compared: Vec<NotCompared>,
    /// How times grow with the number of items, if there are several sizes.
    #[serde(default)]
    pub scaling: Vec<Scaling>,
    /// The soak; none if none was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<SoakReport>,
    /// The other side it is compared with.
    pub reference: Option<ReferenceReport>,
    /// The gate's result, if there was a gate and both sides could be compared.
    pub gate: Option<GateReport>,
    /// Instruction counts, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<InstructionsReport>,
    /// Claims about the measured work, with verdicts.
    #[serde(default)]
    pub claims: Vec<ClaimRow>,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// Reads reports of older programs, too.
impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        name_items(&mut value).map_err(D::Error::custom)?;
        Self::deserialize(value).map_err(D::Error::custom)
    }
}

impl Report {
    /// A report without results.
    #[must_use]
    pub fn new(run: RunInfo, host: Host, build: Build) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            run,
            host,
            build,
            ..Self::default()
        }
    }

    /// The phases of this program's main cells, without copies.
    pub(crate) fn main_phases(&self) -> impl Iterator<Item = (&CellReport, &PhaseReport)> {
        let cells = self.cells.iter().filter(|cell| cell.role == Role::Main);
        cells.flat_map(|cell| cell.phases.iter().map(move |phase| (cell, phase)))
    }

    /// Whether there was a soak and nothing else, so that sections on cells are left out.
    pub(crate) fn is_soak_alone(&self) -> bool {
        self.soak.is_some() && self.cells.is_empty()
    }

    /// Whether no cell was meant to be timed.
    pub(crate) fn is_untimed(&self) -> bool {
        self.is_soak_alone() || self.is_counts_alone()
    }

    /// Whether instructions were counted, and nothing timed.
    #[must_use]
    pub fn is_counts_alone(&self) -> bool {
        self.instructions.as_ref().is_some_and(|found| found.alone)
    }
}

/// The other side of a comparison, as a report names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceReport {
    /// [`ComparisonKind::Against`] or [`ComparisonKind::Baseline`].
    pub kind: ComparisonKind,
    /// What the user called it.
    pub name: String,
    /// Its commit; empty if unknown.
    pub commit: String,
    /// When it was measured; none for a revision measured in the same run.
    pub started: Option<String>,
    /// Why it cannot be compared, if it cannot.
    pub not_comparable: Option<String>,
}

/// When and how a run was made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunInfo {
    /// Start, UTC, ISO 8601.
    pub started: String,
    /// The command line.
    pub command: Vec<String>,
    /// Seed of the random orders.
    pub seed: u64,
    /// Whole rounds after round 0; the most of any cell.
    pub rounds: u32,
    /// The looks of a gate; empty if all cells have the same rounds.
    #[serde(default)]
    pub looks: Vec<Look>,
    /// The time budget in seconds; `None` if a number of rounds was given.
    #[serde(default)]
    pub budget_s: Option<f64>,
    /// What the items are called.
    pub items: String,
    /// Bytes of an item; unknown in an older program's report.
    #[serde(default)]
    pub item_bytes: Option<u64>,
    /// A deliberate slowdown: the times are not the program's own.
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
    /// What a dev build optimises contrary to Cargo's default.
    pub overrides: Vec<String>,
    /// Further notes on the builds.
    pub notes: Vec<String>,
}

/// The headline of a scenario at one size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadlineReport {
    /// The scenario.
    pub scenario: String,
    /// The number of items.
    #[serde(flatten)]
    pub size: Size,
    /// The variant.
    pub variant: String,
    /// Threads.
    pub threads: usize,
    /// The phase; if none, the first one measured.
    pub phase: Option<String>,
}
