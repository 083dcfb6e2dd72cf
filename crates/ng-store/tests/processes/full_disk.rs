//! A full disk, in memory and in a file.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use ng_store::{CachePolicy, CreateError, MmapStore, Snapshot, TokenSink, TokenStore, WriteError};

use crate::actor::{Actor, command, numbers, say};
use crate::amount;
use crate::fixture::{create, open, open_append, small, token, tokens, verify};
use crate::folders::{named, names, on_disk, word};

/// The size of the disks.
const DISK_BYTES: u64 = 32 << 20;

/// A file that occupies the disk until space is needed.
const BALLAST_BYTES: usize = 4 << 20;

/// How many tokens are appended at once.
const BATCH: usize = 3_000;

/// Enough tokens for an uncached write.
const LATE_BATCH: usize = 40_000;

pub(crate) fn tmpfs() {
    let mount = format!("mount -t tmpfs -o size={DISK_BYTES} none \"$0\"");
    check("full disks: tmpfs", &mount, "fill");
}

pub(crate) fn ext4() {
    let mkfs = ["mkfs.ext4", "-q", "-F", "-m", "0"];
    check_image("full disks: ext4", DISK_BYTES, &mkfs, "fill");
}

/// A file system that copies on write.
pub(crate) fn btrfs() {
    let mkfs = ["mkfs.btrfs", "-q", "-f", "--mixed"];
    check_image("full disks: btrfs", 2 * DISK_BYTES, &mkfs, "fill-late");
}

/// Fills a disk in a file.
fn check_image(name: &str, size: u64, mkfs: &[&str], role: &str) {
    let folder = on_disk();
    let image = named(&folder, "image");
    File::create(&image).unwrap().set_len(size).unwrap();
    let made = Command::new(mkfs[0]).args(&mkfs[1..]).arg(&image).output();
    match made {
        Ok(output) if output.status.success() => {}
        Ok(output) => return amount::skipped(name, &format!("{}: {}", mkfs[0], output.status)),
        Err(error) => return amount::skipped(name, &format!("{}: {error}", mkfs[0])),
    }
    let mount = format!("mount -o loop '{}' \"$0\"", image.display());
    check(name, &mount, role);
    let loops = Command::new("losetup").args(["-j", word(&image)]).output();
    assert!(
        loops.unwrap().stdout.is_empty(),
        "the loop device is not free"
    );
}

/// Fills a disk that the shell mounts on `$0`.
///
/// It is mounted in a private namespace, which unmounts it when its last process ends, for
/// whatever reason.
fn check(name: &str, mount: &str, role: &str) {
    if let Err(why) = may_mount() {
        return amount::skipped(name, &why);
    }
    let folder = on_disk();
    // 32 is a failed mount, and not a status of the actor.
    let script = format!("{mount} || exit 32; \"$@\"; status=$?; umount \"$0\"; exit $status");
    let fill = command(role, &[word(folder.path())]);
    let mut shell = Command::new("unshare");
    shell
        .args(["--mount", "sh", "-c", &script, word(folder.path())])
        .arg(fill.get_program())
        .args(fill.get_args());
    let mut actor = Actor::of(shell);
    let line = actor.line();
    let status = actor.end();
    if status.code() == Some(32) {
        return amount::skipped(name, "it cannot be mounted");
    }
    // No signal among the statuses: a shell makes 128 and more of one.
    assert!(status.success(), "it said {line:?}");
    let [times] = numbers(&line.unwrap());
    amount::count(name, times);
    assert_eq!(names(folder.path()), [""; 0], "still mounted");
}

/// Tells whether this user may mount, or why not.
pub(crate) fn may_mount() -> Result<(), String> {
    let user = fs::metadata("/proc/self").map_err(|error| error.to_string())?;
    if user.uid() != 0 {
        return Err("only root mounts".to_owned());
    }
    let tried = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "none", "/tmp"])
        .output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("unshare: {error}")),
    }
}

/// The actor: fills the disk, finds room, and fills it again.
pub(crate) fn fill(folder: &Path) {
    let ballast = folder.join("ballast");
    write_ballast(&ballast, BALLAST_BYTES);
    let path = folder.join("a.ngt");
    let mut filling = Filling {
        store: create(&path, &small().cache(CachePolicy::Bypass)).unwrap(),
        reader: open(&path).unwrap(),
        snapshots: Vec::new(),
        path: &path,
    };
    filling.append_until_full();
    filling.refuse_new_files(folder);
    fs::remove_file(&ballast).unwrap();
    let before = filling.store.len();
    filling.append_until_full();
    assert!(filling.store.len() > before, "no room was found");
    drop(filling);
    fill_a_reservation(folder, &path);
    say("3");
}

struct Filling<'a> {
    path: &'a Path,
    store: MmapStore,
    reader: MmapStore,
    snapshots: Vec<Snapshot>,
}

impl Filling<'_> {
    /// Appends and commits until the disk is full, which must be an error that names the
    /// file and the bytes and changes nothing.
    fn append_until_full(&mut self) {
        let (blocks, error) = loop {
            self.snapshots.push(self.store.snapshot());
            let blocks = blocks_of(self.path);
            let start = self.store.len();
            let batch = |index| token(start + index);
            match self.store.append_with(BATCH, batch) {
                Ok(()) => self.store.commit().unwrap(),
                Err(error) => break (blocks, error),
            }
        };
        assert_no_space(&error, self.path);
        // The table keeps what it got for its entries.
        let more = blocks_of(self.path).saturating_sub(blocks);
        assert!(more <= 8, "{more} blocks were kept");
        let again = self.store.append_with(BATCH, |_| unreachable!("no room"));
        assert_no_space(&again.unwrap_err(), self.path);
        self.check();
    }

    /// Every reader sees what was committed, before and after.
    fn check(&mut self) {
        let expected = tokens(self.store.len());
        assert!(self.store.tokens() == expected);
        self.reader.refresh().unwrap();
        assert!(self.reader.tokens() == expected);
        for snapshot in &self.snapshots {
            assert!(snapshot.tokens() == &expected[..snapshot.len()]);
        }
        assert!(verify(self.path).unwrap().is_clean());
    }

    /// A file that does not fit is not created, and leaves nothing behind.
    fn refuse_new_files(&self, folder: &Path) {
        let path = folder.join("b.ngt");
        let error = create(&path, &small().reserve(1 << 20)).unwrap_err();
        match error {
            CreateError::Write(error) => assert_no_space(&error, &path),
            error => panic!("{error}"),
        }
        let names = names(folder);
        assert!(
            names
                .iter()
                .all(|name| !name.contains("ng-tmp") && name != "b.ngt")
        );
    }
}

/// How many blocks of 512 bytes a file has.
fn blocks_of(path: &Path) -> u64 {
    fs::metadata(path).unwrap().blocks()
}

/// The actor on a disk that may revoke an allocation: if blocks are shared with a copy of
/// the file, a write needs new ones.
pub(crate) fn fill_late(folder: &Path) {
    let (path, ballast) = (folder.join("a.ngt"), folder.join("ballast"));
    let mut store = create(&path, &small().cache(CachePolicy::Bypass)).unwrap();
    store.append(&tokens(1_000)).unwrap();
    store.commit().unwrap();
    store.reserve_exact(LATE_BATCH as u64).unwrap();
    let copied = Command::new("cp")
        .args(["--reflink=always", word(&path), word(&folder.join("copy"))])
        .status();
    assert!(copied.unwrap().success(), "blocks cannot be shared");
    write_ballast(&ballast, usize::MAX);
    let batch = &tokens(1_000 + LATE_BATCH)[1_000..];
    let error = store.append(batch).and_then(|()| store.commit());
    let error = error.unwrap_err();
    assert!(
        matches!(error, WriteError::NoSpaceAfterAll { .. }),
        "{error}"
    );
    let told = error.to_string();
    assert!(
        told.contains(word(&path)) && told.contains("the last commit stands"),
        "{told}"
    );
    let refused = store.commit().unwrap_err();
    assert!(matches!(refused, WriteError::Poisoned { .. }), "{refused}");
    assert!(store.tokens() == tokens(1_000));
    assert!(open(&path).unwrap().tokens() == tokens(1_000));
    assert!(verify(&path).unwrap().is_clean());
    drop(store);
    fs::remove_file(&ballast).unwrap();
    let mut store = open_append(&path).unwrap();
    store.append(batch).unwrap();
    store.commit().unwrap();
    assert!(store.tokens() == tokens(1_000 + LATE_BATCH));
    assert!(verify(&path).unwrap().is_clean());
    say("1");
}

/// Reserved space stays, however full the disk becomes.
fn fill_a_reservation(folder: &Path, path: &Path) {
    fs::remove_file(path).unwrap();
    let mut store = create(path, &small().reserve(50_000)).unwrap();
    write_ballast(&folder.join("ballast"), usize::MAX);
    for start in [0, 25_000] {
        let append = store.append_with(25_000, |index| token(start + index));
        append.unwrap();
        store.commit().unwrap();
    }
    let error = store.append_with(1 << 19, |_| unreachable!("no room"));
    assert_no_space(&error.unwrap_err(), path);
    assert!(store.tokens() == tokens(50_000));
    assert!(verify(path).unwrap().is_clean());
}

fn assert_no_space(error: &WriteError, path: &Path) {
    let WriteError::NoSpace { size_bytes, .. } = error else {
        panic!("{error}");
    };
    let told = error.to_string();
    let bytes = format!("{size_bytes} bytes");
    assert!(told.contains(word(path)) && told.contains(&bytes), "{told}");
}

/// Writes this many bytes, or as many as fit.
fn write_ballast(path: &Path, bytes: usize) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    let mut left = bytes;
    for size in [1 << 16, 512] {
        let buffer = vec![1; size];
        while left >= size {
            match file.write(&buffer) {
                Ok(written) => left -= written,
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    // Delayed allocations must not be lost later.
    file.sync_all().unwrap();
}
