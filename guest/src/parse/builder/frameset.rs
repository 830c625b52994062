//! Documents that have a `frameset` instead of a body.

use super::formatting::FormattingList;
use super::{Builder, Flow, Mode, MAX_DEPTH};
use crate::parse::tags::Tag;
use crate::parse::tokenizer::StartTag;

impl Builder<'_> {
    /// A `frameset` takes the body's place as long as the body shows nothing. The body is the last
    /// part of the document, so its nodes are the last of the array.
    pub(super) fn start_frameset_instead_of_body(&mut self, token: &StartTag) {
        if !self.frameset_ok || self.open.has(Tag::TEMPLATE) {
            return;
        }
        let Some(body) = self.body.take() else { return };
        self.pop_to(1);
        self.nodes.truncate(body as usize);
        self.fostered.clear();
        self.formatting = FormattingList::new();
        self.form = None;
        self.insert(token);
        self.mode = Mode::InFrameset;
    }

    pub(super) fn start_in_frameset(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::HTML => self.repeat_root(token),
            Tag::NOFRAMES => self.start_head_element(token),
            Tag::FRAMESET if self.mode == Mode::InFrameset => {
                if self.open.len() < MAX_DEPTH {
                    self.insert(token);
                }
                Flow::Done
            }
            Tag::FRAME if self.mode == Mode::InFrameset => {
                self.insert_void(token);
                Flow::Done
            }
            _ => Flow::Done,
        }
    }

    pub(super) fn end_in_frameset(&mut self, tag: Tag) -> Flow {
        if self.mode == Mode::InFrameset && tag == Tag::FRAMESET && self.open.len() > 1 {
            self.pop();
            if self.open.top().tag != Tag::FRAMESET {
                self.mode = Mode::AfterFrameset;
            }
        }
        Flow::Done
    }
}
