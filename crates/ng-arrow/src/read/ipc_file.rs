use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::MutableBuffer;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, convert};
use arrow_schema::{ArrowError, SchemaRef};

use super::ipc::{FOOTER_BYTES, MAGIC};
use crate::ReadError;

/// The bytes after the footer: its length, and the magic.
const TAIL_BYTES: u64 = 4 + MAGIC.len() as u64;

/// The minimum before a batch's metadata: a marker and the length.
const PREFIX_BYTES: u64 = 8;

/// An Arrow file, read by its footer. The library's own reader trusts the lengths there;
/// here each is first checked against the file's length.
pub(super) struct IpcFile {
    file: File,
    schema: SchemaRef,
    decoder: FileDecoder,
    /// The blocks not read yet, the next one last.
    blocks: Vec<Block>,
}

impl IpcFile {
    /// Tells whether a file begins like an Arrow file, and rewinds it.
    pub(super) fn is_one(mut file: &File) -> Result<bool, ReadError> {
        let mut begin = Vec::new();
        let most = MAGIC.len() as u64;
        file.take(most)
            .read_to_end(&mut begin)
            .map_err(ReadError::Io)?;
        file.rewind().map_err(ReadError::Io)?;
        Ok(begin == MAGIC)
    }

    pub(super) fn open(mut file: File) -> Result<Self, ReadError> {
        let (bytes, offset) = footer_of(&mut file)?;
        let footer = arrow_ipc::root_as_footer(&bytes);
        let footer = footer.map_err(|error| parse(&error.to_string()))?;
        let schema = footer
            .schema()
            .ok_or_else(|| parse("no schema in the footer"))?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err(parse("numbers in another byte order"));
        }
        let schema = Arc::new(convert::try_fb_to_schema(schema)?);
        let mut blocks: Vec<Block> = match footer.recordBatches() {
            Some(blocks) => blocks.iter().copied().collect(),
            None => Vec::new(),
        };
        blocks.reverse();
        if !blocks.iter().all(|block| is_within(block, offset)) {
            return Err(parse("a record batch outside the file"));
        }
        Ok(Self {
            file,
            decoder: FileDecoder::new(Arc::clone(&schema), footer.version()),
            schema,
            blocks,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        let Some(block) = self.blocks.pop() else {
            return Ok(None);
        };
        // Both were checked against the length of the file.
        let length = block.metaDataLength() as usize + block.bodyLength() as usize;
        let mut bytes = MutableBuffer::try_from_len_zeroed(length)
            .map_err(|error| ArrowError::MemoryError(error.to_string()))?;
        let offset = SeekFrom::Start(block.offset() as u64);
        self.file.seek(offset).map_err(ReadError::Io)?;
        self.file.read_exact(&mut bytes).map_err(ReadError::Io)?;
        match self.decoder.read_record_batch(&block, &bytes.into())? {
            Some(batch) => Ok(Some(batch)),
            None => Err(parse("a message that is not a record batch")),
        }
    }
}

fn parse(told: &str) -> ReadError {
    ReadError::Arrow(ArrowError::ParseError(told.to_owned()))
}

/// The bytes of the footer, and its offset.
fn footer_of(file: &mut File) -> Result<(Vec<u8>, u64), ReadError> {
    let length = file.seek(SeekFrom::End(0)).map_err(ReadError::Io)?;
    let end = length.checked_sub(TAIL_BYTES).ok_or(ReadError::NoFooter)?;
    let mut tail = [0; TAIL_BYTES as usize];
    file.seek(SeekFrom::Start(end)).map_err(ReadError::Io)?;
    file.read_exact(&mut tail).map_err(ReadError::Io)?;
    let footer = match tail.strip_suffix(MAGIC).and_then(<[u8]>::first_chunk) {
        Some(length) => u64::from(u32::from_le_bytes(*length)),
        None => return Err(ReadError::NoFooter),
    };
    let offset = end.checked_sub(footer).ok_or(ReadError::NoFooter)?;
    if footer > FOOTER_BYTES {
        return Err(parse("a footer of more than 64 MiB"));
    }
    let mut bytes = vec![0; footer as usize];
    file.seek(SeekFrom::Start(offset)).map_err(ReadError::Io)?;
    file.read_exact(&mut bytes).map_err(ReadError::Io)?;
    Ok((bytes, offset))
}

/// Tells whether a block ends where the footer begins, or before.
fn is_within(block: &Block, end: u64) -> bool {
    let offset = u64::try_from(block.offset()).ok();
    let metadata = u64::try_from(block.metaDataLength()).ok();
    let metadata = metadata.filter(|length| *length >= PREFIX_BYTES);
    let body = u64::try_from(block.bodyLength()).ok();
    let sum = (|| offset?.checked_add(metadata?)?.checked_add(body?))();
    sum.is_some_and(|sum| sum <= end)
}
