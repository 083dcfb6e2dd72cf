//! The content of a report, independent of form: sections of lines and tables.
//!
//! A table is written once, column by column. Each column has its figures, the numbers
//! they are sorted by, and the detail from which it is shown.

use ng_plot::Field;

use crate::model::{CellKey, Profile};
use crate::report::text;

/// How much of a report a form shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// The essentials: a terminal.
    Short,
    /// Everything that fits on lines: Markdown.
    Full,
    /// Everything: the page.
    All,
}

/// Parts that belong together, listed in the page's contents.
pub(crate) struct Section {
    /// Its anchor on the page.
    pub(crate) id: &'static str,
    pub(crate) heading: String,
    /// Its name in the contents, if different from its heading.
    pub(crate) listed: Option<&'static str>,
    pub(crate) parts: Vec<Part>,
}

impl Section {
    pub(crate) fn new(id: &'static str, heading: &str, parts: Vec<Part>) -> Self {
        Self {
            id,
            heading: heading.to_owned(),
            listed: None,
            parts,
        }
    }

    /// A section of one part, with its heading.
    pub(crate) fn of(id: &'static str, part: Part) -> Self {
        Self::new(id, &part.title.clone(), vec![part])
    }

    pub(crate) fn listed_as(self, words: &'static str) -> Self {
        let listed = Some(words);
        Self { listed, ..self }
    }
}

/// A heading with lines of text and a table below it.
pub(crate) struct Part {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    pub(crate) table: Option<Table>,
    /// The detail from which it is shown; its table has its own.
    pub(crate) from: Detail,
    pub(crate) table_from: Detail,
}

impl Part {
    pub(crate) fn new(title: impl Into<String>, lines: Vec<String>, table: Option<Table>) -> Self {
        Self {
            title: title.into(),
            lines,
            table,
            from: Detail::Short,
            table_from: Detail::Short,
        }
    }

    pub(crate) fn from(self, from: Detail) -> Self {
        Self { from, ..self }
    }

    pub(crate) fn table_from(self, table_from: Detail) -> Self {
        Self { table_from, ..self }
    }

    /// Its table as words, if shown at `detail`.
    pub(crate) fn words(&self, detail: Detail) -> Option<Words<'_>> {
        let table = self.table.as_ref().filter(|_| self.table_from <= detail);
        let words = table.map(|table| table.words(detail));
        words.filter(|words| !words.rows.is_empty())
    }

    /// Whether any of it is shown at `detail`.
    pub(crate) fn is_shown(&self, detail: Detail) -> bool {
        self.from <= detail && (!self.lines.is_empty() || self.words(detail).is_some())
    }
}

/// Rows under headings.
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Look>,
}

pub(crate) struct Column {
    pub(crate) heading: String,
    from: Detail,
    /// Whether words show it only in the first row of a group.
    once: bool,
    pub(crate) fields: Vec<Field>,
}

/// How a row is shown.
pub(crate) struct Look {
    from: Detail,
    /// Whether its figures must not be used.
    pub(crate) struck: bool,
    begins_group: bool,
}

/// Headings and rows for a textual form.
pub(crate) struct Words<'t> {
    pub(crate) headings: Vec<&'t str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// The headings and rows shown at `detail`.
    pub(crate) fn words(&self, detail: Detail) -> Words<'_> {
        let columns = || self.columns.iter().filter(|column| column.from <= detail);
        let shown = self.rows.iter().enumerate();
        let shown = shown.filter(|(_, look)| look.from <= detail);
        let row = |(at, look)| columns().map(|column| column.words(at, look)).collect();
        Words {
            headings: columns().map(|column| column.heading.as_str()).collect(),
            rows: shown.map(row).collect(),
        }
    }
}

impl Column {
    /// The text of a field; unusable figures are struck through as in Markdown.
    fn words(&self, at: usize, look: &Look) -> String {
        if self.once && !look.begins_group {
            return String::new();
        }
        match &self.fields[at] {
            Field::Struck(words) => format!("~~{words}~~"),
            Field::Figure(_, words) if look.struck => format!("~~{words}~~"),
            Field::Words(words) | Field::Figure(_, words) | Field::Key(_, words) => words.clone(),
        }
    }
}

/// A table builder: the subjects of its rows, and the columns so far.
pub(crate) struct Rows<T> {
    rows: Vec<T>,
    table: Table,
}

impl<T> Rows<T> {
    pub(crate) fn new(rows: impl IntoIterator<Item = T>) -> Self {
        let rows: Vec<T> = rows.into_iter().collect();
        let look = |_: &T| Look {
            from: Detail::Short,
            struck: false,
            begins_group: true,
        };
        let table = Table {
            columns: Vec::new(),
            rows: rows.iter().map(look).collect(),
        };
        Self { rows, table }
    }

    pub(crate) fn column(
        mut self,
        heading: impl Into<String>,
        field: impl Fn(&T) -> Field,
    ) -> Self {
        self.table.columns.push(Column {
            heading: heading.into(),
            from: Detail::Short,
            once: false,
            fields: self.rows.iter().map(field).collect(),
        });
        self
    }

    /// A column of words.
    pub(crate) fn words(self, heading: impl Into<String>, words: impl Fn(&T) -> String) -> Self {
        self.column(heading, |row| Field::Words(words(row)))
    }

    /// The columns that name the cell and phase of a row.
    pub(crate) fn keyed(self, key: impl Fn(&T) -> (&CellKey, &str)) -> Self {
        let cell = |row: &T| key(row).0.clone();
        self.words("scenario", |row| cell(row).scenario)
            .words("phase", |row| key(row).1.to_owned())
            .column("items", |row| items(key(row).0.items()))
            .words("build", |row| profile(key(row).0.profile))
            .words("variant", |row| cell(row).variant)
            .column("threads", |row| Field::count(key(row).0.threads))
    }

    /// Shows the last column only from `detail` on.
    pub(crate) fn from(mut self, detail: Detail) -> Self {
        if let Some(column) = self.table.columns.last_mut() {
            column.from = detail;
        }
        self
    }

    /// Shows the last column only once per group in textual forms.
    pub(crate) fn once(mut self) -> Self {
        if let Some(column) = self.table.columns.last_mut() {
            column.once = true;
        }
        self
    }

    /// Marks the rows that begin a group.
    pub(crate) fn begins_group(self, begins: impl Fn(&T) -> bool) -> Self {
        self.look(|look, row| look.begins_group = begins(row))
    }

    /// Marks the rows whose figures must not be used.
    pub(crate) fn struck(self, struck: impl Fn(&T) -> bool) -> Self {
        self.look(|look, row| look.struck = struck(row))
    }

    /// Sets the detail from which each row is shown.
    pub(crate) fn shown_from(self, from: impl Fn(&T) -> Detail) -> Self {
        self.look(|look, row| look.from = from(row))
    }

    fn look(mut self, set: impl Fn(&mut Look, &T)) -> Self {
        for (look, row) in self.table.rows.iter_mut().zip(&self.rows) {
            set(look, row);
        }
        self
    }

    /// The table, even if it has no rows.
    pub(crate) fn all(self) -> Table {
        self.table
    }

    /// The table, if it has rows.
    pub(crate) fn table(self) -> Option<Table> {
        (!self.rows.is_empty()).then_some(self.table)
    }
}

/// A number of items.
pub(crate) fn items(count: u64) -> Field {
    Field::Key(count as f64, text::items(count))
}

fn profile(profile: Profile) -> String {
    profile.name().to_owned()
}

/// A number of bytes, if known.
pub(crate) fn bytes(count: Option<u64>) -> Field {
    Field::maybe(count.map(|count| count as f64), |count| {
        text::bytes(count as u64)
    })
}

/// An interval, sorted by its lower end.
pub(crate) fn interval(low: Option<f64>, words: String) -> Field {
    match low {
        Some(low) => Field::Figure(low, words),
        None => Field::Words(words),
    }
}
