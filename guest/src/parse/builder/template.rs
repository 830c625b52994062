//! `template`, and finding the mode that the open elements call for.

use super::rules::IMPLIED_END_THOROUGH;
use super::{Builder, Flow, Mode, MAX_DEPTH};
use crate::parse::tags::Tag;
use crate::parse::tokenizer::StartTag;

impl Builder<'_> {
    pub(super) fn open_template(&mut self, token: &StartTag) {
        if self.open.len() >= MAX_DEPTH {
            return;
        }
        self.insert(token);
        self.formatting.push_marker();
        self.frameset_ok = false;
        self.mode = Mode::InTemplate;
        self.template_modes.push(Mode::InTemplate);
    }

    pub(super) fn end_template(&mut self) {
        let Some(template) = self.open.last_with(Tag::TEMPLATE) else {
            return;
        };
        self.imply_ends(&IMPLIED_END_THOROUGH);
        self.pop_to(template);
        self.formatting.clear_to_marker();
        self.template_modes.pop();
        self.reset_mode();
    }

    /// The content's first start tag says what kind of content it is.
    pub(super) fn start_in_template(&mut self, token: &StartTag) -> Flow {
        let mode = match token.tag {
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
            Tag::CAPTION | Tag::COLGROUP | Tag::TBODY | Tag::TFOOT | Tag::THEAD => Mode::InTable,
            Tag::COL => Mode::InColumnGroup,
            Tag::TR => Mode::InTableBody,
            Tag::TD | Tag::TH => Mode::InRow,
            _ => Mode::InBody,
        };
        self.template_modes.pop();
        self.template_modes.push(mode);
        self.switch_to(mode)
    }

    pub(super) fn end_in_template(&mut self, tag: Tag) -> Flow {
        if tag == Tag::TEMPLATE {
            self.end_template();
        }
        Flow::Done
    }

    /// Sets the mode anew after a table or a template has ended.
    pub(super) fn reset_mode(&mut self) {
        let mode = self
            .open
            .entries()
            .iter()
            .rev()
            .find_map(|open| match open.tag {
                Tag::TD | Tag::TH => Some(Mode::InCell),
                Tag::TR => Some(Mode::InRow),
                Tag::TBODY | Tag::THEAD | Tag::TFOOT => Some(Mode::InTableBody),
                Tag::CAPTION => Some(Mode::InCaption),
                Tag::COLGROUP => Some(Mode::InColumnGroup),
                Tag::TABLE => Some(Mode::InTable),
                Tag::TEMPLATE => Some(
                    self.template_modes
                        .last()
                        .copied()
                        .unwrap_or(Mode::InTemplate),
                ),
                Tag::HEAD => Some(Mode::InHead),
                Tag::BODY => Some(Mode::InBody),
                Tag::FRAMESET => Some(Mode::InFrameset),
                Tag::HTML if self.head.is_none() => Some(Mode::BeforeHead),
                Tag::HTML => Some(Mode::AfterHead),
                _ => None,
            });
        self.mode = mode.unwrap_or(Mode::InBody);
    }
}
