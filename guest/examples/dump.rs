//! Writes what training needs, from the very code that inference runs.
//!
//! ```text
//! dump raw PAGES OUT                      texts, words, names: what tables are learned from
//! dump features PAGES OUT TABLES KINDS    one row a block, one row a page
//! dump context PAGES OUT TABLES SCORES    one row a block, given the scores of the first stage
//! dump settled PAGES OUT TABLES SCORES CHANCES
//!                                         one chance a block, given the scores and the chances of the two stages
//! dump outcome PAGES OUT KINDS CHANCES    one row a page, given the settled chances
//! dump judged PAGES OUT                   what the shipped model makes of every block
//! ```
//! PAGES has one page a line: path, fold, address, separated by tabs. TABLES is a path in which
//! `{fold}` stands for the page's fold. Every OUT is a sequence of little-endian records; the
//! reader is `guest/train/dumps.py`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};

use riptide_extractor::are_apart;
use riptide_extractor::blocks::{
    markup, segment, tables::Tables, tables::WeightTable, text, Blocks,
};
use riptide_extractor::classify::{judge, lowest, model::Model, settle, Favor, Scope};
use riptide_extractor::features::{
    block::heading_level, block::Describer, context::Context, outcome, page::Page,
    records::Records, Names, Row,
};
use riptide_extractor::parse::Document;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Listed {
    html: String,
    fold: String,
    url: String,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["raw", pages, out] => raw(pages, out),
        ["features", pages, out, tables, kinds] => features(pages, out, tables, kinds),
        ["context", pages, out, tables, scores] => context(pages, out, tables, scores),
        ["settled", pages, out, tables, scores, chances] => {
            settled(pages, out, tables, scores, chances)
        }
        ["outcome", pages, out, kinds, chances] => outcomes(pages, out, kinds, chances),
        ["judged", pages, out] => judged(pages, out),
        _ => Err("usage: dump raw PAGES OUT | features PAGES OUT TABLES KINDS | context PAGES OUT TABLES SCORES | settled PAGES OUT TABLES SCORES CHANCES | outcome PAGES OUT KINDS CHANCES | judged PAGES OUT".into()),
    }
}

fn listed(path: &str) -> Result<impl Iterator<Item = Result<Listed>>> {
    let lines: Vec<String> = fs::read_to_string(path)?
        .lines()
        .map(str::to_string)
        .collect();
    Ok(lines.into_iter().map(|line| {
        let mut fields = line.split('\t');
        let mut field = || {
            fields
                .next()
                .map(str::to_string)
                .ok_or("a line of three fields is needed")
        };
        let (path, fold, url) = (field()?, field()?, field()?);
        let html = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        Ok(Listed { html, fold, url })
    }))
}

struct FoldTables {
    pattern: String,
    loaded: Vec<(String, [Vec<u8>; 3])>,
}

impl FoldTables {
    fn new(pattern: &str) -> Self {
        Self {
            pattern: pattern.to_string(),
            loaded: Vec::new(),
        }
    }

    fn of(&mut self, fold: &str) -> Result<Tables<'_>> {
        if !self.loaded.iter().any(|(known, _)| known == fold) {
            let base = self.pattern.replace("{fold}", fold);
            let read = |name| fs::read(format!("{base}/{name}.bin"));
            let tables = [read("lexicon")?, read("markup")?, read("labels")?];
            self.loaded.push((fold.to_string(), tables));
        }
        let (_, [lexicon, markup, labels]) = self
            .loaded
            .iter()
            .find(|(known, _)| known == fold)
            .ok_or("just loaded")?;
        let table =
            |bytes| WeightTable::new(bytes).ok_or("a table of a length that is no power of two");
        Ok(Tables {
            lexicon: table(lexicon)?,
            markup: table(markup)?,
            labels: table(labels)?,
        })
    }
}

fn u32s(out: &mut impl Write, values: impl IntoIterator<Item = u32>) -> io::Result<()> {
    values
        .into_iter()
        .try_for_each(|value| out.write_all(&value.to_le_bytes()))
}

/// The text that a reader is shown of a block, with the white space between its inline elements.
fn block_text(document: &Document<'_>, blocks: &Blocks, index: usize) -> String {
    let range = &blocks.blocks[index].texts;
    let texts = &blocks.texts[range.start as usize..range.end as usize];
    let (Some(&first), Some(&last)) = (texts.first(), texts.last()) else {
        return String::new();
    };
    let mut texts = texts.iter().copied().peekable();
    let mut text = String::new();
    let mut before = first;
    let from = document.ids().skip(first.index());
    for node in from.take_while(|&node| node <= last) {
        if texts.next_if_eq(&node).is_some() {
            if are_apart(document, before, node) {
                text.push(' ');
            }
            before = node;
            text.push_str(&document.text(node));
        } else if document.is_blank(node) {
            text.push(' ');
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Record: blocks; per block: element, level of heading, length of text, text, count of words, hashes. Then elements;
/// per element: parent, words, first block, last block, blocks, count of names, hashes.
fn raw(pages: &str, out: &str) -> Result<()> {
    let mut out = BufWriter::new(File::create(out)?);
    let tables = Tables::default();
    for page in listed(pages)? {
        let page = page?;
        let document = Document::parse(&page.html);
        let blocks = segment(&document, &tables);
        u32s(&mut out, [blocks.blocks.len() as u32])?;
        for (index, block) in blocks.blocks.iter().enumerate() {
            let content = block_text(&document, &blocks, index);
            let mut hashes = Vec::new();
            text::words(&content, |hash, first| {
                hashes.push(text::token(hash, first))
            });
            let level = heading_level(&blocks, block).into();
            u32s(&mut out, [block.element, level, content.len() as u32])?;
            out.write_all(content.as_bytes())?;
            u32s(&mut out, [hashes.len() as u32])?;
            u32s(&mut out, hashes)?;
        }
        u32s(&mut out, [blocks.elements.len() as u32])?;
        for element in &blocks.elements {
            let mut names = Vec::new();
            if element.blocks > 0 {
                if element.custom {
                    markup::read(document.name(element.node), |token| names.push(token));
                }
                for (name, value) in document.raw_attrs(element.node) {
                    if markup::is_naming(name) && value.len() <= markup::LONGEST {
                        markup::read(value, |token| names.push(token));
                    }
                }
            }
            u32s(
                &mut out,
                [
                    element.parent,
                    element.words,
                    element.first_block,
                    element.last_block,
                    element.blocks,
                ],
            )?;
            u32s(&mut out, [names.len() as u32])?;
            u32s(&mut out, names)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Header: names of the block features, then of the page features, as lines. Record: blocks,
/// width, rows; width of the page's row, row.
fn features(pages: &str, out: &str, tables: &str, kinds: &str) -> Result<()> {
    let mut names = BufWriter::new(File::create(format!("{out}.names"))?);
    let mut out = BufWriter::new(File::create(out)?);
    let kinds = if kinds == "-" {
        Vec::new()
    } else {
        fs::read(kinds)?
    };
    let mut tables = FoldTables::new(tables);
    let mut named = false;
    for (at, page) in listed(pages)?.enumerate() {
        let listed = page?;
        let document = Document::parse(&listed.html);
        let blocks = segment(&document, &tables.of(&listed.fold)?);
        let mut page = Page::of(&blocks);
        if let Some(known) = kinds.get(at * page.kinds.len()..(at + 1) * page.kinds.len()) {
            page.kinds.copy_from_slice(known);
        }
        let records = Records::new(&blocks);
        let describer = Describer::new(&blocks, &page, &records);
        if !named && !blocks.blocks.is_empty() {
            let (mut of_block, mut of_page) = (Names::default(), Names::default());
            describer.describe(0, &mut of_block);
            page.describe(&document, &blocks, &listed.url, &mut of_page);
            let scores = vec![0; blocks.blocks.len()];
            let mut of_context = Names::default();
            Context::new(&blocks, &Records::new(&blocks), &scores).describe(0, &mut of_context);
            let mut of_outcome = Names::default();
            outcome::describe(&blocks, &page, &[], 0, &mut of_outcome);
            for list in [of_block.0, of_page.0, of_context.0, of_outcome.0] {
                writeln!(names, "{}", list.join("\t"))?;
            }
            named = true;
        }
        let mut row = Row::default();
        page.describe(&document, &blocks, &listed.url, &mut row);
        u32s(&mut out, [blocks.blocks.len() as u32, row.len() as u32])?;
        out.write_all(&row)?;
        for index in 0..blocks.blocks.len() {
            row.clear();
            describer.describe(index, &mut row);
            out.write_all(&row)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// SCORES holds one byte a block, pages in order.
fn context(pages: &str, out: &str, tables: &str, scores: &str) -> Result<()> {
    let mut out = BufWriter::new(File::create(out)?);
    let scores = fs::read(scores)?;
    let mut tables = FoldTables::new(tables);
    let mut at = 0;
    for page in listed(pages)? {
        let listed = page?;
        let document = Document::parse(&listed.html);
        let blocks = segment(&document, &tables.of(&listed.fold)?);
        let own = scores
            .get(at..at + blocks.blocks.len())
            .ok_or("fewer scores than blocks")?;
        at += own.len();
        let records = Records::new(&blocks);
        let context = Context::new(&blocks, &records, own);
        let mut row = Row::default();
        for index in 0..own.len() {
            row.clear();
            context.describe(index, &mut row);
            out.write_all(&row)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// SCORES holds one byte a block, CHANCES two, pages in order.
fn settled(pages: &str, out: &str, tables: &str, scores: &str, chances: &str) -> Result<()> {
    let mut out = BufWriter::new(File::create(out)?);
    let (scores, chances) = (fs::read(scores)?, fs::read(chances)?);
    let (chances, _) = chances.as_chunks();
    let mut tables = FoldTables::new(tables);
    let mut from = 0;
    for page in listed(pages)? {
        let listed = page?;
        let document = Document::parse(&listed.html);
        let blocks = segment(&document, &tables.of(&listed.fold)?);
        let own = from..from + blocks.blocks.len();
        from = own.end;
        let scores = scores.get(own.clone()).ok_or("fewer scores than blocks")?;
        let chances = chances.get(own).ok_or("fewer chances than blocks")?;
        let mut chances: Vec<u16> = chances
            .iter()
            .map(|&chance| u16::from_le_bytes(chance))
            .collect();
        let records = Records::new(&blocks);
        settle(
            &blocks,
            &Context::new(&blocks, &records, scores),
            &mut chances,
        );
        for chance in chances {
            out.write_all(&chance.to_le_bytes())?;
        }
    }
    out.flush()?;
    Ok(())
}

/// CHANCES holds two bytes a block, pages in order.
fn outcomes(pages: &str, out: &str, kinds: &str, chances: &str) -> Result<()> {
    let mut out = BufWriter::new(File::create(out)?);
    let (kinds, chances) = (fs::read(kinds)?, fs::read(chances)?);
    let (chances, _) = chances.as_chunks();
    let mut from = 0;
    for (at, page) in listed(pages)?.enumerate() {
        let listed = page?;
        let document = Document::parse(&listed.html);
        let blocks = segment(&document, &Tables::default());
        let mut page = Page::of(&blocks);
        let width = page.kinds.len();
        page.kinds.copy_from_slice(
            kinds
                .get(at * width..(at + 1) * width)
                .ok_or("too few kinds")?,
        );
        let own = chances
            .get(from..from + blocks.blocks.len())
            .ok_or("too few chances")?;
        from += own.len();
        let own: Vec<u16> = own
            .iter()
            .map(|&chance| u16::from_le_bytes(chance))
            .collect();
        let mut row = Row::default();
        outcome::describe(
            &blocks,
            &page,
            &own,
            lowest(&blocks, &own, Scope::Article, Favor::Balanced),
            &mut row,
        );
        out.write_all(&row)?;
    }
    out.flush()?;
    Ok(())
}

/// Record: blocks; a chance of two bytes each.
fn judged(pages: &str, out: &str) -> Result<()> {
    let mut out = BufWriter::new(File::create(out)?);
    let model = Model::shipped();
    for page in listed(pages)? {
        let listed = page?;
        let document = Document::parse(&listed.html);
        let blocks = segment(&document, &model.tables);
        let judgement = judge(&model, &document, &blocks, &listed.url);
        u32s(&mut out, [blocks.blocks.len() as u32])?;
        for chance in judgement.chances {
            out.write_all(&chance.to_le_bytes())?;
        }
    }
    out.flush()?;
    Ok(())
}
