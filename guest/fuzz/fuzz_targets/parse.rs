//! Any text gives a tree whose links agree with each other: `guest/fuzz/run.sh`, or `cargo +nightly fuzz run parse`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use riptide_extractor::parse::Document;

fuzz_target!(|html: &str| {
    let document = Document::parse(html);
    let mut ends = vec![document.len()];
    for id in document.ids() {
        while ends.last().is_some_and(|&end| end <= id.index()) {
            ends.pop();
        }
        let end = document.subtree_end(id).index();
        assert!(end > id.index() && ends.last().is_none_or(|&outer| end <= outer));
        ends.push(end);
        if let Some(parent) = document.parent(id) {
            assert!(parent < id && id < document.subtree_end(parent));
            assert!(document.is_element(parent) || parent == document.root());
        }
        document.text(id);
        document.name(id);
        assert!(document.attrs(id).all(|(name, _)| document.has_attr(id, name)));
    }
    document.text_content(document.root());
});
