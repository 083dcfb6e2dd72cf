use ng_arrow::Column;
use ng_token::{Axis, Space};

use crate::filter::names;
use crate::{Decimal, Filter};

/// What an update does to a token: one or more columns or flags, each with its new value.
///
/// They are parsed from text ([`str::parse`]; `docs/query.md` of the repository has the grammar),
/// and shown as text that parses to the same assignments. Every right side sees the token as it was
/// before. Expressions are computed in `f64`, in units, and the results stored as by
/// [`Token::builder`](ng_token::Token::builder).
///
/// ```
/// use ng_query::Assignments;
/// use ng_query::ng_token::{EntityType, Space, Token};
///
/// let set: Assignments = "weight = min(weight * 2, 1), physical_x = physical_x + 1.5,
///     entity_type = event, dirty = not locked"
///     .parse()?;
/// let mut tokens = [Token::new(7).with_weight(0.25), Token::new(8)];
/// assert_eq!(set.apply(&mut tokens, 0), Ok(2));
/// assert_eq!(tokens[0].weight(), 0.5);
/// assert_eq!(tokens[0].coordinate(Space::Physical)[0], 1.5);
/// assert_eq!(tokens[0].id().entity_type(), EntityType::Event);
/// // The flags name the entity type, too, and still agree.
/// assert!(tokens[0].validate(0).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Assignments {
    /// At least one; no two of them write the same bits.
    pub(super) all: Vec<Assignment>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Assignment {
    /// A column that is stored.
    Column(Column, Expression),
    Flag(Flag, Logic),
}

/// A flag that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) bit: u16,
}

/// The new value of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logic {
    Constant(bool),
    /// The value of a flag, or its opposite.
    Of {
        flag: Flag,
        is_negated: bool,
    },
}

/// Operands and operators in postfix order, so that nothing recurses, however long a text is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    /// Not negative; and the nearest `f64`.
    Number(Decimal, f64),
    Column(Column),
    One(Unary),
    Two(Binary),
}

/// An operator or function of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Abs,
    Floor,
    Round,
}

/// An operator or function of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
}

/// What has a name and takes operands in brackets.
pub(super) const FUNCTIONS: [(&str, Node); 5] = [
    ("abs", Node::One(Unary::Abs)),
    ("floor", Node::One(Unary::Floor)),
    ("round", Node::One(Unary::Round)),
    ("min", Node::Two(Binary::Min)),
    ("max", Node::Two(Binary::Max)),
];

impl Assignments {
    /// The most levels of brackets, functions and signs around a part of an expression.
    pub const DEPTH_MAX: usize = Filter::DEPTH_MAX;

    /// The most numbers and columns in the expressions of one text.
    pub const OPERANDS_MAX: usize = Filter::CONDITIONS_MAX;

    /// The longest text that is parsed, in bytes.
    pub const TEXT_MAX: usize = Filter::TEXT_MAX;

    /// Tells whether a token may have another value in a column afterwards.
    #[must_use]
    pub fn changes(&self, column: Column) -> bool {
        let follows = self.moves_type() && bits(column) & bits(Column::FlagsEntityType) != 0;
        follows || self.writes(column)
    }

    /// Tells whether an entity type in the flags that agreed with the id's still must, because the
    /// id's is assigned and that in the flags is not.
    pub(super) fn moves_type(&self) -> bool {
        self.writes(Column::EntityType) && !self.writes(Column::FlagsEntityType)
    }

    fn writes(&self, column: Column) -> bool {
        self.all.iter().any(|one| one.bits() & bits(column) != 0)
    }
}

impl Assignment {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Column(column, _) => column.name(),
            Self::Flag(flag, _) => flag.name,
        }
    }

    /// Returns what it writes, as [`bits`] does.
    pub(super) fn bits(&self) -> u128 {
        match self {
            Self::Column(column, _) => bits(*column),
            Self::Flag(flag, _) => u128::from(flag.bit) << FLAGS_SHIFT,
        }
    }
}

impl Flag {
    pub(super) fn of_name(word: &str) -> Option<Self> {
        let mut flags = names::FLAGS.into_iter();
        let (name, bit) = flags.find(|(name, _)| names::is(word, name))?;
        Some(Self { name, bit })
    }
}

impl Expression {
    /// Tells whether the value is the same for all tokens.
    pub(super) fn is_constant(&self) -> bool {
        let mut nodes = self.nodes.iter();
        !nodes.any(|node| matches!(node, Node::Column(_)))
    }
}

const FLAGS_SHIFT: u32 = 32;
const FIELDS_SHIFT: u32 = FLAGS_SHIFT + 16;
const COORDINATES_SHIFT: u32 = FIELDS_SHIFT + 4;

/// Returns a set of what a column stores: 32 bits of the id, 16 of the flags, one for each other
/// field and coordinate. Columns overlap if their sets do.
pub(super) fn bits(column: Column) -> u128 {
    let field = |index: u32| 1 << (FIELDS_SHIFT + index);
    match column {
        Column::Position => 0,
        Column::Id => 0xFFFF_FFFF,
        Column::Domain => 0xF000_0000,
        Column::EntityType => 0x0F00_0000,
        Column::LocalId => 0x00FF_FFFF,
        Column::Flags => 0xFFFF << FLAGS_SHIFT,
        Column::FlagsEntityType => 0x0F00 << FLAGS_SHIFT,
        Column::Weight => field(0),
        Column::Radius => field(1),
        Column::Strength => field(2),
        Column::Timestamp => field(3),
        Column::Coordinate(space, axis) => {
            let index = space as usize * Axis::ALL.len() + axis as usize;
            1 << (COORDINATES_SHIFT as usize + index)
        }
    }
}

const _: () = assert!(COORDINATES_SHIFT as usize + Space::ALL.len() * Axis::ALL.len() <= 128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_the_name_of_nothing_else() {
        for (name, _) in FUNCTIONS {
            let is_taken = names::column(name).is_some()
                || names::flag(name).is_some()
                || names::entity_type(name).is_some()
                || names::space(name).is_some()
                || names::WORDS.contains(&name);
            assert!(!is_taken, "{name}");
        }
    }

    #[test]
    fn only_parts_of_the_id_and_the_flags_overlap() {
        for column in Column::ALL {
            for other in Column::ALL {
                let whole = |whole, parts: &[Column]| {
                    [(column, other), (other, column)]
                        .iter()
                        .any(|(one, part)| *one == whole && parts.contains(part))
                };
                let of_id = [Column::Domain, Column::EntityType, Column::LocalId];
                let expected = column == other
                    || whole(Column::Id, &of_id)
                    || whole(Column::Flags, &[Column::FlagsEntityType]);
                let expected = expected && column != Column::Position;
                assert_eq!(
                    bits(column) & bits(other) != 0,
                    expected,
                    "{column}, {other}"
                );
            }
        }
    }
}
