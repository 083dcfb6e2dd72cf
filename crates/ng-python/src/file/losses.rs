//! Warnings about commits that may be lost.

use pyo3::prelude::*;

use super::state::FileState;
use crate::work::short;

/// Warns once of each finding by which a newer commit than the one shown may be lost.
pub(super) fn warn(py: Python<'_>, state: &FileState) -> PyResult<()> {
    for finding in short(py, || state.new_losses())? {
        let text = format!("{}: {finding}", state.path().display());
        let class = py.import("ngtoken._errors")?.getattr("LostCommitWarning")?;
        let warning = class.call1((text,))?;
        warning.setattr("path", state.path().as_os_str())?;
        py.import("warnings")?.call_method1("warn", (warning,))?;
    }
    Ok(())
}
