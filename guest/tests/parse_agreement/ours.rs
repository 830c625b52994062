//! The tree as this crate builds it.

use riptide_extractor::parse::Document;

use crate::outline::{Item, Outline};

pub fn outline(html: &str) -> Outline {
    let document = Document::parse(html);
    let mut outline = Outline::default();
    let mut ends = Vec::new();
    for id in document.ids() {
        while ends.last().is_some_and(|&end| end <= id) {
            ends.pop();
            outline.push(Item::End);
        }
        if document.is_text(id) {
            outline.text(&document.text(id));
        } else if document.is_element(id) {
            let attribute = |name: &str| document.attr(id, name).map(|value| value.into_owned());
            outline.start(document.name(id), document.is_html(id), attribute);
            ends.push(document.subtree_end(id));
        }
    }
    outline
}
