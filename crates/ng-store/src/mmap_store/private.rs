use std::fmt;
use std::ops::Range;
use std::path::Path;

use ng_token::Token;

use super::{map_error, sight};
use crate::disk::{RealFile, Source};
use crate::file::{FileInfo, Head};
use crate::raw::{PrivateMap, Promise};
use crate::{MemoryUsage, OpenError, TokenStore};

/// The committed tokens of a file, to be changed in memory.
///
/// A page is copied when it is first written; the file is never touched. To
/// keep the changes, save them as a new file:
/// [`VecStore::save`](crate::VecStore::save).
pub struct PrivateStore {
    map: PrivateMap,
    info: FileInfo,
}

impl PrivateStore {
    pub(crate) fn open_promised(path: &Path, promise: Promise) -> Result<Self, OpenError> {
        let source = Source::new(RealFile::open(path, false)?, path);
        let head = Head::read(&source)?;
        let file = source.disk().file();
        let map = PrivateMap::of_file(file, head.header.data_offset, head.slot.tokens, promise);
        let store = Self {
            map: map.map_err(|error| map_error(source.path(), error))?,
            info: FileInfo::from(&head),
        };
        sight::check_last_block(&source, &head, |range| store.populated(range))?;
        Ok(store)
    }

    /// A range of tokens that was brought in; `None` if the map does not have it.
    fn populated(&self, range: Range<usize>) -> Option<&[Token]> {
        let bytes = range.start * Token::SIZE..range.end * Token::SIZE;
        self.map.populate(bytes).ok()?;
        Some(&self.tokens()[range])
    }

    /// Returns the tokens, to change them.
    ///
    /// # Panics
    ///
    /// Never: a map begins where a page does, and is made for whole tokens.
    pub fn tokens_mut(&mut self) -> &mut [Token] {
        match ng_token::try_tokens_mut(self.map.bytes_mut()) {
            Ok(tokens) => tokens,
            Err(error) => unreachable!("{error}"),
        }
    }

    /// Returns what the file says about itself.
    pub fn info(&self) -> &FileInfo {
        &self.info
    }
}

impl TokenStore for PrivateStore {
    fn tokens(&self) -> &[Token] {
        match ng_token::try_tokens(self.map.bytes()) {
            Ok(tokens) => tokens,
            Err(error) => unreachable!("{error}"),
        }
    }

    fn memory_usage(&self) -> MemoryUsage {
        let bytes = self.map.bytes().as_ptr_range();
        let used = self.map.bytes().len();
        MemoryUsage::measure(&(bytes.start.addr()..bytes.end.addr()), used)
    }
}

impl fmt::Debug for PrivateStore {
    /// Shows the sizes, not the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateStore")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
