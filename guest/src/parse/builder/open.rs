//! The stack of open elements.

use super::rules::{BUTTON_SCOPE, LIST_SCOPE, SCOPE, SPECIAL, TABLE_SCOPE};
use crate::parse::tags::{Tag, TagSet};
use crate::parse::tree::Kind;

/// An open element. Walks over the stack need nothing but this.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) id: u32,
    /// The tag of an HTML element, [`Tag::UNKNOWN`] for those of SVG and MathML.
    pub(super) tag: Tag,
    /// The tag of the name, whatever the namespace.
    pub(super) name: Tag,
    pub(super) kind: Kind,
    pub(super) traits: u8,
}

/// Bounds "in scope".
pub(super) const BOUNDS: u8 = 1;
/// Bounds "in list item scope" only.
pub(super) const BOUNDS_LIST: u8 = 2;
/// Bounds "in button scope" only.
pub(super) const BOUNDS_BUTTON: u8 = 4;
/// Bounds "in table scope".
pub(super) const BOUNDS_TABLE: u8 = 8;
/// In the standard's "special" category.
pub(super) const IS_SPECIAL: u8 = 16;
/// Text and most start tags in it are HTML, though it is MathML.
pub(super) const MATHML_TEXT_POINT: u8 = 32;
/// Text and start tags in it are HTML, though it is SVG or MathML.
pub(super) const HTML_POINT: u8 = 64;

static TRAITS: [u8; Tag::COUNT] = {
    let sets: [(TagSet, u8); 5] = [
        (SCOPE, BOUNDS),
        (LIST_SCOPE, BOUNDS_LIST),
        (BUTTON_SCOPE, BOUNDS_BUTTON),
        (TABLE_SCOPE, BOUNDS_TABLE),
        (SPECIAL, IS_SPECIAL),
    ];
    let mut traits = [0; Tag::COUNT];
    let mut tag = 0;
    while tag < Tag::COUNT {
        let mut set = 0;
        while set < sets.len() {
            if sets[set].0.contains(Tag::at(tag)) {
                traits[tag] |= sets[set].1;
            }
            set += 1;
        }
        tag += 1;
    }
    traits
};

impl Open {
    pub(super) fn html(id: u32, tag: Tag) -> Open {
        Open {
            id,
            tag,
            name: tag,
            kind: Kind::Html,
            traits: TRAITS[tag.index()],
        }
    }

    #[inline(always)]
    pub(super) fn has(&self, traits: u8) -> bool {
        self.traits & traits != 0
    }
}

/// The stack, with a count of every tag in it: most questions about scope end there.
pub(super) struct OpenElements {
    stack: Vec<Open>,
    counts: [u16; Tag::COUNT],
}

impl OpenElements {
    pub(super) fn new() -> Self {
        OpenElements {
            stack: Vec::with_capacity(64),
            counts: [0; Tag::COUNT],
        }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.stack.len()
    }

    /// The current node; the document before there is any.
    #[inline(always)]
    pub(super) fn top(&self) -> Open {
        const DOCUMENT: Open = Open {
            id: 0,
            tag: Tag::DOCUMENT,
            name: Tag::DOCUMENT,
            kind: Kind::Html,
            traits: 0,
        };
        self.stack.last().copied().unwrap_or(DOCUMENT)
    }

    pub(super) fn at(&self, index: usize) -> Open {
        self.stack[index]
    }

    pub(super) fn entries(&self) -> &[Open] {
        &self.stack
    }

    #[inline(always)]
    pub(super) fn push(&mut self, open: Open) {
        self.counts[open.tag.index()] += 1;
        self.stack.push(open);
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<Open> {
        let open = self.stack.pop()?;
        self.counts[open.tag.index()] -= 1;
        Some(open)
    }

    pub(super) fn remove(&mut self, index: usize) -> Open {
        let open = self.stack.remove(index);
        self.counts[open.tag.index()] -= 1;
        open
    }

    pub(super) fn insert(&mut self, index: usize, open: Open) {
        self.counts[open.tag.index()] += 1;
        self.stack.insert(index, open);
    }

    /// Puts another node in the place of an element of the same name.
    pub(super) fn replace(&mut self, index: usize, id: u32) {
        self.stack[index].id = id;
    }

    pub(super) fn position(&self, id: u32) -> Option<usize> {
        self.stack.iter().rposition(|open| open.id == id)
    }

    /// Whether an element with the tag is open at all.
    #[inline(always)]
    pub(super) fn has(&self, tag: Tag) -> bool {
        self.counts[tag.index()] != 0
    }

    /// Where the innermost element with the tag is, unless one of `bounds` comes before.
    #[inline(always)]
    pub(super) fn find_in_scope(&self, tag: Tag, bounds: u8) -> Option<usize> {
        if !self.has(tag) {
            return None;
        }
        for (index, open) in self.stack.iter().enumerate().rev() {
            if open.tag == tag {
                return Some(index);
            }
            if open.has(bounds) {
                return None;
            }
        }
        None
    }

    /// As [`find_in_scope`](Self::find_in_scope), for any of several tags.
    pub(super) fn find_any_in_scope(&self, tags: &TagSet, bounds: u8) -> Option<usize> {
        for (index, open) in self.stack.iter().enumerate().rev() {
            if tags.contains(open.tag) {
                return Some(index);
            }
            if open.has(bounds) {
                return None;
            }
        }
        None
    }

    /// Where the innermost element with the tag is.
    pub(super) fn last_with(&self, tag: Tag) -> Option<usize> {
        self.find_in_scope(tag, 0)
    }
}
