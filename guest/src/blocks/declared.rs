//! Texts that a document declares about itself: what its structured data says it is about.
//!
//! A news page often carries its whole body in JSON-LD, a shop its description, a list the names
//! of its items. The visible copy is what gets rendered, and these tell where it is.

use super::stop_words::is_stop_word;
use super::text::{beginning, pair_hash, place, words};
use crate::parse::{Document, Tag};

/// Keys whose strings are running text.
const TEXT_KEYS: [&str; 5] = [
    "articleBody",
    "description",
    "text",
    "reviewBody",
    "abstract",
];
/// Keys whose strings are names of the things on the page.
const NAME_KEYS: [&str; 2] = ["name", "headline"];

/// More structured data than this, in bytes, is a catalogue, not a text.
const MOST: usize = 200_000;

/// Data of single-page applications, in bytes: what is read of one script, and the shortest string
/// that is taken for running text.
const MOST_DATA: usize = 4_000_000;
const LEAST_DATA: usize = 120;

/// Pairs of neighbouring words, tested by hash.
#[derive(Default)]
pub struct Pairs {
    bits: Vec<u64>,
    pub count: u32,
}

impl Pairs {
    fn of(hashes: &[u32]) -> Self {
        if hashes.is_empty() {
            return Self::default();
        }
        // Sixteen bits for each: one false hit in sixteen.
        let mut bits = vec![0; (hashes.len() / 4).next_power_of_two()];
        for &hash in hashes {
            let (word, bit) = place(hash, bits.len());
            bits[word] |= 1 << bit;
        }
        Self {
            bits,
            count: hashes.len() as u32,
        }
    }

    #[inline]
    pub fn has(&self, hash: u32) -> bool {
        if self.bits.is_empty() {
            return false;
        }
        let (word, bit) = place(hash, self.bits.len());
        self.bits[word] >> bit & 1 == 1
    }
}

/// What a document declares.
#[derive(Default)]
pub struct Declared {
    pub texts: Pairs,
    pub names: Pairs,
}

impl Declared {
    pub fn of(document: &Document<'_>, description: &str) -> Self {
        let (mut texts, mut names) = (Vec::new(), Vec::new());
        add_pairs(description, &mut texts);
        for node in document
            .ids()
            .filter(|&node| document.tag(node) == Tag::SCRIPT)
        {
            let Some(kind) = document.raw_attr(node, "type") else {
                continue;
            };
            if !kind.trim().eq_ignore_ascii_case("application/ld+json") {
                continue;
            }
            let json = document
                .first_child(node)
                .map_or("", |text| document.raw_text(text));
            let json = beginning(json, MOST);
            strings(json, |key, value| {
                if TEXT_KEYS.contains(&key) {
                    add_pairs(&plain(value), &mut texts);
                } else if NAME_KEYS.contains(&key) {
                    add_pairs(&plain(value), &mut names);
                }
            });
        }
        Self {
            texts: Pairs::of(&texts),
            names: Pairs::of(&names),
        }
    }
}

/// The text a document carries as data where it shows none: the longest body of its JSON-LD,
/// otherwise the running text in the data of its scripts, otherwise its description. Paragraphs
/// are lines; empty where there is nothing.
pub fn prose(document: &Document<'_>, description: &str) -> String {
    let mut body = String::new();
    let mut data: Vec<String> = Vec::new();
    for node in document
        .ids()
        .filter(|&node| document.tag(node) == Tag::SCRIPT)
    {
        let kind = document.raw_attr(node, "type").unwrap_or_default().trim();
        let linked = kind.eq_ignore_ascii_case("application/ld+json");
        if !linked && !kind.eq_ignore_ascii_case("application/json") {
            continue;
        }
        let json = document
            .first_child(node)
            .map_or("", |text| document.raw_text(text));
        let json = beginning(json, MOST_DATA);
        strings(json, |key, value| {
            if linked && TEXT_KEYS.contains(&key) && value.len() > body.len() {
                body = lines(&plain(value));
            } else if !linked && value.len() >= LEAST_DATA && is_prose(value) {
                let text = lines(&plain(value));
                if !data.contains(&text) && data.len() < 200 {
                    data.push(text);
                }
            }
        });
    }
    let data = data.join("\n");
    [body, data]
        .into_iter()
        .max_by_key(String::len)
        .filter(|text| text.len() > description.len())
        .unwrap_or_else(|| description.trim().to_string())
}

/// Whether a string reads like sentences, not like style sheets, keys or addresses.
fn is_prose(text: &str) -> bool {
    let (mut count, mut little) = (0_u32, 0_u32);
    words(text, |hash, _| {
        count += 1;
        little += u32::from(is_stop_word(hash));
    });
    count >= 20 && little * 5 >= count && !text.contains("function(") && !text.contains("{\\\"")
}

fn lines(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

fn add_pairs(text: &str, pairs: &mut Vec<u32>) {
    let mut previous = None;
    words(text, |hash, _| {
        if let Some(previous) = previous.replace(hash) {
            pairs.push(pair_hash(previous, hash));
        }
    });
}

/// Calls `each` with every key and its string value. Reads tokens, not structure, so that broken
/// JSON gives what it has.
fn strings<'j>(json: &'j str, mut each: impl FnMut(&'j str, &'j str)) {
    let bytes = json.as_bytes();
    let mut at = 0;
    let mut key: Option<&str> = None;
    while let Some(start) = memchr::memchr(b'"', &bytes[at..]).map(|found| at + found + 1) {
        let mut end = start;
        while end < bytes.len() && bytes[end] != b'"' {
            end += 1 + usize::from(bytes[end] == b'\\');
        }
        let Some(string) = json.get(start..end.min(bytes.len())) else {
            return;
        };
        at = (end + 1).min(bytes.len());
        let mut after = at;
        while after < bytes.len() && bytes[after].is_ascii_whitespace() {
            after += 1;
        }
        if bytes.get(after) == Some(&b':') {
            key = Some(string);
            at = after + 1;
            // A value that is no string ends the key's reach: the next string is not its own.
            let value = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace());
            if value != Some(&b'"') {
                key = None;
            }
        } else if let Some(key) = key.take() {
            each(key, string);
        }
    }
}

/// A JSON string with escapes resolved as far as words are concerned, and without tags.
fn plain(string: &str) -> String {
    let mut out = String::with_capacity(string.len());
    let mut chars = string.chars();
    let (mut tag, mut block) = (false, false);
    while let Some(c) = chars.next() {
        let c = if c == '\\' {
            match chars.next() {
                Some('u') => {
                    let code = chars
                        .clone()
                        .take(4)
                        .try_fold(0, |code, c| Some(code * 16 + c.to_digit(16)?));
                    code.map_or(' ', |code| {
                        chars.nth(3);
                        char::from_u32(code).unwrap_or(' ')
                    })
                }
                Some(c @ ('"' | '/')) => c,
                Some('n') => '\n',
                _ => ' ',
            }
        } else {
            c
        };
        match c {
            '<' => {
                tag = true;
                block = ["p", "/p", "br", "div", "/div", "li", "h"]
                    .iter()
                    .any(|name| chars.as_str().trim_start_matches('\\').starts_with(name));
            }
            '>' if tag => {
                tag = false;
                out.push(if block { '\n' } else { ' ' });
            }
            c if !tag => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_with_their_keys() {
        let mut found = Vec::new();
        strings(
            r#"{"a": "x \" y", "b": {"c": 1, "d": ["e"]}, "f" : "g"#,
            |key, value| found.push((key, value)),
        );
        assert_eq!(found, [("a", r#"x \" y"#), ("f", "g")]);
    }

    #[test]
    fn escapes_and_tags_are_gone() {
        assert_eq!(plain(r"Caf\u00e9 <b>au\/x<\/b>\nlait"), "Café  au/x \nlait");
    }

    #[test]
    fn a_page_that_shows_nothing_has_the_body_of_its_data() {
        let html = r#"<script type="application/ld+json">{"@type": "Article", "description": "Short.",
            "articleBody": "<p>It rained.<\/p><p>All day.<\/p>"}</script>"#;
        assert_eq!(
            prose(&Document::parse(html), "About rain"),
            "It rained.\nAll day."
        );
        assert_eq!(
            prose(&Document::parse("<p>a"), " About rain "),
            "About rain"
        );
    }

    #[test]
    fn declared_pairs_are_found() {
        let html =
            r#"<script type="application/ld+json">{"articleBody": "Rain fell all day"}</script>"#;
        let declared = Declared::of(&Document::parse(html), "");
        assert_eq!((declared.texts.count, declared.names.count), (3, 0));
        let mut pairs = Vec::new();
        add_pairs("rain fell", &mut pairs);
        assert!(declared.texts.has(pairs[0]));
    }
}
