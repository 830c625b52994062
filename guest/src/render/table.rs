//! Tables: which of them hold data, and how wide they are.

use crate::keep::Kept;
use crate::parse::{Document, NodeId, Tag};

/// Wider tables are layout, or written against us.
const MAX_COLUMNS: usize = 60;
/// A cell with more text holds a part of the page, not a datum.
const MAX_CELL_BYTES: usize = 800;
/// The same where nothing says that it is a table of data: no header, no caption.
const MAX_BARE_CELL_BYTES: usize = 300;

/// The columns of a table of data; none for a table that only arranges the page.
///
/// Reads up to the first table inside, so that nested ones are read once each.
pub fn columns(document: &Document<'_>, kept: &Kept, table: NodeId) -> Option<usize> {
    if document
        .raw_attr(table, "role")
        .is_some_and(|role| matches!(role, "presentation" | "none"))
    {
        return None;
    }
    let (mut columns, mut column, mut rows, mut cell_bytes) = (0, 0, 0, 0);
    // Whether it says that it holds data, and whether it holds what data seldom are.
    let (mut is_declared, mut is_page) = (false, false);
    let mut walk = document.descendants(table);
    while let Some(node) = walk.next() {
        if !kept.reaches(node) {
            walk.skip_subtree(node);
            continue;
        }
        match document.tag(node) {
            Tag::TABLE
            | Tag::PRE
            | Tag::H1
            | Tag::H2
            | Tag::H3
            | Tag::H4
            | Tag::FORM
            | Tag::BLOCKQUOTE
            | Tag::ARTICLE => return None,
            Tag::TR => {
                rows += 1;
                column = 0;
            }
            Tag::CAPTION | Tag::THEAD => is_declared = true,
            Tag::HR | Tag::IFRAME | Tag::VIDEO => is_page = true,
            tag @ (Tag::TD | Tag::TH) => {
                is_declared |= tag == Tag::TH;
                column += span(document, node, "colspan");
                columns = columns.max(column);
                cell_bytes = 0;
            }
            Tag::TEXT => {
                cell_bytes += document.raw_text(node).trim().len();
                if cell_bytes > MAX_CELL_BYTES {
                    return None;
                }
                is_page |= cell_bytes > MAX_BARE_CELL_BYTES;
            }
            _ => {}
        }
        if columns > MAX_COLUMNS {
            return None;
        }
    }
    (columns >= 2 && rows >= 2 && (is_declared || !is_page)).then_some(columns)
}

/// The `colspan` or `rowspan` of a cell.
pub fn span(document: &Document<'_>, cell: NodeId, name: &str) -> usize {
    document
        .raw_attr(cell, name)
        .and_then(|value| value.trim().parse().ok())
        .map_or(1, |span: usize| span.clamp(1, 1000))
}

/// The row that is being written.
pub struct Grid {
    pub columns: usize,
    pub header_written: bool,
    column: usize,
    /// For each column, how many rows a cell above still reaches down.
    reaching: Vec<usize>,
}

const EMPTY_CELL: &str = "  |";

impl Grid {
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            header_written: false,
            column: 0,
            reaching: vec![0; columns],
        }
    }

    pub fn start_row(&mut self, out: &mut String) {
        self.column = 0;
        out.push('|');
    }

    /// Write what reaches into the row from above, up to the place of the next cell.
    pub fn start_cell(&mut self, out: &mut String) {
        while let Some(rows) = self.reaching.get_mut(self.column).filter(|rows| **rows > 0) {
            *rows -= 1;
            self.column += 1;
            out.push_str(EMPTY_CELL);
        }
        out.push(' ');
    }

    /// End a cell of so many columns and rows.
    pub fn end_cell(&mut self, columns: usize, rows: usize, out: &mut String) {
        out.push_str(" |");
        let end = (self.column + columns).min(self.columns);
        for column in self.column..end {
            self.reaching[column] = rows - 1;
            if column > self.column {
                out.push_str(EMPTY_CELL);
            }
        }
        self.column = end.max(self.column + 1);
    }

    /// End a row; the first one as wide as the table is.
    pub fn end_row(&mut self, out: &mut String) {
        if !self.header_written {
            for _ in self.column..self.columns {
                out.push_str(EMPTY_CELL);
            }
        }
    }

    /// The line that makes the first row the header.
    pub fn separator(&self) -> String {
        let mut line = String::from("|");
        for _ in 0..self.columns {
            line.push_str(" --- |");
        }
        line
    }
}
