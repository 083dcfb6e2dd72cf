//! The frame of a plot: heading, panels, and a caption that says what it does not show.

use crate::report::html::marks::colour;
use crate::report::html::markup::{Element, text};

/// Columns of a line of words in place of a plot: as many as a phone has.
const COLUMNS: usize = 42;

/// A plot under its heading.
pub(super) struct Figure {
    /// Its name for programs.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What its colours and shapes are.
    pub(super) key: Vec<(&'static str, &'static str)>,
    pub(super) panels: Vec<Element>,
    pub(super) shows: &'static str,
    pub(super) shows_not: &'static str,
    /// What is left out of this one, and why.
    pub(super) notes: Vec<String>,
}

impl Figure {
    pub(super) fn render(self) -> Element {
        let caption = Element::new("figcaption")
            .add(text("p", self.shows))
            .add(text("p", self.shows_not))
            .extend(self.notes.iter().map(|note| text("p", note)));
        let figure = Element::new("figure")
            .extend(key(&self.key))
            .extend(self.panels)
            .add(caption);
        Element::new("section")
            .with("id", self.name)
            .add(text("h2", self.title))
            .add(figure)
    }
}

/// A list of colours with their names, as pairs of a class and a name.
fn key<C: AsRef<str>, N: AsRef<str>>(entries: &[(C, N)]) -> Option<Element> {
    let items = entries.iter().map(|(class, name)| {
        let swatch = Element::new("i").class(class.as_ref());
        Element::new("li")
            .add(swatch)
            .add(text("span", name.as_ref()))
    });
    (!entries.is_empty()).then(|| Element::new("ul").class("key").extend(items))
}

/// The colours of series by their names.
pub(super) fn series_key(names: &[&str]) -> Option<Element> {
    let entries: Vec<(String, &str)> = (0..).map(colour).zip(names.iter().copied()).collect();
    key(&entries)
}

/// The empty frame of one panel of the plot `name`.
pub(super) fn svg(name: &str, title: &str, about: &str) -> Element {
    Element::new("svg")
        .with("data-plot", name)
        .with("role", "img")
        .add(text("title", title))
        .add(text("desc", about))
}

/// A panel of words, where there is nothing to draw.
pub(super) fn words(name: &str, title: &str, words: &str) -> Element {
    let lines = wrapped(words);
    let texts = lines.iter().enumerate().map(|(index, line)| {
        let y = format!("{:.1}em", 1.4 * (index + 1) as f64);
        text("text", line).with("x", "1em").with("y", y)
    });
    svg(name, title, words)
        .class("words")
        .with("height", format!("{:.1}em", 1.4 * lines.len() as f64 + 0.8))
        .extend(texts)
}

fn wrapped(words: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let line = lines.len() - 1;
        if lines[line].is_empty() {
            lines[line].push_str(word);
        } else if lines[line].chars().count() + 1 + word.chars().count() <= COLUMNS {
            lines[line].push(' ');
            lines[line].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_between_words() {
        let text = "one thread count was measured, 1: a speed-up needs two or more of them";
        let expected = [
            "one thread count was measured, 1: a",
            "speed-up needs two or more of them",
        ];
        assert_eq!(wrapped(text), expected);
        assert_eq!(wrapped(""), [""]);
    }
}
