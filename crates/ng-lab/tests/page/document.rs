//! The page through a strict parser.

use ng_lab::model::Report;
use ng_lab::report::html;
use roxmltree::{Document, Node, ParsingOptions};

/// Parses the page of `report`, which borrows from `text`.
pub(crate) fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).expect("well-formed XML")
}

/// Passes the parsed page of `report` to `check`.
pub(crate) fn with_page(report: &Report, check: impl FnOnce(&Document<'_>)) {
    check(&parsed(&html(report)));
}

/// All elements called `name`.
pub(crate) fn elements<'a>(
    node: Node<'a, 'a>,
    name: &'a str,
) -> impl Iterator<Item = Node<'a, 'a>> {
    node.descendants()
        .filter(move |found| found.has_tag_name(name))
}

/// All text in `node`, as a reader sees it.
pub(crate) fn text_of(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    texts.filter_map(|text| text.text()).collect()
}

/// The element with this id.
pub(crate) fn by_id<'a>(document: &'a Document<'a>, id: &str) -> Node<'a, 'a> {
    let mut nodes = document.descendants();
    nodes
        .find(|node| node.attribute("id") == Some(id))
        .unwrap_or_else(|| panic!("no element with the id {id}"))
}
