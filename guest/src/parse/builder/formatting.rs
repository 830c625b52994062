//! The list of active formatting elements: which `b`, `a`, `font` … to open again, and how
//! misnested ones are repaired (the standard's "adoption agency").

use super::insert::copy_of;
use super::open::{Open, BOUNDS, IS_SPECIAL};
use super::rules::FOSTERING;
use super::{Builder, MAX_DEPTH};
use crate::parse::tags::Tag;
use crate::parse::tree::NONE;

#[derive(Clone, Copy)]
struct Entry {
    /// The element; [`NONE`] for a marker.
    id: u32,
    tag: Tag,
    open: bool,
}

/// The entries, with markers where a cell, a caption, an `object` or a `template` begins.
pub(super) struct FormattingList(Vec<Entry>);

/// How many entries after a marker are kept. The standard sets no bound, and so a page could make
/// every text reopen thousands.
const MAX_ENTRIES: usize = 64;
/// How many equal entries after a marker are kept: the standard's "Noah's Ark clause".
const MAX_EQUAL: usize = 3;

impl FormattingList {
    pub(super) fn new() -> Self {
        FormattingList(Vec::new())
    }

    pub(super) fn push_marker(&mut self) {
        self.0.push(Entry {
            id: NONE,
            tag: Tag::UNKNOWN,
            open: true,
        });
    }

    pub(super) fn clear_to_marker(&mut self) {
        while self.0.pop().is_some_and(|entry| entry.id != NONE) {}
    }

    /// The entries after the last marker, the latest first.
    fn recent(&self) -> impl Iterator<Item = (usize, Entry)> + '_ {
        self.0
            .iter()
            .copied()
            .enumerate()
            .rev()
            .take_while(|(_, entry)| entry.id != NONE)
    }

    fn position(&self, id: u32) -> Option<usize> {
        self.recent()
            .find(|(_, entry)| entry.id == id)
            .map(|(index, _)| index)
    }

    fn last_with(&self, tag: Tag) -> Option<usize> {
        self.recent()
            .find(|(_, entry)| entry.tag == tag)
            .map(|(index, _)| index)
    }

    /// Notes that the element is no longer open. It may be listed before a marker that a
    /// `template` left behind, but never far.
    pub(super) fn close(&mut self, id: u32) {
        let last = self.0.iter_mut().rev().take(MAX_DEPTH);
        if let Some(entry) = last.into_iter().find(|entry| entry.id == id) {
            entry.open = false;
        }
    }

    /// Forgets the element.
    pub(super) fn forget(&mut self, id: u32) {
        if let Some(index) = self.position(id) {
            self.0.remove(index);
        }
    }
}

impl Builder<'_> {
    /// Lists the formatting element just opened.
    pub(super) fn list_formatting(&mut self, id: u32, tag: Tag) {
        let mut equal = 0;
        let mut count = 0;
        let mut earliest_equal = None;
        let mut earliest = None;
        for (index, entry) in self.formatting.recent() {
            count += 1;
            earliest = Some(index);
            if entry.tag == tag && self.same_attributes(entry.id, id) {
                equal += 1;
                earliest_equal = Some(index);
            }
        }
        let surplus = match (equal >= MAX_EQUAL, count >= MAX_ENTRIES) {
            (true, _) => earliest_equal,
            (false, true) => earliest,
            _ => None,
        };
        if let Some(index) = surplus {
            self.formatting.0.remove(index);
        }
        self.formatting.0.push(Entry {
            id,
            tag,
            open: true,
        });
    }

    /// Whether two elements were written with the same attributes in the same order.
    fn same_attributes(&self, one: u32, other: u32) -> bool {
        let (one, other) = (&self.nodes[one as usize], &self.nodes[other as usize]);
        if one.attributes != other.attributes {
            return false;
        }
        if one.attributes == 0 {
            return true;
        }
        let count = usize::from(one.attributes);
        let spans = |first: u32| &self.tokens.attributes[first as usize..][..count];
        let source = self.source.as_bytes();
        spans(one.extra)
            .iter()
            .zip(spans(other.extra))
            .all(|(a, b)| {
                // From the name up to the end of the value.
                let a = &source[a.name as usize..a.value_end as usize];
                let b = &source[b.name as usize..b.value_end as usize];
                a == b
            })
    }

    /// Opens again what blocks have closed: before text and inline elements.
    #[inline(always)]
    pub(super) fn reconstruct_formatting(&mut self) {
        if self.formatting.0.last().is_some_and(|entry| !entry.open) {
            self.reopen_formatting();
        }
    }

    #[cold]
    fn reopen_formatting(&mut self) {
        let closed = self
            .formatting
            .recent()
            .take_while(|(_, entry)| !entry.open)
            .count();
        let length = self.formatting.0.len();
        for index in length - closed..length {
            let Entry { id, tag, .. } = self.formatting.0[index];
            if self.open.len() >= MAX_DEPTH || !self.spend_copies(1, self.tag_bytes(id)) {
                return;
            }
            let id = self.append(copy_of(&self.nodes[id as usize]));
            self.open.push(Open::html(id, tag));
            self.formatting.0[index] = Entry {
                id,
                tag,
                open: true,
            };
        }
    }

    /// A new `a` or `nobr` while one is open: that one ends here.
    pub(super) fn end_formatting_before_another(&mut self, tag: Tag) {
        let Some(index) = self.formatting.last_with(tag) else {
            return;
        };
        let id = self.formatting.0[index].id;
        self.end_formatting(tag);
        self.formatting.forget(id);
        if let Some(index) = self.open.position(id) {
            self.open.remove(index);
            self.stale_ends = true;
        }
    }

    /// The end tag of a formatting element: the adoption agency.
    pub(super) fn end_formatting(&mut self, subject: Tag) {
        let top = self.open.top();
        if top.tag == subject && self.formatting.position(top.id).is_none() {
            self.pop();
            return;
        }
        for _ in 0..8 {
            let Some(listed) = self.formatting.last_with(subject) else {
                return self.end_any_other(subject, NONE);
            };
            let element = self.formatting.0[listed].id;
            let Some(position) = self.open.position(element) else {
                self.formatting.0.remove(listed);
                return;
            };
            let inside = &self.open.entries()[position + 1..];
            if inside.iter().any(|open| open.has(BOUNDS)) {
                return;
            }
            let block = inside.iter().position(|open| open.has(IS_SPECIAL));
            let Some(block) = block.map(|offset| position + 1 + offset) else {
                self.pop_to(position);
                self.formatting.0.remove(listed);
                return;
            };
            // At most three formatting elements between, the block and the element itself.
            let between = block.saturating_sub(3).max(position + 1)..block;
            let bytes = std::iter::once(position)
                .chain(between)
                .map(|index| self.tag_bytes(self.open.at(index).id))
                .sum();
            if !self.spend_copies(5, bytes) {
                self.formatting.0.remove(listed);
                return;
            }
            self.adopt(listed, position, block);
        }
    }

    /// Moves the block at `block` of the stack out of the formatting element at `position` (entry
    /// `listed`), and puts a copy of that element inside the block, around its content.
    fn adopt(&mut self, mut listed: usize, position: usize, mut block: usize) {
        self.out_of_order = true;
        let element = self.open.at(position);
        let common_ancestor = self.open.at(position - 1);

        // Instead of moving all children of the block into a copy of the formatting element, the
        // block's node becomes that copy and a new node becomes the block.
        let inner = self.open.at(block).id;
        let outer = self.nodes.len() as u32;
        let moved = copy_of(&self.nodes[inner as usize]);
        self.nodes.push(moved);
        self.forget_foster_parent(inner);
        if self.form == Some(inner) {
            self.form = Some(outer);
        }
        let mut wrapper = copy_of(&self.nodes[element.id as usize]);
        wrapper.parent = outer;
        self.nodes[inner as usize] = wrapper;
        self.open.replace(block, outer);

        let mut last = outer;
        let mut bookmark = None;
        let mut index = block;
        let mut steps = 0;
        loop {
            steps += 1;
            index -= 1;
            if index == position {
                break;
            }
            let between = self.open.at(index).id;
            let entry = self.formatting.position(between);
            let Some(entry) = entry.filter(|_| steps <= 3) else {
                if let Some(entry) = entry {
                    self.formatting.0.remove(entry);
                    listed -= usize::from(entry < listed);
                    bookmark = bookmark.map(|mark: usize| mark - usize::from(entry < mark));
                }
                self.open.remove(index);
                block -= 1;
                continue;
            };
            let copy = self.nodes.len() as u32;
            self.nodes.push(copy_of(&self.nodes[between as usize]));
            self.open.replace(index, copy);
            self.formatting.0[entry].id = copy;
            if last == outer {
                bookmark = Some(entry + 1);
            }
            self.nodes[last as usize].parent = copy;
            last = copy;
        }

        if self.fostering && FOSTERING.contains(common_ancestor.tag) {
            self.foster(last);
        } else {
            self.nodes[last as usize].parent = common_ancestor.id;
        }

        let entry = Entry {
            id: inner,
            tag: element.tag,
            open: true,
        };
        match bookmark {
            None => self.formatting.0[listed] = entry,
            Some(mark) => {
                self.formatting.0.insert(mark, entry);
                self.formatting
                    .0
                    .remove(listed + usize::from(mark <= listed));
            }
        }
        self.open.remove(position);
        self.open.insert(
            block,
            Open {
                id: inner,
                ..element
            },
        );
    }
}
