//! Blocks in order, read ahead.

use std::fmt;
use std::mem;
use std::ops::{Deref, Range};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use ng_token::Token;

use super::BlockReader;
use crate::disk::{Disk, Passing, RealFile};
use crate::format::BLOCK;
use crate::{BLOCK_TOKENS, ProcessMark, ReadError};

/// How many blocks are read ahead: 512 KiB.
const WAITING: usize = 2;

impl<D: Disk> BlockReader<D> {
    /// Passes a range of tokens, verified, to `take`, at most a block at a time.
    ///
    /// If it bypasses the page cache, it finally waits for the read-ahead thread, which a
    /// child forked within `take` does not have: such a child must not return.
    ///
    /// # Errors
    ///
    /// As [`read_block`](Self::read_block); tokens passed before stay valid.
    ///
    /// # Panics
    ///
    /// If the range is not within the file.
    pub fn for_each<E: From<ReadError>>(
        &self,
        range: Range<u64>,
        take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.check_range(&range);
        match self.is_pass() {
            true => self.each(range, take),
            false => self.pass_over(range.clone()).each_ahead(range, take),
        }
    }

    /// Returns all blocks in order, verified, as an owned iterator: see
    /// [`blocks_of`](Self::blocks_of).
    pub fn blocks(&self) -> Blocks<D>
    where
        D: 'static,
    {
        self.blocks_of(0..self.len())
    }

    /// Returns a range of tokens, verified, at most a block at a time.
    ///
    /// A separate thread reads and verifies 512 KiB ahead while the caller works; if it
    /// cannot be started, the caller reads. The range is one pass by the
    /// [`CachePolicy`](crate::CachePolicy).
    ///
    /// Each iterator has its thread, and about 1 MiB of buffers while it is in use.
    ///
    /// A bad or unreadable block yields an error, and the next call returns the block after
    /// it.
    ///
    /// # Panics
    ///
    /// If the range is not within the file.
    pub fn blocks_of(&self, range: Range<u64>) -> Blocks<D>
    where
        D: 'static,
    {
        self.check_range(&range);
        Blocks {
            ahead: Ahead::start(self.clone(), range.clone()),
            reader: self.clone(),
            range,
        }
    }

    fn check_range(&self, range: &Range<u64>) {
        assert!(
            range.start <= range.end && range.end <= self.len(),
            "tokens {range:?} of {}",
            self.len()
        );
    }

    fn each<E: From<ReadError>>(
        &self,
        range: Range<u64>,
        mut take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
        for part in self.parts(range) {
            self.read_block(part.start / BLOCK, &mut tokens)?;
            take(&tokens[within_block(&part)])?;
        }
        Ok(())
    }

    /// Cuts a range of tokens at the ends of blocks.
    fn parts(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + use<D> {
        let mut start = range.start;
        std::iter::from_fn(move || {
            let part = start..range.end.min((start / BLOCK + 1) * BLOCK);
            start = part.end;
            (part.start < part.end).then_some(part)
        })
    }

    /// Reads the part of a block in the range, reusing a buffer if possible.
    fn read_part(
        &self,
        part: Range<u64>,
        mut buffer: Vec<Token>,
    ) -> Result<(Range<usize>, Vec<Token>), ReadError> {
        self.read_block(part.start / BLOCK, &mut buffer)?;
        Ok((within_block(&part), buffer))
    }
}

/// The range of a part within its block.
fn within_block(part: &Range<u64>) -> Range<usize> {
    let start = part.start % BLOCK;
    start as usize..(start + part.end - part.start) as usize
}

impl BlockReader<Passing<'_>> {
    /// Runs `each` while another thread loads the next window.
    fn each_ahead<E: From<ReadError>>(
        &self,
        range: Range<u64>,
        mut take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.with_windows_ahead(range.clone(), |reached| {
            let mut token = range.start;
            self.each(range, |tokens| {
                token += tokens.len() as u64;
                reached(token);
                take(tokens)
            })
        })
    }

    /// Runs `read`, which reports how far it has read a range, while another thread loads
    /// the next window; without the thread if it cannot be started or the pass has no
    /// windows.
    fn with_windows_ahead<R>(
        &self,
        range: Range<u64>,
        read: impl FnOnce(&mut dyn FnMut(u64)) -> R,
    ) -> R {
        let passing = self.source().disk();
        if !passing.bypasses() {
            return read(&mut |_| ());
        }
        let end = self.head().header.token_offset(range.end);
        let mut next = self.head().header.token_offset(range.start);
        thread::scope(|scope| {
            let (ask, asked) = sync_channel::<u64>(1);
            let ahead = thread::Builder::new().name("ng-read-window".to_owned());
            let _ = ahead.spawn_scoped(scope, move || {
                asked
                    .into_iter()
                    .for_each(|offset| passing.read_ahead(offset));
            });
            read(&mut |token| {
                let here = self.head().header.token_offset(token);
                if here >= next && next < end {
                    next = here - here % Passing::window_bytes() + Passing::window_bytes();
                    // If it is still busy with the previous one, it is no help.
                    let _ = ask.try_send(next);
                }
            })
        })
    }
}

/// Verified blocks of a file in order, read ahead by a separate thread:
/// [`BlockReader::blocks`].
///
/// A forked child continues without that thread. Dropping it waits for the current block.
pub struct Blocks<D: Disk + 'static = RealFile> {
    reader: BlockReader<D>,
    /// The parts not returned yet.
    range: Range<u64>,
    ahead: Option<Ahead>,
}

/// Some tokens of a block, verified.
#[derive(Debug)]
pub struct Block {
    start: u64,
    within: Range<usize>,
    tokens: Vec<Token>,
    /// Where the buffer returns for reuse.
    spent: Option<(Sender<Vec<Token>>, ProcessMark)>,
}

type Made = Result<Block, ReadError>;

/// The reading thread and the channel to it.
struct Ahead {
    made: Receiver<Made>,
    thread: JoinHandle<()>,
    /// The process that owns the thread: a fork has none.
    process: ProcessMark,
}

impl Ahead {
    fn start<D: Disk + 'static>(reader: BlockReader<D>, range: Range<u64>) -> Option<Self> {
        if range.is_empty() {
            return None;
        }
        let (out, made) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("ng-read-ahead".to_owned());
        let thread = thread.spawn(move || read_all(&reader, range, &out)).ok()?;
        Some(Self {
            made,
            thread,
            process: ProcessMark::of_this_process(),
        })
    }
}

/// Reads a range as long as it is consumed.
fn read_all<D: Disk>(reader: &BlockReader<D>, range: Range<u64>, out: &SyncSender<Made>) {
    let process = ProcessMark::of_this_process();
    let (spent, reusable) = channel();
    let pass = reader.pass_over(range.clone());
    pass.with_windows_ahead(range.clone(), |reached| {
        for part in pass.parts(range) {
            let start = part.start;
            reached(part.end);
            let buffer = reusable.try_recv().unwrap_or_default();
            let made = pass.read_part(part, buffer).map(|(within, tokens)| Block {
                start,
                within,
                tokens,
                spent: Some((spent.clone(), process)),
            });
            if out.send(made).is_err() {
                return;
            }
        }
    });
}

impl<D: Disk> Blocks<D> {
    /// Takes the next part from the thread, if there is one.
    fn take(&mut self) -> Option<Made> {
        let ahead = self.ahead.as_ref()?;
        let made = ahead.process.is_this_process().then(|| ahead.made.recv());
        match made {
            Some(Ok(made)) => Some(made),
            _ => {
                self.end_ahead();
                None
            }
        }
    }

    fn end_ahead(&mut self) {
        match self.ahead.take() {
            Some(ahead) if ahead.process.is_this_process() => {
                drop(ahead.made);
                // The rest is read without it.
                let _ = ahead.thread.join();
            }
            // Its lock may have been held at the fork.
            Some(ahead) => mem::forget(ahead),
            None => {}
        }
    }
}

impl<D: Disk> Iterator for Blocks<D> {
    type Item = Result<Block, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.reader.parts(self.range.clone()).next()?;
        self.range.start = part.end;
        let start = part.start;
        let made = self.take().unwrap_or_else(|| {
            let read = self.reader.read_part(part, Vec::new());
            read.map(|(within, tokens)| Block {
                start,
                within,
                tokens,
                spent: None,
            })
        });
        if self.range.is_empty() {
            self.end_ahead();
        }
        Some(made)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let blocks = self.range.end.div_ceil(BLOCK) - self.range.start / BLOCK;
        let left = match self.range.is_empty() {
            true => 0,
            false => usize::try_from(blocks).unwrap_or(usize::MAX),
        };
        (left, Some(left))
    }
}

impl<D: Disk> ExactSizeIterator for Blocks<D> {}

impl<D: Disk> std::iter::FusedIterator for Blocks<D> {}

impl<D: Disk> Drop for Blocks<D> {
    fn drop(&mut self) {
        self.end_ahead();
    }
}

impl<D: Disk> fmt::Debug for Blocks<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl Block {
    /// Returns the index of the first token in the file.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Returns the tokens, and with them a buffer that would be reused.
    pub fn into_tokens(mut self) -> Vec<Token> {
        let mut tokens = mem::take(&mut self.tokens);
        tokens.truncate(self.within.end);
        tokens.drain(..self.within.start);
        tokens
    }
}

impl Deref for Block {
    type Target = [Token];

    fn deref(&self) -> &[Token] {
        &self.tokens[self.within.clone()]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        match self.spent.take() {
            Some((spent, process)) if process.is_this_process() => {
                // Fails only if the thread is done.
                let _ = spent.send(mem::take(&mut self.tokens));
            }
            other => mem::forget(other),
        }
    }
}
