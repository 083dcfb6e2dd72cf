//! A style with every colour on both backgrounds, and a page without motion.

use ng_plot::Page;

use crate::sample::page;

/// The style between its marks.
fn style(page: &str) -> &str {
    let (_, rest) = page.split_once("<style>").expect("a style");
    rest.split_once("</style>").expect("its end").0
}

#[test]
fn each_colour_is_defined_for_light_and_dark_and_as_a_class() {
    let page = page("words");
    let (light, dark) = style(&page)
        .split_once("prefers-color-scheme: dark")
        .expect("a dark page");
    for (name, on_light, on_dark) in [("c0", "#0b66c3", "#62a8f5"), ("own", "#0757b0", "#7cb7ff")] {
        assert!(light.contains(&format!("--{name}: {on_light};")), "{name}");
        assert!(dark.contains(&format!("--{name}: {on_dark};")), "{name}");
        assert!(dark.contains(&format!(".{name} {{ color: var(--{name}); }}")));
    }
}

#[test]
fn every_used_colour_is_defined() {
    let page = page("words");
    let style = style(&page);
    for (at, _) in style.match_indices("var(--") {
        let name = style[at + 6..].split([')', ' ']).next().expect("a name");
        assert!(style.contains(&format!("--{name}: ")), "{name}");
    }
}

#[test]
fn a_pages_additions_follow_the_common_rules() {
    let page = page("words");
    assert!(
        style(&page)
            .trim_end()
            .ends_with(".extra { color: var(--own); }\n/*]]>*/")
    );
    assert!(page.contains("})();\n\nvoid 0;\n"));
    let own = Page::default().render();
    assert!(!own.contains(".extra") && !own.contains("void 0"));
}

#[test]
fn nothing_moves() {
    let page = page("words");
    for moving in ["transition", "animation", "@keyframes"] {
        assert!(!page.contains(moving), "{moving}");
    }
}
