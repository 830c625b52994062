//! Blocks that share a key: those with the same text, the same names, the same place.

/// Numbers the groups: for every item its group, and how many groups there are.
///
/// By sorting in the end, not hashing alone: an adversary can choose the keys, and a sort doesn't mind.
pub fn number(keys: impl Iterator<Item = u64>) -> (Vec<u32>, usize) {
    let keys: Vec<u64> = keys.collect();
    if keys.is_empty() {
        return (Vec::new(), 0);
    }
    // Most keys are alone in their bucket, or with their equals: there is little left to sort.
    let bits = usize::BITS - keys.len().leading_zeros();
    let bucket = |key: u64| (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)) as usize;
    let mut places = vec![0_u32; 1 << bits];
    for &key in &keys {
        places[bucket(key)] += 1;
    }
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    let mut sorted = vec![(0, 0); keys.len()];
    for (&key, index) in keys.iter().zip(0_u32..) {
        let place = &mut places[bucket(key)];
        sorted[*place as usize] = (key, index);
        *place += 1;
    }
    // Every place is now at the end of its bucket.
    let mut start = 0;
    for end in places.into_iter().map(|end| end as usize) {
        if end > start + 1 {
            sorted[start..end].sort_unstable_by_key(|&(key, _)| key);
        }
        start = end;
    }
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
    (numbers, last.map_or(0, |_| group as usize + 1))
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
        // All of one bucket, as an adversary would have them.
        let inverse = 0xf1de_83e1_9937_733d_u64;
        let keys = (0..200).map(|key| (key % 100_u64).wrapping_mul(inverse));
        assert_eq!(sizes(keys), [2; 200]);
    }

    #[test]
    fn items_of_a_group_are_counted_as_they_come() {
        let (_, occurrences) = sizes_and_occurrences([7, 3, 7, 9, 7].into_iter());
        assert_eq!(occurrences, [0, 0, 1, 0, 2]);
    }
}
