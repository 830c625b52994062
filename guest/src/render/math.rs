//! Formulas, kept in the TeX that authors wrote.

use crate::parse::{Document, NodeId, Tag};

/// A formula as its source.
pub struct Formula {
    pub tex: String,
    /// Whether it stands on a line of its own.
    pub display: bool,
}

/// Whether a script holds a formula for MathJax.
pub fn is_tex_script(document: &Document<'_>, node: NodeId) -> bool {
    document
        .raw_attr(node, "type")
        .is_some_and(|kind| kind.trim_start().starts_with("math/tex"))
}

/// Whether the element is a drawing of a formula whose source stands beside it.
pub fn is_rendering(document: &Document<'_>, node: NodeId) -> bool {
    const CLASSES: [&str; 6] = [
        "katex-html",
        "MathJax",
        "MathJax_Display",
        "MathJax_Preview",
        "MathJax_SVG",
        "mwe-math-fallback-image-inline",
    ];
    matches!(document.tag(node), Tag::SPAN | Tag::DIV | Tag::IMG)
        && document.classes(node).any(|class| CLASSES.contains(&class))
}

/// The formula of a `math` or `script` element; none where there is no TeX, and a `math` element's
/// own text is all there is.
pub fn formula(document: &Document<'_>, node: NodeId) -> Option<Formula> {
    let display = match document.tag(node) {
        Tag::SCRIPT => is_tex_script(document, node).then(|| {
            document
                .raw_attr(node, "type")
                .is_some_and(|kind| kind.contains("mode=display"))
        })?,
        Tag::MATH => document
            .raw_attr(node, "display")
            .is_some_and(|value| value.eq_ignore_ascii_case("block")),
        _ => return None,
    };
    let tex = if document.tag(node) == Tag::SCRIPT {
        document.text_content(node)
    } else {
        annotation(document, node).or_else(|| alternative(document, node))?
    };
    let tex = unwrapped(tex.trim());
    (!tex.is_empty()).then_some(Formula {
        tex: tex.to_owned(),
        display,
    })
}

fn annotation(document: &Document<'_>, math: NodeId) -> Option<String> {
    let found = document.descendants(math).find(|&node| {
        document
            .raw_attr(node, "encoding")
            .is_some_and(|encoding| encoding.to_ascii_lowercase().contains("tex"))
            && document.name(node).eq_ignore_ascii_case("annotation")
    })?;
    Some(document.text_content(found))
}

fn alternative(document: &Document<'_>, math: NodeId) -> Option<String> {
    document.attr(math, "alttext").map(|text| text.into_owned())
}

/// Without the wrapping that MediaWiki puts around every formula.
fn unwrapped(tex: &str) -> &str {
    tex.strip_prefix("{\\displaystyle ")
        .and_then(|rest| rest.strip_suffix('}'))
        .map_or(tex, str::trim)
}
