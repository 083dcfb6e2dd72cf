//! A plain file, written through a buffer.

use std::any::Any;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use ng_parallel::Workers;

use super::FilePeer;
use super::memmap2::Memmap2;
use crate::reader::Reader;
use crate::records::token;

const BUFFER_BYTES: usize = 1 << 20;

/// `BufWriter` and `fsync`.
pub(crate) struct BufWriter;

impl FilePeer for BufWriter {
    fn write(&self, path: &Path, count: usize, _workers: &Workers) -> Result<Box<dyn Any>> {
        let file = File::create_new(path)?;
        let mut writer = std::io::BufWriter::with_capacity(BUFFER_BYTES, file);
        for index in 0..count {
            writer.write_all(token(index).as_bytes())?;
        }
        writer.flush()?;
        writer.get_ref().sync_all()?;
        Ok(Box::new(writer))
    }

    /// The file is the same that a raw map would have made.
    fn open(&self, path: &Path, workers: Workers) -> Result<Box<dyn Reader>> {
        Memmap2.open(path, workers)
    }
}
