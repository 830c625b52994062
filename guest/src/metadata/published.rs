//! When a document was published.

use super::dates::{self, Order};
use super::linked::LinkedData;
use super::moment::Moment;
use super::sources::Sources;
use super::surroundings::{is_elsewhere, is_term, is_update};
use super::teasers::Teasers;
use crate::address::Base;
use crate::blocks::text::beginning;
use crate::parse::{Document, NodeId, Tag};

/// The names that articles and posts say their date with.
const OF_STORIES: &[&str] = &[
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
    "publication_date",
    "article.published",
    "article:post_date",
    "bt:pubdate",
    "citation_publication_date",
    "citation_online_date",
    "published",
    "publish_time",
    "date_published",
    "pub_date",
    "dateposted",
    "article_date_original",
];

/// Names that any page may carry, and that then say when its file was made.
const OF_PAGES: [&str; 14] = [
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "published_at",
    "rnews:datepublished",
    "dc.date.issued",
    "dc.date.created",
    "dcterms.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "citation_date",
    "timestamp",
    "article:create_at",
    "date",
];

/// A shown date stands at most so many nodes before or behind the main heading.
const NODES_BEFORE: usize = 60;
const NODES_BEHIND: usize = 200;
/// One that stands within so many nodes is the document's, however many others there are.
const NODES_BESIDE: usize = 10;
/// Texts longer than this only mention dates.
const MAX_SHOWN_BYTES: usize = 110;
/// Unless they open with one: `Berlin, 3 May 2024 – `.
const MAX_OPENING_BYTES: usize = 60;

/// The moment of publication in ISO 8601, as precise as the document says.
///
/// A date that only machines are told counts where the document is a story; any other page must
/// show it to readers too.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    language: Option<&str>,
    heading: Option<NodeId>,
    is_discussion: bool,
    is_story: bool,
    base: &Base,
) -> Option<String> {
    // What a front page dates is what it lists.
    if matches!(base.path(), "" | "/") && linked.rank() < 3 {
        return None;
    }
    let order = Order::of(language, base.host());
    let read = |text: &str| dates::find(text, order);
    let first = |names: &[&str]| {
        names
            .iter()
            .flat_map(|name| sources.metas_of(name))
            .find_map(|text| read(&text))
    };
    let from_linked = || linked_date(linked).and_then(|text| read(&text));
    let is_product = linked.rank() == 2
        || sources
            .meta(&["og:type"])
            .is_some_and(|kind| kind.starts_with("product"));
    let of_linked = from_linked().filter(|_| linked.rank() == 3);
    let of_metas = || first(OF_STORIES).filter(|_| !is_product);
    let shown = || shown(sources, heading, is_discussion, base, order);
    // A publishing system dates each of its pages, and names an author on posts only.
    let is_authored = || {
        linked
            .article()
            .is_some_and(|page| page.get("author").is_some())
            || sources.meta(&["author", "article:author"]).is_some()
    };
    // Of two that differ the one that readers are shown is meant.
    let of_story = match of_linked {
        Some(linked) => of_metas()
            .filter(|told| !told.same_day(&linked))
            .filter(|told| shown().is_some_and(|shown| shown.same_day(told)))
            .or(Some(linked)),
        None => of_metas(),
    };
    let must_be_shown = is_manual(base) || (linked.rank() == 1 && !is_authored());
    let of_story = of_story
        .filter(|found| !must_be_shown || shown().is_some_and(|shown| shown.same_day(found)));
    let found = of_story
        .or_else(|| marked(sources, heading, is_story, order))
        .or_else(|| dates::in_path(base.path(), order))
        .or_else(|| {
            let of_page = from_linked().or_else(|| first(&OF_PAGES))?;
            shown()
                .filter(|shown| shown.same_day(&of_page))
                .map(|_| of_page)
        })
        .or_else(|| labelled(sources, heading, order))
        .or_else(shown)
        .or_else(|| named(sources, heading, order).filter(|_| is_story && !is_product))?;
    let found = more_precise(found, sources, order);
    if !found.is_universal() {
        return Some(found.iso());
    }
    // A machine that tells Greenwich's time means the same moment as the page, which has its own.
    let others = OF_STORIES
        .iter()
        .chain(&OF_PAGES)
        .flat_map(|name| sources.metas_of(name))
        .filter_map(|text| read(&text));
    let times = sources.times.iter().take(8);
    let times = times.filter_map(|&node| machine_date(sources, node, order));
    let local = others
        .chain(from_linked())
        .chain(times)
        .find(|other| !other.is_universal() && other.same_instant(&found));
    // English is read in all zones, any other language mostly in those of its own countries.
    let is_of_one_country = !language.is_some_and(|language| language.starts_with("en"));
    let of_path = dates::in_path(base.path(), order);
    let of_page = of_path.or_else(|| shown().filter(|_| is_of_one_country));
    let local = local.or(of_page.filter(|day| day.is_local_day_of(&found)));
    Some(local.unwrap_or(found).iso())
}

/// A date that a text announces as that of the publication. Many different ones are those of other
/// stories.
fn labelled(sources: &Sources<'_, '_>, heading: Option<NodeId>, order: Order) -> Option<Moment> {
    const MANY: usize = 3;
    const NODES_ON: usize = 12;
    let document = sources.document;
    let mut found: Vec<Moment> = Vec::new();
    for &label in &sources.date_labels {
        if is_elsewhere(sources, label, heading) || is_update(sources, label) {
            continue;
        }
        let own = || dates::find(&document.text(label), order);
        let next = || {
            let mut on = document.ids().skip(label.index() + 1).take(NODES_ON);
            on.find_map(|node| {
                if document.tag(node) == Tag::TIME {
                    machine_date(sources, node, order)
                } else if document.is_text(node) && document.raw_text(node).len() < MAX_SHOWN_BYTES
                {
                    dates::find(&document.text(node), order)
                } else {
                    None
                }
            })
        };
        if let Some(moment) = own().or_else(next) {
            if !found.iter().any(|known| known.same_day(&moment)) {
                found.push(moment);
            }
        }
    }
    (found.len() < MANY).then(|| found.into_iter().next())?
}

fn linked_date(linked: &LinkedData<'_>) -> Option<String> {
    ["datePublished", "uploadDate", "dateCreated"]
        .iter()
        .find_map(|key| linked.story_text(key))
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
///
/// Many different ones on a page that is no story are those of the stories it lists.
fn marked(
    sources: &Sources<'_, '_>,
    heading: Option<NodeId>,
    is_story: bool,
    order: Order,
) -> Option<Moment> {
    const MANY: usize = 3;
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
    let mut moments = declared
        .chain(named)
        .filter(|&node| !is_elsewhere(sources, node, heading))
        .filter_map(|node| {
            machine_date(sources, node, order).or_else(|| dates::find(&sources.text(node), order))
        });
    let first = moments.next()?;
    if is_story {
        return Some(first);
    }
    let mut days = vec![first];
    for moment in moments {
        if !days.iter().any(|known| known.same_day(&moment)) {
            days.push(moment);
        }
    }
    (days.len() < MANY).then_some(first)
}

/// The date of an element's attributes.
fn machine_date(sources: &Sources<'_, '_>, node: NodeId, order: Order) -> Option<Moment> {
    ["datetime", "content", "title"]
        .iter()
        .filter_map(|name| sources.document.attr(node, name))
        .find_map(|text| dates::find(&text, order))
}

/// A date that readers see near the main heading. One of the publication goes before one of an
/// update; many different ones are those of other stories.
fn shown(
    sources: &Sources<'_, '_>,
    heading: Option<NodeId>,
    is_discussion: bool,
    base: &Base,
    order: Order,
) -> Option<Moment> {
    const MANY: usize = 4;
    let document = sources.document;
    // A thread without a title starts where the document does.
    let heading = heading.or(document.body().filter(|_| is_discussion))?;
    let first = heading.index().saturating_sub(NODES_BEFORE);
    let near = document.ids().skip(first).take(
        NODES_BEFORE
            + if is_discussion {
                4 * NODES_BEHIND
            } else {
                NODES_BEHIND
            },
    );
    let mut published: Vec<Moment> = Vec::new();
    let mut updated = None;
    let mut nearest = None;
    let mut first_post = None;
    let beside = heading.index().saturating_sub(NODES_BESIDE)
        ..document.subtree_end(heading).index() + NODES_BESIDE;
    let mut teasers = Teasers::new(sources, heading, base);
    for node in near {
        let found = if document.tag(node) == Tag::TIME {
            machine_date(sources, node, order)
        } else if document.is_text(node) && !is_code(document, node) {
            let text = document.raw_text(node).trim_ascii();
            let dated = |text: &str| {
                text.bytes()
                    .any(|byte| byte.is_ascii_digit() || byte >= 0xD9)
            };
            match text.len() {
                0..6 => None,
                6..=MAX_SHOWN_BYTES if dated(text) => dates::find(&document.text(node), order),
                6..=MAX_SHOWN_BYTES => None,
                _ => Some(beginning(text, MAX_OPENING_BYTES))
                    .filter(|opening| dated(opening))
                    .and_then(|opening| dates::opening(opening, order)),
            }
        } else {
            None
        };
        if is_discussion && node > heading {
            first_post = first_post.or(found);
        }
        let Some(moment) = found.filter(|_| {
            !is_elsewhere(sources, node, Some(heading))
                && !is_term(sources, node, order)
                && (is_discussion || !teasers.have(node))
        }) else {
            continue;
        };
        if is_update(sources, node) {
            updated.get_or_insert(moment);
        } else if !published.iter().any(|known| known.same_day(&moment)) {
            published.push(moment);
            if beside.contains(&node.index()) {
                nearest.get_or_insert(moment);
            }
        }
    }
    if published.len() >= MANY && !is_discussion {
        return nearest;
    }
    // A manual says when it was last built.
    let updated = updated.filter(|_| !is_manual(base));
    published.into_iter().next().or(updated).or(first_post)
}

/// Whether an address is that of a page of a manual or a wiki, which are dated by machines alone:
/// with the day when they were built, or when somebody first wrote them.
fn is_manual(base: &Base) -> bool {
    const HOSTS: [&str; 6] = [
        "docs.",
        "doc.",
        "devdocs.",
        "developer.",
        "developers.",
        "wiki.",
    ];
    const PATHS: [&str; 7] = [
        "/docs/",
        "/doc/",
        "/documentation/",
        "/manual/",
        "/reference/",
        "/handbook/",
        "/wiki/",
    ];
    HOSTS.iter().any(|start| base.host().starts_with(start))
        || PATHS.iter().any(|part| base.path().contains(part))
}

/// Whether a text is a script or a style, which no reader sees.
fn is_code(document: &Document<'_>, text: NodeId) -> bool {
    let parent = document.parent(text).map(|parent| document.tag(parent));
    matches!(parent, Some(Tag::SCRIPT | Tag::STYLE | Tag::TEMPLATE))
}

/// A date in an element that is named after dates, wherever it stands, where there is only one.
fn named(sources: &Sources<'_, '_>, heading: Option<NodeId>, order: Order) -> Option<Moment> {
    const MAX_BYTES: usize = 60;
    let document = sources.document;
    let mut found: Option<Moment> = None;
    for &node in sources.dates.iter().chain(&sources.times) {
        if is_elsewhere(sources, node, heading) || is_update(sources, node) {
            continue;
        }
        let text = || sources.text(node);
        let shown = || dates::find(&Some(text()).filter(|text| text.len() <= MAX_BYTES)?, order);
        let of_machines = || machine_date(sources, node, order);
        let is_time = document.tag(node) == Tag::TIME;
        let moment = is_time.then(of_machines).flatten().or_else(shown);
        match (moment, found) {
            (Some(moment), Some(known)) if !moment.same_day(&known) => return None,
            (Some(moment), None) => found = Some(moment),
            _ => {}
        }
    }
    found
}
