use std::ops::Range;
use std::sync::Arc;

use super::{Atomicity, Choose, SECTOR_BYTES};

/// The bytes of a page, the unit that copies of a file share.
pub(super) const PAGE_BYTES: usize = 4096;
const SECTOR: usize = SECTOR_BYTES as usize;
const SECTORS: usize = PAGE_BYTES / SECTOR;

type Bytes = [u8; PAGE_BYTES];

/// A page of a file: what reads see, what was synced, and everything in between.
#[derive(Clone, Debug)]
pub(super) struct Page {
    cached: Arc<Bytes>,
    durable: Arc<Bytes>,
    /// Every write since the last sync, oldest first.
    unsynced: Vec<Write>,
    /// Sectors that a failed sync marked clean: no sync writes them.
    forgotten: u8,
    /// Whether it is dropped as soon as it counts as clean.
    uncached: bool,
}

/// What a page was after one write, and which sectors the write touched.
#[derive(Clone, Debug)]
struct Write {
    sectors: u8,
    content: Arc<Bytes>,
}

impl Page {
    pub(super) fn zeroed() -> Self {
        Self::synced(Arc::new([0; PAGE_BYTES]))
    }

    fn synced(content: Arc<Bytes>) -> Self {
        Self {
            cached: Arc::clone(&content),
            durable: content,
            unsynced: Vec::new(),
            forgotten: 0,
            uncached: false,
        }
    }

    pub(super) fn is_synced(&self) -> bool {
        self.unsynced.is_empty()
    }

    pub(super) fn cached(&self) -> &[u8] {
        &self.cached[..]
    }

    /// The disk content once all pending writes have arrived: the synced content in sectors
    /// marked clean, the written content in the others.
    pub(super) fn written_out(&self) -> Bytes {
        let mut bytes = *self.cached;
        for sector in (0..SECTORS).filter(|sector| self.forgotten & bit(*sector) != 0) {
            let sector = bytes_of(sector);
            bytes[sector.clone()].copy_from_slice(&self.durable[sector]);
        }
        bytes
    }

    pub(super) fn set_uncached(&mut self) {
        self.uncached = true;
    }

    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.uncached = false;
        Arc::make_mut(&mut self.cached)[at..at + bytes.len()].copy_from_slice(bytes);
        self.wrote(at..at + bytes.len());
    }

    pub(super) fn zero_from(&mut self, at: usize) {
        Arc::make_mut(&mut self.cached)[at..].fill(0);
        self.wrote(at..PAGE_BYTES);
    }

    fn wrote(&mut self, bytes: Range<usize>) {
        let sectors = mask(bytes);
        self.forgotten &= !sectors;
        self.unsynced.push(Write {
            sectors,
            content: Arc::clone(&self.cached),
        });
    }

    pub(super) fn sync(&mut self) {
        let forgotten = self.forgotten;
        if forgotten == 0 {
            self.durable = Arc::clone(&self.cached);
        } else {
            let durable = Arc::make_mut(&mut self.durable);
            for sector in (0..SECTORS).filter(|sector| forgotten & bit(*sector) == 0) {
                let bytes = bytes_of(sector);
                durable[bytes.clone()].copy_from_slice(&self.cached[bytes]);
            }
        }
        self.unsynced.retain_mut(|write| {
            write.sectors &= forgotten;
            write.sectors != 0
        });
    }

    /// Marks every unsynced sector clean, without making it durable.
    pub(super) fn forget(&mut self) {
        for write in &self.unsynced {
            self.forgotten |= write.sectors;
        }
        if self.uncached {
            self.evict();
        }
    }

    /// Evicts a page that counts as clean; it then reads as it is on the disk.
    pub(super) fn evict(&mut self) {
        let forgotten = self.forgotten;
        if self
            .unsynced
            .iter()
            .all(|write| write.sectors & !forgotten == 0)
        {
            *self = Self::synced(Arc::clone(&self.durable));
        }
    }

    /// An unsynced page after a power cut.
    pub(super) fn crash(&self, choices: &mut impl Choose, atomicity: Atomicity) -> Self {
        let mut after = Arc::clone(&self.durable);
        for sector in 0..SECTORS {
            self.crash_sector(sector, &mut after, choices);
            self.tear(sector, &mut after, choices, atomicity);
        }
        Self::synced(after)
    }

    /// The sectors, counted within the page, in which a survivor differs from
    /// what was synced.
    pub(super) fn sectors_changed_in(&self, survivor: &Self) -> impl Iterator<Item = u64> {
        (0..SECTORS)
            .filter(|sector| self.durable[bytes_of(*sector)] != survivor.durable[bytes_of(*sector)])
            .map(|sector| sector as u64)
    }

    fn crash_sector(&self, sector: usize, after: &mut Arc<Bytes>, choices: &mut impl Choose) {
        let versions = self.versions(sector);
        if versions.len() > 1 {
            let choice = choices.choose(versions.len());
            if choice > 0 {
                Arc::make_mut(after)[bytes_of(sector)].copy_from_slice(versions[choice]);
            }
        }
    }

    /// The sector's contents since the last sync, from the synced one on, without
    /// consecutive duplicates.
    fn versions(&self, sector: usize) -> Vec<&[u8]> {
        let mut versions = vec![&self.durable[bytes_of(sector)]];
        for write in &self.unsynced {
            let content = &write.content[bytes_of(sector)];
            if write.sectors & bit(sector) != 0 && versions.last() != Some(&content) {
                versions.push(content);
            }
        }
        versions
    }

    fn tear(
        &self,
        sector: usize,
        after: &mut Arc<Bytes>,
        choices: &mut impl Choose,
        atomicity: Atomicity,
    ) {
        let bytes = bytes_of(sector);
        let written = after[bytes.clone()] != self.durable[bytes.clone()];
        match atomicity {
            Atomicity::Split if written && tears(choices) => {
                let kept = 1 + choices.choose(SECTOR - 1);
                let lost = bytes.start + kept..bytes.end;
                Arc::make_mut(after)[lost.clone()].copy_from_slice(&self.durable[lost]);
            }
            Atomicity::Scramble if tears(choices) => {
                for byte in &mut Arc::make_mut(after)[bytes] {
                    *byte = byte.wrapping_mul(167) ^ 0xA5;
                }
            }
            _ => {}
        }
    }
}

/// The middle of three, so that neither extreme tears.
fn tears(choices: &mut impl Choose) -> bool {
    choices.choose(3) == 1
}

fn bytes_of(sector: usize) -> Range<usize> {
    sector * SECTOR..(sector + 1) * SECTOR
}

fn bit(sector: usize) -> u8 {
    1 << sector
}

fn mask(bytes: Range<usize>) -> u8 {
    (bytes.start / SECTOR..bytes.end.div_ceil(SECTOR)).fold(0, |mask, sector| mask | bit(sector))
}
