//! The grammar of assignments; `docs/query.md` has it as a table.
//!
//! One lexeme of look-ahead always decides.

use std::ops::Range;
use std::str::FromStr;

use ng_arrow::{Column, nearest_name};
use ng_token::Token;
use winnow::error::ErrMode;

use super::compute::Stack;
use super::error::{AssignmentsError, ParseAssignmentsError};
use super::store::store;
use super::tree::{
    Assignment, Assignments, Binary, Expression, FUNCTIONS, Flag, Logic, Node, Unary,
};
use crate::filter::{self, Lexeme, Signs, Text, check_length, lexeme, names, text_of, value_of};
use crate::{Decimal, FilterError};

/// The cause, and where it is.
struct Mistake {
    cause: AssignmentsError,
    span: Range<usize>,
}

type Parsed<T> = Result<T, Mistake>;

/// Parses one or more assignments.
impl FromStr for Assignments {
    type Err = ParseAssignmentsError;

    fn from_str(text: &str) -> Result<Self, ParseAssignmentsError> {
        if let Err(cause) = check_length(text) {
            return Err(ParseAssignmentsError::new(text, 0..0, cause.into()));
        }
        let mut parser = Parser {
            input: text_of(text, Signs::Operators),
            end: 0,
        };
        let all = parser.assignments();
        let all =
            all.map_err(|mistake| ParseAssignmentsError::new(text, mistake.span, mistake.cause))?;
        Ok(Self { all })
    }
}

struct Parser<'s> {
    input: Text<'s>,
    /// Where the last lexeme ended.
    end: usize,
}

/// The expression under construction, and the column it is for, which gives names their meaning.
struct Draft {
    column: Column,
    nodes: Vec<Node>,
}

const OPERAND: &str = "a number, a column, a function, `-` or `(`";

impl<'s> Parser<'s> {
    fn assignments(&mut self) -> Parsed<Vec<Assignment>> {
        let mut all: Vec<Assignment> = Vec::new();
        loop {
            let (_, span) = self.peek();
            let assignment = self.assignment()?;
            let overlaps = |other: &&Assignment| other.bits() & assignment.bits() != 0;
            if let Some(earlier) = all.iter().find(overlaps) {
                let (name, earlier) = (assignment.name(), earlier.name());
                return fail(span, AssignmentsError::Twice { name, earlier });
            }
            let expected = match assignment {
                Assignment::Column(..) => "an operator, `,` or the end",
                Assignment::Flag(..) => "`,` or the end",
            };
            all.push(assignment);
            match self.next() {
                (Lexeme::End, _) => return Ok(all),
                (Lexeme::Symbol(","), _) => {}
                (found, span) => return unexpected(found, span, expected),
            }
        }
    }

    fn assignment(&mut self) -> Parsed<Assignment> {
        let (found, span) = self.next();
        let Lexeme::Word(word) = found else {
            return unexpected(found, span, "a column or flag");
        };
        if let Some(flag) = Flag::of_name(word) {
            self.expect("=", "`=`")?;
            return Ok(Assignment::Flag(flag, self.logic()?));
        }
        match names::column(word) {
            Some(column @ Column::Position) => fail(span, AssignmentsError::NotStored { column }),
            Some(column) => {
                self.expect("=", "`=`")?;
                Ok(Assignment::Column(column, self.expression(column)?))
            }
            None => {
                let nearest = nearest_name(word, column_names().chain(names::flags()));
                unknown("column or flag", word, span, nearest)
            }
        }
    }

    fn logic(&mut self) -> Parsed<Logic> {
        const EXPECTED: &str = "`true`, `false`, a flag or `not`";
        let mut is_negated = false;
        loop {
            let (found, span) = self.next();
            let Lexeme::Word(word) = found else {
                return unexpected(found, span, EXPECTED);
            };
            if names::is(word, "not") {
                is_negated = !is_negated;
            } else if names::is(word, "true") {
                return Ok(Logic::Constant(!is_negated));
            } else if names::is(word, "false") {
                return Ok(Logic::Constant(is_negated));
            } else if let Some(flag) = Flag::of_name(word) {
                return Ok(Logic::Of { flag, is_negated });
            } else if names::column(word).is_some() {
                return unexpected(found, span, EXPECTED);
            } else {
                return unknown("flag", word, span, names::nearest_flag(word));
            }
        }
    }

    fn expression(&mut self, column: Column) -> Parsed<Expression> {
        let (_, first) = self.peek();
        let mut draft = Draft {
            column,
            nodes: Vec::new(),
        };
        self.sum(&mut draft)?;
        let nodes = draft.nodes;
        let expression = Expression { nodes };
        check_constant(column, &expression).or_else(|cause| fail(first.start..self.end, cause))?;
        Ok(expression)
    }

    fn sum(&mut self, draft: &mut Draft) -> Parsed<()> {
        self.product(draft)?;
        loop {
            let operator = match self.peek() {
                (Lexeme::Symbol("+"), _) => Binary::Add,
                (Lexeme::Symbol("-"), _) => Binary::Subtract,
                _ => return Ok(()),
            };
            self.next();
            self.product(draft)?;
            draft.nodes.push(Node::Two(operator));
        }
    }

    fn product(&mut self, draft: &mut Draft) -> Parsed<()> {
        self.signed(draft)?;
        loop {
            let operator = match self.peek() {
                (Lexeme::Symbol("*"), _) => Binary::Multiply,
                (Lexeme::Symbol("/"), _) => Binary::Divide,
                _ => return Ok(()),
            };
            self.next();
            self.signed(draft)?;
            draft.nodes.push(Node::Two(operator));
        }
    }

    fn signed(&mut self, draft: &mut Draft) -> Parsed<()> {
        let (found, span) = self.peek();
        if found != Lexeme::Symbol("-") {
            return self.operand(draft);
        }
        self.next();
        self.deeper(span, |parser| parser.signed(draft))?;
        draft.nodes.push(Node::One(Unary::Negate));
        Ok(())
    }

    fn operand(&mut self, draft: &mut Draft) -> Parsed<()> {
        let (found, span) = self.next();
        match found {
            Lexeme::Symbol("(") => {
                self.deeper(span, |parser| parser.sum(draft))?;
                self.expect(")", "an operator or `)`")
            }
            Lexeme::Number(text) => {
                let number = text.parse().map_err(|cause: FilterError| Mistake {
                    cause: cause.into(),
                    span: span.clone(),
                })?;
                self.push(draft, span, number_node(number))
            }
            Lexeme::Text(_) => {
                let number = value_of(draft.column, (found, span.clone()));
                let number = number.map_err(|error| Mistake::of_filter(error, &self.input))?;
                self.push(draft, span, number_node(number))
            }
            Lexeme::Word(word) => self.word(draft, word, span),
            _ => unexpected(found, span, OPERAND),
        }
    }

    fn word(&mut self, draft: &mut Draft, word: &'s str, span: Range<usize>) -> Parsed<()> {
        let has_types = matches!(draft.column, Column::EntityType | Column::FlagsEntityType);
        if let Some(column) = names::column(word) {
            return self.push(draft, span, Node::Column(column));
        }
        let mut functions = FUNCTIONS.into_iter();
        if let Some((_, function)) = functions.find(|(name, _)| names::is(word, name)) {
            self.deeper(span, |parser| parser.arguments(draft, function))?;
            draft.nodes.push(function);
            return Ok(());
        }
        let entity_type = names::entity_type(word);
        if let Some(entity_type) = entity_type.filter(|_| has_types) {
            return self.push(draft, span, number_node(entity_type.into()));
        }
        let is_other_word = names::WORDS.iter().any(|other| names::is(word, other));
        if is_other_word || entity_type.is_some() || names::flag(word).is_some() {
            return unexpected(Lexeme::Word(word), span, OPERAND);
        }
        let functions = FUNCTIONS.into_iter().map(|(name, _)| name);
        let operands = column_names().chain(functions);
        match has_types {
            true => {
                let nearest = nearest_name(word, operands.chain(names::entity_types()));
                unknown("column, function or entity type", word, span, nearest)
            }
            false => unknown(
                "column or function",
                word,
                span,
                nearest_name(word, operands),
            ),
        }
    }

    fn arguments(&mut self, draft: &mut Draft, function: Node) -> Parsed<()> {
        self.expect("(", "`(`")?;
        self.sum(draft)?;
        if matches!(function, Node::Two(_)) {
            self.expect(",", "an operator, or `,` and the second value")?;
            self.sum(draft)?;
        }
        self.expect(")", "an operator or `)`")
    }

    /// Adds an operand, unless there are too many.
    fn push(&mut self, draft: &mut Draft, span: Range<usize>, operand: Node) -> Parsed<()> {
        self.input.state.conditions += 1;
        if self.input.state.conditions > Assignments::OPERANDS_MAX {
            return fail(span, AssignmentsError::TooMany);
        }
        draft.nodes.push(operand);
        Ok(())
    }

    /// Parses what is one level deeper, unless there are too many.
    fn deeper(
        &mut self,
        start: Range<usize>,
        inner: impl FnOnce(&mut Self) -> Parsed<()>,
    ) -> Parsed<()> {
        if self.input.state.levels == Assignments::DEPTH_MAX {
            return fail(start, AssignmentsError::TooDeep);
        }
        self.input.state.levels += 1;
        inner(self)?;
        self.input.state.levels -= 1;
        Ok(())
    }

    fn next(&mut self) -> (Lexeme<'s>, Range<usize>) {
        let (found, span) = lexeme(&mut self.input);
        self.end = span.end;
        (found, span)
    }

    fn peek(&self) -> (Lexeme<'s>, Range<usize>) {
        lexeme(&mut self.input.clone())
    }

    fn expect(&mut self, symbol: &'static str, expected: &'static str) -> Parsed<()> {
        match self.next() {
            (Lexeme::Symbol(found), _) if found == symbol => Ok(()),
            (found, span) => unexpected(found, span, expected),
        }
    }
}

impl Mistake {
    fn of_filter(error: ErrMode<filter::Mistake>, input: &Text<'_>) -> Self {
        let mistake = filter::mistake_of(error, input);
        Self {
            cause: mistake.cause.into(),
            span: mistake.span,
        }
    }
}

fn number_node(number: Decimal) -> Node {
    Node::Number(number, number.nearest_steps(1, 0))
}

fn column_names() -> impl Iterator<Item = &'static str> {
    Column::ALL.into_iter().map(Column::name)
}

/// Refuses a constant that no token can store, before any is looked at.
fn check_constant(column: Column, expression: &Expression) -> Result<(), AssignmentsError> {
    if !expression.is_constant() {
        return Ok(());
    }
    let mut stack = Stack::default();
    let mut token = [Token::ZERO];
    let values = stack.compute(expression, &token.clone(), &[0]);
    store(column, values, &mut token).map_err(|(_, cause)| cause.into())
}

fn fail<T>(span: Range<usize>, cause: AssignmentsError) -> Parsed<T> {
    Err(Mistake { cause, span })
}

fn unexpected<T>(found: Lexeme<'_>, span: Range<usize>, expected: &'static str) -> Parsed<T> {
    fail(span, FilterError::unexpected(found, expected).into())
}

fn unknown<T>(
    kind: &'static str,
    word: &str,
    span: Range<usize>,
    nearest: Option<&'static str>,
) -> Parsed<T> {
    fail(span, FilterError::unknown(kind, word, nearest).into())
}
