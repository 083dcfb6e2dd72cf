use std::io::{self, BufWriter, Stdout, Write};

use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use ng_parallel::StopFlag;
use ng_query::ng_arrow::arrow_array::RecordBatch;
use ng_query::ng_arrow::{ArrayCell, BatchWriter, Column, Compression, Form, Format};
use ng_store::RawDraft;
use ng_token::EntityType;

use crate::args::QueryArgs;
use crate::ending::Ending;
use crate::interrupt::Hold;
use crate::say::{Say, to_stdout};
use crate::tool::Tool;
use crate::verb::export::{Out, cause_of};

/// Where the rows of an answer are shown.
pub(super) struct Sheet<'t> {
    /// `None` for a table.
    format: Option<Format>,
    writer: Option<BatchWriter<Target>>,
    /// A new file, before its first rows.
    draft: Option<RawDraft>,
    /// While there is a file that must not be left behind.
    hold: Option<Hold<'t>>,
    say: Say,
}

/// The destination of rows as bytes.
enum Target {
    Stdout(BufWriter<Stdout>),
    File(Box<Out<RawDraft>>),
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(out) => out.flush(),
        }
    }
}

impl<'t> Sheet<'t> {
    /// Programs that read JSON get a line for each row. A wish to end sets `stop` if a file is
    /// written, and otherwise ends the program.
    pub(super) fn new(args: &QueryArgs, tool: &'t Tool, stop: StopFlag) -> Result<Self> {
        let format = match (tool.say.is_json(), args.out()) {
            (true, None) => Some(Format::JsonLines),
            _ => args.format()?,
        };
        let mut sheet = Self {
            format,
            writer: None,
            draft: None,
            hold: None,
            say: tool.say,
        };
        if let Some(out) = args.out() {
            let hold = tool.interrupt.hold()?;
            hold.on_wish(move || stop.stop());
            sheet.draft = Some(RawDraft::begin(out, args.replace)?);
            sheet.hold = Some(hold);
        }
        Ok(sheet)
    }

    /// Stops the current work if the program is to end.
    pub(super) fn check(&self) -> Result<(), Ending> {
        self.hold.as_ref().map_or(Ok(()), Hold::check)
    }

    /// Whether it is a table for people.
    pub(super) fn is_table(&self) -> bool {
        self.format.is_none()
    }

    /// Tells people what the rows do not show, quiet or not: they are not the whole answer.
    pub(super) fn note(&self, line: &str) {
        self.say.note(line);
    }

    /// Shows more rows, of the same columns as before.
    pub(super) fn show(&mut self, batch: &RecordBatch) -> Result<()> {
        let Some(format) = self.format else {
            return self.print(&table(batch));
        };
        self.check()?;
        if self.writer.is_none() {
            let target = match self.draft.take() {
                Some(draft) => Target::File(Box::new(Out::new(draft))),
                None => Target::Stdout(BufWriter::new(io::stdout())),
            };
            let writer = BatchWriter::new(target, format, batch.schema(), Compression::default());
            self.writer = Some(writer.map_err(cause_of)?);
        }
        match &mut self.writer {
            Some(writer) => writer.write(batch).map_err(cause_of),
            None => Ok(()),
        }
    }

    /// Shows a table that was made elsewhere.
    pub(super) fn print(&mut self, table: &Table) -> Result<()> {
        let text = table.trim_fmt() + "\n";
        let mut stdout = io::stdout().lock();
        to_stdout(&mut stdout, |stdout| stdout.write_all(text.as_bytes()))
    }

    pub(super) fn finish(self) -> Result<()> {
        let Some(writer) = self.writer else {
            return Ok(());
        };
        match writer.finish().map_err(cause_of)? {
            Target::Stdout(mut stdout) => to_stdout(&mut stdout, Write::flush),
            Target::File(out) => {
                let (draft, _) = out.into_inner()?;
                Ok(draft.publish()?)
            }
        }
    }
}

/// Rows for people: entity types by name, numbers to the right.
fn table(batch: &RecordBatch) -> Table {
    let schema = batch.schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let form = Form::of_schema(&schema);
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(&names);
    for row in 0..batch.num_rows() {
        let cells = batch.columns().iter().zip(&names);
        table.add_row(
            cells.map(|(array, name)| match ArrayCell::of(array, row, form) {
                Some(ArrayCell::Missing) | None => "-".to_owned(),
                Some(cell) => named(name, cell.to_string()),
            }),
        );
    }
    for (place, array) in batch.columns().iter().enumerate() {
        let is_number = array.data_type().is_numeric() && !is_kind(names[place]);
        if let Some(column) = table.column_mut(place).filter(|_| is_number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn is_kind(name: &str) -> bool {
    let kinds = [Column::EntityType, Column::FlagsEntityType];
    kinds.iter().any(|column| column.name() == name)
}

fn named(name: &str, cell: String) -> String {
    let kind = match is_kind(name) {
        true => cell.parse().ok().and_then(EntityType::from_bits),
        false => None,
    };
    kind.map_or(cell, |kind| kind.to_string())
}
