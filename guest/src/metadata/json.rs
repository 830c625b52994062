//! JSON as it stands in real documents: read what can be read.
//!
//! About one document in fifty breaks its JSON-LD: line ends and quotes inside strings, trailing
//! or missing commas, comments around it, a missing end. Search engines read most of them, so
//! publishers never notice. This reader takes the same liberties; it never fails, it just ends
//! up with less.

use std::borrow::Cow;

/// Deeper values are read as [`Value::Null`]: the deepest seen in 2,466 documents was 11.
const MAX_DEPTH: usize = 48;

/// What XHTML's `<![CDATA[` leaves before the JSON.
const CDATA: &str = "[CDATA[";

/// A JSON value that borrows from its source where no escape stands in the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// As it was written: nothing here is calculated with.
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The member of an object; of several, the first.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Value::Object(members) => members
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// An array's values, nothing for null, or the value itself: JSON-LD means the same by both.
    pub fn items(&self) -> &[Value<'a>] {
        match self {
            Value::Array(values) => values,
            Value::Null => &[],
            value => std::slice::from_ref(value),
        }
    }
}

/// Read all values of `source`: one as a rule, several where a script holds several in a row.
pub fn read(source: &str) -> Vec<Value<'_>> {
    let mut reader = Reader { source, at: 0 };
    let mut values = Vec::new();
    while reader.skip_to(|byte| matches!(byte, b'{' | b'[')) {
        if reader.source[reader.at..].starts_with(CDATA) {
            reader.at += CDATA.len();
        } else {
            values.push(reader.value(0));
        }
    }
    values
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn skip_to(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let rest = &self.source.as_bytes()[self.at..];
        let found = rest.iter().position(|&byte| wanted(byte));
        self.at += found.unwrap_or(rest.len());
        found.is_some()
    }

    /// Skip what may stand between two tokens: space, and comments of three languages.
    fn skip_space(&mut self) {
        loop {
            let rest = &self.source.as_bytes()[self.at..];
            let end = if rest.first().is_some_and(u8::is_ascii_whitespace) {
                Some(1)
            } else if rest.starts_with(b"/*") {
                Some(find(rest, b"*/").map_or(rest.len(), |at| at + 2))
            } else if rest.starts_with(b"<!--") {
                Some(4)
            } else if rest.starts_with(b"-->") {
                Some(3)
            } else if rest.starts_with(b"//") {
                Some(
                    rest.iter()
                        .position(|&byte| byte == b'\n')
                        .unwrap_or(rest.len()),
                )
            } else {
                None
            };
            match end {
                Some(end) => self.at += end,
                None => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Value<'a> {
        self.skip_space();
        match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                self.skip_nested();
                Value::Null
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(quote @ (b'"' | b'\'')) => Value::String(self.string(quote)),
            Some(_) => self.bare(),
            None => Value::Null,
        }
    }

    fn object(&mut self, depth: usize) -> Value<'a> {
        self.at += 1;
        let mut members = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None => break,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                // The enclosing array goes on: this object's end is missing.
                Some(b']') => break,
                Some(quote @ (b'"' | b'\'')) => {
                    let key = self.string(quote);
                    self.skip_space();
                    if self.peek() == Some(b':') {
                        self.at += 1;
                        members.push((key, self.value(depth + 1)));
                    }
                }
                Some(_) => self.at += self.char_len(),
            }
        }
        Value::Object(members)
    }

    fn array(&mut self, depth: usize) -> Value<'a> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None => break,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b'}') => break,
                Some(b',' | b':') => self.at += 1,
                Some(_) => values.push(self.value(depth + 1)),
            }
        }
        Value::Array(values)
    }

    /// Skip an object or array and all inside it, without recursion.
    fn skip_nested(&mut self) {
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'{' | b'[' => open += 1,
                b'}' | b']' => open = open.saturating_sub(1),
                b'"' => {
                    self.string(b'"');
                    continue;
                }
                _ => {}
            }
            self.at += self.char_len();
            if open == 0 {
                return;
            }
        }
    }

    /// A number, a literal, or the like of `undefined`, which is read as null.
    fn bare(&mut self) -> Value<'a> {
        let start = self.at;
        self.skip_to(|byte| {
            matches!(byte, b',' | b'}' | b']' | b':' | b'"') || byte.is_ascii_whitespace()
        });
        if self.at == start {
            self.at += self.char_len();
        }
        match &self.source[start..self.at] {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number if number.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
                Value::Number(number)
            }
            _ => Value::Null,
        }
    }

    /// The string that starts at the quote. A quote ends it only where JSON can go on after it.
    fn string(&mut self, quote: u8) -> Cow<'a, str> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut copied = start;
        while let Some(byte) = self.peek() {
            if byte == quote && self.can_end_string() {
                break;
            }
            if byte != b'\\' {
                self.at += self.char_len();
                continue;
            }
            let text = owned.get_or_insert_default();
            text.push_str(&self.source[copied..self.at]);
            self.at += 1;
            self.escape(text);
            copied = self.at;
        }
        let rest = &self.source[copied..self.at];
        self.at = (self.at + 1).min(self.source.len());
        match owned {
            Some(mut text) => {
                text.push_str(rest);
                Cow::Owned(text)
            }
            None => Cow::Borrowed(rest),
        }
    }

    /// Whether what follows the quote at the present place is JSON's, not the string's.
    fn can_end_string(&self) -> bool {
        let rest = &self.source.as_bytes()[self.at + 1..];
        match rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
            None => true,
            // `"a", "b"`, but not `"he said "yes", and went"`.
            Some(at) if rest[at] == b',' => match rest[at + 1..]
                .iter()
                .find(|byte| !byte.is_ascii_whitespace())
            {
                Some(next) => matches!(
                    next,
                    b'"' | b'\'' | b'{' | b'[' | b'}' | b']' | b'-' | b'0'
                        ..=b'9' | b't' | b'f' | b'n' | b'/'
                ),
                None => true,
            },
            // A missing comma: the next key starts on the next line.
            Some(at) if matches!(rest[at], b'"' | b'\'') => rest[..at].contains(&b'\n'),
            Some(at) => matches!(rest[at], b':' | b'}' | b']' | b'/' | b'<' | b';'),
        }
    }

    fn escape(&mut self, text: &mut String) {
        let Some(byte) = self.peek() else { return };
        let len = self.char_len();
        match byte {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' | b'f' => {}
            b'u' => {
                self.at += 1;
                text.push(self.unicode_escape());
                return;
            }
            _ => text.push_str(&self.source[self.at..self.at + len]),
        }
        self.at += len;
    }

    /// The four hexadecimal digits after `\u`, with the second half of a surrogate pair.
    fn unicode_escape(&mut self) -> char {
        let Some(first) = self.hex4() else {
            return char::REPLACEMENT_CHARACTER;
        };
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        if !self.source.as_bytes()[self.at..].starts_with(b"\\u") {
            return char::REPLACEMENT_CHARACTER;
        }
        self.at += 2;
        match self.hex4() {
            Some(second) if (0xDC00..0xE000).contains(&second) => {
                char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => char::REPLACEMENT_CHARACTER,
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.source.get(self.at..self.at + 4)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(value)
    }

    /// Bytes of the character at the present place.
    fn char_len(&self) -> usize {
        match self.source.as_bytes()[self.at] {
            0..=0xBF => 1,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: &str) -> Value<'_> {
        read(source).into_iter().next().expect("a value")
    }

    #[test]
    fn reads_json() {
        let value =
            one(r#" {"a": [1, -2.5e3, true, null], "b": {"c": "x\n\"y\" \u00e9\ud83d\ude00"}} "#);
        assert_eq!(
            value.get("a"),
            Some(&Value::Array(vec![
                Value::Number("1"),
                Value::Number("-2.5e3"),
                Value::Bool(true),
                Value::Null
            ]))
        );
        assert_eq!(
            value
                .get("b")
                .and_then(|b| b.get("c"))
                .and_then(Value::as_str),
            Some("x\n\"y\" é😀")
        );
    }

    #[test]
    fn reads_what_publishers_break() {
        for (source, key, expected) in [
            ("{\"a\": \"two\nlines\"}", "a", "two\nlines"),
            (r#"{"a": "x",}"#, "a", "x"),
            ("{\"a\": \"x\"\n \"b\": \"y\"}", "b", "y"),
            (
                r#"{"a": "he said "no" and left", "b": "y"}"#,
                "a",
                r#"he said "no" and left"#,
            ),
            (r#"{"a": "he said "yes", and left", "b": "y"}"#, "b", "y"),
            (r#"<!-- {"a": "x"} -->"#, "a", "x"),
            ("//<![CDATA[\n{\"a\": \"x\"}\n//]]>", "a", "x"),
            (r#"{"a": "x", "b": {"c": 1"#, "a", "x"),
            (r#"{'a': 'x'}"#, "a", "x"),
            (r#"{"n": undefined, "a": "x"}"#, "a", "x"),
            (r#"{"a": "bad \escape"}"#, "a", "bad escape"),
            (r#"{"a": "half \ud83d pair"}"#, "a", "half \u{FFFD} pair"),
            (r#"{"list": [{"x": 1], "a": "x"}"#, "a", "x"),
            ("window.data = {\"a\": \"x\"};", "a", "x"),
        ] {
            assert_eq!(
                one(source).get(key).and_then(Value::as_str),
                Some(expected),
                "{source}"
            );
        }
    }

    #[test]
    fn reads_several_values_in_a_row() {
        assert_eq!(read(r#"{"a": 1} {"b": 2}"#).len(), 2);
        assert!(read("no json here").is_empty());
    }

    #[test]
    fn survives_depth_and_cut_ends() {
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).len(), 1);
        let nested = format!("{}{}{}", r#"{"a":"#.repeat(1000), "1", "}".repeat(1000));
        assert_eq!(read(&nested).len(), 1);
        let source = r#"{"a": ["x\u00e9", {"b": 'c'}], "d": -1}"#;
        for end in 0..source.len() {
            let _ = source.get(..end).map(read);
        }
    }
}
