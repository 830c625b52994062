//! What a document says about itself.

pub mod dates;
pub mod json;
mod months;
