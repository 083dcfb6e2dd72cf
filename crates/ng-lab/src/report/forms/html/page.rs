//! The whole page.

use ng_plot::{Colour, Figure, Page};

use crate::model::Report;
use crate::report::forms::html::{
    about, legend, limits, memory, parts, phases, ratios, samples, size, soak, threads, warnings,
};
use crate::report::{sections, text};

/// The builds and roles of cells, and the parts of their memory.
const COLOURS: [Colour; 7] = [
    Colour::new("release", "#0b66c3", "#62a8f5"),
    Colour::new("dev", "#c2410c", "#f28b50"),
    Colour::new("aa", "#6b7280", "#a3adba"),
    Colour::new("against", "#9333a8", "#d28be0"),
    Colour::new("resident", "#5a93d0", "#3f6fa8"),
    Colour::new("huge", "#072f5f", "#a8d0ff"),
    Colour::new("file", "#0f766e", "#4fd1c0"),
];

/// The sections before the plots.
const FIRST: [&str; 3] = ["reference", "instructions", "soak-figures"];

/// The report as one self-contained page of HTML with inline SVG plots. Every plotted
/// figure is in its shape's `data-value`, with the index of its cell, phase, comparison
/// or row in `report.json`.
///
/// The page is also well-formed XML.
#[must_use]
pub fn html(report: &Report) -> String {
    let (first, rest): (Vec<_>, Vec<_>) = sections::sections(report)
        .into_iter()
        .filter(|section| is_shown(report, section.id))
        .partition(|section| FIRST.contains(&section.id));
    let glance = sections::glance(report).map(parts::section);
    let mut page: Vec<_> = glance.into_iter().collect();
    page.push(warnings::section(report));
    page.extend(first.into_iter().map(parts::section));
    page.extend(figures(report).into_iter().map(Figure::render));
    page.extend(rest.into_iter().map(parts::section));
    page.push(about::section(report));
    page.push(legend::section());
    let page = Page {
        title: &format!("Measurement of {}", report.run.items),
        lead: &lead(report),
        sections: page,
        colours: &COLOURS,
        style: include_str!("report.css"),
        script: include_str!("samples.js"),
    };
    page.render()
}

/// The page describes the run elsewhere, and growth with its plot. A report without
/// timed cells has no sections on cells.
fn is_shown(report: &Report, id: &str) -> bool {
    match report.is_untimed() {
        true => [FIRST[0], FIRST[1], FIRST[2], "claims"].contains(&id),
        false => !["run", "growth"].contains(&id),
    }
}

fn figures(report: &Report) -> Vec<Figure<'static>> {
    let mut figures = vec![
        ratios::figure(report),
        limits::figure(report),
        phases::figure(report),
        size::figure(report),
        threads::figure(report),
        memory::figure(report),
        samples::figure(report),
        soak::figure(report),
    ];
    if report.soak.is_some() {
        // The soak comes first.
        figures.rotate_right(1);
    }
    if report.is_untimed() {
        figures.truncate(usize::from(report.soak.is_some()));
    }
    figures
}

fn lead(report: &Report) -> String {
    let (run, host) = (&report.run, &report.host);
    let cpu = if host.cpu.is_empty() {
        "unknown processor"
    } else {
        &host.cpu
    };
    let kind = match &report.soak {
        Some(_) => "A soak".to_owned(),
        None if report.is_counts_alone() => "Instructions counted, nothing timed".to_owned(),
        None => format!("{} rounds after the cold one", text::rounds(run)),
    };
    format!(
        "{cpu}, {} processors, {} of memory. {kind}, {:.1} s, {}",
        host.cpus,
        text::bytes(host.memory_bytes),
        run.elapsed_s,
        run.started
    )
}
