//! The memory of tokens.

use std::fs;
use std::path::Path;

use ng_query::index::index_folder;
use ng_store::TokenStore;
use ng_token::Token;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::shown::Shown;
use crate::tokens::{Origin, Tokens};
use crate::work::short;

#[derive(Default)]
struct Usage {
    computed: u64,
    reserved: u64,
    resident: Option<u64>,
    mapped: u64,
    index: u64,
}

#[pymethods]
impl Tokens {
    /// The memory of the tokens, in bytes: `computed` is 64 for each, `reserved` the memory
    /// reserved for them, `mapped` the mapped part of a file, `index` the size of the index beside
    /// the file on disk. With ``deep=True``, which takes milliseconds, the kernel tells `resident`,
    /// the part in memory.
    #[pyo3(signature = (deep = false))]
    fn memory_usage<'py>(&self, py: Python<'py>, deep: bool) -> PyResult<Bound<'py, PyAny>> {
        let usage = short(py, || {
            let mut usage = self.origin().look(|shown| Ok(of_shown(shown, deep)))?;
            if let Origin::File(file) = self.origin() {
                usage.index = folder_bytes(&index_folder(file.path()));
            }
            Ok(usage)
        })?;
        let values = PyDict::new(py);
        values.set_item("computed", usage.computed)?;
        values.set_item("reserved", usage.reserved)?;
        values.set_item("resident", usage.resident)?;
        values.set_item("mapped", usage.mapped)?;
        values.set_item("index", usage.index)?;
        let reports = py.import("ngtoken._reports")?;
        reports.getattr("MemoryUsage")?.call((), Some(&values))
    }
}

fn of_shown(shown: &Shown, deep: bool) -> Usage {
    let computed = bytes_of(shown.len());
    match shown {
        Shown::Memory(memory, _) => Usage {
            computed,
            reserved: bytes_of(memory.capacity()),
            resident: deep.then(|| memory.usage().resident_bytes).flatten(),
            ..Usage::default()
        },
        Shown::Map(snapshot) => Usage {
            computed,
            mapped: computed,
            resident: deep
                .then(|| snapshot.memory_usage().resident_bytes)
                .flatten(),
            ..Usage::default()
        },
        Shown::File(file, _) => of_loaded(computed, file.loaded_tokens(), deep),
        Shown::Shards(shards, _) => {
            let loaded = shards.loaded().map_or(0, |memory| memory.len());
            of_loaded(computed, loaded, deep)
        }
    }
}

/// Tokens that are read, of which some are in memory.
fn of_loaded(computed: u64, loaded: usize, deep: bool) -> Usage {
    let loaded = bytes_of(loaded);
    Usage {
        computed,
        reserved: loaded,
        resident: deep.then_some(loaded),
        ..Usage::default()
    }
}

fn bytes_of(tokens: usize) -> u64 {
    tokens as u64 * Token::SIZE as u64
}

/// The total bytes of a folder's files, as far as the system tells.
fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.filter_map(|entry| entry.metadata().ok());
    bytes.map(|metadata| metadata.len()).sum()
}
