//! The blocks of the file, or of all shards: which are bad, and what the index covers.

use ng_plot::{Axis, Element, Figure, Label, Row, Scale, Section, Strip, definitions, marks, text};
use ng_store::{BLOCK_TOKENS, Counted};

use super::super::Bytes;
use super::super::description::Description;
use super::super::number::share;
use super::{Details, Indexed, words};

const NAME: &str = "blocks";
/// Bad blocks are drawn by this many parts of the file: more could not be seen.
const PARTS: u64 = 400;

/// The file from its first block to its last one.
pub(super) fn section(described: &Description<'_>, details: &Details) -> Section {
    let shows = match described.is_dataset {
        true => {
            "Shows the shards from the first block of the first to the last block of the last, how \
             much of them their indexes cover, and which blocks do not match their committed hash: \
             every block was read and hashed for this page."
        }
        false => {
            "Shows the file from its first block to its last one, which of it the index covers, and \
             which blocks do not match their committed hash: every block was read and hashed for \
             this page."
        }
    };
    let figure = Figure {
        name: NAME,
        title: "Blocks",
        key: vec![("c0", there(described)), ("c2", "indexed"), ("bad", "bad")],
        panels: strip(described, details).into_iter().collect(),
        shows,
        shows_not: "Does not show how many bad blocks there are where they lie close together: \
                    the number beside it does.",
        ..Figure::default()
    };
    figure.render()
}

fn there(described: &Description<'_>) -> &'static str {
    match described.is_dataset {
        true => "in the shards",
        false => "in the file",
    }
}

fn strip(described: &Description<'_>, details: &Details) -> Option<Element> {
    let blocks = described.blocks;
    let scale = Scale::from_zero([blocks as f64]);
    let row = |name: &str, class, shown, bad: &[u64], figure| Row {
        name: name.to_owned(),
        note: String::new(),
        figures: vec![Label::alone(figure, false)],
        marks: [bar(shown, scale, class)]
            .into_iter()
            .chain(ticks(bad, blocks))
            .collect(),
    };
    let bad = described.found.bad_blocks();
    let (covered, unindexed) = match &details.index {
        Indexed::File(Some(index)) => (index.blocks, &index.damaged[..]),
        Indexed::File(None) => (0, &[][..]),
        Indexed::Shards { blocks, .. } => (*blocks, &[][..]),
    };
    let of_file = format!("{} bad of {blocks}", bad.len());
    let of_index = format!("{covered} of {blocks}");
    let strip = Strip {
        plot: NAME,
        title: format!("{blocks} blocks of {BLOCK_TOKENS} tokens"),
        about: "Which blocks are there, indexed, and bad".to_owned(),
        axis: Axis::new(scale, 5, &words::count),
        rows: vec![
            row(there(described), "c0", blocks, &bad, of_file),
            row("indexed", "c2", covered, unindexed, of_index),
        ],
    };
    strip.render()
}

fn bar(blocks: u64, scale: Scale, class: &str) -> Element {
    let words = Counted(blocks, "block").to_string();
    marks::bar(0.0, scale.place(blocks as f64), 0.2, 0.8)
        .class(class)
        .with("data-value", blocks)
        .child(marks::hint(&words))
}

/// Bad blocks at their places.
fn ticks(bad: &[u64], blocks: u64) -> impl Iterator<Item = Element> {
    let parts = PARTS.min(blocks.max(1));
    let part = move |block: &u64| {
        (u128::from(*block) * u128::from(parts) / u128::from(blocks.max(1))) as u64
    };
    let mut all: Vec<(u64, u64)> = bad.iter().map(|block| (part(block), *block)).collect();
    all.dedup_by_key(|(part, _)| *part);
    all.into_iter().map(move |(part, block)| {
        let [left, right] = [part, part + 1].map(|end| end as f64 / parts as f64);
        marks::bar(left, right, -0.1, 1.1)
            .class("bad")
            .with("data-block", block)
            .child(marks::hint(&format!("block {block}")))
    })
}

/// What the index contains.
pub(super) fn index(described: &Description<'_>, details: &Details) -> Section {
    let section = Section::new("index", "Index");
    let index = match &details.index {
        Indexed::File(Some(index)) => index,
        Indexed::File(None) => {
            let words = "There is no index; `ng index FILE` makes one.";
            return section.child(text("p", words));
        }
        &Indexed::Shards {
            shards,
            with_index,
            blocks,
            size_bytes,
        } => {
            let all = Counted(described.blocks, "block");
            return section.child(definitions([
                ("covers", format!("{blocks} of {all}")),
                ("shards with an index", format!("{with_index} of {shards}")),
                ("size", Bytes(size_bytes).to_string()),
            ]));
        }
    };
    let tokens = index.blocks * BLOCK_TOKENS as u64;
    let columns = index.columns.iter().map(|column| column.name());
    let spaces = index.boxes.iter().map(|space| space.name());
    section.child(definitions([
        (
            "covers",
            format!(
                "{} of {}: {tokens} tokens ({})",
                index.blocks,
                Counted(described.blocks, "block"),
                share(tokens, described.tokens)
            ),
        ),
        ("columns", listed(columns)),
        ("boxes", listed(spaces)),
        ("ids", if index.ids { "sorted" } else { "none" }.to_owned()),
        ("damaged blocks left out", index.damaged.len().to_string()),
        ("size", Bytes(index.size_bytes).to_string()),
    ]))
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    match names[..] {
        [] => "none".to_owned(),
        _ => names.join(", "),
    }
}
