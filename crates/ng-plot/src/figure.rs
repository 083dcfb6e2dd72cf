//! The frame of a plot: heading, panels, and a caption on what it shows and does not show.

use crate::element::{Element, text};
use crate::marks::colour;
use crate::section::Section;

/// Columns of a line of words in place of a plot: those of a phone.
const COLUMNS: usize = 42;

/// A plot under its heading.
#[derive(Debug, Default)]
pub struct Figure<'a> {
    /// Its name for programs, and its anchor.
    pub name: &'static str,
    /// Its heading.
    pub title: &'a str,
    /// The meaning of its colours and shapes, as pairs of a class and a name.
    pub key: Vec<(&'static str, &'static str)>,
    /// The panels, from top to bottom.
    pub panels: Vec<Element>,
    /// The text shown if there are no panels.
    pub otherwise: String,
    /// What the plot shows.
    pub shows: &'a str,
    /// What a reader might expect but it does not show.
    pub shows_not: &'a str,
    /// What is left out, and why.
    pub notes: Vec<String>,
}

impl Figure<'_> {
    /// The section with the heading, the key, the panels and the caption.
    pub fn render(self) -> Section {
        let caption = Element::new("figcaption")
            .child(text("p", self.shows))
            .child(text("p", self.shows_not))
            .children(self.notes.iter().map(|note| text("p", note)));
        let lacks = self.panels.is_empty() && !self.otherwise.is_empty();
        let otherwise = lacks.then(|| words(self.name, self.title, &self.otherwise));
        let figure = Element::new("figure")
            .children(key(&self.key))
            .children(self.panels)
            .children(otherwise)
            .child(caption);
        Section::new(self.name, self.title).child(figure)
    }
}

/// A list of colours with their names, as pairs of a class and a name.
pub(crate) fn key<C: AsRef<str>, N: AsRef<str>>(entries: &[(C, N)]) -> Option<Element> {
    let items = entries.iter().map(|(class, name)| {
        let swatch = Element::new("i").class(class.as_ref());
        Element::new("li")
            .child(swatch)
            .child(text("span", name.as_ref()))
    });
    (!entries.is_empty()).then(|| Element::new("ul").class("key").children(items))
}

/// The key of a plot whose series have the colours `c0`, `c1` and so on. None without
/// series.
pub fn series_key(names: &[&str]) -> Option<Element> {
    let entries: Vec<(String, &str)> = (0..).map(colour).zip(names.iter().copied()).collect();
    key(&entries)
}

/// The empty frame of one panel of the plot `name`.
pub(crate) fn svg(name: &str, title: &str, about: &str) -> Element {
    Element::new("svg")
        .with("data-plot", name)
        .with("role", "img")
        .child(text("title", title))
        .child(text("desc", about))
}

/// A panel of words, if there is nothing to draw.
pub fn words(name: &str, title: &str, words: &str) -> Element {
    let lines = wrapped(words);
    let texts = lines.iter().enumerate().map(|(index, line)| {
        let y = format!("{:.1}em", 1.4 * (index + 1) as f64);
        text("text", line).with("x", "1em").with("y", y)
    });
    svg(name, title, words)
        .class("words")
        .with("height", format!("{:.1}em", 1.4 * lines.len() as f64 + 0.8))
        .children(texts)
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
