//! Links, and what their markup says about them.

use std::collections::HashSet;

use crate::address::Base;
use crate::content::Link;
use crate::distinct::Distinct;
use crate::parse::{Document, NodeId, Tag};
use crate::render::collapse;

/// A link's text ends here: an unclosed link would hold the rest of the page.
const MAX_TEXT_BYTES: usize = 2000;
const MAX_TEXT_NODES: usize = 200;

/// The addresses that a part of a document links to, each once.
pub fn addresses(
    document: &Document<'_>,
    nodes: impl Iterator<Item = NodeId>,
    base: &Base,
) -> Distinct {
    nodes
        .filter_map(|node| address(document, node, base))
        .collect()
}

/// Every link of a document; one to the same address with the same text is not repeated.
pub fn all(document: &Document<'_>, base: &Base) -> Vec<Link> {
    let mut seen = HashSet::new();
    document
        .ids()
        .filter_map(|node| Some(link(document, node, address(document, node, base)?)))
        .filter(|link| seen.insert((link.url.clone(), link.text.clone())))
        .collect()
}

fn address(document: &Document<'_>, node: NodeId, base: &Base) -> Option<String> {
    if !matches!(document.tag(node), Tag::A | Tag::AREA) {
        return None;
    }
    base.resolve(&document.attr(node, "href")?)
}

fn link(document: &Document<'_>, node: NodeId, url: String) -> Link {
    let rel = document.attr(node, "rel").unwrap_or_default();
    let says = |word: &str| {
        rel.split(|c: char| c.is_ascii_whitespace() || c == ',')
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    let hreflang = document
        .attr(node, "hreflang")
        .map(|language| language.trim().to_owned());
    Link {
        url,
        text: text(document, node),
        nofollow: says("nofollow"),
        ugc: says("ugc"),
        sponsored: says("sponsored"),
        hreflang: hreflang.filter(|language| !language.is_empty()),
    }
}

/// What a reader sees of a link, or is told by a screen reader.
fn text(document: &Document<'_>, link: NodeId) -> String {
    let mut text = String::new();
    let mut described = None;
    let mut below = document.descendants(link);
    let mut nodes = 0;
    while let Some(node) = below.next() {
        nodes += 1;
        if nodes > MAX_TEXT_NODES || text.len() > MAX_TEXT_BYTES {
            break;
        }
        match document.tag(node) {
            Tag::SCRIPT | Tag::STYLE | Tag::TEMPLATE | Tag::SVG => below.skip_subtree(node),
            Tag::TEXT => text.push_str(&document.text(node)),
            Tag::BR => text.push(' '),
            Tag::IMG => {
                described = described.or_else(|| {
                    document
                        .attr(node, "alt")
                        .filter(|alt| !alt.trim().is_empty())
                })
            }
            _ => {}
        }
    }
    let text = collapse(&text);
    if !text.is_empty() {
        return text;
    }
    let attribute = |name| {
        document
            .attr(link, name)
            .filter(|value: &std::borrow::Cow<'_, str>| !value.trim().is_empty())
    };
    let described = attribute("aria-label")
        .or(described)
        .or_else(|| attribute("title"))
        .or_else(|| attribute("alt"));
    described.map(|text| collapse(&text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(html: &str) -> Vec<Link> {
        let base = Base::new("https://example.com/a/b").expect("a URL");
        all(&Document::parse(html), &base)
    }

    #[test]
    fn links_come_with_what_their_markup_says() {
        let found = links(
            "<a href=/x rel='NoFollow ugc' hreflang=de> one\n<b>two</b> </a><a href=y rel=sponsored><img src=i alt=Picture></a>\
             <a href=z aria-label=Close><svg><title>x</title></svg></a><a href='javascript:x()'>no</a><a>no</a><a href=#top>no</a>\
             <map><area href=/map alt=Map></map><a href=/x>one two</a><a href=/x>other</a>",
        );
        let link = |url: &str, text: &str| Link {
            url: format!("https://example.com/{url}"),
            text: text.into(),
            nofollow: false,
            ugc: false,
            sponsored: false,
            hreflang: None,
        };
        assert_eq!(
            found,
            [
                Link {
                    nofollow: true,
                    ugc: true,
                    hreflang: Some("de".into()),
                    ..link("x", "one two")
                },
                Link {
                    sponsored: true,
                    ..link("a/y", "Picture")
                },
                link("a/z", "Close"),
                link("map", "Map"),
                link("x", "other"),
            ]
        );
    }

    #[test]
    fn addresses_come_once() {
        let document = Document::parse("<a href=/x>1</a><a href=/y>2</a><a href=/x>3</a>");
        let base = Base::new("https://example.com/").expect("a URL");
        assert_eq!(
            Vec::from_iter(addresses(&document, document.ids(), &base)),
            ["https://example.com/x", "https://example.com/y"]
        );
    }
}
