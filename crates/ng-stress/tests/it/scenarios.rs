//! Every scenario at sizes that take no time.

use ng_lab::{Cell, Run, Scenario};
use ng_stress::scenarios::{REGISTRY, find};
use ng_stress::{id_sum, stride_sum};

/// Runs every variant of `scenario` and gives the runs with their cells.
fn run_all(scenario: &dyn Scenario, tokens: u64) -> Vec<(Cell, Run)> {
    scenario
        .variants(&[1, 2, 3])
        .into_iter()
        .map(|variant| {
            let cell = Cell {
                scenario: scenario.name().to_owned(),
                variant,
                items: tokens,
            };
            let mut run = Run::default();
            let done = scenario.run(&cell, &mut run);
            done.unwrap_or_else(|failure| panic!("{cell}: {failure}"));
            (cell, run)
        })
        .collect()
}

fn figure(run: &Run, name: &str) -> Option<u64> {
    run.proof().get(name)?.as_u64()
}

#[test]
fn every_variant_of_every_scenario_proves_its_tokens() {
    for tokens in [1, 9, 10, 11, 1000, 5000] {
        for scenario in REGISTRY {
            for (cell, run) in run_all(scenario, tokens) {
                assert_eq!(figure(&run, "tokens"), Some(tokens), "{cell}");
                assert_eq!(figure(&run, "id_sum"), Some(id_sum(tokens)), "{cell}");
                assert!(!run.phases().is_empty(), "{cell}");
            }
        }
    }
}

#[test]
fn all_variants_that_read_no_clock_make_the_same_bytes() {
    let mut digests: Vec<String> = REGISTRY
        .into_iter()
        .flat_map(|scenario| run_all(scenario, 1000))
        .filter_map(|(cell, run)| {
            let digest = run.proof().get("digest").map(ToString::to_string);
            assert_eq!(
                digest.is_none(),
                cell.variant.name.contains("clock"),
                "{cell}"
            );
            digest
        })
        .collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
}

#[test]
fn access_reads_what_it_says_and_proves_its_orders() {
    for (cell, run) in run_all(find("access").unwrap(), 10_000) {
        assert_eq!(figure(&run, "sequential_sum"), Some(id_sum(10_000)));
        assert_eq!(figure(&run, "stride_10_sum"), Some(stride_sum(10_000, 10)));
        let names: Vec<&str> = run
            .phases()
            .iter()
            .map(|phase| phase.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["sequential", "stride_10", "random", "dependent"],
            "{cell}"
        );
        for phase in run.phases() {
            let evidence = phase.access.as_ref().expect("evidence of the order");
            assert_eq!(evidence.mismatch(), None, "{cell} {}", phase.name);
            assert_eq!(evidence.reads, phase.items, "{cell} {}", phase.name);
        }
    }
}

#[test]
fn every_timed_phase_that_touches_or_reads_is_bounded_by_a_limit() {
    for scenario in REGISTRY {
        for (cell, run) in run_all(scenario, 1000) {
            for phase in run.phases() {
                let name = phase.name.as_str();
                let unbounded = ["reserve", "first_touch"].contains(&name);
                assert_eq!(phase.bound.is_none(), unbounded, "{cell} {name}");
            }
        }
    }
}

#[test]
fn creation_is_taken_apart_into_its_variants() {
    let variants = find("create").unwrap().variants(&[1, 2, 4]);
    let has = |name: &str, threads| {
        let found = variants
            .iter()
            .filter(|variant| variant.name == name && variant.threads == threads);
        assert_eq!(found.count(), 1, "{name} x{threads}");
    };
    for name in [
        "vec-push",
        "vec-grown",
        "vec-zeroed",
        "store-4k",
        "store-2m",
        "store-2m-grown",
        "store-2m-clock-per-token",
        "store-2m-clock-per-batch",
        "store-2m-host-cold",
    ] {
        has(name, 1);
    }
    has("store-2m", 2);
    has("store-2m", 4);
    let cold: Vec<_> = variants
        .iter()
        .filter(|variant| !variant.host_warm)
        .collect();
    assert_eq!(cold.len(), 1);
}

#[test]
fn an_unknown_variant_is_an_error_that_names_it() {
    let scenario = find("create").unwrap();
    let cell = Cell {
        scenario: "create".to_owned(),
        variant: ng_lab::Variant::new("nonsense"),
        items: 10,
    };
    let error = scenario.run(&cell, &mut Run::default()).unwrap_err();
    assert_eq!(error.to_string(), "create has no variant nonsense");
}
