//! Where blocks meet: how far below the innermost element that holds two of them one lies.
//!
//! Of blocks in a row, the outermost element where two neighbours meet holds them all. So one walk over
//! the tree tells where neighbours meet, and lowest depths on the way from an anchor tell the rest: to
//! climb from every block to every anchor was one part in fifty of a page.

use super::block::MAX_CHAIN;
use super::ABSENT;
use crate::blocks::{Block, Blocks, Element, NONE};

/// The blocks of a page, and where each meets the one before.
pub struct Meets<'b> {
    blocks: &'b Blocks,
    /// For every block the depth of the innermost element around it and the block before.
    depths: Vec<u16>,
}

impl<'b> Meets<'b> {
    /// An element is entered and left once, so all the climbs are one walk over the tree.
    pub fn new(blocks: &'b Blocks) -> Self {
        let mut before = None;
        let meet = |block: &Block| {
            let mut b = block.element;
            let mut a = before.replace(b).unwrap_or(b);
            while a != b {
                // A parent comes before its children; what has none is above all.
                let later = if a > b { &mut a } else { &mut b };
                match blocks.elements.get(*later as usize) {
                    Some(element) if element.parent != NONE => *later = element.parent,
                    _ => return 0,
                }
            }
            blocks.elements.get(a as usize).map_or(0, |e| e.depth)
        };
        Self {
            blocks,
            depths: blocks.blocks.iter().map(meet).collect(),
        }
    }

    /// How many levels below its meeting with another block a block lies.
    pub fn levels(&self, other: usize, block: usize) -> u8 {
        let (first, last) = (other.min(block), other.max(block));
        let depths = &self.depths[first + 1..=last];
        self.below(other, block, depths.iter().copied().min().unwrap_or(0))
    }

    /// For every block its levels below the meeting with an anchor, [`ABSENT`] where that is [`NONE`].
    /// An anchor is the block right before or that block's anchor.
    pub fn with_before(&self, anchors: &[u32]) -> Vec<u8> {
        let mut lowest = 0;
        let levels = |(at, &anchor): (usize, &u32)| {
            if anchor == NONE {
                return ABSENT;
            }
            let depth = self.depths[at];
            let is_next = anchor as usize + 1 == at;
            lowest = if is_next { depth } else { depth.min(lowest) };
            self.below(anchor as usize, at, lowest)
        };
        anchors.iter().enumerate().map(levels).collect()
    }

    /// As [`Meets::with_before`], for anchors behind: the block right behind or that block's anchor.
    pub fn with_after(&self, anchors: &[u32]) -> Vec<u8> {
        let mut lowest = 0;
        let mut all = vec![ABSENT; anchors.len()];
        for (at, &anchor) in anchors.iter().enumerate().rev() {
            if anchor == NONE {
                continue;
            }
            let depth = self.depths[at + 1];
            let is_next = anchor as usize == at + 1;
            lowest = if is_next { depth } else { depth.min(lowest) };
            all[at] = self.below(anchor as usize, at, lowest);
        }
        all
    }

    /// For every block its levels below the meeting with an element that has blocks, [`ABSENT`] for
    /// all where that is [`NONE`].
    pub fn with_element(&self, element: u32) -> Vec<u8> {
        let all = &self.blocks.blocks;
        let Some(anchor) = self.blocks.elements.get(element as usize) else {
            return vec![ABSENT; all.len()];
        };
        let (first, last) = (anchor.first_block as usize, anchor.last_block as usize);
        let mut levels = vec![0; all.len()];
        let mut set = |at: usize, meet: u16| {
            if let Some(own) = self.blocks.elements.get(all[at].element as usize) {
                levels[at] = levels_below(anchor, own, meet);
            }
        };
        let mut lowest = anchor.depth;
        for at in (0..first.min(all.len())).rev() {
            lowest = self.depths.get(at + 1).map_or(lowest, |&d| d.min(lowest));
            set(at, lowest);
        }
        (first..all.len().min(last + 1)).for_each(|at| set(at, anchor.depth));
        lowest = anchor.depth;
        for at in last.saturating_add(1)..all.len() {
            lowest = self.depths[at].min(lowest);
            set(at, lowest);
        }
        levels
    }

    fn below(&self, anchor: usize, block: usize, meet: u16) -> u8 {
        let element = |at: usize| {
            let block = &self.blocks.blocks[at];
            self.blocks.elements.get(block.element as usize)
        };
        match (element(anchor), element(block)) {
            (Some(anchor), Some(own)) => levels_below(anchor, own, meet),
            _ => 0,
        }
    }
}

/// How many levels below the depth where it meets an anchor an element lies. At most as many as a climb
/// of [`MAX_CHAIN`] steps finds, where the deeper of the two climbs first.
fn levels_below(anchor: &Element, element: &Element, meet: u16) -> u8 {
    let alone = usize::from(anchor.depth.saturating_sub(element.depth));
    let levels = usize::from(element.depth.saturating_sub(meet));
    levels.min(MAX_CHAIN.saturating_sub(alone)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::{segment, tables::Tables};
    use crate::parse::Document;

    /// The levels below the meeting, found by climbing.
    fn climb(blocks: &Blocks, anchor: u32, element: u32) -> u8 {
        let (mut a, mut b) = (anchor, element);
        let mut levels = 0;
        for _ in 0..MAX_CHAIN {
            if a == b {
                break;
            }
            let [x, y] = [a, b].map(|at| &blocks.elements[at as usize]);
            if x.depth >= y.depth {
                a = x.parent;
            }
            if y.depth >= x.depth {
                b = y.parent;
                levels += 1;
            }
        }
        levels
    }

    fn blocks() -> Blocks {
        let deep = format!("{}deep{}", "<div>".repeat(60), "</div>".repeat(60));
        let html = format!("a<ul><li>b<li>c<p>d</ul>{deep}<div>e<div><p>f<p>g</div></div>{deep}h");
        segment(&Document::parse(&html), &Tables::default())
    }

    #[test]
    fn a_climb_finds_the_same() {
        let blocks = blocks();
        let meets = Meets::new(&blocks);
        let element = |index: usize| blocks.blocks[index].element;
        let count = blocks.blocks.len();
        for anchor in 0..count {
            let same = |at: usize| climb(&blocks, element(anchor), element(at));
            for at in (0..count).filter(|&at| at != anchor) {
                assert_eq!(meets.levels(anchor, at), same(at));
            }
            // Every block before the anchor has it behind, every other before.
            let anchors = |has: &dyn Fn(usize) -> bool| -> Vec<u32> {
                let of = |at| if has(at) { anchor as u32 } else { NONE };
                (0..count).map(of).collect()
            };
            let levels = |has: &dyn Fn(usize) -> bool| -> Vec<u8> {
                let of = |at| if has(at) { same(at) } else { ABSENT };
                (0..count).map(of).collect()
            };
            let (before, behind) = (|at| at < anchor, |at| at > anchor);
            assert_eq!(meets.with_after(&anchors(&before)), levels(&before));
            assert_eq!(meets.with_before(&anchors(&behind)), levels(&behind));
        }
    }

    #[test]
    fn elements_meet_blocks_where_a_climb_says() {
        let blocks = blocks();
        let meets = Meets::new(&blocks);
        for (at, element) in (0_u32..).zip(&blocks.elements) {
            if element.blocks > 0 {
                let all = blocks.blocks.iter();
                let same: Vec<u8> = all.map(|block| climb(&blocks, at, block.element)).collect();
                assert_eq!(meets.with_element(at), same);
            }
        }
        assert_eq!(meets.with_element(NONE), vec![ABSENT; blocks.blocks.len()]);
    }
}
