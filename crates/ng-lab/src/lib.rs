//! Measures programs so that the figures can be believed.
//!
//! A [`Scenario`] says what is measured; the lab says how. Every cell (scenario,
//! variant, size, build) runs in a worker process of its own, one at a time, in
//! rounds of random order, beside probes of what the machine allows. What comes
//! out is judged before it is shown: figures that cannot be true are flagged.
//!
//! What it is not: a profiler, or a harness for functions of a few nanoseconds
//! (take criterion for those). It knows nothing of what it measures: the
//! scenarios are handed to it.
//!
//! ```
//! use ng_lab::{Cell, Failure, Limit, Run, Scenario, Variant};
//!
//! /// Fills fresh memory.
//! struct Fill;
//!
//! impl Scenario for Fill {
//!     fn name(&self) -> &'static str {
//!         "fill"
//!     }
//!     fn about(&self) -> &'static str {
//!         "ones into fresh memory"
//!     }
//!     fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
//!         vec![Variant::new("vec")]
//!     }
//!     fn needs_bytes(&self, cell: &Cell) -> u64 {
//!         cell.items * 8
//!     }
//!     fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
//!         let ones = run
//!             .phase("fill", cell.items)
//!             .bounded_by(Limit::FirstTouchSmall, 1, cell.items * 8)
//!             .touches(cell.items * 8)
//!             .time(|| vec![1u64; cell.items as usize]);
//!         run.prove_equal("sum", ones.iter().sum(), cell.items)
//!     }
//! }
//!
//! let mut run = Run::default();
//! let cell = Cell {
//!     scenario: "fill".into(),
//!     variant: Variant::new("vec"),
//!     items: 1000,
//! };
//! Fill.run(&cell, &mut run).unwrap();
//! assert_eq!(run.phases()[0].name, "fill");
//! ```
//!
//! Work on files gets a folder of its own ([`Run::dir`]), says whether a file is
//! cold or warm when the clock starts ([`Phase::cold`], [`Phase::warm`]), is held
//! to that, and has limits of its own beside it.
//!
//! A [`soak`] asks another question: whether it stays as fast, and as small, for
//! minutes and hours.
//!
//! Begin reading at `scenario.rs` and `run.rs` (what is measured), then
//! `worker.rs` (one cell), `conductor/` (all of them), `judge/` (what may be
//! believed), `report/`. `examples/sorting.rs` is a whole program.

mod access;
mod allocations;
mod baselines;
pub mod conductor;
pub mod count;
mod data_folder;
pub mod doctor;
mod growth;
mod handshake;
mod headlines;
mod host;
mod interrupt;
pub mod judge;
pub mod kernel;
pub mod limits;
mod lock;
mod memory_group;
mod page_cache;
mod pages;
mod plant;
mod private_peak;
pub mod process;
mod progress;
pub mod protocol;
#[expect(
    unsafe_code,
    reason = "two system calls that no safe crate wraps; nowhere else"
)]
mod raw;
pub mod report;
pub mod rng;
mod run;
mod scenario;
mod session;
pub mod soak;
pub mod stats;
mod threads;
mod volume;
mod worker;

pub use access::{AccessEvidence, Pattern};
pub use allocations::{Allocations, CountingAllocator};
pub use baselines::{BaselineName, Baselines, LoadError, load_report};
pub use conductor::{Against, Baseline, Gate, Reference, Request, Rounds, Subject, Versus};
pub use data_folder::DataFolder;
pub use host::Host;
pub use interrupt::Interrupt;
pub use limits::Limit;
pub use lock::MachineLock;
pub use pages::{PageBuffer, Pages, touch_and_free};
pub use plant::Plant;
pub use progress::Progress;
pub use run::{Bound, FileEvidence, FileState, Phase, PhaseRecord, Run, TouchEvidence};
pub use scenario::{Cell, Failure, Headline, Profile, Scenario, Variant};
pub use session::{SessionError, iso_utc, measure, measure_with_claims};
pub use threads::ThreadWork;
pub use volume::Volume;
pub use worker::{FRACTION, fraction_from_items, serve};
