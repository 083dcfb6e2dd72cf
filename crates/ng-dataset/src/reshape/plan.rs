//! Which rows become which new shard.

use std::collections::HashSet;
use std::ops::Range;

use crate::manifest::{Entry, Taken};

/// Rows of an entry, by its number in the generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) entry: usize,
    /// Rows of its file.
    pub(super) rows: Range<u64>,
}

impl Segment {
    pub(super) fn len(&self) -> u64 {
        self.rows.end - self.rows.start
    }
}

/// What stands in the place of what is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// An entry as it is.
    Kept(usize),
    /// A new shard of these rows.
    New(Vec<Segment>),
}

/// Entries that go, and what takes their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) entries: Vec<usize>,
    pub(super) pieces: Vec<Piece>,
}

impl Exchange {
    /// Tells whether it leaves everything as it is.
    pub(super) fn is_nothing(&self) -> bool {
        let kept = self.entries.iter().map(|entry| Piece::Kept(*entry));
        kept.eq(self.pieces.iter().cloned())
    }

    /// Returns the new shards.
    pub(super) fn new_shards(&self) -> impl Iterator<Item = &[Segment]> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Kept(_) => None,
            Piece::New(segments) => Some(&segments[..]),
        })
    }

    /// Returns the rows of the entries that go. Of those that are kept, whatever is said by then
    /// stays.
    pub(super) fn taken(&self, entries: &[Entry]) -> Vec<Taken> {
        let read: HashSet<usize> = self
            .new_shards()
            .flatten()
            .map(|segment| segment.entry)
            .collect();
        let of = |number: &usize| match read.contains(number) {
            true => taken_of(&entries[*number]),
            false => kept_of(&entries[*number]),
        };
        self.entries.iter().filter_map(of).collect()
    }
}

/// All rows of an entry that were read as it says; `None` for an open tail.
pub(super) fn taken_of(entry: &Entry) -> Option<Taken> {
    Some(Taken {
        sealed: entry.sealed.clone(),
        ..kept_of(entry)?
    })
}

/// All rows of an entry, whatever it says of them; `None` for an open tail.
pub(super) fn kept_of(entry: &Entry) -> Option<Taken> {
    Some(Taken {
        file: entry.file,
        rows: sealed_rows(entry)?,
        sealed: None,
    })
}

/// The rows of an entry; `None` for those of an open tail.
pub(super) fn sealed_rows(entry: &Entry) -> Option<Range<u64>> {
    entry.rows.to.map(|to| entry.rows.from..to)
}

/// Puts neighbours that are small together, up to a length. An entry without rows goes.
pub(super) fn put_together(
    entries: &[Entry],
    most: u64,
    is_small: impl Fn(u64) -> bool,
) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let (mut group, mut rows) = (Vec::new(), 0);
    for (number, entry) in entries.iter().enumerate() {
        let small = sealed_rows(entry)
            .map(|rows| Segment {
                entry: number,
                rows,
            })
            .filter(|segment| segment.len() == 0 || is_small(segment.len()));
        let fits = small
            .as_ref()
            .is_some_and(|small| rows + small.len() <= most);
        if !fits {
            exchanges.extend(joined(std::mem::take(&mut group)));
            rows = 0;
        }
        if let Some(small) = small {
            rows += small.len();
            group.push(small);
        }
    }
    exchanges.extend(joined(group));
    exchanges
}

/// Makes a new shard of neighbours; `None` if it would be as the only one of them.
fn joined(group: Vec<Segment>) -> Option<Exchange> {
    let entries = group.iter().map(|segment| segment.entry).collect();
    let group: Vec<_> = group
        .into_iter()
        .filter(|segment| segment.len() > 0)
        .collect();
    let pieces = match &group[..] {
        [] => Vec::new(),
        [only] => vec![Piece::Kept(only.entry)],
        _ => vec![Piece::New(group)],
    };
    let exchange = Exchange { entries, pieces };
    (!exchange.is_nothing()).then_some(exchange)
}

/// Cuts all sealed rows into shards of one length; only the last may be shorter. Entries that are
/// such shards already are kept, and those without rows go.
pub(super) fn cut_anew(entries: &[Entry], shard_tokens: u64) -> Exchange {
    let mut cut = Exchange {
        entries: Vec::new(),
        pieces: Vec::new(),
    };
    let (mut shard, mut room) = (Vec::new(), shard_tokens);
    for (number, entry) in entries.iter().enumerate() {
        let Some(mut rows) = sealed_rows(entry) else {
            continue;
        };
        cut.entries.push(number);
        while !rows.is_empty() {
            let end = rows.end.min(rows.start.saturating_add(room));
            let segment = Segment {
                entry: number,
                rows: rows.start..end,
            };
            room -= segment.len();
            rows.start = end;
            shard.push(segment);
            if room == 0 {
                cut.pieces.push(piece(entries, std::mem::take(&mut shard)));
                room = shard_tokens;
            }
        }
    }
    if !shard.is_empty() {
        cut.pieces.push(piece(entries, shard));
    }
    cut
}

fn piece(entries: &[Entry], segments: Vec<Segment>) -> Piece {
    match &segments[..] {
        [only] if sealed_rows(&entries[only.entry]) == Some(only.rows.clone()) => {
            Piece::Kept(only.entry)
        }
        _ => Piece::New(segments),
    }
}
