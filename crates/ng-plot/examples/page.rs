//! A page with a chart, a heatmap and a table, on standard output:
//! `cargo run --package ng-plot --example page > page.html`.

use ng_plot::{
    Axis, Chart, Element, Field, Figure, Heatmap, LEVELS, Levels, Page, Point, Scale, Section,
    TableRow, joined, large_side_by_side, series_key, short, side_by_side, table,
};

/// Threads, and seconds per build.
const TIMES: [(u32, f64); 4] = [(1, 20.3), (2, 11.2), (4, 7.0), (8, 5.8)];

fn main() {
    let figure = Figure {
        name: "time",
        title: "Time against threads",
        panels: vec![side_by_side(vec![chart()])],
        shows: "Shows the best of three builds.",
        shows_not: "Does not show what else the machine did.",
        ..Figure::default()
    };
    let rows = TIMES.map(|(threads, seconds)| {
        let time = Field::Figure(seconds, format!("{seconds:.1} s"));
        TableRow::plain(vec![Field::count(threads as usize), time])
    });
    let times = table("Times", ["threads", "time"], rows);
    let page = Page {
        title: "Builds",
        lead: "A chart, a table and a heatmap.",
        sections: vec![
            figure.render(),
            Section::new("table", "Times").children(times),
            Section::new("map", "Products").children(heatmap()),
        ],
        colours: &LEVELS,
        ..Page::default()
    };
    print!("{}", page.render());
}

fn chart() -> Element {
    let x = Scale::from_zero(TIMES.map(|(threads, _)| threads.into()));
    let y = Scale::from_zero(TIMES.map(|(_, seconds)| seconds));
    let points = TIMES.map(|(threads, seconds)| {
        let mut point = Point::new(x.place(threads.into()), y.place(seconds));
        point.dot = point.dot.figure("data-value", seconds);
        point
    });
    let line = Element::new("g")
        .class("c0")
        .children(joined(points.into()));
    let chart = Chart {
        plot: "time",
        title: "Time of a build".to_owned(),
        about: "Seconds against threads".to_owned(),
        x: Axis::new(x, 4, &|threads| threads.to_string()),
        y: Axis::new(y, 4, &|seconds| short(&format!("{seconds:.1} s"))),
        marks: vec![line],
        key: series_key(&["best of three"]),
    };
    chart.render()
}

/// The map of a multiplication table, with its key.
fn heatmap() -> Vec<Element> {
    let counts: Vec<u64> = (0..400).map(|cell| (cell % 20) * (cell / 20)).collect();
    let levels = Levels::of(counts.iter().copied(), |range| {
        format!("{} to {}", range.start(), range.end())
    });
    let scale = Scale::between(0.0, 20.0);
    let map = Heatmap {
        plot: "map",
        title: "Products".to_owned(),
        about: "Products of two factors".to_owned(),
        x: Axis::new(scale, 5, &|factor| factor.to_string()),
        y: Axis::new(scale, 5, &|factor| factor.to_string()),
        columns: 20,
        counts: &counts,
        levels: &levels,
    };
    let map = large_side_by_side(vec![map.render()]);
    levels.key().into_iter().chain([map]).collect()
}
