//! The description as one page of HTML, for any browser, offline.
//!
//! `ask.rs` queries what only the page shows: finer histograms, and the planes of spaces. Each
//! other file is a section or a figure; `ng-plot` draws them and frames the page.

mod about;
mod ask;
mod bins;
mod blocks;
mod kinds;
mod maps;
mod time;
mod values;
mod warnings;
mod words;

use std::path::Path;

use ng_plot::{LEVELS, Page, Section};
use ng_store::{Counted, Shown};

use super::Bytes;
use super::description::Description;
use super::number::share;
pub(super) use ask::{Details, Indexed};

const STYLE: &str = "
line.median { stroke: var(--text); stroke-width: 1.5px; stroke-dasharray: 4 2; }
.bad { color: var(--bad); }
.charts + .charts { margin-top: 0.75rem; }
";

/// The page of a description.
pub(super) fn html(described: &Description<'_>, details: &Details) -> String {
    let mut sections = vec![warnings::section(described)];
    if described.described > 0 {
        sections.extend(time::section(described, details));
        sections.extend(values::sections(described, details));
        sections.extend(maps::section(details));
        sections.extend(kinds::section(described));
    }
    sections.push(blocks::section(described, details));
    sections.push(blocks::index(described, details));
    sections.push(about::section(described));
    let page = Page {
        title: &title(described),
        lead: &lead(described),
        sections,
        colours: &LEVELS,
        style: STYLE,
        ..Page::default()
    };
    page.render()
}

fn title(described: &Description<'_>) -> String {
    let path = Path::new(&described.path);
    let name = path.file_name().map_or(path, Path::new);
    Shown(name).to_string()
}

fn lead(described: &Description<'_>) -> String {
    let (tokens, blocks) = (described.tokens, described.blocks);
    let (tokens, blocks) = (Counted(tokens, "token"), Counted(blocks, "block"));
    let all = format!("{tokens} in {blocks}, {}", Bytes(described.length));
    let part = Counted(described.described, "token");
    let share = share(described.described, described.tokens);
    match &described.filter {
        Some(filter) => format!("{all}. Described: {part} ({share}), where {filter}"),
        None if described.described < described.tokens => {
            format!("{all}. Described: {part} ({share})")
        }
        None => all,
    }
}

/// A section of `name` if it has any content.
fn filled(name: &'static str, title: &str, parts: Vec<ng_plot::Element>) -> Option<Section> {
    (!parts.is_empty()).then(|| Section::new(name, title).children(parts))
}
