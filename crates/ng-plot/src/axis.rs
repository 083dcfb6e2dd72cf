//! A scale with labelled ticks.

use crate::element::{Element, text};
use crate::marks::{line, percent};
use crate::scale::Scale;

/// A scale, the format of its values, and the number of ticks that fit.
pub struct Axis<'a> {
    scale: Scale,
    ticks: usize,
    words: &'a dyn Fn(f64) -> String,
    /// A value marked by a line.
    mark: Option<f64>,
}

impl<'a> Axis<'a> {
    /// An axis of at most `ticks` ticks, two or more, labelled by `words`.
    pub fn new(scale: Scale, ticks: usize, words: &'a dyn Fn(f64) -> String) -> Self {
        Self {
            scale,
            ticks,
            words,
            mark: None,
        }
    }

    /// Draws a prominent line at `value`, if it is on the scale.
    pub fn marked(mut self, value: f64) -> Self {
        self.mark = Some(value);
        self
    }

    fn place(&self, value: f64) -> f64 {
        self.scale.place(value)
    }

    /// Lines at the ticks of a horizontal axis, from top to bottom.
    pub(crate) fn upright_grid(&self) -> Vec<Element> {
        self.grid(|place| line((place, 0.0), (place, 1.0)))
    }

    /// Lines at the ticks of a vertical axis, from left to right.
    pub(crate) fn level_grid(&self) -> Vec<Element> {
        self.grid(|place| line((0.0, 1.0 - place), (1.0, 1.0 - place)))
    }

    fn grid(&self, line_at: impl Fn(f64) -> Element) -> Vec<Element> {
        let ticks = self.scale.ticks(self.ticks).into_iter();
        let ticks = ticks.map(|tick| line_at(self.place(tick)).class("grid"));
        let mark = self.mark.filter(|mark| self.scale.holds(*mark));
        let mark = mark.map(|mark| line_at(self.place(mark)).class("mark"));
        ticks.chain(mark).collect()
    }

    /// Labels below a horizontal axis, kept within its ends.
    pub(crate) fn words_below(&self, y: &str) -> Vec<Element> {
        let ticks = self.scale.ticks(self.ticks).into_iter();
        let words = ticks.map(|tick| {
            let place = self.place(tick);
            let anchor = match place {
                place if place < 0.04 => "start",
                place if place > 0.96 => "end",
                _ => "middle",
            };
            text("text", &(self.words)(tick))
                .with("x", percent(place))
                .with("y", y)
                .with("text-anchor", anchor)
        });
        words.collect()
    }

    /// Right-aligned labels on the left of a vertical axis.
    pub(crate) fn words_beside(&self) -> Vec<Element> {
        let ticks = self.scale.ticks(self.ticks).into_iter();
        let words = ticks.map(|tick| {
            text("text", &(self.words)(tick))
                .with("x", 0)
                .with("dx", -5)
                .with("y", percent(1.0 - self.place(tick)))
                .with("dy", "0.32em")
                .with("text-anchor", "end")
        });
        words.collect()
    }
}

/// A tick's figure without trailing zeros: `1.00 ms` as `1 ms`.
pub fn short(figure: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let end = figure.find(|c| !is_digit(c)).unwrap_or(figure.len());
    let (number, unit) = figure.split_at(end);
    if !number.contains('.') {
        return figure.to_owned();
    }
    let number = number.trim_end_matches('0').trim_end_matches('.');
    format!("{number}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_written_without_zeros() {
        for (figure, expected) in [
            ("1.00 ms", "1 ms"),
            ("20.0 us", "20 us"),
            ("100 us", "100 us"),
            ("0.50x", "0.5x"),
            ("0 B", "0 B"),
            ("-1.50", "-1.5"),
            ("-200", "-200"),
        ] {
            assert_eq!(short(figure), expected);
        }
    }
}
