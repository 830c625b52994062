//! The way of a document through the engine.

use crate::address::Base;
use crate::classify::{self, Favor, Scope};
use crate::content::{Content, Error, Link, Mode, Stats};
use crate::keep::{chrome, custom, tables, Kept, SelectorSet};
use crate::metadata::{self, Metadata};
use crate::parse::{Document, NodeId, Tag};
use crate::words::Amount;
use crate::{language, links, media, quality, render};

/// The tree addresses its source with 32 bits.
const MAX_BYTES: usize = u32::MAX as usize - 1;

/// What a mode wants of a document's text.
enum Wanted {
    Nothing,
    Judged(Scope),
    Matching(SelectorSet),
}

/// Extract a document's content.
///
/// # Errors
/// [`Error::InvalidHtml`] for blank HTML, binary data or an address that is no absolute URL, [`Error::Parse`] for a
/// CSS selector that can't be parsed, [`Error::UnsupportedMode`] for custom mode without selectors,
/// [`Error::ResourceLimit`] for more than 4 GiB of HTML and for selectors that such a document makes endless.
pub fn extract(html: &str, url: &str, mode: &Mode) -> Result<Content, Error> {
    extract_with_stats(html, url, mode).map(|(content, _)| content)
}

/// As [`extract`], with the counts of what was found on the way.
///
/// # Errors
/// Those of [`extract`].
pub fn extract_with_stats(html: &str, url: &str, mode: &Mode) -> Result<(Content, Stats), Error> {
    extract_favoring(html, url, mode, Favor::default())
}

/// As [`extract_with_stats`], where an error of one kind is worse than of the other. What is not
/// judged, metadata and what selectors match, is the same for each favor.
///
/// # Errors
/// Those of [`extract`].
pub fn extract_favoring(
    html: &str,
    url: &str,
    mode: &Mode,
    favor: Favor,
) -> Result<(Content, Stats), Error> {
    // A broken selector is told before the document is looked at.
    let wanted = match mode {
        Mode::Metadata => Wanted::Nothing,
        Mode::Article => Wanted::Judged(Scope::Article),
        Mode::Full => Wanted::Judged(Scope::Full),
        Mode::Custom(selectors) => Wanted::Matching(SelectorSet::parse(selectors)?),
    };
    let (document, base) = open(html, url)?;
    let mut stats = Stats {
        nodes: document.len() as u32,
        ..Stats::default()
    };
    let metadata = metadata::read(&document, &base);
    let mut content = match wanted {
        Wanted::Nothing => {
            // Nothing else is looked at: to resolve its links is most of what a document costs here.
            let mut content = Content {
                media: metadata.image.clone().into_iter().collect(),
                ..Content::default()
            };
            describe(&mut content, metadata, &document);
            content.url = url.to_owned();
            return Ok((content, stats));
        }
        Wanted::Judged(scope) => judged(&document, url, &base, scope, favor),
        Wanted::Matching(selectors) => {
            let kept = custom::matching(&document, &selectors)?;
            let nodes = || document.ids().filter(|&node| kept.has(node));
            Content {
                links: links::addresses(&document, nodes(), &base)
                    .into_iter()
                    .collect(),
                media: media::all(&document, nodes(), None, &base),
                ..rendered(&document, &kept, &base)
            }
        }
    };
    stats.images = document
        .ids()
        .filter(|&node| document.tag(node) == Tag::IMG)
        .count() as u32;
    // Links and media are the whole document's where the document is what was asked for: a
    // crawler follows what a reader skips.
    let links = links::addresses(&document, document.ids(), &base);
    stats.links = links.len() as u32;
    if matches!(mode, Mode::Article | Mode::Full) {
        content.links = links.into_iter().collect();
        content.media = media::all(&document, document.ids(), metadata.image.clone(), &base);
    }
    describe(&mut content, metadata, &document);
    content.url = url.to_owned();
    Ok((content, stats))
}

/// Every link of the document, in document order.
///
/// # Errors
/// [`Error::InvalidHtml`] and [`Error::ResourceLimit`] as [`extract`].
pub fn extract_links(html: &str, url: &str) -> Result<Vec<Link>, Error> {
    let (document, base) = open(html, url)?;
    Ok(links::all(&document, &base))
}

/// Whether the string can be read as a web document: false for blank text and for binary data.
pub fn validate_html(html: &str) -> bool {
    !is_blank(html) && !is_binary(html)
}

fn is_blank(html: &str) -> bool {
    html.trim_start_matches('\u{FEFF}').trim().is_empty()
}

/// Whether the string is an image, an archive, a PDF: something that was never text.
///
/// What starts with a tag is markup, however it was decoded: padded with NULs, or full of replacement
/// characters where the encoding was guessed wrong. Only where most of it can't be read, as in
/// UTF-16 taken for something else, is there nothing in it for anybody.
fn is_binary(html: &str) -> bool {
    const SAMPLE_BYTES: usize = 64 * 1024;
    let invisible = |c: char| c.is_whitespace() || matches!(c, '\0' | '\u{FEFF}');
    let html = html.trim_start_matches(invisible);
    if html.starts_with("%PDF-") {
        return true;
    }
    let sample = &html.as_bytes()[..html.len().min(SAMPLE_BYTES)];
    // In runs whose count fits into a byte, sixteen bytes are looked at at once.
    let unreadable: usize = sample
        .chunks(240)
        .map(|run| {
            let controls = run.iter().map(|&byte| {
                u8::from(byte < 32) & u8::from(!matches!(byte, b'\t' | b'\n' | b'\r' | 12 | 27))
            });
            usize::from(controls.fold(0_u8, u8::wrapping_add))
        })
        .sum();
    let is_markup = sample.first() == Some(&b'<')
        && sample
            .get(1)
            .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'!' | b'?' | b'/'));
    if is_markup {
        return unreadable * 3 > sample.len();
    }
    let replaced = sample
        .windows(3)
        .filter(|window| window == b"\xEF\xBF\xBD")
        .count();
    unreadable * 50 > sample.len() || replaced * 20 > sample.len()
}

fn open<'a>(html: &'a str, url: &str) -> Result<(Document<'a>, Base), Error> {
    let base = Base::new(url)?;
    if is_blank(html) {
        return Err(Error::InvalidHtml("the HTML is empty".into()));
    }
    if is_binary(html) {
        return Err(Error::InvalidHtml(
            "this is binary data (an image, an archive, a PDF), not HTML".into(),
        ));
    }
    if html.len() > MAX_BYTES {
        return Err(Error::ResourceLimit(format!(
            "{} bytes of HTML are more than the {MAX_BYTES} that can be read",
            html.len()
        )));
    }
    let document = Document::parse(html);
    let href = document
        .ids()
        .find(|&node| document.tag(node) == Tag::BASE && document.has_attr(node, "href"));
    let base = match href.and_then(|node| document.attr(node, "href")) {
        Some(href) => base.with_href(&href),
        None => base,
    };
    Ok((document, base))
}

/// What the learned judgement keeps; where it keeps nothing, the text the document has as data, or
/// everything but the chrome.
fn judged(document: &Document<'_>, url: &str, base: &Base, scope: Scope, favor: Favor) -> Content {
    let selection = classify::select(document, url, scope, favor);
    if let Some(text) = selection.instead {
        return Content {
            markdown: text.replace('\n', "\n\n"),
            text,
            ..Content::default()
        };
    }
    let nodes = tables::completed(document, selection.nodes).into_iter();
    let kept = Kept::of(document, nodes.filter(|&node| !is_control(document, node)));
    let mut content = rendered(document, &kept, base);
    content.quality_score = selection.quality;
    if content.text.is_empty() {
        content = rendered(document, &chrome::without_chrome(document), base);
    }
    if content.text.is_empty() {
        content = rendered(document, &Kept::body(document), base);
    }
    content
}

/// Whether a text is that of a button to press. Some are headings of what they unfold.
fn is_control(document: &Document<'_>, node: NodeId) -> bool {
    const MAX_WORDS: usize = 4;
    let mut above = document.ancestors(node).take(6);
    above.any(|element| matches!(document.tag(element), Tag::BUTTON | Tag::SELECT))
        && document.is_text(node)
        && document.text(node).split_whitespace().count() <= MAX_WORDS
        && !document.ancestors(node).take(8).any(|element| {
            document.tag(element).is_heading()
                || matches!(document.tag(element), Tag::DT | Tag::SUMMARY)
        })
}

fn rendered(document: &Document<'_>, kept: &Kept, base: &Base) -> Content {
    Content {
        text: render::text(document, kept),
        markdown: render::markdown(document, kept, base),
        ..Content::default()
    }
}

/// Add what the document says about itself, and what can be said about its text.
fn describe(content: &mut Content, metadata: Metadata, document: &Document<'_>) {
    let has_text = !content.text.is_empty();
    if has_text {
        let amount = Amount::of(&content.text);
        content.word_count = Some(amount.words());
        content.reading_time = Some(amount.minutes());
        content
            .quality_score
            .get_or_insert_with(|| quality::score(&content.text, amount, &metadata));
    }
    content.language = metadata.language.or_else(|| {
        if has_text {
            language::detect(&content.text)
        } else {
            language::detect(&sample(document))
        }
    });
    content.title = metadata.title;
    content.byline = metadata.byline;
    content.published_iso = metadata.published;
    content.site_name = metadata.site_name;
    content.description = metadata.description;
    content.categories = metadata.categories;
}

/// As much visible text as it takes to tell a language.
fn sample(document: &Document<'_>) -> String {
    const ENOUGH_BYTES: usize = 2000;
    let mut text = String::new();
    for node in crate::keep::visible(document, document.body().unwrap_or(document.root())) {
        text.push_str(&document.text(node));
        if text.len() > ENOUGH_BYTES {
            break;
        }
    }
    text
}
