//! The worker's side: one task, one line, end.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::time::Instant;

use crate::kernel::{self, Faults, Resident};
use crate::limits;
use crate::pages::{Pages, touch_and_free};
use crate::plant::Plant;
use crate::protocol::{
    CellReading, FractionReading, Job, MemoryReading, Outcome, PROTOCOL, Reply, Task,
};
use crate::rng::mix;
use crate::run::Run;
use crate::scenario::{Cell, Failure, Profile, Scenario};

/// The growth check runs a cell again at this fraction of its items.
pub const FRACTION: u64 = 8;

/// The fewest items that a cell is checked for growth with. Below, what an
/// allocation or the waking of a thread costs would hide it.
#[must_use]
pub const fn fraction_from_items(threads: usize) -> u64 {
    match threads {
        0 | 1 => 1 << 16,
        threads => 200_000 * threads as u64,
    }
}

/// Does the job that is written in `argument` and replies on the inherited pipe.
///
/// # Errors
/// The argument is not a job of this protocol, or the pipe is gone. Failures of
/// the work itself are replies, not errors.
pub fn serve(registry: &[&'static dyn Scenario], argument: &str) -> Result<(), Failure> {
    let job: Job = serde_json::from_str(argument)
        .map_err(|error| format!("worker: the job is not readable: {error}"))?;
    if job.protocol != PROTOCOL {
        return Err(format!("worker: protocol {}, expected {PROTOCOL}", job.protocol).into());
    }
    // A conductor that dies must not leave a worker that disturbs the next run.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let mut pipe = File::options()
        .write(true)
        .open(format!("/dev/fd/{}", job.reply_fd))?;
    let reply = Reply {
        protocol: PROTOCOL,
        profile: Profile::of_this_build(),
        outcome: perform(registry, &job.task, job.plant.as_ref())
            .unwrap_or_else(|failure| Outcome::Failed(failure.to_string())),
    };
    let mut line = serde_json::to_string(&reply)?;
    line.push('\n');
    pipe.write_all(line.as_bytes())?;
    Ok(())
}

fn perform(
    registry: &[&'static dyn Scenario],
    task: &Task,
    plant: Option<&Plant>,
) -> Result<Outcome, Failure> {
    Ok(match task {
        Task::Cell(cell) => {
            let scenario = registry
                .iter()
                .find(|scenario| scenario.name() == cell.scenario)
                .ok_or_else(|| format!("no scenario {}", cell.scenario))?;
            let share = Plant::share_of(plant, &cell.scenario);
            Outcome::Cell(measure(*scenario, cell, share)?)
        }
        Task::Limits {
            bytes,
            threads,
            limits,
        } => {
            touch_and_free(*bytes as usize, Pages::Huge, *threads)?;
            Outcome::Limits(limits::probe(*bytes as usize, *threads, limits)?)
        }
        Task::PageFaults { bytes } => {
            Outcome::Limits(vec![limits::probe_page_faults(*bytes as usize)?])
        }
    })
}

/// Warms, resets the peak, runs the cell, reads the kernel, and runs it again
/// at a fraction of its items. `plant` is a share of time that is added on purpose.
fn measure(scenario: &dyn Scenario, cell: &Cell, plant: f64) -> Result<CellReading, Failure> {
    let warm_ns_per_byte = if cell.variant.host_warm {
        Some(warm(scenario.needs_bytes(cell), cell)?)
    } else {
        None
    };
    let spin_before = spin_ns();
    let before = kernel::reset_peak().and_then(|()| Faults::read());
    let mut run = Run::planted(plant);
    scenario.run(cell, &mut run)?;
    let (phases, proof, resident) = run.into_parts();
    let memory = before.and_then(|before| memory_since(&before, &resident));
    let spin_after = spin_ns();
    Ok(CellReading {
        phases,
        proof,
        memory: memory.map_err(|error| error.to_string()),
        fraction: fraction(scenario, cell, plant)?,
        warm_ns_per_byte,
        spin_ns: [spin_before, spin_after],
    })
}

fn memory_since(before: &Faults, resident: &Resident) -> io::Result<MemoryReading> {
    let faults = Faults::read()?.since(before);
    Ok(MemoryReading {
        resident_bytes: resident.total_bytes,
        peak_bytes: kernel::peak_bytes()?,
        anonymous_bytes: resident.anonymous_bytes,
        file_bytes: resident.file_bytes(),
        huge_bytes: resident.huge_bytes,
        swapped_bytes: resident.swapped_bytes,
        minor_faults: faults.minor,
        major_faults: faults.major,
    })
}

fn fraction(
    scenario: &dyn Scenario,
    cell: &Cell,
    plant: f64,
) -> Result<Option<FractionReading>, Failure> {
    if cell.items < fraction_from_items(cell.variant.threads) {
        return Ok(None);
    }
    let cell = Cell {
        items: cell.items / FRACTION,
        ..cell.clone()
    };
    let mut run = Run::planted(plant);
    scenario.run(&cell, &mut run)?;
    Ok(Some(FractionReading {
        items: cell.items,
        elapsed_ns: run.phases().iter().map(|phase| phase.elapsed_ns).collect(),
    }))
}

fn warm(bytes: u64, cell: &Cell) -> io::Result<f64> {
    let elapsed_ns = touch_and_free(bytes as usize, cell.variant.pages, cell.variant.threads)?;
    Ok(elapsed_ns as f64 / bytes.max(1) as f64)
}

/// A chain of dependent arithmetic, a few tenths of a millisecond: its time
/// changes with the processor's clock and with nothing else of the machine. The
/// best of three, since an interruption is no change of the clock.
fn spin_ns() -> u64 {
    let once = |_| {
        let start = Instant::now();
        black_box((0..30_000u64).fold(0, |word, step| mix(word ^ step)));
        start.elapsed().as_nanos() as u64
    };
    (0..3).map(once).min().unwrap_or(0)
}
