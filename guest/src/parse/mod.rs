//! HTML to a compact arena tree.
//!
//! [`Document::parse`] takes any string and gives a [`Document`]; [`NodeId`]s name its nodes,
//! [`Tag`]s the kinds of elements. The tree borrows the source, so nothing is copied and nothing
//! is decoded before somebody asks for it.
//!
//! # What the tree is
//!
//! The tree of the HTML standard, with scripting disabled as for a reader without scripts. Where
//! the standard leaves a choice, or the tree differs from a browser's:
//!
//! - Comments, processing instructions and the document type are left out, and so is white space
//!   before the body and outside the head. Text on both sides of a comment, or of a tag that
//!   means nothing, is two neighbouring nodes.
//! - `noscript` holds elements. The content of a `template` are its children: what a browser would
//!   not show, but where some pages keep their text. Skip [`Tag::TEMPLATE`] where it is not wanted.
//! - `script`, `style`, `iframe`, `xmp`, `noembed`, `noframes` and `plaintext` hold their source
//!   as text; `title` and `textarea` text with references resolved. Inside a `noscript` that text
//!   ends where the `noscript` does, as it does where scripts run.
//! - Elements of SVG and MathML are [`Tag::UNKNOWN`] wherever the tag could be mistaken for
//!   HTML's, see [`Document::tag`].
//! - Of several `html` or `body` tags only the first that has attributes gives them.
//! - Elements nest to a depth of [`MAX_DEPTH`], as in browsers; a tag has up to [`MAX_ATTRIBUTES`]
//!   attributes; no more than 64 formatting elements are kept to be opened again, and the copies
//!   made of them, and their tags, are limited in proportion to the source. So the time is linear for
//!   any input.
//!
//! # How far it agrees
//!
//! `tests/parse_agreement` compares with html5ever 0.39, the standard's tree construction in Rust:
//!
//! | compared | agreement |
//! | --- | --- |
//! | 2,466 real pages (549 MB): every text with the path of all its ancestors, every link and image | all but two, whose `noscript` has an `iframe` without an end (see above) |
//! | html5lib-tests as in html5lib 1.1, 1,516 whole documents: the whole tree | 1,515 (a line end written as `&#10;` after `<pre>` is kept here) |
//! | 500,000 documents of generated tag soup: the whole tree | all |
//!
//! # What it costs
//!
//! `examples/bench_parse` on the same pages: 0.51 ms/MB native, the fastest of five rounds on a busy
//! machine of two cores, where html5ever with a reference-counted tree takes 7; 0.35 bytes of tree
//! for a byte of HTML, at a node of 20 bytes for 93 bytes of HTML and 16 bytes an attribute. Input
//! made for it (`<p>x<p>x…`) takes ten bytes for a byte, and two more while nodes that
//! are out of order are put in order.
//!
//! `examples/bench_hostile` parses fifty kinds of hostile input. At 50 MB all take time in
//! proportion: most under 50 ms/MB, the worst (text between the rows of one table, all of
//! which goes before it) 260 ms/MB.

mod attributes;
mod builder;
mod entities;
mod entity_names;
mod iter;
mod tags;
mod tokenizer;
mod tree;

pub use attributes::{MAX_ATTRIBUTES, MAX_CLASS_BYTES};
pub use builder::MAX_DEPTH;
pub use iter::{Ancestors, Children, Descendants};
pub use tags::{Tag, TagSet, BLOCK_LEVEL};
pub use tree::{Document, NodeId};
