use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::TextColumns;
use super::lines::Lines;
use crate::{Column, Form, LineError, ReadError};

/// Lines of JSON objects, all with the columns of the first one, in any order.
pub(super) struct JsonLines {
    lines: Lines,
    columns: TextColumns,
}

impl JsonLines {
    /// Reads the first line, if there is one.
    pub(super) fn open(
        input: Box<dyn Read + Send>,
        form: Option<Form>,
    ) -> Result<Option<Self>, ReadError> {
        let mut lines = Lines::new(input);
        let Some((line, text)) = lines.next()? else {
            return Ok(None);
        };
        let mut columns = Vec::new();
        for (name, _) in members(text, line)?.0 {
            columns.push(name.parse()?);
        }
        lines.again();
        Ok(Some(Self {
            lines,
            columns: TextColumns::new(columns, form)?,
        }))
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.columns.schema()
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        while let Some((line, text)) = self.lines.next()? {
            push_line(&mut self.columns, text, line)?;
            if self.columns.end_row() {
                break;
            }
        }
        self.columns.take()
    }
}

fn push_line(columns: &mut TextColumns, text: &[u8], line: u64) -> Result<(), ReadError> {
    // One bit per column: there are 35 columns, none of them twice.
    let mut seen = 0_u64;
    for (order, (name, value)) in members(text, line)?.0.iter().enumerate() {
        let is_in_order = columns
            .columns
            .get(order)
            .is_some_and(|column| column.name() == name);
        let place = match is_in_order {
            true => order,
            false => place_of(columns, name, line)?,
        };
        if seen & 1 << place != 0 {
            let column = columns.columns[place];
            return Err(extra(column, line));
        }
        seen |= 1 << place;
        columns.push(place, cell(value.get()), line)?;
    }
    let all = columns.columns.len();
    match (0..all).find(|place| seen & 1 << place == 0) {
        Some(place) => Err(ReadError::Line {
            line,
            cause: LineError::Missing {
                column: columns.columns[place],
            },
        }),
        None => Ok(()),
    }
}

fn place_of(columns: &TextColumns, name: &str, line: u64) -> Result<usize, ReadError> {
    let column: Column = name.parse()?;
    let place = columns.columns.iter().position(|other| *other == column);
    place.ok_or_else(|| extra(column, line))
}

fn extra(column: Column, line: u64) -> ReadError {
    let cause = LineError::Extra { column };
    ReadError::Line { line, cause }
}

/// The content of a cell: a string without its quotes, or the text itself.
fn cell(value: &str) -> &[u8] {
    let text = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    text.unwrap_or(value).as_bytes()
}

fn members(text: &[u8], line: u64) -> Result<Members<'_>, ReadError> {
    serde_json::from_slice(text).map_err(|cause| ReadError::Line {
        line,
        cause: LineError::Json(cause),
    })
}

/// The members of an object in order, with their values as written.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::with_capacity(Column::ALL.len());
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// A name, borrowed if it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
