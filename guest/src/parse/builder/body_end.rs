//! End tags in the body.

use super::open::{BOUNDS, BOUNDS_BUTTON, BOUNDS_LIST, IS_SPECIAL};
use super::rules::{HEADINGS, IMPLIED_END};
use super::{Builder, Flow, Mode};
use crate::parse::tags::Tag;
use crate::parse::tokenizer::ends_name;
use crate::parse::tree::{Kind, NONE};

impl Builder<'_> {
    pub(super) fn end_in_body(&mut self, tag: Tag, start: u32) -> Flow {
        if self.closed_early[tag.index()] > 0 {
            self.closed_early[tag.index()] -= 1;
            return Flow::Done;
        }
        match tag {
            Tag::ADDRESS
            | Tag::ARTICLE
            | Tag::ASIDE
            | Tag::BLOCKQUOTE
            | Tag::BUTTON
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
            | Tag::LISTING
            | Tag::MAIN
            | Tag::MENU
            | Tag::NAV
            | Tag::OL
            | Tag::PRE
            | Tag::SEARCH
            | Tag::SECTION
            | Tag::SELECT
            | Tag::SUMMARY
            | Tag::UL
            | Tag::DD
            | Tag::DT => self.close_in_scope(tag, BOUNDS),
            Tag::P => {
                if self
                    .open
                    .find_in_scope(Tag::P, BOUNDS | BOUNDS_BUTTON)
                    .is_none()
                {
                    self.insert_implied(Tag::P);
                }
                self.close_p_in_button_scope();
            }
            Tag::A
            | Tag::B
            | Tag::BIG
            | Tag::CODE
            | Tag::EM
            | Tag::FONT
            | Tag::I
            | Tag::NOBR
            | Tag::S
            | Tag::SMALL
            | Tag::STRIKE
            | Tag::STRONG
            | Tag::TT
            | Tag::U => self.end_formatting(tag),
            Tag::LI => self.close_in_scope(tag, BOUNDS | BOUNDS_LIST),
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => {
                if let Some(heading) = self.open.find_any_in_scope(&HEADINGS, BOUNDS) {
                    self.pop_to(heading);
                }
            }
            Tag::FORM => self.end_form(),
            Tag::APPLET | Tag::MARQUEE | Tag::OBJECT => {
                if let Some(element) = self.open.find_in_scope(tag, BOUNDS) {
                    self.pop_to(element);
                    self.formatting.clear_to_marker();
                }
            }
            Tag::BR => {
                self.reconstruct_formatting();
                self.insert_implied(Tag::BR);
                self.pop();
                self.frameset_ok = false;
            }
            Tag::BODY | Tag::HTML => {
                if self.open.find_in_scope(Tag::BODY, BOUNDS).is_some() {
                    self.mode = Mode::AfterBody;
                }
            }
            Tag::TEMPLATE => self.end_template(),
            _ => self.end_any_other(tag, start),
        }
        Flow::Done
    }

    fn close_in_scope(&mut self, tag: Tag, bounds: u8) {
        if let Some(element) = self.open.find_in_scope(tag, bounds) {
            self.pop_to(element);
        }
    }

    fn end_form(&mut self) {
        if self.open.has(Tag::TEMPLATE) {
            return self.close_in_scope(Tag::FORM, BOUNDS);
        }
        let Some(form) = self.form.take() else { return };
        let Some(position) = self.open.position(form) else {
            return;
        };
        if self.open.entries()[position + 1..]
            .iter()
            .any(|open| open.has(BOUNDS))
        {
            return;
        }
        self.imply_ends(&IMPLIED_END);
        if position + 1 == self.open.len() {
            self.pop();
        } else {
            // The elements open inside the form stay open, and stay inside it.
            self.open.remove(position);
            self.stale_ends = true;
        }
    }

    /// Closes the innermost element of that name, unless a block is in between. `start` is where
    /// the name stands in the source, for tags that are not interned.
    pub(super) fn end_any_other(&mut self, tag: Tag, start: u32) {
        if !self.open.has(tag) {
            return;
        }
        for index in (0..self.open.len()).rev() {
            let open = self.open.at(index);
            if open.tag == tag
                && open.kind == Kind::Html
                && (tag != Tag::UNKNOWN || self.same_name(open.id, start))
            {
                return self.pop_to(index);
            }
            if open.has(IS_SPECIAL) {
                return;
            }
        }
    }

    /// Whether the element `id` is called what is written at `start`. Read as far as both agree: of an
    /// end tag every open element is asked, and its name may be megabytes long.
    pub(super) fn same_name(&self, id: u32, start: u32) -> bool {
        let written = |start: u32| {
            let name = self.source.as_bytes()[start as usize..].iter();
            name.take_while(|&&byte| !ends_name(byte))
                .map(u8::to_ascii_lowercase)
        };
        let other = self.nodes[id as usize].start;
        start != NONE && other != NONE && written(other).eq(written(start))
    }
}
