//! Arrow's IPC file format, with tokens as binaries of a fixed size.

use std::any::Any;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use arrow_array::cast::AsArray;
use arrow_array::{FixedSizeBinaryArray, RecordBatch};
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::root_as_footer;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use ng_parallel::Workers;
use ng_token::{Token, try_tokens};

use super::FilePeer;
use crate::maps::map;
use crate::reader::{self, Reader};
use crate::records::{Sum, token};

/// Tokens of a batch: 4 MiB. All batches but the last are full.
const BATCH_TOKENS: usize = 65_536;

/// What follows the footer: its length and the magic.
const TRAILER_BYTES: usize = 10;

/// A file of record batches with one column.
pub(crate) struct ArrowIpc;

impl FilePeer for ArrowIpc {
    fn write(&self, path: &Path, count: usize, _workers: &Workers) -> Result<Box<dyn Any>> {
        let schema = schema();
        let file = File::create_new(path)?;
        let mut writer = FileWriter::try_new_buffered(file, &schema)?;
        for first in (0..count).step_by(BATCH_TOKENS) {
            let end = count.min(first + BATCH_TOKENS);
            writer.write(&batch(&schema, first, end)?)?;
        }
        writer.finish()?;
        writer.get_ref().get_ref().sync_all()?;
        Ok(Box::new(writer))
    }

    fn open(&self, path: &Path, _workers: Workers) -> Result<Box<dyn Reader>> {
        let map = map(&File::open(path)?)?;
        let batches = batches(&Buffer::from(Bytes::from_owner(map)))?;
        Ok(Box::new(Opened { batches }))
    }
}

fn schema() -> SchemaRef {
    let tokens = DataType::FixedSizeBinary(Token::SIZE as i32);
    Arc::new(Schema::new(vec![Field::new("token", tokens, false)]))
}

fn batch(schema: &SchemaRef, first: usize, end: usize) -> Result<RecordBatch> {
    let mut values = MutableBuffer::with_capacity((end - first) * Token::SIZE);
    for index in first..end {
        values.extend_from_slice(token(index).as_bytes());
    }
    let column = FixedSizeBinaryArray::try_new(Token::SIZE as i32, values.into(), None)?;
    Ok(RecordBatch::try_new(
        schema.clone(),
        vec![Arc::new(column)],
    )?)
}

/// Decodes the metadata of `file`, leaving its values in place.
fn batches(file: &Buffer) -> Result<Vec<FixedSizeBinaryArray>> {
    let trailer_start = file.len().checked_sub(TRAILER_BYTES);
    let trailer_start = trailer_start.context("no trailer")?;
    let footer_len = read_footer_length(file[trailer_start..].try_into()?)?;
    let footer_start = trailer_start.checked_sub(footer_len);
    let footer_start = footer_start.context("no footer")?;
    let footer = root_as_footer(&file[footer_start..trailer_start]);
    let footer = footer.map_err(|error| anyhow::anyhow!("footer: {error:?}"))?;
    let schema = try_fb_to_schema(footer.schema().context("no schema")?)?;
    let decoder = FileDecoder::new(Arc::new(schema), footer.version());
    let mut columns = Vec::new();
    for block in footer.recordBatches().iter().flatten() {
        let len = block.bodyLength() as usize + block.metaDataLength() as usize;
        let data = file.slice_with_length(block.offset() as usize, len);
        let batch = decoder.read_record_batch(block, &data)?;
        columns.push(column(&batch.context("no batch")?)?);
    }
    Ok(columns)
}

fn column(batch: &RecordBatch) -> Result<FixedSizeBinaryArray> {
    let column = batch.column(0).as_fixed_size_binary_opt();
    Ok(column.context("no column of binaries")?.clone())
}

struct Opened {
    batches: Vec<FixedSizeBinaryArray>,
}

impl Opened {
    /// The tokens of each batch, in place. Arrow aligns values to 64 bytes.
    fn slices(&self) -> impl Iterator<Item = Result<&[Token]>> {
        self.batches
            .iter()
            .map(|batch| Ok(try_tokens(batch.value_data())?))
    }
}

impl Reader for Opened {
    fn len(&self) -> Result<u64> {
        self.slices().map(|tokens| Ok(tokens?.len() as u64)).sum()
    }

    fn first(&self) -> Result<Token> {
        let tokens = self.slices().next().context("no batch")??;
        tokens.first().copied().context("no token")
    }

    fn sum_ids(&self) -> Result<u64> {
        self.slices()
            .map(|tokens| Ok(reader::sum_ids(tokens?)))
            .sum()
    }

    fn filter(&self) -> Result<Sum> {
        let sums = self.slices().map(|tokens| Ok(reader::filter(tokens?)));
        sums.into_iter()
            .try_fold(Sum::default(), |sum, more: Result<Sum>| Ok(sum.plus(more?)))
    }

    fn copy_out(&self, positions: &[usize], out: &mut Vec<Token>) -> Result<()> {
        let batches = self.slices().collect::<Result<Vec<_>>>()?;
        let full = batches
            .iter()
            .rev()
            .skip(1)
            .all(|batch| batch.len() == BATCH_TOKENS);
        ensure!(
            full,
            "a batch that is not full, expected {BATCH_TOKENS} tokens"
        );
        out.extend(
            positions
                .iter()
                .map(|position| batches[position / BATCH_TOKENS][position % BATCH_TOKENS]),
        );
        Ok(())
    }
}
