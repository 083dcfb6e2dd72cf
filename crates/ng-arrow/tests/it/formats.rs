use ng_arrow::{Column, Form, Format, Layout, Positions};
use ng_token::Token;

use crate::harness::{any_bytes, read, stored_columns, varied, written};

/// All 64 bytes survive a round trip.
#[track_caller]
fn comes_back(tokens: &[Token], format: Format, columns: &[Column], form: Form) {
    let layout = Layout::new(columns, form);
    let told = format.is_text().then_some(form);
    let back = read(&written(tokens, format, &layout), format, told).unwrap();
    assert!(
        back == tokens,
        "{format} {form}: {} of {}",
        back.len(),
        tokens.len()
    );
}

#[test]
fn any_bytes_come_back_from_every_format_in_raw_form() {
    for format in Format::ALL {
        for count in [0, 1, 5_000, 40_000] {
            let tokens = any_bytes(count, 11);
            comes_back(&tokens, format, &stored_columns(), Form::Raw);
        }
        comes_back(&any_bytes(3_000, 12), format, &Column::ALL, Form::Raw);
    }
}

#[test]
fn varied_tokens_come_back_from_every_format_in_units() {
    for format in Format::ALL {
        comes_back(&varied(20_000), format, &Column::DEFAULT, Form::Units);
        comes_back(&varied(100), format, &Column::ALL, Form::Units);
    }
}

/// In units, text loses only a NaN's payload.
#[test]
fn typed_formats_keep_every_bit_of_a_weight_in_units() {
    for format in [Format::Parquet, Format::Arrow, Format::ArrowStream] {
        comes_back(&any_bytes(1_000, 13), format, &Column::DEFAULT, Form::Units);
    }
}

#[test]
fn text_in_units_says_itself_what_it_is() {
    let layout = Layout::default();
    for format in [Format::Csv, Format::JsonLines] {
        let tokens = varied(1_000);
        let bytes = written(&tokens, format, &layout);
        assert_eq!(read(&bytes, format, None).unwrap(), tokens);
    }
}

#[test]
fn a_row_group_is_a_segment_of_256_blocks() {
    use std::fs::File;
    use std::io::Write;

    use ng_arrow::ROW_GROUP_ROWS;
    use parquet::file::metadata::RowGroupMetaData;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    let tokens = varied(ROW_GROUP_ROWS as u32 + 10);
    let layout = Layout::new(
        [Column::Id, Column::EntityType, Column::Weight],
        Form::Units,
    );
    let bytes = written(&tokens, Format::Parquet, &layout);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let reader = SerializedFileReader::new(File::open(file.path()).unwrap()).unwrap();
    let groups = reader.metadata().row_groups();
    let rows: Vec<_> = groups.iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(rows, [1 << 20, 10]);
    for column in groups.iter().flat_map(RowGroupMetaData::columns) {
        assert!(
            column
                .statistics()
                .is_some_and(|statistics| statistics.min_bytes_opt().is_some())
        );
    }
}

#[test]
fn columns_that_are_encoded_apart_make_the_same_file() {
    use ng_arrow::{Compression, ParquetWriter};

    let tokens = varied(10_000);
    let layout = Layout::new(Column::ALL, Form::Raw);
    let mut writer = ParquetWriter::new(Vec::new(), layout.clone(), Compression::Snappy).unwrap();
    let encoders = writer.encoders().unwrap();
    let columns = encoders.into_iter().map(|mut encoder| {
        for (part, first) in tokens.chunks(4096).zip([0, 4096, 8192]) {
            encoder.write(part, Positions::From(first)).unwrap();
        }
        encoder.finish().unwrap()
    });
    let columns = columns.collect();
    writer.push_group(columns).unwrap();
    let apart = writer.finish().unwrap();
    assert!(apart == written(&tokens, Format::Parquet, &layout));
}

/// Even if a row group ends in the middle of a write.
#[test]
fn columns_that_threads_encode_make_the_same_file() {
    use std::thread;

    use ng_arrow::{Compression, ParquetWriter, ROW_GROUP_ROWS, WriteError};

    let tokens = varied(ROW_GROUP_ROWS as u32 + 10);
    let columns = [Column::Position, Column::EntityType, Column::Weight];
    let layout = Layout::new(columns, Form::Units);
    let mut writer = ParquetWriter::new(Vec::new(), layout.clone(), Compression::Snappy).unwrap();
    let (mut first, mut groups) = (0, Vec::new());
    for part in tokens.chunks(300_000) {
        let positions = Positions::From(first);
        let written = writer.write_by(part, positions, |encoders, tokens, positions| {
            groups.push(tokens.len());
            thread::scope(|scope| {
                let mut threads = Vec::new();
                for encoder in encoders {
                    threads.push(scope.spawn(move || encoder.write(tokens, positions)));
                }
                let mut ends = threads.into_iter().map(|thread| thread.join().unwrap());
                ends.try_for_each(|end: Result<(), WriteError>| end)
            })
        });
        written.unwrap();
        first += part.len() as u64;
    }
    assert_eq!(groups, [300_000, 300_000, 300_000, 148_576, 10]);
    let mut alone = ParquetWriter::new(Vec::new(), layout, Compression::Snappy).unwrap();
    for (part, first) in tokens.chunks(300_000).zip((0..).step_by(300_000)) {
        alone.write(part, Positions::From(first)).unwrap();
    }
    assert!(writer.finish().unwrap() == alone.finish().unwrap());
}
