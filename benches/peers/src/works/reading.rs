//! What the reading works have in common: which stores, and from where.

use anyhow::Result;
use ng_lab::Cell;

use super::{check, kept, who, workers};
use crate::peers::{file_peer, ours, vec};
use crate::reader::Reader;
use crate::who::Who;

/// All stores that can be read.
pub(super) const READERS: [Who; 7] = [
    Who::Vec,
    Who::NgVec,
    Who::NgMmap,
    Who::Memmap2,
    Who::Redb,
    Who::Lmdb,
    Who::ArrowIpc,
];

/// Opens the cell's file, or fills its memory, and reads everything once: then pages are mapped,
/// caches are as full as they get, and the content is known to be right.
pub(super) fn warm_reader(cell: &Cell) -> Result<Box<dyn Reader>> {
    let reader = open(cell)?;
    check(&*reader, cell.items)?;
    Ok(reader)
}

fn open(cell: &Cell) -> Result<Box<dyn Reader>> {
    let (count, workers) = (cell.items as usize, workers(cell)?);
    Ok(match who(cell)? {
        Who::Vec => Box::new(vec::create(count)),
        Who::NgVec => Box::new(ours::create(count, workers)?),
        Who::RawLoop => {
            let mut ours = ours::create(count, workers)?;
            ours.read_by_plain_loops();
            Box::new(ours)
        }
        who => file_peer(who)?.open(&kept(who), workers)?,
    })
}

/// The memory of a cell that reads: the tokens if they are in memory, twice as much for a
/// database's own cache, little for a map.
pub(super) fn reading_bytes(cell: &Cell) -> u64 {
    match Who::named(&cell.variant.name) {
        Some(Who::Vec | Who::NgVec | Who::RawLoop) => super::bytes_of(cell),
        Some(Who::Redb | Who::RedbInsert) => 2 * super::bytes_of(cell),
        _ => 1 << 20,
    }
}
