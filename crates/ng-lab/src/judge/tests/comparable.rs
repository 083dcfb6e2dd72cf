//! What two runs must have in common.

use super::gate::{baseline, cell, gate, held, times};
use super::sim::{PLAIN_NS, Sim, report};
use crate::judge::{check_machine, compare_reports};
use crate::model::{ComparisonKind, Limit, NotComparable, Report, Volume};

fn plain() -> Vec<Sim> {
    let cell = cell(&times(PLAIN_NS));
    vec![cell.clone(), cell.aa()]
}

/// A change of a report, and the reason it leads to.
type Case = (fn(&mut Report), &'static str);

#[test]
fn another_machine_or_compiler_is_not_compared_with() {
    let cases: [Case; 10] = [
        (
            |then| then.host.cpu = "other".into(),
            "processor other then,  now",
        ),
        (|then| then.host.cpus = 9, "processors 9 then, 0 now"),
        (
            |then| then.host.memory_bytes = 8 << 30,
            "memory 8192 MiB then, 0 MiB now",
        ),
        (
            |then| then.host.kernel = "linux 1".into(),
            "kernel linux 1 then,  now",
        ),
        (
            |then| then.host.virtual_machine = true,
            "virtual machine true then, false now",
        ),
        (
            |then| then.host.huge_pages = "never".into(),
            "huge pages never then,  now",
        ),
        (
            |then| then.host.clock_source = "hpet".into(),
            "clock source hpet then,  now",
        ),
        (
            |then| then.host.governor = "powersave".into(),
            "governor powersave then,  now",
        ),
        (
            |then| then.build.rustc = "rustc 1".into(),
            "compiler rustc 1 then,  now",
        ),
        (
            |then| then.build.target = "arm".into(),
            "target arm then,  now",
        ),
    ];
    let now = report(&plain());
    for (change, told) in cases {
        let mut then = now.clone();
        change(&mut then);
        let error = check_machine(&now.host, &now.build, None, &then).unwrap_err();
        assert_eq!(error, NotComparable::Elsewhere(vec![told.to_owned()]));
    }
}

#[test]
fn what_is_compared_or_flagged_may_differ() {
    let now = report(&plain());
    let mut then = now.clone();
    then.host.load = 9.0;
    then.host.swap_bytes = 1 << 20;
    then.build.commit = "abc".to_owned();
    then.build.version = "9.9".to_owned();
    assert_eq!(check_machine(&now.host, &now.build, None, &then), Ok(()));
    let (mut little, mut more) = (now.clone(), now);
    little.host.memory_bytes = 1000 << 20;
    more.host.memory_bytes = 1009 << 20;
    assert_eq!(
        check_machine(&little.host, &little.build, None, &more),
        Ok(())
    );
}

#[test]
fn data_files_on_another_kind_of_file_system_are_not_compared_with() {
    let on = |file_system: &str| {
        let mut report = report(&plain());
        report.data = Some(Volume {
            dir: "/data".to_owned(),
            file_system: file_system.to_owned(),
            free_bytes: 1 << 30,
        });
        report
    };
    let (now, mut then) = (on("ext4"), on("tmpfs"));
    let check = |then: &Report| check_machine(&now.host, &now.build, now.data.as_ref(), then);
    let told = "file system tmpfs then, ext4 now".to_owned();
    assert_eq!(check(&then), Err(NotComparable::Elsewhere(vec![told])));
    // The free space and the folder may differ.
    then = on("ext4");
    then.data.as_mut().unwrap().free_bytes = 7;
    then.data.as_mut().unwrap().dir = "/other".to_owned();
    assert_eq!(check(&then), Ok(()));
    // A run without files has nothing that could differ.
    then.data = None;
    assert_eq!(check(&then), Ok(()));
}

#[test]
fn a_cell_is_compared_with_one_that_is_confined_as_it_is() {
    let confined = |bytes: Option<u64>| {
        let cell = cell(&times(PLAIN_NS));
        let cell = bytes.map_or(cell.clone(), |bytes| cell.confined(bytes));
        report(&[cell.clone(), cell.aa()])
    };
    let some = confined(Some(64 << 20));
    assert!(compare(&some, &some).is_ok());
    for other in [None, Some(128 << 20)] {
        let error = compare(&some, &confined(other)).unwrap_err();
        assert!(
            matches!(error, NotComparable::NothingInCommon(_)),
            "{error}"
        );
    }
}

/// A limit read in a cgroup is not the machine's.
#[test]
fn limits_are_compared_at_the_same_memory() {
    let read = |memory: Option<u64>, factor: f64| {
        let mut report = with_limit(Limit::Read, factor);
        for limit in &mut report.limits {
            limit.key.memory_limit_bytes = memory;
        }
        report
    };
    let little = Some(64 << 20);
    assert!(compare(&read(little, 9.0), &read(None, 1.0)).is_ok());
    assert!(compare(&read(little, 9.0), &read(little, 1.0)).is_err());
}

/// A run whose limit takes `factor` times as long, varying by a per mille.
fn with_limit(limit: Limit, factor: f64) -> Report {
    let readings: Vec<f64> = times(1000).map(|ns| ns as f64 * factor).to_vec();
    let mut cells = plain();
    cells[0] = cells[0].clone().limit_readings(limit, &readings);
    report(&cells)
}

fn compare(now: &Report, then: &Report) -> Result<Report, NotComparable> {
    let mut now = now.clone();
    let then = crate::conductor::Baseline {
        name: "main".to_owned(),
        report: Box::new(then.clone()),
    };
    compare_reports(&mut now, &then, gate(5.0)).map(|()| now)
}

#[test]
fn limits_that_moved_by_half_stop_the_comparison() {
    for (limit, factor, comparable) in [
        (Limit::Read, 1.4, true),
        (Limit::Read, 1.6, false),
        (Limit::Read, 0.7, true),
        (Limit::Read, 0.6, false),
        // It shows what the host did meanwhile and bounds nothing.
        (Limit::PageFault, 9.0, true),
    ] {
        let (now, then) = (with_limit(limit, factor), with_limit(limit, 1.0));
        let found = compare(&now, &then);
        assert_eq!(found.is_ok(), comparable, "{limit:?} {factor}: {found:?}");
        if let Err(error) = found {
            let told = error.to_string();
            assert!(
                told.contains("read over 62 KiB on 1 threads takes "),
                "{told}"
            );
        }
    }
}

/// Without an interval, two different readings do not prove another machine.
#[test]
fn limits_without_an_interval_stop_nothing() {
    let few = |ns: f64| {
        let mut cells = plain();
        cells[0] = cells[0].clone().limit_readings(Limit::Read, &[ns; 3]);
        report(&cells)
    };
    assert!(compare(&few(9.0), &few(1.0)).is_ok());
}

#[test]
fn runs_without_a_common_cell_name_the_cells_of_the_other() {
    let other = Sim::cell("access").phase("read", &times(PLAIN_NS));
    let then = report(&[other.clone(), other.aa()]);
    let error = compare(&report(&plain()), &then).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no phase was measured in both: it has access n=1000 (release)"
    );
}

#[test]
fn the_report_has_the_reason_and_no_gate() {
    let (now, then) = (with_limit(Limit::Read, 2.0), with_limit(Limit::Read, 1.0));
    drop(now);
    let readings: Vec<f64> = times(2000).map(|ns| ns as f64).to_vec();
    let mut cells = plain();
    cells[0] = cells[0].clone().limit_readings(Limit::Read, &readings);
    let found = held(&cells, &baseline(then, gate(5.0)));
    let reason = found.reference.unwrap().not_comparable.unwrap();
    assert!(
        reason.starts_with("the machine's limits are not"),
        "{reason}"
    );
    assert!(found.gate.is_none());
}

#[test]
fn a_report_is_compared_again_as_if_for_the_first_time() {
    let then = report(&plain());
    let once = compare(&report(&plain()), &then).unwrap();
    let twice = compare(&once, &then).unwrap();
    let count = |report: &Report| {
        let all = report.comparisons.iter();
        all.filter(|found| found.kind == ComparisonKind::Baseline)
            .count()
    };
    assert_eq!((count(&once), count(&twice)), (1, 1));
    assert_eq!(once.gate, twice.gate);
}

/// The A/A of either run stops a comparison, as it does within a run.
#[test]
fn a_failed_aa_of_either_run_stops_the_comparison() {
    let failing = [cell(&times(PLAIN_NS)), cell(&times(2 * PLAIN_NS)).aa()];
    for (now, then) in [
        (report(&failing), report(&plain())),
        (report(&plain()), report(&failing)),
    ] {
        let found = compare(&now, &then).unwrap();
        let compared = found
            .comparisons
            .iter()
            .find(|found| found.kind == ComparisonKind::Baseline)
            .unwrap();
        let stopped = compared.stopped.as_deref().unwrap_or_default();
        assert!(stopped.starts_with("aa_failed"), "{stopped}");
    }
}
