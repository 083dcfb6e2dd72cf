//! A separate process that plays a role and reports its actions, one line each: the test program
//! once more, with [`ARGUMENT`] first.

use std::io::{self, BufRead, BufReader, Lines, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// Makes this program an actor. The role follows, then its arguments.
pub(crate) const ARGUMENT: &str = "__actor";

const SIGKILL: i32 = 9;

/// Prints a line in one write, so that a killed actor printed it entirely or not at all.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

/// Waits for a line from the parent.
pub(crate) fn listen() -> String {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Parses a word.
pub(crate) fn number(word: &str) -> u64 {
    word.parse().unwrap()
}

/// The numbers of a line.
pub(crate) fn numbers<const N: usize>(line: &str) -> [u64; N] {
    let numbers: Vec<u64> = line.split(' ').map(number).collect();
    numbers
        .try_into()
        .unwrap_or_else(|_| panic!("`{line}` is not {N} numbers"))
}

/// An actor, seen from outside. Killed on drop.
pub(crate) struct Actor {
    child: Child,
    ears: Option<ChildStdin>,
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

/// The command that starts an actor.
pub(crate) fn command(role: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([ARGUMENT, role]).args(arguments);
    command
}

impl Actor {
    pub(crate) fn start(role: &str, arguments: &[&str]) -> Self {
        Self::of(command(role, arguments))
    }

    /// Starts an actor by another command, which runs the one of [`command`].
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            ears: child.stdin.take(),
            lines: child.stdout.take().map(|out| BufReader::new(out).lines()),
            child,
        }
    }

    /// Waits for the next line; `None` after the last.
    pub(crate) fn line(&mut self) -> Option<String> {
        let lines = self.lines.as_mut().expect("the lines were not given away");
        lines.next().map(Result::unwrap)
    }

    /// Gives away the lines, for another thread.
    pub(crate) fn take_lines(&mut self) -> Lines<BufReader<ChildStdout>> {
        self.lines.take().expect("the lines were not given away")
    }

    pub(crate) fn tell(&mut self, word: &str) {
        let ears = self.ears.as_mut().expect("an actor has ears");
        writeln!(ears, "{word}").unwrap();
    }

    /// Kills it (`SIGKILL`), and returns when it is dead. It must have lived.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(SIGKILL), "it ended by itself");
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(mut self) -> ExitStatus {
        self.ears = None;
        self.child.wait().unwrap()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
