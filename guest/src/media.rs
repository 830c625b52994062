//! Images, video and audio: the address of the best version of each.

use crate::address::Base;
use crate::distinct::Distinct;
use crate::parse::{Document, NodeId, Tag};

/// Where scripts that load images late keep the real address.
const LAZY: [&str; 10] = [
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-url",
    "data-original-src",
    "data-image",
    "data-hi-res-src",
    "data-src-large",
    "nitro-lazy-src",
];
const LAZY_SETS: [&str; 4] = [
    "srcset",
    "data-srcset",
    "data-lazy-srcset",
    "nitro-lazy-srcset",
];

/// How many children of one `picture` are looked at.
const MAX_CHILDREN: usize = 64;

/// The address of an image at its largest; none for what only counts visitors or holds a place.
pub fn image(document: &Document<'_>, img: NodeId, base: &Base) -> Option<String> {
    let tiny = |name| {
        document
            .raw_attr(img, name)
            .is_some_and(|size| matches!(size.trim().trim_end_matches("px"), "0" | "1"))
    };
    if tiny("width") || tiny("height") {
        return None;
    }
    let mut best = Largest::default();
    consider_sets(document, img, &mut best);
    let picture =
        picture(document, img).filter(|&picture| image_of(document, picture) == Some(img));
    for source in picture
        .into_iter()
        .flat_map(|picture| beginning(document, picture))
    {
        if document.tag(source) == Tag::SOURCE {
            consider_sets(document, source, &mut best);
        }
    }
    let lazy = || {
        LAZY.iter()
            .find_map(|name| document.attr(img, name))
            .and_then(|value| base.resolve(&value))
    };
    let source = || {
        document
            .attr(img, "src")
            .filter(|value| !is_placeholder(value))
            .and_then(|value| base.resolve(&value))
    };
    best.address
        .and_then(|address| base.resolve(&address))
        .or_else(lazy)
        .or_else(source)
}

/// Every medium of a part of a document, the main image first.
pub fn all(
    document: &Document<'_>,
    nodes: impl Iterator<Item = NodeId>,
    main: Option<String>,
    base: &Base,
) -> Vec<String> {
    let mut found = Distinct::default();
    found.extend(main);
    for node in nodes {
        match document.tag(node) {
            Tag::IMG => found.extend(image(document, node, base)),
            Tag::VIDEO | Tag::AUDIO => {
                for name in ["poster", "src", "data-src"] {
                    found.extend(
                        document
                            .attr(node, name)
                            .and_then(|value| base.resolve(&value)),
                    );
                }
            }
            Tag::SOURCE => match picture(document, node) {
                None => found.extend(
                    document
                        .attr(node, "src")
                        .and_then(|value| base.resolve(&value)),
                ),
                Some(picture) if image_of(document, picture).is_none() => {
                    let mut best = Largest::default();
                    consider_sets(document, node, &mut best);
                    found.extend(best.address.and_then(|address| base.resolve(&address)));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    found.into_iter().collect()
}

/// The picture that a source or an image is a part of.
fn picture(document: &Document<'_>, part: NodeId) -> Option<NodeId> {
    document
        .parent(part)
        .filter(|&parent| document.tag(parent) == Tag::PICTURE)
}

/// The image of a picture, which speaks for all its sources: they are read once, however many there are.
fn image_of(document: &Document<'_>, picture: NodeId) -> Option<NodeId> {
    beginning(document, picture).find(|&child| document.tag(child) == Tag::IMG)
}

fn beginning<'d>(document: &'d Document<'_>, picture: NodeId) -> impl Iterator<Item = NodeId> + 'd {
    document.children(picture).take(MAX_CHILDREN)
}

fn is_placeholder(address: &str) -> bool {
    let name = address.rsplit('/').next().unwrap_or_default();
    [
        "blank.",
        "spacer.",
        "placeholder.",
        "transparent.",
        "pixel.",
        "lazy.",
        "1x1.",
        "loading.",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// The candidate of a source set with the largest width or density.
#[derive(Default)]
struct Largest {
    address: Option<String>,
    size: f32,
}

fn consider_sets(document: &Document<'_>, node: NodeId, best: &mut Largest) {
    for name in LAZY_SETS {
        if let Some(set) = document.attr(node, name) {
            consider(&set, best);
        }
    }
}

/// Read a `srcset`: `a.jpg 480w, b.jpg 2x, c.jpg`. A comma inside an address belongs to it.
fn consider(set: &str, best: &mut Largest) {
    let mut rest = set;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (mut address, after) = rest.split_at(end);
        let mut size = 1.0;
        if let Some(alone) = address.strip_suffix(',') {
            address = alone.trim_end_matches(',');
            rest = after;
        } else {
            let end = after.find(',').unwrap_or(after.len());
            size = descriptor(&after[..end]).unwrap_or(1.0);
            rest = &after[end..];
        }
        if !address.starts_with("data:") && size > best.size {
            *best = Largest {
                address: Some(address.to_owned()),
                size,
            };
        }
    }
}

/// `480w` or `2x` as a number to compare: one set does not mix the two.
fn descriptor(text: &str) -> Option<f32> {
    let text = text.trim();
    let number = text.strip_suffix(['w', 'x', 'h'])?;
    number.parse().ok().filter(|size: &f32| size.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(html: &str) -> Vec<String> {
        let document = Document::parse(html);
        let base = Base::new("https://example.com/a/").expect("a URL");
        all(&document, document.ids(), None, &base)
            .iter()
            .map(|url| url.replace("https://example.com/a/", ""))
            .collect()
    }

    #[test]
    fn the_best_version_of_each_medium_is_found() {
        for (html, expected) in [
            ("<img src=a.jpg>", vec!["a.jpg"]),
            ("<img src=a.jpg srcset='b.jpg 480w, c.jpg 1200w, d.jpg 800w'>", vec!["c.jpg"]),
            ("<img src=a.jpg srcset='b.jpg, c.jpg 2x'>", vec!["c.jpg"]),
            ("<img srcset='i/w_100,h_50/a.jpg 100w, i/w_200,h_100/a.jpg 200w'>", vec!["i/w_200,h_100/a.jpg"]),
            ("<img src='data:image/gif;base64,R0' data-src=a.jpg>", vec!["a.jpg"]),
            ("<img src=blank.gif data-original=a.jpg>", vec!["a.jpg"]),
            ("<img src=t.gif width=1 height=1><img src=a.jpg height=1px>", vec![]),
            ("<picture><source srcset='a.webp 800w'><img src=a.jpg></picture>", vec!["a.webp"]),
            ("<picture><source srcset='a.webp'></picture>", vec!["a.webp"]),
            ("<video poster=p.jpg src=v.mp4></video><audio><source src=s.ogg><source src=s.mp3></audio>", vec!["p.jpg", "v.mp4", "s.ogg", "s.mp3"]),
            ("<img src=a.jpg><img src=a.jpg>", vec!["a.jpg"]),
            ("<img src=''><img><img srcset=','>", vec![]),
        ] {
            assert_eq!(media(html), expected, "{html}");
        }
    }
}
