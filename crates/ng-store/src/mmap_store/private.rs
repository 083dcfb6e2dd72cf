use std::fmt;
use std::ops::Range;
use std::path::Path;

use ng_token::Token;

use super::{map_error, sight};
use crate::disk::{RealFile, Source};
use crate::file::{FileInfo, Head};
use crate::raw::{PrivateMap, Promise};
use crate::{MemoryUsage, OpenError, TokenStore};

/// The committed tokens of a file, with private changes in memory.
///
/// A page, usually 64 tokens, is copied at its first write, so private memory grows with
/// the changed pages, not with the file, which is never modified. No memory is reserved for
/// them: a process that changes more than fits in memory is killed by the system, without
/// an error. A system that never overcommits (`vm.overcommit_memory` 2) counts every page
/// when the file is opened, and refuses a file that is too large. To keep the changes,
/// write all tokens to a new file, an **edited copy**, by a
/// [`FileDraft`](crate::FileDraft):
///
/// ```
/// use ng_store::{
///     BlockReader, CreateOptions, FileDraft, MmapStore, TokenSink, TokenStore, VecStore,
///     VerifyBlocks,
/// };
/// use ng_token::Token;
///
/// # let folder = tempfile::tempdir()?;
/// # let (path, copy) = (folder.path().join("a.ngt"), folder.path().join("edited.ngt"));
/// # VecStore::from_iter((0..1_000).map(Token::new)).save(&path, &CreateOptions::new())?;
/// // The copy gets hashes of its own, under which damage would pass for sound.
/// assert!(BlockReader::open(&path)?.verify()?.is_clean());
/// // SAFETY: (1) nobody shrinks this file or writes into it in place.
/// let mut edited = unsafe { MmapStore::open_private(&path) }?;
/// let token = &mut edited.tokens_mut()[7];
/// *token = token.with_weight(2.0);
///
/// let info = edited.info();
/// let options = CreateOptions::new().max_tokens(info.max_tokens).tag(info.tag);
/// let mut draft = FileDraft::begin(&copy, &options.reserve(info.tokens))?;
/// draft.writer().append(edited.tokens())?;
/// draft.writer().commit()?;
/// draft.publish()?;
/// assert_eq!(VecStore::load(&copy)?.tokens()[7].weight(), 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Opening checks only the last block, and puts other findings into [`info`](Self::info):
/// check those, or verify as above. With
/// [`CreateOptions::replace`](crate::CreateOptions::replace) the copy replaces the
/// original; this store keeps showing the original.
///
/// [`VecStore::load`](crate::VecStore::load), `tokens_mut` and
/// [`save`](crate::VecStore::save) make the same copy without a promise, but with all
/// tokens in memory. `cargo run --release -p ng-store --example edited_copy` measures both.
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

    /// A loaded range of tokens; `None` if the map does not have it.
    fn populated(&self, range: Range<usize>) -> Option<&[Token]> {
        let bytes = range.start * Token::SIZE..range.end * Token::SIZE;
        self.map.populate(bytes).ok()?;
        Some(&self.tokens()[range])
    }

    /// Returns the mutable tokens.
    ///
    /// # Panics
    ///
    /// Never: a map begins at a page, and holds whole tokens.
    pub fn tokens_mut(&mut self) -> &mut [Token] {
        match ng_token::try_tokens_mut(self.map.bytes_mut()) {
            Ok(tokens) => tokens,
            Err(error) => unreachable!("{error}"),
        }
    }

    /// Returns the file's info.
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
