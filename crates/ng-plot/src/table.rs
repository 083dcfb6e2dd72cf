//! Tables that the page's script sorts, and that are plain tables without it.

use crate::element::{Element, text};

/// Rows under headings, all of one length, in a box of its own: it is the box that is
/// moved sideways, not the page. None where there are no rows.
///
/// `caption` says what is in it to those who do not see where it stands. The script of
/// the page sorts it by the column whose heading is pressed; in columns of numbers,
/// fields without one come last, and struck rows come last in all.
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
    /// Whether it must not be used: its figures are struck through, and it is last in
    /// every order.
    pub struck: bool,
    /// One for each heading; the first says what the row is about.
    pub fields: Vec<Field>,
}

/// What stands in a column.
#[derive(Debug)]
pub enum Field {
    /// Words, sorted by the alphabet.
    Words(String),
    /// A figure among words that must not be used, of a row that may be.
    Struck(String),
    /// A figure, and the number that it is sorted by.
    Figure(f64, String),
    /// A number that is no figure: it says which row this is, or what it rests on.
    Key(f64, String),
}

impl Field {
    /// Words.
    pub fn words(text: impl Into<String>) -> Self {
        Self::Words(text.into())
    }

    /// A whole number that is no figure.
    pub fn count(count: usize) -> Self {
        Self::Key(count as f64, count.to_string())
    }

    /// A figure that may not be there.
    pub fn maybe(number: Option<f64>, text: impl Fn(f64) -> String) -> Self {
        number.map_or_else(
            || Self::words(""),
            |number| Self::Figure(number, text(number)),
        )
    }

    /// Figures alone are struck through: words and keys stay readable.
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
    /// A row that may be used.
    pub fn plain(fields: Vec<Field>) -> Self {
        Self {
            struck: false,
            fields,
        }
    }

    /// The first field is what the row is about.
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
