//! HTML and SVG elements as text: escaped, closed and ordered.
//!
//! No template crate: a page of figures is built in loops, and the output is also
//! well-formed XML, so that a strict parser can check it.

use std::fmt::{self, Display, Write};

/// HTML elements without an end tag, and SVG shapes, which are shorter without one.
const WITHOUT_END: [&str; 6] = ["meta", "br", "circle", "line", "path", "rect"];

/// An element with its attributes and content, as text.
///
/// All of its content is escaped. Its [`Display`] is its markup.
#[derive(Debug)]
#[must_use]
pub struct Element {
    name: &'static str,
    attributes: String,
    content: String,
}

impl Element {
    /// An element without attributes and content.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: String::new(),
            content: String::new(),
        }
    }

    /// Adds an attribute. Duplicates are not detected.
    pub fn with(mut self, name: &'static str, value: impl Display) -> Self {
        let value = escaped(&value.to_string());
        let _ = write!(self.attributes, " {name}=\"{value}\"");
        self
    }

    /// Adds its classes, as one text.
    pub fn class(self, class: &str) -> Self {
        self.with("class", class)
    }

    /// Adds an attribute with an exact number, unless it is not finite.
    pub fn figure(self, name: &'static str, value: f64) -> Self {
        if value.is_finite() {
            self.with(name, value)
        } else {
            self
        }
    }

    /// Adds a text at the end of its content.
    pub fn text(mut self, text: &str) -> Self {
        self.content.push_str(&escaped(text));
        self
    }

    /// Adds an element at the end of its content.
    pub fn child(mut self, child: Self) -> Self {
        child.push_to(&mut self.content);
        self
    }

    /// Adds elements at the end of its content.
    pub fn children(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// Adds the page's own style or script verbatim: an HTML parser takes the content of
    /// `style` and `script` literally, an XML parser needs the CDATA marks.
    pub(crate) fn asset(mut self, text: &str) -> Self {
        let _ = write!(self.content, "/*<![CDATA[*/\n{text}/*]]>*/");
        self
    }

    fn push_to(&self, out: &mut String) {
        let (name, attributes) = (self.name, &self.attributes);
        let _ = if self.content.is_empty() && WITHOUT_END.contains(&name) {
            write!(out, "<{name}{attributes}/>")
        } else {
            write!(out, "<{name}{attributes}>{}</{name}>", self.content)
        };
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// An element with a text in it.
pub fn text(name: &'static str, text: &str) -> Element {
    Element::new(name).text(text)
}

/// A list of lines, which keep their spaces.
pub fn lines(lines: impl IntoIterator<Item = impl AsRef<str>>) -> Element {
    let lines = lines.into_iter().map(|line| text("li", line.as_ref()));
    Element::new("ul").class("lines").children(lines)
}

/// A list of terms and definitions.
pub fn definitions(
    entries: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) -> Element {
    let entries = entries.into_iter();
    let entries =
        entries.flat_map(|(term, words)| [text("dt", term.as_ref()), text("dd", words.as_ref())]);
    Element::new("dl").children(entries)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => out.push(' '),
            '\n' | '\t' => out.push(c),
            c if is_unfit(c) => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// Characters that XML forbids, and those that reverse the direction of adjacent text, by
/// which a name could disguise a figure.
fn is_unfit(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_input_ends_no_attribute_and_no_text() {
        let hostile = "\"'><script>&amp;";
        let element = text("b", hostile).with("title", hostile);
        let escaped = "&quot;&#39;&gt;&lt;script&gt;&amp;amp;";
        let expected = format!("<b title=\"{escaped}\">{escaped}</b>");
        assert_eq!(element.to_string(), expected);
    }

    #[test]
    fn characters_that_cannot_be_shown_are_replaced() {
        let shown = text("b", "a\0b\u{1b}[1m\u{202e}c\r\n\t\u{ffff}").to_string();
        assert_eq!(shown, "<b>a\u{fffd}b\u{fffd}[1m\u{fffd}c \n\t\u{fffd}</b>");
    }

    #[test]
    fn empty_elements_end_as_html_requires() {
        for (name, expected) in [
            ("td", "<td></td>"),
            ("meta", "<meta/>"),
            ("rect", "<rect/>"),
        ] {
            assert_eq!(Element::new(name).to_string(), expected);
        }
        let titled = Element::new("rect").child(text("title", "x"));
        assert_eq!(titled.to_string(), "<rect><title>x</title></rect>");
    }

    #[test]
    fn a_figure_is_exact_or_left_out() {
        let figure = |value| Element::new("td").figure("data-value", value).to_string();
        assert_eq!(
            figure(0.1 + 0.2),
            "<td data-value=\"0.30000000000000004\"></td>"
        );
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(figure(value), "<td></td>");
        }
    }
}
