use std::fmt;
use std::str::FromStr;

use ng_arrow::{Column, nearest_name};
use ng_token::Space;

use super::hilbert;

/// What tokens are sorted by: one or more parts, most significant first.
///
/// Every order is total: tokens equal in all parts keep the order of their positions. Numbers
/// ascend. Weights follow IEEE: -0.0 equals 0.0, and NaN, whatever its bits, comes last.
///
/// ```
/// use ng_query::order::{Order, OrderError};
///
/// let order: Order = "entity_type, time".parse()?;
/// assert_eq!(order.to_string(), "entity_type,timestamp");
/// assert_eq!(order.bits(), 36);
///
/// let error = "fysical".parse::<Order>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown column or space `fysical`, the nearest is `physical`");
/// # Ok::<(), OrderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    parts: Vec<OrderPart>,
}

/// One part of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OrderPart {
    /// Along a Hilbert curve of a space's 16-bit steps: tokens near one another in the order are
    /// near in the space.
    Space(Space),
    /// By the stored value of a column, ascending.
    Column(Column),
}

/// The most bits of a key.
const MOST_BITS: u32 = u64::BITS;

/// The other name of a column.
const TIME: &str = "time";

impl Order {
    /// Makes an order of parts.
    ///
    /// # Errors
    ///
    /// [`OrderError`], all but [`Unknown`](OrderError::Unknown).
    pub fn new(parts: impl IntoIterator<Item = OrderPart>) -> Result<Self, OrderError> {
        let parts: Vec<OrderPart> = parts.into_iter().collect();
        for (index, &part) in parts.iter().enumerate() {
            if part == OrderPart::Column(Column::Position) {
                return Err(OrderError::Position);
            }
            if parts[..index].contains(&part) {
                return Err(OrderError::Repeated { part });
            }
        }
        let bits = parts.iter().map(|part| part.bits()).sum();
        match bits {
            0 => Err(OrderError::Empty),
            bits if bits > MOST_BITS => Err(OrderError::TooLong { bits }),
            _ => Ok(Self { parts }),
        }
    }

    /// Returns the order of one space.
    #[must_use]
    pub fn by_space(space: Space) -> Self {
        Self {
            parts: vec![OrderPart::Space(space)],
        }
    }

    /// Returns the parts.
    #[must_use]
    pub fn parts(&self) -> &[OrderPart] {
        &self.parts
    }

    /// Returns the space if it is the order of one space and nothing else.
    #[must_use]
    pub fn space(&self) -> Option<Space> {
        match self.parts[..] {
            [OrderPart::Space(space)] => Some(space),
            _ => None,
        }
    }

    /// Returns how many bits a key has, 4 to 64.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.parts.iter().map(|part| part.bits()).sum()
    }
}

impl OrderPart {
    pub(super) fn bits(self) -> u32 {
        match self {
            Self::Space(_) => hilbert::KEY_BITS,
            Self::Column(column) => match column {
                Column::Position => 0,
                Column::Id | Column::Weight | Column::Timestamp => 32,
                Column::LocalId => 24,
                Column::Flags | Column::Coordinate(..) => 16,
                Column::Radius | Column::Strength => 8,
                Column::Domain | Column::EntityType | Column::FlagsEntityType => 4,
            },
        }
    }

    /// Every part by its name.
    fn named() -> impl Iterator<Item = (&'static str, Self)> {
        let spaces = Space::ALL.map(|space| (space.name(), Self::Space(space)));
        let columns = Column::ALL.map(|column| (column.name(), Self::Column(column)));
        let time = (TIME, Self::Column(Column::Timestamp));
        spaces.into_iter().chain([time]).chain(columns)
    }

    fn of_name(name: &str) -> Result<Self, OrderError> {
        let found = Self::named().find(|(known, _)| *known == name);
        found.map(|(_, part)| part).ok_or_else(|| {
            let known = Self::named().filter(|(_, part)| part.bits() > 0);
            let nearest = nearest_name(name, known.map(|(known, _)| known));
            OrderError::Unknown {
                name: name.to_owned(),
                nearest: nearest.unwrap_or(TIME),
            }
        })
    }
}

/// Shows the name.
impl fmt::Display for OrderPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Space(space) => space.fmt(f),
            Self::Column(column) => column.fmt(f),
        }
    }
}

/// Shows the names, separated by commas, as they are parsed.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for part in &self.parts {
            write!(f, "{between}{part}")?;
            between = ",";
        }
        Ok(())
    }
}

/// Parses the names of spaces and columns, separated by commas; `time` is `timestamp`.
impl FromStr for Order {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        if text.trim().is_empty() {
            return Err(OrderError::Empty);
        }
        let parts = text.split(',').map(|name| OrderPart::of_name(name.trim()));
        Self::new(parts.collect::<Result<Vec<_>, _>>()?)
    }
}

/// Why something is not an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// It has no part.
    #[error("nothing to sort by, expected a space, `time`, `id`, `weight` or other columns")]
    Empty,

    /// No space and no column has the name.
    #[error("unknown column or space `{name}`, the nearest is `{nearest}`")]
    Unknown {
        /// The name that was given.
        name: String,
        /// The most similar name.
        nearest: &'static str,
    },

    /// A part occurs twice.
    #[error("`{part}` twice in one order, expected each part once")]
    Repeated {
        /// The part.
        part: OrderPart,
    },

    /// The position, by which tokens are ordered already.
    #[error("`position` is not an order: tokens are in it already, and ties stay in it")]
    Position,

    /// The parts together have too many bits.
    #[error("an order of {bits} bits, expected at most {MOST_BITS}")]
    TooLong {
        /// How many bits they have.
        bits: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, OrderError> {
        text.parse::<Order>().map(|order| order.to_string())
    }

    #[test]
    fn what_is_printed_is_parsed_to_the_same() {
        for (name, part) in OrderPart::named() {
            if part.bits() == 0 {
                assert_eq!(parsed(name), Err(OrderError::Position));
                continue;
            }
            let order: Order = name.parse().unwrap();
            assert_eq!(order.parts(), [part]);
            assert_eq!(order.to_string().parse(), Ok(order));
        }
        for (text, printed) in [
            ("time", "timestamp"),
            (" entity_type , time ", "entity_type,timestamp"),
            ("entity_type,physical", "entity_type,physical"),
            ("weight,id", "weight,id"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(printed));
            assert_eq!(parsed(printed).as_deref(), Ok(printed));
        }
    }

    #[test]
    fn what_is_no_order_says_why() {
        for (text, told) in [
            ("", "nothing to sort by, expected a space"),
            (" ", "nothing to sort by, expected a space"),
            (
                "wieght",
                "unknown column or space `wieght`, the nearest is `weight`",
            ),
            (
                "Time",
                "unknown column or space `Time`, the nearest is `time`",
            ),
            ("id,", "unknown column or space ``"),
            ("time,timestamp", "`timestamp` twice in one order"),
            ("motor,motor", "`motor` twice in one order"),
            ("position", "`position` is not an order"),
            ("physical,motor", "an order of 96 bits, expected at most 64"),
            ("id,time,domain", "an order of 68 bits, expected at most 64"),
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{text:?}: {error}");
        }
        assert_eq!(Order::new([]), Err(OrderError::Empty));
    }

    #[test]
    fn one_space_alone_is_the_order_of_a_space() {
        let order: Order = "social".parse().unwrap();
        assert_eq!(order, Order::by_space(Space::Social));
        assert_eq!(order.space(), Some(Space::Social));
        for text in ["time", "entity_type,social", "social,domain"] {
            assert_eq!(text.parse::<Order>().unwrap().space(), None);
        }
    }
}
