use std::path::PathBuf;
use std::time::{Duration, Instant};

use ng_dataset::{Cursor, FollowOptions, Followed, Follower as Reader};
use ng_token::Token;
use pyo3::prelude::*;

use super::Dataset;
use super::facts::object;
use super::writer::seconds;
use crate::columns::owned;
use crate::error::{DAMAGED, Error, FORKED, Value};
use crate::given::{Real, Text};
use crate::lock::Lock;
use crate::work::short;

/// How long a look for new tokens waits, between looks for signals.
const LOOK: Duration = Duration::from_millis(20);

/// Yields the tokens of a dataset as they come, in arrays, and `Gap` where rows were removed before
/// they were read.
///
/// `cursor` is where it is, as a text: behind everything it has yielded.
#[pyclass(frozen, weakref, module = "ngtoken.dataset")]
pub(crate) struct Follower {
    path: PathBuf,
    reader: Lock<Reader>,
    timeout: Option<Duration>,
}

/// What there is to yield.
enum Told {
    Tokens(Vec<Token>),
    Gap(u64),
    Nothing,
    Closed,
}

#[pymethods]
impl Dataset {
    /// Yields what is kept, and then what is committed, as it comes: arrays of tokens, each token
    /// once, and `Gap` where retention or a change removed rows before they were read.
    ///
    /// ``start`` is "oldest", "now" for what is committed from now on, or the ``cursor`` of another
    /// follower. ``DamagedError`` is raised once for a damaged block; the next item is from behind
    /// it. It ends if nothing came for ``timeout`` seconds, and with ``until_closed=True``
    /// once no tail is open and everything is read.
    #[pyo3(
        signature = (start = Text::Default("oldest"), until_closed = false, timeout = None),
        text_signature = "($self, start='oldest', until_closed=False, timeout=None)"
    )]
    fn follow(
        &self,
        py: Python<'_>,
        start: Text<'_>,
        until_closed: bool,
        timeout: Option<Real<'_>>,
    ) -> PyResult<Follower> {
        let options = FollowOptions::new().until_closed(until_closed);
        let options = match start.text("start")?.as_str() {
            "oldest" => options,
            "now" => options.from_now(),
            text => options.from_cursor(cursor_of(text)?),
        };
        let timeout = timeout.map(timeout_of).transpose()?;
        let state = self.state();
        let reader = short(py, || Ok(state.folder()?.follow(&options)?))?;
        Ok(Follower {
            path: state.path().to_owned(),
            reader: Lock::new(reader),
            timeout,
        })
    }
}

fn cursor_of(text: &str) -> Result<Cursor, Error> {
    let expected = "oldest, now, or the cursor of a follower";
    text.parse()
        .map_err(|_| Error::value("start", Value::Text(text.to_owned()), expected))
}

fn timeout_of(given: Real<'_>) -> Result<Duration, Error> {
    let timeout = given.number("timeout")?;
    let refused = |_| Error::value("timeout", Value::Number(timeout), "0 or more seconds");
    seconds(timeout).map_err(refused)
}

impl Follower {
    fn with<T>(&self, work: impl FnOnce(&mut Reader) -> Result<T, Error>) -> Result<T, Error> {
        let text = "a follower that was in use when its process was forked";
        let held = self.reader.lock();
        work(&mut *held.ok_or_else(|| Error::new(FORKED, text).at(&self.path))?)
    }

    fn look(&self, wait: Duration) -> Result<Told, Error> {
        self.with(|reader| {
            Ok(match reader.next(wait)? {
                Followed::Tokens(batch) => Told::Tokens(batch.tokens.to_vec()),
                Followed::Gap { rows } => Told::Gap(rows),
                Followed::Damaged { file, rows } => {
                    let text = format!("{rows} tokens of shard {file} are damaged");
                    return Err(Error::new(DAMAGED, text).at(&self.path));
                }
                Followed::Closed => Told::Closed,
                _ => Told::Nothing,
            })
        })
    }
}

#[pymethods]
impl Follower {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let began = Instant::now();
        loop {
            let left = self
                .timeout
                .map(|timeout| timeout.saturating_sub(began.elapsed()));
            match short(py, || self.look(left.unwrap_or(LOOK).min(LOOK)))? {
                Told::Tokens(tokens) => return owned(py, tokens).map(Some),
                Told::Gap(rows) => return object(py, "Gap", (rows,)).map(Some),
                Told::Closed => return Ok(None),
                Told::Nothing if left.is_some_and(|left| left.is_zero()) => return Ok(None),
                Told::Nothing => py.check_signals()?,
            }
        }
    }

    /// Where it is, as a text: another follower can ``start`` there.
    #[getter]
    fn cursor(&self, py: Python<'_>) -> PyResult<String> {
        short(py, || self.with(|reader| Ok(reader.cursor().to_string())))
    }

    /// The number of the newest generation that it knows.
    #[getter]
    fn generation(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        short(py, || self.with(|reader| Ok(reader.generation())))
    }

    fn __repr__(&self) -> String {
        format!("<ngtoken.Follower of {}>", self.path.display())
    }
}
