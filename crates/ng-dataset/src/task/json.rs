use ng_query::sealed::{FileId, Hex, seal, unseal};
use ng_store::Commit;
use serde::{Deserialize, Serialize};

use super::{Ask, Known, Task, TaskFlaw};
use crate::manifest::ROWS_MAX;

const FORMAT: &str = "ng-task 1";

/// What is in the JSON of a task besides its hash.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    format: String,
    place: String,
    dataset: FileId,
    file: FileId,
    rows: (u64, u64),
    sealed: Option<SealedFields>,
    tail: Option<TailFields>,
    start: u64,
    positions: (u64, u64),
    ask: Ask,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedFields {
    chain: Hex,
    slot: Hex,
}

/// The bytes of a commit as eight numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TailFields {
    commit: [Hex; 8],
}

impl Task {
    /// Returns the task as bytes: JSON that ends with its own hash.
    ///
    /// # Errors
    ///
    /// [`TaskFlaw::Json`] if a coordinate of a point is not finite.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TaskFlaw> {
        let (sealed, tail) = match &self.known {
            Known::Sealed { chain, slot } => {
                let (chain, slot) = (Hex(*chain), Hex(*slot));
                (Some(SealedFields { chain, slot }), None)
            }
            Known::Tail(commit) => (None, Some(TailFields::of(commit))),
        };
        let fields = Fields {
            format: FORMAT.to_owned(),
            place: self.place.clone(),
            dataset: self.dataset,
            file: self.file,
            rows: (self.rows.start, self.rows.end),
            sealed,
            tail,
            start: self.start,
            positions: (self.positions.start, self.positions.end),
            ask: self.ask.clone(),
        };
        Ok(seal(serde_json::to_vec(&fields).map_err(json)?).1)
    }

    /// Reads and checks the bytes of a task.
    ///
    /// # Errors
    ///
    /// [`TaskFlaw`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TaskFlaw> {
        let (_, json_bytes) = unseal(bytes)?;
        // Another version may have other fields.
        let Version { format } = serde_json::from_slice(&json_bytes).map_err(json)?;
        if format != FORMAT {
            return Err(TaskFlaw::Format {
                found: format,
                expected: FORMAT,
            });
        }
        let fields: Fields = serde_json::from_slice(&json_bytes).map_err(json)?;
        let known = match (fields.sealed, fields.tail) {
            (Some(SealedFields { chain, slot }), None) => Known::Sealed {
                chain: chain.0,
                slot: slot.0,
            },
            (None, Some(tail)) => Known::Tail(tail.commit()),
            _ => return Err(TaskFlaw::Field { field: "sealed" }),
        };
        let task = Self {
            place: fields.place,
            dataset: fields.dataset,
            file: fields.file,
            rows: fields.rows.0..fields.rows.1,
            known,
            start: fields.start,
            positions: fields.positions.0..fields.positions.1,
            ask: fields.ask,
        };
        task.check()?;
        Ok(task)
    }

    /// What no task can be.
    fn check(&self) -> Result<(), TaskFlaw> {
        let expect = |is_sound: bool, field| match is_sound {
            true => Ok(()),
            false => Err(TaskFlaw::Field { field }),
        };
        expect(self.rows.start <= self.rows.end, "rows")?;
        let end = self.start.checked_add(self.rows.end - self.rows.start);
        let is_within = self.start <= self.positions.start
            && self.positions.start <= self.positions.end
            && end.is_some_and(|end| self.positions.end <= end && end <= ROWS_MAX);
        expect(is_within, "positions")?;
        match &self.known {
            Known::Sealed { .. } => Ok(()),
            Known::Tail(commit) => {
                let is_its = FileId(commit.file_id) == self.file;
                expect(is_its && self.rows.end <= commit.tokens, "tail")
            }
        }
    }
}

#[derive(Deserialize)]
struct Version {
    format: String,
}

fn json(error: serde_json::Error) -> TaskFlaw {
    TaskFlaw::Json {
        line: error.line(),
        column: error.column(),
    }
}

impl TailFields {
    fn of(commit: &Commit) -> Self {
        let bytes = commit.to_bytes();
        let mut numbers = bytes.as_chunks().0.iter().copied().map(u64::from_le_bytes);
        Self {
            commit: std::array::from_fn(|_| Hex(numbers.next().unwrap_or_default())),
        }
    }

    fn commit(&self) -> Commit {
        let mut bytes = [0; 64];
        for (place, number) in bytes.as_chunks_mut().0.iter_mut().zip(&self.commit) {
            *place = number.0.to_le_bytes();
        }
        Commit::from_bytes(&bytes)
    }
}
