//! Source to tokens: text, start tags, end tags, as spans. Nothing is copied, nothing is decoded.
//!
//! Every byte is looked at a bounded number of times. What a token means, and whether what
//! follows it is markup at all, is the builder's business: after a `script` it asks for
//! [`Tokenizer::raw_text`].

use memchr::{memchr, memchr2, memmem};

use super::attributes::{AttrSpan, MAX_ATTRIBUTES};
use super::tags::{Key, Tag};

/// A start tag; its attributes lie in the tokenizer's list.
#[derive(Clone, Copy, Debug)]
pub(super) struct StartTag {
    pub(super) tag: Tag,
    /// Where the name starts.
    pub(super) start: u32,
    pub(super) first_attribute: u32,
    pub(super) attributes: u16,
    pub(super) self_closing: bool,
}

/// A piece of the source. Comments are passed over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    Text { start: u32, end: u32 },
    Start(StartTag),
    End { tag: Tag, start: u32 },
    Doctype { start: u32, end: u32 },
    CData { start: u32, end: u32 },
    Eof,
}

pub(super) struct Tokenizer<'a> {
    source: &'a [u8],
    position: usize,
    pub(super) attributes: Vec<AttrSpan>,
}

const NAME: u8 = 1;
const ATTRIBUTE_NAME: u8 = 2;
const SPACE: u8 = 4;
const UNQUOTED: u8 = 8;

/// Which kinds of span a byte ends.
static ENDS: [u8; 256] = {
    let mut ends = [0; 256];
    let mut spaces: &[u8] = b" \t\n\r\x0c";
    while let [space, rest @ ..] = spaces {
        ends[*space as usize] = NAME | ATTRIBUTE_NAME | SPACE | UNQUOTED;
        spaces = rest;
    }
    ends[b'/' as usize] = NAME | ATTRIBUTE_NAME;
    ends[b'>' as usize] = NAME | ATTRIBUTE_NAME | UNQUOTED;
    ends[b'=' as usize] = ATTRIBUTE_NAME;
    ends
};

#[inline(always)]
fn ends(byte: u8, what: u8) -> bool {
    ENDS[byte as usize] & what != 0
}

/// Whether the byte ends a tag's name.
#[inline(always)]
pub(super) fn ends_name(byte: u8) -> bool {
    ends(byte, NAME)
}

/// Whether the byte ends an attribute's name.
#[inline(always)]
fn ends_attribute_name(byte: u8) -> bool {
    ends(byte, ATTRIBUTE_NAME)
}

/// Whether the byte is HTML's white space.
#[inline(always)]
pub(super) fn is_space(byte: u8) -> bool {
    ends(byte, SPACE)
}

impl<'a> Tokenizer<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let byte_order_mark = source.starts_with('\u{feff}');
        Tokenizer {
            source: source.as_bytes(),
            position: if byte_order_mark { 3 } else { 0 },
            attributes: Vec::with_capacity(source.len() / 64 + 16),
        }
    }

    #[inline(always)]
    fn at(&self, position: usize) -> Option<u8> {
        self.source.get(position).copied()
    }

    /// The position after the next `byte` at or after `from`; the end of the source without one.
    #[inline(always)]
    fn after(&self, byte: u8, from: usize) -> usize {
        let rest = self.source.get(from..).unwrap_or_default();
        memchr(byte, rest).map_or(self.source.len(), |found| from + found + 1)
    }

    /// The next token; `cdata` says whether `<![CDATA[` means something here.
    pub(super) fn next(&mut self, cdata: bool) -> Token {
        loop {
            let start = self.position;
            let Some(byte) = self.at(start) else {
                return Token::Eof;
            };
            if byte != b'<' {
                return self.text(start, start);
            }
            match self.at(start + 1) {
                Some(c) if c.is_ascii_alphabetic() => return self.start_tag(start + 1),
                Some(b'/') => match self.at(start + 2) {
                    Some(c) if c.is_ascii_alphabetic() => return self.end_tag(start + 2),
                    Some(_) => self.position = self.after(b'>', start + 2),
                    None => return self.text(start, start + 2),
                },
                Some(b'!') => {
                    if let Some(token) = self.declaration(start + 2, cdata) {
                        return token;
                    }
                }
                Some(b'?') => self.position = self.after(b'>', start + 2),
                _ => return self.text(start, start + 1),
            }
        }
    }

    /// Text from `start` up to the next markup, which is sought from `from` on.
    #[inline(always)]
    fn text(&mut self, start: usize, from: usize) -> Token {
        let mut end = from;
        loop {
            let rest = self.source.get(end..).unwrap_or_default();
            let Some(found) = memchr(b'<', rest) else {
                end = self.source.len();
                break;
            };
            end += found;
            match self.at(end + 1) {
                Some(c) if c.is_ascii_alphabetic() || matches!(c, b'/' | b'!' | b'?') => break,
                _ => end += 1,
            }
        }
        self.position = end;
        Token::Text {
            start: start as u32,
            end: end as u32,
        }
    }

    /// Reads the name at `start`: its tag and where it ends.
    #[inline(always)]
    fn name(&self, start: usize) -> (Tag, usize) {
        let mut key = Key::new();
        let mut end = start;
        while let Some(byte) = self.at(end) {
            if ends_name(byte) {
                break;
            }
            key.push(byte);
            end += 1;
        }
        (key.tag(&self.source[start..end]), end)
    }

    #[inline(always)]
    fn start_tag(&mut self, start: usize) -> Token {
        let (tag, end) = self.name(start);
        let first = self.attributes.len();
        let Some((next, self_closing)) = self.attributes(end) else {
            // A tag that the source breaks off is no tag at all.
            self.attributes.truncate(first);
            self.position = self.source.len();
            return Token::Eof;
        };
        self.position = next;
        Token::Start(StartTag {
            tag,
            start: start as u32,
            first_attribute: first as u32,
            attributes: (self.attributes.len() - first) as u16,
            self_closing,
        })
    }

    fn end_tag(&mut self, start: usize) -> Token {
        let (tag, end) = self.name(start);
        self.position = if self.at(end) == Some(b'>') {
            end + 1
        } else {
            let first = self.attributes.len();
            let next = self.attributes(end);
            self.attributes.truncate(first);
            match next {
                Some((next, _)) => next,
                None => {
                    self.position = self.source.len();
                    return Token::Eof;
                }
            }
        };
        Token::End {
            tag,
            start: start as u32,
        }
    }

    #[inline(always)]
    fn skip_space(&self, mut position: usize) -> usize {
        while self.at(position).is_some_and(is_space) {
            position += 1;
        }
        position
    }

    /// Reads attributes up to and including `>`: the position after it, and whether `/` came right
    /// before. None where the source ends first.
    #[inline(always)]
    fn attributes(&mut self, from: usize) -> Option<(usize, bool)> {
        let first = self.attributes.len();
        let mut position = from;
        loop {
            position = self.skip_space(position);
            match self.at(position)? {
                b'>' => return Some((position + 1, false)),
                b'/' => {
                    position += 1;
                    if self.at(position)? == b'>' {
                        return Some((position + 1, true));
                    }
                }
                _ => {
                    let (span, next) = self.attribute(position)?;
                    if self.attributes.len() - first < MAX_ATTRIBUTES {
                        self.attributes.push(span);
                    }
                    position = next;
                }
            }
        }
    }

    /// Reads the attribute whose name starts at `start`, and where it ends.
    #[inline(always)]
    fn attribute(&self, start: usize) -> Option<(AttrSpan, usize)> {
        let mut name_end = start + 1;
        while !ends_attribute_name(self.at(name_end)?) {
            name_end += 1;
        }
        let equals = self.skip_space(name_end);
        if self.at(equals)? != b'=' {
            return Some((span(start, name_end, name_end, name_end), equals));
        }
        let value = self.skip_space(equals + 1);
        match self.at(value)? {
            quote @ (b'"' | b'\'') => {
                let length = memchr(quote, &self.source[value + 1..])?;
                let end = value + 1 + length;
                Some((span(start, name_end, value + 1, end), end + 1))
            }
            _ => {
                let mut end = value;
                while !ends(self.at(end)?, UNQUOTED) {
                    end += 1;
                }
                Some((span(start, name_end, value, end), end))
            }
        }
    }

    /// Passes over what `<!` at `start - 2` begins; a token where it means something.
    #[cold]
    fn declaration(&mut self, start: usize, cdata: bool) -> Option<Token> {
        let rest = &self.source[start..];
        if rest.starts_with(b"--") {
            self.position = self.comment_end(start + 2);
            return None;
        }
        if cdata && rest.starts_with(b"[CDATA[") {
            let start = start + 7;
            let length = memmem::find(&self.source[start..], b"]]>");
            let end = length.map_or(self.source.len(), |n| start + n);
            self.position = (end + 3).min(self.source.len());
            return Some(Token::CData {
                start: start as u32,
                end: end as u32,
            });
        }
        let doctype = rest
            .get(..7)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"doctype"));
        self.position = self.after(b'>', start);
        doctype.then_some(Token::Doctype {
            start: start as u32 + 7,
            end: self.position as u32,
        })
    }

    /// The position after the comment whose text starts at `start`.
    fn comment_end(&self, start: usize) -> usize {
        let rest = &self.source[start..];
        if rest.starts_with(b">") {
            return start + 1;
        }
        if rest.starts_with(b"->") {
            return start + 2;
        }
        let mut from = start;
        // `-->` ends it, and so does `--!>`.
        while let Some(found) = memmem::find(&self.source[from..], b"--") {
            let mut dashes = from + found + 2;
            while self.at(dashes) == Some(b'-') {
                dashes += 1;
            }
            match (self.at(dashes), self.at(dashes + 1)) {
                (Some(b'>'), _) => return dashes + 1,
                (Some(b'!'), Some(b'>')) => return dashes + 2,
                _ => from = dashes,
            }
        }
        self.source.len()
    }

    /// Takes everything up to the end tag called `name` as text, and passes over that tag.
    ///
    /// Ends before the end tag called `outer` where that comes first. Inside a `script`, `<!--` followed by
    /// `<script` hides end tags as the standard's "double escaped" state does.
    pub(super) fn raw_text(&mut self, name: &str, outer: Option<&str>) -> (u32, u32) {
        let start = self.position;
        let script = name == "script";
        let mut from = start;
        // Where the end of the latest `<!--` is, while it is open; then whether a script is open in it.
        let mut escaped = false;
        let mut hidden = false;
        loop {
            let rest = &self.source[from..];
            let found = if escaped {
                memchr2(b'<', b'-', rest)
            } else {
                memchr(b'<', rest)
            };
            let Some(found) = found else { break };
            let here = from + found;
            let rest = &self.source[here..];
            from = here + 1;
            if rest[0] == b'-' {
                if rest.starts_with(b"-->") {
                    escaped = false;
                    hidden = false;
                }
            } else if rest.get(1) == Some(&b'/') && is_tag(&rest[2..], name) {
                if !hidden {
                    // Where the source ends inside the tag, this is its end as well.
                    self.end_tag(here + 2);
                    return (start as u32, here as u32);
                }
                hidden = false;
            } else if rest.get(1) == Some(&b'/')
                && outer.is_some_and(|outer| is_tag(&rest[2..], outer))
            {
                self.position = here;
                return (start as u32, here as u32);
            } else if script && !escaped && rest.starts_with(b"<!--") {
                escaped = true;
                // The two dashes may already be those of `-->`.
                from = here + 2;
            } else if escaped && is_tag(&rest[1..], name) {
                hidden = true;
            }
        }
        self.position = self.source.len();
        (start as u32, self.source.len() as u32)
    }

    /// Takes all the rest as text.
    pub(super) fn plain_text(&mut self) -> (u32, u32) {
        let start = self.position;
        self.position = self.source.len();
        (start as u32, self.source.len() as u32)
    }

    /// Passes over a line end right here, which `pre` and its like swallow.
    pub(super) fn skip_line_end(&mut self) {
        if self.at(self.position) == Some(b'\r') {
            self.position += 1;
            if self.at(self.position) == Some(b'\n') {
                self.position += 1;
            }
        } else if self.at(self.position) == Some(b'\n') {
            self.position += 1;
        }
    }
}

fn span(name: usize, name_end: usize, value: usize, value_end: usize) -> AttrSpan {
    AttrSpan {
        name: name as u32,
        name_end: name_end as u32,
        value: value as u32,
        value_end: value_end as u32,
    }
}

/// Whether `rest` begins with the tag name `name` and something that ends it.
fn is_tag(rest: &[u8], name: &str) -> bool {
    rest.get(..name.len())
        .is_some_and(|written| written.eq_ignore_ascii_case(name.as_bytes()))
        && rest.get(name.len()).copied().is_some_and(ends_name)
}
