use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use crate::CachePolicy;
use crate::disk::{Disk, Passing, RealFile};

/// Reads a regular file once, from start to end: raw records, such as
/// [`RawDraft`](crate::RawDraft) writes, or anything else.
///
/// By its [`CachePolicy`] it leaves the page cache unchanged, if read in pieces of 64 KiB
/// or more.
///
/// It reads bytes, directly into tokens by [`as_bytes_mut`](ng_token::as_bytes_mut):
///
/// ```
/// use std::fs::File;
/// use std::io::Read;
///
/// use ng_store::{CachePolicy, RawDraft, RawReader};
/// use ng_token::Token;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokens.raw");
/// let mut draft = RawDraft::begin(&path, false)?;
/// draft.append(&[Token::new(7), Token::new(8)])?;
/// draft.publish()?;
///
/// let mut tokens = [Token::ZERO; 2];
/// let mut records = RawReader::new(File::open(&path)?, CachePolicy::Auto);
/// records.read_exact(ng_token::as_bytes_mut(&mut tokens))?;
/// assert_eq!(tokens[1], Token::new(8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RawReader {
    file: Passing<'static>,
    at: u64,
}

impl RawReader {
    /// Starts reading a file, whose length decides by the policy.
    pub fn new(file: File, cache: CachePolicy) -> Self {
        let file = Arc::new(RealFile::from(file));
        let bytes = file.len().unwrap_or(0);
        Self {
            file: Passing::over(file, cache, 0..bytes),
            at: 0,
        }
    }
}

impl Read for RawReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_read_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.raw");
        for (count, piece) in [
            (0, 7),
            (1, 7),
            (1_000, 64),
            (5 << 20, 1 << 20),
            (3_000_001, 65_536),
        ] {
            let bytes: Vec<u8> = (0..count).map(|at: usize| (at / 3) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            for cache in [CachePolicy::Auto, CachePolicy::Keep, CachePolicy::Bypass] {
                let mut reader = RawReader::new(File::open(&path).unwrap(), cache);
                let (mut found, mut buffer) = (Vec::new(), vec![0; piece]);
                loop {
                    match reader.read(&mut buffer).unwrap() {
                        0 => break,
                        read => found.extend_from_slice(&buffer[..read]),
                    }
                }
                assert!(found == bytes, "{count} bytes, {cache:?}");
            }
        }
    }
}
