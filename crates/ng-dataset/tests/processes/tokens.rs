//! Tokens that say whose they are, and what a snapshot shows of them.

use ng_dataset::{Dataset, DatasetError, Snapshot};
use ng_token::Token;

/// Of the first writer, the first rows are changed again and again.
pub(crate) const CHANGED: u64 = 1000;

/// The token of a writer with a number; both can be read back.
pub(crate) fn token(writer: u64, number: u64) -> Token {
    Token::new(number as u32).with_timestamp(writer as u32)
}

/// The rows that [`CHANGED`] counts, as a filter.
pub(crate) fn changed_rows() -> String {
    format!("timestamp = 0 and id < {CHANGED}")
}

/// What a reader saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// How many tokens of each writer.
    pub(crate) counts: Vec<u64>,
    /// The least and the greatest weight of the rows that are changed.
    pub(crate) weights: Option<(f32, f32)>,
    /// The first token that is not the next one of its writer.
    pub(crate) out_of_order: Option<String>,
}

impl Seen {
    pub(crate) fn of(snapshot: &Snapshot, writers: usize) -> Result<Self, DatasetError> {
        let mut seen = Self {
            counts: vec![0; writers],
            ..Self::default()
        };
        snapshot.for_each(0..snapshot.len(), |first, tokens| {
            for (place, token) in tokens.iter().enumerate() {
                seen.look(first + place as u64, token);
            }
            Ok::<_, DatasetError>(())
        })?;
        Ok(seen)
    }

    pub(crate) fn in_dataset(dataset: &Dataset, writers: usize) -> Result<Self, DatasetError> {
        let snapshot = dataset.snapshot()?;
        assert!(snapshot.findings().is_empty(), "{:?}", snapshot.findings());
        Self::of(&snapshot, writers)
    }

    fn look(&mut self, position: u64, token: &Token) {
        let (writer, number) = (token.timestamp() as usize, u64::from(token.id().raw()));
        let Some(count) = self.counts.get_mut(writer) else {
            self.blame(position, writer, number);
            return;
        };
        if number != *count {
            self.blame(position, writer, number);
            return;
        }
        *count += 1;
        if writer == 0 && number < CHANGED {
            let weight = token.weight();
            let (low, high) = self.weights.unwrap_or((weight, weight));
            self.weights = Some((low.min(weight), high.max(weight)));
        }
    }

    fn blame(&mut self, position: u64, writer: usize, number: u64) {
        let expected = self.counts.get(writer).copied();
        self.out_of_order.get_or_insert_with(|| {
            format!(
                "position {position} has token {number} of writer {writer}, expected {expected:?}"
            )
        });
    }
}
