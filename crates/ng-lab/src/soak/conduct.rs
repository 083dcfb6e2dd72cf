//! The conductor's side: starts a worker and listens to it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::conductor::process::{how_it_ended, start, tail_of};
use crate::machine::interrupt::Interrupt;
use crate::model::{Profile, SoakReport};
use crate::soak::csv::Csv;
use crate::soak::progress::SoakProgress;
use crate::soak::{Message, SoakJob, SoakPlan};
use crate::worker::protocol::PROTOCOL;

/// The argument that makes a program a worker of a soak; the [`SoakJob`] follows it.
pub const SOAK_ARGUMENT: &str = "__soak";

/// How often a waiting conductor checks for an interrupt.
const POLL: Duration = Duration::from_millis(100);
/// A worker silent for this long is stuck: the longest conceivable verification reads
/// a few terabytes.
const SILENCE: Duration = Duration::from_secs(3 * 3600);

/// Writes down each message and row of a soak as it comes.
pub(crate) struct Keeper {
    pub(crate) log: File,
    pub(crate) csv: Csv<File>,
    pub(crate) progress: SoakProgress,
}

impl Keeper {
    fn keep(&mut self, line: &str, message: &Message) -> io::Result<()> {
        self.progress.hear(message);
        // Totals are repeated with every row.
        if !matches!(message, Message::Totals(_)) {
            writeln!(self.log, "{line}")?;
        }
        match message {
            Message::Row(row) => self.csv.row(row),
            _ => Ok(()),
        }
    }
}

/// Why a soak cannot go on.
pub(crate) enum ConductError {
    /// The worker cannot be started or waited for.
    Worker(io::Error),
    /// The record cannot be written.
    Record(io::Error),
}

/// Runs `program` as the worker, records its messages and adds them to `report`.
/// Returns whether the user stopped it; the worker is then killed, and its messages
/// are kept.
///
/// # Errors
/// The program cannot be started, or the record cannot be written.
pub(crate) fn conduct(
    program: &Path,
    plan: &SoakPlan,
    dir: &Path,
    keeper: &mut Keeper,
    report: &mut SoakReport,
    interrupt: &Interrupt,
) -> Result<bool, ConductError> {
    let (mut worker, lines) = begin(program, plan, dir, report).map_err(ConductError::Worker)?;
    let stderr = worker.0.stderr.take().map(tail_of);
    let heard = listen(&lines, keeper, report, interrupt)?;
    if heard != Heard::End {
        worker.kill();
    }
    let status = worker.0.wait().map_err(ConductError::Worker)?;
    let stderr = stderr.and_then(|thread| thread.join().ok());
    // A worker that reported its end has ended.
    if heard == Heard::End && report.failed.is_none() && !report.ended_clean {
        report.failed = Some(how_it_ended(status, &stderr.unwrap_or_default()));
    }
    Ok(heard == Heard::Interrupted)
}

fn begin(
    program: &Path,
    plan: &SoakPlan,
    dir: &Path,
    report: &SoakReport,
) -> io::Result<(Worker, Receiver<String>)> {
    let job = |reply_fd| {
        serde_json::to_string(&SoakJob {
            protocol: PROTOCOL,
            reply_fd,
            dir: dir.to_owned(),
            on: report.on.clone(),
            most_items: report.most_items,
            plan: plan.clone(),
        })
    };
    let (child, reader) = start(Command::new(program), SOAK_ARGUMENT, 0, job)?;
    Ok((Worker(child), lines_of(reader)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    End,
    /// An unexpected message or silence, noted in the report.
    Trouble,
    Interrupted,
}

fn listen(
    lines: &Receiver<String>,
    keeper: &mut Keeper,
    report: &mut SoakReport,
    interrupt: &Interrupt,
) -> Result<Heard, ConductError> {
    let mut last = Instant::now();
    loop {
        if interrupt.is_set() {
            return Ok(Heard::Interrupted);
        }
        match lines.recv_timeout(POLL) {
            Ok(line) => {
                let message: Message = match serde_json::from_str(&line) {
                    Ok(message) => message,
                    Err(error) => {
                        report.failed = Some(format!("unreadable message: {error}"));
                        return Ok(Heard::Trouble);
                    }
                };
                keeper.keep(&line, &message).map_err(ConductError::Record)?;
                report.take(message);
                last = Instant::now();
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(Heard::End),
            Err(RecvTimeoutError::Timeout) if last.elapsed() > SILENCE => {
                let silence = SILENCE.as_secs();
                report.failed = Some(format!("the worker said nothing for {silence} s"));
                return Ok(Heard::Trouble);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

impl SoakReport {
    /// A report of a soak that has not begun.
    pub(crate) fn of(
        plan: &SoakPlan,
        on: &str,
        most_items: u64,
        less_because: Option<String>,
    ) -> Self {
        Self {
            profile: Profile::of_this_build(),
            on: on.to_owned(),
            asked_seconds: plan.time.as_secs_f64(),
            seconds: 0.0,
            rate: None,
            capacity: None,
            most_items,
            less_because,
            kinds: Vec::new(),
            slopes: Vec::new(),
            events: Vec::new(),
            ended_clean: false,
            failed: None,
            rows: Vec::new(),
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Began(began) => {
                self.rate = Some(began.rate);
                self.capacity = began.capacity;
                self.kinds = began.kinds;
            }
            Message::Event(event) => self.events.push(event),
            Message::Row(row) => {
                self.seconds = row.seconds;
                self.rows.push(*row);
            }
            Message::Totals(kinds) => self.kinds = kinds,
            Message::Failed(reason) => self.failed = Some(reason),
            // The engine says so only after a clean verification.
            Message::Ended => self.ended_clean = true,
        }
    }
}

/// A running worker, killed on drop.
struct Worker(Child);

impl Worker {
    fn kill(&mut self) {
        // An error means that it has already ended.
        let _ = self.0.kill();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
        let _ = self.0.wait();
    }
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = String::new();
        while pipe.read_line(&mut line).is_ok() {
            // A line cut off by the worker's death does not count.
            let Some(whole) = line.strip_suffix('\n') else {
                break;
            };
            if sender.send(whole.to_owned()).is_err() {
                break;
            }
            line.clear();
        }
    });
    receiver
}
