//! Tables that the page's script sorts, and that are plain tables without it.

use crate::report::html::markup::{Element, text};

/// Rows under headings, all of one length.
pub(super) struct Grid {
    /// What is in it, for those who do not see where it stands.
    pub(super) caption: String,
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<GridRow>,
}

/// One row.
pub(super) struct GridRow {
    /// Of a cell that must not be used: struck through, and last in every order.
    pub(super) struck: bool,
    pub(super) fields: Vec<Field>,
}

/// What stands in a column.
pub(super) enum Field {
    Words(String),
    /// A figure among words that must not be used, of a row that may be.
    Struck(String),
    /// A figure, and the number that it is sorted by.
    Figure(f64, String),
    /// A number that is no figure: it says which row this is, or what it rests on.
    Key(f64, String),
}

impl Field {
    pub(super) fn words(text: impl Into<String>) -> Self {
        Self::Words(text.into())
    }

    pub(super) fn count(count: usize) -> Self {
        Self::Key(count as f64, count.to_string())
    }

    /// A figure that may not be there.
    pub(super) fn maybe(number: Option<f64>, text: impl Fn(f64) -> String) -> Self {
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
            Self::Struck(words) => field.add(text("s", &words)),
            Self::Figure(number, words) if struck => {
                field.figure("data-sort", number).add(text("s", &words))
            }
            Self::Figure(number, words) | Self::Key(number, words) => {
                field.figure("data-sort", number).text(&words)
            }
        }
    }
}

impl Grid {
    /// A table in a box of its own: it is the box that is moved sideways, not the page.
    pub(super) fn render(self) -> Option<Element> {
        if self.rows.is_empty() {
            return None;
        }
        let headings = self
            .headings
            .iter()
            .map(|heading| text("th", heading).with("scope", "col"));
        let head = Element::new("tr").extend(headings);
        let table = Element::new("table")
            .add(text("caption", &self.caption))
            .add(Element::new("thead").add(head))
            .add(Element::new("tbody").extend(self.rows.into_iter().map(GridRow::render)));
        let scroll = Element::new("div")
            .class("scroll")
            .with("tabindex", 0)
            .with("role", "region")
            .with("aria-label", self.caption);
        Some(scroll.add(table))
    }
}

impl GridRow {
    pub(super) fn plain(fields: Vec<Field>) -> Self {
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
        row.extend(fields)
    }
}
