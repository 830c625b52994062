//! Which dates are those of other documents: of the teasers that lead to them.

use std::collections::HashMap;

use super::sources::Sources;
use crate::address::Base;
use crate::parse::{NodeId, Tag};

/// A box of more nodes is more than a teaser.
const SMALL: usize = 60;
/// A date stands so many elements deep in a link at most.
const DEPTH: usize = 6;

/// Tells teasers from the document, whose heading is in none of them.
pub struct Teasers<'s, 'd, 'n> {
    sources: &'s Sources<'d, 'n>,
    heading: NodeId,
    /// The path of the document's own address.
    own: &'s str,
    /// What was found of the links and boxes of earlier dates.
    known: HashMap<NodeId, bool>,
}

impl<'s, 'd, 'n> Teasers<'s, 'd, 'n> {
    pub fn new(sources: &'s Sources<'d, 'n>, heading: NodeId, base: &'s Base) -> Self {
        Self {
            sources,
            heading,
            own: base.path().trim_matches('/'),
            known: HashMap::new(),
        }
    }

    /// Whether a date is part of what leads to another document: inside a link that says more, or in
    /// a small box whose heading is a link.
    pub fn have(&mut self, node: NodeId) -> bool {
        let document = self.sources.document;
        let link = document
            .ancestors(node)
            .take(DEPTH)
            .find(|&above| document.tag(above) == Tag::A);
        let outermost = document
            .ancestors(node)
            .take_while(|&above| self.is_small(above))
            .last();
        link.is_some_and(|link| self.ask(link, Self::is_rich_link))
            || outermost.is_some_and(|outermost| self.ask(outermost, Self::is_headed_by_link))
    }

    fn ask(&mut self, element: NodeId, question: impl Fn(&Self, NodeId) -> bool) -> bool {
        if let Some(&known) = self.known.get(&element) {
            return known;
        }
        let found = question(self, element);
        self.known.insert(element, found);
        found
    }

    /// Whether an element may be a teaser by its size, and is not around the main heading.
    fn is_small(&self, element: NodeId) -> bool {
        let start = element.index();
        let end = self.sources.document.subtree_end(element).index();
        end <= start + SMALL && !(start..end).contains(&self.heading.index())
    }

    fn is_rich_link(&self, link: NodeId) -> bool {
        let document = self.sources.document;
        let texts = document
            .descendants(link)
            .take(SMALL)
            .filter(|&text| document.is_text(text) && !document.is_blank(text));
        self.leads_away(link) && texts.take(2).count() == 2
    }

    fn is_headed_by_link(&self, element: NodeId) -> bool {
        let document = self.sources.document;
        let is_heading =
            |&inner: &NodeId| matches!(document.tag(inner), Tag::H2 | Tag::H3 | Tag::H4);
        let mut titles = document.descendants(element).filter(is_heading);
        titles.any(|title| {
            let mut around = document.ancestors(title).take(DEPTH);
            let mut within = document.descendants(title);
            around.any(|above| self.leads_away(above)) || within.any(|below| self.leads_away(below))
        })
    }

    /// Whether an element is a link to another document.
    fn leads_away(&self, element: NodeId) -> bool {
        let document = self.sources.document;
        if document.tag(element) != Tag::A {
            return false;
        }
        let href = document.raw_attr(element, "href").unwrap_or_default();
        !href.is_empty()
            && !href.starts_with('#')
            && !href.trim_end_matches('/').ends_with(self.own)
    }
}
