//! HTML in, clean structured content out.
//!
//! The folders are the way of the data: [`parse`] builds a compact document tree, `blocks` cuts it
//! into blocks of text, `features` describes every block in numbers, `classify` decides what
//! stays, `metadata` reads what the document says about itself, `render` writes text and Markdown.

mod address;
pub mod blocks;
pub mod classify;
#[cfg(target_arch = "wasm32")]
mod component;
mod content;
mod distinct;
mod engine;
pub mod features;
mod keep;
mod language;
mod links;
mod media;
#[cfg(target_arch = "wasm32")]
mod memory;
mod metadata;
mod needles;
pub mod parse;
mod quality;
mod render;
mod words;

pub use classify::Favor;
pub use content::{Content, Error, Link, Mode, Stats};
pub use engine::{extract, extract_favoring, extract_links, extract_with_stats, validate_html};
pub use render::are_apart;

/// The version of the guest, which is the contract's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Name and version of the extraction engine.
pub const ENGINE: &str = concat!("riptide/", env!("CARGO_PKG_VERSION"));
