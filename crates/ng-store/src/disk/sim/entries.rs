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

type Names = BTreeMap<String, Node>;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    File(u64),
    Folder(u64),
}

/// Folders are created, and neither renamed nor removed.
#[derive(Clone, Debug)]
enum Change {
    Create { name: String, node: Node },
    Rename { from: String, to: String, file: u64 },
    Unlink { name: String, file: u64 },
}

impl Entries {
    pub(super) fn find(&self, name: &str) -> io::Result<u64> {
        match self.cached.get(name) {
            Some(Node::File(file)) => Ok(*file),
            Some(Node::Folder(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn find_folder(&self, name: &str) -> io::Result<u64> {
        match self.cached.get(name) {
            Some(Node::Folder(folder)) => Ok(*folder),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The names of the files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let files = self.cached.iter().filter(|(_, node)| node.file().is_some());
        files.map(|(name, _)| name.as_str())
    }

    pub(super) fn files(&self) -> impl Iterator<Item = u64> {
        self.cached.values().filter_map(|node| node.file())
    }

    pub(super) fn folders(&self) -> impl Iterator<Item = u64> {
        self.cached.values().filter_map(|node| match node {
            Node::Folder(folder) => Some(*folder),
            Node::File(_) => None,
        })
    }

    pub(super) fn check_free(&self, name: &str) -> io::Result<()> {
        if self.cached.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(())
    }

    pub(super) fn create(&mut self, name: &str, file: u64) -> io::Result<()> {
        self.create_node(name, Node::File(file))
    }

    pub(super) fn create_folder(&mut self, name: &str, folder: u64) -> io::Result<()> {
        self.create_node(name, Node::Folder(folder))
    }

    fn create_node(&mut self, name: &str, node: Node) -> io::Result<()> {
        self.check_free(name)?;
        let name = name.to_owned();
        self.change(Change::Create { name, node });
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let file = self.find(from)?;
        if self.find_folder(to).is_ok() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
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
        let changed = self.unsynced.iter().filter_map(Change::file);
        let durable = self.durable.values().filter_map(|node| node.file());
        durable.chain(changed).chain(self.files()).collect()
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.cached);
        self.unsynced.push(change);
    }
}

impl Node {
    fn file(self) -> Option<u64> {
        match self {
            Self::File(file) => Some(file),
            Self::Folder(_) => None,
        }
    }
}

impl Change {
    fn file(&self) -> Option<u64> {
        match self {
            Self::Create { node, .. } => node.file(),
            Self::Rename { file, .. } | Self::Unlink { file, .. } => Some(*file),
        }
    }

    /// Changes the names, even if an earlier change was lost.
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Create { name, node } => {
                names.insert(name.clone(), *node);
            }
            Self::Rename { from, to, file } => {
                remove_if(names, from, *file);
                names.insert(to.clone(), Node::File(*file));
            }
            Self::Unlink { name, file } => remove_if(names, name, *file),
        }
    }
}

fn remove_if(names: &mut Names, name: &str, file: u64) {
    if names.get(name) == Some(&Node::File(file)) {
        names.remove(name);
    }
}
