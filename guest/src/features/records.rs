//! Records: elements of one make that follow each other, as posts, cards, rows and comments do.

use super::block::Chain;
use super::{groups, label, lexicon, scale, share, signed, Sink, ABSENT};
use crate::blocks::{text::LABEL, Blocks, NONE};

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
    /// For every element whether it is a record.
    is_record: Vec<bool>,
    /// For every group its features, those that are not of the group alone left open; groups that
    /// are too small for records have none.
    features: Vec<[u8; FEATURES.len()]>,
}

impl Records {
    pub fn new(blocks: &Blocks) -> Self {
        let with_text = blocks.elements.iter().filter(|e| e.blocks > 0);
        let (numbers, mut count) = groups::number(with_text.map(|e| e.path.into()));
        let mut numbers = numbers.into_iter();
        // Elements without text stand for themselves, so that they make no group.
        let mut alone = || {
            count += 1;
            count as u32 - 1
        };
        let of: Vec<u32> = blocks
            .elements
            .iter()
            .map(|e| {
                let number = (e.blocks > 0).then(|| numbers.next()).flatten();
                number.unwrap_or_else(&mut alone)
            })
            .collect();
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
        let roots = blocks.elements.iter().filter(|e| e.parent == NONE);
        let page_words = roots.map(|e| e.words).sum();
        let elements = blocks.elements.iter().zip(&of);
        Self {
            is_record: elements
                .map(|(e, &group)| e.blocks >= 2 && groups[group as usize].count >= ENOUGH)
                .collect(),
            features: groups
                .iter()
                .map(|group| group.features(blocks, page_words))
                .collect(),
            of,
            ordinals,
        }
    }

    /// The number of the group of an element, and how many there are.
    pub fn group(&self, element: u32) -> Option<u32> {
        self.of.get(element as usize).copied()
    }

    pub fn count(&self) -> usize {
        self.features.len()
    }

    /// The levels above a block of the innermost and the outermost record it is in.
    pub fn levels(&self, chain: &Chain) -> [Option<usize>; 2] {
        let is_record = |&level: &usize| {
            chain
                .index(level)
                .is_some_and(|at| self.is_record[at as usize])
        };
        [(0..REACH).find(is_record), (0..REACH).rev().find(is_record)]
    }

    /// Writes the features of one block.
    pub fn describe(&self, blocks: &Blocks, chain: &Chain, out: &mut impl Sink) {
        for (level, name) in self.levels(chain).into_iter().zip(["inner", "outer"]) {
            let mut values = [ABSENT; FEATURES.len()];
            if let Some((level, at)) = level.and_then(|level| Some((level, chain.index(level)?))) {
                let at = at as usize;
                values = self.features[self.of[at] as usize];
                values[LEVEL] = level as u8;
                values[ORDINAL] = scale(self.ordinals[at]);
                values[OWN_WORDS] = scale(blocks.elements[at].words);
            }
            out.put_each(&FEATURES, name, &values);
        }
    }
}

impl Group {
    fn features(&self, blocks: &Blocks, page_words: u32) -> [u8; FEATURES.len()] {
        if self.count < ENOUGH {
            return [ABSENT; FEATURES.len()];
        }
        let lead = (self.first_block as usize).checked_sub(1);
        let lead = lead.and_then(|at| blocks.blocks.get(at));
        let lead = lead.filter(|lead| lead.stats.words <= LABEL);
        [
            ABSENT,
            scale(self.count),
            scale(self.words / self.count),
            share(self.link_words, self.words),
            share(self.long_words, self.words),
            scale(self.blocks / self.count),
            scale(self.images * 4 / self.count),
            scale(self.headings * 4 / self.count),
            scale(self.prices * 4 / self.count),
            scale(self.controls * 4 / self.count),
            share(self.words, page_words),
            ABSENT,
            ABSENT,
            lexicon(self.lexicon_sum, self.lexicon_hits),
            share(self.declared, self.words),
            share(self.seen, self.words),
            lead.map_or(ABSENT, |lead| label(&lead.stats)),
            lead.map_or(ABSENT, |lead| signed(lead.stats.label_min.into())),
        ]
    }
}

/// The places of what is not of the group alone.
const LEVEL: usize = 0;
const ORDINAL: usize = 11;
const OWN_WORDS: usize = 12;

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
