//! Blocks that share a key: those with the same text, the same names, the same place.

/// Numbers the groups: for every item its group, and how many groups there are.
///
/// By sorting, not hashing: an adversary can choose the keys, and a sort doesn't mind.
pub fn number(keys: impl Iterator<Item = u64>) -> (Vec<u32>, usize) {
    let keys: Vec<u64> = keys.collect();
    let indexed = keys.iter().copied().zip(0_u32..);
    // Short keys and their places fit into one number each, which sort twice as fast.
    if keys.iter().all(|key| key >> 32 == 0) {
        let mut sorted: Vec<u64> = indexed
            .map(|(key, index)| key << 32 | u64::from(index))
            .collect();
        sorted.sort_unstable();
        return runs(sorted.into_iter().map(|both| (both >> 32, both as u32)));
    }
    let mut sorted: Vec<(u64, u32)> = indexed.collect();
    sorted.sort_unstable_by_key(|&(key, _)| key);
    runs(sorted.into_iter())
}

/// Numbers the runs of equal keys.
fn runs(sorted: impl ExactSizeIterator<Item = (u64, u32)>) -> (Vec<u32>, usize) {
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
    sizes_and_occurrences(keys).0
}

/// For every item the size of its group, and how many of the group came before it.
pub fn sizes_and_occurrences(keys: impl Iterator<Item = u64>) -> (Vec<u32>, Vec<u32>) {
    let (mut numbers, count) = number(keys);
    let mut seen = vec![0; count];
    let mut occurrences = Vec::with_capacity(numbers.len());
    for &group in &numbers {
        let count = &mut seen[group as usize];
        occurrences.push(*count);
        *count += 1;
    }
    for group in &mut numbers {
        *group = seen[*group as usize];
    }
    (numbers, occurrences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_knows_the_size_of_its_group() {
        assert_eq!(sizes([7, 3, 7, 9, 7].into_iter()), [3, 1, 3, 1, 3]);
        assert_eq!(sizes([].into_iter()), []);
        assert_eq!(sizes([7 << 40, 3, 7 << 40].into_iter()), [2, 1, 2]);
    }

    #[test]
    fn items_of_a_group_are_counted_as_they_come() {
        let (_, occurrences) = sizes_and_occurrences([7, 3, 7, 9, 7].into_iter());
        assert_eq!(occurrences, [0, 0, 1, 0, 2]);
    }
}
