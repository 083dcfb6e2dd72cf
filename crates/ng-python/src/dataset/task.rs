//! Tasks: cut from what is asked, done on any machine, and their answers put together.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use ng_arrow::Layout;
use ng_arrow::arrow_array::{
    ArrayRef, BinaryArray, Float64Array, RecordBatch, UInt32Array, UInt64Array,
};
use ng_dataset::{Ask, Piece, Task, TaskFlaw, Want};
use ng_parallel::Workers;
use ng_query::{Column, Neighbours, Partial, PartialError, Query as Asked, Stats};
use ng_token::{Space, Token};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::remote::{RemoteFolder, name_of};
use super::view::View;
use super::{Dataset, ShardSet};
use crate::arrow::{ArrowStream, layout_of};
use crate::columns::space_of;
use crate::error::{Class, Error, INTERNAL, Value};
use crate::given::{Text, Whole, kind_of, optional};
use crate::query::{Asks, GivenPoints, Query, Question, asked_groups, groups_of, names_of};
use crate::shown::Shown;
use crate::tokens::{Origin, Pinned};
use crate::whole::{count_of, of_64_bits, threads_of};
use crate::work::{long, short};

/// A task as bytes, and how many rows it has, if that is known before it is done.
type Cut<'py> = (Bound<'py, PyBytes>, Option<u64>, u64);

#[pymethods]
impl Query {
    /// Columns of the matching tokens, as a ``ray.data.Dataset``: each read task is a shard
    /// or a run of blocks of at most ``task_bytes`` of tokens, and filters and gathers
    /// where it runs.
    #[pyo3(
        signature = (
            columns = None, r#where = None, raw = false, *,
            task_bytes = Whole::Default(1 << 27)
        ),
        text_signature = "($self, columns=None, where=None, raw=False, *, \
            task_bytes=134217728)"
    )]
    fn to_ray<'py>(
        slf: &Bound<'py, Self>,
        columns: Option<&Bound<'py, PyAny>>,
        r#where: Option<Text<'py>>,
        raw: bool,
        task_bytes: Whole<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let question = slf.get().question();
        let (question, layout, want) = rows_of(py, question, columns, r#where, raw)?;
        let (tasks, folder) = tasks_of(py, &question, want, &task_bytes)?;
        let stream = Bound::new(py, ArrowStream::of_question(question, layout))?;
        let ray = py.import("ngtoken._ray")?;
        ray.getattr("to_ray")?.call1((tasks, folder, stream))
    }

    /// The tasks that ``to_ray`` gives to Ray, for any other engine: bytes, each of which
    /// ``ngtoken.dataset.run_task`` answers with the columns of its rows.
    #[pyo3(
        signature = (
            columns = None, r#where = None, raw = false, *,
            task_bytes = Whole::Default(1 << 27)
        ),
        text_signature = "($self, columns=None, where=None, raw=False, *, \
            task_bytes=134217728)"
    )]
    fn tasks<'py>(
        &self,
        py: Python<'py>,
        columns: Option<&Bound<'py, PyAny>>,
        r#where: Option<Text<'py>>,
        raw: bool,
        task_bytes: Whole<'py>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let (question, _, want) = rows_of(py, self.question(), columns, r#where, raw)?;
        let (tasks, _) = tasks_of(py, &question, want, &task_bytes)?;
        Ok(tasks.into_iter().map(|(task, ..)| task).collect())
    }

    /// Does what ``aggregate`` does, by Ray: one round of tasks, whose partial answers are
    /// merged here. Quantiles of columns of 32 bits need a second pass, and are refused.
    #[pyo3(
        signature = (by = None, measures = None, *, task_bytes = Whole::Default(1 << 27)),
        text_signature = "($self, by=None, measures=None, *, task_bytes=134217728)"
    )]
    fn ray_aggregate<'py>(
        &self,
        py: Python<'py>,
        by: Option<&Bound<'py, PyAny>>,
        measures: Option<&Bound<'py, PyAny>>,
        task_bytes: Whole<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let names = |field, given: Option<&Bound<'py, PyAny>>| {
            given.map_or(Ok(String::new()), |given| names_of(field, given))
        };
        let (by, measures) = (names("by", by)?, names("measures", measures)?);
        let empty = short(py, || no_groups(&by, &measures))?;
        let want = Want::Aggregate { by, measures };
        // Its generation stays as long as there are tasks.
        let question = self.question();
        let question = short(py, || question.pinned())?;
        let (tasks, folder) = tasks_of(py, &question, want, &task_bytes)?;
        let ray = py.import("ngtoken._ray")?;
        let partials = ray.getattr("Partials")?.call1((tasks, folder))?;
        merge_partials(&partials, PyBytes::new(py, &empty))
    }

    /// Does what ``nearest`` does, by Ray: one round of tasks, each with the nearest of its
    /// tokens.
    #[pyo3(
        signature = (
            points, k = Whole::Default(10), space = None, *, weights = None,
            task_bytes = Whole::Default(1 << 27)
        ),
        text_signature = "($self, points, k=10, space=None, *, weights=None, \
            task_bytes=134217728)"
    )]
    fn ray_nearest<'py>(
        &self,
        py: Python<'py>,
        points: &Bound<'py, PyAny>,
        k: Whole<'py>,
        space: Option<Text<'py>>,
        weights: Option<&Bound<'py, PyDict>>,
        task_bytes: Whole<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let space = optional("space", space.as_ref())?;
        let given = GivenPoints::of(py, points, space.as_deref(), weights)?;
        let (count, k) = (given.points()?.len(), count_of("k", &k)?);
        if k == 0 {
            return Err(Error::value("k", Value::Whole(0), "1 or more").into());
        }
        let name = |(space, weight): &(Space, Option<f64>)| (space.name().to_owned(), *weight);
        let want = Want::Nearest {
            spaces: given.spaces.iter().map(name).collect(),
            points: given.places,
            in_steps: given.in_steps,
            k: k as u64,
        };
        let question = self.question();
        let question = short(py, || question.pinned())?;
        let (tasks, folder) = tasks_of(py, &question, want, &task_bytes)?;
        let ray = py.import("ngtoken._ray")?;
        ray.getattr("nearest")?.call1((tasks, folder, count, k))
    }
}

#[pymethods]
impl Dataset {
    /// Columns of the matching tokens, as a ``ray.data.Dataset``: each read task is a shard or a run
    /// of blocks of at most ``task_bytes`` of tokens, and filters and gathers where it runs.
    #[pyo3(
        signature = (
            columns = None, r#where = None, raw = false, *, task_bytes = Whole::Default(1 << 27)
        ),
        text_signature = "($self, columns=None, where=None, raw=False, *, task_bytes=134217728)"
    )]
    fn to_ray<'py>(
        slf: &Bound<'py, Self>,
        columns: Option<&Bound<'py, PyAny>>,
        r#where: Option<Text<'py>>,
        raw: bool,
        task_bytes: Whole<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Query::to_ray(
            &slf.get().query(slf.py())?,
            columns,
            r#where,
            raw,
            task_bytes,
        )
    }

    /// The tasks that ``to_ray`` gives to Ray, for any other engine: bytes, each of which
    /// ``ngtoken.dataset.run_task`` answers with the columns of its rows.
    #[pyo3(
        signature = (
            columns = None, r#where = None, raw = false, *, task_bytes = Whole::Default(1 << 27)
        ),
        text_signature = "($self, columns=None, where=None, raw=False, *, task_bytes=134217728)"
    )]
    fn tasks<'py>(
        &self,
        py: Python<'py>,
        columns: Option<&Bound<'py, PyAny>>,
        r#where: Option<Text<'py>>,
        raw: bool,
        task_bytes: Whole<'py>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        self.query(py)?
            .get()
            .tasks(py, columns, r#where, raw, task_bytes)
    }

    /// Does what ``aggregate`` does, by Ray: one round of tasks, whose partial answers are merged
    /// here. Quantiles of columns of 32 bits need a second pass, and are refused.
    #[pyo3(
        signature = (by = None, measures = None, *, task_bytes = Whole::Default(1 << 27)),
        text_signature = "($self, by=None, measures=None, *, task_bytes=134217728)"
    )]
    fn ray_aggregate<'py>(
        &self,
        py: Python<'py>,
        by: Option<&Bound<'py, PyAny>>,
        measures: Option<&Bound<'py, PyAny>>,
        task_bytes: Whole<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.query(py)?
            .get()
            .ray_aggregate(py, by, measures, task_bytes)
    }

    /// Does what ``nearest`` does, by Ray: one round of tasks, each with the nearest of its tokens.
    #[pyo3(
        signature = (
            points, k = Whole::Default(10), space = None, *, weights = None,
            task_bytes = Whole::Default(1 << 27)
        ),
        text_signature = "($self, points, k=10, space=None, *, weights=None, task_bytes=134217728)"
    )]
    fn ray_nearest<'py>(
        &self,
        py: Python<'py>,
        points: &Bound<'py, PyAny>,
        k: Whole<'py>,
        space: Option<Text<'py>>,
        weights: Option<&Bound<'py, PyDict>>,
        task_bytes: Whole<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let query = self.query(py)?;
        query
            .get()
            .ray_nearest(py, points, k, space, weights, task_bytes)
    }
}

impl Dataset {
    /// A query over all its tokens.
    fn query<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Query>> {
        let question = Question::of_all(Origin::Dataset(Arc::clone(&self.state)));
        Bound::new(py, Query::of(question))
    }
}

/// A question about the columns of the matching tokens.
fn rows_of(
    py: Python<'_>,
    question: Question,
    columns: Option<&Bound<'_, PyAny>>,
    r#where: Option<Text<'_>>,
    raw: bool,
) -> PyResult<(Question, Layout, Want)> {
    let filter = optional("where", r#where.as_ref())?;
    let question = question.narrowed(filter.as_deref())?;
    let question = short(py, || question.pinned())?;
    let layout = layout_of(columns, raw)?;
    let names = layout.columns.iter().map(|column| column.name().to_owned());
    let want = Want::Columns {
        columns: names.collect(),
        raw,
    };
    Ok((question, layout, want))
}

/// The tasks of a question about a dataset, of this moment, and its folder, if a file system of
/// Python's reads it.
fn tasks_of<'py>(
    py: Python<'py>,
    question: &Question,
    want: Want,
    task_bytes: &Whole<'py>,
) -> PyResult<(Vec<Cut<'py>>, Option<Py<PyAny>>)> {
    let most_bytes = of_64_bits("task_bytes", task_bytes)?;
    let tasks = short(py, || {
        let subject = question.subject()?;
        let (set, place) = match (subject.shown(), question.origin.dataset()) {
            (Shown::Shards(set, range), Some(dataset)) if range.len() == set.len() => {
                (set, dataset.path())
            }
            _ => return Err(no_dataset()),
        };
        let (filter, (index, skip_damaged)) = (question.filter()?, question.is_asked_how());
        let ask = Ask {
            filter: question.text(),
            now: question.now(),
            skip_damaged,
            index,
            want,
        };
        let place = place.to_str().ok_or_else(|| {
            let value = Value::Text(place.display().to_string());
            Error::value("path", value, "a Unicode path, for other machines")
        })?;
        let tasks = set.tasks(place, &ask, filter.as_ref(), most_bytes);
        let tasks = tasks.ok_or_else(no_dataset)?.into_iter();
        let is_exact = question.wants_all();
        let cut = tasks.map(|task| {
            let rows = task.positions.end - task.positions.start;
            Ok((task.to_bytes()?, is_exact.then_some(rows), rows))
        });
        cut.collect::<Result<Vec<_>, Error>>()
    })?;
    let cut = |(bytes, exact, rows): (Vec<u8>, _, _)| (PyBytes::new(py, &bytes), exact, rows);
    let folder = question.origin.dataset().map(|dataset| dataset.place());
    let folder = folder.and_then(|place| place.folder(py));
    Ok((tasks.into_iter().map(cut).collect(), folder))
}

fn no_dataset() -> Error {
    Error::wrong_type(
        "tokens",
        "of memory or one file",
        "those of a dataset, all of them",
    )
}

impl From<TaskFlaw> for Error {
    fn from(flaw: TaskFlaw) -> Self {
        let value = Value::Text(flaw.to_string());
        Self::new(Class::Value, &flaw).of("task", value, "the bytes of a task")
    }
}

impl From<PartialError> for Error {
    fn from(error: PartialError) -> Self {
        match error {
            PartialError::Query(error) => error.into(),
            other => Self::new(Class::Value, other),
        }
    }
}

/// Does a task, and returns its answer as a stream of Arrow batches: the one function that all
/// engines call.
///
/// ``folder`` is a function that finds the dataset by its place: None for a folder of the file
/// system.
#[pyfunction]
#[pyo3(name = "_run_task")]
pub(crate) fn run_task(
    py: Python<'_>,
    task: &Bound<'_, PyAny>,
    folder: &Bound<'_, PyAny>,
    num_threads: Option<Whole<'_>>,
) -> PyResult<ArrowStream> {
    let Ok(bytes) = task.cast::<PyBytes>() else {
        return Err(Error::wrong_type("task", kind_of(task), "bytes").into());
    };
    let task = Task::from_bytes(bytes.as_bytes()).map_err(Error::from)?;
    let folder = folder.call1((task.place.as_str(),))?;
    let threads = threads_of(num_threads)?;
    let again = (bytes.clone().unbind(), folder.clone().unbind(), threads);
    let remote = match folder.is_none() {
        true => None,
        false => Some((RemoteFolder::new(&folder), name_of(&folder)?)),
    };
    let (piece, within) = short(py, || {
        let piece = opened(&task, remote)?;
        let within = piece.positions();
        Ok((piece, within))
    })?;
    let shown = Shown::of_shards(Arc::new(ShardSet::new(View::Piece(piece))));
    let origin = Origin::Pinned(Pinned::of_task(shown));
    let Ask {
        filter,
        now,
        skip_damaged,
        index,
        want,
    } = task.ask;
    let question = Question::of_task(
        origin,
        filter.as_deref(),
        (index, skip_damaged, now),
        threads,
        within,
    )?;
    match want {
        Want::Columns { columns, raw } => {
            let columns = Column::list(&columns.join(","))
                .map_err(|error| Error::new(Class::Value, error))?;
            let form = if raw {
                ng_arrow::Form::Raw
            } else {
                ng_arrow::Form::Units
            };
            let layout = Layout::new(columns, form);
            Ok(ArrowStream::of_task(question, layout, again))
        }
        Want::Aggregate { by, measures } => {
            let (partial, stats) = answered(py, &question, |query| {
                let (by, measures) = asked_groups(&by, &measures)?;
                let answer = query.aggregate_partial(&by, &measures)?;
                Ok((answer.value.to_bytes(), answer.stats))
            })?;
            Ok(ArrowStream::of_batch(partial_batch(&partial, &stats)?))
        }
        Want::Nearest {
            spaces,
            points,
            in_steps,
            k,
        } => {
            let space = |(name, weight): (String, Option<f64>)| Ok((space_of(&name)?, weight));
            let given = GivenPoints {
                spaces: spaces
                    .into_iter()
                    .map(space)
                    .collect::<Result<_, Error>>()?,
                places: points,
                in_steps,
            };
            let points = given.points()?;
            let k = usize::try_from(k).unwrap_or(usize::MAX);
            let (near, stats) = answered(py, &question, |query| {
                let answer = query.nearest(&points, k)?;
                Ok((answer.value, answer.stats))
            })?;
            Ok(ArrowStream::of_batch(near_batch(&near, &stats)?))
        }
        _ => Err(Error::new(INTERNAL, "a task that this version does not know").into()),
    }
}

fn opened(task: &Task, remote: Option<(RemoteFolder, PathBuf)>) -> Result<Piece, Error> {
    Ok(match remote {
        None => task.open()?,
        Some((root, path)) => {
            let zones = root.clone();
            task.open_in(root, &path, |pass| zones.shard_zones(task.file, pass))?
        }
    })
}

/// Asks about the rows of a task.
fn answered<T: Send>(
    py: Python<'_>,
    question: &Question,
    ask: impl FnOnce(&Asked<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let subject = short(py, || question.subject())?;
    long(py, subject.len(), question.threads(), |workers| {
        subject.shown().with_source(workers, |source| {
            let now = question.now();
            ask(&question.query_at(now, &subject, source, workers, None)?)
        })
    })
}

/// A batch of columns; what was looked at is in the metadata of its schema.
fn batch(columns: Vec<(&'static str, ArrayRef)>, stats: &Stats) -> Result<RecordBatch, Error> {
    let counts = [
        stats.blocks,
        stats.blocks_looked_at,
        stats.blocks_skipped,
        stats.blocks_unread,
        stats.bytes_read,
        stats.damaged_blocks,
        stats.damaged_tokens,
    ];
    let counts = counts.map(|count| count.to_string()).join(" ");
    let failed = |error| Error::new(INTERNAL, error);
    let batch = RecordBatch::try_from_iter(columns).map_err(failed)?;
    let facts = HashMap::from([("ngtoken.stats".to_owned(), counts)]);
    let schema = batch.schema().as_ref().clone().with_metadata(facts);
    batch.with_schema(Arc::new(schema)).map_err(failed)
}

fn partial_batch(partial: &[u8], stats: &Stats) -> Result<RecordBatch, Error> {
    let column = BinaryArray::from_vec(vec![partial]);
    batch(vec![("partial", Arc::new(column))], stats)
}

/// A row for each neighbour of each point: how near it is as a number by which they are ordered,
/// the distance, and the position.
fn near_batch(near: &[Neighbours], stats: &Stats) -> Result<RecordBatch, Error> {
    let all = || near.iter().flat_map(|near| &near.neighbours);
    let of_each = (0_u32..).zip(near);
    let points = of_each.flat_map(|(point, near)| near.neighbours.iter().map(move |_| point));
    let columns: Vec<(_, ArrayRef)> = vec![
        ("point", Arc::new(UInt32Array::from_iter_values(points))),
        (
            "order",
            Arc::new(UInt64Array::from_iter_values(
                all().map(|near| near.squared.key()),
            )),
        ),
        (
            "distance",
            Arc::new(Float64Array::from_iter_values(
                all().map(|near| near.distance),
            )),
        ),
        (
            "position",
            Arc::new(UInt64Array::from_iter_values(
                all().map(|near| near.position),
            )),
        ),
    ];
    batch(columns, stats)
}

/// The partial answer over no tokens, as bytes: refuses what cannot be asked in parts.
fn no_groups(by: &str, measures: &str) -> Result<Vec<u8>, Error> {
    let (by, measures) = asked_groups(by, measures)?;
    let none: &[Token] = &[];
    let query = Asked::new(none, &Workers::new(1)?);
    Ok(query.aggregate_partial(&by, &measures)?.value.to_bytes())
}

/// Merges partial answers in the order of their tokens; ``empty`` is that over no tokens.
#[pyfunction]
#[pyo3(name = "_merge_partials")]
pub(crate) fn merge_partials<'py>(
    partials: &Bound<'py, PyAny>,
    empty: Bound<'py, PyBytes>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = partials.py();
    let mut all = Partial::from_bytes(empty.as_bytes()).map_err(Error::from)?;
    for partial in partials.try_iter()? {
        let partial = partial?;
        let bytes: &[u8] = partial.extract()?;
        short(py, || {
            all.merge(Partial::from_bytes(bytes)?)?;
            Ok(all.fold()?)
        })?;
    }
    let measures = all.measures().to_vec();
    let groups = short(py, || Ok(all.finish()?))?;
    // It counts what the partial answers looked at.
    groups_of(py, &groups, &measures, partials.getattr("stats")?)
}
