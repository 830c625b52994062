//! Plain text: one paragraph a line.

use super::{are_apart, code, is_permalink, math, walk, Inside, Writer, BLOCKS, VERBATIM};
use crate::keep::Kept;
use crate::parse::{Document, NodeId, Tag};

/// The kept text: white space collapsed as in a browser, a line for each paragraph, cells of a
/// table separated by tabs, preformatted text as it is.
pub fn text(document: &Document<'_>, kept: &Kept) -> String {
    let mut writer = TextWriter {
        document,
        kept,
        out: String::new(),
        owed: Owed::Nothing,
        last: None,
    };
    walk(document, kept, &mut writer);
    let end = writer.out.trim_end().len();
    writer.out.truncate(end);
    writer.out
}

/// What has to come before the next word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owed {
    Nothing,
    Space,
    Tab,
    Line,
}

struct TextWriter<'d, 'a> {
    document: &'d Document<'a>,
    kept: &'d Kept,
    out: String,
    owed: Owed,
    /// The text before.
    last: Option<NodeId>,
}

impl TextWriter<'_, '_> {
    fn owe(&mut self, what: Owed) {
        self.owed = self.owed.max(what);
    }

    fn pay(&mut self) {
        match std::mem::replace(&mut self.owed, Owed::Nothing) {
            _ if self.out.is_empty() => {}
            Owed::Nothing => {}
            Owed::Space => self.out.push(' '),
            Owed::Tab => self.out.push('\t'),
            Owed::Line => self.out.push('\n'),
        }
    }

    fn write(&mut self, text: &str) {
        let (mut leading, trailing) = (true, text.ends_with(char::is_whitespace));
        if text.starts_with(char::is_whitespace) {
            self.owe(Owed::Space);
        }
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (word, after) = split_word(rest);
            if !leading {
                self.owe(Owed::Space);
            }
            leading = false;
            self.pay();
            push_word(word, &mut self.out);
            // At the start, nothing was written where the word was invisible: no space follows it.
            let run = if self.out.is_empty() {
                0
            } else {
                run(after, &VISIBLE)
            };
            self.out.push_str(&after[..run]);
            rest = after[run..].trim_start();
        }
        if trailing && !leading {
            self.owe(Owed::Space);
        }
    }

    fn write_verbatim(&mut self, text: &str) {
        self.owe(Owed::Line);
        self.pay();
        self.out.push_str(text);
        self.owe(Owed::Line);
    }
}

impl Writer for TextWriter<'_, '_> {
    fn enter(&mut self, node: NodeId) -> Inside {
        let tag = self.document.tag(node);
        if VERBATIM.contains(tag) {
            let code = code::verbatim(self.document, self.kept, node);
            if !code.trim().is_empty() {
                self.write_verbatim(&code);
            }
            return Inside::Skip;
        }
        match tag {
            Tag::BR | Tag::HR => self.owe(Owed::Line),
            Tag::TD | Tag::TH => self.owe(Owed::Tab),
            Tag::A | Tag::SPAN if is_permalink(self.document, node) => return Inside::Skip,
            _ if math::is_rendering(self.document, node) => return Inside::Skip,
            Tag::MATH | Tag::SCRIPT => {
                if let Some(formula) = math::formula(self.document, node) {
                    self.write(&formula.tex);
                    return Inside::Skip;
                }
            }
            tag if BLOCKS.contains(tag) => self.owe(Owed::Line),
            _ => {}
        }
        Inside::Visit
    }

    fn leave(&mut self, node: NodeId) {
        match self.document.tag(node) {
            Tag::TD | Tag::TH => self.owe(Owed::Tab),
            tag if BLOCKS.contains(tag) => self.owe(Owed::Line),
            _ => {}
        }
    }

    fn text(&mut self, node: NodeId) {
        let last = self.last.replace(node);
        if self.owed == Owed::Nothing
            && last.is_some_and(|last| are_apart(self.document, last, node))
        {
            self.owe(Owed::Space);
        }
        self.write(&self.document.text(node));
    }
}

/// The first word of a text, and what follows it.
pub(super) fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The signs of ASCII.
const VISIBLE: [bool; 256] = visible_but(b"");

/// The signs of ASCII, but these.
pub(super) const fn visible_but(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = true;
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = false;
        at += 1;
    }
    table
}

/// How far the words of a text are of these bytes alone, and each after one space: what is written as it
/// stands. To copy word by word is most of what writing costs where each copy is a call of the host's.
pub(super) fn run(text: &str, of: &[bool; 256]) -> usize {
    let bytes = text.as_bytes();
    let (mut whole, mut at) = (0, 0);
    while bytes.get(at) == Some(&b' ') {
        let word = at + 1;
        at = word;
        while bytes.get(at).is_some_and(|&byte| of[usize::from(byte)]) {
            at += 1;
        }
        if at == word || !bytes.get(at).is_none_or(u8::is_ascii_whitespace) {
            break;
        }
        whole = at;
    }
    whole
}

/// Append a word without characters that only say where a line may break.
pub(super) fn push_word(word: &str, out: &mut String) {
    let invisible = |c: char| matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}');
    if word.is_ascii() || !word.contains(invisible) {
        out.push_str(word);
    } else {
        out.extend(word.chars().filter(|&c| !invisible(c)));
    }
}

/// The words of a text, one space between them.
pub fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        push_word(word, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> String {
        let document = Document::parse(html);
        text(&document, &Kept::body(&document))
    }

    #[test]
    fn paragraphs_are_lines() {
        for (html, expected) in [
            (
                "<h1>Title</h1>\n\n<p>One\n  <b>two</b>, three.</p><p>Four</p>",
                "Title\nOne two, three.\nFour",
            ),
            ("a<br>b<br><br>c", "a\nb\nc"),
            ("<ul><li>a<ul><li>b</ul><li>c</ul>", "a\nb\nc"),
            ("<table><tr><th>a<th>b<tr><td>c<td>d</table>", "a\tb\nc\td"),
            ("<p>x</p><pre>a\n  b\n</pre><p>y", "x\na\n  b\ny"),
            ("a<p></p><div> </div>b", "a\nb"),
            ("soft\u{AD}ware is\u{A0}free\u{200B}", "software is free"),
            ("H<sub>2</sub>O", "H2O"),
            (
                "<span>2026</span><span>1h 54m</span><i><a>R</a></i>",
                "2026 1h 54m R",
            ),
            ("<i>W</i><span>hen</span> <b>on</b>line", "When online"),
            ("<a>the 20</a><a>s</a>", "the 20s"),
            ("<b>word pro</b><b>cessor</b>", "word processor"),
            ("<a href=a>one</a><a href=b>two</a>", "one two"),
            ("<code><i>print</i><i>ln</i></code>", "println"),
            ("<b>漢字</b><i>かな</i>", "漢字かな"),
            ("<p>a <a href=#x class=headerlink>¶</a></p>", "a"),
            ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"),
            ("\u{200B} a b", "a b"),
            ("a b  c d\u{A0}e fé g h\n i ", "a b c d e fé g h i"),
            ("", ""),
        ] {
            assert_eq!(of(html), expected, "{html}");
        }
    }
}
