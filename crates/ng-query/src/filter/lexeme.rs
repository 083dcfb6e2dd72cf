use std::fmt;
use std::ops::Range;

use winnow::ascii::multispace0;
use winnow::combinator::{alt, delimited, eof, peek, preceded, repeat};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location, Stateful};
use winnow::token::{any, one_of, take_till, take_while};

use super::excerpt::shortened;
use super::names;

/// The rest of a filter's text, or of an assignment's.
pub(crate) type Text<'s> = Stateful<LocatingSlice<&'s str>, Met>;

/// How a text is read, and what was counted so far, for the limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Met {
    signs: Signs,
    /// Open brackets, and what else nests.
    pub(crate) levels: usize,
    pub(crate) conditions: usize,
}

/// What `+` and `-` are. Only where they are operators, so are `*` and `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signs {
    /// The beginning of a number.
    OfNumbers,
    Operators,
}

/// Begins a text.
pub(crate) fn text_of(text: &str, signs: Signs) -> Text<'_> {
    Stateful {
        input: LocatingSlice::new(text),
        state: Met {
            signs,
            levels: 0,
            conditions: 0,
        },
    }
}

type Lexed<T> = Result<T, EmptyError>;

/// The smallest meaningful part of a filter's text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lexeme<'s> {
    /// A name or a word of the grammar.
    Word(&'s str),
    /// Text that begins like a number, or `inf` or `nan`.
    Number(&'s str),
    /// Quoted text, or a time without quotes.
    Text(&'s str),
    Symbol(&'s str),
    /// A character that begins no lexeme.
    Other(char),
    End,
}

/// Takes the next lexeme and its position.
pub(crate) fn lexeme<'s>(text: &mut Text<'s>) -> (Lexeme<'s>, Range<usize>) {
    let found = preceded(multispace0, any_lexeme.with_span()).parse_next(text);
    let end = text.current_token_start();
    found.unwrap_or((Lexeme::End, end..end))
}

fn any_lexeme<'s>(text: &mut Text<'s>) -> Lexed<Lexeme<'s>> {
    alt((
        eof.value(Lexeme::End),
        word.map(word_or_number),
        time.map(Lexeme::Text),
        number.map(Lexeme::Number),
        quoted.map(Lexeme::Text),
        symbol.map(Lexeme::Symbol),
        any.map(Lexeme::Other),
    ))
    .parse_next(text)
}

fn word<'s>(text: &mut Text<'s>) -> Lexed<&'s str> {
    let is_first = |c: char| c.is_alphabetic() || c == '_';
    let is_other = |c: char| c.is_alphanumeric() || c == '_';
    (one_of(is_first), take_while(0.., is_other))
        .take()
        .parse_next(text)
}

fn word_or_number(word: &str) -> Lexeme<'_> {
    let is_number = ["inf", "infinity", "nan"]
        .iter()
        .any(|name| names::is(word, name));
    match is_number {
        true => Lexeme::Number(word),
        false => Lexeme::Word(word),
    }
}

/// Everything that could belong to a number, so that a wrong number is refused as a whole.
fn number<'s>(text: &mut Text<'s>) -> Lexed<&'s str> {
    if text.state.signs == Signs::Operators {
        return digits.take().parse_next(text);
    }
    let sign = one_of(['+', '-']);
    let signed = (sign, alt((digits, word.void()))).void();
    alt((signed, digits)).take().parse_next(text)
}

fn digits(text: &mut Text<'_>) -> Lexed<()> {
    let is_first = |c: char| c.is_ascii_digit() || c == '.';
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
    let power = (one_of(['e', 'E']), one_of(['+', '-'])).void();
    let parts = repeat(1.., alt((power, one_of(is_part).void())));
    preceded(peek(one_of(is_first)), parts).parse_next(text)
}

/// A date, and the time if one follows; it cannot be mistaken for numbers.
fn time<'s>(text: &mut Text<'s>) -> Lexed<&'s str> {
    let digits = |count: usize| take_while(count, |c: char| c.is_ascii_digit());
    let date = (digits(4), '-', digits(2), '-', digits(2));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '+');
    (date, take_while(0.., is_part)).take().parse_next(text)
}

fn quoted<'s>(text: &mut Text<'s>) -> Lexed<&'s str> {
    let between = |quote: char| delimited(quote, take_till(0.., quote), quote);
    alt((between('"'), between('\''))).parse_next(text)
}

fn symbol<'s>(text: &mut Text<'s>) -> Lexed<&'s str> {
    let two = alt(("<=", ">=", "!=", "<>", "=="));
    let one = alt(("<", ">", "=", "(", ")", ",", ";"));
    match text.state.signs {
        Signs::OfNumbers => alt((two, one)).parse_next(text),
        Signs::Operators => alt((two, one, "+", "-", "*", "/")).parse_next(text),
    }
}

/// Shows it as messages do.
impl fmt::Display for Lexeme<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Number(text) | Self::Symbol(text) => {
                write!(f, "`{}`", shortened(text))
            }
            Self::Text(text) => write!(f, "`'{}'`", shortened(text)),
            Self::Other('"' | '\'') => f.write_str("an unclosed quote"),
            Self::Other(c) => write!(f, "`{}`", c.escape_debug()),
            Self::End => f.write_str("the end"),
        }
    }
}
