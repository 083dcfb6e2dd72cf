//! A part of the page with an anchor.

use crate::element::{Element, text};

/// A part of the page with its own heading and its entry in the contents.
#[derive(Debug)]
#[must_use]
pub struct Section {
    id: &'static str,
    listed: Option<String>,
    element: Element,
}

impl Section {
    /// An empty section, listed in the contents by its heading. `id` is its anchor.
    pub fn new(id: &'static str, heading: &str) -> Self {
        Self {
            id,
            listed: Some(heading.to_owned()),
            element: Element::new("section")
                .with("id", id)
                .child(text("h2", heading)),
        }
    }

    /// Lists it in the contents under `words` instead of its heading.
    pub fn listed_as(mut self, words: &str) -> Self {
        self.listed = Some(words.to_owned());
        self
    }

    /// Leaves it out of the contents.
    pub fn unlisted(mut self) -> Self {
        self.listed = None;
        self
    }

    /// Gives it a class for the page's style.
    pub fn class(mut self, class: &str) -> Self {
        self.element = self.element.class(class);
        self
    }

    /// Adds an element at its end.
    pub fn child(mut self, child: Element) -> Self {
        self.element = self.element.child(child);
        self
    }

    /// Adds elements at its end.
    pub fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.element = self.element.children(children);
        self
    }

    /// Its entry in the contents, if it has one.
    pub(crate) fn link(&self) -> Option<Element> {
        let link = text("a", self.listed.as_ref()?).with("href", format_args!("#{}", self.id));
        Some(Element::new("li").child(link))
    }

    pub(crate) fn into_element(self) -> Element {
        self.element
    }
}
