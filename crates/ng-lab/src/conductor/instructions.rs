//! Counts the instructions of cells under callgrind.
//!
//! Counts do not depend on what else the machine does, so there are no rounds. Each side
//! is counted twice, which shows the spread.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::conductor::plan::{Plan, PlannedCell, Request};
use crate::conductor::process::{Ended, Order, run_command};
use crate::conductor::progress::Progress;
use crate::conductor::versus::InstructionGate;
use crate::conductor::workplace::{Surroundings, Workplace};
use crate::conductor::{Available, PlanError, shakes_hands_on_marks};
use crate::machine::callgrind::{Counted, read_dumps, remove_dumps};
use crate::machine::data_folder::DataFolder;
use crate::machine::interrupt::Interrupt;
use crate::model::{NotComparable, Plant, Profile, Role};
use crate::worker::protocol::{MarkedReading, Task, TaskResult};
use crate::worker::scenario::Cell;

/// The items of a counted cell, unless fewer are asked for: milliseconds of work, a second
/// under callgrind.
pub(crate) const COUNTED_ITEMS: u64 = 100_000;
/// The name of callgrind's files in the run's folder.
const DUMPS: &str = "callgrind";
const SEVERAL_THREADS: &str =
    "threads wait for each other, which takes a different number of instructions each time";
const CONFINED: &str = "its memory is limited, and valgrind needs memory of its own";
/// The name of the counted program in the run's folder.
const PROGRAM: &str = "program";
/// Shorter worker arguments are padded to this length.
const ARGUMENT_BYTES: usize = 8 << 10;
/// Valgrind starts within a second, and is fifty times as slow as the processor.
const START: Duration = Duration::from_secs(120);
const PER_BYTE: Duration = Duration::from_micros(10);

/// The counts of a run.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Valgrind's name and version.
    pub counted_by: String,
    /// Both sides of every cell, side by side in the plan's order.
    pub cells: Vec<CountedCell>,
    /// Why the other side cannot be counted.
    pub not_comparable: Option<NotComparable>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// What else ended it early.
    pub stopped_by: Option<String>,
}

/// One side of a cell, counted.
#[derive(Clone, Debug)]
pub struct CountedCell {
    /// The cell, its build and role.
    pub planned: PlannedCell,
    /// The counts of two runs, or why there are none.
    pub counted: Result<[CellCounts; 2], String>,
    /// Whether the worker replied, even if only to refuse.
    pub answered: bool,
}

/// The counts of one run of one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CellCounts {
    /// The phases in their order, with their instructions.
    pub phases: Vec<(String, u64)>,
    /// The proof of the work.
    pub proof: BTreeMap<String, Value>,
}

/// Plans which cells of `request` are counted, at a small size.
///
/// # Errors
/// [`PlanError`], if no cell would be counted.
pub(crate) fn plan_counts(request: &Request, available: &Available) -> Result<Plan, PlanError> {
    let asked = request.sizes.iter().copied().min();
    let small = Request {
        sizes: vec![asked.map_or(COUNTED_ITEMS, |asked| asked.min(COUNTED_ITEMS))],
        ..request.clone()
    };
    let mut plan = Plan::new(&small, available)?;
    let gated = plan.cells.iter().find(|cell| cell.role == Role::Aa);
    let gated = gated.map(|cell| cell.profile);
    let is_side = |cell: &PlannedCell| Some(cell.profile) == gated && cell.role != Role::Aa;
    plan.cells.retain(is_side);
    for cell in &mut plan.cells {
        let left_out = left_out(request, cell);
        cell.skipped = cell.skipped.take().or(left_out);
    }
    Ok(plan)
}

/// Returns why a cell cannot be counted.
fn left_out(request: &Request, planned: &PlannedCell) -> Option<String> {
    let cell = &planned.cell;
    let mut scenarios = request.scenarios.iter();
    let scenario = scenarios.find(|known| known.name() == cell.scenario)?;
    if cell.variant.threads > 1 {
        Some(SEVERAL_THREADS.to_owned())
    } else if planned.memory_limit_bytes.is_some() {
        Some(CONFINED.to_owned())
    } else {
        scenario.uncounted(cell)
    }
}

/// Counts the cells of a `plan` from [`plan_counts`].
///
/// # Errors
/// A worker program cannot be started.
pub(crate) fn count(
    request: &Request,
    gate: &InstructionGate,
    plan: &Plan,
    data: &DataFolder,
    log: &mut dyn Write,
    interrupt: &Interrupt,
    progress: &mut Progress,
) -> io::Result<Counts> {
    let mut run = Count {
        request,
        gate,
        data,
        log,
        interrupt,
        counts: Counts {
            counted_by: gate.callgrind.version().to_owned(),
            ..Counts::default()
        },
    };
    if let Some(against) = request.versus.against()
        && !shakes_hands_on_marks(&against.program, interrupt)?
    {
        run.counts.not_comparable = Some(NotComparable::Unmarked);
        return Ok(run.counts);
    }
    let steps = plan.cells.iter().filter(|cell| cell.skipped.is_none());
    progress.begin_counts(steps.count() as u64, gate.callgrind.version());
    for planned in &plan.cells {
        if interrupt.is_set() {
            run.counts.interrupted = true;
        }
        if run.counts.ended_early() {
            break;
        }
        run.side(planned, progress)?;
    }
    Ok(run.counts)
}

impl Counts {
    /// Whether counting ended early.
    pub(crate) fn ended_early(&self) -> bool {
        self.interrupted || self.stopped_by.is_some()
    }
}

struct Count<'a> {
    request: &'a Request,
    gate: &'a InstructionGate,
    data: &'a DataFolder,
    log: &'a mut dyn Write,
    interrupt: &'a Interrupt,
    counts: Counts,
}

/// Why there is no count.
enum Lack {
    /// The user stopped it.
    Interrupted,
    /// The worker refused.
    Refused(String),
    /// It died, or left no usable count.
    Failed(String),
    /// It could not be started.
    System(io::Error),
}

impl From<io::Error> for Lack {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl Count<'_> {
    fn side(&mut self, planned: &PlannedCell, progress: &mut Progress) -> io::Result<()> {
        let found = match &planned.skipped {
            Some(reason) => Err(Lack::Failed(reason.clone())),
            None => {
                progress.count(&planned.cell);
                let found = self.twice(planned);
                progress.step_done();
                found
            }
        };
        let answered = matches!(found, Ok(_) | Err(Lack::Refused(_)));
        let counted = match found {
            Err(Lack::System(error)) => return Err(error),
            Err(Lack::Interrupted) => {
                self.counts.interrupted = true;
                return Ok(());
            }
            Err(Lack::Refused(reason) | Lack::Failed(reason)) => Err(reason),
            Ok(counted) => Ok(counted),
        };
        if let Err(error) = self.write_log(planned, &counted) {
            self.counts.stopped_by = Some(format!("the log of results: {error}"));
        }
        self.counts.cells.push(CountedCell {
            planned: planned.clone(),
            counted,
            answered,
        });
        Ok(())
    }

    fn twice(&self, planned: &PlannedCell) -> Result<[CellCounts; 2], Lack> {
        let planted = self.planted(planned)?;
        Ok([self.once(planned, &planted)?, self.once(planned, &planted)?])
    }

    /// Returns the instructions to plant in each phase: a share of its count in a run
    /// without them.
    fn planted(&self, planned: &PlannedCell) -> Result<BTreeMap<String, u64>, Lack> {
        let plant = self.request.versus.plant.as_ref();
        let share = Plant::work_of(plant, &planned.cell.scenario);
        if share == 0.0 || planned.role == Role::Against {
            return Ok(BTreeMap::new());
        }
        let first = self.once(planned, &BTreeMap::new())?;
        let of_share = |(name, count): (String, u64)| (name, (count as f64 * share) as u64);
        Ok(first.phases.into_iter().map(of_share).collect())
    }

    fn once(
        &self,
        planned: &PlannedCell,
        planted: &BTreeMap<String, u64>,
    ) -> Result<CellCounts, Lack> {
        let needs = Surroundings {
            folder: planned.uses_files,
            memory_limit_bytes: None,
        };
        let workplace = Workplace::set_up(Some(self.data), needs);
        let workplace =
            workplace.map_err(|error| Lack::Failed(format!("the worker's place: {error}")))?;
        let task = Task::Mark {
            cell: planned.cell.clone(),
            planted: planted.clone(),
        };
        let place = workplace.place();
        let order = Order {
            argument_bytes: ARGUMENT_BYTES,
            ..Order::plain(&task, &place, timeout(self.request, &planned.cell))
        };
        let dumps = self.data.own(DUMPS)?;
        remove_dumps(&dumps);
        let program = self.link_to_program(planned)?;
        let command = self.gate.callgrind.command(&program, &dumps);
        let reply = match run_command(command, &order, self.interrupt)? {
            Ended::Interrupted => return Err(Lack::Interrupted),
            Ended::Failed(reason) => return Err(Lack::Failed(reason)),
            Ended::Reply(reply) => reply,
        };
        let counts = match reply.outcome {
            _ if reply.profile != planned.profile => {
                Err(Lack::Failed(other_build(reply.profile, planned)))
            }
            TaskResult::Marked(reading) => counts_of(reading, &dumps).map_err(Lack::Failed),
            TaskResult::Failed(reason) => Err(Lack::Refused(reason)),
            _ => Err(Lack::Failed("worker replied without marks".to_owned())),
        };
        remove_dumps(&dumps);
        counts
    }

    /// Links to the program under one name for both sides: a name of another length moves
    /// the worker's memory, and its allocator then takes other paths.
    fn link_to_program(&self, planned: &PlannedCell) -> io::Result<PathBuf> {
        let program = self.request.program(planned.profile, planned.role)?;
        let link = self.data.own(PROGRAM)?;
        match fs::remove_file(&link) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => symlink(program.canonicalize()?, &link)?,
        }
        Ok(link)
    }

    fn write_log(
        &mut self,
        planned: &PlannedCell,
        counted: &Result<[CellCounts; 2], String>,
    ) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            build: (Profile, Role),
            counted: &'a Cell,
            outcome: &'a Result<[CellCounts; 2], String>,
        }
        let line = serde_json::to_string(&Line {
            build: (planned.profile, planned.role),
            counted: &planned.cell,
            outcome: counted,
        })?;
        writeln!(self.log, "{line}")?;
        self.log.flush()
    }
}

/// Far above any honest duration, like the timeout of a timed worker.
fn timeout(request: &Request, cell: &Cell) -> Duration {
    let bytes = u32::try_from(request.subject.bytes_of(cell)).unwrap_or(u32::MAX);
    let timeout = request.timeout;
    timeout.unwrap_or_else(|| START + PER_BYTE.saturating_mul(bytes))
}

fn other_build(found: Profile, planned: &PlannedCell) -> String {
    let (found, expected) = (found.name(), planned.profile.name());
    format!("worker was built as {found}, expected {expected}")
}

/// Matches the phases that a worker names with callgrind's dumps.
fn counts_of(reading: MarkedReading, dumps: &Path) -> Result<CellCounts, String> {
    let counted = read_dumps(dumps).map_err(|error| error.to_string())?;
    let names = |counted: &[Counted]| {
        let names = counted.iter().map(|found| found.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let same = counted.iter().map(|found| &found.name).eq(&reading.phases);
    if !same {
        return Err(format!(
            "callgrind counted {:?}, the worker marked {:?}",
            names(&counted),
            reading.phases.join(", ")
        ));
    }
    let phases = counted
        .into_iter()
        .map(|found| (found.name, found.instructions));
    Ok(CellCounts {
        phases: phases.collect(),
        proof: reading.proof,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conductor::{Against, Reference, Rounds, Subject, Versus};
    use crate::worker::run::{Failure, Run};
    use crate::worker::scenario::{Scenario, Variant};

    /// One variant that can be counted, and one of each kind that cannot.
    struct Kinds;

    impl Scenario for Kinds {
        fn name(&self) -> &'static str {
            "kinds"
        }
        fn about(&self) -> &'static str {
            "nothing"
        }
        fn variants(&self, _: &[usize]) -> Vec<Variant> {
            let names = ["plain", "confined", "random"].map(Variant::new);
            let mut all = names.to_vec();
            all.push(Variant::new("plain").threads(2));
            all
        }
        fn needs_bytes(&self, cell: &Cell) -> u64 {
            cell.items
        }
        fn memory_limit_bytes(&self, cell: &Cell) -> Option<u64> {
            (cell.variant.name == "confined").then_some(1 << 20)
        }
        fn uncounted(&self, cell: &Cell) -> Option<String> {
            (cell.variant.name == "random").then(|| "it is random".to_owned())
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
            scenarios: vec![&Kinds],
            sizes: sizes.to_vec(),
            threads: vec![1, 2],
            programs: vec![(Profile::Dev, "d".into()), (Profile::Release, "r".into())],
            rounds: Rounds::Exactly(1),
            seed: 1,
            timeout: None,
            lock: PathBuf::new(),
            dir: PathBuf::new(),
            versus: Versus {
                reference: Some(Reference::Against(Against {
                    name: "HEAD".to_owned(),
                    commit: String::new(),
                    program: "a".into(),
                })),
                ..Versus::default()
            },
        }
    }

    #[test]
    fn both_sides_of_a_countable_cell_are_counted_in_the_gated_build_at_a_small_size() {
        for (sizes, expected) in [
            (&[4_000_000, 9_000_000][..], COUNTED_ITEMS),
            (&[1000, 4_000_000], 1000),
        ] {
            let plan = plan_counts(&request(sizes), &Available::EVERYTHING).unwrap();
            let sides = plan.cells.iter().filter(|cell| cell.skipped.is_none());
            let sides: Vec<_> = sides
                .map(|cell| {
                    (
                        cell.cell.variant.name.as_str(),
                        cell.cell.items,
                        cell.profile,
                        cell.role,
                    )
                })
                .collect();
            let side = |role| ("plain", expected, Profile::Release, role);
            assert_eq!(sides, [side(Role::Main), side(Role::Against)]);
        }
    }

    #[test]
    fn uncounted_cells_have_a_reason() {
        let plan = plan_counts(&request(&[1000]), &Available::EVERYTHING).unwrap();
        let skipped = plan.cells.iter().filter_map(|cell| cell.skipped.as_deref());
        let mut reasons: Vec<&str> = skipped.collect();
        reasons.dedup();
        assert_eq!(reasons, [CONFINED, "it is random", SEVERAL_THREADS]);
    }

    #[test]
    fn the_timeout_allows_for_work_fifty_times_as_slow() {
        let cell = |items| Cell {
            scenario: "kinds".to_owned(),
            variant: Variant::new("plain"),
            items,
        };
        let mut request = request(&[1000]);
        let seconds = |request: &Request, items| timeout(request, &cell(items)).as_secs();
        assert_eq!(seconds(&request, 0), 120);
        assert_eq!(seconds(&request, COUNTED_ITEMS), 120 + 64);
        assert_eq!(seconds(&request, u64::MAX / 64), 120 + 42_949);
        request.timeout = Some(Duration::from_secs(5));
        assert_eq!(seconds(&request, COUNTED_ITEMS), 5);
    }

    #[test]
    fn counts_that_do_not_match_the_marks_are_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let dumps = folder.path().join(DUMPS);
        let reading = MarkedReading {
            phases: vec!["fill".to_owned()],
            proof: BTreeMap::new(),
        };
        let error = counts_of(reading.clone(), &dumps).unwrap_err();
        assert_eq!(error, r#"callgrind counted "", the worker marked "fill""#);
        for (name, right) in [("fill", true), ("read", false)] {
            let text = format!("desc: Trigger: Client Request: {name}\nevents: Ir\ntotals: 7\n");
            fs::write(folder.path().join("callgrind.1"), text).unwrap();
            let counts = counts_of(reading.clone(), &dumps);
            assert_eq!(counts.is_ok(), right, "{name}");
            if let Ok(counts) = counts {
                assert_eq!(counts.phases, [("fill".to_owned(), 7)]);
            }
        }
    }
}
