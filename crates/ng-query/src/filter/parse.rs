//! The grammar of filters; `docs/query.md` has it as a table.
//!
//! One lexeme of look-ahead always decides. So only [`symbol`] and [`keyword`] backtrack
//! (`ErrMode::Backtrack`); every other error ends the parse where it stands.

use std::ops::Range;
use std::str::FromStr;

use ng_arrow::Column;
use ng_token::{Axis, Flags, Space, Validation};
use winnow::combinator::{cut_err, delimited, opt, separated};
use winnow::error::{AddContext, ErrMode, ModalResult, ParserError};
use winnow::prelude::*;
use winnow::stream::Stream;

use super::decimal::Decimal;
use super::error::{FilterError, ParseFilterError};
use super::lexeme::{Lexeme, Signs, Text, lexeme, text_of};
use super::names;
use super::time;
use super::tree::{Comparison, Filter, FlagTest};

/// The cause, and where it is.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) cause: FilterError,
    pub(crate) span: Range<usize>,
}

pub(crate) type Parsed<T> = ModalResult<T, Mistake>;

/// Parses a filter.
impl FromStr for Filter {
    type Err = ParseFilterError;

    fn from_str(text: &str) -> Result<Self, ParseFilterError> {
        if let Err(cause) = check_length(text) {
            return Err(ParseFilterError::new(text, 0..0, cause));
        }
        let mut input = text_of(text, Signs::OfNumbers);
        whole(&mut input).map_err(|error| {
            let mistake = mistake_of(error, &input);
            ParseFilterError::new(text, mistake.span, mistake.cause)
        })
    }
}

pub(crate) fn mistake_of(error: ErrMode<Mistake>, input: &Text<'_>) -> Mistake {
    match error {
        ErrMode::Backtrack(mistake) | ErrMode::Cut(mistake) => mistake,
        ErrMode::Incomplete(_) => Mistake::from_input(input),
    }
}

pub(crate) fn check_length(text: &str) -> Result<(), FilterError> {
    let bytes = text.len();
    match bytes > Filter::TEXT_MAX {
        true => Err(FilterError::TooLong { bytes }),
        false => Ok(()),
    }
}

fn whole(input: &mut Text<'_>) -> Parsed<Filter> {
    let filter = disjunction(input)?;
    let (next, span) = lexeme(input);
    match next {
        Lexeme::End => Ok(filter),
        _ => unexpected(next, span, "`and`, `or` or the end"),
    }
}

fn disjunction(input: &mut Text<'_>) -> Parsed<Filter> {
    let start = next_span(input);
    let filters: Vec<Filter> = separated(1.., conjunction, keyword("or")).parse_next(input)?;
    at(start, Filter::try_any_of(filters))
}

fn conjunction(input: &mut Text<'_>) -> Parsed<Filter> {
    let start = next_span(input);
    let filters: Vec<Filter> = separated(1.., negation, keyword("and")).parse_next(input)?;
    at(start, Filter::try_all_of(filters))
}

fn negation(input: &mut Text<'_>) -> Parsed<Filter> {
    let start = next_span(input);
    if opt(keyword("not")).parse_next(input)?.is_none() {
        return primary(input);
    }
    let filter = deeper(input, start.clone(), negation)?;
    at(start, filter.try_not())
}

fn primary(input: &mut Text<'_>) -> Parsed<Filter> {
    let start = next_span(input);
    if opt(symbol("(")).parse_next(input)?.is_none() {
        return condition(input);
    }
    let filter = deeper(input, start, disjunction)?;
    expect(")", "`)`, `and` or `or`").parse_next(input)?;
    Ok(filter)
}

/// Parses the contents of brackets or the operand of a `not`, unless too many are open.
fn deeper(
    input: &mut Text<'_>,
    start: Range<usize>,
    inner: fn(&mut Text<'_>) -> Parsed<Filter>,
) -> Parsed<Filter> {
    if input.state.levels == Filter::DEPTH_MAX {
        return fail(start, FilterError::TooDeep);
    }
    input.state.levels += 1;
    let filter = inner(input)?;
    input.state.levels -= 1;
    Ok(filter)
}

fn count_condition(input: &mut Text<'_>, span: Range<usize>) -> Parsed<()> {
    input.state.conditions += 1;
    match input.state.conditions > Filter::CONDITIONS_MAX {
        true => fail(span, FilterError::TooMany),
        false => Ok(()),
    }
}

fn condition(input: &mut Text<'_>) -> Parsed<Filter> {
    let (first, span) = lexeme(input);
    count_condition(input, span.clone())?;
    match first {
        Lexeme::Word(word) => named_condition(input, word, span),
        Lexeme::Number(_) | Lexeme::Text(_) => mirrored_condition(input, (first, span)),
        _ => unexpected(first, span, "a condition, `not` or `(`"),
    }
}

fn named_condition(input: &mut Text<'_>, word: &str, span: Range<usize>) -> Parsed<Filter> {
    if let Some(column) = names::column(word) {
        return column_condition(input, column);
    }
    if let Some(space) = names::space(word) {
        return space_condition(input, space);
    }
    if let Some(bit) = names::flag(word) {
        return Ok(Filter::flags(FlagTest::All, Flags::from_bits(bit)));
    }
    if let Some(entity_type) = names::entity_type(word) {
        return Ok(Filter::entity_type(entity_type));
    }
    if names::is(word, "valid") {
        return validity(input);
    }
    if names::is(word, "true") {
        return Ok(Filter::All);
    }
    if names::is(word, "false") {
        return Ok(Filter::Nothing);
    }
    let nearest = names::nearest_condition(word);
    unknown("column, flag or entity type", word, span, nearest)
}

fn column_condition(input: &mut Text<'_>, column: Column) -> Parsed<Filter> {
    let is_negated = opt(keyword("not")).parse_next(input)?.is_some();
    let start = next_span(input);
    let (next, span) = lexeme(input);
    let filter = match next {
        Lexeme::Word(word) if names::is(word, "in") => one_of(input, column),
        Lexeme::Word(word) if names::is(word, "between") => between(input, column),
        _ if is_negated => unexpected(next, span, "`in` or `between`"),
        Lexeme::Symbol(symbol) if comparison_of(symbol).is_some() => {
            let comparison = comparison_of(symbol).unwrap_or(Comparison::Equal);
            let value = value(input, column)?;
            at(span, Filter::compare(column, comparison, value))
        }
        Lexeme::Word(word) if column == Column::Flags => match flag_test(word) {
            Some(test) => flags(input, test),
            None => unexpected(next, span, FLAGS_TESTS),
        },
        _ if column == Column::Flags => unexpected(next, span, FLAGS_TESTS),
        _ => unexpected(next, span, "a comparison, `in` or `between`"),
    }?;
    match is_negated {
        true => at(start, filter.try_not()),
        false => Ok(filter),
    }
}

const FLAGS_TESTS: &str = "`all`, `any`, `none`, a comparison, `in` or `between`";

fn comparison_of(symbol: &str) -> Option<Comparison> {
    Some(match symbol {
        "=" | "==" => Comparison::Equal,
        "!=" | "<>" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// Parses a condition that begins with its value, whose meaning the column at the end decides.
fn mirrored_condition(input: &mut Text<'_>, first: (Lexeme<'_>, Range<usize>)) -> Parsed<Filter> {
    let (next, span) = lexeme(input);
    let comparison = match next {
        Lexeme::Symbol(symbol) => comparison_of(symbol),
        _ => None,
    };
    let Some(comparison) = comparison else {
        return unexpected(next, span, "a comparison");
    };
    let column = column(input)?;
    let value = value_of(column, first)?;
    at(span, Filter::compare(column, comparison.mirrored(), value))
}

fn column(input: &mut Text<'_>) -> Parsed<Column> {
    let (next, span) = lexeme(input);
    let Lexeme::Word(word) = next else {
        return unexpected(next, span, "a column");
    };
    match names::column(word) {
        Some(column) => Ok(column),
        None => unknown("column", word, span, names::nearest_column(word)),
    }
}

fn one_of(input: &mut Text<'_>, column: Column) -> Parsed<Filter> {
    let start = next_span(input);
    let values = |input: &mut Text<'_>| value(input, column);
    let values: Vec<Decimal> = in_brackets(input, separated(1.., values, symbol(",")))?;
    at(start, Filter::one_of(column, values))
}

fn between(input: &mut Text<'_>, column: Column) -> Parsed<Filter> {
    let start = next_span(input);
    let low = value(input, column)?;
    cut_err(keyword("and")).context("`and`").parse_next(input)?;
    let high = value(input, column)?;
    at(start, Filter::between(column, low, high))
}

fn flag_test(word: &str) -> Option<FlagTest> {
    let tests = [
        ("all", FlagTest::All),
        ("any", FlagTest::Any),
        ("none", FlagTest::None),
    ];
    let test = tests.into_iter().find(|(name, _)| names::is(word, name));
    test.map(|(_, test)| test)
}

fn flags(input: &mut Text<'_>, test: FlagTest) -> Parsed<Filter> {
    let bits: Vec<u16> = in_brackets(input, separated(1.., flag_bits, symbol(",")))?;
    let bits = bits.into_iter().fold(0, |bits, flag| bits | flag);
    Ok(Filter::flags(test, Flags::from_bits(bits)))
}

/// Parses a flag by its name, or several by number.
fn flag_bits(input: &mut Text<'_>) -> Parsed<u16> {
    let (next, span) = lexeme(input);
    match next {
        Lexeme::Word(word) => match names::flag(word) {
            Some(bit) => Ok(bit),
            None => unknown("flag", word, span, names::nearest_flag(word)),
        },
        Lexeme::Number(text) => {
            let number: Decimal = at(span.clone(), text.parse())?;
            let steps = number.steps(1);
            match u16::try_from(steps.floor) {
                Ok(bits) if steps.is_whole => Ok(bits),
                _ => unexpected(next, span, FLAG),
            }
        }
        _ => unexpected(next, span, FLAG),
    }
}

const FLAG: &str = "a flag, or the number of some, 0 to 65535";

fn space_condition(input: &mut Text<'_>, space: Space) -> Parsed<Filter> {
    const EXPECTED: &str = "`in ball(x, y, z; radius)` or `in box(x, y, z; x, y, z)`";
    let start = next_span(input);
    let is_negated = opt(keyword("not")).parse_next(input)?.is_some();
    let is_in = cut_err(keyword("in")).context(EXPECTED);
    is_in.void().parse_next(input)?;
    let (next, span) = lexeme(input);
    let filter = match next {
        Lexeme::Word(word) if names::is(word, "ball") => in_brackets(input, ball(space)),
        Lexeme::Word(word) if names::is(word, "box") => in_brackets(input, cuboid(space)),
        _ => unexpected(next, span, EXPECTED),
    }?;
    match is_negated {
        true => at(start, filter.try_not()),
        false => Ok(filter),
    }
}

fn ball<'s>(space: Space) -> impl Parser<Text<'s>, Filter, ErrMode<Mistake>> {
    move |input: &mut Text<'s>| {
        let centre = point(input, space)?;
        expect(";", "`;` and the radius").parse_next(input)?;
        let start = next_span(input);
        let radius = number(input)?;
        let places = centre.clone().map(|(_, place)| place);
        let centre = centre.map(|(value, _)| value);
        Filter::in_ball(space, centre, radius).or_else(|cause| match cause {
            FilterError::Centre { axis, .. } => fail(places[axis as usize].clone(), cause),
            _ => fail(start, cause),
        })
    }
}

fn cuboid<'s>(space: Space) -> impl Parser<Text<'s>, Filter, ErrMode<Mistake>> {
    move |input: &mut Text<'s>| {
        let start = next_span(input);
        let low = point(input, space)?.map(|(value, _)| value);
        expect(";", "`;` and the other end").parse_next(input)?;
        let high = point(input, space)?.map(|(value, _)| value);
        at(start, Filter::in_box(space, low, high))
    }
}

/// Parses the coordinates of a point, and where each of them is.
fn point(input: &mut Text<'_>, space: Space) -> Parsed<[(Decimal, Range<usize>); 3]> {
    let mut point = Axis::ALL.map(|_| (Decimal::from(0), 0..0));
    for axis in Axis::ALL {
        if axis != Axis::X {
            expect(",", "`,` and three coordinates, x, y, z").parse_next(input)?;
        }
        let (next, span) = lexeme(input);
        point[axis as usize] = (
            value_of(Column::Coordinate(space, axis), (next, span.clone()))?,
            span,
        );
    }
    Ok(point)
}

fn number(input: &mut Text<'_>) -> Parsed<Decimal> {
    let (next, span) = lexeme(input);
    match next {
        Lexeme::Number(text) => at(span, text.parse()),
        _ => unexpected(next, span, "a number"),
    }
}

fn validity(input: &mut Text<'_>) -> Parsed<Filter> {
    if opt(symbol("(")).parse_next(input)?.is_none() {
        return Ok(Filter::valid(Validation::Strict));
    }
    let (next, span) = lexeme(input);
    let validation = match next {
        Lexeme::Word(word) if names::is(word, "strict") => Validation::Strict,
        Lexeme::Word(word) if names::is(word, "upstream") => Validation::Upstream,
        _ => return unexpected(next, span, "`strict` or `upstream`"),
    };
    expect(")", "`)`").parse_next(input)?;
    Ok(Filter::valid(validation))
}

fn value(input: &mut Text<'_>, column: Column) -> Parsed<Decimal> {
    let found = lexeme(input);
    value_of(column, found)
}

/// Returns a lexeme's meaning as a value of a column.
pub(crate) fn value_of(
    column: Column,
    (found, span): (Lexeme<'_>, Range<usize>),
) -> Parsed<Decimal> {
    let has_types = matches!(column, Column::EntityType | Column::FlagsEntityType);
    match found {
        Lexeme::Number(text) => at(
            span,
            text.parse().map_err(|cause| match cause {
                FilterError::Nan if column == Column::Weight => FilterError::NanWeight,
                cause => cause,
            }),
        ),
        Lexeme::Text(text) if column == Column::Timestamp => at(span, time::seconds(text)),
        Lexeme::Word(word) if has_types => match names::entity_type(word) {
            Some(entity_type) => Ok(entity_type.into()),
            None => unknown("entity type", word, span, names::nearest_entity_type(word)),
        },
        Lexeme::Word(_) | Lexeme::Text(_) => fail(
            span,
            FilterError::Value {
                column,
                found: found.to_string(),
                expected: values_of(column),
            },
        ),
        _ => unexpected(found, span, values_of(column)),
    }
}

const fn values_of(column: Column) -> &'static str {
    match column {
        Column::EntityType | Column::FlagsEntityType => "an entity type or its number, 0 to 15",
        Column::Flags => "a number; flags by name are `flags all (active, dirty)`",
        Column::Timestamp => "seconds since 1970, or a time such as 2023-11-14T22:13:20Z",
        _ => "a number",
    }
}

fn in_brackets<'s, T>(
    input: &mut Text<'s>,
    inner: impl Parser<Text<'s>, T, ErrMode<Mistake>>,
) -> Parsed<T> {
    delimited(expect("(", "`(`"), inner, expect(")", "`)`")).parse_next(input)
}

/// Takes a symbol, or backtracks.
fn symbol<'s>(symbol: &'static str) -> impl Parser<Text<'s>, (), ErrMode<Mistake>> {
    move |input: &mut Text<'s>| take(input, |next| next == Lexeme::Symbol(symbol))
}

/// Takes a keyword, or backtracks.
fn keyword<'s>(keyword: &'static str) -> impl Parser<Text<'s>, (), ErrMode<Mistake>> {
    move |input: &mut Text<'s>| {
        take(input, |next| match next {
            Lexeme::Word(word) => names::is(word, keyword),
            _ => false,
        })
    }
}

/// Takes a required symbol.
fn expect<'s>(
    text: &'static str,
    expected: &'static str,
) -> impl Parser<Text<'s>, (), ErrMode<Mistake>> {
    cut_err(symbol(text)).context(expected)
}

fn take(input: &mut Text<'_>, is_it: impl Fn(Lexeme<'_>) -> bool) -> Parsed<()> {
    let start = input.checkpoint();
    let (next, _) = lexeme(input);
    if is_it(next) {
        return Ok(());
    }
    input.reset(&start);
    Err(ErrMode::Backtrack(Mistake::from_input(input)))
}

/// Returns the position of the next lexeme.
fn next_span(input: &Text<'_>) -> Range<usize> {
    let (_, span) = lexeme(&mut input.clone());
    span
}

/// Attaches a refusal to its position in the text.
fn at<T>(span: Range<usize>, made: Result<T, FilterError>) -> Parsed<T> {
    made.or_else(|cause| fail(span, cause))
}

fn fail<T>(span: Range<usize>, cause: FilterError) -> Parsed<T> {
    Err(ErrMode::Cut(Mistake { cause, span }))
}

fn unexpected<T>(found: Lexeme<'_>, span: Range<usize>, expected: &'static str) -> Parsed<T> {
    fail(span, FilterError::unexpected(found, expected))
}

fn unknown<T>(
    kind: &'static str,
    word: &str,
    span: Range<usize>,
    nearest: Option<&'static str>,
) -> Parsed<T> {
    fail(span, FilterError::unknown(kind, word, nearest))
}

impl<'s> ParserError<Text<'s>> for Mistake {
    type Inner = Self;

    fn from_input(input: &Text<'s>) -> Self {
        let (found, span) = lexeme(&mut input.clone());
        let cause = FilterError::unexpected(found, "");
        Self { cause, span }
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// Fills in what is expected, where nothing said so before.
impl<'s> AddContext<Text<'s>, &'static str> for Mistake {
    fn add_context(
        mut self,
        _: &Text<'s>,
        _: &<Text<'s> as Stream>::Checkpoint,
        context: &'static str,
    ) -> Self {
        if let FilterError::Unexpected { expected, .. } = &mut self.cause
            && expected.is_empty()
        {
            *expected = context;
        }
        self
    }
}
