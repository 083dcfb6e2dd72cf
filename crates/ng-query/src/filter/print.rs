use std::fmt;

use ng_arrow::Column;
use ng_token::{EntityType, Flags, Validation};

use super::decimal::Decimal;
use super::names;
use super::tree::{Filter, FlagTest};

/// How tightly a filter binds: one looser than its place asks for gets brackets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Or,
    And,
    Not,
    Condition,
}

/// Shows text that parses to the same tree, with as few brackets as possible.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("true"),
            Self::Nothing => f.write_str("false"),
            Self::Compare {
                column,
                comparison,
                value,
            } => write!(
                f,
                "{column} {} {}",
                comparison.symbol(),
                Shown(*column, value)
            ),
            Self::Between { column, low, high } => {
                let (low, high) = (Shown(*column, low), Shown(*column, high));
                write!(f, "{column} between {low} and {high}")
            }
            Self::OneOf { column, values } => {
                let values = values.iter().map(|value| Shown(*column, value));
                write!(f, "{column} in ({})", list(values))
            }
            Self::Flags { test, flags } => write_flags(f, *test, *flags),
            Self::InBox { space, low, high } => {
                write!(f, "{space} in box({}; {})", list(low), list(high))
            }
            Self::InBall {
                space,
                centre,
                radius,
            } => write!(f, "{space} in ball({}; {radius})", list(centre)),
            Self::Valid(Validation::Upstream) => f.write_str("valid(upstream)"),
            Self::Valid(_) => f.write_str("valid"),
            Self::Not { filter } => write!(f, "not {}", At(Bond::Not, filter)),
            Self::And { filters } => write_row(f, filters, Bond::And, " and "),
            Self::Or { filters } => write_row(f, filters, Bond::Or, " or "),
        }
    }
}

fn write_row(
    f: &mut fmt::Formatter<'_>,
    filters: &[Filter],
    bond: Bond,
    word: &str,
) -> fmt::Result {
    for (index, filter) in filters.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        write!(f, "{}", At(bond, filter))?;
    }
    Ok(())
}

/// A filter where a binding strength is required, in brackets if its own is looser.
struct At<'a>(Bond, &'a Filter);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(place, filter) = *self;
        match bond(filter) < place {
            true => write!(f, "({filter})"),
            false => write!(f, "{filter}"),
        }
    }
}

const fn bond(filter: &Filter) -> Bond {
    match filter {
        Filter::Or { .. } => Bond::Or,
        Filter::And { .. } => Bond::And,
        Filter::Not { .. } => Bond::Not,
        _ => Bond::Condition,
    }
}

/// A value of a column: by name, if its values have names.
pub(crate) struct Shown<'a>(pub(crate) Column, pub(crate) &'a Decimal);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(column, value) = *self;
        let has_names = matches!(column, Column::EntityType | Column::FlagsEntityType);
        let mut types = EntityType::ALL.into_iter();
        match types.find(|&entity_type| has_names && *value == entity_type.into()) {
            Some(entity_type) => write!(f, "{entity_type}"),
            None => write!(f, "{value}"),
        }
    }
}

/// Shows a single flag by name alone, and bits without a name as a number.
fn write_flags(f: &mut fmt::Formatter<'_>, test: FlagTest, flags: Flags) -> fmt::Result {
    let of_flags = |bit| flags.bits() & bit != 0;
    let names = names::FLAGS.into_iter().filter(|&(_, bit)| of_flags(bit));
    let named = names.clone().fold(0, |named, (_, bit)| named | bit);
    let mut names: Vec<String> = names.map(|(name, _)| name.to_owned()).collect();
    let rest = flags.bits() & !named;
    if test == FlagTest::All && rest == 0 && names.len() == 1 {
        return f.write_str(&names[0]);
    }
    if rest != 0 {
        names.push(rest.to_string());
    }
    let test = match test {
        FlagTest::All => "all",
        FlagTest::Any => "any",
        FlagTest::None => "none",
    };
    write!(f, "flags {test} ({})", names.join(", "))
}

fn list<T: fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}
