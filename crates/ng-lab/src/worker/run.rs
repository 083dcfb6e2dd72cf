//! The recorder that times a scenario's work.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::machine::allocations::counted;
use crate::machine::kernel::{self, Faults, Resident};
use crate::machine::page_cache::{Residency, evict};
use crate::machine::private_peak::PrivatePeak;
use crate::machine::threads::{ThreadTimes, ThreadWork};
use crate::model::{AccessEvidence, Allocations, Bound, FileEvidence, FileState, Limit};
use crate::worker::marks::Marks;
use crate::worker::plant::prolonged;

/// Why a cell failed, in the scenario's words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Records the phases and the proof of one cell.
#[derive(Debug, Default)]
pub struct Run {
    phases: Vec<PhaseReading>,
    proof: BTreeMap<String, Value>,
    /// The largest reading at the end of a phase, while its results are alive.
    resident: Resident,
    dir: Option<PathBuf>,
    private_peak: Option<PrivatePeak>,
    /// The deliberate slowdown, as a share of each phase's time.
    plant: f64,
    /// Whether allocations are counted, which makes times meaningless.
    counts: bool,
    /// Marks around each phase, if instructions are counted.
    marks: Option<Marks>,
}

/// The readings of one phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseReading {
    /// The phase's name, unique in its scenario.
    pub name: String,
    /// Wall time by the monotonic clock, in nanoseconds.
    pub elapsed_ns: u64,
    /// The items that the phase works on, on which rates are based.
    pub items: u64,
    /// The limit that bounds the phase, and how many of its units the phase needs.
    pub bound: Option<Bound>,
    /// Kernel evidence of the memory that the phase claims to touch.
    pub touched: Option<TouchEvidence>,
    /// Whether the time must grow with the number of items.
    pub grows: bool,
    /// Evidence of the order of reads, if the phase claims one.
    pub access: Option<AccessEvidence>,
    /// Evidence of where its file was, if the phase claims a state.
    pub file: Option<FileEvidence>,
    /// The work of each thread alive at the end, the busiest first; empty if the kernel
    /// does not report it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<ThreadWork>,
    /// Its allocations, if they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocations: Option<Allocations>,
}

impl FileEvidence {
    fn of(claimed: FileState, counted: io::Result<Residency>) -> Self {
        let unknown = counted.as_ref().err().map(ToString::to_string);
        let counted = counted.unwrap_or_default();
        Self {
            claimed,
            file_pages: counted.file_pages,
            resident_before: counted.resident,
            read_bytes: None,
            unknown,
        }
    }
}

/// Fresh memory: what a phase claims to touch, and what the kernel saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchEvidence {
    /// Bytes that the phase claims to touch for the first time and keep.
    pub declared_bytes: u64,
    /// Growth of resident memory over the phase.
    pub resident_growth_bytes: u64,
    /// Minor faults in the phase.
    pub minor_faults: u64,
}

impl Run {
    /// A run with its files in `dir`.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: Some(dir.into()),
            ..Self::default()
        }
    }

    /// Starts watching the private memory of this process.
    ///
    /// # Errors
    /// The kernel does not report it.
    pub(crate) fn watch_private(&mut self) -> io::Result<()> {
        self.private_peak = Some(PrivatePeak::watch()?);
        Ok(())
    }

    /// The folder for the cell's files: empty at first, and removed afterwards.
    ///
    /// # Errors
    /// The scenario declares that it needs no disk.
    pub fn dir(&self) -> Result<&Path, Failure> {
        let dir = self.dir.as_deref();
        dir.ok_or_else(|| "no folder for files: the cell needs 0 bytes of disk".into())
    }

    /// The peak of the process's private memory (anonymous, no files) so far, in bytes;
    /// none if it is not watched. It is watched for confined cells.
    ///
    /// # Errors
    /// The kernel does not report it.
    pub fn private_peak_bytes(&self) -> io::Result<Option<u64>> {
        self.private_peak
            .as_ref()
            .map(PrivatePeak::bytes)
            .transpose()
    }

    /// Makes later phases take `share` longer.
    pub(crate) fn plant(&mut self, share: f64) {
        self.plant = share;
    }

    /// Counts the allocations of later phases.
    pub(crate) fn count_allocations(&mut self) {
        self.counts = true;
    }

    /// Marks the following phases for valgrind instead of timing them.
    pub(crate) fn mark(&mut self, marks: Marks) {
        self.marks = Some(marks);
    }

    /// Begins a phase over `items` items. It is recorded by [`Phase::time`].
    pub fn phase(&mut self, name: &str, items: u64) -> Phase<'_> {
        Phase {
            run: self,
            files: None,
            reading: PhaseReading {
                name: name.to_owned(),
                elapsed_ns: 0,
                items,
                bound: None,
                touched: None,
                grows: true,
                access: None,
                file: None,
                threads: Vec::new(),
                allocations: None,
            },
        }
    }

    /// Adds a figure to the proof of the work. It must not depend on profile or round.
    pub fn prove(&mut self, name: &str, value: impl Into<Value>) {
        self.proof.insert(name.to_owned(), value.into());
    }

    /// Adds a figure to the proof and checks it against an oracle.
    ///
    /// # Errors
    /// The figure differs from the expected one.
    pub fn prove_equal(&mut self, name: &str, found: u64, expected: u64) -> Result<(), Failure> {
        self.prove(name, found);
        if found == expected {
            Ok(())
        } else {
            Err(format!("proof {name} is {found}, expected {expected}").into())
        }
    }

    /// The phases so far.
    #[must_use]
    pub fn phases(&self) -> &[PhaseReading] {
        &self.phases
    }

    /// The proof so far.
    #[must_use]
    pub fn proof(&self) -> &BTreeMap<String, Value> {
        &self.proof
    }

    /// The largest reading at the end of a phase.
    pub(crate) fn resident(&self) -> &Resident {
        &self.resident
    }

    pub(crate) fn into_parts(self) -> (Vec<PhaseReading>, BTreeMap<String, Value>) {
        (self.phases, self.proof)
    }
}

/// A phase before it is timed.
#[derive(Debug)]
pub struct Phase<'r> {
    run: &'r mut Run,
    files: Option<(FileState, Vec<PathBuf>)>,
    reading: PhaseReading,
}

impl Phase<'_> {
    /// Declares the limit that bounds the phase: it needs at least `amount` units of
    /// `limit` on `threads` threads.
    #[must_use]
    pub fn bounded_by(mut self, limit: Limit, threads: usize, amount: u64) -> Self {
        self.reading.bound = Some(Bound {
            limit,
            threads,
            amount,
        });
        self
    }

    /// Declares that the phase touches `bytes` of fresh memory and returns their owner.
    #[must_use]
    pub fn touches(mut self, bytes: u64) -> Self {
        self.reading.touched = Some(TouchEvidence {
            declared_bytes: bytes,
            resident_growth_bytes: 0,
            minor_faults: 0,
        });
        self
    }

    /// Declares that the time need not grow with the number of items.
    #[must_use]
    pub fn constant(mut self) -> Self {
        self.reading.grows = false;
        self
    }

    /// Adds the evidence of the order of reads.
    #[must_use]
    pub fn accesses(mut self, evidence: AccessEvidence) -> Self {
        self.reading.access = Some(evidence);
        self
    }

    /// Declares that nothing of the file at `path` is in memory when the clock starts.
    /// Just before, its dirty pages are written out, it is dropped from the page cache,
    /// and what remains is counted. Mapped pages stay.
    #[must_use]
    pub fn cold(mut self, path: impl Into<PathBuf>) -> Self {
        self.files = Some((FileState::Cold, vec![path.into()]));
        self
    }

    /// Declares that all data of the file at `path` is in memory when the clock starts.
    /// It is counted, not loaded.
    #[must_use]
    pub fn warm(self, path: impl Into<PathBuf>) -> Self {
        self.all_warm([path.into()])
    }

    /// Declares the same of several files; the evidence has the pages of all.
    #[must_use]
    pub fn all_warm(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.files = Some((FileState::Warm, paths.into_iter().collect()));
        self
    }

    /// Records a time that was measured within the work of another phase, such as the
    /// median of many delays. It has no evidence, and no instructions.
    pub fn took(mut self, elapsed: Duration) {
        if self.run.marks.is_none() {
            self.reading.elapsed_ns = elapsed.mul_f64(1.0 + self.run.plant).as_nanos() as u64;
            self.run.phases.push(self.reading);
        }
    }

    /// Times `work` and records the phase. The result of `work` is kept alive until the
    /// kernel's figures are read, and is opaque to the optimiser.
    ///
    /// Without figures from the kernel, the phase has no evidence of touched memory.
    pub fn time<R>(mut self, work: impl FnOnce() -> R) -> R {
        self.reading.file = self
            .files
            .take()
            .map(|(state, paths)| look_at(state, &paths));
        if let Some(marks) = &self.run.marks {
            let result = marks.around(&self.reading.name, || black_box(work()));
            self.run.phases.push(self.reading);
            return result;
        }
        if self.run.counts {
            let (result, allocations) = counted(|| black_box(work()));
            self.reading.allocations = allocations;
            self.run.phases.push(self.reading);
            return result;
        }
        let threads = ThreadTimes::read().ok();
        let before = Snapshot::take();
        // The first call faults the pages of the clock's code in, outside the phase.
        black_box(prolonged(Instant::now(), 0.0));
        let start = Instant::now();
        let result = black_box(work());
        let elapsed_ns = prolonged(start, self.run.plant).as_nanos() as u64;
        if let (Some(before), Ok(after)) = (threads, ThreadTimes::read()) {
            self.reading.threads = after.since(&before);
        }
        self.finish(elapsed_ns, before);
        result
    }

    fn finish(mut self, elapsed_ns: u64, before: Option<Snapshot>) {
        let after = Snapshot::take();
        // The watcher may have missed a short phase.
        let _ = self.run.private_peak_bytes();
        self.reading.elapsed_ns = elapsed_ns;
        if let Some(file) = &mut self.reading.file {
            let read = before.zip(after).and_then(|(before, after)| {
                Some(after.storage_read_bytes? - before.storage_read_bytes?)
            });
            file.read_bytes = read;
        }
        self.reading.touched = self.reading.touched.and_then(|touched| {
            let (before, after) = (before?, after?);
            let growth = after.resident.total_bytes;
            Some(TouchEvidence {
                resident_growth_bytes: growth.saturating_sub(before.resident.total_bytes),
                minor_faults: after.faults.since(&before.faults).minor,
                ..touched
            })
        });
        if let Some(after) = after
            && after.resident.total_bytes > self.run.resident.total_bytes
        {
            self.run.resident = after.resident;
        }
        self.run.phases.push(self.reading);
    }
}

/// Evicts files claimed to be cold, and counts their pages in memory.
fn look_at(state: FileState, paths: &[PathBuf]) -> FileEvidence {
    let counted = paths.iter().map(|path| match state {
        FileState::Cold => evict(path),
        FileState::Warm => Residency::of(path),
    });
    FileEvidence::of(state, counted.sum())
}

/// The kernel's figures before or after a phase.
#[derive(Clone, Copy, Debug)]
struct Snapshot {
    resident: Resident,
    faults: Faults,
    storage_read_bytes: Option<u64>,
}

impl Snapshot {
    fn take() -> Option<Self> {
        Some(Self {
            resident: Resident::read().ok()?,
            faults: Faults::read().ok()?,
            storage_read_bytes: kernel::storage_read_bytes().ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_keeps_its_declarations_and_what_the_kernel_saw() {
        let mut run = Run::default();
        let bytes = 16 << 20;
        let buffer = run
            .phase("fill", 4)
            .bounded_by(Limit::Refill, 2, 99)
            .touches(bytes)
            .time(|| vec![1u8; bytes as usize]);
        run.phase("reserve", 4).constant().time(|| ());
        let [fill, reserve] = run.phases() else {
            panic!("two phases")
        };
        assert_eq!(fill.bound.unwrap().amount, 99);
        assert!(fill.grows && !reserve.grows);
        assert!(fill.elapsed_ns > 0);
        // Other tests of this process map and free memory meanwhile; `tests/planted`
        // checks the growth in a process of its own.
        if cfg!(target_os = "linux") {
            let touched = fill.touched.unwrap();
            assert_eq!(touched.declared_bytes, bytes);
            assert!(touched.minor_faults > 0);
        }
        drop(buffer);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_cold_file_is_evicted_before_the_clock_and_a_warm_one_is_counted() {
        let Some(folder) = crate::machine::volume::folder_on_disk() else {
            return;
        };
        let path = folder.path().join("file");
        let bytes = 8 << 20;
        std::fs::write(&path, vec![1u8; bytes]).unwrap();
        let mut run = Run::in_dir(folder.path());
        let read = || std::fs::read(&path).unwrap();
        run.phase("warm", 1).warm(&path).time(read);
        run.phase("cold", 1).cold(&path).time(read);
        let evidence: Vec<&FileEvidence> = run
            .phases()
            .iter()
            .map(|phase| phase.file.as_ref().unwrap())
            .collect();
        let pages = (bytes / rustix::param::page_size()) as u64;
        assert_eq!(evidence[0].claimed, FileState::Warm);
        assert_eq!(evidence[0].resident_before, pages);
        assert_eq!(evidence[1].claimed, FileState::Cold);
        assert_eq!(evidence[1].file_pages, pages);
        assert!(evidence[1].resident_before <= pages / 100);
        // Other tests of this process read files meanwhile.
        assert!(evidence[1].read_bytes.unwrap() >= bytes as u64);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_pages_of_several_files_are_added_up() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["one", "two"].map(|name| folder.path().join(name));
        for (path, pages) in paths.iter().zip([1, 2]) {
            std::fs::write(path, vec![1u8; pages * rustix::param::page_size()]).unwrap();
        }
        let mut run = Run::in_dir(folder.path());
        run.phase("both", 1).all_warm(paths.clone()).time(|| ());
        let gone = [paths[0].clone(), folder.path().join("gone")];
        run.phase("one_is_gone", 1).all_warm(gone).time(|| ());
        let [both, gone] = [0, 1].map(|at| run.phases()[at].file.as_ref().unwrap());
        assert_eq!((both.file_pages, both.resident_before), (3, 3));
        assert!(gone.unknown.is_some(), "{gone:?}");
    }

    #[test]
    fn a_time_measured_elsewhere_is_recorded_and_slowed_down_like_others() {
        let mut run = Run::default();
        run.phase("delay", 3)
            .constant()
            .took(Duration::from_micros(5));
        run.plant(0.2);
        run.phase("later", 3).took(Duration::from_micros(5));
        let times = run.phases().iter().map(|phase| phase.elapsed_ns);
        assert_eq!(times.collect::<Vec<_>>(), [5000, 6000]);
    }

    #[test]
    fn nothing_is_known_of_a_missing_file() {
        let mut run = Run::default();
        for state in [FileState::Cold, FileState::Warm] {
            let phase = run.phase("read", 1);
            let phase = match state {
                FileState::Cold => phase.cold("/nowhere/at/all"),
                FileState::Warm => phase.warm("/nowhere/at/all"),
            };
            phase.time(|| ());
        }
        for phase in run.phases() {
            let file = phase.file.as_ref().unwrap();
            assert!(file.unknown.is_some(), "{file:?}");
        }
    }

    #[test]
    fn a_run_without_files_has_no_folder() {
        let error = Run::default().dir().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no folder for files: the cell needs 0 bytes of disk"
        );
        assert_eq!(Run::in_dir("here").dir().unwrap(), Path::new("here"));
    }

    #[test]
    fn a_wrong_proof_names_the_figure_and_both_values() {
        let mut run = Run::default();
        assert!(run.prove_equal("id_sum", 3, 3).is_ok());
        let error = run.prove_equal("id_sum", 3, 4).unwrap_err();
        assert_eq!(error.to_string(), "proof id_sum is 3, expected 4");
    }
}
