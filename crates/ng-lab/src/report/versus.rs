//! What the run is held against, and what the gate says of it, as sections.

use crate::model::{
    ComparisonKind, GateReport, Interval95, Outcome, PhaseKey, PhaseOutcome, ReferenceReport,
    Report,
};
use crate::report::table::{Detail, Section, Table, comparison_table, section};
use crate::report::text;

/// The other side and the gate; nothing for a run that is held against nothing.
pub(super) fn sections(report: &Report, detail: Detail) -> Vec<Section> {
    let Some(reference) = &report.reference else {
        return Vec::new();
    };
    let table = comparison_table(report, reference.kind, |_| true);
    // The gate has the same figures, and says what they mean.
    let table = table.filter(|_| report.gate.is_none() || detail == Detail::Full);
    let mut sections = vec![section(title(reference), about(report, reference), table)];
    sections.extend(report.gate.as_ref().map(|gate| gate_section(gate, detail)));
    sections
}

pub(super) fn title(reference: &ReferenceReport) -> String {
    match reference.kind {
        ComparisonKind::Against => format!("Against {}", reference.name),
        _ => format!("Against the baseline {}", reference.name),
    }
}

pub(super) fn about(report: &Report, reference: &ReferenceReport) -> Vec<String> {
    let known = |commit: &str| match commit {
        "" => "an unknown commit".to_owned(),
        commit => commit.to_owned(),
    };
    let how = match &reference.started {
        None => "measured beside it in every round, and paired by round".to_owned(),
        Some(started) => format!("measured {started}; nothing is paired"),
    };
    let mut lines = vec![
        format!("the other side: {}, {how}", known(&reference.commit)),
        format!(
            "this side: {}{}",
            known(&report.build.commit),
            if report.build.commit.ends_with("-dirty") {
                ", the working tree with changes that are in no commit"
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

/// How many phases have which outcome, what the outcomes mean, what was left out.
pub(super) fn gate_lines(gate: &GateReport) -> Vec<String> {
    let mut lines = vec![
        format!("phases: {}", gate.summary()),
        format!(
            "regressed and improved: the whole interval is beyond the floor, and p, adjusted for {} \
             tests, is below 0.05; that takes {} samples. same: the interval is within the gate. \
             noise: it is too wide to say",
            gate.tests, gate.samples_needed
        ),
    ];
    lines.extend(
        gate.skipped
            .iter()
            .map(|skipped| format!("not compared: {}: {}", skipped.key, skipped.reason)),
    );
    lines
}

fn gate_section(gate: &GateReport, detail: Detail) -> Section {
    let lines = gate_lines(gate);
    let shown = |found: &&PhaseOutcome| detail == Detail::Full || found.outcome != Outcome::Same;
    let rows: Vec<Vec<String>> = gate.outcomes.iter().filter(shown).map(row).collect();
    let headings = [
        "scenario", "phase", "n", "build", "variant", "thr", "time", "floor", "p", "outcome",
    ];
    let table = (!rows.is_empty()).then(|| Table {
        headings: headings.map(str::to_owned).to_vec(),
        rows,
    });
    section(format!("Gate {} %", gate.percent), lines, table)
}

fn row(found: &PhaseOutcome) -> Vec<String> {
    let PhaseKey { cell, phase } = &found.key;
    let outcome = found.outcome.name();
    vec![
        cell.scenario.clone(),
        phase.clone().unwrap_or_default(),
        text::items(cell.items()),
        cell.profile.name().to_owned(),
        cell.variant.clone(),
        cell.threads.to_string(),
        found
            .time_ratio
            .map_or_else(String::new, |ratio| change(ratio, found.ci95)),
        found.floor_ratio.map_or_else(String::new, |floor| {
            format!("{:.1} %", (floor - 1.0) * 100.0)
        }),
        found
            .p_adjusted
            .map_or_else(String::new, |p| format!("{p:.4}")),
        match &found.reason {
            None => outcome.to_owned(),
            Some(reason) => format!("{outcome}: {reason}"),
        },
    ]
}

/// A ratio of times as a change in per cent.
pub(super) fn change(ratio: f64, ci95: Option<Interval95>) -> String {
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
    use crate::model::SkippedPhase;

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
    fn a_row_tells_change_floor_p_and_outcome() {
        let section = gate_section(&gate(), Detail::Full);
        assert_eq!(section.title, "Gate 5 %");
        assert_eq!(
            section.lines[0],
            "phases: 1 regressed, 1 noise, 1 same; 1 not compared"
        );
        let skipped = "not compared: create/push x2 n=1000000 sum (release): it is new";
        assert_eq!(section.lines[2], skipped);
        let rows = section.table.expect("a table").rows;
        let expected = [
            "create",
            "read",
            "1M",
            "release",
            "push",
            "2",
            "+19.8 % [+17.9, +21.6]",
            "5.0 %",
            "0.0049",
            "regressed",
        ];
        assert_eq!(rows[1], expected);
        assert_eq!(rows[2][9], "noise: too wide to say");
    }

    #[test]
    fn what_is_the_same_is_left_out_on_a_terminal() {
        let rows = gate_section(&gate(), Detail::Short)
            .table
            .expect("a table")
            .rows;
        let phases: Vec<&str> = rows.iter().map(|row| row[1].as_str()).collect();
        assert_eq!(phases, ["read", "scan"]);
    }
}
