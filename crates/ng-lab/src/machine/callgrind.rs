//! Callgrind, valgrind's tool that counts instructions: finds it, runs programs under it,
//! and reads its dumps.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::machine::valgrind::HAS_MARKS;

/// Bytes that are read at the beginning and end of a dump. Between them is a line for each
/// line of code that ran.
const HEAD_BYTES: u64 = 64 << 10;
const TAIL_BYTES: u64 = 4 << 10;
/// More phases than any scenario has.
const MOST_DUMPS: u32 = 1000;
const VERSION_BYTES: u64 = 256;
const NAMED: &str = "desc: Trigger: Client Request: ";
const EVENTS: &str = "events: Ir";
const TOTALS: &str = "totals: ";

/// Valgrind on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callgrind {
    program: PathBuf,
    version: String,
}

/// Why instructions cannot be counted here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallgrindError {
    /// Workers cannot mark phases on this target.
    #[error("phases can be marked only on Linux, on x86-64 and aarch64")]
    Target,
    /// There is no such program.
    #[error(
        "there is no valgrind on the path: install your system's package, for example with \
         `apt install valgrind` or `dnf install valgrind`"
    )]
    Missing,
    /// The program does not run.
    #[error("cannot run {}", program.display())]
    Run {
        /// Its path.
        program: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// The program prints no version of valgrind.
    #[error(
        "{} --version printed {said:?}, expected a version such as valgrind-3.19.0",
        program.display()
    )]
    Version {
        /// Its path.
        program: PathBuf,
        /// The line that it printed.
        said: String,
    },
}

/// Why a dump has no count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DumpError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The dump.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// It lacks a line.
    #[error("{} has no line {expected:?}", path.display())]
    Line {
        /// The dump.
        path: PathBuf,
        /// The beginning of the line.
        expected: &'static str,
    },
    /// Its total is not a number.
    #[error("{} has the total {found:?}, expected a number", path.display())]
    Total {
        /// The dump.
        path: PathBuf,
        /// The text in its place.
        found: String,
    },
}

/// A count between two marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The name given by the mark at the end.
    pub(crate) name: String,
    /// The instructions of all threads.
    pub(crate) instructions: u64,
}

impl Callgrind {
    /// Looks for valgrind on the path.
    ///
    /// # Errors
    /// [`CallgrindError`], if it is not there, does not run, or phases cannot be marked on
    /// this target.
    pub fn find() -> Result<Self, CallgrindError> {
        if !HAS_MARKS {
            return Err(CallgrindError::Target);
        }
        let path = env::var_os("PATH").unwrap_or_default();
        Self::find_in(&path)
    }

    fn find_in(path: &OsStr) -> Result<Self, CallgrindError> {
        let program = on_path(path, "valgrind").ok_or(CallgrindError::Missing)?;
        let version = match said_version(&program) {
            Ok(version) => version,
            Err(source) => return Err(CallgrindError::Run { program, source }),
        };
        if !version.starts_with("valgrind-") {
            let said = version;
            return Err(CallgrindError::Version { program, said });
        }
        Ok(Self { program, version })
    }

    /// Returns its name and version, such as `valgrind-3.19.0`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the command that runs `program` and writes the counts between its marks to
    /// `dumps`, with a number appended for each.
    pub(crate) fn command(&self, program: &Path, dumps: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["--tool=callgrind", "--quiet"])
            // The program runs faster until its first mark.
            .arg("--instr-atstart=no")
            .arg("--combine-dumps=no")
            // vgdb would leave pipes in the system's temporary folder.
            .arg("--vgdb=no")
            .arg(out_file(dumps))
            .arg(program);
        command
    }
}

/// Returns the option that writes dumps to `dumps`; valgrind expands `%`.
fn out_file(dumps: &Path) -> OsString {
    let mut option = b"--callgrind-out-file=".to_vec();
    for byte in dumps.as_os_str().as_bytes() {
        option.push(*byte);
        if *byte == b'%' {
            option.push(b'%');
        }
    }
    OsString::from_vec(option)
}

/// Returns the first program of that name in the folders of `path`.
fn on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    let mut places = env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name));
    places.find(|place| {
        let found = fs::metadata(place);
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// Returns the first line that the program prints for `--version`.
fn said_version(program: &Path) -> io::Result<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(VERSION_BYTES).read_to_end(&mut said)?;
    }
    child.wait()?;
    let said = String::from_utf8_lossy(&said);
    Ok(said.lines().next().unwrap_or_default().trim().to_owned())
}

/// Reads the dumps of all marked phases, in order.
///
/// # Errors
/// A dump cannot be read or parsed.
pub(crate) fn read_dumps(dumps: &Path) -> Result<Vec<Counted>, DumpError> {
    let mut all = Vec::new();
    for number in 1..=MOST_DUMPS {
        let path = numbered(dumps, number);
        match File::open(&path) {
            Ok(file) => all.push(read_dump(file, &path)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(source) => return Err(DumpError::Read { path, source }),
        }
    }
    Ok(all)
}

/// Removes all dumps, including the one from the end of the process.
pub(crate) fn remove_dumps(dumps: &Path) {
    // Anything left is removed with the run's folder.
    let _ = fs::remove_file(dumps);
    for number in 1..=MOST_DUMPS {
        if fs::remove_file(numbered(dumps, number)).is_err() {
            return;
        }
    }
}

fn numbered(dumps: &Path, number: u32) -> PathBuf {
    let mut name = dumps.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn read_dump(mut file: File, path: &Path) -> Result<Counted, DumpError> {
    let ends = ends(&mut file);
    let (head, tail) = ends.map_err(|source| DumpError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(&head, &tail, path)
}

/// Reads the beginning and end of a file, which overlap if it is short.
fn ends(file: &mut File) -> io::Result<(String, String)> {
    let size_bytes = file.metadata()?.len();
    let mut piece = |start: u64, bytes| {
        let mut found = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(bytes).read_to_end(&mut found)?;
        io::Result::Ok(String::from_utf8_lossy(&found).into_owned())
    };
    let head = piece(0, HEAD_BYTES)?;
    let tail = piece(size_bytes.saturating_sub(TAIL_BYTES), TAIL_BYTES)?;
    Ok((head, tail))
}

/// Parses a dump: the name is the first of its kind and the total the very last line, since
/// the lines between contain names of the program's choosing.
fn parse(head: &str, tail: &str, path: &Path) -> Result<Counted, DumpError> {
    let lacks = |expected| DumpError::Line {
        path: path.to_owned(),
        expected,
    };
    let name = head.lines().find_map(|line| line.strip_prefix(NAMED));
    let name = name.ok_or_else(|| lacks(NAMED))?.to_owned();
    if !head.lines().any(|line| line.trim_end() == EVENTS) {
        return Err(lacks(EVENTS));
    }
    let last = tail.trim_end().lines().next_back().unwrap_or_default();
    let total = last.strip_prefix(TOTALS).ok_or_else(|| lacks(TOTALS))?;
    match total.trim().parse() {
        Ok(instructions) => Ok(Counted { name, instructions }),
        Err(_) => Err(DumpError::Total {
            path: path.to_owned(),
            found: total.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# callgrind format\nversion: 1\ncmd:  ./worker\npart: 1\n\n\
        desc: Trigger: Client Request: fill\n\nevents: Ir\nsummary: 41\n";

    fn parsed(head: &str, tail: &str) -> Result<Counted, String> {
        parse(head, tail, Path::new("dump.1")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_dump_gives_the_name_of_its_mark_and_the_total_of_its_last_line() {
        let counted = parsed(HEAD, "fn=(1)\n16 1\n\ntotals: 42\n").unwrap();
        assert_eq!((counted.name.as_str(), counted.instructions), ("fill", 42));
        // The program chooses the names of functions and phases.
        let odd = HEAD.replace(
            "fill",
            "fill\nsummary: 7\ntotals: 8\ndesc: Trigger: Client Request: x",
        );
        assert_eq!(
            parsed(&odd, "totals: 9\n16 1\ntotals: 42").unwrap(),
            counted
        );
    }

    #[test]
    fn a_broken_dump_is_an_error_that_names_the_line() {
        let tail = "totals: 42\n";
        let without = |line: &str| HEAD.replace(line, "");
        for (head, tail, expected) in [
            ("", "", "no line \"desc: Trigger: Client Request: \""),
            (
                &without("desc: Trigger: Client Request: fill"),
                tail,
                "no line \"desc: Trigger",
            ),
            (&without("events: Ir"), tail, "no line \"events: Ir\""),
            (
                &HEAD.replace("events: Ir", "events: Ir Dr"),
                tail,
                "no line \"events: Ir\"",
            ),
            (HEAD, "totals: 42\n16 1\n", "no line \"totals: \""),
            (HEAD, "", "no line \"totals: \""),
            (HEAD, "totals: ", "no line \"totals: \""),
            (HEAD, "totals: -1", "the total \"-1\", expected a number"),
            (HEAD, "totals: 4 2", "the total \"4 2\", expected a number"),
            (HEAD, "totals: 18446744073709551616", "expected a number"),
            (HEAD, "totals: \u{fffd}", "expected a number"),
        ] {
            let error = parsed(head, tail).unwrap_err();
            assert!(
                error.starts_with("dump.1 has ") && error.contains(expected),
                "{error}"
            );
        }
    }

    #[test]
    fn dumps_are_read_in_order_up_to_the_first_gap() {
        let folder = tempfile::tempdir().unwrap();
        let dumps = folder.path().join("callgrind");
        assert_eq!(read_dumps(&dumps).unwrap(), []);
        let body = "16 1\n".repeat(50_000);
        for (number, total) in [(1, 11), (2, 22), (4, 44)] {
            let text = format!("{HEAD}{body}\ntotals: {total}\n");
            fs::write(numbered(&dumps, number), text).unwrap();
        }
        let counts = read_dumps(&dumps).unwrap();
        let counts: Vec<u64> = counts.iter().map(|found| found.instructions).collect();
        assert_eq!(counts, [11, 22]);
        // A dump cut off, as on a full disk, and one that is not text.
        fs::write(numbered(&dumps, 2), format!("{HEAD}{body}")).unwrap();
        assert!(read_dumps(&dumps).is_err());
        fs::write(numbered(&dumps, 2), [0xff; 100]).unwrap();
        assert!(read_dumps(&dumps).is_err());
        fs::remove_file(numbered(&dumps, 2)).unwrap();
        fs::create_dir(numbered(&dumps, 2)).unwrap();
        assert!(matches!(read_dumps(&dumps), Err(DumpError::Read { .. })));
    }

    #[test]
    fn dumps_of_an_earlier_worker_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let dumps = folder.path().join("callgrind");
        for path in [dumps.clone(), numbered(&dumps, 1), numbered(&dumps, 2)] {
            fs::write(path, HEAD).unwrap();
        }
        remove_dumps(&dumps);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// Creates a folder with a program `valgrind`.
    fn with_valgrind(script: &str, mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("valgrind");
        let source = folder.path().join("script");
        fs::write(&source, script).unwrap();
        // Another process writes it: one that a test forks meanwhile would have it open, and it
        // could not be run ("text file busy").
        let mut install = Command::new("install");
        let done = install
            .arg("-m")
            .arg(format!("{mode:o}"))
            .args([&source, &program])
            .status();
        assert!(done.unwrap().success());
        folder
    }

    #[test]
    fn valgrind_is_the_first_program_of_that_name_on_the_path() {
        let no_program = with_valgrind("#!/bin/sh\necho valgrind-0", 0o644);
        let right = with_valgrind("#!/bin/sh\necho valgrind-3.19.0; echo more", 0o755);
        let later = with_valgrind("#!/bin/sh\necho valgrind-1", 0o755);
        let folders = [no_program.path(), right.path(), later.path()];
        let path = env::join_paths(folders).unwrap();
        let found = Callgrind::find_in(&path).unwrap();
        assert_eq!(found.version(), "valgrind-3.19.0");
        assert_eq!(found.program, right.path().join("valgrind"));
    }

    #[test]
    fn a_missing_or_wrong_valgrind_is_an_error_that_helps() {
        for path in ["", "relative", "/nowhere/at/all"] {
            let error = Callgrind::find_in(OsStr::new(path)).unwrap_err();
            assert!(
                error.to_string().contains("apt install valgrind"),
                "{error}"
            );
        }
        let other = with_valgrind("#!/bin/sh\necho something else", 0o755);
        let error = Callgrind::find_in(other.path().as_os_str()).unwrap_err();
        assert!(
            error.to_string().contains("printed \"something else\""),
            "{error}"
        );
        let broken = with_valgrind("#!/nowhere/at/all\n", 0o755);
        let error = Callgrind::find_in(broken.path().as_os_str()).unwrap_err();
        assert!(matches!(error, CallgrindError::Run { .. }), "{error}");
    }

    #[test]
    fn a_per_cent_sign_in_a_path_is_escaped() {
        let option = out_file(Path::new("/data/100%p/dump"));
        assert_eq!(option, "--callgrind-out-file=/data/100%%p/dump");
    }
}
