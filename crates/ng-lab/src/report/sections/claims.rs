//! Claims others published about the measured work, checked against a run.
//!
//! The rows come from the program that uses the lab.

use crate::model::{ClaimRow, ClaimVerdict, Report};
use crate::report::sections::part::{Detail, Part, Rows, Section};
use crate::report::text;

/// The claims of a report, if it has any. In a whole report a terminal shows only their
/// counts.
pub(super) fn section(report: &Report) -> Option<Section> {
    Some(Section::of(
        "claims",
        part(report)?.table_from(Detail::Full),
    ))
}

/// All claims. The short form leaves out sources and statements; the names stand for them.
pub(crate) fn part(report: &Report) -> Option<Part> {
    let table = Rows::new(&report.claims)
        .words("claim", |claim| claim.id.clone())
        .words("where", |claim| claim.source.clone())
        .from(Detail::Full)
        .words("statement", |claim| claim.statement.clone())
        .from(Detail::Full)
        .words("said", |claim| claim.said.clone())
        .words("found here", |claim| measured(claim))
        .words("verdict", |claim| claim.verdict.name().to_owned())
        .words("why", |claim| claim.reason.clone())
        .table()?;
    Some(Part::new(
        "Claims",
        vec![counts(&report.claims)],
        Some(table),
    ))
}

fn counts(claims: &[ClaimRow]) -> String {
    let parts = ClaimVerdict::ALL.map(|verdict| {
        let of_it = claims.iter().filter(|claim| claim.verdict == verdict);
        format!("{} {}", verdict.name(), of_it.count())
    });
    format!("{} claims: {}", claims.len(), parts.join(", "))
}

fn measured(claim: &ClaimRow) -> String {
    let Some(figure) = &claim.measured else {
        return String::new();
    };
    let interval = figure.ci95.map_or_else(String::new, |ci95| {
        format!(" {}", text::plain_interval(ci95))
    });
    let source = figure
        .rounds
        .map_or_else(|| "computed".to_owned(), |rounds| format!("n = {rounds}"));
    let figure = text::figure(figure.value, &figure.unit);
    format!("{figure}{interval}, {source}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClaimFigure, Interval95};
    use crate::report::tests::report;
    use crate::report::{claims_markdown, claims_terminal, markdown, terminal};

    fn claim(id: &str, verdict: ClaimVerdict, measured: Option<ClaimFigure>) -> ClaimRow {
        ClaimRow {
            id: id.to_owned(),
            source: "page 1".to_owned(),
            statement: "it is fast".to_owned(),
            said: "4x".to_owned(),
            measured,
            verdict,
            reason: "it was looked at".to_owned(),
        }
    }

    fn figure(ci95: Option<Interval95>, rounds: Option<usize>) -> ClaimFigure {
        ClaimFigure {
            value: 1.6,
            unit: "x".to_owned(),
            ci95,
            rounds,
        }
    }

    fn audited() -> Report {
        let interval = Some(Interval95([1.5, 1.7]));
        let mut report = report();
        report.claims = vec![
            claim(
                "measured",
                ClaimVerdict::DoesNotHold,
                Some(figure(interval, Some(7))),
            ),
            claim("computed", ClaimVerdict::Holds, Some(figure(None, None))),
            claim("unknown", ClaimVerdict::CannotBeTold, None),
        ];
        report
    }

    #[test]
    fn every_claim_has_a_row_with_its_figure_and_its_source() {
        let text = claims_markdown(&audited());
        for row in [
            "- 3 claims: holds 1, does not hold 1, cannot be told 1",
            "| measured | page 1 | it is fast | 4x | 1.60x [1.50, 1.70], n = 7 | does not hold | it was looked at |",
            "| computed | page 1 | it is fast | 4x | 1.60x, computed | holds | it was looked at |",
            "| unknown | page 1 | it is fast | 4x |  | cannot be told | it was looked at |",
            "- run: 2026-11-24T23:08:25Z, 7 rounds after the cold one, seed 5, 1.5 s",
        ] {
            assert!(
                text.lines().any(|line| line == row),
                "no {row:?} in\n{text}"
            );
        }
        assert!(markdown(&audited()).contains("| measured | page 1 |"));
    }

    #[test]
    fn a_terminal_shows_counts_in_a_report_and_rows_where_claims_are_asked_for() {
        let (report, asked) = (terminal(&audited()), claims_terminal(&audited()));
        for text in [&report, &asked] {
            assert!(text.contains("3 claims: holds 1"), "{text}");
        }
        assert!(!report.contains("it was looked at"), "{report}");
        assert_eq!(asked.matches("it was looked at").count(), 3, "{asked}");
        assert!(!asked.contains("== Limits"), "{asked}");
    }

    #[test]
    fn a_report_without_claims_does_not_mention_them() {
        assert!(!markdown(&report()).contains("Claims"));
        assert!(!terminal(&report()).contains("Claims"));
    }

    #[test]
    fn claims_survive_a_round_trip_through_json_and_an_older_report_has_none() {
        let mut value = serde_json::to_value(audited()).unwrap();
        let row = &value["claims"][0];
        assert_eq!(row["verdict"], "does_not_hold");
        assert_eq!(row["measured"]["ci95"], serde_json::json!([1.5, 1.7]));
        let back: Report = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(back.claims, audited().claims);
        value.as_object_mut().unwrap().remove("claims");
        let old: Report = serde_json::from_value(value).unwrap();
        assert_eq!(old.claims, []);
    }
}
