use std::io::{BufReader, Chain, Cursor, ErrorKind, Read};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, SchemaRef};

use crate::ReadError;

/// The magic at both ends of an Arrow file.
pub(super) const MAGIC: &[u8] = b"ARROW1";

/// The multiple that the head of a file is padded to.
const WORD: usize = 8;

/// How many zero words a head may have.
const HEAD_WORDS: usize = 512;

/// The maximum length of a footer: 24 bytes for each of two million batches.
pub(super) const FOOTER_BYTES: u64 = 64 << 20;

/// An Arrow stream, or a file from a pipe, which is a stream between a head and a footer.
/// Forged lengths cost no memory, since bytes are kept as they arrive.
pub(super) struct Ipc {
    reader: StreamReader<Input>,
    is_file: bool,
    batches: usize,
    rows: u64,
}

impl Ipc {
    pub(super) fn open(input: Box<dyn Read + Send>) -> Result<Self, ReadError> {
        let (input, is_file) = Input::open(input).map_err(ReadError::Io)?;
        Ok(Self {
            reader: StreamReader::try_new(input, None)?,
            is_file,
            batches: 0,
            rows: 0,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        let next = self.reader.next().transpose();
        // The library may mistake the end of the input for that of the stream.
        if self.reader.get_ref().is_at_end {
            return Err(ReadError::Cut { rows: self.rows });
        }
        if let Some(batch) = next? {
            self.batches += 1;
            self.rows += batch.num_rows() as u64;
            return Ok(Some(batch));
        }
        if self.is_file {
            self.is_file = false;
            self.check_footer()?;
        }
        Ok(None)
    }

    fn check_footer(&mut self) -> Result<(), ReadError> {
        let mut footer = Vec::new();
        let mut rest = self.reader.get_mut().take(FOOTER_BYTES);
        rest.read_to_end(&mut footer).map_err(ReadError::Io)?;
        let cut = ReadError::Cut { rows: self.rows };
        let Some((rest, length)) = footer
            .strip_suffix(MAGIC)
            .and_then(<[u8]>::split_last_chunk)
        else {
            return Err(cut);
        };
        if u32::from_le_bytes(*length) as usize != rest.len() {
            return Err(cut);
        }
        let footer = arrow_ipc::root_as_footer(rest);
        let footer = footer.map_err(|error| ArrowError::ParseError(error.to_string()))?;
        let expected = footer.recordBatches().map_or(0, |batches| batches.len());
        let found = self.batches;
        match found == expected {
            true => Ok(()),
            false => Err(ReadError::Batches { found, expected }),
        }
    }
}

/// The input, and whether its end was reached.
struct Input {
    bytes: Chain<Cursor<Vec<u8>>, BufReader<Box<dyn Read + Send>>>,
    is_at_end: bool,
}

impl Input {
    /// Skips the head of a file, if it is one.
    fn open(input: Box<dyn Read + Send>) -> std::io::Result<(Self, bool)> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let mut word = read_word(&mut input)?;
        let is_file = word.starts_with(MAGIC);
        let mut words = 0;
        while is_file && (words == 0 || word == [0; WORD]) && words < HEAD_WORDS {
            word = read_word(&mut input)?;
            words += 1;
        }
        let input = Self {
            bytes: Cursor::new(word).chain(input),
            is_at_end: false,
        };
        Ok((input, is_file))
    }
}

/// Reads a word, or what is left.
fn read_word(input: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut word = Vec::with_capacity(WORD);
    input.take(WORD as u64).read_to_end(&mut word)?;
    Ok(word)
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.bytes.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(count) => {
                    self.is_at_end |= count == 0 && !buffer.is_empty();
                    return Ok(count);
                }
                failed => return failed,
            }
        }
    }
}
