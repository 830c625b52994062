//! Custom mode: the elements that match CSS selectors.

use super::css::SelectorSet;
use super::{visible, Kept};
use crate::content::Error;
use crate::parse::Document;

/// What matches any of the selectors, in document order. An element inside another that matches
/// is not repeated.
///
/// # Errors
/// [`Error::ResourceLimit`] where siblings without end make the selectors a matter of minutes.
pub fn matching(document: &Document<'_>, selectors: &SelectorSet) -> Result<Kept, Error> {
    let mut marked = Vec::new();
    let mut walk = document.descendants(document.root());
    let mut matcher = selectors.matcher(document);
    while let Some(node) = walk.next() {
        if matcher.matches(node) {
            marked.extend(visible(document, node));
            walk.skip_subtree(node);
        }
    }
    if matcher.is_exhausted() {
        return Err(Error::ResourceLimit(
            "the CSS selectors ask too many elements of this document after each other: \
             take some without `~`, `:has()` or `:nth-of-type()`"
                .into(),
        ));
    }
    Ok(Kept::of(document, marked))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "<title>T</title><div class='a b' id=one><p>1</p><p lang=en-GB>2</p><section><p>3</p></section></div>\
                        <ul><li>4<li class=B>5<li><a href=/x>6</a></ul><svg><title>7</title></svg><p>8";

    fn texts(selectors: &[&str]) -> Result<String, Error> {
        let document = Document::parse(HTML);
        let selectors: Vec<String> = selectors
            .iter()
            .map(|&selector| selector.to_owned())
            .collect();
        let kept = matching(&document, &SelectorSet::parse(&selectors)?)?;
        Ok(document
            .ids()
            .filter(|&node| kept.has(node))
            .map(|node| document.text(node).into_owned())
            .collect())
    }

    #[test]
    fn selects_as_browsers_do() {
        for (selector, expected) in [
            ("p", "1238"),
            ("div > p", "12"),
            ("div p", "123"),
            ("P", "1238"),
            ("p + p", "2"),
            ("p ~ section", "3"),
            (".a.b p:first-child", "13"),
            ("#one p:nth-child(2)", "2"),
            ("li:nth-of-type(2n+1)", "46"),
            ("li:last-child, p:not(#one *)", "68"),
            ("[lang|=en]", "2"),
            ("[href^='/']", "6"),
            ("[CLASS~=b]", "123"),
            ("li:has(a)", "6"),
            (":is(li, section):not(:first-child)", "356"),
            ("a:any-link", "6"),
            ("title", "T7"),
            ("svg title", "7"),
            (".b", "123"),
            ("html", "12345 6 8".replace(' ', "").as_str()),
            ("body > :root", ""),
            ("main", ""),
            ("p:empty", ""),
        ] {
            assert_eq!(texts(&[selector]).as_deref(), Ok(expected), "{selector}");
        }
    }

    #[test]
    fn several_selectors_give_document_order_without_repeats() {
        assert_eq!(texts(&["li", "div", "p"]).as_deref(), Ok("1234568"));
    }

    #[test]
    fn a_bad_selector_is_named_with_its_place() {
        for (selector, column) in [
            ("p..x", 3),
            ("div >", 5),
            ("a[=x]", 2),
            ("", 1),
            ("li:nope", 4),
            ("p, , a", 4),
            ("p::before", 4),
            ("p )", 3),
            ("ns|p", 3),
        ] {
            let error = texts(&["p", selector]).expect_err(selector);
            let Error::Parse(sentence) = error else {
                panic!("{error:?}")
            };
            assert!(sentence.contains(&format!("{selector:?}")), "{sentence}");
            assert!(
                sentence.contains(&format!("column {column}")),
                "{selector}: {sentence}"
            );
        }
        assert!(matches!(texts(&[]), Err(Error::UnsupportedMode(_))));
    }

    #[test]
    fn selectors_nested_without_end_are_refused() {
        let nested = format!("{}p{}", ":not(".repeat(10_000), ")".repeat(10_000));
        assert!(matches!(texts(&[&nested]), Err(Error::Parse(_))));
    }
}
