//! The samples as comma-separated values.

use ng_lab::model::Report;
use ng_lab::report::samples_csv;

use crate::fixture;

#[test]
fn there_is_one_row_per_sample_with_its_position() {
    assert_rows(&fixture::report());
    assert_rows(&fixture::uneven());
}

#[track_caller]
fn assert_rows(report: &Report) {
    let text = samples_csv(report);
    let mut lines = text.lines();
    let headings =
        "cell,scenario,variant,threads,items,profile,role,round,position,phase,elapsed_ns,verdict";
    assert_eq!(lines.next(), Some(headings));
    let mut expected = Vec::new();
    for (index, cell) in report.cells.iter().enumerate() {
        for phase in &cell.phases {
            let all = phase.cold_ns.iter().chain(&phase.samples_ns);
            for (run, elapsed_ns) in cell.runs.iter().zip(all) {
                expected.push(format!(
                    "{index},{},{},{},{},{},{},{},{},{},{elapsed_ns},{}",
                    cell.key.scenario,
                    cell.key.variant,
                    cell.key.threads,
                    cell.items(),
                    cell.key.profile.name(),
                    cell.role.name(),
                    run.round,
                    run.position,
                    phase.name,
                    cell.verdict.name()
                ));
            }
        }
    }
    assert!(expected.len() > 500);
    assert!(
        expected
            .iter()
            .any(|line| line.contains(",aa,0,") && line.ends_with(",valid"))
    );
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn names_with_commas_quotes_and_lines_are_quoted() {
    let mut report = fixture::one_cell();
    report.cells[0].key.scenario = "a,b".to_owned();
    report.cells[0].key.variant = "say \"c\"".to_owned();
    report.cells[0].phases[0].name = "d\ne\r".to_owned();
    report.cells[0].runs.clear();
    report.cells[0].phases[0].cold_ns = None;
    report.cells[0].phases[0].samples_ns = vec![7];
    let text = samples_csv(&report);
    let (_, rows) = text.split_once('\n').unwrap();
    let expected = "0,\"a,b\",\"say \"\"c\"\"\",1,1000,dev,main,1,,\"d\ne\r\",7,valid\n";
    assert_eq!(rows, expected);
}
