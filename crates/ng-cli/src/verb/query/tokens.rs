use std::ops::ControlFlow;

use anyhow::{Error, Result};
use ng_query::ng_arrow::{Column, Form, Positions, batch_with, schema};
use ng_query::{Query, QueryError, Stats};
use ng_store::Counted;
use ng_token::Token;

use super::Subject;
use super::sheet::Sheet;
use crate::args::QueryArgs;
use crate::verb::head::tokens_table;

/// How many tokens a table has unless it is told.
const TABLE_ROWS: u64 = 20;

/// How tokens are shown.
pub(super) struct Look<'a> {
    columns: Vec<Column>,
    form: Form,
    /// Whether they are shown as `ng head` shows them.
    is_head: bool,
    sheet: &'a mut Sheet,
}

impl<'a> Look<'a> {
    pub(super) fn new(args: &QueryArgs, sheet: &'a mut Sheet) -> Self {
        let all = || {
            let columns = Column::DEFAULT.into_iter();
            std::iter::once(Column::Position).chain(columns).collect()
        };
        let chosen = args.select.as_ref().map(|columns| columns.0.clone());
        Self {
            is_head: chosen.is_none() && sheet.is_table(),
            columns: chosen.unwrap_or_else(all),
            form: if args.raw { Form::Raw } else { Form::Units },
            sheet,
        }
    }

    pub(super) fn show(&mut self, positions: &[u64], tokens: &[Token]) -> Result<()> {
        if self.is_head {
            let rows = positions.iter().copied().zip(tokens);
            return self.sheet.print(&tokens_table(rows));
        }
        let schema = schema(&self.columns, self.form);
        let positions = Positions::Each(positions);
        let batch = batch_with(tokens, positions, &self.columns, self.form, &schema);
        self.sheet.show(&batch)
    }
}

/// Shows the selected tokens in their order.
pub(super) fn all(args: &QueryArgs, query: &Query<'_>, sheet: &mut Sheet) -> Result<Stats> {
    let default = if sheet.is_table() {
        TABLE_ROWS
    } else {
        u64::MAX
    };
    let limit = args.limit.unwrap_or(default);
    let mut look = Look::new(args, sheet);
    let (mut shown, mut is_cut) = (0, false);
    let stats = query.tokens::<Fault>(|positions, tokens| {
        let count = tokens
            .len()
            .min(usize::try_from(limit - shown).unwrap_or(usize::MAX));
        is_cut = count < tokens.len();
        look.show(&positions[..count], &tokens[..count])
            .map_err(Fault)?;
        shown += count as u64;
        Ok(match is_cut {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    });
    let stats = stats.map_err(|Fault(error)| error)?;
    if is_cut && args.limit.is_none() {
        // Of what is shown, not of what went wrong: quiet or not, it is not the whole answer.
        eprintln!(
            "the first {} of more; --limit N shows more of them",
            Counted(shown, "token")
        );
    }
    Ok(stats)
}

/// Shows the tokens at some positions, in the order of those.
pub(super) fn at(
    args: &QueryArgs,
    subject: &Subject,
    positions: &[u64],
    sheet: &mut Sheet,
) -> Result<()> {
    let tokens = subject.tokens().tokens_at(positions)?;
    Look::new(args, sheet).show(positions, &tokens)
}

/// What keeps tokens from being shown.
struct Fault(Error);

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        Self(error.into())
    }
}
