use std::io;

use super::{Call, SimFile, SimFs};
use crate::disk::Dir;

/// The folder of a [`SimFs`].
#[derive(Clone, Debug)]
pub struct SimDir {
    fs: SimFs,
    process: u64,
}

impl SimDir {
    pub(super) fn new(fs: SimFs, process: u64) -> Self {
        Self { fs, process }
    }

    fn rename_if(
        &self,
        from: &str,
        to: &str,
        may_replace: impl FnOnce(io::Result<()>) -> io::Result<()>,
    ) -> io::Result<()> {
        let call = Call::Rename {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        self.fs.lock().operate(self.process, call, |machine, _| {
            let entries = &mut machine.volume.entries;
            entries.find(from)?;
            may_replace(entries.check_free(to))?;
            entries.rename(from, to)
        })
    }
}

impl Dir for SimDir {
    type File = SimFile;

    fn create_exclusive(&self, name: &str) -> io::Result<SimFile> {
        let call = Call::Create {
            name: name.to_owned(),
        };
        let file = self.fs.lock().operate(self.process, call, |machine, _| {
            let file = machine.volume.create(name)?;
            Ok(machine.open(file))
        })?;
        Ok(SimFile::new(self.fs.clone(), self.process, file, true))
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<SimFile> {
        let call = Call::Open {
            name: name.to_owned(),
        };
        let file = self.fs.lock().operate(self.process, call, |machine, _| {
            let file = machine.volume.entries.find(name)?;
            Ok(machine.open(file))
        })?;
        Ok(SimFile::new(self.fs.clone(), self.process, file, writable))
    }

    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_if(from, to, |free| free)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_if(from, to, |_| Ok(()))
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        let call = Call::Unlink {
            name: name.to_owned(),
        };
        self.fs.lock().operate(self.process, call, |machine, _| {
            machine.volume.entries.unlink(name)
        })
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let call = Call::List;
        self.fs.lock().operate(self.process, call, |machine, _| {
            let names = machine.volume.entries.names();
            Ok(names.map(str::to_owned).collect())
        })
    }

    fn is_named(&self, name: &str, file: &SimFile) -> io::Result<bool> {
        let machine = self.fs.lock();
        machine.check_alive(self.process)?;
        let named = machine.volume.entries.find(name);
        Ok(named.is_ok_and(|named| named == file.inode()))
    }

    fn sync(&self) -> io::Result<()> {
        let call = Call::SyncDir;
        self.fs.lock().operate(self.process, call, |machine, _| {
            machine.volume.entries.sync();
            Ok(())
        })
    }
}
