use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ng_store::{CachePolicy, CreateError, NoHash, RawDraft, TokenSink};
use ng_token::Token;

use super::{Borders, Counts, TempFolder, open_files};
use crate::order::SortError;
use crate::order::sort_file::Sort;

/// A temporary file of the tokens whose keys are in a range, in the order of their positions.
/// Dropping it removes it.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) path: PathBuf,
    pub(super) keys: RangeInclusive<u64>,
    pub(super) tokens: u64,
}

impl Partition {
    /// Tells whether its range has only one key.
    pub(super) fn has_one_key(&self) -> bool {
        self.keys.start() == self.keys.end()
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        // A file that stays is removed with its folder.
        let _ = fs::remove_file(&self.path);
    }
}

/// Files that a sink of groups fills side by side.
pub(super) struct Partitions<'a> {
    folder: &'a mut TempFolder,
    counts: &'a Counts,
    cache: CachePolicy,
    buffer_tokens: usize,
    /// How many tokens of the current part were appended.
    appended: usize,
    filled: Vec<Filling>,
}

/// A file being filled. One without tokens is never made.
struct Filling {
    keys: RangeInclusive<u64>,
    path: PathBuf,
    draft: Option<RawDraft>,
    buffer: Vec<Token>,
    tokens: u64,
}

impl<'a> Partitions<'a> {
    pub(super) fn begin(
        sort: &Sort<'_>,
        folder: &'a mut TempFolder,
        borders: &Borders,
        counts: &'a Counts,
    ) -> Self {
        let filling = |keys| Filling {
            keys,
            path: PathBuf::new(),
            draft: None,
            buffer: Vec::new(),
            tokens: 0,
        };
        Self {
            folder,
            counts,
            cache: sort.cache_of_many(),
            buffer_tokens: sort.buffer_tokens(borders.len()),
            appended: 0,
            filled: borders.ranges().map(filling).collect(),
        }
    }

    /// Counts from 0 again, so that the batches of the next part begin where its blocks do.
    pub(super) fn begin_part(&mut self) {
        self.appended = 0;
    }

    /// Appends tokens grouped by their ranges; `counts` has how many of each.
    pub(super) fn append_groups(
        &mut self,
        mut tokens: &[Token],
        counts: &[usize],
    ) -> Result<(), SortError> {
        self.appended += tokens.len();
        for (number, &count) in counts.iter().enumerate() {
            let (group, rest) = tokens.split_at(count);
            self.append_to(number, group)?;
            tokens = rest;
        }
        Ok(())
    }

    fn append_to(&mut self, number: usize, mut tokens: &[Token]) -> Result<(), SortError> {
        let room = self.buffer_tokens;
        self.filled[number].tokens += tokens.len() as u64;
        while !tokens.is_empty() {
            let buffer = &mut self.filled[number].buffer;
            buffer.reserve_exact(room - buffer.len());
            let (now, later) = tokens.split_at(tokens.len().min(room - buffer.len()));
            buffer.extend_from_slice(now);
            tokens = later;
            if buffer.len() == room {
                self.write(number)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, number: usize) -> Result<(), SortError> {
        let filling = &mut self.filled[number];
        if filling.draft.is_none() {
            filling.path = self.folder.next_file();
            let draft = RawDraft::begin(&filling.path, false);
            let mut draft = draft.map_err(open_files::told)?;
            draft.set_cache(self.cache);
            filling.draft = Some(draft);
        }
        let draft = filling.draft.as_mut();
        let written = draft.map_or(Ok(()), |draft| draft.append(&filling.buffer));
        filling.buffer.clear();
        written.map_err(open_files::told)
    }

    /// Writes what is left, and returns the files that have tokens, in the order of keys.
    pub(super) fn finish(mut self) -> Result<Vec<Partition>, SortError> {
        for number in 0..self.filled.len() {
            if !self.filled[number].buffer.is_empty() {
                self.write(number)?;
            }
            self.filled[number].buffer = Vec::new();
        }
        let published = self.filled.into_iter().filter_map(Filling::publish);
        let published: Result<_, CreateError> = published.collect();
        published.map_err(open_files::told)
    }
}

impl Filling {
    fn publish(self) -> Option<Result<Partition, CreateError>> {
        let partition = Partition {
            path: self.path,
            keys: self.keys,
            tokens: self.tokens,
        };
        let draft = self.draft?;
        Some(draft.publish().map(|()| partition))
    }
}

/// Takes grouped batches, each with the counts that were kept for it.
impl TokenSink for Partitions<'_> {
    type Error = SortError;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        self.appended as u64
    }

    fn reserve(&mut self, _additional: usize) -> Result<(), SortError> {
        Ok(())
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), SortError> {
        let counts = self.counts.take(self.appended);
        let counts = counts.expect("a batch is grouped before it is appended");
        self.append_groups(tokens, &counts)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), SortError> {
        let tokens: Vec<Token> = (0..count).map(f).collect();
        self.append(&tokens)
    }

    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], _hashes: &[u64]) -> Result<(), SortError> {
        self.append(tokens)
    }

    fn commit(&mut self) -> Result<(), SortError> {
        Ok(())
    }
}
