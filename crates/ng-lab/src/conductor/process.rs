//! Starts a worker and reads its one line.

use std::env;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::FdFlags;

use crate::machine::interrupt::Interrupt;
use crate::model::Plant;
use crate::worker::protocol::{Job, PROTOCOL, Place, Reply, Task, WORKER_ARGUMENT};

/// How often a waiting conductor checks for an interrupt. It sleeps in between.
const POLL: Duration = Duration::from_millis(100);
/// How often the conductor checks whether a worker that has replied has ended.
const ENDING_POLL: Duration = Duration::from_millis(1);
/// Bytes of a worker's standard error kept for a failed cell.
const STDERR_TAIL_BYTES: usize = 600;

/// How a worker ended.
#[derive(Debug)]
pub enum Ended {
    /// It replied and exited successfully.
    Reply(Box<Reply>),
    /// It did not, and why.
    Failed(String),
    /// It was killed because the user interrupted.
    Interrupted,
}

/// What a worker is started with.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The work.
    pub task: &'a Task,
    /// Where it is done.
    pub place: &'a Place,
    /// A deliberate slowdown.
    pub plant: Option<&'a Plant>,
    /// Whether a cell is run once more to count its allocations.
    pub counts_allocations: bool,
    /// Bytes of environment that shift the worker's stack, so that rounds differ in
    /// memory layout.
    pub padding: usize,
    /// The length in bytes that its argument is padded to, so that all are equally long.
    pub argument_bytes: usize,
    /// When the worker is killed.
    pub timeout: Duration,
}

impl<'a> Order<'a> {
    /// A task without additions.
    #[must_use]
    pub fn plain(task: &'a Task, place: &'a Place, timeout: Duration) -> Self {
        Self {
            task,
            place,
            plant: None,
            counts_allocations: false,
            padding: 0,
            argument_bytes: 0,
            timeout,
        }
    }
}

/// Starts `program` as a worker and waits for its end.
///
/// # Errors
/// The program cannot be started.
pub fn run_worker(program: &Path, order: &Order<'_>, interrupt: &Interrupt) -> io::Result<Ended> {
    run_command(Command::new(program), order, interrupt)
}

/// Runs a worker through `command`, which may start it under another program.
///
/// # Errors
/// As [`run_worker`].
pub(crate) fn run_command(
    command: Command,
    order: &Order<'_>,
    interrupt: &Interrupt,
) -> io::Result<Ended> {
    let job = |reply_fd| {
        let job = serde_json::to_string(&Job {
            protocol: PROTOCOL,
            reply_fd,
            place: order.place.clone(),
            task: order.task.clone(),
            plant: order.plant.cloned(),
            counts_allocations: order.counts_allocations,
        })?;
        // Trailing blanks are not part of the job.
        Ok(format!("{job:<0$}", order.argument_bytes))
    };
    let (mut child, reader) = start(command, WORKER_ARGUMENT, order.padding, job)?;
    let line = first_line(reader);
    let stderr = child.stderr.take().map(tail_of);
    let deadline = Instant::now() + order.timeout;
    let mut heard = hear(&line, deadline, interrupt);
    if matches!(heard, Heard::Line(_)) && !ends(&mut child, deadline)? {
        heard = Heard::TimedOut;
    }
    if !matches!(heard, Heard::Line(_)) {
        kill(&mut child);
    }
    let status = child.wait()?;
    let stderr = stderr.and_then(|thread| thread.join().ok());
    Ok(match heard {
        Heard::Interrupted => Ended::Interrupted,
        Heard::TimedOut => Ended::Failed(format!(
            "timed out after {:.1} s",
            order.timeout.as_secs_f64()
        )),
        Heard::Line(line) => understand(&line, status, &stderr.unwrap_or_default()),
    })
}

/// Starts a worker and returns the reading end of its reply pipe. `job`
/// receives the descriptor and returns what follows `argument`.
pub(crate) fn start(
    mut command: Command,
    argument: &str,
    padding: usize,
    job: impl FnOnce(i32) -> serde_json::Result<String>,
) -> io::Result<(Child, PipeReader)> {
    let (reader, writer) = io::pipe()?;
    // Only this end is inherited.
    rustix::io::fcntl_setfd(&writer, FdFlags::empty())?;
    let child = command
        .arg(argument)
        .arg(job(writer.as_raw_fd())?)
        .env_clear()
        .envs(env::var_os("VALGRIND_LIB").map(|folder| ("VALGRIND_LIB", folder)))
        .env("LANG", "C")
        .env("NG_LAB_PADDING", "x".repeat(padding))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Ctrl-C at the terminal is handled by the conductor.
        .process_group(0)
        .spawn()?;
    Ok((child, reader))
}

enum Heard {
    Line(String),
    TimedOut,
    Interrupted,
}

/// Waits for the end of a worker that has replied. Freeing its memory takes a while.
fn ends(child: &mut Child, deadline: Instant) -> io::Result<bool> {
    while child.try_wait()?.is_none() {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(ENDING_POLL);
    }
    Ok(true)
}

fn hear(line: &Receiver<String>, deadline: Instant, interrupt: &Interrupt) -> Heard {
    loop {
        if interrupt.is_set() {
            return Heard::Interrupted;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Heard::TimedOut;
        }
        match line.recv_timeout(POLL.min(left)) {
            Ok(line) => return Heard::Line(line),
            Err(RecvTimeoutError::Disconnected) => return Heard::Line(String::new()),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn understand(line: &str, status: ExitStatus, stderr: &str) -> Ended {
    if !status.success() || line.is_empty() {
        return Ended::Failed(how_it_ended(status, stderr));
    }
    match serde_json::from_str::<Reply>(line) {
        Ok(reply) if reply.protocol == PROTOCOL => Ended::Reply(Box::new(reply)),
        Ok(reply) => Ended::Failed(format!(
            "worker speaks protocol {}, expected {PROTOCOL}",
            reply.protocol
        )),
        Err(error) => Ended::Failed(format!("unreadable reply of the worker: {error}")),
    }
}

/// How a worker without a reply ended.
pub(crate) fn how_it_ended(status: ExitStatus, stderr: &str) -> String {
    let how = match (status.signal(), status.code()) {
        (Some(signal), _) => format!("worker killed by signal {signal}"),
        (_, Some(0)) => "worker ended without a reply".to_owned(),
        (_, code) => format!("worker exited with status {}", code.unwrap_or(-1)),
    };
    match stderr.trim() {
        "" => how,
        stderr => format!("{how}: {stderr}"),
    }
}

fn kill(child: &mut Child) {
    // An error means that it has already ended.
    let _ = child.kill();
}

fn first_line(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut line = String::new();
        if BufReader::new(pipe).read_line(&mut line).is_ok() {
            // The receiver is gone if the worker was killed.
            let _ = sender.send(line);
        }
    });
    receiver
}

pub(crate) fn tail_of(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut tail = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            tail.extend_from_slice(&chunk[..count]);
            let extra = tail.len().saturating_sub(STDERR_TAIL_BYTES);
            tail.drain(..extra);
        }
        String::from_utf8_lossy(&tail).into_owned()
    })
}
