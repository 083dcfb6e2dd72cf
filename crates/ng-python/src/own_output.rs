//! New files that would overwrite the file that is read.

use std::path::Path;

use ng_query::index::is_in_index;
use ng_store::is_same_file;

use crate::error::{Class, Error, Value};

/// Refuses to overwrite the file that is read, by whatever name or link, or to write into the
/// folder of its index.
///
/// # Errors
///
/// `ValueError`.
pub(crate) fn refuse_own_output(source: &Path, out: &Path) -> Result<(), Error> {
    if source.is_dir() {
        return refuse_dataset(source, out);
    }
    match is_same_file(source, out) {
        true => Err(refused(out, "is the file that is read", "another file")),
        false => refuse_index(source, out),
    }
}

/// Refuses to write into the folder of the dataset that is read.
fn refuse_dataset(dataset: &Path, out: &Path) -> Result<(), Error> {
    let absolute = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let folder = absolute.parent().map(Path::canonicalize);
    let is_inside = match (folder, dataset.canonicalize()) {
        (Some(Ok(folder)), Ok(dataset)) => folder.starts_with(dataset),
        _ => false,
    };
    let what = "is in the folder of the dataset that is read";
    match is_inside || is_same_file(dataset, out) {
        true => Err(refused(out, what, "a path outside of it")),
        false => Ok(()),
    }
}

/// Refuses to write into the folder of the index of the file that is read: for callers that check
/// themselves whether it is that file.
///
/// # Errors
///
/// `ValueError`.
pub(crate) fn refuse_index(source: &Path, out: &Path) -> Result<(), Error> {
    let what = "is in the folder of the index of the file that is read";
    match is_in_index(source, out) {
        true => Err(refused(out, what, "a path outside of it")),
        false => Ok(()),
    }
}

fn refused(out: &Path, what: &str, expected: &str) -> Error {
    let text = format!("{}: {what}, expected {expected}", out.display());
    let value = Value::Text(out.display().to_string());
    let error = Error::new(Class::Value, text).at(out);
    error.of("path", value, expected)
}
