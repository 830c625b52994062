//! What goes in beside the HTML, and what comes out: the contract's types in plain Rust, so that
//! the engine can be tested, measured and fuzzed natively.

/// How much of a document is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The body a reader came for.
    Article,
    /// Everything but the chrome of the site.
    Full,
    /// No text at all: title, byline, date and the like.
    Metadata,
    /// The elements that match any of these CSS selectors, in document order.
    Custom(Vec<String>),
}

impl Mode {
    /// The names of the modes, in the order of the contract.
    pub const NAMES: [&'static str; 4] = ["article", "full", "metadata", "custom"];
}

/// A document's content. Empty lists and `None` mean that the document does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The document's own address, as given by the host.
    pub url: String,
    pub title: Option<String>,
    pub byline: Option<String>,
    /// ISO 8601, with time and zone where the document has them.
    pub published_iso: Option<String>,
    pub markdown: String,
    pub text: String,
    /// Absolute, in document order, without repeats.
    pub links: Vec<String>,
    /// Absolute, the main image first, without repeats.
    pub media: Vec<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Whole minutes, at least one; `None` where there is no text.
    pub reading_time: Option<u32>,
    /// 0 to 100; `None` where there is no text to judge.
    pub quality_score: Option<u8>,
    pub word_count: Option<u32>,
    pub categories: Vec<String>,
    pub site_name: Option<String>,
    pub description: Option<String>,
}

/// What an extraction cost, as far as a guest without a clock can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Nodes of the document tree, text included.
    pub nodes: u32,
    /// Distinct links of the whole document; 0 in metadata mode, which looks for none.
    pub links: u32,
    /// `img` elements of the whole document; 0 in metadata mode.
    pub images: u32,
}

/// A link of the document with what its markup says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Absolute.
    pub url: String,
    pub text: String,
    pub nofollow: bool,
    pub ugc: bool,
    pub sponsored: bool,
    pub hreflang: Option<String>,
}

/// Why there is no content. Each case carries a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Blank HTML, binary data, or an address that is no URL.
    InvalidHtml(String),
    /// Something given beside the HTML can't be parsed: a CSS selector.
    Parse(String),
    /// The document is larger than the engine can address.
    ResourceLimit(String),
    /// The mode is known, but can't be applied as it was asked for.
    UnsupportedMode(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::InvalidHtml(sentence)
        | Self::Parse(sentence)
        | Self::ResourceLimit(sentence)
        | Self::UnsupportedMode(sentence)) = self;
        f.write_str(sentence)
    }
}

impl std::error::Error for Error {}
