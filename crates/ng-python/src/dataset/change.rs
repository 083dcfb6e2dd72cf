//! Verbs that make a new generation.

use std::collections::BTreeMap;
use std::time::Duration;

use ng_dataset::{
    ChangeOptions, ChangeReport, CollectOptions, CollectReport, CompactOptions, ReshapeReport,
    ReshardOptions, SortOptions,
};
use ng_parallel::Workers;
use ng_query::index::{BuildOptions, build};
use ng_query::{Assignments, Filter};
use ng_store::BLOCK_TOKENS;
use ng_token::Token;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::writer::seconds;
use super::{Dataset, facts};
use crate::columns::{order_of, owned};
use crate::error::{Class, Error, Value};
use crate::given::{Text, Whole, kind_of, optional};
use crate::query::{filter_of, index_info, layout_columns, spaces_of};
use crate::records::Pieces;
use crate::room::append;
use crate::whole::{of_64_bits, threads_of};
use crate::work::long;

#[pymethods]
impl Dataset {
    /// Changes the tokens that match ``where``, all of them without it, in one new generation, and
    /// shows it. Only shards with a token that changes are written anew.
    ///
    /// ``set`` is text, such as ``"weight = weight * 0.5, active = true"``, or a function: it gets
    /// a writable array of the matching tokens of a block, at most 4,096, and with a second
    /// parameter their positions, and changes the array in place, or returns another one of its
    /// length. If it raises, nothing is changed.
    ///
    /// ``dry_run=True`` only counts. With ``base``, the number of a generation, it is a `Conflict`
    /// if another one is the newest. ``tags`` are noted in the new generation.
    #[pyo3(signature = (
        r#where = None, *, set, dry_run = false, base = None, tags = None, num_threads = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "Python has names for them")]
    fn update<'py>(
        &self,
        py: Python<'py>,
        r#where: Option<Text<'py>>,
        set: &Bound<'py, PyAny>,
        dry_run: bool,
        base: Option<Whole<'py>>,
        tags: Option<BTreeMap<String, String>>,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let filter = where_of(r#where.as_ref())?;
        let (options, threads) = (options_of(dry_run, base, tags)?, threads_of(num_threads)?);
        if let Ok(text) = set.cast::<PyString>() {
            let set = assignments_of(&text.to_string())?;
            return self.changed(py, threads, |folder, workers| {
                Ok(folder.update(workers, &filter, &set, &options)?)
            });
        }
        if !set.is_callable() {
            let expected = "text such as \"weight = weight * 0.5\", or a function";
            return Err(Error::wrong_type("set", kind_of(set), expected).into());
        }
        let takes = py.import("ngtoken._datasets")?.getattr("takes_positions")?;
        let takes_positions: bool = takes.call1((set,))?.extract()?;
        let set = set.clone().unbind();
        self.changed(py, threads, |folder, workers| {
            folder.update_with(workers, &filter, &options, |tokens, positions| {
                let positions = takes_positions.then_some(positions);
                Python::attach(|py| called(py, set.bind(py), tokens, positions))
            })
        })
    }

    /// Deletes the tokens that match ``where``, in one new generation, and shows it.
    #[pyo3(signature = (r#where, *, dry_run = false, base = None, tags = None, num_threads = None))]
    fn delete<'py>(
        &self,
        py: Python<'py>,
        r#where: Text<'py>,
        dry_run: bool,
        base: Option<Whole<'py>>,
        tags: Option<BTreeMap<String, String>>,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let filter = where_of(Some(&r#where))?;
        let options = options_of(dry_run, base, tags)?;
        self.changed(py, threads_of(num_threads)?, |folder, workers| {
            Ok(folder.delete(workers, &filter, &options)?)
        })
    }

    /// Puts tokens in the place of those with the same ids, and adds the others at the end, in one
    /// new generation, and shows it. All given tokens are held in memory.
    #[pyo3(signature = (tokens, *, dry_run = false, base = None, tags = None, num_threads = None))]
    fn upsert<'py>(
        &self,
        py: Python<'py>,
        tokens: &Bound<'py, PyAny>,
        dry_run: bool,
        base: Option<Whole<'py>>,
        tags: Option<BTreeMap<String, String>>,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (options, threads) = (options_of(dry_run, base, tags)?, threads_of(num_threads)?);
        let given = copied(py, tokens)?;
        self.changed(py, threads, |folder, workers| {
            Ok(folder.upsert(workers, given, &options)?)
        })
    }

    /// Puts all sealed rows in one order across shards, in one new generation, and shows it.
    ///
    /// ``by`` is a space, a column, or several. What does not fit in ``memory`` bytes is sorted by
    /// way of temporary files. New shards have ``shard_tokens``, 16 Mi by default.
    #[pyo3(signature = (by, *, memory = None, shard_tokens = None, num_threads = None))]
    fn sort<'py>(
        &self,
        py: Python<'py>,
        by: &Bound<'py, PyAny>,
        memory: Option<Whole<'py>>,
        shard_tokens: Option<Whole<'py>>,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut options = SortOptions::by(order_of(by)?);
        if let Some(memory) = memory {
            options = options.memory_bytes(of_64_bits("memory", &memory)?);
        }
        if let Some(tokens) = shard_tokens {
            options = options.shard_tokens(of_64_bits("shard_tokens", &tokens)?);
        }
        self.reshaped(py, threads_of(num_threads)?, |folder, workers| {
            Ok(folder.sort(workers, &options, |_| ())?)
        })
    }

    /// Cuts all sealed rows into shards of one length, in one new generation, and shows it: of
    /// ``tokens`` each, or ``shards`` in all. Their order stays.
    #[pyo3(signature = (tokens = None, *, shards = None, num_threads = None))]
    fn reshard<'py>(
        &self,
        py: Python<'py>,
        tokens: Option<Whole<'py>>,
        shards: Option<Whole<'py>>,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = match (&tokens, &shards) {
            (Some(_), Some(_)) => {
                let value = Value::Text("beside tokens".into());
                return Err(Error::value("shards", value, "one of both").into());
            }
            (Some(tokens), None) => ReshardOptions::tokens(of_64_bits("tokens", tokens)?),
            (None, Some(shards)) => ReshardOptions::shards(of_64_bits("shards", shards)?),
            (None, None) => ReshardOptions::default(),
        };
        self.reshaped(py, threads_of(num_threads)?, |folder, workers| {
            Ok(folder.reshard(workers, &options, |_, _| ())?)
        })
    }

    /// Puts neighbouring small shards together, in one new generation, and shows it: those of fewer
    /// than ``smaller_than`` tokens, by default half of ``target``, into shards of at most
    /// ``target``, 16 Mi by default.
    #[pyo3(signature = (target = None, *, smaller_than = None, num_threads = None))]
    fn compact<'py>(
        &self,
        py: Python<'py>,
        target: Option<Whole<'py>>,
        smaller_than: Option<Whole<'py>>,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut options = CompactOptions::new();
        if let Some(tokens) = target {
            options = options.target(of_64_bits("target", &tokens)?);
        }
        if let Some(tokens) = smaller_than {
            options = options.smaller_than(of_64_bits("smaller_than", &tokens)?);
        }
        self.reshaped(py, threads_of(num_threads)?, |folder, workers| {
            Ok(folder.compact(workers, &options, |_, _| ())?)
        })
    }

    /// Removes old generations, and the files that only these name. Those that somebody on this
    /// machine reads stay, and so do those that were the newest until ``older``: seconds, a time
    /// such as ``"1h"``, or a timedelta; 0 if all readers are on this machine.
    ///
    /// ``keep`` newest generations stay in any case, 1 by default; or all from ``keep_from`` on.
    #[pyo3(
        signature = (keep = None, *, keep_from = None, older = Text::Default("1h"), dry_run = false),
        text_signature = "($self, keep=None, *, keep_from=None, older='1h', dry_run=False)"
    )]
    fn gc<'py>(
        &self,
        py: Python<'py>,
        keep: Option<Whole<'py>>,
        keep_from: Option<Whole<'py>>,
        older: Text<'py>,
        dry_run: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let amounts = py.import("ngtoken._amounts")?.getattr("seconds")?;
        let older = match &older {
            Text::Default(text) => amounts.call1(("older", *text))?,
            Text::As(given) => amounts.call1(("older", given))?,
        };
        let older: Duration = seconds(older.extract()?)?;
        let mut options = CollectOptions::new().older(older).dry_run(dry_run);
        if let Some(keep) = keep {
            options = options.keep(of_64_bits("keep", &keep)?);
        }
        if let Some(generation) = keep_from {
            options = options.keep_from(of_64_bits("keep_from", &generation)?);
        }
        let state = self.state();
        let report = long(py, usize::MAX, None, |_| {
            Ok(state.folder()?.collect(&options)?)
        })?;
        collected(py, &report)
    }

    /// Builds the index of each sealed shard, or brings it up to date, as ``TokenFile.index`` does,
    /// and returns what each has. Shards that come later are not indexed by themselves, except for
    /// their zones.
    #[pyo3(signature = (
        columns = None, ids = false, boxes = None, *, only = false, rebuild = false,
        num_threads = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "Python has names for them")]
    fn index<'py>(
        &self,
        py: Python<'py>,
        columns: Option<&Bound<'py, PyAny>>,
        ids: bool,
        boxes: Option<&Bound<'py, PyAny>>,
        only: bool,
        rebuild: bool,
        num_threads: Option<Whole<'py>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let columns = columns.map_or(Ok(Vec::new()), |given| layout_columns("columns", given))?;
        let options = BuildOptions::new()
            .columns(columns)
            .boxes(spaces_of(boxes)?)
            .ids(ids)
            .only(only)
            .rebuild(rebuild);
        let (threads, state) = (threads_of(num_threads)?, self.state());
        // One on an object store is refused.
        state.folder()?;
        let set = state.set_in(py)?;
        let local = set.local()?;
        let mut built = Vec::new();
        let mut files = Vec::new();
        for (number, shard) in local.shards().iter().enumerate() {
            if shard.is_open() || files.contains(&shard.file()) {
                continue;
            }
            files.push(shard.file());
            let (path, report) = long(py, usize::MAX, threads, |workers| {
                let reader = local.open_shard(number)?;
                let report = build(workers, &reader, &options, |_, _| ())?;
                Ok((reader.path().to_owned(), report))
            })?;
            built.push(index_info(py, &path, &report)?);
        }
        state.reopen_in(py)?;
        Ok(built)
    }
}

impl Dataset {
    /// Changes tokens without the GIL, and shows the result.
    fn changed<'py>(
        &self,
        py: Python<'py>,
        threads: Option<usize>,
        change: impl FnOnce(&ng_dataset::Dataset, &Workers) -> Result<ChangeReport, Error> + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        let state = self.state();
        let report = long(py, usize::MAX, threads, |workers| {
            change(state.folder()?, workers)
        })?;
        if report.generation.is_some() {
            state.refresh_in(py)?;
        }
        change_report(py, &report)
    }

    /// Does what [`changed`](Self::changed) does, for changes of shards.
    fn reshaped<'py>(
        &self,
        py: Python<'py>,
        threads: Option<usize>,
        change: impl FnOnce(&ng_dataset::Dataset, &Workers) -> Result<ReshapeReport, Error> + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        let state = self.state();
        let report = long(py, usize::MAX, threads, |workers| {
            change(state.folder()?, workers)
        })?;
        if report.generation.is_some() {
            state.refresh_in(py)?;
        }
        let values = PyDict::new(py);
        values.set_item("generation", report.generation)?;
        values.set_item("shards_before", report.shards_before)?;
        values.set_item("shards_after", report.shards_after)?;
        values.set_item("rows", report.rows)?;
        values.set_item("bytes_written", report.bytes_written)?;
        facts::made(py, "ReshapeReport", &values)
    }
}

fn where_of(given: Option<&Text<'_>>) -> Result<Filter, Error> {
    let text = optional("where", given)?;
    // Every token has a position.
    let text = text.unwrap_or_else(|| "position >= 0".to_owned());
    filter_of(&text).map_err(|error| error.renamed("filter", "where"))
}

fn options_of(
    dry_run: bool,
    base: Option<Whole<'_>>,
    tags: Option<BTreeMap<String, String>>,
) -> Result<ChangeOptions, Error> {
    let mut options = ChangeOptions::new().dry_run(dry_run);
    if let Some(base) = base {
        options = options.base(of_64_bits("base", &base)?);
    }
    let tags = tags.unwrap_or_default().into_iter();
    Ok(tags.fold(options, |options, (name, text)| options.tag(name, text)))
}

fn assignments_of(text: &str) -> Result<Assignments, Error> {
    text.parse::<Assignments>().map_err(|error| {
        let expected = "assignments such as \"weight = weight * 0.5\"";
        Error::new(Class::Value, &error).of("set", Value::Text(text.to_owned()), expected)
    })
}

/// Lets a Python function change tokens.
fn called(
    py: Python<'_>,
    function: &Bound<'_, PyAny>,
    tokens: &mut [Token],
    positions: Option<&[u64]>,
) -> Result<(), Error> {
    let block = owned(py, tokens.to_vec())?;
    let returned = match positions {
        None => function.call1((&block,))?,
        Some(positions) => {
            let positions = crate::query::positions(py, positions)?;
            function.call1((&block, positions))?
        }
    };
    let result = if returned.is_none() { block } else { returned };
    let changed = copied(py, &result)?;
    if changed.len() != tokens.len() {
        let value = Value::Whole(changed.len() as i128);
        let expected = format_args!("{}, as many as it got", tokens.len());
        return Err(Error::value("tokens", value, expected));
    }
    tokens.copy_from_slice(&changed);
    Ok(())
}

/// Copies all tokens that are given.
fn copied(py: Python<'_>, given: &Bound<'_, PyAny>) -> PyResult<Vec<Token>> {
    let mut pieces = Pieces::of(given)?;
    let mut tokens = Vec::new();
    while let Some(piece) = pieces.next_piece(py)? {
        append(
            &mut tokens,
            (0..piece.len()).map(|index| piece.token(index)),
        )?;
        if tokens.len() > BLOCK_TOKENS {
            py.check_signals()?;
        }
    }
    Ok(tokens)
}

fn change_report<'py>(py: Python<'py>, report: &ChangeReport) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    let files: Vec<String> = report.files.iter().map(ToString::to_string).collect();
    values.set_item("generation", report.generation)?;
    values.set_item("matched", report.matched)?;
    values.set_item("changed", report.changed)?;
    values.set_item("deleted", report.deleted)?;
    values.set_item("added", report.added)?;
    values.set_item("files", files)?;
    values.set_item("shards_rewritten", report.shards_rewritten)?;
    values.set_item("shards_dropped", report.shards_dropped)?;
    values.set_item("shards_pruned", report.shards_pruned)?;
    values.set_item("shards_retired", report.shards_retired)?;
    values.set_item("bytes_read", report.bytes_read)?;
    values.set_item("bytes_written", report.bytes_written)?;
    facts::made(py, "ChangeReport", &values)
}

fn collected<'py>(py: Python<'py>, report: &CollectReport) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    values.set_item("generation", report.generation)?;
    values.set_item("oldest_kept", report.oldest_kept)?;
    values.set_item("removed_generations", &report.removed_generations)?;
    values.set_item("removed_shards", report.removed_shards)?;
    values.set_item("removed_orphans", report.removed_orphans)?;
    values.set_item("freed_bytes", report.freed_bytes)?;
    values.set_item("read", &report.read)?;
    values.set_item("young_generations", &report.young_generations)?;
    values.set_item("young_files", report.young_files)?;
    values.set_item("locked_files", report.locked_files)?;
    facts::made(py, "CollectReport", &values)
}
