use std::io;
use std::sync::{Arc, Mutex};

use ng_store::disk::sim::SimFile;
use ng_store::disk::{Dir, Disk};

/// A writer's file, with a hook before each operation.
pub(crate) struct Watched {
    pub(crate) file: SimFile,
    pub(crate) between: Arc<Mutex<dyn Between>>,
}

/// What others do while a writer is at work.
pub(crate) trait Between: Send {
    fn act(&mut self);
}

impl Watched {
    fn file(&self) -> &SimFile {
        self.between.lock().unwrap().act();
        &self.file
    }
}

impl Disk for Watched {
    fn len(&self) -> io::Result<u64> {
        self.file().len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file().set_len(len)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file().read_at(buffer, offset)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.file().write_at(buffer, offset)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.file().allocate(offset, len)
    }

    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        self.file().start_writeback(offset, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file().sync()
    }
}

/// The folder of the file, of which only the sync is used.
pub(crate) struct Folder;

impl Dir for Folder {
    type File = Watched;

    fn create_exclusive(&self, name: &str) -> io::Result<Watched> {
        unreachable!("{name} is not created")
    }

    fn open(&self, name: &str, _writable: bool) -> io::Result<Watched> {
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
