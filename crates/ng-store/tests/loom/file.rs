use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use ng_store::disk::{Dir, Disk};

/// A file in a page cache, with concurrent readers and writers. A clone is another
/// opener's.
///
/// What may change during a model is cut into *pieces*. loom decides in which
/// order pieces are read and written, and may show an old piece for as long as
/// nothing newer was seen that came after it: so a read of many pieces can be
/// torn between any two of them.
#[derive(Clone, Debug)]
pub(crate) struct File(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The initial file; parts that no piece covers stay like this.
    base: Arc<[u8]>,
    length: AtomicU64,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    range: Range<usize>,
    version: AtomicUsize,
    /// What each version holds. Never waited for: loom runs one thread at a time.
    versions: Mutex<Vec<Vec<u8>>>,
}

impl File {
    /// Opens a file that holds `base`, to be changed in `pieces`.
    pub(crate) fn new(base: &Arc<[u8]>, pieces: &[Range<usize>]) -> Self {
        let piece = |range: &Range<usize>| Piece {
            range: range.clone(),
            version: AtomicUsize::new(0),
            versions: Mutex::new(vec![bytes_of(base, range)]),
        };
        Self(Arc::new(Shared {
            base: Arc::clone(base),
            length: AtomicU64::new(base.len() as u64),
            pieces: pieces.iter().map(piece).collect(),
        }))
    }

    fn extend(&self, end: u64) {
        self.0.length.fetch_max(end, Ordering::AcqRel);
    }
}

/// The bytes of a range, zero beyond the end.
fn bytes_of(base: &[u8], range: &Range<usize>) -> Vec<u8> {
    let there = base.len().clamp(range.start, range.end);
    let mut bytes = base.get(range.start..there).unwrap_or_default().to_vec();
    bytes.resize(range.len(), 0);
    bytes
}

impl Piece {
    /// What the piece has in common with a range: where in the piece, and where
    /// in the range.
    fn common(&self, range: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
        let start = self.range.start.max(range.start);
        let end = self.range.end.min(range.end);
        let from = |origin: usize| start - origin..end - origin;
        (start < end).then(|| (from(self.range.start), from(range.start)))
    }

    fn read(&self, part: Range<usize>, into: &mut [u8]) {
        let version = self.version.load(Ordering::Acquire);
        let versions = self.versions.lock().unwrap();
        into.copy_from_slice(&versions[version][part]);
    }

    fn write(&self, part: Range<usize>, bytes: &[u8]) {
        let mut versions = self.versions.lock().unwrap();
        let mut content = versions[versions.len() - 1].clone();
        content[part].copy_from_slice(bytes);
        versions.push(content);
        let version = versions.len() - 1;
        drop(versions);
        self.version.store(version, Ordering::Release);
    }
}

impl Disk for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.length.load(Ordering::Acquire))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        unreachable!("nobody cuts a file to {len}");
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let range = offset as usize..offset as usize + buffer.len();
        buffer.copy_from_slice(&bytes_of(&self.0.base, &range));
        for piece in &self.0.pieces {
            if let Some((of_piece, of_range)) = piece.common(&range) {
                piece.read(of_piece, &mut buffer[of_range]);
            }
        }
        Ok(buffer.len())
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let range = offset as usize..offset as usize + buffer.len();
        let mut written = 0;
        for piece in &self.0.pieces {
            if let Some((of_piece, of_range)) = piece.common(&range) {
                written += of_range.len();
                piece.write(of_piece, &buffer[of_range]);
            }
        }
        assert_eq!(written, buffer.len(), "{range:x?} is not all in pieces");
        self.extend(range.end as u64);
        Ok(buffer.len())
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.extend(offset + len);
        Ok(())
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The file's folder, of which only the sync is used.
pub(crate) struct Folder;

impl Dir for Folder {
    type File = File;

    fn create_exclusive(&self, name: &str) -> io::Result<File> {
        unreachable!("{name} is not created")
    }

    fn open(&self, name: &str, _writable: bool) -> io::Result<File> {
        unreachable!("{name} is open")
    }

    fn rename_noreplace(&self, from: &str, _to: &str) -> io::Result<()> {
        unreachable!("{from} keeps its name")
    }

    fn rename(&self, from: &str, _to: &str) -> io::Result<()> {
        unreachable!("{from} keeps its name")
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        unreachable!("{name} stays")
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
