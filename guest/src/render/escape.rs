//! Escapes, only where Markdown would read text as markup.

/// What stands around a text that is escaped.
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// It starts a line.
    pub line_start: bool,
    /// A bar would end the cell.
    pub in_cell: bool,
    /// The text has formulas, whose signs are not markup.
    pub has_math: bool,
}

/// Append a word.
pub fn push_escaped(word: &str, place: Place, out: &mut String) {
    if place.line_start && starts_block(word) {
        out.push('\\');
    }
    if !word
        .bytes()
        .any(|byte| matches!(byte, b'*' | b'_' | b'`' | b'<' | b'|' | b']'))
    {
        out.push_str(word);
        return;
    }
    let mut before = None;
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let escape = match c {
            '*' => !place.has_math && (is_word(before) || is_word(after)),
            // Inside of a word an underscore is a letter.
            '_' => !place.has_math && is_word(before) != is_word(after),
            '`' => true,
            '<' => after
                .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')),
            '|' => place.in_cell,
            ']' => after == Some('('),
            _ => false,
        };
        if escape {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
}

/// Whether a word at the start of a line would open a block. Lists that authors typed by hand
/// (`1.`, `-`) are let through: they are lists.
fn starts_block(word: &str) -> bool {
    let hashes = word.bytes().take_while(|&byte| byte == b'#').count();
    (hashes == word.len() && (1..=6).contains(&hashes))
        || word.starts_with('>')
        || word.starts_with("~~~")
        || (word.len() >= 3
            && ["-", "=", "*", "_"]
                .iter()
                .any(|sign| word.trim_start_matches(sign).is_empty()))
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| !c.is_whitespace() && !matches!(c, '*' | '_'))
}

/// Whether a text holds formulas in TeX, as MathJax and KaTeX find them on a page.
pub fn has_math(text: &str) -> bool {
    memchr::memchr2(b'\\', b'$', text.as_bytes()).is_some() && has_formula(text)
}

fn has_formula(text: &str) -> bool {
    text.contains("\\(")
        || text.contains("\\[")
        || text.contains("$$")
        || (text.contains('$') && text.contains('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(word: &str, place: Place) -> String {
        let mut out = String::new();
        push_escaped(word, place, &mut out);
        out
    }

    #[test]
    fn only_what_would_be_markup_is_escaped() {
        for (word, expected) in [
            ("snake_case", "snake_case"),
            ("_private", "\\_private"),
            ("*", "*"),
            ("*bold*", "\\*bold\\*"),
            ("5*3", "5\\*3"),
            ("`x`", "\\`x\\`"),
            ("a<b", "a\\<b"),
            ("1<2", "1<2"),
            ("[1](x)", "[1\\](x)"),
            ("[1]", "[1]"),
            ("a|b", "a|b"),
            ("C:\\dir", "C:\\dir"),
        ] {
            assert_eq!(escaped(word, Place::default()), expected);
        }
        assert_eq!(
            escaped(
                "a|b",
                Place {
                    in_cell: true,
                    ..Place::default()
                }
            ),
            "a\\|b"
        );
        assert_eq!(
            escaped(
                "x_{1}*",
                Place {
                    has_math: true,
                    ..Place::default()
                }
            ),
            "x_{1}*"
        );
    }

    #[test]
    fn line_starts_are_escaped_where_they_open_a_block() {
        for (word, expected) in [
            ("#", "\\#"),
            ("#tag", "#tag"),
            (">", "\\>"),
            ("---", "\\---"),
            ("1.", "1."),
            ("-", "-"),
            ("~~~x", "\\~~~x"),
        ] {
            assert_eq!(
                escaped(
                    word,
                    Place {
                        line_start: true,
                        ..Place::default()
                    }
                ),
                expected
            );
        }
    }
}
