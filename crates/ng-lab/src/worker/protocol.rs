//! What conductor and worker say to each other: one JSON argument there, one
//! JSON line back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Allocations, Limit, MemoryReading, Plant, Profile};
use crate::worker::limits::LimitReading;
use crate::worker::run::PhaseReading;
use crate::worker::scenario::Cell;

/// The version of this protocol. A worker of another version is not compared with.
pub const PROTOCOL: u32 = 1;

/// The argument that makes a program a worker; the [`Job`] follows it.
pub const WORKER_ARGUMENT: &str = "__worker";

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// [`PROTOCOL`] of the conductor.
    pub protocol: u32,
    /// The inherited descriptor that the reply goes to.
    pub reply_fd: i32,
    /// Where it works.
    #[serde(default)]
    pub place: Place,
    /// The work.
    pub task: Task,
    /// A slowdown on purpose. It is no part of the protocol's version: only the
    /// conductor's own program is ever sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<Plant>,
    /// Whether a cell is run once more, to count its allocations. As with a plant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_allocations: bool,
}

/// Where a worker works. No part of its task: the same task is done elsewhere
/// in the next round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// An empty folder of its own, if the task needs files.
    pub dir: Option<PathBuf>,
    /// The file that it writes its number to before it begins, to be confined to
    /// the memory of a cgroup; none if it is not to be.
    pub group: Option<PathBuf>,
}

/// The kinds of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Run one cell of a scenario.
    Cell(Cell),
    /// Run one cell under valgrind, which counts the instructions of its phases: they
    /// are marked, and not timed. A worker of an older program does not know this task.
    Mark {
        /// The cell.
        cell: Cell,
        /// Instructions that are added to phases on purpose, by their names.
        planted: BTreeMap<String, u64>,
    },
    /// Probe the machine's limits.
    Limits {
        /// Bytes of memory to probe over.
        bytes: u64,
        /// Threads that work at once.
        threads: usize,
        /// The limits that are wanted.
        limits: Vec<Limit>,
        /// The memory that the worker is confined to, if so.
        #[serde(default)]
        memory_limit_bytes: Option<u64>,
    },
    /// Time page faults on memory that was not warmed.
    PageFaults {
        /// Bytes of memory to touch.
        bytes: u64,
    },
}

/// A worker's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// [`PROTOCOL`] of the worker.
    pub protocol: u32,
    /// The build of the worker.
    pub profile: Profile,
    /// What came out.
    pub outcome: TaskResult,
}

/// What came out of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskResult {
    /// Of a cell.
    Cell(CellReading),
    /// Of a cell that was marked.
    Marked(MarkedReading),
    /// Of a probe.
    Limits(Vec<LimitReading>),
    /// The work failed, in the worker's words.
    Failed(String),
}

/// One run of one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellReading {
    /// The timed phases in their order.
    pub phases: Vec<PhaseReading>,
    /// The proof of the work.
    pub proof: BTreeMap<String, Value>,
    /// Memory of the worker, or why there are no figures.
    pub memory: Result<MemoryReading, String>,
    /// The same phases at a fraction of the items, for the growth check; none
    /// where the cell is too small to tell.
    pub fraction: Option<FractionReading>,
    /// What each phase asked the allocator for, in the order of the full run;
    /// empty where that was not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocations>,
    /// How long it took to count them.
    #[serde(default)]
    pub counting_ns: u64,
    /// Nanoseconds a byte of the warming before, where there was one.
    pub warm_ns_per_byte: Option<f64>,
    /// A fixed loop of arithmetic, timed before and after the phases, in nanoseconds.
    pub spin_ns: [u64; 2],
}

/// One run of one cell whose phases were marked. What was counted is valgrind's to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkedReading {
    /// The names of the phases, in the order in which they were marked.
    pub phases: Vec<String>,
    /// The proof of the work.
    pub proof: BTreeMap<String, Value>,
}

impl CellReading {
    /// The phase of that name.
    #[must_use]
    pub fn phase(&self, name: &str) -> Option<&PhaseReading> {
        self.phases.iter().find(|phase| phase.name == name)
    }

    /// Its index among the phases.
    #[must_use]
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.phases.iter().position(|phase| phase.name == name)
    }
}

/// The phases of a cell at fewer items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FractionReading {
    /// Number of items.
    pub items: u64,
    /// Best time of each phase in nanoseconds, in the order of the full run.
    pub elapsed_ns: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::scenario::Variant;

    #[test]
    fn a_job_survives_the_way_through_its_argument() {
        for task in [
            Task::Cell(Cell {
                scenario: "create".into(),
                variant: Variant::new("push").threads(2).host_cold(),
                items: 7,
            }),
            Task::Limits {
                bytes: 64,
                threads: 2,
                limits: vec![Limit::Read, Limit::ClockRead],
                memory_limit_bytes: Some(1 << 20),
            },
            Task::PageFaults { bytes: 4096 },
            Task::Mark {
                cell: Cell {
                    scenario: "create".into(),
                    variant: Variant::new("push"),
                    items: 7,
                },
                planted: BTreeMap::from([("fill".to_owned(), 99)]),
            },
        ] {
            let job = Job {
                protocol: PROTOCOL,
                reply_fd: 3,
                place: Place {
                    dir: Some("/data/worker".into()),
                    group: None,
                },
                task,
                plant: None,
                counts_allocations: true,
            };
            let text = serde_json::to_string(&job).unwrap();
            assert!(text.contains(r#""protocol":1"#));
            assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job);
        }
    }
}
