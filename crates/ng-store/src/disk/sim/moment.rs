use super::volume::Volume;
use super::{Atomicity, Call, Choose, SimFs};

/// A file system just after one operation.
#[derive(Clone, Debug)]
pub struct Moment {
    pub(super) operations: u64,
    pub(super) call: Call,
    pub(super) volume: Volume,
}

impl Moment {
    /// How many operations had started.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// The last of them.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// What a power cut at this moment leaves.
    #[must_use]
    pub fn crash(&self, choices: &mut impl Choose, atomicity: Atomicity) -> SimFs {
        SimFs::from_volume(self.volume.crash(choices, atomicity))
    }
}
