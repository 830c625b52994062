//! When a document was published.

use super::dates::{self, Moment, Order};
use super::linked::LinkedData;
use super::sources::Sources;
use crate::address::Base;
use crate::parse::{NodeId, Tag};

/// The names that say when a document was published, the surest first.
const METAS: [&str; 34] = [
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "og:publish_date",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "published-date",
    "published_time",
    "published_at",
    "publication_date",
    "article.published",
    "article:post_date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "bt:pubdate",
    "dc.date.issued",
    "dc.date.created",
    "dcterms.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "citation_publication_date",
    "citation_online_date",
    "citation_date",
    "rnews:datepublished",
    "timestamp",
    "article:create_at",
    "date",
];

/// The moment of publication in ISO 8601, as precise as the document says.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    language: Option<&str>,
    base: &Base,
) -> Option<String> {
    let order = Order::of(language, base.host());
    let read = |text: &str| dates::find(text, order);
    let stated = linked_date(linked)
        .and_then(|text| read(&text))
        .or_else(|| {
            METAS
                .iter()
                .flat_map(|name| sources.metas_of(name))
                .find_map(|text| read(&text))
        });
    let in_address = dates::in_path(base.path());
    let found = stated
        .or_else(|| marked(sources, order))
        .or(in_address)
        .or_else(|| shown(sources, order));
    let found = found?;
    Some(more_precise(found, sources, order).iso())
}

fn linked_date(linked: &LinkedData<'_>) -> Option<String> {
    linked
        .article_text("datePublished")
        .or_else(|| linked.article_text("uploadDate"))
        .or_else(|| linked.article_text("dateCreated"))
}

/// A date alone gets the time that a `time` element has for the same day.
fn more_precise(found: Moment, sources: &Sources<'_, '_>, order: Order) -> Moment {
    if found.has_time() {
        return found;
    }
    let times = sources
        .times
        .iter()
        .take(8)
        .filter_map(|&node| machine_date(sources, node, order));
    times
        .into_iter()
        .find(|moment| moment.has_time() && moment.same_day(&found))
        .unwrap_or(found)
}

/// A date that markup declares to be that of the publication.
fn marked(sources: &Sources<'_, '_>, order: Order) -> Option<Moment> {
    let document = sources.document;
    let declared = sources
        .dates
        .iter()
        .chain(&sources.times)
        .copied()
        .filter(|&node| {
            let property = document.attr(node, "itemprop").unwrap_or_default();
            property.eq_ignore_ascii_case("datePublished") || document.has_attr(node, "pubdate")
        });
    let named = sources.times.iter().copied().filter(|&node| {
        let class = document.class_attr(node).to_ascii_lowercase();
        ["publish", "entry-date", "post-date", "posted"]
            .iter()
            .any(|word| class.contains(word))
            && !class.contains("updated ")
    });
    declared
        .chain(named)
        .filter(|&node| !is_elsewhere(sources, node))
        .find_map(|node| {
            machine_date(sources, node, order).or_else(|| dates::find(&sources.text(node), order))
        })
}

/// The date of an element's attributes.
fn machine_date(sources: &Sources<'_, '_>, node: NodeId, order: Order) -> Option<Moment> {
    ["datetime", "content", "title"]
        .iter()
        .filter_map(|name| sources.document.attr(node, name))
        .find_map(|text| dates::find(&text, order))
}

/// A date that only readers see, near the main heading.
fn shown(sources: &Sources<'_, '_>, order: Order) -> Option<Moment> {
    let document = sources.document;
    let heading = sources.headings.first().copied();
    let near =
        |node: NodeId| heading.is_none_or(|heading| node.index().abs_diff(heading.index()) < 400);
    let times = sources
        .times
        .iter()
        .copied()
        .filter(|&node| near(node) && !is_elsewhere(sources, node));
    let from_times = times.clone().find_map(|node| {
        machine_date(sources, node, order).or_else(|| dates::find(&sources.text(node), order))
    });
    from_times.or_else(|| {
        let named = sources.dates.iter().copied().filter(|&node| {
            near(node) && document.tag(node) != Tag::TIME && !is_elsewhere(sources, node)
        });
        named
            .filter_map(|node| Some(sources.text(node)).filter(|text| text.len() <= 160))
            .find_map(|text| dates::find(&text, order))
    })
}

/// Whether an element belongs to a comment, to another story or to the site.
pub fn is_elsewhere(sources: &Sources<'_, '_>, node: NodeId) -> bool {
    const WORDS: [&str; 12] = [
        "comment",
        "related",
        "sidebar",
        "widget",
        "footer",
        "recent",
        "more-",
        "teaser",
        "card",
        "reply",
        "popular",
        "recommend",
    ];
    let document = sources.document;
    std::iter::once(node)
        .chain(document.ancestors(node))
        .take(16)
        .any(|above| {
            if matches!(document.tag(above), Tag::ASIDE | Tag::FOOTER | Tag::NAV) {
                return true;
            }
            if matches!(document.tag(above), Tag::BODY | Tag::HTML | Tag::MAIN) {
                return false;
            }
            let names = document.class_attr(above).to_ascii_lowercase();
            WORDS.iter().any(|word| names.contains(word))
        })
}
