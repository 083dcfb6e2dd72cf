use std::fs::File;
use std::io::Read;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use ng_token::Token;

use super::csv::Csv;
use super::guarded;
use super::ipc::Ipc;
use super::ipc_file::IpcFile;
use super::json_lines::JsonLines;
use crate::{Form, Format, Import, ReadError};

/// Reads tokens from columns of any format, some thousand rows at a time.
///
/// [`Import`] documents the columns. Memory is bounded by one record batch of an Arrow
/// file, or one page of each column of a Parquet file.
///
/// Numbers in text do not carry their form, so a coordinate, radius or strength written
/// without a decimal point is refused unless it is 0 or the form is stated: units, or
/// stored steps (`Raw`), which must then be whole. In Arrow and Parquet the type states it.
pub struct TableReader {
    format: Format,
    source: Source,
    import: Import,
    /// A partly returned batch, and its next row.
    batch: Option<(RecordBatch, usize)>,
    rows: u64,
    known_rows: Option<u64>,
}

/// How many rows are returned at once.
const READ_ROWS: usize = 1 << 14;

enum Source {
    Ipc(Box<Ipc>),
    IpcFile(Box<IpcFile>),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::Parquet>),
    Csv(Box<Csv>),
    JsonLines(Box<JsonLines>),
    /// Nothing usable is left.
    Ended,
}

impl TableReader {
    /// Starts reading a seekable file.
    ///
    /// # Errors
    ///
    /// [`ReadError`], from the file's head or columns.
    pub fn of_file(file: File, format: Format, text: Option<Form>) -> Result<Self, ReadError> {
        match format {
            #[cfg(feature = "parquet")]
            Format::Parquet => guarded(format, || {
                let parquet = super::parquet::Parquet::open(file)?;
                let (schema, rows) = (parquet.schema(), parquet.rows());
                let source = Source::Parquet(Box::new(parquet));
                Self::new(format, source, &schema, Some(rows))
            }),
            Format::Arrow | Format::ArrowStream if IpcFile::is_one(&file)? => {
                guarded(format, || {
                    let file = IpcFile::open(file)?;
                    let schema = file.schema();
                    Self::new(format, Source::IpcFile(Box::new(file)), &schema, None)
                })
            }
            format => Self::of_stream(file, format, text),
        }
    }

    /// Starts reading a stream, which may be an Arrow file, but not Parquet.
    ///
    /// # Errors
    ///
    /// [`ReadError`], from the first bytes or the columns.
    pub fn of_stream(
        input: impl Read + Send + 'static,
        format: Format,
        text: Option<Form>,
    ) -> Result<Self, ReadError> {
        match format {
            Format::Parquet => Err(ReadError::Unsupported {
                format,
                reason: match cfg!(feature = "parquet") {
                    true => "its end must be read first, which only a file allows",
                    false => "built without the feature `parquet`",
                },
            }),
            Format::Arrow | Format::ArrowStream => guarded(format, || {
                let ipc = Ipc::open(Box::new(input))?;
                let schema = ipc.schema();
                Self::new(format, Source::Ipc(Box::new(ipc)), &schema, None)
            }),
            Format::Csv => {
                let csv = Csv::open(Box::new(input), text)?;
                let schema = csv.schema();
                Self::new(format, Source::Csv(Box::new(csv)), &schema, None)
            }
            Format::JsonLines => match JsonLines::open(Box::new(input), text)? {
                Some(lines) => {
                    let schema = lines.schema();
                    Self::new(format, Source::JsonLines(Box::new(lines)), &schema, None)
                }
                None => Ok(Self::empty(format)),
            },
        }
    }

    fn new(
        format: Format,
        source: Source,
        schema: &SchemaRef,
        known_rows: Option<u64>,
    ) -> Result<Self, ReadError> {
        Ok(Self {
            format,
            source,
            import: Import::of_schema(schema)?,
            batch: None,
            rows: 0,
            known_rows,
        })
    }

    /// Empty text has no columns, and needs none.
    fn empty(format: Format) -> Self {
        Self {
            format,
            source: Source::Ended,
            import: Import::default(),
            batch: None,
            rows: 0,
            known_rows: Some(0),
        }
    }

    /// Returns the number of rows, if known in advance.
    #[must_use]
    pub fn known_rows(&self) -> Option<u64> {
        self.known_rows
    }

    /// Appends the next tokens, and tells whether there were any.
    ///
    /// # Errors
    ///
    /// [`ReadError`]; nothing is returned after one.
    pub fn read(&mut self, tokens: &mut Vec<Token>) -> Result<bool, ReadError> {
        let read = self.try_read(tokens);
        if read.is_err() {
            self.source = Source::Ended;
            self.batch = None;
        }
        read
    }

    fn try_read(&mut self, tokens: &mut Vec<Token>) -> Result<bool, ReadError> {
        let Some((batch, start)) = self.next_part()? else {
            return Ok(false);
        };
        let rows = READ_ROWS.min(batch.num_rows() - start);
        self.import
            .read(&batch.slice(start, rows), self.rows, tokens)?;
        self.rows += rows as u64;
        if start + rows < batch.num_rows() {
            self.batch = Some((batch, start + rows));
        }
        Ok(true)
    }

    /// A batch, and its first row not yet returned.
    fn next_part(&mut self) -> Result<Option<(RecordBatch, usize)>, ReadError> {
        if let Some(part) = self.batch.take() {
            return Ok(Some(part));
        }
        let source = &mut self.source;
        loop {
            match guarded(self.format, || source.next())? {
                Some(batch) if batch.num_rows() == 0 => {}
                batch => return Ok(batch.map(|batch| (batch, 0))),
            }
        }
    }
}

impl Source {
    fn next(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        match self {
            Self::Ipc(ipc) => ipc.next(),
            Self::IpcFile(file) => file.next(),
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.next(),
            Self::Csv(csv) => csv.next(),
            Self::JsonLines(lines) => lines.next(),
            Self::Ended => Ok(None),
        }
    }
}
