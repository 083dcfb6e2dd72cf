use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::Dataset;
use ng_query::Stats;
use ng_store::Counted;
use serde::{Serialize, Serializer};

use crate::found::{Found, warning};
use crate::mapped::warn_of_index;
use crate::say::{Report, Say};

/// What was looked at for an answer.
pub(in crate::verb) struct Looked<'a> {
    pub(in crate::verb) path: &'a Path,
    pub(in crate::verb) stats: &'a Stats,
    /// How many NaN weights were left out.
    pub(in crate::verb) nan_weights: u64,
    pub(in crate::verb) found: &'a Found,
    pub(in crate::verb) index_warnings: Vec<String>,
}

impl Report for Looked<'_> {
    fn is_good(&self) -> bool {
        !self.found.is_doubtful() && !self.found.has_bad_blocks() && self.stats.damaged_blocks == 0
    }
}

impl Looked<'_> {
    /// Reports problems, quiet or not, and then what was looked at.
    pub(in crate::verb) fn tell(&self, say: Say) -> Result<ExitCode> {
        let stats = self.stats;
        warn_of_index(&self.index_warnings, say);
        if stats.damaged_blocks > 0 {
            let tokens = Counted(stats.damaged_tokens, "token");
            let blocks = Counted(stats.damaged_blocks, "damaged block");
            let verb = match Dataset::is_at(self.path) {
                true => "ng dataset verify PATH",
                false => "ng verify FILE",
            };
            let line = format!("left out: {tokens} of {blocks}, which `{verb}` names");
            say.warn(&[warning(self.path, &line)]);
        }
        say.report_aside(self)
    }

    fn sources(&self) -> &'static str {
        match (self.stats.records, self.stats.columns) {
            (true, true) => "records and columns",
            (true, false) => "records",
            (false, true) => "columns",
            (false, false) => "zones",
        }
    }

    fn read(&self) -> String {
        match (self.stats.bytes_read, self.sources()) {
            (0, _) => "nothing".to_owned(),
            (bytes, sources) => format!("{} of {sources}", Bytes(bytes)),
        }
    }
}

impl fmt::Display for Looked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.stats;
        write!(
            f,
            "read {} in {:.3} ms: {} of {}",
            self.read(),
            stats.elapsed.as_secs_f64() * 1e3,
            stats.blocks_looked_at,
            Counted(stats.blocks, "block")
        )?;
        if stats.blocks_skipped > 0 {
            write!(f, ", {} skipped", stats.blocks_skipped)?;
        }
        if stats.blocks_unread > 0 {
            write!(f, ", {} answered unread", stats.blocks_unread)?;
        }
        writeln!(f)
    }
}

/// The bytes, in the units that people use.
pub(in crate::verb) struct Bytes(pub(in crate::verb) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ ..10_000 => write!(f, "{bytes} bytes"),
            bytes @ ..10_000_000 => write!(f, "{:.1} kB", bytes as f64 / 1e3),
            bytes @ ..10_000_000_000 => write!(f, "{:.1} MB", bytes as f64 / 1e6),
            bytes => write!(f, "{:.1} GB", bytes as f64 / 1e9),
        }
    }
}

impl Serialize for Looked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stats = self.stats;
        let told = Told {
            path: self.path.display().to_string(),
            blocks: stats.blocks,
            blocks_looked_at: stats.blocks_looked_at,
            blocks_skipped: stats.blocks_skipped,
            blocks_unread: stats.blocks_unread,
            bytes_read: stats.bytes_read,
            source: self.sources(),
            damaged_blocks: stats.damaged_blocks,
            damaged_tokens: stats.damaged_tokens,
            nan_weights: self.nan_weights,
            elapsed_ns: u64::try_from(stats.elapsed.as_nanos()).unwrap_or(u64::MAX),
            index_warnings: &self.index_warnings,
            found: self.found,
        };
        told.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Told<'a> {
    path: String,
    blocks: u64,
    blocks_looked_at: u64,
    blocks_skipped: u64,
    blocks_unread: u64,
    bytes_read: u64,
    source: &'static str,
    damaged_blocks: u64,
    damaged_tokens: u64,
    nan_weights: u64,
    elapsed_ns: u64,
    index_warnings: &'a [String],
    #[serde(flatten)]
    found: &'a Found,
}
