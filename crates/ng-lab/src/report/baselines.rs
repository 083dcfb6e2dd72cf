//! Kept reports: loading them, and saving them under names.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use crate::model::{NotComparable, Report, SCHEMA};
use crate::report::write_json;

/// A report has some kilobytes per cell; anything larger is not one.
const MAX_BYTES: u64 = 1 << 30;
const MAX_NAME: usize = 100;
const EXTENSION: &str = "json";

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than any report.
    #[error("{} has {bytes} bytes, a report has at most {MAX_BYTES}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// The file is not a report.
    #[error("{} is not a report", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The report has another schema than this program's.
    #[error("cannot compare with {}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Both schemas.
        source: NotComparable,
    },
}

/// Reads a report that a run has written.
///
/// # Errors
/// [`LoadError`].
pub fn load_report(path: &Path) -> Result<Report, LoadError> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let form = |source| LoadError::Form {
        path: path.to_owned(),
        source,
    };
    let text = read(path)?;
    let Head { schema } = serde_json::from_str(&text).map_err(form)?;
    if schema != SCHEMA {
        return Err(LoadError::Schema {
            path: path.to_owned(),
            source: NotComparable::Schema {
                found: schema,
                expected: SCHEMA,
            },
        });
    }
    serde_json::from_str(&text).map_err(form)
}

fn read(path: &Path) -> Result<String, LoadError> {
    let cannot_read = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(cannot_read)?;
    let bytes = file.metadata().map_err(cannot_read)?.len();
    if bytes > MAX_BYTES {
        return Err(LoadError::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    let mut text = String::new();
    // An endless file reports length 0.
    let mut file = file.take(MAX_BYTES);
    file.read_to_string(&mut text).map_err(cannot_read)?;
    Ok(text)
}

/// The name of a baseline: letters, digits, `.`, `_` and `-`, starting with a letter or
/// digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineName(String);

/// An invalid name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected up to {MAX_NAME} letters, digits, dots, dashes and underscores, a letter or digit first"
)]
pub struct BadName;

impl FromStr for BaselineName {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Self, BadName> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let first = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if first && name.len() <= MAX_NAME && name.chars().all(allowed) {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadName)
        }
    }
}

impl fmt::Display for BaselineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder of baselines, one report each.
#[derive(Clone, Debug)]
pub struct Baselines {
    folder: PathBuf,
}

impl Baselines {
    /// The baselines in `folder`, which need not exist yet.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The file of a baseline, whether it exists or not.
    #[must_use]
    pub fn path(&self, name: &BaselineName) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }

    /// The names of existing baselines, sorted; none if the folder cannot be read.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|found| found == EXTENSION))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|name| name.parse::<BaselineName>().is_ok())
            .collect();
        names.sort_unstable();
        names
    }

    /// Saves a report, replacing an earlier one of that name.
    ///
    /// # Errors
    /// The folder or the file cannot be written; the old report is then kept.
    pub fn save(&self, name: &BaselineName, report: &Report) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        write_json(report, &self.path(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_or_too_large_is_named() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("report.json");
        let error = load_report(&path).unwrap_err();
        assert!(matches!(error, LoadError::Read { .. }), "{error}");
        // A sparse file: it has the length and takes no space.
        File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let error = load_report(&path).unwrap_err().to_string();
        assert!(
            error.contains("report.json has 1073741825 bytes"),
            "{error}"
        );
    }

    #[test]
    fn only_files_that_can_be_named_are_listed() {
        let folder = tempfile::TempDir::new().unwrap();
        let baselines = Baselines::in_folder(folder.path().join("baselines"));
        assert_eq!(baselines.names(), [""; 0]);
        fs::create_dir(folder.path().join("baselines")).unwrap();
        for name in [
            "b.json",
            "a.1.json",
            ".hidden.json",
            "a.partial",
            "c d.json",
        ] {
            fs::write(folder.path().join("baselines").join(name), "").unwrap();
        }
        assert_eq!(baselines.names(), ["a.1", "b"]);
    }

    #[test]
    fn a_name_is_not_a_path() {
        for name in ["a", "main", "v1.2-rc_3", "0", &"x".repeat(MAX_NAME)] {
            assert!(name.parse::<BaselineName>().is_ok(), "{name}");
        }
        let long = "x".repeat(MAX_NAME + 1);
        for name in [
            "", ".", "..", "a/b", "/a", "a\\b", "-a", ".a", "a b", "ä", &long,
        ] {
            assert_eq!(name.parse::<BaselineName>(), Err(BadName), "{name}");
        }
    }
}
