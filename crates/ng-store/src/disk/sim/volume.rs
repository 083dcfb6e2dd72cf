use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::entries::Entries;
use super::inode::Inode;
use super::sectors::sectors_of;
use super::{Atomicity, Choose, SECTOR_BYTES};

/// Everything on the disk and in its page cache. Copies share unchanged data.
#[derive(Clone, Debug, Default)]
pub(super) struct Volume {
    pub(super) entries: Entries,
    files: BTreeMap<u64, Arc<Inode>>,
    next_file: u64,
    capacity: Option<u64>,
}

impl Volume {
    pub(super) fn set_capacity(&mut self, sectors: Option<u64>) {
        self.capacity = sectors;
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<u64> {
        let file = self.next_file;
        self.entries.create(name, file)?;
        self.next_file += 1;
        self.files.insert(file, Arc::default());
        Ok(file)
    }

    pub(super) fn file(&self, file: u64) -> &Inode {
        &self.files[&file]
    }

    pub(super) fn file_mut(&mut self, file: u64) -> &mut Inode {
        let inode = self.files.get_mut(&file);
        Arc::make_mut(inode.expect("a handle keeps its file"))
    }

    /// Writes as much as there is space for; an error if that is nothing.
    pub(super) fn write(
        &mut self,
        file: u64,
        buffer: &[u8],
        offset: u64,
        open: &BTreeSet<u64>,
    ) -> io::Result<usize> {
        let mut range = checked_range(offset, buffer.len() as u64)?;
        if range.is_empty() {
            return Ok(0);
        }
        if let Some(free) = self.free(open) {
            while self.file(file).space().missing(sectors_of(range.clone())) > free {
                // To the start of the last sector, and so on.
                range.end = (range.end - 1) / SECTOR_BYTES * SECTOR_BYTES;
            }
        }
        let count = range.end.saturating_sub(offset) as usize;
        if count == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file_mut(file).write(&buffer[..count], offset);
        Ok(count)
    }

    /// Allocates the range, or nothing.
    pub(super) fn allocate(
        &mut self,
        file: u64,
        offset: u64,
        len: u64,
        open: &BTreeSet<u64>,
    ) -> io::Result<()> {
        let range = checked_range(offset, len)?;
        let missing = self.file(file).space().missing(sectors_of(range.clone()));
        if self.free(open).is_some_and(|free| missing > free) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file_mut(file).allocate(range);
        Ok(())
    }

    pub(super) fn evict(&mut self) {
        for file in self.files.values_mut() {
            Arc::make_mut(file).evict(0..u64::MAX);
        }
    }

    pub(super) fn crash(&self, choices: &mut impl Choose, atomicity: Atomicity) -> Self {
        let entries = self.entries.crash(choices);
        let named: BTreeSet<u64> = entries.files().collect();
        let crash = |file| (file, Arc::new(self.file(file).crash(choices, atomicity)));
        Self {
            files: named.into_iter().map(crash).collect(),
            entries,
            next_file: self.next_file,
            capacity: self.capacity,
        }
    }

    /// Drops the files that no name and no handle can reach.
    pub(super) fn drop_unreachable(&mut self, open: &BTreeSet<u64>) {
        let named = self.entries.reachable();
        self.files
            .retain(|file, _| named.contains(file) || open.contains(file));
    }

    /// The sectors that files occupy, including open files without a name.
    pub(super) fn used_sectors(&self, open: &BTreeSet<u64>) -> u64 {
        let mut taking = open.clone();
        taking.extend(self.entries.files());
        let count = |file: &u64| self.file(*file).space().count();
        taking.iter().map(count).sum()
    }

    pub(super) fn free(&self, open: &BTreeSet<u64>) -> Option<u64> {
        let capacity = self.capacity?;
        Some(capacity.saturating_sub(self.used_sectors(open)))
    }
}

fn checked_range(offset: u64, len: u64) -> io::Result<Range<u64>> {
    match offset.checked_add(len) {
        Some(end) if end <= i64::MAX as u64 => Ok(offset..end),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}
