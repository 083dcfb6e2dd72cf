//! Small files that are read and written at once.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Disk, Source};
use crate::{IoError, Operation};

/// The error of a file that is longer than its reader takes.
#[derive(Debug, thiserror::Error)]
#[error("{found} bytes, at most {limit} expected")]
struct TooLong {
    found: u64,
    limit: u64,
}

/// Reads a whole file of at most `limit` bytes; errors call it `path`. Interrupted and short
/// reads are continued.
///
/// The file should not change meanwhile.
///
/// # Errors
///
/// [`IoError`]; of the kind `FileTooLarge` for a longer file, of which nothing is read, and
/// `UnexpectedEof` for one that became shorter.
pub fn read_whole<D: Disk>(disk: &D, path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let source = Source::new(disk, path);
    let found = source.len()?;
    let len = usize::try_from(found).ok().filter(|_| found <= limit);
    let len = len.ok_or_else(|| {
        let cause = io::Error::new(ErrorKind::FileTooLarge, TooLong { found, limit });
        source.error(Operation::Read, None, cause)
    })?;
    let mut bytes = vec![0; len];
    match source.read(&mut bytes, 0)? {
        have if have < len => {
            let cause = ErrorKind::UnexpectedEof.into();
            Err(source.error(Operation::Read, Some(have as u64), cause))
        }
        _ => Ok(bytes),
    }
}

/// Writes all of an empty file, and syncs it; errors call it `path`. Interrupted and short
/// writes are continued.
///
/// Its name is not made durable: see [`Dir::sync`](super::Dir::sync).
///
/// # Errors
///
/// [`IoError`]; the content is then unknown.
pub fn write_whole<D: Disk>(disk: &D, path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let source = Source::new(disk, path);
    source.write(bytes, 0)?;
    source.sync()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Dir;
    use crate::disk::sim::{Atomicity, CallKind, Failure, Fault, LoseAll, SimFs, When};

    const PATH: &str = "a";

    fn file() -> (SimFs, crate::disk::sim::SimFile) {
        let fs = SimFs::new();
        let file = fs.dir().create_exclusive(PATH).unwrap();
        fs.dir().sync().unwrap();
        (fs, file)
    }

    #[test]
    fn a_whole_file_survives_short_and_interrupted_calls_and_the_power() {
        let bytes: Vec<u8> = (0..5_000_u32).map(|index| index as u8).collect();
        for fault in [Fault::Short(1_000), Fault::Fail(Failure::Interrupted)] {
            let (fs, file) = file();
            for kind in [CallKind::Write, CallKind::Read] {
                fs.inject(When::Nth(kind, 0), fault);
                fs.inject(When::Nth(kind, 1), fault);
            }
            write_whole(&file, PATH.as_ref(), &bytes).unwrap();
            let after = fs.crash(&mut LoseAll, Atomicity::Sector);
            for fs in [&fs, &after] {
                let file = fs.dir().open(PATH, false).unwrap();
                let read = read_whole(&file, PATH.as_ref(), 5_000).unwrap();
                assert!(read == bytes, "{fault:?}");
            }
            assert_eq!(fs.pending_faults(), 0);
        }
    }

    #[test]
    fn a_write_or_a_sync_that_fails_is_an_error() {
        for kind in [CallKind::Write, CallKind::Sync] {
            let (fs, file) = file();
            fs.inject(When::Nth(kind, 0), Fault::Fail(Failure::Io));
            let error = write_whole(&file, PATH.as_ref(), b"x").unwrap_err();
            assert_eq!(error.source.raw_os_error(), Some(5), "{kind:?}");
        }
    }

    #[test]
    fn a_file_beyond_the_limit_is_not_read() {
        let (fs, file) = file();
        write_whole(&file, PATH.as_ref(), b"four").unwrap();
        assert_eq!(read_whole(&file, PATH.as_ref(), 4).unwrap(), b"four");
        let reads = fs.operations_of(CallKind::Read);
        let error = read_whole(&file, PATH.as_ref(), 3).unwrap_err();
        assert_eq!(error.source.kind(), ErrorKind::FileTooLarge);
        assert_eq!(error.source.to_string(), "4 bytes, at most 3 expected");
        file.set_len(i64::MAX as u64).unwrap();
        read_whole(&file, PATH.as_ref(), 1 << 20).unwrap_err();
        assert_eq!(fs.operations_of(CallKind::Read), reads);
    }

    /// A file whose length is not what it has.
    struct Liar;

    impl Disk for Liar {
        fn len(&self) -> io::Result<u64> {
            Ok(9)
        }

        fn set_len(&self, _len: u64) -> io::Result<()> {
            unreachable!("read only")
        }

        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            Ok(buffer.len().min(4_usize.saturating_sub(offset as usize)))
        }

        fn write_at(&self, _buffer: &[u8], _offset: u64) -> io::Result<usize> {
            unreachable!("read only")
        }

        fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
            unreachable!("read only")
        }

        fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
            unreachable!("read only")
        }

        fn sync(&self) -> io::Result<()> {
            unreachable!("read only")
        }
    }

    #[test]
    fn a_file_that_became_shorter_is_an_error() {
        let error = read_whole(&Liar, PATH.as_ref(), 9).unwrap_err();
        assert_eq!(error.source.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(error.offset, Some(4));
    }
}
