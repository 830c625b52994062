//! What class names, ids and roles say: hand-made families of words, and learned weights.

/// The families. A name belongs to a family when it contains one of its words; a word that starts
/// with a space must stand at the start of a part of the name ("ad-slot", not "download").
const FAMILIES: &[(&str, &[&str])] = &[
    ("nav", &["nav", "menu"]),
    ("foot", &["foot"]),
    ("side", &["side", "rail", "aside"]),
    ("comment", &["comment", "disqus", "respond"]),
    ("share", &["share", "social", "sharing"]),
    (
        "related",
        &[
            "relat",
            "recommend",
            "similar",
            "also",
            "more-",
            "trending",
            "popular",
            "latest",
            "read-next",
            "readmore",
            "upsell",
            "crosssell",
            "cross-sell",
        ],
    ),
    (
        "promo",
        &[
            "promo", "advert", " ad-", " ads", "banner", "sponsor", " cta", "donat", "paywall",
            "appeal",
        ],
    ),
    ("consent", &["cookie", "consent", "gdpr", "onetrust"]),
    (
        "popup",
        &[
            "popup",
            "modal",
            "overlay",
            "lightbox",
            "drawer",
            "offcanvas",
            "flyout",
        ],
    ),
    (
        "subscribe",
        &[
            "subscri",
            "newsletter",
            "signup",
            "sign-up",
            "mailing",
            "optin",
        ],
    ),
    ("breadcrumb", &["breadcrumb", "crumb"]),
    ("tags", &[" tag", "categor", "topic", "keyword"]),
    (
        "byline",
        &["meta", "byline", "author", "date", "published", "timestamp"],
    ),
    ("bio", &["bio", "about", "contributor", "avatar"]),
    ("widget", &["widget", "plugin"]),
    ("login", &["login", "account", "signin", "register"]),
    (
        "masthead",
        &["header", "masthead", "topbar", "top-bar", "toolbar"],
    ),
    ("pager", &["pager", "pagina", "prev", "next"]),
    (
        "shop",
        &[
            "cart", "price", "buy", "checkout", "basket", "wishlist", "stock",
        ],
    ),
    ("filter", &["search", "filter", "sort", "facet", "refine"]),
    (
        "hidden",
        &[
            "hidden",
            "sr-only",
            "visually",
            "screen-reader",
            "d-none",
            "offscreen",
            "collapse",
        ],
    ),
    ("article", &["article", "blog"]),
    ("content", &["content"]),
    ("body", &["body"]),
    ("post", &["post"]),
    ("entry", &["entry"]),
    ("main", &["main", "primary"]),
    (
        "prose",
        &[
            "text",
            "prose",
            "markdown",
            "rich",
            "wysiwyg",
            " rte",
            "copy",
            "paragraph",
        ],
    ),
    ("story", &["story"]),
    (
        "description",
        &[
            "description",
            "summary",
            "excerpt",
            "intro",
            "lead",
            "teaser",
            "snippet",
            "dek",
            "standfirst",
        ],
    ),
    (
        "product",
        &["product", "detail", "spec", "feature", "attribute"],
    ),
    ("answer", &["answer", "question", "solution"]),
    (
        "thread",
        &[
            "message",
            "thread",
            "reply",
            "discussion",
            "topic-body",
            "cooked",
        ],
    ),
    ("docs", &[" doc", "manual", "reference", "guide", "api"]),
    (
        "title",
        &["title", "headline", "heading", "caption-title", "subhead"],
    ),
    ("card", &["card", "item", "tile", "grid", "cell"]),
    ("list", &["list", "feed", "result", "archive", "loop"]),
    (
        "section",
        &["section", "block", "module", "row", "container", "wrapper"],
    ),
    ("hero", &["hero", "jumbotron", "splash"]),
    (
        "tabs",
        &["faq", "accordion", "tab-", "tabs", "panel", "toggle"],
    ),
    ("review", &["review", "testimonial", "rating", "stars"]),
    (
        "media",
        &[
            "caption", "image", "photo", "media", "video", "gallery", "figure", "thumb",
            "carousel", "slide", "swiper",
        ],
    ),
    (
        "control",
        &[
            "tooltip", "button", "btn", "dropdown", "select", "form", "input", "label", "badge",
            "icon",
        ],
    ),
    ("table", &["table", " toc", "contents"]),
    (
        "legal",
        &[
            "copyright",
            "legal",
            "privacy",
            "terms",
            "disclaimer",
            "license",
        ],
    ),
    ("user", &["user", "profile", "member", "signature", "sig-"]),
    (
        "quote",
        &["quote", "cite", "pullquote", "footnote", "referenc"],
    ),
    (
        "ship",
        &["shipping", "delivery", "returns", "warranty", "guarantee"],
    ),
    ("logo", &["logo", "brand", "partner", "client"]),
    ("team", &["team", "contact", "address", "location", "phone"]),
];

/// How many families there are.
pub const FAMILY_COUNT: usize = FAMILIES.len();

/// The family's name, for the names of features.
pub const fn family_name(index: usize) -> &'static str {
    FAMILIES[index].0
}

/// Letters, a part boundary, and anything else in between.
const SYMBOLS: usize = 28;
const BOUNDARY: usize = 26;
const HYPHEN: usize = 27;
const MAX_STATES: usize = 1200;

const fn symbol(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => (byte - b'a') as usize,
        b' ' => BOUNDARY,
        b'-' => HYPHEN,
        _ => panic!("a family word of other characters"),
    }
}

/// An Aho-Corasick automaton over all words of all families.
struct Automaton {
    next: [[u16; SYMBOLS]; MAX_STATES],
    found: [u64; MAX_STATES],
}

static AUTOMATON: Automaton = automaton();

#[allow(long_running_const_eval)] // a thousand states, each linked once: a second of compile time
const fn automaton() -> Automaton {
    let mut next = [[0_u16; SYMBOLS]; MAX_STATES];
    let mut found = [0_u64; MAX_STATES];
    let mut states = 1;
    let mut family = 0;
    while family < FAMILIES.len() {
        let words = FAMILIES[family].1;
        let mut w = 0;
        while w < words.len() {
            let bytes = words[w].as_bytes();
            let mut state = 0;
            let mut i = 0;
            while i < bytes.len() {
                let s = symbol(bytes[i]);
                if next[state][s] == 0 {
                    assert!(states < MAX_STATES, "more states than the table has");
                    next[state][s] = states as u16;
                    states += 1;
                }
                state = next[state][s] as usize;
                i += 1;
            }
            found[state] |= 1 << family;
            w += 1;
        }
        family += 1;
    }
    // Breadth first, every state's failure link is known before its children's are needed.
    let mut fail = [0_u16; MAX_STATES];
    let mut queue = [0_u16; MAX_STATES];
    let (mut head, mut tail) = (0, 0);
    let mut s = 0;
    while s < SYMBOLS {
        if next[0][s] != 0 {
            queue[tail] = next[0][s];
            tail += 1;
        }
        s += 1;
    }
    while head < tail {
        let state = queue[head] as usize;
        head += 1;
        let back = fail[state] as usize;
        found[state] |= found[back];
        let mut s = 0;
        while s < SYMBOLS {
            let child = next[state][s];
            if child == 0 {
                next[state][s] = next[back][s];
            } else {
                fail[child as usize] = next[back][s];
                queue[tail] = child;
                tail += 1;
            }
            s += 1;
        }
    }
    Automaton { next, found }
}

const _: () = assert!(FAMILY_COUNT <= 64, "the families are a 64-bit mask");

/// Whether an attribute's value is read as names.
pub fn is_naming(attribute: &str) -> bool {
    matches!(
        attribute,
        "class"
            | "id"
            | "itemprop"
            | "property"
            | "aria-label"
            | "data-testid"
            | "data-test-id"
            | "data-component"
            | "data-block"
            | "data-section-type"
            | "data-type"
            | "data-hook"
            | "data-name"
            | "data-module"
            | "data-role"
    )
}

/// Longer values, in bytes, are data and no names.
pub const LONGEST: usize = 4000;

const SEED: u32 = 0x9747_b28c;

#[inline]
fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

/// Reads one attribute value: returns its families, calls `token` with the hash of every whole
/// name and of every part of a name ("article-body-3" gives "article-body-0", "article", "body").
pub fn read(value: &str, mut token: impl FnMut(u32)) -> u64 {
    let mut families = 0;
    let mut state = AUTOMATON.next[0][BOUNDARY] as usize;
    let mut whole = SEED;
    let mut part = !SEED;
    let (mut whole_letters, mut part_letters) = (0_u32, 0_u32);
    let mut parts = 0_u32;
    let mut previous = b' ';
    // Some sites put kilobytes of generated names into one attribute.
    let bytes = value.as_bytes();
    let bytes = &bytes[..bytes.len().min(600)];
    for &byte in bytes.iter().chain(b" ") {
        let lower = byte.to_ascii_lowercase();
        let letter = lower.is_ascii_lowercase() || byte >= 0x80;
        let hump = byte.is_ascii_uppercase() && previous.is_ascii_lowercase();
        if !letter || hump {
            if part_letters >= 2 {
                token(part);
                parts += 1;
            }
            part = !SEED;
            part_letters = 0;
        }
        if byte.is_ascii_whitespace() {
            if whole_letters >= 2 && parts > 1 {
                token(whole);
            }
            whole = SEED;
            whole_letters = 0;
            parts = 0;
            state = AUTOMATON.next[0][BOUNDARY] as usize;
        } else if byte.is_ascii_digit() {
            // All numbers are one: "post-1234" and "post-99" are the same name.
            if !previous.is_ascii_digit() {
                whole = step(whole, b'0');
            }
            state = 0;
        } else {
            whole = step(whole, lower);
            whole_letters += u32::from(letter);
            if letter {
                part = step(part, lower);
                part_letters += 1;
                if hump {
                    state = AUTOMATON.next[state][BOUNDARY] as usize;
                    families |= AUTOMATON.found[state];
                }
                state = if lower < 0x80 {
                    AUTOMATON.next[state][(lower - b'a') as usize] as usize
                } else {
                    0
                };
                families |= AUTOMATON.found[state];
            } else {
                // A hyphen is a character of some words, and otherwise the boundary before others.
                state = AUTOMATON.next[state][HYPHEN] as usize;
                families |= AUTOMATON.found[state];
                if state == 0 {
                    state = AUTOMATON.next[0][BOUNDARY] as usize;
                }
            }
        }
        previous = byte;
    }
    families
}

/// The ARIA roles that say what an element is for, in the order of their numbers.
pub const ROLES: &[&str] = &[
    "main",
    "navigation",
    "banner",
    "contentinfo",
    "complementary",
    "dialog",
    "search",
    "article",
    "button",
    "list",
    "listitem",
    "tabpanel",
    "presentation",
    "menu",
    "alert",
];

/// A role's number, counted from one; zero for any other.
pub fn role(value: &str) -> u8 {
    let value = value.trim();
    match value {
        "menuitem" | "menubar" | "toolbar" => role("menu"),
        "alertdialog" => role("dialog"),
        "none" => role("presentation"),
        _ => ROLES
            .iter()
            .position(|role| value.eq_ignore_ascii_case(role))
            .map_or(0, |at| at as u8 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families(value: &str) -> Vec<&'static str> {
        let mask = read(value, |_| ());
        (0..FAMILY_COUNT)
            .filter(|i| mask >> i & 1 == 1)
            .map(family_name)
            .collect()
    }

    #[test]
    fn families_are_found_inside_names() {
        assert_eq!(families("topNavBar"), ["nav"]);
        assert_eq!(families("ad-slot"), ["promo"]);
        assert_eq!(families("download"), Vec::<&str>::new());
        assert_eq!(families("entry-content"), ["content", "entry"]);
        assert_eq!(families("js-ads"), ["promo"]);
    }

    #[test]
    fn numbers_do_not_tell_names_apart() {
        let tokens = |value| {
            let mut all = Vec::new();
            read(value, |hash| all.push(hash));
            all
        };
        assert_eq!(tokens("post-1234 a"), tokens("post-9 b"));
        assert_eq!(tokens("postBody").len(), 3);
        assert_ne!(tokens("post"), tokens("body"));
    }
}
