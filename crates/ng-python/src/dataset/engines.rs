//! Questions about a dataset that engines ask: cut into tasks, and given to Ray.

use std::sync::Arc;

use ng_arrow::Layout;
use ng_dataset::{Ask, Want};
use ng_parallel::Workers;
use ng_query::Query as Asked;
use ng_token::{Space, Token};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::Dataset;
use super::task::merge_partials;
use crate::arrow::{ArrowStream, layout_of};
use crate::error::{Error, Value};
use crate::given::{Text, Whole, optional};
use crate::query::{Asks, GivenPoints, Query, Question, asked_groups, names_of};
use crate::shown::Shown;
use crate::tokens::Origin;
use crate::whole::{count_of, of_64_bits};
use crate::work::short;

/// A task as bytes, and how many rows it has, if that is known before it is done.
type Cut<'py> = (Bound<'py, PyBytes>, Option<u64>, u64);

macro_rules! asked_by_engines {
    ($class:ty) => {
        #[pymethods]
        impl $class {
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
                &self,
                py: Python<'py>,
                columns: Option<&Bound<'py, PyAny>>,
                r#where: Option<Text<'py>>,
                raw: bool,
                task_bytes: Whole<'py>,
            ) -> PyResult<Bound<'py, PyAny>> {
                let (question, layout, want) =
                    rows_of(py, self.question(), columns, r#where, raw)?;
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
                groups_by_ray(py, self.question(), by, measures, &task_bytes)
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
                nearest_by_ray(py, self.question(), given, &k, &task_bytes)
            }
        }
    };
}

impl Asks for Dataset {
    fn question(&self) -> Question {
        Question::of_all(Origin::Dataset(Arc::clone(&self.state)))
    }
}

asked_by_engines!(Dataset);
asked_by_engines!(Query);

fn groups_by_ray<'py>(
    py: Python<'py>,
    question: Question,
    by: Option<&Bound<'py, PyAny>>,
    measures: Option<&Bound<'py, PyAny>>,
    task_bytes: &Whole<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let names = |field, given: Option<&Bound<'py, PyAny>>| {
        given.map_or(Ok(String::new()), |given| names_of(field, given))
    };
    let (by, measures) = (names("by", by)?, names("measures", measures)?);
    let empty = short(py, || no_groups(&by, &measures))?;
    // Its generation stays as long as there are tasks.
    let question = short(py, || question.pinned())?;
    let want = Want::Aggregate { by, measures };
    let (tasks, folder) = tasks_of(py, &question, want, task_bytes)?;
    let ray = py.import("ngtoken._ray")?;
    let partials = ray.getattr("Partials")?.call1((tasks, folder))?;
    merge_partials(&partials, &empty)
}

fn nearest_by_ray<'py>(
    py: Python<'py>,
    question: Question,
    given: GivenPoints,
    k: &Whole<'py>,
    task_bytes: &Whole<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let (count, k) = (given.points()?.len(), count_of("k", k)?);
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
    let question = short(py, || question.pinned())?;
    let (tasks, folder) = tasks_of(py, &question, want, task_bytes)?;
    let ray = py.import("ngtoken._ray")?;
    ray.getattr("nearest")?.call1((tasks, folder, count, k))
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

/// The partial answer over no tokens, as bytes: refuses what cannot be asked in parts.
fn no_groups(by: &str, measures: &str) -> Result<Vec<u8>, Error> {
    let (by, measures) = asked_groups(by, measures)?;
    let none: &[Token] = &[];
    let query = Asked::new(none, &Workers::new(1)?);
    Ok(query.aggregate_partial(&by, &measures)?.value.to_bytes())
}
