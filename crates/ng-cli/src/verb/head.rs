use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use ng_token::{Flags, Space, Token};
use serde::Serialize;

use crate::args::HeadArgs;
use crate::ending::OutOfRange;
use crate::opened::Opened;
use crate::say::to_stdout;
use crate::source::{FoundAside, ended};
use crate::tool::Tool;

/// Shows tokens, a block's worth at a time.
pub(crate) fn head(args: &HeadArgs, tool: &Tool) -> Result<ExitCode> {
    let source = Opened::at(&args.file, args.generation.generation)?;
    let range = range(args, source.len())?;
    let found = source.look()?;
    source.warn(&found, tool.say);
    if found.is_doubtful() || !found.findings.is_empty() {
        let path = args.file.display().to_string();
        let found = &found;
        tool.say.aside(&FoundAside { path, found })?;
    }
    ended(show(&source, range, tool), &found)
}

fn show(source: &Opened, range: Range<u64>, tool: &Tool) -> Result<()> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut first = range.start;
    source.for_each(range, |tokens| {
        let text = match tool.say.is_json() {
            true => json_lines(first, tokens)?,
            false => tokens_table((first..).zip(tokens)).trim_fmt() + "\n",
        };
        first += tokens.len() as u64;
        to_stdout(&mut stdout, |stdout| stdout.write_all(text.as_bytes()))
    })?;
    to_stdout(&mut stdout, Write::flush)
}

/// As many tokens as wanted and available; the first one must be within them, or their end.
fn range(args: &HeadArgs, len: u64) -> Result<Range<u64>, OutOfRange> {
    let from = args.from;
    match from <= len {
        true => Ok(from..len.min(from.saturating_add(args.count))),
        false => Err(OutOfRange::From {
            path: args.file.clone(),
            from,
            len,
        }),
    }
}

/// A token with its position, as one JSON object.
#[derive(Serialize)]
struct Line {
    index: u64,
    #[serde(flatten)]
    token: Token,
}

fn json_lines(first: u64, tokens: &[Token]) -> Result<String> {
    let mut lines = String::new();
    for (index, &token) in (first..).zip(tokens) {
        lines += &serde_json::to_string(&Line { index, token })?;
        lines.push('\n');
    }
    Ok(lines)
}

const COLUMNS: [&str; 8] = [
    "index",
    "local/type/domain",
    "flags",
    "user",
    "weight",
    "field",
    "time",
    "coordinates",
];

/// A row for each token, with its position.
pub(crate) fn tokens_table<'t>(tokens: impl Iterator<Item = (u64, &'t Token)>) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(COLUMNS);
    for (index, token) in tokens {
        table.add_row(row(index, token));
    }
    table
}

fn row(index: u64, token: &Token) -> [String; COLUMNS.len()] {
    let id = token.id();
    [
        index.to_string(),
        format!("{}/{:?}/{}", id.local(), id.entity_type(), id.domain()),
        flags(token),
        token.flags().user().to_string(),
        token.weight().to_string(),
        format!("{} at {}", token.strength(), token.radius()),
        time(token.timestamp()),
        coordinates(token),
    ]
}

/// The names of the system flags, and the entity type if it differs from that of the id.
fn flags(token: &Token) -> String {
    let flags: Flags = token.flags();
    let mut names: Vec<_> = flags.system().iter_names().map(|(name, _)| name).collect();
    let other_type = format!("{:?}", flags.entity_type());
    if flags.entity_type() != token.id().entity_type() {
        names.push(&other_type);
    }
    or_dash(names.join(" "))
}

/// Seconds since 1970 in words; 0 is a time that was never set.
fn time(timestamp: u32) -> String {
    if timestamp == 0 {
        return or_dash(String::new());
    }
    let time = UNIX_EPOCH + Duration::from_secs(timestamp.into());
    humantime::format_rfc3339_seconds(time).to_string()
}

/// The points off the origin, one a line, in the units of their space.
fn coordinates(token: &Token) -> String {
    let stored = token.coordinates();
    let set = Space::ALL
        .into_iter()
        .filter(|space| stored[*space as usize] != [0; 3]);
    let lines = set.map(|space| {
        let [x, y, z] = token.coordinate(space);
        format!("{space} {x} {y} {z}")
    });
    or_dash(lines.collect::<Vec<_>>().join("\n"))
}

fn or_dash(text: String) -> String {
    match text.as_str() {
        "" => "-".to_owned(),
        _ => text,
    }
}
