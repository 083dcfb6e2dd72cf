//! Small files to open, damage and compare.

#![expect(
    unsafe_code,
    reason = "the constructors that map; every file here is the test's own"
)]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ng_store::{
    AppendOptions, BlockReader, CreateError, CreateOptions, MapOptions, MmapStore, OpenError,
    PrivateStore, RepairError, RepairOptions, RepairReport, TokenSink, TokenStore, VerifyBlocks,
    VerifyReport, unwatched,
};
use ng_token::Token;
use tempfile::TempDir;

/// A private folder, with a path for one file in it.
pub(super) struct Place {
    folder: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.named("a.ngt")
    }

    pub(super) fn named(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names in the folder, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// For few tokens: the data begins at 2 MiB.
pub(super) fn small() -> CreateOptions {
    CreateOptions::new().max_tokens(1 << 20)
}

pub(super) fn token(index: usize) -> Token {
    Token::new(index as u32).with_timestamp(!(index as u32))
}

pub(super) fn tokens(count: usize) -> Vec<Token> {
    (0..count).map(token).collect()
}

/// A file with one commit for each count, of that many tokens in all.
pub(super) fn file_of(path: &Path, counts: &[usize]) {
    let mut store = create(path, &small()).unwrap();
    for &count in counts {
        let start = store.len();
        store
            .append_with(count - start, |index| token(start + index))
            .unwrap();
        store.commit().unwrap();
    }
}

pub(super) fn create(path: &Path, options: &CreateOptions) -> Result<MmapStore, CreateError> {
    // SAFETY: (1) Nobody but the test knows the file, and it keeps its hands off
    // while the store lives.
    unsafe { MmapStore::create(path, options) }
}

pub(super) fn open(path: &Path) -> Result<MmapStore, OpenError> {
    // SAFETY: As in `create`.
    unsafe { MmapStore::open(path) }
}

pub(super) fn reopen(store: &mut MmapStore) -> Result<(), OpenError> {
    // SAFETY: As in `create`.
    unsafe { store.reopen() }
}

pub(super) fn open_append(path: &Path) -> Result<MmapStore, OpenError> {
    // SAFETY: As in `create`.
    unsafe { MmapStore::open_append(path) }
}

pub(super) fn open_append_with(
    path: &Path,
    options: &AppendOptions,
) -> Result<MmapStore, OpenError> {
    // SAFETY: As in `create`.
    unsafe { MmapStore::open_append_with(path, options, &MapOptions::new()) }
}

pub(super) fn open_private(path: &Path) -> Result<PrivateStore, OpenError> {
    // SAFETY: As in `create`.
    unsafe { MmapStore::open_private(path) }
}

pub(super) fn verify(path: impl AsRef<Path>) -> Result<VerifyReport, OpenError> {
    Ok(BlockReader::open(path)?.verify().unwrap())
}

pub(super) fn repair(
    path: impl AsRef<Path>,
    out: impl AsRef<Path>,
    options: &RepairOptions,
) -> Result<RepairReport, RepairError> {
    ng_store::repair(path, out, options, unwatched)
}

pub(super) fn write_at(path: &Path, offset: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, offset).unwrap();
}

pub(super) fn read_at<const N: usize>(path: &Path, offset: u64) -> [u8; N] {
    let mut bytes = [0; N];
    let file = fs::File::open(path).unwrap();
    file.read_exact_at(&mut bytes, offset).unwrap();
    bytes
}

pub(super) fn flip(path: &Path, bit: u64) {
    let [byte] = read_at(path, bit / 8);
    write_at(path, bit / 8, &[byte ^ 1 << (bit % 8)]);
}

pub(super) fn set_len(path: &Path, len: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(len).unwrap();
}

/// Makes every descriptor of the file refuse to write.
#[cfg(target_os = "linux")]
pub(super) fn make_read_only(path: &Path) {
    use std::os::fd::{FromRawFd, OwnedFd};

    let path = path.canonicalize().unwrap();
    let read_only = fs::File::open(&path).unwrap();
    let mut changed = 0;
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let entry = entry.unwrap();
        let number: i32 = entry.file_name().to_str().unwrap().parse().unwrap();
        let is_it = fs::read_link(entry.path()).is_ok_and(|target| target == path);
        if !is_it || number == std::os::fd::AsRawFd::as_raw_fd(&read_only) {
            continue;
        }
        // SAFETY: `from_raw_fd` requires that the descriptor is open and owned. It is
        // open, since the file of this test is; and it is given back to its owner
        // below, open as before.
        let mut descriptor = unsafe { OwnedFd::from_raw_fd(number) };
        rustix::io::dup2(&read_only, &mut descriptor).unwrap();
        std::mem::forget(descriptor);
        changed += 1;
    }
    assert!(changed > 0);
}

/// Raises the limit on open files if possible, and tells whether this many may be open.
#[cfg(target_os = "linux")]
pub(super) fn may_open(files: usize) -> bool {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= files as u64);
    if !is_enough(limit.current) && is_enough(limit.maximum) {
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).unwrap();
    }
    is_enough(limit.current)
}
