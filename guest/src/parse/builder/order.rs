//! Document order, where the order of the source is another.

use super::Builder;
use crate::parse::tags::Tag;
use crate::parse::tree::{Node, NONE};

impl Builder<'_> {
    /// Brings the nodes into document order and finds where their subtrees end.
    ///
    /// Children of a node are in order by their ids, but for those that stand before a table.
    /// The array is permuted in place, with four bytes more a node: a second array would be the
    /// peak of the whole guest's memory.
    pub(super) fn put_in_order(&mut self) {
        if self.out_of_order {
            let order = self.document_order();
            let renumber = |id: &mut u32| *id = order[*id as usize];
            for node in &mut self.nodes[1..] {
                renumber(&mut node.parent);
            }
            self.head.as_mut().map(renumber);
            self.body.as_mut().map(renumber);
            permute(&mut self.nodes, order);
        }
        if self.out_of_order || self.stale_ends {
            find_ends(&mut self.nodes);
        }
    }

    /// The new id of every node.
    fn document_order(&mut self) -> Vec<u32> {
        let count = self.nodes.len();
        let mut first_child = vec![NONE; count];
        let mut before_tables = self.fostered.clone();
        before_tables.retain(|&(_, table)| table != NONE);
        let mut fostered = before_tables
            .iter()
            .map(|&(node, _)| node)
            .rev()
            .collect::<Vec<_>>()
            .into_iter()
            .peekable();
        before_tables.sort_unstable_by_key(|&(node, table)| (table, node));
        // From the last to the first, each goes before its next sibling; `end` links them meanwhile.
        for id in (1..count as u32).rev() {
            if fostered.peek() == Some(&id) {
                fostered.next();
                continue;
            }
            self.prepend(id, &mut first_child);
            if self.nodes[id as usize].tag == Tag::TABLE && !before_tables.is_empty() {
                self.prepend_fostered(id, &before_tables, &mut first_child);
            }
        }
        self.nodes[0].end = NONE;

        // A walk in document order; the link to the first child is needed once, then gives way to the new id.
        let mut order = first_child;
        let mut at = 0u32;
        let mut next_id = 0;
        loop {
            let child = order[at as usize];
            order[at as usize] = next_id;
            next_id += 1;
            if child != NONE {
                at = child;
                continue;
            }
            while at != NONE && self.nodes[at as usize].end == NONE {
                at = self.nodes[at as usize].parent;
            }
            if at == NONE {
                return order;
            }
            at = self.nodes[at as usize].end;
        }
    }

    fn prepend(&mut self, id: u32, first_child: &mut [u32]) {
        let node = &mut self.nodes[id as usize];
        let first = &mut first_child[node.parent as usize];
        node.end = *first;
        *first = id;
    }

    /// Puts the nodes that stand before `table` there; among them may be tables with such nodes again.
    fn prepend_fostered(
        &mut self,
        table: u32,
        before_tables: &[(u32, u32)],
        first_child: &mut [u32],
    ) {
        let range = |table: u32| {
            let start = before_tables.partition_point(|&(_, other)| other < table);
            let length = before_tables[start..]
                .iter()
                .take_while(|&&(_, other)| other == table)
                .count();
            (start, start + length)
        };
        let mut pending = vec![range(table)];
        while let Some((start, end)) = pending.pop() {
            if start == end {
                continue;
            }
            let id = before_tables[end - 1].0;
            self.prepend(id, first_child);
            pending.push((start, end - 1));
            if self.nodes[id as usize].tag == Tag::TABLE {
                pending.push(range(id));
            }
        }
    }
}

/// Moves every node to its place in `order`, cycle by cycle.
fn permute(nodes: &mut [Node], mut order: Vec<u32>) {
    for id in 0..nodes.len() {
        while order[id] as usize != id {
            let place = order[id] as usize;
            nodes.swap(id, place);
            order.swap(id, place);
        }
    }
}

/// Sets the end of every subtree from the parents alone.
fn find_ends(nodes: &mut [Node]) {
    for (id, node) in nodes.iter_mut().enumerate() {
        node.end = id as u32 + 1;
    }
    for id in (1..nodes.len()).rev() {
        let Node { parent, end, .. } = nodes[id];
        let parent = &mut nodes[parent as usize];
        parent.end = parent.end.max(end);
    }
}
