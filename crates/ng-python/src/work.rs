//! How work is done: without the GIL, ended by Ctrl-C, and with panics caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::Duration;

use ng_parallel::{StopFlag, Workers};
use ng_store::ProcessMark;
use pyo3::panic::PanicException;
use pyo3::prelude::*;

use crate::error::{Error, INTERNAL};
use crate::lock::Lock;

/// How often a thread that waits for its work checks for signals: too short a wait after Ctrl-C to
/// notice.
const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(20);

/// How many looks at a token end too soon to need stopping: one look at each token of 16 MiB.
const SHORT_LOOKS: usize = 1 << 18;

/// Does momentary work, without the GIL.
pub(crate) fn short<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    Ok(py.detach(|| caught(work))?)
}

/// Does work with workers, without the GIL: `looks` is about the number of looks at tokens in all.
///
/// Signals are handled meanwhile, on Python's main thread: what a handler raises, as Ctrl-C does,
/// stops the workers at the next shard, and within a query at the next block or point, and is
/// raised.
pub(crate) fn long<T: Send>(
    py: Python<'_>,
    looks: usize,
    threads: Option<usize>,
    work: impl FnOnce(&Workers) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let stop = StopFlag::new();
    let work = || work(&workers(threads)?.with_stop_flag(stop.clone()));
    if looks < SHORT_LOOKS || !is_main_thread(py)? {
        return short(py, work);
    }
    let (outcome, signal) = py.detach(|| beside(&stop, || caught(work)));
    match signal {
        Some(raised) => Err(raised),
        None => Ok(outcome?),
    }
}

/// Runs `work` on its own thread, and checks for signals on this one until it ends.
fn beside<T: Send>(
    stop: &StopFlag,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> (Result<T, Error>, Option<PyErr>) {
    thread::scope(|scope| {
        let (ends, ended) = channel();
        let work = move || {
            let outcome = work();
            drop(ends);
            outcome
        };
        let worker = thread::Builder::new()
            .name("ng-python".into())
            .spawn_scoped(scope, work);
        match worker {
            Ok(worker) => {
                let signal = watch(&ended, stop);
                let outcome = worker
                    .join()
                    .unwrap_or_else(|payload| Err(panicked(&*payload)));
                (outcome, signal)
            }
            Err(error) => {
                let refused = format!("cannot start a thread: {error}");
                (Err(Error::of_system(&refused, &error)), None)
            }
        }
    })
}

/// Handles signals, as Python's main thread does between two instructions.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method is one for a lifetime, not for all"
)]
fn handle_signals() -> PyResult<()> {
    Python::attach(|py| py.check_signals())
}

/// Handles signals until the other end is dropped, and stops the work if a handler raises.
fn watch(ended: &Receiver<()>, stop: &StopFlag) -> Option<PyErr> {
    let mut signal = None;
    while ended.recv_timeout(LOOK_FOR_SIGNALS) == Err(RecvTimeoutError::Timeout) {
        if let Err(raised) = handle_signals() {
            stop.stop();
            signal.get_or_insert(raised);
        }
    }
    signal
}

fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    main.eq(threading.call_method0("get_ident")?)
}

/// Returns workers with a number of threads; by default as many as there are processors. It may
/// wait for a lock, and starts threads: without the GIL.
pub(crate) fn workers(threads: Option<usize>) -> Result<Workers, Error> {
    match STARTED.lock() {
        Some(mut kept) => kept.of_this_process().workers(threads),
        None => Kept::none().workers(threads),
    }
}

/// Made with the module: a fork has no thread to finish making it.
static STARTED: LazyLock<Lock<Kept>> = LazyLock::new(|| Lock::new(Kept::none()));

/// The workers of a process: the default ones, and those of the last other number of threads.
/// Earlier ones end with their last operation.
struct Kept {
    process: ProcessMark,
    default: Option<Workers>,
    other: Option<Workers>,
}

impl Kept {
    fn none() -> Self {
        Self {
            process: ProcessMark::of_this_process(),
            default: None,
            other: None,
        }
    }

    /// Leaves the parent process's workers alone: their threads are not in this fork, and what they
    /// had locked stays locked.
    fn of_this_process(&mut self) -> &mut Self {
        if !self.process.is_this_process() {
            std::mem::forget(std::mem::replace(self, Self::none()));
        }
        self
    }

    fn workers(&mut self, threads: Option<usize>) -> Result<Workers, Error> {
        let fits = |kept: &&Workers| threads.is_none_or(|wanted| kept.threads() == wanted);
        if let Some(kept) = self.default.iter().find(fits) {
            return Ok(kept.clone());
        }
        let Some(wanted) = threads else {
            let granted = thread::available_parallelism().map_or(1, usize::from);
            return Ok(self.default.insert(Workers::new(granted)?).clone());
        };
        if let Some(kept) = self.other.iter().find(fits) {
            return Ok(kept.clone());
        }
        Ok(self.other.insert(Workers::new(wanted)?).clone())
    }
}

/// Locks, even after a panic: the data behind the locks here is consistent at any time.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panicked(&*payload)))
}

/// The exception for a panic.
fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    let place = place_of_last_panic();
    let text = format!("panicked at {place}: {}", text.unwrap_or("no text"));
    Error::new(INTERNAL, text)
}

/// Where the last panic was, if there was one.
#[pyfunction]
pub(crate) fn place_of_last_panic() -> String {
    lock(&PLACE)
        .clone()
        .unwrap_or_else(|| "an unknown place".into())
}

static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Gets ready for work: later calls may come in a fork.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    LazyLock::force(&STARTED);
    remember_places_of_panics();
    raise_panics_as_ours(py)
}

/// Makes each panic record its place; the previous hook still runs.
fn remember_places_of_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            *lock(&PLACE) = info.location().map(ToString::to_string);
            before(info);
        }));
    });
}

/// Makes panics that only pyo3 catches become the same exception as the others.
///
/// pyo3 raises its own exception with only the panic's text, which `except Exception` does not
/// catch. Its type belongs to this module alone.
fn raise_panics_as_ours(py: Python<'_>) -> PyResult<()> {
    let place = wrap_pyfunction!(place_of_last_panic, py)?;
    let raise = py.import("ngtoken._errors")?.getattr("raise_as_internal")?;
    raise.call1((py.get_type::<PanicException>(), place))?;
    Ok(())
}

/// Panics, for the tests: where it is caught, where pyo3 catches it, or in a shard of workers.
#[pyfunction]
#[pyo3(name = "_panic", signature = (*, within = "work"))]
pub(crate) fn panic_on_purpose(py: Python<'_>, within: &str) -> PyResult<()> {
    match within {
        "call" => panic!("on purpose"),
        "work" => return short(py, || panic!("on purpose")),
        _ => {}
    }
    long(py, 0, None, |workers| {
        let shards = ng_parallel::Shards::new(1);
        let never = ng_parallel::map_shards(workers, shards, |_| panic!("on purpose"))?;
        never.into_iter().collect()
    })
}

/// Works until it is stopped, for the tests: only a signal ends it.
#[pyfunction]
#[pyo3(name = "_work_until_stopped")]
pub(crate) fn work_until_stopped(py: Python<'_>) -> PyResult<()> {
    long(py, usize::MAX, None, |workers| {
        loop {
            let shards = ng_parallel::Shards::new(1);
            ng_parallel::map_shards(workers, shards, |_| thread::yield_now())?;
        }
    })
}
