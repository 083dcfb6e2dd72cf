//! Raw 64-byte records from a file or a pipe, in chunks.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use anyhow::Result;
use ng_store::HEADER_MAGIC;
use ng_token::{Token, as_bytes};

use crate::ending::{Ending, InputError};
use crate::interrupt::Hold;

/// How many tokens are read at once: 1 MiB.
const CHUNK_TOKENS: usize = (1 << 20) / Token::SIZE;

/// How many chunks wait to be taken while another one is read.
const WAITING: usize = 2;

/// Standard input, by the name that an option gives it.
const STANDARD: &str = "-";

fn is_standard(from: &Path) -> bool {
    from.as_os_str() == STANDARD
}

/// What errors call an input.
pub(crate) fn name_of(from: &Path) -> String {
    match is_standard(from) {
        true => "standard input".to_owned(),
        false => from.display().to_string(),
    }
}

/// Records that are read on a thread of their own: whoever takes them is never
/// stuck in a read, or in the opening of a pipe that nobody writes to.
pub(crate) struct Input {
    name: String,
    known_tokens: Option<u64>,
    events: Receiver<Event>,
    spent: Sender<Vec<Token>>,
}

enum Event {
    Chunk(Vec<Token>),
    /// Nothing follows but so many bytes of a record.
    End(usize),
    Failed(io::Error),
    /// The program shall end.
    Wish,
}

enum Origin {
    Standard,
    File(PathBuf),
}

impl Input {
    /// Begins to read a file, a pipe, or, named `-`, standard input.
    pub(crate) fn open(from: &Path, hold: &Hold<'_>) -> Result<Self, InputError> {
        let origin = match is_standard(from) {
            true => Origin::Standard,
            false => Origin::File(from.to_owned()),
        };
        let name = name_of(from);
        let known_tokens = known_tokens(&origin, &name)?;
        let (sender, events) = sync_channel(WAITING);
        let (spent, reusable) = channel();
        let waker = sender.clone();
        // Where the channel is full, somebody takes what is in it and looks for
        // the wish then.
        hold.on_wish(move || drop(waker.try_send(Event::Wish)));
        thread::spawn(move || read(origin, &sender, &reusable));
        Ok(Self {
            name,
            known_tokens,
            events,
            spent,
        })
    }

    /// Returns how many records there are, if it is a file that says so.
    pub(crate) fn known_tokens(&self) -> Option<u64> {
        self.known_tokens
    }

    /// Hands all records over, with the number of the first of each chunk.
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
                    if first == 0 && as_bytes(&tokens).starts_with(&HEADER_MAGIC) {
                        return Err(InputError::TokenFile { name: self.name }.into());
                    }
                    take(&Chunk {
                        name: &self.name,
                        first,
                        tokens: &tokens,
                    })?;
                    first += tokens.len() as u64;
                    // Of no use to a reader that is done.
                    let _ = self.spent.send(tokens);
                }
                Event::End(0) => return Ok(()),
                Event::End(rest) => return Err(self.odd_length(first, rest).into()),
                Event::Failed(source) => return Err(self.failed(source).into()),
                Event::Wish => return Err(Ending::Interrupted.into()),
            }
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
    pub(crate) fn validate(&self, now: u32) -> Result<(), InputError> {
        for (index, token) in self.tokens.iter().enumerate() {
            token.validate(now).map_err(|cause| InputError::Record {
                name: self.name.to_owned(),
                record: self.first + index as u64,
                cause,
            })?;
        }
        Ok(())
    }
}

/// Looks at what is to be read: a folder is refused, and a file has a length,
/// which may be wrong at once. What it holds is seen when it is read.
fn known_tokens(origin: &Origin, name: &str) -> Result<Option<u64>, InputError> {
    let Origin::File(path) = origin else {
        return Ok(None);
    };
    let name = name.to_owned();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(source) => return Err(InputError::Read { name, source }),
    };
    let size_bytes = metadata.len();
    match metadata.file_type() {
        kind if kind.is_dir() => Err(InputError::Folder { name }),
        kind if !kind.is_file() => Ok(None),
        _ if !size_bytes.is_multiple_of(Token::SIZE as u64) => {
            Err(InputError::Length { name, size_bytes })
        }
        _ => Ok(Some(size_bytes / Token::SIZE as u64)),
    }
}

/// Reads to the end, as long as somebody takes what is read.
fn read(origin: Origin, events: &SyncSender<Event>, reusable: &Receiver<Vec<Token>>) {
    let mut source: Box<dyn Read> = match origin {
        Origin::Standard => Box::new(io::stdin().lock()),
        Origin::File(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => return drop(events.send(Event::Failed(error))),
        },
    };
    loop {
        let mut tokens = reusable.try_recv().unwrap_or_default();
        tokens.resize(CHUNK_TOKENS, Token::ZERO);
        let filled = fill(source.as_mut(), ng_token::as_bytes_mut(&mut tokens));
        let filled = match filled {
            Ok(filled) => filled,
            Err(error) => return drop(events.send(Event::Failed(error))),
        };
        let is_last = filled < CHUNK_TOKENS * Token::SIZE;
        tokens.truncate(filled / Token::SIZE);
        if events.send(Event::Chunk(tokens)).is_err() {
            return;
        }
        if is_last {
            return drop(events.send(Event::End(filled % Token::SIZE)));
        }
    }
}

/// Reads until the buffer is full or nothing more comes, and returns how many
/// bytes came.
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
