//! What happens to the name of a file while somebody works with it.

use std::io;
use std::path::Path;

use ng_store::disk::sim::{SimDir, SimFile, SimFs};
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Draft, Identity, Writer};
use ng_store::{CreateError, CreateOptions, OpenError};

const NAME: &str = "a.ngt";

/// A folder in which every file that is opened is renamed at once.
struct Restless(SimDir);

impl Dir for Restless {
    type File = SimFile;

    fn create_exclusive(&self, name: &str) -> io::Result<SimFile> {
        self.0.create_exclusive(name)
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<SimFile> {
        self.0.open(name, writable)
    }

    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename_noreplace(from, to)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        self.0.unlink(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn is_named(&self, _name: &str, _file: &SimFile) -> io::Result<bool> {
        Ok(false)
    }
}

fn begin<R: Dir>(dir: R, options: &CreateOptions) -> Result<Draft<R>, CreateError> {
    let identity = Identity {
        file_id: [3; 16],
        created_ns: 1,
    };
    Draft::begin(dir, NAME, Path::new(NAME), options, identity)
}

fn bytes(fs: &SimFs) -> Vec<u8> {
    let file = fs.dir().open(NAME, false).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
    bytes
}

#[test]
fn a_file_that_was_replaced_meanwhile_is_not_replaced_again() {
    let fs = SimFs::new();
    begin(fs.dir(), &CreateOptions::new())
        .unwrap()
        .publish()
        .unwrap();
    let before = bytes(&fs);
    let draft = begin(Restless(fs.dir()), &CreateOptions::new().replace(true)).unwrap();
    let error = draft.publish().unwrap_err();
    assert!(matches!(error, CreateError::Replaced { .. }), "{error}");
    assert_eq!(fs.names(), [NAME]);
    assert!(bytes(&fs) == before);
}

#[test]
fn a_name_that_is_taken_while_the_file_is_written_stays_taken() {
    let fs = SimFs::new();
    let slow = begin(fs.dir(), &CreateOptions::new()).unwrap();
    let other = Draft::begin(
        fs.dir(),
        NAME,
        Path::new(NAME),
        &CreateOptions::new().tag(9),
        Identity {
            file_id: [4; 16],
            created_ns: 1,
        },
    );
    other.unwrap().publish().unwrap();
    let error = slow.publish().unwrap_err();
    assert!(matches!(error, CreateError::Exists { .. }), "{error}");
    assert_eq!(fs.names(), [NAME]);
    let dir = fs.dir();
    let writer = Writer::open(&dir, dir.open(NAME, true).unwrap(), NAME).unwrap();
    assert_eq!(writer.info().tag, 9);
}

#[test]
fn a_draft_that_is_dropped_leaves_nothing() {
    let fs = SimFs::new();
    let draft = begin(fs.dir(), &CreateOptions::new()).unwrap();
    let names = fs.names();
    assert!(
        names[0].starts_with(".ng-tmp-") && names.len() == 1,
        "{names:?}"
    );
    drop(draft);
    assert!(fs.names().is_empty());
}

#[test]
fn a_temporary_file_without_a_commit_is_no_token_file() {
    let fs = SimFs::new();
    fs.dir().create_exclusive(NAME).unwrap();
    let dir = fs.dir();
    let error = Writer::open(&dir, dir.open(NAME, true).unwrap(), NAME).unwrap_err();
    assert!(
        matches!(error, OpenError::Truncated { have: 0, .. }),
        "{error}"
    );
}
