//! Scenarios that lie, and their honest twins.

use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::process;
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use memmap2::{MmapOptions, MmapRaw};
use ng_lab::kernel::Resident;
use ng_lab::rng::SplitMix64;
use ng_lab::{AccessEvidence, Cell, Failure, Limit, Pages, Pattern, Run, Scenario, Variant};

use crate::uneven;

pub(crate) static REGISTRY: [&dyn Scenario; 13] = [
    &Clone, &Fresh, &Order, &SpeedUp, &Sharing, &Boxes, &Footprint, &Failing, &Hanging, &Files,
    &Confined, &Cached, &Uneven,
];

pub(crate) fn find(name: &str) -> &'static dyn Scenario {
    REGISTRY
        .into_iter()
        .find(|scenario| scenario.name() == name)
        .unwrap_or_else(|| panic!("no scenario {name}"))
}

/// Defines a planted scenario around its work.
macro_rules! planted {
    ($type:ident, $name:literal, [$($variant:literal),+], $work:expr) => {
        planted!($type, $name, [$($variant),+], $work, {
            fn needs_bytes(&self, cell: &Cell) -> u64 {
                cell.items * 16
            }
        });
    };
    ($type:ident, $name:literal, [$($variant:literal),+], $work:expr, { $($needs:tt)* }) => {
        pub(crate) struct $type;

        impl Scenario for $type {
            fn name(&self) -> &'static str {
                $name
            }
            fn about(&self) -> &'static str {
                "planted"
            }
            fn variants(&self, threads: &[usize]) -> Vec<Variant> {
                let mut all = Vec::new();
                for name in [$($variant),+] {
                    all.extend(threads.iter().map(|threads| {
                        Variant::new(name).threads(*threads).pages(Pages::Small)
                    }));
                }
                all
            }
            fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
                $work(cell, run)
            }
            $($needs)*
        }
    };
}

planted!(Clone, "clone", ["deleted", "dropped", "kept"], clone);

/// An unused copy. "dropped" is what the seed wrote, and what an optimiser may delete;
/// "deleted" is what then remains, in every build and with every compiler.
fn clone(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let words = vec![7u64; cell.items as usize];
    let bytes = cell.items * 8;
    let phase = run
        .phase("clone", cell.items)
        .bounded_by(Limit::FirstTouchSmall, 1, bytes)
        .touches(bytes);
    let copied = match cell.variant.name.as_str() {
        "deleted" => phase.time(|| words.len()),
        "dropped" => phase.time(|| words.clone().len()),
        _ => phase.time(|| words.clone()).len(),
    };
    run.prove_equal("copied", copied as u64, cell.items)
}

planted!(Fresh, "fresh", ["fill"], fresh);

/// Work that takes the same time at any size on fresh memory, and less on memory that
/// was touched before.
fn fresh(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let bytes = cell.items * 8;
    let mut words: Vec<u8> = Vec::with_capacity(bytes as usize);
    let before = Resident::read()?.total_bytes;
    words.resize(bytes as usize, 1);
    let grown = Resident::read()?.total_bytes.saturating_sub(before);
    let is_fresh = grown * 10 >= bytes * 9;
    let ms = if is_fresh { 40 } else { 1 };
    run.phase("fill", cell.items)
        .time(|| thread::sleep(Duration::from_millis(ms)));
    run.prove_equal("bytes", words.len() as u64, bytes)
}

planted!(Order, "order", ["stride", "random"], order);

/// The seed's "random access": a stride of ten, claimed as random.
fn order(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let words: Vec<u64> = (0..cell.items * 8).collect();
    let mut rng = SplitMix64::new(3);
    let order: Vec<u64> = match cell.variant.name.as_str() {
        "stride" => (0..cell.items).step_by(10).collect(),
        _ => (0..cell.items / 10)
            .map(|_| rng.below(cell.items))
            .collect(),
    };
    let mut positions = order.iter().copied();
    let evidence = AccessEvidence::of(Pattern::Random, &mut positions, cell.items, 64);
    let sum = run
        .phase("random", order.len() as u64)
        .accesses(evidence)
        .time(|| order.iter().map(|at| words[*at as usize * 8]).sum::<u64>());
    run.prove("sum", sum);
    Ok(())
}

planted!(SpeedUp, "speed-up", ["magic", "honest"], speed_up);

/// An unexplained speed-up: with more than one thread a tenth of the work is done. The time
/// is slept, and long, so that it depends neither on processors nor on load.
fn speed_up(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let threads = cell.variant.threads as u32;
    let share = match cell.variant.name.as_str() {
        "magic" if threads > 1 => 10,
        _ => threads,
    };
    let whole = Duration::from_millis(200);
    run.phase("work", cell.items)
        .time(|| thread::sleep(whole / share));
    Ok(())
}

planted!(
    Sharing,
    "sharing",
    ["even", "one-sided", "in-turns"],
    sharing
);

/// How often each thread of "in-turns" waits.
pub(crate) const TURNS: usize = 200;

/// Work shared by all threads, done by one, or done in turns. The threads outlive the
/// phase, like those of a pool.
fn sharing(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let threads = cell.variant.threads;
    let [begin, done, end] = [(); 3].map(|()| Barrier::new(threads + 1));
    let turn = (Mutex::new(0), Condvar::new());
    let work = |thread: usize| match cell.variant.name.as_str() {
        "in-turns" => take_turns(&turn, thread, threads),
        "one-sided" if thread > 0 => {}
        _ => spin(20_000_000),
    };
    thread::scope(|scope| {
        for thread in 0..threads {
            let (begin, done, end, work) = (&begin, &done, &end, &work);
            scope.spawn(move || {
                begin.wait();
                work(thread);
                done.wait();
                end.wait();
            });
        }
        run.phase("work", cell.items).constant().time(|| {
            begin.wait();
            done.wait();
        });
        end.wait();
    });
    run.prove_equal("threads", threads as u64, threads as u64)
}

/// A fixed amount of work.
fn spin(times: u64) {
    for _ in 0..times {
        black_box(());
    }
}

fn take_turns((turn, changed): &(Mutex<usize>, Condvar), thread: usize, threads: usize) {
    for _ in 0..TURNS {
        let turn = turn.lock().expect("no panic");
        let is_others = |turn: &mut usize| *turn % threads != thread;
        let mut turn = changed.wait_while(turn, is_others).expect("no panic");
        *turn += 1;
        changed.notify_all();
    }
}

planted!(Boxes, "boxes", ["one", "each"], boxes);

/// Words in one allocation, or in one each.
fn boxes(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let items = cell.items;
    let each = cell.variant.name == "each";
    let phase = run.phase("fill", items);
    let count = phase.time(|| match each {
        true => (0..items).map(Box::new).collect::<Vec<_>>().len(),
        false => (0..items).collect::<Vec<_>>().len(),
    });
    run.phase("nothing", items).constant().time(|| ());
    run.prove_equal("words", count as u64, items)
}

planted!(Footprint, "footprint", ["touched", "computed"], footprint);

/// "Memory used" as `size_of * n`: the memory is reserved and never touched.
fn footprint(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let count = cell.items as usize;
    let mut words: Vec<u64> = Vec::with_capacity(count);
    let touched = cell.variant.name == "touched";
    run.phase("allocate", cell.items)
        .touches(cell.items * 8)
        .time(|| {
            if touched {
                words.resize(count, 1);
            }
            black_box(&words);
        });
    run.prove("bytes", cell.items * 8);
    Ok(())
}

planted!(
    Failing,
    "failing",
    ["kill", "exit", "panic", "wrong", "chatty", "well"],
    fail
);

fn fail(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    run.phase("work", cell.items)
        .constant()
        .time(|| thread::sleep(Duration::from_millis(1)));
    match cell.variant.name.as_str() {
        "kill" => {
            let own = process::id().to_string();
            process::Command::new("kill").args(["-9", &own]).status()?;
        }
        "exit" => process::exit(9),
        "panic" => panic!("planted panic"),
        "wrong" => return run.prove_equal("sum", 1, 2),
        "chatty" => {
            println!("{}", "a line that is not a reply ".repeat(10_000));
            eprintln!("{}", "noise ".repeat(100_000));
        }
        _ => {}
    }
    Ok(())
}

planted!(Hanging, "hanging", ["hang", "well"], hang);

fn hang(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let hangs = cell.variant.name == "hang";
    run.phase("work", 1).constant().time(|| {
        thread::sleep(if hangs {
            Duration::from_secs(3600)
        } else {
            Duration::from_millis(1)
        });
    });
    Ok(())
}

planted!(
    Files,
    "files",
    [
        "cold-but-mapped",
        "cold",
        "warm-but-evicted",
        "warm",
        "litter"
    ],
    files,
    {
        fn needs_bytes(&self, cell: &Cell) -> u64 {
            cell.items * 8
        }
        fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
            cell.items * 8
        }
    }
);

/// Files that are not where the phase claims.
fn files(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let path = run.dir()?.join("words");
    let empty = fs::read_dir(run.dir()?)?.next().is_none();
    run.prove_equal("empty", u64::from(empty), 1)?;
    fs::write(&path, vec![7u8; cell.items as usize * 8])?;
    let held = (cell.variant.name == "cold-but-mapped")
        .then(|| mapped(&path))
        .transpose()?;
    if cell.variant.name == "warm-but-evicted" {
        run.phase("evict", 0).constant().cold(&path).time(pause);
    }
    let phase = run.phase("read", cell.items);
    let phase = match cell.variant.name.as_str() {
        "cold" | "cold-but-mapped" => {
            phase
                .cold(&path)
                .bounded_by(Limit::ColdRead, 1, cell.items * 8)
        }
        "litter" => phase,
        _ => phase.warm(&path),
    };
    let sevens = phase.time(|| fs::read(&path).map(|bytes| bytes.len() as u64))?;
    drop(held);
    run.prove_equal("bytes", sevens, cell.items * 8)
}

/// Long enough for any clock.
fn pause() {
    thread::sleep(Duration::from_millis(1));
}

/// A populated map: mapped pages cannot be evicted.
fn mapped(path: &Path) -> io::Result<MmapRaw> {
    let map = MmapOptions::new().map_raw_read_only(&fs::File::open(path)?)?;
    #[cfg(target_os = "linux")]
    map.advise(memmap2::Advice::PopulateRead)?;
    Ok(map)
}

pub(crate) const CONFINED_BYTES: u64 = 64 << 20;
pub(crate) const PRIVATE_BYTES: usize = 24 << 20;

planted!(
    Confined,
    "confined",
    ["file", "private", "fleeting", "too-much", "warm"],
    confined,
    {
        fn needs_bytes(&self, _: &Cell) -> u64 {
            1 << 20
        }
        fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
            cell.items * 8
        }
        fn memory_limit_bytes(&self, _: &Cell) -> Option<u64> {
            Some(CONFINED_BYTES)
        }
    }
);

/// A file larger than the worker's memory limit, and private memory beside it.
fn confined(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let path = run.dir()?.join("words");
    let mut file = fs::File::create(&path)?;
    for _ in 0..cell.items * 8 / (1 << 20) {
        file.write_all(&vec![7u8; 1 << 20])?;
    }
    let allocated = match cell.variant.name.as_str() {
        "private" | "fleeting" => PRIVATE_BYTES,
        "too-much" => 2 * CONFINED_BYTES as usize,
        _ => 0,
    };
    // Sleeping does not grow with the items.
    let phase = run.phase("read", cell.items).constant();
    let phase = match cell.variant.name.as_str() {
        "warm" => phase.warm(&path),
        _ => phase
            .cold(&path)
            .bounded_by(Limit::ColdRead, 1, cell.items * 8),
    };
    let fleeting = cell.variant.name == "fleeting";
    let (read, held) = phase.time(|| -> Result<_, Failure> {
        let mut held = vec![1u8; allocated];
        let read = io::copy(&mut fs::File::open(&path)?, &mut io::sink())?;
        if fleeting {
            // Longer than the watcher's interval.
            thread::sleep(Duration::from_millis(100));
            held = Vec::new();
        }
        Ok((read, black_box(held)))
    })?;
    let expected = if fleeting { 0 } else { allocated };
    run.prove_equal("held", held.len() as u64, expected as u64)?;
    run.prove("bytes", read);
    Ok(())
}

planted!(Cached, "cached", ["write"], cached, {
    fn needs_bytes(&self, _: &Cell) -> u64 {
        1 << 20
    }
    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        cell.items * 8
    }
});

/// A correct store behind a page cache that takes seven times as long again, as on a
/// virtual machine whose host must find memory for each page.
fn cached(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let path = run.dir()?.join("words");
    let bytes = cell.items * 8;
    run.phase("write", cell.items)
        .bounded_by(Limit::DurableWrite, 1, bytes)
        .time(|| -> io::Result<()> {
            let start = Instant::now();
            let file = fs::File::create(&path)?;
            (&file).write_all(&vec![7u8; bytes as usize])?;
            file.sync_data()?;
            thread::sleep(7 * start.elapsed());
            Ok(())
        })?;
    run.prove_equal("bytes", fs::metadata(&path)?.len(), bytes)
}

planted!(Uneven, "uneven", ["steady", "wild"], uneven::steps);
