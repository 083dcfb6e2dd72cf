//! The data model of a report. Every other folder may use it; it uses none.
//!
//! `report.rs` is the whole of `report.json`; `cell.rs` and `comparison.rs` are most of
//! it. What produces the values (clock, kernel, judge) is in the layers above.

mod cell;
mod claim;
mod comparison;
pub mod count;
mod evidence;
mod flag;
mod gate;
mod host;
mod instructions;
mod interval;
mod key;
mod limit;
mod named;
mod not_comparable;
mod pages;
mod plant;
mod report;
mod role;
mod sample;
mod soak;
mod verdict;

pub use cell::{CellReport, GrowthReport, PhaseReport, ThreadsReport};
pub use claim::{ClaimFigure, ClaimRow, ClaimVerdict};
pub use comparison::{Comparison, ComparisonKind, NotCompared, Scaling};
pub use evidence::{
    AccessEvidence, Allocations, Bound, FileEvidence, FileState, MemoryReading, Pattern,
};
pub use flag::{Finding, Flag};
pub use gate::{GateReport, Look, Outcome, PhaseOutcome, SkippedPhase};
pub use host::{Host, Volume};
pub use instructions::{CountOutcome, CountedPhase, InstructionsReport};
pub use interval::Interval95;
pub(crate) use key::name_items;
pub use key::{CellKey, PhaseKey, Size};
pub use limit::{Limit, LimitKey, LimitReport};
pub use not_comparable::NotComparable;
pub use pages::Pages;
pub use plant::{Plant, PlantKind};
pub use report::{Build, HeadlineReport, ReferenceReport, Report, RunInfo, SCHEMA};
pub use role::{Profile, Role};
pub use sample::{RunPlace, Sample};
pub use soak::{
    Event, KindReport, KindRow, Percentiles, SlopeFinding, SlopeReport, SoakReport, SoakRow,
};
pub use verdict::Verdict;
