//! The tree cut into blocks of text, the units that are kept or dropped.
//!
//! A block is what a reader sees as one run of text: the text nodes between two boundaries of
//! block-level elements (or line breaks). Beside the blocks the walk leaves a compact list of the
//! elements they stand in, with totals, so that features never go back to the tree.

pub mod declared;
pub mod markup;
mod stop_words;
pub mod tables;
pub mod text;

use crate::parse::{Document, NodeId, Tag, TagSet, BLOCK_LEVEL};
use tables::Tables;
use text::{Reference, Seen, TextStats, WordSet};

/// No element, no block.
pub const NONE: u32 = u32::MAX;

/// Elements that end the run of text before, inside and after them.
const BOUNDARIES: TagSet = BLOCK_LEVEL.union(TagSet::new(&[
    Tag::BR,
    Tag::BUTTON,
    Tag::HR,
    Tag::LABEL,
    Tag::NOFRAMES,
    Tag::NOSCRIPT,
    Tag::OPTGROUP,
    Tag::TD,
    Tag::TEMPLATE,
    Tag::TH,
]));

/// Elements whose text is never content.
const SKIPPED: TagSet = TagSet::new(&[
    Tag::APPLET,
    Tag::AUDIO,
    Tag::CANVAS,
    Tag::DATALIST,
    Tag::EMBED,
    Tag::FRAMESET,
    Tag::HEAD,
    Tag::IFRAME,
    Tag::MAP,
    Tag::NOEMBED,
    Tag::OBJECT,
    Tag::SCRIPT,
    Tag::SELECT,
    Tag::STYLE,
    Tag::SVG,
    Tag::TEXTAREA,
    Tag::TITLE,
    Tag::VIDEO,
]);

const BOLD: TagSet = TagSet::new(&[Tag::B, Tag::STRONG]);
const IMAGES: TagSet = TagSet::new(&[Tag::IMG, Tag::PICTURE, Tag::VIDEO, Tag::SVG]);
const CONTROLS: TagSet = TagSet::new(&[Tag::INPUT, Tag::BUTTON, Tag::SELECT, Tag::TEXTAREA]);

/// The length, in words, from which a block counts as running text.
pub const LONG: u32 = 15;

/// One run of text.
pub struct Block {
    /// The element that holds its first text node, an index into [`Blocks::elements`].
    pub element: u32,
    /// Its text nodes, a range of [`Blocks::texts`].
    pub texts: std::ops::Range<u32>,
    pub stats: TextStats,
    /// Images met since the block before.
    pub images_before: u16,
    /// Whether a line break, not an element, ends it.
    pub before_break: bool,
}

/// Flags an element hands down to everything inside it.
pub mod flag {
    pub const LINK: u8 = 1;
    pub const BOLD: u8 = 2;
    pub const HIDDEN: u8 = 4;
    pub const NOSCRIPT: u8 = 8;
    pub const ARIA_HIDDEN: u8 = 16;
    pub const TEMPLATE: u8 = 32;
    pub const PREFORMATTED: u8 = 64;
}

/// An element with text in it, and the totals of its blocks.
pub struct Element {
    pub node: NodeId,
    /// Index of the enclosing element, [`NONE`] for the first.
    pub parent: u32,
    pub tag: Tag,
    pub flags: u8,
    pub role: u8,
    pub depth: u16,
    /// Names like those of a hyphenated custom element.
    pub custom: bool,
    /// Hand-made families of its names, see [`markup`].
    pub families: u64,
    /// The lowest and the highest learned weight of its names.
    pub names_low: i8,
    pub names_high: i8,
    /// What all names from the root to here say, and how many of them say something.
    pub names_sum: i32,
    pub names_hits: u32,
    /// Of the tags and names from the root to here, numbers aside: equal for siblings in a list.
    pub path: u32,
    /// Of the element's own tag and names, numbers aside.
    pub signature: u32,
    pub first_block: u32,
    pub last_block: u32,
    pub blocks: u32,
    pub words: u32,
    pub link_words: u32,
    /// Words in blocks of running text.
    pub long_words: u32,
    pub punctuation: u32,
    /// What its words say, and how many of them say something.
    pub lexicon_sum: i32,
    pub lexicon_hits: u32,
    /// Pairs of words that the document declares as text, and that it had before.
    pub declared: u32,
    pub seen: u32,
    pub images: u16,
    pub controls: u16,
    /// Headings among the blocks, and blocks with a sign of money.
    pub headings: u16,
    pub prices: u16,
}

/// A document cut into blocks.
pub struct Blocks {
    pub blocks: Vec<Block>,
    pub texts: Vec<NodeId>,
    pub elements: Vec<Element>,
    /// Words of the document's title.
    pub title: String,
    pub description: String,
    /// Pairs of words in the running text, and in the names, of its structured data.
    pub declared_text: u32,
    pub declared_names: u32,
}

/// Cuts a document into blocks.
pub fn segment(document: &Document, tables: &Tables<'_>) -> Blocks {
    let (title, description) = head(document);
    let reference = Reference {
        title: WordSet::of(&title),
        description: WordSet::of(&description),
        declared: declared::Declared::of(document, &description),
        lexicon: tables.lexicon,
        labels: tables.labels,
        seen: Seen::new(document.len()),
    };
    let mut cutter = Cutter {
        blocks: Blocks {
            blocks: Vec::new(),
            texts: Vec::new(),
            elements: Vec::new(),
            title,
            description,
            declared_text: reference.declared.texts.count,
            declared_names: reference.declared.names.count,
        },
        reference,
        current: TextStats::default(),
        current_element: NONE,
        start: 0,
        images: 0,
    };
    cutter.walk(document);
    let mut blocks = cutter.blocks;
    total(&mut blocks);
    describe(document, &mut blocks, tables);
    blocks
}

/// What the document's head says: title and description, texts to compare blocks with.
fn head(document: &Document<'_>) -> (String, String) {
    let mut title = String::new();
    let mut description = String::new();
    let Some(head) = document.head() else {
        return (title, description);
    };
    for node in document.children(head) {
        match document.tag(node) {
            Tag::TITLE if title.is_empty() => title = document.text_content(node),
            Tag::META if description.is_empty() => {
                let name = document
                    .raw_attr(node, "name")
                    .or_else(|| document.raw_attr(node, "property"));
                if name.is_some_and(|n| {
                    n.eq_ignore_ascii_case("description")
                        || n.eq_ignore_ascii_case("og:description")
                }) {
                    description = document
                        .attr(node, "content")
                        .unwrap_or_default()
                        .into_owned();
                }
            }
            _ => {}
        }
    }
    (title, description)
}

struct Cutter<'t> {
    reference: Reference<'t>,
    blocks: Blocks,
    current: TextStats,
    /// Element of the block that is being read, [`NONE`] before its first text.
    current_element: u32,
    start: u32,
    images: u16,
}

impl Cutter<'_> {
    /// One loop over the nodes in document order; the open elements are the only stack.
    fn walk(&mut self, document: &Document<'_>) {
        let root = document
            .body()
            .or(document.html())
            .unwrap_or(document.root());
        let end = document.subtree_end(root).index();
        let mut open: Vec<(usize, u32, bool)> = Vec::with_capacity(64);
        let mut next = root.index();
        for id in document.ids().skip(root.index()) {
            if id.index() >= end {
                break;
            }
            if id.index() < next {
                continue;
            }
            next = id.index() + 1;
            while let Some(&(close, _, boundary)) = open.last() {
                if id.index() < close {
                    break;
                }
                open.pop();
                if boundary {
                    self.flush(false);
                }
            }
            let tag = document.tag(id);
            let parent = open.last().map_or(NONE, |&(_, element, _)| element);
            if tag == Tag::TEXT {
                self.text(document, id, parent);
                continue;
            }
            if IMAGES.contains(tag) {
                self.images = self.images.saturating_add(1);
                if let Some(element) = self.blocks.elements.get_mut(parent as usize) {
                    element.images = element.images.saturating_add(1);
                }
            }
            if CONTROLS.contains(tag) {
                if let Some(element) = self.blocks.elements.get_mut(parent as usize) {
                    element.controls = element.controls.saturating_add(1);
                }
            }
            let skipped = SKIPPED.contains(tag)
                || (tag == Tag::TEMPLATE && !document.has_attr(id, "shadowrootmode"));
            let close = document.subtree_end(id).index();
            if skipped {
                next = close;
                continue;
            }
            let custom = tag == Tag::UNKNOWN && document.name(id).contains('-');
            let boundary = BOUNDARIES.contains(tag) || custom;
            if boundary {
                self.flush(tag == Tag::BR);
            }
            if close > id.index() + 1 {
                let element = self.open(id, tag, parent, custom);
                open.push((close, element, boundary));
            }
        }
        self.flush(false);
    }

    fn open(&mut self, node: NodeId, tag: Tag, parent: u32, custom: bool) -> u32 {
        let (inherited, depth) = self
            .blocks
            .elements
            .get(parent as usize)
            .map_or((0, 0), |p| (p.flags, p.depth + 1));
        let own = match tag {
            Tag::A => flag::LINK,
            Tag::NOSCRIPT => flag::NOSCRIPT,
            Tag::TEMPLATE => flag::TEMPLATE,
            Tag::PRE => flag::PREFORMATTED,
            tag if BOLD.contains(tag) => flag::BOLD,
            _ => 0,
        };
        self.blocks.elements.push(Element {
            node,
            parent,
            tag,
            flags: inherited | own,
            role: 0,
            depth,
            custom,
            families: 0,
            names_low: 0,
            names_high: 0,
            names_sum: 0,
            names_hits: 0,
            path: 0,
            signature: 0,
            first_block: NONE,
            last_block: 0,
            blocks: 0,
            words: 0,
            link_words: 0,
            long_words: 0,
            punctuation: 0,
            lexicon_sum: 0,
            lexicon_hits: 0,
            declared: 0,
            seen: 0,
            images: 0,
            controls: 0,
            headings: 0,
            prices: 0,
        });
        self.blocks.elements.len() as u32 - 1
    }

    fn text(&mut self, document: &Document<'_>, id: NodeId, parent: u32) {
        if document.is_blank(id) {
            return;
        }
        let flags = self
            .blocks
            .elements
            .get(parent as usize)
            .map_or(0, |e| e.flags);
        let before = self.current.bytes;
        self.current.add(
            &document.text(id),
            flags & flag::LINK != 0,
            flags & flag::BOLD != 0,
            &mut self.reference,
        );
        if self.current.bytes == before {
            return;
        }
        if self.current_element == NONE {
            self.current_element = parent;
            self.start = self.blocks.texts.len() as u32;
        }
        self.blocks.texts.push(id);
    }

    fn flush(&mut self, before_break: bool) {
        if self.current_element == NONE {
            return;
        }
        self.blocks.blocks.push(Block {
            element: self.current_element,
            texts: self.start..self.blocks.texts.len() as u32,
            stats: std::mem::take(&mut self.current),
            images_before: std::mem::take(&mut self.images),
            before_break,
        });
        self.current_element = NONE;
    }
}

/// Sums the blocks up into the elements around them. Elements lie in document order, so one walk
/// from the last to the first adds every child before its parent is added in turn.
fn total(blocks: &mut Blocks) {
    let elements = &mut blocks.elements;
    for (index, block) in blocks.blocks.iter().enumerate() {
        let Some(element) = elements.get_mut(block.element as usize) else {
            continue;
        };
        let stats = &block.stats;
        element.first_block = element.first_block.min(index as u32);
        element.last_block = index as u32;
        element.blocks += 1;
        element.words += stats.words;
        element.link_words += stats.link_words;
        element.long_words += if stats.words >= LONG && stats.link_words * 3 < stats.words {
            stats.words
        } else {
            0
        };
        element.punctuation += stats.commas + stats.sentences;
        element.lexicon_sum += stats.lexicon_sum;
        element.lexicon_hits += stats.lexicon_hits;
        element.declared += stats.declared_text;
        element.seen += stats.seen;
        element.headings = element
            .headings
            .saturating_add(u16::from(element.tag.is_heading()));
        element.prices = element.prices.saturating_add(u16::from(stats.currency > 0));
    }
    for index in (1..elements.len()).rev() {
        let (before, from) = elements.split_at_mut(index);
        let (Some(child), Some(parent)) = (from.first(), before.get_mut(from[0].parent as usize))
        else {
            continue;
        };
        parent.images = parent.images.saturating_add(child.images);
        parent.controls = parent.controls.saturating_add(child.controls);
        if child.blocks == 0 {
            continue;
        }
        parent.first_block = parent.first_block.min(child.first_block);
        parent.last_block = parent.last_block.max(child.last_block);
        parent.blocks += child.blocks;
        parent.words += child.words;
        parent.link_words += child.link_words;
        parent.long_words += child.long_words;
        parent.punctuation += child.punctuation;
        parent.lexicon_sum += child.lexicon_sum;
        parent.lexicon_hits += child.lexicon_hits;
        parent.declared += child.declared;
        parent.seen += child.seen;
        parent.headings = parent.headings.saturating_add(child.headings);
        parent.prices = parent.prices.saturating_add(child.prices);
    }
}

/// Reads the names of every element that has text; others are never asked about.
fn describe(document: &Document<'_>, blocks: &mut Blocks, tables: &Tables<'_>) {
    let mut known = vec![None; KNOWN];
    for index in 0..blocks.elements.len() {
        let (before, from) = blocks.elements.split_at_mut(index);
        let element = &mut from[0];
        if element.blocks == 0 {
            continue;
        }
        let parent = before.get(element.parent as usize);
        let mut own = Names {
            families: 0,
            low: 0,
            high: 0,
            sum: 0,
            hits: 0,
            hash: 0,
        };
        let mut path = 0x811c_9dc5 ^ element.tag.index() as u32;
        let mut read = |value| Names::read(value, tables, &mut known);
        if element.custom {
            let names = read(document.name(element.node));
            own.add(&names);
            path = path.rotate_left(5) ^ names.hash;
        }
        for (name, value) in document.raw_attrs(element.node) {
            if value.len() > markup::LONGEST {
                continue;
            }
            match name {
                "class" => {
                    let names = read(value);
                    own.add(&names);
                    path = path.rotate_left(5) ^ names.hash;
                }
                "role" => element.role = markup::role(value),
                "hidden" => element.flags |= flag::HIDDEN,
                "aria-hidden" if value == "true" => element.flags |= flag::ARIA_HIDDEN,
                "style" if hides(value) => element.flags |= flag::HIDDEN,
                // Ids differ from sibling to sibling, so they don't belong into the path.
                name if markup::is_naming(name) => own.add(&read(value)),
                _ => {}
            }
        }
        element.families = own.families;
        element.names_low = own.low;
        element.names_high = own.high;
        let (above, flags) = parent.map_or((0, 0), |p| (p.path, p.flags));
        let (sum, hits) = parent.map_or((0, 0), |p| (p.names_sum, p.names_hits));
        element.names_sum = sum + own.sum;
        element.names_hits = hits + own.hits;
        element.flags |= flags;
        element.path = (above.rotate_left(7) ^ path).wrapping_mul(0x9e37_79b1);
        element.signature = path;
    }
}

/// How many values are remembered, a power of two: most elements are called like one before.
const KNOWN: usize = 1 << KNOWN_BITS;
const KNOWN_BITS: u32 = 10;

/// Where a value is remembered.
fn place(value: &str) -> usize {
    let bytes = value.as_bytes();
    let four = |at: usize| {
        let four = bytes.get(at..).and_then(<[u8]>::first_chunk);
        four.map_or(0, |&four| u32::from_le_bytes(four))
    };
    let last = bytes.len().saturating_sub(4);
    let mixed = four(0) ^ four(last / 2).rotate_left(11) ^ four(last).rotate_left(22);
    ((mixed ^ bytes.len() as u32).wrapping_mul(0x9e37_79b1) >> (32 - KNOWN_BITS)) as usize
}

/// What the names in one value say.
#[derive(Clone, Copy)]
struct Names {
    families: u64,
    low: i8,
    high: i8,
    sum: i32,
    hits: u32,
    hash: u32,
}

impl Names {
    fn read<'v>(
        value: &'v str,
        tables: &Tables<'_>,
        known: &mut [Option<(&'v str, Names)>],
    ) -> Self {
        let place = place(value);
        if let Some((_, names)) = known[place].filter(|&(of, _)| of == value) {
            return names;
        }
        let (mut low, mut high, mut hash) = (0, 0, 0x811c_9dc5_u32);
        let (mut sum, mut hits) = (0, 0);
        let families = markup::read(value, |token| {
            let weight = tables.markup.weight(token);
            low = low.min(weight);
            high = high.max(weight);
            sum += i32::from(weight);
            hits += u32::from(weight != 0);
            hash = (hash ^ token).wrapping_mul(0x0100_0193);
        });
        let names = Self {
            families,
            low,
            high,
            sum,
            hits,
            hash,
        };
        known[place] = Some((value, names));
        names
    }

    fn add(&mut self, other: &Self) {
        self.families |= other.families;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.sum += other.sum;
        self.hits += other.hits;
    }
}

/// Whether an inline style takes an element out of sight.
pub fn hides(style: &str) -> bool {
    let mut declarations = style.split(';').filter_map(|part| part.split_once(':'));
    declarations.any(|(property, value)| {
        let value = value.trim();
        (property.trim().eq_ignore_ascii_case("display")
            && value
                .get(..4)
                .is_some_and(|v| v.eq_ignore_ascii_case("none")))
            || (property.trim().eq_ignore_ascii_case("visibility")
                && value
                    .get(..6)
                    .is_some_and(|v| v.eq_ignore_ascii_case("hidden")))
    })
}
