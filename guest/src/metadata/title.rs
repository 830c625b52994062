//! The title, without the name of the site.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::headings::{names_what_is_above, readable, Heading, PERMALINK_SIGNS};
use super::linked::LinkedData;
use super::site::{is_site, letters};
use super::sources::Sources;
use crate::address::Base;
use crate::parse::NodeId;

/// What authors put between a title and the name of their site.
const SEPARATORS: [&str; 14] = [
    " | ", " - ", " – ", " — ", " :: ", " » ", " « ", " · ", " • ", " / ", " ‹ ", " › ", " > ",
    " ~ ",
];

/// A longer text is no title, and is not taken apart.
pub const MAX_TITLE_BYTES: usize = 1000;

/// How much a heading must agree with a title made for machines to be the title itself.
const AGREEMENT: f32 = 0.5;
const STRONG_AGREEMENT: f32 = 0.8;

/// The document's title and the heading that it stands in.
///
/// The main heading is what readers call the document. It is known by its agreement with the titles
/// made for machines, which themselves are often longer, older or made to be clicked.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    site_name: Option<&str>,
    base: &Base,
) -> (Option<String>, Option<NodeId>) {
    let (above, headings): (Vec<Heading>, Vec<Heading>) = readable(sources, &sources.headings)
        .into_iter()
        .partition(|heading| names_what_is_above(sources, heading, base));
    let above: Vec<&str> = above.iter().map(|heading| heading.text.as_str()).collect();
    let subheadings = OnceCell::new();
    let subheadings = || subheadings.get_or_init(|| readable(sources, &sources.subheadings));
    if let Some(heading) = named_first(sources, &headings, subheadings) {
        return (Some(heading.text.clone()), Some(heading.node));
    }
    let declared = Declared::read(sources, linked, site_name, &above, base);
    if let Some((_, heading)) = declared.best(&headings) {
        return (Some(heading.text.clone()), Some(heading.node));
    }
    // A document without a main heading may have its title one or two levels down.
    let lower = headings.is_empty().then(subheadings);
    let lower = lower.and_then(|subheadings| declared.best(subheadings));
    if let Some((_, heading)) = lower.filter(|(agreement, _)| *agreement >= STRONG_AGREEMENT) {
        return (Some(heading.text.clone()), Some(heading.node));
    }
    let heading = headings.first().or(lower.map(|(_, heading)| heading));
    let node = heading.map(|heading| heading.node);
    let of_site = |title: &str| is_site(title, site_name, base);
    (declared.title(&headings, of_site), node)
}

/// The heading that the `title` element begins with, and goes on to say what it is a part of: that may
/// be the main heading, a book or a site, with the document's own a level down.
fn named_first<'h>(
    sources: &Sources<'_, '_>,
    headings: &'h [Heading],
    subheadings: impl FnOnce() -> &'h Vec<Heading>,
) -> Option<&'h Heading> {
    let title = sources.text(sources.title?);
    let parts = parts(&title);
    let [first, ref middle @ .., last] = parts[..] else {
        return None;
    };
    let is = |part: &str, heading: &Heading| {
        let part = letters(part);
        !part.is_empty() && part == letters(&heading.text)
    };
    // `Backup - How to copy a disk? - Example`: what comes first may be a topic.
    let is_topic = (headings.is_empty() && words(first).len() == 1)
        || headings
            .iter()
            .any(|heading| middle.iter().any(|part| is(part, heading)));
    if is_topic {
        return None;
    }
    let own = headings.iter().find(|heading| is(first, heading));
    let are_above = || headings.iter().all(|heading| is(last, heading));
    let below = || subheadings().iter().find(|heading| is(first, heading));
    own.or_else(|| are_above().then(below).flatten())
}

/// The titles made for machines.
struct Declared {
    /// The `title` element's.
    own: Option<String>,
    /// The one for those who share the document.
    shared: Option<String>,
    linked: Option<String>,
    /// The words of each.
    words: Vec<HashSet<String>>,
}

impl Declared {
    fn read(
        sources: &Sources<'_, '_>,
        linked: &LinkedData<'_>,
        site_name: Option<&str>,
        above: &[&str],
        base: &Base,
    ) -> Self {
        const NAMES: [&str; 9] = [
            "og:title",
            "twitter:title",
            "parsely-title",
            "sailthru.title",
            "citation_title",
            "dc.title",
            "dcterms.title",
            "title",
            "headline",
        ];
        let clean = |title: String| {
            let title = title.trim_end_matches(PERMALINK_SIGNS);
            without_names(without_site(title, site_name, base), above).to_owned()
        };
        let of_article = || {
            linked
                .article_text("headline")
                .or_else(|| linked.article_text("name"))
        };
        let own = sources.title.map(|node| clean(sources.text(node)));
        let shared = sources.meta(&NAMES).map(clean);
        let linked = (linked.rank() >= 2).then(of_article).flatten().map(clean);
        let titles = [&own, &shared, &linked].into_iter().flatten();
        let words = titles.map(|title| words(title)).collect();
        Self {
            own,
            shared,
            linked,
            words,
        }
    }

    /// The first of the headings that agree best, and how much; none where none agrees enough.
    fn best<'h>(&self, headings: &'h [Heading]) -> Option<(f32, &'h Heading)> {
        let mut best: Option<(f32, &Heading)> = None;
        for heading in headings {
            let own = words(&heading.text);
            let agreements = self.words.iter().map(|title| overlap(&own, title));
            let agreement = agreements.fold(0.0, f32::max);
            if agreement >= AGREEMENT && best.is_none_or(|(known, _)| agreement > known) {
                best = Some((agreement, heading));
            }
        }
        best
    }

    /// The title of a document whose headings don't agree with any of these.
    fn title(self, headings: &[Heading], of_site: impl Fn(&str) -> bool) -> Option<String> {
        let usable = |title: &String| !title.is_empty() && !of_site(title);
        let heading = || headings.first().map(|heading| heading.text.clone());
        let only_heading = || heading().filter(|_| headings.len() == 1);
        self.shared
            .clone()
            .filter(usable)
            .or(self.linked.filter(usable))
            .or_else(|| only_heading().filter(usable))
            .or(self.own.filter(|title| !title.is_empty()))
            .or(self.shared.filter(|title| !title.is_empty()))
            .or_else(heading)
    }
}

/// A title without the names that it begins or ends with.
fn without_names<'t>(title: &'t str, names: &[&str]) -> &'t str {
    let sign = |c: char| c.is_whitespace() || matches!(c, ':' | '|' | '-' | '–' | '—' | '»' | '•');
    let mut rest = title;
    for name in names {
        let behind = rest
            .strip_prefix(name)
            .map(|rest| rest.trim_start_matches(sign));
        rest = behind.filter(|rest| !rest.is_empty()).unwrap_or(rest);
        let before = rest.strip_suffix(name).map(str::trim_end);
        let before = before.filter(|rest| rest.ends_with(sign));
        let before = before.map(|rest| rest.trim_end_matches(sign));
        rest = before.filter(|rest| !rest.is_empty()).unwrap_or(rest);
    }
    rest
}

fn words(text: &str) -> HashSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The harmonic mean of the shares that two sets of words have in common.
fn overlap(one: &HashSet<String>, other: &HashSet<String>) -> f32 {
    let common = one.intersection(other).count();
    let total = one.len() + other.len();
    if total == 0 {
        0.0
    } else {
        2.0 * common as f32 / total as f32
    }
}

/// The parts of a title between its separators.
pub fn parts(title: &str) -> Vec<&str> {
    if title.len() > MAX_TITLE_BYTES {
        return vec![title];
    }
    let mut parts = Vec::new();
    let mut rest = title;
    while let Some((at, separator)) = SEPARATORS
        .iter()
        .filter_map(|separator| rest.find(separator).map(|at| (at, separator)))
        .min()
    {
        parts.push(rest[..at].trim());
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest.trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The title without the parts at its ends that name the site.
fn without_site<'t>(title: &'t str, site_name: Option<&str>, base: &Base) -> &'t str {
    let parts = parts(title);
    let named: Vec<bool> = parts
        .iter()
        .map(|part| is_site(part, site_name, base))
        .collect();
    let first = named.iter().take_while(|&&is| is).count();
    if first == parts.len() {
        return title.trim();
    }
    // What stands behind the site's name at the end goes with it, and so does a section before it.
    let mut last = parts.len();
    if let Some(at) = named.iter().rposition(|&is| is).filter(|&at| at > first) {
        last = at;
    }
    span(title, parts[first], parts[last - 1])
}

/// The part of a title from one of its parts to another.
fn span<'t>(title: &'t str, first: &str, last: &str) -> &'t str {
    let offset = |part: &str| part.as_ptr() as usize - title.as_ptr() as usize;
    title
        .get(offset(first)..offset(last) + last.len())
        .unwrap_or(title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Document;

    #[test]
    fn a_heading_s_link_to_itself_is_no_part_of_the_title() {
        let base = Base::new("https://docs.example.com/start").expect("a URL");
        for html in [
            "<title>Getting started</title><h1>Getting started<a class=headerlink href=#s>¶</a></h1>",
            "<title>Getting started</title><h1>Getting started <a href=#s>¶</a></h1>",
            "<title>Getting started¶</title>",
            "<title>Getting started</title><h1>Getting started<a class=hash-link href=#s>#</a></h1>",
        ] {
            let document = Document::parse(html);
            let sources = Sources::find(&document);
            let (title, _) = find(&sources, &LinkedData::new(&[]), None, &base);
            assert_eq!(title.as_deref(), Some("Getting started"), "{html}");
        }
    }

    #[test]
    fn a_heading_that_the_title_begins_with_goes_before_one_that_it_ends_with() {
        let base = Base::new("https://docs.example.com/start").expect("a URL");
        for html in [
            "<title>Getting started — Example 2.0 Documentation</title>\
             <h1>Example 2.0 Documentation</h1><h1>Getting started</h1>",
            "<title>Getting started - The Book of Examples</title>\
             <h1>The Book of Examples</h1><h2>Getting Started</h2>",
            "<title>Getting started | Examples and more</title><h3>Getting started</h3>",
            "<title>Examples - Getting started - The Book</title>\
             <h1>Getting started</h1><h1>Examples</h1>",
            "<title>Examples - Getting started - The Book</title>\
             <h2>Getting started - The Book</h2><h3>Examples</h3>",
        ] {
            let document = Document::parse(html);
            let sources = Sources::find(&document);
            let (title, _) = find(&sources, &LinkedData::new(&[]), None, &base);
            let title = title.map(|title| title.to_lowercase()).unwrap_or_default();
            assert!(title.starts_with("getting started"), "{html}: {title}");
        }
    }

    #[test]
    fn the_name_of_the_site_is_no_part_of_a_title() {
        let base = Base::new("https://www.example-news.com/a").expect("a URL");
        for (title, expected) in [
            ("Fish and chips | Example News", "Fish and chips"),
            ("Example News - Fish and chips", "Fish and chips"),
            (
                "Fish - and chips – Example News | London",
                "Fish - and chips",
            ),
            ("Fish and chips", "Fish and chips"),
            ("Fish | Chips", "Fish | Chips"),
            ("Example News", "Example News"),
            ("", ""),
        ] {
            assert_eq!(without_site(title, None, &base), expected);
        }
    }
}
