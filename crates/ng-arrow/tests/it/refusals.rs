use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, StructArray, types};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field};
use ng_arrow::{
    Column, Compression, Form, Format, Layout, Positions, ReadError, TableReader, TableWriter,
    WriteError,
};

use crate::harness::{all, read, read_file, refusal, varied, written};

fn arrow_file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn ids() -> ArrayRef {
    Arc::new(Int64Array::from(vec![1, 2]))
}

#[test]
fn types_that_are_no_numbers_are_refused() {
    let told = |array: ArrayRef| {
        refusal(
            &arrow_file(vec![("id", ids()), ("flags", array)]),
            Format::Arrow,
            None,
        )
    };
    let whole = "expected an integer type, or a floating-point type with whole numbers";
    let texts = Arc::new(StringArray::from(vec!["1", "2"]));
    assert_eq!(told(texts), format!("column flags is Utf8, {whole}"));
    let lists = ListArray::from_iter_primitive::<types::Int32Type, _, _>([Some([Some(1)]), None]);
    assert!(told(Arc::new(lists)).starts_with("column flags is List("));
    let field = Arc::new(Field::new("id", DataType::Int64, true));
    let nested: ArrayRef = Arc::new(StructArray::from(vec![(field, ids())]));
    assert!(told(nested).starts_with("column flags is Struct("));
}

#[test]
fn columns_that_are_none_or_missing_are_refused() {
    let file = arrow_file(vec![("id", ids()), ("colour", ids())]);
    let told = refusal(&file, Format::Arrow, None);
    assert_eq!(
        told,
        "no column `colour`, expected one such as `id`, `weight` or `physical_x`"
    );
    let told = refusal(&arrow_file(vec![("domain", ids())]), Format::Arrow, None);
    assert_eq!(told, "no column id, expected id or local_id");
}

/// A pipe ends the same way whether its writer finished or failed; the stream's end mark
/// shows which.
#[test]
fn a_cut_is_told_wherever_it_is() {
    let tokens = varied(20_000);
    let layout = Layout::new([Column::Id, Column::Weight], Form::Units);
    for format in [Format::Arrow, Format::ArrowStream] {
        let bytes = written(&tokens, format, &layout);
        let ends = (0..bytes.len()).step_by(bytes.len() / 100);
        for end in ends.chain([bytes.len() - 1, bytes.len() - 4, bytes.len() - 8]) {
            assert!(
                read(&bytes[..end], format, None).is_err(),
                "{format}: {end}"
            );
        }
    }
}

#[test]
fn a_footer_of_other_batches_is_told() {
    let (one, two) = (varied(10), varied(20_000));
    let bytes = |tokens| written(tokens, Format::Arrow, &Layout::default());
    let (one, two) = (bytes(&one), bytes(&two));
    let footer_of = |bytes: &[u8]| {
        let tail = bytes.len() - 10;
        let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().unwrap());
        tail - length as usize
    };
    let mixed = [&one[..footer_of(&one)], &two[footer_of(&two)..]].concat();
    let stream = TableReader::of_stream(Cursor::new(mixed.clone()), Format::Arrow, None);
    let error = stream.and_then(all).unwrap_err();
    let told = "1 record batches, expected 2 by the footer";
    assert_eq!(error.to_string(), told);
    assert!(read_file(&mixed, Format::Arrow, None).is_err());
}

#[test]
fn parquet_is_not_read_from_a_pipe() {
    let error = TableReader::of_stream(io::empty(), Format::Parquet, None)
        .err()
        .unwrap();
    assert!(matches!(
        error,
        ReadError::Unsupported {
            format: Format::Parquet,
            ..
        }
    ));
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

impl Write for Broken {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_the_system_says_comes_through_every_format() {
    for format in Format::ALL {
        if format != Format::Parquet {
            let read = TableReader::of_stream(Broken, format, None).err();
            let kind = match read {
                Some(ReadError::Io(error)) => error.kind(),
                other => panic!("{format}: {other:?}"),
            };
            assert_eq!(kind, io::ErrorKind::PermissionDenied, "{format}");
        }
        let written = TableWriter::new(Broken, format, Layout::default(), Compression::None);
        let written = written.and_then(|mut writer| {
            writer.write(&varied(100), Positions::From(0))?;
            writer.finish()
        });
        match written.err() {
            Some(WriteError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::StorageFull),
            other => panic!("{format}: {other:?}"),
        }
    }
}
