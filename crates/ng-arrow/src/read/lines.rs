use std::io::{BufRead, BufReader, ErrorKind, Read};

use crate::{LineError, ReadError};

/// The maximum length of a line: one with every column is far shorter.
pub(super) const LINE_BYTES: usize = 1 << 16;

/// The non-empty lines of an input, numbered from 1 including empty ones.
pub(super) struct Lines {
    input: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    number: u64,
    /// Whether to return the same line again.
    again: bool,
}

impl Lines {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input: BufReader::with_capacity(LINE_BYTES, input),
            line: Vec::new(),
            number: 0,
            again: false,
        }
    }

    /// Makes the next read return the same line again.
    pub(super) fn again(&mut self) {
        self.again = true;
    }

    /// Reads the next non-empty line, without its line end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &[u8])>, ReadError> {
        if std::mem::take(&mut self.again) {
            return Ok(Some((self.number, &self.line)));
        }
        loop {
            if !self.read_next()? {
                return Ok(None);
            }
            let is_blank = self.line.iter().all(u8::is_ascii_whitespace);
            if !is_blank {
                let mark = usize::from(self.number == 1) * mark_bytes(&self.line);
                return Ok(Some((self.number, &self.line[mark..])));
            }
        }
    }

    /// Reads the next line, even if empty: inside a multi-line cell.
    pub(super) fn next_or_blank(&mut self) -> Result<Option<(u64, &[u8])>, ReadError> {
        match self.read_next()? {
            true => Ok(Some((self.number, &self.line))),
            false => Ok(None),
        }
    }

    fn read_next(&mut self) -> Result<bool, ReadError> {
        self.line.clear();
        let is_there = self.read_line()?;
        self.number += u64::from(is_there);
        Ok(is_there)
    }

    /// Reads up to the end of a line or of the input, and tells whether there was a line.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        let mut is_there = false;
        loop {
            let bytes = match self.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                bytes => bytes.map_err(ReadError::Io)?,
            };
            if bytes.is_empty() {
                return Ok(is_there);
            }
            is_there = true;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + part.len() > LINE_BYTES {
                let cause = LineError::Long { most: LINE_BYTES };
                let line = self.number + 1;
                return Err(ReadError::Line { line, cause });
            }
            self.line.extend_from_slice(part);
            let taken = part.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// The length of the byte order mark that some programs put before UTF-8.
fn mark_bytes(line: &[u8]) -> usize {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    usize::from(line.starts_with(MARK)) * MARK.len()
}
