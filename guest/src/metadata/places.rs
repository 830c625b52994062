//! The places of a document where its date may stand.

use super::dates::{self, Order};
use super::moment::Moment;
use super::sources::Sources;
use super::surroundings::{is_elsewhere, is_term, is_update};
use super::teasers::Teasers;
use crate::address::Base;
use crate::blocks::text::beginning;
use crate::parse::{Document, NodeId, Tag};

/// A shown date stands at most so many nodes before or behind the main heading.
const NODES_BEFORE: usize = 60;
const NODES_BEHIND: usize = 200;
/// One that stands within so many nodes is the document's, however many others there are.
const NODES_BESIDE: usize = 10;
/// Texts longer than this only mention dates.
const MAX_SHOWN_BYTES: usize = 110;
/// Unless they open with one: `Berlin, 3 May 2024 – `.
const MAX_OPENING_BYTES: usize = 60;

/// Reads what stands in them.
pub struct Places<'s, 'd, 'n> {
    pub sources: &'s Sources<'d, 'n>,
    /// The main heading.
    pub heading: Option<NodeId>,
    pub order: Order,
    pub base: &'s Base,
    pub is_discussion: bool,
    pub is_story: bool,
    pub is_manual: bool,
}

impl Places<'_, '_, '_> {
    /// A date that markup declares to be that of the publication.
    ///
    /// Many different ones on a page that is no story are those of the stories it lists.
    pub fn marked(&self) -> Option<Moment> {
        const MANY: usize = 3;
        let document = self.sources.document;
        let sources = self.sources;
        let declared = sources
            .dates
            .iter()
            .chain(&sources.times)
            .copied()
            .filter(|&node| {
                let property = document.attr(node, "itemprop").unwrap_or_default();
                property.eq_ignore_ascii_case("datePublished") || document.has_attr(node, "pubdate")
            });
        let named = sources.times.iter().copied().filter(|&node| {
            let class = document.class_attr(node).to_ascii_lowercase();
            ["publish", "entry-date", "post-date", "posted"]
                .iter()
                .any(|word| class.contains(word))
                && !class.contains("updated ")
        });
        let mut moments = declared
            .chain(named)
            .filter(|&node| !is_elsewhere(self.sources, node, self.heading))
            .filter_map(|node| {
                self.machine_date(node)
                    .or_else(|| dates::find(&sources.text(node), self.order))
            });
        let first = moments.next()?;
        if self.is_story {
            return Some(first);
        }
        let mut days = vec![first];
        for moment in moments {
            if !days.iter().any(|known| known.same_day(&moment)) {
                days.push(moment);
            }
        }
        (days.len() < MANY).then_some(first)
    }

    /// A date that a text announces as that of the publication. Many different ones are those of other
    /// stories.
    pub fn labelled(&self) -> Option<Moment> {
        const MANY: usize = 3;
        const NODES_ON: usize = 12;
        let document = self.sources.document;
        let mut found: Vec<Moment> = Vec::new();
        for &label in &self.sources.date_labels {
            if is_elsewhere(self.sources, label, self.heading) || is_update(self.sources, label) {
                continue;
            }
            let own = || dates::find(&document.text(label), self.order);
            let next = || {
                let mut on = document.ids().skip(label.index() + 1).take(NODES_ON);
                on.find_map(|node| {
                    if document.tag(node) == Tag::TIME {
                        self.machine_date(node)
                    } else if document.is_text(node)
                        && document.raw_text(node).len() < MAX_SHOWN_BYTES
                    {
                        dates::find(&document.text(node), self.order)
                    } else {
                        None
                    }
                })
            };
            if let Some(moment) = own().or_else(next) {
                if !found.iter().any(|known| known.same_day(&moment)) {
                    found.push(moment);
                }
            }
        }
        (found.len() < MANY).then(|| found.into_iter().next())?
    }

    /// A date that readers see near the main heading. One of the publication goes before one of an
    /// update; many different ones are those of other stories.
    pub fn shown(&self) -> Option<Moment> {
        const MANY: usize = 4;
        let (sources, document) = (self.sources, self.sources.document);
        // A thread without a title starts where the document does.
        let heading = self
            .heading
            .or(document.body().filter(|_| self.is_discussion))?;
        let behind = if self.is_discussion {
            4 * NODES_BEHIND
        } else {
            NODES_BEHIND
        };
        let first = heading.index().saturating_sub(NODES_BEFORE);
        let beside = heading.index().saturating_sub(NODES_BESIDE)
            ..document.subtree_end(heading).index() + NODES_BESIDE;
        let mut teasers = Teasers::new(sources, heading, self.base);
        let mut published: Vec<Moment> = Vec::new();
        let (mut updated, mut nearest, mut first_post) = (None, None, None);
        for node in document.ids().skip(first).take(NODES_BEFORE + behind) {
            let Some(moment) = self.visible(node) else {
                continue;
            };
            if self.is_discussion && node > heading {
                first_post.get_or_insert(moment);
            }
            if is_elsewhere(sources, node, Some(heading))
                || is_term(sources, node, self.order)
                || (!self.is_discussion && teasers.have(node))
            {
                continue;
            }
            if is_update(sources, node) {
                updated.get_or_insert(moment);
            } else if !published.iter().any(|known| known.same_day(&moment)) {
                published.push(moment);
                if beside.contains(&node.index()) {
                    nearest.get_or_insert(moment);
                }
            }
        }
        if published.len() >= MANY && !self.is_discussion {
            return nearest;
        }
        // A manual says when it was last built.
        let updated = updated.filter(|_| !self.is_manual);
        published.into_iter().next().or(updated).or(first_post)
    }

    /// The date of a `time` element, of a short text or that a longer one opens with.
    fn visible(&self, node: NodeId) -> Option<Moment> {
        let document = self.sources.document;
        if document.tag(node) == Tag::TIME {
            return self.machine_date(node);
        }
        if !document.is_text(node) || is_code(document, node) {
            return None;
        }
        let is_dated = |text: &str| {
            text.bytes()
                .any(|byte| byte.is_ascii_digit() || byte >= 0xD9)
        };
        let text = document.raw_text(node).trim_ascii();
        match text.len() {
            0..6 => None,
            6..=MAX_SHOWN_BYTES if is_dated(text) => dates::find(&document.text(node), self.order),
            6..=MAX_SHOWN_BYTES => None,
            _ => Some(beginning(text, MAX_OPENING_BYTES))
                .filter(|opening| is_dated(opening))
                .and_then(|opening| dates::opening(opening, self.order)),
        }
    }

    /// A date in an element that is named after dates, wherever it stands, where there is only one.
    pub fn named(&self) -> Option<Moment> {
        const MAX_BYTES: usize = 60;
        let document = self.sources.document;
        let mut found: Option<Moment> = None;
        for &node in self.sources.dates.iter().chain(&self.sources.times) {
            if is_elsewhere(self.sources, node, self.heading) || is_update(self.sources, node) {
                continue;
            }
            let text = || self.sources.text(node);
            let shown = || {
                dates::find(
                    &Some(text()).filter(|text| text.len() <= MAX_BYTES)?,
                    self.order,
                )
            };
            let of_machines = || self.machine_date(node);
            let is_time = document.tag(node) == Tag::TIME;
            let moment = is_time.then(of_machines).flatten().or_else(shown);
            match (moment, found) {
                (Some(moment), Some(known)) if !moment.same_day(&known) => return None,
                (Some(moment), None) => found = Some(moment),
                _ => {}
            }
        }
        found
    }

    /// The dates of the first `time` elements.
    pub fn times(&self) -> impl Iterator<Item = Moment> + '_ {
        const MANY: usize = 8;
        let times = self.sources.times.iter().take(MANY);
        times.filter_map(|&node| self.machine_date(node))
    }

    /// The date of an element's attributes.
    fn machine_date(&self, node: NodeId) -> Option<Moment> {
        ["datetime", "content", "title"]
            .iter()
            .filter_map(|name| self.sources.document.attr(node, name))
            .find_map(|text| dates::find(&text, self.order))
    }
}

/// Whether a text is a script or a style, which no reader sees.
fn is_code(document: &Document<'_>, text: NodeId) -> bool {
    let parent = document.parent(text).map(|parent| document.tag(parent));
    matches!(parent, Some(Tag::SCRIPT | Tag::STYLE | Tag::TEMPLATE))
}
