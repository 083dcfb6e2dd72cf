//! How tokens and files are pickled, and come back: for other processes and machines.

use std::path::PathBuf;

use ng_store::{BLOCK_TOKENS, BlockReader, Commit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::error::{CHANGED, Error, Value};
use crate::file::TokenFile;
use crate::shown::Shown;
use crate::tokens::{Origin, Tokens};
use crate::work::short;

#[pymethods]
impl Tokens {
    /// Of a vector the bytes; of a file where it is, which it is, and how much of it, never its
    /// bytes.
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let shown = self.shown(py)?;
        let load = |name: &str| py.import("ngtoken._pickle")?.getattr(name);
        let path = match self.origin() {
            Origin::File(file) => Some(file.path().to_owned()),
            Origin::Pinned(_, path) => path.as_deref().cloned(),
            Origin::Vector(_) => None,
        };
        let (Some(path), Some((commit, start, mode))) = (path, place(&shown)) else {
            let bytes = self.tobytes(py)?;
            return Ok((load("load_tokens")?, PyTuple::new(py, [bytes])?));
        };
        let file = (
            path.into_os_string(),
            PyBytes::new(py, &commit.file_id),
            commit.tokens,
            commit.table_chain,
            mode,
        );
        let is_file = matches!(self.origin(), Origin::File(_));
        let range = match is_file {
            true => None,
            false => Some((start, start + shown.len())),
        };
        let (path, id, tokens, chain, mode) = file;
        let arguments = (path, id, tokens, chain, mode, range).into_pyobject(py)?;
        Ok((load("load_file")?, arguments))
    }
}

/// Which commit is shown, from which token on, and how.
fn place(shown: &Shown) -> Option<(Commit, usize, &'static str)> {
    match shown {
        Shown::Memory(..) => None,
        Shown::Map(snapshot) => Some((*snapshot.commit(), snapshot.start(), "map")),
        Shown::File(file, range) => Some((file.reader().commit(), range.start, "read")),
    }
}

/// Opens a file that was pickled, if it still begins with what it had then.
#[pyfunction]
#[pyo3(name = "_reopen")]
pub(crate) fn reopen(
    py: Python<'_>,
    path: PathBuf,
    file_id: [u8; 16],
    tokens: u64,
    chain: u64,
    mode: &str,
) -> PyResult<Py<TokenFile>> {
    short(py, || {
        let reader = BlockReader::open(&path)?;
        let found = reader.commit();
        let changed = |what: &str, found: String, expected: String| {
            let text = format!(
                "{}: {what} {found}, expected {expected}: not the file that was pickled",
                path.display()
            );
            Error::new(CHANGED, text)
                .at(&path)
                .of(what, Value::Text(found), expected)
        };
        if found.file_id != file_id {
            return Err(changed("file id", hex(&found.file_id), hex(&file_id)));
        }
        if found.tokens < tokens {
            let expected = format!("{tokens} or more");
            return Err(changed("tokens", found.tokens.to_string(), expected));
        }
        let begins_with = reader.table_chains(&[tokens / BLOCK_TOKENS as u64])?;
        match begins_with == [chain] {
            true => Ok(()),
            false => Err(changed(
                "chain of the blocks",
                format!("{:#018x}", begins_with[0]),
                format!("{chain:#018x}"),
            )),
        }
    })?;
    TokenFile::open_to_read(py, path, mode)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
