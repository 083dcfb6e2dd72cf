//! A token file that the memory does not hold: made and read in an eighth of it.

use ng_lab::{Cell, Failure, Limit, Pages, Run, Scenario, Variant};
use ng_store::{MmapStore, TokenStore};

use crate::oracle::id_sum;
use crate::own_file::OwnFile;
use crate::proof::{prove_tokens, sum_ids};
use crate::scenarios::file::{create, disk_bytes_of};
use crate::scenarios::fill::bytes_of;

/// The file's size over the memory that there is for it, page cache included.
const TIMES_THE_MEMORY: u64 = 8;
/// Less memory than this is not given: a process and its kernel need some.
const LEAST_MEMORY_BYTES: u64 = 64 << 20;
/// Private memory stays below this, whatever the size of the file.
const PRIVATE_MOST_BYTES: u64 = 64 << 20;
/// What the process and its buffers take.
const PROCESS_BYTES: u64 = 16 << 20;

/// Work on a file in less memory.
pub(super) struct LargerThanMemory;

impl Scenario for LargerThanMemory {
    fn name(&self) -> &'static str {
        "larger-than-memory"
    }

    fn about(&self) -> &'static str {
        "a token file made and read within a memory cgroup of an eighth of its size (64 MiB at \
         least), with less than 64 MiB of private memory"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![Variant::new("store").pages(Pages::Small)]
    }

    fn needs_bytes(&self, _cell: &Cell) -> u64 {
        PROCESS_BYTES
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        disk_bytes_of(cell.items)
    }

    fn memory_limit_bytes(&self, cell: &Cell) -> Option<u64> {
        let share = bytes_of(cell.items) / TIMES_THE_MEMORY;
        Some(share.max(LEAST_MEMORY_BYTES))
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
        let (sum, store) = run
            .phase("cold_scan", count)
            .cold(file.path())
            .bounded_by(Limit::ColdRead, 1, bytes)
            .time(|| scanned(&file))?;
        run.prove_equal("cold_scan_sum", sum, id_sum(count))?;
        prove_tokens(run, store.tokens(), count)?;
        hold_private_memory(run)
    }
}

fn scanned(file: &OwnFile) -> Result<(u64, MmapStore), Failure> {
    let store = file.open()?;
    Ok((sum_ids(store.tokens()), store))
}

/// Of a process that is not confined nothing is known: it may be a test that has
/// other things in memory.
fn hold_private_memory(run: &Run) -> Result<(), Failure> {
    match run.private_peak_bytes()? {
        Some(peak) if peak >= PRIVATE_MOST_BYTES => Err(format!(
            "private memory peaked at {peak} bytes, expected less than {PRIVATE_MOST_BYTES}"
        )
        .into()),
        _ => Ok(()),
    }
}
