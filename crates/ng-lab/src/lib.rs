//! Measures programs so that the figures can be believed.
//!
//! A [`Scenario`] says what to measure; the lab decides how. Every cell (scenario,
//! variant, size, build) runs in its own worker process, one at a time, in rounds of
//! random order, beside probes of the machine's limits. The results are judged before
//! they are shown: impossible figures are flagged.
//!
//! It is not a profiler, nor a harness for functions of a few nanoseconds (use
//! criterion for those), and it knows nothing of what it measures.
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
//! Work on files gets its own folder ([`Run::dir`]) and its own limits, and declares
//! whether a file is cold or warm when the clock starts ([`Phase::cold`],
//! [`Phase::warm`]), which is checked.
//!
//! A [`soak`] shows whether speed and memory stay the same for minutes and hours.
//!
//! Start reading at `worker/scenario.rs` and `worker/run.rs` (what is measured), then
//! `worker/serve.rs` (one cell), `conductor/` (all cells), `judge/` (which figures
//! hold), `report/`. `examples/sorting.rs` is a whole program.

pub mod conductor;
pub mod judge;
mod machine;
pub mod model;
pub mod report;
mod session;
pub mod soak;
pub mod stats;
mod worker;

pub use conductor::{
    Against, Baseline, Gate, InstructionGate, Progress, Reference, Request, Rounds, Subject,
    Versus, doctor, process,
};
pub use machine::allocations::CountingAllocator;
pub use machine::callgrind::{Callgrind, CallgrindError};
pub use machine::data_folder::DataFolder;
pub use machine::interrupt::Interrupt;
pub use machine::kernel;
pub use machine::lock::MachineLock;
pub use machine::pages::{PageBuffer, touch_and_free};
pub use machine::threads::ThreadWork;
pub use model::{
    AccessEvidence, Allocations, Bound, FileEvidence, FileState, Host, Limit, Pages, Pattern,
    Plant, PlantKind, Profile, Volume, count,
};
pub use report::baselines::{BaselineName, Baselines, LoadError, load_report};
pub use session::{SessionError, SoakRequest, iso_utc, measure, measure_with_claims, run_soak};
pub use stats::rng;
pub use worker::growth::FRACTION;
pub use worker::limits;
pub use worker::protocol;
pub use worker::run::{Failure, Phase, PhaseReading, Run, TouchEvidence};
pub use worker::scenario::{Cell, Headline, Scenario, Variant};
pub use worker::serve::{fraction_from_items, serve};
