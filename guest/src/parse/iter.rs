//! Walks over the tree that need neither recursion nor a stack.

use std::iter::FusedIterator;

use super::tree::{Document, NodeId};

/// The children of a node, see [`Document::children`].
#[derive(Clone)]
pub struct Children<'d, 'a> {
    document: &'d Document<'a>,
    next: u32,
    end: u32,
}

impl<'d, 'a> Children<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, id: NodeId) -> Self {
        Children {
            document,
            next: id.0 + 1,
            end: document.node(id).end,
        }
    }
}

impl Iterator for Children<'_, '_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        let id = NodeId(self.next);
        if self.next >= self.end {
            return None;
        }
        self.next = self.document.node(id).end;
        Some(id)
    }
}

impl FusedIterator for Children<'_, '_> {}

/// The nodes below a node in document order, see [`Document::descendants`].
#[derive(Clone)]
pub struct Descendants<'d, 'a> {
    document: &'d Document<'a>,
    next: u32,
    end: u32,
}

impl<'d, 'a> Descendants<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, id: NodeId) -> Self {
        Descendants {
            document,
            next: id.0 + 1,
            end: document.node(id).end,
        }
    }

    /// Leaves out the rest of the subtree of `id`, the node that came last.
    ///
    /// ```
    /// use riptide_extractor::parse::{Document, Tag};
    ///
    /// let document = Document::parse("a<nav>b<p>c</nav>d");
    /// let mut text = String::new();
    /// let mut walk = document.descendants(document.root());
    /// while let Some(node) = walk.next() {
    ///     if document.tag(node) == Tag::NAV {
    ///         walk.skip_subtree(node);
    ///     }
    ///     text.push_str(&document.text(node));
    /// }
    /// assert_eq!(text, "ad");
    /// ```
    pub fn skip_subtree(&mut self, id: NodeId) {
        self.next = self.next.max(self.document.node(id).end);
    }
}

impl Iterator for Descendants<'_, '_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        self.next += 1;
        Some(NodeId(self.next - 1))
    }
}

impl FusedIterator for Descendants<'_, '_> {}

/// The ancestors of a node from its parent up, see [`Document::ancestors`].
#[derive(Clone)]
pub struct Ancestors<'d, 'a> {
    document: &'d Document<'a>,
    next: Option<NodeId>,
}

impl<'d, 'a> Ancestors<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, id: NodeId) -> Self {
        Ancestors {
            document,
            next: document.parent(id),
        }
    }
}

impl Iterator for Ancestors<'_, '_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        let id = self.next?;
        self.next = self.document.parent(id);
        Some(id)
    }
}

impl FusedIterator for Ancestors<'_, '_> {}
