//! The store's reports, as the dataclasses of `ngtoken._reports`.

use std::ops::Range;
use std::path::Path;

use ng_store::{BadBlock, Basis, Cause, Cut, FileInfo, Finding, RepairReport, VerifyReport};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::known::hex;

fn made<'py>(
    py: Python<'py>,
    class: &str,
    values: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let reports = py.import("ngtoken._reports")?;
    reports.getattr(class)?.call((), Some(values))
}

pub(super) fn info<'py>(
    py: Python<'py>,
    path: &Path,
    info: &FileInfo,
) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    values.set_item("path", path.as_os_str())?;
    values.set_item("version", info.version)?;
    values.set_item("file_id", hex(&info.file_id))?;
    values.set_item("tokens", info.tokens)?;
    values.set_item("max_tokens", info.max_tokens)?;
    values.set_item("generation", info.generation)?;
    values.set_item("tag", info.tag)?;
    values.set_item("committed_at_ns", info.committed_at_ns)?;
    values.set_item("created_ns", info.created_ns)?;
    values.set_item("length", info.length)?;
    values.set_item("room_bytes", info.room_bytes)?;
    values.set_item("read_only", info.read_only)?;
    values.set_item("findings", findings(py, &info.findings)?)?;
    made(py, "FileInfo", &values)
}

pub(super) fn verification<'py>(
    py: Python<'py>,
    report: &VerifyReport,
) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    values.set_item("blocks", report.blocks)?;
    values.set_item("bad", bad_blocks(py, &report.bad)?)?;
    values.set_item("table_matches", report.table_matches)?;
    values.set_item("cut", cut(report.cut))?;
    values.set_item("findings", findings(py, &report.findings)?)?;
    values.set_item("is_clean", report.is_clean())?;
    made(py, "VerifyReport", &values)
}

pub(super) fn repair<'py>(py: Python<'py>, report: &RepairReport) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    values.set_item("tokens", report.tokens)?;
    values.set_item("basis", basis(&report.basis))?;
    values.set_item("may_be_older", report.may_be_older)?;
    values.set_item("kept", report.kept)?;
    values.set_item("lost", ranges(py, &report.lost)?)?;
    values.set_item("unproven", ranges(py, &report.unproven)?)?;
    values.set_item("hash_only", ranges(py, &report.hash_only)?)?;
    values.set_item("bad", bad_blocks(py, &report.bad)?)?;
    values.set_item("table_matches", report.table_matches)?;
    values.set_item("cut", cut(report.cut))?;
    values.set_item("findings", findings(py, &report.findings)?)?;
    values.set_item("is_whole", report.is_whole())?;
    made(py, "RepairReport", &values)
}

fn findings<'py>(py: Python<'py>, findings: &[Finding]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, findings.iter().map(ToString::to_string))
}

fn ranges<'py>(py: Python<'py>, ranges: &[Range<u64>]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, ranges.iter().map(|range| (range.start, range.end)))
}

fn cut(cut: Option<Cut>) -> Option<(u64, u64)> {
    cut.map(|cut| (cut.have, cut.need))
}

fn bad_blocks<'py>(py: Python<'py>, bad: &[BadBlock]) -> PyResult<Bound<'py, PyTuple>> {
    let bad: Vec<_> = bad
        .iter()
        .map(|bad| bad_block(py, bad))
        .collect::<PyResult<_>>()?;
    PyTuple::new(py, bad)
}

fn bad_block<'py>(py: Python<'py>, bad: &BadBlock) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    values.set_item("block", bad.block)?;
    values.set_item("offset", bad.offset)?;
    values.set_item("found", bad.found)?;
    values.set_item("expected", bad.expected)?;
    values.set_item("cause", cause(bad.cause))?;
    made(py, "BadBlock", &values)
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Data => "data",
        Cause::Table => "table",
        Cause::RestorableTail => "restorable tail",
        Cause::Unreadable => "unreadable",
        Cause::Cut => "cut",
        _ => "unknown",
    }
}

fn basis(basis: &Basis) -> &'static str {
    match basis {
        Basis::Slot => "slot",
        Basis::Intent { .. } => "intent",
        _ => "last block",
    }
}
