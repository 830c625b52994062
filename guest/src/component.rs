//! The component's exports: the contract's records around the engine, and the one counter the
//! guest keeps between calls.

use std::cell::Cell;

use crate::classify::Favor;
use crate::content::{Content, Error, Link, Mode, Stats};

mod bindings {
    wit_bindgen::generate!({
        path: "../wit/extractor.wit",
        world: "tunable-extractor",
    });
}

use bindings::exports::riptide::extractor::extractor as wit;
use bindings::exports::riptide::extractor::tuning;

const PAGE_BYTES: u64 = 64 * 1024;

thread_local! {
    static EXTRACTIONS: Cell<u64> = const { Cell::new(0) };
}

struct Component;

bindings::export!(Component with_types_in bindings);

impl wit::Guest for Component {
    fn extract(
        html: String,
        url: String,
        mode: wit::ExtractionMode,
    ) -> Result<wit::ExtractedContent, wit::ExtractionError> {
        count_extraction();
        let content = crate::extract(&html, &url, &mode.into())?;
        Ok(content.into())
    }

    fn extract_with_stats(
        html: String,
        url: String,
        mode: wit::ExtractionMode,
    ) -> Result<(wit::ExtractedContent, wit::ExtractionStats), wit::ExtractionError> {
        count_extraction();
        let (content, stats) = crate::extract_with_stats(&html, &url, &mode.into())?;
        Ok((content.into(), stats.into()))
    }

    fn extract_links(html: String, url: String) -> Result<Vec<wit::Link>, wit::ExtractionError> {
        let links = crate::extract_links(&html, &url)?;
        Ok(links.into_iter().map(Into::into).collect())
    }

    fn validate_html(html: String) -> Result<bool, wit::ExtractionError> {
        Ok(crate::validate_html(&html))
    }

    fn health_check() -> wit::HealthStatus {
        wit::HealthStatus {
            status: "healthy".into(),
            version: crate::VERSION.into(),
            trek_version: crate::ENGINE.into(),
            capabilities: strings(&CAPABILITIES),
            memory_usage: Some(memory_bytes()),
            extraction_count: Some(EXTRACTIONS.get()),
        }
    }

    fn get_info() -> wit::ComponentInfo {
        wit::ComponentInfo {
            name: env!("CARGO_PKG_NAME").into(),
            version: crate::VERSION.into(),
            component_model_version: "0.2.0".into(),
            features: strings(&CAPABILITIES),
            supported_modes: strings(&Mode::NAMES),
        }
    }

    fn reset_state() -> Result<String, wit::ExtractionError> {
        let dropped = EXTRACTIONS.replace(0);
        Ok(format!(
            "extraction count reset, it was {dropped}; nothing else is kept between calls"
        ))
    }

    fn get_modes() -> Vec<String> {
        strings(&Mode::NAMES)
    }
}

impl tuning::Guest for Component {
    fn extract_favoring(
        html: String,
        url: String,
        mode: wit::ExtractionMode,
        favor: tuning::Favor,
    ) -> Result<(wit::ExtractedContent, wit::ExtractionStats), wit::ExtractionError> {
        count_extraction();
        let (content, stats) = crate::extract_favoring(&html, &url, &mode.into(), favor.into())?;
        Ok((content.into(), stats.into()))
    }
}

const CAPABILITIES: [&str; 9] = [
    "text",
    "markdown",
    "metadata",
    "links",
    "media",
    "language",
    "css-selectors",
    "favor",
    if cfg!(target_feature = "simd128") {
        "simd"
    } else {
        "no-simd"
    },
];

fn count_extraction() {
    EXTRACTIONS.set(EXTRACTIONS.get().wrapping_add(1));
}

fn memory_bytes() -> u64 {
    core::arch::wasm32::memory_size(0) as u64 * PAGE_BYTES
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

impl From<wit::ExtractionMode> for Mode {
    fn from(mode: wit::ExtractionMode) -> Self {
        match mode {
            wit::ExtractionMode::Article => Self::Article,
            wit::ExtractionMode::Full => Self::Full,
            wit::ExtractionMode::Metadata => Self::Metadata,
            wit::ExtractionMode::Custom(selectors) => Self::Custom(selectors),
        }
    }
}

impl From<tuning::Favor> for Favor {
    fn from(favor: tuning::Favor) -> Self {
        match favor {
            tuning::Favor::Precision => Self::Precision,
            tuning::Favor::Balanced => Self::Balanced,
            tuning::Favor::Recall => Self::Recall,
        }
    }
}

impl From<Content> for wit::ExtractedContent {
    fn from(content: Content) -> Self {
        Self {
            url: content.url,
            title: content.title,
            byline: content.byline,
            published_iso: content.published_iso,
            markdown: content.markdown,
            text: content.text,
            links: content.links,
            media: content.media,
            language: content.language,
            reading_time: content.reading_time,
            quality_score: content.quality_score,
            word_count: content.word_count,
            categories: content.categories,
            site_name: content.site_name,
            description: content.description,
        }
    }
}

impl From<Stats> for wit::ExtractionStats {
    fn from(stats: Stats) -> Self {
        Self {
            processing_time_ms: 0,
            memory_used: memory_bytes(),
            nodes_processed: Some(stats.nodes),
            links_found: stats.links,
            images_found: stats.images,
        }
    }
}

impl From<Link> for wit::Link {
    fn from(link: Link) -> Self {
        Self {
            url: link.url,
            text: link.text,
            nofollow: link.nofollow,
            ugc: link.ugc,
            sponsored: link.sponsored,
            hreflang: link.hreflang,
        }
    }
}

impl From<Error> for wit::ExtractionError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidHtml(sentence) => Self::InvalidHtml(sentence),
            Error::Parse(sentence) => Self::ParseError(sentence),
            Error::ResourceLimit(sentence) => Self::ResourceLimit(sentence),
            Error::UnsupportedMode(sentence) => Self::UnsupportedMode(sentence),
        }
    }
}
