//! Records: elements of one make that follow each other, as posts, cards, rows and comments do.

use super::block::Chain;
use super::{groups, label, lexicon, scale, share, signed, Sink, ABSENT};
use crate::blocks::{text::LABEL, Blocks, Element};

/// How many elements of one make are a row of records.
const ENOUGH: u32 = 3;
/// How far above a block records are looked for.
const REACH: usize = 12;

#[derive(Clone, Copy, Default)]
struct Group {
    count: u32,
    words: u32,
    link_words: u32,
    long_words: u32,
    blocks: u32,
    images: u32,
    headings: u32,
    prices: u32,
    controls: u32,
    lexicon_sum: i32,
    lexicon_hits: u32,
    declared: u32,
    seen: u32,
    /// The first block of the first of them.
    first_block: u32,
}

/// The groups of a page's elements.
pub struct Records {
    of: Vec<u32>,
    /// For every element how many of its group come before it.
    ordinals: Vec<u32>,
    groups: Vec<Group>,
}

impl Records {
    pub fn new(blocks: &Blocks) -> Self {
        // Elements without text stand for themselves, so that they make no group.
        let key = |(at, e): (usize, &Element)| {
            if e.blocks == 0 {
                at as u64 | 1 << 40
            } else {
                e.path.into()
            }
        };
        let (of, count) = groups::number(blocks.elements.iter().enumerate().map(key));
        let mut groups = vec![Group::default(); count];
        let mut ordinals = Vec::with_capacity(of.len());
        for (element, &group) in blocks.elements.iter().zip(&of) {
            let group = &mut groups[group as usize];
            ordinals.push(group.count);
            if group.count == 0 {
                group.first_block = element.first_block;
            }
            group.count += 1;
            group.lexicon_sum += element.lexicon_sum;
            group.lexicon_hits += element.lexicon_hits;
            group.declared += element.declared;
            group.seen += element.seen;
            group.words += element.words;
            group.link_words += element.link_words;
            group.long_words += element.long_words;
            group.blocks += element.blocks;
            group.images += u32::from(element.images);
            group.headings += u32::from(element.headings);
            group.prices += u32::from(element.prices);
            group.controls += u32::from(element.controls);
        }
        Self {
            of,
            ordinals,
            groups,
        }
    }

    /// The number of the group of an element, and how many there are.
    pub fn group(&self, element: u32) -> Option<u32> {
        self.of.get(element as usize).copied()
    }

    pub fn count(&self) -> usize {
        self.groups.len()
    }

    /// The levels above a block of the innermost and the outermost record it is in.
    pub fn levels(&self, blocks: &Blocks, chain: &Chain) -> [Option<usize>; 2] {
        let is_record = |&level: &usize| {
            let many = chain.index(level).and_then(|at| self.group(at));
            let many = many.is_some_and(|group| self.groups[group as usize].count >= ENOUGH);
            many && chain
                .get(blocks, level)
                .is_some_and(|element| element.blocks >= 2)
        };
        [(0..REACH).find(is_record), (0..REACH).rev().find(is_record)]
    }

    /// Writes the features of one block.
    pub fn describe(&self, blocks: &Blocks, chain: &Chain, page_words: u32, out: &mut impl Sink) {
        for (level, name) in self
            .levels(blocks, chain)
            .into_iter()
            .zip(["inner", "outer"])
        {
            let at = level.and_then(|level| chain.index(level));
            let group = at.and_then(|at| Some((at as usize, self.group(at)?)));
            let Some((at, group)) = group.map(|(at, group)| (at, self.groups[group as usize]))
            else {
                for feature in FEATURES {
                    out.put_of(feature, name, ABSENT);
                }
                continue;
            };
            let lead = (group.first_block as usize).checked_sub(1);
            let lead = lead.and_then(|at| blocks.blocks.get(at));
            let lead = lead.filter(|lead| lead.stats.words <= LABEL);
            let values = [
                level.unwrap_or(REACH) as u8,
                scale(group.count),
                scale(group.words / group.count),
                share(group.link_words, group.words),
                share(group.long_words, group.words),
                scale(group.blocks / group.count),
                scale(group.images * 4 / group.count),
                scale(group.headings * 4 / group.count),
                scale(group.prices * 4 / group.count),
                scale(group.controls * 4 / group.count),
                share(group.words, page_words),
                scale(self.ordinals[at]),
                scale(blocks.elements[at].words),
                lexicon(group.lexicon_sum, group.lexicon_hits),
                share(group.declared, group.words),
                share(group.seen, group.words),
                lead.map_or(ABSENT, |lead| label(&lead.stats)),
                lead.map_or(ABSENT, |lead| signed(lead.stats.label_min.into())),
            ];
            for (feature, value) in FEATURES.into_iter().zip(values) {
                out.put_of(feature, name, value);
            }
        }
    }
}

const FEATURES: [&str; 18] = [
    "record level",
    "records",
    "record words",
    "record links",
    "record long",
    "record blocks",
    "record images",
    "record headings",
    "record prices",
    "record controls",
    "record share",
    "record ordinal",
    "record own words",
    "record lexicon",
    "record declared",
    "record seen",
    "record lead",
    "record lead low",
];
