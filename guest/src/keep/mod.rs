//! Which nodes of a document stay: decided here, rendered elsewhere.
//!
//! Every mode with a text comes down to one [`Kept`]: what was judged to stay for `article` and `full`
//! (where that is nothing, all but the chrome), what matches for `custom`.

pub mod chrome;
mod css;
pub mod custom;
mod element;
pub mod tables;

pub use css::SelectorSet;

use crate::blocks::hides;
use crate::parse::{Document, NodeId, Tag, TagSet};

/// Elements without text for a reader. They stay only where they are asked for by name.
const SILENT: TagSet = TagSet::new(&[
    Tag::HEAD,
    Tag::TITLE,
    Tag::SCRIPT,
    Tag::STYLE,
    Tag::TEMPLATE,
    Tag::NOSCRIPT,
    Tag::NOFRAMES,
    Tag::IFRAME,
    Tag::OBJECT,
    Tag::EMBED,
    Tag::CANVAS,
    Tag::SVG,
    Tag::MAP,
    Tag::SELECT,
    Tag::DATALIST,
    Tag::TEXTAREA,
    Tag::INPUT,
    Tag::BUTTON,
    Tag::PROGRESS,
    Tag::METER,
    Tag::DIALOG,
]);

const CELLS: TagSet = TagSet::new(&[Tag::TD, Tag::TH]);

/// A choice of nodes.
///
/// A text or an image is rendered when it is kept itself; an element lends its structure (list,
/// table, quotation) to the kept nodes below it whether it is kept or not.
pub struct Kept {
    marks: Vec<u8>,
}

const ITSELF: u8 = 1;
const BELOW: u8 = 2;

impl Kept {
    /// The nodes that are marked in a table by [`NodeId::index`].
    pub fn of(document: &Document<'_>, marked: impl IntoIterator<Item = NodeId>) -> Self {
        let mut marks = vec![0; document.len()];
        for node in marked {
            marks[node.index()] = ITSELF;
        }
        for node in document
            .ids()
            .rev()
            .filter(|&node| document.parent(node).is_some())
        {
            if marks[node.index()] != 0 {
                if let Some(parent) = document.parent(node) {
                    marks[parent.index()] |= BELOW;
                }
            }
        }
        // Empty cells hold the others in their columns.
        for node in document
            .ids()
            .filter(|&node| CELLS.contains(document.tag(node)))
        {
            if document
                .parent(node)
                .is_some_and(|row| marks[row.index()] != 0)
            {
                marks[node.index()] |= BELOW;
            }
        }
        Self { marks }
    }

    /// All of the body that a reader can see.
    pub fn body(document: &Document<'_>) -> Self {
        Self::of(
            document,
            visible(document, document.body().unwrap_or(document.root())),
        )
    }

    /// Whether the node itself stays.
    pub fn has(&self, node: NodeId) -> bool {
        self.marks[node.index()] & ITSELF != 0
    }

    /// Whether the node or anything below it stays.
    pub fn reaches(&self, node: NodeId) -> bool {
        self.marks[node.index()] != 0
    }
}

/// `root` and everything below it that a reader can see.
pub fn visible<'d>(document: &'d Document<'_>, root: NodeId) -> impl Iterator<Item = NodeId> + 'd {
    let mut below = document.descendants(root);
    let rest = std::iter::from_fn(move || loop {
        let node = below.next()?;
        if is_silent(document, node) || is_hidden(document, node) {
            below.skip_subtree(node);
        } else {
            return Some(node);
        }
    });
    std::iter::once(root).chain(rest)
}

fn is_silent(document: &Document<'_>, node: NodeId) -> bool {
    let tag = document.tag(node);
    SILENT.contains(tag)
        && !(tag == Tag::SCRIPT && crate::render::math::is_tex_script(document, node))
}

/// Whether the author has hidden the element from readers.
pub fn is_hidden(document: &Document<'_>, node: NodeId) -> bool {
    if !document.is_element(node) {
        return false;
    }
    document
        .raw_attrs(node)
        .any(|(name, value)| match name.len() {
            5 => name.eq_ignore_ascii_case("style") && hides(value),
            6 => name.eq_ignore_ascii_case("hidden") && !value.eq_ignore_ascii_case("false"),
            // Whole pages are aria-hidden behind an open dialog, so only what is inline counts.
            11 => {
                name.eq_ignore_ascii_case("aria-hidden")
                    && value.eq_ignore_ascii_case("true")
                    && matches!(document.tag(node), Tag::SPAN | Tag::I | Tag::A | Tag::SVG)
            }
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        let document = Document::parse(html);
        let kept = Kept::body(&document);
        let texts = document
            .ids()
            .filter(|&node| kept.has(node))
            .map(|node| document.text(node).into_owned());
        texts.collect()
    }

    #[test]
    fn what_is_hidden_or_silent_does_not_stay() {
        for (html, expected) in [
            ("a<p hidden>b</p>c", "ac"),
            (
                "a<p style='color:red; DISPLAY : none !important'>b</p>c",
                "ac",
            ),
            ("a<p style='visibility:hidden'>b</p>c", "ac"),
            ("a<p style='display:block'>b</p>c", "abc"),
            (
                "a<div aria-hidden=true>b</div><span aria-hidden=true>c</span>",
                "ab",
            ),
            (
                "a<script>b</script><style>c</style><button>d</button><select><option>e</select>f",
                "af",
            ),
            ("a<p hidden=false>b", "ab"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn elements_reach_down_to_what_is_kept() {
        let document =
            Document::parse("<div><p>a</p></div><p>b</p><table><tbody><tr><td>c<td></table>");
        let a = document
            .ids()
            .find(|&node| document.text(node) == "a")
            .expect("a");
        let c = document
            .ids()
            .find(|&node| document.text(node) == "c")
            .expect("c");
        let kept = Kept::of(&document, [a, c]);
        let reached: Vec<_> = document
            .ids()
            .filter(|&node| kept.reaches(node))
            .map(|node| document.tag(node).name())
            .collect();
        assert_eq!(
            reached,
            [
                "#document",
                "html",
                "body",
                "div",
                "p",
                "#text",
                "table",
                "tbody",
                "tr",
                "td",
                "#text",
                "td"
            ]
        );
        assert!(!Kept::of(&document, []).reaches(document.root()));
    }
}
