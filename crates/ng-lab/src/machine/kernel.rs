//! The kernel's figures about this process and the machine, from `/proc`.
//!
//! Every memory figure in a report comes from here, none from `size_of * count`. On
//! systems without `/proc` each reading is an error that names the file; the report
//! then has no memory figures and says so.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Memory of this process, from `/proc/self/smaps_rollup`, in bytes.
///
/// Exact: the kernel walks the page tables, so a reading costs about 20 ns per
/// resident 4 KiB page. Only taken outside timed code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resident {
    /// All resident bytes (`Rss`).
    pub total_bytes: u64,
    /// Anonymous bytes (`Anonymous`).
    pub anonymous_bytes: u64,
    /// Bytes on transparent huge pages (`AnonHugePages`).
    pub huge_bytes: u64,
    /// Bytes swapped out (`Swap`).
    pub swapped_bytes: u64,
}

impl Resident {
    /// Reads this process's resident memory.
    ///
    /// # Errors
    /// The file cannot be read or parsed.
    pub fn read() -> io::Result<Self> {
        Self::parse(&read("/proc/self/smaps_rollup")?)
    }

    fn parse(text: &str) -> io::Result<Self> {
        Ok(Self {
            total_bytes: kib_field(text, "Rss:")?,
            anonymous_bytes: kib_field(text, "Anonymous:")?,
            huge_bytes: kib_field(text, "AnonHugePages:")?,
            swapped_bytes: kib_field(text, "Swap:")?,
        })
    }

    /// Resident bytes that are backed by files.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(self.anonymous_bytes)
    }
}

/// Resets this process's peak (`VmHWM`) to its current resident size.
///
/// # Errors
/// `/proc/self/clear_refs` cannot be written.
pub fn reset_peak() -> io::Result<()> {
    fs::write("/proc/self/clear_refs", "5").map_err(named("/proc/self/clear_refs"))
}

/// The peak resident size of this process in bytes since [`reset_peak`].
///
/// Not `ru_maxrss`, which is inherited across `fork`: a worker would report its
/// parent's peak as its own.
///
/// # Errors
/// `/proc/self/status` cannot be read.
pub fn peak_bytes() -> io::Result<u64> {
    kib_field(&read("/proc/self/status")?, "VmHWM:")
}

/// The private memory of this process in bytes, without its files (`RssAnon`).
///
/// Accurate to about a quarter of a mebibyte, since the kernel counts in batches per
/// processor. Needs no walk over the page tables.
///
/// # Errors
/// `/proc/self/status` cannot be read.
pub fn private_bytes() -> io::Result<u64> {
    kib_field(&read("/proc/self/status")?, "RssAnon:")
}

/// How many files this process has open, folders and pipes included.
///
/// # Errors
/// `/proc/self/fd` cannot be listed.
pub fn open_files() -> io::Result<u64> {
    let path = Path::new("/proc/self/fd");
    let listed = fs::read_dir(path).map_err(named(path))?;
    // The listing is one of them.
    Ok((listed.count() as u64).saturating_sub(1))
}

/// The resident memory of this process in bytes, files included; as coarse and cheap
/// as [`private_bytes`].
///
/// # Errors
/// `/proc/self/status` cannot be read.
pub fn resident_bytes() -> io::Result<u64> {
    kib_field(&read("/proc/self/status")?, "VmRSS:")
}

/// Bytes fetched from storage for this process since it started (`read_bytes`):
/// read-ahead counts, cache hits do not.
///
/// # Errors
/// `/proc/self/io` cannot be read or parsed.
pub fn storage_read_bytes() -> io::Result<u64> {
    parse_read_bytes(&read("/proc/self/io")?)
}

fn parse_read_bytes(text: &str) -> io::Result<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix("read_bytes:"))
        .and_then(|bytes| bytes.trim().parse().ok())
        .ok_or_else(|| malformed("/proc/self/io", "read_bytes"))
}

/// Page faults of this process since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Faults that needed no input.
    pub minor: u64,
    /// Faults that waited for a device.
    pub major: u64,
}

impl Faults {
    /// Reads the counters of this process, exited threads included.
    ///
    /// # Errors
    /// `/proc/self/stat` cannot be read or parsed.
    pub fn read() -> io::Result<Self> {
        Self::parse(&read("/proc/self/stat")?)
    }

    fn parse(text: &str) -> io::Result<Self> {
        Ok(Self {
            minor: stat_field(text, 10)?,
            major: stat_field(text, 12)?,
        })
    }

    /// The faults since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            minor: self.minor.saturating_sub(earlier.minor),
            major: self.major.saturating_sub(earlier.major),
        }
    }
}

/// Processor time since boot in the kernel's ticks (usually 10 ms): the machine's, and
/// the part used by this process and its ended children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuTicks {
    /// All ticks of all processors, idle ones included.
    pub total: u64,
    /// Ticks in which a processor worked for some process or for the kernel.
    pub busy: u64,
    /// Ticks in which the hypervisor ran another guest.
    pub steal: u64,
    /// Ticks of this process and of the children it waited for.
    pub ours: u64,
}

impl CpuTicks {
    /// Reads the counters.
    ///
    /// # Errors
    /// `/proc` cannot be read or parsed.
    pub fn read() -> io::Result<Self> {
        let machine = read("/proc/stat")?;
        Self::parse(&machine, &read("/proc/self/stat")?)
    }

    fn parse(machine: &str, own: &str) -> io::Result<Self> {
        let line = machine
            .lines()
            .find(|line| line.starts_with("cpu "))
            .ok_or_else(|| malformed("/proc/stat", "cpu"))?;
        let ticks: Vec<u64> = line
            .split_ascii_whitespace()
            .skip(1)
            .map_while(|word| word.parse().ok())
            .collect();
        // The guest time after these is already part of user time.
        let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = ticks[..] else {
            return Err(malformed("/proc/stat", "cpu"));
        };
        let busy = user + nice + system + irq + softirq;
        let mut ours = 0;
        for field in 14..=17 {
            ours += stat_field(own, field)?;
        }
        Ok(Self {
            total: busy + idle + iowait + steal,
            busy,
            steal,
            ours,
        })
    }

    /// The ticks since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        self.with(earlier, u64::saturating_sub)
    }

    /// Both windows together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    fn with(&self, other: &Self, of: fn(u64, u64) -> u64) -> Self {
        Self {
            total: of(self.total, other.total),
            busy: of(self.busy, other.busy),
            steal: of(self.steal, other.steal),
            ours: of(self.ours, other.ours),
        }
    }

    /// Ticks in which a processor worked for another process.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.busy.saturating_sub(self.ours)
    }
}

/// Memory available without swapping, in bytes (`MemAvailable`), capped by the memory
/// cgroup's limit if there is one.
///
/// # Errors
/// `/proc/meminfo` cannot be read.
pub fn available_bytes() -> io::Result<u64> {
    let machine = kib_field(&read("/proc/meminfo")?, "MemAvailable:")?;
    Ok(cgroup_room_bytes().map_or(machine, |room| room.min(machine)))
}

/// All memory of the machine in bytes (`MemTotal`).
///
/// # Errors
/// `/proc/meminfo` cannot be read.
pub fn total_bytes() -> io::Result<u64> {
    kib_field(&read("/proc/meminfo")?, "MemTotal:")
}

/// Room left below the tightest `memory.max` from this process's cgroup (v2) up.
fn cgroup_room_bytes() -> Option<u64> {
    let own = read("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let file = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).ok();
    root.join(path)
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .filter_map(|folder| {
            room_below(
                &file(folder, "memory.max")?,
                &file(folder, "memory.current")?,
                &file(folder, "memory.stat").unwrap_or_default(),
            )
        })
        .min()
}

/// What a cgroup may still take: its limit minus its use. Page cache counts as free,
/// since the kernel drops it before it refuses memory.
fn room_below(limit: &str, current: &str, stat: &str) -> Option<u64> {
    let limit: u64 = limit.trim().parse().ok()?;
    let current: u64 = current.trim().parse().ok()?;
    let cache: u64 = stat
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(name, _)| matches!(*name, "inactive_file" | "active_file"))
        .filter_map(|(_, bytes)| bytes.parse::<u64>().ok())
        .sum();
    Some(limit.saturating_sub(current.saturating_sub(cache)))
}

fn read(path: &'static str) -> io::Result<String> {
    fs::read_to_string(path).map_err(named(path))
}

/// The error with the file that it is about.
pub(super) fn named(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> io::Error {
    move |error| {
        let path = path.as_ref().display();
        io::Error::new(error.kind(), format!("{path}: {error}"))
    }
}

/// The value of a line `Name:   123 kB`, in bytes.
fn kib_field(text: &str, name: &str) -> io::Result<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_ascii_whitespace().next())
        .and_then(|word| word.parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .ok_or_else(|| malformed("/proc", name))
}

/// A numbered field of `/proc/PID/stat`, as proc(5) counts them.
fn stat_field(text: &str, number: usize) -> io::Result<u64> {
    // The command's name, in parentheses, may contain blanks: fields are counted from
    // its end, where field 3 (state) begins.
    let tail = text.rsplit_once(')').map_or("", |(_, tail)| tail);
    tail.split_ascii_whitespace()
        .nth(number - 3)
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| malformed("/proc/self/stat", &number.to_string()))
}

fn malformed(file: &str, field: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{file}: no readable field {field}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_fields_are_counted_behind_the_last_parenthesis() {
        let text = "12 (a) b (c)) R 1 2 3 4 5 6 1234 8 56 10 11 12\n";
        let faults = Faults::parse(text).unwrap();
        assert_eq!((faults.minor, faults.major), (1234, 56));
    }

    #[test]
    fn a_short_stat_line_is_an_error_that_names_the_field() {
        let error = Faults::parse("1 (x) R 1").unwrap_err();
        assert_eq!(error.to_string(), "/proc/self/stat: no readable field 10");
    }

    #[test]
    fn cpu_ticks_are_busy_idle_or_stolen() {
        let own = "1 (x) R 4 5 6 7 8 9 10 11 12 13 2 3 4 5 18";
        let ticks = CpuTicks::parse("cpu  10 1 20 300 5 2 3 7 99 0\ncpu0 1\n", own).unwrap();
        assert_eq!((ticks.total, ticks.busy, ticks.steal), (348, 36, 7));
        assert_eq!((ticks.ours, ticks.others()), (14, 22));
    }

    #[test]
    fn rollup_fields_are_bytes() {
        let text =
            "x-y ---p [rollup]\nRss:  8 kB\nAnonymous: 4 kB\nAnonHugePages: 2 kB\nSwap: 1 kB\n";
        let resident = Resident::parse(text).unwrap();
        assert_eq!(resident.total_bytes, 8192);
        assert_eq!(resident.file_bytes(), 4096);
        assert_eq!(resident.huge_bytes, 2048);
        assert_eq!(resident.swapped_bytes, 1024);
    }

    #[test]
    fn only_bytes_from_storage_count_as_storage_reads() {
        let text = "rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 4096\nwrite_bytes: 5\n";
        assert_eq!(parse_read_bytes(text).unwrap(), 4096);
        let error = parse_read_bytes("rchar: 9\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "/proc/self/io: no readable field read_bytes"
        );
    }

    #[test]
    fn page_cache_counts_as_room_in_a_cgroup() {
        let stat = "anon 5\nfile 99\ninactive_file 300\nactive_file 100\n";
        assert_eq!(room_below("1000\n", "700\n", stat), Some(700));
        assert_eq!(room_below("1000\n", "700\n", ""), Some(300));
        assert_eq!(room_below("1000", "2000", ""), Some(0));
        assert_eq!(room_below("max\n", "700\n", stat), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_touched_buffer_shows_in_peak_and_faults() {
        let bytes = 32 << 20;
        let before = Faults::read().unwrap();
        reset_peak().unwrap();
        let buffer = std::hint::black_box(vec![1u8; bytes]);
        let (faults, peak) = (Faults::read().unwrap(), peak_bytes().unwrap());
        drop(buffer);
        assert!(faults.since(&before).minor > 0);
        assert!(peak >= bytes as u64, "{peak}");
    }
}
