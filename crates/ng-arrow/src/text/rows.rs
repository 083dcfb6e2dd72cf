use std::io::Write;

use ng_token::{Space, Token};

use super::time::push_time;
use crate::{Column, Form, Format, Layout, Positions};

/// Tokens as lines of text: CSV or JSON lines.
///
/// Numbers survive a round trip: coordinates and radius have the digits of their scale,
/// weight and strength the fewest that read back as the same `f32`. It is stateless, so
/// that many threads can write parts of one text.
///
/// ```
/// use ng_arrow::{Column, Form, Format, Layout, Positions, TextRows};
/// use ng_token::{Space, Token};
///
/// let layout = Layout::new(Column::list("id,weight,motor_x")?, Form::Units);
/// let rows = TextRows::new(Format::Csv, layout);
/// let mut text = rows.header();
/// let token = Token::new(7).with_coordinate(Space::Motor, [-1_500, 0, 0]);
/// rows.render(&[token], Positions::From(0), &mut text);
/// assert_eq!(text, b"id,weight,motor_x\n7,0.0,-1.500\n");
/// # Ok::<(), ng_arrow::ColumnsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextRows {
    layout: Layout,
    /// The text before the value of each column.
    before: Vec<Vec<u8>>,
    is_json: bool,
}

impl TextRows {
    /// Creates lines of a format.
    ///
    /// # Panics
    ///
    /// If the format [is not text](Format::is_text).
    #[must_use]
    pub fn new(format: Format, layout: Layout) -> Self {
        assert!(format.is_text(), "{format} is not a text format");
        let is_json = format == Format::JsonLines;
        let columns = layout.columns.iter().enumerate();
        let before = columns.map(|(place, column)| match (is_json, place) {
            (true, 0) => format!("{{\"{column}\":").into_bytes(),
            (true, _) => format!(",\"{column}\":").into_bytes(),
            (false, 0) => Vec::new(),
            (false, _) => vec![b','],
        });
        Self {
            before: before.collect(),
            layout,
            is_json,
        }
    }

    /// Returns the text before the first token.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        match self.is_json {
            true => Vec::new(),
            false => {
                let names: Vec<_> = self
                    .layout
                    .columns
                    .iter()
                    .map(|column| column.name())
                    .collect();
                (names.join(",") + "\n").into_bytes()
            }
        }
    }

    /// Appends a line for each token.
    ///
    /// # Panics
    ///
    /// If there are fewer positions than tokens.
    pub fn render(&self, tokens: &[Token], positions: Positions<'_>, out: &mut Vec<u8>) {
        for (index, token) in tokens.iter().enumerate() {
            for (column, before) in self.layout.columns.iter().zip(&self.before) {
                out.extend_from_slice(before);
                match column {
                    Column::Position => push_whole(out, positions.get(index)),
                    column => self.push_cell(out, *column, token),
                }
            }
            out.extend_from_slice(if self.is_json { b"}\n" } else { b"\n" });
        }
    }

    fn push_cell(&self, out: &mut Vec<u8>, column: Column, token: &Token) {
        let form = self.layout.form;
        match (column, form) {
            (Column::Position, _) => {}
            (Column::Id, _) => push_whole(out, token.id().raw().into()),
            (Column::Domain, _) => push_whole(out, token.id().domain().into()),
            (Column::EntityType, _) => push_whole(out, token.id().entity_type().bits().into()),
            (Column::LocalId, _) => push_whole(out, token.id().local().into()),
            (Column::Flags, _) => push_whole(out, token.flags().bits().into()),
            (Column::FlagsEntityType, _) => {
                push_whole(out, token.flags().entity_type().bits().into());
            }
            (Column::Weight, _) => self.push_weight(out, token.weight()),
            (Column::Radius, Form::Units) => push_decimal(out, token.radius_raw().into(), 2),
            (Column::Radius, Form::Raw) => push_whole(out, token.radius_raw().into()),
            (Column::Strength, Form::Units) => push_shortest(out, token.strength()),
            (Column::Strength, Form::Raw) => push_whole(out, token.strength_raw().into()),
            (Column::Timestamp, Form::Units) => {
                self.quoted(out, |out| push_time(out, token.timestamp()));
            }
            (Column::Timestamp, Form::Raw) => push_whole(out, token.timestamp().into()),
            (Column::Coordinate(space, axis), _) => {
                let steps = token.steps(space)[axis as usize];
                match form {
                    Form::Units => push_decimal(out, steps.into(), decimals(space)),
                    Form::Raw => push_steps(out, steps),
                }
            }
        }
    }

    /// JSON has no number for a NaN or infinite weight.
    fn push_weight(&self, out: &mut Vec<u8>, weight: f32) {
        if weight.is_finite() {
            return push_shortest(out, weight);
        }
        let text = weight_text(weight, self.layout.form);
        self.quoted(out, |out| out.extend_from_slice(text.as_bytes()));
    }

    fn quoted(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let quote: &[u8] = if self.is_json { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        write(out);
        out.extend_from_slice(quote);
    }
}

/// The NaN that `NaN` reads back as.
const NAN_BITS: u32 = 0x7FC0_0000;

/// A weight in the fewest digits. In raw form, a NaN with unusual bits is written as its
/// bits.
pub(super) fn weight_text(weight: f32, form: Form) -> String {
    let is_other_nan = weight.is_nan() && weight.to_bits() != NAN_BITS;
    match form {
        Form::Raw if is_other_nan => format!("{:#010x}", weight.to_bits()),
        _ => format!("{weight:?}"),
    }
}

/// How many decimal places a space has.
fn decimals(space: Space) -> usize {
    match space.scale() {
        100 => 2,
        1_000 => 3,
        _ => 4,
    }
}

fn push_whole(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return out.extend_from_slice(&digits[start..]);
        }
    }
}

fn push_steps(out: &mut Vec<u8>, steps: i16) {
    if steps < 0 {
        out.push(b'-');
    }
    push_whole(out, steps.unsigned_abs().into());
}

/// Appends steps over a power of ten, exactly.
fn push_decimal(out: &mut Vec<u8>, steps: i32, decimals: usize) {
    // A sign, six digits at most, a point.
    let mut text = [b'0'; 8];
    let mut start = text.len();
    let mut left = steps.unsigned_abs();
    for place in 0.. {
        if place == decimals {
            start -= 1;
            text[start] = b'.';
        }
        start -= 1;
        text[start] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 && place >= decimals {
            break;
        }
    }
    if steps < 0 {
        start -= 1;
        text[start] = b'-';
    }
    out.extend_from_slice(&text[start..]);
}

/// Appends the fewest digits that read back as this number, with a point or an exponent.
fn push_shortest(out: &mut Vec<u8>, value: f32) {
    print(out, format_args!("{value:?}"));
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing into memory cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_written_with_the_digits_of_its_scale() {
        for space in Space::ALL {
            for steps in i16::MIN..=i16::MAX {
                let mut out = Vec::new();
                push_decimal(&mut out, steps.into(), decimals(space));
                let text = String::from_utf8(out).unwrap();
                let exact = f64::from(steps) / f64::from(space.scale());
                assert_eq!(text, format!("{exact:.*}", decimals(space)));
                let read: f32 = text.parse().unwrap();
                assert_eq!(read, space.decode([steps, 0, 0])[0], "{text}");
            }
        }
    }

    #[test]
    fn whole_numbers_have_all_their_digits() {
        for value in [0, 7, 10, 99, 12_345, u64::MAX] {
            let mut out = Vec::new();
            push_whole(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
        for steps in [0, -1, i16::MIN, i16::MAX] {
            let mut out = Vec::new();
            push_steps(&mut out, steps);
            assert_eq!(String::from_utf8(out).unwrap(), steps.to_string());
        }
    }
}
