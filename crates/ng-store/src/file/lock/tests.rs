//! Who appends to the named file, in every interleaving that loom finds: concurrent
//! openers, creators and replacers.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread::{Builder, JoinHandle};

use super::{ATTEMPTS, open_locked};
use crate::disk::sim::{SimFile, SimFs};
use crate::disk::{Dir, Disk};
use crate::file::{CreateOptions, Draft, Identity, Writer};
use crate::{CreateError, IoError, OpenError, Operation};

#[path = "../../../tests/amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;

const NAME: &str = "a.ngt";

/// The number of the last possible file. The first, 1, was left by a killed creator, the
/// last one has the name from the start; between them each of three creators has three.
const FILES: usize = 2 + 3 * CREATORS;
const CREATORS: usize = 3;

/// The name of the leftover file.
const LEFT: &str = ".ng-tmp-0123456789abcdef";

/// A folder with one final name, temporary names beside it, and files that are only locked.
///
/// The kernel serialises operations on names and locks, so every check is a
/// read-modify-write, for which loom never shows a stale value.
#[derive(Clone)]
struct Folder(Arc<Shared>);

struct Shared {
    /// The file that has the name, from 1; 0 for none.
    named: AtomicUsize,
    locks: [AtomicBool; FILES + 1],
    /// The files that have temporary names. Never waited for: loom runs one
    /// thread at a time, and [`Folder::step`] is where it may run another.
    temporary: Mutex<BTreeMap<String, usize>>,
    steps: AtomicUsize,
    /// Whether creators look for leftovers.
    is_listed: bool,
    /// How many believe to hold the lock of the named file.
    appenders: AtomicUsize,
}

/// An opener's file.
struct File {
    folder: Folder,
    number: usize,
    locked: AtomicBool,
}

impl Folder {
    fn new(named: usize, is_listed: bool) -> Self {
        let left = is_listed.then(|| (LEFT.to_owned(), 1));
        Self(Arc::new(Shared {
            named: AtomicUsize::new(named),
            locks: [false; FILES + 1].map(AtomicBool::new),
            temporary: Mutex::new(left.into_iter().collect()),
            is_listed,
            steps: AtomicUsize::new(0),
            appenders: AtomicUsize::new(0),
        }))
    }

    fn file(&self, number: usize) -> File {
        File {
            folder: self.clone(),
            number,
            locked: AtomicBool::new(false),
        }
    }

    fn named(&self) -> usize {
        self.0.named.fetch_add(0, Ordering::AcqRel)
    }

    fn temporary(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.temporary.lock().unwrap()
    }

    /// Another thread may come first.
    fn step(&self) {
        self.0.steps.fetch_add(1, Ordering::AcqRel);
    }

    fn open_named(&self) -> io::Result<File> {
        match self.named() {
            0 => Err(io::ErrorKind::NotFound.into()),
            number => Ok(self.file(number)),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if self.locked.load(Ordering::Relaxed) {
            self.folder.0.locks[self.number].store(false, Ordering::Release);
        }
    }
}

impl Disk for File {
    fn len(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn read_at(&self, _buffer: &mut [u8], _offset: u64) -> io::Result<usize> {
        Ok(0)
    }

    fn write_at(&self, buffer: &[u8], _offset: u64) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self) -> io::Result<()> {
        match self.folder.0.locks[self.number].swap(true, Ordering::AcqRel) {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => {
                self.locked.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

/// The folder, as the creator of one file sees it.
struct Creator {
    folder: Folder,
    /// The number of its next file.
    number: Cell<usize>,
}

impl Dir for Creator {
    type File = File;

    fn create_exclusive(&self, name: &str) -> io::Result<File> {
        self.folder.step();
        let number = self.number.get();
        self.number.set(number + CREATORS);
        let taken = self.folder.temporary().insert(name.to_owned(), number);
        assert_eq!(taken, None, "{name} is taken");
        Ok(self.folder.file(number))
    }

    fn open(&self, name: &str, _writable: bool) -> io::Result<File> {
        if name == NAME {
            return self.folder.open_named();
        }
        self.folder.step();
        match self.folder.temporary().get(name) {
            Some(&number) => Ok(self.folder.file(number)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn rename_noreplace(&self, from: &str, _to: &str) -> io::Result<()> {
        let number = self.folder.temporary()[from];
        let named = &self.folder.0.named;
        match named.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => self.folder.temporary().remove(from),
            Err(_) => return Err(io::ErrorKind::AlreadyExists.into()),
        };
        Ok(())
    }

    fn rename(&self, from: &str, _to: &str) -> io::Result<()> {
        let number = self.folder.temporary()[from];
        self.folder.0.named.swap(number, Ordering::AcqRel);
        self.folder.temporary().remove(from);
        Ok(())
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        self.folder.step();
        match self.folder.temporary().remove(name) {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn names(&self) -> io::Result<Vec<String>> {
        if !self.folder.0.is_listed {
            return Ok(Vec::new());
        }
        self.folder.step();
        Ok(self.folder.temporary().keys().cloned().collect())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn is_named(&self, name: &str, file: &File) -> io::Result<bool> {
        if name == NAME {
            return Ok(self.folder.named() == file.number);
        }
        self.folder.step();
        Ok(self.folder.temporary().get(name) == Some(&file.number))
    }
}

/// The action of a thread in a model.
#[derive(Clone, Copy)]
enum Part {
    Open,
    Create { replace: bool },
}

use Part::{Create, Open};

impl Part {
    /// Acquires the named file, or is refused.
    fn play(self, folder: &Folder, number: usize) {
        match self {
            Self::Open => match open(folder) {
                Ok(file) => append(folder, file.number),
                Err(OpenError::Locked { .. } | OpenError::Replaced { .. }) => {}
                Err(OpenError::Io(error)) if error.source.kind() == io::ErrorKind::NotFound => {}
                Err(error) => panic!("{error}"),
            },
            Self::Create { replace } => match create(folder, number, replace) {
                Ok(writer) => append(folder, writer.disk().number),
                Err(CreateError::Locked { .. } | CreateError::Replaced { .. }) => {}
                Err(CreateError::Exists { .. }) if !replace => {}
                Err(error) => panic!("{error}"),
            },
        }
    }
}

fn open(folder: &Folder) -> Result<File, OpenError> {
    let open = || {
        folder.open_named().map_err(|source| {
            OpenError::from(IoError {
                path: NAME.into(),
                operation: Operation::Open,
                offset: None,
                source,
            })
        })
    };
    open_locked(Path::new(NAME), open, |file| {
        Ok(folder.named() == file.number)
    })
}

fn create(folder: &Folder, number: usize, replace: bool) -> Result<Writer<File>, CreateError> {
    let dir = Creator {
        folder: folder.clone(),
        number: Cell::new(number),
    };
    let identity = Identity {
        file_id: [number as u8; 16],
        created_ns: 1,
    };
    let options = CreateOptions::new().max_tokens(1).replace(replace);
    Draft::begin(dir, NAME, Path::new(NAME), &options, identity)?.publish()
}

/// Holds the file, and checks that no other thread does, and that it keeps its name.
fn append(folder: &Folder, number: usize) {
    let appenders = &folder.0.appenders;
    assert_eq!(appenders.fetch_add(1, Ordering::AcqRel), 0, "two appenders");
    assert_eq!(folder.named(), number, "the file lost its name");
    appenders.fetch_sub(1, Ordering::AcqRel);
}

fn spawn(part: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    // As text: a file's head does not fit loom's stack.
    let builder = Builder::new().stack_size(1 << 15);
    builder.spawn(part).unwrap()
}

/// The initial state of a model.
#[derive(Clone, Copy)]
struct Begin {
    /// Whether a file has the name.
    has_file: bool,
    /// Whether a killed creator has left a file, and creators look for it.
    has_leftover: bool,
}

const NO_FILE: Begin = Begin {
    has_file: false,
    has_leftover: false,
};
const FILE: Begin = Begin {
    has_file: true,
    ..NO_FILE
};
const LEFTOVER: Begin = Begin {
    has_leftover: true,
    ..NO_FILE
};

/// Runs the parts concurrently, in every interleaving with up to this many preemptions.
fn check(preemptions: usize, begin: Begin, parts: &'static [Part]) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions + usize::from(amount::scale() > 1));
    let executions = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&executions);
    model.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        let named = if begin.has_file { FILES } else { 0 };
        let folder = Folder::new(named, begin.has_leftover);
        let threads: Vec<_> = parts
            .iter()
            .zip(2..)
            .map(|(part, number)| {
                let folder = folder.clone();
                spawn(move || part.play(&folder, number))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_ne!(folder.named(), 0);
        assert_eq!(folder.temporary().len(), 0, "left behind");
    });
    let count = executions.load(Ordering::Relaxed);
    amount::count("loom executions: open, create and replace", count);
}

const NEW: Part = Create { replace: false };
const REPLACE: Part = Create { replace: true };

#[test]
fn of_two_one_appends_to_the_file_that_has_the_name() {
    check(3, FILE, &[Open, REPLACE]);
    check(3, FILE, &[REPLACE, REPLACE]);
    check(3, NO_FILE, &[NEW, REPLACE]);
    check(3, NO_FILE, &[REPLACE, REPLACE]);
}

#[test]
fn of_three_one_appends_to_the_file_that_has_the_name() {
    check(3, FILE, &[Open, Open, REPLACE]);
    check(3, FILE, &[Open, REPLACE, REPLACE]);
    check(3, NO_FILE, &[Open, NEW, REPLACE]);
}

#[test]
fn what_was_left_is_removed_and_what_is_being_created_is_not() {
    check(3, LEFTOVER, &[NEW, REPLACE]);
    check(3, LEFTOVER, &[REPLACE, REPLACE]);
    check(2, LEFTOVER, &[NEW, NEW, REPLACE]);
}

/// Opens a file that loses its name this many times before it is locked.
fn open_restless(times: usize) -> Result<u64, OpenError> {
    let fs = SimFs::new();
    let opened = Cell::new(0);
    let open = || {
        opened.set(opened.get() + 1);
        Ok(fs
            .dir()
            .create_exclusive(&opened.get().to_string())
            .unwrap())
    };
    let is_named = |_: &SimFile| Ok(opened.get() > times);
    open_locked(Path::new(NAME), open, is_named)?;
    Ok(opened.get() as u64)
}

#[test]
fn a_file_that_was_replaced_before_it_was_locked_is_opened_anew_and_not_for_ever() {
    for times in 0..ATTEMPTS {
        assert_eq!(open_restless(times).unwrap(), times as u64 + 1);
    }
    let error = open_restless(ATTEMPTS).unwrap_err();
    assert!(matches!(error, OpenError::Replaced { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "a.ngt: replaced by another file, or removed"
    );
}
