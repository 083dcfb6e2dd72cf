//! How much the tests ran: lines in the file that `NG_COUNTS` names, since their harness captures
//! what they print.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::root;

/// The file with the counts of one run.
pub(crate) struct Counts {
    path: PathBuf,
}

/// The sums of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    counts: BTreeMap<String, u64>,
    /// What was skipped, and why.
    skipped: BTreeMap<String, String>,
}

impl Counts {
    /// Begins the counts of a run.
    pub(crate) fn begin(run: &str) -> Result<Self> {
        let folder = root().join("target/counts");
        let path = folder.join(format!("{run}.tsv"));
        let begun = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, ""));
        begun.with_context(|| path.display().to_string())?;
        Ok(Self { path })
    }

    /// Makes a command and its children write there.
    pub(crate) fn of<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("NG_COUNTS", &self.path)
    }

    pub(crate) fn add(&self, name: &str, what: impl fmt::Display) -> Result<()> {
        let line = format!("{name}\t{what}\n");
        let file = OpenOptions::new().append(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.with_context(|| self.path.display().to_string())
    }

    pub(crate) fn sums(&self) -> Result<Sums> {
        match fs::read_to_string(&self.path) {
            Ok(lines) => Ok(Sums::of(&lines)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Sums::default()),
            Err(error) => Err(error).with_context(|| self.path.display().to_string()),
        }
    }
}

impl Sums {
    fn of(lines: &str) -> Self {
        let mut sums = Self::default();
        for (name, what) in lines.lines().filter_map(|line| line.split_once('\t')) {
            match what.parse::<u64>() {
                Ok(count) => *sums.counts.entry(name.to_owned()).or_default() += count,
                Err(_) => drop(sums.skipped.insert(name.to_owned(), what.to_owned())),
            }
        }
        sums
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.skipped.is_empty()
    }

    /// The sum of all counts whose names begin like this.
    pub(crate) fn like(&self, prefix: &str) -> u64 {
        let like = self
            .counts
            .iter()
            .filter(|(name, _)| name.starts_with(prefix));
        like.map(|(_, count)| count).sum()
    }

    /// Whether something whose name begins like this was skipped.
    pub(crate) fn skipped_like(&self, prefix: &str) -> bool {
        self.skipped.keys().any(|name| name.starts_with(prefix))
    }
}

/// A line for each, numbers aligned.
impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.counts {
            writeln!(f, "{:>14}  {name}", grouped(*count))?;
        }
        for (name, why) in &self.skipped {
            writeln!(f, "{:>14}  {name} ({why})", "-")?;
        }
        Ok(())
    }
}

/// A number with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        let _ = grouped.write_char(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_name_are_summed_and_what_was_skipped_is_told() {
        let sums =
            Sums::of("kills\t2\nfull disks\tskipped: no root\nkills\t1000\nkills: early\t7\n\n");
        assert_eq!(sums.like("kills"), 1009);
        assert_eq!(
            sums.to_string(),
            "         1,002  kills\n             7  kills: early\n             -  full disks (skipped: no root)\n"
        );
        assert!(Sums::of("").is_empty());
    }

    #[test]
    fn thousands_are_told_apart() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }
}
