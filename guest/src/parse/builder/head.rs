//! Everything before the body: the modes "initial" to "after head".

use super::insert::element;
use super::{Builder, Flow, Mode};
use crate::parse::tags::Tag;
use crate::parse::tokenizer::StartTag;
use crate::parse::tree::Kind;

impl Builder<'_> {
    #[cold]
    pub(super) fn start_before_body(&mut self, token: &StartTag) -> Flow {
        match self.mode {
            Mode::Initial => self.switch_to(Mode::BeforeHtml),
            Mode::BeforeHtml => {
                self.open_html();
                self.repeat_root(token)
            }
            _ if token.tag == Tag::HTML => self.repeat_root(token),
            Mode::BeforeHead if token.tag == Tag::HEAD => {
                self.head = Some(self.insert(token));
                self.mode = Mode::InHead;
                Flow::Done
            }
            Mode::BeforeHead => {
                self.open_head();
                Flow::Again
            }
            Mode::InHeadNoscript => self.start_in_head_noscript(token),
            Mode::AfterHead => self.start_after_head(token),
            _ => self.start_in_head(token),
        }
    }

    /// The first `html` tag, or one more: its attributes count where there are none yet.
    pub(super) fn repeat_root(&mut self, token: &StartTag) -> Flow {
        if token.tag != Tag::HTML {
            return Flow::Again;
        }
        if !self.open.has(Tag::TEMPLATE) {
            self.take_attributes(self.open.at(0).id, token);
        }
        Flow::Done
    }

    pub(super) fn take_attributes(&mut self, id: u32, token: &StartTag) {
        let node = &mut self.nodes[id as usize];
        if node.attributes == 0 {
            *node = crate::parse::tree::Node {
                parent: node.parent,
                end: node.end,
                ..element(token, token.tag, Kind::Html)
            };
        }
    }

    fn open_html(&mut self) {
        self.insert_implied(Tag::HTML);
        self.mode = Mode::BeforeHead;
    }

    fn open_head(&mut self) {
        self.head = Some(self.insert_implied(Tag::HEAD));
        self.mode = Mode::InHead;
    }

    fn close_head(&mut self) {
        self.pop();
        self.mode = Mode::AfterHead;
    }

    /// Opens whatever has to stand before the body, and the body.
    pub(super) fn begin_body(&mut self) {
        if matches!(self.mode, Mode::Initial | Mode::BeforeHtml) {
            self.open_html();
        }
        if self.mode == Mode::BeforeHead {
            self.open_head();
        }
        if self.mode == Mode::InHeadNoscript {
            self.pop();
            self.mode = Mode::InHead;
        }
        if self.mode == Mode::InHead {
            self.close_head();
        }
        if self.mode == Mode::AfterHead {
            self.body = Some(self.insert_implied(Tag::BODY));
            self.mode = Mode::InBody;
        }
    }

    /// What may stand in the head, wherever it comes; [`Flow::Again`] where `token` is none of it.
    pub(super) fn start_head_element(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::BASE | Tag::BASEFONT | Tag::BGSOUND | Tag::LINK | Tag::META => {
                self.insert_void(token)
            }
            Tag::TITLE => self.insert_raw(token, Kind::ReplaceableText),
            Tag::NOFRAMES | Tag::STYLE | Tag::SCRIPT => self.insert_raw(token, Kind::VerbatimText),
            Tag::TEMPLATE => self.open_template(token),
            _ => return Flow::Again,
        }
        Flow::Done
    }

    fn start_in_head(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::NOSCRIPT => {
                self.insert(token);
                self.mode = Mode::InHeadNoscript;
                Flow::Done
            }
            Tag::HEAD => Flow::Done,
            _ if self.start_head_element(token) == Flow::Done => Flow::Done,
            _ => {
                self.close_head();
                Flow::Again
            }
        }
    }

    fn start_in_head_noscript(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::BASEFONT | Tag::BGSOUND | Tag::LINK | Tag::META | Tag::NOFRAMES | Tag::STYLE => {
                self.start_head_element(token)
            }
            Tag::HEAD | Tag::NOSCRIPT => Flow::Done,
            _ => {
                self.pop();
                self.switch_to(Mode::InHead)
            }
        }
    }

    fn start_after_head(&mut self, token: &StartTag) -> Flow {
        match token.tag {
            Tag::BODY => {
                self.body = Some(self.insert(token));
                self.frameset_ok = false;
                self.mode = Mode::InBody;
                Flow::Done
            }
            Tag::FRAMESET => {
                self.insert(token);
                self.mode = Mode::InFrameset;
                Flow::Done
            }
            Tag::HEAD => Flow::Done,
            Tag::BASE
            | Tag::BASEFONT
            | Tag::BGSOUND
            | Tag::LINK
            | Tag::META
            | Tag::NOFRAMES
            | Tag::SCRIPT
            | Tag::STYLE
            | Tag::TEMPLATE
            | Tag::TITLE => self.reopen_head(token),
            _ => {
                self.begin_body();
                Flow::Again
            }
        }
    }

    /// What comes after the head but belongs into it.
    fn reopen_head(&mut self, token: &StartTag) -> Flow {
        let Some(head) = self.head else {
            return Flow::Done;
        };
        let position = self.open.len();
        self.open.push(super::open::Open::html(head, Tag::HEAD));
        self.start_head_element(token);
        // A template stays open, and only when it ends does the head's subtree.
        self.open.remove(position);
        self.nodes[head as usize].end = self.nodes.len() as u32;
        self.stale_ends |= token.tag == Tag::TEMPLATE;
        Flow::Done
    }

    #[cold]
    pub(super) fn end_before_body(&mut self, tag: Tag) -> Flow {
        if tag == Tag::TEMPLATE && matches!(self.mode, Mode::InHead | Mode::AfterHead) {
            self.end_template();
            return Flow::Done;
        }
        let ends_head = self.mode == Mode::InHead && tag == Tag::HEAD;
        let ends_noscript = self.mode == Mode::InHeadNoscript && tag == Tag::NOSCRIPT;
        if ends_head {
            self.close_head();
        } else if ends_noscript {
            self.pop();
            self.mode = Mode::InHead;
        } else {
            return self.end_before_body_implies(tag);
        }
        Flow::Done
    }

    /// The few end tags that open what is missing; all others mean nothing here.
    fn end_before_body_implies(&mut self, tag: Tag) -> Flow {
        let implies = match self.mode {
            Mode::InHeadNoscript => tag == Tag::BR,
            Mode::InHead | Mode::AfterHead => matches!(tag, Tag::BODY | Tag::HTML | Tag::BR),
            _ => matches!(tag, Tag::HEAD | Tag::BODY | Tag::HTML | Tag::BR),
        };
        if !implies {
            return match self.mode {
                // Without a document type the mode is left all the same.
                Mode::Initial => self.switch_to(Mode::BeforeHtml),
                _ => Flow::Done,
            };
        }
        match self.mode {
            Mode::Initial | Mode::BeforeHtml => self.open_html(),
            Mode::BeforeHead => self.open_head(),
            Mode::InHeadNoscript => {
                self.pop();
                self.mode = Mode::InHead;
            }
            Mode::InHead => self.close_head(),
            _ => self.begin_body(),
        }
        Flow::Again
    }
}
