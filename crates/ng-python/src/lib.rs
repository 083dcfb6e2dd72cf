//! The extension module `ngtoken._core` of the Python package `ngtoken`.
//!
//! It is thin: it converts Python's arguments for the crates below, their results to numpy arrays
//! and Python objects, and their errors to exceptions. It has no logic of stores or queries.
//!
//! What keeps it safe, whatever Python does:
//!
//! - What looks at memory from Python keeps it alive ([`buf`]); a vector that is looked at does not
//!   move ([`memory`]).
//! - No thread that holds the GIL waits for a lock whose holder may wait for the GIL ([`work`]).
//!   Only readers of another library's stream hold such a lock ([`arrow`]); other locks are
//!   released before the GIL is taken again. A fork does not wait for a lock that a thread of its
//!   parent holds ([`lock`]).
//! - Everything that may take long releases the GIL, ends soon after Ctrl-C, and turns panics into
//!   exceptions that name the place ([`work`]).
//!
//! # Where to begin reading
//!
//! [`tokens`] is the base class of vectors, files and snapshots, [`shown`] what such an object
//! shows at a moment. [`vector`] and [`file`] are the two stores, [`error`] maps errors to
//! exceptions.

mod array;
mod arrow;
mod batch;
mod buf;
mod columns;
mod dataset;
mod error;
mod file;
mod given;
mod iter;
mod known;
mod lock;
#[expect(
    unsafe_code,
    reason = "tokens that Python looks at and writes to are known by a pointer; nowhere else but \
              where the buffer protocol asks for it"
)]
mod memory;
mod named;
mod own_output;
mod pickle;
mod query;
mod records;
mod room;
mod shown;
mod token;
mod tokens;
mod usage;
mod vector;
mod whole;
mod work;

use pyo3::prelude::*;

/// What `ngtoken/__init__.py` re-exports.
#[pymodule]
mod _core {
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_export]
    use crate::arrow::{ArrowPieces, ArrowStream, batch_of, read_parquet};
    #[pymodule_export]
    use crate::batch::create_tokens_batch;
    #[pymodule_export]
    use crate::buf::Buf;
    #[pymodule_export]
    use crate::dataset::{Dataset, Follower, Writer, reopen_dataset, run_task};
    #[pymodule_export]
    use crate::file::TokenFile;
    #[pymodule_export]
    use crate::named::map_named;
    #[pymodule_export]
    use crate::pickle::{query_of, reopen};
    #[pymodule_export]
    use crate::query::Query;
    #[pymodule_export]
    use crate::token::{PyToken, field_offsets};
    #[pymodule_export]
    use crate::tokens::Tokens;
    #[pymodule_export]
    use crate::vector::TokenVec;
    #[pymodule_export]
    use crate::work::{panic_on_purpose, work_until_stopped};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::work::prepare(module.py())?;
        let names = ng_token::EntityType::ALL.map(ng_token::EntityType::name);
        module.add("ENTITY_TYPES", PyTuple::new(module.py(), names)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
