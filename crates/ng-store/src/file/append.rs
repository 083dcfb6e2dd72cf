use ng_token::Token;

use super::Writer;
use super::outflow::CHUNK_BYTES;
use crate::disk::Disk;
use crate::format::{BLOCK, TOKEN_BYTES};
use crate::{BLOCK_TOKENS, BlockHasher, IoError, WriteError, whole_blocks};

/// How many tokens are written at once: a chunk, four blocks. Tokens begin at a chunk
/// boundary of the file, so writes that end at one cover whole chunks.
const CHUNK_TOKENS: usize = CHUNK_BYTES as usize / Token::SIZE;

impl<D: Disk> Writer<D> {
    /// Appends a copy of `tokens`.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve). Nothing was appended.
    pub fn append(&mut self, tokens: &[Token]) -> Result<(), WriteError> {
        self.reserve(tokens.len() as u64)?;
        self.or_back(|writer| writer.push(tokens, None))
    }

    /// Appends `tokens` whose whole blocks are already hashed:
    /// [`TokenSink::append_hashed`](crate::TokenSink::append_hashed).
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    ///
    /// # Panics
    ///
    /// If the number of hashes differs from the number of whole blocks.
    pub fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), WriteError> {
        let start = (self.appended_tokens() % BLOCK) as usize;
        let blocks = whole_blocks(start, tokens.len()).len();
        assert_eq!(
            hashes.len(),
            blocks,
            "{} hashes for {blocks} whole blocks",
            hashes.len()
        );
        self.reserve(tokens.len() as u64)?;
        self.or_back(|writer| writer.push(tokens, Some(hashes)))
    }

    /// Appends `f(0)` to `f(count - 1)`.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append); without space `f` is not called.
    ///
    /// # Panics
    ///
    /// If `f` panics. Nothing was appended.
    pub fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token,
    ) -> Result<(), WriteError> {
        self.reserve(count as u64)?;
        self.or_back(|writer| writer.fill(count, f))
    }

    /// Writes the buffer, and keeps the partial block in it.
    pub(super) fn flush(&mut self) -> Result<(), IoError> {
        let whole = self.buffer.len() - self.buffer.len() % BLOCK_TOKENS;
        let buffer = std::mem::take(&mut self.buffer);
        self.hash_blocks(&buffer[..whole]);
        let first = self.buffer_start + self.written as u64;
        let outcome = self.write_tokens(first, &buffer[self.written..]);
        self.buffer = buffer;
        outcome?;
        self.save(whole);
        self.buffer.drain(..whole);
        self.buffer_start += whole as u64;
        self.written = self.buffer.len();
        Ok(())
    }

    fn push(&mut self, tokens: &[Token], hashes: Option<&[u64]>) -> Result<(), IoError> {
        let missing = self.buffer.len().wrapping_neg() % BLOCK_TOKENS;
        let (finish, rest) = tokens.split_at(missing.min(tokens.len()));
        self.buffer(finish)?;
        let (whole, tail) = rest.split_at(rest.len() - rest.len() % BLOCK_TOKENS);
        match hashes {
            Some(hashes) if !whole.is_empty() => self.write_blocks(whole, Some(hashes))?,
            None if whole.len() >= CHUNK_TOKENS => self.write_blocks(whole, None)?,
            _ => self.buffer(whole)?,
        }
        self.buffer(tail)
    }

    /// Takes tokens into the buffer, and writes it each time it is full.
    fn buffer(&mut self, mut tokens: &[Token]) -> Result<(), IoError> {
        while !tokens.is_empty() {
            let (now, later) = tokens.split_at(self.room().min(tokens.len()));
            self.buffer.extend_from_slice(now);
            self.flush_if_full()?;
            tokens = later;
        }
        Ok(())
    }

    fn fill(&mut self, count: usize, f: impl Fn(usize) -> Token) -> Result<(), IoError> {
        let mut index = 0;
        while index < count {
            let end = index + self.room().min(count - index);
            self.buffer.extend((index..end).map(&f));
            self.flush_if_full()?;
            index = end;
        }
        Ok(())
    }

    /// How many tokens the buffer takes before it is written.
    fn room(&mut self) -> usize {
        let room = to_next_chunk(self.appended_tokens());
        self.buffer.reserve_exact(room);
        room
    }

    fn flush_if_full(&mut self) -> Result<(), IoError> {
        match self.appended_tokens() % CHUNK_TOKENS as u64 {
            0 => {
                self.check_end()?;
                self.flush()
            }
            _ => Ok(()),
        }
    }

    /// Refuses a truncated file: writing to it before the next commit would extend it again
    /// and hide that.
    fn check_end(&self) -> Result<(), IoError> {
        match self.source.len()? < self.head.length {
            true => Err(self.source.ended()),
            false => Ok(()),
        }
    }

    /// Writes whole blocks, bypassing the buffer, which holds only whole blocks, too.
    fn write_blocks(&mut self, tokens: &[Token], hashes: Option<&[u64]>) -> Result<(), IoError> {
        self.check_end()?;
        self.flush()?;
        if let Some(hashes) = hashes {
            self.entries
                .extend(hashes.iter().map(|hash| hash.to_le_bytes()));
        }
        let begin = to_next_chunk(self.buffer_start).min(tokens.len());
        let (begin, rest) = tokens.split_at(begin);
        for chunk in [begin].into_iter().chain(rest.chunks(CHUNK_TOKENS)) {
            if hashes.is_none() {
                self.hash_blocks(chunk);
            }
            self.write_tokens(self.buffer_start, chunk)?;
            self.buffer_start += chunk.len() as u64;
        }
        Ok(())
    }

    /// Hashes whole blocks from `buffer_start` on.
    fn hash_blocks(&mut self, tokens: &[Token]) {
        let first = self.buffer_start / BLOCK;
        for (index, block) in tokens.chunks_exact(BLOCK_TOKENS).enumerate() {
            let hash = self.hasher.hash_block(first + index as u64, block);
            self.entries.push(hash.to_le_bytes());
        }
    }

    /// Writes tokens beyond the committed ones.
    fn write_tokens(&mut self, first: u64, tokens: &[Token]) -> Result<(), IoError> {
        // Snapshots rely on this: committed tokens are never overwritten.
        assert!(
            first >= self.committed_tokens(),
            "token {first} is written, {} are committed",
            self.committed_tokens()
        );
        let commit_bytes = self.commit_bytes(first + tokens.len() as u64);
        let offset = self.head.header.token_offset(first);
        let bytes = ng_token::as_bytes(tokens);
        self.outflow
            .write(&self.source, bytes, offset, commit_bytes)
    }

    /// The size in bytes of the commit being appended, up to `end` or to what was
    /// announced.
    pub(super) fn commit_bytes(&self, end: u64) -> u64 {
        let end = end.max(self.announced);
        (end - self.committed_tokens()).saturating_mul(TOKEN_BYTES)
    }

    /// Runs an append, and rolls back if it fails or panics.
    fn or_back(
        &mut self,
        append: impl FnOnce(&mut Self) -> Result<(), IoError>,
    ) -> Result<(), WriteError> {
        self.mark = self.appended_tokens();
        self.saved.clear();
        let mut guard = GoBack {
            writer: self,
            armed: true,
        };
        match append(guard.writer) {
            Ok(()) => {
                guard.armed = false;
                Ok(())
            }
            Err(cause) => Err(guard.writer.poison(cause)),
        }
    }

    /// Saves what a rollback needs of the buffer's first `whole` tokens before they leave
    /// it: the start of the block in which the append began.
    fn save(&mut self, whole: usize) {
        let block_start = self.mark - self.mark % BLOCK;
        let leaving = self.buffer_start..self.buffer_start + whole as u64;
        if leaving.contains(&block_start) {
            let start = (block_start - self.buffer_start) as usize;
            let begun = (self.mark - block_start) as usize;
            self.saved
                .extend_from_slice(&self.buffer[start..start + begun]);
        }
    }

    pub(super) fn go_back(&mut self) {
        let block_start = self.mark - self.mark % BLOCK;
        if block_start < self.buffer_start {
            self.buffer.clear();
            self.buffer.append(&mut self.saved);
            self.buffer_start = block_start;
            self.written = self.buffer.len();
        } else {
            self.buffer
                .truncate((self.mark - self.buffer_start) as usize);
            self.written = self.written.min(self.buffer.len());
        }
        let full = self.buffer_start / BLOCK - self.committed_tokens() / BLOCK;
        self.entries.truncate(full as usize);
        let written = self.buffer_start + self.written as u64;
        let offset = self.head.header.token_offset(written);
        self.outflow.go_back(offset);
    }
}

/// How many tokens remain before the next chunk.
fn to_next_chunk(token: u64) -> usize {
    CHUNK_TOKENS - (token % CHUNK_TOKENS as u64) as usize
}

/// Rolls back an append unless disarmed, even if a closure panics.
struct GoBack<'a, D: Disk> {
    writer: &'a mut Writer<D>,
    armed: bool,
}

impl<D: Disk> Drop for GoBack<'_, D> {
    fn drop(&mut self) {
        if self.armed {
            self.writer.go_back();
        }
    }
}
