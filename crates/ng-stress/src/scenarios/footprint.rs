//! The memory of tokens: the store's own measurement checked against its accounting.

use ng_lab::kernel::Resident;
use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_store::{MemoryUsage, TokenStore};

use crate::proof::prove_tokens;
use crate::scenarios::fill::{bytes_of, reserved, token, workers};

/// Resident memory that may remain after the store is dropped, held by the allocator and
/// the proof. Smaller stores are not checked.
const KEPT_BYTES: u64 = 4 << 20;

/// Memory footprint.
pub(super) struct Footprint;

impl Scenario for Footprint {
    fn name(&self) -> &'static str {
        "footprint"
    }

    fn about(&self) -> &'static str {
        "bytes used, reserved, resident and on huge pages, measured by the store and by the kernel"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![
            Variant::new("store-4k").pages(Pages::Small),
            Variant::new("store-2m"),
        ]
    }

    fn headline(&self) -> Headline {
        Headline::of("fill").variant("store-2m")
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let (count, bytes, pages) = (
            cell.items as usize,
            bytes_of(cell.items),
            cell.variant.pages,
        );
        let outside = Resident::read().ok();
        let mut store = reserved(count, pages)?;
        let before = store.memory_usage();
        let workers = workers(1)?;
        run.phase("fill", cell.items)
            .touches(bytes)
            .bounded_by(Limit::first_touch(pages), 1, bytes)
            .time(|| ng_parallel::fill(&workers, &mut store, count, token))?;
        let after = store.memory_usage();
        run.prove_equal("used_bytes", after.used_bytes, bytes)?;
        run.prove_equal("reserved_bytes", after.reserved_bytes, bytes)?;
        holds_what_it_uses(&before, &after)?;
        prove_tokens(run, store.tokens(), cell.items)?;
        drop(store);
        if let Some(outside) = outside.filter(|_| bytes > KEPT_BYTES) {
            prove_given_back(run, &outside);
        }
        Ok(())
    }
}

/// Proves whether the memory touched since `outside` was returned to the kernel.
fn prove_given_back(run: &mut Run, outside: &Resident) {
    if let Ok(now) = Resident::read() {
        let kept = now.total_bytes.saturating_sub(outside.total_bytes);
        run.prove("given_back", u64::from(kept <= KEPT_BYTES));
    }
}

/// Checks that a reservation is not resident before it is touched, except for the pages at
/// its ends, and is resident afterwards; passes if the kernel does not report it.
fn holds_what_it_uses(before: &MemoryUsage, after: &MemoryUsage) -> Result<(), Failure> {
    // The allocator may serve a small reservation from touched memory; and with huge
    // pages, the pages at the ends may be touched as well.
    const TOUCHED_BEFORE_BYTES: u64 = 4 << 20;
    let (Some(untouched), Some(resident)) = (before.resident_bytes, after.resident_bytes) else {
        return Ok(());
    };
    if untouched > TOUCHED_BEFORE_BYTES {
        return Err(format!("{untouched} bytes are resident before anything is filled").into());
    }
    if resident < after.used_bytes {
        let used = after.used_bytes;
        return Err(format!("{resident} bytes are resident, expected {used} or more").into());
    }
    Ok(())
}
