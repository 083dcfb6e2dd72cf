use pyo3::prelude::*;

use super::question::{Asks, How, Question};
use crate::error::Error;
use crate::given::{Text, Whole, optional};
use crate::tokens::Tokens;
use crate::whole::threads_of;
use crate::work::short;

/// A query over tokens: which of them, and how they are read.
///
/// It is lazy and never changes: ``where`` makes another one, and each operation reads what the
/// vector or the file shows when it is called; a snapshot always shows the same.
#[pyclass(frozen, weakref, module = "ngtoken")]
pub(crate) struct Query {
    question: Question,
}

impl Asks for Query {
    fn question(&self) -> Question {
        self.question.clone()
    }
}

impl Query {
    pub(crate) fn of(question: Question) -> Self {
        Self { question }
    }

    fn narrowed(
        question: Question,
        text: Option<&str>,
        changed: impl FnOnce(How) -> How,
    ) -> Result<Self, Error> {
        let mut question = question.narrowed(text)?;
        question.how = changed(question.how);
        Ok(Self { question })
    }
}

#[pymethods]
impl Tokens {
    /// A query over the tokens that match ``filter``, such as ``"weight > 0.9 and object"``, or
    /// over all of them.
    ///
    /// ``index=False`` ignores the index of a file. ``verified=True`` reads and verifies each block
    /// of a mapped file that is looked at; ``skip_damaged=True`` leaves out damaged blocks, and
    /// ``stats`` counts them. All operations of the query, including ``to_arrow`` and
    /// ``write_parquet``, use ``num_threads`` threads, by default as many as there are processors.
    #[pyo3(
        name = "where",
        signature = (
            filter = None, *, index = true, verified = false, skip_damaged = false,
            num_threads = None
        )
    )]
    fn where_(
        &self,
        filter: Option<Text<'_>>,
        index: bool,
        verified: bool,
        skip_damaged: bool,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<Query> {
        let threads = threads_of(num_threads)?;
        let filter = optional("filter", filter.as_ref())?;
        let query = Query::narrowed(self.question(), filter.as_deref(), |_| How {
            index,
            verified,
            skip_damaged,
            threads,
        });
        Ok(query?)
    }
}

#[pymethods]
impl Query {
    /// The same query over fewer tokens: those that match ``filter`` as well. Other given options
    /// replace those of this query.
    #[pyo3(
        name = "where",
        signature = (
            filter = None, *, index = None, verified = None, skip_damaged = None,
            num_threads = None
        )
    )]
    fn where_(
        &self,
        filter: Option<Text<'_>>,
        index: Option<bool>,
        verified: Option<bool>,
        skip_damaged: Option<bool>,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<Self> {
        let threads = threads_of(num_threads)?;
        let filter = optional("filter", filter.as_ref())?;
        let query = Self::narrowed(self.question(), filter.as_deref(), |how| How {
            index: index.unwrap_or(how.index),
            verified: verified.unwrap_or(how.verified),
            skip_damaged: skip_damaged.unwrap_or(how.skip_damaged),
            threads: threads.or(how.threads),
        });
        Ok(query?)
    }

    /// The filter as text, which parses to the same filter; None if there is none.
    #[getter]
    fn filter(&self) -> Option<String> {
        self.question.text()
    }

    /// The same query over the tokens of this moment, however the vector or the file changes;
    /// ``valid`` means valid at this moment.
    fn snapshot(&self, py: Python<'_>) -> PyResult<Self> {
        let question = short(py, || self.question().pinned())?;
        Ok(Self { question })
    }

    fn __repr__(&self) -> String {
        let of = match self.question.path() {
            Some(path) => path.display().to_string(),
            None => "tokens in memory".to_owned(),
        };
        match self.question.text() {
            Some(text) => format!("<ngtoken.Query of {of} where {text}>"),
            None => format!("<ngtoken.Query of {of}>"),
        }
    }
}
