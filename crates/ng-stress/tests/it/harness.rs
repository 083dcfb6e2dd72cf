//! One run of the program, shared by the tests of its report.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The profile this test was built in, the only one it measures.
pub(crate) const PROFILE: &str = if cfg!(debug_assertions) {
    "dev"
} else {
    "release"
};

/// Tokens of the shared run: few, but enough for the growth check.
pub(crate) const TOKENS: u64 = 100_000;

/// The program, with a temporary folder for this test program alone, so that its lock
/// does not wait for other programs.
pub(crate) fn ng_stress() -> Command {
    static TEMPORARY: OnceLock<TempDir> = OnceLock::new();
    let temporary = TEMPORARY.get_or_init(|| TempDir::new().expect("temporary folder"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_ng-stress"));
    command.env("TMPDIR", temporary.path());
    command
}

/// An empty folder for data files on the disk of this test program: the system's
/// temporary folder may be in memory.
pub(crate) fn data_folder() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder beside the builds")
}

/// `ng-stress run` of this build.
pub(crate) fn run_into(out: &Path, arguments: &[&str]) -> Output {
    ng_stress()
        .args(["run", "--profiles", PROFILE, "--out"])
        .arg(out)
        .args(arguments)
        .output()
        .expect("ng-stress starts")
}

/// The report of one small run of all scenarios.
pub(crate) fn shared_report() -> &'static Value {
    static REPORT: OnceLock<Value> = OnceLock::new();
    REPORT.get_or_init(|| {
        let out = TempDir::new().expect("temporary folder");
        let output = run_into(
            out.path(),
            &[
                "--tokens",
                "100k",
                "--threads",
                "1,2",
                "--rounds",
                "1",
                "--seed",
                "7",
            ],
        );
        // A disturbed machine can make a cell invalid, which this test does not check.
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 5)),
            "{code:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        read_report(out.path())
    })
}

pub(crate) fn read_report(out: &Path) -> Value {
    let text = std::fs::read_to_string(out.join("report.json")).expect("report.json");
    serde_json::from_str(&text).expect("a JSON report")
}

/// Checks a report against the committed schema.
pub(crate) fn assert_holds_schema(report: &Value) {
    let validator = jsonschema::validator_for(&schema()).expect("a JSON schema");
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

pub(crate) fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report.schema.json");
    let text = std::fs::read_to_string(path).expect("the committed schema");
    serde_json::from_str(&text).expect("JSON")
}

/// Waits until `found` gives something.
#[cfg(target_os = "linux")]
pub(crate) fn wait_for<R>(what: &str, mut found: impl FnMut() -> Option<R>) -> R {
    use std::time::{Duration, Instant};

    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "no {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(target_os = "linux")]
pub(crate) fn signal(process: u32, name: &str) {
    let name = format!("-{name}");
    let status = Command::new("kill")
        .args([&name, &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Makes a program of a file. Another process writes it: one that a test forks meanwhile would have
/// it open for writing, and it could not be run then ("text file busy").
pub(crate) fn install(from: &Path, program: &Path) {
    let mut install = Command::new("install");
    let done = install.args(["-m", "755"]).args([from, program]).status();
    assert!(done.unwrap().success(), "{}", program.display());
}
