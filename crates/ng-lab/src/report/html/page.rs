//! The page as a whole.

use crate::report::Report;
use crate::report::html::figure::Figure;
use crate::report::html::markup::{Element, text};
use crate::report::html::{
    about, allocated, cells, claims, comparisons, findings, glance, legend, limit_table, limits,
    memory, phases, ratios, samples, size, soak, soak_tables, thread_shares, threads, versus,
};
use crate::report::text as words;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Nothing is loaded from anywhere: what is inline is all there is.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The report as one page of HTML that needs no other file, with its plots as
/// inline SVG. Every plotted figure stands in its shape as `data-value`, with the
/// index of its cell, phase, comparison or row in `report.json` beside it.
///
/// It is well-formed XML, too.
#[must_use]
pub fn html(report: &Report) -> String {
    let page = Element::new("html")
        .with("lang", "en")
        .add(head(report))
        .add(body(report));
    format!("<!DOCTYPE html>\n{page}\n")
}

fn title(report: &Report) -> String {
    format!("Measurement of {}", report.run.items)
}

fn head(report: &Report) -> Element {
    let meta = |name, content| {
        let meta = Element::new("meta").with("name", name);
        meta.with("content", content)
    };
    Element::new("head")
        .add(Element::new("meta").with("charset", "utf-8"))
        .add(meta("viewport", "width=device-width, initial-scale=1"))
        .add(meta("color-scheme", "light dark"))
        .add(
            Element::new("meta")
                .with("http-equiv", "Content-Security-Policy")
                .with("content", POLICY),
        )
        .add(text("title", &title(report)))
        .add(Element::new("style").asset(STYLE))
}

fn body(report: &Report) -> Element {
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
    let of_cells = if report.is_soak_alone() {
        figures.truncate(1);
        Vec::new()
    } else {
        let mut sections = vec![cells::section(report), comparisons::section(report)];
        sections.extend(thread_shares::section(report));
        sections.extend(allocated::section(report));
        sections.push(limit_table::section(report));
        sections.push(findings::section(report));
        sections
    };
    let contents = contents(report, &figures);
    let main = Element::new("main")
        .extend(glance::section(report))
        .add(findings::warnings(report))
        .extend(versus::section(report))
        .extend(soak_tables::section(report))
        .extend(figures.into_iter().map(Figure::render))
        .extend(of_cells)
        .extend(claims::section(report))
        .add(about::section(report))
        .add(legend::section());
    Element::new("body")
        .add(header(report))
        .add(contents)
        .add(main)
        .add(Element::new("script").asset(SCRIPT))
}

fn header(report: &Report) -> Element {
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
    let lead = format!(
        "{cpu}, {} processors, {} of memory. {kind}, {:.1} s, {}",
        host.cpus,
        words::bytes(host.memory_bytes),
        run.elapsed_s,
        run.started
    );
    Element::new("header")
        .add(text("h1", &title(report)))
        .add(text("p", &lead))
}

fn contents(report: &Report, figures: &[Figure]) -> Element {
    let figures = figures.iter().map(|figure| (figure.name, figure.title));
    let of_cells = [
        ("cells", "Cells"),
        ("comparisons", "Comparisons"),
        ("machine-limits", "Limits of the machine"),
        ("findings", "Findings"),
    ];
    let of_all = [("about", "Machine, builds, run"), ("legend", "Words")];
    let of_cells = of_cells.into_iter().filter(|_| !report.is_soak_alone());
    let tables = of_cells.chain(of_all);
    let reference = report.reference.as_ref();
    let reference = reference.map(|_| ("reference", "Against the other side"));
    let claims = (!report.claims.is_empty()).then_some(("claims", "Claims"));
    let soak = report.soak.as_ref();
    let soak = soak.map(|_| (soak_tables::NAME, soak_tables::TITLE));
    let glance = (!report.cells.is_empty()).then_some((glance::NAME, glance::TITLE));
    let first = glance.into_iter().chain(reference).chain(soak);
    let all = first.chain(figures).chain(tables);
    let shares =
        thread_shares::is_there(report).then_some((thread_shares::NAME, thread_shares::TITLE));
    let counts = allocated::is_there(report).then_some((allocated::NAME, "Allocations"));
    let links = all
        .chain(shares)
        .chain(counts)
        .chain(claims)
        .map(|(id, title)| {
            let link = text("a", title).with("href", format!("#{id}"));
            Element::new("li").add(link)
        });
    Element::new("nav")
        .with("aria-label", "Contents")
        .add(Element::new("ul").extend(links))
}
