//! The program run on purpose, once, for what its report must hold.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The profile that this test was built in, and the only one that it measures.
pub(crate) const PROFILE: &str = if cfg!(debug_assertions) {
    "dev"
} else {
    "release"
};

/// Tokens of the shared run: enough for the growth check, and soon done.
pub(crate) const TOKENS: u64 = 100_000;

/// The program, with a temporary folder of this test program's own: the lock in
/// it keeps its runs apart, and those of others out.
pub(crate) fn ng_stress() -> Command {
    static TEMPORARY: OnceLock<TempDir> = OnceLock::new();
    let temporary = TEMPORARY.get_or_init(|| TempDir::new().expect("temporary folder"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_ng-stress"));
    command.env("TMPDIR", temporary.path());
    command
}

/// An empty folder for data files, on the disk that this test program is on: the
/// system's temporary folder may be memory.
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
        // A disturbed machine can make a cell invalid, which is not this test's affair.
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

/// Holds a report against the committed schema.
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
