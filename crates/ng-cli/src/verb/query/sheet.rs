use std::io::{self, BufWriter, Stdout, Write};

use anyhow::{Error, Result};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use ng_query::ng_arrow::arrow_array::RecordBatch;
use ng_query::ng_arrow::{ArrayCell, BatchWriter, Column, Compression, Format, WriteError};
use ng_token::EntityType;

use crate::args::QueryArgs;
use crate::say::{Say, to_stdout};

/// Where the rows of an answer are shown.
pub(super) struct Sheet {
    /// `None` for a table.
    format: Option<Format>,
    writer: Option<BatchWriter<BufWriter<Stdout>>>,
}

impl Sheet {
    /// Programs that read JSON get a line for each row.
    pub(super) fn new(args: &QueryArgs, say: Say) -> Self {
        let format = match say.is_json() {
            true => Some(Format::JsonLines),
            false => args.format.of_file(),
        };
        Self {
            format,
            writer: None,
        }
    }

    /// Whether it is a table for people.
    pub(super) fn is_table(&self) -> bool {
        self.format.is_none()
    }

    /// Shows more rows, of the same columns as those before.
    pub(super) fn show(&mut self, batch: &RecordBatch) -> Result<()> {
        let Some(format) = self.format else {
            return self.print(&table(batch));
        };
        if self.writer.is_none() {
            let stdout = BufWriter::new(io::stdout());
            let writer = BatchWriter::new(stdout, format, batch.schema(), Compression::None);
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
        let mut stdout = writer.finish().map_err(cause_of)?;
        to_stdout(&mut stdout, Write::flush)
    }
}

/// An error of standard output, taken out of what went through Arrow.
fn cause_of(error: WriteError) -> Error {
    match error {
        WriteError::Io(error) => match to_stdout(&mut io::sink(), |_| Err(error)) {
            Err(error) => error,
            Ok(()) => unreachable!("an error was passed on"),
        },
        error => error.into(),
    }
}

/// Rows for people: entity types by their names, numbers to the right.
fn table(batch: &RecordBatch) -> Table {
    let schema = batch.schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(&names);
    for row in 0..batch.num_rows() {
        let cells = batch.columns().iter().zip(&names);
        table.add_row(cells.map(|(array, name)| match ArrayCell::of(array, row) {
            Some(ArrayCell::Missing) | None => "-".to_owned(),
            Some(cell) => named(name, cell.to_string()),
        }));
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
