//! Escapes, only where Markdown would read text as markup.

use super::text::visible_but;

/// What stands around a word that is escaped.
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// It starts a line.
    pub line_start: bool,
    /// The line has nothing but signs that would be a rule, or a list item without a text.
    pub is_bare: bool,
    /// A bar would end the cell.
    pub in_cell: bool,
    /// A bracket would end the link's text.
    pub in_link: bool,
    /// Number signs at the end would be taken for the heading's own.
    pub in_heading: bool,
    /// Markup may stand right before or behind it, where its own signs would join in.
    pub at_edge: bool,
    /// The text has formulas, whose signs are not markup.
    pub has_math: bool,
}

/// Append a word.
pub fn push_escaped(word: &str, place: Place, out: &mut String) {
    // A number can't be escaped itself.
    if let Some(number) = word.strip_suffix(['.', ')']).filter(|_| place.is_bare) {
        out.push_str(number);
        out.push('\\');
        out.push_str(&word[number.len()..]);
        return;
    }
    let opens_block = place.line_start && (place.is_bare || starts_block(word));
    let ends_heading = place.in_heading && word.bytes().all(|byte| byte == b'#');
    // A sign that is escaped for its own sake would be escaped twice.
    if (opens_block || ends_heading) && !word.starts_with(['*', '_', '`', '<', '\\']) {
        out.push('\\');
    }
    if !word.bytes().any(|byte| SIGNS[byte as usize]) {
        out.push_str(word);
        return;
    }
    let mut before = None;
    let mut signs = word.char_indices().peekable();
    while let Some((at, c)) = signs.next() {
        let after = signs.peek().map(|&(_, next)| next);
        let behind = &word[at + c.len_utf8()..];
        let escape = match c {
            '\\' => !place.has_math && after.is_none_or(|next| next.is_ascii_punctuation()),
            // Alone between two spaces it marks nothing.
            '*' => !place.has_math && (word.len() > 1 || place.at_edge || opens_block),
            '_' => {
                // A run has the neighbours of the whole. Inside of a word it is letters.
                let others = behind.trim_start_matches('_');
                let inside = in_word(before) && in_word(others.chars().next());
                let escape =
                    !place.has_math && !inside && (word.len() > 1 || place.at_edge || opens_block);
                let sign = if escape { "\\_" } else { "_" };
                for _ in 0..=behind.len() - others.len() {
                    out.push_str(sign);
                }
                while signs.next_if(|&(_, next)| next == '_').is_some() {}
                before = Some('_');
                continue;
            }
            '`' => true,
            '~' => before == Some('~') || after == Some('~'),
            '<' => after
                .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')),
            '&' => ends_reference(behind),
            '|' => place.in_cell,
            '[' => place.in_link,
            ']' => place.in_link || matches!(after, Some('(' | ':')),
            _ => false,
        };
        if escape {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
}

/// Whether what stands behind an ampersand makes it a character reference.
fn ends_reference(behind: &str) -> bool {
    // The longest name has 31 letters: no reason to look through a whole word.
    let end = behind
        .bytes()
        .take(33)
        .position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#');
    end.is_some_and(|end| behind.as_bytes()[end] == b';')
        && behind.starts_with(|first: char| first == '#' || first.is_ascii_alphabetic())
}

/// The bytes that may need an escape somewhere.
const ESCAPED: &[u8] = b"\\*_`~<&|[]";
const SIGNS: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < ESCAPED.len() {
        table[ESCAPED[at] as usize] = true;
        at += 1;
    }
    table
};

/// The bytes that need no escape in a line that has begun.
pub const CALM: [bool; 256] = {
    let mut table = visible_but(ESCAPED);
    // At the end of a heading they would be the heading's own.
    table[b'#' as usize] = false;
    table
};

/// Whether a character belongs to a word, so that the sign beside it stands inside of it.
fn in_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// Whether a word at the start of a line would open a block. Lists that authors typed by hand
/// (`1.`, `-`) are let through: they are lists.
fn starts_block(word: &str) -> bool {
    let hashes = word.bytes().take_while(|&byte| byte == b'#').count();
    (hashes == word.len() && (1..=6).contains(&hashes))
        || word.starts_with('>')
        || word.starts_with("~~~")
        || word.bytes().all(|byte| byte == b'=')
        || (word.len() >= 2 && word.bytes().all(|byte| byte == b'-'))
        || (word.len() >= 3
            && ['*', '_']
                .iter()
                .any(|sign| word.trim_start_matches(*sign).is_empty()))
}

/// Whether a line of this text would lose it: a rule (`* * *`) or an empty item (`-`, `1.`).
pub fn is_bare(text: &str) -> bool {
    let text = text.trim();
    let number = text.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = (1..=9).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if is_number || matches!(text, "-" | "+" | "*") {
        return true;
    }
    let mut signs = text.chars().filter(|c| !c.is_whitespace());
    let Some(first) = signs.next().filter(|c| matches!(c, '-' | '*' | '_')) else {
        return false;
    };
    let mut others = 0;
    signs.all(|c| {
        others += 1;
        c == first
    }) && others >= 2
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
            ("a\\", "a\\\\"),
            ("\\*", "\\\\\\*"),
            ("a__b", "a__b"),
            ("(_a_)", "(\\_a\\_)"),
            ("AT&T", "AT&T"),
            ("&copy;", "\\&copy;"),
            ("&#169;", "\\&#169;"),
            ("a&b,c;", "a&b,c;"),
            ("&;", "&;"),
            ("&1;", "&1;"),
            ("a___", "a\\_\\_\\_"),
            ("_é__a_b", "\\_é__a_b"),
            ("~5", "~5"),
            ("~~x~~", "\\~\\~x\\~\\~"),
            ("[1]:", "[1\\]:"),
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
            ("==", "\\=="),
            ("--", "\\--"),
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
