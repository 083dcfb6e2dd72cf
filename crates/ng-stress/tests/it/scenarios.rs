//! Every scenario at small sizes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ng_lab::{Cell, FileState, Limit, PhaseReading, Run, Scenario, Variant};
use ng_stress::scenarios::{REGISTRY, defaults, find};
use ng_stress::{id_sum, stride_sum, varied_id_sum};

use crate::harness::data_folder;

/// Those that query or sort varied tokens.
const QUERIES: [&str; 5] = ["filter", "aggregate", "nearest", "sort", "dataset-scan"];

/// Runs every variant of `scenario` and gives the runs with their cells.
fn run_all(scenario: &dyn Scenario, tokens: u64) -> Vec<(Cell, Run)> {
    // Some scenarios start this program as a second process.
    ng_stress::use_program(env!("CARGO_BIN_EXE_ng-stress").into());
    scenario
        .variants(&[1, 2, 3])
        .into_iter()
        .map(|variant| {
            let cell = Cell {
                scenario: scenario.name().to_owned(),
                variant,
                items: tokens,
            };
            let folder = data_folder();
            // A cell that needs no disk gets no folder.
            let mut run = match scenario.needs_disk_bytes(&cell) {
                0 => Run::default(),
                _ => Run::in_dir(folder.path()),
            };
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
                let expected = match QUERIES.contains(&scenario.name()) {
                    true => varied_id_sum(tokens),
                    false => id_sum(tokens),
                };
                assert_eq!(figure(&run, "id_sum"), Some(expected), "{cell}");
                assert!(!run.phases().is_empty(), "{cell}");
            }
        }
    }
}

#[test]
fn a_headline_is_a_phase_of_its_scenario() {
    for scenario in REGISTRY {
        let headline = scenario.headline();
        let runs = run_all(scenario, 1000);
        let first = &runs[0].0.variant.name;
        let name = headline.variant_name().unwrap_or(first);
        let mut of_variant = runs.iter().filter(|(cell, _)| cell.variant.name == name);
        let (cell, run) = of_variant.next().expect("a run of the variant");
        let Some(phase) = headline.phase_name() else {
            continue;
        };
        let is_there = run.phases().iter().any(|found| found.name == phase);
        assert!(is_there, "{cell} has no phase {phase}");
    }
}

/// The tokens of the seed, the same with 1 % changed, the varied ones, and these in order.
#[test]
fn all_variants_that_read_no_clock_make_the_same_bytes() {
    let family = |name: &str| match name {
        "sort" => "sorted",
        "update" => "updated",
        name if QUERIES.contains(&name) => "varied",
        _ => "numbered",
    };
    let mut digests: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for scenario in REGISTRY {
        for (cell, run) in run_all(scenario, 1000) {
            let digest = run.proof().get("digest").map(ToString::to_string);
            let reads_clock = cell.variant.name.contains("clock");
            assert_eq!(digest.is_none(), reads_clock, "{cell}");
            digests
                .entry(family(scenario.name()))
                .or_default()
                .extend(digest);
        }
    }
    assert_eq!(digests.len(), 4);
    assert!(
        digests.values().all(|family| family.len() == 1),
        "{digests:?}"
    );
    let different: BTreeSet<_> = digests.values().flatten().collect();
    assert_eq!(different.len(), 4, "{digests:?}");
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
                let unbounded = ["reserve", "first_touch", "open", "nearest_1000"];
                let unbounded = unbounded.contains(&name) || name.starts_with("delay_");
                assert_eq!(phase.bound.is_none(), unbounded, "{cell} {name}");
            }
        }
    }
}

#[test]
fn creation_is_measured_in_variants() {
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

#[test]
fn the_six_of_the_seed_are_measured_by_default_and_others_by_name() {
    let names: Vec<&str> = defaults().iter().map(|scenario| scenario.name()).collect();
    let seeds = [
        "create",
        "allocation",
        "parallel",
        "access",
        "footprint",
        "combined",
    ];
    assert_eq!(names, seeds);
    // Then those over files, then those that the seed's statements need.
    let needs_disk = |scenario: &&dyn Scenario| {
        let cell = Cell {
            scenario: scenario.name().to_owned(),
            variant: scenario.variants(&[1]).remove(0),
            items: 1000,
        };
        scenario.needs_disk_bytes(&cell) >= 64_000
    };
    assert!(!defaults().iter().any(needs_disk));
    let others = REGISTRY[seeds.len()..].iter().map(needs_disk);
    let others: Vec<bool> = others.collect();
    assert!(others.is_sorted_by_key(|needs_disk| !needs_disk));
    assert!(others.contains(&true) && others.contains(&false));
}

#[test]
fn no_scenario_takes_more_disk_than_declared() {
    for tokens in [1, 1000, 100_000] {
        for scenario in REGISTRY {
            for variant in scenario.variants(&[1]) {
                let folder = data_folder();
                let cell = Cell {
                    scenario: scenario.name().to_owned(),
                    variant,
                    items: tokens,
                };
                if scenario.needs_disk_bytes(&cell) == 0 {
                    continue;
                }
                let mut run = Run::in_dir(folder.path());
                ng_stress::use_program(env!("CARGO_BIN_EXE_ng-stress").into());
                scenario.run(&cell, &mut run).unwrap();
                let taken = taken_below(folder.path());
                let said = scenario.needs_disk_bytes(&cell);
                assert!(taken <= said, "{cell}: {taken} bytes, {said} declared");
                // A much larger declaration would skip cells needlessly.
                assert!(said <= 3 * taken + (32 << 20), "{cell}: {taken}, {said}");
            }
        }
    }
}

/// The disk space of the files in a folder and in those below it.
fn taken_below(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;

    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| {
            let file = file.unwrap();
            let metadata = file.metadata().unwrap();
            match metadata.is_dir() {
                true => taken_below(&file.path()),
                false => metadata.blocks() * 512,
            }
        })
        .sum()
}

/// A figure of each phase of each variant.
fn of_phases<R: Ord>(
    name: &str,
    tokens: u64,
    figure: impl Fn(&Cell, &PhaseReading) -> R,
) -> BTreeMap<String, R> {
    let runs = run_all(find(name).unwrap(), tokens);
    let of_run = |(cell, run): &(Cell, Run)| {
        let phases = run.phases().iter();
        let named = phases.map(|phase| {
            let Variant { name, threads, .. } = &cell.variant;
            let place = format!("{name}/{} x{threads}", phase.name);
            (place, figure(cell, phase))
        });
        named.collect::<Vec<_>>()
    };
    runs.iter().flat_map(of_run).collect()
}

/// Of 4096 tokens in a block all columns are read, of the rest the records.
#[test]
fn queries_are_bounded_by_the_bytes_they_must_read() {
    const TOKENS: u64 = 3 * 4096 + 100;
    let records = 64 * TOKENS;
    let columns = |width: u64| 3 * 4096 * width + 100 * 64;
    for (scenario, phase, expected) in [
        ("filter", "mapped/weight x1", records),
        ("filter", "mapped/ball x3", records),
        ("filter", "mapped/three x2", records),
        ("filter", "verified/weight x2", records),
        ("filter", "memory/ball x1", records),
        ("filter", "weight-column/weight x3", columns(4)),
        ("filter", "ball-columns/ball x1", columns(6)),
        ("aggregate", "mapped/by_type x1", records),
        ("aggregate", "columns/whole x2", columns(4)),
        ("aggregate", "columns/by_type x1", columns(5)),
        ("nearest", "mapped/nearest x1", records),
        ("nearest", "verified/nearest x3", records),
        ("nearest", "columns/nearest x1", columns(6)),
        ("sort", "memory/weight x2", records),
        ("sort", "memory/physical x1", records),
        ("sort", "file/physical x2", records),
        ("sort", "beyond/physical x1", 2 * records),
    ] {
        let amounts = of_phases(scenario, TOKENS, |_, phase| {
            phase.bound.map(|bound| bound.amount)
        });
        assert_eq!(
            amounts.get(phase),
            Some(&Some(expected)),
            "{scenario} {phase}"
        );
    }
}

/// All of them at once would make the others' limits too slow.
#[test]
fn limits_of_columns_are_probed_over_the_bytes_of_the_columns() {
    let probed = |scenario: &str| {
        let scenario = find(scenario).unwrap();
        let of_variant = |variant: Variant| {
            let cell = Cell {
                scenario: scenario.name().to_owned(),
                variant,
                items: 1000,
            };
            Some((cell.variant.name.clone(), scenario.limit_bytes(&cell)?))
        };
        let variants = scenario.variants(&[1]).into_iter();
        variants.filter_map(of_variant).collect::<Vec<_>>()
    };
    let own = |name: &str, bytes: u64| (name.to_owned(), bytes);
    let filters = [
        own("weight-column", 4000),
        own("ball-columns", 6000),
        own("three-columns", 11_000),
    ];
    assert_eq!(probed("filter"), filters);
    assert_eq!(probed("aggregate"), [own("columns", 5000)]);
    assert_eq!(probed("nearest"), [own("columns", 6000)]);
    for scenario in REGISTRY {
        let name = scenario.name();
        let has_columns = ["filter", "aggregate", "nearest"].contains(&name);
        assert_eq!(!probed(name).is_empty(), has_columns, "{name}");
    }
}

/// The least memory of a sort holds 2^18 tokens; below that, no variant claims to sort
/// beyond memory.
#[test]
fn sorts_beyond_memory_are_measured_from_the_size_that_needs_them() {
    let scenario = find("sort").unwrap();
    let beyond = |items| {
        let variants = scenario.variants_at(items, &[1, 2]);
        let beyond = ["beyond", "confined"];
        let beyond = variants
            .iter()
            .filter(|found| beyond.contains(&found.name.as_str()));
        beyond.count()
    };
    assert_eq!(beyond(1 << 18), 0);
    assert_eq!(beyond((1 << 18) + 1), 3);
    let mut variants = scenario.variants_at((1 << 18) + 1, &[1]);
    variants.retain(|variant| variant.name == "beyond");
    let cell = Cell {
        scenario: "sort".to_owned(),
        variant: variants.remove(0),
        items: (1 << 18) + 1,
    };
    let folder = data_folder();
    let mut run = Run::in_dir(folder.path());
    scenario.run(&cell, &mut run).unwrap();
    assert_eq!(figure(&run, "by_temporary_files"), Some(1));
}

#[test]
fn what_is_declared_cold_is_cold_and_the_rest_is_warm() {
    let folder = data_folder();
    if ng_lab::Volume::of(folder.path()).unwrap().is_in_memory() {
        eprintln!("skipped: nothing is cold on a file system in memory");
        return;
    }
    let mut cold = 0;
    let files = ["reopen", "scan", "lookup", "larger-than-memory"];
    for name in files.into_iter().chain(QUERIES) {
        for (cell, run) in run_all(find(name).unwrap(), 20_000) {
            for phase in run.phases() {
                let Some(file) = &phase.file else {
                    // Queries of columns and of memory read no file.
                    let is_made = phase.name == "create";
                    assert!(is_made || QUERIES.contains(&name), "{cell}");
                    continue;
                };
                let what = format!("{cell} {}: {file:?}", phase.name);
                assert_eq!(file.unknown, None, "{what}");
                // At least its tokens, header and table.
                assert!(file.file_pages >= 20_000 * 64 / 4096, "{what}");
                let missing = match file.claimed {
                    FileState::Cold => file.resident_before,
                    FileState::Warm => file.file_pages - file.resident_before,
                };
                assert!(missing * 100 <= file.file_pages, "{what}");
                cold += usize::from(file.claimed == FileState::Cold);
            }
        }
    }
    // The last are sorts beyond memory: on three numbers of threads, and confined.
    assert_eq!(cold, 2 + 3 + 3 + 2 + 4);
}

#[test]
fn limits_of_files_bound_what_waits_for_the_disk() {
    let limits = |name: &str, variant: &str| -> Vec<Option<Limit>> {
        let runs = run_all(find(name).unwrap(), 1000);
        let found = runs.iter().find(|(cell, _)| cell.variant.name == variant);
        let phases = found.unwrap().1.phases().iter();
        phases.map(|phase| Some(phase.bound?.limit)).collect()
    };
    let (write, cold, sync) = (Limit::DurableWrite, Limit::ColdRead, Limit::SmallSync);
    let variants = [
        "raw-memmap2",
        "bufwriter",
        "pwrite-writeback",
        "store",
        "ingest",
    ];
    for variant in variants {
        assert_eq!(limits("persist", variant), [Some(write)], "{variant}");
    }
    assert_eq!(limits("reopen", "cold"), [None, Some(sync)]);
    for variant in ["warm-verified", "by-workers", "verify"] {
        assert_eq!(limits("scan", variant), [Some(Limit::Read)], "{variant}");
    }
    assert_eq!(limits("scan", "cold"), [Some(cold)]);
    assert_eq!(
        limits("larger-than-memory", "store"),
        [Some(write), Some(cold), Some(cold), Some(cold)]
    );
    assert_eq!(
        limits("larger-than-memory", "unconfined"),
        [Some(write), Some(cold), Some(cold)]
    );
    assert_eq!(limits("crash", "kill"), [Some(sync), Some(Limit::Read)]);
}

#[test]
fn a_file_larger_than_memory_gets_an_eighth_of_it_and_64_mib_at_least() {
    let scenario = find("larger-than-memory").unwrap();
    for (tokens, expected) in [(1000, 64 << 20), (1 << 23, 64 << 20), (1 << 26, 512 << 20)] {
        let cell = Cell {
            scenario: "larger-than-memory".to_owned(),
            variant: scenario.variants(&[1]).remove(0),
            items: tokens,
        };
        assert_eq!(scenario.memory_limit_bytes(&cell), Some(expected));
        // It is warmed within its cgroup.
        assert!(scenario.needs_bytes(&cell) < expected / 2);
    }
    let memory = ng_lab::kernel::total_bytes().unwrap();
    for (items, confined) in [(memory / 64, true), (memory / 64 + 1, false)] {
        let cell = Cell {
            scenario: "larger-than-memory".to_owned(),
            variant: scenario.variants_at(items, &[1]).remove(0),
            items,
        };
        assert_eq!(scenario.memory_limit_bytes(&cell).is_some(), confined);
    }
    for scenario in REGISTRY {
        // One of the variants of `sort` is, and not its first one.
        let confined = scenario.name() == "larger-than-memory";
        let cell = Cell {
            scenario: scenario.name().to_owned(),
            variant: scenario.variants(&[1]).remove(0),
            items: 1000,
        };
        assert_eq!(scenario.memory_limit_bytes(&cell).is_some(), confined);
    }
}

#[test]
fn a_dataset_and_a_file_of_its_tokens_answer_the_same() {
    let runs = run_all(find("dataset-scan").unwrap(), 50_000);
    assert_eq!(runs.len(), 4 * 3);
    for (cell, run) in &runs {
        assert_eq!(run.proof(), runs[0].1.proof(), "{cell}");
        assert!(
            figure(run, "count").is_some_and(|count| count > 0),
            "{cell}"
        );
    }
}

#[test]
fn a_stream_goes_through_rolls_and_its_follower_has_every_token() {
    let runs = run_all(find("stream").unwrap(), 50_000);
    for (cell, run) in &runs {
        assert_eq!(figure(run, "shards"), Some(5), "{cell}");
        assert_eq!(figure(run, "told"), Some(50_000), "{cell}");
        assert_eq!(run.proof()["told_digest"], run.proof()["digest"], "{cell}");
        let times = run.phases().iter().map(|phase| phase.elapsed_ns);
        let times: Vec<u64> = times.collect();
        // The median delay, and those that fewer exceed.
        assert!(times[1..].is_sorted() && times[1] > 0, "{cell}: {times:?}");
    }
    // 50 ms, as fixed before, and the rest of the last arrival.
    let paced = runs.iter().find(|(cell, _)| cell.variant.name == "paced");
    let append = &paced.unwrap().1.phases()[0];
    assert!(append.elapsed_ns >= 49_500_000, "{append:?}");
}

#[test]
fn kills_differ_and_their_proof_does_not() {
    let scenario = find("crash").unwrap();
    let proofs: Vec<_> = (0..4)
        .flat_map(|_| run_all(scenario, 20_000))
        .map(|(_, run)| run.proof().clone())
        .collect();
    assert!(proofs.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(proofs[0]["kills"], 5);
    assert_eq!(proofs[0]["lost"], 0);
}
