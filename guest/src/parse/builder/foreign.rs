//! SVG and MathML inside HTML.

use super::insert::element;
use super::open::{Open, BOUNDS, HTML_POINT, IS_SPECIAL, MATHML_TEXT_POINT};
use super::rules::{BREAKOUT, MATHML_TEXT, SVG_HTML};
use super::{Builder, Flow, MAX_DEPTH};
use crate::parse::entities::is_blank;
use crate::parse::tags::{tag_set, Tag, TagSet};
use crate::parse::tokenizer::StartTag;
use crate::parse::tree::Kind;

/// The tags that foreign elements keep; all others would be taken for their HTML namesakes.
const KEPT: TagSet = MATHML_TEXT
    .union(tag_set![SVG MATH FOREIGN_OBJECT DESC MGLYPH MALIGNMARK ANNOTATION_XML SCRIPT STYLE]);

impl Builder<'_> {
    /// Whether text in the current foreign element is HTML.
    pub(super) fn text_is_html_here(&self) -> bool {
        self.open.top().has(MATHML_TEXT_POINT | HTML_POINT)
    }

    pub(super) fn foreign_text(&mut self, start: u32, end: u32, kind: Kind) {
        if start == end {
            return;
        }
        if self.frameset_ok && !is_blank(self.raw(start, end)) {
            self.frameset_ok = false;
        }
        self.insert_text(start, end, kind);
    }

    /// [`Flow::Again`] where the tag is HTML, whose rules are then to be followed.
    pub(super) fn start_in_foreign(&mut self, token: &StartTag) -> Flow {
        let top = self.open.top();
        let is_html_here = top.has(HTML_POINT)
            || top.has(MATHML_TEXT_POINT) && !matches!(token.tag, Tag::MGLYPH | Tag::MALIGNMARK)
            || top.kind == Kind::MathMl && top.name == Tag::ANNOTATION_XML && token.tag == Tag::SVG;
        if is_html_here {
            return Flow::Again;
        }
        let has_font_attribute = || {
            ["color", "face", "size"]
                .iter()
                .any(|name| self.attribute(token, name).is_some())
        };
        if BREAKOUT.contains(token.tag) || token.tag == Tag::FONT && has_font_attribute() {
            self.break_out();
            return Flow::Again;
        }
        self.insert_foreign(token, top.kind);
        Flow::Done
    }

    /// Closes foreign elements up to one that has HTML in it.
    fn break_out(&mut self) {
        while self.open.top().kind != Kind::Html && !self.text_is_html_here() {
            self.pop();
        }
    }

    pub(super) fn start_foreign_root(&mut self, token: &StartTag, kind: Kind) {
        self.reconstruct_formatting();
        self.insert_foreign(token, kind);
    }

    fn insert_foreign(&mut self, token: &StartTag, kind: Kind) {
        let tag = if KEPT.contains(token.tag) {
            token.tag
        } else {
            Tag::UNKNOWN
        };
        let id = self.append(element(token, tag, kind));
        // At the greatest depth it has no content of its own.
        if !token.self_closing && self.open.len() < MAX_DEPTH {
            let traits = self.foreign_traits(token, kind);
            self.open.push(Open {
                id,
                tag: Tag::UNKNOWN,
                name: token.tag,
                kind,
                traits,
            });
        }
    }

    fn foreign_traits(&self, token: &StartTag, kind: Kind) -> u8 {
        let (tag, svg) = (token.tag, kind == Kind::Svg);
        if svg && SVG_HTML.contains(tag) {
            return HTML_POINT | BOUNDS | IS_SPECIAL;
        }
        if !svg && MATHML_TEXT.contains(tag) {
            return MATHML_TEXT_POINT | BOUNDS | IS_SPECIAL;
        }
        if !svg && tag == Tag::ANNOTATION_XML {
            let encoding = self.attribute(token, "encoding").unwrap_or_default();
            let html = ["text/html", "application/xhtml+xml"]
                .iter()
                .any(|kind| encoding.eq_ignore_ascii_case(kind));
            return BOUNDS | IS_SPECIAL | if html { HTML_POINT } else { 0 };
        }
        0
    }

    /// [`Flow::Again`] where an HTML element is to be closed, by the rules of HTML.
    pub(super) fn end_in_foreign(&mut self, tag: Tag, start: u32) -> Flow {
        if matches!(tag, Tag::BR | Tag::P) {
            self.break_out();
            return Flow::Again;
        }
        for index in (1..self.open.len()).rev() {
            let open = self.open.at(index);
            if open.kind == Kind::Html {
                return Flow::Again;
            }
            if open.name == tag && (tag != Tag::UNKNOWN || self.same_name(open.id, start)) {
                self.pop_to(index);
                return Flow::Done;
            }
        }
        Flow::Done
    }
}
