//! The headings of a document: which are its own, and what they say.

use super::sources::Sources;
use super::title::MAX_TITLE_BYTES;
use crate::address::Base;
use crate::needles::Needles;
use crate::parse::{NodeId, Tag};

/// What generators of documentation put behind a heading to link to it.
pub const PERMALINK_SIGNS: [char; 4] = [' ', '¶', '🔗', '\u{F0C1}'];

const MAX_HEADINGS: usize = 16;

/// A heading that may be the title.
pub struct Heading {
    pub node: NodeId,
    pub text: String,
}

/// The headings of the document's own, without their signs.
pub fn readable(sources: &Sources<'_, '_>, nodes: &[NodeId]) -> Vec<Heading> {
    let of_document = nodes.iter().filter(|&&node| !is_of_site(sources, node));
    of_document
        .map(|&node| {
            let text = without_kicker(sources, node).unwrap_or_else(|| sources.text(node));
            let text = text.trim_end_matches(PERMALINK_SIGNS).to_owned();
            Heading { node, text }
        })
        .filter(|Heading { text, .. }| !text.is_empty() && text.len() <= MAX_TITLE_BYTES)
        .take(MAX_HEADINGS)
        .collect()
}

/// The text of a heading without the words over or below it that name a topic or explain; none where
/// there are none.
fn without_kicker(sources: &Sources<'_, '_>, node: NodeId) -> Option<String> {
    static WORDS: Needles<11> = Needles::ignoring_case([
        "kicker",
        "overline",
        "topline",
        "roofline",
        "dachzeile",
        "spitzmarke",
        "eyebrow",
        "subtitle",
        "sub-heading",
        "subheading",
        "tagline",
    ]);
    let document = sources.document;
    let is_kicker = |&inner: &NodeId| document.classes(inner).any(|class| WORDS.any(class));
    let kicker = document.descendants(node).take(12).find(is_kicker)?;
    let (text, kicker) = (sources.text(node), sources.text(kicker));
    let rest = text
        .strip_prefix(&kicker)
        .or_else(|| text.strip_suffix(&kicker))?;
    let sign = |c: char| c.is_whitespace() || matches!(c, ':' | '|' | '•' | '-' | '–');
    Some(rest.trim_matches(sign).to_owned()).filter(|rest| !rest.is_empty())
}

/// Whether a heading is the site's: its logo, its menu.
fn is_of_site(sources: &Sources<'_, '_>, node: NodeId) -> bool {
    let document = sources.document;
    let names = document.class_attr(node).to_ascii_lowercase();
    ["logo", "site-title", "menu"]
        .iter()
        .any(|word| names.contains(word))
        || document
            .ancestors(node)
            .take(8)
            .any(|above| matches!(document.tag(above), Tag::NAV | Tag::FOOTER))
}

/// Whether a heading is a link to what the document is a part of: the site, a blog, a section.
pub fn names_what_is_above(sources: &Sources<'_, '_>, heading: &Heading, base: &Base) -> bool {
    let document = sources.document;
    let around = document.ancestors(heading.node).take(2);
    let within = document.descendants(heading.node).take(8);
    around
        .chain(within)
        .filter(|&node| document.tag(node) == Tag::A && sources.text(node) == heading.text)
        .filter_map(|link| document.attr(link, "href"))
        .any(|href| leads_up(&href, base))
}

/// Whether an address is that of a folder that the document is in.
fn leads_up(href: &str, base: &Base) -> bool {
    let address = base.resolve(href);
    let Some((_, address)) = address
        .as_deref()
        .and_then(|address| address.split_once("://"))
    else {
        return false;
    };
    let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let path = path.trim_end_matches('/');
    host.strip_prefix("www.").unwrap_or(host) == base.host()
        && base
            .path()
            .strip_prefix(path)
            .is_some_and(|below| below.len() > 1 && below.starts_with('/'))
}
