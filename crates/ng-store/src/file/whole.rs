use std::path::Path;

use super::{Identity, Naming, NewFile};
use crate::CreateError;
use crate::disk::{Dir, Source};

/// Publishes a small file of any bytes: writes it under a temporary name, syncs it, gives it
/// its name, which must be free, and makes that durable.
///
/// Of any number of publishers of one name, one succeeds. Nobody finds an unfinished file by
/// that name, whatever happens. The file is returned with a shared
/// [lock](crate::disk::Disk::try_lock_shared), which it has from the beginning; readers can
/// have one, too. What killed publishers left in the folder is removed.
///
/// `name` is the file's name in `dir`, `path` its name in errors; the temporary name comes
/// from `identity`.
///
/// # Errors
///
/// [`CreateError`]; [`CreateError::Exists`] if the name is taken. The file is removed, except
/// with [`CreateError::NameNotDurable`]: it then has the name, which a power cut may take.
pub fn publish_whole<R: Dir>(
    dir: R,
    (name, path): (&str, &Path),
    bytes: &[u8],
    identity: Identity,
) -> Result<R::File, CreateError> {
    let (new, file) = NewFile::begin(dir, (name, path), Naming::Whole, identity.file_id)?;
    let source = Source::new(file, path);
    source.write(bytes, 0)?;
    new.publish(&source)?;
    Ok(source.into_disk())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io;

    use super::*;
    use crate::disk::sim::{
        Atomicity, Exhaustive, Failure, Fault, KeepAll, SimDir, SimFile, SimFs, When,
    };
    use crate::disk::{Disk, RealDir, read_whole};

    const NAME: &str = "manifest-2";
    const CONTENT: &[u8] = b"whole";

    fn publish<R: Dir>(dir: R) -> Result<R::File, CreateError> {
        publish_as(dir, CONTENT)
    }

    fn publish_as<R: Dir>(dir: R, content: &[u8]) -> Result<R::File, CreateError> {
        publish_whole(dir, (NAME, NAME.as_ref()), content, Identity::fresh())
    }

    /// What the name means: nothing, or the whole content.
    fn content(fs: &SimFs) -> Option<Vec<u8>> {
        let file = fs.dir().open(NAME, false).ok()?;
        Some(read_whole(&file, NAME.as_ref(), 1 << 20).unwrap())
    }

    fn whole() -> Option<Vec<u8>> {
        Some(CONTENT.to_vec())
    }

    /// Contents of the name after every possible power cut.
    fn seen(fs: &SimFs) -> BTreeSet<Option<Vec<u8>>> {
        let mut choices = Exhaustive::new();
        let mut seen = BTreeSet::new();
        while choices.advance() {
            seen.insert(content(&fs.crash(&mut choices, Atomicity::Sector)));
        }
        seen
    }

    #[test]
    fn of_two_publishers_of_a_name_one_succeeds_whole_and_durably() {
        let fs = SimFs::new();
        publish(fs.dir()).unwrap();
        assert_eq!(seen(&fs), BTreeSet::from([whole()]));
        let other = publish_as(fs.dir(), b"other");
        assert!(matches!(other, Err(CreateError::Exists { .. })));
        assert_eq!((content(&fs), fs.names()), (whole(), vec![NAME.to_owned()]));
    }

    /// Another publishes the name just before this one would.
    struct Late(SimDir);

    impl Dir for Late {
        type File = SimFile;

        fn create_exclusive(&self, name: &str) -> io::Result<SimFile> {
            self.0.create_exclusive(name)
        }

        fn open(&self, name: &str, writable: bool) -> io::Result<SimFile> {
            self.0.open(name, writable)
        }

        fn rename_noreplace(&self, _from: &str, _to: &str) -> io::Result<()> {
            unreachable!("it may show an unfinished file")
        }

        fn rename_noreplace_atomic(&self, from: &str, to: &str) -> io::Result<()> {
            publish(self.0.clone()).unwrap();
            self.0.rename_noreplace_atomic(from, to)
        }

        fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
            unreachable!("it replaces")
        }

        fn unlink(&self, name: &str) -> io::Result<()> {
            self.0.unlink(name)
        }

        fn sync(&self) -> io::Result<()> {
            self.0.sync()
        }

        fn names(&self) -> io::Result<Vec<String>> {
            self.0.names()
        }

        fn is_named(&self, name: &str, file: &SimFile) -> io::Result<bool> {
            self.0.is_named(name, file)
        }
    }

    #[test]
    fn the_last_moment_is_early_enough_for_another_and_removes_nothing_of_this_one() {
        let fs = SimFs::new();
        let late = publish_as(Late(fs.dir()), b"late");
        assert!(matches!(late, Err(CreateError::Exists { .. })));
        assert_eq!((content(&fs), fs.names()), (whole(), vec![NAME.to_owned()]));
    }

    #[test]
    fn a_power_cut_at_any_operation_leaves_the_whole_file_or_none() {
        let fs = SimFs::new();
        fs.record_moments();
        publish(fs.dir()).unwrap();
        let moments = fs.take_moments();
        assert!(moments.len() >= 5, "{} moments", moments.len());
        for moment in moments {
            let mut choices = Exhaustive::new();
            while choices.advance() {
                let after = moment.crash(&mut choices, Atomicity::Sector);
                let found = content(&after);
                assert!([None, whole()].contains(&found), "{:?}", moment.call());
            }
        }
    }

    #[test]
    fn every_operation_may_fail_or_be_the_last_of_its_process() {
        let operations = {
            let fs = SimFs::new();
            publish(fs.dir()).unwrap();
            fs.operations()
        };
        let faults = [Failure::Io, Failure::NoSpace].map(Fault::Fail);
        for fault in faults.into_iter().chain([Fault::Kill(2)]) {
            for at in 0..operations {
                let fs = SimFs::new();
                fs.inject(When::Operation(at), fault);
                let published = publish(fs.dir()).map(drop);
                let found = content(&fs);
                assert!([None, whole()].contains(&found), "{fault:?} at {at}");
                let not_durable = matches!(published, Err(CreateError::NameNotDurable { .. }));
                if published.is_ok() || not_durable {
                    assert_eq!(found, whole(), "{fault:?} at {at}");
                }
                // The next one succeeds, and removes what was left, unless it has the name.
                let next = publish(fs.dir());
                assert_eq!(next.is_ok(), found.is_none(), "{fault:?} at {at}");
                assert_eq!(content(&fs), whole());
                if next.is_ok() {
                    assert_eq!(fs.names(), [NAME], "{fault:?} at {at}");
                }
            }
        }
    }

    fn check_lock(dir: &std::sync::Arc<impl Dir>) {
        let published = publish(std::sync::Arc::clone(dir)).unwrap();
        let [reader, remover] = [(); 2].map(|()| dir.open(NAME, true).unwrap());
        reader.try_lock_shared().unwrap();
        remover.try_lock().unwrap_err();
        drop(published);
        remover.try_lock().unwrap_err();
        drop(reader);
        remover.try_lock().unwrap();
    }

    #[test]
    fn readers_can_have_the_lock_at_once_and_who_would_remove_it_cannot() {
        let folder = tempfile::tempdir().unwrap();
        check_lock(&RealDir::open(folder.path()).unwrap().into());
        check_lock(&SimFs::new().dir().into());
    }

    #[test]
    fn it_is_published_in_a_folder_of_a_folder() {
        let fs = SimFs::new();
        fs.dir().create_folder("s").unwrap();
        fs.dir().sync().unwrap();
        publish(fs.dir().folder("s").unwrap()).unwrap();
        let after = fs.crash(&mut KeepAll, Atomicity::Sector);
        assert_eq!(after.dir().folder("s").unwrap().names().unwrap(), [NAME]);
    }
}
