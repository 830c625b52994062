//! What one block looks like, by itself and in its place.

use super::meets::Meets;
use super::page::Page;
use super::records::Records;
use super::{around, groups, label, lexicon, scale, share, signed, verdict, Sink, ABSENT};
use crate::blocks::markup::{family_name, FAMILY_COUNT, ROLES};
use crate::blocks::text::LABEL;
use crate::blocks::{flag, Block, Blocks, Element, LONG, NONE};
use crate::parse::Tag;

/// Tags of the element a block stands in, ordered from chrome to content so that one split of a
/// tree separates likely from unlikely. The number of a tag is its place here, counted from one.
const ORDERED_TAGS: &[Tag] = &[
    Tag::OPTION,
    Tag::BUTTON,
    Tag::LABEL,
    Tag::LEGEND,
    Tag::A,
    Tag::FOOTER,
    Tag::HEADER,
    Tag::NAV,
    Tag::FORM,
    Tag::SMALL,
    Tag::LI,
    Tag::SPAN,
    Tag::DIV,
    Tag::TIME,
    Tag::SUMMARY,
    Tag::FIGCAPTION,
    Tag::CAPTION,
    Tag::TH,
    Tag::TD,
    Tag::DT,
    Tag::DD,
    Tag::H6,
    Tag::H5,
    Tag::H4,
    Tag::H3,
    Tag::H1,
    Tag::H2,
    Tag::STRONG,
    Tag::B,
    Tag::EM,
    Tag::I,
    Tag::FONT,
    Tag::SECTION,
    Tag::ARTICLE,
    Tag::BODY,
    Tag::CODE,
    Tag::PRE,
    Tag::BLOCKQUOTE,
    Tag::P,
];

static TAG_ORDER: [u8; Tag::COUNT] = {
    let mut table = [0; Tag::COUNT];
    let mut i = 0;
    while i < ORDERED_TAGS.len() {
        table[ORDERED_TAGS[i].index()] = i as u8 + 1;
        i += 1;
    }
    table
};

/// Ancestors whose distance is a feature.
const ANCESTORS: &[(Tag, &str)] = &[
    (Tag::ARTICLE, "article"),
    (Tag::MAIN, "main"),
    (Tag::NAV, "nav"),
    (Tag::ASIDE, "aside"),
    (Tag::FOOTER, "footer"),
    (Tag::HEADER, "header"),
    (Tag::FORM, "form"),
    (Tag::UL, "ul"),
    (Tag::OL, "ol"),
    (Tag::TABLE, "table"),
    (Tag::SECTION, "section"),
    (Tag::LI, "li"),
    (Tag::FIGURE, "figure"),
    (Tag::BLOCKQUOTE, "blockquote"),
    (Tag::BUTTON, "button"),
    (Tag::DL, "dl"),
    (Tag::PRE, "pre"),
    (Tag::DETAILS, "details"),
    (Tag::A, "a"),
    (Tag::TD, "td"),
    (Tag::LABEL, "label"),
    (Tag::DIALOG, "dialog"),
    (Tag::P, "p"),
    (Tag::NOSCRIPT, "noscript"),
    (Tag::TEMPLATE, "template"),
];

static ANCESTOR_SLOT: [u8; Tag::COUNT] = {
    let mut table = [u8::MAX; Tag::COUNT];
    let mut i = 0;
    while i < ANCESTORS.len() {
        table[ANCESTORS[i].0.index()] = i as u8;
        i += 1;
    }
    table
};

/// Levels above a block whose totals are features.
const LEVELS: [(usize, &str); 6] = [(1, "1"), (2, "2"), (3, "3"), (4, "4"), (6, "6"), (8, "8")];

/// What is told of an element around a block.
const CONTAINER: [&str; 12] = [
    "share",
    "links",
    "blocks",
    "long",
    "punctuation",
    "at",
    "images",
    "controls",
    "headings",
    "lexicon",
    "declared",
    "seen",
];

/// The place of what is not of the element alone.
const AT: usize = 5;

/// Neighbours described beside a block.
const NEIGHBOURS: [(i64, &str); 6] = [
    (-3, "-3"),
    (-2, "-2"),
    (-1, "-1"),
    (1, "+1"),
    (2, "+2"),
    (3, "+3"),
];

/// What is told of a neighbour.
const NEAR: [&str; 6] = [
    "near words",
    "near links",
    "near tag",
    "near lexicon",
    "near declared",
    "near shared",
];

/// The place of what is not of the neighbour alone.
const SHARED: usize = 5;

/// The fewest blocks of an element that is taken for labelled by its first.
const LABELLED: u32 = 3;

/// Deepest chain looked at; blocks deeper than this look like blocks at this depth.
pub const MAX_CHAIN: usize = 48;

/// Sums over the blocks before an index, for windows.
struct Prefix {
    words: Vec<u32>,
    link_words: Vec<u32>,
    long: Vec<u32>,
}

impl Prefix {
    fn new(blocks: &[Block]) -> Self {
        let mut prefix = Self {
            words: vec![0],
            link_words: vec![0],
            long: vec![0],
        };
        for block in blocks {
            let last = |sums: &[u32]| sums.last().copied().unwrap_or(0);
            prefix.words.push(last(&prefix.words) + block.stats.words);
            prefix
                .link_words
                .push(last(&prefix.link_words) + block.stats.link_words);
            prefix
                .long
                .push(last(&prefix.long) + u32::from(is_long(block)));
        }
        prefix
    }

    /// Words, words in links and running blocks within `reach` blocks of `index`.
    fn window(&self, index: usize, reach: usize) -> (u32, u32, u32) {
        let from = index.saturating_sub(reach);
        let to = (index + reach + 1).min(self.words.len() - 1);
        (
            self.words[to] - self.words[from],
            self.link_words[to] - self.link_words[from],
            self.long[to] - self.long[from],
        )
    }
}

fn is_long(block: &Block) -> bool {
    block.stats.words >= LONG && block.stats.link_words * 3 < block.stats.words
}

/// The elements around a block, from its own to the root.
pub struct Chain {
    indices: [u32; MAX_CHAIN],
    length: usize,
}

impl Chain {
    pub fn of(blocks: &Blocks, element: u32) -> Self {
        let mut chain = Self {
            indices: [NONE; MAX_CHAIN],
            length: 0,
        };
        let mut at = element;
        while let Some(element) = blocks.elements.get(at as usize) {
            if chain.length == MAX_CHAIN {
                break;
            }
            chain.indices[chain.length] = at;
            chain.length += 1;
            at = element.parent;
        }
        chain
    }

    pub fn iter<'b>(&'b self, blocks: &'b Blocks) -> impl Iterator<Item = &'b Element> {
        self.indices[..self.length]
            .iter()
            .map(|&index| &blocks.elements[index as usize])
    }

    pub fn get<'b>(&self, blocks: &'b Blocks, level: usize) -> Option<&'b Element> {
        self.indices[..self.length]
            .get(level)
            .map(|&index| &blocks.elements[index as usize])
    }

    pub fn index(&self, level: usize) -> Option<u32> {
        self.indices[..self.length].get(level).copied()
    }
}

/// The tables of a page that describing a block needs.
pub struct Describer<'b> {
    blocks: &'b Blocks,
    page: &'b Page,
    prefix: Prefix,
    /// For every block how many read the same, look the same and stand in the same place.
    repeats: Vec<u32>,
    occurrences: Vec<u32>,
    signatures: Vec<u32>,
    paths: Vec<u32>,
    /// For every block the running block before it and the one after.
    long_before: Vec<u32>,
    long_after: Vec<u32>,
    /// For every block the heading it stands under.
    heading: Vec<u32>,
    /// For every block the heading above that one: of the nearest higher level.
    outer_heading: Vec<u32>,
    /// For every element the features of the blocks in it, without [`AT`].
    containers: Vec<[u8; CONTAINER.len()]>,
    /// For every block the features it is of those near it, without [`SHARED`].
    near: Vec<[u8; NEAR.len()]>,
    meets: Meets<'b>,
    /// For every block how far below its meeting with each of these it lies.
    with_h1: Vec<u8>,
    with_container: Vec<u8>,
    with_long_before: Vec<u8>,
    with_long_after: Vec<u8>,
    with_heading: Vec<u8>,
    records: &'b Records,
}

impl<'b> Describer<'b> {
    pub fn new(blocks: &'b Blocks, page: &'b Page, records: &'b Records) -> Self {
        let all = &blocks.blocks;
        let (repeats, occurrences) =
            groups::sizes_and_occurrences(all.iter().map(|block| block.stats.hash));
        let signatures =
            groups::sizes(all.iter().map(|block| pair_signature(blocks, block).into()));
        let paths = groups::sizes(all.iter().map(|block| path(blocks, block).into()));
        let mut long_before = Vec::with_capacity(all.len());
        let mut heading = Vec::with_capacity(all.len());
        let mut outer_heading = Vec::with_capacity(all.len());
        let mut open = [NONE; 7];
        let (mut last_long, mut last_heading) = (NONE, NONE);
        for (index, block) in all.iter().enumerate() {
            long_before.push(last_long);
            heading.push(last_heading);
            let inner = open.iter().rposition(|&at| at != NONE).unwrap_or(0);
            let outer = open[..inner].iter().rev().find(|&&at| at != NONE);
            outer_heading.push(outer.copied().unwrap_or(NONE));
            if is_long(block) {
                last_long = index as u32;
            }
            let level = usize::from(heading_level(blocks, block));
            if level != 0 {
                last_heading = index as u32;
                open[level] = index as u32;
                open[level + 1..].fill(NONE);
            }
        }
        let mut long_after = vec![NONE; all.len()];
        let mut next_long = NONE;
        for (index, block) in all.iter().enumerate().rev() {
            long_after[index] = next_long;
            if is_long(block) {
                next_long = index as u32;
            }
        }
        let meets = Meets::new(blocks);
        let h1 = all.get(page.h1 as usize).map_or(NONE, |h1| h1.element);
        Self {
            blocks,
            page,
            with_h1: meets.with_element(h1),
            with_container: meets.with_element(page.container),
            with_long_before: meets.with_before(&long_before),
            with_long_after: meets.with_after(&long_after),
            with_heading: meets.with_before(&heading),
            meets,
            prefix: Prefix::new(all),
            repeats,
            occurrences,
            signatures,
            paths,
            long_before,
            long_after,
            heading,
            outer_heading,
            containers: containers(blocks, page),
            near: all.iter().map(|block| near(blocks, block)).collect(),
            records,
        }
    }

    /// Writes the features of one block.
    pub fn describe(&self, index: usize, out: &mut impl Sink) {
        let block = &self.blocks.blocks[index];
        let chain = Chain::of(self.blocks, block.element);
        self.text(block, out);
        out.put("repeats", scale(self.repeats[index]));
        out.put("occurrence", scale(self.occurrences[index]));
        out.put("signature count", scale(self.signatures[index]));
        out.put("path count", scale(self.paths[index]));
        self.place(index, out);
        self.around_it(index, out);
        self.tags(block, &chain, out);
        self.names(&chain, out);
        self.containers(index, &chain, out);
        self.records.describe(self.blocks, &chain, out);
        self.neighbours(index, block, out);
        self.under_heading(index, out);
        self.labels(index, &chain, out);
        self.page.describe_kind(out);
    }

    fn text(&self, block: &Block, out: &mut impl Sink) {
        let s = &block.stats;
        let words = s.words;
        out.put("words", scale(words));
        out.put("links", share(s.link_words, words));
        out.put("bytes", scale(s.bytes));
        out.put("word length", ((s.bytes * 8) / (words + 1)).min(255) as u8);
        out.put("stop words", share(s.stop_words, words));
        out.put("capitalised", share(s.capitalised, words));
        out.put("numbers", share(s.numbers, words));
        out.put("bold", share(s.bold_words, words));
        out.put("title words", share(s.title_words, words));
        out.put("title cover", share(s.title_words, self.page.title_words));
        out.put("description words", share(s.description_words, words));
        out.put("declared text", share(s.declared_text, words));
        out.put("declared name", share(s.declared_name, words));
        out.put("commas", share(s.commas, words));
        out.put("sentences", scale(s.sentences));
        out.put("sentence length", scale(words / (s.sentences + 1)));
        out.put("currency", scale(s.currency));
        out.put("separators", scale(s.separators));
        out.put("copyright", u8::from(s.copyright));
        out.put("first", s.first);
        out.put("last", s.last);
        out.put(
            "lexicon mean",
            signed(s.lexicon_sum / (s.lexicon_hits as i32 + 3)),
        );
        out.put("lexicon sum", around(i64::from(s.lexicon_sum) / 16));
        out.put("lexicon low", signed(s.lexicon_min.into()));
        out.put("lexicon high", signed(s.lexicon_max.into()));
        out.put("lexicon hits", share(s.lexicon_hits, words));
        out.put("label", if words <= LABEL { label(s) } else { ABSENT });
        out.put("seen", share(s.seen, words));
        out.put("images before", scale(block.images_before.into()));
        out.put("before break", u8::from(block.before_break));
        out.put("texts", scale(block.texts.len() as u32));
    }

    fn place(&self, index: usize, out: &mut impl Sink) {
        let count = self.blocks.blocks.len() as u32;
        let page = self.page;
        out.put("index", scale(index as u32));
        out.put("index from end", scale(count - 1 - index as u32));
        out.put("position", share(index as u32, count));
        out.put("words before", share(self.prefix.words[index], page.words));
        out.put("count", scale(count));
        out.put("page words", scale(page.words));
        out.put("page links", share(page.link_words, page.words));
        out.put("page declares", scale(self.blocks.declared_text));
        out.put("page names", scale(self.blocks.declared_names));
        out.put("page long words", scale(page.long_words));
        let to_h1 = if page.h1 == NONE {
            i64::from(i32::MIN)
        } else {
            index as i64 - i64::from(page.h1)
        };
        out.put("from h1", around(to_h1));
        let main = self.blocks.elements.get(page.container as usize);
        out.put(
            "in container",
            main.map_or(ABSENT, |main| {
                let (first, last) = (main.first_block, main.last_block);
                u8::from(index as u32 >= first) + u8::from(index as u32 > last)
            }),
        );
        out.put(
            "in container at",
            main.map_or(ABSENT, |main| {
                share(
                    (index as u32).saturating_sub(main.first_block),
                    main.last_block - main.first_block + 1,
                )
            }),
        );
        out.put("depth shared with h1", self.with_h1[index]);
        out.put("depth shared with container", self.with_container[index]);
    }

    fn around_it(&self, index: usize, out: &mut impl Sink) {
        for (reach, name) in [(2, "2"), (5, "5"), (10, "10")] {
            let (words, links, long) = self.prefix.window(index, reach);
            out.put_of("window words", name, scale(words));
            out.put_of("window links", name, share(links, words));
            out.put_of("window long", name, scale(long));
        }
        let before = self.long_before[index];
        let after = self.long_after[index];
        out.put(
            "long before",
            if before == NONE {
                ABSENT
            } else {
                scale(index as u32 - before)
            },
        );
        out.put(
            "long after",
            if after == NONE {
                ABSENT
            } else {
                scale(after - index as u32)
            },
        );
        out.put("shared with long before", self.with_long_before[index]);
        out.put("shared with long after", self.with_long_after[index]);
    }

    fn tags(&self, block: &Block, chain: &Chain, out: &mut impl Sink) {
        for (level, name) in [(0, "0"), (1, "1"), (2, "2")] {
            out.put_of(
                "tag",
                name,
                chain
                    .get(self.blocks, level)
                    .map_or(0, |e| TAG_ORDER[e.tag.index()]),
            );
        }
        out.put("depth", chain.length as u8);
        out.put("heading", heading_level(self.blocks, block));
        let mut distances = [ABSENT; ANCESTORS.len()];
        let mut roles = [ABSENT; ROLES.len() + 1];
        let mut lists = 0;
        for (distance, element) in chain.iter(self.blocks).enumerate() {
            let slot = ANCESTOR_SLOT[element.tag.index()];
            if slot != u8::MAX && distances[usize::from(slot)] == ABSENT {
                distances[usize::from(slot)] = distance as u8;
            }
            let role = &mut roles[usize::from(element.role)];
            *role = (*role).min(distance as u8);
            lists += u8::from(matches!(element.tag, Tag::UL | Tag::OL));
        }
        out.put_all("above", |at| ANCESTORS[at].1, &distances);
        out.put_all("role", |at| ROLES[at], &roles[1..]);
        out.put("lists above", lists);
        let flags = chain.get(self.blocks, 0).map_or(0, |e| e.flags);
        out.put("flags", flags & (flag::HIDDEN | flag::ARIA_HIDDEN));
    }

    fn names(&self, chain: &Chain, out: &mut impl Sink) {
        let mut distances = [ABSENT; FAMILY_COUNT];
        let mut seen = 0_u64;
        let (mut low, mut high, mut sum) = (0_i32, 0_i32, 0_i32);
        let mut low_at = 0_u8;
        for (distance, element) in chain.iter(self.blocks).enumerate() {
            let mut new = element.families & !seen;
            seen |= new;
            while new != 0 {
                distances[new.trailing_zeros() as usize] = distance as u8;
                new &= new - 1;
            }
            let (element_low, element_high) =
                (i32::from(element.names_low), i32::from(element.names_high));
            if element_low < low {
                low = element_low;
                low_at = distance as u8;
            }
            high = high.max(element_high);
            sum += element_low + element_high;
        }
        out.put_all("name", family_name, &distances);
        out.put("names low", signed(low));
        out.put("names low at", low_at);
        out.put("names high", signed(high));
        out.put("names sum", signed(sum / 4));
        for (level, name) in [(0, "0"), (1, "1"), (2, "2"), (3, "3")] {
            let (low, high) = chain
                .get(self.blocks, level)
                .map_or((0, 0), |e| (e.names_low, e.names_high));
            out.put_of("names low", name, signed(low.into()));
            out.put_of("names high", name, signed(high.into()));
        }
    }

    fn containers(&self, index: usize, chain: &Chain, out: &mut impl Sink) {
        for (level, name) in LEVELS {
            let mut values = [ABSENT; CONTAINER.len()];
            if let Some(at) = chain.index(level) {
                let e = &self.blocks.elements[at as usize];
                values = self.containers[at as usize];
                values[AT] = share(
                    index as u32 - e.first_block,
                    e.last_block - e.first_block + 1,
                );
            }
            out.put_each(&CONTAINER, name, &values);
        }
    }

    fn neighbours(&self, index: usize, block: &Block, out: &mut impl Sink) {
        let elements = &self.blocks.elements;
        let own = elements.get(block.element as usize);
        for (offset, name) in NEIGHBOURS {
            let at = usize::try_from(index as i64 + offset).ok();
            let other = at.and_then(|at| Some((at, self.blocks.blocks.get(at)?)));
            let mut values = [ABSENT; NEAR.len()];
            if let Some((at, other)) = other {
                values = self.near[at];
                values[SHARED] = match (elements.get(other.element as usize), own) {
                    (Some(other), Some(own)) if other.parent != own.parent => {
                        self.meets.levels(at, index)
                    }
                    _ => 0,
                };
            }
            out.put_each(&NEAR, name, &values);
        }
    }

    fn under_heading(&self, index: usize, out: &mut impl Sink) {
        let at = self.heading[index];
        let Some(heading) = self.blocks.blocks.get(at as usize) else {
            for feature in [
                "heading level",
                "heading distance",
                "heading lexicon",
                "heading low",
                "heading words",
                "heading shared",
                "heading links",
            ] {
                out.put(feature, ABSENT);
            }
            return;
        };
        let s = &heading.stats;
        out.put("heading level", heading_level(self.blocks, heading));
        out.put("heading distance", scale(index as u32 - at));
        out.put(
            "heading lexicon",
            signed(s.lexicon_sum / (s.lexicon_hits as i32 + 1)),
        );
        out.put("heading low", signed(s.lexicon_min.into()));
        out.put("heading words", scale(s.words));
        out.put("heading shared", self.with_heading[index]);
        out.put("heading links", share(s.link_words, s.words));
    }

    /// What the headings above a block and the first words of the elements around it announce.
    fn labels(&self, index: usize, chain: &Chain, out: &mut impl Sink) {
        let heading = self.blocks.blocks.get(self.heading[index] as usize);
        out.put("heading label", heading.map_or(ABSENT, |b| label(&b.stats)));
        out.put(
            "heading label low",
            heading.map_or(ABSENT, |b| signed(b.stats.label_min.into())),
        );
        let at = self.outer_heading[index];
        let outer = self.blocks.blocks.get(at as usize);
        out.put(
            "outer level",
            outer.map_or(ABSENT, |b| heading_level(self.blocks, b)),
        );
        out.put(
            "outer distance",
            outer.map_or(ABSENT, |_| scale(index as u32 - at)),
        );
        out.put("outer label", outer.map_or(ABSENT, |b| label(&b.stats)));
        out.put(
            "outer label low",
            outer.map_or(ABSENT, |b| signed(b.stats.label_min.into())),
        );
        out.put(
            "outer lexicon",
            outer.map_or(ABSENT, |b| {
                lexicon(b.stats.lexicon_sum, b.stats.lexicon_hits)
            }),
        );
        let (mut said, mut hits) = (0, 0);
        for block in [heading, outer].into_iter().flatten() {
            if block.stats.words <= LABEL {
                said += block.stats.label_sum;
                hits += block.stats.label_hits;
            }
        }
        let (mut nearest, mut low, mut high, mut sum) = (0, 0, 0, 0);
        let (mut nearest_at, mut low_at) = (ABSENT, ABSENT);
        let mut last = NONE;
        for (distance, element) in chain.iter(self.blocks).enumerate() {
            if element.blocks < LABELLED || element.first_block == last {
                continue;
            }
            last = element.first_block;
            let stats = &self.blocks.blocks[last as usize].stats;
            if last == index as u32 || stats.words > LABEL || stats.label_hits == 0 {
                continue;
            }
            said += stats.label_sum;
            hits += stats.label_hits;
            let mean = stats.label_sum / (stats.label_hits as i32 + 1);
            if nearest_at == ABSENT {
                (nearest, nearest_at) = (mean, distance as u8);
            }
            if mean < low {
                (low, low_at) = (mean, distance as u8);
            }
            high = high.max(mean);
            sum += mean;
        }
        out.put("label nearest", signed(nearest));
        out.put("label nearest at", nearest_at);
        out.put("label low", signed(low));
        out.put("label low at", low_at);
        out.put("label high", signed(high));
        out.put("label sum", signed(sum));
        self.verdicts(index, chain, verdict(said, hits), out);
    }

    /// What the words, the names and the labels of a block say, each by itself and all together.
    fn verdicts(&self, index: usize, chain: &Chain, labels: i32, out: &mut impl Sink) {
        let own = &self.blocks.blocks[index].stats;
        let text = verdict(own.lexicon_sum, own.lexicon_hits);
        let names = chain
            .get(self.blocks, 0)
            .map_or(0, |e| verdict(e.names_sum, e.names_hits));
        out.put("text verdict", signed(text));
        out.put("names verdict", signed(names));
        out.put("labels verdict", signed(labels));
        out.put("verdict", signed((text + names + labels) / 2));
    }
}

/// What is told of each element that has others with text in it; blocks share most of theirs.
fn containers(blocks: &Blocks, page: &Page) -> Vec<[u8; CONTAINER.len()]> {
    const UNKNOWN: [u8; CONTAINER.len()] = [ABSENT; CONTAINER.len()];
    let mut containers = vec![UNKNOWN; blocks.elements.len()];
    for inner in blocks.elements.iter().filter(|inner| inner.blocks > 0) {
        let at = inner.parent as usize;
        let Some(e) = blocks.elements.get(at) else {
            continue;
        };
        if containers[at] != UNKNOWN {
            continue;
        }
        containers[at] = [
            share(e.words, page.words),
            share(e.link_words, e.words),
            scale(e.blocks),
            share(e.long_words, e.words),
            share(e.punctuation * 4, e.words),
            ABSENT,
            scale(e.images.into()),
            scale(e.controls.into()),
            scale(e.headings.into()),
            lexicon(e.lexicon_sum, e.lexicon_hits),
            share(e.declared, e.words),
            share(e.seen, e.words),
        ];
    }
    containers
}

/// What a block is to those near it.
fn near(blocks: &Blocks, block: &Block) -> [u8; NEAR.len()] {
    let s = &block.stats;
    let element = blocks.elements.get(block.element as usize);
    [
        scale(s.words),
        share(s.link_words, s.words),
        element.map_or(0, |e| TAG_ORDER[e.tag.index()]),
        signed(s.lexicon_sum / (s.lexicon_hits as i32 + 3)),
        share(s.declared_text, s.words),
        ABSENT,
    ]
}

/// The level of the heading a block is, 0 for none.
pub fn heading_level(blocks: &Blocks, block: &Block) -> u8 {
    let mut at = block.element;
    for _ in 0..4 {
        let Some(element) = blocks.elements.get(at as usize) else {
            break;
        };
        if element.tag.is_heading() {
            return (element.tag.index() - Tag::H1.index()) as u8 + 1;
        }
        at = element.parent;
    }
    0
}

fn pair_signature(blocks: &Blocks, block: &Block) -> u32 {
    let Some(element) = blocks.elements.get(block.element as usize) else {
        return 0;
    };
    let parent = blocks
        .elements
        .get(element.parent as usize)
        .map_or(0, |p| p.signature);
    element.signature ^ parent.rotate_left(16)
}

/// The path of names from the root to a block.
pub fn path(blocks: &Blocks, block: &Block) -> u32 {
    blocks
        .elements
        .get(block.element as usize)
        .map_or(0, |element| element.path)
}

#[cfg(test)]
mod tests {
    use super::super::{Names, Row};
    use super::*;
    use crate::blocks::tables::{tests::written, Tables, WeightTable};
    use crate::blocks::{segment, text};
    use crate::parse::Document;

    /// The features of the last block of a document, by name, where "reviews" is a bad label.
    fn of_last(html: &str) -> impl Fn(&str) -> u8 {
        let mut weights = Vec::new();
        text::words("reviews", |hash, _| weights.push((hash, -80)));
        let bytes = written(&weights);
        let tables = Tables {
            labels: WeightTable::new(&bytes).unwrap(),
            ..Tables::default()
        };
        let document = Document::parse(html);
        let blocks = segment(&document, &tables);
        let (page, records) = (Page::of(&blocks), Records::new(&blocks));
        let describer = Describer::new(&blocks, &page, &records);
        let (mut names, mut row) = (Names::default(), Row::default());
        let last = blocks.blocks.len() - 1;
        describer.describe(last, &mut names);
        describer.describe(last, &mut row);
        move |name| row[names.0.iter().position(|known| known == name).unwrap()]
    }

    #[test]
    fn the_heading_above_the_nearest_one_counts() {
        let feature = of_last("<h2>Reviews</h2><h3>Ann</h3><p>Good</p>");
        assert_eq!(feature("heading label"), signed(0));
        assert_eq!(feature("outer label"), signed(-40));
        assert_eq!((feature("outer level"), feature("outer distance")), (2, 2));
        assert!(feature("labels verdict") < signed(0));
    }

    #[test]
    fn a_heading_of_the_same_rank_ends_what_the_one_before_announced() {
        let feature = of_last("<h2>Reviews</h2><h3>Ann</h3><p>Good</p><h2>Care</h2><p>Wash cold");
        assert_eq!(
            (feature("outer label"), feature("heading label")),
            (ABSENT, signed(0))
        );
    }

    #[test]
    fn the_first_words_of_an_element_are_its_label() {
        let feature = of_last("<div><b>Reviews</b><div><p>Good</p><p>Fine</p></div></div>");
        assert_eq!(feature("label low"), signed(-40));
        assert_eq!(feature("label low at"), 2);
    }

    #[test]
    fn records_know_what_comes_before_them() {
        let cards = "<div class=card><p>One<p>More</div>".repeat(3);
        let feature = of_last(&format!("<span>Reviews</span><div>{cards}</div>"));
        assert_eq!(feature("record lead:outer"), signed(-40));
        assert_eq!(feature("record ordinal:outer"), 2);
    }
}
