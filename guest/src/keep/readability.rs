//! Article mode, for now: the crate `dom_smoothie`, an offspring of Mozilla's Readability, where
//! the document is of a shape it can bear.

use dom_smoothie::{Config, Readability};

use crate::parse::{Document, NodeId};

/// Documents beyond any of these are answered without `dom_smoothie`, which recurses into depth
/// and is quadratic in attributes and siblings. No document of 2,466 real ones is beyond.
const MAX_BYTES: usize = 8 * 1024 * 1024;
const MAX_NODES: usize = 120_000;
const MAX_DEPTH: usize = 220;
const MAX_ATTRIBUTES: usize = 400;
const MAX_CHILDREN: usize = 12_000;

/// The HTML of the article's body; none where the document has none or can't be given to the crate.
pub fn article_html(document: &Document<'_>) -> Option<String> {
    if !is_bearable(document) {
        return None;
    }
    let config = Config {
        keep_classes: true,
        disable_json_ld: true,
        ..Config::default()
    };
    let article = Readability::new(document.source(), None, Some(config))
        .ok()?
        .parse()
        .ok()?;
    Some(article.content.to_string()).filter(|html| !html.trim().is_empty())
}

fn is_bearable(document: &Document<'_>) -> bool {
    if document.source().len() > MAX_BYTES || document.len() > MAX_NODES {
        return false;
    }
    let mut depth: Vec<u16> = vec![0; document.len()];
    let mut children: Vec<u32> = vec![0; document.len()];
    document.ids().all(|node: NodeId| {
        if let Some(parent) = document.parent(node) {
            depth[node.index()] = depth[parent.index()].saturating_add(1);
            children[parent.index()] += 1;
            if children[parent.index()] as usize > MAX_CHILDREN {
                return false;
            }
        }
        usize::from(depth[node.index()]) <= MAX_DEPTH
            && document.raw_attrs(node).take(MAX_ATTRIBUTES + 1).count() <= MAX_ATTRIBUTES
    })
}
