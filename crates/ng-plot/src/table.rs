//! Tables, which the page's script makes sortable.

use crate::element::{Element, text};

/// A table in its own box, so that the box scrolls sideways, not the page. All rows have as
/// many fields as there are headings. None without rows.
///
/// `caption` describes it to screen readers. The page's script sorts it by the column whose
/// heading is pressed; in columns of numbers, fields without one come last, and struck rows
/// always come last.
pub fn table(
    caption: &str,
    headings: impl IntoIterator<Item = impl AsRef<str>>,
    rows: impl IntoIterator<Item = TableRow>,
) -> Option<Element> {
    let mut rows = rows.into_iter().map(TableRow::render).peekable();
    rows.peek()?;
    let headings = headings.into_iter();
    let headings = headings.map(|heading| text("th", heading.as_ref()).with("scope", "col"));
    let head = Element::new("tr").children(headings);
    let table = Element::new("table")
        .child(text("caption", caption))
        .child(Element::new("thead").child(head))
        .child(Element::new("tbody").children(rows));
    let scroll = Element::new("div")
        .class("scroll")
        .with("tabindex", 0)
        .with("role", "region")
        .with("aria-label", caption);
    Some(scroll.child(table))
}

/// One row.
#[derive(Debug)]
pub struct TableRow {
    /// Whether it is unusable: its figures are struck through, and it is always last.
    pub struck: bool,
    /// One per heading; the first names the row.
    pub fields: Vec<Field>,
}

/// The content of a cell.
#[derive(Debug)]
pub enum Field {
    /// Words, sorted alphabetically.
    Words(String),
    /// An unusable figure in a usable row, sorted as words.
    Struck(String),
    /// A figure, and the number that it is sorted by.
    Figure(f64, String),
    /// A number that is not a figure: it identifies the row or gives its basis.
    Key(f64, String),
}

impl Field {
    /// Words.
    pub fn words(text: impl Into<String>) -> Self {
        Self::Words(text.into())
    }

    /// A whole number that is not a figure.
    pub fn count(count: usize) -> Self {
        Self::Key(count as f64, count.to_string())
    }

    /// A figure, or nothing.
    pub fn maybe(number: Option<f64>, text: impl Fn(f64) -> String) -> Self {
        number.map_or_else(
            || Self::words(""),
            |number| Self::Figure(number, text(number)),
        )
    }

    /// Strikes through figures only: words and keys stay readable.
    fn render(self, name: &'static str, struck: bool) -> Element {
        let field = Element::new(name);
        match self {
            Self::Words(words) => field.text(&words),
            Self::Struck(words) => field.child(text("s", &words)),
            Self::Figure(number, words) if struck => {
                field.figure("data-sort", number).child(text("s", &words))
            }
            Self::Figure(number, words) | Self::Key(number, words) => {
                field.figure("data-sort", number).text(&words)
            }
        }
    }
}

impl TableRow {
    /// A usable row.
    pub fn plain(fields: Vec<Field>) -> Self {
        Self {
            struck: false,
            fields,
        }
    }

    /// The row, its first field as a heading.
    fn render(self) -> Element {
        let struck = self.struck;
        let fields = self.fields.into_iter().enumerate().map(|(index, field)| {
            if index == 0 {
                field.render("th", struck).with("scope", "row")
            } else {
                field.render("td", struck)
            }
        });
        let row = Element::new("tr");
        let row = if struck { row.class("struck") } else { row };
        row.children(fields)
    }
}
