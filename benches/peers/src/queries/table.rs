//! The report as people read it.

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use super::report::{Ratio, Report, Row, Told};
use super::rounds::Left;
use crate::bars::BAR_TOKENS;
use crate::table::{interval, on_threads, or_dash, time, time_interval};

/// Returns the tables and the notes beside them.
pub(crate) fn table(report: &Report) -> String {
    let mut text = format!(
        "{}\n\n{}\n\n{}\n\n{}\n",
        about(report),
        questions(&report.questions),
        rows(&report.rows),
        ratios(&report.ratios)
    );
    text.push_str(&left("skipped", &report.skipped));
    text.push_str(&left("failed", &report.failed));
    if report.run.tokens != BAR_TOKENS || report.run.threads != 1 {
        text.push_str(&format!(
            "\nthe bars are set for {BAR_TOKENS} tokens and one thread\n"
        ));
    }
    text
}

fn about(report: &Report) -> String {
    let (run, host) = (&report.run, &report.host);
    let like = format!("{:?}", run.like).to_lowercase();
    format!(
        "{} {like} tokens of seed {}, {} build, {} of {} processors; {}",
        run.tokens,
        run.seed,
        run.profile,
        run.threads,
        host.cpus,
        python(report)
    )
}

fn python(report: &Report) -> String {
    let Some(python) = &report.python else {
        return "no Python, and so no peers".to_owned();
    };
    let versions = python.versions.iter();
    let versions = versions.map(|(name, version)| format!("{name} {version}"));
    let versions: Vec<String> = versions.collect();
    format!("Python {} with {}", python.python, versions.join(", "))
}

fn questions(questions: &[Told]) -> Table {
    let mut table = Table::new();
    let header = ["question", "asks for", "answer"];
    table.load_style(ASCII_MARKDOWN).set_header(header);
    table.add_rows(questions.iter().map(|told| {
        let answer = serde_json::to_string(&told.answer).unwrap_or_default();
        [told.what.to_owned(), told.about.to_owned(), answer]
    }));
    table
}

fn rows(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "question",
        "who",
        "rounds",
        "best",
        "median",
        "95 % interval",
        "built before in",
    ]);
    table.add_rows(rows.iter().map(|row| {
        [
            row.what.to_owned(),
            on_threads(&row.who, row.threads),
            row.rounds.to_string(),
            time(row.best_ns),
            time(row.median_ns),
            or_dash(row.ci95_ns.map(time_interval)),
            or_dash(built(row)),
        ]
    }));
    table
}

fn built(row: &Row) -> Option<String> {
    let ms = row
        .build_ms
        .values()
        .copied()
        .reduce(|left, right| left + right)?;
    Some(time(1e6 * ms))
}

fn ratios(ratios: &[Ratio]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "question",
        "ours",
        "against",
        "pairs",
        "times as fast",
        "95 % interval",
        "bar",
        "verdict",
    ]);
    table.add_rows(ratios.iter().map(|ratio| {
        [
            ratio.what.to_owned(),
            on_threads(&ratio.ours, ratio.threads),
            on_threads(&ratio.peer, ratio.peer_threads),
            ratio.pairs.to_string(),
            format!("{:.2}", ratio.times_faster),
            or_dash(ratio.ci95.map(interval)),
            or_dash(ratio.bar.map(|bar| format!("{bar:.2}"))),
            or_dash(ratio.verdict.map(str::to_owned)),
        ]
    }));
    table
}

fn left(how: &str, left: &[Left]) -> String {
    let lines = left.iter().map(|left| {
        let Left { what, who, reason } = left;
        format!("\n{how}: {what} {who}: {reason}\n")
    });
    lines.collect()
}
