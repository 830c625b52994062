//! Agreement with html5ever, the standard's own tree construction: on the pages of a directory, on
//! the cases of html5lib-tests, and on generated tag soup.
//!
//!     RIPTIDE_PAGES=dir1:dir2 cargo test --release --test parse_agreement -- --nocapture
//!     RIPTIDE_HTML5LIB_TESTS=.../tree-construction cargo test --test parse_agreement -- --nocapture

mod html5lib;
mod oracle;
mod ours;
mod outline;
mod pages;
mod soup;
