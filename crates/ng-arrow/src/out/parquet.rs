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

/// How many rows a row group has, but the last: a segment of 256 blocks.
pub const ROW_GROUP_ROWS: usize = 1 << 20;

/// Writes a Parquet file.
///
/// Row groups have [`ROW_GROUP_ROWS`] rows, with the least and the greatest value of each
/// column in each of its pages. [`write`](Self::write) does all on the calling thread, and
/// [`write_by`](Self::write_by) leaves it to the caller on which each column is encoded.
/// Whoever has tokens that outlive a call takes the [`encoders`](Self::encoders) of a row
/// group, gives each all of its tokens, on whatever thread, and hands over what they made with
/// [`push_group`](Self::push_group).
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<Lent<W>>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    layout: Layout,
    /// Those of the row group that [`write`](Self::write) is at, and its rows so far.
    group: Vec<ColumnEncoder>,
    rows: usize,
    groups: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins to write.
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

    /// Writes a row group, all columns of which are given in their order.
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
    /// When there are not as many positions as tokens.
    pub fn write(&mut self, tokens: &[Token], positions: Positions<'_>) -> Result<(), WriteError> {
        self.write_by(tokens, positions, |encoders, tokens, positions| {
            let mut encoders = encoders.iter_mut();
            encoders.try_for_each(|encoder| encoder.write(tokens, positions))
        })
    }

    /// Writes tokens behind those that were written; `encode` has each encoder write all of
    /// the tokens that it is given, on whatever thread.
    ///
    /// # Errors
    ///
    /// What `encode` returns, and [`WriteError`]; the file is then of no use.
    ///
    /// # Panics
    ///
    /// When there are not as many positions as tokens.
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

    /// Writes the last row group and the end, and returns what was written to.
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
    /// Encodes the column of tokens behind those before.
    ///
    /// # Errors
    ///
    /// [`WriteError::Parquet`].
    ///
    /// # Panics
    ///
    /// When there are not as many positions as tokens.
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

    /// Ends the column in its row group.
    ///
    /// # Errors
    ///
    /// [`WriteError::Parquet`].
    pub fn finish(self) -> Result<EncodedColumn, WriteError> {
        Ok(EncodedColumn(self.writer.close()?))
    }
}

/// A column of a row group as it is in the file.
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

/// A batch whose times Parquet has, of the schema that [`with_parquet_times`] made.
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

/// What is written of all columns alike.
fn base(compression: Compression) -> WriterPropertiesBuilder {
    let codec = match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Snappy => Codec::SNAPPY,
    };
    WriterProperties::builder()
        .set_created_by(concat!("ng-arrow ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(codec)
}

/// How columns are encoded that are no token's.
pub(super) fn plain_properties(compression: Compression) -> WriterProperties {
    base(compression).build()
}

/// How the columns are encoded: for speed, and for room where it costs none.
///
/// Of 4M random tokens in raw form, coordinates as packed deltas took 302 MB and 1.0 s of
/// processor, plain ones 476 MB and 1.0 to 1.4 s; dictionaries, which are what others
/// build, take as little room and several times as long.
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

/// Whether a column has so few different values that a list of them is shorter: at most 256.
fn has_few_values(column: Column) -> bool {
    use Column::{Domain, EntityType, FlagsEntityType, Radius, Strength};
    matches!(
        column,
        Domain | EntityType | FlagsEntityType | Radius | Strength
    )
}
