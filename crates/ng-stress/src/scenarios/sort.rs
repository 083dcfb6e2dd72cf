//! Sorting tokens: a file into a new one, in memory and beyond it, and tokens in memory.

use std::convert::Infallible;
use std::path::Path;

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Phase, Run, Scenario, Variant};
use ng_parallel::{Workers, ingest_batches};
use ng_query::order::{Order, SortOptions, SortReport, sort_file, sort_positions};
use ng_store::{BlockReader, CachePolicy, CreateOptions, ReadError, TokenStore, VecStore};
use ng_token::{Space, Token};

use crate::curve::{OnCurve, comes_before};
use crate::oracle::varied_id_sum;
use crate::own_file::OwnFile;
use crate::proof::{Pieces, sum_hashes};
use crate::scenarios::file::{cache_bytes_of, disk_bytes_of};
use crate::scenarios::fill::{bytes_of, reserved, workers};
use crate::scenarios::varied::{MEMORY, created, in_memory, on_each};

const FILE: &str = "file";
const BEYOND: &str = "beyond";
const CONFINED: &str = "confined";

const SPACE: Space = Space::Physical;
/// Beyond memory, the file's size over the memory for sorting.
const TIMES_THE_MEMORY: u64 = 8;
/// The least memory for sorting: a fixed part with 16 MiB for tokens, and a part per thread.
const LEAST_BYTES: u64 = 48 << 20;
const THREAD_BYTES: u64 = 10 << 20;
/// Beyond this many tokens, they do not all fit into the least memory.
const BEYOND_FROM: u64 = 1 << 18;
/// The smallest cgroup, and its part that is left to the program and the kernel.
const GROUP_LEAST_BYTES: u64 = 128 << 20;
const GROUP_SPARE_BYTES: u64 = 32 << 20;
/// Memory of the process besides that for sorting.
const PROCESS_BYTES: u64 = 16 << 20;
/// Bytes per token of sorting in memory, besides the token.
const KEY_BYTES: u64 = 16;

/// Sorting.
pub(super) struct Sort;

impl Scenario for Sort {
    fn name(&self) -> &'static str {
        "sort"
    }

    fn about(&self) -> &'static str {
        "varied tokens in the order of a space: a file into a new, durable one, in memory, in an \
         eighth of its size with temporary files, and the latter in a memory cgroup; and in memory \
         alone, by weight as well"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        let in_memory = threads
            .iter()
            .map(|threads| Variant::new(MEMORY).threads(*threads));
        on_each(FILE, threads)
            .chain(on_each(BEYOND, threads))
            .chain(on_each(CONFINED, &[1]))
            .chain(in_memory)
            .collect()
    }

    /// Smaller files fit into the least memory for sorting.
    fn variants_at(&self, items: u64, threads: &[usize]) -> Vec<Variant> {
        let mut variants = self.variants(threads);
        variants.retain(|variant| items > BEYOND_FROM || !is_beyond(&variant.name));
        variants
    }

    fn headline(&self) -> Headline {
        Headline::of("physical").variant(FILE)
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let (records, keys) = (bytes_of(cell.items), cell.items * KEY_BYTES);
        match cell.variant.name.as_str() {
            CONFINED => PROCESS_BYTES,
            BEYOND => cache_bytes_of(cell.items) + given_bytes(cell),
            MEMORY => 2 * records + keys,
            _ => records + keys + 2 * cache_bytes_of(cell.items),
        }
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        match cell.variant.name.as_str() {
            MEMORY => 0,
            name if is_beyond(name) => 3 * disk_bytes_of(cell.items),
            _ => 2 * disk_bytes_of(cell.items),
        }
    }

    fn memory_limit_bytes(&self, cell: &Cell) -> Option<u64> {
        let share = bytes_of(cell.items) / TIMES_THE_MEMORY;
        (cell.variant.name == CONFINED).then_some(share.max(GROUP_LEAST_BYTES))
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        match cell.variant.name.as_str() {
            FILE | BEYOND | CONFINED => of_file(cell, run),
            MEMORY => of_memory(cell, run),
            other => Err(format!("sort has no variant {other}").into()),
        }
    }
}

fn is_beyond(variant: &str) -> bool {
    [BEYOND, CONFINED].contains(&variant)
}

/// The memory given to a sort beyond memory.
fn given_bytes(cell: &Cell) -> u64 {
    let least = LEAST_BYTES + cell.variant.threads as u64 * THREAD_BYTES;
    let share = bytes_of(cell.items) / TIMES_THE_MEMORY;
    match Sort.memory_limit_bytes(cell) {
        Some(group) => group - GROUP_SPARE_BYTES,
        None => share.max(least),
    }
}

fn of_file(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let (file, sorted) = (created(run, cell.items)?, OwnFile::new(run, "sorted")?);
    let is_beyond = is_beyond(&cell.variant.name);
    // Around the page cache, since temporary files are not cached either.
    let (options, cache) = match is_beyond {
        true => {
            let options = SortOptions::new().memory_bytes(given_bytes(cell));
            (options.cache(CachePolicy::Bypass), CachePolicy::Bypass)
        }
        false => (SortOptions::new(), CachePolicy::Auto),
    };
    let hashes = hashes_in(&file, cache)?;
    let workers = workers(cell.variant.threads)?;
    let phase = phase(run, &file, cell.items, is_beyond);
    let report = phase.time(|| sort(&workers, &file, sorted.path(), &options))?;
    run.prove_equal("sorted", report.tokens, cell.items)?;
    let is_external = u64::from(report.temporary_files > 0);
    let expected = u64::from(is_beyond && cell.items > BEYOND_FROM);
    run.prove_equal("by_temporary_files", is_external, expected)?;
    let mut proof = Proof::new();
    each(&sorted, cache, |tokens| proof.add(tokens))?;
    proof.prove(run, cell.items, hashes)?;
    hold_private_memory(run, given_bytes(cell))
}

/// In memory a file is written once; beyond memory it is cold, and all tokens are written
/// twice.
fn phase<'r>(run: &'r mut Run, file: &OwnFile, count: u64, is_beyond: bool) -> Phase<'r> {
    let phase = run.phase("physical", count);
    let (phase, times) = match is_beyond {
        true => (phase.cold(file.path()), 2),
        false => (phase.warm(file.path()), 1),
    };
    phase.bounded_by(Limit::DurableWrite, 1, times * bytes_of(count))
}

fn sort(
    workers: &Workers,
    file: &OwnFile,
    to: &Path,
    options: &SortOptions,
) -> Result<SortReport, Failure> {
    let reader = BlockReader::open(file.path())?;
    let (to, order) = ((to, CreateOptions::new()), Order::by_space(SPACE));
    Ok(sort_file(workers, &reader, to, &order, options, |_| ())?)
}

/// Sorts and copies into touched memory.
fn of_memory(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let (store, workers) = (in_memory(cell.items)?, workers(cell.variant.threads)?);
    let mut sorted = reserved(cell.items as usize, Pages::Huge)?;
    ng_parallel::fill(&workers, &mut sorted, cell.items as usize, |_| Token::ZERO)?;
    let by_weight: Order = "weight".parse()?;
    for (name, order) in [("weight", by_weight), ("physical", Order::by_space(SPACE))] {
        sorted.clear();
        run.phase(name, cell.items)
            .bounded_by(Limit::Copy, workers.threads(), bytes_of(cell.items))
            .time(|| sort_into(&workers, store.tokens(), &order, &mut sorted))?;
        if name == "weight" {
            let pairs = sorted.tokens().windows(2);
            let wrong = pairs.filter(|pair| !is_in_turn(&pair[0], &pair[1])).count();
            run.prove_equal("weights_out_of_turn", wrong as u64, 0)?;
            let found = sum_hashes(sorted.tokens());
            run.prove_equal("weight_hashes", found, sum_hashes(store.tokens()))?;
        }
    }
    let mut proof = Proof::new();
    proof.add(sorted.tokens());
    proof.prove(run, cell.items, sum_hashes(store.tokens()))
}

fn sort_into(
    workers: &Workers,
    tokens: &[Token],
    order: &Order,
    sorted: &mut VecStore,
) -> Result<(), Failure> {
    let permutation = sort_positions(workers, tokens, order)?;
    ingest_batches(workers, sorted, tokens.len(), |ranks, batch| {
        permutation.gather(tokens, ranks, batch);
        Ok::<_, Infallible>(())
    })?;
    Ok(())
}

fn is_in_turn(one: &Token, other: &Token) -> bool {
    match one.weight() == other.weight() {
        true => comes_before(one, other),
        false => one.weight() < other.weight(),
    }
}

/// Proof of sorted tokens: the same tokens, once each, in order.
struct Proof {
    pieces: Pieces,
    curve: OnCurve,
    hashes: u64,
}

impl Proof {
    fn new() -> Self {
        Self {
            pieces: Pieces::default(),
            curve: OnCurve::new(SPACE),
            hashes: 0,
        }
    }

    fn add(&mut self, tokens: &[Token]) {
        self.pieces.add(tokens);
        self.curve.add(tokens);
        self.hashes = self.hashes.wrapping_add(sum_hashes(tokens));
    }

    /// `hashes` is the sum of the hashes of the unsorted tokens.
    fn prove(self, run: &mut Run, count: u64, hashes: u64) -> Result<(), Failure> {
        run.prove_equal("hashes", self.hashes, hashes)?;
        run.prove_equal("entered_again", self.curve.entered_again(), 0)?;
        run.prove_equal("out_of_turn", self.curve.out_of_turn(), 0)?;
        self.pieces.prove_sum(run, count, varied_id_sum(count))
    }
}

/// Sums the hashes of the file's tokens, and brings the file into memory if `cache` allows.
fn hashes_in(file: &OwnFile, cache: CachePolicy) -> Result<u64, Failure> {
    let mut hashes = 0u64;
    each(file, cache, |tokens| {
        hashes = hashes.wrapping_add(sum_hashes(tokens));
    })?;
    Ok(hashes)
}

fn each(file: &OwnFile, cache: CachePolicy, mut take: impl FnMut(&[Token])) -> Result<(), Failure> {
    let reader = BlockReader::open(file.path())?.with_cache(cache);
    reader.for_each(0..reader.len(), |tokens| -> Result<(), ReadError> {
        take(tokens);
        Ok(())
    })?;
    Ok(())
}

/// Checks the peak of private memory, if it was watched.
fn hold_private_memory(run: &Run, given_bytes: u64) -> Result<(), Failure> {
    let most = given_bytes + PROCESS_BYTES;
    match run.private_peak_bytes()? {
        Some(peak) if peak > most => {
            Err(format!("private memory peaked at {peak} bytes, expected {most} at most").into())
        }
        _ => Ok(()),
    }
}
