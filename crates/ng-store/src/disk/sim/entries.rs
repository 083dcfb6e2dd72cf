use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Choose;

/// A folder: file names, as openers see them and as a power cut leaves them.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    cached: Names,
    durable: Names,
    /// Every change since the last sync, oldest first.
    unsynced: Vec<Change>,
}

type Names = BTreeMap<String, u64>;

#[derive(Clone, Debug)]
enum Change {
    Create { name: String, file: u64 },
    Rename { from: String, to: String, file: u64 },
    Unlink { name: String, file: u64 },
}

impl Entries {
    pub(super) fn find(&self, name: &str) -> io::Result<u64> {
        let file = self.cached.get(name).copied();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.cached.keys().map(String::as_str)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = u64> {
        self.cached.values().copied()
    }

    pub(super) fn check_free(&self, name: &str) -> io::Result<()> {
        if self.cached.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(())
    }

    pub(super) fn create(&mut self, name: &str, file: u64) -> io::Result<()> {
        self.check_free(name)?;
        let name = name.to_owned();
        self.change(Change::Create { name, file });
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let file = self.find(from)?;
        let (from, to) = (from.to_owned(), to.to_owned());
        self.change(Change::Rename { from, to, file });
        Ok(())
    }

    pub(super) fn unlink(&mut self, name: &str) -> io::Result<()> {
        let file = self.find(name)?;
        let name = name.to_owned();
        self.change(Change::Unlink { name, file });
        Ok(())
    }

    pub(super) fn sync(&mut self) {
        self.durable = self.cached.clone();
        self.unsynced.clear();
    }

    /// The folder after a power cut.
    pub(super) fn crash(&self, choices: &mut impl Choose) -> Self {
        let mut after = self.durable.clone();
        for change in &self.unsynced {
            if choices.choose(2) == 1 {
                change.apply(&mut after);
            }
        }
        Self {
            cached: after.clone(),
            durable: after,
            unsynced: Vec::new(),
        }
    }

    /// Every file that has a name, or would have one after some power cut.
    pub(super) fn reachable(&self) -> BTreeSet<u64> {
        let changed = self.unsynced.iter().map(Change::file);
        let durable = self.durable.values().copied();
        durable.chain(changed).chain(self.files()).collect()
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.cached);
        self.unsynced.push(change);
    }
}

impl Change {
    fn file(&self) -> u64 {
        match self {
            Self::Create { file, .. } | Self::Rename { file, .. } | Self::Unlink { file, .. } => {
                *file
            }
        }
    }

    /// Changes the names, even if an earlier change was lost.
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            Self::Rename { from, to, file } => {
                remove_if(names, from, *file);
                names.insert(to.clone(), *file);
            }
            Self::Unlink { name, file } => remove_if(names, name, *file),
        }
    }
}

fn remove_if(names: &mut Names, name: &str, file: u64) {
    if names.get(name) == Some(&file) {
        names.remove(name);
    }
}
