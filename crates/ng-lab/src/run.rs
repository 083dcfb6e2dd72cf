//! The recorder that a scenario's work is timed with.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::AccessEvidence;
use crate::kernel::{Faults, Resident};
use crate::limits::Limit;
use crate::plant::prolonged;
use crate::scenario::Failure;

/// Records the phases and the proof of one cell.
#[derive(Debug, Default)]
pub struct Run {
    phases: Vec<PhaseRecord>,
    proof: BTreeMap<String, Value>,
    /// The largest reading at the end of a phase, its results still alive.
    resident: Resident,
    /// Share of each phase's time that is spent in vain, on purpose.
    plant: f64,
}

/// What was seen of one phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseRecord {
    /// The phase's name, unique in its scenario.
    pub name: String,
    /// Wall time by the monotonic clock, in nanoseconds.
    pub elapsed_ns: u64,
    /// The items that the phase works on; rates are of these.
    pub items: u64,
    /// The limit that bounds the phase, and how many of its units the phase needs.
    pub bound: Option<Bound>,
    /// Kernel evidence of the memory that the phase says it touches.
    pub touched: Option<TouchEvidence>,
    /// Whether the time must grow with the number of items.
    pub grows: bool,
    /// What the order of reads was, where the phase claims one.
    pub access: Option<AccessEvidence>,
}

/// A lower bound on a phase's time: `amount` units of `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// The limit of the machine.
    pub limit: Limit,
    /// Threads that it was measured on.
    pub threads: usize,
    /// Units of the limit (bytes, reads) that the phase cannot do without.
    pub amount: u64,
}

/// Fresh memory: what a phase says it touches, and what the kernel saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchEvidence {
    /// Bytes that the phase says it touches for the first time and keeps.
    pub declared_bytes: u64,
    /// Growth of resident memory over the phase.
    pub resident_growth_bytes: u64,
    /// Minor faults in the phase.
    pub minor_faults: u64,
}

impl Run {
    /// A run whose phases take that share longer.
    pub(crate) fn planted(share: f64) -> Self {
        Self {
            plant: share,
            ..Self::default()
        }
    }

    /// Begins a phase over `items` items. It is recorded by [`Phase::time`].
    pub fn phase(&mut self, name: &str, items: u64) -> Phase<'_> {
        Phase {
            run: self,
            record: PhaseRecord {
                name: name.to_owned(),
                elapsed_ns: 0,
                items,
                bound: None,
                touched: None,
                grows: true,
                access: None,
            },
        }
    }

    /// Adds a figure to the proof of the work. Figures must not depend on the
    /// profile or the round.
    pub fn prove(&mut self, name: &str, value: impl Into<Value>) {
        self.proof.insert(name.to_owned(), value.into());
    }

    /// Adds a figure to the proof and holds it against an oracle.
    ///
    /// # Errors
    /// The figure is not the expected one.
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
    pub fn phases(&self) -> &[PhaseRecord] {
        &self.phases
    }

    /// The proof so far.
    #[must_use]
    pub fn proof(&self) -> &BTreeMap<String, Value> {
        &self.proof
    }

    pub(crate) fn into_parts(self) -> (Vec<PhaseRecord>, BTreeMap<String, Value>, Resident) {
        (self.phases, self.proof, self.resident)
    }
}

/// A phase that is about to be timed.
#[derive(Debug)]
pub struct Phase<'r> {
    run: &'r mut Run,
    record: PhaseRecord,
}

impl Phase<'_> {
    /// States the limit that bounds the phase: it cannot be done without
    /// `amount` units of `limit` on `threads` threads.
    #[must_use]
    pub fn bounded_by(mut self, limit: Limit, threads: usize, amount: u64) -> Self {
        self.record.bound = Some(Bound {
            limit,
            threads,
            amount,
        });
        self
    }

    /// States that the phase touches `bytes` of fresh memory and returns their owner.
    #[must_use]
    pub fn touches(mut self, bytes: u64) -> Self {
        self.record.touched = Some(TouchEvidence {
            declared_bytes: bytes,
            resident_growth_bytes: 0,
            minor_faults: 0,
        });
        self
    }

    /// States that the time need not grow with the number of items.
    #[must_use]
    pub fn constant(mut self) -> Self {
        self.record.grows = false;
        self
    }

    /// Adds the evidence of the order that the phase reads in.
    #[must_use]
    pub fn accesses(mut self, evidence: AccessEvidence) -> Self {
        self.record.access = Some(evidence);
        self
    }

    /// Times `work` and records the phase. What `work` returns is kept alive
    /// until the kernel's figures are read, and is opaque to the optimiser.
    ///
    /// Where the kernel gives no figures, the phase has no evidence of the
    /// memory that it touched.
    pub fn time<R>(self, work: impl FnOnce() -> R) -> R {
        let before = Snapshot::take();
        let start = Instant::now();
        let result = black_box(work());
        let elapsed_ns = prolonged(start, self.run.plant).as_nanos() as u64;
        self.finish(elapsed_ns, before);
        result
    }

    fn finish(mut self, elapsed_ns: u64, before: Option<Snapshot>) {
        let after = Snapshot::take();
        self.record.elapsed_ns = elapsed_ns;
        self.record.touched = self.record.touched.and_then(|touched| {
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
        self.run.phases.push(self.record);
    }
}

/// The kernel's figures on one side of a phase.
#[derive(Clone, Copy, Debug)]
struct Snapshot {
    resident: Resident,
    faults: Faults,
}

impl Snapshot {
    fn take() -> Option<Self> {
        Some(Self {
            resident: Resident::read().ok()?,
            faults: Faults::read().ok()?,
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
        // Other tests of this process map and free memory meanwhile: how much
        // it grew is shown in `tests/planted`, in a process of its own.
        if cfg!(target_os = "linux") {
            let touched = fill.touched.unwrap();
            assert_eq!(touched.declared_bytes, bytes);
            assert!(touched.minor_faults > 0);
        }
        drop(buffer);
    }

    #[test]
    fn a_wrong_proof_names_the_figure_and_both_values() {
        let mut run = Run::default();
        assert!(run.prove_equal("id_sum", 3, 3).is_ok());
        let error = run.prove_equal("id_sum", 3, 4).unwrap_err();
        assert_eq!(error.to_string(), "proof id_sum is 3, expected 4");
    }
}
