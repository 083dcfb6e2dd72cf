use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use ng_parallel::Workers;
use ng_query::index::{Index, IndexWarning};
use ng_query::{Answer, Filter, Source, Stats};
use pyo3::prelude::*;

use super::answers;
use super::errors::{filter_of, unreadable};
use super::subject::Subject;
use crate::error::{Error, Value};
use crate::shown::Shown;
use crate::token::now;
use crate::tokens::{Origin, Tokens};
use crate::work::{long, short};

/// What is asked, of which tokens, and how. Nothing runs before an operation does.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) origin: Origin,
    /// A token has to match all of them.
    pub(super) filters: Vec<Arc<Filter>>,
    pub(super) how: How,
    /// The time for `valid`: a fixed moment, or whenever an operation runs.
    now: Option<u32>,
    /// The positions of a task; `None` for all.
    within: Option<Range<u64>>,
}

/// The most filters of a question: each ``where`` copies those before it.
const MOST_FILTERS: usize = 1024;

/// How it is asked.
#[derive(Clone, Copy)]
pub(super) struct How {
    /// Whether an index is used, if there is one.
    pub(super) index: bool,
    /// Whether blocks of a mapped file are read and verified.
    pub(super) verified: bool,
    /// Whether damaged blocks are left out instead of failing.
    pub(super) skip_damaged: bool,
    /// `None` for as many as there are processors.
    pub(super) threads: Option<usize>,
}

/// The options as they are pickled: with the index, verified, without damaged blocks, the number of
/// threads, and the time for `valid`.
pub(crate) type HowPickled = (bool, bool, bool, Option<usize>, Option<u32>);

/// What can be queried.
pub(crate) trait Asks {
    fn question(&self) -> Question;
}

impl Asks for Tokens {
    fn question(&self) -> Question {
        Question::of_all(self.origin().clone())
    }
}

impl Question {
    /// A query over all tokens.
    pub(crate) fn of_all(origin: Origin) -> Self {
        Self {
            origin,
            filters: Vec::new(),
            how: How {
                index: true,
                verified: false,
                skip_damaged: false,
                threads: None,
            },
            now: None,
            within: None,
        }
    }
}

impl Question {
    /// The same query over the tokens that match another filter as well.
    pub(crate) fn narrowed(mut self, text: Option<&str>) -> Result<Self, Error> {
        if let Some(text) = text {
            self.filters.push(Arc::new(filter_of(text)?));
            self.refuse_unreadable()?;
        }
        Ok(self)
    }

    /// Refuses more filters than one text can have, which would not parse to the same filter.
    fn refuse_unreadable(&self) -> Result<(), Error> {
        let count = self.filters.len();
        if count > MOST_FILTERS {
            let found = Value::Text(format!("number {count} of a chain"));
            let expected = format_args!("at most {MOST_FILTERS}, joined by `and`");
            return Err(Error::value("filter", found, expected));
        }
        match self.text().filter(|_| count > 1) {
            Some(text) => match text.parse::<Filter>() {
                Ok(_) => Ok(()),
                Err(error) => Err(unreadable(&text, &error)),
            },
            None => Ok(()),
        }
    }

    /// The tokens, the filter and the options, for pickles.
    pub(crate) fn into_parts(self) -> (Origin, Option<String>, HowPickled) {
        let (text, how) = (self.text(), self.how);
        let how = (
            how.index,
            how.verified,
            how.skip_damaged,
            how.threads,
            self.now,
        );
        (self.origin, text, how)
    }

    /// Restores what [`into_parts`](Self::into_parts) took apart.
    pub(crate) fn of_parts(
        origin: Origin,
        filter: Option<&str>,
        (index, verified, skip_damaged, threads, now): HowPickled,
    ) -> Result<Self, Error> {
        let question = Self {
            origin,
            filters: Vec::new(),
            how: How {
                index,
                verified,
                skip_damaged,
                threads,
            },
            now,
            within: None,
        };
        question.narrowed(filter)
    }

    /// The question of a task: about some positions, at a fixed moment.
    pub(crate) fn of_task(
        origin: Origin,
        filter: Option<&str>,
        (index, skip_damaged, now): (bool, bool, u32),
        threads: Option<usize>,
        within: Range<u64>,
    ) -> Result<Self, Error> {
        let how = (index, false, skip_damaged, threads, Some(now));
        let question = Self::of_parts(origin, filter, how)?;
        Ok(Self {
            within: Some(within),
            ..question
        })
    }

    /// Its filters as one.
    pub(crate) fn filter(&self) -> Result<Option<Filter>, Error> {
        self.text().map(|text| filter_of(&text)).transpose()
    }

    /// Whether an index is used, and damaged blocks are left out.
    pub(crate) fn is_asked_how(&self) -> (bool, bool) {
        (self.how.index, self.how.skip_damaged)
    }

    /// The same query over the tokens of this moment, which is also the time for `valid`.
    pub(crate) fn pinned(mut self) -> Result<Self, Error> {
        self.now = Some(self.now());
        self.origin = Origin::Pinned(self.origin.pinned()?);
        Ok(self)
    }

    /// The time for `valid`, in seconds since 1970 UTC.
    pub(crate) fn now(&self) -> u32 {
        self.now.unwrap_or_else(now)
    }

    /// The text of all filters; `None` if all tokens are queried.
    pub(crate) fn text(&self) -> Option<String> {
        match self.filters.as_slice() {
            [] => None,
            [filter] => Some(filter.to_string()),
            filters => {
                let texts = filters.iter().map(|filter| format!("({filter})"));
                Some(texts.collect::<Vec<_>>().join(" and "))
            }
        }
    }

    /// The tokens of this moment. It may wait for a lock, and read: without the GIL.
    pub(crate) fn subject(&self) -> Result<Subject, Error> {
        Ok(Subject::of(&self.origin, &self.how)?.within(self.within.clone()))
    }

    /// Does what [`subject`](Self::subject) does; holds the GIL if nothing is read and no lock is
    /// waited for. A fork needs the GIL, so no lock is held when it happens.
    pub(super) fn subject_of_moment(&self, py: Python<'_>) -> PyResult<Subject> {
        match self.origin.shown_at_once().filter(|_| !self.how.verified) {
            Some(shown) => Ok(Subject::of_shown(shown?, &self.how)?.within(self.within.clone())),
            None => short(py, || self.subject()),
        }
    }

    /// Whether all tokens are queried, and none may be missing.
    pub(crate) fn wants_all(&self) -> bool {
        self.filters.is_empty() && !self.how.skip_damaged
    }

    /// How many threads were asked for.
    pub(crate) fn threads(&self) -> Option<usize> {
        self.how.threads
    }

    /// The path of the file, if the tokens are of one.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.origin.path()
    }

    /// Queries the tokens of this moment. The result of `ask` comes back with Python's statistics.
    pub(super) fn ask<'py, T: Send>(
        &self,
        py: Python<'py>,
        ask: impl FnOnce(&ng_query::Query<'_>, Source<'_>) -> Result<(T, Stats), Error> + Send,
    ) -> PyResult<(T, Bound<'py, PyAny>)> {
        self.ask_of_each(py, 1, ask)
    }

    /// Does what [`ask`](Self::ask) does, if each token is looked at a number of times.
    pub(super) fn ask_of_each<'py, T: Send>(
        &self,
        py: Python<'py>,
        times: usize,
        ask: impl FnOnce(&ng_query::Query<'_>, Source<'_>) -> Result<(T, Stats), Error> + Send,
    ) -> PyResult<(T, Bound<'py, PyAny>)> {
        let subject = self.subject_of_moment(py)?;
        self.ask_subject(py, &subject, times, ask)
    }

    /// Does what [`ask_of_each`](Self::ask_of_each) does, for tokens found before.
    pub(super) fn ask_subject<'py, T: Send>(
        &self,
        py: Python<'py>,
        subject: &Subject,
        times: usize,
        ask: impl FnOnce(&ng_query::Query<'_>, Source<'_>) -> Result<(T, Stats), Error> + Send,
    ) -> PyResult<(T, Bound<'py, PyAny>)> {
        let looks = subject.len().saturating_mul(times);
        let (value, stats, warnings) = long(py, looks, self.how.threads, |workers| {
            let index = self.index_of(subject);
            let (value, stats) = subject.shown().with_source(workers, |source| {
                let query = self.query(subject, source, workers, index.as_deref())?;
                ask(&query, source)
            })?;
            let warnings = match subject.shown() {
                Shown::Shards(shards, _) => shards.warnings(),
                _ => index.map_or(Vec::new(), |index| index.warnings()),
            };
            Ok((value, stats, warnings.iter().map(told).collect::<Vec<_>>()))
        })?;
        let stats = answers::stats(py, &stats, warnings)?;
        Ok((value, stats))
    }

    /// The query for `ng-query`.
    pub(super) fn query<'q>(
        &self,
        subject: &Subject,
        source: Source<'q>,
        workers: &Workers,
        index: Option<&'q Index>,
    ) -> Result<ng_query::Query<'q>, Error> {
        self.query_at(self.now(), subject, source, workers, index)
    }

    /// The query for `ng-query`, where `valid` means at `now`.
    pub(crate) fn query_at<'q>(
        &self,
        now: u32,
        subject: &Subject,
        source: Source<'q>,
        workers: &Workers,
        index: Option<&'q Index>,
    ) -> Result<ng_query::Query<'q>, Error> {
        let mut query = ng_query::Query::new(source, workers).skip_damaged(self.how.skip_damaged);
        if let Some(index) = index {
            query = query.index(index)?;
        }
        if let Some(some) = subject.some() {
            query = query.positions_within(some);
        }
        let filters = self.filters.iter();
        Ok(filters.fold(query, |query, filter| query.filter_at(filter, now)))
    }
}

/// What was put aside of an index, and what helps.
fn told(warning: &IndexWarning) -> String {
    match warning.is_rot() {
        true => format!("{warning} (file.index(rebuild=True) makes it anew)"),
        false => warning.to_string(),
    }
}

/// The parts of an answer.
pub(super) fn parts<T>(answer: Answer<T>) -> (T, Stats) {
    (answer.value, answer.stats)
}
