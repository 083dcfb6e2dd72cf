//! The page as a whole.

use ng_plot::{Colour, Figure, Page};

use crate::model::Report;
use crate::report::html::{
    about, allocated, cells, claims, comparisons, findings, glance, legend, limit_table, limits,
    memory, phases, ratios, samples, size, soak, soak_tables, thread_shares, threads, versus,
};
use crate::report::text;

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

/// The report as one page of HTML that needs no other file, with its plots as
/// inline SVG. Every plotted figure stands in its shape as `data-value`, with the
/// index of its cell, phase, comparison or row in `report.json` beside it.
///
/// It is well-formed XML, too.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut sections: Vec<_> = glance::section(report).into_iter().collect();
    sections.push(findings::warnings(report));
    sections.extend(versus::section(report));
    sections.extend(soak_tables::section(report));
    sections.extend(figures(report).into_iter().map(Figure::render));
    if !report.is_soak_alone() {
        sections.push(cells::section(report));
        sections.push(comparisons::section(report));
        sections.extend(thread_shares::section(report));
        sections.extend(allocated::section(report));
        sections.push(limit_table::section(report));
        sections.push(findings::section(report));
    }
    sections.extend(claims::section(report));
    sections.push(about::section(report));
    sections.push(legend::section());
    let page = Page {
        title: &format!("Measurement of {}", report.run.items),
        lead: &lead(report),
        sections,
        colours: &COLOURS,
        style: include_str!("report.css"),
        script: include_str!("samples.js"),
    };
    page.render()
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
        // What the run was about comes first.
        figures.rotate_right(1);
    }
    if report.is_soak_alone() {
        figures.truncate(1);
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
        None => format!("{} rounds after the cold one", run.rounds),
    };
    format!(
        "{cpu}, {} processors, {} of memory. {kind}, {:.1} s, {}",
        host.cpus,
        text::bytes(host.memory_bytes),
        run.elapsed_s,
        run.started
    )
}
