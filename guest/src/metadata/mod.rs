//! What a document says about itself.
//!
//! Machines are asked first (JSON-LD, Open Graph, Twitter cards, Dublin Core and their kin), then what
//! readers see; either may be wrong, so every field has its own order and its own doubts.

mod byline;
mod categories;
pub mod dates;
pub mod json;
mod linked;
mod months;
mod published;
mod site;
mod sources;
mod title;

use crate::address::Base;
use crate::language;
use crate::parse::Document;
use crate::render::collapse;
use linked::LinkedData;
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
    let title = title::find(&sources, &linked, site_name.as_deref(), base);
    Metadata {
        byline: byline::find(
            &sources,
            &linked,
            site_name.as_deref(),
            title.as_deref(),
            base,
        ),
        published: published::find(&sources, &linked, language.as_deref(), base),
        description: description(&sources, &linked),
        categories: categories::find(&sources, &linked, title.as_deref(), site_name.as_deref()),
        image: image(&sources, &linked, base),
        title,
        site_name,
        language,
    }
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
