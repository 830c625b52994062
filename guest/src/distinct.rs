//! Lists without repeats.

use std::collections::HashSet;

/// Strings in the order they came, each once.
#[derive(Default)]
pub struct Distinct {
    list: Vec<String>,
    seen: HashSet<String>,
}

impl Distinct {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The list.
    pub fn into_vec(self) -> Vec<String> {
        self.list
    }
}

impl Extend<String> for Distinct {
    fn extend<I: IntoIterator<Item = String>>(&mut self, strings: I) {
        for string in strings {
            if !self.seen.contains(&string) {
                self.seen.insert(string.clone());
                self.list.push(string);
            }
        }
    }
}
