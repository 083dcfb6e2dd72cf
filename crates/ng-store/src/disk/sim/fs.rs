use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::machine::Machine;
use super::volume::Volume;
use super::{Atomicity, Call, CallKind, Choose, Fault, Moment, SimDir, When};

/// A file system in memory, with one folder. A clone is the same file system.
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
    /// An empty folder, on a disk without end.
    #[must_use]
    pub fn new() -> Self {
        Self::from_volume(Volume::default())
    }

    /// An empty folder, on a disk of so many sectors.
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

    /// The folder, as a process that starts now opens it.
    #[must_use]
    pub fn dir(&self) -> SimDir {
        SimDir::new(self.clone(), self.lock().process)
    }

    /// A copy that goes its own way, with no fault to come, nothing logged and
    /// no file open.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::from_volume(self.lock().volume.clone())
    }

    /// What a power cut leaves, now or when an injected one came.
    #[must_use]
    pub fn crash(&self, choices: &mut impl Choose, atomicity: Atomicity) -> Self {
        Self::from_volume(self.lock().volume.crash(choices, atomicity))
    }

    /// Lets an operation go wrong, once. Indices count from the creation of this
    /// file system, so those to come are `operations()` and above.
    pub fn inject(&self, when: When, fault: Fault) {
        self.lock().faults.push((when, fault));
    }

    /// How many injected faults have not struck yet.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.lock().faults.len()
    }

    /// Lets go of all pages that count as clean, as for want of memory. What a
    /// failed sync forgot then reads as it is on the disk.
    pub fn evict(&self) {
        self.lock().volume.evict();
    }

    /// Kills the process: what its handles do from now on fails.
    pub fn kill(&self) {
        self.lock().process += 1;
    }

    /// How many operations have begun, failed ones included, those of the dead
    /// excluded.
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

    /// Keeps a [`Moment`] after every operation from now on that changes what a
    /// power cut could leave.
    pub fn record_moments(&self) {
        self.lock().moments.get_or_insert_default();
    }

    /// The moments so far, which are then forgotten.
    #[must_use]
    pub fn take_moments(&self) -> Vec<Moment> {
        self.lock()
            .moments
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Gives the disk another size, in sectors; what is on it stays.
    pub fn set_capacity(&self, sectors: Option<u64>) {
        self.lock().volume.set_capacity(sectors);
    }

    /// The sectors that files take.
    #[must_use]
    pub fn used_sectors(&self) -> u64 {
        let machine = self.lock();
        machine.volume.used_sectors(&machine.open_files())
    }

    /// Lets `allocate` be `Unsupported`, as on file systems without it.
    pub fn refuse_allocation(&self) {
        self.lock().can_allocate = false;
    }

    /// Lets uncached reads and writes be `Unsupported`, as on older kernels.
    pub fn refuse_uncached(&self) {
        self.lock().goes_uncached = false;
    }

    /// Lets nothing be told of what is in the page cache, as of somebody else's file.
    pub fn refuse_to_tell_cached(&self) {
        self.lock().tells_cached = false;
    }

    /// Lets a block that is written once more be written elsewhere, as on btrfs.
    pub fn write_elsewhere(&self) {
        self.lock().writes_in_place = false;
    }

    /// Lets every lock be free, as where a file system loses them.
    pub fn forget_locks(&self) {
        self.lock().forget_locks();
    }

    /// The names in the folder, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let machine = self.lock();
        machine.volume.entries.names().map(str::to_owned).collect()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
