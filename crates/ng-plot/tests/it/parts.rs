//! Tests of single parts.

use ng_plot::{Axis, Figure, Heatmap, Levels, Scale, Strip, marks, table};

#[test]
fn without_rows_there_is_no_table_and_no_strip() {
    assert!(table("none", ["heading"], []).is_none());
    let strip = Strip {
        plot: "none",
        title: String::new(),
        about: String::new(),
        axis: Axis::new(Scale::from_zero([]), 2, &|_| String::new()),
        rows: Vec::new(),
    };
    assert!(strip.render().is_none());
}

#[test]
fn a_figure_explains_only_missing_panels() {
    let said = |panels| {
        let figure = Figure {
            name: "figure",
            title: "Title",
            panels,
            otherwise: "nothing to draw".to_owned(),
            ..Figure::default()
        };
        let page = ng_plot::Page {
            sections: vec![figure.render()],
            ..ng_plot::Page::default()
        };
        page.render().contains("nothing to draw")
    };
    assert!(said(Vec::new()));
    assert!(!said(vec![ng_plot::text("p", "drawn")]));
}

/// The range of counts of each painted cell, by its place from the left and the top.
fn painted(map: &str) -> Vec<((usize, usize), (u64, u64))> {
    let document = roxmltree::Document::parse(map).expect("well-formed XML");
    let paths = document
        .descendants()
        .filter(|node| node.has_tag_name("path"));
    let mut cells = Vec::new();
    for path in paths {
        let number = |name| path.attribute(name).unwrap().parse::<u64>().unwrap();
        let counts = (number("data-least"), number("data-most"));
        for run in path.attribute("d").unwrap().split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (width, _) = rest.split_once('v').unwrap();
            let [x, y, width] = [x, y, width].map(|part| part.parse::<usize>().unwrap());
            cells.extend((x..x + width).map(|x| ((x, y), counts)));
        }
    }
    cells.sort_unstable();
    cells
}

#[test]
fn each_cell_is_painted_once_with_the_level_of_its_count() {
    let (columns, rows) = (5, 3);
    let counts: Vec<u64> = vec![0, 0, 3, 3, 900, 1, 0, 1, 0, 1, 50, 50, 50, 50, 50];
    let levels = Levels::of(counts.iter().copied(), |range| format!("{range:?}"));
    let map = Heatmap {
        plot: "map",
        title: String::new(),
        about: String::new(),
        x: Axis::new(Scale::between(0.0, 1.0), 2, &|_| String::new()),
        y: Axis::new(Scale::between(0.0, 1.0), 2, &|_| String::new()),
        columns,
        counts: &counts,
        levels: &levels,
    };
    let painted = painted(&map.render().to_string());
    let mut expected = Vec::new();
    for (at, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // The first row of the counts is the lowest.
        expected.push(((at % columns, rows - 1 - at / columns), count));
    }
    expected.sort_unstable();
    assert_eq!(painted.len(), expected.len());
    for ((place, (least, most)), (at, count)) in painted.iter().zip(&expected) {
        assert_eq!(place, at);
        assert!((least..=most).contains(&count), "{count} at {at:?}");
    }
}

#[test]
fn a_histogram_has_a_bar_per_filled_bin() {
    let bars = marks::bars(&[2, 0, 4], Scale::from_zero([4.0]), |bin| {
        format!("bin {bin}")
    });
    let expected = "<g class=\"bars\">\
        <rect x=\"0%\" y=\"50%\" width=\"33.33%\" height=\"50%\" data-bin=\"0\" data-value=\"2\">\
        <title>bin 0</title></rect>\
        <rect x=\"66.67%\" y=\"0%\" width=\"33.33%\" height=\"100%\" data-bin=\"2\" data-value=\"4\">\
        <title>bin 2</title></rect></g>";
    assert_eq!(bars.to_string(), expected);
}

/// A bar that ended before the next one began once left a visible gap.
#[test]
fn each_bar_ends_where_the_next_one_begins() {
    for bins in [3, 7, 51, 60] {
        let bars = marks::bars(&vec![1; bins], Scale::from_zero([1.0]), |_| String::new());
        let bars = bars.to_string();
        let document = roxmltree::Document::parse(&bars).unwrap();
        let rects = document.descendants().filter(|it| it.has_tag_name("rect"));
        let mut end = 0;
        for rect in rects {
            // In hundredths of a per cent, as written.
            let part = |name| {
                rect.attribute(name)
                    .unwrap()
                    .trim_end_matches('%')
                    .parse::<f64>()
            };
            let [x, width] =
                ["x", "width"].map(|name| (part(name).unwrap() * 100.0).round() as u32);
            assert_eq!(x, end, "{bins} bins");
            end = x + width;
        }
        assert_eq!(end, 10_000);
    }
}
