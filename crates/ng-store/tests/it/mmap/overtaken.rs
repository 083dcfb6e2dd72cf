//! A file that another process changes while a writer holds it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ng_store::disk::sim::{SimDir, SimFile, SimFs};
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{BlockReader, FileWriter, TokenSink, WriteError};
use ng_token::Token;

use super::fixture::{Place, create, file_of, flip, open, set_len, small, tokens};

const NAME: &str = "a.ngt";

/// Changes the file behind a writer's back, and expects its commit to be refused and not
/// shown.
fn check(harm: impl Fn(&Path), expected: impl Fn(&WriteError) -> bool) {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let mut writer = FileWriter::open_append(&path).unwrap();
    writer.append(&tokens(50_000)).unwrap();
    harm(&path);
    let error = writer.commit().unwrap_err();
    assert!(expected(&error), "{error}");
    assert!(error.to_string().starts_with(&*path.to_string_lossy()));
    let again = writer.commit().unwrap_err();
    assert!(matches!(again, WriteError::Poisoned { .. }), "{again}");
}

/// Two writers after a lost lock: the second commit replaced the first, and both had been
/// acknowledged.
#[test]
fn a_commit_over_another_writers_is_refused() {
    for slot in [0x1000, 0x1800, 0x3000, 0x3800] {
        check(
            |path| flip(path, slot * 8 + 80),
            |error| matches!(error, WriteError::Overtaken { generation: 2, .. }),
        );
    }
}

#[test]
fn a_commit_onto_a_file_that_was_cut_is_refused() {
    for cut in [0, 0x10000, (2 << 20) + 64, (2 << 20) + 100 * 64] {
        check(
            |path| set_len(path, cut),
            |error| matches!(error, WriteError::Truncated { have, .. } if *have == cut),
        );
    }
}

/// An append extended the file again, with a hole in place of committed tokens, and the
/// next commit was acknowledged.
#[test]
fn an_append_to_a_file_that_was_cut_is_refused() {
    type Append = fn(&mut FileWriter) -> Result<(), WriteError>;
    const CUT: u64 = 0x10000;
    // With space, nothing is left for the commit to write.
    const ROOM: u64 = 65_536;
    let one: Append = |writer| writer.append(&tokens(1));
    let many: Append = |writer| writer.append(&tokens(ROOM as usize));
    let pieces: Append =
        |writer| (0..64).try_for_each(|_| writer.append_with(1_024, |_| Token::ZERO));
    let reserved: Append = |writer| {
        writer
            .reserve_exact(1)
            .and_then(|()| writer.append(&tokens(1)))
    };
    for (name, room, append) in [
        ("one", 0, one),
        ("many", 0, many),
        ("many with room", ROOM, many),
        ("pieces with room", ROOM, pieces),
        ("one reserved", 0, reserved),
    ] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[4096]);
        let mut writer = FileWriter::open_append(&path).unwrap();
        writer.reserve_exact(room).unwrap();
        set_len(&path, CUT);
        let appended = append(&mut writer).and_then(|()| writer.commit());
        let is_cut = matches!(appended, Err(WriteError::Truncated { have: CUT, .. }));
        assert!(is_cut, "{name}: {appended:?}");
        assert!(matches!(writer.commit(), Err(WriteError::Poisoned { .. })));
    }
}

#[test]
fn a_writer_is_not_overtaken_by_itself() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    for count in 1..10 {
        store.append(&tokens(count * 30)).unwrap();
        store.commit().unwrap();
    }
    assert_eq!(open(&place.file()).unwrap().info().generation, 9);
}

/// A mapped store checks before it maps new tokens, and stops writing, too.
#[test]
fn a_mapped_store_refuses_to_commit_onto_a_file_that_was_cut() {
    let place = Place::new();
    let path = place.file();
    let mut store = create(&path, &small().reserve(300_000)).unwrap();
    store.append(&tokens(100)).unwrap();
    store.commit().unwrap();
    store.append(&tokens(500)).unwrap();
    set_len(&path, (2 << 20) + 64);
    let error = store.commit().unwrap_err();
    assert!(matches!(error, WriteError::Truncated { .. }), "{error}");
    let again = store.append(&tokens(200_000)).unwrap_err();
    assert!(matches!(again, WriteError::Poisoned { .. }), "{again}");
}

/// A disk on which another writer commits while this one syncs.
struct Meddled {
    file: SimFile,
    fs: SimFs,
    armed: Arc<AtomicBool>,
}

impl Meddled {
    fn meddle(&self) {
        self.fs.forget_locks();
        let dir = self.fs.dir();
        let file = dir.open(NAME, true).unwrap();
        let mut other = Writer::open(&dir, file, NAME).unwrap();
        other.append(&tokens(5)).unwrap();
        other.commit(Stamp::default()).unwrap();
    }
}

impl Disk for Meddled {
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
        if self.armed.swap(false, Ordering::Relaxed) {
            self.meddle();
        }
        self.file.sync()
    }
}

/// The folder of such a disk, of which only the sync is used.
struct MeddledDir(SimDir);

impl Dir for MeddledDir {
    type File = Meddled;

    fn create_exclusive(&self, _: &str) -> io::Result<Meddled> {
        unreachable!("nothing is created")
    }

    fn open(&self, _: &str, _: bool) -> io::Result<Meddled> {
        unreachable!("it is open")
    }

    fn rename_noreplace(&self, _: &str, _: &str) -> io::Result<()> {
        unreachable!("nothing is renamed")
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        unreachable!("nothing is renamed")
    }

    fn unlink(&self, _: &str) -> io::Result<()> {
        unreachable!("nothing is removed")
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

/// The content sync may take seconds. Both commits were acknowledged, but the first was
/// lost.
#[test]
fn a_writer_that_commits_during_the_sync_of_another_is_not_written_over() {
    let fs = SimFs::new();
    let identity = Identity {
        file_id: [7; 16],
        created_ns: 1,
    };
    let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), &small(), identity);
    drop(draft.unwrap().publish().unwrap());
    let armed = Arc::new(AtomicBool::new(false));
    let disk = Meddled {
        file: fs.dir().open(NAME, true).unwrap(),
        fs: fs.clone(),
        armed: Arc::clone(&armed),
    };
    let mut writer = Writer::open(&MeddledDir(fs.dir()), disk, NAME).unwrap();
    writer.append(&tokens(7)).unwrap();
    armed.store(true, Ordering::Relaxed);
    let error = writer.commit(Stamp::default()).unwrap_err();
    assert!(matches!(error, WriteError::Overtaken { .. }), "{error}");
    drop(writer);
    let reader = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), NAME).unwrap();
    assert_eq!(reader.len(), 5);
}
