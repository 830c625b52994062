//! The places of a document where readers may find its author.

use super::introductions::introduction;
use super::site::letters;
use super::sources::{is_of_people, Sources};
use super::surroundings::{is_elsewhere, is_testimonial};
use super::{plain, Story};
use crate::parse::{NodeId, Tag, BLOCK_LEVEL};

/// A longer text is more than a byline.
const MAX_TEXT_BYTES: usize = 160;

/// A byline stands at most so many nodes before or behind the main heading.
const NODES_BEFORE: usize = 80;
const NODES_BEHIND: usize = 260;

/// A place where readers may find the author, and how much it can be trusted.
pub struct Candidate {
    pub node: NodeId,
    pub trust: u8,
    /// Whether nobody but the author is meant, so that one word may be the name.
    pub is_certain: bool,
    pub text: String,
}

/// The trust in what is marked as the author in so many words.
const SURE: u8 = 4;

/// Looks for candidates, place by place.
struct Search<'s, 'd, 'n> {
    sources: &'s Sources<'d, 'n>,
    heading: Option<NodeId>,
    /// The main heading of a story, which may be called a slide or a quote. Of another page that may be
    /// what it is.
    of_story: Option<NodeId>,
    discussion: bool,
    candidates: Vec<Candidate>,
}

impl Search<'_, '_, '_> {
    fn consider(&mut self, node: NodeId, trust: u8, is_certain: bool, text: String) {
        // The first post of a thread may be long, and its author stand below it.
        let behind = if self.discussion {
            4 * NODES_BEHIND
        } else {
            NODES_BEHIND
        };
        let near = self.heading.map_or(self.discussion, |heading| {
            let (at, heading) = (node.index(), heading.index());
            at + NODES_BEFORE >= heading && at <= heading + behind
        });
        if !text.is_empty() && text.len() <= MAX_TEXT_BYTES {
            self.candidates.push(Candidate {
                node,
                trust: trust + 2 * u8::from(near),
                is_certain,
                text,
            });
        }
    }

    /// Whether what stands here is somebody else's: of another story, a customer, or who looked over
    /// what the author wrote.
    fn is_of_others(&self, node: NodeId) -> bool {
        is_elsewhere(self.sources, node, self.heading)
            || is_testimonial(self.sources, node, self.of_story)
            || is_of_helper(self.sources, node)
    }

    /// Elements that are marked as the author's.
    fn marked(&mut self) {
        let sources = self.sources;
        let document = sources.document;
        let mut outer: Option<(NodeId, u8)> = None;
        for &node in &sources.bylines {
            let within = outer.filter(|(end, _)| node < *end).map(|(_, trust)| trust);
            if within == Some(SURE) || self.is_of_others(node) {
                continue;
            }
            // A box around the heading is all of the story's.
            if self
                .heading
                .is_some_and(|heading| node < heading && heading < document.subtree_end(node))
            {
                continue;
            }
            let says = |name, word: &str| {
                document.attr(node, name).is_some_and(|value| {
                    value
                        .split_ascii_whitespace()
                        .any(|part| part.eq_ignore_ascii_case(word))
                })
            };
            let linked = says("rel", "author") && document.tag(node) == Tag::A;
            let is_card = document
                .classes(node)
                .any(|class| matches!(class, "vcard" | "h-card" | "p-author"));
            let trust = if linked || is_card || says("itemprop", "author") {
                SURE
            } else {
                3
            };
            // What an element says of itself is said of what is around it too.
            if within.is_some_and(|within| trust <= within) {
                continue;
            }
            let text = name_within(sources, node).unwrap_or_else(|| sources.parts_text(node));
            if text.len() <= MAX_TEXT_BYTES && !text.is_empty() {
                outer = Some((document.subtree_end(node), trust));
            }
            let is_introduced = introduction(&text).is_some_and(|(name, _)| !name.is_empty());
            self.consider(node, trust, trust == SURE || is_introduced, text);
        }
    }

    /// Links to the pages of authors.
    fn linked(&mut self) {
        for &node in &self.sources.author_links {
            if !self.is_of_others(node) && !is_in_prose(self.sources, node) {
                let text = self.sources.text(node);
                let named = is_named_after(self.sources, node, &text);
                self.consider(node, 3, named, text);
            }
        }
    }

    /// Texts that begin as a byline does.
    fn introduced(&mut self) {
        let sources = self.sources;
        for &node in &sources.introductions {
            if self.is_of_others(node) {
                continue;
            }
            // `By <a>Name</a>`: the name may be the next text.
            let own = sources.document.text(node);
            let (text, strong) = match introduction(&own) {
                Some(("", strong)) => (next_text(sources, node), strong),
                Some((name, strong)) => (name.to_owned(), strong),
                None => continue,
            };
            self.consider(node, 3 + u8::from(strong), false, text);
        }
    }

    /// Links to the pages of a forum's users.
    fn users(&mut self) {
        let document = self.sources.document;
        for &node in &self.sources.user_links {
            let owner = document
                .ancestors(node)
                .take(6)
                .any(|above| document.class_attr(above).contains("owner"));
            self.consider(node, 3 + u8::from(owner), false, self.sources.text(node));
        }
    }
}

/// All places where readers may find the author, in document order.
pub fn candidates(sources: &Sources<'_, '_>, story: &Story<'_>) -> Vec<Candidate> {
    let mut search = Search {
        sources,
        heading: story.heading,
        of_story: story.heading.filter(|_| story.is_story),
        discussion: story.is_discussion,
        candidates: Vec::new(),
    };
    search.marked();
    search.linked();
    search.introduced();
    if story.is_discussion {
        search.users();
    }
    search.candidates.sort_by_key(|candidate| candidate.node);
    search.candidates
}

/// Whether the text before a place says that who follows reviewed or edited the document.
fn is_of_helper(sources: &Sources<'_, '_>, node: NodeId) -> bool {
    const NODES: usize = 6;
    const MAX_BYTES: usize = 60;
    const WORDS: [&str; 14] = [
        "reviewed by",
        "reviewer",
        "checked by",
        "fact check",
        "edited by",
        "editor:",
        "photo by",
        "photos by",
        "translated by",
        "geprüft von",
        "übersetzt von",
        "fotos:",
        "revisado por",
        "relu par",
    ];
    let document = sources.document;
    let first = node.index().saturating_sub(NODES);
    let mut before = document.ids().skip(first).take(node.index() - first);
    let text = before
        .rfind(|&before| document.is_text(before) && !document.is_blank(before))
        .map(|before| document.raw_text(before))
        .filter(|text| text.len() <= MAX_BYTES)
        .unwrap_or_default()
        .to_lowercase();
    WORDS.iter().any(|word| text.trim_end().ends_with(word))
}

/// What an element that is marked as an author marks as the name.
fn name_within(sources: &Sources<'_, '_>, node: NodeId) -> Option<String> {
    let document = sources.document;
    let is_name = |&inner: &NodeId| {
        document.raw_attr(inner, "itemprop") == Some("name")
            || document
                .classes(inner)
                .any(|class| matches!(class, "fn" | "p-name"))
            || (document.tag(inner) == Tag::A
                && (sources.author_links.contains(&inner) || sources.user_links.contains(&inner)))
    };
    let mut marked = document.descendants(node).take(40).filter(is_name);
    marked.find_map(|inner| {
        let text = match document.attr(inner, "content") {
            Some(content) if document.tag(inner) == Tag::META => plain(&content),
            _ => sources.text(inner),
        };
        Some(text).filter(|text| !text.is_empty())
    })
}

/// Whether the address of a link ends with its text: `/author/ann-example`. That of a link to all of
/// an author's stories, or to all authors, doesn't.
fn is_named_after(sources: &Sources<'_, '_>, link: NodeId, text: &str) -> bool {
    let href = sources.document.raw_attr(link, "href").unwrap_or_default();
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_end_matches('/');
    let (above, last) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
    let text = letters(text);
    !text.is_empty() && letters(last) == text && is_of_people(above)
}

/// Whether an element is part of a paragraph: a person of whom the story speaks.
fn is_in_prose(sources: &Sources<'_, '_>, node: NodeId) -> bool {
    let document = sources.document;
    let block = document
        .ancestors(node)
        .take(4)
        .find(|&above| BLOCK_LEVEL.contains(document.tag(above)));
    block.is_some_and(|block| sources.text(block).len() > MAX_TEXT_BYTES)
}

/// The next text that is not blank, a few nodes on.
fn next_text(sources: &Sources<'_, '_>, node: NodeId) -> String {
    let document = sources.document;
    let mut behind = document.ids().skip(node.index() + 1).take(12);
    let next = behind.find(|&next| document.is_text(next) && !document.is_blank(next));
    next.map(|next| crate::render::collapse(&document.text(next)))
        .unwrap_or_default()
}
