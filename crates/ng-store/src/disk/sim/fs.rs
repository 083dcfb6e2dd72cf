use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::machine::Machine;
use super::volume::{ROOT, Volume};
use super::{Atomicity, Call, CallKind, Choose, Fault, Moment, SimDir, When};

/// A file system in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct SimFs {
    machine: Arc<Mutex<Machine>>,
}

impl Default for SimFs {
    fn default() -> Self {
        Self::new()
    }
}

impl SimFs {
    /// An empty folder, on an unlimited disk.
    #[must_use]
    pub fn new() -> Self {
        Self::from_volume(Volume::default())
    }

    /// An empty folder, on a disk with this many sectors.
    #[must_use]
    pub fn with_capacity(sectors: u64) -> Self {
        let fs = Self::new();
        fs.set_capacity(Some(sectors));
        fs
    }

    pub(super) fn from_volume(volume: Volume) -> Self {
        Self {
            machine: Arc::new(Mutex::new(Machine::new(volume))),
        }
    }

    /// The root folder, opened by a new process.
    #[must_use]
    pub fn dir(&self) -> SimDir {
        SimDir::new(self.clone(), self.lock().process)
    }

    /// An independent copy, with no pending faults, an empty log and no open files.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::from_volume(self.lock().volume.clone())
    }

    /// What a power cut leaves, now or when an injected one came.
    #[must_use]
    pub fn crash(&self, choices: &mut impl Choose, atomicity: Atomicity) -> Self {
        Self::from_volume(self.lock().volume.crash(choices, atomicity))
    }

    /// Makes an operation fail, once. Indices count from the creation of this file system,
    /// so future ones are `operations()` and above.
    pub fn inject(&self, when: When, fault: Fault) {
        self.lock().faults.push((when, fault));
    }

    /// How many injected faults have not struck yet.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.lock().faults.len()
    }

    /// Evicts all pages that count as clean, as under memory pressure. Data that a failed
    /// sync dropped then reads as it is on the disk.
    pub fn evict(&self) {
        self.lock().volume.evict();
    }

    /// Kills the process: its handles fail from now on.
    pub fn kill(&self) {
        self.lock().process += 1;
    }

    /// How many operations have started, including failed ones, excluding those of killed
    /// processes.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.lock().log.len() as u64
    }

    /// How many of them were of one kind.
    #[must_use]
    pub fn operations_of(&self, kind: CallKind) -> u64 {
        self.lock().count_of(kind)
    }

    /// All of them, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Call> {
        self.lock().log.clone()
    }

    /// From now on, records a [`Moment`] after every operation that changes what a power
    /// cut could leave.
    pub fn record_moments(&self) {
        self.lock().moments.get_or_insert_default();
    }

    /// Takes the moments recorded so far.
    #[must_use]
    pub fn take_moments(&self) -> Vec<Moment> {
        self.lock()
            .moments
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Resizes the disk, in sectors; its content stays.
    pub fn set_capacity(&self, sectors: Option<u64>) {
        self.lock().volume.set_capacity(sectors);
    }

    /// The sectors that files occupy.
    #[must_use]
    pub fn used_sectors(&self) -> u64 {
        let machine = self.lock();
        machine.volume.used_sectors(&machine.open_files())
    }

    /// Makes `allocate` return `Unsupported`, as on file systems without it.
    pub fn refuse_allocation(&self) {
        self.lock().can_allocate = false;
    }

    /// Makes uncached reads and writes return `Unsupported`, as on older kernels.
    pub fn refuse_uncached(&self) {
        self.lock().goes_uncached = false;
    }

    /// Hides what is in the page cache, as for another user's file.
    pub fn refuse_to_tell_cached(&self) {
        self.lock().tells_cached = false;
    }

    /// Makes overwrites go to new blocks, as on btrfs.
    pub fn write_elsewhere(&self) {
        self.lock().writes_in_place = false;
    }

    /// Releases every lock, as when a file system loses them.
    pub fn forget_locks(&self) {
        self.lock().forget_locks();
    }

    /// The names of the files in the root folder, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let machine = self.lock();
        let names = machine.volume.entries(ROOT).names();
        names.map(str::to_owned).collect()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
