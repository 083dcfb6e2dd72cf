//! Raw 64-byte records, or rows of columns, from a file or a pipe, in chunks.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use ng_arrow::{Form, Format, ReadError, TableReader};
use ng_store::{BlockReader, CachePolicy, HEADER_MAGIC, RawReader, Shown};
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
    /// How many tokens were passed on.
    passed: u64,
    known_tokens: Option<u64>,
    expected: Option<u64>,
    events: Receiver<Event>,
    spent: Sender<Vec<Token>>,
}

/// How an input is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) kind: FromKind,
    /// At most one record beyond this number is taken.
    pub(crate) expected: Option<u64>,
    /// A regular file is passed over by this policy, unless its format requires random access.
    pub(crate) cache: CachePolicy,
    /// For datasets: a token file is read, too, and records from a pipe are passed on as soon as
    /// they come, not only as whole chunks.
    pub(crate) is_stream: bool,
}

/// What comes next of an input.
pub(crate) enum Arrived {
    Tokens(Vec<Token>),
    /// Nothing in the given time.
    Nothing,
    End,
}

enum Event {
    Chunk(Vec<Token>),
    /// Only these bytes of a record follow.
    End(usize),
    Failed(io::Error),
    /// The next part of the columns cannot be accepted.
    Refused(ReadError),
    /// A block of the token file cannot be read, or is damaged.
    Damaged(ng_store::ReadError),
    /// The program is to end.
    Wish,
}

/// The input, and the form it is read in.
enum Records {
    Raw(Origin, IsStream),
    Tokens(Box<BlockReader>),
    /// Columns with a valid beginning.
    Table(TableReader),
    /// Columns from a pipe, which may block when it is opened.
    Pipe(Origin, Columns),
}

/// Whether raw records are passed on as soon as they come.
#[derive(Clone, Copy)]
struct IsStream(bool);

/// The format of columns and, for text, the given form.
type Columns = (Format, Option<Form>);

enum Origin {
    Standard,
    Regular(File),
    /// A pipe, or another special file; opening it may block until its other end is opened.
    Special(PathBuf),
}

impl Input {
    /// Begins to read a file, a pipe, or, named `-`, standard input.
    ///
    /// It is an error here if a regular file is already known to be unsuitable: by its length, or
    /// by how it begins.
    pub(crate) fn open(from: &Path, reading: Reading, hold: &Hold<'_>) -> Result<Self> {
        let Reading {
            kind,
            expected,
            cache,
            is_stream,
        } = reading;
        let name = name_of(from);
        let origin = origin(from, &name)?;
        let (records, known_tokens) = match kind {
            FromKind::Raw if is_stream && is_token_file(&origin, &name)? => {
                let reader = BlockReader::open(from)?.with_cache(cache);
                reader.refuse_lost()?;
                let tokens = reader.len();
                (Records::Tokens(Box::new(reader)), Some(tokens))
            }
            FromKind::Raw => {
                let known_tokens = known_tokens(&origin, &name)?;
                (Records::Raw(origin, IsStream(is_stream)), known_tokens)
            }
            FromKind::Table(format, form) => table(origin, (format, form), cache, &name)?,
        };
        if let (Some(found), Some(expected)) = (known_tokens, expected)
            && found != expected
        {
            return Err(InputError::count(name, found, expected).into());
        }
        let is_raw = matches!(records, Records::Raw(..));
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
            is_raw,
            passed: 0,
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
        mut self,
        hold: &Hold<'_>,
        mut take: impl FnMut(&Chunk<'_>) -> Result<()>,
    ) -> Result<()> {
        loop {
            match self.next_within(None, hold)? {
                Arrived::Tokens(tokens) => {
                    take(&self.chunk(&tokens))?;
                    self.done(tokens);
                }
                Arrived::Nothing => {}
                Arrived::End => return Ok(()),
            }
        }
    }

    /// Waits for the next records, for a time if one is given. They are to be given back with
    /// [`done`](Self::done).
    pub(crate) fn next_within(
        &mut self,
        time: Option<Duration>,
        hold: &Hold<'_>,
    ) -> Result<Arrived> {
        hold.check()?;
        match self.next(time)? {
            Some(Event::Chunk(tokens)) => {
                if self.passed == 0 && self.is_raw {
                    refuse_token_file(as_bytes(&tokens), &self.name)?;
                }
                self.check_at_most(self.passed + tokens.len() as u64)?;
                Ok(Arrived::Tokens(tokens))
            }
            Some(Event::End(0)) => {
                self.check_exactly(self.passed)?;
                Ok(Arrived::End)
            }
            Some(Event::End(rest)) => Err(self.odd_length(self.passed, rest).into()),
            Some(Event::Failed(source)) => Err(self.failed(source).into()),
            Some(Event::Refused(source)) => Err(refused(&self.name, source).into()),
            Some(Event::Damaged(error)) => Err(error.into()),
            Some(Event::Wish) => Err(Ending::Interrupted.into()),
            None => Ok(Arrived::Nothing),
        }
    }

    /// The records that came next, with their number.
    pub(crate) fn chunk<'a>(&'a self, tokens: &'a [Token]) -> Chunk<'a> {
        Chunk {
            name: &self.name,
            first: self.passed,
            tokens,
        }
    }

    /// Gives records back that were passed on.
    pub(crate) fn done(&mut self, tokens: Vec<Token>) {
        self.passed += tokens.len() as u64;
        // Of no use to a reader that is done.
        let _ = self.spent.send(tokens);
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

    /// The next event; `None` if there is none in the given time.
    fn next(&self, time: Option<Duration>) -> Result<Option<Event>, InputError> {
        let received = match time {
            Some(time) => self.events.recv_timeout(time),
            None => self.events.recv().map_err(RecvTimeoutError::from),
        };
        match received {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(self.failed(io::Error::other("the reading thread ended")))
            }
        }
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

fn is_token_file(origin: &Origin, name: &str) -> Result<bool, InputError> {
    let Origin::Regular(file) = origin else {
        return Ok(false);
    };
    let start = start_of(file).map_err(|source| InputError::Read {
        name: name.to_owned(),
        source,
    })?;
    Ok(start.starts_with(&HEADER_MAGIC))
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
    let (origin, is_stream) = match records {
        Records::Raw(origin, is_stream) => (origin, is_stream),
        Records::Tokens(reader) => return read_tokens(&reader, events, reusable),
        Records::Table(reader) => return read_table(reader, most, events, reusable),
        Records::Pipe(origin, columns) => {
            return match table_of_pipe(origin, columns) {
                Ok(reader) => read_table(reader, most, events, reusable),
                Err(error) => drop(events.send(Event::Refused(error))),
            };
        }
    };
    read_raw((origin, is_stream), cache, most, events, reusable);
}

/// Reads a token file, verified, as long as its tokens are consumed.
fn read_tokens(reader: &BlockReader, events: &SyncSender<Event>, reusable: &Receiver<Vec<Token>>) {
    let read = reader.for_each(0..reader.len(), |tokens| {
        let mut chunk = reusable.try_recv().unwrap_or_default();
        chunk.clear();
        chunk.extend_from_slice(tokens);
        events
            .send(Event::Chunk(chunk))
            .map_err(|_| Unread::NotWanted)
    });
    let event = match read {
        Ok(()) => Event::End(0),
        Err(Unread::Damaged(error)) => Event::Damaged(error),
        Err(Unread::NotWanted) => return,
    };
    // A consumer that stops has its own error.
    let _ = events.send(event);
}

/// Why a token file was not read to its end.
enum Unread {
    Damaged(ng_store::ReadError),
    NotWanted,
}

impl From<ng_store::ReadError> for Unread {
    fn from(error: ng_store::ReadError) -> Self {
        Self::Damaged(error)
    }
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
    (origin, IsStream(is_stream)): (Origin, IsStream),
    cache: CachePolicy,
    most: u64,
    events: &SyncSender<Event>,
    reusable: &Receiver<Vec<Token>>,
) {
    let mut source: Box<dyn Read> = match origin {
        Origin::Standard => standard_input(),
        Origin::Regular(file) => Box::new(RawReader::new(file, cache)),
        Origin::Special(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => return drop(events.send(Event::Failed(error))),
        },
    };
    let mut left = most;
    // A pipe gives less at a time: only that is copied into the chunk that is passed on.
    let mut buffer = vec![Token::ZERO; CHUNK_TOKENS];
    while left > 0 {
        let wanted = left.min(CHUNK_TOKENS as u64) as usize;
        let bytes = ng_token::as_bytes_mut(&mut buffer[..wanted]);
        let filled = match is_stream {
            true => fill_records(source.as_mut(), bytes),
            false => fill(source.as_mut(), bytes),
        };
        let filled = match filled {
            Ok(filled) => filled,
            Err(error) => return drop(events.send(Event::Failed(error))),
        };
        let is_whole = filled > 0 && filled.is_multiple_of(Token::SIZE);
        let is_last = match is_stream {
            true => !is_whole,
            false => filled < wanted * Token::SIZE,
        };
        let mut tokens = reusable.try_recv().unwrap_or_default();
        tokens.clear();
        tokens.extend_from_slice(&buffer[..filled / Token::SIZE]);
        left -= tokens.len() as u64;
        if events.send(Event::Chunk(tokens)).is_err() {
            return;
        }
        if is_last {
            return drop(events.send(Event::End(filled % Token::SIZE)));
        }
    }
}

/// Standard input without the buffer of the standard library: once a record were cut by that, each
/// read would give 8 KiB.
#[cfg(unix)]
fn standard_input() -> Box<dyn Read> {
    use std::os::fd::AsFd;

    match io::stdin().as_fd().try_clone_to_owned() {
        Ok(input) => Box::new(File::from(input)),
        // It is closed, which the standard library takes for empty.
        Err(_) => Box::new(io::stdin().lock()),
    }
}

#[cfg(not(unix))]
fn standard_input() -> Box<dyn Read> {
    Box::new(io::stdin().lock())
}

/// Reads until there is a whole number of records, or the input ends, and returns the number of
/// bytes.
fn fill_records(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = read_some(source, buffer)?;
    while !filled.is_multiple_of(Token::SIZE) {
        let end = filled.next_multiple_of(Token::SIZE);
        match read_some(source, &mut buffer[filled..end])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Reads until the buffer is full or the input ends, and returns the number of bytes.
fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match read_some(source, &mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Reads what there is, at least a byte unless the input ends.
fn read_some(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
