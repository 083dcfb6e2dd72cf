use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::{FileId, Snapshot};
use ng_query::index::BuildReport;
use ng_store::{BLOCK_TOKENS, Counted, Shown};
use serde::Serialize;

use crate::args::DatasetIndexArgs;
use crate::found::warning;
use crate::opened::OfDataset;
use crate::say::Report;
use crate::tool::Tool;
use crate::verb::index::build_watched;
use crate::verb::query::Bytes;

/// Builds the index of each sealed shard, or brings it up to date.
pub(super) fn index(args: &DatasetIndexArgs, tool: &Tool) -> Result<ExitCode> {
    let source = OfDataset::open(&args.path, None)?;
    source.warn(&source.found(), tool.say);
    let snapshot = &source.snapshot;
    let mut indexed = Indexed {
        path: args.path.display().to_string(),
        left_out: snapshot.shards().len() as u64,
        ..Indexed::default()
    };
    let options = args.build.options();
    for shard in whole(snapshot) {
        let reader = snapshot.open_shard(shard)?;
        let reader = reader.with_cache(args.build.cache.policy());
        let report = build_watched(&reader, &options, args.build.threads, tool)?;
        indexed.add(snapshot.shards()[shard].file(), &report);
    }
    tool.say.warn(&indexed.lines(args));
    tool.say.report(&indexed)
}

/// The shards that are a whole file each: queries use no index of another.
fn whole(snapshot: &Snapshot) -> impl Iterator<Item = usize> {
    let is_whole = |place: &usize| {
        let shard = &snapshot.shards()[*place];
        !shard.is_open() && shard.rows().start == 0
    };
    (0..snapshot.shards().len()).filter(is_whole)
}

#[derive(Default, Serialize)]
struct Indexed {
    path: String,
    shards: u64,
    /// Open tails, and rows from the middle of a file.
    left_out: u64,
    blocks: u64,
    tokens: u64,
    read_blocks: u64,
    size_bytes: u64,
    damaged: Vec<DamagedBlock>,
}

#[derive(Serialize)]
struct DamagedBlock {
    file: String,
    block: u64,
}

impl Indexed {
    fn add(&mut self, file: FileId, report: &BuildReport) {
        let index = &report.index;
        self.shards += 1;
        self.left_out -= 1;
        self.blocks += index.blocks;
        self.tokens += index.blocks * BLOCK_TOKENS as u64;
        self.read_blocks += report.read_blocks;
        self.size_bytes += index.size_bytes;
        let damaged = index.damaged.iter().map(|block| DamagedBlock {
            file: file.to_string(),
            block: *block,
        });
        self.damaged.extend(damaged);
    }

    /// The problems, one line each.
    fn lines(&self, args: &DatasetIndexArgs) -> Vec<String> {
        let told = self.damaged.iter().map(|DamagedBlock { file, block }| {
            let line = format!("shard {file}: block {block} is damaged and left unindexed");
            warning(&args.path, &line)
        });
        told.collect()
    }
}

impl Report for Indexed {
    fn is_good(&self) -> bool {
        self.damaged.is_empty()
    }
}

impl fmt::Display for Indexed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        let blocks = Counted(self.blocks, "block");
        let shards = Counted(self.shards, "shard");
        write!(
            f,
            "{path}: {blocks} of {shards} indexed, in {}",
            Bytes(self.size_bytes)
        )?;
        match self.read_blocks {
            0 => write!(f, ", up to date before")?,
            read => write!(f, ", made of {}", Counted(read, "block"))?,
        }
        match self.left_out {
            0 => writeln!(f),
            count => writeln!(f, "; {} left out, open or of rows", Counted(count, "entry")),
        }
    }
}
