//! A process of `ng query`, from start to answer, beside processes that do less.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, str};

use anyhow::{Context, Result, ensure};
use ng_parallel::Workers;
use ng_query::index::BuildOptions;

use crate::scratch::Scratch;
use crate::size::{bytes_of, ensure_memory};
use crate::suite::Known;
use crate::varied::Varied;
use crate::{Case, Pace, Ratio, Suite};

/// The environment variable that names `ng`.
const VARIABLE: &str = "NG_BENCH_NG";

/// How long a process may take from start to answer.
const TIME: Duration = Duration::from_millis(5);

/// How many seconds the query covers: 10,000 tokens.
const SECONDS: u32 = 100;

/// The suite `command`.
pub struct Commands {
    ng: PathBuf,
    file: Varied,
    filter: String,
    expected: u64,
    _scratch: Scratch,
}

/// Returns the `ng` that `NG_BENCH_NG` names, or the one built beside this program; `None` if there
/// is none.
pub fn find_ng() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    let beside = || {
        // target/release/deps/command-1234
        let folder = env::current_exe().ok()?.parent()?.parent()?.to_owned();
        Some(folder.join("ng").with_extension(env::consts::EXE_EXTENSION))
    };
    named.or_else(beside).filter(|ng| ng.is_file())
}

impl Commands {
    /// Makes a file of `count` tokens, in the order of their time, and its zones in a new folder
    /// within `folder`, to be queried by the program `ng`.
    ///
    /// # Errors
    ///
    /// If disk or memory is too small, or threads cannot be started.
    pub fn new(ng: PathBuf, count: usize, threads: NonZeroUsize, folder: &Path) -> Result<Self> {
        ensure_memory(bytes_of(count))?;
        let scratch = Scratch::with_room(folder, bytes_of(count) as u64)?;
        let workers = Workers::new(threads.get())?;
        let file = Varied::create(scratch.file("tokens.ngt"), count, &workers)?;
        file.index(&workers, &BuildOptions::new())?;
        let first = file.centre()?.timestamp();
        let seconds = first..=first + (SECONDS - 1);
        let within = file
            .tokens()
            .iter()
            .filter(|token| seconds.contains(&token.timestamp()));
        Ok(Self {
            ng,
            filter: format!("timestamp between {first} and {}", seconds.end()),
            expected: within.count() as u64,
            file,
            _scratch: scratch,
        })
    }

    /// Returns the cases and their ratios. One "token" of each case is one process.
    pub fn suite(&self) -> Suite<'_> {
        let query = || {
            let arguments = ["--where", &self.filter, "--count", "--format", "csv"];
            let told = told(
                self.ng()
                    .arg("query")
                    .arg(self.file.reader.path())
                    .args(arguments),
            )?;
            number_in(&told).with_context(|| format!("{told}, expected a number of tokens"))
        };
        let version = || Ok(told(self.ng().arg("--version"))?.starts_with("ng ").into());
        let nothing = || Ok(told(&mut Command::new("true"))?.is_empty().into());
        Suite {
            name: "command",
            about: format!(
                "processes of {}; ng query {:?} --count over {} tokens in the order of time, \
                 with zones, in the page cache; a token is a process",
                self.ng.display(),
                self.filter,
                self.file.tokens().len()
            ),
            cases: vec![
                Case::new("ng-query", 1, Known::new(self.expected, query)),
                Case::new("ng-version", 1, Known::new(1, version)),
                Case::new("true", 1, Known::new(1, nothing)),
            ],
            ratios: vec![
                Ratio::within("ng-query", TIME),
                Ratio::new("ng-query", "ng-version", None),
                Ratio::new("ng-query", "true", None),
            ],
            pace: PACE,
        }
    }

    fn ng(&self) -> Command {
        Command::new(&self.ng)
    }
}

/// Runs a program, and returns its standard output.
fn told(command: &mut Command) -> Result<String> {
    let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let refusal = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?}: {}: {refusal}",
        output.status
    );
    Ok(str::from_utf8(&output.stdout)?.to_owned())
}

/// The last word of the output, if it is a number.
fn number_in(told: &str) -> Option<u64> {
    told.split_whitespace().next_back()?.parse().ok()
}

const PACE: Pace = Pace {
    samples: 20,
    warm_up: Duration::from_millis(100),
    measurement: Duration::from_secs(1),
    round_iterations: 8,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        let Some(ng) = find_ng() else {
            eprintln!("skipped: no ng beside the tests; build it, or set {VARIABLE}");
            return;
        };
        for count in [1, 1_000, 50_000] {
            let folder = tempfile::tempdir().unwrap();
            let commands =
                Commands::new(ng.clone(), count, NonZeroUsize::MIN, folder.path()).unwrap();
            crate::suite::check(commands.suite());
        }
    }

    #[test]
    fn an_answer_is_the_number_at_the_end() {
        assert_eq!(number_in("count\n10000\n"), Some(10_000));
        assert_eq!(number_in("10000"), Some(10_000));
        assert_eq!(number_in("count\nmany\n"), None);
        assert_eq!(number_in(""), None);
    }

    #[test]
    fn a_program_that_fails_is_an_error() {
        let refused = told(&mut Command::new("false")).unwrap_err();
        assert!(refused.to_string().contains("false"), "{refused}");
        let refused = told(&mut Command::new("/no/such/program")).unwrap_err();
        assert!(
            refused.to_string().contains("/no/such/program"),
            "{refused}"
        );
    }
}
