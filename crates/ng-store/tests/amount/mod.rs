//! How much the tests run: requested and reported.
//!
//! `NG_CRASH_SCALE=20` runs twenty times as much. `NG_COUNTS` names a file to append the
//! counts to, as lines of name, tab and number, since test harnesses capture a test's
//! output: `cargo xtask test` shows the sums.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

/// The factor on every size: 1 unless `NG_CRASH_SCALE` says otherwise.
pub(crate) fn scale() -> u64 {
    match env::var("NG_CRASH_SCALE") {
        Ok(text) => text.parse().expect("NG_CRASH_SCALE is a number"),
        Err(_) => 1,
    }
}

/// Reports that this much was run, in addition to earlier reports.
pub(crate) fn count(name: &str, count: u64) {
    tell(name, &count.to_string());
}

/// Reports that something was not run, and why.
pub(crate) fn skipped(name: &str, why: &str) {
    eprintln!("skipped: {name}: {why}");
    tell(name, &format!("skipped: {why}"));
}

fn tell(name: &str, what: &str) {
    let Some(path) = env::var_os("NG_COUNTS") else {
        return;
    };
    // One write, so that lines of many processes stay intact.
    let line = format!("{name}\t{what}\n");
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("NG_COUNTS: {}: {error}", path.display()));
}
