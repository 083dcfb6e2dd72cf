//! The tokens to sort, part by part.

use std::ops::Range;
use std::sync::Arc;

use ng_store::{BlockPass, BlockReader, CachePolicy};
use ng_token::Token;

use super::SortError;
use super::sort_file::Sort;
use crate::parts::open_part;
use crate::reader_rows::sound_pass;
use crate::{OpenPart, Parts, QueryError, Source, Zone};

/// A file as one part.
#[derive(Debug)]
pub(super) struct OneFile<'a>(pub(super) &'a BlockReader);

impl Parts for OneFile<'_> {
    fn part_count(&self) -> usize {
        1
    }

    fn part_tokens(&self, _part: usize) -> u64 {
        self.0.len()
    }

    fn part_zone(&self, _part: usize) -> Option<&Zone> {
        None
    }

    fn open_part(&self, _part: usize) -> Result<Arc<OpenPart>, QueryError> {
        Ok(Arc::new(OpenPart::of_reader(self.0.clone(), None)?))
    }
}

/// A part that is read from one end to the other, by any number of threads.
pub(super) struct Pass {
    part: Arc<OpenPart>,
    /// Reads the rows of a file from this one on.
    file: Option<(BlockPass<'static>, u64)>,
}

impl Pass {
    /// Opens a part of what is sorted.
    fn open(sort: &Sort<'_>, part: usize) -> Result<Self, SortError> {
        let part = open_part(sort.parts, part)?;
        let cache = sort.input_cache();
        let file = match part.source() {
            Source::Reader(reader) => {
                let pass = sound_pass::<_, SortError>(reader, 0..reader.len(), cache)?;
                Some((pass, 0))
            }
            Source::Rows(rows) => {
                let pass = rows.sound_pass::<SortError>(cache)?;
                Some((pass, rows.rows().start))
            }
            _ => None,
        };
        Ok(Self { part, file })
    }

    /// Returns the number of its tokens.
    pub(super) fn len(&self) -> usize {
        usize::try_from(self.part.source().len()).unwrap_or(usize::MAX)
    }

    /// Appends some of its tokens, verified if they are in a file that is not mapped.
    pub(super) fn read(
        &self,
        range: Range<usize>,
        tokens: &mut Vec<Token>,
    ) -> Result<(), SortError> {
        let Some((pass, start)) = &self.file else {
            tokens.extend_from_slice(&in_memory(self.part.source())[range]);
            return Ok(());
        };
        let rows = start + range.start as u64..start + range.end as u64;
        pass.for_each(rows, |verified| {
            tokens.extend_from_slice(verified);
            Ok(())
        })
    }
}

impl Sort<'_> {
    /// Passes each part that has tokens, one after another: one is open at a time.
    pub(super) fn for_each_part(
        &self,
        mut take: impl FnMut(&Pass) -> Result<(), SortError>,
    ) -> Result<(), SortError> {
        for part in 0..self.parts.part_count() {
            if self.parts.part_tokens(part) > 0 {
                self.check_stop()?;
                take(&Pass::open(self, part)?)?;
            }
        }
        Ok(())
    }

    /// Returns the reader of the only part, if that is a whole file.
    pub(super) fn only_file(&self) -> Result<Option<BlockReader>, SortError> {
        if self.parts.part_count() != 1 {
            return Ok(None);
        }
        match open_part(self.parts, 0)?.source() {
            Source::Reader(reader) => Ok(Some(reader.clone().with_cache(self.input_cache()))),
            _ => Ok(None),
        }
    }

    /// Returns the cache policy of what is read: each part may be small while all together are not.
    fn input_cache(&self) -> CachePolicy {
        match self.parts.part_count() {
            1 => self.options.cache_policy(),
            _ => self.cache_of_many(),
        }
    }
}

fn in_memory(source: Source<'_>) -> &[Token] {
    match source {
        Source::Tokens(tokens) => tokens,
        Source::Snapshot(snapshot) => snapshot.tokens(),
        _ => unreachable!("a file has a pass, and a part has no parts"),
    }
}
