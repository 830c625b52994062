//! What a document says about itself.
//!
//! Machines are asked first (JSON-LD, Open Graph, Twitter cards, Dublin Core and their kin), then what
//! readers see; either may be wrong, so every field has its own order and its own doubts.

mod byline;
mod candidates;
mod categories;
mod dates;
mod headings;
mod introductions;
pub mod json;
mod linked;
mod moment;
mod months;
mod names;
mod paths;
mod places;
mod published;
mod site;
mod sources;
mod stretches;
mod surroundings;
mod teasers;
#[cfg(test)]
mod tests;
mod times;
mod title;
mod tokens;

use crate::address::Base;
use crate::language;
use crate::parse::{Document, NodeId};
use crate::render::collapse;
use dates::Order;
use linked::{types, LinkedData};
use places::Places;
use sources::Sources;

/// What was found; `None` where the document does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub title: Option<String>,
    pub byline: Option<String>,
    pub published: Option<String>,
    pub site_name: Option<String>,
    pub description: Option<String>,
    /// As declared, in the form of BCP 47.
    pub language: Option<String>,
    pub categories: Vec<String>,
    /// The main image.
    pub image: Option<String>,
}

/// Read a document's metadata.
pub fn read(document: &Document<'_>, base: &Base) -> Metadata {
    let sources = Sources::find(document);
    let scripts = sources.script_texts();
    let values = sources.linked_data(&scripts);
    let linked = LinkedData::new(&values);
    let language = declared_language(&sources, &linked);
    let site_name = site::name(&sources, &linked, base);
    let (title, heading) = title::find(&sources, &linked, site_name.as_deref(), base);
    let is_discussion = is_discussion(&linked, base);
    let is_story = is_story(&sources, &linked);
    let places = Places {
        sources: &sources,
        heading,
        order: Order::of(language.as_deref(), base.host()),
        base,
        is_discussion,
        is_story,
        is_manual: published::is_manual(base),
    };
    let published = published::find(&linked, language.as_deref(), &places);
    let story = Story {
        site_name: site_name.as_deref(),
        title: title.as_deref(),
        heading,
        is_story,
        is_dated: published.is_some(),
        is_discussion,
    };
    Metadata {
        byline: byline::find(&sources, &linked, &story, base),
        published,
        description: description(&sources, &linked),
        categories: categories::find(&sources, &linked, story.title, story.site_name),
        image: image(&sources, &linked, base),
        title,
        site_name,
        language,
    }
}

/// What is known of a document when its author is looked for.
struct Story<'m> {
    site_name: Option<&'m str>,
    title: Option<&'m str>,
    /// The main heading.
    heading: Option<NodeId>,
    /// Whether the document says that it is an article, a post or the like.
    is_story: bool,
    is_dated: bool,
    /// Whether it is a thread of people who go by the names of users.
    is_discussion: bool,
}

fn is_story(sources: &Sources<'_, '_>, linked: &LinkedData<'_>) -> bool {
    const DATES: [&str; 4] = [
        "article:published_time",
        "parsely-pub-date",
        "datepublished",
        "citation_publication_date",
    ];
    let kind = sources.meta(&["og:type"]).unwrap_or_default();
    // Publishing systems put an author on the page of a post, none on any other page.
    let authored = linked.rank() == 1
        && linked
            .article()
            .is_some_and(|page| page.get("author").is_some());
    authored
        || linked.rank() == 3
        || matches!(kind.as_str(), "article" | "blog" | "news" | "post")
        || sources.meta(&DATES).is_some()
}

/// Text without the character references and tags that stay when an author escapes twice.
fn plain(text: &str) -> String {
    let text = collapse(text);
    if !text.contains(['&', '<']) {
        return text;
    }
    let fragment = Document::parse(&text);
    let decoded: String = fragment.ids().map(|node| fragment.text(node)).collect();
    collapse(&decoded)
}

fn declared_language(sources: &Sources<'_, '_>, linked: &LinkedData<'_>) -> Option<String> {
    let markup = sources.language.as_deref().and_then(language::tag);
    let metas = [
        "content-language",
        "language",
        "dc.language",
        "dcterms.language",
        "og:locale",
    ];
    markup
        .or_else(|| {
            metas.iter().find_map(|name| {
                sources
                    .meta(&[name])
                    .and_then(|value| language::tag(&value))
            })
        })
        .or_else(|| {
            linked
                .article_text("inLanguage")
                .and_then(|value| language::tag(&value))
        })
}

fn description(sources: &Sources<'_, '_>, linked: &LinkedData<'_>) -> Option<String> {
    const NAMES: [&str; 8] = [
        "og:description",
        "description",
        "twitter:description",
        "dc.description",
        "dcterms.description",
        "dcterms.abstract",
        "sailthru.description",
        "citation_abstract",
    ];
    sources
        .meta(&NAMES)
        .or_else(|| linked.article_text("description"))
}

fn image(sources: &Sources<'_, '_>, linked: &LinkedData<'_>, base: &Base) -> Option<String> {
    const NAMES: [&str; 8] = [
        "og:image:secure_url",
        "og:image",
        "og:image:url",
        "twitter:image",
        "twitter:image:src",
        "parsely-image-url",
        "sailthru.image.full",
        "image",
    ];
    let from_meta = NAMES
        .iter()
        .flat_map(|name| sources.metas_of(name))
        .find_map(|address| base.resolve(&address));
    from_meta.or_else(|| {
        linked
            .article_image()
            .and_then(|address| base.resolve(&address))
    })
}

/// Whether the document is a thread of people who go by the names of users.
fn is_discussion(linked: &LinkedData<'_>, base: &Base) -> bool {
    const HOSTS: [&str; 5] = ["forum", "community", "discuss", "boards.", "answers."];
    const PATHS: [&str; 11] = [
        "/forum",
        "/threads/",
        "/thread",
        "viewtopic",
        "showthread",
        "/t/",
        "/questions/",
        "/discussion",
        "/comments/",
        "/community/",
        "/d/",
    ];
    let typed = linked.article().is_some_and(|article| {
        types(article).any(|kind| matches!(kind, "DiscussionForumPosting" | "QAPage" | "Question"))
    });
    let path = base.path();
    typed
        || HOSTS.iter().any(|start| base.host().starts_with(start))
        || PATHS.iter().any(|part| path.contains(part))
}
