use std::io;

/// A lock that an opener of a file has or wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// The writer's.
    Exclusive,
    Shared,
}

/// The error of an opener with a shared lock that asks for the writer's.
#[derive(Debug, thiserror::Error)]
#[error("this opener has the shared lock")]
struct HasShared;

impl Lock {
    /// Tells whether an opener that has `held` needs nothing more.
    pub(super) fn is_covered_by(self, held: Option<Self>) -> io::Result<bool> {
        match (self, held) {
            (_, None) => Ok(false),
            (Self::Exclusive, Some(Self::Shared)) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, HasShared))
            }
            _ => Ok(true),
        }
    }

    /// Tells whether two openers can have these at once.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn agrees_with(self, other: Self) -> bool {
        self == Self::Shared && other == Self::Shared
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use crate::disk::sim::SimFs;
    use crate::disk::{Dir, Disk, RealDir};

    fn check_locks(dir: &impl Dir) {
        let [one, other, third] = {
            drop(dir.create_exclusive("a").unwrap());
            [(); 3].map(|()| dir.open("a", true).unwrap())
        };
        let kind = |result: io::Result<()>| result.map_err(|error| error.kind());
        let taken = Err(io::ErrorKind::WouldBlock);

        one.try_lock_shared().unwrap();
        one.try_lock_shared().unwrap();
        other.try_lock_shared().unwrap();
        assert_eq!(kind(third.try_lock()), taken);
        assert_eq!(kind(one.try_lock()), Err(io::ErrorKind::InvalidInput));
        one.unlock().unwrap();
        assert_eq!(kind(third.try_lock()), taken);
        drop(other);

        third.try_lock().unwrap();
        third.try_lock().unwrap();
        assert_eq!(kind(one.try_lock_shared()), taken);
        assert_eq!(kind(one.try_lock()), taken);
        // Still the writer's.
        third.try_lock_shared().unwrap();
        assert_eq!(kind(one.try_lock_shared()), taken);
        // Of another opener, it stays.
        one.unlock().unwrap();
        assert_eq!(kind(one.try_lock_shared()), taken);
        third.unlock().unwrap();
        third.unlock().unwrap();
        one.try_lock().unwrap();
        assert_eq!(kind(third.try_lock_shared()), taken);
        drop(one);
        third.try_lock_shared().unwrap();
    }

    #[test]
    fn many_openers_share_a_lock_or_one_has_the_writers() {
        let folder = tempfile::tempdir().unwrap();
        check_locks(&RealDir::open(folder.path()).unwrap());
        check_locks(&SimFs::new().dir());
        check_locks(&std::sync::Arc::new(SimFs::new().dir()));
    }

    #[test]
    fn a_lock_outlives_neither_its_process_nor_the_loss_of_all() {
        let fs = SimFs::new();
        let killed = fs.dir().create_exclusive("a").unwrap();
        killed.try_lock_shared().unwrap();
        fs.kill();
        let writer = fs.dir().open("a", true).unwrap();
        writer.try_lock().unwrap();
        assert!(killed.unlock().is_err() && killed.try_lock_shared().is_err());
        drop(killed);
        let reader = fs.dir().open("a", false).unwrap();
        assert!(reader.try_lock_shared().is_err());
        fs.forget_locks();
        reader.try_lock_shared().unwrap();
    }
}
