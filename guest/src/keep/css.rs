//! CSS selectors, parsed and matched by the crate of the Servo project over our own tree.

use std::fmt;

use cssparser::{ParseErrorKind, Parser as Input, ToCss, Token};
use precomputed_hash::PrecomputedHash;
use selectors::context::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode,
    SelectorCaches,
};
use selectors::matching::matches_selector_list;
use selectors::parser::{ParseRelative, Selector, SelectorParseErrorKind};
use selectors::SelectorList;

use super::element::{Element, Tree};
use crate::content::Error;
use crate::parse::{Document, NodeId};

/// Deeper nesting of brackets would recurse that deep.
const MAX_NESTING: usize = 32;

/// Parsed selectors; a node is wanted when any of them matches.
pub struct SelectorSet(Vec<SelectorList<Css>>);

impl SelectorSet {
    /// Parse selectors, each of which may be a list separated by commas.
    ///
    /// # Errors
    /// [`Error::UnsupportedMode`] where there is no selector, [`Error::Parse`] with the selector and
    /// the place in it where one can't be parsed.
    pub fn parse(selectors: &[String]) -> Result<Self, Error> {
        if selectors.is_empty() {
            return Err(Error::UnsupportedMode(
                "custom mode needs at least one CSS selector, and none was given".into(),
            ));
        }
        selectors
            .iter()
            .map(|selector| parse(selector))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What tells the nodes of a document that match.
    pub fn matcher<'a>(&'a self, document: &'a Document<'a>) -> Matcher<'a> {
        Matcher {
            selectors: &self.0,
            tree: Tree::new(document),
            caches: SelectorCaches::default(),
        }
    }
}

/// Selectors at work on one document.
pub struct Matcher<'a> {
    selectors: &'a [SelectorList<Css>],
    tree: Tree<'a>,
    caches: SelectorCaches,
}

impl Matcher<'_> {
    /// Whether the node is an element that any of the selectors matches.
    pub fn matches(&mut self, node: NodeId) -> bool {
        let Some(element) = Element::new(&self.tree, node) else {
            return false;
        };
        let mut context = MatchingContext::new(
            MatchingMode::Normal,
            None,
            &mut self.caches,
            QuirksMode::NoQuirks,
            NeedsSelectorFlags::No,
            MatchingForInvalidation::No,
        );
        self.selectors
            .iter()
            .any(|list| matches_selector_list(list, element, &mut context))
    }

    /// Whether the document asks too much of the selectors, see [`Tree::is_exhausted`].
    pub fn is_exhausted(&self) -> bool {
        self.tree.is_exhausted()
    }
}

fn parse(selector: &str) -> Result<SelectorList<Css>, Error> {
    if let Some(at) = too_deep(selector) {
        return Err(complaint(selector, at, "brackets are nested too deep"));
    }
    SelectorList::parse(&Grammar, &mut Input::new(selector), ParseRelative::No).map_err(|error| {
        let reason = match error.kind {
            ParseErrorKind::Custom(kind) => reason(&kind),
            ParseErrorKind::Basic(_) => "this can't stand here",
        };
        complaint(selector, place(selector), reason)
    })
}

fn too_deep(selector: &str) -> Option<usize> {
    let mut depth = 0usize;
    selector.bytes().position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_NESTING
    })
}

fn complaint(selector: &str, at: usize, reason: &str) -> Error {
    let column = selector[..at].chars().count() + 1;
    let shown: String = selector.chars().take(200).collect();
    Error::Parse(format!(
        "the CSS selector {shown:?} can't be parsed: {reason}, at column {column}"
    ))
}

fn reason(kind: &SelectorParseErrorKind) -> &'static str {
    use SelectorParseErrorKind as Kind;
    match kind {
        Kind::EmptySelector => "there is nothing to select",
        Kind::DanglingCombinator => "a combinator has nothing beside it",
        Kind::ClassNeedsIdent => "a class needs a name",
        Kind::UnsupportedPseudoClassOrElement
        | Kind::NoIdentForPseudo
        | Kind::PseudoElementExpectedIdent => {
            "there is no such pseudo-class, or no document has it"
        }
        Kind::ExpectedNamespace => "namespaces are not known here",
        Kind::NoQualifiedNameInAttributeSelector
        | Kind::UnexpectedTokenInAttributeSelector
        | Kind::ExpectedBarInAttr
        | Kind::BadValueInAttr
        | Kind::InvalidQualNameInAttr => {
            "an attribute selector is a name, and perhaps an operator and a value"
        }
        _ => "this can't stand here",
    }
}

/// Where a selector that can't be parsed goes wrong. The list parser forgets it, so the selectors
/// are parsed once more one by one, which leaves the input behind the token that was too much.
fn place(selector: &str) -> usize {
    let mut input = Input::new(selector);
    let start = input.position();
    loop {
        let failed = Selector::<Css>::parse(&Grammar, &mut input).is_err();
        let parsed = input.slice_from(start).len();
        if failed {
            return token_before(selector, parsed);
        }
        if !matches!(input.next(), Ok(Token::Comma)) {
            return parsed + selector[parsed..].len() - selector[parsed..].trim_start().len();
        }
    }
}

/// The start of the token that ends at a place.
fn token_before(selector: &str, end: usize) -> usize {
    let rest = selector[end..].trim_start();
    if rest.starts_with([',', ')', ']', '}']) {
        return selector.len() - rest.len();
    }
    let before = selector[..end].trim_end().trim_end_matches('(');
    let name = before.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if before.ends_with(']') {
        return before.rfind('[').unwrap_or(0);
    }
    if name.len() < before.len() {
        return name.len();
    }
    before.char_indices().next_back().map_or(0, |(at, _)| at)
}

/// What of CSS is known: everything that can be said about a document at rest.
struct Grammar;

impl<'i> selectors::Parser<'i> for Grammar {
    type Impl = Css;
    type Error = SelectorParseErrorKind;

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    /// A typing error inside of `:is()` is an error too.
    fn allow_forgiving_selectors(&self) -> bool {
        false
    }

    fn parse_non_ts_pseudo_class(
        &self,
        name: &str,
    ) -> Result<AnyLink, cssparser::ParseError<Self::Error>> {
        if name.eq_ignore_ascii_case("link") || name.eq_ignore_ascii_case("any-link") {
            Ok(AnyLink)
        } else {
            Err(cssparser::ParseError::custom(
                SelectorParseErrorKind::UnsupportedPseudoClassOrElement,
            ))
        }
    }
}

/// The types that selectors are made of.
#[derive(Clone, Debug)]
pub struct Css;

impl selectors::SelectorImpl for Css {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Text;
    type Identifier = Text;
    type LocalName = Text;
    type NamespaceUrl = Text;
    type NamespacePrefix = Text;
    type BorrowedLocalName = str;
    type BorrowedNamespaceUrl = str;
    type NonTSPseudoClass = AnyLink;
    type PseudoElement = NoPseudoElement;
}

/// A name or value in a selector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Box<str>);

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl ToCss for Text {
    fn to_css<W: fmt::Write>(&self, out: &mut W) -> fmt::Result {
        cssparser::serialize_identifier(&self.0, out)
    }
}

impl PrecomputedHash for Text {
    fn precomputed_hash(&self) -> u32 {
        self.0.bytes().fold(0x811c_9dc5, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        })
    }
}

/// `:link`, the one pseudo-class that is not about structure and still means something here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyLink;

impl ToCss for AnyLink {
    fn to_css<W: fmt::Write>(&self, out: &mut W) -> fmt::Result {
        out.write_str(":any-link")
    }
}

impl selectors::parser::NonTSPseudoClass for AnyLink {
    fn is_active_or_hover(&self) -> bool {
        false
    }

    fn is_user_action_state(&self) -> bool {
        false
    }
}

/// A document has no pseudo-elements: a type without values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPseudoElement {}

impl ToCss for NoPseudoElement {
    fn to_css<W: fmt::Write>(&self, _: &mut W) -> fmt::Result {
        match *self {}
    }
}

impl selectors::parser::PseudoElement for NoPseudoElement {}
