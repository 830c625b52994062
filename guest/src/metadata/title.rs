//! The title, without the name of the site.

use super::linked::LinkedData;
use super::site::{is_site, letters};
use super::sources::Sources;
use crate::address::Base;

/// What authors put between a title and the name of their site.
const SEPARATORS: [&str; 14] = [
    " | ", " - ", " – ", " — ", " :: ", " » ", " « ", " · ", " • ", " / ", " ‹ ", " › ", " > ",
    " ~ ",
];

/// A longer text is no title, and is not taken apart.
const MAX_TITLE_BYTES: usize = 1000;

/// The document's title.
///
/// The main heading is the best witness where the machines' titles confirm it; where they don't, it
/// may be a logo or a slogan, and the title made for sharing is better.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    site_name: Option<&str>,
    base: &Base,
) -> Option<String> {
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
    let clean = |title: String| without_site(&title, site_name, base).to_owned();
    let shared = sources.meta(&NAMES).map(clean);
    let linked = (linked.rank() >= 2)
        .then(|| {
            linked
                .article_text("headline")
                .or_else(|| linked.article_text("name"))
        })
        .flatten()
        .map(clean);
    let own = sources.title.map(|node| clean(sources.text(node)));
    let headings: Vec<String> = sources
        .headings
        .iter()
        .take(8)
        .map(|&node| sources.text(node))
        .filter(|text| !text.is_empty())
        .collect();

    let witnesses: Vec<String> = [&own, &shared, &linked]
        .into_iter()
        .flatten()
        .map(|title| letters(title))
        .collect();
    let confirmed = headings.iter().find(|heading| {
        let heading = letters(heading);
        heading.len() >= 6
            && !is_site(&heading, site_name, base)
            && witnesses
                .iter()
                .any(|title| title == &heading || (heading.len() >= 12 && title.contains(&heading)))
    });
    let usable = |title: &String| !title.is_empty() && !is_site(title, site_name, base);
    let lone = || {
        (headings.len() == 1)
            .then(|| headings[0].clone())
            .filter(usable)
    };
    confirmed
        .cloned()
        .or(shared.clone().filter(usable))
        .or(linked.filter(usable))
        .or_else(lone)
        .or(own.filter(|title| !title.is_empty()))
        .or(shared.filter(|title| !title.is_empty()))
        .or_else(|| headings.into_iter().next())
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
