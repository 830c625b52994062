//! What the whole page looks like: totals that blocks are compared with, and the signs of its kind.

use super::block::heading_level;
use super::{groups, scale, share, Sink};
use crate::blocks::markup::FAMILY_COUNT;
use crate::blocks::text::beginning;
use crate::blocks::{flag, Blocks, NONE};
use crate::needles::Needles;
use crate::parse::{Document, Tag};

/// The kinds of page that are told apart, in the order of the model's outputs.
pub const KINDS: [&str; 7] = [
    "article",
    "collection",
    "documentation",
    "forum",
    "listing",
    "product",
    "service",
];

/// Totals of a page.
pub struct Page {
    pub words: u32,
    pub link_words: u32,
    pub long_words: u32,
    pub title_words: u32,
    /// The first block in an `h1`, [`NONE`] without one.
    pub h1: u32,
    /// The deepest element that holds most of the running text, [`NONE`] without any.
    pub container: u32,
    /// How likely each of [`KINDS`] is, in two-hundred-and-fifty-fifths.
    pub kinds: [u8; KINDS.len()],
}

impl Page {
    pub fn of(blocks: &Blocks) -> Self {
        let (mut words, mut link_words, mut long_words) = (0, 0, 0);
        for element in blocks.elements.iter().filter(|e| e.parent == NONE) {
            words += element.words;
            link_words += element.link_words;
            long_words += element.long_words;
        }
        let h1 = (0..blocks.blocks.len()).find(|&i| heading_level(blocks, &blocks.blocks[i]) == 1);
        let mut title_words = 0;
        crate::blocks::text::words(&blocks.title, |_, _| title_words += 1);
        Self {
            words,
            link_words,
            long_words,
            title_words,
            h1: h1.map_or(NONE, |at| at as u32),
            container: holder_by(blocks, |at| blocks.elements[at].long_words, long_words, 60),
            kinds: [0; KINDS.len()],
        }
    }

    /// The kind, as features of every block.
    pub fn describe_kind(&self, out: &mut impl Sink) {
        for (kind, chance) in KINDS.iter().zip(self.kinds) {
            out.put_of("kind", kind, chance);
        }
    }

    /// Writes the features the kind is judged by.
    pub fn describe(
        &self,
        document: &Document<'_>,
        blocks: &Blocks,
        url: &str,
        out: &mut impl Sink,
    ) {
        self.totals(blocks, out);
        texts(blocks, out);
        elements(blocks, out);
        groups_of_blocks(blocks, out);
        address(url, out);
        declared(document, out);
    }

    fn totals(&self, blocks: &Blocks, out: &mut impl Sink) {
        let count = blocks.blocks.len() as u32;
        out.put("count", scale(count));
        out.put("words", scale(self.words));
        out.put("links", share(self.link_words, self.words));
        out.put("long", share(self.long_words, self.words));
        out.put("long words", scale(self.long_words));
        out.put("words a block", scale(self.words / (count + 1)));
        out.put("has h1", u8::from(self.h1 != NONE));
        let main = blocks.elements.get(self.container as usize);
        out.put(
            "container words",
            main.map_or(0, |e| share(e.words, self.words)),
        );
        out.put(
            "container links",
            main.map_or(0, |e| share(e.link_words, e.words)),
        );
        out.put(
            "container blocks",
            main.map_or(0, |e| share(e.blocks, count)),
        );
        out.put("container depth", main.map_or(0, |e| scale(e.depth.into())));
        let images: u32 = blocks.elements.first().map_or(0, |e| e.images.into());
        let controls: u32 = blocks.elements.first().map_or(0, |e| e.controls.into());
        out.put("declares", scale(blocks.declared_text));
        out.put("names", scale(blocks.declared_names));
        out.put("images", scale(images));
        out.put("controls", scale(controls));
    }
}

/// The deepest element that holds at least `percent` of what `of` counts, given its index; more
/// than half of it can only be in elements that lie inside each other, so there is one.
pub fn holder_by(blocks: &Blocks, of: impl Fn(usize) -> u32, total: u32, percent: u64) -> u32 {
    if total == 0 {
        return NONE;
    }
    let enough = |&at: &usize| u64::from(of(at)) * 100 >= u64::from(total) * percent;
    (0..blocks.elements.len())
        .rev()
        .find(enough)
        .map_or(NONE, |at| at as u32)
}

/// How the text is cut up and what it stands in.
fn texts(blocks: &Blocks, out: &mut impl Sink) {
    let words: u32 = blocks.blocks.iter().map(|b| b.stats.words).sum();
    let mut headings = [0_u32; 7];
    let (mut currency, mut questions, mut numbers, mut sentences, mut stop) = (0, 0, 0, 0, 0);
    let (mut in_lists, mut in_tables, mut in_code, mut in_noscript, mut in_paragraphs) =
        (0, 0, 0, 0, 0);
    for block in &blocks.blocks {
        let s = &block.stats;
        headings[usize::from(heading_level(blocks, block))] += 1;
        currency += u32::from(s.currency > 0);
        questions += u32::from(s.last == crate::blocks::text::END_QUESTION);
        numbers += s.numbers;
        sentences += s.sentences;
        stop += s.stop_words;
        let Some(element) = blocks.elements.get(block.element as usize) else {
            continue;
        };
        if element.flags & flag::NOSCRIPT != 0 {
            in_noscript += s.words;
        }
        match element.tag {
            Tag::LI => in_lists += s.words,
            Tag::TD | Tag::TH => in_tables += s.words,
            Tag::PRE | Tag::CODE => in_code += s.words,
            Tag::P => in_paragraphs += s.words,
            _ => {}
        }
    }
    for (level, name) in [(1, "1"), (2, "2"), (3, "3"), (4, "4")] {
        out.put_of("headings", name, scale(headings[level]));
    }
    out.put("currency", scale(currency));
    out.put("questions", scale(questions));
    out.put("numbers", share(numbers, words));
    out.put("sentences", scale(sentences));
    out.put("stop words", share(stop, words));
    out.put("in lists", share(in_lists, words));
    out.put("in tables", share(in_tables, words));
    out.put("in code", share(in_code, words));
    out.put("in noscript", share(in_noscript, words));
    out.put("in paragraphs", share(in_paragraphs, words));
}

/// What the elements around the text are, and what they are called.
fn elements(blocks: &Blocks, out: &mut impl Sink) {
    let mut tags = [0_u32; Tag::COUNT];
    let mut families = [0_u32; FAMILY_COUNT];
    for element in blocks.elements.iter().filter(|e| e.blocks > 0) {
        tags[element.tag.index()] += 1;
        let mut mask = element.families;
        while mask != 0 {
            families[mask.trailing_zeros() as usize] += 1;
            mask &= mask - 1;
        }
    }
    for tag in [
        Tag::ARTICLE,
        Tag::TIME,
        Tag::FORM,
        Tag::BUTTON,
        Tag::PRE,
        Tag::CODE,
        Tag::BLOCKQUOTE,
        Tag::TABLE,
        Tag::DL,
        Tag::SECTION,
        Tag::MAIN,
        Tag::NOSCRIPT,
    ] {
        out.put_of("elements", tag.name(), scale(tags[tag.index()]));
    }
    for (family, count) in families.into_iter().enumerate() {
        out.put_of(
            "names",
            crate::blocks::markup::family_name(family),
            scale(count),
        );
    }
}

/// How many blocks stand in the same place.
fn groups_of_blocks(blocks: &Blocks, out: &mut impl Sink) {
    let all = &blocks.blocks;
    let sizes = groups::sizes(
        all.iter()
            .map(|block| super::block::path(blocks, block).into()),
    );
    let mut repeated = sizes.clone();
    repeated.sort_unstable();
    out.put(
        "largest group",
        scale(repeated.last().copied().unwrap_or(0)),
    );
    out.put(
        "median group",
        scale(repeated.get(repeated.len() / 2).copied().unwrap_or(0)),
    );
    let words = all.iter().map(|b| b.stats.words).sum();
    let grouped: u32 = all
        .iter()
        .zip(&sizes)
        .filter(|(_, &size)| size >= 5)
        .map(|(b, _)| b.stats.words)
        .sum();
    out.put("grouped words", share(grouped, words));
}

/// Words in an address that hint at a kind of page.
const ADDRESS_WORDS: &[(&str, &[&str])] = &[
    (
        "blog",
        &[
            "blog", "news", "article", "articles", "story", "stories", "post", "posts", "press",
            "insights", "magazine", "opinion",
        ],
    ),
    (
        "product",
        &[
            "product", "products", "p", "dp", "item", "itm", "ip", "buy", "pd", "sku",
        ],
    ),
    ("shop", &["shop", "store", "shopping"]),
    (
        "collection",
        &[
            "collections",
            "collection",
            "category",
            "categories",
            "c",
            "cat",
            "browse",
            "plp",
            "department",
            "b",
            "sale",
            "deals",
        ],
    ),
    (
        "forum",
        &[
            "forum",
            "forums",
            "thread",
            "threads",
            "topic",
            "t",
            "community",
            "viewtopic",
            "showthread",
            "discussion",
            "discussions",
            "questions",
            "question",
            "comments",
            "r",
            "d",
            "boards",
            "answers",
            "discuss",
        ],
    ),
    (
        "docs",
        &[
            "docs",
            "doc",
            "documentation",
            "wiki",
            "manual",
            "reference",
            "api",
            "guide",
            "guides",
            "learn",
            "help",
            "support",
            "tutorial",
            "tutorials",
            "developer",
            "developers",
            "handbook",
            "readthedocs",
            "stable",
            "latest",
        ],
    ),
    (
        "service",
        &[
            "services",
            "service",
            "solutions",
            "solution",
            "about",
            "pricing",
            "features",
            "platform",
            "industries",
            "company",
            "consulting",
            "practice",
            "security",
            "software",
            "home",
        ],
    ),
    (
        "listing",
        &[
            "tag",
            "tags",
            "archive",
            "archives",
            "list",
            "search",
            "directory",
            "jobs",
            "events",
            "rankings",
            "best",
            "top",
            "catalog",
            "podcasts",
            "authors",
            "author",
            "topics",
            "page",
            "paths",
            "courses",
            "recipes",
        ],
    ),
];

fn address(url: &str, out: &mut impl Sink) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let rest = rest.split('#').next().unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let segments = path.split('/').filter(|s| !s.is_empty());
    let last = segments.clone().next_back().unwrap_or_default();
    let hyphens = last.bytes().filter(|&b| b == b'-' || b == b'_').count();
    out.put("has address", u8::from(!url.is_empty()));
    out.put("segments", scale(segments.clone().count() as u32));
    out.put("path length", scale(path.len() as u32));
    out.put("slug words", scale(hyphens as u32));
    out.put(
        "slug digits",
        scale(last.bytes().filter(u8::is_ascii_digit).count() as u32),
    );
    out.put("query", scale(query.len() as u32));
    out.put("page file", u8::from(last.contains('.')));
    let year = segments
        .clone()
        .any(|s| s.len() == 4 && s.starts_with("20") && s.bytes().all(|b| b.is_ascii_digit()));
    out.put("year", u8::from(year));
    let mut parts = host
        .split('.')
        .chain(segments.flat_map(|s| s.split(['-', '_', '.'])));
    let mut hits = [0_u8; ADDRESS_WORDS.len()];
    let mut whole = [0_u8; ADDRESS_WORDS.len()];
    for part in parts.by_ref().take(64) {
        for (at, (_, words)) in ADDRESS_WORDS.iter().enumerate() {
            if words.iter().any(|word| part.eq_ignore_ascii_case(word)) {
                hits[at] = hits[at].saturating_add(1);
            }
        }
    }
    for part in host.split('.').chain(path.split('/')).take(64) {
        for (at, (_, words)) in ADDRESS_WORDS.iter().enumerate() {
            if words.iter().any(|word| part.eq_ignore_ascii_case(word)) {
                whole[at] = whole[at].saturating_add(1);
            }
        }
    }
    for (at, (name, _)) in ADDRESS_WORDS.iter().enumerate() {
        out.put_of("address part", name, hits[at]);
        out.put_of("address segment", name, whole[at]);
    }
}

/// Types of schema.org that hint at a kind of page.
const SCHEMA_TYPES: &[(&str, &[&str])] = &[
    (
        "article",
        &[
            "Article",
            "NewsArticle",
            "BlogPosting",
            "Report",
            "ScholarlyArticle",
            "AnalysisNewsArticle",
            "OpinionNewsArticle",
            "LiveBlogPosting",
        ],
    ),
    (
        "tech",
        &["TechArticle", "APIReference", "HowTo", "SoftwareSourceCode"],
    ),
    (
        "product",
        &[
            "Product",
            "ProductGroup",
            "IndividualProduct",
            "ProductModel",
        ],
    ),
    ("offer", &["Offer", "AggregateOffer"]),
    (
        "list",
        &[
            "ItemList",
            "CollectionPage",
            "SearchResultsPage",
            "OfferCatalog",
        ],
    ),
    (
        "forum",
        &[
            "DiscussionForumPosting",
            "QAPage",
            "Question",
            "Answer",
            "Comment",
        ],
    ),
    ("faq", &["FAQPage"]),
    (
        "organisation",
        &[
            "Organization",
            "LocalBusiness",
            "Service",
            "ProfessionalService",
            "Corporation",
        ],
    ),
    ("page", &["WebPage", "WebSite", "AboutPage", "ItemPage"]),
    (
        "recipe",
        &[
            "Recipe",
            "Event",
            "JobPosting",
            "Course",
            "VideoObject",
            "PodcastEpisode",
        ],
    ),
];

/// Software and shops that name themselves in the head.
const MAKERS: &[(&str, &[&str])] = &[
    (
        "forum",
        &[
            "discourse",
            "xenforo",
            "vbulletin",
            "phpbb",
            "flarum",
            "nodebb",
            "invision",
            "mybb",
            "vanilla",
        ],
    ),
    (
        "shop",
        &[
            "shopify",
            "woocommerce",
            "magento",
            "bigcommerce",
            "prestashop",
            "salesforce commerce",
            "demandware",
        ],
    ),
    (
        "docs",
        &[
            "docusaurus",
            "sphinx",
            "mkdocs",
            "gitbook",
            "readthedocs",
            "vitepress",
            "mediawiki",
            "doxygen",
            "starlight",
            "nextra",
            "mintlify",
        ],
    ),
    (
        "blog",
        &[
            "wordpress",
            "ghost",
            "medium",
            "blogger",
            "substack",
            "hugo",
            "jekyll",
        ],
    ),
    (
        "site",
        &[
            "webflow",
            "wix",
            "squarespace",
            "hubspot",
            "framer",
            "drupal",
            "elementor",
        ],
    ),
];

const MAKER_WORDS: usize = {
    let mut count = 0;
    let mut maker = 0;
    while maker < MAKERS.len() {
        count += MAKERS[maker].1.len();
        maker += 1;
    }
    count
};

/// The words of all makers, and which kind of maker each is.
const ALL_MAKERS: ([&str; MAKER_WORDS], [u8; MAKER_WORDS]) = {
    let (mut words, mut of) = ([""; MAKER_WORDS], [0; MAKER_WORDS]);
    let (mut count, mut maker) = (0, 0);
    while maker < MAKERS.len() {
        let mut word = 0;
        while word < MAKERS[maker].1.len() {
            (words[count], of[count]) = (MAKERS[maker].1[word], maker as u8);
            word += 1;
            count += 1;
        }
        maker += 1;
    }
    (words, of)
};
static MADE_BY: Needles<MAKER_WORDS> = Needles::ignoring_case(ALL_MAKERS.0);
const MAKER_OF: [u8; MAKER_WORDS] = ALL_MAKERS.1;

fn declared(document: &Document<'_>, out: &mut impl Sink) {
    let mut types = [0_u32; SCHEMA_TYPES.len()];
    let (mut og_article, mut og_product, mut og_site, mut published, mut price) = (0, 0, 0, 0, 0);
    let mut makers = [0_u8; MAKERS.len()];
    for node in document.ids() {
        match document.tag(node) {
            Tag::SCRIPT
                if document
                    .raw_attr(node, "type")
                    .is_some_and(|t| t.eq_ignore_ascii_case("application/ld+json")) =>
            {
                if let Some(text) = document.first_child(node) {
                    count_types(document.raw_text(text), &mut types);
                }
            }
            Tag::META => {
                let name = document
                    .raw_attr(node, "property")
                    .or_else(|| document.raw_attr(node, "name"))
                    .unwrap_or_default();
                let content = document.raw_attr(node, "content").unwrap_or_default();
                match name {
                    "og:type" => {
                        og_article |= u8::from(content == "article");
                        og_product |= u8::from(content.contains("product"));
                        og_site |= u8::from(content == "website");
                    }
                    "article:published_time" => published = 1,
                    "product:price:amount" | "og:price:amount" => price = 1,
                    "generator" | "application-name" => make(content, &mut makers),
                    _ => {}
                }
            }
            // Style sheets and scripts come from their makers' hosts.
            Tag::LINK
                if document
                    .raw_attr(node, "rel")
                    .is_some_and(|rel| rel == "preconnect" || rel == "stylesheet") =>
            {
                make(
                    document.raw_attr(node, "href").unwrap_or_default(),
                    &mut makers,
                );
            }
            _ => {}
        }
    }
    for ((name, _), count) in SCHEMA_TYPES.iter().zip(types) {
        out.put_of("schema", name, scale(count));
    }
    out.put("og article", og_article);
    out.put("og product", og_product);
    out.put("og site", og_site);
    out.put("published", published);
    out.put("price", price);
    for ((name, _), found) in MAKERS.iter().zip(makers) {
        out.put_of("made by", name, found);
    }
}

/// Counts `"@type": "X"`, lists of types included, without parsing: broken JSON counts as well.
fn count_types(json: &str, types: &mut [u32; SCHEMA_TYPES.len()]) {
    // A catalogue of ten thousand offers says no more than its first.
    let json = beginning(json, 40_000);
    for after in json.split("\"@type\"").skip(1) {
        let end = after.find([',', '}', '{']).unwrap_or(after.len());
        for value in after[..end].split('"').skip(1).step_by(2) {
            let value = value.rsplit('/').next().unwrap_or(value);
            for (at, (_, known)) in SCHEMA_TYPES.iter().enumerate() {
                types[at] += u32::from(known.contains(&value));
            }
        }
    }
}

fn make(value: &str, makers: &mut [u8; MAKERS.len()]) {
    for (word, _) in MADE_BY.matches(beginning(value, 80)) {
        makers[usize::from(MAKER_OF[word])] = 1;
    }
}
