use std::io::Write;
use std::mem;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, TimestampSecondType};
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use ng_token::Token;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression as Codec, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::lent::Lent;
use crate::{Column, Compression, Form, Layout, Positions, WriteError, schema};

/// The rows of every row group but the last: a segment of 256 blocks.
pub const ROW_GROUP_ROWS: usize = 1 << 20;

/// Writes a Parquet file.
///
/// Row groups have [`ROW_GROUP_ROWS`] rows, with the minimum and maximum of each column in
/// each of its pages. [`write`](Self::write) does everything on the calling thread;
/// [`write_by`](Self::write_by) lets the caller choose a thread for each column. If the
/// tokens outlive the call, take the [`encoders`](Self::encoders) of a row group, give each
/// all of its tokens, on any thread, and hand the results to
/// [`push_group`](Self::push_group).
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<Lent<W>>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    layout: Layout,
    /// The encoders of the row group that [`write`](Self::write) is filling, and its rows
    /// so far.
    group: Vec<ColumnEncoder>,
    rows: usize,
    groups: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Starts writing.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn new(out: W, layout: Layout, compression: Compression) -> Result<Self, WriteError> {
        let schema = parquet_schema(&layout);
        let mut properties = properties(&layout, compression);
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let root = ArrowSchemaConverter::new()
            .convert(&schema)?
            .root_schema_ptr();
        let file = SerializedFileWriter::new(Lent::new(out), root, Arc::new(properties))?;
        let factory = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
        Ok(Self {
            file,
            factory,
            schema,
            layout,
            group: Vec::new(),
            rows: 0,
            groups: 0,
        })
    }

    /// Returns an encoder for each column of the next row group.
    ///
    /// # Errors
    ///
    /// [`WriteError::Parquet`].
    pub fn encoders(&self) -> Result<Vec<ColumnEncoder>, WriteError> {
        let writers = self.factory.create_column_writers(self.groups)?;
        let columns = self.layout.columns.iter().zip(self.schema.fields());
        let encoders = writers.into_iter().zip(columns);
        let encoders = encoders.map(|(writer, (column, field))| ColumnEncoder {
            column: *column,
            form: self.layout.form,
            field: Arc::clone(field),
            writer,
        });
        Ok(encoders.collect())
    }

    /// Writes a row group from all its columns, in order.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; the file is then of no use.
    pub fn push_group(&mut self, columns: Vec<EncodedColumn>) -> Result<(), WriteError> {
        let mut group = self.file.next_row_group()?;
        for EncodedColumn(column) in columns {
            column.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.groups += 1;
        Ok(())
    }

    /// Writes tokens behind those that were written.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; the file is then of no use.
    ///
    /// # Panics
    ///
    /// If the numbers of positions and tokens differ.
    pub fn write(&mut self, tokens: &[Token], positions: Positions<'_>) -> Result<(), WriteError> {
        self.write_by(tokens, positions, |encoders, tokens, positions| {
            let mut encoders = encoders.iter_mut();
            encoders.try_for_each(|encoder| encoder.write(tokens, positions))
        })
    }

    /// Appends tokens; `encode` must have each encoder write all of its tokens, on any
    /// thread.
    ///
    /// # Errors
    ///
    /// Those of `encode`, and [`WriteError`]; the file is then unusable.
    ///
    /// # Panics
    ///
    /// If the numbers of positions and tokens differ.
    pub fn write_by<E: From<WriteError>>(
        &mut self,
        tokens: &[Token],
        positions: Positions<'_>,
        mut encode: impl FnMut(&mut [ColumnEncoder], &[Token], Positions<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = 0;
        while start < tokens.len() {
            if self.group.is_empty() {
                self.group = self.encoders()?;
            }
            let end = tokens.len().min(start + ROW_GROUP_ROWS - self.rows);
            let positions = positions.part(start, end - start);
            encode(&mut self.group, &tokens[start..end], positions)?;
            self.rows += end - start;
            start = end;
            if self.rows == ROW_GROUP_ROWS {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), WriteError> {
        let encoders = mem::take(&mut self.group).into_iter();
        let columns: Result<Vec<_>, _> = encoders.map(ColumnEncoder::finish).collect();
        self.rows = 0;
        self.push_group(columns?)
    }

    /// Writes the last row group and the end, and returns the output.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        if self.rows > 0 {
            self.end_group()?;
        }
        self.file.finish()?;
        self.file.inner_mut().take()
    }
}

/// Encodes a column of a row group.
pub struct ColumnEncoder {
    column: Column,
    form: Form,
    field: FieldRef,
    writer: ArrowColumnWriter,
}

impl ColumnEncoder {
    /// Encodes the column of further tokens.
    ///
    /// # Errors
    ///
    /// [`WriteError::Parquet`].
    ///
    /// # Panics
    ///
    /// If the numbers of positions and tokens differ.
    pub fn write(&mut self, tokens: &[Token], positions: Positions<'_>) -> Result<(), WriteError> {
        let array = self.column.array_of(tokens, positions, self.form);
        let array = match array.data_type() {
            DataType::Timestamp(TimeUnit::Second, _) => milliseconds(&array),
            _ => array,
        };
        for leaf in compute_leaves(&self.field, &array)? {
            self.writer.write(&leaf)?;
        }
        Ok(())
    }

    /// Finishes the column in its row group.
    ///
    /// # Errors
    ///
    /// [`WriteError::Parquet`].
    pub fn finish(self) -> Result<EncodedColumn, WriteError> {
        Ok(EncodedColumn(self.writer.close()?))
    }
}

/// A column of a row group, encoded as in the file.
pub struct EncodedColumn(ArrowColumnChunk);

/// Parquet has no seconds.
fn milliseconds(array: &ArrayRef) -> ArrayRef {
    let seconds = array.as_primitive::<TimestampSecondType>();
    let values: PrimitiveArray<TimestampMillisecondType> = seconds.unary(|seconds| seconds * 1_000);
    Arc::new(values.with_data_type(parquet_time()))
}

fn parquet_time() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

/// Converts a batch's times for Parquet, by the schema of [`with_parquet_times`].
pub(super) fn parquet_batch(
    batch: &RecordBatch,
    schema: SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(|array| match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => milliseconds(array),
        _ => Arc::clone(array),
    });
    RecordBatch::try_new(schema, columns.collect())
}

fn parquet_schema(layout: &Layout) -> SchemaRef {
    with_parquet_times(&schema(&layout.columns, layout.form))
}

pub(super) fn with_parquet_times(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Timestamp(..) => Arc::new(Field::clone(field).with_data_type(parquet_time())),
        _ => Arc::clone(field),
    });
    let fields: Vec<FieldRef> = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The settings that all columns share.
fn base(compression: Compression) -> WriterPropertiesBuilder {
    let codec = match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Snappy => Codec::SNAPPY,
    };
    WriterProperties::builder()
        .set_created_by(concat!("ng-arrow ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(codec)
}

/// The encoding of columns other than a token's.
pub(super) fn plain_properties(compression: Compression) -> WriterProperties {
    base(compression).build()
}

/// The encoding of columns: for speed, and for space where that costs no speed.
///
/// For 4M random tokens in raw form, delta-packed coordinates took 302 MB and 1.0 s of CPU,
/// plain ones 476 MB and 1.0 to 1.4 s; dictionaries, which others build, are as small and
/// take several times as long.
fn properties(layout: &Layout, compression: Compression) -> WriterProperties {
    let builder = base(compression)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN);
    let columns = layout.columns.iter();
    let builder = columns.fold(builder, |builder, column| {
        let path = ColumnPath::from(column.name());
        match column.data_type(layout.form) {
            _ if has_few_values(*column) => builder.set_column_dictionary_enabled(path, true),
            DataType::Float32 => builder,
            _ => builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        }
    });
    builder.build()
}

/// Whether a column has few enough distinct values, at most 256, for a dictionary to be
/// shorter.
fn has_few_values(column: Column) -> bool {
    use Column::{Domain, EntityType, FlagsEntityType, Radius, Strength};
    matches!(
        column,
        Domain | EntityType | FlagsEntityType | Radius | Strength
    )
}
