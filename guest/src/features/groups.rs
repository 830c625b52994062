//! Blocks that share a key: those with the same text, the same names, the same place.

/// Numbers the groups: for every item its group, and how many groups there are.
///
/// By sorting, not hashing: an adversary can choose the keys, and a sort doesn't mind.
pub fn number(keys: impl Iterator<Item = u64>) -> (Vec<u32>, usize) {
    let mut sorted: Vec<(u64, u32)> = keys
        .enumerate()
        .map(|(index, key)| (key, index as u32))
        .collect();
    sorted.sort_unstable();
    let mut numbers = vec![0; sorted.len()];
    let mut group = 0;
    let mut last = None;
    for (key, index) in sorted {
        if last.is_some_and(|last| last != key) {
            group += 1;
        }
        last = Some(key);
        numbers[index as usize] = group;
    }
    (
        numbers,
        if last.is_some() {
            group as usize + 1
        } else {
            0
        },
    )
}

/// For every item the size of its group.
pub fn sizes(keys: impl Iterator<Item = u64>) -> Vec<u32> {
    let (mut numbers, count) = number(keys);
    let mut sizes = vec![0; count];
    for &group in &numbers {
        sizes[group as usize] += 1;
    }
    for group in &mut numbers {
        *group = sizes[*group as usize];
    }
    numbers
}

/// For every item how many of its group came before it.
pub fn occurrences(keys: impl Iterator<Item = u64>) -> Vec<u32> {
    let (mut numbers, count) = number(keys);
    let mut seen = vec![0; count];
    for group in &mut numbers {
        let count = &mut seen[*group as usize];
        *group = *count;
        *count += 1;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_knows_the_size_of_its_group() {
        assert_eq!(sizes([7, 3, 7, 9, 7].into_iter()), [3, 1, 3, 1, 3]);
        assert_eq!(sizes([].into_iter()), []);
    }

    #[test]
    fn items_of_a_group_are_counted_as_they_come() {
        assert_eq!(occurrences([7, 3, 7, 9, 7].into_iter()), [0, 0, 1, 0, 2]);
    }
}
