//! Tasks, done on any machine, and their answers put together.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use ng_arrow::Layout;
use ng_arrow::arrow_array::{
    ArrayRef, BinaryArray, Float64Array, RecordBatch, UInt32Array, UInt64Array,
};
use ng_dataset::{Ask, Piece, Task, TaskFlaw, Want};
use ng_query::{Column, Neighbours, Partial, PartialError, Query as Asked, Stats};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::ShardSet;
use super::remote::{RemoteFolder, name_of};
use super::view::View;
use crate::arrow::ArrowStream;
use crate::columns::space_of;
use crate::error::{Class, Error, INTERNAL, Value};
use crate::given::{Whole, kind_of};
use crate::query::{GivenPoints, Question, asked_groups, groups_of};
use crate::shown::Shown;
use crate::tokens::{Origin, Pinned};
use crate::whole::threads_of;
use crate::work::{long, short};

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

/// Merges partial answers in the order of their tokens; ``empty`` is that over no tokens.
pub(super) fn merge_partials<'py>(
    partials: &Bound<'py, PyAny>,
    empty: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let py = partials.py();
    let mut all = Partial::from_bytes(empty).map_err(Error::from)?;
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
