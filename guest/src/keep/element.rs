//! Our tree as the crate `selectors` wants to see it.

use std::borrow::Cow;
use std::cell::Cell;

use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::context::MatchingContext;
use selectors::matching::ElementSelectorFlags;
use selectors::OpaqueElement;

use super::css::{AnyLink, Css, NoPseudoElement, Text};
use crate::parse::{Document, NodeId, Tag};

/// Elements deeper than this match nothing, as in browsers, which stop nesting there: `a b` is
/// looked up through all ancestors of every `b`.
const MAX_DEPTH: u16 = 512;

/// Steps that matching may take for each node, and in any case. `x ~ p` may ask every sibling of every
/// element, which is the square of their number; a page of four thousand siblings still has room for that.
const STEPS_A_NODE: usize = 256;
const LEAST_STEPS: usize = 1 << 23;

/// A document with what the tree has no short way to: siblings to the left.
pub struct Tree<'a> {
    document: &'a Document<'a>,
    rows: Vec<Row>,
    /// How many more steps matching may take; none where it wanted more than there were.
    steps: Cell<Option<usize>>,
}

/// What is known of a node beyond the tree. Its place in memory is its identity.
#[derive(Clone, Copy)]
struct Row {
    previous: Option<NodeId>,
    depth: u16,
}

impl<'a> Tree<'a> {
    pub fn new(document: &'a Document<'a>) -> Self {
        let mut rows = vec![
            Row {
                previous: None,
                depth: 0
            };
            document.len()
        ];
        let mut last_child: Vec<Option<NodeId>> = vec![None; document.len()];
        for node in document.ids().filter(|&node| document.is_element(node)) {
            let Some(parent) = document.parent(node) else {
                continue;
            };
            rows[node.index()] = Row {
                previous: last_child[parent.index()].replace(node),
                depth: rows[parent.index()].depth.saturating_add(1),
            };
        }
        let steps = LEAST_STEPS.saturating_add(document.len().saturating_mul(STEPS_A_NODE));
        Self {
            document,
            rows,
            steps: Cell::new(Some(steps)),
        }
    }

    /// Whether matching wanted more steps than there were: what it said since means nothing.
    pub fn is_exhausted(&self) -> bool {
        self.steps.get().is_none()
    }

    /// Whether so many steps may be taken; then they are taken.
    fn spend(&self, steps: usize) -> bool {
        let left = self.steps.get().and_then(|left| left.checked_sub(steps));
        self.steps.set(left);
        left.is_some()
    }
}

/// An element of a [`Tree`].
#[derive(Clone, Copy)]
pub struct Element<'t> {
    tree: &'t Tree<'t>,
    node: NodeId,
}

impl<'t> Element<'t> {
    /// The node as an element; none where it is none, or one too deep.
    pub fn new(tree: &'t Tree<'t>, node: NodeId) -> Option<Self> {
        (tree.document.is_element(node) && tree.rows[node.index()].depth <= MAX_DEPTH)
            .then_some(Self { tree, node })
    }

    fn document(&self) -> &'t Document<'t> {
        self.tree.document
    }

    fn at(&self, node: NodeId) -> Self {
        Self {
            tree: self.tree,
            node,
        }
    }

    /// The value of an attribute. To read it costs as many steps as it is long.
    fn attribute(&self, name: &str) -> Option<Cow<'t, str>> {
        let length = self.document().raw_attr(self.node, name)?.len();
        self.tree.spend(1 + length / 4).then_some(())?;
        self.document().attr(self.node, name)
    }

    fn name(&self) -> &'t str {
        let name = self.document().name(self.node);
        self.tree.spend(1 + name.len() / 4);
        name
    }

    fn first_element(&self, mut next: Option<NodeId>) -> Option<Self> {
        while let Some(node) = next.filter(|_| self.tree.spend(1)) {
            if self.document().is_element(node) {
                return Some(self.at(node));
            }
            next = self.document().next_sibling(node);
        }
        None
    }
}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>", self.document().name(self.node))
    }
}

impl selectors::Element for Element<'_> {
    type Impl = Css;

    fn opaque(&self) -> OpaqueElement {
        OpaqueElement::new(&self.tree.rows[self.node.index()])
    }

    fn parent_element(&self) -> Option<Self> {
        let parent = self.document().parent(self.node)?;
        (self.document().is_element(parent) && self.tree.spend(1)).then(|| self.at(parent))
    }

    fn parent_node_is_shadow_root(&self) -> bool {
        false
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        None
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.tree.rows[self.node.index()]
            .previous
            .filter(|_| self.tree.spend(1))
            .map(|node| self.at(node))
    }

    fn next_sibling_element(&self) -> Option<Self> {
        self.first_element(self.document().next_sibling(self.node))
    }

    fn first_element_child(&self) -> Option<Self> {
        self.first_element(self.document().first_child(self.node))
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.document().is_html(self.node)
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    fn has_namespace(&self, _: &str) -> bool {
        true
    }

    fn is_same_type(&self, other: &Self) -> bool {
        self.name().eq_ignore_ascii_case(other.name())
    }

    fn attr_matches(
        &self,
        _: &NamespaceConstraint<&Text>,
        name: &Text,
        operation: &AttrSelectorOperation<&Text>,
    ) -> bool {
        self.attribute(name)
            .is_some_and(|value| operation.eval_str(&value))
    }

    fn match_non_ts_pseudo_class(&self, _: &AnyLink, _: &mut MatchingContext<'_, Css>) -> bool {
        self.is_link()
    }

    fn match_pseudo_element(
        &self,
        element: &NoPseudoElement,
        _: &mut MatchingContext<'_, Css>,
    ) -> bool {
        match *element {}
    }

    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        matches!(self.document().tag(self.node), Tag::A | Tag::AREA)
            && self.document().has_attr(self.node, "href")
    }

    fn is_html_slot_element(&self) -> bool {
        false
    }

    fn has_id(&self, id: &Text, case: CaseSensitivity) -> bool {
        self.attribute("id")
            .is_some_and(|value| case.eq(value.as_bytes(), id.as_bytes()))
    }

    fn has_class(&self, name: &Text, case: CaseSensitivity) -> bool {
        self.attribute("class").is_some_and(|value| {
            value
                .split_ascii_whitespace()
                .any(|class| case.eq(class.as_bytes(), name.as_bytes()))
        })
    }

    fn has_custom_state(&self, _: &Text) -> bool {
        false
    }

    fn imported_part(&self, _: &Text) -> Option<Text> {
        None
    }

    fn is_part(&self, _: &Text) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        self.document().first_child(self.node).is_none()
    }

    fn is_root(&self) -> bool {
        self.parent_element().is_none()
    }

    fn add_element_unique_hashes(&self, _: &mut BloomFilter) -> bool {
        false
    }
}
