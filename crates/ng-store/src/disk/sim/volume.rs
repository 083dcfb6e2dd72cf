use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::entries::Entries;
use super::inode::Inode;
use super::sectors::sectors_of;
use super::{Atomicity, Choose, SECTOR_BYTES};

/// The number of the folder that has all others.
pub(super) const ROOT: u64 = 0;

/// Everything on the disk and in its page cache. Copies share unchanged data.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    folders: BTreeMap<u64, Entries>,
    next_folder: u64,
    files: BTreeMap<u64, Arc<Inode>>,
    next_file: u64,
    capacity: Option<u64>,
}

impl Default for Volume {
    fn default() -> Self {
        Self {
            folders: BTreeMap::from([(ROOT, Entries::default())]),
            next_folder: ROOT + 1,
            files: BTreeMap::new(),
            next_file: 0,
            capacity: None,
        }
    }
}

impl Volume {
    pub(super) fn entries(&self, folder: u64) -> &Entries {
        &self.folders[&folder]
    }

    pub(super) fn entries_mut(&mut self, folder: u64) -> &mut Entries {
        let entries = self.folders.get_mut(&folder);
        entries.expect("folders stay")
    }

    pub(super) fn create_folder(&mut self, within: u64, name: &str) -> io::Result<()> {
        let folder = self.next_folder;
        self.entries_mut(within).create_folder(name, folder)?;
        self.next_folder += 1;
        self.folders.insert(folder, Entries::default());
        Ok(())
    }

    pub(super) fn set_capacity(&mut self, sectors: Option<u64>) {
        self.capacity = sectors;
    }

    pub(super) fn create(&mut self, folder: u64, name: &str) -> io::Result<u64> {
        let file = self.next_file;
        self.entries_mut(folder).create(name, file)?;
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
        let folders = self.crash_folders(choices);
        let named: BTreeSet<u64> = folders.values().flat_map(Entries::files).collect();
        let crash = |file| (file, Arc::new(self.file(file).crash(choices, atomicity)));
        Self {
            files: named.into_iter().map(crash).collect(),
            folders,
            ..*self
        }
    }

    /// The folders whose own entries a power cut leaves, from the root on.
    fn crash_folders(&self, choices: &mut impl Choose) -> BTreeMap<u64, Entries> {
        let mut after = BTreeMap::new();
        let mut left = vec![ROOT];
        while let Some(folder) = left.pop() {
            let entries = self.entries(folder).crash(choices);
            left.extend(entries.folders());
            after.insert(folder, entries);
        }
        after
    }

    /// Drops the files that no name and no handle can reach.
    pub(super) fn drop_unreachable(&mut self, open: &BTreeSet<u64>) {
        let folders = self.folders.values();
        let named: BTreeSet<u64> = folders.flat_map(Entries::reachable).collect();
        self.files
            .retain(|file, _| named.contains(file) || open.contains(file));
    }

    /// The sectors that files occupy, including open files without a name.
    pub(super) fn used_sectors(&self, open: &BTreeSet<u64>) -> u64 {
        let mut taking = open.clone();
        taking.extend(self.folders.values().flat_map(Entries::files));
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
