//! From blocks that stay to nodes that stay: their texts, the white space between them, and the
//! images among them.

use crate::blocks::Blocks;
use crate::parse::{Document, NodeId, Tag, TagSet};

/// Elements that are seen without text of their own.
const SEEN: TagSet = TagSet::new(&[
    Tag::IMG,
    Tag::PICTURE,
    Tag::VIDEO,
    Tag::AUDIO,
    Tag::SVG,
    Tag::MATH,
    Tag::HR,
    Tag::BR,
]);

/// The nodes that stay, in document order.
pub fn staying(document: &Document<'_>, blocks: &Blocks, kept: &[bool]) -> Vec<NodeId> {
    let around = Around::new(blocks, kept);
    let mut nodes = Vec::new();
    let mut texts = blocks.texts.iter().copied().peekable();
    let mut rest = blocks
        .blocks
        .iter()
        .enumerate()
        .filter_map(|(index, block)| {
            let texts = &blocks.texts[block.texts.start as usize..block.texts.end as usize];
            Some((index, *texts.first()?, *texts.last()?))
        });
    let mut before = None;
    let mut next = rest.next();
    for node in document.ids() {
        while let Some((index, _, _)) = next.filter(|&(_, _, last)| last < node) {
            before = Some(index);
            next = rest.next();
        }
        let is_text = texts.next_if_eq(&node).is_some();
        let stays = match next {
            // Between the first and the last text of a block lie only its own inline elements.
            Some((index, first, _)) if first <= node => {
                kept[index]
                    && (is_text || document.is_blank(node) || SEEN.contains(document.tag(node)))
            }
            _ => {
                SEEN.contains(document.tag(node))
                    && around.keeps(document, before, next.map(|(index, _, _)| index), node)
            }
        };
        if stays {
            nodes.push(node);
        }
    }
    nodes
}

/// What is kept around a picture.
struct Around<'b> {
    blocks: &'b Blocks,
    kept: &'b [bool],
    /// Words that stay, by element.
    words: Vec<u32>,
}

impl<'b> Around<'b> {
    fn new(blocks: &'b Blocks, kept: &'b [bool]) -> Self {
        let mut words = vec![0; blocks.elements.len()];
        for (block, _) in blocks.blocks.iter().zip(kept).filter(|(_, &kept)| kept) {
            if let Some(sum) = words.get_mut(block.element as usize) {
                *sum += block.stats.words;
            }
        }
        for at in (1..words.len()).rev() {
            let parent = blocks.elements[at].parent as usize;
            if parent < at {
                words[parent] += words[at];
            }
        }
        Self {
            blocks,
            kept,
            words,
        }
    }

    /// Whether a picture between two blocks stays: when both do, or when most of the text in the
    /// nearest element that has any does.
    fn keeps(
        &self,
        document: &Document<'_>,
        before: Option<usize>,
        after: Option<usize>,
        picture: NodeId,
    ) -> bool {
        let stays = |block: Option<usize>| block.is_some_and(|block| self.kept[block]);
        if stays(before) && stays(after) {
            return true;
        }
        if !stays(before) && !stays(after) {
            return false;
        }
        for ancestor in document.ancestors(picture).take(12) {
            let found = self
                .blocks
                .elements
                .binary_search_by_key(&ancestor, |element| element.node);
            if let Ok(at) = found {
                let all = self.blocks.elements[at].words;
                if all > 0 {
                    return u64::from(self.words[at]) * 2 > u64::from(all);
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::{segment, tables::Tables};

    fn rendered(html: &str, keep: &[&str]) -> String {
        let document = Document::parse(html);
        let blocks = segment(&document, &Tables::default());
        let text = |block: &crate::blocks::Block| -> String {
            let range = block.texts.start as usize..block.texts.end as usize;
            blocks.texts[range]
                .iter()
                .map(|&node| document.text(node).into_owned())
                .collect()
        };
        let kept: Vec<bool> = blocks
            .blocks
            .iter()
            .map(|block| keep.contains(&text(block).trim()))
            .collect();
        let nodes = staying(&document, &blocks, &kept);
        let shown = nodes.into_iter().map(|node| match document.tag(node) {
            Tag::TEXT => document.text(node).into_owned(),
            tag => format!("[{}]", tag.name()),
        });
        shown.collect()
    }

    #[test]
    fn white_space_inside_a_block_stays() {
        assert_eq!(
            rendered("<p><b>a</b> <i>b</i></p> <p>c</p>", &["ab"]),
            "a b"
        );
    }

    #[test]
    fn pictures_stay_with_the_text_around_them() {
        let html = "<nav><img>menu</nav><main><p>one</p><figure><img></figure><p>two</p></main><img><p>end</p>";
        assert_eq!(rendered(html, &["one", "two"]), "one[img]two");
    }
}
