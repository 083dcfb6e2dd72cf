use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A Parquet file, as shown to the library that decodes it.
///
/// The library reserves memory by the lengths it reads. Here chunk lengths are first
/// checked against the file's length, and page lengths against each other.
pub(super) struct Chunks {
    file: File,
    len: u64,
}

/// The maximum expansion by Snappy: a 3-byte copy yields 64 bytes.
const MOST_BYTES_OF_ONE: u64 = 22;

/// The extra bytes that a page may have.
const PAGE_SLACK: u64 = 1 << 16;

/// The end of a file: the length of its metadata, and a magic number.
const END_BYTES: u64 = 8;

impl Chunks {
    pub(super) fn new(file: File) -> std::io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }

    fn at(&self, start: u64) -> Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<File>;

    /// Reads the start of a page header, or the end of the file: nothing else is read
    /// without its length.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut file = BufReader::new(self.at(start)?);
        if start.checked_add(END_BYTES) == Some(self.len) {
            return Ok(file);
        }
        match PageHeader::parse(file.fill_buf()?) {
            Some(header) if header.is_sound() => Ok(file),
            _ => Err(told("a page with impossible lengths".to_owned())),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.len) {
            let len = self.len;
            let said = format!("{length} bytes from {start} on, in a file of {len}");
            return Err(told(said));
        }
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(length)
            .map_err(|_| told(format!("no memory for {length} bytes")))?;
        self.at(start)?
            .take(length as u64)
            .read_to_end(&mut bytes)?;
        match bytes.len() == length {
            true => Ok(bytes.into()),
            false => Err(told("the file is truncated".to_owned())),
        }
    }
}

fn told(said: String) -> ParquetError {
    ParquetError::General(said)
}

/// The start of a page header: fields of Thrift's compact protocol, in the order that every
/// writer uses.
struct PageHeader {
    size_bytes: i64,
    compressed_bytes: i64,
    /// In a dictionary.
    values: Option<i64>,
}

impl PageHeader {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut thrift = Thrift(bytes);
        let _type = thrift.field(1, I32)?;
        let size_bytes = thrift.field(1, I32)?;
        let compressed_bytes = thrift.field(1, I32)?;
        // A checksum may come between them.
        let _checksum = thrift.field(1, I32);
        let is_dictionary = thrift.is_next(3, STRUCT) || thrift.is_next(4, STRUCT);
        let values = match is_dictionary {
            true => Some(thrift.skip().field(1, I32)?),
            false => None,
        };
        Some(Self {
            size_bytes,
            compressed_bytes,
            values,
        })
    }

    /// A dictionary value has at least one byte, and compressed data cannot be smaller than
    /// a fixed share of its result.
    fn is_sound(&self) -> bool {
        let size = u64::try_from(self.size_bytes).ok();
        let compressed = u64::try_from(self.compressed_bytes).ok();
        let Some((size, compressed)) = size.zip(compressed) else {
            return false;
        };
        let most = compressed.saturating_mul(MOST_BYTES_OF_ONE) + PAGE_SLACK;
        let fits = |values| u64::try_from(values).is_ok_and(|values| values <= size);
        size <= most && self.values.is_none_or(fits)
    }
}

const I32: u8 = 5;
const STRUCT: u8 = 12;

/// The remaining bytes.
struct Thrift<'b>(&'b [u8]);

impl Thrift<'_> {
    /// Whether a field with this id step and type follows.
    fn is_next(&self, behind: u8, kind: u8) -> bool {
        self.0.first() == Some(&(behind << 4 | kind))
    }

    fn skip(&mut self) -> &mut Self {
        self.0 = self.0.get(1..).unwrap_or_default();
        self
    }

    /// Reads a numeric field, if it follows.
    fn field(&mut self, behind: u8, kind: u8) -> Option<i64> {
        match self.is_next(behind, kind) {
            true => self.skip().zigzag(),
            false => None,
        }
    }

    fn zigzag(&mut self) -> Option<i64> {
        let mut number = 0_u64;
        for shift in (0..35).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                let half = i64::try_from(number >> 1).ok()?;
                return Some(if number & 1 == 0 { half } else { -half - 1 });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type, then the length, the compressed length, and the rest.
    fn header(size: &[u8], compressed: &[u8], rest: &[u8]) -> Vec<u8> {
        [&[0x15, 0x04, 0x15], size, &[0x15], compressed, rest].concat()
    }

    const ALL_OF_32_BITS: &[u8] = &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F];

    #[test]
    fn headers_whose_lengths_cannot_be_are_refused() {
        let is_sound = |bytes: Vec<u8>| PageHeader::parse(&bytes).map(|header| header.is_sound());
        let (four, none) = (&[0x08][..], &[][..]);
        assert_eq!(is_sound(header(four, four, &[0x5C, 0x15])), Some(true));
        assert_eq!(is_sound(header(ALL_OF_32_BITS, four, none)), Some(false));
        assert_eq!(is_sound(header(&[0x07], four, none)), Some(false));
        // Four bytes hold at most four values, with or without a checksum.
        for (checksum, begin) in [(&[][..], 0x4C), (&[0x15, 0x02], 0x3C)] {
            for (values, expected) in [(four, true), (&[0x0A], false), (ALL_OF_32_BITS, false)] {
                let rest = [checksum, &[begin, 0x15], values].concat();
                assert_eq!(is_sound(header(four, four, &rest)), Some(expected));
            }
        }
        assert!(PageHeader::parse(&header(&[0xFF; 10], four, none)).is_none());
        assert!(PageHeader::parse(&[0x15, 0x04, 0x15]).is_none());
        assert!(PageHeader::parse(&[]).is_none());
    }
}
