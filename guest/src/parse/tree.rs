//! The document tree: one array of nodes in document order, spans into the source for everything else.

use std::borrow::Cow;

use memchr::memchr3;

use super::attributes::AttrSpan;
use super::entities::{self, Context};
use super::iter::{Ancestors, Children, Descendants};
use super::tags::Tag;

/// A node of a [`Document`]: an index in document order, so ids compare as nodes follow each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// The node as an index into a table of [`Document::len`] entries.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What stands in for a parent or an offset where there is none.
pub(super) const NONE: u32 = u32::MAX;

/// 20 bytes a node. Siblings are found through `end`, so no other link is needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) parent: u32,
    /// The first node after the subtree.
    pub(super) end: u32,
    /// Text: where the span starts. Element: where its name starts, [`NONE`] when it was implied.
    pub(super) start: u32,
    /// Text: where the span ends. Element: its first attribute.
    pub(super) extra: u32,
    pub(super) tag: Tag,
    pub(super) kind: Kind,
    /// How many attributes.
    pub(super) attributes: u16,
}

/// What a node is beyond its tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Document,
    Html,
    Svg,
    MathMl,
    Text,
    ReplaceableText,
    VerbatimText,
}

/// A parsed HTML document.
///
/// The tree borrows the source: text and attribute values are slices of it until somebody asks for
/// them decoded. Nodes lie in document order, so the subtree of `node` is the range of ids from
/// `node` to [`subtree_end(node)`](Document::subtree_end), and a table indexed by
/// [`NodeId::index`] can say anything about any node.
///
/// ```
/// use riptide_extractor::parse::{Document, Tag};
///
/// let document = Document::parse("<title>News</title><p class=lead>Fish &amp; <b>chips</b><p>End");
/// let body = document.body().unwrap();
/// let lead = document.first_child(body).unwrap();
/// assert_eq!(document.tag(lead), Tag::P);
/// assert_eq!(document.attr(lead, "class").as_deref(), Some("lead"));
/// assert_eq!(document.text_content(lead), "Fish & chips");
/// assert_eq!(document.children(body).count(), 2);
/// ```
pub struct Document<'a> {
    pub(super) source: &'a str,
    pub(super) nodes: Vec<Node>,
    pub(super) attributes: Vec<AttrSpan>,
    pub(super) html: Option<NodeId>,
    pub(super) head: Option<NodeId>,
    pub(super) body: Option<NodeId>,
}

impl<'a> Document<'a> {
    /// The HTML the document was parsed from.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// The document node, parent of the `html` element.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// The `html` element.
    pub fn html(&self) -> Option<NodeId> {
        self.html
    }

    /// The `head` element.
    pub fn head(&self) -> Option<NodeId> {
        self.head
    }

    /// The `body` element (none where the document has a `frameset`).
    pub fn body(&self) -> Option<NodeId> {
        self.body
    }

    /// How many nodes there are, the document node included.
    #[allow(clippy::len_without_is_empty)] // there is always the document node
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many bytes the tree takes beside the source.
    pub fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.attributes.capacity() * size_of::<AttrSpan>()
    }

    /// Every node in document order, the document node first.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    #[inline(always)]
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The tag of an element; [`Tag::TEXT`] or [`Tag::DOCUMENT`] for the other nodes.
    ///
    /// Inside `svg` and `math` only elements that mean the same there keep a tag that HTML has too
    /// (`script`, `style`); an svg `title` or `a` is [`Tag::UNKNOWN`], so nobody takes it for the document's.
    #[inline(always)]
    pub fn tag(&self, id: NodeId) -> Tag {
        self.node(id).tag
    }

    /// The element's name: lower case where the tag is interned, otherwise as written in the source.
    pub fn name(&self, id: NodeId) -> &'a str {
        let node = self.node(id);
        if node.tag != Tag::UNKNOWN || node.start == NONE {
            return node.tag.name();
        }
        written_name(self.source, node.start)
    }

    /// Whether the node is an element.
    #[inline(always)]
    pub fn is_element(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Html | Kind::Svg | Kind::MathMl)
    }

    /// Whether the node is text.
    #[inline(always)]
    pub fn is_text(&self, id: NodeId) -> bool {
        self.tag(id) == Tag::TEXT
    }

    /// Whether the node is an element of HTML, not of SVG or MathML.
    pub fn is_html(&self, id: NodeId) -> bool {
        self.node(id).kind == Kind::Html
    }

    /// The parent; none for the document node.
    #[inline(always)]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        match self.node(id).parent {
            NONE => None,
            parent => Some(NodeId(parent)),
        }
    }

    /// The first node after the subtree of `id` in document order; its index is
    /// [`len`](Document::len) where nothing follows.
    #[inline(always)]
    pub fn subtree_end(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).end)
    }

    /// The first child.
    #[inline(always)]
    pub fn first_child(&self, id: NodeId) -> Option<NodeId> {
        (self.node(id).end > id.0 + 1).then_some(NodeId(id.0 + 1))
    }

    /// The last child. Takes as many steps as the child's last descendant lies deep below it.
    pub fn last_child(&self, id: NodeId) -> Option<NodeId> {
        let last = self
            .first_child(id)
            .map(|_| NodeId(self.node(id).end - 1))?;
        Some(self.climb_to_child(last, id))
    }

    /// The next sibling.
    #[inline(always)]
    pub fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        let node = self.node(id);
        let parent = self.parent(id)?;
        (node.end < self.node(parent).end).then_some(NodeId(node.end))
    }

    /// The previous sibling. Takes as many steps as its last descendant lies deep below it.
    pub fn prev_sibling(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.parent(id)?;
        (id.0 > parent.0 + 1).then(|| self.climb_to_child(NodeId(id.0 - 1), parent))
    }

    /// The ancestor of `from`, or `from` itself, that is a child of `parent`.
    fn climb_to_child(&self, from: NodeId, parent: NodeId) -> NodeId {
        let mut child = from;
        while self.node(child).parent != parent.0 {
            child = NodeId(self.node(child).parent);
        }
        child
    }

    /// The children in order.
    pub fn children(&self, id: NodeId) -> Children<'_, 'a> {
        Children::new(self, id)
    }

    /// The nodes below `id` in document order, without `id` itself.
    pub fn descendants(&self, id: NodeId) -> Descendants<'_, 'a> {
        Descendants::new(self, id)
    }

    /// The parent, its parent and so on up to the document node.
    pub fn ancestors(&self, id: NodeId) -> Ancestors<'_, 'a> {
        Ancestors::new(self, id)
    }

    /// The source of a text node, nothing decoded; empty for other nodes.
    #[inline]
    pub fn raw_text(&self, id: NodeId) -> &'a str {
        let node = self.node(id);
        if node.tag != Tag::TEXT {
            return "";
        }
        self.source
            .get(node.start as usize..node.extra as usize)
            .unwrap_or_default()
    }

    /// The text of a text node with character references, line ends and NULs resolved; empty for
    /// other nodes. A slice of the source unless there was something to resolve.
    ///
    /// Neighbouring text nodes are not merged where a comment or a stray tag was between them.
    #[inline]
    pub fn text(&self, id: NodeId) -> Cow<'a, str> {
        let context = match self.node(id).kind {
            Kind::VerbatimText => Context::Verbatim,
            Kind::ReplaceableText => Context::Replaceable,
            _ => Context::Text,
        };
        entities::decode(self.raw_text(id), context)
    }

    /// Whether the node is text that consists of HTML's white space alone (a no-break space is not).
    pub fn is_blank(&self, id: NodeId) -> bool {
        self.is_text(id) && entities::is_blank(self.raw_text(id))
    }

    /// All text below `id` joined, the contents of `script`, `style` and `template` included;
    /// for a text node its own.
    pub fn text_content(&self, id: NodeId) -> String {
        let mut out = String::new();
        for node in self.nodes_within(id) {
            if self.is_text(node) {
                let raw = self.raw_text(node);
                if memchr3(b'&', b'\r', 0, raw.as_bytes()).is_none() {
                    out.push_str(raw);
                } else {
                    out.push_str(&self.text(node));
                }
            }
        }
        out
    }

    fn nodes_within(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        (id.0..self.node(id).end).map(NodeId)
    }
}

/// The element name that starts at `start` of the source.
pub(super) fn written_name(source: &str, start: u32) -> &str {
    let rest = source.get(start as usize..).unwrap_or_default();
    let length = rest
        .bytes()
        .position(super::tokenizer::ends_name)
        .unwrap_or(rest.len());
    &rest[..length]
}
