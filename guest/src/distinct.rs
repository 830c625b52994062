//! Lists without repeats.

use foldhash::fast::RandomState;
use indexmap::IndexSet;

/// Strings in the order they came, each once. A page's links are hashed a hundred bytes each: the standard
/// library's hash was one part in sixty of a page.
pub type Distinct = IndexSet<String, RandomState>;
