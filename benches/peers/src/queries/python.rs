//! The peers: a lasting process of `queries.py` that answers line by line.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Answer, Number};

/// The script, in the tree that this program was built from.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/queries.py");

/// The variable that names a Python, and the default.
const VARIABLE: &str = "NG_PYTHON";
const DEFAULT: &str = "python3";

/// What the process reports about itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct About {
    pub(crate) python: String,
    pub(crate) versions: BTreeMap<String, String>,
    #[serde(skip_serializing)]
    pub(crate) peers: Vec<Peer>,
}

/// A peer that answers a question.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Peer {
    pub(crate) what: String,
    pub(crate) who: String,
    /// The packages that it needs and lacks.
    pub(crate) missing: Vec<String>,
    pub(crate) one_thread: bool,
}

/// The answer to a question.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) elapsed_ns: f64,
    pub(crate) answer: Answer,
    pub(crate) build_ms: BTreeMap<String, f64>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It cannot run here: there is no room.
    Skipped(String),
    Failed(String),
}

/// An answer line.
#[derive(Deserialize)]
struct Reply {
    ms: Option<f64>,
    #[serde(default)]
    answer: Vec<Number>,
    #[serde(default)]
    tolerance: f64,
    #[serde(default)]
    build_ms: BTreeMap<String, f64>,
    skipped: Option<String>,
    error: Option<String>,
}

/// The process. It ends with its standard input.
pub(crate) struct Python {
    pub(crate) about: About,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it for a token file; it writes below `folder`.
    pub(crate) fn start(file: &Path, folder: &Path, threads: usize) -> Result<Self> {
        let program = env::var_os(VARIABLE).unwrap_or_else(|| OsString::from(DEFAULT));
        let name = program.to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.arg(SCRIPT).arg(file).arg("--dir").arg(folder);
        command.args(["--serve", "--threads", &threads.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| name.clone())?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{name}: no pipes");
        };
        let mut output = BufReader::new(output);
        let about = read(&mut output).with_context(|| format!("{name} {SCRIPT}"));
        if about.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        Ok(Self {
            about: about?,
            child,
            input: Some(input),
            output,
        })
    }

    /// Gets a question answered, by the best of several runs.
    pub(crate) fn ask(
        &mut self,
        what: &str,
        who: &str,
        times: u32,
    ) -> Result<Answered, Unanswered> {
        let reply = self.reply(&json!({"ask": what, "who": who, "times": times}))?;
        let ms = reply.ms.filter(|ms| *ms > 0.0);
        Ok(Answered {
            elapsed_ns: 1e6 * ms.ok_or_else(|| Unanswered::Failed("no time".to_owned()))?,
            answer: Answer {
                numbers: reply.answer,
                tolerance: reply.tolerance,
            },
            build_ms: reply.build_ms,
        })
    }

    /// Reads the answer from a file that one of ours made.
    pub(crate) fn read(&mut self, what: &str, path: &Path) -> Result<Answer, Unanswered> {
        let path = path.display().to_string();
        let reply = self.reply(&json!({"read": what, "path": path}))?;
        Ok(Answer {
            numbers: reply.answer,
            // Not everybody adds sums of weights in the same order.
            tolerance: 1e-9,
        })
    }

    /// Drops what was built.
    pub(crate) fn forget(&mut self) -> Result<(), Unanswered> {
        self.reply(&json!({"forget": true})).map(drop)
    }

    fn reply(&mut self, order: &Value) -> Result<Reply, Unanswered> {
        let failed = |error: anyhow::Error| Unanswered::Failed(format!("{error:#}"));
        let reply = self.exchange(order).map_err(failed)?;
        match (reply.skipped, reply.error) {
            (Some(reason), _) => Err(Unanswered::Skipped(reason)),
            (None, Some(reason)) => Err(Unanswered::Failed(reason)),
            (None, None) => Ok(Reply {
                skipped: None,
                error: None,
                ..reply
            }),
        }
    }

    fn exchange(&mut self, order: &Value) -> Result<Reply> {
        let input = self.input.as_mut().context("Python has ended")?;
        writeln!(input, "{order}").context("Python's standard input")?;
        read(&mut self.output)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

fn read<T: DeserializeOwned>(output: &mut impl BufRead) -> Result<T> {
    let mut line = String::new();
    match output.read_line(&mut line) {
        Ok(0) => Err(anyhow!("Python has ended without an answer")),
        Ok(_) => serde_json::from_str(&line).with_context(|| line.trim().to_owned()),
        Err(error) => Err(error).context("Python's standard output"),
    }
}
