use std::io;

use super::machine::Machine;
use super::volume::ROOT;
use super::{Call, SimFile, SimFs};
use crate::disk::Dir;

/// A folder of a [`SimFs`].
#[derive(Clone, Debug)]
pub struct SimDir {
    fs: SimFs,
    process: u64,
    folder: u64,
    /// From the root, which is empty.
    path: String,
}

impl SimDir {
    pub(super) fn new(fs: SimFs, process: u64) -> Self {
        Self {
            fs,
            process,
            folder: ROOT,
            path: String::new(),
        }
    }

    /// The path of an entry, as logged.
    fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        }
    }

    fn operate<T>(
        &self,
        call: Call,
        act: impl FnOnce(&mut Machine) -> io::Result<T>,
    ) -> io::Result<T> {
        let act = |machine: &mut Machine, _| act(machine);
        self.fs.lock().operate(self.process, call, act)
    }

    fn rename_if(
        &self,
        from: &str,
        to: &str,
        may_replace: impl FnOnce(io::Result<()>) -> io::Result<()>,
    ) -> io::Result<()> {
        let call = Call::Rename {
            from: self.path_of(from),
            to: self.path_of(to),
        };
        self.operate(call, |machine| {
            let entries = machine.volume.entries_mut(self.folder);
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
            name: self.path_of(name),
        };
        let file = self.operate(call, |machine| {
            let file = machine.volume.create(self.folder, name)?;
            Ok(machine.open(file))
        })?;
        Ok(SimFile::new(self.fs.clone(), self.process, file, true))
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<SimFile> {
        let call = Call::Open {
            name: self.path_of(name),
        };
        let file = self.operate(call, |machine| {
            let file = machine.volume.entries(self.folder).find(name)?;
            Ok(machine.open(file))
        })?;
        Ok(SimFile::new(self.fs.clone(), self.process, file, writable))
    }

    fn create_folder(&self, name: &str) -> io::Result<()> {
        let call = Call::CreateFolder {
            name: self.path_of(name),
        };
        self.operate(call, |machine| {
            machine.volume.create_folder(self.folder, name)
        })
    }

    fn folder(&self, name: &str) -> io::Result<Self> {
        let path = self.path_of(name);
        let call = Call::OpenFolder { name: path.clone() };
        let folder = self.operate(call, |machine| {
            machine.volume.entries(self.folder).find_folder(name)
        })?;
        Ok(Self {
            folder,
            path,
            ..self.clone()
        })
    }

    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_if(from, to, |free| free)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_if(from, to, |_| Ok(()))
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        let call = Call::Unlink {
            name: self.path_of(name),
        };
        self.operate(call, |machine| {
            machine.volume.entries_mut(self.folder).unlink(name)
        })
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let call = Call::List {
            folder: self.path.clone(),
        };
        self.operate(call, |machine| {
            let names = machine.volume.entries(self.folder).names();
            Ok(names.map(str::to_owned).collect())
        })
    }

    fn is_named(&self, name: &str, file: &SimFile) -> io::Result<bool> {
        let machine = self.fs.lock();
        machine.check_alive(self.process)?;
        let named = machine.volume.entries(self.folder).find(name);
        Ok(named.is_ok_and(|named| named == file.inode()))
    }

    fn sync(&self) -> io::Result<()> {
        let call = Call::SyncDir {
            folder: self.path.clone(),
        };
        self.operate(call, |machine| {
            machine.volume.entries_mut(self.folder).sync();
            Ok(())
        })
    }
}
