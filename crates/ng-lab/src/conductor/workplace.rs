//! What is set up around one worker and removed after it.

use std::io;

use crate::machine::data_folder::{DataFolder, WorkerFolder};
use crate::machine::memory_group::MemoryGroup;
use crate::worker::protocol::Place;

/// What a worker's task needs around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// A folder for files.
    pub(super) folder: bool,
    /// Its memory limit.
    pub(super) memory_limit_bytes: Option<u64>,
}

/// The folder and the memory cgroup of one worker, removed on drop.
#[derive(Debug, Default)]
pub(super) struct Workplace<'r> {
    folder: Option<WorkerFolder<'r>>,
    group: Option<MemoryGroup>,
}

impl<'r> Workplace<'r> {
    /// Sets up what is needed, inside the run's folder and under its name.
    ///
    /// # Errors
    /// There is no such folder, or the system refuses.
    pub(super) fn set_up(data: Option<&'r DataFolder>, needs: Surroundings) -> io::Result<Self> {
        if needs == Surroundings::default() {
            return Ok(Self::default());
        }
        let data = data.ok_or_else(|| io::Error::other("the run has no folder for data"))?;
        let group = needs
            .memory_limit_bytes
            .map(|bytes| MemoryGroup::make(data.name(), bytes))
            .transpose()?;
        let folder = needs.folder.then(|| data.worker_folder()).transpose()?;
        Ok(Self { folder, group })
    }

    pub(super) fn place(&self) -> Place {
        Place {
            dir: self.folder.as_ref().map(|folder| folder.path().to_owned()),
            group: self.group.as_ref().map(MemoryGroup::door),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_gets_what_its_task_needs_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataFolder::make(dir.path()).unwrap();
        let nothing = Workplace::set_up(Some(&data), Surroundings::default()).unwrap();
        assert_eq!(nothing.place(), Place::default());
        let needs = Surroundings {
            folder: true,
            ..Surroundings::default()
        };
        let workplace = Workplace::set_up(Some(&data), needs).unwrap();
        let place = workplace.place();
        let folder = place.dir.unwrap();
        assert!(folder.is_dir() && place.group.is_none());
        drop(workplace);
        assert!(!folder.exists());
    }

    #[test]
    fn what_needs_a_folder_fails_in_a_run_without_one() {
        assert!(Workplace::set_up(None, Surroundings::default()).is_ok());
        let needs = Surroundings {
            folder: true,
            ..Surroundings::default()
        };
        let error = Workplace::set_up(None, needs).unwrap_err();
        assert_eq!(error.to_string(), "the run has no folder for data");
    }
}
