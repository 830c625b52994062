//! Footnotes: which links refer to one, and which elements are one.

use std::collections::HashMap;

use crate::keep::Kept;
use crate::parse::{Document, NodeId, Tag};

/// The footnotes of a document whose reference and text are both kept.
pub struct Notes {
    references: HashMap<NodeId, String>,
    texts: HashMap<NodeId, String>,
}

impl Notes {
    /// Find the footnotes. Labels are those that the author gave.
    pub fn find(document: &Document<'_>, kept: &Kept) -> Self {
        let mut notes = Self {
            references: HashMap::new(),
            texts: HashMap::new(),
        };
        let mut labels: HashMap<&str, String> = HashMap::new();
        let mut references = Vec::new();
        for node in document
            .ids()
            .filter(|&node| document.tag(node) == Tag::A && kept.reaches(node))
        {
            if let Some((target, label)) = reference(document, node) {
                labels.entry(target).or_insert(label);
                references.push((node, target));
            }
        }
        if labels.is_empty() {
            return notes;
        }
        let mut found: HashMap<&str, String> = HashMap::new();
        for node in document
            .ids()
            .filter(|&node| document.is_element(node) && kept.reaches(node))
        {
            let names = [
                document.raw_attr(node, "id"),
                document.raw_attr(node, "name"),
            ];
            if let Some(name) = names
                .into_iter()
                .flatten()
                .find(|name| labels.contains_key(name))
            {
                if let Some(label) = labels.remove(name) {
                    notes.texts.insert(node, label.clone());
                    found.insert(name, label);
                }
            }
        }
        for (node, target) in references {
            // The text of a note often links back by a link of the same form.
            let inside_text = std::iter::once(node)
                .chain(document.ancestors(node).take(6))
                .any(|above| notes.texts.contains_key(&above));
            if let Some(label) = found.get(target).filter(|_| !inside_text) {
                notes.references.insert(node, label.clone());
            }
        }
        notes
    }

    /// The label of the note that a link refers to.
    pub fn reference(&self, link: NodeId) -> Option<&str> {
        self.references.get(&link).map(String::as_str)
    }

    /// The label of the note that a `sup` element is nothing but the reference to.
    pub fn reference_within(&self, document: &Document<'_>, sup: NodeId) -> Option<&str> {
        if self.references.is_empty() {
            return None;
        }
        document
            .descendants(sup)
            .take(6)
            .find_map(|node| self.reference(node))
    }

    /// The label of the note whose text an element is.
    pub fn text(&self, element: NodeId) -> Option<&str> {
        self.texts.get(&element).map(String::as_str)
    }

    /// Whether a link only leads from a note back to its reference.
    pub fn is_way_back(&self, document: &Document<'_>, link: NodeId) -> bool {
        if self.texts.is_empty()
            || !document
                .raw_attr(link, "href")
                .is_some_and(|href| href.starts_with('#'))
        {
            return false;
        }
        let named = document
            .classes(link)
            .any(|class| class.contains("backref") || class.contains("back-ref"));
        let role = document.raw_attr(link, "role") == Some("doc-backlink");
        let in_text = || {
            document
                .ancestors(link)
                .take(6)
                .any(|above| self.texts.contains_key(&above))
        };
        named
            || role
            || (in_text()
                && !document
                    .descendants(link)
                    .take(8)
                    .any(|node| document.raw_text(node).chars().any(char::is_alphanumeric)))
    }
}

/// The target and label of a link that looks like a reference to a note.
fn reference<'a>(document: &Document<'a>, link: NodeId) -> Option<(&'a str, String)> {
    const TARGETS: [&str; 9] = [
        "fn",
        "footnote",
        "cite_note",
        "cite-note",
        "endnote",
        "_ftn",
        "note",
        "easy-footnote",
        "sdfootnote",
    ];
    let target = document.raw_attr(link, "href")?.strip_prefix('#')?;
    let known = TARGETS.iter().any(|start| {
        target
            .get(..start.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(start))
    });
    let backwards = [
        "fnref",
        "footnote-ref",
        "footnoteref",
        "_ftnref",
        "note-ref",
    ];
    if !known || backwards.iter().any(|start| target.starts_with(start)) {
        return None;
    }
    let mut label = String::new();
    for node in document.descendants(link).take(8) {
        label.push_str(document.raw_text(node));
        if label.len() > 32 {
            return None;
        }
    }
    let label = label.trim().trim_matches(['[', ']', '(', ')']).trim();
    let plausible =
        (1..=4).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric());
    plausible.then(|| (target, label.to_owned()))
}
