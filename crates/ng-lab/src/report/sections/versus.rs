//! The comparison with the other side, and the gate.

use ng_plot::Field;

use crate::model::{
    ComparisonKind, GateReport, Interval95, Outcome, ReferenceReport, Report, RunInfo,
};
use crate::report::sections::comparisons;
use crate::report::sections::part::{Detail, Part, Rows, Section};

/// The other side and the gate; none without another side.
pub(crate) fn section(report: &Report) -> Option<Section> {
    let reference = report.reference.as_ref()?;
    let title = title(reference);
    let ratios = comparisons::table(report, reference.kind);
    // The gate shows the same figures with outcomes.
    let from = match report.gate {
        Some(_) => Detail::Full,
        None => Detail::Short,
    };
    let held = Part::new(&title, about(report, reference), None);
    let gate = report.gate.as_ref();
    let gate = gate.map(|gate| gate_part(gate, &report.run));
    let ratios = Part::new("Times as fast as the other side", Vec::new(), ratios).from(from);
    let parts = [held].into_iter().chain(gate).chain([ratios]).collect();
    let section = Section::new("reference", &title, parts);
    Some(section.listed_as("Against the other side"))
}

fn title(reference: &ReferenceReport) -> String {
    match reference.kind {
        ComparisonKind::Against => format!("Against {}", reference.name),
        _ => format!("Against the baseline {}", reference.name),
    }
}

fn about(report: &Report, reference: &ReferenceReport) -> Vec<String> {
    let known = |commit: &str| match commit {
        "" => "an unknown commit".to_owned(),
        commit => commit.to_owned(),
    };
    let how = match &reference.started {
        None if report.is_counts_alone() => "counted in the same run".to_owned(),
        None => "measured in the same rounds, and paired by round".to_owned(),
        Some(started) => format!("measured {started}; nothing is paired"),
    };
    let mut lines = vec![
        format!("the other side: {}, {how}", known(&reference.commit)),
        format!(
            "this side: {}{}",
            known(&report.build.commit),
            if report.build.commit.ends_with("-dirty") {
                ", the working tree with uncommitted changes"
            } else {
                ""
            }
        ),
    ];
    if let Some(reason) = &reference.not_comparable {
        lines.push(format!("NOT COMPARABLE: {reason}"));
    }
    lines
}

/// The number of phases by outcome, what outcomes mean, and what was left out.
fn gate_lines(gate: &GateReport, run: &RunInfo) -> Vec<String> {
    let mut lines = vec![
        format!("phases: {}", gate.summary()),
        format!(
            "regressed and improved: the whole interval is beyond the floor, and p, adjusted for {} \
             tests, is below 0.05; that needs {} samples. same: the interval is within the gate. \
             noise: it is too wide to decide",
            gate.tests, gate.samples_needed
        ),
    ];
    lines.extend(stopping(gate, run));
    lines.extend(
        gate.skipped
            .iter()
            .map(|skipped| format!("not compared: {}: {}", skipped.key, skipped.reason)),
    );
    lines
}

/// Says how many phases were decided at looks, if there were looks.
fn stopping(gate: &GateReport, run: &RunInfo) -> Option<String> {
    let looks: Vec<String> = run
        .looks
        .iter()
        .map(|look| look.rounds.to_string())
        .collect();
    let most = looks.last()?;
    let budget = run.budget_s.map(|seconds| format!(" and {seconds:.0} s"));
    let all = gate.outcomes.iter();
    let decided = all.filter(|found| found.decided_round.is_some()).count();
    Some(format!(
        "looks after {} rounds decided {decided} of {} phases; cells with undecided phases went on, \
         within {most} rounds{}. Intervals of this run hold for all looks together",
        looks.join(", "),
        gate.outcomes.len(),
        budget.unwrap_or_default()
    ))
}

/// The gate's outcomes; `same` is left out of the short form.
fn gate_part(gate: &GateReport, run: &RunInfo) -> Part {
    let percent = |ratio: f64| format!("{:.1} %", (ratio - 1.0) * 100.0);
    let table = Rows::new(&gate.outcomes)
        .struck(|found| found.outcome == Outcome::Invalid)
        .shown_from(|found| match found.outcome {
            Outcome::Same => Detail::Full,
            _ => Detail::Short,
        })
        .words("outcome", |found| found.outcome.name().to_owned())
        .keyed(|found| (&found.key.cell, found.key.phase_name()))
        .column("time", |found| {
            Field::maybe(found.time_ratio, |ratio| change(ratio, found.ci95))
        })
        .column("floor", |found| Field::maybe(found.floor_ratio, percent))
        .column("p", |found| {
            Field::maybe(found.p_adjusted, |p| format!("{p:.4}"))
        })
        .column("pairs", |found| {
            Field::maybe(found.pairs.map(|pairs| pairs as f64), |pairs| {
                format!("{pairs}")
            })
        })
        .column("decided", |found| {
            Field::maybe(found.decided_s, |seconds| format!("{seconds:.0} s"))
        })
        .words("why", |found| found.reason.clone().unwrap_or_default())
        .table();
    Part::new(
        format!("Gate {} %", gate.percent),
        gate_lines(gate, run),
        table,
    )
}

/// A ratio of times as a change in per cent.
fn change(ratio: f64, ci95: Option<Interval95>) -> String {
    let percent = |ratio: f64| format!("{:+.1}", (ratio - 1.0) * 100.0);
    match ci95 {
        Some(Interval95([low, high])) => {
            let [ratio, low, high] = [ratio, low, high].map(percent);
            format!("{ratio} % [{low}, {high}]")
        }
        None => format!("{} % (no interval)", percent(ratio)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PhaseKey, PhaseOutcome, SkippedPhase};

    fn key(phase: &str) -> PhaseKey {
        let mut key = crate::report::tests::key("push");
        key.threads = 2;
        key.size.items = 1_000_000;
        PhaseKey::new(&key, Some(phase))
    }

    fn gate() -> GateReport {
        let found = |phase: &str, outcome| PhaseOutcome {
            key: key(phase),
            outcome,
            time_ratio: Some(1.198),
            ci95: Some(Interval95([1.179, 1.216])),
            floor_ratio: Some(1.05),
            p_adjusted: Some(0.004_88),
            reason: (outcome == Outcome::Noise).then(|| "too wide to say".to_owned()),
            pairs: Some(12),
            decided_round: (outcome != Outcome::Noise).then_some(12),
            decided_s: (outcome != Outcome::Noise).then_some(63.2),
        };
        GateReport {
            percent: 5.0,
            tests: 3,
            samples_needed: 8,
            outcomes: vec![
                found("fill", Outcome::Same),
                found("read", Outcome::Regressed),
                found("scan", Outcome::Noise),
            ],
            skipped: vec![SkippedPhase {
                key: key("sum"),
                reason: "it is new".to_owned(),
            }],
        }
    }

    #[test]
    fn a_row_shows_change_floor_p_and_outcome() {
        let section = gate_part(&gate(), &RunInfo::default());
        assert_eq!(section.title, "Gate 5 %");
        assert_eq!(
            section.lines[0],
            "phases: 1 regressed, 1 noise, 1 same; 1 not compared"
        );
        let skipped = "not compared: create/push x2 n=1000000 sum (release): it is new";
        assert_eq!(section.lines[2], skipped);
        let rows = section.words(Detail::Full).expect("a table").rows;
        let expected = [
            "regressed",
            "create",
            "read",
            "1M",
            "release",
            "push",
            "2",
            "+19.8 % [+17.9, +21.6]",
            "5.0 %",
            "0.0049",
            "12",
            "63 s",
            "",
        ];
        assert_eq!(rows[1], expected);
        assert_eq!(rows[2][0], "noise");
        assert_eq!(rows[2][11..], ["", "too wide to say"]);
    }

    #[test]
    fn same_phases_are_left_out_on_a_terminal() {
        let part = gate_part(&gate(), &RunInfo::default());
        let rows = part.words(Detail::Short).expect("a table").rows;
        let phases: Vec<&str> = rows.iter().map(|row| row[2].as_str()).collect();
        assert_eq!(phases, ["read", "scan"]);
    }
}
