//! Every block verified, as `ng verify` does, for the page.

use std::ops::Range;

use anyhow::Result;
use ng_dataset::Shard;
use ng_parallel::Workers;
use ng_query::index::IndexInfo;
use ng_store::BLOCK_TOKENS;
use ng_store::disk::Disk;

use super::super::verify::{verify_on_all, verify_shown};
use super::Subject;
use super::page::Indexed;
use crate::found::{Found, ToldBlock};
use crate::opened::{OfDataset, Opened};
use crate::tool::Tool;

/// Looks at every block.
pub(super) fn verified(subject: &Subject, tool: &Tool) -> Result<Found> {
    match subject.opened() {
        Opened::File(source) => {
            let report = verify_on_all(&source.reader, subject.workers(), tool)?;
            Ok(Found::of_report(&report, source.reader.len()))
        }
        Opened::Dataset(source) => of_dataset(source, subject.workers(), tool),
    }
}

/// Looks at every block of the shards that has rows which count.
fn of_dataset(source: &OfDataset, workers: &Workers, tool: &Tool) -> Result<Found> {
    let mut found = source.found();
    let progress = tool.progress("verifying", Some(source.snapshot.len()));
    let (mut bad, mut before) = (Vec::new(), 0);
    for (number, shard) in filled(source) {
        let (file, blocks) = (shard.file(), blocks_of(shard));
        let reader = source.snapshot.open_shard(number)?;
        let report = verify_shown(&reader, workers, &progress)?;
        if !report.table_matches || report.cut.is_some() {
            let told = format!("shard {file}: the file was cut, or its block table is another");
            found.findings.push(told);
            found.is_incomplete = true;
        }
        let counts = report.bad.iter().filter(|it| blocks.contains(&it.block));
        bad.extend(counts.map(|it| {
            let place = before + it.block - blocks.start;
            ToldBlock::new(it, reader.len()).in_shard(file, place)
        }));
        before += blocks.end - blocks.start;
    }
    found.bad = Some(bad);
    Ok(found)
}

/// What the index covers, or that of each shard.
pub(super) fn indexed(subject: &Subject) -> Result<Indexed> {
    let source = match subject.opened() {
        Opened::File(source) => return Ok(Indexed::File(IndexInfo::read(&source.reader))),
        Opened::Dataset(source) => source,
    };
    let (mut shards, mut with_index, mut covered, mut size_bytes) = (0, 0, 0, 0);
    for (number, shard) in filled(source) {
        shards += 1;
        let blocks = blocks_of(shard);
        if let Some(index) = IndexInfo::read(&source.snapshot.open_shard(number)?) {
            with_index += 1;
            covered += index.blocks.min(blocks.end).saturating_sub(blocks.start);
            size_bytes += index.size_bytes;
        }
    }
    Ok(Indexed::Shards {
        shards,
        with_index,
        blocks: covered,
        size_bytes,
    })
}

/// The shards that have tokens, with their numbers.
fn filled(source: &OfDataset) -> impl Iterator<Item = (usize, &Shard<ng_store::disk::RealFile>)> {
    let shards = source.snapshot.shards().iter().enumerate();
    shards.filter(|(_, shard)| !shard.is_empty())
}

/// The blocks of its file that have rows which count.
pub(super) fn blocks_of<D: Disk>(shard: &Shard<D>) -> Range<u64> {
    let (rows, block) = (shard.rows(), BLOCK_TOKENS as u64);
    match rows.is_empty() {
        true => 0..0,
        false => rows.start / block..rows.end.div_ceil(block),
    }
}
