use std::collections::VecDeque;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::Result;
use ng_arrow::{Format, Layout, TextRows};

use super::out::cause_of;
use super::pieces::{Piece, Pieces};

/// How many pieces wait for a thread, and how many of its texts wait to be written.
const WAITING: usize = 2;

/// Writes lines: the pieces are dealt to the threads in turn.
pub(super) fn write<W: Write + Send>(
    mut out: W,
    format: Format,
    layout: Layout,
    pieces: Pieces<'_>,
    threads: usize,
) -> Result<W> {
    let rows = TextRows::new(format, layout);
    out.write_all(&rows.header()).map_err(cause_of)?;
    thread::scope(|scope| {
        // Whose turn it is, first to last.
        let mut renderers = VecDeque::new();
        for _ in 0..threads {
            let (jobs, taken) = sync_channel::<Piece>(WAITING);
            let (made, texts) = sync_channel(WAITING);
            let rows = &rows;
            thread::Builder::new().spawn_scoped(scope, move || render(rows, &taken, &made))?;
            renderers.push_back((jobs, texts));
        }
        let mut in_order = InOrder {
            out: &mut out,
            renderers,
            under_way: 0,
        };
        for piece in pieces {
            in_order.push(piece?)?;
        }
        in_order.finish()
    })?;
    Ok(out)
}

fn render(rows: &TextRows, pieces: &Receiver<Piece>, texts: &SyncSender<Vec<u8>>) {
    for piece in pieces {
        let mut text = Vec::new();
        rows.render(piece.tokens(), piece.positions(), &mut text);
        if texts.send(text).is_err() {
            return;
        }
    }
}

type Renderer = (SyncSender<Piece>, Receiver<Vec<u8>>);

/// Texts in the order of their pieces.
struct InOrder<'a, W> {
    out: &'a mut W,
    /// The thread that gets the next piece is at the front; the thread with the oldest unwritten
    /// text is `under_way` places before it, in the circle.
    renderers: VecDeque<Renderer>,
    under_way: usize,
}

impl<W: Write> InOrder<'_, W> {
    fn push(&mut self, piece: Piece) -> Result<()> {
        if self.under_way == WAITING * self.renderers.len() {
            self.write_oldest()?;
        }
        // A thread that ended early has panicked, and the scope reports it.
        let _ = self.renderers[0].0.send(piece);
        self.renderers.rotate_left(1);
        self.under_way += 1;
        Ok(())
    }

    fn write_oldest(&mut self) -> Result<()> {
        let count = self.renderers.len();
        let place = (WAITING * count - self.under_way) % count;
        self.under_way -= 1;
        match self.renderers[place].1.recv() {
            Ok(text) => self.out.write_all(&text).map_err(cause_of),
            Err(_) => Ok(()),
        }
    }

    fn finish(mut self) -> Result<()> {
        while self.under_way > 0 {
            self.write_oldest()?;
        }
        Ok(())
    }
}
