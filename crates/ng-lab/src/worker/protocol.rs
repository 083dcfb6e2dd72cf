//! The protocol of conductor and worker: one JSON argument, one JSON line in reply.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Allocations, Limit, MemoryReading, Plant, Profile};
use crate::worker::limits::LimitReading;
use crate::worker::run::PhaseReading;
use crate::worker::scenario::Cell;

/// The version of this protocol. Workers of other versions are refused.
pub const PROTOCOL: u32 = 1;

/// The argument that makes a program a worker; the [`Job`] follows it.
pub const WORKER_ARGUMENT: &str = "__worker";

/// A worker's job.
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
    /// A deliberate slowdown. Not covered by the protocol's version, since only the
    /// conductor's own program receives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<Plant>,
    /// Whether a cell is run once more to count its allocations. As with a plant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_allocations: bool,
}

/// Where a worker works. Not part of its task, which runs elsewhere in the next round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// An empty folder of its own, if the task needs files.
    pub dir: Option<PathBuf>,
    /// The file to which it writes its process id to join a memory cgroup; none if it is
    /// not confined.
    pub group: Option<PathBuf>,
}

/// The kinds of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Run one cell of a scenario.
    Cell(Cell),
    /// Run one cell under valgrind, with its phases marked instead of timed. Older workers
    /// do not know this task.
    Mark {
        /// The cell.
        cell: Cell,
        /// Extra instructions to plant in phases, by name.
        planted: BTreeMap<String, u64>,
    },
    /// Probe the machine's limits.
    Limits {
        /// Bytes of memory to probe over.
        bytes: u64,
        /// Concurrent threads.
        threads: usize,
        /// The limits to probe.
        limits: Vec<Limit>,
        /// The worker's memory limit, if any.
        #[serde(default)]
        memory_limit_bytes: Option<u64>,
    },
    /// Time page faults on unwarmed memory.
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
    /// The result.
    pub outcome: TaskResult,
}

/// The result of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskResult {
    /// Of a cell.
    Cell(CellReading),
    /// Of a marked cell.
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
    /// The phases at a fraction of the items, for the growth check; none if the cell is
    /// too small for it.
    pub fraction: Option<FractionReading>,
    /// The allocations of each phase, in the order of the full run; empty if they were
    /// not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocations>,
    /// How long counting them took.
    #[serde(default)]
    pub counting_ns: u64,
    /// Nanoseconds per byte of warming, if there was any.
    pub warm_ns_per_byte: Option<f64>,
    /// A fixed loop of arithmetic, timed before and after the phases, in nanoseconds.
    pub spin_ns: [u64; 2],
}

/// One run of one cell whose phases were marked. Valgrind writes the counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkedReading {
    /// The names of the phases, in the order of their marks.
    pub phases: Vec<String>,
    /// The proof of the work.
    pub proof: BTreeMap<String, Value>,
}

impl CellReading {
    /// The phase called `name`.
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
    fn a_job_survives_its_round_trip_through_the_argument() {
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
