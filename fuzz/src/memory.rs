use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ng_store::disk::{Dir, Disk};

use crate::golden;

const PAGE: usize = 4096;

type Pages = BTreeMap<u64, Box<[u8; PAGE]>>;

/// A file in memory, of any length: a head, what follows it in the golden file, and a hole. A clone
/// is the same file.
#[derive(Clone, Debug)]
pub(crate) struct File(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    head: Vec<u8>,
    length: AtomicU64,
    /// What was written since.
    pages: Mutex<Pages>,
}

impl File {
    /// A file of this many bytes that begins with `head`.
    pub(crate) fn new(head: &[u8], length: u64) -> Self {
        let mut head = head.to_vec();
        head.resize(golden::TABLE_OFFSET, 0);
        Self(Arc::new(Inner {
            head,
            length: AtomicU64::new(length.min(i64::MAX as u64)),
            pages: Mutex::default(),
        }))
    }

    /// What the file began with.
    fn original(&self, offset: u64, buffer: &mut [u8]) {
        buffer.fill(0);
        let golden = &golden::BYTES[golden::TABLE_OFFSET..];
        for (start, bytes) in [(0, &self.0.head[..]), (golden::TABLE_OFFSET, golden)] {
            copy(start as u64, bytes, offset, buffer);
        }
    }

    fn page<'a>(&self, pages: &'a mut Pages, index: u64) -> &'a mut [u8; PAGE] {
        pages.entry(index).or_insert_with(|| {
            let mut page = Box::new([0; PAGE]);
            self.original(index * PAGE as u64, &mut page[..]);
            page
        })
    }
}

/// Copies the overlap of `bytes` at `start` and `into` at `offset`.
fn copy(start: u64, bytes: &[u8], offset: u64, into: &mut [u8]) {
    let from = start.max(offset);
    let to = (start + bytes.len() as u64).min(offset.saturating_add(into.len() as u64));
    if from < to {
        let source = (from - start) as usize..(to - start) as usize;
        let target = (from - offset) as usize..(to - offset) as usize;
        into[target].copy_from_slice(&bytes[source]);
    }
}

impl Disk for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.length.load(Ordering::Relaxed))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.length.store(len, Ordering::Relaxed);
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let there = self.len()?.saturating_sub(offset).min(buffer.len() as u64) as usize;
        let buffer = &mut buffer[..there];
        self.original(offset, buffer);
        let pages = self.0.pages.lock().expect("nobody panics with it");
        let first = offset / PAGE as u64;
        for (index, page) in pages
            .range(first..)
            .take_while(|(index, _)| *index * (PAGE as u64) < offset.saturating_add(there as u64))
        {
            copy(index * PAGE as u64, &page[..], offset, buffer);
        }
        Ok(there)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let Some(end) = offset.checked_add(buffer.len() as u64) else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        let mut pages = self.0.pages.lock().expect("nobody panics with it");
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let start = (at % PAGE as u64) as usize;
            let count = (PAGE - start).min(buffer.len() - done);
            let page = self.page(&mut pages, at / PAGE as u64);
            page[start..start + count].copy_from_slice(&buffer[done..done + count]);
            done += count;
        }
        self.0.length.fetch_max(end, Ordering::Relaxed);
        Ok(buffer.len())
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        match offset.checked_add(len) {
            Some(end) if end <= i64::MAX as u64 => {
                self.0.length.fetch_max(end, Ordering::Relaxed);
                Ok(())
            }
            _ => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The folder of the file; only its sync is used.
pub(crate) struct Folder;

impl Dir for Folder {
    type File = File;

    fn create_exclusive(&self, _name: &str) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn open(&self, _name: &str, _writable: bool) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename_noreplace(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn unlink(&self, _name: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
