//! Tokens to a tree: the standard's tree construction, with the same rules for every text.
//!
//! Nodes are appended in the order of the source, which nearly always is the order of the document.
//! Where it is not (content of a table that belongs before it, misnested formatting), parents are
//! noted and the array is put in order at the end, in place. Bounds that the standard does not
//! have keep the time linear: [`MAX_DEPTH`], the length of the list of formatting elements, and
//! the number of copies that may be made of them.

mod body_end;
mod body_start;
mod foreign;
mod formatting;
mod frameset;
mod head;
mod insert;
mod open;
mod order;
mod quirks;
mod rules;
mod table;
mod template;

use memchr::memchr_iter;

use self::formatting::FormattingList;
use self::open::OpenElements;
use super::entities::is_blank;
use super::tags::Tag;
use super::tokenizer::{is_space, StartTag, Token, Tokenizer};
use super::tree::{Document, Kind, Node, NodeId, NONE};

/// How deep elements nest: further ones become siblings of the deepest, as in browsers.
pub const MAX_DEPTH: usize = 512;

/// How many times as long as the source the tags of all copies of formatting elements may be.
const COPIED_SOURCES: usize = 4;

/// The standard's insertion modes. "text" and "in table text" need none: the tokenizer gives whole
/// runs of text. "after after body" and "after after frameset" differ in comments alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Initial,
    BeforeHtml,
    BeforeHead,
    InHead,
    InHeadNoscript,
    AfterHead,
    InBody,
    InTable,
    InCaption,
    InColumnGroup,
    InTableBody,
    InRow,
    InCell,
    InTemplate,
    AfterBody,
    InFrameset,
    AfterFrameset,
}

/// What a mode made of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Done,
    /// To be looked at again, in the mode that is now set.
    Again,
}

struct Builder<'a> {
    source: &'a str,
    tokens: Tokenizer<'a>,
    nodes: Vec<Node>,
    open: OpenElements,
    formatting: FormattingList,
    mode: Mode,
    template_modes: Vec<Mode>,
    head: Option<u32>,
    body: Option<u32>,
    form: Option<u32>,
    /// Whether a `frameset` may still take the place of the body.
    frameset_ok: bool,
    quirks: bool,
    /// Whether what a table can't hold goes before it: the standard's "foster parenting".
    fostering: bool,
    /// Nodes that stand right before a table, in ascending order: (node, table).
    fostered: Vec<(u32, u32)>,
    /// Whether the nodes are not in document order.
    out_of_order: bool,
    /// Whether ends of subtrees have to be found anew.
    stale_ends: bool,
    /// How many more copies of formatting elements may be made, and of how many bytes of tags: whoever
    /// reads the attributes of every element reads a copy's as well.
    copies_left: usize,
    copied_bytes_left: usize,
    /// Elements that [`MAX_DEPTH`] closed and whose end tags are to come, by tag.
    closed_early: [u32; Tag::COUNT],
}

impl<'a> Document<'a> {
    /// Parses HTML: any string gives a document.
    ///
    /// Takes time and memory linear in the length of `source`, whatever it holds, and never
    /// recurses. What is beyond the first 4 GiB is left out.
    pub fn parse(source: &'a str) -> Document<'a> {
        let mut builder = Builder::new(within_u32(source));
        builder.run();
        builder.finish()
    }
}

/// As much of `source` as offsets of 32 bits reach.
fn within_u32(source: &str) -> &str {
    let mut end = source.len().min(NONE as usize - 1);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    &source[..end]
}

impl<'a> Builder<'a> {
    fn new(source: &'a str) -> Self {
        // A bracket opens one tag at most and ends one text at most; the shortest tag with the
        // shortest text has four bytes. So the array never grows (old and new together would be
        // the peak of the memory), but for elements that the source does not name.
        let brackets = memchr_iter(b'<', source.as_bytes()).count();
        let copies = brackets.min(source.len() / 16) + 64;
        let mut nodes = Vec::with_capacity((2 * brackets).min(source.len() / 2) + copies);
        nodes.push(Node {
            parent: NONE,
            end: 1,
            start: NONE,
            extra: 0,
            tag: Tag::DOCUMENT,
            kind: Kind::Document,
            attributes: 0,
        });
        Builder {
            source,
            tokens: Tokenizer::new(source),
            nodes,
            open: OpenElements::new(),
            formatting: FormattingList::new(),
            mode: Mode::Initial,
            template_modes: Vec::new(),
            head: None,
            body: None,
            form: None,
            frameset_ok: true,
            quirks: true,
            fostering: false,
            fostered: Vec::new(),
            out_of_order: false,
            stale_ends: false,
            copies_left: copies,
            copied_bytes_left: COPIED_SOURCES * source.len(),
            closed_early: [0; Tag::COUNT],
        }
    }

    fn run(&mut self) {
        loop {
            let foreign = self.open.top().kind != Kind::Html;
            match self.tokens.next(foreign) {
                Token::Text { start, end } => self.text(start, end, foreign),
                Token::Start(token) => self.start(&token, foreign),
                Token::End { tag, start } => self.end(tag, start, foreign),
                Token::CData { start, end } => self.foreign_text(start, end, Kind::VerbatimText),
                Token::Doctype { start, end } => self.doctype(start, end),
                Token::Eof => return,
            }
        }
    }

    #[inline(always)]
    fn start(&mut self, token: &StartTag, foreign: bool) {
        if foreign && self.start_in_foreign(token) == Flow::Done {
            return;
        }
        while self.start_in_mode(token) == Flow::Again {}
    }

    #[inline(always)]
    fn start_in_mode(&mut self, token: &StartTag) -> Flow {
        match self.mode {
            Mode::InBody => self.start_in_body(token),
            Mode::InCell => self.start_in_cell(token),
            Mode::InTable => self.start_in_table(token),
            Mode::InTableBody => self.start_in_table_body(token),
            Mode::InRow => self.start_in_row(token),
            Mode::InCaption => self.start_in_caption(token),
            Mode::InColumnGroup => self.start_in_column_group(token),
            Mode::InTemplate => self.start_in_template(token),
            Mode::InFrameset | Mode::AfterFrameset => self.start_in_frameset(token),
            Mode::AfterBody => self.switch_to(Mode::InBody),
            _ => self.start_before_body(token),
        }
    }

    #[inline(always)]
    fn end(&mut self, tag: Tag, start: u32, foreign: bool) {
        if foreign && self.end_in_foreign(tag, start) == Flow::Done {
            return;
        }
        while self.end_in_mode(tag, start) == Flow::Again {}
    }

    #[inline(always)]
    fn end_in_mode(&mut self, tag: Tag, start: u32) -> Flow {
        match self.mode {
            Mode::InBody => self.end_in_body(tag, start),
            Mode::InCell => self.end_in_cell(tag, start),
            Mode::InTable => self.end_in_table(tag, start),
            Mode::InTableBody => self.end_in_table_body(tag, start),
            Mode::InRow => self.end_in_row(tag, start),
            Mode::InCaption => self.end_in_caption(tag, start),
            Mode::InColumnGroup => self.end_in_column_group(tag),
            Mode::InTemplate => self.end_in_template(tag),
            Mode::InFrameset | Mode::AfterFrameset => self.end_in_frameset(tag),
            Mode::AfterBody if tag == Tag::HTML => Flow::Done,
            Mode::AfterBody => self.switch_to(Mode::InBody),
            _ => self.end_before_body(tag),
        }
    }

    fn switch_to(&mut self, mode: Mode) -> Flow {
        self.mode = mode;
        Flow::Again
    }

    #[inline(always)]
    fn text(&mut self, start: u32, end: u32, foreign: bool) {
        if foreign && !self.text_is_html_here() {
            return self.foreign_text(start, end, Kind::ReplaceableText);
        }
        match self.mode {
            Mode::InBody | Mode::InCell | Mode::InCaption | Mode::InTemplate => {
                self.text_in_body(start, end)
            }
            Mode::InTable | Mode::InTableBody | Mode::InRow => self.text_in_table(start, end),
            _ => self.text_elsewhere(start, end),
        }
    }

    #[inline(always)]
    fn text_in_body(&mut self, start: u32, end: u32) {
        if self.frameset_ok && !is_blank(self.raw(start, end)) {
            self.frameset_ok = false;
        }
        self.reconstruct_formatting();
        self.insert_text(start, end, Kind::Text);
    }

    /// Text before and after the body, and in column groups: white space is set apart.
    #[cold]
    fn text_elsewhere(&mut self, start: u32, end: u32) {
        let raw = self.raw(start, end);
        let blank = if is_blank(raw) {
            raw.len()
        } else {
            raw.bytes().take_while(|&b| is_space(b)).count()
        };
        let rest = start + blank as u32;
        if blank > 0 {
            match self.mode {
                Mode::InHead
                | Mode::InHeadNoscript
                | Mode::InColumnGroup
                | Mode::InFrameset
                | Mode::AfterFrameset => {
                    self.insert_text(start, rest, Kind::Text);
                }
                Mode::AfterBody => self.text_in_body(start, rest),
                // White space around the head tells nothing, and without it the head stays one
                // subtree when more of it comes after its end tag.
                _ => {}
            }
        }
        if rest == end {
            return;
        }
        match self.mode {
            Mode::InFrameset | Mode::AfterFrameset => {}
            Mode::AfterBody => {
                self.mode = Mode::InBody;
                self.text_in_body(rest, end);
            }
            Mode::InColumnGroup => {
                if self.leave_column_group() == Flow::Again {
                    self.text(rest, end, false);
                }
            }
            _ => {
                self.begin_body();
                self.text_in_body(rest, end);
            }
        }
    }

    fn raw(&self, start: u32, end: u32) -> &'a str {
        &self.source[start as usize..end as usize]
    }

    /// The value of an attribute of a start tag, nothing decoded.
    fn attribute(&self, token: &StartTag, name: &str) -> Option<&'a str> {
        let first = token.first_attribute as usize;
        let spans = &self.tokens.attributes[first..first + usize::from(token.attributes)];
        super::attributes::find(self.source, spans, name)
    }

    /// Whether `count` more copies may be made, of tags of so many bytes in all; then they are taken
    /// as made.
    fn spend_copies(&mut self, count: usize, bytes: usize) -> bool {
        let left = self.copies_left.checked_sub(count);
        let bytes_left = self.copied_bytes_left.checked_sub(bytes);
        self.copies_left = left.unwrap_or(0);
        self.copied_bytes_left = bytes_left.unwrap_or(0);
        left.is_some() && bytes_left.is_some()
    }

    /// The length of an element's start tag, up to the end of its last attribute that is kept.
    fn tag_bytes(&self, id: u32) -> usize {
        let node = &self.nodes[id as usize];
        let last = usize::from(node.attributes).checked_sub(1);
        last.map_or(0, |last| {
            let span = self.tokens.attributes[node.extra as usize + last];
            (span.value_end - node.start) as usize
        })
    }

    fn finish(mut self) -> Document<'a> {
        while self.open.has(Tag::TEMPLATE) {
            self.end_template();
        }
        if self.body.is_none() && !matches!(self.mode, Mode::InFrameset | Mode::AfterFrameset) {
            self.begin_body();
        }
        self.pop_to(0);
        self.nodes[0].end = self.nodes.len() as u32;
        self.put_in_order();
        self.nodes.shrink_to_fit();
        let mut attributes = self.tokens.attributes;
        attributes.shrink_to_fit();
        Document {
            source: self.source,
            html: self.nodes.get(1).map(|_| NodeId(1)),
            head: self.head.map(NodeId),
            body: self.body.map(NodeId),
            nodes: self.nodes,
            attributes,
        }
    }
}
