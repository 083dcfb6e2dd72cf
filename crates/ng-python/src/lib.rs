//! The extension module `ngtoken._core` of the Python package `ngtoken`.
//!
//! It is thin: what Python gives becomes what the crates below take, what they give becomes
//! numpy arrays and Python objects, and their errors become exceptions. It has no logic of
//! stores or queries.
//!
//! What keeps it safe, whatever Python does:
//!
//! - Memory that Python looks at is held by what looks at it ([`buf`]); a vector that is looked
//!   at does not move ([`memory`]).
//! - No thread that holds the GIL waits for a lock whose holder may wait for the GIL
//!   ([`work`]). Such a holder is the one that reads another library's stream
//!   ([`arrow`]); other locks are released before the GIL is taken again. A fork does not wait
//!   for a lock that a thread of its parent has ([`lock`]).
//! - Everything that may take long releases the GIL, ends soon after Ctrl-C, and turns panics
//!   into exceptions that name the place ([`work`]).
//!
//! # Where to begin reading
//!
//! [`tokens`] is the class that vectors, files and snapshots have in common, [`shown`] what
//! such an object shows at a moment. [`vector`] and [`file`] are the two stores, [`error`]
//! says which error becomes which exception.

mod array;
mod arrow;
mod batch;
mod buf;
mod columns;
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

/// What `ngtoken/__init__.py` passes on.
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
