//! Tokens to a tree.

use memchr::memchr_iter;

use super::tags::{Tag, TagSet};
use super::tokenizer::{StartTag, Token, Tokenizer};
use super::tree::{written_name, Document, Kind, Node, NodeId, NONE};

const VOID: TagSet = TagSet::new(&[
    Tag::AREA,
    Tag::BASE,
    Tag::BR,
    Tag::COL,
    Tag::EMBED,
    Tag::HR,
    Tag::IMG,
    Tag::INPUT,
    Tag::LINK,
    Tag::META,
    Tag::PARAM,
    Tag::SOURCE,
    Tag::TRACK,
    Tag::WBR,
]);
const RAW: TagSet = TagSet::new(&[
    Tag::SCRIPT,
    Tag::STYLE,
    Tag::IFRAME,
    Tag::XMP,
    Tag::NOEMBED,
    Tag::NOFRAMES,
]);
const RCDATA: TagSet = TagSet::new(&[Tag::TITLE, Tag::TEXTAREA]);
const HEAD: TagSet = TagSet::new(&[
    Tag::TITLE,
    Tag::META,
    Tag::LINK,
    Tag::SCRIPT,
    Tag::STYLE,
    Tag::BASE,
    Tag::NOSCRIPT,
    Tag::TEMPLATE,
]);
const CLOSES_P: TagSet = TagSet::new(&[
    Tag::ADDRESS,
    Tag::ARTICLE,
    Tag::ASIDE,
    Tag::BLOCKQUOTE,
    Tag::CENTER,
    Tag::DETAILS,
    Tag::DIALOG,
    Tag::DIR,
    Tag::DIV,
    Tag::DL,
    Tag::FIELDSET,
    Tag::FIGCAPTION,
    Tag::FIGURE,
    Tag::FOOTER,
    Tag::FORM,
    Tag::H1,
    Tag::H2,
    Tag::H3,
    Tag::H4,
    Tag::H5,
    Tag::H6,
    Tag::HEADER,
    Tag::HGROUP,
    Tag::HR,
    Tag::LISTING,
    Tag::MAIN,
    Tag::MENU,
    Tag::NAV,
    Tag::OL,
    Tag::P,
    Tag::PRE,
    Tag::SEARCH,
    Tag::SECTION,
    Tag::SUMMARY,
    Tag::TABLE,
    Tag::UL,
    Tag::XMP,
]);
const DEPTH: usize = 512;

struct Builder<'a> {
    tokens: Tokenizer<'a>,
    source: &'a str,
    nodes: Vec<Node>,
    open: Vec<(u32, Tag)>,
    head: Option<NodeId>,
    body: Option<NodeId>,
}

pub(super) fn parse(source: &str) -> Document<'_> {
    let brackets = memchr_iter(b'<', source.as_bytes()).count();
    let capacity = (2 * brackets).min(source.len() / 2) + 64;
    let mut builder = Builder {
        tokens: Tokenizer::new(source),
        source,
        nodes: Vec::with_capacity(capacity),
        open: Vec::new(),
        head: None,
        body: None,
    };
    builder.push(Tag::DOCUMENT, Kind::Document);
    builder.push(Tag::HTML, Kind::Html);
    builder.run();
    builder.pop_to(0);
    Document {
        source,
        nodes: builder.nodes,
        attributes: builder.tokens.attributes,
        html: Some(NodeId(1)),
        head: builder.head,
        body: builder.body,
    }
}

impl Builder<'_> {
    fn append(&mut self, mut node: Node) -> u32 {
        let id = self.nodes.len() as u32;
        node.parent = self.open.last().map_or(NONE, |&(id, _)| id);
        node.end = id + 1;
        self.nodes.push(node);
        id
    }

    fn push(&mut self, tag: Tag, kind: Kind) {
        let id = self.append(Node {
            parent: 0,
            end: 0,
            start: NONE,
            extra: 0,
            tag,
            kind,
            attributes: 0,
        });
        self.open.push((id, tag));
    }

    fn pop_to(&mut self, length: usize) {
        let end = self.nodes.len() as u32;
        for (id, _) in self.open.drain(length..) {
            self.nodes[id as usize].end = end;
        }
    }

    fn text(&mut self, (start, end): (u32, u32), kind: Kind) {
        if end > start {
            self.append(Node {
                parent: 0,
                end: 0,
                start,
                extra: end,
                tag: Tag::TEXT,
                kind,
                attributes: 0,
            });
        }
    }

    fn ensure_body(&mut self) {
        if self.body.is_none() {
            self.pop_to(2);
            self.body = Some(NodeId(self.nodes.len() as u32));
            self.push(Tag::BODY, Kind::Html);
        }
    }

    fn run(&mut self) {
        loop {
            match self.tokens.next(false) {
                Token::Eof => return,
                Token::Doctype { .. } => {}
                Token::Text { start, end } | Token::CData { start, end } => {
                    if self.body.is_none() {
                        if super::entities::is_blank(&self.source[start as usize..end as usize]) {
                            continue;
                        }
                        self.ensure_body();
                    }
                    self.text((start, end), Kind::Text);
                }
                Token::Start(tag) => self.start(tag),
                Token::End { tag, start } => self.end(tag, start),
            }
        }
    }

    fn close(&mut self, tags: &[Tag], stops: &[Tag]) {
        for at in (3..self.open.len()).rev() {
            let tag = self.open[at].1;
            if tags.contains(&tag) {
                return self.pop_to(at);
            }
            if stops.contains(&tag) {
                return;
            }
        }
    }

    fn start(&mut self, token: StartTag) {
        let tag = token.tag;
        let node = Node {
            parent: 0,
            end: 0,
            start: token.start,
            extra: token.first_attribute,
            tag,
            kind: Kind::Html,
            attributes: token.attributes,
        };
        match tag {
            Tag::HTML => {
                self.nodes[1].start = node.start;
                self.nodes[1].extra = node.extra;
                self.nodes[1].attributes = node.attributes;
                return;
            }
            Tag::HEAD => {
                if self.head.is_none() && self.body.is_none() {
                    self.head = Some(NodeId(self.append(node)));
                    self.open.push((self.nodes.len() as u32 - 1, tag));
                }
                return;
            }
            Tag::BODY => {
                if self.body.is_none() {
                    self.pop_to(2);
                    self.body = Some(NodeId(self.append(node)));
                    self.open.push((self.nodes.len() as u32 - 1, tag));
                }
                return;
            }
            _ => {}
        }
        if self.body.is_none() {
            if HEAD.contains(tag) {
                if self.head.is_none() {
                    self.head = Some(NodeId(self.nodes.len() as u32));
                    self.push(Tag::HEAD, Kind::Html);
                }
            } else if self
                .open
                .iter()
                .all(|&(_, t)| t != Tag::NOSCRIPT && t != Tag::TEMPLATE)
            {
                self.ensure_body();
            }
        }
        if CLOSES_P.contains(tag) {
            self.close(
                &[Tag::P],
                &[Tag::TD, Tag::TH, Tag::BUTTON, Tag::TABLE, Tag::CAPTION],
            );
        }
        match tag {
            Tag::LI => self.close(&[Tag::LI], &[Tag::UL, Tag::OL, Tag::MENU, Tag::TABLE]),
            Tag::DT | Tag::DD => self.close(&[Tag::DT, Tag::DD], &[Tag::DL, Tag::TABLE]),
            Tag::TR => self.close(&[Tag::TR], &[Tag::TABLE]),
            Tag::TD | Tag::TH => self.close(&[Tag::TD, Tag::TH], &[Tag::TR, Tag::TABLE]),
            Tag::OPTION => self.close(&[Tag::OPTION], &[Tag::SELECT]),
            _ => {}
        }
        if self.open.len() == DEPTH {
            self.pop_to(DEPTH - 1);
        }
        let id = self.append(node);
        if VOID.contains(tag) {
            return;
        }
        self.open.push((id, tag));
        if RAW.contains(tag) || RCDATA.contains(tag) {
            let span = self.tokens.raw_text(tag.name());
            self.text(
                span,
                if RAW.contains(tag) {
                    Kind::VerbatimText
                } else {
                    Kind::ReplaceableText
                },
            );
            self.pop_to(self.open.len() - 1);
        }
    }

    fn end(&mut self, tag: Tag, start: u32) {
        if matches!(tag, Tag::BODY | Tag::HTML) {
            return;
        }
        for at in (2..self.open.len()).rev() {
            let (id, open) = self.open[at];
            let same = open == tag
                && (tag != Tag::UNKNOWN
                    || written_name(self.source, self.nodes[id as usize].start)
                        .eq_ignore_ascii_case(written_name(self.source, start)));
            if same {
                return self.pop_to(at);
            }
            if matches!(open, Tag::TD | Tag::TH | Tag::BODY)
                && !matches!(tag, Tag::TABLE | Tag::TR | Tag::TBODY)
            {
                return;
            }
        }
    }
}

impl<'a> Document<'a> {
    /// Parses HTML. Never fails, never recurses, takes time linear in the length of `source`.
    pub fn parse(source: &'a str) -> Document<'a> {
        parse(source)
    }
}
