//! A reader that refreshes beside a writer that commits.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, anyhow};
use ng_store::{MmapStore, OpenError, TokenSink, TokenStore};

use crate::Work;
use crate::fill::token;
use crate::maps::{create_store, open_store};

/// The commits of a run.
pub(crate) const COMMITS: usize = 20;

/// The tokens of a commit.
const EACH: usize = 100;

/// How a reader refreshes.
pub(crate) type Refresh = fn(&mut MmapStore) -> Result<bool, OpenError>;

/// Makes commits, while a reader refreshes until it shows the last of them.
pub(crate) struct Follow {
    writer: MmapStore,
    reader: MmapStore,
    /// `None` for a writer that is alone.
    refresh: Option<Refresh>,
}

impl Follow {
    pub(crate) fn new(path: &Path, refresh: Option<Refresh>) -> Result<Self> {
        Ok(Self {
            writer: create_store(path)?,
            reader: open_store(path)?,
            refresh,
        })
    }
}

impl Work for Follow {
    type Output = usize;

    fn run(&mut self) -> Result<usize> {
        let before = self.writer.len();
        let (writer, reader) = (&mut self.writer, &mut self.reader);
        let is_done = AtomicBool::new(false);
        thread::scope(|scope| {
            let writing = scope.spawn(|| {
                let committed = commit(writer);
                is_done.store(true, Ordering::Release);
                committed
            });
            if let Some(refresh) = self.refresh {
                while !is_done.load(Ordering::Acquire) {
                    refresh(reader)?;
                }
                refresh(reader)?;
            }
            writing.join().map_err(|_| anyhow!("the writer panicked"))?
        })?;
        let shown = match self.refresh {
            Some(_) => &self.reader,
            None => &self.writer,
        };
        Ok(shown.len() - before)
    }

    fn checksum(&self, output: usize) -> Result<u64> {
        Ok(output as u64)
    }

    fn expected(&self) -> u64 {
        (COMMITS * EACH) as u64
    }
}

fn commit(writer: &mut MmapStore) -> Result<()> {
    for _ in 0..COMMITS {
        writer.append_with(EACH, token)?;
        writer.commit()?;
    }
    Ok(())
}
