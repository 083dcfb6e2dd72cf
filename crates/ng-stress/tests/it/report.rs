//! The report is what other programs rely on.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use ng_stress::scenarios::defaults;
use ng_stress::{id_sum, varied_id_sum};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    PROFILE, TOKENS, assert_holds_schema, data_folder, read_report, run_into, schema, shared_report,
};

#[test]
fn a_report_follows_the_committed_schema() {
    assert_holds_schema(shared_report());
}

#[test]
fn a_report_with_intervals_follows_the_schema() {
    let out = TempDir::new().unwrap();
    let output = run_into(
        out.path(),
        &["footprint", "--tokens", "1000", "--rounds", "6"],
    );
    assert!(matches!(output.status.code(), Some(0 | 5)));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    let interval = &report["cells"][0]["phases"][0]["ci95_ns"];
    assert_eq!(interval.as_array().map(Vec::len), Some(2), "{interval}");
    assert!(report["comparisons"][0]["ci95"].is_array());
}

#[test]
fn a_size_that_does_not_fit_is_skipped_with_its_reason_and_the_rest_is_measured() {
    let out = TempDir::new().unwrap();
    let output = run_into(
        out.path(),
        &["footprint", "--tokens", "1k,64G", "--rounds", "1"],
    );
    assert!(matches!(output.status.code(), Some(0 | 5)));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    for cell in report["cells"].as_array().unwrap() {
        let fits = cell["tokens"] == 1000;
        assert_eq!(cell["verdict"] == "skipped", !fits, "{cell}");
        assert_eq!(cell["memory"].is_null(), !fits, "{cell}");
        assert_eq!(cell["proof"] == json!({}), !fits, "{cell}");
        let reason = cell["reason"].as_str().unwrap_or_default();
        assert_eq!(
            reason.starts_with("needs 3906250 MiB of memory"),
            !fits,
            "{reason}"
        );
    }
}

#[test]
fn the_schema_accepts_a_comparison_of_both_builds() {
    let mut report = shared_report().clone();
    report["comparisons"][0]["kind"] = json!("dev_vs_release");
    report["comparisons"][0]["ci95"] = json!([13.6, 14.9]);
    assert_holds_schema(&report);
}

#[test]
fn a_report_of_an_older_program_follows_the_schema() {
    let mut report = shared_report().clone();
    for key in ["headlines", "not_compared"] {
        report.as_object_mut().unwrap().remove(key).expect(key);
    }
    for cell in report["cells"].as_array_mut().unwrap() {
        let bytes = cell.as_object_mut().unwrap().remove("limit_bytes");
        assert_eq!(bytes, Some(json!(TOKENS * 64)), "{cell}");
    }
    assert_holds_schema(&report);
}

/// The phase of each headline was measured.
#[test]
fn each_scenario_has_the_headline_that_it_declares() {
    let report = shared_report();
    let headlines = report["headlines"].as_array().unwrap();
    let measured: Vec<String> = headlines
        .iter()
        .map(|headline| {
            let cells = report["cells"].as_array().unwrap();
            let keys = ["scenario", "tokens", "variant", "threads"];
            let is_of = |cell: &&Value| keys.iter().all(|key| cell[*key] == headline[*key]);
            let cell = cells.iter().find(is_of).expect("its cell");
            let mut phases = cell["phases"].as_array().unwrap().iter();
            let phase = phases.find(|phase| phase["name"] == headline["phase"]);
            assert!(phase.is_some(), "{headline}");
            keys.map(|key| headline[key].to_string()).join(" ")
        })
        .collect();
    let expected = [
        r#""create" 100000 "store-2m" 1"#,
        r#""allocation" 100000 "with-capacity" 1"#,
        r#""parallel" 100000 "store-2m" 2"#,
        r#""access" 100000 "store-2m" 1"#,
        r#""footprint" 100000 "store-2m" 1"#,
        r#""combined" 100000 "store-2m" 1"#,
    ];
    assert_eq!(measured, expected);
}

/// Only one build was measured: no cell has a ratio of both, and each says why.
#[test]
fn what_was_not_compared_says_why() {
    let report = shared_report();
    let lacks = report["not_compared"].as_array().unwrap();
    let of_builds = lacks.iter().filter(|lack| lack["kind"] == "dev_vs_release");
    let cells = report["cells"].as_array().unwrap();
    let main = cells.iter().filter(|cell| cell["role"] == "main");
    assert_eq!(of_builds.clone().count(), main.count());
    for lack in of_builds {
        let reason = lack["reason"].as_str().unwrap();
        assert!(reason.ends_with(" was not measured"), "{lack}");
    }
    // Two variants of `allocation` have other phases than the first; and a cell that a
    // busy machine made invalid is not compared.
    let variants = lacks.iter().filter(|lack| lack["kind"] == "variants");
    for lack in variants {
        let reason = lack["reason"].as_str().unwrap();
        let is_known = reason.contains(" has no phase ") || reason.ends_with(" is invalid");
        assert!(is_known, "{lack}");
    }
}

#[test]
fn every_cell_has_the_places_of_its_workers_in_the_run() {
    let report = shared_report();
    assert_eq!(report["run"]["item_bytes"], 64);
    for cell in report["cells"].as_array().unwrap() {
        let runs = cell["runs"].as_array().unwrap();
        let rounds: Vec<&Value> = runs.iter().map(|run| &run["round"]).collect();
        assert_eq!(rounds, [&json!(0), &json!(1)], "{cell}");
        assert!(runs.iter().all(|run| run["failed"] == false), "{cell}");
    }
}

#[test]
fn the_schema_rejects_what_is_not_a_report() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let change = |pointer: &str, value: Value| {
        let mut report = shared_report().clone();
        *report.pointer_mut(pointer).unwrap() = value;
        report
    };
    for (pointer, value) in [
        ("/schema", json!("ng-lab/report/0")),
        ("/cells", json!([])),
        ("/cells/0/verdict", json!("fine")),
        ("/cells/0/tokens", json!("100k")),
        ("/cells/0/flags", json!(["made_up"])),
        ("/cells/0/memory", json!({ "resident_bytes": 1 })),
        ("/cells/0/phases/0/samples_ns", json!([-1])),
        ("/cells/0/phases/0/ci95_ns", json!([1])),
        ("/comparisons/0/estimate", Value::Null),
        ("/not_compared/0/reason", json!("")),
        ("/not_compared/0/kind", json!("made_up")),
        ("/headlines/0/threads", json!(0)),
    ] {
        assert!(!validator.is_valid(&change(pointer, value)), "{pointer}");
    }
}

#[test]
fn every_cell_has_its_proof_its_memory_and_its_samples() {
    let report = shared_report();
    let cells = report["cells"].as_array().unwrap();
    for scenario in defaults() {
        let name = scenario.name();
        assert!(cells.iter().any(|cell| cell["scenario"] == name), "{name}");
    }
    assert_eq!(shared_report()["data"], Value::Null);
    for cell in cells {
        assert_eq!(cell["profile"], PROFILE);
        assert_eq!(cell["tokens"], TOKENS);
        assert_eq!(cell["proof"]["id_sum"], id_sum(TOKENS));
        if cfg!(target_os = "linux") {
            let memory = &cell["memory"];
            assert!(
                memory["peak_bytes"].as_u64().unwrap() >= TOKENS * 64,
                "{cell}"
            );
            assert!(memory["minor_faults"].as_u64().unwrap() > 0, "{cell}");
        }
        for phase in cell["phases"].as_array().unwrap() {
            assert_eq!(phase["samples_ns"].as_array().unwrap().len(), 1, "{cell}");
            assert!(phase["cold_ns"].is_u64(), "{cell}");
            assert!(
                phase["ci95_ns"].is_null(),
                "one round has no interval: {cell}"
            );
        }
    }
}

#[test]
fn every_bounded_phase_has_its_share_of_the_limit() {
    for cell in shared_report()["cells"].as_array().unwrap() {
        for phase in cell["phases"].as_array().unwrap() {
            let share = phase["share_of_limit"].as_f64();
            assert_eq!(share.is_some(), !phase["bound"].is_null(), "{cell}");
        }
    }
}

#[test]
fn threads_variants_and_copies_are_compared() {
    let comparisons = shared_report()["comparisons"].as_array().unwrap();
    for kind in ["threads", "variants", "aa"] {
        let mut of_kind = comparisons
            .iter()
            .filter(|found| found["kind"] == kind)
            .peekable();
        assert!(of_kind.peek().is_some(), "{kind}");
        assert!(
            of_kind.all(|found| found["pairs"] == 1 && found["ci95"].is_null()),
            "{kind}"
        );
    }
}

/// One small run of all scenarios over files.
fn report_of_files() -> &'static Value {
    static REPORT: OnceLock<Value> = OnceLock::new();
    REPORT.get_or_init(|| {
        small_run(&[
            "persist",
            "reopen",
            "scan",
            "lookup",
            "larger-than-memory",
            "crash",
        ])
    })
}

/// One small run of scenarios that leave no file behind.
fn small_run(scenarios: &[&str]) -> Value {
    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let small = ["--tokens", "20k", "--threads", "1", "--rounds", "1"];
    let there = ["--dir", dir.path().to_str().unwrap()];
    let output = run_into(out.path(), &[scenarios, &small, &there].concat());
    assert!(
        matches!(output.status.code(), Some(0 | 5)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "files are left"
    );
    read_report(out.path())
}

#[test]
fn a_report_of_queries_has_limits_over_the_bytes_read() {
    let report = small_run(&["filter", "aggregate", "nearest", "sort"]);
    assert_holds_schema(&report);
    let limits = report["limits"].as_array().unwrap();
    let mut of_columns = 0;
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!(cell["proof"]["id_sum"], varied_id_sum(20_000), "{cell}");
        let bytes = &cell["limit_bytes"];
        of_columns += usize::from(*bytes != json!(20_000 * 64));
        for phase in cell["phases"].as_array().unwrap() {
            let (share, bound) = (&phase["share_of_limit"], &phase["bound"]);
            assert_eq!(share.is_null(), bound.is_null(), "{cell}");
            let is_of = |limit: &Value| limit["name"] == bound["limit"] && limit["bytes"] == *bytes;
            assert!(bound.is_null() || limits.iter().any(is_of), "{cell}");
        }
    }
    // Three of filter, one of aggregate, one of nearest, each in two copies.
    assert_eq!(of_columns, 2 * 5);
}

#[test]
fn a_report_of_datasets_has_the_delays_of_the_follower() {
    let report = small_run(&["stream", "update", "dataset-scan"]);
    assert_holds_schema(&report);
    let cells = report["cells"].as_array().unwrap();
    // Two of stream, one of update, four of dataset-scan, each in two copies.
    assert_eq!(cells.len(), 2 * 7);
    for cell in cells {
        assert_ne!(cell["verdict"], "failed", "{cell}");
        let phases = cell["phases"].as_array().unwrap().iter();
        let names: Vec<&str> = phases
            .map(|phase| phase["name"].as_str().unwrap())
            .collect();
        let expected = match cell["scenario"].as_str().unwrap() {
            "stream" => &["append", "delay_p50", "delay_p90", "delay_p99"][..],
            "update" => &["update", "copy"],
            _ => &["count", "sum"],
        };
        assert_eq!(names, expected, "{cell}");
    }
}

#[test]
fn a_report_of_files_follows_the_schema_and_says_where_they_were() {
    let report = report_of_files();
    assert_holds_schema(report);
    let data = &report["data"];
    assert!(data["free_bytes"].as_u64().unwrap() > 0, "{data}");
    assert!(
        Path::new(data["dir"].as_str().unwrap()).is_absolute(),
        "{data}"
    );
    if cfg!(target_os = "linux") {
        assert_ne!(data["file_system"], "", "{data}");
    }
}

#[test]
fn limits_of_files_are_probed_beside_their_cells() {
    let report = report_of_files();
    let on_memory = matches!(
        report["data"]["file_system"].as_str(),
        Some("tmpfs" | "ramfs")
    );
    if on_memory {
        eprintln!("skipped: no read is cold on a file system in memory");
        return;
    }
    let limits = report["limits"].as_array().unwrap();
    let has = |name: &str, memory: &Value| {
        let found =
            |limit: &&Value| limit["name"] == name && limit["memory_limit_bytes"] == *memory;
        limits.iter().any(|limit| found(&limit))
    };
    let confined = json!(64 << 20);
    for name in ["durable_write", "cold_read", "small_sync"] {
        assert!(has(name, &Value::Null), "{name}");
    }
    assert_eq!(report["run"]["probe_failures"], json!([]));
    let cells = report["cells"].as_array().unwrap();
    let confined_cell = cells
        .iter()
        .find(|cell| cell["scenario"] == "larger-than-memory")
        .unwrap();
    if confined_cell["verdict"] == "skipped" {
        let reason = confined_cell["reason"].as_str().unwrap();
        eprintln!("skipped: {reason}");
        assert!(reason.contains("cgroup"), "{reason}");
        return;
    }
    assert_eq!(confined_cell["memory_limit_bytes"], confined);
    let private = confined_cell["memory"]["private_peak_bytes"].as_u64();
    assert!(private.unwrap() < 64 << 20, "{private:?}");
    for name in ["durable_write", "cold_read", "clock_read"] {
        assert!(has(name, &confined), "{name}");
    }
    assert!(!has("read", &confined));
}

#[test]
fn phases_on_files_have_their_shares_and_their_evidence() {
    for cell in report_of_files()["cells"].as_array().unwrap() {
        if cell["verdict"] == "skipped" {
            continue;
        }
        assert_eq!(cell["proof"]["id_sum"], id_sum(20_000), "{cell}");
        for phase in cell["phases"].as_array().unwrap() {
            let share = phase["share_of_limit"].as_f64();
            assert_eq!(share.is_some(), !phase["bound"].is_null(), "{cell}");
            if phase["bound"]["limit"] == "cold_read" {
                let file = &phase["file"];
                assert_eq!(file["claimed"], "cold", "{file}");
                let read = file["read_bytes"].as_u64().unwrap();
                assert!(read >= 20_000 * 64, "{file}");
            }
        }
    }
}
