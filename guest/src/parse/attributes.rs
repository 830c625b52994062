//! Attributes: sixteen bytes each, names and values left in the source.

use std::borrow::Cow;

use super::entities::{self, Context};
use super::tree::{Document, NodeId};

/// Where an attribute's name and its value lie. To look for the end of every name again took longer
/// than to read the four bytes that it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttrSpan {
    pub(super) name: u32,
    pub(super) name_end: u32,
    pub(super) value: u32,
    pub(super) value_end: u32,
}

/// How many attributes of one tag are kept; no page needs more, only attacks have more.
pub const MAX_ATTRIBUTES: usize = 1024;

/// How much of a `class` attribute is read as names.
pub const MAX_CLASS_BYTES: usize = 2048;

impl<'a> Document<'a> {
    fn spans(&self, id: NodeId) -> &[AttrSpan] {
        if !self.is_element(id) {
            return &[];
        }
        let node = self.node(id);
        let first = node.extra as usize;
        self.attributes
            .get(first..first + usize::from(node.attributes))
            .unwrap_or_default()
    }

    fn slice(&self, start: u32, end: u32) -> &'a str {
        self.source
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// The value of an attribute as written in the source, nothing decoded. See [`attr`](Document::attr).
    pub fn raw_attr(&self, id: NodeId, name: &str) -> Option<&'a str> {
        find(self.source, self.spans(id), name)
    }

    /// The value of an attribute, character references resolved; empty where it was written
    /// without one. The case of ASCII letters in `name` does not matter; of several attributes of
    /// one name the first counts.
    #[inline]
    pub fn attr(&self, id: NodeId, name: &str) -> Option<Cow<'a, str>> {
        self.raw_attr(id, name)
            .map(|raw| entities::decode(raw, Context::Attribute))
    }

    /// Whether the element has the attribute.
    pub fn has_attr(&self, id: NodeId, name: &str) -> bool {
        self.raw_attr(id, name).is_some()
    }

    /// The attributes in the order of the source: names as written (case and repeats included),
    /// values decoded.
    pub fn attrs<'d>(&'d self, id: NodeId) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + 'd {
        self.raw_attrs(id)
            .map(|(name, raw)| (name, entities::decode(raw, Context::Attribute)))
    }

    /// The attributes in the order of the source, names and values as written.
    pub fn raw_attrs<'d>(&'d self, id: NodeId) -> impl Iterator<Item = (&'a str, &'a str)> + 'd {
        self.spans(id).iter().map(|span| {
            (
                self.slice(span.name, span.name_end),
                self.slice(span.value, span.value_end),
            )
        })
    }

    /// The `id` attribute as written, empty where there is none.
    pub fn id_attr(&self, id: NodeId) -> &'a str {
        self.raw_attr(id, "id").unwrap_or_default()
    }

    /// The `class` attribute as written, empty where there is none. Of more than [`MAX_CLASS_BYTES`]
    /// only the names that fit in: those around a node are asked of every node again.
    pub fn class_attr(&self, id: NodeId) -> &'a str {
        let names = self.raw_attr(id, "class").unwrap_or_default();
        let Some(beginning) = names.as_bytes().get(..=MAX_CLASS_BYTES) else {
            return names;
        };
        let end = beginning.iter().rposition(u8::is_ascii_whitespace);
        &names[..end.unwrap_or(0)]
    }

    /// The names in the `class` attribute.
    pub fn classes(&self, id: NodeId) -> impl Iterator<Item = &'a str> {
        self.class_attr(id).split_ascii_whitespace()
    }
}

/// The raw value of the first of `spans` that is called `name`.
#[inline]
pub(super) fn find<'a>(source: &'a str, spans: &[AttrSpan], name: &str) -> Option<&'a str> {
    let found = spans.iter().find(|span| {
        (span.name_end - span.name) as usize == name.len()
            && source
                .get(span.name as usize..span.name_end as usize)
                .is_some_and(|written| written.eq_ignore_ascii_case(name))
    })?;
    source.get(found.value as usize..found.value_end as usize)
}
