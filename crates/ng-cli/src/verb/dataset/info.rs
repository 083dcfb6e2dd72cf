use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use ng_dataset::ng_store::disk::RealFile;
use ng_dataset::{Dataset, DatasetInfo, Shard, TailInfo};
use ng_store::{Counted, Shown};
use serde::Serialize;

use crate::args::DatasetInfoArgs;
use crate::found::Found;
use crate::opened::OfDataset;
use crate::say::Report;
use crate::tool::Tool;
use crate::verb::info::rfc_3339;
use crate::verb::query::Bytes;

/// Shows a generation, without opening a sealed shard.
pub(super) fn info(args: &DatasetInfoArgs, tool: &Tool) -> Result<ExitCode> {
    let source = OfDataset::open(&args.path, args.generation)?;
    let folder = Dataset::open(&args.path)?.info()?;
    let told = Told::new(args, &source, &folder);
    source.warn(&told.found, tool.say);
    tool.say.answer(&told)
}

#[derive(Serialize)]
struct Told {
    path: String,
    dataset: String,
    generation: u64,
    verb: String,
    committed: String,
    oldest_kept: u64,
    /// How many are there.
    generations: u64,
    tokens: u64,
    /// Of the sealed shards.
    size_bytes: u64,
    /// Of the newest generation, and what other shards take.
    disk_bytes: u64,
    other_disk_bytes: u64,
    tags: BTreeMap<String, String>,
    shards: Vec<ToldShard>,
    #[serde(skip)]
    lists_shards: bool,
    #[serde(flatten)]
    found: Found,
}

#[derive(Serialize)]
struct ToldShard {
    file: String,
    first_row: u64,
    end_row: u64,
    first_position: u64,
    open: bool,
    /// The process that appends to it, if the system tells.
    writer: Option<u32>,
    /// `None` for an open tail, as all that follow.
    size_bytes: Option<u64>,
    committed: Option<String>,
    order: Option<String>,
}

impl Told {
    fn new(args: &DatasetInfoArgs, source: &OfDataset, folder: &DatasetInfo) -> Self {
        let snapshot = &source.snapshot;
        let manifest = snapshot.manifest();
        let shards = snapshot.shards().iter();
        let shards: Vec<_> = shards
            .map(|shard| ToldShard::new(shard, &folder.tails))
            .collect();
        Self {
            path: args.path.display().to_string(),
            dataset: manifest.dataset.to_string(),
            generation: manifest.generation,
            verb: manifest.verb.to_string(),
            committed: rfc_3339(manifest.committed_ns),
            oldest_kept: manifest.oldest_kept,
            generations: folder.generations,
            disk_bytes: folder.disk_bytes,
            other_disk_bytes: folder.other_disk_bytes,
            tokens: snapshot.len(),
            size_bytes: shards.iter().filter_map(|shard| shard.size_bytes).sum(),
            tags: manifest.tags.clone(),
            shards,
            lists_shards: args.shards,
            found: source.found(),
        }
    }

    fn open_tails(&self) -> u64 {
        self.shards.iter().filter(|shard| shard.open).count() as u64
    }
}

impl ToldShard {
    fn new(shard: &Shard<RealFile>, tails: &[TailInfo]) -> Self {
        let sealed = shard.sealed();
        let tail = tails.iter().find(|tail| tail.file == shard.file());
        Self {
            file: shard.file().to_string(),
            first_row: shard.rows().start,
            end_row: shard.rows().end,
            first_position: shard.positions().start,
            open: shard.is_open(),
            writer: tail.and_then(|tail| tail.writer),
            size_bytes: sealed.map(|sealed| sealed.bytes),
            committed: sealed.map(|sealed| rfc_3339(sealed.committed_ns)),
            order: sealed.and_then(|sealed| sealed.order.clone()),
        }
    }

    fn row(&self) -> [String; 5] {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            self.file.clone(),
            format!("{}..{}", self.first_row, self.end_row),
            self.first_position.to_string(),
            match self.size_bytes {
                Some(bytes) => bytes.to_string(),
                None => "open".to_owned(),
            },
            or_dash(self.order.clone()),
        ]
    }
}

impl Report for Told {
    fn is_good(&self) -> bool {
        !self.found.is_doubtful()
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<16} {value}");
        line("path", &Shown(self.path.as_ref()))?;
        line("dataset", &self.dataset)?;
        line("tokens", &self.tokens)?;
        line("generation", &self.generation)?;
        line("made by", &self.verb)?;
        line("committed", &self.committed)?;
        let there = Counted(self.generations, "generation");
        let oldest = self.oldest_kept;
        line("kept", &format_args!("{there}, from {oldest} on"))?;
        let shards = Counted(self.shards.len() as u64, "shard");
        let open = self.open_tails();
        line("shards", &format_args!("{shards}, {open} open"))?;
        let (own, others) = (Bytes(self.disk_bytes), Bytes(self.other_disk_bytes));
        line(
            "on the disk",
            &format_args!("{own}, and {others} of other generations"),
        )?;
        for (name, text) in &self.tags {
            let tag = format!("{name}={text}");
            line("tag", &Shown(tag.as_ref()))?;
        }
        match self.lists_shards {
            true => writeln!(f, "\n{}", shards_table(&self.shards).trim_fmt()),
            false => Ok(()),
        }
    }
}

fn shards_table(shards: &[ToldShard]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(["file", "rows", "from position", "bytes", "order"]);
    table.add_rows(shards.iter().map(ToldShard::row));
    table
}
