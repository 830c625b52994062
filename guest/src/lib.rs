//! HTML in, clean structured content out.
//!
//! The folders are the way of the data: [`parse`] builds a compact document tree, `blocks` cuts it
//! into blocks of text, `features` describes every block in numbers, `classify` decides what
//! stays, `metadata` reads what the document says about itself, `render` writes text and Markdown.

pub mod parse;
