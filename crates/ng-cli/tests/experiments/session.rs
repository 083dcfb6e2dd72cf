//! One shell, in which all blocks run.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, fs};

use tempfile::TempDir;

use crate::INSTEAD;
use crate::document::{Block, Kind};

/// Tells whether there is such a program.
pub(crate) fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command.arg("--version").stdin(Stdio::null());
    command.output().is_ok_and(|output| output.status.success())
}

/// A block as the test runs it.
pub(crate) fn instead(block: &str) -> String {
    INSTEAD
        .iter()
        .fold(block.to_owned(), |block, (there, here)| {
            block.replace(there, here)
        })
}

/// A folder for the document, and the results so far.
pub(crate) struct Session {
    place: TempDir,
    root: PathBuf,
    /// The indices of the blocks that were to run.
    run: Vec<usize>,
    /// What went wrong.
    failure: Option<String>,
}

impl Session {
    pub(crate) fn new(root: &Path) -> Self {
        let place = tempfile::tempdir().unwrap();
        assert!(
            !place.path().starts_with(root),
            "cargo would make a crate in {} a member of the workspace: set TMPDIR",
            place.path().display()
        );
        for folder in ["bin", "blocks"] {
            fs::create_dir(place.path().join(folder)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_ng"), place.path().join("bin/ng")).unwrap();
        Self {
            place,
            root: root.to_owned(),
            run: Vec::new(),
            failure: None,
        }
    }

    /// The folder that the document works in.
    pub(crate) fn folder(&self) -> PathBuf {
        self.place.path().join("folder")
    }

    /// The output of a block, if it ran.
    pub(crate) fn printed(&self, index: usize) -> Option<String> {
        let run = self.run.contains(&index);
        run.then(|| fs::read_to_string(self.block(index, "out")).unwrap_or_default())
    }

    fn block(&self, index: usize, what: &str) -> PathBuf {
        self.place.path().join(format!("blocks/{index}.{what}"))
    }

    /// Runs the `wanted` blocks, until one fails.
    pub(crate) fn follow(&mut self, document: &[Block], wanted: impl Fn(&Block) -> bool) {
        let mut script = "set -eu\n".to_owned();
        let blocks = document.iter().enumerate();
        for (index, block) in blocks.filter(|(_, block)| wanted(block)) {
            let text = self.block(index, "text");
            match &block.kind {
                Kind::Printed => continue,
                Kind::Shell => fs::write(&text, instead(&block.text)).unwrap(),
                Kind::File(_) => fs::write(&text, &block.text).unwrap(),
            }
            self.run.push(index);
            script += &self.step(index, &block.kind);
        }
        let status = self.shell(&script).status().unwrap();
        self.failure = self.failure_of(status, document);
        self.clean();
    }

    /// Tells which block ended the shell, if it ended before the last one.
    fn failure_of(&self, status: ExitStatus, document: &[Block]) -> Option<String> {
        let ended = self.place.path().join("end").exists();
        let why = match status.code() {
            Some(0) if ended => return None,
            Some(0) => "did not come to its end".to_owned(),
            Some(code) => format!("exit code {code}"),
            None => status.to_string(),
        };
        let reached = |index: &&usize| self.block(**index, "out").exists();
        let last = self.run.iter().rfind(reached).copied().unwrap_or_default();
        let (line, printed) = (document[last].line, self.printed(last).unwrap_or_default());
        Some(format!("line {line}: {why}\n{printed}"))
    }

    /// The lines that run a block, or write it into its file.
    fn step(&self, index: usize, kind: &Kind) -> String {
        let (text, out) = (self.block(index, "text"), self.block(index, "out"));
        let (text, out) = (text.display(), out.display());
        match kind {
            Kind::File(name) => {
                format!("install -D -m 644 '{text}' \"$FOLDER/{name}\" > '{out}' 2>&1\n")
            }
            _ => format!("source '{text}' > '{out}' 2>&1\n"),
        }
    }

    /// A shell in the clone, as a reader who just arrived there has.
    fn shell(&self, script: &str) -> Command {
        let mut script = script.to_owned();
        let end = self.place.path().join("end");
        writeln!(script, "touch '{}'", end.display()).unwrap();
        let file = self.place.path().join("script");
        fs::write(&file, script).unwrap();
        let mut command = Command::new("bash");
        self.prepare(command.arg(file));
        command
            .env("TESTED", self.place.path().join("bin"))
            .env("FOLDER", self.folder())
            .env("LC_ALL", "C");
        command
    }

    /// Sets Cargo's environment: its programs, the crates on this machine, and a build folder in
    /// which `cargo xtask ci` has the same crates.
    fn prepare(&self, command: &mut Command) {
        let own = Path::new(env!("CARGO")).parent().map(Path::to_owned);
        let path = env::var_os("PATH").unwrap_or_default();
        let programs = own.into_iter().chain(env::split_paths(&path));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("consumers");
        command
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .env("PATH", env::join_paths(programs).unwrap())
            .env("CARGO_TARGET_DIR", target.join("target"))
            .env("CARGO_NET_OFFLINE", "true");
    }

    /// Removes the build of the reader's own crate, whose folder is never reused.
    fn clean(&mut self) {
        let manifest = self.folder().join("my-experiment/Cargo.toml");
        if !manifest.exists() {
            return;
        }
        let mut command = Command::new("cargo");
        self.prepare(command.args(["clean", "--quiet", "--package", "my-experiment"]));
        let status = command.arg("--manifest-path").arg(manifest).status();
        let status = status.unwrap();
        if !status.success() && self.failure.is_none() {
            self.failure = Some(format!("cargo clean: {status}"));
        }
    }

    /// # Errors
    ///
    /// The block that failed, and what it printed.
    pub(crate) fn end(&self) -> Result<(), String> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    #[track_caller]
    pub(crate) fn ended_well(&self) {
        if let Err(failure) = self.end() {
            panic!("docs/experiments.md, {failure}");
        }
    }
}
