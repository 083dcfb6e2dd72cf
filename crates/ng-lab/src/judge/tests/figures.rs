//! Figures of cells and limits.

use super::alone;
use super::sim::{BYTES, COLD_NS, ITEMS, PLAIN, SUBJECT, Sim, judged, readings};
use crate::conductor::{LimitSample, Readings};
use crate::judge::judge;
use crate::machine::threads::ThreadWork;
use crate::model::{FileState, Interval95, Limit, Pages, Profile, Role, Size};

const MS: u64 = 1_000_000;
/// Neither sorted nor symmetric.
const TIMES: [u64; 6] = [5 * MS, MS, 4 * MS, 2 * MS, 3 * MS, 7 * MS];

#[test]
fn a_phase_is_described_by_its_warm_rounds() {
    let report = alone(&Sim::cell("create").phase("fill", &TIMES));
    let phase = &report.phases[0];
    assert_eq!((phase.name.as_str(), phase.items), ("fill", ITEMS));
    assert_eq!(phase.samples_ns, TIMES);
    assert_eq!(phase.cold_ns, Some(COLD_NS));
    assert_eq!(phase.median_ns, Some(3.5e6));
    assert_eq!(phase.ci95_ns, Some(Interval95([1e6, 7e6])));
    assert_eq!(phase.min_ns, Some(1e6));
    assert_eq!(phase.p10_ns, Some(1.5e6));
    assert_eq!(phase.p90_ns, Some(6e6));
    assert_eq!(phase.mad_ns, Some(1.5e6));
}

#[test]
fn five_samples_have_a_median_but_no_interval() {
    let report = alone(&Sim::cell("create").phase("fill", &TIMES[..5]));
    assert_eq!(report.phases[0].median_ns, Some(3e6));
    assert_eq!(report.phases[0].ci95_ns, None);
}

#[test]
fn the_cold_round_alone_has_no_median() {
    let report = alone(&Sim::cell("create").phase("fill", &[]));
    let phase = &report.phases[0];
    assert_eq!(phase.cold_ns, Some(COLD_NS));
    assert!(phase.samples_ns.is_empty());
    assert_eq!((phase.median_ns, phase.min_ns), (None, None));
}

#[test]
fn a_cell_says_what_it_was() {
    let cell = Sim::cell("create")
        .variant("push")
        .threads(2)
        .pages(Pages::Small)
        .dev()
        .aa()
        .phase("fill", &PLAIN)
        .proof("sum", 7);
    let report = alone(&cell);
    assert_eq!(
        (report.key.scenario.as_str(), report.key.variant.as_str()),
        ("create", "push")
    );
    assert_eq!((report.key.profile, report.role), (Profile::Dev, Role::Aa));
    assert_eq!((report.key.threads, report.pages), (2, Pages::Small));
    assert_eq!(report.key.size, Size::new(ITEMS, "records"));
    assert_eq!(report.proof, [("sum".to_owned(), 7.into())].into());
    assert!(report.host_warm);
}

#[test]
fn memory_and_warming_are_medians_of_the_warm_rounds() {
    let cell = Sim::cell("create")
        .phase("fill", &PLAIN)
        .round(2, |reading| {
            reading.memory.as_mut().unwrap().peak_bytes = 1 << 40;
            reading.warm_ns_per_byte = Some(7.0);
        });
    let report = alone(&cell);
    let memory = report.memory.unwrap();
    assert_eq!(memory.peak_bytes, 4096);
    assert_eq!((memory.swapped_bytes, memory.minor_faults), (0, 4096));
    assert_eq!(report.warm_ns_per_byte, Some(0.5));
}

#[test]
fn private_memory_is_a_median_where_it_was_watched() {
    let cell = Sim::cell("create").phase("fill", &PLAIN);
    assert_eq!(alone(&cell).memory.unwrap().private_peak_bytes, None);
    let watched = |bytes| {
        move |reading: &mut crate::worker::protocol::CellReading| {
            reading.memory.as_mut().unwrap().private_peak_bytes = Some(bytes);
        }
    };
    let cell = cell.warm(watched(4096)).round(3, watched(1 << 40));
    let memory = alone(&cell).memory.unwrap();
    assert_eq!(memory.private_peak_bytes, Some(4096));
}

#[test]
fn a_file_shows_the_round_that_contradicts_its_claim_most() {
    let resident = |claimed, all: [u64; 6]| {
        let mut cell = Sim::cell("scan").phase("scan", &PLAIN).file(claimed, 0);
        for (round, resident) in (1..).zip(all) {
            cell = cell.round(round, |reading| {
                let file = reading.phases[0].file.as_mut().unwrap();
                file.resident_before = resident;
                file.read_bytes = Some(1000 - resident);
            });
        }
        alone(&cell).phases[0].file.clone().unwrap()
    };
    let cold = resident(FileState::Cold, [1, 2, 9, 4, 3, 0]);
    assert_eq!((cold.resident_before, cold.file_pages), (9, 1000));
    assert_eq!(cold.read_bytes, Some(997));
    let warm = resident(FileState::Warm, [999, 1000, 991, 1000, 998, 1000]);
    assert_eq!(warm.resident_before, 991);
    let alone = alone(
        &Sim::cell("scan")
            .phase("scan", &[])
            .file(FileState::Cold, 0),
    );
    let only = alone.phases[0].file.as_ref().unwrap();
    assert_eq!(only.resident_before, 500, "of the cold round");
}

#[test]
fn a_limit_names_the_memory_it_was_read_in() {
    let cell = Sim::cell("scan").confined(1 << 20).phase("scan", &PLAIN);
    let cell = cell.limit(Limit::ColdRead, 1.0);
    let judgement = judged(&[cell]);
    assert_eq!(judgement.limits[0].key.memory_limit_bytes, Some(1 << 20));
    assert_eq!(judgement.cells[0].memory_limit_bytes, Some(1 << 20));
}

#[test]
fn memory_of_the_cold_round_is_shown_if_there_is_no_other() {
    let report = alone(&Sim::cell("create").phase("fill", &[]));
    assert_eq!(report.memory.unwrap().peak_bytes, COLD_NS);
    assert_eq!(report.warm_ns_per_byte, None);
}

#[test]
fn growth_is_the_best_time_at_the_fraction() {
    for times in [&[200_000, 100_000][..], &[100_000, 200_000]] {
        let cell = Sim::cell("create").phase("fill", &PLAIN).fractions(times);
        let growth = alone(&cell).phases[0].growth.unwrap();
        assert_eq!((growth.items, growth.best_ns), (ITEMS / 8, 100_000));
    }
}

/// A tenth of a unit of limit for each item. Times rise while limits fall, so a round
/// paired with another round's limit shows.
fn bounded() -> Readings {
    let times = [MS, 2 * MS, 3 * MS, 4 * MS, 5 * MS, 6 * MS];
    let cell = Sim::cell("create")
        .phase("fill", &times)
        .bound(Limit::Refill, 100_000)
        .limit(Limit::Refill, 0.0);
    let mut readings = readings(&[cell]);
    let samples = readings.limits.values_mut().next().unwrap();
    for (reading, ns) in samples.iter_mut().skip(1).zip((1..=6).rev()) {
        reading.ns_per_unit = f64::from(ns);
    }
    readings
}

fn share(readings: &Readings) -> Option<f64> {
    judge(readings, SUBJECT).cells[0].phases[0].share_of_limit
}

#[test]
fn a_share_of_a_limit_is_taken_round_by_round() {
    let mut readings = bounded();
    let expected = f64::midpoint(0.1 * 4.0 / 3.0, 0.1 * 3.0 / 4.0);
    assert!((share(&readings).unwrap() - expected).abs() < 1e-12);
    readings.limits.values_mut().next().unwrap().remove(3);
    let expected = 0.1 * 3.0 / 4.0;
    assert!((share(&readings).unwrap() - expected).abs() < 1e-12);
}

#[test]
fn a_limit_read_beside_the_cell_is_preferred_to_others_of_its_round() {
    let mut readings = bounded();
    readings.cells[0].planned.block = 7;
    let samples = readings.limits.values_mut().next().unwrap();
    let elsewhere = samples.clone();
    for reading in &mut *samples {
        reading.block = Some(7);
    }
    // Two more in every round, beside other cells: a hundred times as slow.
    for other in [8, 9] {
        samples.extend(elsewhere.iter().map(|reading| LimitSample {
            block: Some(other),
            ns_per_unit: reading.ns_per_unit * 100.0,
            ..*reading
        }));
    }
    let expected = f64::midpoint(0.1 * 4.0 / 3.0, 0.1 * 3.0 / 4.0);
    assert!((share(&readings).unwrap() - expected).abs() < 1e-12);
    // Without one of its own, a cell takes the median of the round.
    readings.cells[0].planned.block = 1;
    assert!((share(&readings).unwrap() - 100.0 * expected).abs() < 1e-9);
    // And the report has one figure a round.
    let report = &judge(&readings, SUBJECT).limits[0];
    assert_eq!(report.samples_ns_per_unit.len(), 6);
    assert_eq!(report.samples_ns_per_unit[0], 600.0);
}

#[test]
fn a_limit_that_was_not_read_at_this_size_gives_no_share() {
    let mut readings = bounded();
    let (mut key, samples) = readings.limits.pop_first().unwrap();
    key.bytes += 1;
    readings.limits.insert(key, samples);
    assert_eq!(share(&readings), None);
}

#[test]
fn a_limit_is_described_by_its_warm_readings() {
    let report = &judge(&bounded(), SUBJECT).limits[0];
    assert_eq!(
        (report.key.limit, report.unit.as_str()),
        (Limit::Refill, "byte")
    );
    assert_eq!((report.key.bytes, report.key.threads), (BYTES, 1));
    assert_eq!(report.samples_ns_per_unit, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    assert_eq!(report.cold_ns_per_unit, Some(COLD_NS as f64));
    assert_eq!(report.median_ns_per_unit, Some(3.5));
    assert_eq!(report.ci95_ns_per_unit, Some(Interval95([1.0, 6.0])));
}

#[test]
fn cells_keep_the_order_of_the_plan() {
    let names = ["b", "a", "c"];
    let cells = names.map(|name| Sim::cell(name).phase("fill", &PLAIN));
    let judged = judged(&cells).cells;
    let found: Vec<&str> = judged
        .iter()
        .map(|cell| cell.key.scenario.as_str())
        .collect();
    assert_eq!(found, names);
}

#[test]
fn a_cell_without_memory_figures_says_why_and_has_no_flag() {
    let cell = Sim::cell("create")
        .phase("fill", &PLAIN)
        .warm(|reading| reading.memory = Err("no /proc".to_owned()));
    let report = &judge(&readings(&[cell]), SUBJECT).cells[0];
    assert_eq!(report.memory_missing.as_deref(), Some("no /proc"));
    assert_eq!(report.flags, []);
}

#[test]
fn threads_are_described_by_the_least_and_most_busy_one() {
    let work = |busy_ns, waits, preemptions| ThreadWork {
        busy_ns,
        waits,
        preemptions,
    };
    // The almost idle thread that starts the others does not count.
    let done = [work(900_000, 3, 1), work(600_000, 40, 0), work(5_000, 7, 7)];
    let cell = |threads| {
        Sim::cell("fill")
            .threads(threads)
            .phase("fill", &[1_000_000; 6])
            .did(&done)
    };
    let shares = |sim: Sim| judged(&[sim]).cells[0].phases[0].threads;
    let found = shares(cell(2)).expect("two threads");
    assert_eq!((found.least_busy, found.most_busy), (0.6, 0.9));
    assert_eq!((found.waits, found.preemptions), (43.0, 1.0));
    assert_eq!(shares(cell(1)), None, "one thread shares with nobody");
    assert_eq!(shares(cell(4)), None, "one of four could not be read");
    // A round in which not all were seen is left out.
    let one_less = cell(3).round(2, |reading| reading.phases[0].threads.truncate(1));
    let found = shares(one_less).expect("five rounds");
    assert_eq!(found.waits, 50.0);
}
