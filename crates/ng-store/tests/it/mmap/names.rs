//! What happens to a file's name while it is in use.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use ng_store::disk::sim::{SimDir, SimFile, SimFs};
use ng_store::disk::{Dir, Disk, RealDir, RealFile};
use ng_store::file::{Draft, Identity, Writer};
use ng_store::{
    CreateError, CreateOptions, FileDraft, Finding, MmapStore, OpenError, RawDraft, RepairError,
    RepairOptions, TokenSink, TokenStore, WriteError,
};

use super::fixture::{Place, create, file_of, open, open_append, repair, small, tokens};

const NAME: &str = "a.ngt";

/// A folder in which every opened file is renamed at once.
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

    fn is_named(&self, name: &str, _file: &SimFile) -> io::Result<bool> {
        Ok(name != NAME)
    }
}

/// A real folder in which another process creates the file as soon as it was seen missing,
/// and appends to it.
struct Crowded<'a> {
    dir: RealDir,
    place: &'a Place,
    appender: RefCell<Option<MmapStore>>,
}

impl Dir for &Crowded<'_> {
    type File = RealFile;

    fn create_exclusive(&self, name: &str) -> io::Result<RealFile> {
        self.dir.create_exclusive(name)
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<RealFile> {
        let opened = self.dir.open(name, writable);
        let mut appender = self.appender.borrow_mut();
        if opened.is_err() && appender.is_none() {
            *appender = Some(create(&self.place.file(), &small()).unwrap());
        }
        opened
    }

    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename_noreplace(from, to)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename(from, to)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        self.dir.unlink(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.dir.sync()
    }

    fn is_named(&self, name: &str, file: &RealFile) -> io::Result<bool> {
        self.dir.is_named(name, file)
    }
}

/// A network folder: its locks require write access, and it may not support sync.
struct Remote {
    dir: SimDir,
    sync_fails: Option<io::ErrorKind>,
}

#[derive(Debug)]
struct RemoteFile {
    file: SimFile,
    writable: bool,
}

impl Disk for RemoteFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(buffer, offset)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.file.allocate(offset, len)
    }

    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        self.file.start_writeback(offset, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn try_lock(&self) -> io::Result<()> {
        match self.writable {
            true => self.file.try_lock(),
            // `EBADF` has no kind; 9 is its number on every Unix.
            false => Err(io::Error::from_raw_os_error(9)),
        }
    }
}

impl Dir for Remote {
    type File = RemoteFile;

    fn create_exclusive(&self, name: &str) -> io::Result<RemoteFile> {
        Ok(RemoteFile {
            file: self.dir.create_exclusive(name)?,
            writable: true,
        })
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<RemoteFile> {
        Ok(RemoteFile {
            file: self.dir.open(name, writable)?,
            writable,
        })
    }

    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename_noreplace(from, to)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename(from, to)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        self.dir.unlink(name)
    }

    fn sync(&self) -> io::Result<()> {
        match self.sync_fails {
            Some(kind) => Err(kind.into()),
            None => self.dir.sync(),
        }
    }
}

/// A folder from which files are removed as soon as they are created.
struct Thief {
    dir: SimDir,
    stolen: Cell<u32>,
    most: u32,
}

impl Dir for &Thief {
    type File = SimFile;

    fn create_exclusive(&self, name: &str) -> io::Result<SimFile> {
        let file = self.dir.create_exclusive(name)?;
        if self.stolen.get() < self.most {
            self.stolen.update(|stolen| stolen + 1);
            self.dir.unlink(name)?;
        }
        Ok(file)
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<SimFile> {
        self.dir.open(name, writable)
    }

    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename_noreplace(from, to)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename(from, to)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        self.dir.unlink(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.dir.sync()
    }

    fn is_named(&self, name: &str, file: &SimFile) -> io::Result<bool> {
        self.dir.is_named(name, file)
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
fn a_file_is_replaced_where_only_those_who_write_may_lock() {
    let fs = SimFs::new();
    let remote = || Remote {
        dir: fs.dir(),
        sync_fails: None,
    };
    for tag in [1, 2] {
        let options = CreateOptions::new().tag(tag).replace(true);
        begin(remote(), &options).unwrap().publish().unwrap();
        let file = remote().open(NAME, true).unwrap();
        let writer = Writer::open(&remote(), file, NAME).unwrap();
        assert_eq!(writer.info().tag, tag);
    }
}

#[test]
fn a_folder_that_cannot_be_synced_is_a_finding_and_one_that_fails_an_error() {
    use io::ErrorKind::{InvalidInput, Other, PermissionDenied, Unsupported};

    let fs = SimFs::new();
    let draft = begin(fs.dir(), &CreateOptions::new()).unwrap();
    drop(draft.publish().unwrap());
    for (kind, is_finding) in [
        (PermissionDenied, true),
        (InvalidInput, true),
        (Unsupported, true),
        (Other, false),
    ] {
        let remote = Remote {
            dir: fs.dir(),
            sync_fails: Some(kind),
        };
        let opened = Writer::open(&remote, remote.open(NAME, true).unwrap(), NAME);
        match opened {
            Ok(writer) => assert!(is_finding && writer.findings() == [Finding::FolderNotSynced]),
            Err(error) => assert!(!is_finding && matches!(error, OpenError::Io(_)), "{error}"),
        }
    }
}

/// If no file was found to lock, the new one was renamed over whatever had the name by
/// then: a file still being appended to, whose commits became unreachable.
#[test]
fn a_file_that_appears_before_it_is_replaced_is_not_taken_from_its_appender() {
    let place = Place::new();
    let crowded = Crowded {
        dir: RealDir::open(place.file().parent().unwrap()).unwrap(),
        place: &place,
        appender: RefCell::new(None),
    };
    let options = small().replace(true);
    let draft = begin(&crowded, &options).unwrap();
    let error = draft.publish().unwrap_err();
    assert!(matches!(error, CreateError::Locked { .. }), "{error}");
    let mut appender = crowded.appender.take().unwrap();
    appender.append(&tokens(5)).unwrap();
    appender.commit().unwrap();
    assert_eq!(open(&place.file()).unwrap().tokens(), tokens(5));
    assert_eq!(place.names(), [NAME]);
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

/// What happens to a file's name while an appender has it.
type Accident = fn(&Place);

fn move_aside(place: &Place) {
    fs::rename(place.file(), place.named("aside")).unwrap();
}

fn put_another(place: &Place) {
    move_aside(place);
    fs::write(place.file(), "another").unwrap();
}

/// An appender kept committing to an unreachable file.
#[test]
fn what_nobody_would_find_is_not_committed() {
    let accidents: [(Accident, bool); 6] = [
        (put_another, false),
        (|place| fs::remove_file(place.file()).unwrap(), false),
        (
            |place| {
                fs::write(place.named("another"), "").unwrap();
                fs::rename(place.named("another"), place.file()).unwrap();
            },
            false,
        ),
        (
            |place| {
                move_aside(place);
                symlink(place.named("nothing"), place.file()).unwrap();
            },
            true,
        ),
        (
            |place| {
                move_aside(place);
                symlink("aside", place.file()).unwrap();
            },
            true,
        ),
        (move_aside, true),
    ];
    for opened in [false, true] {
        for (index, (accident, goes_on)) in accidents.iter().enumerate() {
            let place = Place::new();
            let mut store = create(&place.file(), &small()).unwrap();
            if opened {
                drop(store);
                symlink(NAME, place.named("link")).unwrap();
                store = open_append(&place.named("link")).unwrap();
            }
            store.append(&tokens(5)).unwrap();
            accident(&place);
            match store.commit() {
                Ok(()) => assert!(goes_on, "{index}"),
                Err(WriteError::Replaced { .. }) => assert!(!goes_on, "{index}"),
                Err(error) => panic!("{error}"),
            }
            assert_eq!(store.len(), if *goes_on { 5 } else { 0 });
        }
    }
}

#[test]
fn an_appender_goes_on_when_its_file_has_its_name_again() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    store.append(&tokens(5)).unwrap();
    put_another(&place);
    let generation = store.info().generation;
    store.commit().unwrap_err();
    assert_eq!(store.info().generation, generation);
    fs::rename(place.named("aside"), place.file()).unwrap();
    store.append(&tokens(6)[5..]).unwrap();
    store.commit().unwrap();
    assert_eq!(open(&place.file()).unwrap().tokens(), tokens(6));
}

/// 148 of them stayed after 530 kills.
/// The next creator would have removed it, whatever was in it.
#[test]
fn a_file_is_not_given_the_name_of_a_temporary_one() {
    let place = Place::new();
    file_of(&place.named("sound"), &[3]);
    let reserved = place.named(".ng-tmp-0123456789abcdef");
    let refused = |error: CreateError| {
        assert!(matches!(error, CreateError::ReservedName { .. }), "{error}");
    };
    refused(create(&reserved, &small()).unwrap_err());
    refused(FileDraft::begin(&reserved, &small()).unwrap_err());
    refused(RawDraft::begin(&reserved, true).unwrap_err());
    let repaired = repair(place.named("sound"), &reserved, &RepairOptions::new());
    match repaired.unwrap_err() {
        RepairError::Create(error) => refused(error),
        error => panic!("{error}"),
    }
    assert_eq!(place.names(), ["sound"]);
}

#[test]
fn what_a_killed_creator_left_is_removed_by_the_next_and_nothing_else() {
    let ways: [fn(&Path); 4] = [
        |path| drop(create(path, &small()).unwrap()),
        |path| drop(FileDraft::begin(path, &small()).unwrap()),
        |path| RawDraft::begin(path, false).unwrap().publish().unwrap(),
        |path| {
            let options = RepairOptions::new();
            repair(path.with_file_name("sound"), path, &options).unwrap();
        },
    ];
    for create_another in ways {
        let place = Place::new();
        file_of(&place.named("sound"), &[3]);
        let locked = FileDraft::begin(place.named("locked.ngt"), &small()).unwrap();
        let locked_name = place.names().swap_remove(0);
        for left in [".ng-tmp-0000000000000000", ".ng-tmp-0123456789abcdef"] {
            fs::write(place.named(left), "left").unwrap();
        }
        let others = [
            ".ng-tmp-0123456789abcde",
            ".ng-tmp-0123456789abcdef0",
            ".ng-tmp-0123456789ABCDEF",
            ".ng-tmp-0123456789abcdeg",
            "ng-tmp-0123456789abcdef",
        ];
        for other in others {
            fs::write(place.named(other), "other").unwrap();
        }
        let (folder, link) = (".ng-tmp-aaaaaaaaaaaaaaaa", ".ng-tmp-bbbbbbbbbbbbbbbb");
        fs::create_dir(place.named(folder)).unwrap();
        symlink("sound", place.named(link)).unwrap();
        create_another(&place.file());
        let mut expected = vec!["sound".to_owned(), locked_name, folder.into(), link.into()];
        expected.extend(others.map(str::to_owned));
        expected.sort();
        let mut names = place.names();
        names.retain(|name| name != NAME);
        assert_eq!(names, expected);
        locked.publish().unwrap();
        open(&place.named("locked.ngt")).unwrap();
    }
}

/// A process removing leftovers may hold the file for a moment before its creator does.
#[test]
fn a_creator_whose_file_was_taken_for_one_that_was_left_makes_another() {
    let fs = SimFs::new();
    let thief = Thief {
        dir: fs.dir(),
        stolen: Cell::new(0),
        most: 3,
    };
    let draft = begin(&thief, &CreateOptions::new()).unwrap();
    assert_eq!(thief.stolen.get(), 3);
    draft.publish().unwrap();
    assert_eq!(fs.names(), [NAME]);
    let fs = SimFs::new();
    let thief = Thief {
        dir: fs.dir(),
        stolen: Cell::new(0),
        most: u32::MAX,
    };
    let begun = begin(&thief, &CreateOptions::new());
    let error = begun.map(drop).unwrap_err();
    assert!(matches!(error, CreateError::Io(_)), "{error}");
    assert!(fs.names().is_empty());
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
