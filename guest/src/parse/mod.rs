//! HTML to a compact arena tree.
//!
//! [`Document::parse`] takes any string and gives a [`Document`]; [`NodeId`]s name its nodes,
//! [`Tag`]s the elements. Comments are dropped. `noscript` is parsed as a reader without scripts
//! would see it: its content is elements. The content of a `template` are its children. Text
//! inside `script`, `style`, `iframe`, `xmp`, `noembed`, `noframes` is kept as it stands.

mod attributes;
mod builder;
mod entities;
mod entity_names;
mod iter;
mod tags;
mod tokenizer;
mod tree;

pub use attributes::MAX_ATTRIBUTES;
pub use builder::MAX_DEPTH;
pub use iter::{Ancestors, Children, Descendants};
pub use tags::{Tag, TagSet};
pub use tree::{Document, NodeId};
