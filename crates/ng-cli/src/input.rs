//! Raw 64-byte records, or rows of columns, from a file or a pipe, in chunks.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use anyhow::Result;
use ng_arrow::{Form, Format, ReadError, TableReader};
use ng_store::{CachePolicy, HEADER_MAGIC, RawReader, Shown};
use ng_token::{Token, Validation, as_bytes};

use crate::args::FromKind;
use crate::ending::{Ending, InputError};
use crate::interrupt::Hold;

/// How many tokens are read at once: 1 MiB.
const CHUNK_TOKENS: usize = (1 << 20) / Token::SIZE;

/// How many chunks wait while another one is read.
const WAITING: usize = 2;

/// Standard input, as options name it.
const STANDARD: &str = "-";

fn is_standard(from: &Path) -> bool {
    from.as_os_str() == STANDARD
}

/// The input's name in errors.
fn name_of(from: &Path) -> String {
    match is_standard(from) {
        true => "standard input".to_owned(),
        false => Shown(from).to_string(),
    }
}

/// Records read on a separate thread, so that their consumer is never stuck in a read, or in
/// opening a pipe without a writer.
pub(crate) struct Input {
    name: String,
    is_raw: bool,
    known_tokens: Option<u64>,
    expected: Option<u64>,
    events: Receiver<Event>,
    spent: Sender<Vec<Token>>,
}

enum Event {
    Chunk(Vec<Token>),
    /// Only these bytes of a record follow.
    End(usize),
    Failed(io::Error),
    /// The next part of the columns cannot be accepted.
    Refused(ReadError),
    /// The program is to end.
    Wish,
}

/// The input, and the form it is read in.
enum Records {
    Raw(Origin),
    /// Columns with a valid beginning.
    Table(TableReader),
    /// Columns from a pipe, which may block when it is opened.
    Pipe(Origin, Columns),
}

/// The format of columns and, for text, the given form.
type Columns = (Format, Option<Form>);

enum Origin {
    Standard,
    Regular(File),
    /// A pipe, or another special file; opening it may block until its other end is opened.
    Special(PathBuf),
}

impl Input {
    /// Begins to read a file, a pipe, or, named `-`, standard input. If a number of records is
    /// `expected`, at most one beyond it is taken. A regular file is passed over by the `cache`
    /// policy, unless its format requires random access.
    ///
    /// It is an error here if a regular file is already known to be unsuitable: by its length, or
    /// by how it begins.
    pub(crate) fn open(
        from: &Path,
        kind: FromKind,
        expected: Option<u64>,
        cache: CachePolicy,
        hold: &Hold<'_>,
    ) -> Result<Self, InputError> {
        let name = name_of(from);
        let origin = origin(from, &name)?;
        let (records, known_tokens) = match kind {
            FromKind::Raw => {
                let known_tokens = known_tokens(&origin, &name)?;
                (Records::Raw(origin), known_tokens)
            }
            FromKind::Table(format, form) => table(origin, (format, form), cache, &name)?,
        };
        if let (Some(found), Some(expected)) = (known_tokens, expected)
            && found != expected
        {
            return Err(InputError::count(name, found, expected));
        }
        let (sender, events) = sync_channel(WAITING);
        let (spent, reusable) = channel();
        let waker = sender.clone();
        // If the channel is full, its consumer empties it and checks the wish then.
        hold.on_wish(move || drop(waker.try_send(Event::Wish)));
        let most = expected.map_or(u64::MAX, |expected| expected.saturating_add(1));
        let reader = thread::Builder::new();
        let started = reader.spawn(move || read(records, cache, most, &sender, &reusable));
        started.map_err(|source| InputError::Read {
            name: name.clone(),
            source,
        })?;
        Ok(Self {
            name,
            is_raw: kind == FromKind::Raw,
            known_tokens,
            expected,
            events,
            spent,
        })
    }

    /// Returns how many records there are, if it is a file that tells.
    pub(crate) fn known_tokens(&self) -> Option<u64> {
        self.known_tokens
    }

    /// Passes on all records, with the number of the first of each chunk.
    pub(crate) fn for_each(
        self,
        hold: &Hold<'_>,
        mut take: impl FnMut(&Chunk<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut first = 0;
        loop {
            hold.check()?;
            match self.next()? {
                Event::Chunk(tokens) => {
                    if first == 0 && self.is_raw {
                        refuse_token_file(as_bytes(&tokens), &self.name)?;
                    }
                    self.check_at_most(first + tokens.len() as u64)?;
                    take(&Chunk {
                        name: &self.name,
                        first,
                        tokens: &tokens,
                    })?;
                    first += tokens.len() as u64;
                    // Of no use to a reader that is done.
                    let _ = self.spent.send(tokens);
                }
                Event::End(0) => return Ok(self.check_exactly(first)?),
                Event::End(rest) => return Err(self.odd_length(first, rest).into()),
                Event::Failed(source) => return Err(self.failed(source).into()),
                Event::Refused(source) => return Err(refused(&self.name, source).into()),
                Event::Wish => return Err(Ending::Interrupted.into()),
            }
        }
    }

    /// Refuses more records than expected; one more at most was read.
    fn check_at_most(&self, found: u64) -> Result<(), InputError> {
        match self.expected {
            Some(expected) if found > expected => Err(InputError::Count {
                name: self.name.clone(),
                at_least: true,
                found,
                expected,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses any other number of records than expected. A pipe ends the same way whether its
    /// writer succeeded or failed.
    fn check_exactly(&self, found: u64) -> Result<(), InputError> {
        match self.expected {
            Some(expected) if found != expected => {
                Err(InputError::count(self.name.clone(), found, expected))
            }
            _ => Ok(()),
        }
    }

    fn next(&self) -> Result<Event, InputError> {
        let ended = |_| self.failed(io::Error::other("the reading thread ended"));
        self.events.recv().map_err(ended)
    }

    fn odd_length(&self, tokens: u64, rest: usize) -> InputError {
        InputError::Length {
            name: self.name.clone(),
            size_bytes: tokens * Token::SIZE as u64 + rest as u64,
        }
    }

    fn failed(&self, source: io::Error) -> InputError {
        InputError::Read {
            name: self.name.clone(),
            source,
        }
    }
}

/// Consecutive records of an input.
pub(crate) struct Chunk<'a> {
    name: &'a str,
    first: u64,
    pub(crate) tokens: &'a [Token],
}

impl Chunk<'_> {
    /// Checks every token at `now`, in seconds since 1970 UTC.
    pub(crate) fn validate(&self, validation: Validation, now: u32) -> Result<(), InputError> {
        for (index, token) in self.tokens.iter().enumerate() {
            let validated = token.validate_with(validation, now);
            validated.map_err(|cause| InputError::Record {
                name: self.name.to_owned(),
                record: self.first + index as u64,
                cause,
            })?;
        }
        Ok(())
    }
}

/// Examines the input, and opens it if that cannot block.
fn origin(from: &Path, name: &str) -> Result<Origin, InputError> {
    if is_standard(from) {
        return Ok(Origin::Standard);
    }
    let name = || name.to_owned();
    let failed = |source| InputError::Read {
        name: name(),
        source,
    };
    match fs::metadata(from).map_err(failed)?.file_type() {
        kind if kind.is_dir() => Err(InputError::Folder { name: name() }),
        kind if kind.is_file() => Ok(Origin::Regular(File::open(from).map_err(failed)?)),
        _ => Ok(Origin::Special(from.to_owned())),
    }
}

/// Returns the number of records by a regular file's length, which may be invalid; a file of length
/// 0 may be generated as it is read, as in `/proc`.
fn known_tokens(origin: &Origin, name: &str) -> Result<Option<u64>, InputError> {
    let Origin::Regular(file) = origin else {
        return Ok(None);
    };
    let failed = |source| InputError::Read {
        name: name.to_owned(),
        source,
    };
    refuse_token_file(&start_of(file).map_err(failed)?, name)?;
    let size_bytes = file.metadata().map_err(failed)?.len();
    match size_bytes.is_multiple_of(Token::SIZE as u64) {
        true => Ok(Some(size_bytes / Token::SIZE as u64).filter(|&tokens| tokens > 0)),
        false => Err(InputError::Length {
            name: name.to_owned(),
            size_bytes,
        }),
    }
}

/// The first bytes of a file.
fn start_of(mut file: &File) -> io::Result<[u8; HEADER_MAGIC.len()]> {
    let mut start = [0; HEADER_MAGIC.len()];
    fill(&mut file, &mut start)?;
    Ok(start)
}

/// A token file that is appended to itself would grow until the disk is full.
fn refuse_token_file(start: &[u8], name: &str) -> Result<(), InputError> {
    match start.starts_with(&HEADER_MAGIC) {
        true => Err(InputError::TokenFile {
            name: name.to_owned(),
        }),
        false => Ok(()),
    }
}

/// Reads how a file of columns begins; a pipe may block until that is written.
fn table(
    origin: Origin,
    (format, form): Columns,
    cache: CachePolicy,
    name: &str,
) -> Result<(Records, Option<u64>), InputError> {
    let Origin::Regular(file) = &origin else {
        return Ok((Records::Pipe(origin, (format, form)), None));
    };
    let failed = |source| InputError::Read {
        name: name.to_owned(),
        source,
    };
    refuse_token_file(&start_of(file).map_err(failed)?, name)?;
    let mut file = file.try_clone().map_err(failed)?;
    file.rewind().map_err(failed)?;
    let reader = match format {
        Format::Csv | Format::JsonLines => {
            TableReader::of_stream(RawReader::new(file, cache), format, form)
        }
        format => TableReader::of_file(file, format, form),
    };
    let reader = reader.map_err(|source| refused(name, source))?;
    let known_tokens = reader.known_rows();
    Ok((Records::Table(reader), known_tokens))
}

/// Begins to read columns from a pipe.
fn table_of_pipe(origin: Origin, (format, form): Columns) -> Result<TableReader, ReadError> {
    match origin {
        Origin::Standard => TableReader::of_stream(io::stdin(), format, form),
        Origin::Regular(file) => TableReader::of_file(file, format, form),
        Origin::Special(path) => {
            let file = File::open(path).map_err(ReadError::Io)?;
            TableReader::of_stream(file, format, form)
        }
    }
}

fn refused(name: &str, source: ReadError) -> InputError {
    let name = name.to_owned();
    match source {
        ReadError::Io(source) => InputError::Read { name, source },
        source => InputError::Table { name, source },
    }
}

/// Reads up to `most` records, as long as they are consumed.
fn read(
    records: Records,
    cache: CachePolicy,
    most: u64,
    events: &SyncSender<Event>,
    reusable: &Receiver<Vec<Token>>,
) {
    let origin = match records {
        Records::Raw(origin) => origin,
        Records::Table(reader) => return read_table(reader, most, events, reusable),
        Records::Pipe(origin, columns) => {
            return match table_of_pipe(origin, columns) {
                Ok(reader) => read_table(reader, most, events, reusable),
                Err(error) => drop(events.send(Event::Refused(error))),
            };
        }
    };
    read_raw(origin, cache, most, events, reusable);
}

/// Reads up to `most` rows, as long as they are consumed.
fn read_table(
    mut reader: TableReader,
    most: u64,
    events: &SyncSender<Event>,
    reusable: &Receiver<Vec<Token>>,
) {
    let mut left = most;
    while left > 0 {
        let mut tokens = reusable.try_recv().unwrap_or_default();
        tokens.clear();
        let event = match reader.read(&mut tokens) {
            Ok(true) => {
                tokens.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                left -= tokens.len() as u64;
                Event::Chunk(tokens)
            }
            Ok(false) => Event::End(0),
            Err(error) => Event::Refused(error),
        };
        let goes_on = matches!(event, Event::Chunk(_));
        if events.send(event).is_err() || !goes_on {
            return;
        }
    }
}

/// Reads up to `most` records, as long as they are consumed.
fn read_raw(
    origin: Origin,
    cache: CachePolicy,
    most: u64,
    events: &SyncSender<Event>,
    reusable: &Receiver<Vec<Token>>,
) {
    let mut source: Box<dyn Read> = match origin {
        Origin::Standard => Box::new(io::stdin().lock()),
        Origin::Regular(file) => Box::new(RawReader::new(file, cache)),
        Origin::Special(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => return drop(events.send(Event::Failed(error))),
        },
    };
    let mut left = most;
    while left > 0 {
        let mut tokens = reusable.try_recv().unwrap_or_default();
        let wanted = left.min(CHUNK_TOKENS as u64) as usize;
        tokens.resize(wanted, Token::ZERO);
        let filled = fill(source.as_mut(), ng_token::as_bytes_mut(&mut tokens));
        let filled = match filled {
            Ok(filled) => filled,
            Err(error) => return drop(events.send(Event::Failed(error))),
        };
        let is_last = filled < wanted * Token::SIZE;
        tokens.truncate(filled / Token::SIZE);
        left -= tokens.len() as u64;
        if events.send(Event::Chunk(tokens)).is_err() {
            return;
        }
        if is_last {
            return drop(events.send(Event::End(filled % Token::SIZE)));
        }
    }
}

/// Reads until the buffer is full or the input ends, and returns the number of bytes.
fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
