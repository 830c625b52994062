//! Markdown as a language model likes it: structure kept, no noise.
//!
//! The dialect is GitHub's with footnotes (`[^1]`), definition lists (`: text`) and formulas in TeX.

use super::escape::{has_math, is_bare, push_escaped, Place, CALM};
use super::notes::Notes;
use super::table::{self, Grid};
use super::text::{run, split_word};
use super::{are_apart, code, is_permalink, math, walk, Inside, Writer, BLOCKS, VERBATIM};
use crate::address::Base;
use crate::keep::Kept;
use crate::media;
use crate::parse::{Document, NodeId, Tag, TagSet};

/// Deeper lists and quotations are not indented any further: 100,000 of them would be 20 GB of spaces.
const MAX_CONTAINERS: usize = 10;

/// Longer or more complex than this, a heading is a part of the page in a wrong element.
const MAX_HEADING_BYTES: usize = 400;
const MAX_HEADING_NODES: usize = 48;

/// How many nodes an inline `code` element may have to be taken at its word.
const MAX_CODE_NODES: usize = 200;

const LISTS: TagSet = TagSet::new(&[Tag::UL, Tag::OL, Tag::MENU, Tag::DIR]);
const CODE: TagSet = TagSet::new(&[Tag::CODE, Tag::KBD, Tag::SAMP, Tag::TT]);

/// The kept nodes as Markdown, links and images absolute.
pub fn markdown(document: &Document<'_>, kept: &Kept, base: &Base) -> String {
    let mut writer = MarkdownWriter {
        document,
        kept,
        base,
        notes: Notes::find(document, kept),
        out: String::new(),
        containers: Vec::new(),
        lists: Vec::new(),
        marks: Vec::new(),
        gap: Gap::None,
        gap_depth: 0,
        pending: Pending::None,
        fresh: true,
        heading: None,
        grids: Vec::new(),
        in_cell: false,
        cell_is_empty: true,
        joint: None,
        last: None,
    };
    walk(document, kept, &mut writer);
    let mut out = writer.out;
    while let Some(rest) = out.trim_end().strip_suffix("\n---").map(str::len) {
        out.truncate(rest);
    }
    out.truncate(out.trim_end().len());
    out
}

/// What separates a block from the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Line,
    Blank,
}

/// What comes before the next word of a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pending {
    None,
    Space,
    Break,
}

/// What every line of a block starts with.
enum Container {
    Quote,
    /// A list item: its marker on the first line, as much space on the others.
    Item {
        marker: Option<String>,
        width: usize,
    },
    /// One that is too deep to be shown.
    Silent,
}

/// Markup around a part of a block. It is opened by the first word inside, so that empty elements
/// leave nothing and white space stays outside.
struct Mark {
    node: NodeId,
    kind: Kind,
    open: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Strong,
    Emphasis,
    Strike,
    Superscript,
    Subscript,
    Quotation,
    /// Its address; none once it has been shown: a link around several blocks is one link.
    Link(Option<String>),
}

impl Kind {
    fn opener(&self) -> &'static str {
        match self {
            Kind::Strong => "**",
            Kind::Emphasis => "*",
            Kind::Strike => "~~",
            Kind::Superscript => "<sup>",
            Kind::Subscript => "<sub>",
            Kind::Quotation => "“",
            Kind::Link(_) => "[",
        }
    }
}

/// A list that is open.
struct List {
    /// The number of the next item, where items are numbered.
    next: Option<u32>,
    /// Whether it has had an item: the next one follows without a blank line.
    begun: bool,
}

struct MarkdownWriter<'d, 'a> {
    document: &'d Document<'a>,
    kept: &'d Kept,
    base: &'d Base,
    notes: Notes,
    out: String,
    containers: Vec<Container>,
    lists: Vec<List>,
    marks: Vec<Mark>,
    gap: Gap,
    /// The containers that have been open all through the gap: a blank line belongs to those.
    gap_depth: usize,
    pending: Pending,
    /// Whether the present block has no text yet.
    fresh: bool,
    heading: Option<(NodeId, u8)>,
    /// The tables that are open; none for those that only arrange the page.
    grids: Vec<Option<Grid>>,
    in_cell: bool,
    cell_is_empty: bool,
    /// Where markup was closed last: the same markup opened there goes on instead.
    joint: Option<(usize, &'static str)>,
    /// The text before.
    last: Option<NodeId>,
}

impl MarkdownWriter<'_, '_> {
    /// End the present block. Where blocks can't be, in headings and cells, their texts are only set apart.
    fn break_block(&mut self, gap: Gap) {
        if self.in_cell {
            if !self.cell_is_empty {
                self.pending = self.pending.max(if gap == Gap::Blank {
                    Pending::Break
                } else {
                    Pending::Space
                });
            }
            return;
        }
        if self.heading.is_some() {
            self.pending = self.pending.max(Pending::Space);
            return;
        }
        if self.fresh {
            let at_marker = matches!(
                self.containers.last(),
                Some(Container::Item {
                    marker: Some(_),
                    ..
                })
            );
            if !at_marker {
                self.gap = self.gap.max(gap);
            }
        } else {
            self.close_marks(0);
            self.fresh = true;
            self.pending = Pending::None;
            self.gap = gap;
            self.gap_depth = self.containers.len();
        }
        self.gap_depth = self.gap_depth.min(self.containers.len());
    }

    /// Start a line for the present block.
    fn open_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if self.gap == Gap::Blank {
                self.push_prefix(self.gap_depth, true);
                self.out.push('\n');
            }
        }
        self.gap = Gap::None;
        self.push_prefix(self.containers.len(), false);
        self.fresh = false;
        self.pending = Pending::None;
    }

    fn push_prefix(&mut self, depth: usize, blank: bool) {
        let start = self.out.len();
        for container in &mut self.containers[..depth] {
            match container {
                Container::Quote => self.out.push_str("> "),
                Container::Item { marker, width } => match marker.take_if(|_| !blank) {
                    Some(marker) => self.out.push_str(&marker),
                    None => self.out.extend(std::iter::repeat_n(' ', *width)),
                },
                Container::Silent => {}
            }
        }
        if blank {
            let end = start + self.out[start..].trim_end().len();
            self.out.truncate(end);
        }
    }

    /// Get ready for a word; says whether it starts a line.
    fn begin_word(&mut self, with_marks: bool) -> bool {
        let mut line_start = false;
        if self.fresh {
            self.open_line();
            if let Some((_, level)) = self.heading {
                self.out
                    .extend(std::iter::repeat_n('#', usize::from(level)));
                self.out.push(' ');
            } else {
                line_start = true;
            }
        } else {
            match std::mem::replace(&mut self.pending, Pending::None) {
                Pending::None => {}
                Pending::Break if self.in_cell => self.out.push_str("<br>"),
                Pending::Break if self.heading.is_none() => {
                    self.out.push_str("  \n");
                    self.push_prefix(self.containers.len(), false);
                    line_start = true;
                }
                Pending::Space | Pending::Break => self.out.push(' '),
            }
        }
        self.cell_is_empty = false;
        if with_marks {
            for mark in self
                .marks
                .iter_mut()
                .filter(|mark| !mark.open && mark.kind != Kind::Link(None))
            {
                let opener = mark.kind.opener();
                mark.open = true;
                line_start = false;
                if self.joint == Some((self.out.len(), opener)) {
                    self.out.truncate(self.out.len() - opener.len());
                } else {
                    // It would make the link an image.
                    if opener == "[" && self.out.ends_with('!') {
                        self.out.insert(self.out.len() - 1, '\\');
                    }
                    self.out.push_str(opener);
                }
            }
        }
        line_start
    }

    /// Close the open marks from the innermost down to the one at `first`.
    fn close_marks(&mut self, first: usize) {
        for mark in self.marks[first..]
            .iter_mut()
            .rev()
            .filter(|mark| mark.open)
        {
            mark.open = false;
            match &mut mark.kind {
                Kind::Link(address) => {
                    self.out.push_str("](");
                    push_address(&address.take().unwrap_or_default(), &mut self.out);
                    self.out.push(')');
                }
                Kind::Superscript => self.out.push_str("</sup>"),
                Kind::Subscript => self.out.push_str("</sub>"),
                Kind::Quotation => self.out.push('”'),
                kind => {
                    self.out.push_str(kind.opener());
                    self.joint = Some((self.out.len(), kind.opener()));
                }
            }
        }
    }

    fn mark(&mut self, node: NodeId, kind: Kind) {
        let redundant = self.marks.iter().any(|mark| {
            mark.kind == kind || matches!((&mark.kind, &kind), (Kind::Link(_), Kind::Link(_)))
        });
        if !redundant && (kind != Kind::Strong || self.heading.is_none()) {
            self.marks.push(Mark {
                node,
                kind,
                open: false,
            });
        }
    }

    fn write(&mut self, text: &str) {
        if text.starts_with(char::is_whitespace) {
            self.pending = self.pending.max(Pending::Space);
        }
        let has_math = has_math(text);
        let mut first = true;
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (word, after) = split_word(rest);
            rest = after.trim_start();
            if !first {
                self.pending = self.pending.max(Pending::Space);
            }
            let at_edge = (first || rest.is_empty()) && !self.marks.is_empty();
            first = false;
            let line_start = self.begin_word(true);
            let place = Place {
                line_start,
                is_bare: line_start && is_bare(text),
                in_cell: self.in_cell,
                in_link: self
                    .marks
                    .iter()
                    .any(|mark| matches!(mark.kind, Kind::Link(Some(_)))),
                in_heading: self.heading.is_some(),
                at_edge,
                has_math,
            };
            if word.is_ascii() {
                push_escaped(word, place, &mut self.out);
            } else {
                let mut visible = String::with_capacity(word.len());
                super::text::push_word(word, &mut visible);
                push_escaped(&visible, place, &mut self.out);
            }
            // Behind a word of this text nothing is left to open, and these need no escape.
            let run = run(after, &CALM);
            self.out.push_str(&after[..run]);
            rest = after[run..].trim_start();
        }
        if !first && text.ends_with(char::is_whitespace) {
            self.pending = self.pending.max(Pending::Space);
        }
    }

    /// Write markup as it is.
    fn write_raw(&mut self, markup: &str, with_marks: bool) {
        self.begin_word(with_marks);
        if self.in_cell && markup.contains('|') {
            self.out.push_str(&markup.replace('|', "\\|"));
        } else {
            self.out.push_str(markup);
        }
    }

    /// Write lines that are a block of their own, each after the prefix.
    fn write_lines<'s>(&mut self, lines: impl Iterator<Item = &'s str>) {
        self.break_block(Gap::Blank);
        for line in lines {
            if self.fresh {
                self.open_line();
            } else {
                self.out.push('\n');
                self.push_prefix(self.containers.len(), false);
            }
            self.out.push_str(line);
        }
        self.break_block(Gap::Blank);
    }

    fn write_preformatted(&mut self, node: NodeId) {
        let text = code::verbatim(self.document, self.kept, node);
        if text.trim().is_empty() {
            return;
        }
        if self.in_cell || self.heading.is_some() {
            self.write_code(&text);
            return;
        }
        let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
        let opening = [
            &fence,
            code::language(self.document, node).unwrap_or_default(),
        ]
        .concat();
        self.write_lines(
            std::iter::once(opening.as_str())
                .chain(text.lines())
                .chain([fence.as_str()]),
        );
    }

    fn write_code(&mut self, text: &str) {
        let text = super::collapse(text);
        if text.is_empty() {
            return;
        }
        let fence = "`".repeat(longest_run(&text, '`') + 1);
        let pad = if text.starts_with('`') || text.ends_with('`') {
            " "
        } else {
            ""
        };
        self.write_raw(&[&fence, pad, &text, pad, &fence].concat(), true);
    }

    fn write_formula(&mut self, formula: &math::Formula) {
        if formula.display && !self.in_cell && self.heading.is_none() {
            let text = ["$$", formula.tex.as_str(), "$$"].concat();
            self.write_lines(text.lines());
        } else {
            self.write_raw(&["$", formula.tex.as_str(), "$"].concat(), true);
        }
    }

    fn write_image(&mut self, node: NodeId) {
        let Some(source) = media::image(self.document, node, self.base) else {
            return;
        };
        let alt = super::collapse(&self.document.attr(node, "alt").unwrap_or_default())
            .replace(['[', ']', '\\', '`'], "");
        self.begin_word(false);
        self.out.push_str("![");
        if self.in_cell {
            self.out.push_str(&alt.replace('|', "\\|"));
        } else {
            self.out.push_str(&alt);
        }
        self.out.push_str("](");
        push_address(&source, &mut self.out);
        self.out.push(')');
    }

    fn enter_heading(&mut self, node: NodeId) {
        self.break_block(Gap::Blank);
        let in_item = matches!(self.containers.last(), Some(Container::Item { .. }));
        if self.in_cell || in_item || self.heading.is_some() || !is_heading(self.document, node) {
            if is_heading(self.document, node) {
                self.mark(node, Kind::Strong);
            }
            return;
        }
        let level = self.document.tag(node).index() - Tag::H1.index() + 1;
        self.heading = Some((node, level as u8));
    }

    fn enter_list(&mut self, node: NodeId) {
        self.break_block(if self.lists.is_empty() {
            Gap::Blank
        } else {
            Gap::Line
        });
        let start = self
            .document
            .raw_attr(node, "start")
            .and_then(|start| start.trim().parse().ok());
        let next = (self.document.tag(node) == Tag::OL).then_some(start.unwrap_or(1));
        self.lists.push(List { next, begun: false });
    }

    fn enter_item(&mut self, node: NodeId) {
        self.break_block(if self.in_cell { Gap::Blank } else { Gap::Line });
        let label = self.notes.text(node).map(|label| format!("[^{label}]: "));
        let value = self
            .document
            .raw_attr(node, "value")
            .and_then(|value| value.trim().parse().ok());
        let list = self.lists.last_mut();
        if list.as_ref().is_some_and(|list| list.begun) && self.fresh {
            self.gap = self.gap.min(Gap::Line);
        }
        let mut marker = "- ".to_owned();
        if let Some(list) = list {
            list.begun = true;
            if let Some(next) = &mut list.next {
                let number: u32 = value.unwrap_or(*next);
                *next = number.saturating_add(1);
                marker = format!("{number}. ");
            }
        }
        self.contain(label.unwrap_or(marker));
    }

    fn contain(&mut self, marker: String) {
        if self.in_cell || self.heading.is_some() || self.containers.len() >= MAX_CONTAINERS {
            self.containers.push(Container::Silent);
        } else {
            // Footnotes are indented by four, whatever their label.
            let width = if marker.starts_with("[^") {
                4
            } else {
                marker.len()
            };
            self.containers.push(Container::Item {
                marker: Some(marker),
                width,
            });
        }
    }

    fn leave_container(&mut self, gap: Gap) {
        self.break_block(gap);
        self.containers.pop();
        self.gap_depth = self.gap_depth.min(self.containers.len());
    }

    fn enter_table(&mut self, node: NodeId) {
        self.break_block(Gap::Blank);
        let columns = if self.in_cell || self.heading.is_some() {
            None
        } else {
            table::columns(self.document, self.kept, node)
        };
        self.grids.push(columns.map(Grid::new));
    }

    fn enter_row(&mut self) {
        let Some(Some(grid)) = self.grids.last() else {
            self.break_block(Gap::Line);
            return;
        };
        let gap = if grid.header_written {
            Gap::Line
        } else {
            Gap::Blank
        };
        self.break_block(gap);
        self.gap = gap;
        self.open_line();
        if let Some(Some(grid)) = self.grids.last_mut() {
            grid.start_row(&mut self.out);
        }
    }

    fn leave_row(&mut self) {
        let Some(Some(grid)) = self.grids.last_mut() else {
            self.break_block(Gap::Line);
            return;
        };
        grid.end_row(&mut self.out);
        let separator =
            (!std::mem::replace(&mut grid.header_written, true)).then(|| grid.separator());
        if let Some(separator) = separator {
            self.out.push('\n');
            self.push_prefix(self.containers.len(), false);
            self.out.push_str(&separator);
        }
        self.break_block(Gap::Line);
    }

    fn enter_cell(&mut self) {
        match self.grids.last_mut() {
            Some(Some(grid)) if !self.fresh => {
                grid.start_cell(&mut self.out);
                self.in_cell = true;
                self.cell_is_empty = true;
                self.pending = Pending::None;
            }
            _ => self.break_block(Gap::Blank),
        }
    }

    fn leave_cell(&mut self, node: NodeId) {
        if !self.in_cell {
            self.break_block(Gap::Blank);
            return;
        }
        self.close_marks(0);
        self.in_cell = false;
        self.pending = Pending::None;
        if let Some(Some(grid)) = self.grids.last_mut() {
            grid.end_cell(
                table::span(self.document, node, "colspan"),
                table::span(self.document, node, "rowspan"),
                &mut self.out,
            );
        }
    }

    fn enter_link(&mut self, node: NodeId) -> Inside {
        if let Some(label) = self.notes.reference(node) {
            let reference = format!("[^{label}]");
            self.write_reference(&reference);
            return Inside::Skip;
        }
        if is_permalink(self.document, node) || self.notes.is_way_back(self.document, node) {
            return Inside::Skip;
        }
        // Word writes `<a name="_ftn1">[1]</a>` before a note.
        if let Some(label) = self.notes.text(node) {
            let label = format!("[^{label}]:");
            self.break_block(Gap::Blank);
            self.write_raw(&label, false);
            self.pending = Pending::Space;
            return Inside::Skip;
        }
        if let Some(address) = self
            .document
            .attr(node, "href")
            .and_then(|href| self.base.resolve(&href))
        {
            self.mark(node, Kind::Link(Some(address)));
        }
        Inside::Visit
    }

    /// A reference to a note stands right after what it is about.
    fn write_reference(&mut self, reference: &str) {
        self.pending = Pending::None;
        self.write_raw(reference, false);
    }

    fn enter_inline(&mut self, node: NodeId, tag: Tag) -> Inside {
        match tag {
            Tag::A => return self.enter_link(node),
            Tag::B | Tag::STRONG => self.mark(node, Kind::Strong),
            Tag::I | Tag::EM => self.mark(node, Kind::Emphasis),
            Tag::DEL | Tag::S | Tag::STRIKE => self.mark(node, Kind::Strike),
            Tag::Q => self.mark(node, Kind::Quotation),
            Tag::SUB => self.mark(node, Kind::Subscript),
            Tag::SUP => {
                if let Some(label) = self.notes.reference_within(self.document, node) {
                    let reference = format!("[^{label}]");
                    self.write_reference(&reference);
                    return Inside::Skip;
                }
                self.mark(node, Kind::Superscript);
            }
            Tag::BR if self.pending == Pending::Break => {
                // Two of them set a paragraph apart.
                if self.in_cell || self.heading.is_some() {
                    return Inside::Visit;
                }
                self.break_block(Gap::Blank);
            }
            Tag::BR => self.pending = Pending::Break,
            Tag::IMG => self.write_image(node),
            Tag::SPAN if is_permalink(self.document, node) => return Inside::Skip,
            tag if CODE.contains(tag) && is_inline_code(self.document, node) => {
                let text = self.document.text_content(node);
                self.write_code(&text);
                return Inside::Skip;
            }
            _ => {}
        }
        Inside::Visit
    }
}

impl Writer for MarkdownWriter<'_, '_> {
    fn enter(&mut self, node: NodeId) -> Inside {
        let tag = self.document.tag(node);
        if VERBATIM.contains(tag) {
            self.write_preformatted(node);
            return Inside::Skip;
        }
        if math::is_rendering(self.document, node) || code::is_gutter(self.document, node) {
            return Inside::Skip;
        }
        match tag {
            Tag::MATH | Tag::SCRIPT => {
                if let Some(formula) = math::formula(self.document, node) {
                    self.write_formula(&formula);
                    return Inside::Skip;
                }
            }
            tag if tag.is_heading() => self.enter_heading(node),
            tag if LISTS.contains(tag) => self.enter_list(node),
            Tag::LI => self.enter_item(node),
            Tag::DD => {
                self.break_block(Gap::Line);
                self.contain(": ".to_owned());
            }
            Tag::BLOCKQUOTE => {
                self.break_block(Gap::Blank);
                let shown = !self.in_cell
                    && self.heading.is_none()
                    && self.containers.len() < MAX_CONTAINERS;
                self.containers.push(if shown {
                    Container::Quote
                } else {
                    Container::Silent
                });
            }
            Tag::HR => {
                let repeated = self.fresh && (self.out.is_empty() || self.out.ends_with("\n---"));
                if !repeated && !self.in_cell && self.heading.is_none() {
                    self.write_lines(std::iter::once("---"));
                }
            }
            Tag::TABLE => self.enter_table(node),
            Tag::TR => self.enter_row(),
            Tag::TD | Tag::TH => self.enter_cell(),
            tag if BLOCKS.contains(tag) => {
                self.break_block(if self.in_cell && tag != Tag::P {
                    Gap::Line
                } else {
                    Gap::Blank
                });
                if self.notes.text(node).is_some() && !self.in_cell {
                    let label = self
                        .notes
                        .text(node)
                        .map(|label| format!("[^{label}]:"))
                        .unwrap_or_default();
                    self.write_raw(&label, false);
                    self.pending = Pending::Space;
                }
            }
            tag => return self.enter_inline(node, tag),
        }
        Inside::Visit
    }

    fn leave(&mut self, node: NodeId) {
        let tag = self.document.tag(node);
        if self.marks.last().is_some_and(|mark| mark.node == node) {
            self.close_marks(self.marks.len() - 1);
            self.marks.pop();
        }
        match tag {
            tag if tag.is_heading() => {
                if self.heading.is_some_and(|(heading, _)| heading == node) {
                    self.close_marks(0);
                    self.heading = None;
                }
                self.break_block(Gap::Blank);
            }
            tag if LISTS.contains(tag) => {
                self.lists.pop();
                self.break_block(if self.lists.is_empty() {
                    Gap::Blank
                } else {
                    Gap::Line
                });
            }
            Tag::DT => self.break_block(Gap::Line),
            Tag::LI | Tag::DD => self.leave_container(Gap::Line),
            Tag::BLOCKQUOTE => self.leave_container(Gap::Blank),
            Tag::TABLE => {
                self.grids.pop();
                self.break_block(Gap::Blank);
            }
            Tag::TR => self.leave_row(),
            Tag::TD | Tag::TH => self.leave_cell(node),
            tag if BLOCKS.contains(tag) => {
                self.break_block(if self.in_cell { Gap::Line } else { Gap::Blank })
            }
            _ => {}
        }
    }

    fn text(&mut self, node: NodeId) {
        let last = self.last.replace(node);
        if self.pending == Pending::None
            && !self.cell_is_empty
            && last.is_some_and(|last| are_apart(self.document, last, node))
        {
            self.pending = Pending::Space;
        }
        self.write(&self.document.text(node));
    }
}

/// Whether a heading is one: short, and not made of paragraphs.
fn is_heading(document: &Document<'_>, node: NodeId) -> bool {
    let (mut nodes, mut bytes) = (0, 0);
    document.descendants(node).all(|below| {
        nodes += 1;
        bytes += document.raw_text(below).trim().len();
        let block = matches!(
            document.tag(below),
            Tag::P | Tag::UL | Tag::OL | Tag::TABLE | Tag::BLOCKQUOTE | Tag::PRE
        );
        nodes <= MAX_HEADING_NODES && bytes <= MAX_HEADING_BYTES && !block
    })
}

/// Whether a `code` element is a part of a line.
fn is_inline_code(document: &Document<'_>, node: NodeId) -> bool {
    let mut nodes = 0;
    document.descendants(node).all(|below| {
        nodes += 1;
        nodes <= MAX_CODE_NODES && !BLOCKS.contains(document.tag(below))
    })
}

fn longest_run(text: &str, sign: char) -> usize {
    text.split(|c| c != sign).map(str::len).max().unwrap_or(0)
}

/// Append an address; brackets in it would end it.
fn push_address(address: &str, out: &mut String) {
    for c in address.chars() {
        match c {
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            ' ' => out.push_str("%20"),
            '|' => out.push_str("%7C"),
            c => out.push(c),
        }
    }
}
