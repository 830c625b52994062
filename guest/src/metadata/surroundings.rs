//! What stands around a place in a document: whose it is, and what it is said of.

use super::dates::{self, Order};
use super::sources::Sources;
use crate::blocks::text::beginning;
use crate::needles::Needles;
use crate::parse::{Document, NodeId, Tag};

/// Whether the text of a date or the one before it speaks of an update.
pub fn is_update(sources: &Sources<'_, '_>, node: NodeId) -> bool {
    const WORDS: [&str; 12] = [
        "updated",
        "modified",
        "aktualisiert",
        "mis à jour",
        "mise à jour",
        "actualizado",
        "atualizado",
        "aggiornato",
        "bijgewerkt",
        "revised",
        "reviewed",
        "edited",
    ];
    let document = sources.document;
    let parent = document
        .parent(node)
        .map(|parent| document.class_attr(parent).to_ascii_lowercase())
        .unwrap_or_default();
    let text = if document.is_text(node) {
        document.text(node)
    } else {
        document.class_attr(node).into()
    };
    let lower = text.to_lowercase();
    WORDS
        .iter()
        .any(|word| lower.contains(word) || parent.contains(word))
}

/// Whether the text of a date says when something ends or takes place.
pub fn is_term(sources: &Sources<'_, '_>, node: NodeId, order: Order) -> bool {
    const WORDS: [&str; 13] = [
        "release date",
        " ends",
        "valid",
        "expire",
        "until",
        "through",
        "deadline",
        "starts",
        "due ",
        "gültig",
        "bis zum",
        "jusqu",
        "hasta",
    ];
    /// A longer text says it of something else than the date that it opens with.
    const MAX_BYTES: usize = 120;
    let text = beginning(sources.document.raw_text(node), MAX_BYTES).to_lowercase();
    WORDS.iter().any(|word| text.contains(word)) || dates::is_span(&text, order)
}

/// Whether an element belongs to a comment, to another story or to the site. What is around the main
/// heading too belongs to the story, whatever it is called.
pub fn is_elsewhere(sources: &Sources<'_, '_>, node: NodeId, heading: Option<NodeId>) -> bool {
    static WORDS: Needles<7> = Needles::ignoring_case([
        "comment",
        "related",
        "recent",
        "reply",
        "popular",
        "recommend",
        "joined",
    ]);
    static TEASER: Needles<1> = Needles::ignoring_case(["teaser"]);
    static OF_THE_STORY: Needles<2> = Needles::ignoring_case(["meta", "author"]);
    const SMALL: usize = 24;
    let document = sources.document;
    for above in std::iter::once(node)
        .chain(document.ancestors(node))
        .take(16)
    {
        let tag = document.tag(above);
        match tag {
            Tag::TEXT => continue,
            // What is said in a sample of code is not said of the document.
            Tag::NAV | Tag::PRE | Tag::CODE | Tag::SAMP => return true,
            // Bodies and articles say of themselves whether they have comments.
            Tag::BODY | Tag::HTML | Tag::MAIN | Tag::ARTICLE => return false,
            // A few lines are, and so is what follows the heading.
            Tag::ASIDE if document.subtree_end(above).index() <= above.index() + SMALL => {}
            Tag::ASIDE if heading.is_some_and(|heading| follows(document, above, heading)) => {}
            // What stands at the end of an article is about it, at the end of a page about the site.
            Tag::FOOTER if ends_story(document, above, heading) => {}
            Tag::FOOTER | Tag::ASIDE if !speaks_of(sources, above, &OF_THE_STORY) => {
                return true;
            }
            _ => {}
        }
        if heading.is_some_and(|heading| contains(document, above, heading)) {
            return false;
        }
        // A teaser leads to another story, or into the one whose heading it follows.
        let is_lead = || heading.is_some_and(|heading| follows(document, above, heading));
        if speaks_of(sources, above, &WORDS)
            || (speaks_of(sources, above, &TEASER) && !is_lead())
            || document.classes(above).any(|class| class == "sidebar")
        {
            return true;
        }
    }
    false
}

/// Whether a footer is that of the article with the main heading.
fn ends_story(document: &Document<'_>, footer: NodeId, heading: Option<NodeId>) -> bool {
    let article = document
        .ancestors(footer)
        .find(|&above| document.tag(above) == Tag::ARTICLE);
    article
        .zip(heading)
        .is_some_and(|(article, heading)| contains(document, article, heading))
}

/// Whether an element starts right behind another.
fn follows(document: &Document<'_>, element: NodeId, other: NodeId) -> bool {
    const NODES: usize = 16;
    let end = document.subtree_end(other).index();
    (end..end + NODES).contains(&element.index())
}

/// Whether an element is around a node.
fn contains(document: &Document<'_>, element: NodeId, node: NodeId) -> bool {
    element < node && node < document.subtree_end(element)
}

/// Whether a class of an element has one of these words in it. Classes that are styles with a
/// condition (`group-hover:x`, `[&_blockquote]:y`) speak of nothing.
pub fn speaks_of<const N: usize>(
    sources: &Sources<'_, '_>,
    node: NodeId,
    words: &Needles<N>,
) -> bool {
    sources
        .document
        .classes(node)
        .filter(|class| !class.contains([':', '[']))
        .any(|class| words.any(class))
}

/// Whether an element is part of what customers say.
pub fn is_testimonial(sources: &Sources<'_, '_>, node: NodeId, heading: Option<NodeId>) -> bool {
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
        .take_while(|&above| !heading.is_some_and(|heading| contains(document, above, heading)))
        .any(|above| document.tag(above) == Tag::BLOCKQUOTE || speaks_of(sources, above, &WORDS))
}
