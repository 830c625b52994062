//! Tables of data stay whole: half of a row says nothing.

use super::visible;
use crate::parse::{Document, NodeId, Tag};

/// The nodes, and with them all of every table of data of which they are the better half.
pub fn completed(document: &Document<'_>, nodes: Vec<NodeId>) -> Vec<NodeId> {
    let mut tables = document
        .ids()
        .filter(|&node| document.tag(node) == Tag::TABLE)
        .peekable();
    if tables.peek().is_none() {
        return nodes;
    }
    let mut marked = vec![false; document.len()];
    for &node in &nodes {
        marked[node.index()] = true;
    }
    let mut added = false;
    for table in tables {
        if is_cut(document, table, &marked) {
            added = true;
            for node in visible(document, table) {
                marked[node.index()] = true;
            }
        }
    }
    if !added {
        return nodes;
    }
    document.ids().filter(|node| marked[node.index()]).collect()
}

/// Whether a table that says it holds data has lost less than half of its text. Reads up to the
/// first table inside, so that nested ones are read once each.
fn is_cut(document: &Document<'_>, table: NodeId, marked: &[bool]) -> bool {
    let (mut declared, mut kept, mut total) = (false, 0, 0);
    for node in visible(document, table).skip(1) {
        match document.tag(node) {
            Tag::TABLE => return false,
            Tag::TH | Tag::THEAD | Tag::CAPTION => declared = true,
            Tag::TEXT => {
                let bytes = document.raw_text(node).trim_ascii().len();
                total += bytes;
                kept += if marked[node.index()] { bytes } else { 0 };
            }
            _ => {}
        }
    }
    declared && kept < total && kept * 2 >= total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed_texts(html: &str, kept: &[&str]) -> String {
        let document = Document::parse(html);
        let nodes = document
            .ids()
            .filter(|&node| kept.contains(&&*document.text(node)))
            .collect();
        completed(&document, nodes)
            .into_iter()
            .map(|node| document.text(node).into_owned())
            .collect()
    }

    #[test]
    fn a_table_of_data_stays_whole_or_as_it_is() {
        let table = "<p>x<table><tr><th>aa<th>bb<tr><td>cc<td>dd</table>";
        assert_eq!(
            completed_texts(table, &["x", "aa", "cc", "dd"]),
            "xaabbccdd"
        );
        assert_eq!(completed_texts(table, &["x", "aa"]), "xaa");
        let layout = table.replace("th>", "td>");
        assert_eq!(completed_texts(&layout, &["aa", "cc", "dd"]), "aaccdd");
        let nested = format!("<table><tr><th>{table}<td>yy</table>");
        assert_eq!(
            completed_texts(&nested, &["x", "aa", "bb", "cc", "dd"]),
            "xaabbccdd"
        );
    }
}
