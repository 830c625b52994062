//! Preformatted text and the language it is written in.

use crate::keep::Kept;
use crate::parse::{Document, NodeId, Tag, TagSet};

const LINES: TagSet = TagSet::new(&[Tag::DIV, Tag::P, Tag::LI, Tag::TR, Tag::OL, Tag::UL]);

/// The text of a `pre` element: line ends kept, numbers of lines left out.
pub fn verbatim(document: &Document<'_>, kept: &Kept, pre: NodeId) -> String {
    let mut out = String::new();
    // Where a line element ends, the line does.
    let mut ends: Vec<NodeId> = Vec::new();
    let mut walk = document.descendants(pre);
    while let Some(node) = walk.next() {
        while ends.pop_if(|end| *end <= node).is_some() {
            end_line(&mut out);
        }
        let tag = document.tag(node);
        if tag == Tag::TEXT {
            if kept.has(node) {
                out.push_str(&document.text(node));
            }
        } else if tag == Tag::BR {
            out.push('\n');
        } else if is_gutter(document, node) {
            walk.skip_subtree(node);
        } else if LINES.contains(tag) {
            ends.push(document.subtree_end(node));
        }
    }
    let end = out.trim_end().len();
    out.truncate(end);
    let first = out.len() - out.trim_start_matches(['\n', '\r']).len();
    out.split_off(first)
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Whether an element holds the numbers of lines beside the code.
pub fn is_gutter(document: &Document<'_>, node: NodeId) -> bool {
    const CLASSES: [&str; 12] = [
        "gutter",
        "lineno",
        "linenos",
        "linenumber",
        "linenodiv",
        "line-number",
        "line-numbers-rows",
        "react-syntax-highlighter-line-number",
        "blob-num",
        "hljs-ln-numbers",
        "rouge-gutter",
        "lnt",
    ];
    document.is_element(node) && document.classes(node).any(|class| CLASSES.contains(&class))
}

/// The language of a `pre` element by its own names, its `code` child's, or those of the two
/// elements around it.
pub fn language<'a>(document: &Document<'a>, pre: NodeId) -> Option<&'a str> {
    let inside = document
        .children(pre)
        .find(|&child| document.tag(child) == Tag::CODE);
    let around = document
        .ancestors(pre)
        .take(2)
        .filter(|&node| matches!(document.tag(node), Tag::DIV | Tag::FIGURE));
    std::iter::once(pre)
        .chain(inside)
        .chain(around)
        .find_map(|node| named_language(document, node))
}

fn named_language<'a>(document: &Document<'a>, node: NodeId) -> Option<&'a str> {
    const ATTRIBUTES: [&str; 4] = ["data-lang", "data-language", "data-code-language", "lang"];
    const PREFIXES: [&str; 6] = [
        "language-",
        "lang-",
        "highlight-source-",
        "highlight-",
        "brush:",
        "sourceCode-",
    ];
    let classes = document.class_attr(node);
    let by_prefix = classes.split_ascii_whitespace().find_map(|class| {
        PREFIXES
            .iter()
            .find_map(|prefix| class.strip_prefix(prefix))
    });
    // `class="brush: python"`, `class="sourceCode python"`, `class="hljs python"`
    let by_neighbour = || {
        let mut words = classes.split_ascii_whitespace();
        words.find(|&word| matches!(word, "brush:" | "sourceCode" | "hljs"))?;
        words.next().map(|word| word.trim_end_matches(';'))
    };
    let by_attribute = || {
        let known =
            &ATTRIBUTES[..if document.tag(node) == Tag::PRE || document.tag(node) == Tag::CODE {
                4
            } else {
                3
            }];
        known.iter().find_map(|name| document.raw_attr(node, name))
    };
    let known = |name: &&str| is_language(name);
    by_prefix
        .filter(known)
        .or_else(|| by_neighbour().filter(known))
        .or_else(|| by_attribute().filter(known))
}

fn is_language(name: &str) -> bool {
    const NONE: [&str; 12] = [
        "none",
        "plain",
        "plaintext",
        "text",
        "txt",
        "nohighlight",
        "default",
        "auto",
        "en",
        "source",
        "copy-code-button",
        "undefined",
    ];
    let plausible = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
    !name.is_empty() && name.len() <= 24 && name.chars().all(plausible) && !NONE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pre(document: &Document<'_>) -> NodeId {
        document
            .ids()
            .find(|&node| document.tag(node) == Tag::PRE)
            .expect("a pre")
    }

    #[test]
    fn languages_are_found_where_authors_put_them() {
        for (html, expected) in [
            ("<pre><code class='language-rust'>", Some("rust")),
            ("<pre class='lang-py prettyprint'>", Some("py")),
            (
                "<div class='highlight highlight-source-shell'><pre>",
                Some("shell"),
            ),
            (
                "<div class='highlight-python notranslate'><div class=highlight><pre>",
                Some("python"),
            ),
            ("<pre class='brush: js; toolbar: false'>", Some("js")),
            ("<pre class='sourceCode haskell'>", Some("haskell")),
            ("<pre><code class='hljs c++'>", Some("c++")),
            ("<pre data-lang=go>", Some("go")),
            ("<pre><code class=language-text>", None),
            ("<pre>", None),
            ("<pre lang=en>", None),
        ] {
            let document = Document::parse(html);
            assert_eq!(language(&document, pre(&document)), expected, "{html}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        for (html, expected) in [
            ("<pre>\na\n  b\n\n", "a\n  b"),
            ("<pre>a<br>b", "a\nb"),
            (
                "<pre><div class=line>a</div><div class=line>  b</div></pre>",
                "a\n  b",
            ),
            (
                "<pre><span class=lineno>1</span>a\n<span class=lineno>2</span>b",
                "a\nb",
            ),
            ("<pre>&lt;b&gt; <b>x</b>", "<b> x"),
        ] {
            let document = Document::parse(html);
            assert_eq!(
                verbatim(&document, &Kept::body(&document), pre(&document)),
                expected,
                "{html}"
            );
        }
    }
}
