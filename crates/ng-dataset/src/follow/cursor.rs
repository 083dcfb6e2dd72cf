use std::fmt;
use std::str::FromStr;

use ng_query::sealed::FileId;

/// Where a follower is: what it has still to tell of the files it knows, and which rows came later.
///
/// Its text can be stored, and parsed again:
/// `<dataset>:<appended rows>,<file>:<row>-<end>,<file>:<row>-open`. It names each file that is not
/// told to its end: the open tails, and, while the follower is behind, the shards that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) dataset: FileId,
    /// Of all rows that were ever appended, as many are told, or in one of the places.
    pub(super) appended: u64,
    pub(super) places: Vec<Place>,
}

/// Rows that are still to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Those of a file from a row on; `None` for the end of an open tail.
    File(FileId, u64, Option<u64>),
    /// This many are gone.
    Gone(u64),
}

/// A text is no cursor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no cursor of a follower: {part:?} is not as expected")]
pub struct CursorError {
    text: String,
    part: String,
}

const GONE: &str = "gone";
const OPEN: &str = "open";

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.dataset, self.appended)?;
        self.places.iter().try_for_each(|place| match place {
            Place::File(file, row, Some(end)) => write!(f, ",{file}:{row}-{end}"),
            Place::File(file, row, None) => write!(f, ",{file}:{row}-{OPEN}"),
            Place::Gone(rows) => write!(f, ",{GONE}:{rows}"),
        })
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let wrong = |part: &str| CursorError {
            text: text.to_owned(),
            part: part.to_owned(),
        };
        let mut parts = text.split(',');
        let head = parts.next().unwrap_or_default();
        let (dataset, appended) = head_of(head).ok_or_else(|| wrong(head))?;
        let place = |part| place_of(part).ok_or_else(|| wrong(part));
        Ok(Self {
            dataset,
            appended,
            places: parts.map(place).collect::<Result<_, _>>()?,
        })
    }
}

fn head_of(part: &str) -> Option<(FileId, u64)> {
    let (dataset, appended) = part.split_once(':')?;
    Some((FileId::parse(dataset)?, number(appended)?))
}

fn place_of(part: &str) -> Option<Place> {
    let (file, rows) = part.split_once(':')?;
    if file == GONE {
        return Some(Place::Gone(number(rows)?));
    }
    let (row, end) = rows.split_once('-')?;
    let row = number(row)?;
    let end = match end {
        OPEN => None,
        end => Some(number(end).filter(|end| row <= *end)?),
    };
    Some(Place::File(FileId::parse(file)?, row, end))
}

/// A number as it is written here: digits only.
fn number(digits: &str) -> Option<u64> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_its_text() {
        let cursor = Cursor {
            dataset: FileId([7; 16]),
            appended: u64::MAX,
            places: vec![
                Place::File(FileId([1; 16]), 5, Some(9)),
                Place::Gone(12),
                Place::File(FileId([2; 16]), 0, None),
            ],
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn what_is_no_cursor_is_refused_with_the_part_that_is_wrong() {
        let id = FileId([7; 16]);
        for (text, part) in [
            (String::new(), ""),
            ("7:1".to_owned(), "7:1"),
            (format!("{id}:"), &*format!("{id}:")),
            (format!("{id}:+1"), &*format!("{id}:+1")),
            (format!("{id}:1,"), ""),
            (format!("{id}:1,gone:x"), "gone:x"),
            (format!("{id}:1,gone:2,{id}:9-8"), &*format!("{id}:9-8")),
            (format!("{id}:1,{id}:9"), &*format!("{id}:9")),
        ] {
            let error = text.parse::<Cursor>().unwrap_err();
            assert_eq!((error.text, &*error.part), (text, part));
        }
    }
}
