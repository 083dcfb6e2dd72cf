use std::io::Write;

use anyhow::Result;
use ng_arrow::{Compression, Format, Layout, TableWriter};

use super::out::cause_of;
use super::pieces::Pieces;

/// Writes Arrow: a copy of columns, which one thread does faster than a disk can take it.
pub(super) fn write<W: Write + Send>(
    out: W,
    format: Format,
    layout: Layout,
    pieces: Pieces<'_>,
) -> Result<W> {
    let writer = TableWriter::new(out, format, layout, Compression::None);
    let mut writer = writer.map_err(cause_of)?;
    for piece in pieces {
        let piece = piece?;
        let written = writer.write(piece.tokens(), piece.positions());
        written.map_err(cause_of)?;
    }
    writer.finish().map_err(cause_of)
}
