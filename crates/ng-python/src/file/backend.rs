//! The ways in which a file is open.

use std::path::Path;
use std::sync::Arc;

use ng_parallel::Workers;
use ng_store::{
    AppendOptions, BlockReader, CreateOptions, FileInfo, FileWriter, Finding, MmapStore, Savepoint,
    TokenSink, TokenStore,
};

use crate::error::{Error, Value, read_only};
use crate::records::Piece;
use crate::shown::{Shown, Verified};

/// How tokens are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Map,
    Read,
}

impl Mode {
    pub(crate) fn of(name: &str) -> Result<Self, Error> {
        match name {
            "map" => Ok(Self::Map),
            "read" => Ok(Self::Read),
            other => Err(Error::value(
                "mode",
                Value::Text(other.into()),
                "map or read",
            )),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Read => "read",
        }
    }
}

/// An open file.
pub(crate) enum Backend {
    Mapped(Box<MmapStore>),
    Read(Box<Reading>),
}

/// A file that is read and verified, and its writer if it has one.
pub(crate) struct Reading {
    shown: Arc<Verified>,
    writer: Option<FileWriter>,
    /// What was wrong at the last open or refresh, whether or not more is shown.
    findings: Vec<Finding>,
}

impl Backend {
    pub(crate) fn create(path: &Path, mode: Mode, options: &CreateOptions) -> Result<Self, Error> {
        match mode {
            Mode::Map => {
                // SAFETY: (1) `mode="map"` of `TokenFile` assumes that nobody truncates the file or
                // changes what is committed; no code of this package does, and `mode="read"` is for
                // users who cannot rely on other programs.
                let store = unsafe { MmapStore::create(path, options) }?;
                Ok(Self::Mapped(Box::new(store)))
            }
            Mode::Read => {
                let writer = FileWriter::create(path, options)?;
                Self::reading(path, Some(writer))
            }
        }
    }

    /// Opens a file to read. A mapped one is refreshed once, so that the commit it shows is
    /// durable: until its last sync a commit may be taken back. It is registered as a reader if the
    /// system can, for processes that would replace the file.
    pub(crate) fn open(path: &Path, mode: Mode) -> Result<Self, Error> {
        match mode {
            Mode::Map => {
                // SAFETY: (1) As in `create`.
                let mut store = unsafe { MmapStore::open(path) }?;
                store.refresh()?;
                let _ = store.register();
                Ok(Self::Mapped(Box::new(store)))
            }
            Mode::Read => Self::reading(path, None),
        }
    }

    pub(crate) fn open_append(
        path: &Path,
        mode: Mode,
        options: &AppendOptions,
    ) -> Result<Self, Error> {
        match mode {
            Mode::Map => {
                let map = ng_store::MapOptions::new();
                // SAFETY: (1) As in `create`.
                let store = unsafe { MmapStore::open_append_with(path, options, &map) }?;
                Ok(Self::Mapped(Box::new(store)))
            }
            Mode::Read => {
                let writer = FileWriter::open_append_with(path, options)?;
                Self::reading(path, Some(writer))
            }
        }
    }

    fn reading(path: &Path, writer: Option<FileWriter>) -> Result<Self, Error> {
        let reader = BlockReader::open(path)?;
        Ok(Self::Read(Box::new(Reading {
            findings: reader.recovery().to_vec(),
            shown: Arc::new(Verified::new(reader)),
            writer,
        })))
    }

    pub(crate) fn shown(&self) -> Shown {
        match self {
            Self::Mapped(store) => Shown::Map(store.snapshot()),
            Self::Read(reading) => Shown::of_file(Arc::clone(&reading.shown)),
        }
    }

    pub(crate) fn is_appender(&self) -> bool {
        match self {
            Self::Mapped(store) => store.is_appender(),
            Self::Read(reading) => reading.writer.is_some(),
        }
    }

    pub(crate) fn info(&self) -> FileInfo {
        match self {
            Self::Mapped(store) => store.info(),
            Self::Read(reading) => match &reading.writer {
                Some(writer) => writer.info(),
                None => reading.shown.reader().info(),
            },
        }
    }

    /// The findings by which a newer commit than the one shown may be lost.
    pub(crate) fn losses(&self) -> Vec<Finding> {
        let mut findings = match self {
            Self::Mapped(store) => store.recovery().to_vec(),
            Self::Read(reading) => reading.findings.clone(),
        };
        findings.retain(Finding::may_hide_a_commit);
        findings
    }

    pub(crate) fn appended_tokens(&self) -> u64 {
        match self {
            Self::Mapped(store) => match store.is_appender() {
                true => store.appended_tokens(),
                false => store.len() as u64,
            },
            Self::Read(reading) => match &reading.writer {
                Some(writer) => writer.appended_tokens(),
                None => reading.shown.reader().len(),
            },
        }
    }

    /// Shows what others have committed since, and returns whether there was anything.
    pub(crate) fn refresh(&mut self) -> Result<bool, Error> {
        match self {
            Self::Mapped(store) => Ok(store.refresh()?),
            Self::Read(reading) if reading.writer.is_some() => Ok(false),
            Self::Read(reading) => reading.refresh(),
        }
    }

    pub(crate) fn reserve(&mut self, additional: usize) -> Result<(), Error> {
        match self {
            Self::Mapped(store) => Ok(store.reserve_exact(additional as u64)?),
            Self::Read(reading) => Ok(reading.writer()?.reserve_exact(additional as u64)?),
        }
    }

    pub(crate) fn savepoint(&mut self) -> Result<Savepoint, Error> {
        match self {
            Self::Mapped(store) => Ok(store.savepoint()?),
            Self::Read(reading) => Ok(reading.writer()?.savepoint()),
        }
    }

    pub(crate) fn go_back_to(&mut self, savepoint: &Savepoint) -> Result<(), Error> {
        match self {
            Self::Mapped(store) => Ok(store.go_back_to(savepoint)?),
            Self::Read(reading) => Ok(reading.writer()?.go_back_to(savepoint)?),
        }
    }

    pub(crate) fn append(&mut self, workers: &Workers, piece: &Piece) -> Result<(), Error> {
        match self {
            Self::Mapped(store) => piece.ingest_into(workers, &mut **store),
            Self::Read(reading) => piece.ingest_into(workers, reading.writer()?),
        }
    }

    pub(crate) fn commit(&mut self, tag: Option<u64>) -> Result<(), Error> {
        match self {
            Self::Mapped(store) => match tag {
                Some(tag) => Ok(store.commit_tagged(tag)?),
                None => Ok(store.commit()?),
            },
            Self::Read(reading) => {
                let writer = reading.writer()?;
                match tag {
                    Some(tag) => writer.commit_tagged(tag)?,
                    None => writer.commit()?,
                }
                reading.refresh()?;
                Ok(())
            }
        }
    }
}

impl Reading {
    fn refresh(&mut self) -> Result<bool, Error> {
        let mut reader = self.shown.reader().clone();
        let is_new = reader.refresh()?;
        self.findings = reader.recovery().to_vec();
        if is_new {
            self.shown = Arc::new(Verified::new(reader));
        }
        Ok(is_new)
    }

    fn writer(&mut self) -> Result<&mut FileWriter, Error> {
        let path = self.shown.reader().path();
        self.writer.as_mut().ok_or_else(|| read_only(path))
    }
}
