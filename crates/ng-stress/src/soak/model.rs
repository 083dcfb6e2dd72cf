//! What a soak's dataset must hold: the tokens that are kept, and those to be told to who
//! follows.

use std::collections::VecDeque;
use std::ops::Range;

use ng_token::Token;

/// Weights are multiples of this, so that they are exact in text.
const WEIGHT_STEP: f32 = 1.0 / 256.0;
/// What tokens weigh that nobody has changed.
const FIRST_WEIGHT: u8 = 128;

/// A token of the soak, without what is the same in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    id: u32,
    weight: u8,
}

/// Neighbouring rows, as a shard has them.
#[derive(Clone, Debug, Default)]
struct Segment {
    /// Of the tail that they were appended to: its tokens' timestamp.
    tail: u32,
    rows: Vec<Row>,
}

/// The model of a dataset with one writer that rolls and keeps some shards.
#[derive(Debug)]
pub(super) struct Model {
    roll: usize,
    kept: usize,
    sealed: VecDeque<Segment>,
    /// What nobody has rewritten of the open tail.
    tail: Segment,
    /// Of the tail, how many rows are committed.
    committed: usize,
    /// How many rows were appended to the tail's file.
    in_file: usize,
    next_id: u32,
    /// Committed, not told, the oldest first.
    untold: VecDeque<(u32, u32)>,
}

/// Rows of one segment, and what selects them: a timestamp, the first id, and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) tail: u32,
    pub(super) first_id: u32,
    pub(super) last_id: u32,
    pub(super) rows: usize,
    place: Place,
    start: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Sealed(usize),
    Tail,
}

pub(super) fn weight(steps: u8) -> f32 {
    f32::from(steps) * WEIGHT_STEP
}

fn token(tail: u32, row: Row) -> Token {
    let token = Token::new(row.id).with_timestamp(tail);
    token.with_weight(weight(row.weight))
}

impl Model {
    /// Of a dataset whose tails roll at `roll` rows, of which `kept` sealed shards stay.
    pub(super) fn new(roll: usize, kept: usize, first_id: u32) -> Self {
        Self {
            roll,
            kept,
            sealed: VecDeque::new(),
            tail: Segment::default(),
            committed: 0,
            in_file: 0,
            next_id: first_id,
            untold: VecDeque::new(),
        }
    }

    /// How many committed rows there are.
    pub(super) fn len(&self) -> usize {
        let sealed: usize = self.sealed.iter().map(|segment| segment.rows.len()).sum();
        sealed + self.committed
    }

    /// How many shards the dataset has, the open tail included.
    pub(super) fn shards(&self) -> usize {
        self.sealed.len() + 1
    }

    /// How many more rows the tail takes.
    pub(super) fn room(&self) -> usize {
        self.roll - self.in_file
    }

    /// Appends tokens, as many as the tail has room for at most, and returns them.
    pub(super) fn append(&mut self, count: usize) -> Vec<Token> {
        let first = self.tail.rows.len();
        for _ in 0..count {
            self.tail.rows.push(Row {
                id: self.next_id,
                weight: FIRST_WEIGHT,
            });
            self.next_id = self.next_id.wrapping_add(1);
        }
        self.in_file += count;
        let rows = &self.tail.rows[first..];
        let tokens = rows.iter().map(|row| token(self.tail.tail, *row)).collect();
        if self.room() == 0 {
            self.commit();
            self.seal();
            self.retain();
        }
        tokens
    }

    /// Makes appended rows durable; returns how many.
    pub(super) fn commit(&mut self) -> usize {
        let new = &self.tail.rows[self.committed..];
        let count = new.len();
        self.untold
            .extend(new.iter().map(|row| (self.tail.tail, row.id)));
        self.committed += count;
        count
    }

    /// Loses what is not committed, and seals the tail, as one does who takes it over.
    pub(super) fn reopen(&mut self) {
        self.tail.rows.truncate(self.committed);
        self.seal();
    }

    fn seal(&mut self) {
        let next = Segment {
            tail: self.tail.tail.wrapping_add(1),
            rows: Vec::new(),
        };
        let full = std::mem::replace(&mut self.tail, next);
        (self.committed, self.in_file) = (0, 0);
        self.push(full);
    }

    fn push(&mut self, segment: Segment) {
        if !segment.rows.is_empty() {
            self.sealed.push_back(segment);
        }
    }

    fn retain(&mut self) {
        while self.sealed.len() > self.kept {
            self.sealed.pop_front();
        }
    }

    /// The committed rows of every segment, in the order of positions.
    fn segments(&self) -> impl Iterator<Item = (u32, &[Row])> {
        let sealed = self.sealed.iter();
        let sealed = sealed.map(|segment| (segment.tail, &segment.rows[..]));
        sealed.chain([(self.tail.tail, &self.tail.rows[..self.committed])])
    }

    /// The tokens at some positions.
    pub(super) fn tokens(&self, positions: Range<usize>) -> impl Iterator<Item = Token> {
        let mut start = 0;
        let cut = self.segments().map(move |(tail, rows)| {
            let at = |position: usize| position.saturating_sub(start).min(rows.len());
            let part = at(positions.start)..at(positions.end);
            start += rows.len();
            rows[part].iter().map(move |row| token(tail, *row))
        });
        cut.flatten()
    }

    /// Up to `rows` rows of one segment around a position, which must be there.
    pub(super) fn choose(&self, position: usize, rows: usize) -> Option<Chosen> {
        let mut before = 0;
        for (number, (tail, all)) in self.segments().enumerate() {
            if position < before + all.len() {
                let start = position - before;
                let chosen = &all[start..all.len().min(start + rows)];
                // Ids begin again after the greatest.
                let ascends = |pair: &&[Row]| pair[0].id < pair[1].id;
                let rows = 1 + chosen.windows(2).take_while(ascends).count();
                return Some(Chosen {
                    tail,
                    first_id: chosen[0].id,
                    last_id: chosen[rows - 1].id,
                    rows,
                    place: match number < self.sealed.len() {
                        true => Place::Sealed(number),
                        false => Place::Tail,
                    },
                    start,
                });
            }
            before += all.len();
        }
        None
    }

    /// Changes the weight of rows; returns how many had another.
    pub(super) fn update(&mut self, chosen: &Chosen, weight: u8) -> usize {
        let (start, end) = (chosen.start, chosen.start + chosen.rows);
        let rows = &self.rows_of(chosen.place)[start..end];
        let changed = rows.iter().filter(|row| row.weight != weight).count();
        if changed > 0 {
            let rows = self.rewritten(chosen.place);
            rows[start..end]
                .iter_mut()
                .for_each(|row| row.weight = weight);
        }
        changed
    }

    /// Deletes rows.
    pub(super) fn delete(&mut self, chosen: &Chosen) {
        let rows = self.rewritten(chosen.place);
        rows.drain(chosen.start..chosen.start + chosen.rows);
        self.sealed.retain(|segment| !segment.rows.is_empty());
    }

    fn rows_of(&self, place: Place) -> &[Row] {
        match place {
            Place::Sealed(number) => &self.sealed[number].rows,
            Place::Tail => &self.tail.rows,
        }
    }

    /// The rows of a segment that is written anew: of the tail, the committed ones become a
    /// shard of their own.
    fn rewritten(&mut self, place: Place) -> &mut Vec<Row> {
        let number = match place {
            Place::Sealed(number) => number,
            Place::Tail => {
                let rest = self.tail.rows.split_off(self.committed);
                let rows = std::mem::replace(&mut self.tail.rows, rest);
                self.committed = 0;
                let tail = self.tail.tail;
                self.sealed.push_back(Segment { tail, rows });
                self.sealed.len() - 1
            }
        };
        &mut self.sealed[number].rows
    }

    /// How many committed rows are still to be told.
    pub(super) fn untold(&self) -> usize {
        self.untold.len()
    }

    /// The next token to be told, as it was appended.
    pub(super) fn tell(&mut self) -> Option<Token> {
        let (tail, id) = self.untold.pop_front()?;
        let weight = FIRST_WEIGHT;
        Some(token(tail, Row { id, weight }))
    }

    /// Leaves out rows that cannot be told any more; `false` if there are not as many.
    pub(super) fn skip(&mut self, rows: u64) -> bool {
        let is_there = rows <= self.untold.len() as u64;
        if is_there {
            self.untold.drain(..rows as usize);
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(model: &Model) -> Vec<u32> {
        let tokens = model.tokens(0..model.len());
        tokens.map(|token| token.id().raw()).collect()
    }

    fn model() -> Model {
        Model::new(10, 2, u32::MAX - 4)
    }

    #[test]
    fn the_oldest_of_more_shards_than_are_kept_goes_at_a_roll() {
        let mut model = model();
        for appended in [10, 20, 30] {
            model.append(10);
            assert_eq!(model.len(), appended.min(20));
        }
        assert_eq!((model.shards(), model.untold()), (3, 30));
        let kept: Vec<u32> = (5..25).collect();
        assert_eq!(ids(&model), kept);
        assert_eq!(ids(&model)[3..7], [8, 9, 10, 11]);
        let part = model.tokens(8..12).map(|token| token.timestamp());
        assert_eq!(part.collect::<Vec<_>>(), [1, 1, 2, 2]);
    }

    #[test]
    fn what_is_not_committed_is_not_there_and_is_lost_with_its_writer() {
        let mut model = model();
        model.append(3);
        assert_eq!((model.len(), model.commit(), model.len()), (0, 3, 3));
        model.append(4);
        model.reopen();
        assert_eq!((model.len(), model.shards(), model.room()), (3, 2, 10));
        model.reopen();
        assert_eq!(model.shards(), 2, "an empty tail leaves no shard");
    }

    #[test]
    fn changes_of_the_tail_make_a_shard_of_what_is_committed() {
        let mut model = model();
        model.append(6);
        model.commit();
        model.append(2);
        let chosen = model.choose(1, 3).unwrap();
        assert_eq!(
            (chosen.first_id, chosen.last_id),
            (u32::MAX - 3, u32::MAX - 1)
        );
        assert_eq!(model.update(&chosen, FIRST_WEIGHT), 0);
        assert_eq!(model.shards(), 1);
        assert_eq!(model.update(&chosen, 5), 3);
        assert_eq!((model.shards(), model.len(), model.room()), (2, 6, 2));
        assert_eq!(model.commit(), 2);
        let chosen = model.choose(6, 9).unwrap();
        assert_eq!((chosen.rows, chosen.place), (2, Place::Tail));
        model.delete(&chosen);
        assert_eq!((model.shards(), model.len()), (2, 6));
        // Told as they were appended, the deleted ones too.
        let told = std::iter::from_fn(|| model.tell());
        assert!(told.count() == 8);
    }

    #[test]
    fn rows_whose_ids_begin_again_are_not_chosen_together() {
        let mut model = model();
        model.append(10);
        let chosen = model.choose(2, 9).unwrap();
        let ends = (chosen.first_id, chosen.last_id, chosen.rows);
        assert_eq!(ends, (u32::MAX - 2, u32::MAX, 3));
        assert_eq!(model.choose(10, 1), None);
    }

    #[test]
    fn no_more_can_be_left_out_than_is_untold() {
        let mut model = model();
        model.append(10);
        assert!(!model.skip(11) && model.skip(4));
        assert_eq!(model.tell().map(|token| token.id().raw()), Some(u32::MAX));
        assert!(model.skip(5) && model.tell().is_none());
    }
}
