//! A report written by an earlier program is read correctly, and reports written now have
//! all of its keys.

#![allow(clippy::unwrap_used, reason = "a failing test shows where")]

use std::path::PathBuf;

use ng_lab::conductor::{Baseline, Gate};
use ng_lab::judge::compare_reports;
use ng_lab::load_report;
use ng_lab::model::{CellReport, ComparisonKind, Flag, Outcome, Profile, Report, Role, Verdict};
use ng_lab::report::{html, markdown, samples_csv, terminal};
use serde_json::Value;

/// Eight cells at two sizes, compared with a baseline through a gate.
fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kept/report.json")
}

fn kept() -> Report {
    load_report(&path()).unwrap()
}

#[test]
fn cells_phases_ratios_and_the_gate_are_those_of_the_file() {
    let report = kept();
    let sizes: Vec<u64> = report.cells.iter().map(CellReport::items).collect();
    assert_eq!(sizes, [1000, 1000, 1000, 1000, 2000, 2000, 2000, 2000]);
    let cell = &report.cells[0];
    assert_eq!(cell.key.size.name, "tokens");
    assert_eq!(
        (cell.key.profile, cell.role),
        (Profile::Release, Role::Main)
    );
    assert_eq!(cell.phases[0].samples_ns.len(), 8);
    let kinds = |kind| {
        report
            .comparisons
            .iter()
            .filter(move |found| found.kind == kind)
    };
    assert_eq!(kinds(ComparisonKind::Aa).count(), 4);
    for found in &report.comparisons {
        let of = report.cells.iter().filter(|cell| found.is_of(cell));
        assert_eq!(of.count(), 1, "{}", found.key);
    }
    let gate = report.gate.as_ref().unwrap();
    assert_eq!(gate.summary(), "4 noise");
    assert!(gate.outcomes[0].key.to_string().contains(" n=1000 "));
    assert_eq!(report.headlines[1].size.items, 2000);
    let flagged = report
        .cells
        .iter()
        .filter(|cell| cell.flags == [Flag::OtherLoad]);
    assert!(flagged.clone().all(|cell| cell.verdict == Verdict::Suspect));
}

/// What `found` lacks of `expected`, by path.
fn missing(place: &str, expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .flat_map(|(key, value)| {
                let place = format!("{place}/{key}");
                missing(&place, value, found.get(key).unwrap_or(&Value::Null))
            })
            .collect(),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let both = expected.iter().zip(found).enumerate();
            let lacks = both.map(|(at, (a, b))| missing(&format!("{place}/{at}"), a, b));
            lacks.flatten().collect()
        }
        (expected, found) if expected == found => Vec::new(),
        (expected, found) => vec![format!("{place}: {expected}, now {found}")],
    }
}

#[test]
fn a_written_report_has_every_earlier_key_and_value_and_items_besides() {
    let text = std::fs::read_to_string(path()).unwrap();
    let before: Value = serde_json::from_str(&text).unwrap();
    let now = serde_json::to_value(kept()).unwrap();
    assert_eq!(missing("", &before, &now), [""; 0]);
    assert_eq!(before["cells"][0]["items"], Value::Null);
    for place in [
        "/cells/0",
        "/comparisons/0",
        "/not_compared/0",
        "/gate/outcomes/0",
        "/headlines/0",
    ] {
        let keys = now.pointer(place).unwrap();
        assert_eq!(keys["items"], 1000, "{place}");
        assert_eq!(keys["tokens"], 1000, "{place}");
    }
    let again: Report = serde_json::from_value(now.clone()).unwrap();
    assert_eq!(serde_json::to_value(again).unwrap(), now);
}

/// A newer program's report may have unknown numbers.
#[test]
fn an_unknown_number_of_a_key_is_not_taken_for_its_items() {
    let text = std::fs::read_to_string(path()).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["cells"][0]["a_new_number"] = 7.into();
    value["comparisons"][0]["a_new_number"] = 7.into();
    let report: Report = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(report.cells[0].items(), 1000);
    assert_eq!(report.comparisons[0].key.cell.items(), 1000);
    value["cells"][0].as_object_mut().unwrap().remove("tokens");
    let error = serde_json::from_value::<Report>(value).unwrap_err();
    assert!(
        error.to_string().contains("has no number of tokens"),
        "{error}"
    );
}

#[test]
fn it_is_shown_and_compared_like_any_other() {
    let mut report = kept();
    let baseline = Baseline {
        name: "before".to_owned(),
        report: Box::new(kept()),
    };
    let gate = Gate {
        percent: 5.0,
        adds_rounds: false,
    };
    compare_reports(&mut report, &baseline, Some(gate)).unwrap();
    let gate = report.gate.as_ref().unwrap();
    assert_eq!(gate.outcomes.len(), 4, "{}", gate.summary());
    assert_eq!(
        gate.count(Outcome::Regressed) + gate.count(Outcome::Improved),
        0
    );
    for text in [
        terminal(&report),
        markdown(&report),
        html(&report),
        samples_csv(&report),
    ] {
        assert!(text.contains("footprint"), "{text}");
    }
}
