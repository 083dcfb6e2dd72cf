//! The report as data. Its keys are a contract: a JSON schema of the program
//! that uses the lab names them, and other programs rely on them.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::model::{
    CellReport, ClaimRow, Comparison, ComparisonKind, GateReport, Host, InstructionsReport,
    LimitReport, NotCompared, PhaseReport, Plant, Role, Scaling, Size, SoakReport, Volume,
    name_items,
};

/// Names the form of a report. The number changes when a key changes its meaning
/// or goes; new keys may come without.
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
    /// What came of counting instructions; none where that was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<InstructionsReport>,
    /// What was said of the measured work, and what became of it.
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
    /// A report of a run that has found nothing yet.
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

    /// Whether no cell was timed because nobody asked for that.
    pub(crate) fn is_untimed(&self) -> bool {
        self.is_soak_alone() || self.is_counts_alone()
    }

    /// Whether instructions were counted and nothing was timed.
    #[must_use]
    pub fn is_counts_alone(&self) -> bool {
        self.instructions.as_ref().is_some_and(|found| found.alone)
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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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

/// Which figure stands for a scenario at one size.
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
    /// The phase; the first one that was measured if none.
    pub phase: Option<String>,
}
