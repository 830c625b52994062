//! The tree as html5ever builds it.

use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ns, parse_document, ParseOpts};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use crate::outline::{Item, Outline};

/// The outline of html5ever's tree, scripting disabled as it is in ours.
pub fn outline(html: &str) -> Outline {
    let tree_builder = TreeBuilderOpts {
        scripting_enabled: false,
        ..Default::default()
    };
    let options = ParseOpts {
        tree_builder,
        ..Default::default()
    };
    let dom = parse_document(RcDom::default(), options).one(html);
    let mut outline = Outline::default();
    // A stack, for pages are deeper than the test's own.
    let mut walk: Vec<(Handle, bool)> = vec![(dom.document.clone(), true)];
    while let Some((node, entering)) = walk.pop() {
        match &node.data {
            NodeData::Element {
                name,
                attrs,
                template_contents,
                ..
            } => {
                if !entering {
                    outline.push(Item::End);
                    continue;
                }
                let attribute = |wanted: &str| {
                    let attrs = attrs.borrow();
                    attrs
                        .iter()
                        .find(|a| &*a.name.local == wanted)
                        .map(|a| a.value.to_string())
                };
                outline.start(&name.local, name.ns == ns!(html), attribute);
                walk.push((node.clone(), false));
                if let Some(contents) = &*template_contents.borrow() {
                    walk.extend(
                        contents
                            .children
                            .borrow()
                            .iter()
                            .rev()
                            .map(|c| (c.clone(), true)),
                    );
                }
            }
            NodeData::Text { contents } => outline.text(&contents.borrow()),
            _ => {}
        }
        if entering {
            walk.extend(
                node.children
                    .borrow()
                    .iter()
                    .rev()
                    .map(|c| (c.clone(), true)),
            );
        }
    }
    outline
}
