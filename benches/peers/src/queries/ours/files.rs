//! Answers that are new files, durable when the clock stops.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::{mem, panic, thread};

use anyhow::Result;
use ng_arrow::{ColumnEncoder, Compression, EncodedColumn, ParquetWriter, WriteError};
use ng_arrow::{Form, Layout, Positions, ROW_GROUP_ROWS};
use ng_query::order::{Order, SortOptions, sort_file};
use ng_store::{BLOCK_TOKENS, CreateOptions, RawDraft};
use ng_token::Token;

use super::Ours;
use crate::queries::answer::Found;
use crate::queries::question::Ask;

/// The exported columns.
const EXPORTED: &str = "id,entity_type,weight,timestamp,physical_x,physical_y,physical_z";

/// How much is written at once, as by `ng export`.
const CHUNK_BYTES: usize = 1 << 20;

pub(crate) fn sort_weight(ours: &Ours) -> Result<Ask<'_>> {
    Ok(sort(ours, "weight".parse()?))
}

pub(crate) fn sort_physical(ours: &Ours) -> Result<Ask<'_>> {
    Ok(sort(ours, "physical".parse()?))
}

fn sort(ours: &Ours, order: Order) -> Ask<'_> {
    Box::new(move || {
        let path = ours.new_file("ngt");
        let to = (path.as_path(), CreateOptions::new());
        let options = SortOptions::new();
        sort_file(&ours.workers, &ours.reader, to, &order, &options, |_| ())?;
        Ok(Found::File(path))
    })
}

pub(crate) fn export_parquet(ours: &Ours) -> Result<Ask<'_>> {
    Ok(Box::new(|| {
        let path = ours.new_file("parquet");
        export(ours.tokens(), ours.workers.threads(), &path)?;
        Ok(Found::File(path))
    }))
}

/// Writes row groups one after the other; each thread encodes some of the columns.
fn export(tokens: &[Token], threads: usize, path: &Path) -> Result<()> {
    let columns = EXPORTED.split(',').map(str::parse);
    let layout = Layout::new(columns.collect::<Result<Vec<_>, _>>()?, Form::Units);
    let out = BufWriter::with_capacity(CHUNK_BYTES, Out(RawDraft::begin(path, false)?));
    let mut writer = ParquetWriter::new(out, layout, Compression::Snappy)?;
    for (group, start) in tokens
        .chunks(ROW_GROUP_ROWS)
        .zip((0..).step_by(ROW_GROUP_ROWS))
    {
        let columns = encode(writer.encoders()?, group, start, threads)?;
        writer.push_group(columns)?;
    }
    let out = writer.finish()?.into_inner();
    let Out(draft) = out.map_err(io::IntoInnerError::into_error)?;
    Ok(draft.publish()?)
}

fn encode(
    mut encoders: Vec<ColumnEncoder>,
    tokens: &[Token],
    start: u64,
    threads: usize,
) -> Result<Vec<EncodedColumn>, WriteError> {
    let share = encoders.len().div_ceil(threads);
    thread::scope(|scope| {
        let mut workers = Vec::new();
        while !encoders.is_empty() {
            let rest = encoders.split_off(share.min(encoders.len()));
            let share = mem::replace(&mut encoders, rest);
            workers.push(scope.spawn(move || encode_share(share, tokens, start)));
        }
        let mut columns = Vec::new();
        for worker in workers {
            let encoded = worker.join();
            columns.extend(encoded.unwrap_or_else(|cause| panic::resume_unwind(cause))?);
        }
        Ok(columns)
    })
}

/// Goes block by block, so that a block's records are still in cache for its next column.
fn encode_share(
    mut share: Vec<ColumnEncoder>,
    tokens: &[Token],
    start: u64,
) -> Result<Vec<EncodedColumn>, WriteError> {
    for (block, start) in tokens
        .chunks(BLOCK_TOKENS)
        .zip((start..).step_by(BLOCK_TOKENS))
    {
        for encoder in &mut share {
            encoder.write(block, Positions::From(start))?;
        }
    }
    share.into_iter().map(ColumnEncoder::finish).collect()
}

struct Out(RawDraft);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append_bytes(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
