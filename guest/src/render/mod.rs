//! Kept nodes as text and as Markdown.

mod code;
mod escape;
mod markdown;
pub mod math;
mod notes;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use markdown::markdown;
pub use text::{collapse, text};

use crate::blocks::text::is_unspaced;
use crate::keep::Kept;
use crate::parse::{Document, NodeId, Tag, TagSet, BLOCK_LEVEL};

/// Elements that stand on lines of their own.
const BLOCKS: TagSet = BLOCK_LEVEL.union(TagSet::new(&[Tag::TITLE]));

/// Elements whose text keeps its line ends.
const VERBATIM: TagSet = TagSet::new(&[Tag::PRE, Tag::LISTING, Tag::XMP, Tag::PLAINTEXT]);

/// What to do with an element's inside.
#[derive(PartialEq, Eq)]
enum Inside {
    Visit,
    Skip,
}

/// What writes a document down.
trait Writer {
    /// An element starts. [`Writer::leave`] follows where its inside is visited.
    fn enter(&mut self, node: NodeId) -> Inside;
    fn leave(&mut self, node: NodeId);
    fn text(&mut self, node: NodeId);
}

/// Show the kept nodes to a writer in document order. Without recursion: depth is the author's.
fn walk(document: &Document<'_>, kept: &Kept, writer: &mut impl Writer) {
    let mut open: Vec<NodeId> = Vec::new();
    let mut walk = document.descendants(document.root());
    while let Some(node) = walk.next() {
        while let Some(done) = open.pop_if(|element| document.subtree_end(*element) <= node) {
            writer.leave(done);
        }
        if !kept.reaches(node) {
            walk.skip_subtree(node);
        } else if document.is_text(node) {
            writer.text(node);
        } else if writer.enter(node) == Inside::Visit {
            open.push(node);
        } else {
            walk.skip_subtree(node);
        }
    }
    while let Some(done) = open.pop() {
        writer.leave(done);
    }
}

/// Elements that write parts of words.
const IN_WORDS: TagSet = TagSet::new(&[
    Tag::CODE,
    Tag::KBD,
    Tag::RB,
    Tag::RT,
    Tag::RUBY,
    Tag::SAMP,
    Tag::SUB,
    Tag::SUP,
    Tag::TT,
    Tag::VAR,
]);

/// Whether two texts with nothing between them are words of their own, for each is in an element
/// of its own: styles set `<span>2026</span><span>1h 54m</span>` apart, or two links. What is in
/// the same element as an element next to it goes on there, as in `H<sub>2</sub>O`; a single
/// letter may be an ornate one; and word processors begin a new span in the middle of a word.
pub fn are_apart(document: &Document<'_>, before: NodeId, after: NodeId) -> bool {
    let (first, second) = (document.raw_text(before), document.raw_text(after));
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c));
    let is_letter = |text: &str| {
        let mut signs = text.trim().chars();
        signs.next().is_some_and(char::is_alphabetic) && signs.next().is_none()
    };
    let (end, start) = (first.chars().next_back(), second.chars().next());
    let is_ending = start.is_some_and(char::is_lowercase) && is_letter(second);
    if !in_word(end) || !in_word(start) || is_letter(first) || is_ending {
        return false;
    }
    let goes_on = [end, start].into_iter().flatten().all(char::is_lowercase);
    let around_both = document.ancestors(after).find(|&element| element < before);
    let is_link = |element| document.tag(element) == Tag::A;
    let own = [document.parent(before), document.parent(after)];
    !own.contains(&around_both)
        && own
            .into_iter()
            .chain([around_both])
            .flatten()
            .all(|element| !IN_WORDS.contains(document.tag(element)))
        && (!goes_on || own.into_iter().flatten().any(is_link))
}

/// A link to the heading it stands in, or another such help: nothing to read.
pub fn is_permalink(document: &Document<'_>, node: NodeId) -> bool {
    const CLASSES: [&str; 8] = [
        "headerlink",
        "anchor",
        "anchorjs-link",
        "header-anchor",
        "heading-anchor",
        "hash-link",
        "permalink",
        "mw-editsection",
    ];
    match document.tag(node) {
        Tag::A | Tag::SPAN => {}
        _ => return false,
    }
    let named = document.classes(node).any(|class| CLASSES.contains(&class));
    named
        && document
            .descendants(node)
            .take(8)
            .filter(|&below| document.is_text(below))
            .map(|below| document.raw_text(below).trim().len())
            .sum::<usize>()
            <= 16
        && (document.tag(node) == Tag::SPAN || is_short_sign(document, node))
}

/// Whether an element holds at most a sign: `#`, `¶`, an icon.
fn is_short_sign(document: &Document<'_>, node: NodeId) -> bool {
    let mut texts = document
        .descendants(node)
        .take(8)
        .filter(|&below| document.is_text(below));
    texts.all(|below| !document.text(below).chars().any(char::is_alphanumeric))
}
