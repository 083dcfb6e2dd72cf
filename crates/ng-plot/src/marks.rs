//! Shapes of a plot, placed in shares of its area so that they stretch with the page.

use crate::{Element, Scale, text};

/// A share from 0 to 1 as a percentage for an attribute.
pub(crate) fn percent(share: f64) -> String {
    let shown = format!("{:.2}", share * 100.0);
    let short = shown.trim_end_matches('0').trim_end_matches('.');
    format!("{short}%")
}

/// A dot of 6 pixels, centred at `x` from the left and `y` from the top.
pub fn dot(x: f64, y: f64) -> Element {
    Element::new("circle")
        .with("cx", percent(x))
        .with("cy", percent(y))
        .with("r", 3)
}

/// A cross instead of a dot, centred at `x` from the left and `y` from the top.
pub fn cross(x: f64, y: f64) -> Element {
    text("text", "\u{d7}")
        .class("cross")
        .with("x", percent(x))
        .with("y", percent(y))
}

/// A straight line between two points, measured from the left and the top.
pub fn line(from: (f64, f64), to: (f64, f64)) -> Element {
    Element::new("line")
        .with("x1", percent(from.0))
        .with("x2", percent(to.0))
        .with("y1", percent(from.1))
        .with("y2", percent(to.1))
}

/// A bar from `left` to `right`, between `top` and `bottom`.
pub fn bar(left: f64, right: f64, top: f64, bottom: f64) -> Element {
    Element::new("rect")
        .with("x", percent(left))
        .with("y", percent(top))
        .with("width", percent(right - left))
        .with("height", percent(bottom - top))
}

/// The bars of a histogram; empty bins have none. Each has its count as `data-value`, its
/// index as `data-bin`, and a hint from `words`.
pub fn bars(counts: &[u64], scale: Scale, words: impl Fn(usize) -> String) -> Element {
    // Rounded as it is written, or gaps would show between bars.
    let edge = |bin: usize| (bin as f64 / counts.len() as f64 * 1e4).round() / 1e4;
    let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let bars = filled.map(|(bin, &count)| {
        bar(
            edge(bin),
            edge(bin + 1),
            1.0 - scale.place(count as f64),
            1.0,
        )
        .with("data-bin", bin)
        .with("data-value", count)
        .child(hint(&words(bin)))
    });
    Element::new("g").class("bars").children(bars)
}

/// The tooltip of a shape, as a child of that shape.
pub fn hint(words: &str) -> Element {
    text("title", words)
}

/// The class with the colour of a series by its index; after six they repeat.
pub fn colour(index: usize) -> String {
    format!("c{}", index % 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_short() {
        for (share, expected) in [(0.0, "0%"), (1.0, "100%"), (0.1234, "12.34%"), (0.5, "50%")] {
            assert_eq!(percent(share), expected);
        }
    }
}
