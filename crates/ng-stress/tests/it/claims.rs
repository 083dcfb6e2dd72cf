//! The audit of the seed's statements: complete, measurable, and run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ng_lab::{Cell, Run, Variant};
use ng_stress::claims::{
    CellSpec, Claim, ProofSpec, Rule, SEED_TOKENS, THREADS, claims, needed_scenarios, sizes,
};
use ng_stress::scenarios::find;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{PROFILE, assert_holds_schema, ng_stress, read_report, schema, shared_report};

fn variant(spec: &CellSpec) -> Option<Variant> {
    let variants = find(spec.scenario)?.variants(&THREADS);
    let is_meant = |found: &Variant| found.name == spec.variant && found.threads == spec.threads;
    variants.into_iter().find(is_meant)
}

/// Every cell that a statement needs, once.
fn needed_cells() -> Vec<CellSpec> {
    let mut cells: Vec<CellSpec> = Vec::new();
    for cell in claims().flat_map(|claim| claim.rule.needs()) {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    cells
}

#[test]
fn every_needed_cell_is_in_the_registry() {
    let cells = needed_cells();
    assert!(cells.len() > 20, "{}", cells.len());
    for spec in cells {
        assert!(variant(&spec).is_some(), "{spec}");
    }
}

/// A run of the cell over a thousand tokens.
fn run_of(spec: &CellSpec) -> Run {
    let cell = Cell {
        scenario: spec.scenario.to_owned(),
        variant: variant(spec).unwrap(),
        items: 1000,
    };
    let mut run = Run::default();
    let scenario = find(spec.scenario).unwrap();
    scenario.run(&cell, &mut run).unwrap();
    run
}

#[test]
fn every_needed_phase_and_order_is_there() {
    for Claim { id, rule, .. } in claims() {
        for quantity in rule.quantities() {
            let run = run_of(&quantity.cell);
            for name in quantity.phases {
                let found = run.phases().iter().any(|phase| phase.name == *name);
                assert!(found, "{id}: {} {name}", quantity.cell);
            }
        }
        if let Rule::Order { of, phase, .. } = rule {
            let run = run_of(of);
            let mut phases = run.phases().iter();
            let found = phases.find(|found| found.name == *phase).unwrap();
            assert!(found.access.is_some(), "{id}");
        }
    }
}

#[test]
fn every_needed_proof_is_there() {
    for proof in claims().flat_map(|claim| proofs(&claim.rule)) {
        let known = run_of(&proof.cell).proof().contains_key(proof.name);
        // Measured on larger stores only, in a separate process.
        assert!(
            known || proof.name == "given_back",
            "{} {}",
            proof.cell,
            proof.name
        );
    }
    let cells = shared_report()["cells"].as_array().unwrap();
    let mut stores = cells.iter().filter(|cell| cell["scenario"] == "footprint");
    let told = stores.all(|cell| cell["proof"]["given_back"] == 1);
    assert!(told || !cfg!(target_os = "linux"));
}

fn proofs(rule: &Rule) -> &'static [ProofSpec] {
    match *rule {
        Rule::Proofs(proofs) => proofs,
        _ => &[],
    }
}

#[test]
fn an_audit_measures_the_needed_cells_and_no_others() {
    let mut planned = BTreeSet::new();
    for scenario in needed_scenarios(SEED_TOKENS) {
        for items in sizes(SEED_TOKENS) {
            for variant in scenario.variants_at(items, &THREADS) {
                planned.insert((scenario.name(), variant.name, variant.threads, items));
            }
        }
    }
    let needed = needed_cells().into_iter().map(|spec| {
        let items = spec.size.of(SEED_TOKENS);
        (spec.scenario, spec.variant.to_owned(), spec.threads, items)
    });
    assert_eq!(planned, needed.collect());
}

#[test]
fn names_are_unique_and_nothing_is_blank() {
    let ids: BTreeSet<&str> = claims().map(|claim| claim.id).collect();
    assert_eq!(ids.len(), claims().count());
    for claim in claims() {
        assert!(
            !claim.section.is_empty() && !claim.statement.is_empty(),
            "{}",
            claim.id
        );
    }
}

#[test]
fn the_published_audit_has_a_row_for_every_statement() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/claims.md");
    let text = fs::read_to_string(path).unwrap();
    for Claim {
        id,
        section,
        statement,
        ..
    } in claims()
    {
        let row = format!("| {id} | {section} | {statement} |");
        assert!(text.contains(&row), "no {row}");
    }
}

/// The figures of the seed's report, by section.
const FIGURES: &[&str] = &[
    // Test 1
    "676.84",
    "1,477,455",
    "61.04",
    "64 bytes",
    // Test 2
    "708.45",
    "175.62",
    "884.08",
    "4.03",
    // Test 3
    "100.31",
    "9,969,253",
    "498",
    "6.75",
    "2.5",
    // Test 4
    "677.66",
    "18.58",
    "499999500000",
    "5.34",
    "49999500000",
    "701.59",
    "53.8",
    "53.4",
    "18.7",
    "2.88",
    // Test 5
    "690.9",
    "0.06",
    "0.61",
    "6.1",
    "610",
    "48",
    "112",
    "107",
    "1.75",
    // Test 6
    "662.36",
    "21.68",
    "54.52",
    "738.7",
    "122.07",
    "12.2",
    "89.7",
    "2.9",
    "7.4",
    "750",
    "18.3",
    // Scaling, parallel scaling, readiness, history, artifacts
    "0.68",
    "6.8",
    "68",
    "169",
    "10 to 50",
    "680",
    "677",
    "65",
    "0.90",
];

#[test]
fn every_figure_of_the_seed_is_in_a_statement() {
    let texts: Vec<String> = claims()
        .map(|claim| format!("{} {}", claim.statement, claim.said_text()))
        .collect();
    for figure in FIGURES {
        let is_there = |text: &String| holds_figure(text, figure);
        assert!(texts.iter().any(is_there), "no statement has {figure}");
    }
}

/// Whether `text` contains `figure`, not only as a part of a longer one.
fn holds_figure(text: &str, figure: &str) -> bool {
    let digit = |found: Option<char>| found.is_some_and(|found| found.is_ascii_digit());
    text.match_indices(figure).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + figure.len()..]);
        !digit(before.chars().last()) && !digit(after.chars().next())
    })
}

/// `ng-stress claims` of this build over a thousand tokens.
fn audit(arguments: &[&str]) -> (Option<i32>, String, Value) {
    let out = TempDir::new().unwrap();
    let output = ng_stress()
        .args(["claims", "--profiles", PROFILE, "--tokens", "1000", "--out"])
        .arg(out.path())
        .args(arguments)
        .output()
        .unwrap();
    let markdown = fs::read_to_string(out.path().join("claims.md")).unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    for claim in claims() {
        assert!(markdown.contains(&format!("| {} | {} |", claim.id, claim.section)));
        assert!(stdout.contains(claim.id), "{}", claim.id);
    }
    (output.status.code(), stdout, read_report(out.path()))
}

#[test]
fn the_verb_measures_judges_and_prints_every_statement() {
    let (code, stdout, report) = audit(&["--rounds", "6"]);
    // At so few tokens some cells are too short for the clock.
    assert!(matches!(code, Some(0 | 5)), "{code:?}");
    assert_holds_schema(&report);
    let rows = report["claims"].as_array().unwrap();
    assert_eq!(rows.len(), claims().count());
    assert!(
        stdout.contains(&format!("{} claims: ", rows.len())),
        "{stdout}"
    );
    let of = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(of("token-bytes")["verdict"], "holds");
    assert_eq!(of("gc-pressure")["verdict"], "does_not_hold");
    // The seed's was a debug build.
    let counted = of("one-allocation");
    if PROFILE == "dev" {
        assert_eq!(counted["measured"]["value"], 9.0);
    } else {
        let reason = counted["reason"].as_str().unwrap();
        assert!(reason.contains("not in this run"), "{reason}");
    }
    // Only one of the two builds is measured here.
    let release = of("release-fill")["reason"].as_str().unwrap();
    assert!(release.contains("not in this run"), "{release}");
}

#[test]
fn an_audit_of_one_scenario_leaves_the_rest_open() {
    let (_, _, report) = audit(&["allocation", "--rounds", "1"]);
    assert_holds_schema(&report);
    let cells = report["cells"].as_array().unwrap();
    assert!(cells.iter().all(|cell| cell["scenario"] == "allocation"));
    let rows = report["claims"].as_array().unwrap();
    let sequential = rows
        .iter()
        .find(|row| row["id"] == "sequential-time")
        .unwrap();
    assert_eq!(sequential["verdict"], "cannot_be_told");
}

#[test]
fn an_audit_takes_one_number_of_tokens_from_a_thousand() {
    for tokens in ["999", "1k,1M"] {
        let output = ng_stress()
            .args(["claims", "--check", "--tokens", tokens])
            .output();
        let output = output.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{tokens}: {stderr}");
        for part in ["--tokens", "expected one number from 1000"] {
            assert!(stderr.contains(part), "{tokens}: no {part} in {stderr}");
        }
    }
    let output = ng_stress().args(["claims", "--check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_audit_refuses_a_planted_slowdown() {
    let output = ng_stress()
        .args(["claims", "--check", "--plant", "create:20"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("--plant: cannot be used with claims"),
        "{stderr}"
    );
}

#[test]
fn a_run_judges_the_statements_its_cells_can_decide() {
    let rows = shared_report()["claims"].as_array().unwrap();
    assert_eq!(rows.len(), claims().count());
    for (claim, row) in claims().zip(rows) {
        // The shared run has other numbers of tokens than the seed's, but for a
        // tenth of it, which no statement uses alone.
        let needs_a_run = !claim.rule.needs().is_empty();
        let open = row["verdict"] == "cannot_be_told";
        assert!(!needs_a_run || open, "{row}");
    }
}

#[test]
fn the_schema_rejects_what_is_not_a_claim() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for (pointer, value) in [
        ("/claims/0/verdict", Value::from("perhaps")),
        ("/claims/0/id", Value::from(3)),
        ("/claims/0/measured", Value::from(3)),
        ("/claims/0/reason", Value::Null),
    ] {
        let mut report = shared_report().clone();
        *report.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&report), "{pointer}");
    }
}
