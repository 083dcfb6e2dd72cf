//! The worker's process: one task, one line of reply.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Write};
use std::time::Instant;

use crate::machine::kernel::{self, Faults};
use crate::machine::pages::touch_and_free;
use crate::machine::{memory_group, raw, valgrind};
use crate::model::{Allocations, Limit, MemoryReading, Pages, Plant, Profile};
use crate::stats::rng::mix;
use crate::worker::growth::{self, FRACTION};
use crate::worker::limits;
use crate::worker::marks::Marks;
use crate::worker::protocol::{
    CellReading, FractionReading, Job, MarkedReading, PROTOCOL, Place, Reply, Task, TaskResult,
};
use crate::worker::run::{Failure, PhaseReading, Run};
use crate::worker::scenario::{Cell, Scenario};

/// The fewest items for the growth check. Below, the cost of an allocation or of waking
/// a thread would hide growth.
#[must_use]
pub const fn fraction_from_items(threads: usize) -> u64 {
    match threads {
        0 | 1 => 1 << 16,
        threads => 200_000 * threads as u64,
    }
}

/// The smallest files for the growth check: the cost of a sync or of creating a file
/// does not grow.
const FRACTION_FROM_DISK_BYTES: u64 = 32 << 20;
/// The most memory warmed for the page cache of file probes: warming more would take
/// longer than the probe.
const WARM_FOR_FILES_BYTES: u64 = 1 << 30;

/// Does the job in `argument` and replies on the inherited pipe.
///
/// # Errors
/// The argument is not a job of this protocol, or the pipe is gone. Failures of
/// the work itself are replies, not errors.
pub fn serve(registry: &[&'static dyn Scenario], argument: &str) -> Result<(), Failure> {
    let job: Job = serde_json::from_str(argument)
        .map_err(|error| format!("worker: unreadable job: {error}"))?;
    if job.protocol != PROTOCOL {
        return Err(format!("worker: protocol {}, expected {PROTOCOL}", job.protocol).into());
    }
    let mut pipe = pipe_to_conductor(job.reply_fd)?;
    let reply = Reply {
        protocol: PROTOCOL,
        profile: Profile::of_this_build(),
        outcome: perform(registry, &job)
            .unwrap_or_else(|failure| TaskResult::Failed(failure.to_string())),
    };
    let mut line = serde_json::to_string(&reply)?;
    line.push('\n');
    pipe.write_all(line.as_bytes())?;
    Ok(())
}

/// Opens the pipe that a worker replies on. From here on it dies with its conductor.
///
/// # Errors
/// The pipe is gone, or the system refuses.
pub(crate) fn pipe_to_conductor(reply_fd: i32) -> io::Result<File> {
    // A dead conductor must not leave a worker that disturbs the next run.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let path = format!("/dev/fd/{reply_fd}");
    File::options().write(true).open(path)
}

fn perform(registry: &[&'static dyn Scenario], job: &Job) -> Result<TaskResult, Failure> {
    let place = &job.place;
    if let Some(door) = &place.group {
        memory_group::enter(door)?;
    }
    Ok(match &job.task {
        Task::Cell(cell) => {
            let scenario = scenario(registry, cell)?;
            let share = Plant::share_of(job.plant.as_ref(), &cell.scenario);
            let mut reading = measure(scenario, cell, place, share)?;
            if job.counts_allocations {
                let start = Instant::now();
                // A failure here does not affect what was timed.
                reading.allocations = allocations(scenario, cell, place).unwrap_or_default();
                reading.counting_ns = start.elapsed().as_nanos() as u64;
            }
            TaskResult::Cell(reading)
        }
        Task::Mark { cell, planted } => {
            let scenario = scenario(registry, cell)?;
            TaskResult::Marked(mark(scenario, cell, place, &Marks::new(planted))?)
        }
        Task::Limits {
            bytes,
            threads,
            limits,
            ..
        } => TaskResult::Limits(probe(*bytes, *threads, limits, place)?),
        Task::PageFaults { bytes } => {
            TaskResult::Limits(vec![limits::probe_page_faults(*bytes as usize)?])
        }
    })
}

fn scenario(
    registry: &[&'static dyn Scenario],
    cell: &Cell,
) -> Result<&'static dyn Scenario, Failure> {
    let mut all = registry.iter();
    let found = all.find(|scenario| scenario.name() == cell.scenario);
    let found = found.ok_or_else(|| format!("no scenario {}", cell.scenario))?;
    Ok(*found)
}

/// Warms as much memory as the probes will use, and probes. A confined worker has less
/// memory, already warmed by the cells.
fn probe(
    bytes: u64,
    threads: usize,
    wanted: &[Limit],
    place: &Place,
) -> Result<Vec<limits::LimitReading>, Failure> {
    let (files, memory): (Vec<Limit>, Vec<Limit>) =
        wanted.iter().partition(|limit| limit.is_of_files());
    let warm_bytes = match () {
        () if place.group.is_some() => 0,
        () if memory.iter().any(|limit| limit.pages().is_some()) => bytes,
        () if !files.is_empty() => bytes.min(WARM_FOR_FILES_BYTES),
        () => 0,
    };
    touch_and_free(warm_bytes as usize, Pages::Huge, threads)?;
    let mut readings = limits::probe(bytes as usize, threads, &memory)?;
    if !files.is_empty() {
        let dir = place.dir.as_ref().ok_or("limits of files need a folder")?;
        readings.extend(limits::probe_files(dir, bytes, threads, &files)?);
    }
    Ok(readings)
}

/// Warms, resets the peak, runs the cell, reads the kernel's figures, and runs the cell
/// again at a fraction of its items, several times if growth is not clear. `plant` is
/// the share of a deliberate slowdown.
fn measure(
    scenario: &dyn Scenario,
    cell: &Cell,
    place: &Place,
    plant: f64,
) -> Result<CellReading, Failure> {
    let warm_ns_per_byte = if cell.variant.host_warm {
        Some(warm(scenario.needs_bytes(cell), cell)?)
    } else {
        None
    };
    let spin_before = spin_ns();
    let before = kernel::reset_peak().and_then(|()| Faults::read());
    let mut run = begin(place, "whole", plant)?;
    scenario.run(cell, &mut run)?;
    let memory = before.and_then(|before| memory_since(&before, &run));
    let spin_after = spin_ns();
    // Both together would need more disk than the scenario declares.
    end(&run)?;
    let (phases, proof) = run.into_parts();
    let fraction = fraction(scenario, cell, place, plant, &phases)?;
    Ok(CellReading {
        phases,
        proof,
        memory: memory.map_err(|error| error.to_string()),
        fraction,
        allocations: Vec::new(),
        counting_ns: 0,
        warm_ns_per_byte,
        spin_ns: [spin_before, spin_after],
    })
}

/// Starts a run whose phases take the share `plant` longer; in a new folder `name` if it
/// has files, and with its private memory watched if it is confined.
fn begin(place: &Place, name: &str, plant: f64) -> Result<Run, Failure> {
    let mut run = match &place.dir {
        Some(dir) => {
            let dir = dir.join(name);
            fs::create_dir(&dir)?;
            Run::in_dir(dir)
        }
        None => Run::default(),
    };
    run.plant(plant);
    if place.group.is_some() {
        run.watch_private()?;
    }
    Ok(run)
}

/// Removes the files of a run.
fn end(run: &Run) -> io::Result<()> {
    run.dir().map_or(Ok(()), fs::remove_dir_all)
}

fn memory_since(before: &Faults, run: &Run) -> io::Result<MemoryReading> {
    let faults = Faults::read()?.since(before);
    let resident = run.resident();
    Ok(MemoryReading {
        resident_bytes: resident.total_bytes,
        peak_bytes: kernel::peak_bytes()?,
        anonymous_bytes: resident.anonymous_bytes,
        file_bytes: resident.file_bytes(),
        huge_bytes: resident.huge_bytes,
        swapped_bytes: resident.swapped_bytes,
        minor_faults: faults.minor,
        major_faults: faults.major,
        private_peak_bytes: run.private_peak_bytes()?,
    })
}

/// The best times at a fraction of the items, for a cell whose full run was `whole`.
fn fraction(
    scenario: &dyn Scenario,
    cell: &Cell,
    place: &Place,
    plant: f64,
    whole: &[PhaseReading],
) -> Result<Option<FractionReading>, Failure> {
    if !can_show_growth(scenario, cell) {
        return Ok(None);
    }
    let cell = Cell {
        items: cell.items / FRACTION,
        ..cell.clone()
    };
    let elapsed_ns = growth::best_times(whole, || {
        // Earlier runs left touched memory.
        raw::give_back_freed_memory();
        let mut run = begin(place, "fraction", plant)?;
        scenario.run(&cell, &mut run)?;
        end(&run)?;
        let times = run.phases().iter().map(|phase| phase.elapsed_ns);
        Ok::<_, Failure>(times.collect())
    })?;
    Ok(Some(FractionReading {
        items: cell.items,
        elapsed_ns,
    }))
}

/// Runs the cell once more and counts the allocations of its phases; empty if the
/// program's allocator does not count.
fn allocations(
    scenario: &dyn Scenario,
    cell: &Cell,
    place: &Place,
) -> Result<Vec<Allocations>, Failure> {
    // Not watched: the watcher allocates, too.
    let unwatched = Place {
        group: None,
        ..place.clone()
    };
    let mut run = begin(&unwatched, "counted", 0.0)?;
    run.count_allocations();
    scenario.run(cell, &mut run)?;
    end(&run)?;
    let (phases, _) = run.into_parts();
    let counted = phases.iter().map(|phase| phase.allocations);
    Ok(counted.collect::<Option<_>>().unwrap_or_default())
}

/// Runs the cell with marks, which are useless outside valgrind.
fn mark(
    scenario: &dyn Scenario,
    cell: &Cell,
    place: &Place,
    marks: &Marks,
) -> Result<MarkedReading, Failure> {
    if !valgrind::is_running() {
        return Err("the worker does not run under valgrind".into());
    }
    let mut run = begin(place, "marked", 0.0)?;
    run.mark(marks.clone());
    scenario.run(cell, &mut run)?;
    end(&run)?;
    let (phases, proof) = run.into_parts();
    let phases = phases.into_iter().map(|phase| phase.name).collect();
    Ok(MarkedReading { phases, proof })
}

fn can_show_growth(scenario: &dyn Scenario, cell: &Cell) -> bool {
    let disk_bytes = scenario.needs_disk_bytes(cell);
    scenario.runs_at_a_fraction()
        && cell.items >= fraction_from_items(cell.variant.threads)
        && (disk_bytes == 0 || disk_bytes >= FRACTION_FROM_DISK_BYTES)
}

fn warm(bytes: u64, cell: &Cell) -> io::Result<f64> {
    let elapsed_ns = touch_and_free(bytes as usize, cell.variant.pages, cell.variant.threads)?;
    Ok(elapsed_ns as f64 / bytes.max(1) as f64)
}

/// Times a chain of dependent arithmetic, a few tenths of a millisecond, which depends
/// only on the processor's frequency. The best of three, to exclude interruptions.
fn spin_ns() -> u64 {
    let once = |_| {
        let start = Instant::now();
        black_box((0..30_000u64).fold(0, |word, step| mix(word ^ step)));
        start.elapsed().as_nanos() as u64
    };
    (0..3).map(once).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::scenario::Variant;

    /// Does nothing, at any size or at one.
    struct Idle {
        any_size: bool,
    }

    impl Scenario for Idle {
        fn name(&self) -> &'static str {
            "idle"
        }
        fn about(&self) -> &'static str {
            "nothing"
        }
        fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
            vec![Variant::new("only")]
        }
        fn needs_bytes(&self, _cell: &Cell) -> u64 {
            0
        }
        fn runs_at_a_fraction(&self) -> bool {
            self.any_size
        }
        fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
            run.phase("idle", cell.items).time(|| ());
            Ok(())
        }
    }

    #[test]
    fn a_fraction_is_run_of_large_cells_of_any_size_only() {
        let enough = fraction_from_items(1);
        for (any_size, items, expected) in [
            (true, enough, Some(enough / FRACTION)),
            (true, enough - 1, None),
            (false, enough, None),
        ] {
            let cell = Cell {
                scenario: "idle".to_owned(),
                variant: Variant::new("only"),
                items,
            };
            let found = fraction(&Idle { any_size }, &cell, &Place::default(), 0.0, &[]).unwrap();
            assert_eq!(found.map(|found| found.items), expected, "{items} items");
        }
    }
}
