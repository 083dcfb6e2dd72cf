use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Result;
use ng_query::index::IndexInfo;
use ng_store::{BLOCK_TOKENS, BlockReader, Counted, FileInfo, Shown};
use serde::Serialize;

use crate::args::FileArgs;
use crate::disk_room::allocated_bytes;
use crate::found::Found;
use crate::say::Report;
use crate::source::bad_end;
use crate::tool::Tool;

/// Shows what is before the tokens, and checks the block that is not full: the same work for any
/// number of tokens, and 8 bytes a block if there is an index.
pub(crate) fn info(args: &FileArgs, tool: &Tool) -> Result<ExitCode> {
    let reader = BlockReader::open(&args.file)?;
    let mut told = Told::new(&args.file, &reader.info());
    told.index_blocks = IndexInfo::read(&reader).map(|index| index.blocks);
    let end = bad_end(&reader)?.map(|end| end.told());
    told.found.findings.extend(end);
    told.found.warn(&args.file, tool.say);
    tool.say.answer(&told)
}

#[derive(Serialize)]
struct Told {
    path: String,
    version: String,
    file_id: String,
    tokens: u64,
    max_tokens: u64,
    generation: u64,
    tag: u64,
    created: String,
    committed: String,
    length: u64,
    /// How much of the length is room for more tokens.
    room_bytes: u64,
    /// `None` if the system does not tell.
    allocated_bytes: Option<u64>,
    table_offset: u64,
    data_offset: u64,
    read_only: bool,
    /// How many blocks the index beside the file covers, if there is one.
    index_blocks: Option<u64>,
    #[serde(flatten)]
    found: Found,
}

impl Told {
    fn new(path: &Path, info: &FileInfo) -> Self {
        let (major, minor) = info.version;
        Self {
            path: path.display().to_string(),
            version: format!("{major}.{minor}"),
            file_id: format!("{:032x}", u128::from_be_bytes(info.file_id)),
            tokens: info.tokens,
            max_tokens: info.max_tokens,
            generation: info.generation,
            tag: info.tag,
            created: rfc_3339(info.created_ns),
            committed: rfc_3339(info.committed_at_ns),
            length: info.length,
            room_bytes: info.room_bytes,
            allocated_bytes: allocated_bytes(path),
            table_offset: info.table_offset,
            data_offset: info.data_offset,
            read_only: info.read_only,
            index_blocks: None,
            found: Found::new(&info.findings),
        }
    }
}

impl Report for Told {}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<16} {value}");
        line("path", &Shown(self.path.as_ref()))?;
        line("format", &self.version)?;
        line("file id", &self.file_id)?;
        line("tokens", &self.tokens)?;
        line("max tokens", &self.max_tokens)?;
        line("generation", &self.generation)?;
        line("tag", &self.tag)?;
        line("created", &self.created)?;
        line("committed", &self.committed)?;
        line("length", &Counted(self.length, "byte"))?;
        line("room in it", &Counted(self.room_bytes, "byte"))?;
        if let Some(bytes) = self.allocated_bytes {
            line("allocated", &Counted(bytes, "byte"))?;
        }
        line("table offset", &self.table_offset)?;
        line("data offset", &self.data_offset)?;
        if let Some(blocks) = self.index_blocks {
            let full = self.tokens / BLOCK_TOKENS as u64;
            line(
                "index",
                &format_args!("{blocks} of {}", Counted(full, "full block")),
            )?;
        }
        if self.read_only {
            line("appending", &"forbidden by features of a later version")?;
        }
        match self.found.findings.len() as u64 {
            0 => line("found damaged", &"nothing"),
            count => {
                let count = Counted(count, "finding");
                line(
                    "found damaged",
                    &format_args!("{count}, listed on standard error"),
                )
            }
        }
    }
}

/// A time in nanoseconds since 1970 as `2018-02-14T00:28:07.133000000Z`.
pub(in crate::verb) fn rfc_3339(ns: u64) -> String {
    humantime::format_rfc3339_nanos(UNIX_EPOCH + Duration::from_nanos(ns)).to_string()
}
