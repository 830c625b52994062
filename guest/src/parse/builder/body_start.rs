//! Start tags in the body.

use super::open::{BOUNDS, BOUNDS_BUTTON, IS_SPECIAL};
use super::rules::{HEADINGS, IMPLIED_END};
use super::{Builder, Flow, Mode, MAX_DEPTH};
use crate::parse::tags::{tag_set, Tag, TagSet};
use crate::parse::tokenizer::StartTag;
use crate::parse::tree::Kind;

/// Elements that later tokens depend on: at the greatest depth they are left out.
const NEED_ROOM: TagSet = tag_set![TABLE SELECT APPLET MARQUEE OBJECT SVG MATH];

const LIST_ITEM: TagSet = tag_set![LI];
const DESCRIPTION_ITEM: TagSet = tag_set![DD DT];

impl Builder<'_> {
    pub(super) fn start_in_body(&mut self, token: &StartTag) -> Flow {
        if self.open.len() >= MAX_DEPTH && NEED_ROOM.contains(token.tag) {
            return Flow::Done;
        }
        match token.tag {
            Tag::ADDRESS
            | Tag::ARTICLE
            | Tag::ASIDE
            | Tag::BLOCKQUOTE
            | Tag::CENTER
            | Tag::DETAILS
            | Tag::DIALOG
            | Tag::DIR
            | Tag::DIV
            | Tag::DL
            | Tag::FIELDSET
            | Tag::FIGCAPTION
            | Tag::FIGURE
            | Tag::FOOTER
            | Tag::HEADER
            | Tag::HGROUP
            | Tag::MAIN
            | Tag::MENU
            | Tag::NAV
            | Tag::OL
            | Tag::P
            | Tag::SEARCH
            | Tag::SECTION
            | Tag::SUMMARY
            | Tag::UL => {
                self.close_p_in_button_scope();
                self.insert(token);
            }
            Tag::A => {
                self.end_formatting_before_another(Tag::A);
                self.reconstruct_formatting();
                self.insert_formatting(token);
            }
            Tag::B
            | Tag::BIG
            | Tag::CODE
            | Tag::EM
            | Tag::FONT
            | Tag::I
            | Tag::S
            | Tag::SMALL
            | Tag::STRIKE
            | Tag::STRONG
            | Tag::TT
            | Tag::U => {
                self.reconstruct_formatting();
                self.insert_formatting(token);
            }
            Tag::LI => self.start_item(token, &LIST_ITEM),
            Tag::DD | Tag::DT => self.start_item(token, &DESCRIPTION_ITEM),
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => {
                self.close_p_in_button_scope();
                if HEADINGS.contains(self.open.top().tag) {
                    self.pop();
                }
                self.insert(token);
            }
            Tag::AREA | Tag::BR | Tag::EMBED | Tag::IMG | Tag::KEYGEN | Tag::WBR => {
                self.reconstruct_formatting();
                self.insert_void(token);
                self.frameset_ok = false;
            }
            Tag::IMAGE => {
                return self.start_in_body(&StartTag {
                    tag: Tag::IMG,
                    ..*token
                })
            }
            Tag::INPUT => self.start_input(token),
            Tag::PARAM | Tag::SOURCE | Tag::TRACK => self.insert_void(token),
            Tag::HR => {
                self.close_p_in_button_scope();
                if self.open.find_in_scope(Tag::SELECT, BOUNDS).is_some() {
                    self.imply_ends(&IMPLIED_END);
                }
                self.insert_void(token);
                self.frameset_ok = false;
            }
            Tag::PRE | Tag::LISTING => {
                self.close_p_in_button_scope();
                self.insert(token);
                self.tokens.skip_line_end();
                self.frameset_ok = false;
            }
            Tag::TABLE => {
                if !self.quirks {
                    self.close_p_in_button_scope();
                }
                self.insert(token);
                self.frameset_ok = false;
                self.mode = Mode::InTable;
            }
            Tag::FORM => self.start_form(token),
            Tag::BUTTON => {
                if let Some(button) = self.open.find_in_scope(Tag::BUTTON, BOUNDS) {
                    self.pop_to(button);
                }
                self.reconstruct_formatting();
                self.insert(token);
                self.frameset_ok = false;
            }
            Tag::NOBR => {
                self.reconstruct_formatting();
                if self.open.find_in_scope(Tag::NOBR, BOUNDS).is_some() {
                    self.end_formatting(Tag::NOBR);
                    self.reconstruct_formatting();
                }
                self.insert_formatting(token);
            }
            Tag::APPLET | Tag::MARQUEE | Tag::OBJECT => {
                self.reconstruct_formatting();
                self.insert(token);
                self.formatting.push_marker();
                self.frameset_ok = false;
            }
            Tag::TEXTAREA => {
                self.tokens.skip_line_end();
                self.frameset_ok = false;
                self.insert_raw(token, Kind::ReplaceableText);
            }
            Tag::XMP => {
                self.close_p_in_button_scope();
                self.reconstruct_formatting();
                self.frameset_ok = false;
                self.insert_raw(token, Kind::VerbatimText);
            }
            Tag::IFRAME => {
                self.frameset_ok = false;
                self.insert_raw(token, Kind::VerbatimText);
            }
            Tag::NOEMBED => self.insert_raw(token, Kind::VerbatimText),
            Tag::PLAINTEXT => {
                self.close_p_in_button_scope();
                self.insert(token);
                let (start, end) = self.tokens.plain_text();
                if start < end {
                    self.reconstruct_formatting();
                    self.insert_text(start, end, Kind::VerbatimText);
                }
            }
            Tag::SELECT => self.start_select(token),
            Tag::OPTION | Tag::OPTGROUP => self.start_option(token),
            Tag::RB | Tag::RTC | Tag::RP | Tag::RT => self.start_ruby_part(token),
            Tag::SVG => self.start_foreign_root(token, Kind::Svg),
            Tag::MATH => self.start_foreign_root(token, Kind::MathMl),
            Tag::HTML => return self.repeat_root(token),
            Tag::BODY => {
                if let (Some(body), false) = (self.body, self.open.has(Tag::TEMPLATE)) {
                    self.frameset_ok = false;
                    self.take_attributes(body, token);
                }
            }
            Tag::FRAMESET => self.start_frameset_instead_of_body(token),
            Tag::BASE
            | Tag::BASEFONT
            | Tag::BGSOUND
            | Tag::LINK
            | Tag::META
            | Tag::NOFRAMES
            | Tag::SCRIPT
            | Tag::STYLE
            | Tag::TEMPLATE
            | Tag::TITLE => return self.start_head_element(token),
            Tag::CAPTION
            | Tag::COL
            | Tag::COLGROUP
            | Tag::FRAME
            | Tag::HEAD
            | Tag::TBODY
            | Tag::TD
            | Tag::TFOOT
            | Tag::TH
            | Tag::THEAD
            | Tag::TR => {}
            _ => {
                self.reconstruct_formatting();
                self.insert(token);
            }
        }
        Flow::Done
    }

    #[inline(always)]
    pub(super) fn close_p_in_button_scope(&mut self) {
        if let Some(paragraph) = self.open.find_in_scope(Tag::P, BOUNDS | BOUNDS_BUTTON) {
            self.pop_to(paragraph);
        }
    }

    /// `li`, `dd` or `dt`: ends the item before it, unless that belongs to a list further out.
    fn start_item(&mut self, token: &StartTag, siblings: &TagSet) {
        const TRANSPARENT: TagSet = tag_set![ADDRESS DIV P];
        self.frameset_ok = false;
        for index in (0..self.open.len()).rev() {
            let open = self.open.at(index);
            if siblings.contains(open.tag) {
                self.pop_to(index);
                break;
            }
            if open.has(IS_SPECIAL) && !TRANSPARENT.contains(open.tag) {
                break;
            }
        }
        self.close_p_in_button_scope();
        self.insert(token);
    }

    fn start_form(&mut self, token: &StartTag) {
        let in_template = self.open.has(Tag::TEMPLATE);
        if self.form.is_some() && !in_template {
            return;
        }
        self.close_p_in_button_scope();
        let form = self.insert(token);
        if !in_template {
            self.form = Some(form);
        }
    }

    fn start_input(&mut self, token: &StartTag) {
        self.close_select_in_scope();
        self.reconstruct_formatting();
        if !self.is_hidden_input(token) {
            self.frameset_ok = false;
        }
        self.insert_void(token);
    }

    pub(super) fn is_hidden_input(&self, token: &StartTag) -> bool {
        self.attribute(token, "type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("hidden"))
    }

    /// Whether a `select` was open, and has been closed now.
    fn close_select_in_scope(&mut self) -> bool {
        let select = self.open.find_in_scope(Tag::SELECT, BOUNDS);
        if let Some(select) = select {
            self.pop_to(select);
        }
        select.is_some()
    }

    fn start_select(&mut self, token: &StartTag) {
        if self.close_select_in_scope() {
            return;
        }
        self.reconstruct_formatting();
        self.insert(token);
        self.frameset_ok = false;
    }

    fn start_option(&mut self, token: &StartTag) {
        if self.open.find_in_scope(Tag::SELECT, BOUNDS).is_some() {
            match token.tag {
                Tag::OPTION => self.imply_ends_except(Tag::OPTGROUP),
                _ => self.imply_ends(&IMPLIED_END),
            }
        } else if self.open.top().tag == Tag::OPTION {
            self.pop();
        }
        self.reconstruct_formatting();
        self.insert(token);
    }

    fn start_ruby_part(&mut self, token: &StartTag) {
        if self.open.find_in_scope(Tag::RUBY, BOUNDS).is_some() {
            match token.tag {
                Tag::RB | Tag::RTC => self.imply_ends(&IMPLIED_END),
                _ => self.imply_ends_except(Tag::RTC),
            }
        }
        self.insert(token);
    }
}
