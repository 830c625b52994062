//! Everything but the chrome of the site: what stays where the learned judgement keeps nothing.

use super::{is_hidden, is_silent, Kept};
use crate::parse::{Document, NodeId, Tag};

/// Everything of the body but navigation, headers, footers, side columns, banners and dialogs.
pub fn without_chrome(document: &Document<'_>) -> Kept {
    let body = document.body().unwrap_or(document.root());
    let weights = Weights::of(document);
    let mut marked = Vec::new();
    let mut walk = document.descendants(body);
    while let Some(node) = walk.next() {
        if is_silent(document, node)
            || is_hidden(document, node)
            || (is_chrome(document, node) && weights.is_minor(document, node))
        {
            walk.skip_subtree(node);
        } else {
            marked.push(node);
        }
    }
    Kept::of(document, marked)
}

/// How much text there is before each node, to know the share of any subtree at once.
struct Weights {
    before: Vec<u32>,
}

impl Weights {
    fn of(document: &Document<'_>) -> Self {
        let mut before = Vec::with_capacity(document.len() + 1);
        let mut sum = 0u32;
        before.push(0);
        for node in document.ids() {
            let tag_of_text = document
                .is_text(node)
                .then(|| document.parent(node))
                .flatten()
                .map(|parent| document.tag(parent));
            if !matches!(tag_of_text, Some(Tag::SCRIPT | Tag::STYLE) | None) {
                sum = sum.saturating_add(document.raw_text(node).trim().len() as u32);
            }
            before.push(sum);
        }
        Self { before }
    }

    /// Whether the subtree holds less than half of the document's text. Chrome does; what holds
    /// more is a page that carries a telling name on its outermost element.
    fn is_minor(&self, document: &Document<'_>, node: NodeId) -> bool {
        let total = self.before.last().copied().unwrap_or(0);
        let inside = self.before[document.subtree_end(node).index()] - self.before[node.index()];
        u64::from(inside) * 2 < u64::from(total)
    }
}

fn is_chrome(document: &Document<'_>, node: NodeId) -> bool {
    match document.tag(node) {
        Tag::TEXT | Tag::P | Tag::A | Tag::TR | Tag::TD | Tag::TH | Tag::BR | Tag::IMG => false,
        Tag::NAV | Tag::ASIDE | Tag::DIALOG | Tag::MENU | Tag::SEARCH => true,
        Tag::HEADER | Tag::FOOTER => !is_part_of_content(document, node),
        Tag::MAIN | Tag::ARTICLE | Tag::BODY => false,
        _ => has_chrome_role(document, node) || has_chrome_name(document, node),
    }
}

/// Whether a header or footer is an article's, not the site's.
fn is_part_of_content(document: &Document<'_>, node: NodeId) -> bool {
    let near = document.ancestors(node).take(12);
    near.map(|ancestor| document.tag(ancestor)).any(|tag| {
        matches!(
            tag,
            Tag::ARTICLE | Tag::MAIN | Tag::BLOCKQUOTE | Tag::SECTION
        )
    })
}

fn has_chrome_role(document: &Document<'_>, node: NodeId) -> bool {
    const ROLES: [&str; 9] = [
        "navigation",
        "banner",
        "contentinfo",
        "complementary",
        "search",
        "dialog",
        "alertdialog",
        "menu",
        "menubar",
    ];
    document.raw_attr(node, "role").is_some_and(|role| {
        ROLES
            .iter()
            .any(|known| role.trim().eq_ignore_ascii_case(known))
    })
}

/// Whether an id or class says what the element is. Only whole words count: `nav` in `nav-bar`,
/// but not in `naval`.
fn has_chrome_name(document: &Document<'_>, node: NodeId) -> bool {
    const WORDS: [&str; 26] = [
        "nav",
        "navbar",
        "navigation",
        "menu",
        "footer",
        "masthead",
        "sidebar",
        "breadcrumb",
        "breadcrumbs",
        "cookie",
        "cookies",
        "consent",
        "gdpr",
        "onetrust",
        "cookiebar",
        "popup",
        "modal",
        "newsletter",
        "subscribe",
        "share",
        "sharing",
        "social",
        "advert",
        "advertisement",
        "skip",
        "toolbar",
    ];
    let names = [document.class_attr(node), document.id_attr(node)];
    names
        .iter()
        .flat_map(|names| names.split(|c: char| !c.is_ascii_alphanumeric()))
        .any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(html: &str) -> Vec<String> {
        let document = Document::parse(html);
        let kept = without_chrome(&document);
        document
            .ids()
            .filter(|&node| kept.has(node) && document.is_text(node))
            .map(|node| document.text(node).trim().to_owned())
            .collect()
    }

    #[test]
    fn chrome_goes_and_the_rest_stays() {
        let html = "<header>Site</header><nav>Menu</nav><main><article><header>Title of the story</header>\
                    <p>The body of the story, which is long enough to be the page.</article>\
                    <section class=comments><p>A comment that a reader has left below it.</section></main>\
                    <div id=cookie-banner>We use cookies</div><div role=complementary>More</div>\
                    <div class='naval-history'>Ships</div><footer>Imprint</footer>";
        assert_eq!(
            kept(html),
            [
                "Title of the story",
                "The body of the story, which is long enough to be the page.",
                "A comment that a reader has left below it.",
                "Ships"
            ]
        );
    }

    #[test]
    fn a_page_inside_of_chrome_stays() {
        assert_eq!(
            kept("<div class=has-cookie-modal><p>All there is on this page.</p></div>"),
            ["All there is on this page."]
        );
        assert_eq!(kept("<aside>Only this</aside>"), ["Only this"]);
    }
}
