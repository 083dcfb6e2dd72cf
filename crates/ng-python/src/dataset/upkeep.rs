//! Verbs that look after a dataset.

use std::collections::BTreeMap;

use ng_dataset::{
    DatasetReport, GenerationInfo, OrphanState, ParentState, RepairOptions, RepairReport,
    VerifyOptions,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::{Dataset, facts};
use crate::given::Whole;
use crate::whole::{of_64_bits, threads_of};
use crate::work::{long, short};

#[pymethods]
impl Dataset {
    /// What the dataset says about itself, as of the newest generation that can be read; no tokens
    /// are read.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let state = self.state();
        let info = short(py, || Ok(state.folder()?.info()?))?;
        let tails: Vec<_> = info
            .tails
            .iter()
            .map(|tail| {
                let rows = (tail.rows.start, tail.rows.end);
                (tail.file.to_string(), rows, tail.writer)
            })
            .collect();
        let findings: Vec<String> = info.findings.iter().map(ToString::to_string).collect();
        let values = PyDict::new(py);
        values.set_item("path", state.path().as_os_str())?;
        values.set_item("id", info.id.to_string())?;
        values.set_item("generation", info.generation)?;
        values.set_item("verb", info.verb.to_string())?;
        values.set_item("committed_at_ns", info.committed_ns)?;
        values.set_item("oldest_kept", info.oldest_kept)?;
        values.set_item("generations", info.generations)?;
        values.set_item("shards", info.shards)?;
        values.set_item("tails", facts::objects(py, "TailInfo", tails)?)?;
        values.set_item("tokens", info.rows)?;
        values.set_item("disk_bytes", info.disk_bytes)?;
        values.set_item("other_disk_bytes", info.other_disk_bytes)?;
        values.set_item("orders", info.orders)?;
        values.set_item("tags", info.tags)?;
        values.set_item("findings", findings)?;
        facts::made(py, "DatasetInfo", &values)
    }

    /// The generations that are there, the newest first.
    fn log<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let state = self.state();
        let log = short(py, || Ok(state.folder()?.log()?))?;
        log.iter().map(|info| generation(py, info)).collect()
    }

    /// Makes an old generation the newest again, in a new one, and shows it; returns the number of
    /// that. Tokens that were appended to open tails since stay.
    fn checkout(&self, py: Python<'_>, generation: Whole<'_>) -> PyResult<u64> {
        let generation = of_64_bits("generation", &generation)?;
        let state = self.state();
        let number = long(py, usize::MAX, None, |_| {
            Ok(state.folder()?.checkout(generation)?)
        })?;
        state.refresh_in(py)?;
        Ok(number)
    }

    /// Checks the manifests, and every block of the shards that the newest generation names, or
    /// that ``generation`` does. Damage is no exception: see ``is_clean``.
    #[pyo3(signature = (generation = None, *, num_threads = None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        generation: Option<Whole<'_>>,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut options = VerifyOptions::new();
        if let Some(number) = generation {
            options = options.generation(of_64_bits("generation", &number)?);
        }
        let state = self.state();
        let report = long(py, usize::MAX, threads_of(num_threads)?, |workers| {
            Ok(state.folder()?.verify(workers, &options, |_| ())?)
        })?;
        verified(py, &report)
    }

    /// Publishes a generation with new shards in the place of damaged ones, or after a damaged
    /// generation, and shows it. No file is changed.
    ///
    /// Bad blocks become zero tokens, unless ``leave_out``; ``close_tails`` seals tails that no
    /// writer holds; ``drop_missing`` gives up shards that are not there; ``recover_orphans``
    /// appends sound shards that no generation names, which may be tokens twice: look at them with
    /// ``dry_run=True``.
    #[pyo3(signature = (
        *, leave_out = false, close_tails = false, drop_missing = false, recover_orphans = false,
        dry_run = false, num_threads = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "Python has names for them")]
    fn repair<'py>(
        &self,
        py: Python<'py>,
        leave_out: bool,
        close_tails: bool,
        drop_missing: bool,
        recover_orphans: bool,
        dry_run: bool,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = RepairOptions::new()
            .leave_out(leave_out)
            .close_tails(close_tails)
            .drop_missing(drop_missing)
            .recover_orphans(recover_orphans)
            .dry_run(dry_run);
        let state = self.state();
        let report = long(py, usize::MAX, threads_of(num_threads)?, |workers| {
            Ok(state.folder()?.repair(workers, &options, |_| ())?)
        })?;
        if report.generation.is_some() {
            state.refresh_in(py)?;
        }
        repaired(py, &report)
    }
}

fn generation<'py>(py: Python<'py>, info: &GenerationInfo) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    values.set_item("generation", info.generation)?;
    let summary = info.summary.as_ref().ok();
    values.set_item(
        "damage",
        info.summary.as_ref().err().map(ToString::to_string),
    )?;
    values.set_item("verb", summary.map(|some| some.verb.to_string()))?;
    values.set_item("committed_at_ns", summary.map(|some| some.committed_ns))?;
    values.set_item("oldest_kept", summary.map(|some| some.oldest_kept))?;
    values.set_item("shards", summary.map(|some| some.shards))?;
    values.set_item("tails", summary.map(|some| some.tails))?;
    values.set_item("rows", summary.map(|some| some.rows))?;
    let tags = summary.map_or_else(BTreeMap::new, |some| some.tags.clone());
    values.set_item("tags", tags)?;
    values.set_item("follows", summary.and_then(|some| some.follows))?;
    values.set_item("parent", summary.map(|some| parent(some.parent)))?;
    facts::made(py, "GenerationInfo", &values)
}

fn parent(state: ParentState) -> &'static str {
    match state {
        ParentState::First => "first",
        ParentState::Sound => "sound",
        ParentState::Gone => "gone",
        ParentState::Damaged => "damaged",
        ParentState::Differs => "differs",
        _ => "unknown",
    }
}

fn verified<'py>(py: Python<'py>, report: &DatasetReport) -> PyResult<Bound<'py, PyAny>> {
    let faults = report.manifest_faults.iter();
    let faults: Vec<_> = faults
        .map(|fault| (fault.generation, fault.problem.to_string()))
        .collect();
    let damaged: Vec<_> = report
        .damaged
        .iter()
        .map(|shard| {
            let problems: Vec<String> = shard.problems.iter().map(ToString::to_string).collect();
            (shard.file.to_string(), shard.tokens, problems)
        })
        .collect();
    let unnamed: Vec<String> = report.unnamed.iter().map(ToString::to_string).collect();
    let values = PyDict::new(py);
    values.set_item("generation", report.generation)?;
    values.set_item("manifests", report.manifests)?;
    values.set_item("manifest_faults", faults)?;
    values.set_item("shards", report.shards)?;
    values.set_item("tokens", report.tokens)?;
    values.set_item("damaged", facts::objects(py, "ShardDamage", damaged)?)?;
    values.set_item("unnamed", unnamed)?;
    values.set_item("is_clean", report.is_clean())?;
    facts::made(py, "DatasetReport", &values)
}

fn repaired<'py>(py: Python<'py>, report: &RepairReport) -> PyResult<Bound<'py, PyAny>> {
    let names = |files: &[ng_dataset::FileId]| -> Vec<String> {
        files.iter().map(ToString::to_string).collect()
    };
    let values = PyDict::new(py);
    let repaired = report.repaired.iter().map(|shard| {
        let kept = shard.report.as_ref().map(|report| report.kept);
        let new = shard.new.map(|new| new.to_string());
        (shard.file.to_string(), new, kept, shard.missing_rows)
    });
    let left = report.left.iter();
    let left: Vec<_> = left
        .map(|shard| (shard.file.to_string(), shard.error.to_string()))
        .collect();
    let orphans = report.orphans.iter().map(|orphan| {
        let (state, rows) = match &orphan.state {
            OrphanState::Locked => ("locked".to_owned(), None),
            OrphanState::Sound { rows } => ("sound".to_owned(), Some(*rows)),
            OrphanState::Recovered { rows } => ("recovered".to_owned(), Some(*rows)),
            OrphanState::Damaged(error) => (error.to_string(), None),
            _ => ("unknown".to_owned(), None),
        };
        (orphan.file.to_string(), state, rows)
    });
    values.set_item("verified", verified(py, &report.verified)?)?;
    values.set_item("has_damaged_manifest", report.has_damaged_manifest)?;
    values.set_item("generation", report.generation)?;
    values.set_item(
        "repaired",
        facts::objects(py, "RepairedShard", repaired.collect::<Vec<_>>())?,
    )?;
    values.set_item("rezoned", names(&report.rezoned))?;
    values.set_item("corrected", names(&report.corrected))?;
    values.set_item("dropped", names(&report.dropped))?;
    values.set_item("left", left)?;
    values.set_item("closed_tails", names(&report.closed_tails))?;
    values.set_item(
        "orphans",
        facts::objects(py, "Orphan", orphans.collect::<Vec<_>>())?,
    )?;
    facts::made(py, "DatasetRepairReport", &values)
}
