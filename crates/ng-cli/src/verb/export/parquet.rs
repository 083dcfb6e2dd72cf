use std::io::Write;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use anyhow::Result;
use ng_arrow::{
    ColumnEncoder, Compression, EncodedColumn, Layout, ParquetWriter, ROW_GROUP_ROWS, WriteError,
};

use super::out::cause_of;
use super::pieces::{Piece, Pieces};

/// How many pieces wait for a thread.
const WAITING: usize = 8;

/// Writes Parquet: each thread encodes some of the columns of a row group.
pub(super) fn write<W: Write + Send>(
    out: W,
    layout: Layout,
    compression: Compression,
    mut pieces: Pieces<'_>,
    threads: usize,
) -> Result<W> {
    let threads = threads.min(layout.columns.len());
    let mut writer = ParquetWriter::new(out, layout, compression).map_err(cause_of)?;
    let mut next = pieces.next().transpose()?;
    while let Some(first) = next {
        let encoders = writer.encoders().map_err(cause_of)?;
        let (columns, rest) = encode_group(encoders, first, &mut pieces, threads)?;
        writer.push_group(columns).map_err(cause_of)?;
        next = rest;
    }
    writer.finish().map_err(cause_of)
}

/// Encodes the pieces of a row group, and returns the first piece of the next.
fn encode_group(
    encoders: Vec<ColumnEncoder>,
    first: Piece,
    pieces: &mut Pieces<'_>,
    threads: usize,
) -> Result<(Vec<EncodedColumn>, Option<Piece>)> {
    thread::scope(|scope| {
        let mut shares: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
        for (place, encoder) in encoders.into_iter().enumerate() {
            shares[place % threads].push((place, encoder));
        }
        let mut workers = Vec::new();
        for share in shares {
            let (jobs, taken) = sync_channel::<Piece>(WAITING);
            let worker = thread::Builder::new();
            workers.push((
                jobs,
                worker.spawn_scoped(scope, move || encode(share, &taken))?,
            ));
        }
        let rest = share_out(first, pieces, |piece| {
            for (jobs, _) in &workers {
                // A thread that ended early has failed, and reports it below.
                let _ = jobs.send(piece.clone());
            }
        })?;
        let mut columns = Vec::new();
        for (jobs, worker) in workers {
            drop(jobs);
            let encoded = worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            columns.extend(encoded.map_err(cause_of)?);
        }
        columns.sort_by_key(|(place, _)| *place);
        Ok((
            columns.into_iter().map(|(_, column)| column).collect(),
            rest,
        ))
    })
}

/// Distributes the pieces of a row group, the last one cut to fit.
fn share_out(
    first: Piece,
    pieces: &mut Pieces<'_>,
    hand_out: impl Fn(&Piece),
) -> Result<Option<Piece>> {
    let mut room = ROW_GROUP_ROWS;
    let mut next = Some(first);
    while let Some(mut piece) = next {
        if room == 0 {
            return Ok(Some(piece));
        }
        let rest = piece.split_off(room);
        room -= piece.tokens().len();
        hand_out(&piece);
        next = match rest {
            Some(rest) => Some(rest),
            None => pieces.next().transpose()?,
        };
    }
    Ok(None)
}

type Share = Vec<(usize, ColumnEncoder)>;

fn encode(
    mut share: Share,
    pieces: &Receiver<Piece>,
) -> Result<Vec<(usize, EncodedColumn)>, WriteError> {
    for piece in pieces {
        for (_, encoder) in &mut share {
            encoder.write(piece.tokens(), piece.positions())?;
        }
    }
    let share = share.into_iter();
    share
        .map(|(place, encoder)| Ok((place, encoder.finish()?)))
        .collect()
}
