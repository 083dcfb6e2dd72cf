use std::fs::File;
use std::io::{Cursor, Write};
use std::path::Path;

use ng_arrow::{
    Column, Compression, Form, Format, Layout, Positions, ReadError, TableReader, TableWriter,
};
use ng_token::{Space, Token};

/// Tokens with something in each field, no two alike, all valid.
pub(crate) fn varied(count: u32) -> Vec<Token> {
    (0..count)
        .map(|index| token(index.wrapping_mul(0x9E37_79B9)))
        .collect()
}

fn token(mix: u32) -> Token {
    let steps = |space: Space| {
        let mix = mix.rotate_left(4 * space as u32);
        [mix as i16, (mix >> 8) as i16, (mix >> 16) as i16]
    };
    Token::new(mix)
        .with_coordinates(Space::ALL.map(steps))
        .with_weight((mix >> 8) as f32 / 1_024.0)
        .with_radius_raw(mix as u8)
        .with_strength_raw((mix >> 8) as u8)
        .with_timestamp(mix)
}

/// Tokens of arbitrary bytes, including NaN weights.
pub(crate) fn any_bytes(count: usize, seed: u64) -> Vec<Token> {
    let mut state = seed | 1;
    let byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let mut tokens = vec![Token::ZERO; count];
    ng_token::as_bytes_mut(&mut tokens).fill_with(byte);
    let nans = [
        0x7FC0_0000,
        0x7FC0_0001,
        0xFFC0_0000,
        0x7F80_0001,
        0xFFFF_FFFF,
    ];
    for (token, bits) in tokens.iter_mut().step_by(7).zip(nans.into_iter().cycle()) {
        *token = token.with_weight(f32::from_bits(bits));
    }
    tokens
}

pub(crate) fn written(tokens: &[Token], format: Format, layout: &Layout) -> Vec<u8> {
    let compression = Compression::Snappy;
    let mut writer = TableWriter::new(Vec::new(), format, layout.clone(), compression).unwrap();
    let mut first = 0;
    for part in tokens.chunks(4096) {
        writer.write(part, Positions::From(first)).unwrap();
        first += part.len() as u64;
    }
    writer.finish().unwrap()
}

/// Reads bytes as a file and, if possible, as a stream; both must agree.
pub(crate) fn read(
    bytes: &[u8],
    format: Format,
    form: Option<Form>,
) -> Result<Vec<Token>, ReadError> {
    let of_file = read_file(bytes, format, form);
    if format != Format::Parquet {
        let stream = TableReader::of_stream(Cursor::new(bytes.to_vec()), format, form);
        let of_stream = stream.and_then(all);
        let told = |read: &Result<Vec<Token>, ReadError>| {
            let error = read.as_ref().err().map(ToString::to_string);
            // A file's footer is read first, a pipe's last.
            error.map(|told| {
                if format == Format::Arrow {
                    String::new()
                } else {
                    told
                }
            })
        };
        assert_eq!(told(&of_file), told(&of_stream));
        assert_eq!(of_file.as_ref().ok(), of_stream.as_ref().ok());
    }
    of_file
}

pub(crate) fn read_file(
    bytes: &[u8],
    format: Format,
    form: Option<Form>,
) -> Result<Vec<Token>, ReadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    TableReader::of_file(file, format, form).and_then(all)
}

pub(crate) fn read_path(
    path: &Path,
    format: Format,
    form: Option<Form>,
) -> Result<Vec<Token>, ReadError> {
    TableReader::of_file(File::open(path).unwrap(), format, form).and_then(all)
}

pub(crate) fn all(mut reader: TableReader) -> Result<Vec<Token>, ReadError> {
    let mut tokens = Vec::new();
    while reader.read(&mut tokens)? {}
    if let Some(rows) = reader.known_rows() {
        assert_eq!(rows, tokens.len() as u64);
    }
    Ok(tokens)
}

/// The error for refused bytes.
#[track_caller]
pub(crate) fn refusal(bytes: &[u8], format: Format, form: Option<Form>) -> String {
    match read(bytes, format, form) {
        Ok(tokens) => panic!("{} tokens were taken", tokens.len()),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn stored_columns() -> Vec<Column> {
    use Column::{Domain, EntityType, LocalId};
    let mut columns = Column::DEFAULT.to_vec();
    columns.retain(|column| ![Domain, EntityType, LocalId].contains(column));
    columns
}
