use std::mem;
use std::ops::ControlFlow;

use anyhow::{Error, Result};
use ng_query::ng_arrow::{Column, Form, Positions, batch_with, schema};
use ng_query::{Query, QueryError, Stats};
use ng_store::{BLOCK_TOKENS, Counted};
use ng_token::Token;

use super::Subject;
use super::sheet::Sheet;
use crate::args::QueryArgs;
use crate::verb::head::tokens_table;

/// How many tokens a table shows by default.
pub(super) const TABLE_ROWS: u64 = 20;

/// How tokens are shown: in a table many at once, since each has its own column widths.
pub(super) struct Look<'a, 't> {
    columns: Vec<Column>,
    form: Form,
    /// Whether they are shown like those of `ng head`.
    is_head: bool,
    sheet: &'a mut Sheet<'t>,
    waiting: (Vec<u64>, Vec<Token>),
    is_begun: bool,
}

impl<'a, 't> Look<'a, 't> {
    pub(super) fn new(args: &QueryArgs, sheet: &'a mut Sheet<'t>) -> Self {
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
            waiting: (Vec::new(), Vec::new()),
            is_begun: false,
        }
    }

    pub(super) fn show(&mut self, positions: &[u64], tokens: &[Token]) -> Result<()> {
        if positions.is_empty() {
            return Ok(self.sheet.check()?);
        }
        if !self.sheet.is_table() {
            return self.show_now(positions, tokens);
        }
        self.waiting.0.extend_from_slice(positions);
        self.waiting.1.extend_from_slice(tokens);
        match self.waiting.0.len() >= BLOCK_TOKENS {
            true => self.show_waiting(),
            false => Ok(()),
        }
    }

    /// Shows what is buffered; without any token, the names of the columns.
    pub(super) fn finish(mut self) -> Result<()> {
        match self.is_begun && self.waiting.0.is_empty() {
            true => Ok(()),
            false => self.show_waiting(),
        }
    }

    fn show_waiting(&mut self) -> Result<()> {
        let (positions, tokens) = mem::take(&mut self.waiting);
        self.show_now(&positions, &tokens)
    }

    fn show_now(&mut self, positions: &[u64], tokens: &[Token]) -> Result<()> {
        self.is_begun = true;
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

/// Shows the selected tokens in order.
pub(super) fn all(args: &QueryArgs, query: &Query<'_>, sheet: &mut Sheet<'_>) -> Result<Stats> {
    let default = if sheet.is_table() {
        TABLE_ROWS
    } else {
        u64::MAX
    };
    let limit = args.limit.unwrap_or(default);
    let mut look = Look::new(args, sheet);
    let (mut shown, mut is_cut) = (0, false);
    let stats = query.tokens::<Fault>(|positions, tokens| {
        let room = usize::try_from(limit - shown).unwrap_or(usize::MAX);
        let count = tokens.len().min(room);
        is_cut = count < tokens.len();
        look.show(&positions[..count], &tokens[..count])
            .map_err(Fault)?;
        shown += count as u64;
        // Further tokens are mentioned only for a default limit.
        let is_enough = shown == limit && args.limit.is_some();
        Ok(match is_cut || is_enough {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    });
    let stats = stats.map_err(|Fault(error)| error)?;
    look.finish()?;
    if is_cut && args.limit.is_none() {
        sheet.note(&format!(
            "these are the first {} that match; --limit N shows more, --count counts them",
            Counted(shown, "token")
        ));
    }
    Ok(stats)
}

/// Shows the tokens at some positions, in the given order, and adds what was looked at for it to
/// `stats`.
pub(super) fn at(
    args: &QueryArgs,
    subject: &Subject,
    positions: &[u64],
    stats: &mut Stats,
    sheet: &mut Sheet<'_>,
) -> Result<()> {
    let tokens = subject.tokens().tokens_at(positions)?;
    stats.add_pass(&tokens.stats);
    let mut look = Look::new(args, sheet);
    look.show(positions, &tokens.value)?;
    look.finish()
}

/// What keeps tokens from being shown.
pub(super) struct Fault(pub(super) Error);

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        Self(error.into())
    }
}
