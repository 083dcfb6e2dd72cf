//! The blocks of a document in Markdown.

use std::path::{Component, Path};

/// The mark of a block that the test leaves out.
const LEFT_OUT: &str = "not-tested";

/// Everything left out. It needs root, and takes minutes.
pub(crate) const NOT_RUN: [&str; 1] = [
    "(cd \"$CLONE\" && cargo xtask stress larger-than-memory --tokens 64M --dir ~/ng-experiments)\n",
];

/// The contents of a fence.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// The text after the language.
    mark: String,
    /// The heading above it.
    pub(crate) section: String,
    /// The number of its first line.
    pub(crate) line: usize,
    pub(crate) text: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What a reader types.
    Shell,
    /// What the shell block before it prints.
    Printed,
    /// What a reader writes into a file.
    File(String),
}

impl Block {
    pub(crate) fn is_left_out(&self) -> bool {
        self.mark == LEFT_OUT
    }
}

/// Finds all blocks, in order.
///
/// # Errors
///
/// A block whose purpose is unclear.
pub(crate) fn parse(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut section = String::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(heading) = line.strip_prefix('#') {
            section = heading.trim_start_matches('#').trim().to_owned();
        }
        let Some(fence) = line.strip_prefix("```") else {
            continue;
        };
        let block = block(fence, &section, number, &mut lines)
            .map_err(|error| format!("line {number}: {error}"))?;
        let follows_shell = blocks.last().is_some_and(|last| last.kind == Kind::Shell);
        if block.kind == Kind::Printed && !follows_shell {
            return Err(format!("line {number}: not below a block of shell"));
        }
        blocks.push(block);
    }
    Ok(blocks)
}

fn block<'a>(
    fence: &str,
    section: &str,
    line: usize,
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
) -> Result<Block, String> {
    let (language, mark) = fence.split_once(' ').unwrap_or((fence, ""));
    let mut text = String::new();
    loop {
        match lines.next() {
            Some((_, "```")) => break,
            Some((_, line)) => text += &format!("{line}\n"),
            None => return Err("the block has no end".to_owned()),
        }
    }
    Ok(Block {
        kind: kind(language, &text)?,
        mark: mark.to_owned(),
        section: section.to_owned(),
        line,
        text,
    })
}

fn kind(language: &str, text: &str) -> Result<Kind, String> {
    match language {
        "sh" => Ok(Kind::Shell),
        "text" => Ok(Kind::Printed),
        "rust" => named(text, "// ").map(Kind::File),
        "python" | "toml" => named(text, "# ").map(Kind::File),
        "" => Err("no language".to_owned()),
        other => Err(format!("{other:?} is no language of the document's")),
    }
}

/// The file that a comment on the first line names, within the folder of the document.
fn named(text: &str, comment: &str) -> Result<String, String> {
    let line = text.lines().next().unwrap_or_default();
    let name = line.strip_prefix(comment).unwrap_or_default();
    let inside = |part| matches!(part, Component::Normal(_));
    match !name.is_empty() && Path::new(name).components().all(inside) {
        true => Ok(name.to_owned()),
        false => Err(format!("no file is named: {line:?}")),
    }
}
