//! Files to work on, and the program to run over them.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ng_store::{BlockReader, CreateOptions, TokenStore, VecStore};
use ng_token::Token;
use serde_json::Value;
use tempfile::TempDir;

/// The tokens of a block, and its bytes.
pub(crate) const BLOCK: usize = 4096;
pub(crate) const BLOCK_BYTES: u64 = 64 * BLOCK as u64;
/// Three blocks and a part of one.
pub(crate) const COUNT: usize = 3 * BLOCK + 100;
/// Where the block table begins.
pub(crate) const TABLE: u64 = 0x10000;

/// A temporary folder.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn named(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A token file of a number of [`token`]s.
    pub(crate) fn tokens(&self, name: &str, count: usize) -> PathBuf {
        let path = self.named(name);
        let options = CreateOptions::new().max_tokens(1 << 20).tag(5);
        let store = VecStore::from_vec(tokens(0..count));
        store.save(&path, &options).unwrap();
        path
    }

    /// A raw file of a number of [`token`]s.
    pub(crate) fn raw(&self, name: &str, count: usize) -> PathBuf {
        let path = self.named(name);
        fs::write(&path, ng_token::as_bytes(&tokens(0..count))).unwrap();
        path
    }

    /// The names in the folder, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The valid token at `index` of every file under test: no two are equal.
pub(crate) fn token(index: usize) -> Token {
    let point = [[index as i16, 1, -1]; 8];
    Token::new(index as u32)
        .with_timestamp(1_000_000 + index as u32)
        .with_coordinates(point)
}

pub(crate) fn tokens(range: std::ops::Range<usize>) -> Vec<Token> {
    range.map(token).collect()
}

/// The tokens of a file, every block verified.
pub(crate) fn load(path: &Path) -> Vec<Token> {
    VecStore::load(path).unwrap().tokens().to_vec()
}

pub(crate) fn data_offset(path: &Path) -> u64 {
    BlockReader::open(path).unwrap().info().data_offset
}

/// Changes one byte in place.
pub(crate) fn flip(path: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
}

/// Writes bytes in place.
pub(crate) fn write(path: &Path, offset: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, offset).unwrap();
}

/// Flips a byte of a block.
pub(crate) fn damage(path: &Path, block: u64) {
    flip(path, data_offset(path) + block * BLOCK_BYTES + 77);
}

/// The arguments of a sort on two threads.
pub(crate) fn sort<'a>(
    from: &'a impl AsRef<OsStr>,
    to: &'a impl AsRef<OsStr>,
    by: &'a &'a str,
    memory: &'a &'a str,
) -> Vec<&'a dyn AsRef<OsStr>> {
    vec![
        &"sort",
        from,
        to,
        &"--by",
        by,
        &"--memory",
        memory,
        &"--threads",
        &"2",
    ]
}

pub(crate) fn command(arguments: &[&dyn AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ng"));
    command.args(arguments);
    command
}

/// Runs a line of the shell, with the program as `$NG`, on its own terminal, whose output is a pipe
/// here. `None` if the program `script`, which makes one, is missing.
pub(crate) fn on_terminal(line: &str, folder: &Path) -> Option<Child> {
    let mut command = Command::new("script");
    command.args(["-qec", line, "/dev/null"]);
    command
        .env("TERM", "xterm")
        .env("NG", env!("CARGO_BIN_EXE_ng"));
    let command = command.current_dir(folder).stdin(Stdio::null());
    match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => Some(child),
        Err(error) => {
            eprintln!("skipped: there is no program `script`: {error}");
            None
        }
    }
}

/// How a run ended, and its output.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

pub(crate) fn ng(arguments: &[&dyn AsRef<OsStr>]) -> Ran {
    command(arguments).output().unwrap().into()
}

impl Ran {
    /// Checks that it succeeded, and returns its output.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.stderr, "", "{self:?}");
        self.stdout
    }

    /// Checks that it found a problem, with `--json`, and returns its output.
    #[track_caller]
    pub(crate) fn bad(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stderr, "", "{self:?}");
        self.stdout
    }

    /// Checks how it ended, and returns its standard error.
    #[track_caller]
    pub(crate) fn found(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!self.stderr.is_empty(), "{self:?}");
        self.stderr
    }

    /// Checks that it failed, with all of `parts` in its message.
    #[track_caller]
    pub(crate) fn failed(self, parts: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in {self:?}");
        }
    }
}

/// Parses the one line that a verb prints with `--json`.
#[track_caller]
pub(crate) fn json(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

/// The keys of a JSON object, in order.
#[track_caller]
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// How this process is named as the holder of a lock, if the system reports locks.
pub(crate) fn this_process() -> String {
    let table = fs::read_to_string("/proc/locks").unwrap_or_default();
    match table.contains("FLOCK") {
        true => format!(", process {}", std::process::id()),
        false => String::new(),
    }
}

/// Waits until `found` returns something.
pub(crate) fn wait_for<R>(what: &str, mut found: impl FnMut() -> Option<R>) -> R {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "no {what}");
        thread::yield_now();
    }
}

pub(crate) fn signal(process: u32, name: &str) {
    let name = format!("-{name}");
    let status = Command::new("kill")
        .args([&name, &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// How often in a row a process must be seen waiting.
const TIMES: usize = 1_000;

/// Waits until all threads of a process wait for something.
pub(crate) fn wait_until_it_waits(process: u32) {
    let mut times = 0;
    wait_for("rest", || {
        times = if waits(process) { times + 1 } else { 0 };
        (times == TIMES).then_some(())
    });
}

fn waits(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        let state = stat.rsplit(") ").next().unwrap_or_default();
        state.starts_with('S')
    })
}

/// The most memory that a process had, in bytes.
pub(crate) fn peak_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.unwrap().split_ascii_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() << 10
}
