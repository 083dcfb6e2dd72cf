//! Where the columns of a file begin, and the bytes around them by the Arrow IPC format
//! (<https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format>).

use std::borrow::Cow;

use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::{
    Block, Buffer, FieldNode, FooterBuilder, MessageBuilder, MessageHeader, MetadataVersion,
    RecordBatchBuilder,
};
use arrow_schema::{DataType, Field, Schema};
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};

/// Every buffer begins at a multiple of this, in the file and so in a map of it.
pub(super) const ALIGNMENT: u64 = 64;

/// The beginning of the file, padded to 8 bytes, and its end.
const MAGIC: &[u8; 8] = b"ARROW1\0\0";

/// The bytes before the length of each message.
const CONTINUATION: [u8; 4] = [0xFF; 4];

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::index) enum Values {
    U8,
    U16,
    U32,
    U64,
    I16,
    F32,
}

impl Values {
    /// Returns the bytes of a value.
    pub(in crate::index) fn width(self) -> u64 {
        match self {
            Self::U8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::F32 => 4,
            Self::U64 => 8,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::U8 => DataType::UInt8,
            Self::U16 => DataType::UInt16,
            Self::U32 => DataType::UInt32,
            Self::U64 => DataType::UInt64,
            Self::I16 => DataType::Int16,
            Self::F32 => DataType::Float32,
        }
    }
}

/// A column of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::index) struct ColumnSpec {
    pub(in crate::index) name: Cow<'static, str>,
    pub(in crate::index) values: Values,
}

impl ColumnSpec {
    pub(in crate::index) fn new(name: impl Into<Cow<'static, str>>, values: Values) -> Self {
        let name = name.into();
        Self { name, values }
    }
}

/// Where the columns begin in a file with room for a number of rows.
#[derive(Debug)]
pub(super) struct Layout {
    columns: Vec<ColumnSpec>,
    /// Where each column begins.
    offsets: Vec<u64>,
    /// Where the room of the last one ends.
    end: u64,
    body: u64,
}

/// The null rows: one bit a row, 0 for null.
pub(super) struct Validity<'a> {
    pub(super) bits: &'a [u8],
    pub(super) null_count: u64,
}

impl Layout {
    pub(super) fn new(columns: Vec<ColumnSpec>, room: u64) -> Self {
        let mut layout = Self {
            offsets: vec![0; columns.len()],
            columns,
            end: 0,
            body: 0,
        };
        // The metadata has a fixed size, whatever it says.
        layout.body = layout.head(0, None, 0).len() as u64;
        let mut offset = layout.body;
        for (place, column) in layout.offsets.iter_mut().zip(&layout.columns) {
            *place = offset;
            offset += (room * column.values.width()).next_multiple_of(ALIGNMENT);
        }
        layout.end = offset;
        layout
    }

    pub(super) fn columns(&self) -> &[ColumnSpec] {
        &self.columns
    }

    pub(super) fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// Where the bitmap of a column begins; all of them are the same.
    pub(super) fn validity_offset(&self, column: usize, bits: &[u8]) -> u64 {
        self.end + column as u64 * (bits.len() as u64).next_multiple_of(ALIGNMENT)
    }

    fn body_end(&self, validity: Option<&Validity<'_>>) -> u64 {
        validity.map_or(self.end, |validity| {
            self.validity_offset(self.columns.len(), validity.bits)
        })
    }

    /// Everything before the columns, as long as the columns' first offset.
    fn head(&self, rows: u64, validity: Option<&Validity<'_>>, body_length: u64) -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        push_message(&mut head, &self.schema_message());
        push_message(&mut head, &self.batch_message(rows, validity, body_length));
        head
    }

    /// The bytes before the body, and those behind it.
    pub(super) fn around(&self, rows: u64, validity: Option<&Validity<'_>>) -> (Vec<u8>, Vec<u8>) {
        let end = self.body_end(validity);
        let head = self.head(rows, validity, end - self.body);
        assert_eq!(head.len() as u64, self.body, "metadata of another size");
        (head, self.tail(end - self.body))
    }

    /// Where the bytes behind the body begin.
    pub(super) fn tail_offset(&self, validity: Option<&Validity<'_>>) -> u64 {
        self.body_end(validity)
    }

    fn schema(&self) -> Schema {
        let field =
            |column: &ColumnSpec| Field::new(&*column.name, column.values.data_type(), true);
        Schema::new(self.columns.iter().map(field).collect::<Vec<_>>())
    }

    fn schema_message(&self) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut fbb, &self.schema());
        message(fbb, MessageHeader::Schema, schema.as_union_value(), 0)
    }

    fn batch_message(
        &self,
        rows: u64,
        validity: Option<&Validity<'_>>,
        body_length: u64,
    ) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        // A 0 that is left out would make it shorter.
        fbb.force_defaults(true);
        let null_count = validity.map_or(0, |validity| validity.null_count);
        let nodes = vec![FieldNode::new(rows as i64, null_count as i64); self.columns.len()];
        let nodes = fbb.create_vector(&nodes);
        let buffers = self.buffers(rows, validity);
        let buffers = fbb.create_vector(&buffers);
        let mut batch = RecordBatchBuilder::new(&mut fbb);
        batch.add_length(rows as i64);
        batch.add_nodes(nodes);
        batch.add_buffers(buffers);
        let batch = batch.finish();
        message(
            fbb,
            MessageHeader::RecordBatch,
            batch.as_union_value(),
            body_length,
        )
    }

    /// For each column its bitmap, which may be absent, and its values.
    fn buffers(&self, rows: u64, validity: Option<&Validity<'_>>) -> Vec<Buffer> {
        let mut buffers = Vec::new();
        let places = self.columns.iter().zip(&self.offsets).enumerate();
        for (index, (column, offset)) in places {
            let bitmap = validity.map_or((0, 0), |validity| {
                let offset = self.validity_offset(index, validity.bits) - self.body;
                (offset as i64, validity.bits.len() as i64)
            });
            buffers.push(Buffer::new(bitmap.0, bitmap.1));
            let offset = offset.saturating_sub(self.body) as i64;
            buffers.push(Buffer::new(offset, (rows * column.values.width()) as i64));
        }
        buffers
    }

    /// The end of the stream, and the footer with the place of the batch.
    fn tail(&self, body_length: u64) -> Vec<u8> {
        let mut schema = MAGIC.to_vec();
        push_message(&mut schema, &self.schema_message());
        let batch = schema.len() as u64;
        let footer = self.footer(batch, self.body - batch, body_length);
        let mut tail = [&CONTINUATION[..], &[0; 4]].concat();
        tail.extend_from_slice(&footer);
        tail.extend_from_slice(&(footer.len() as i32).to_le_bytes());
        tail.extend_from_slice(&MAGIC[..6]);
        tail
    }

    fn footer(&self, offset: u64, metadata_length: u64, body_length: u64) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        let block = Block::new(offset as i64, metadata_length as i32, body_length as i64);
        let batches = fbb.create_vector(&[block]);
        let dictionaries = fbb.create_vector::<Block>(&[]);
        let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut fbb, &self.schema());
        let mut footer = FooterBuilder::new(&mut fbb);
        footer.add_version(MetadataVersion::V5);
        footer.add_schema(schema);
        footer.add_dictionaries(dictionaries);
        footer.add_recordBatches(batches);
        let footer = footer.finish();
        fbb.finish(footer, None);
        fbb.finished_data().to_vec()
    }
}

fn message(
    mut fbb: FlatBufferBuilder<'_>,
    kind: MessageHeader,
    header: WIPOffset<UnionWIPOffset>,
    body_length: u64,
) -> Vec<u8> {
    let mut message = MessageBuilder::new(&mut fbb);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(kind);
    message.add_header(header);
    message.add_bodyLength(body_length as i64);
    let message = message.finish();
    fbb.finish(message, None);
    fbb.finished_data().to_vec()
}

/// Appends a message so that what follows begins at a multiple of the alignment.
fn push_message(bytes: &mut Vec<u8>, message: &[u8]) {
    let start = bytes.len();
    let end = (start + 8 + message.len()).next_multiple_of(ALIGNMENT as usize);
    bytes.extend_from_slice(&CONTINUATION);
    bytes.extend_from_slice(&((end - start - 8) as i32).to_le_bytes());
    bytes.extend_from_slice(message);
    bytes.resize(end, 0);
}
