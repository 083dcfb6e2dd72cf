//! A token file larger than memory: created and read with an eighth of its size, or larger
//! than the machine's memory.

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Phase, Run, Scenario, Variant, kernel};
use ng_store::{BlockReader, CachePolicy, MmapStore, ReadError, TokenStore};

use crate::oracle::id_sum;
use crate::own_file::OwnFile;
use crate::proof::{Pieces, sum_ids};
use crate::scenarios::file::{create, disk_bytes_of};
use crate::scenarios::fill::bytes_of;

/// In a memory cgroup, and in the memory of the machine.
const CONFINED: &str = "store";
const UNCONFINED: &str = "unconfined";

/// The file's size over the memory for it, page cache included.
const TIMES_THE_MEMORY: u64 = 8;
/// The smallest memory limit: a process and the kernel need some.
const LEAST_MEMORY_BYTES: u64 = 64 << 20;
/// Private memory stays below this for any file size.
const PRIVATE_MOST_BYTES: u64 = 64 << 20;
/// Memory of the process and its buffers.
const PROCESS_BYTES: u64 = 16 << 20;

/// Work on a file with less memory.
pub(super) struct LargerThanMemory;

impl Scenario for LargerThanMemory {
    fn name(&self) -> &'static str {
        "larger-than-memory"
    }

    fn about(&self) -> &'static str {
        "a token file created and read in a memory cgroup of an eighth of its size (at least 64 \
         MiB), with less than 64 MiB of private memory; without a cgroup if it is larger than the \
         machine's memory"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        let variant = |name: &str| Variant::new(name).pages(Pages::Small);
        vec![variant(CONFINED), variant(UNCONFINED)]
    }

    fn headline(&self) -> Headline {
        Headline::of("cold_pass")
    }

    /// A file larger than the machine's memory needs no cgroup.
    fn variants_at(&self, items: u64, threads: &[usize]) -> Vec<Variant> {
        let memory = kernel::total_bytes().unwrap_or(u64::MAX);
        let name = match bytes_of(items) > memory {
            true => UNCONFINED,
            false => CONFINED,
        };
        let mut variants = self.variants(threads);
        variants.retain(|variant| variant.name == name);
        variants
    }

    fn needs_bytes(&self, _cell: &Cell) -> u64 {
        PROCESS_BYTES
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        disk_bytes_of(cell.items)
    }

    fn memory_limit_bytes(&self, cell: &Cell) -> Option<u64> {
        let share = bytes_of(cell.items) / TIMES_THE_MEMORY;
        let is_confined = cell.variant.name == CONFINED;
        is_confined.then_some(share.max(LEAST_MEMORY_BYTES))
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let (count, bytes) = (cell.items, bytes_of(cell.items));
        let file = OwnFile::new(run, "tokens")?;
        let store = run
            .phase("create", count)
            .bounded_by(Limit::DurableWrite, 1, bytes)
            .time(|| create(&file, count))?;
        run.prove_equal("created", store.len() as u64, count)?;
        drop(store);
        let cold = |run: &mut Run, name, work: fn(&OwnFile) -> Result<_, Failure>| {
            let phase = cold(run, name, &file, count);
            let (sum, _store) = phase.time(|| work(&file))?;
            run.prove_equal(&format!("{name}_sum"), sum, id_sum(count))
        };
        // On a file larger than the machine's memory it takes minutes.
        if cell.variant.name == CONFINED {
            cold(run, "cold_scan", scanned)?;
        }
        cold(run, "cold_pass", passed)?;
        cold(run, "cold_blocks", verified)?;
        prove(run, &file, count)?;
        hold_private_memory(run)
    }
}

fn cold<'r>(run: &'r mut Run, name: &str, file: &OwnFile, count: u64) -> Phase<'r> {
    run.phase(name, count)
        .cold(file.path())
        .bounded_by(Limit::ColdRead, 1, bytes_of(count))
}

/// Reads every token through the map.
fn scanned(file: &OwnFile) -> Result<(u64, Option<MmapStore>), Failure> {
    let store = file.open()?;
    Ok((sum_ids(store.tokens()), Some(store)))
}

/// The same in windows that are populated before and dropped afterwards.
fn passed(file: &OwnFile) -> Result<(u64, Option<MmapStore>), Failure> {
    let store = file.open()?;
    let snapshot = store.snapshot();
    let pass = snapshot.pass(CachePolicy::Bypass);
    let mut sum = 0u64;
    for window in pass.windows(0..snapshot.len()) {
        sum = sum.wrapping_add(sum_ids(&window?));
    }
    Ok((sum, Some(store)))
}

/// Reads and verifies every block.
fn verified(file: &OwnFile) -> Result<(u64, Option<MmapStore>), Failure> {
    let mut sum = 0u64;
    each(file, |tokens| sum = sum.wrapping_add(sum_ids(tokens)))?;
    Ok((sum, None))
}

fn each(file: &OwnFile, mut take: impl FnMut(&[ng_token::Token])) -> Result<(), Failure> {
    let reader = BlockReader::open(file.path())?.with_cache(CachePolicy::Bypass);
    reader.for_each(0..reader.len(), |tokens| -> Result<(), ReadError> {
        take(tokens);
        Ok(())
    })?;
    Ok(())
}

fn prove(run: &mut Run, file: &OwnFile, count: u64) -> Result<(), Failure> {
    let mut pieces = Pieces::default();
    each(file, |tokens| pieces.add(tokens))?;
    pieces.prove(run, count)
}

/// An unconfined process is not checked: it may be a test with other things in memory.
fn hold_private_memory(run: &Run) -> Result<(), Failure> {
    match run.private_peak_bytes()? {
        Some(peak) if peak >= PRIVATE_MOST_BYTES => Err(format!(
            "private memory peaked at {peak} bytes, expected less than {PRIVATE_MOST_BYTES}"
        )
        .into()),
        _ => Ok(()),
    }
}
