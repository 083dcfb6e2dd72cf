//! Counts of cells in rows and columns, shown as colours.

use std::fmt::Write;
use std::ops::RangeInclusive;

use crate::axis::Axis;
use crate::element::{Element, text};
use crate::figure::{key, svg};
use crate::marks::hint;
use crate::page::Colour;
use crate::scale::Scale;

/// The colours of levels, from least to greatest, to be added to a page with heatmaps.
pub const LEVELS: [Colour; 12] = [
    Colour::new("l0", "#c3daf2", "#1d3550"),
    Colour::new("l1", "#accced", "#214266"),
    Colour::new("l2", "#94bde7", "#26507d"),
    Colour::new("l3", "#7cade0", "#2b5e94"),
    Colour::new("l4", "#639cd7", "#346eab"),
    Colour::new("l5", "#4c8bcc", "#3f7ec0"),
    Colour::new("l6", "#397abf", "#508fd1"),
    Colour::new("l7", "#2a69ad", "#67a1de"),
    Colour::new("l8", "#1e5999", "#81b4e9"),
    Colour::new("l9", "#174981", "#9ec7f1"),
    Colour::new("l10", "#103969", "#bddaf8"),
    Colour::new("l11", "#092a50", "#dcecff"),
];

/// Ranges of counts with the same colour: up to twelve, starting at round numbers, in steps
/// of about the same factor if the greatest count is many times the least.
#[derive(Debug)]
pub struct Levels(Vec<Level>);

#[derive(Debug)]
struct Level {
    counts: RangeInclusive<u64>,
    words: String,
}

impl Levels {
    /// The levels of all counts above 0, with ranges described by `words`.
    pub fn of(
        counts: impl IntoIterator<Item = u64>,
        words: impl Fn(&RangeInclusive<u64>) -> String,
    ) -> Self {
        let filled = counts.into_iter().filter(|count| *count > 0);
        let ends = filled.fold(None, |ends: Option<(u64, u64)>, count| {
            let (least, most) = ends.unwrap_or((count, count));
            Some((least.min(count), most.max(count)))
        });
        let Some((least, most)) = ends else {
            return Self(Vec::new());
        };
        let starts = starts(least, most);
        let ends = starts.iter().skip(1).map(|start| start - 1).chain([most]);
        let ranges = starts.iter().zip(ends).map(|(start, end)| *start..=end);
        let levels = ranges.map(|counts| Level {
            words: words(&counts),
            counts,
        });
        Self(levels.collect())
    }

    /// The colours of the levels with their descriptions; none without levels.
    pub fn key(&self) -> Option<Element> {
        let levels = self.0.iter().enumerate();
        let entries = levels.map(|(place, level)| (self.class(place), &level.words));
        key(&entries.collect::<Vec<_>>())
    }

    fn place(&self, count: u64) -> Option<usize> {
        self.0
            .iter()
            .position(|level| level.counts.contains(&count))
    }

    /// The class of a level; few levels have colours as far apart as possible.
    fn class(&self, place: usize) -> String {
        let (last, last_colour) = (self.0.len() - 1, LEVELS.len() - 1);
        let colour = (place * last_colour).checked_div(last);
        format!("l{}", colour.unwrap_or(last_colour / 2))
    }
}

/// The least count of each level.
fn starts(least: u64, most: u64) -> Vec<u64> {
    let inside = |starts: Vec<u64>| {
        let inside = starts
            .into_iter()
            .filter(|it| (least + 1..=most).contains(it));
        let mut all: Vec<u64> = [least].into_iter().chain(inside).collect();
        all.dedup();
        all
    };
    if most / least < LEVELS.len() as u64 {
        let ticks = Scale::between(least as f64, most as f64).ticks(LEVELS.len() - 1);
        return inside(ticks.into_iter().map(|tick| tick.ceil() as u64).collect());
    }
    let decades = || (0..=19).map(|power| 10_u64.pow(power));
    let steps: [&[u64]; 3] = [&[1, 2, 5], &[1, 3], &[1]];
    let starts = steps.into_iter().map(|steps| {
        let starts =
            decades().flat_map(|ten| steps.iter().map(move |step| ten.saturating_mul(*step)));
        inside(starts.collect())
    });
    let mut fitting = starts.filter(|starts| starts.len() <= LEVELS.len());
    // Over the whole range of 64 bits, every other decade fits.
    fitting
        .next()
        .unwrap_or_else(|| inside(decades().step_by(2).collect()))
}

/// A square of cells in rows and columns; cells with count 0 have no colour.
pub struct Heatmap<'a> {
    /// Its name for programs.
    pub plot: &'static str,
    /// The line above it.
    pub title: String,
    /// Its description for screen readers.
    pub about: String,
    /// The axis below, along the columns.
    pub x: Axis<'a>,
    /// The axis on the left, along the rows.
    pub y: Axis<'a>,
    /// Cells per row.
    pub columns: usize,
    /// The counts, row by row from the bottom.
    pub counts: &'a [u64],
    /// Its colours.
    pub levels: &'a Levels,
}

impl Heatmap<'_> {
    /// The map with its title. Each level is one shape, with its least and greatest count
    /// as `data-least` and `data-most`.
    pub fn render(self) -> Element {
        let rows = self.counts.len() / self.columns.max(1);
        let cells = Element::new("svg")
            .with("viewBox", format_args!("0 0 {} {rows}", self.columns))
            .with("preserveAspectRatio", "none")
            .children(self.shapes());
        let words = Element::new("svg").with("y", 15);
        let plot = svg(self.plot, &self.title, &self.about)
            .class("heatmap")
            .children(self.x.upright_grid())
            .children(self.y.level_grid())
            .child(cells)
            .children(self.y.words_beside())
            .child(words.children(self.x.words_below("100%")));
        Element::new("div")
            .class("panel")
            .child(text("p", &self.title).class("title"))
            .child(plot)
    }

    fn shapes(&self) -> Vec<Element> {
        let mut paths = vec![String::new(); self.levels.0.len()];
        let rows = self.counts.chunks_exact(self.columns.max(1)).rev();
        for (y, row) in rows.enumerate() {
            let levels: Vec<_> = row.iter().map(|count| self.levels.place(*count)).collect();
            let mut x = 0;
            for run in levels.chunk_by(|one, next| one == next) {
                if let Some(level) = run[0] {
                    let _ = write!(paths[level], "M{x} {y}h{0}v1h-{0}z", run.len());
                }
                x += run.len();
            }
        }
        let filled = paths
            .iter()
            .enumerate()
            .filter(|(_, path)| !path.is_empty());
        let shape = |(place, path): (usize, &String)| {
            let level = &self.levels.0[place];
            Element::new("path")
                .class(&self.levels.class(place))
                .with("data-least", level.counts.start())
                .with("data-most", level.counts.end())
                .with("d", path)
                .child(hint(&level.words))
        };
        filled.map(shape).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start of each level, after checking that they are contiguous and end at the
    /// greatest count.
    fn levels(counts: &[u64]) -> Vec<u64> {
        let levels = Levels::of(counts.iter().copied(), |_| String::new()).0;
        for pair in levels.windows(2) {
            assert_eq!(pair[0].counts.end() + 1, *pair[1].counts.start());
        }
        let last = levels.last().map(|level| *level.counts.end());
        let most = counts.iter().copied().max();
        assert_eq!(last, most.filter(|count| *count > 0));
        levels.iter().map(|level| *level.counts.start()).collect()
    }

    #[test]
    fn levels_are_round_and_contain_every_count_except_zero() {
        for (counts, expected) in [
            (&[0, 0][..], &[][..]),
            (&[7], &[7]),
            (&[3, 4, 0], &[3, 4]),
            (&[2, 40], &[2, 5, 10, 20]),
            (
                &[1, 3000],
                &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
            ),
            (
                &[1, 40_000],
                &[1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000],
            ),
            (
                &[1, 40_000_000],
                &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000],
            ),
            (&[2300, 2590], &[2300, 2350, 2400, 2450, 2500, 2550]),
        ] {
            assert_eq!(levels(counts), expected, "{counts:?}");
        }
        let all: Vec<u64> = (0..64).map(|bit| 1 << bit).collect();
        let of_all = Levels::of(all.iter().copied(), |_| String::new());
        assert!(of_all.0.len() <= LEVELS.len());
        for count in all {
            assert!(of_all.place(count).is_some(), "{count}");
        }
        assert_eq!(of_all.place(0), None);
    }
}
