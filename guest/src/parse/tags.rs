//! Element names as one byte, found by a perfect hash that is checked while compiling.

/// The name of an element, interned: comparing two is comparing two bytes.
///
/// Every HTML element, current or obsolete, has a constant (`Tag::P`, `Tag::BLOCKQUOTE`), as have
/// the few SVG and MathML elements that matter for parsing. All other names share
/// [`Tag::UNKNOWN`]; [`Document::name`](super::Document::name) still tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u8);

macro_rules! tags {
    ($($constant:ident $name:literal,)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Number { DOCUMENT, TEXT, UNKNOWN, $($constant),* }

        const NAMES: [&str; 3 + [$($name),*].len()] = ["#document", "#text", "", $($name),*];

        impl Tag {
            /// The document itself, above the `html` element.
            pub const DOCUMENT: Tag = Tag(Number::DOCUMENT as u8);
            /// A run of text.
            pub const TEXT: Tag = Tag(Number::TEXT as u8);
            /// An element with a name that is not interned.
            pub const UNKNOWN: Tag = Tag(Number::UNKNOWN as u8);
            $(
                #[doc = concat!("`<", $name, ">`")]
                pub const $constant: Tag = Tag(Number::$constant as u8);
            )*
        }
    };
}

tags! {
    A "a", ABBR "abbr", ACRONYM "acronym", ADDRESS "address", APPLET "applet", AREA "area",
    ARTICLE "article", ASIDE "aside", AUDIO "audio", B "b", BASE "base", BASEFONT "basefont",
    BDI "bdi", BDO "bdo", BGSOUND "bgsound", BIG "big", BLINK "blink", BLOCKQUOTE "blockquote",
    BODY "body", BR "br", BUTTON "button", CANVAS "canvas", CAPTION "caption", CENTER "center",
    CITE "cite", CODE "code", COL "col", COLGROUP "colgroup", DATA "data", DATALIST "datalist",
    DD "dd", DEL "del", DETAILS "details", DFN "dfn", DIALOG "dialog", DIR "dir", DIV "div",
    DL "dl", DT "dt", EM "em", EMBED "embed", FIELDSET "fieldset", FIGCAPTION "figcaption",
    FIGURE "figure", FONT "font", FOOTER "footer", FORM "form", FRAME "frame",
    FRAMESET "frameset", H1 "h1", H2 "h2", H3 "h3", H4 "h4", H5 "h5", H6 "h6", HEAD "head",
    HEADER "header", HGROUP "hgroup", HR "hr", HTML "html", I "i", IFRAME "iframe",
    IMAGE "image", IMG "img", INPUT "input", INS "ins", KBD "kbd", KEYGEN "keygen",
    LABEL "label", LEGEND "legend", LI "li", LINK "link", LISTING "listing", MAIN "main",
    MAP "map", MARK "mark", MARQUEE "marquee", MENU "menu", MENUITEM "menuitem", META "meta",
    METER "meter", NAV "nav", NOBR "nobr", NOEMBED "noembed", NOFRAMES "noframes",
    NOSCRIPT "noscript", OBJECT "object", OL "ol", OPTGROUP "optgroup", OPTION "option",
    OUTPUT "output", P "p", PARAM "param", PICTURE "picture", PLAINTEXT "plaintext", PRE "pre",
    PROGRESS "progress", Q "q", RB "rb", RP "rp", RT "rt", RTC "rtc", RUBY "ruby", S "s",
    SAMP "samp", SCRIPT "script", SEARCH "search", SECTION "section", SELECT "select",
    SLOT "slot", SMALL "small", SOURCE "source", SPAN "span", STRIKE "strike",
    STRONG "strong", STYLE "style", SUB "sub", SUMMARY "summary", SUP "sup", TABLE "table",
    TBODY "tbody", TD "td", TEMPLATE "template", TEXTAREA "textarea", TFOOT "tfoot", TH "th",
    THEAD "thead", TIME "time", TITLE "title", TR "tr", TRACK "track", TT "tt", U "u", UL "ul",
    VAR "var", VIDEO "video", WBR "wbr", XMP "xmp",
    SVG "svg", FOREIGN_OBJECT "foreignobject", DESC "desc",
    MATH "math", MI "mi", MN "mn", MO "mo", MS "ms", MTEXT "mtext", MGLYPH "mglyph",
    MALIGNMARK "malignmark", ANNOTATION_XML "annotation-xml",
}

impl Tag {
    /// How many tags there are: the length of a table indexed by [`Tag::index`].
    pub const COUNT: usize = NAMES.len();

    /// The tag as an index into a table of [`Tag::COUNT`] entries.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The tag at an index below [`Tag::COUNT`].
    pub(super) const fn at(index: usize) -> Tag {
        assert!(index < Tag::COUNT);
        Tag(index as u8)
    }

    /// The name in lower case; empty for [`Tag::UNKNOWN`].
    pub const fn name(self) -> &'static str {
        NAMES[self.0 as usize]
    }

    /// The tag of an element name in any case; [`Tag::UNKNOWN`] where it is not interned.
    pub fn of_name(name: &str) -> Tag {
        let mut key = Key::new();
        for &byte in name.as_bytes() {
            key.push(byte);
        }
        key.tag(name.as_bytes())
    }

    /// Whether this is one of `h1` to `h6`.
    pub const fn is_heading(self) -> bool {
        self.0 >= Tag::H1.0 && self.0 <= Tag::H6.0
    }
}

impl std::fmt::Debug for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Tag::UNKNOWN => f.write_str("?"),
            tag => f.write_str(tag.name()),
        }
    }
}

/// A name folded into 64 bits while the tokenizer walks over its bytes.
///
/// Names of up to eight bytes are their own key; longer ones wrap around and are compared in full.
#[derive(Clone, Copy)]
pub(super) struct Key {
    bits: u64,
    length: usize,
}

const TABLE_BITS: u32 = 10;
/// Found by search; that it leads every name to a place of its own is checked while compiling.
const MULTIPLIER: u64 = 0xd10b_a8c6_7c35_e7eb;

impl Key {
    pub(super) const fn new() -> Key {
        Key { bits: 0, length: 0 }
    }

    #[inline(always)]
    pub(super) const fn push(&mut self, byte: u8) {
        self.bits = self.bits.rotate_left(8) ^ byte.to_ascii_lowercase() as u64;
        self.length += 1;
    }

    const fn slot(self) -> usize {
        (self.bits.wrapping_mul(MULTIPLIER) >> (64 - TABLE_BITS)) as usize
    }

    /// The tag of `name`, whose bytes this key has been fed with.
    #[inline(always)]
    pub(super) fn tag(self, name: &[u8]) -> Tag {
        let tag = TABLE[self.slot()];
        let known = KEYS[tag as usize];
        let same = known.bits == self.bits
            && known.length == self.length
            && (self.length <= 8 || NAMES[tag as usize].as_bytes().eq_ignore_ascii_case(name));
        if same {
            Tag(tag)
        } else {
            Tag::UNKNOWN
        }
    }
}

const FIRST_ELEMENT: usize = Tag::UNKNOWN.index() + 1;

static KEYS: [Key; Tag::COUNT] = keys();
static TABLE: [u8; 1 << TABLE_BITS] = table();

const fn keys() -> [Key; Tag::COUNT] {
    let mut keys = [Key::new(); Tag::COUNT];
    let mut tag = FIRST_ELEMENT;
    while tag < Tag::COUNT {
        let name = NAMES[tag].as_bytes();
        let mut i = 0;
        while i < name.len() {
            keys[tag].push(name[i]);
            i += 1;
        }
        tag += 1;
    }
    keys
}

const fn table() -> [u8; 1 << TABLE_BITS] {
    let keys = keys();
    let mut table = [Tag::UNKNOWN.0; 1 << TABLE_BITS];
    let mut tag = FIRST_ELEMENT;
    while tag < Tag::COUNT {
        let slot = keys[tag].slot();
        assert!(
            table[slot] == Tag::UNKNOWN.0,
            "two names in one place: find another MULTIPLIER"
        );
        table[slot] = tag as u8;
        tag += 1;
    }
    table
}

/// A set of tags, for tables of the parser's rules.
#[derive(Clone, Copy)]
pub struct TagSet([u64; 3]);

impl TagSet {
    /// The set of the given tags.
    pub const fn new(tags: &[Tag]) -> TagSet {
        let mut words = [0; 3];
        let mut i = 0;
        while i < tags.len() {
            let tag = tags[i].index();
            words[tag / 64] |= 1 << (tag % 64);
            i += 1;
        }
        TagSet(words)
    }

    /// Everything that is in either set.
    pub const fn union(self, other: TagSet) -> TagSet {
        TagSet([
            self.0[0] | other.0[0],
            self.0[1] | other.0[1],
            self.0[2] | other.0[2],
        ])
    }

    /// Whether the set has the tag.
    #[inline(always)]
    pub const fn contains(&self, tag: Tag) -> bool {
        self.0[tag.index() / 64] >> (tag.index() % 64) & 1 != 0
    }
}

/// `tag_set![P DIV]`: the set of these tags.
macro_rules! tag_set {
    ($($name:ident)*) => {
        $crate::parse::tags::TagSet::new(&[$($crate::parse::tags::Tag::$name),*])
    };
}
pub(super) use tag_set;

/// Elements whose text has nothing to do with the line before them or behind them.
pub const BLOCK_LEVEL: TagSet = tag_set![
    ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY CAPTION CENTER DD DETAILS DIALOG DIR DIV DL DT
    FIELDSET FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 HEADER HGROUP HTML LEGEND LI
    LISTING MAIN MENU NAV OL OPTION P PLAINTEXT PRE SEARCH SECTION SUMMARY TABLE TBODY TFOOT
    THEAD TR UL XMP
];

const _: () = assert!(Tag::COUNT <= 192, "TagSet needs another word");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for (index, name) in NAMES.iter().enumerate().skip(FIRST_ELEMENT) {
            assert_eq!(Tag::of_name(name).index(), index, "{name}");
            assert_eq!(Tag::of_name(&name.to_uppercase()).index(), index, "{name}");
        }
    }

    #[test]
    fn names_that_only_resemble_a_known_one_are_unknown() {
        for name in [
            "",
            "h7",
            "H\u{11}",
            "xxockquote",
            "bl\0ckquote",
            "divdivdivdiv",
            "p-p",
            "Ⅰ",
            "é",
        ] {
            assert_eq!(Tag::of_name(name), Tag::UNKNOWN, "{name}");
        }
    }

    #[test]
    fn a_set_has_what_it_was_made_of() {
        const SET: TagSet = TagSet::new(&[Tag::A, Tag::XMP]).union(TagSet::new(&[Tag::MATH]));
        let members: Vec<_> = NAMES
            .iter()
            .map(|name| Tag::of_name(name))
            .filter(|&tag| SET.contains(tag))
            .collect();
        assert_eq!(members, [Tag::A, Tag::XMP, Tag::MATH]);
    }
}
