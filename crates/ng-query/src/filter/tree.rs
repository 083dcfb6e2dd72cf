use std::mem;
use std::ops::{BitAnd, BitOr, Not};

use ng_arrow::Column;
use ng_token::{Axis, EntityType, Flags, Space, Token, Validation};

use super::decimal::Decimal;
use super::error::FilterError;

/// What a token must be like: a tree of conditions.
///
/// It is built by functions, or parsed from text ([`str::parse`]; `docs/query.md` of the repository
/// has the grammar). It is shown as text that parses to the same tree. Its variants are open to
/// read, but only the functions make them.
///
/// Values are exact decimals in the units of their column, except those of weights, which are the
/// `f32` nearest to the decimal. The logic has two values: a NaN weight fails every comparison but
/// `!=`, and [`Not`](Self::Not) is the plain complement.
///
/// ```
/// use ng_query::ng_token::{EntityType, Space};
/// use ng_query::{Column, Comparison, Filter};
///
/// let heavy = Filter::compare(Column::Weight, Comparison::GreaterOrEqual, 0.5)?;
/// let near = Filter::in_ball(Space::Physical, [1.0, -2.25, 0.0], 0.5)?;
/// let filter = heavy & (Filter::entity_type(EntityType::Object) | near);
/// let text = "weight >= 0.5 and (object or physical in ball(1, -2.25, 0; 0.5))";
/// assert_eq!(filter, text.parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// Every token.
    All,
    /// No token.
    Nothing,
    /// A column compares with a value.
    #[non_exhaustive]
    Compare {
        /// The column.
        column: Column,
        /// How, with the column on the left.
        comparison: Comparison,
        /// The value, in units.
        value: Decimal,
    },
    /// A column lies between two values, or is one of them.
    #[non_exhaustive]
    Between {
        /// The column.
        column: Column,
        /// The least value, in units.
        low: Decimal,
        /// The greatest value, in units.
        high: Decimal,
    },
    /// A column is one of some values, at least one.
    #[non_exhaustive]
    OneOf {
        /// The column.
        column: Column,
        /// The values, in units, as given.
        values: Vec<Decimal>,
    },
    /// Some flags are set, or not.
    #[non_exhaustive]
    Flags {
        /// How many of them must be set.
        test: FlagTest,
        /// The flags, at least one; of one flag the test is not [`FlagTest::Any`].
        flags: Flags,
    },
    /// A point lies in a box, ends included.
    #[non_exhaustive]
    InBox {
        /// The space.
        space: Space,
        /// The least coordinates, axes x y z, in units.
        low: [Decimal; 3],
        /// The greatest coordinates, axes x y z, in units.
        high: [Decimal; 3],
    },
    /// A point is within a radius of another.
    #[non_exhaustive]
    InBall {
        /// The space.
        space: Space,
        /// The centre, axes x y z, in units; finite.
        centre: [Decimal; 3],
        /// The radius, in units; 0 or greater.
        radius: Decimal,
    },
    /// The token is valid at the time of the query.
    Valid(Validation),
    /// The filter does not hold.
    #[non_exhaustive]
    Not {
        /// The filter.
        filter: Box<Filter>,
    },
    /// All of two or more filters hold; none of them is an `And`.
    #[non_exhaustive]
    And {
        /// The filters, in their order.
        filters: Vec<Filter>,
    },
    /// At least one of two or more filters holds; none of them is an `Or`.
    #[non_exhaustive]
    Or {
        /// The filters, in their order.
        filters: Vec<Filter>,
    },
}

/// How a column compares with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`, the complement of `=`.
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// How many of some flags must be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlagTest {
    /// Each of them.
    All,
    /// At least one of them.
    Any,
    /// None of them.
    None,
}

impl Filter {
    /// The most levels of a tree: a condition is one level, and each `and`, `or` and `not` around
    /// it is one more.
    ///
    /// Everything that walks a tree recurses; this limit protects the stack.
    pub const DEPTH_MAX: usize = 64;

    /// The most conditions parsed from one text. Trees built by functions may have more.
    pub const CONDITIONS_MAX: usize = 1 << 14;

    /// The longest text that is parsed, in bytes.
    pub const TEXT_MAX: usize = 1 << 20;

    /// Compares a column with a value in its units.
    ///
    /// # Errors
    ///
    /// [`FilterError::Nan`], [`FilterError::Digits`] or [`FilterError::Exponent`] for what is not a
    /// [`Decimal`]; none for a value that is one.
    pub fn compare<V>(column: Column, comparison: Comparison, value: V) -> Result<Self, FilterError>
    where
        V: TryInto<Decimal>,
        FilterError: From<V::Error>,
    {
        let value = value.try_into()?;
        Ok(Self::Compare {
            column,
            comparison,
            value,
        })
    }

    /// Selects tokens whose column is at least `low` and at most `high`; none if `low` is greater.
    ///
    /// # Errors
    ///
    /// As [`compare`](Self::compare).
    pub fn between<V>(column: Column, low: V, high: V) -> Result<Self, FilterError>
    where
        V: TryInto<Decimal>,
        FilterError: From<V::Error>,
    {
        let (low, high) = (low.try_into()?, high.try_into()?);
        Ok(Self::Between { column, low, high })
    }

    /// Selects tokens whose column is one of the values; none if there are no values.
    ///
    /// # Errors
    ///
    /// As [`compare`](Self::compare).
    pub fn one_of<V>(
        column: Column,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, FilterError>
    where
        V: TryInto<Decimal>,
        FilterError: From<V::Error>,
    {
        let values = values.into_iter().map(TryInto::try_into);
        let values = values.collect::<Result<Vec<_>, _>>()?;
        Ok(match values.is_empty() {
            true => Self::Nothing,
            false => Self::OneOf { column, values },
        })
    }

    /// Selects an entity type in the id.
    #[must_use]
    pub fn entity_type(entity_type: EntityType) -> Self {
        Self::equal(Column::EntityType, entity_type.into())
    }

    /// Selects a domain; no token has one above 15.
    #[must_use]
    pub fn domain(domain: u8) -> Self {
        Self::equal(Column::Domain, domain.into())
    }

    pub(super) fn equal(column: Column, value: Decimal) -> Self {
        Self::Compare {
            column,
            comparison: Comparison::Equal,
            value,
        }
    }

    /// Selects by how many of some flags are set. With no flags, `All` and `None` always hold and
    /// `Any` never does.
    #[must_use]
    pub const fn flags(test: FlagTest, flags: Flags) -> Self {
        match (test, flags.bits().count_ones()) {
            (FlagTest::Any, 0) => Self::Nothing,
            (_, 0) => Self::All,
            (FlagTest::Any, 1) => Self::Flags {
                test: FlagTest::All,
                flags,
            },
            _ => Self::Flags { test, flags },
        }
    }

    /// Selects points in a box, ends included; none if a least coordinate is greater than the
    /// greatest.
    ///
    /// # Errors
    ///
    /// As [`compare`](Self::compare).
    pub fn in_box<V>(space: Space, low: [V; 3], high: [V; 3]) -> Result<Self, FilterError>
    where
        V: TryInto<Decimal>,
        FilterError: From<V::Error>,
    {
        let (low, high) = (point(low)?, point(high)?);
        Ok(Self::InBox { space, low, high })
    }

    /// Selects points in a ball, surface included. The centre may lie outside what the space can
    /// store.
    ///
    /// # Errors
    ///
    /// [`FilterError::Centre`] if the centre is infinite, [`FilterError::Radius`] if the radius
    /// is less than 0, else as [`compare`](Self::compare).
    pub fn in_ball<V>(space: Space, centre: [V; 3], radius: V) -> Result<Self, FilterError>
    where
        V: TryInto<Decimal>,
        FilterError: From<V::Error>,
    {
        let (centre, radius) = (point(centre)?, radius.try_into()?);
        for (axis, value) in Axis::ALL.into_iter().zip(centre) {
            if !value.is_finite() {
                return Err(FilterError::Centre { space, axis, value });
            }
        }
        if radius.is_negative() {
            return Err(FilterError::Radius { space, radius });
        }
        Ok(Self::InBall {
            space,
            centre,
            radius,
        })
    }

    /// Selects tokens that are valid by some rules at the time of the query.
    #[must_use]
    pub const fn valid(validation: Validation) -> Self {
        Self::Valid(validation)
    }

    /// Requires both; `&` does the same.
    ///
    /// # Panics
    ///
    /// If the tree would have more than [`DEPTH_MAX`](Self::DEPTH_MAX) levels.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all_of([self, other])
    }

    /// Requires at least one of two; `|` does the same.
    ///
    /// # Panics
    ///
    /// If the tree would have more than [`DEPTH_MAX`](Self::DEPTH_MAX) levels.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any_of([self, other])
    }

    /// Requires all of them, as one level; with none, holds for every token.
    ///
    /// # Panics
    ///
    /// If the tree would have more than [`DEPTH_MAX`](Self::DEPTH_MAX) levels.
    #[must_use]
    pub fn all_of(filters: impl IntoIterator<Item = Self>) -> Self {
        expect_shallow(Self::try_all_of(filters))
    }

    /// Requires at least one of them, as one level; with none, holds for no token.
    ///
    /// # Panics
    ///
    /// If the tree would have more than [`DEPTH_MAX`](Self::DEPTH_MAX) levels.
    #[must_use]
    pub fn any_of(filters: impl IntoIterator<Item = Self>) -> Self {
        expect_shallow(Self::try_any_of(filters))
    }

    pub(super) fn try_all_of(filters: impl IntoIterator<Item = Self>) -> Result<Self, FilterError> {
        let row = Row::of(filters, |filter| match filter {
            Self::And { filters } => Some(mem::take(filters)),
            _ => None,
        });
        row.joined(Self::All, |filters| Self::And { filters })
    }

    pub(super) fn try_any_of(filters: impl IntoIterator<Item = Self>) -> Result<Self, FilterError> {
        let row = Row::of(filters, |filter| match filter {
            Self::Or { filters } => Some(mem::take(filters)),
            _ => None,
        });
        row.joined(Self::Nothing, |filters| Self::Or { filters })
    }

    pub(super) fn try_not(self) -> Result<Self, FilterError> {
        match self.depth() < Self::DEPTH_MAX {
            true => Ok(Self::Not {
                filter: Box::new(self),
            }),
            false => Err(FilterError::TooDeep),
        }
    }

    /// Returns how many levels the tree has, at most [`DEPTH_MAX`](Self::DEPTH_MAX). O(nodes).
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::Not { filter } => 1 + filter.depth(),
            Self::And { filters } | Self::Or { filters } => {
                1 + filters.iter().map(Self::depth).max().unwrap_or(0)
            }
            _ => 1,
        }
    }

    /// Tells whether the filter holds for a token at a position, at `now` seconds since 1970
    /// UTC, which only [`valid`](Self::valid) looks at.
    ///
    /// Binds the filter anew for this one token.
    #[must_use]
    pub fn matches(&self, token: &Token, position: u64, now: u32) -> bool {
        self.bind(now).matches(token, position)
    }
}

fn point<V>(values: [V; 3]) -> Result<[Decimal; 3], FilterError>
where
    V: TryInto<Decimal>,
    FilterError: From<V::Error>,
{
    let [x, y, z] = values;
    Ok([x.try_into()?, y.try_into()?, z.try_into()?])
}

/// Filters joined by one operator.
struct Row {
    filters: Vec<Filter>,
    /// The most levels of any filter that is not such a row itself.
    depth: usize,
}

impl Row {
    /// Takes filters; a filter that is such a row itself is replaced by its members.
    fn of(
        filters: impl IntoIterator<Item = Filter>,
        row: impl Fn(&mut Filter) -> Option<Vec<Filter>>,
    ) -> Self {
        let mut joined = Self {
            filters: Vec::new(),
            depth: 0,
        };
        for mut filter in filters {
            match row(&mut filter) {
                // So a row that grows at its end is never copied.
                Some(inner) if joined.filters.is_empty() => joined.filters = inner,
                Some(inner) => joined.filters.extend(inner),
                None => {
                    joined.depth = joined.depth.max(filter.depth());
                    joined.filters.push(filter);
                }
            }
        }
        joined
    }

    fn joined(
        mut self,
        none: Filter,
        many: impl FnOnce(Vec<Filter>) -> Filter,
    ) -> Result<Filter, FilterError> {
        match self.filters.len() {
            0 => Ok(none),
            1 => Ok(self.filters.pop().unwrap_or(none)),
            _ if self.depth < Filter::DEPTH_MAX => Ok(many(self.filters)),
            _ => Err(FilterError::TooDeep),
        }
    }
}

/// Nesting too deeply in a program is a bug in it; the parser reports it as an error.
fn expect_shallow(filter: Result<Filter, FilterError>) -> Filter {
    filter.unwrap_or_else(|error| panic!("filter with {error}"))
}

impl BitAnd for Filter {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl BitOr for Filter {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// Returns the plain complement.
///
/// # Panics
///
/// If the tree would have more than [`Filter::DEPTH_MAX`] levels.
impl Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        expect_shallow(self.try_not())
    }
}

impl Comparison {
    /// Every comparison.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    /// Returns the symbol of the grammar.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Returns the comparison with left and right exchanged.
    pub(super) const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }
}
