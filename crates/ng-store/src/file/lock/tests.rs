//! Who appends to the file that has the name, in every order of steps that loom
//! finds: openers, creators and replacers at once.

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

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

/// How many files there can be.
const FILES: usize = 5;

/// A folder with one name that counts, and files that are only locked.
///
/// The kernel decides about names and locks one after the other, so every look
/// at one is a read-modify-write, which loom never shows an old value.
#[derive(Clone)]
struct Folder(Arc<Shared>);

struct Shared {
    /// The file that has the name, from 1; 0 for none.
    named: AtomicUsize,
    locks: [AtomicBool; FILES],
    /// How many hold the lock of the file that has the name, as they believe.
    appenders: AtomicUsize,
}

/// An opener's file.
struct File {
    folder: Folder,
    number: usize,
    locked: AtomicBool,
}

impl Folder {
    fn new(named: usize) -> Self {
        Self(Arc::new(Shared {
            named: AtomicUsize::new(named),
            locks: [false; FILES].map(AtomicBool::new),
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
    number: usize,
}

impl Dir for Creator {
    type File = File;

    fn create_exclusive(&self, _name: &str) -> io::Result<File> {
        Ok(self.folder.file(self.number))
    }

    fn open(&self, _name: &str, _writable: bool) -> io::Result<File> {
        self.folder.open_named()
    }

    fn rename_noreplace(&self, _from: &str, _to: &str) -> io::Result<()> {
        let named = &self.folder.0.named;
        match named.compare_exchange(0, self.number, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        self.folder.0.named.swap(self.number, Ordering::AcqRel);
        Ok(())
    }

    fn unlink(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn is_named(&self, _name: &str, file: &File) -> io::Result<bool> {
        Ok(self.folder.named() == file.number)
    }
}

/// What a thread of a model does.
#[derive(Clone, Copy)]
enum Part {
    Open,
    Create { replace: bool },
}

use Part::{Create, Open};

impl Part {
    /// Gets hold of the file that has the name, or is refused.
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
        number,
    };
    let identity = Identity {
        file_id: [number as u8; 16],
        created_ns: 1,
    };
    let options = CreateOptions::new().max_tokens(1).replace(replace);
    Draft::begin(dir, NAME, Path::new(NAME), &options, identity)?.publish()
}

/// Holds the file, and checks that nobody else does, and that it keeps its name.
fn append(folder: &Folder, number: usize) {
    let appenders = &folder.0.appenders;
    assert_eq!(appenders.fetch_add(1, Ordering::AcqRel), 0, "two appenders");
    assert_eq!(folder.named(), number, "the file lost its name");
    appenders.fetch_sub(1, Ordering::AcqRel);
}

fn spawn(part: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    // In words. A file's head does not fit the stack that loom gives.
    let builder = Builder::new().stack_size(1 << 15);
    builder.spawn(part).unwrap()
}

/// Runs the parts at once, on a folder that has a file or none, in every order
/// with up to so many preemptions.
fn check(preemptions: usize, has_file: bool, parts: &'static [Part]) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions + usize::from(amount::scale() > 1));
    let executions = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&executions);
    model.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        let folder = Folder::new(usize::from(has_file));
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
    });
    let count = executions.load(Ordering::Relaxed);
    amount::count("loom executions: open, create and replace", count);
}

const NEW: Part = Create { replace: false };
const REPLACE: Part = Create { replace: true };

#[test]
fn of_two_one_appends_to_the_file_that_has_the_name() {
    check(3, true, &[Open, REPLACE]);
    check(3, true, &[REPLACE, REPLACE]);
    check(3, false, &[NEW, REPLACE]);
    check(3, false, &[REPLACE, REPLACE]);
}

#[test]
fn of_three_one_appends_to_the_file_that_has_the_name() {
    check(3, true, &[Open, Open, REPLACE]);
    check(3, true, &[Open, REPLACE, REPLACE]);
    check(3, false, &[Open, NEW, REPLACE]);
}

/// Opens a file that loses its name so many times before it is locked.
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
