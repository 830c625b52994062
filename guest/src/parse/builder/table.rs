//! Tables: the modes "in table" to "in cell".

use super::open::BOUNDS_TABLE;
use super::rules::{
    CELLS, FOSTERING, SECTIONS, TABLE_BODY_CONTEXT, TABLE_ROW_CONTEXT, TABLE_SCOPE,
};
use super::{Builder, Flow, Mode};
use crate::parse::entities::is_blank;
use crate::parse::tags::{tag_set, Tag, TagSet};
use crate::parse::tokenizer::StartTag;
use crate::parse::tree::Kind;

/// Start tags that end a caption or a cell.
const TABLE_PARTS: TagSet = tag_set![CAPTION COL COLGROUP TBODY TD TFOOT TH THEAD TR];

impl Builder<'_> {
    pub(super) fn text_in_table(&mut self, start: u32, end: u32) {
        if FOSTERING.contains(self.open.top().tag) && is_blank(self.raw(start, end)) {
            return self.insert_text(start, end, Kind::Text);
        }
        self.fostering = true;
        self.text_in_body(start, end);
        self.fostering = false;
    }

    pub(super) fn start_in_table(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::CAPTION => {
                self.pop_back_to(&TABLE_SCOPE);
                self.formatting.push_marker();
                self.insert(token);
                self.mode = Mode::InCaption;
            }
            Tag::COLGROUP => {
                self.pop_back_to(&TABLE_SCOPE);
                self.insert(token);
                self.mode = Mode::InColumnGroup;
            }
            Tag::COL => {
                self.pop_back_to(&TABLE_SCOPE);
                self.insert_implied(Tag::COLGROUP);
                return self.switch_to(Mode::InColumnGroup);
            }
            Tag::TBODY | Tag::TFOOT | Tag::THEAD => {
                self.pop_back_to(&TABLE_SCOPE);
                self.insert(token);
                self.mode = Mode::InTableBody;
            }
            Tag::TD | Tag::TH | Tag::TR => {
                self.pop_back_to(&TABLE_SCOPE);
                self.insert_implied(Tag::TBODY);
                return self.switch_to(Mode::InTableBody);
            }
            Tag::TABLE => return self.close_table(),
            Tag::STYLE | Tag::SCRIPT | Tag::TEMPLATE => return self.start_head_element(token),
            Tag::INPUT if self.is_hidden_input(token) => self.insert_void(token),
            Tag::FORM if !self.open.has(Tag::TEMPLATE) => {
                if self.form.is_none() {
                    self.form = Some(self.insert(token));
                    self.pop();
                }
            }
            Tag::FORM => {}
            _ => {
                self.fostering = true;
                let flow = self.start_in_body(token);
                self.fostering = false;
                return flow;
            }
        }
        Flow::Done
    }

    /// Ends the table; [`Flow::Done`] where there is none to end.
    fn close_table(&mut self) -> Flow {
        match self.open.find_in_scope(Tag::TABLE, BOUNDS_TABLE) {
            Some(table) => {
                self.pop_to(table);
                self.reset_mode();
                Flow::Again
            }
            None => Flow::Done,
        }
    }

    pub(super) fn end_in_table(&mut self, tag: Tag, start: u32) -> Flow {
        match tag {
            Tag::TABLE => {
                self.close_table();
            }
            Tag::BODY
            | Tag::CAPTION
            | Tag::COL
            | Tag::COLGROUP
            | Tag::HTML
            | Tag::TBODY
            | Tag::TD
            | Tag::TFOOT
            | Tag::TH
            | Tag::THEAD
            | Tag::TR => {}
            Tag::TEMPLATE => self.end_template(),
            _ => {
                self.fostering = true;
                self.end_in_body(tag, start);
                self.fostering = false;
            }
        }
        Flow::Done
    }

    pub(super) fn start_in_caption(&mut self, token: &StartTag) -> Flow {
        if TABLE_PARTS.contains(token.tag) {
            return self.close_caption();
        }
        self.start_in_body(token)
    }

    fn close_caption(&mut self) -> Flow {
        let Some(caption) = self.open.find_in_scope(Tag::CAPTION, BOUNDS_TABLE) else {
            return Flow::Done;
        };
        self.pop_to(caption);
        self.formatting.clear_to_marker();
        self.switch_to(Mode::InTable)
    }

    pub(super) fn end_in_caption(&mut self, tag: Tag, start: u32) -> Flow {
        match tag {
            Tag::CAPTION => {
                self.close_caption();
                Flow::Done
            }
            Tag::TABLE => self.close_caption(),
            Tag::BODY
            | Tag::COL
            | Tag::COLGROUP
            | Tag::HTML
            | Tag::TBODY
            | Tag::TD
            | Tag::TFOOT
            | Tag::TH
            | Tag::THEAD
            | Tag::TR => Flow::Done,
            _ => self.end_in_body(tag, start),
        }
    }

    pub(super) fn start_in_column_group(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::HTML => self.repeat_root(token),
            Tag::COL => {
                self.insert_void(token);
                Flow::Done
            }
            Tag::TEMPLATE => self.start_head_element(token),
            _ => self.leave_column_group(),
        }
    }

    /// Ends the column group; [`Flow::Done`] where there is none to end.
    pub(super) fn leave_column_group(&mut self) -> Flow {
        if self.open.top().tag != Tag::COLGROUP {
            return Flow::Done;
        }
        self.pop();
        self.switch_to(Mode::InTable)
    }

    pub(super) fn end_in_column_group(&mut self, tag: Tag) -> Flow {
        match tag {
            Tag::COLGROUP => {
                self.leave_column_group();
                Flow::Done
            }
            Tag::COL => Flow::Done,
            Tag::TEMPLATE => {
                self.end_template();
                Flow::Done
            }
            _ => self.leave_column_group(),
        }
    }

    pub(super) fn start_in_table_body(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::TR => {
                self.pop_back_to(&TABLE_BODY_CONTEXT);
                self.insert(token);
                self.mode = Mode::InRow;
                Flow::Done
            }
            Tag::TD | Tag::TH => {
                self.pop_back_to(&TABLE_BODY_CONTEXT);
                self.insert_implied(Tag::TR);
                self.switch_to(Mode::InRow)
            }
            Tag::CAPTION | Tag::COL | Tag::COLGROUP | Tag::TBODY | Tag::TFOOT | Tag::THEAD => {
                self.close_section()
            }
            _ => self.start_in_table(token),
        }
    }

    fn close_section(&mut self) -> Flow {
        if self
            .open
            .find_any_in_scope(&SECTIONS, BOUNDS_TABLE)
            .is_none()
        {
            return Flow::Done;
        }
        self.pop_back_to(&TABLE_BODY_CONTEXT);
        self.pop();
        self.switch_to(Mode::InTable)
    }

    pub(super) fn end_in_table_body(&mut self, tag: Tag, start: u32) -> Flow {
        match tag {
            Tag::TBODY | Tag::TFOOT | Tag::THEAD => {
                if self.open.find_in_scope(tag, BOUNDS_TABLE).is_some() {
                    self.close_section();
                }
                Flow::Done
            }
            Tag::TABLE => self.close_section(),
            Tag::BODY
            | Tag::CAPTION
            | Tag::COL
            | Tag::COLGROUP
            | Tag::HTML
            | Tag::TD
            | Tag::TH
            | Tag::TR => Flow::Done,
            _ => self.end_in_table(tag, start),
        }
    }

    pub(super) fn start_in_row(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::TD | Tag::TH => {
                self.pop_back_to(&TABLE_ROW_CONTEXT);
                self.insert(token);
                self.mode = Mode::InCell;
                self.formatting.push_marker();
                Flow::Done
            }
            Tag::CAPTION
            | Tag::COL
            | Tag::COLGROUP
            | Tag::TBODY
            | Tag::TFOOT
            | Tag::THEAD
            | Tag::TR => self.close_row(),
            _ => self.start_in_table(token),
        }
    }

    fn close_row(&mut self) -> Flow {
        if self.open.find_in_scope(Tag::TR, BOUNDS_TABLE).is_none() {
            return Flow::Done;
        }
        self.pop_back_to(&TABLE_ROW_CONTEXT);
        self.pop();
        self.switch_to(Mode::InTableBody)
    }

    pub(super) fn end_in_row(&mut self, tag: Tag, start: u32) -> Flow {
        match tag {
            Tag::TR => {
                self.close_row();
                Flow::Done
            }
            Tag::TABLE => self.close_row(),
            Tag::TBODY | Tag::TFOOT | Tag::THEAD => {
                match self.open.find_in_scope(tag, BOUNDS_TABLE) {
                    Some(_) => self.close_row(),
                    None => Flow::Done,
                }
            }
            Tag::BODY | Tag::CAPTION | Tag::COL | Tag::COLGROUP | Tag::HTML | Tag::TD | Tag::TH => {
                Flow::Done
            }
            _ => self.end_in_table(tag, start),
        }
    }

    pub(super) fn start_in_cell(&mut self, token: &StartTag) -> Flow {
        if TABLE_PARTS.contains(token.tag) {
            return self.close_cell();
        }
        self.start_in_body(token)
    }

    fn close_cell(&mut self) -> Flow {
        let Some(cell) = self.open.find_any_in_scope(&CELLS, BOUNDS_TABLE) else {
            return Flow::Done;
        };
        self.pop_to(cell);
        self.formatting.clear_to_marker();
        self.switch_to(Mode::InRow)
    }

    pub(super) fn end_in_cell(&mut self, tag: Tag, start: u32) -> Flow {
        match tag {
            Tag::TD | Tag::TH => {
                if self.open.find_in_scope(tag, BOUNDS_TABLE).is_some() {
                    self.close_cell();
                }
                Flow::Done
            }
            Tag::TABLE | Tag::TBODY | Tag::TFOOT | Tag::THEAD | Tag::TR => {
                match self.open.find_in_scope(tag, BOUNDS_TABLE) {
                    Some(_) => self.close_cell(),
                    None => Flow::Done,
                }
            }
            Tag::BODY | Tag::CAPTION | Tag::COL | Tag::COLGROUP | Tag::HTML => Flow::Done,
            _ => self.end_in_body(tag, start),
        }
    }
}
