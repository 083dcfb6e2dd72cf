//! The operations on tokens and queries, written once for both.

use std::ops::ControlFlow;

use ng_query::{End, Stats};
use ng_token::Token;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::answers::{converted, made, positions, values};
use super::class::Query;
use super::near::ball_of;
use super::question::{Asks, Question, parts};
use crate::columns::{column_of, owned};
use crate::error::Error;
use crate::given::{Real, Text, Whole};
use crate::room::append;
use crate::tokens::Tokens;
use crate::whole::{self, count_of};
use crate::work::long;

type Answered<'py> = PyResult<Bound<'py, PyAny>>;

macro_rules! operations {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            /// How many tokens match.
            fn count<'py>(&self, py: Python<'py>) -> Answered<'py> {
                self.question().count(py)
            }

            /// Whether any token matches; it stops at the first block that has one.
            fn any<'py>(&self, py: Python<'py>) -> Answered<'py> {
                self.question().any(py)
            }

            /// The positions of the matching tokens, in order; the first ``limit`` of them.
            #[pyo3(signature = (limit = None))]
            fn positions<'py>(
                &self,
                py: Python<'py>,
                limit: Option<Whole<'py>>,
            ) -> Answered<'py> {
                self.question().positions(py, limit)
            }

            /// Copies of the matching tokens, in order, and their positions; the first ``limit`` of
            /// them.
            #[pyo3(signature = (limit = None))]
            fn tokens<'py>(
                &self,
                py: Python<'py>,
                limit: Option<Whole<'py>>,
            ) -> Answered<'py> {
                self.question().tokens(py, limit)
            }

            /// Measures of the tokens, all together or in groups.
            ///
            /// ``by`` groups tokens by name: ``entity_type``, ``domain``, a flag such as
            /// ``active``, ``time(seconds)`` or ``cell(space, size)``. ``measures`` are ``count``,
            /// and ``min``, ``max``, ``sum``, ``mean``, ``stddev``, ``median``, ``distinct`` or
            /// ``quantile`` of a column. Each is a string separated by commas, or a list of
            /// strings.
            #[pyo3(signature = (by = None, measures = None))]
            fn aggregate<'py>(
                &self,
                py: Python<'py>,
                by: Option<&Bound<'py, PyAny>>,
                measures: Option<&Bound<'py, PyAny>>,
            ) -> Answered<'py> {
                self.question().aggregate(py, by, measures)
            }

            /// The number of values of a column in each of some bins of one width, from the least
            /// value to the greatest, or from ``range[0]`` to ``range[1]``, in units.
            #[pyo3(
                signature = (column, bins = Whole::Default(50), range = None),
                text_signature = "($self, column, bins=50, range=None)"
            )]
            fn histogram<'py>(
                &self,
                py: Python<'py>,
                column: Text<'py>,
                bins: Whole<'py>,
                range: Option<&Bound<'py, PyAny>>,
            ) -> Answered<'py> {
                self.question().histogram(py, &column, &bins, range)
            }

            /// The ``k`` tokens with the greatest values of a column, or with ``least=True`` the
            /// least; ties by position.
            #[pyo3(signature = (k, by, *, least = false))]
            fn top<'py>(
                &self,
                py: Python<'py>,
                k: Whole<'py>,
                by: Text<'py>,
                least: bool,
            ) -> Answered<'py> {
                self.question().top(py, &k, &by, least)
            }

            /// The ``k`` nearest tokens of each point, exactly: distances in units and positions,
            /// each of shape (m, k), ties by position. If there are fewer, the rest are inf and -1.
            ///
            /// ``points`` are of shape (3,) or (m, 3), in ``space``, which is "physical" by
            /// default; or a `Token`. With ``weights``, such as ``{"physical": 1, "motor": 0.5}``,
            /// the squared distances in several spaces are added up, and points are of shape (s, 3)
            /// or (m, s, 3), in that order.
            #[pyo3(
                signature = (points, k = Whole::Default(10), space = None, *, weights = None),
                text_signature = "($self, points, k=10, space=None, *, weights=None)"
            )]
            fn nearest<'py>(
                &self,
                py: Python<'py>,
                points: &Bound<'py, PyAny>,
                k: Whole<'py>,
                space: Option<Text<'py>>,
                weights: Option<&Bound<'py, PyDict>>,
            ) -> Answered<'py> {
                self.question().nearest(py, points, &k, space, weights)
            }

            /// All tokens within a closed ball: their positions, in order, and their distances, in
            /// units.
            #[pyo3(
                signature = (point, radius, space = Text::Default("physical")),
                text_signature = "($self, point, radius, space='physical')"
            )]
            fn within<'py>(
                &self,
                py: Python<'py>,
                point: &Bound<'py, PyAny>,
                radius: Real<'py>,
                space: Text<'py>,
            ) -> Answered<'py> {
                self.question().within(py, &ball_of(point, &radius, &space)?)
            }

            /// How many tokens a ball has for each cubic unit.
            #[pyo3(
                signature = (point, radius, space = Text::Default("physical")),
                text_signature = "($self, point, radius, space='physical')"
            )]
            fn density<'py>(
                &self,
                py: Python<'py>,
                point: &Bound<'py, PyAny>,
                radius: Real<'py>,
                space: Text<'py>,
            ) -> Answered<'py> {
                let ball = ball_of(point, &radius, &space)?;
                self.question().number(py, |query| query.density(&ball))
            }

            /// The sum of the fields of the tokens within a ball, at its centre. No field reaches
            /// farther than 2.55 units.
            #[pyo3(
                signature = (
                    point, radius = Real::Default(2.55), space = Text::Default("physical")
                ),
                text_signature = "($self, point, radius=2.55, space='physical')"
            )]
            fn influence<'py>(
                &self,
                py: Python<'py>,
                point: &Bound<'py, PyAny>,
                radius: Real<'py>,
                space: Text<'py>,
            ) -> Answered<'py> {
                let ball = ball_of(point, &radius, &space)?;
                self.question().number(py, |query| query.influence(&ball))
            }

            /// The positions of the tokens with some ids: all ids in one pass, or without a pass if
            /// there is an index of ids.
            fn find<'py>(&self, py: Python<'py>, ids: &Bound<'py, PyAny>) -> Answered<'py> {
                self.question().find(py, ids)
            }

            /// The ids that more than one token has: how many there are, and the positions of the
            /// ``limit`` least ones.
            #[pyo3(
                signature = (limit = Whole::Default(1000)),
                text_signature = "($self, limit=1000)"
            )]
            fn duplicates<'py>(
                &self,
                py: Python<'py>,
                limit: Whole<'py>,
            ) -> Answered<'py> {
                self.question().duplicates(py, &limit)
            }

            /// ``n`` tokens drawn at random, every set of that size equally likely, in the order of
            /// their positions. The same seed draws the same tokens.
            #[pyo3(
                signature = (n, seed = Whole::Default(0)),
                text_signature = "($self, n, seed=0)"
            )]
            fn sample<'py>(
                &self,
                py: Python<'py>,
                n: Whole<'py>,
                seed: Whole<'py>,
            ) -> Answered<'py> {
                self.question().sample(py, &n, &seed)
            }

            /// The plan of a query over these tokens: how many blocks have to be searched, and the
            /// conditions, cheapest first.
            fn explain(&self, py: Python<'_>) -> PyResult<String> {
                self.question().explain(py)
            }

            /// A summary of the tokens: the range, mean and quantiles of each column with a small
            /// histogram, how often each kind and flag occurs, and the numbers of duplicates and
            /// invalid tokens.
            #[pyo3(signature = (columns = None))]
            fn describe<'py>(
                slf: &Bound<'py, Self>,
                columns: Option<&Bound<'py, PyAny>>,
            ) -> Answered<'py> {
                let describe = slf.py().import("ngtoken._describe")?.getattr("describe")?;
                describe.call1((slf, columns))
            }

            /// Plots, by matplotlib: ``plot.space("physical")`` and ``plot.histogram("weight")``.
            #[getter]
            fn plot<'py>(slf: &Bound<'py, Self>) -> Answered<'py> {
                slf.py()
                    .import("ngtoken._plot")?
                    .getattr("Plot")?
                    .call1((slf,))
            }

            fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> Answered<'py> {
                slf.py()
                    .import("ngtoken._html")?
                    .getattr("tokens")?
                    .call1((slf,))
            }
        }
    };
}

operations!(Tokens);
operations!(Query);

impl Question {
    fn count<'py>(&self, py: Python<'py>) -> Answered<'py> {
        let (count, stats) = self.ask(py, |query, _| Ok(parts(query.count()?)))?;
        made(py, "Count", (count, stats))
    }

    fn any<'py>(&self, py: Python<'py>) -> Answered<'py> {
        let (any, stats) = self.ask(py, |query, _| Ok(parts(query.any()?)))?;
        made(py, "Truth", (any, stats))
    }

    fn positions<'py>(&self, py: Python<'py>, limit: Option<Whole<'py>>) -> Answered<'py> {
        let limit = limit_of(limit)?;
        let (found, stats) = self.ask(py, |query, _| positions_of(query, limit))?;
        made(py, "Positions", (positions(py, &found)?, stats))
    }

    fn tokens<'py>(&self, py: Python<'py>, limit: Option<Whole<'py>>) -> Answered<'py> {
        let limit = limit_of(limit)?;
        let ((places, tokens), stats) = self.ask(py, |query, _| tokens_of(query, limit))?;
        made(
            py,
            "Found",
            (positions(py, &places)?, owned(py, tokens)?, stats),
        )
    }

    fn top<'py>(
        &self,
        py: Python<'py>,
        k: &Whole<'py>,
        by: &Text<'py>,
        least: bool,
    ) -> Answered<'py> {
        let (column, k) = (column_of("by", by)?, count_of("k", k)?);
        let end = if least { End::Least } else { End::Greatest };
        let (found, stats) = self.ask(py, |query, _| {
            let found = query.top(k, column, end);
            Ok(parts(found.map_err(|error| {
                Error::from(error).renamed("column", "by")
            })?))
        })?;
        let places = converted(py, &found.ranked, |ranked| ranked.position as i64)?;
        let ranked = values(py, &found.ranked, |ranked| ranked.value)?;
        made(
            py,
            "Ranked",
            (places, ranked, column.name(), found.nan_weights, stats),
        )
    }

    fn sample<'py>(&self, py: Python<'py>, n: &Whole<'py>, seed: &Whole<'py>) -> Answered<'py> {
        let seed = whole::of_64_bits("seed", seed)?;
        let n = whole::at_least_one("n", n)?;
        let ((places, tokens), stats) = self.ask(py, |query, source| {
            let drawn = query.sample(n, seed)?;
            let tokens = source.tokens_at(&drawn.value)?;
            let mut stats = drawn.stats;
            stats.add_pass(&tokens.stats);
            Ok(((drawn.value, tokens.value), stats))
        })?;
        made(
            py,
            "Found",
            (positions(py, &places)?, owned(py, tokens)?, stats),
        )
    }

    fn explain(&self, py: Python<'_>) -> PyResult<String> {
        let subject = self.subject_of_moment(py)?;
        long(py, subject.len(), self.how.threads, |workers| {
            let index = self.index_of(&subject);
            subject.shown().with_source(workers, |source| {
                let query = self.query(&subject, source, workers, index.as_deref())?;
                Ok(query.explain().to_string())
            })
        })
    }
}

fn limit_of(limit: Option<Whole<'_>>) -> Result<usize, Error> {
    limit.map_or(Ok(usize::MAX), |limit| count_of("limit", &limit))
}

/// Whether to go on with this many.
fn until(limit: usize, len: usize) -> ControlFlow<()> {
    match len < limit {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    }
}

fn positions_of(query: &ng_query::Query<'_>, limit: usize) -> Result<(Vec<u64>, Stats), Error> {
    let mut all = Vec::new();
    let stats = query.positions(|found| {
        append(&mut all, found.iter().copied())?;
        Ok::<_, Error>(until(limit, all.len()))
    })?;
    all.truncate(limit);
    Ok((all, stats))
}

type PlacedTokens = (Vec<u64>, Vec<Token>);

fn tokens_of(query: &ng_query::Query<'_>, limit: usize) -> Result<(PlacedTokens, Stats), Error> {
    let (mut all, mut tokens) = (Vec::new(), Vec::new());
    let stats = query.tokens(|found, records| {
        append(&mut all, found.iter().copied())?;
        append(&mut tokens, records.iter().copied())?;
        Ok::<_, Error>(until(limit, all.len()))
    })?;
    all.truncate(limit);
    tokens.truncate(limit);
    Ok(((all, tokens), stats))
}
