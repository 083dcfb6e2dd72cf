//! A page with one of everything, all with the same text.

use ng_plot::{
    Axis, Chart, Colour, Field, Figure, Heatmap, Label, Levels, Page, Point, Row, Scale, Section,
    Strip, TableRow, definitions, joined, large_side_by_side, lines, marks, series_key,
    side_by_side, table, text,
};

const COLOURS: [Colour; 1] = [Colour::new("own", "#0757b0", "#7cb7ff")];

/// The page with `words` in every text.
pub(crate) fn page(words: &str) -> String {
    let figure = Figure {
        name: "figure",
        title: words,
        key: vec![("own", "what is own")],
        panels: vec![chart(words), strip(words), heatmap(words)],
        shows: words,
        shows_not: words,
        notes: vec![words.to_owned()],
        ..Figure::default()
    };
    let lacking = Figure {
        name: "lacking",
        title: words,
        otherwise: words.to_owned(),
        ..Figure::default()
    };
    let tables = Section::new("table", words)
        .listed_as(words)
        .class(words)
        .children(rows(words))
        .child(lines([words]))
        .child(definitions([(words, words)]));
    let unlisted = Section::new("unlisted", words)
        .unlisted()
        .child(text("p", words));
    let page = Page {
        title: words,
        lead: words,
        sections: vec![figure.render(), lacking.render(), tables, unlisted],
        colours: &COLOURS,
        style: ".extra { color: var(--own); }\n",
        script: "\nvoid 0;\n",
    };
    page.render()
}

fn chart(words: &str) -> ng_plot::Element {
    let scale = Scale::log([1.0, 100.0]);
    let written = |_| words.to_owned();
    let mut point = Point::new(scale.place(10.0), 0.5);
    point.dot = point
        .dot
        .figure("data-value", 10.0)
        .child(marks::hint(words));
    let chart = Chart {
        plot: "chart",
        title: words.to_owned(),
        about: words.to_owned(),
        x: Axis::new(scale, 3, &written),
        y: Axis::new(Scale::from_zero([1.0]), 3, &written).marked(1.0),
        marks: joined(vec![point]),
        key: series_key(&[words]),
    };
    side_by_side(vec![chart.render()])
}

fn strip(words: &str) -> ng_plot::Element {
    let scale = Scale::of_bytes([2048.0]);
    let row = Row {
        name: words.to_owned(),
        note: words.to_owned(),
        figures: vec![Label::alone(words.to_owned(), true)],
        marks: vec![marks::bar(0.0, 0.5, 0.1, 0.9).class(words)],
    };
    let written = |_| words.to_owned();
    let strip = Strip {
        plot: "strip",
        title: words.to_owned(),
        about: words.to_owned(),
        axis: Axis::new(scale, 3, &written),
        rows: vec![row],
    };
    strip.render().expect("a row")
}

fn heatmap(words: &str) -> ng_plot::Element {
    let counts = [0, 1, 1, 100];
    let levels = Levels::of(counts, |_| words.to_owned());
    let written = |_| words.to_owned();
    let map = Heatmap {
        plot: "heatmap",
        title: words.to_owned(),
        about: words.to_owned(),
        x: Axis::new(Scale::between(-1.0, 1.0), 3, &written),
        y: Axis::new(Scale::between(-1.0, 1.0), 3, &written),
        columns: 2,
        counts: &counts,
        levels: &levels,
    };
    large_side_by_side(vec![map.render()]).children(levels.key())
}

fn rows(words: &str) -> Option<ng_plot::Element> {
    let struck = TableRow {
        struck: true,
        fields: vec![Field::words(words), Field::Figure(1.0, words.to_owned())],
    };
    let plain = TableRow::plain(vec![
        Field::Struck(words.to_owned()),
        Field::maybe(None, |_| words.to_owned()),
    ]);
    table(words, [words; 2], [struck, plain])
}
