//! Text as the reader sees it: character references, line ends and NULs of a raw span resolved.

use std::borrow::Cow;

use memchr::memchr3;

use super::entity_names::{LEGACY, NAMED};
use super::tokenizer::is_space;

/// Where a raw span stands, which decides what its special characters mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Context {
    /// Ordinary text: references are resolved, NULs dropped.
    Text,
    /// `title`, `textarea` and text inside svg and math: references are resolved, NULs replaced.
    Replaceable,
    /// `script`, `style` and the like: no references, NULs replaced.
    Verbatim,
    /// An attribute's value: references are resolved more cautiously, NULs replaced.
    Attribute,
}

/// `raw` with its references, line ends and NULs resolved; borrowed where there are none.
pub(super) fn decode(raw: &str, context: Context) -> Cow<'_, str> {
    let Some(first) = memchr3(b'&', b'\r', 0, raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    let mut at = first;
    loop {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let used = resolve(special, context, &mut out);
        rest = &special[used..];
        match memchr3(b'&', b'\r', 0, rest.as_bytes()) {
            Some(next) => at = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Whether `raw` is nothing but HTML's white space, references to it included.
pub(super) fn is_blank(raw: &str) -> bool {
    // What indents the next line of the source is passed over sixteen bytes at once.
    let (pieces, _) = raw.as_bytes().as_chunks::<16>();
    let is_indent = |piece: &&[u8; 16]| {
        let space =
            |byte| u8::from(byte == b' ') | u8::from(byte == b'\n') | u8::from(byte == b'\t');
        piece.iter().fold(1, |all, &byte| all & space(byte)) == 1
    };
    let indents = pieces.iter().take_while(is_indent).count();
    match raw.bytes().skip(indents * 16).find(|&byte| !is_space(byte)) {
        None => true,
        Some(b'&' | 0) => decode(raw, Context::Text).bytes().all(is_space),
        Some(_) => false,
    }
}

/// Writes what the special character at the start of `rest` stands for; how many bytes it took.
fn resolve(rest: &str, context: Context, out: &mut String) -> usize {
    match rest.as_bytes()[0] {
        b'\r' => {
            out.push('\n');
            1 + usize::from(rest.as_bytes().get(1) == Some(&b'\n'))
        }
        0 => {
            if context != Context::Text {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            1
        }
        _ if context == Context::Verbatim => {
            out.push('&');
            1
        }
        _ => match reference(&rest[1..], context == Context::Attribute) {
            Some((Resolved::Char(c), used)) => {
                out.push(c);
                1 + used
            }
            Some((Resolved::Str(s), used)) => {
                out.push_str(s);
                1 + used
            }
            None => {
                out.push('&');
                1
            }
        },
    }
}

enum Resolved {
    Char(char),
    Str(&'static str),
}

/// The reference that `after` (what follows the ampersand) begins with, and its length.
fn reference(after: &str, in_attribute: bool) -> Option<(Resolved, usize)> {
    match after.as_bytes().first()? {
        b'#' => numeric(after),
        c if c.is_ascii_alphanumeric() => named(after, in_attribute),
        _ => None,
    }
}

fn numeric(after: &str) -> Option<(Resolved, usize)> {
    let bytes = after.as_bytes();
    let (radix, start) = if matches!(bytes.get(1), Some(b'x' | b'X')) {
        (16, 2)
    } else {
        (10, 1)
    };
    let mut code = 0u32;
    let mut end = start;
    while let Some(digit) = bytes.get(end).and_then(|&b| (b as char).to_digit(radix)) {
        code = code.saturating_mul(radix).saturating_add(digit);
        end += 1;
    }
    if end == start {
        return None;
    }
    end += usize::from(bytes.get(end) == Some(&b';'));
    Some((Resolved::Char(character(code)), end))
}

/// What windows-1252 has at 0x80 to 0x9f: what authors meant by these numbers.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
    '\u{8f}', //
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn character(code: u32) -> char {
    match code {
        0 => char::REPLACEMENT_CHARACTER,
        0x80..=0x9f => WINDOWS_1252[(code - 0x80) as usize],
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

fn named(after: &str, in_attribute: bool) -> Option<(Resolved, usize)> {
    let bytes = after.as_bytes();
    let length = bytes
        .iter()
        .take(LONGEST_NAME + 1)
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let name = &after[..length];
    if bytes.get(length) == Some(&b';') {
        if let Some(text) = lookup(name) {
            return Some((Resolved::Str(text), length + 1));
        }
    }
    let legacy = (2..=length.min(LONGEST_LEGACY))
        .rev()
        .find(|&n| LEGACY.binary_search(&&name[..n]).is_ok())?;
    let next = bytes.get(legacy);
    if in_attribute && next.is_some_and(|&b| b == b'=' || b.is_ascii_alphanumeric()) {
        return None;
    }
    lookup(&name[..legacy]).map(|text| (Resolved::Str(text), legacy))
}

fn lookup(name: &str) -> Option<&'static str> {
    // The five of XML and the space are nine in ten of all references.
    match name {
        "amp" => return Some("&"),
        "nbsp" => return Some("\u{a0}"),
        "quot" => return Some("\""),
        "lt" => return Some("<"),
        "gt" => return Some(">"),
        "apos" => return Some("'"),
        _ => {}
    }
    NAMED
        .binary_search_by_key(&name, |&(known, _)| known)
        .ok()
        .map(|found| NAMED[found].1)
}

const LONGEST_NAME: usize = 31;
const LONGEST_LEGACY: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_white_space_alone_however_long() {
        for length in 0..40 {
            let spaces = " \n\t".chars().cycle().take(length).collect::<String>();
            assert!(is_blank(&spaces) && is_blank(&format!("{spaces}\r\x0c&#32;\0")));
            for at in 0..=length {
                let (before, after) = spaces.split_at(at);
                assert!(!is_blank(&format!("{before}x{after}")));
            }
        }
    }

    #[test]
    fn references_become_what_browsers_show() {
        for (raw, shown) in [
            ("plain", "plain"),
            ("a &amp; b", "a & b"),
            ("&lt;&gt;&quot;&apos;&nbsp;", "<>\"'\u{a0}"),
            ("&eacute;t&eacute", "été"),
            ("&hellip;&rsquo;&NotEqualTilde;", "…’≂̸"),
            ("&notit; &notin; &not", "¬it; ∉ ¬"),
            ("&ampamp;", "&amp;"),
            ("&unknown; & &; &", "&unknown; & &; &"),
            ("&#8217;&#x2019;&#X2019&#39;", "’’’'"),
            (
                "&#128;&#150;&#0;&#xD800;&#x110000;&#99999999999999;",
                "€–\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
            ("&#; &#x; &#xg", "&#; &#x; &#xg"),
            ("&é; &CounterClockwiseContourIntegral;", "&é; ∳"),
            ("a\r\nb\rc\r\r\nd", "a\nb\nc\n\nd"),
            ("a\0b", "ab"),
        ] {
            assert_eq!(decode(raw, Context::Text), shown, "{raw}");
        }
    }

    #[test]
    fn an_attribute_keeps_what_looks_like_a_query() {
        for (raw, shown) in [
            ("?a=1&copy=2&amp;b", "?a=1&copy=2&b"),
            ("?a&copy", "?a©"),
            ("&copy;=1 &copy-x", "©=1 ©-x"),
            ("&notit;", "&notit;"),
            ("a\0b", "a\u{fffd}b"),
        ] {
            assert_eq!(decode(raw, Context::Attribute), shown, "{raw}");
        }
    }

    #[test]
    fn verbatim_text_keeps_its_ampersands() {
        assert_eq!(
            decode("a && b &lt; c\r\n\0", Context::Verbatim),
            "a && b &lt; c\n\u{fffd}"
        );
        assert_eq!(decode("&lt;\0", Context::Replaceable), "<\u{fffd}");
        assert!(matches!(decode("nothing", Context::Text), Cow::Borrowed(_)));
    }

    #[test]
    fn the_tables_are_sorted_and_measured() {
        assert!(NAMED.is_sorted_by_key(|&(name, _)| name));
        assert!(LEGACY.is_sorted());
        assert_eq!(
            NAMED.iter().map(|(name, _)| name.len()).max(),
            Some(LONGEST_NAME)
        );
        assert_eq!(
            LEGACY.iter().map(|name| name.len()).max(),
            Some(LONGEST_LEGACY)
        );
        assert!(LEGACY.iter().all(|name| lookup(name).is_some()));
        for (name, text) in NAMED {
            assert_eq!(decode(&format!("&{name};"), Context::Text), *text, "{name}");
        }
    }
}
