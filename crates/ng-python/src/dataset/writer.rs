use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ng_dataset::{CommitEvery, Retention, Roll, Writer as Appender, WriterOptions};
use pyo3::exceptions::PyResourceWarning;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use super::Dataset;
use crate::error::{Error, FORKED, INTERNAL};
use crate::given::Whole;
use crate::lock::Lock;
use crate::records::Pieces;
use crate::whole::threads_of;
use crate::work::{long, short};

/// Tokens, bytes and seconds.
type Amount = (Option<u64>, Option<u64>, Option<f64>);

/// Appends to a dataset, in a tail of its own.
///
/// What is committed is durable, and seen at once by who opens, refreshes or follows. A full tail
/// becomes a shard, and the writer goes on in the next. Any number of writers can be at work.
///
/// It has no timer: what is due by time is done by the next call; `commit_if_due` does only that.
///
/// As a context manager it closes at the end of the block; if the block raises, it commits nothing,
/// and leaves its tail as a crash does.
#[pyclass(frozen, weakref, module = "ngtoken.dataset")]
pub(crate) struct Writer {
    path: PathBuf,
    /// For one thread at a time, even to look at; the mutex ensures it.
    appender: Lock<Mutex<Option<Appender>>>,
    is_closed: AtomicBool,
}

#[pymethods]
impl Dataset {
    /// Begins to append, in a new tail of its own.
    ///
    /// ``roll`` says when the tail becomes a shard: tokens such as ``4_000_000`` or ``"4M"``, bytes
    /// such as ``"256MiB"``, a time such as ``"10m"`` or a timedelta, or several, of which the
    /// first counts; 16 Mi tokens by default. ``commit_every`` commits without being asked, after
    /// that many tokens or that time. ``retain`` drops the oldest shards: ``"5 shards"``,
    /// ``"100G"``, ``"7d"``, or several, which all hold. ``take_over=True`` first seals the tails
    /// that dead writers left.
    #[pyo3(signature = (*, roll = None, commit_every = None, retain = None, take_over = false))]
    fn writer(
        &self,
        py: Python<'_>,
        roll: Option<&Bound<'_, PyAny>>,
        commit_every: Option<&Bound<'_, PyAny>>,
        retain: Option<&Bound<'_, PyAny>>,
        take_over: bool,
    ) -> PyResult<Writer> {
        let amounts = py.import("ngtoken._amounts")?;
        let amount = |name: &str, given| -> PyResult<Option<Amount>> {
            amounts.getattr("amount")?.call1((name, given))?.extract()
        };
        let (roll, commit_every) = (amount("roll", roll)?, amount("commit_every", commit_every)?);
        let kept = amounts.getattr("kept")?.call1(("retain", retain))?;
        let retain: Vec<(String, f64)> = kept.extract()?;
        let mut options = WriterOptions::new().take_over(take_over);
        if let Some((tokens, bytes, after)) = roll {
            let after = after.map(seconds).transpose()?;
            options = options.roll(Roll {
                tokens,
                bytes,
                after,
            });
        }
        let (tokens, bytes, after) = commit_every.unwrap_or_default();
        options = options.commit_every(CommitEvery {
            tokens: tokens.or(bytes.map(|bytes| bytes.div_ceil(64))),
            after: after.map(seconds).transpose()?,
        });
        for (kind, amount) in retain {
            options = options.retain(match kind.as_str() {
                "shards" => Retention::Shards(amount as u64),
                "bytes" => Retention::Bytes(amount as u64),
                _ => Retention::Age(seconds(amount)?),
            });
        }
        let state = self.state();
        let appender = short(py, || Ok(state.folder()?.writer(&options)?))?;
        Ok(Writer {
            path: state.path().to_owned(),
            appender: Lock::new(Mutex::new(Some(appender))),
            is_closed: AtomicBool::new(false),
        })
    }

    /// Seals the open tails that no writer holds any more, and returns their files: what was
    /// committed in them stays.
    fn close_tails(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let state = self.state();
        let closed = short(py, || Ok(state.folder()?.close_tails()?))?;
        state.refresh_in(py)?;
        Ok(closed.iter().map(ToString::to_string).collect())
    }
}

/// A time, which Python has checked.
pub(super) fn seconds(amount: f64) -> Result<Duration, Error> {
    let time = Duration::try_from_secs_f64(amount);
    time.map_err(|error| Error::new(INTERNAL, error))
}

impl Writer {
    fn with<T>(&self, work: impl FnOnce(&mut Appender) -> Result<T, Error>) -> Result<T, Error> {
        self.held(|appender| match appender {
            Some(appender) => work(appender),
            None => Err(Error::closed(&self.path)),
        })
    }

    fn held<T>(
        &self,
        work: impl FnOnce(&mut Option<Appender>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut held = self.appender.lock().ok_or_else(|| in_use(&self.path))?;
        work(held.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

fn in_use(path: &Path) -> Error {
    let text = format!(
        "{}: a writer that was in use when its process was forked; make another one here",
        path.display()
    );
    Error::new(FORKED, text).at(path)
}

#[pymethods]
impl Writer {
    /// Appends all tokens of an array, of records of 64 bytes, of Arrow columns, or of an iterable
    /// of tokens, arrays and records, and returns how many.
    ///
    /// If the iterable raises, or Ctrl-C interrupts, what came before it stays appended, and is not
    /// yet committed.
    #[pyo3(signature = (tokens, *, num_threads = None))]
    fn append(
        &self,
        py: Python<'_>,
        tokens: &Bound<'_, PyAny>,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<u64> {
        let threads = threads_of(num_threads)?;
        let mut pieces = Pieces::of(tokens)?;
        let mut appended = 0;
        while let Some(piece) = pieces.next_piece(py)? {
            long(py, piece.len(), threads, |workers| {
                self.with(|appender| piece.ingest_into(workers, appender))
            })?;
            appended += piece.len() as u64;
        }
        Ok(appended)
    }

    /// Makes everything appended durable, and visible.
    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || self.with(|appender| Ok(appender.commit()?)))
    }

    /// Does what is due by time: a commit, a roll, and the retention by age.
    fn commit_if_due(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || self.with(|appender| Ok(appender.commit_if_due()?)))
    }

    /// In how many seconds something is due by time; None if nothing is.
    #[getter]
    fn due_in(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        let due = short(py, || self.with(|appender| Ok(appender.due_in())))?;
        Ok(due.map(|due| due.as_secs_f64()))
    }

    /// Ends the tail, unless it is empty, and goes on in another. `wait` waits until it is sealed.
    fn roll(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || self.with(|appender| Ok(appender.roll()?)))
    }

    /// Waits until all tails before this one are sealed.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || self.with(|appender| Ok(appender.wait()?)))
    }

    /// Commits and seals the tail, unless ``commit=False``, which leaves it as a crash does; closing
    /// twice does nothing.
    #[pyo3(signature = (*, commit = true))]
    fn close(&self, py: Python<'_>, commit: bool) -> PyResult<()> {
        short(py, || {
            let taken = self.held(|appender| Ok(appender.take()))?;
            self.is_closed.store(true, Ordering::Release);
            match taken {
                Some(appender) if commit => {
                    appender.close()?;
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// The path of the dataset.
    #[getter]
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// How many tokens it has appended, committed or not.
    #[getter]
    fn appended(&self, py: Python<'_>) -> PyResult<u64> {
        short(py, || self.with(|appender| Ok(appender.appended_tokens())))
    }

    /// How many of its tokens are known to be durable.
    #[getter]
    fn committed(&self, py: Python<'_>) -> PyResult<u64> {
        short(py, || self.with(|appender| Ok(appender.committed_tokens())))
    }

    /// The number of the last generation that it is known to have published.
    #[getter]
    fn generation(&self, py: Python<'_>) -> PyResult<u64> {
        short(py, || self.with(|appender| Ok(appender.generation())))
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let writer = slf.get();
        short(slf.py(), || writer.with(|_| Ok(())))?;
        Ok(slf)
    }

    #[pyo3(signature = (*raised))]
    fn __exit__(&self, py: Python<'_>, raised: &Bound<'_, PyTuple>) -> PyResult<()> {
        let succeeded = raised.iter().all(|part| part.is_none());
        self.close(py, succeeded)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let path = self.path.display();
        Ok(match self.closed() {
            true => format!("<ngtoken.Writer of {path}, closed>"),
            false => {
                let appended = self.appended(py)?;
                format!("<ngtoken.Writer of {path}, {appended} tokens appended>")
            }
        })
    }
}

/// Warns if appended tokens are lost with the writer, as Python does about unclosed files.
impl Drop for Writer {
    fn drop(&mut self) {
        let Some(held) = self.appender.get_mut() else {
            return;
        };
        let Some(appender) = held.get_mut().unwrap_or_else(PoisonError::into_inner) else {
            return;
        };
        let appended = appender.appended_tokens();
        let lost = appended.saturating_sub(appender.committed_tokens());
        if lost == 0 {
            return;
        }
        let path = self.path.display();
        let text = format!("{path}: {lost} appended tokens were not committed; close the writer");
        // When it ends, the interpreter takes no warnings.
        let _ = Python::try_attach(|py| warn(py, &text));
    }
}

fn warn(py: Python<'_>, text: &str) {
    let text = CString::new(text).unwrap_or_default();
    let category = PyType::new::<PyResourceWarning>(py);
    if let Err(raised) = PyErr::warn(py, &category, &text, 1) {
        raised.write_unraisable(py, None);
    }
}
