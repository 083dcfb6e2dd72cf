use std::io::Write;

use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::SchemaRef;
use ng_token::Token;

#[cfg(feature = "parquet")]
use super::ParquetWriter;
use crate::{Compression, Format, Layout, Positions, TextRows, WriteError, batch_with, schema};

/// Writes tokens as columns in any format, with bounded memory: some thousand rows, or for
/// Parquet a row group.
///
/// ```
/// use ng_arrow::{Compression, Format, Layout, Positions, TableReader, TableWriter};
/// use ng_token::Token;
///
/// let tokens = [Token::new(7).with_weight(0.5), Token::new(8)];
/// let (format, layout) = (Format::Arrow, Layout::default());
/// let mut writer = TableWriter::new(Vec::new(), format, layout, Compression::None)?;
/// writer.write(&tokens, Positions::From(0))?;
/// let bytes = writer.finish()?;
///
/// let mut reader = TableReader::of_stream(std::io::Cursor::new(bytes), format, None)?;
/// let mut back = Vec::new();
/// while reader.read(&mut back)? {}
/// assert_eq!(back, tokens);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableWriter<W: Write + Send> {
    layout: Layout,
    /// Tokens waiting until there are enough for a batch.
    waiting: Vec<Token>,
    /// Their positions.
    places: Vec<u64>,
    out: Out<W>,
}

/// How many rows a batch has: about as many as fit in a core's own cache.
const BATCH_ROWS: usize = 1 << 14;

enum Out<W: Write + Send> {
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetWriter<W>>),
    File(Box<FileWriter<W>>, SchemaRef),
    Stream(Box<StreamWriter<W>>, SchemaRef),
    Text(TextRows, W),
}

impl<W: Write + Send> TableWriter<W> {
    /// Starts writing.
    ///
    /// Writes are not buffered: wrap a file in a `BufWriter`. The compression applies only
    /// to Parquet.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn new(
        mut out: W,
        format: Format,
        layout: Layout,
        compression: Compression,
    ) -> Result<Self, WriteError> {
        let schema = schema(&layout.columns, layout.form);
        let out = match format {
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                let writer = ParquetWriter::new(out, layout.clone(), compression)?;
                Out::Parquet(Box::new(writer))
            }
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                let _ = compression;
                return Err(WriteError::Unsupported { format });
            }
            Format::Arrow => Out::File(Box::new(FileWriter::try_new(out, &schema)?), schema),
            Format::ArrowStream => {
                Out::Stream(Box::new(StreamWriter::try_new(out, &schema)?), schema)
            }
            Format::Csv | Format::JsonLines => {
                let rows = TextRows::new(format, layout.clone());
                out.write_all(&rows.header())?;
                Out::Text(rows, out)
            }
        };
        Ok(Self {
            layout,
            waiting: Vec::new(),
            places: Vec::new(),
            out,
        })
    }

    /// Appends tokens.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; the output is then unusable.
    ///
    /// # Panics
    ///
    /// If the numbers of positions and tokens differ.
    pub fn write(&mut self, tokens: &[Token], positions: Positions<'_>) -> Result<(), WriteError> {
        for start in (0..tokens.len()).step_by(BATCH_ROWS) {
            let part = &tokens[start..tokens.len().min(start + BATCH_ROWS)];
            let positions = positions.part(start, part.len());
            if self.waiting.len() + part.len() > BATCH_ROWS {
                self.write_waiting()?;
            }
            self.waiting.extend_from_slice(part);
            self.places
                .extend((0..part.len()).map(|index| positions.get(index)));
        }
        Ok(())
    }

    fn write_waiting(&mut self) -> Result<(), WriteError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let positions = Positions::Each(&self.places);
        let Layout { columns, form } = &self.layout;
        let batch = |schema| batch_with(&self.waiting, positions, columns, *form, schema);
        match &mut self.out {
            #[cfg(feature = "parquet")]
            Out::Parquet(writer) => writer.write(&self.waiting, positions)?,
            Out::File(writer, schema) => writer.write(&batch(schema))?,
            Out::Stream(writer, schema) => writer.write(&batch(schema))?,
            Out::Text(rows, out) => {
                let mut text = Vec::new();
                rows.render(&self.waiting, positions, &mut text);
                out.write_all(&text)?;
            }
        }
        self.waiting.clear();
        self.places.clear();
        Ok(())
    }

    /// Writes the rest and the end, and returns the output, not flushed.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.write_waiting()?;
        match self.out {
            #[cfg(feature = "parquet")]
            Out::Parquet(writer) => writer.finish(),
            Out::File(mut writer, _) => {
                writer.finish()?;
                Ok(writer.into_inner()?)
            }
            Out::Stream(mut writer, _) => {
                writer.finish()?;
                Ok(writer.into_inner()?)
            }
            Out::Text(_, out) => Ok(out),
        }
    }
}
