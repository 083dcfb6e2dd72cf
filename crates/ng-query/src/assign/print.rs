use std::fmt;

use ng_arrow::Column;

use super::tree::{Assignment, Assignments, Binary, Expression, FUNCTIONS, Logic, Node, Unary};
use crate::filter::Shown;

/// Shows text that parses to the same assignments, with as few brackets as possible.
impl fmt::Display for Assignments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, assignment) in self.all.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{} = ", assignment.name())?;
            match assignment {
                Assignment::Column(column, expression) => write_expression(f, *column, expression)?,
                Assignment::Flag(_, logic) => write!(f, "{logic}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Logic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => write!(f, "{value}"),
            Self::Of { flag, is_negated } => {
                let not = if *is_negated { "not " } else { "" };
                write!(f, "{not}{}", flag.name)
            }
        }
    }
}

/// How tightly an expression binds: one looser than its place asks for gets brackets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Sum,
    Product,
    Sign,
    Operand,
}

/// The text of a part of an expression.
struct Part {
    text: String,
    bond: Bond,
}

fn write_expression(
    f: &mut fmt::Formatter<'_>,
    column: Column,
    expression: &Expression,
) -> fmt::Result {
    if let [Node::Number(number, _)] = &expression.nodes[..] {
        return write!(f, "{}", Shown(column, number));
    }
    let mut parts = Vec::new();
    for node in &expression.nodes {
        let last = |parts: &mut Vec<Part>| parts.pop().ok_or(fmt::Error);
        let part = match *node {
            Node::Number(number, _) => Part::operand(number.to_string()),
            Node::Column(column) => Part::operand(column.name().to_owned()),
            Node::One(unary) => one(unary, last(&mut parts)?),
            Node::Two(binary) => {
                let right = last(&mut parts)?;
                two(binary, last(&mut parts)?, right)
            }
        };
        parts.push(part);
    }
    parts.iter().try_for_each(|part| f.write_str(&part.text))
}

impl Part {
    fn operand(text: String) -> Self {
        let bond = Bond::Operand;
        Self { text, bond }
    }

    /// Returns the text for a place that asks for a bond.
    fn at(self, bond: Bond) -> String {
        match self.bond < bond {
            true => format!("({})", self.text),
            false => self.text,
        }
    }
}

fn one(operator: Unary, operand: Part) -> Part {
    match operator {
        Unary::Negate => Part {
            text: format!("-{}", operand.at(Bond::Sign)),
            bond: Bond::Sign,
        },
        Unary::Abs | Unary::Floor | Unary::Round => {
            let name = name(Node::One(operator));
            Part::operand(format!("{name}({})", operand.text))
        }
    }
}

fn two(operator: Binary, left: Part, right: Part) -> Part {
    let (symbol, own, tighter) = match operator {
        Binary::Add => ("+", Bond::Sum, Bond::Product),
        Binary::Subtract => ("-", Bond::Sum, Bond::Product),
        Binary::Multiply => ("*", Bond::Product, Bond::Sign),
        Binary::Divide => ("/", Bond::Product, Bond::Sign),
        Binary::Min | Binary::Max => {
            let name = name(Node::Two(operator));
            return Part::operand(format!("{name}({}, {})", left.text, right.text));
        }
    };
    // The left side, which may be long, grows in place.
    let mut text = left.at(own);
    text.extend([" ", symbol, " ", &right.at(tighter)]);
    Part { text, bond: own }
}

fn name(function: Node) -> &'static str {
    let mut functions = FUNCTIONS.into_iter();
    let found = functions.find(|(_, other)| *other == function);
    found.map_or("", |(name, _)| name)
}
