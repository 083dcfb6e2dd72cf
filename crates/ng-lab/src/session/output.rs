//! The output folder of a run.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::model::Report;
use crate::report;
use crate::session::error::SessionError;
use crate::soak;

const LOG: &str = "results.jsonl";
const JSON: &str = "report.json";
const SAMPLES: &str = "samples.csv";
const MARKDOWN: &str = "report.md";
const HTML: &str = "report.html";
const CLAIMS: &str = "claims.md";

pub(crate) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> SessionError {
    let path = path.to_owned();
    |source| SessionError::Output { path, source }
}

/// Makes the folder and tries to write to it, without touching existing files: another
/// run may still be using them.
pub(crate) fn try_output(out: &Path) -> Result<(), SessionError> {
    fs::create_dir_all(out).map_err(cannot_write(out))?;
    let probe = out.join(format!("{LOG}.{}", std::process::id()));
    let written = File::create(&probe).map(drop);
    written
        .and_then(|()| fs::remove_file(&probe))
        .map_err(cannot_write(out))
}

/// Removes an earlier run's files of the same names.
pub(crate) fn begin_output(out: &Path) -> Result<File, SessionError> {
    for name in [JSON, SAMPLES, MARKDOWN, HTML, CLAIMS, soak::ROWS] {
        let path = out.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot_write(&path)(error));
            }
            _ => {}
        }
    }
    let log = out.join(LOG);
    File::create(&log).map_err(cannot_write(&log))
}

pub(crate) fn write_report(report: &Report, out: &Path) -> Result<(), SessionError> {
    let json = out.join(JSON);
    report::write_json(report, &json).map_err(cannot_write(&json))?;
    let mut files = vec![
        (SAMPLES, report::samples_csv(report)),
        (MARKDOWN, report::markdown(report)),
        (HTML, report::html(report)),
    ];
    if !report.claims.is_empty() {
        files.push((CLAIMS, report::claims_markdown(report)));
    }
    for (name, text) in files {
        let path = out.join(name);
        report::write_whole(&path, &text).map_err(cannot_write(&path))?;
    }
    Ok(())
}
