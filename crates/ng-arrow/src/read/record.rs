use super::lines::{LINE_BYTES, Lines};
use crate::{LineError, ReadError};

/// The cells of one CSV record, by RFC 4180: separated by commas; quoted cells may contain
/// any bytes, including commas and line ends, and doubled quotes. Blanks after a closing
/// quote, including a carriage return, are ignored.
#[derive(Default)]
pub(super) struct Record {
    /// The cells, concatenated, without their quotes.
    text: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    /// Its length as written.
    bytes: usize,
    /// The line of the open quote.
    open_at: Option<u64>,
}

const QUOTE: u8 = b'"';

impl Record {
    /// Reads the next record, and tells on which line it begins.
    pub(super) fn read(&mut self, lines: &mut Lines) -> Result<Option<u64>, ReadError> {
        self.text.clear();
        self.ends.clear();
        self.bytes = 0;
        self.open_at = None;
        let Some((first, line)) = lines.next()? else {
            return Ok(None);
        };
        self.take(line, first)?;
        while let Some(open_at) = self.open_at {
            match lines.next_or_blank()? {
                Some((number, line)) if self.bytes + line.len() <= LINE_BYTES => {
                    self.text.push(b'\n');
                    self.take(line, number)?;
                }
                _ => return Err(refused(open_at, LineError::OpenQuote { most: LINE_BYTES })),
            }
        }
        Ok(Some(first))
    }

    pub(super) fn cells(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let start_of = |cell: usize| cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        let ends = self.ends.iter().enumerate();
        ends.map(move |(cell, end)| &self.text[start_of(cell)..*end])
    }

    /// Takes the cells of a line; the last may continue beyond its end.
    fn take(&mut self, line: &[u8], number: u64) -> Result<(), ReadError> {
        self.bytes += line.len() + 1;
        let mut rest = line;
        loop {
            let quoted = match self.open_at {
                Some(_) => Some(rest),
                None => rest.strip_prefix(&[QUOTE]),
            };
            let behind = match quoted {
                None => self.take_bare(rest),
                Some(quoted) => match self.take_quoted(quoted, number) {
                    Some(behind) => Ok(behind),
                    None => return Ok(()),
                },
            };
            let behind = behind.map_err(|cause| refused(number, cause))?;
            self.ends.push(self.text.len());
            rest = match behind {
                [] => return Ok(()),
                [b',', rest @ ..] => rest,
                _ => return Err(refused(number, LineError::BehindQuote)),
            };
        }
    }

    /// Takes an unquoted cell, and returns the rest.
    fn take_bare<'l>(&mut self, line: &'l [u8]) -> Result<&'l [u8], LineError> {
        let end = line.iter().position(|byte| *byte == b',');
        let (cell, behind) = line.split_at(end.unwrap_or(line.len()));
        if cell.contains(&QUOTE) {
            return Err(LineError::StrayQuote);
        }
        self.text.extend_from_slice(cell);
        Ok(behind)
    }

    /// Takes the rest of a quoted cell, and returns what follows; `None` if the line ends
    /// first.
    fn take_quoted<'l>(&mut self, line: &'l [u8], number: u64) -> Option<&'l [u8]> {
        let mut rest = line;
        while let Some(end) = rest.iter().position(|byte| *byte == QUOTE) {
            self.text.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix(&[QUOTE]) {
                Some(more) => {
                    self.text.push(QUOTE);
                    rest = more;
                }
                None => {
                    self.open_at = None;
                    return Some(rest.trim_ascii_start());
                }
            }
        }
        self.text.extend_from_slice(rest);
        self.open_at = self.open_at.or(Some(number));
        None
    }
}

fn refused(line: u64, cause: LineError) -> ReadError {
    ReadError::Line { line, cause }
}
