//! The report as people read it.

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use ng_lab::model::Interval95;

use crate::bars::BAR_TOKENS;
use crate::report::{Peer, Ratio, Report, Row};

/// Units of time, from the smallest on, in nanoseconds.
const UNITS: [(f64, &str); 4] = [(1.0, "ns"), (1e3, "us"), (1e6, "ms"), (1e9, "s")];

/// Returns the tables and the notes beside them.
pub(crate) fn table(report: &Report) -> String {
    let mut text = format!(
        "{}\n\n{}\n\n{}\n\n{}\n",
        about(report),
        rows(&report.rows),
        ratios(&report.ratios),
        notes(&report.peers)
    );
    for skipped in &report.skipped {
        let (work, who) = (&skipped.work, skipped.who.name());
        text.push_str(&format!("\nskipped: {work} {who}: {}", skipped.reason));
    }
    for failed in &report.failed {
        let (work, who, round) = (&failed.work, failed.who.name(), failed.round);
        text.push_str(&format!(
            "\nfailed: {work} {who}, round {round}: {}",
            failed.reason
        ));
    }
    if report.run.tokens != BAR_TOKENS {
        text.push_str(&format!("\nthe bars are set for {BAR_TOKENS} tokens"));
    }
    text.push('\n');
    text
}

fn about(report: &Report) -> String {
    let (run, host) = (&report.run, &report.host);
    format!(
        "{} tokens, {} build, seed {}; {} processors, huge pages mode {}",
        run.tokens, run.profile, run.seed, host.cpus, host.huge_pages
    )
}

fn rows(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "work",
        "who",
        "threads",
        "durable",
        "rounds",
        "median",
        "95 % interval",
        "ns/item",
    ]);
    table.add_rows(rows.iter().map(|row| {
        [
            row.work.clone(),
            row.who.name().to_owned(),
            row.threads.to_string(),
            yes_or_no(row.durable),
            row.rounds.to_string(),
            time(row.median_ns),
            or_dash(row.ci95_ns.map(time_interval)),
            format!("{:.2}", row.median_ns / row.items as f64),
        ]
    }));
    table
}

fn ratios(ratios: &[Ratio]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "work",
        "ours",
        "against",
        "durable",
        "pairs",
        "times as fast",
        "95 % interval",
        "bar",
        "verdict",
    ]);
    table.add_rows(ratios.iter().map(|ratio| {
        [
            ratio.work.clone(),
            on_threads(ratio.ours.name(), ratio.threads),
            on_threads(ratio.peer.name(), ratio.peer_threads),
            yes_or_no(ratio.durable),
            ratio.pairs.to_string(),
            format!("{:.2}", ratio.times_faster),
            or_dash(ratio.ci95.map(interval)),
            or_dash(ratio.bar.map(|bar| format!("{bar:.2}"))),
            or_dash(ratio.verdict.map(str::to_owned)),
        ]
    }));
    table
}

fn notes(peers: &[Peer]) -> String {
    let notes: Vec<String> = peers.iter().map(note).collect();
    notes.join("\n")
}

fn note(peer: &Peer) -> String {
    let versions = peer.versions.iter();
    let versions: Vec<String> = versions
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    match versions.is_empty() {
        true => format!("{}: {}", peer.who.name(), peer.settings),
        false => format!(
            "{} ({}): {}",
            peer.who.name(),
            versions.join(", "),
            peer.settings
        ),
    }
}

pub(crate) fn on_threads(name: &str, threads: usize) -> String {
    format!("{name} x{threads}")
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

pub(crate) fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

pub(crate) fn interval(Interval95([low, high]): Interval95) -> String {
    format!("{low:.2} to {high:.2}")
}

pub(crate) fn time(ns: f64) -> String {
    let (size, unit) = unit_of(ns);
    format!("{:.1} {unit}", ns / size)
}

/// Both ends in the unit of the lower one.
pub(crate) fn time_interval(Interval95([low, high]): Interval95) -> String {
    let (size, unit) = unit_of(low);
    format!("{:.1} to {:.1} {unit}", low / size, high / size)
}

/// The largest unit in which there is at least one.
fn unit_of(ns: f64) -> (f64, &'static str) {
    let fits = UNITS.into_iter().rev().find(|(size, _)| ns >= *size);
    fits.unwrap_or(UNITS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_of_their_size() {
        for (ns, expected) in [
            (0.5, "0.5 ns"),
            (999.0, "999.0 ns"),
            (1_500.0, "1.5 us"),
            (2.5e8, "250.0 ms"),
            (9.7e9, "9.7 s"),
        ] {
            assert_eq!(time(ns), expected);
        }
        assert_eq!(
            time_interval(Interval95([9.5e5, 1.5e6])),
            "950.0 to 1500.0 us"
        );
    }
}
