use std::io::Write;

use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::SchemaRef;
#[cfg(feature = "parquet")]
use parquet::arrow::ArrowWriter;

#[cfg(feature = "parquet")]
use super::lent::Lent;
#[cfg(feature = "parquet")]
use super::parquet::{parquet_batch, plain_properties, with_parquet_times};
use crate::{ArrayCell, Compression, Form, Format, WriteError};

/// Writes record batches of any columns in any format: answers other than tokens. If the
/// schema's form is [`Form::Raw`], text has the bits of each single-precision NaN.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, RecordBatch, StringArray};
/// use ng_arrow::{BatchWriter, Compression, Format};
///
/// let names: StringArray = vec![Some("a, b"), None].into();
/// let means: Float64Array = vec![0.5, f64::NAN].into();
/// let batch = RecordBatch::try_from_iter([
///     ("name", Arc::new(names) as _),
///     ("mean", Arc::new(means) as _),
/// ])?;
/// let write = |format| {
///     let mut writer = BatchWriter::new(Vec::new(), format, batch.schema(), Compression::None)?;
///     writer.write(&batch)?;
///     writer.finish()
/// };
/// assert_eq!(write(Format::Csv)?, b"name,mean\n\"a, b\",0.5\n,NaN\n");
/// let lines = b"{\"name\":\"a, b\",\"mean\":0.5}\n{\"name\":null,\"mean\":\"NaN\"}\n";
/// assert_eq!(write(Format::JsonLines)?, lines);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BatchWriter<W: Write + Send> {
    out: Out<W>,
}

enum Out<W: Write + Send> {
    #[cfg(feature = "parquet")]
    Parquet(Box<ArrowWriter<Lent<W>>>, SchemaRef),
    File(Box<FileWriter<W>>),
    Stream(Box<StreamWriter<W>>),
    Csv(W),
    JsonLines(W),
}

impl<W: Write + Send> BatchWriter<W> {
    /// Starts writing. The compression applies only to Parquet.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn new(
        mut out: W,
        format: Format,
        schema: SchemaRef,
        compression: Compression,
    ) -> Result<Self, WriteError> {
        let out = match format {
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                let schema = with_parquet_times(&schema);
                let properties = Some(plain_properties(compression));
                let writer = ArrowWriter::try_new(Lent::new(out), schema.clone(), properties)?;
                Out::Parquet(Box::new(writer), schema)
            }
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                let _ = compression;
                return Err(WriteError::Unsupported { format });
            }
            Format::Arrow => Out::File(Box::new(FileWriter::try_new(out, &schema)?)),
            Format::ArrowStream => Out::Stream(Box::new(StreamWriter::try_new(out, &schema)?)),
            Format::JsonLines => Out::JsonLines(out),
            Format::Csv => {
                let names = schema.fields().iter().map(|field| quoted(field.name()));
                let header = names.collect::<Vec<_>>().join(",") + "\n";
                out.write_all(header.as_bytes())?;
                Out::Csv(out)
            }
        };
        Ok(Self { out })
    }

    /// Appends rows with the columns of the schema.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; the output is then unusable.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        match &mut self.out {
            #[cfg(feature = "parquet")]
            Out::Parquet(writer, schema) => writer.write(&parquet_batch(batch, schema.clone())?)?,
            Out::File(writer) => writer.write(batch)?,
            Out::Stream(writer) => writer.write(batch)?,
            Out::Csv(out) => out.write_all(csv(batch)?.as_bytes())?,
            Out::JsonLines(out) => out.write_all(json_lines(batch)?.as_bytes())?,
        }
        Ok(())
    }

    /// Writes the end, and returns the output, not flushed.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn finish(self) -> Result<W, WriteError> {
        match self.out {
            #[cfg(feature = "parquet")]
            Out::Parquet(mut writer, _) => {
                writer.finish()?;
                writer.inner_mut().take()
            }
            Out::File(mut writer) => {
                writer.finish()?;
                Ok(writer.into_inner()?)
            }
            Out::Stream(mut writer) => {
                writer.finish()?;
                Ok(writer.into_inner()?)
            }
            Out::Csv(out) | Out::JsonLines(out) => Ok(out),
        }
    }
}

/// The cells of a row.
fn cells(batch: &RecordBatch, row: usize) -> Result<Vec<ArrayCell<'_>>, WriteError> {
    let form = Form::of_schema(batch.schema_ref());
    let columns = batch.columns().iter().zip(batch.schema_ref().fields());
    let mut cells = Vec::with_capacity(batch.num_columns());
    for (column, field) in columns {
        let cell = ArrayCell::of(column, row, form).ok_or_else(|| WriteError::Type {
            column: field.name().clone(),
            data_type: Box::new(field.data_type().clone()),
        })?;
        cells.push(cell);
    }
    Ok(cells)
}

fn csv(batch: &RecordBatch) -> Result<String, WriteError> {
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        let cells = cells(batch, row)?.into_iter();
        let cells: Vec<_> = cells.map(|cell| quoted(&cell.to_string())).collect();
        text += &cells.join(",");
        text.push('\n');
    }
    Ok(text)
}

/// A cell of CSV (RFC 4180).
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

fn json_lines(batch: &RecordBatch) -> Result<String, WriteError> {
    let schema = batch.schema();
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        let cells = cells(batch, row)?.into_iter();
        let members = schema.fields().iter().zip(cells).map(|(field, cell)| {
            let value = match cell {
                ArrayCell::Missing => "null".to_owned(),
                ArrayCell::Number(text) => text,
                ArrayCell::Bool(value) => value.to_string(),
                ArrayCell::NotFinite(text) => json_text(&text),
                ArrayCell::Text(text) => json_text(&text),
            };
            format!("{}:{value}", json_text(field.name()))
        });
        text += &format!("{{{}}}\n", members.collect::<Vec<_>>().join(","));
    }
    Ok(text)
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
