use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Error, Result};
use ng_query::index::{
    BuildOptions, BuildReport, IndexError, IndexInfo, IndexWarning, build, index_folder, remove,
};
use ng_store::{BLOCK_TOKENS, BlockReader, Counted, Shown};
use serde::Serialize;

use crate::args::IndexArgs;
use crate::say::Report;
use crate::tool::{Tool, workers};

/// Builds an index, brings it up to date, shows it, or drops it.
pub(crate) fn index(args: &IndexArgs, tool: &Tool) -> Result<ExitCode> {
    if args.drop {
        return drop_index(&args.file, tool);
    }
    let reader = BlockReader::open(&args.file)?.with_cache(args.build.cache.policy());
    if args.info {
        let info = IndexInfo::read(&reader);
        expect_readable(info.as_ref())?;
        let told = Indexed::of_info(&args.file, reader.len(), info);
        tool.say.warn(&told.lines());
        return tool.say.answer(&told);
    }
    let report = build_watched(&reader, &args.build.options(), args.build.threads, tool)?;
    let told = Indexed::of_build(&args.file, reader.len(), report);
    tool.say.warn(&told.lines());
    tool.say.report(&told)
}

/// An index that cannot be read is unknown; it must not be shown as covering no block.
fn expect_readable(info: Option<&IndexInfo>) -> Result<(), IndexError> {
    for warning in info.iter().flat_map(|info| &info.warnings) {
        if let IndexWarning::Unreadable { path, source } = warning {
            return Err(IndexError::Io {
                path: path.clone(),
                operation: "read",
                source: source
                    .raw_os_error()
                    .map_or_else(|| source.kind().into(), io::Error::from_raw_os_error),
            });
        }
    }
    Ok(())
}

fn drop_index(file: &Path, tool: &Tool) -> Result<ExitCode> {
    let _hold = tool.interrupt.hold()?;
    let dropped = remove(file).map_err(cause_of)?;
    tool.say.report(&Dropped {
        path: file.display().to_string(),
        dropped,
    })
}

/// Builds an index with a bar, until the user wants it to end.
pub(crate) fn build_watched(
    reader: &BlockReader,
    options: &BuildOptions,
    threads: Option<NonZeroUsize>,
    tool: &Tool,
) -> Result<BuildReport> {
    let workers = workers(threads)?;
    let hold = tool.interrupt.hold()?;
    let stop = workers.stop_flag();
    hold.on_wish(move || stop.stop());
    let progress = tool.progress("indexing", None);
    let watch = |done, total| progress.set(done, total);
    build(&workers, reader, options, watch).map_err(|error| {
        // Nothing else stops it.
        hold.check().map_or_else(Error::from, |()| cause_of(error))
    })
}

/// The cause decides what JSON calls an error.
fn cause_of(error: IndexError) -> Error {
    match error {
        IndexError::Read(error) => error.into(),
        IndexError::Parallel(error) => error.into(),
        error => error.into(),
    }
}

/// How much of a file is indexed.
#[derive(Debug, Serialize)]
pub(crate) struct Indexed {
    path: String,
    folder: String,
    /// Whether there is an index.
    indexed: bool,
    blocks: u64,
    tokens: u64,
    file_tokens: u64,
    /// `None` if nothing was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_blocks: Option<u64>,
    damaged_blocks: Vec<u64>,
    columns: Vec<&'static str>,
    boxes: Vec<&'static str>,
    ids: bool,
    size_bytes: u64,
    warnings: Vec<String>,
}

impl Indexed {
    fn new(file: &Path, file_tokens: u64, info: IndexInfo) -> Self {
        Self {
            path: file.display().to_string(),
            folder: index_folder(file).display().to_string(),
            indexed: true,
            blocks: info.blocks,
            tokens: info.blocks * BLOCK_TOKENS as u64,
            file_tokens,
            read_blocks: None,
            damaged_blocks: info.damaged,
            columns: info.columns.iter().map(|column| column.name()).collect(),
            boxes: info.boxes.iter().map(|space| space.name()).collect(),
            ids: info.ids,
            size_bytes: info.size_bytes,
            warnings: info.warnings.iter().map(ToString::to_string).collect(),
        }
    }

    fn of_build(file: &Path, file_tokens: u64, report: BuildReport) -> Self {
        Self {
            read_blocks: Some(report.read_blocks),
            ..Self::new(file, file_tokens, report.index)
        }
    }

    fn of_info(file: &Path, file_tokens: u64, info: Option<IndexInfo>) -> Self {
        Self {
            indexed: info.is_some(),
            ..Self::new(file, file_tokens, info.unwrap_or_default())
        }
    }

    /// The problems, one line each.
    fn lines(&self) -> Vec<String> {
        let warnings = self.warnings.iter().map(|warning| match self.read_blocks {
            Some(_) => format!("warning: {warning}; made anew"),
            None => format!("warning: {warning}"),
        });
        let damaged = self.damaged_blocks.iter().map(|block| {
            let path = Shown(self.path.as_ref());
            format!("error: {path}: block {block} is damaged and left unindexed")
        });
        warnings.chain(damaged).collect()
    }
}

impl Report for Indexed {
    fn is_good(&self) -> bool {
        self.damaged_blocks.is_empty()
    }
}

impl fmt::Display for Indexed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        if !self.indexed {
            return writeln!(f, "{path}: no index");
        }
        let blocks = Counted(self.blocks, "block");
        let size = Counted(self.size_bytes, "byte");
        writeln!(
            f,
            "{path}: {blocks} indexed, {} of {} tokens, in {size}",
            self.tokens, self.file_tokens
        )?;
        let mut line = |name: &str, what: &str| writeln!(f, "{name:<16} {what}");
        if let Some(read) = self.read_blocks {
            match read {
                0 => line("made", "nothing, it is up to date")?,
                read => line("made of", &Counted(read, "block").to_string())?,
            }
        }
        line("columns", &listed(&self.columns))?;
        line("boxes", &listed(&self.boxes))?;
        line("ids", if self.ids { "sorted" } else { "none" })
    }
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

#[derive(Serialize)]
struct Dropped {
    path: String,
    /// Whether there was an index.
    dropped: bool,
}

impl Report for Dropped {}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.dropped {
            "index dropped"
        } else {
            "no index"
        };
        writeln!(f, "{}: {what}", Shown(self.path.as_ref()))
    }
}
