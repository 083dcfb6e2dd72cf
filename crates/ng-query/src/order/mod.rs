//! Orders of tokens, and sorting by them, in memory and beyond it.
//!
//! - `order` says what can be sorted by, `key` turns a token into its sort key, for a space by
//!   `hilbert`;
//! - `permutation` is the sorted positions of tokens in memory: `squeeze` keeps only the bits in
//!   which keys differ, `radix` sorts them, in arrays of `words`;
//! - `sort_file` sorts a file into another, and `sort_parts` several into any sink: from their
//!   `input`, `in_memory`, or by the files of `external/`;
//! - `options`, `progress` and `error` are its settings, its reports and its failures.

mod error;
mod external;
mod hilbert;
mod in_memory;
mod input;
mod key;
mod memory;
mod options;
#[allow(clippy::module_inception, reason = "the noun of the file")]
mod order;
mod permutation;
mod progress;
mod radix;
mod sort_file;
mod sort_parts;
mod sorted;
mod squeeze;
mod words;

pub use error::SortError;
pub use external::remove_abandoned;
pub use options::SortOptions;
pub use order::{Order, OrderError, OrderPart};
pub use permutation::{Permutation, sort_positions};
pub use progress::{SortPhase, SortProgress};
pub use sort_file::{SortReport, sort_file};
pub use sort_parts::sort_parts;
pub(crate) use sorted::Sorted;
