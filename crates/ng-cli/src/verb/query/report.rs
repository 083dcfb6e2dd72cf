use std::fmt;
use std::path::Path;

use ng_query::Stats;
use ng_store::Counted;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::found::Found;
use crate::say::Report;

/// What was looked at for an answer.
pub(super) struct Looked<'a> {
    pub(super) path: &'a Path,
    pub(super) stats: &'a Stats,
    pub(super) found: &'a Found,
}

impl Report for Looked<'_> {
    fn is_good(&self) -> bool {
        !self.found.is_doubtful() && self.stats.damaged_blocks == 0
    }
}

impl Looked<'_> {
    fn sources(&self) -> &'static str {
        match (self.stats.records, self.stats.columns) {
            (true, true) => "records and columns",
            (true, false) => "records",
            (false, true) => "columns",
            (false, false) => "nothing but what is known of blocks",
        }
    }
}

impl fmt::Display for Looked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.stats;
        write!(
            f,
            "looked at {} of {}",
            stats.blocks_looked_at,
            Counted(stats.blocks, "block")
        )?;
        if stats.blocks_skipped > 0 {
            write!(f, ", skipped {}", stats.blocks_skipped)?;
        }
        writeln!(
            f,
            ": {} of {}, {:.3} ms",
            Bytes(stats.bytes_read),
            self.sources(),
            stats.elapsed.as_secs_f64() * 1e3
        )?;
        if stats.damaged_blocks > 0 {
            writeln!(
                f,
                "left out: {} of {}",
                Counted(stats.damaged_tokens, "token"),
                Counted(stats.damaged_blocks, "damaged block")
            )?;
        }
        Ok(())
    }
}

struct Bytes(u64);

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
        let mut object = serializer.serialize_struct("Looked", 11)?;
        object.serialize_field("path", &self.path.display().to_string())?;
        object.serialize_field("blocks", &stats.blocks)?;
        object.serialize_field("blocks_looked_at", &stats.blocks_looked_at)?;
        object.serialize_field("blocks_skipped", &stats.blocks_skipped)?;
        object.serialize_field("blocks_unread", &stats.blocks_unread)?;
        object.serialize_field("bytes_read", &stats.bytes_read)?;
        object.serialize_field("source", self.sources())?;
        object.serialize_field("damaged_blocks", &stats.damaged_blocks)?;
        object.serialize_field("damaged_tokens", &stats.damaged_tokens)?;
        object.serialize_field("elapsed_ns", &(stats.elapsed.as_nanos() as u64))?;
        object.serialize_field("found", self.found)?;
        object.end()
    }
}
