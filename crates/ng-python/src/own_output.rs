//! New files that would be written over what is read.

use std::path::Path;

use ng_query::index::is_in_index;
use ng_store::is_same_file;

use crate::error::{Class, Error, Value};

/// Refuses to write over the file that is read, by whatever name or link, or into the folder
/// of its index.
///
/// # Errors
///
/// `ValueError`.
pub(crate) fn refuse_own_output(source: &Path, out: &Path) -> Result<(), Error> {
    let refused = |what, expected| {
        let text = format!("{}: {what}, expected {expected}", out.display());
        let value = Value::Text(out.display().to_string());
        let error = Error::new(Class::Value, text).at(out);
        Err(error.of("path", value, expected))
    };
    match (is_same_file(source, out), is_in_index(source, out)) {
        (true, _) => refused("is the file that is read", "another file"),
        (_, true) => refused(
            "is in the folder of the index of the file that is read",
            "a path outside of it",
        ),
        _ => Ok(()),
    }
}
