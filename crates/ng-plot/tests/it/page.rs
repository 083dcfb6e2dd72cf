//! Input stays text, and nothing is loaded.

use roxmltree::{Document, Node};

use crate::sample::page;

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"onload=\"alert(1)",
    "'><img src=x onerror=alert(1)>",
    "</title></svg></style></script><script>alert(1)</script>",
    "]]><![CDATA[<b>*/",
    "a\0b\u{1b}[31m\u{202e}c\u{ffff}",
];

#[track_caller]
pub(crate) fn with_page(page: &str, check: impl FnOnce(&Document<'_>)) {
    let xml = page
        .strip_prefix("<!DOCTYPE html>\n")
        .expect("a page of HTML");
    check(&Document::parse(xml).expect("well-formed XML"));
}

/// Names of elements and attributes in order.
fn skeleton(page: &str) -> Vec<String> {
    let mut names = Vec::new();
    with_page(page, |document| {
        for node in document.descendants().filter(Node::is_element) {
            names.push(node.tag_name().name().to_owned());
            names.extend(node.attributes().map(|it| it.name().to_owned()));
        }
    });
    names
}

#[test]
fn hostile_text_adds_no_element_and_no_attribute() {
    let harmless = skeleton(&page("harmless"));
    for hostile in HOSTILE {
        // Words of a panel are broken into lines at spaces.
        let hostile = hostile.replace(' ', "_");
        assert_eq!(skeleton(&page(&hostile)), harmless, "{hostile}");
    }
}

#[test]
fn text_is_in_no_style_and_no_script() {
    with_page(&page("everywhere"), |document| {
        let inline = document
            .descendants()
            .filter(|node| node.has_tag_name("style") || node.has_tag_name("script"));
        let inline: Vec<_> = inline.collect();
        assert_eq!(inline.len(), 2);
        for node in inline {
            let text = node.text().expect("a style, a script");
            assert!(!text.contains("everywhere"));
        }
    });
}

#[test]
fn nothing_is_loaded_and_the_policy_forbids_it() {
    let page = page("words");
    for outside in [
        "http:", "https:", "url(", "@import", "<link", "<img", "fetch(",
    ] {
        let own = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!own.contains(outside), "{outside}");
    }
    assert!(page.contains("content=\"default-src &#39;none&#39;;"));
}

#[test]
fn contents_list_the_listed_sections_in_order() {
    with_page(&page("words"), |document| {
        let nav = document.descendants().find(|node| node.has_tag_name("nav"));
        let links = nav.expect("contents").descendants();
        let links: Vec<&str> = links.filter_map(|node| node.attribute("href")).collect();
        assert_eq!(links, ["#figure", "#lacking", "#table"]);
        let main = document
            .descendants()
            .find(|node| node.has_tag_name("main"));
        let sections = main.expect("main").children();
        let ids: Vec<&str> = sections.filter_map(|node| node.attribute("id")).collect();
        assert_eq!(ids, ["figure", "lacking", "table", "unlisted"]);
    });
}
