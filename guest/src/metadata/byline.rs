//! Who wrote a document: people, or nobody.
//!
//! What machines are told is trusted where the document is a story; what readers see only near
//! the heading. A name in a review, a testimonial or a list of other stories is nobody's byline.

use super::introductions::introduction;
use super::json::Value;
use super::linked::{types, LinkedData};
use super::names::Names;
use super::published::{is_elsewhere, speaks_of};
use super::sources::Sources;
use super::{plain, Story};
use crate::address::Base;
use crate::needles::Needles;
use crate::parse::{NodeId, Tag, BLOCK_LEVEL};

const MAX_PEOPLE: usize = 12;
/// A longer text is more than a byline.
const MAX_TEXT_BYTES: usize = 160;

/// A byline stands at most so many nodes before or behind the main heading.
const NODES_BEFORE: usize = 80;
const NODES_BEHIND: usize = 260;

/// The names of the authors, separated by commas.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    story: &Story<'_>,
    base: &Base,
) -> Option<String> {
    let names = Names {
        site_name: story.site_name,
        title: story.title,
        base,
    };
    // What stands on a front page is by others.
    if matches!(base.path(), "" | "/") && linked.rank() < 3 {
        return None;
    }
    let people = linked_authors(linked);
    let declared = meta_authors(sources);
    let discussion = story.is_discussion;
    let stated = if discussion {
        names.users(&people)
    } else {
        names.persons(&people)
    };
    stated
        .or_else(|| names.people(&declared))
        .or_else(|| shown(sources, story, &names, discussion).filter(|_| linked.rank() != 2))
        // Nobody by name: the site may be called after its author, or a story say only which
        // team it is from. Organisations are no authors: most are the site itself.
        .or_else(|| names.authors(&people))
        .or_else(|| {
            names
                .authors(&declared)
                .filter(|_| story.is_story && story.is_dated)
        })
}

/// The people who are the authors in the document's own JSON-LD.
fn linked_authors(linked: &LinkedData<'_>) -> Vec<String> {
    let mut people = Vec::new();
    // The author of a product is who made the shop's template.
    let Some(article) = linked.article().filter(|_| linked.rank() != 2) else {
        return people;
    };
    let question = || article.get("mainEntity")?.items().first();
    let author = |object: &'_ Value<'_>| {
        object
            .get("author")
            .or_else(|| object.get("creator"))
            .is_some()
    };
    let object = if author(article) {
        article
    } else {
        question().unwrap_or(article)
    };
    let authors = object.get("author").or_else(|| object.get("creator"));
    for author in authors
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .take(MAX_PEOPLE)
    {
        let author = linked.resolved(author);
        let organisation = types(author).any(|kind| {
            kind.ends_with("Organization") || matches!(kind, "WebSite" | "Brand" | "Corporation")
        });
        if organisation {
            continue;
        }
        match author {
            Value::String(name) => people.push(plain(name)),
            author => {
                let names = author.get("name").map(Value::items).unwrap_or_default();
                people.extend(names.iter().filter_map(Value::as_str).map(plain));
            }
        }
    }
    people
}

fn meta_authors(sources: &Sources<'_, '_>) -> Vec<String> {
    const NAMES: [&str; 11] = [
        "author",
        "article:author",
        "article:author:name",
        "byl",
        "parsely-author",
        "sailthru.author",
        "dc.creator",
        "dcterms.creator",
        "dc.creator.personalname",
        "article:author_name",
        "cxenseparse:author",
    ];
    let values = |name| -> Vec<String> {
        sources
            .metas_of(name)
            .filter(|value| !value.contains("://"))
            .take(MAX_PEOPLE)
            .collect()
    };
    NAMES
        .into_iter()
        .map(values)
        .find(|names| !names.is_empty())
        .unwrap_or_default()
}

/// A place where readers may find the author, and how much it can be trusted.
struct Candidate {
    node: NodeId,
    trust: u8,
    text: String,
}

/// Trust from which a candidate counts. Nearness to the heading is worth two.
const ENOUGH: u8 = 5;

/// A page with so many other authors is a list of stories.
const MANY: usize = 3;

/// The authors that readers see.
fn shown(
    sources: &Sources<'_, '_>,
    story: &Story<'_>,
    names: &Names<'_>,
    discussion: bool,
) -> Option<String> {
    let mut candidates = candidates(sources, story, discussion);
    candidates.sort_by_key(|candidate| candidate.node);
    let read = |texts: &[String]| {
        if discussion {
            names.users(texts)
        } else {
            names.people(texts)
        }
    };
    let enough = if story.is_story || story.is_dated || discussion {
        ENOUGH
    } else {
        ENOUGH + 1
    };
    let best = candidates.iter().map(|candidate| candidate.trust).max()?;
    for trust in (enough..=best).rev() {
        let mut found = candidates
            .iter()
            .filter(|candidate| candidate.trust == trust);
        let first = found.find_map(|candidate| {
            let texts = [candidate.text.clone()];
            // What is marked as the author right below the heading may be a first name.
            let person = || {
                let declared = || names.persons(&texts).or_else(|| names.users(&texts));
                declared().filter(|_| trust > ENOUGH)
            };
            Some((candidate, read(&texts).or_else(person)?))
        });
        let Some((first, name)) = first else { continue };
        if discussion {
            return Some(name);
        }
        let others: Vec<String> = found.clone().map(|other| other.text.clone()).collect();
        if !story.is_story
            && read(&others).is_some_and(|others| {
                others.split(", ").filter(|other| *other != name).count() >= MANY
            })
        {
            return None;
        }
        // Several authors are marked each by itself, one right after the other.
        let beside = found.take_while(|other| other.node.index() < first.node.index() + 24);
        let texts: Vec<String> = std::iter::once(name)
            .chain(beside.map(|other| other.text.clone()))
            .collect();
        return read(&texts).or(texts.into_iter().next());
    }
    if discussion || !(story.is_story || story.is_dated) {
        return None;
    }
    unanimous(&candidates, names)
}

/// The name that all agree on who give one, wherever they stand: at the end of the text, in a box
/// about the author.
fn unanimous(candidates: &[Candidate], names: &Names<'_>) -> Option<String> {
    let mut found = candidates
        .iter()
        .filter_map(|candidate| names.people(std::slice::from_ref(&candidate.text)));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// Looks for candidates, place by place.
struct Search<'s, 'd, 'n> {
    sources: &'s Sources<'d, 'n>,
    heading: Option<NodeId>,
    discussion: bool,
    candidates: Vec<Candidate>,
}

impl Search<'_, '_, '_> {
    fn consider(&mut self, node: NodeId, trust: u8, text: String) {
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
                text,
            });
        }
    }

    /// Whether what stands here is somebody else's: of another story, or of a customer.
    fn is_of_others(&self, node: NodeId) -> bool {
        is_elsewhere(self.sources, node) || is_testimonial(self.sources, node)
    }

    /// Elements that are marked as the author's.
    fn marked(&mut self) {
        let sources = self.sources;
        let document = sources.document;
        let mut end: Option<NodeId> = None;
        for &node in &sources.bylines {
            if end.is_some_and(|end| node < end) || self.is_of_others(node) {
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
                4
            } else {
                3
            };
            let text = name_within(sources, node).unwrap_or_else(|| sources.parts_text(node));
            if text.len() <= MAX_TEXT_BYTES && !text.is_empty() {
                end = Some(document.subtree_end(node));
            }
            self.consider(node, trust, text);
        }
    }

    /// Links to the pages of authors.
    fn linked(&mut self) {
        for &node in &self.sources.author_links {
            if !self.is_of_others(node) && !is_in_prose(self.sources, node) {
                self.consider(node, 3, self.sources.text(node));
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
            self.consider(node, 3 + u8::from(strong), text);
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
            self.consider(node, 3 + u8::from(owner), self.sources.text(node));
        }
    }
}

fn candidates(sources: &Sources<'_, '_>, story: &Story<'_>, discussion: bool) -> Vec<Candidate> {
    let mut search = Search {
        sources,
        heading: story.heading,
        discussion,
        candidates: Vec::new(),
    };
    search.marked();
    search.linked();
    search.introduced();
    if discussion {
        search.users();
    }
    search.candidates
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

/// Whether an element is part of what customers say.
fn is_testimonial(sources: &Sources<'_, '_>, node: NodeId) -> bool {
    static WORDS: Needles<6> = Needles::ignoring_case([
        "review",
        "testimonial",
        "quote",
        "customer",
        "rating",
        "slide",
    ]);
    let document = sources.document;
    std::iter::once(node)
        .chain(document.ancestors(node))
        .take(12)
        .any(|above| document.tag(above) == Tag::BLOCKQUOTE || speaks_of(sources, above, &WORDS))
}
