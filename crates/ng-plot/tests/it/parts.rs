//! What single parts do with what they are given.

use ng_plot::{Axis, Figure, Scale, Strip, table};

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
fn a_figure_says_why_it_has_no_panel_and_only_then() {
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
