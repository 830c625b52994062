//! Where a new node goes.

use super::open::Open;
use super::rules::{FORMATTING, FOSTERING, IMPLIED_END, STRUCTURE};
use super::{Builder, MAX_DEPTH};
use crate::parse::tags::{Tag, TagSet};
use crate::parse::tokenizer::StartTag;
use crate::parse::tree::{Kind, Node, NONE};

/// The node of an element as its start tag describes it.
pub(super) fn element(token: &StartTag, tag: Tag, kind: Kind) -> Node {
    Node {
        parent: NONE,
        end: 0,
        start: token.start,
        extra: token.first_attribute,
        tag,
        kind,
        attributes: token.attributes,
    }
}

/// Another node for the same start tag.
pub(super) fn copy_of(node: &Node) -> Node {
    Node {
        parent: NONE,
        end: 0,
        ..*node
    }
}

impl Builder<'_> {
    /// Appends a node where the standard's "appropriate place" is.
    #[inline(always)]
    pub(super) fn append(&mut self, mut node: Node) -> u32 {
        let id = self.nodes.len() as u32;
        let top = self.open.top();
        node.parent = top.id;
        node.end = id + 1;
        self.nodes.push(node);
        if self.fostering && FOSTERING.contains(top.tag) {
            self.foster(id);
        }
        id
    }

    /// Takes the newest node out of the table that is current and puts it before that table.
    pub(super) fn foster(&mut self, id: u32) {
        let table = self.open.last_with(Tag::TABLE);
        let template = self.open.last_with(Tag::TEMPLATE);
        let parent = match (table, template) {
            (Some(table), template) if template.is_none_or(|template| template < table) => {
                let table = self.open.at(table).id;
                self.fostered.push((id, table));
                self.nodes[table as usize].parent
            }
            (_, Some(template)) => self.open.at(template).id,
            _ => self.open.at(0).id,
        };
        self.out_of_order = true;
        self.nodes[id as usize].parent = parent;
    }

    /// Makes a node an ordinary child of its parent again.
    pub(super) fn forget_foster_parent(&mut self, id: u32) {
        if let Ok(index) = self.fostered.binary_search_by_key(&id, |&(node, _)| node) {
            self.fostered[index].1 = NONE;
        }
    }

    /// Opens an HTML element.
    #[inline(always)]
    pub(super) fn insert(&mut self, token: &StartTag) -> u32 {
        self.make_room();
        let id = self.append(element(token, token.tag, Kind::Html));
        self.open.push(Open::html(id, token.tag));
        id
    }

    /// Adds an HTML element that can have no content.
    #[inline(always)]
    pub(super) fn insert_void(&mut self, token: &StartTag) {
        self.append(element(token, token.tag, Kind::Html));
    }

    /// Opens an element that has no tag in the source.
    pub(super) fn insert_implied(&mut self, tag: Tag) -> u32 {
        self.make_room();
        let id = self.append(Node {
            parent: NONE,
            end: 0,
            start: NONE,
            extra: 0,
            tag,
            kind: Kind::Html,
            attributes: 0,
        });
        self.open.push(Open::html(id, tag));
        id
    }

    /// Opens a formatting element, to be opened again where blocks close it.
    pub(super) fn insert_formatting(&mut self, token: &StartTag) {
        let id = self.insert(token);
        self.list_formatting(id, token.tag);
    }

    /// Adds an element together with everything up to its end tag as text.
    pub(super) fn insert_raw(&mut self, token: &StartTag, kind: Kind) {
        let id = self.append(element(token, token.tag, Kind::Html));
        // Where scripts run, all of a `noscript` is text and ends with it; pages are made for that, and
        // `<noscript><iframe/></noscript>` would otherwise hold all that follows.
        let outer = self.open.has(Tag::NOSCRIPT).then_some(Tag::NOSCRIPT.name());
        let (start, end) = self.tokens.raw_text(token.tag.name(), outer);
        if start < end {
            let text = text(start, end, kind);
            self.nodes.push(Node {
                parent: id,
                end: id + 2,
                ..text
            });
            self.nodes[id as usize].end = id + 2;
        }
    }

    /// Adds text.
    #[inline(always)]
    pub(super) fn insert_text(&mut self, start: u32, end: u32, kind: Kind) {
        self.append(text(start, end, kind));
    }

    /// At the greatest depth the current element ends, so that the next becomes its sibling.
    #[inline(always)]
    fn make_room(&mut self) {
        if self.open.len() >= MAX_DEPTH {
            self.close_deepest();
        }
    }

    #[cold]
    fn close_deepest(&mut self) {
        let top = self.open.top();
        if STRUCTURE.contains(top.tag) || top.kind != Kind::Html {
            return;
        }
        self.pop();
        if FORMATTING.contains(top.tag) {
            self.formatting.forget(top.id);
        } else if !IMPLIED_END.contains(top.tag) {
            // Its end tag is still to come and must not close an element further out.
            self.closed_early[top.tag.index()] += 1;
        }
    }

    /// Closes the current element.
    #[inline(always)]
    pub(super) fn pop(&mut self) {
        if let Some(open) = self.open.pop() {
            self.nodes[open.id as usize].end = self.nodes.len() as u32;
            if FORMATTING.contains(open.tag) {
                self.formatting.close(open.id);
            }
        }
    }

    /// Closes elements until `length` are left open.
    #[inline(always)]
    pub(super) fn pop_to(&mut self, length: usize) {
        while self.open.len() > length {
            self.pop();
        }
    }

    /// Closes elements until the current one is in `set`; the last one, `html`, stays.
    pub(super) fn pop_back_to(&mut self, set: &TagSet) {
        while self.open.len() > 1 && !set.contains(self.open.top().tag) {
            self.pop();
        }
    }

    /// Closes elements that need no end tag.
    #[inline(always)]
    pub(super) fn imply_ends(&mut self, set: &TagSet) {
        while set.contains(self.open.top().tag) {
            self.pop();
        }
    }

    /// Closes elements that need no end tag, but not `tag`.
    #[inline(always)]
    pub(super) fn imply_ends_except(&mut self, tag: Tag) {
        loop {
            let top = self.open.top().tag;
            if top == tag || !IMPLIED_END.contains(top) {
                return;
            }
            self.pop();
        }
    }
}

fn text(start: u32, end: u32, kind: Kind) -> Node {
    Node {
        parent: NONE,
        end: 0,
        start,
        extra: end,
        tag: Tag::TEXT,
        kind,
        attributes: 0,
    }
}
