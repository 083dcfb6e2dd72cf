//! Other tools on our files, and we on theirs, if Python has them. The variable `NG_PYTHON`
//! selects the Python.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ng_arrow::{Column, Form, Format, Layout};
use ng_token::{Space, Token};
use tempfile::TempDir;

use crate::amount::{count, skipped};
use crate::harness::{read_path, varied, written};

const SCRIPT: &str = include_str!("peers.py");

fn python(arguments: &[&str]) -> Result<String, String> {
    let python = env::var_os("NG_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python)
        .arg("-c")
        .arg(SCRIPT)
        .args(arguments)
        .output();
    let output = output.map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Whether Python has a tool; prints a note if not.
fn has(tool: &str) -> bool {
    match python(&[tool, "probe"]) {
        Ok(_) => true,
        Err(why) => {
            let why = why.trim().lines().last().unwrap_or_default();
            skipped(&format!("files of columns: {tool}"), why);
            false
        }
    }
}

/// The figures that a tool must compute.
struct Figures {
    rows: u64,
    ids: u64,
    weights: f64,
    x: f64,
    time: u64,
    some: u64,
}

impl Figures {
    fn of(tokens: &[Token], form: Form) -> Self {
        let is_some =
            |token: &&Token| token.id().entity_type().bits() == 2 && token.weight() > 8000.0;
        let x = |token: &Token| match form {
            Form::Units => f64::from(token.coordinate(Space::Physical)[0]),
            Form::Raw => f64::from(token.steps(Space::Physical)[0]),
        };
        Self {
            rows: tokens.len() as u64,
            ids: tokens.iter().map(|token| u64::from(token.id().raw())).sum(),
            weights: tokens.iter().map(|token| f64::from(token.weight())).sum(),
            x: tokens.iter().map(x).sum(),
            time: tokens
                .iter()
                .map(|token| u64::from(token.timestamp()))
                .max()
                .unwrap_or(0),
            some: tokens.iter().filter(is_some).count() as u64,
        }
    }

    /// Sums of floats are added in another order there, and from text in another type.
    fn check(&self, told: &str, path: &Path) {
        let told: serde_json::Value = serde_json::from_str(told).unwrap();
        for (name, ours) in [
            ("rows", self.rows),
            ("ids", self.ids),
            ("time", self.time),
            ("some", self.some),
        ] {
            assert_eq!(
                told[name].as_u64(),
                Some(ours),
                "{name} of {}",
                path.display()
            );
        }
        for (name, ours) in [("weights", self.weights), ("x", self.x)] {
            let theirs = told[name].as_f64().unwrap();
            let off = (theirs - ours).abs() / self.rows as f64;
            assert!(
                off < 1e-4,
                "{name} of {}: {theirs}, expected {ours}",
                path.display()
            );
        }
    }
}

/// Writes the tokens in a format, and returns where.
fn write(folder: &TempDir, tokens: &[Token], format: Format, form: Form) -> PathBuf {
    let path = folder.path().join(format!("{form}.{}", format.name()));
    let layout = Layout::new(Column::DEFAULT, form);
    fs::write(&path, written(tokens, format, &layout)).unwrap();
    path
}

fn told(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[track_caller]
fn reads_ours(tool: &str) {
    if !has(tool) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tokens = varied(50_000);
    for form in [Form::Units, Form::Raw] {
        let figures = Figures::of(&tokens, form);
        assert!(figures.some > 100);
        let paths = Format::ALL.map(|format| write(&folder, &tokens, format, form));
        let arguments: Vec<_> = [tool, "read"]
            .into_iter()
            .chain(paths.iter().map(|path| told(path)))
            .collect();
        let lines = python(&arguments).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(lines.lines().count(), paths.len());
        for (line, path) in lines.lines().zip(&paths) {
            figures.check(line, path);
        }
        count(
            &format!("files of columns: read by {tool}"),
            paths.len() as u64,
        );
    }
}

#[track_caller]
fn is_read_by_us(tool: &str, formats: &[Format]) {
    if !has(tool) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tokens = varied(50_000);
    let ours = write(&folder, &tokens, Format::Parquet, Form::Units);
    let theirs = formats
        .iter()
        .map(|format| folder.path().join(format!("theirs.{}", format.name())));
    let theirs: Vec<_> = theirs.collect();
    let arguments = [tool, "write", told(&ours)].into_iter();
    let arguments: Vec<_> = arguments
        .chain(theirs.iter().map(|path| told(path)))
        .collect();
    python(&arguments).unwrap_or_else(|why| panic!("{why}"));
    for (path, format) in theirs.iter().zip(formats) {
        // Some write 2.0 as 2.
        let form = (*format == Format::Csv).then_some(Form::Units);
        let read = read_path(path, *format, form);
        let read = read.unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(read == tokens, "{format} of {tool}");
    }
    count(
        &format!("files of columns: written by {tool}"),
        theirs.len() as u64,
    );
}

#[test]
fn pyarrow_reads_ours() {
    reads_ours("pyarrow");
}

#[test]
fn polars_reads_ours() {
    reads_ours("polars");
}

#[test]
fn duckdb_reads_ours() {
    reads_ours("duckdb");
}

#[test]
fn what_pyarrow_writes_is_read() {
    use Format::{Arrow, ArrowStream, Csv, Parquet};
    is_read_by_us("pyarrow", &[Parquet, Arrow, ArrowStream, Csv]);
}

#[test]
fn what_polars_writes_is_read() {
    is_read_by_us("polars", &Format::ALL);
}

#[test]
fn what_duckdb_writes_is_read() {
    is_read_by_us("duckdb", &[Format::Parquet, Format::Csv, Format::JsonLines]);
}
