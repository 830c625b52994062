//! Which blocks to keep, given each one's chance of being content.
//!
//! A fixed threshold is wrong on most pages: where the model is unsure of everything, much more or
//! much less has to be kept than where it is sure. So the blocks are taken from the likeliest
//! down for as long as the F measure that is to be expected of the words taken grows.

/// How much a missed word weighs against a wrong one: recall counts `recall / precision` as much.
#[derive(Clone, Copy)]
pub struct Weights {
    pub precision: u64,
    pub recall: u64,
}

/// The lowest chance to keep, for the highest expected F measure; above every chance when there
/// is nothing to keep.
pub fn lowest(chances: &[u16], words: &[u32], weights: Weights) -> u16 {
    let mut order: Vec<(u16, u32)> = chances.iter().copied().zip(words.iter().copied()).collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let expected: u64 = order
        .iter()
        .map(|&(chance, words)| u64::from(chance) * u64::from(words))
        .sum();
    let (mut hits, mut taken) = (0_u64, 0_u64);
    let mut best = (0_u64, 1_u64);
    let mut lowest = u16::MAX;
    for (at, &(chance, words)) in order.iter().enumerate() {
        hits += u64::from(chance) * u64::from(words);
        taken += u64::from(words);
        if order.get(at + 1).is_some_and(|&(next, _)| next == chance) {
            continue;
        }
        // F = (p + r) hits / (p taken + r truth), the shared factor left out.
        let total = weights.precision * taken * u64::from(u16::MAX) + weights.recall * expected;
        if u128::from(hits) * u128::from(best.1) > u128::from(best.0) * u128::from(total) {
            best = (hits, total);
            lowest = chance;
        }
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: Weights = Weights {
        precision: 1,
        recall: 1,
    };

    #[test]
    fn sure_blocks_are_kept_and_unlikely_ones_are_not() {
        assert_eq!(
            lowest(&[60_000, 59_000, 900, 800], &[100, 100, 100, 100], EVEN),
            59_000
        );
    }

    #[test]
    fn where_all_is_unsure_much_is_kept() {
        assert_eq!(
            lowest(&[20_000, 19_000, 18_000], &[50, 50, 50], EVEN),
            18_000
        );
    }

    #[test]
    fn recall_keeps_more_and_precision_less() {
        let (chances, words) = ([60_000, 30_000, 12_000, 2_000], [100, 100, 100, 100]);
        let at = |precision, recall| lowest(&chances, &words, Weights { precision, recall });
        assert!(at(3, 1) > at(1, 1) && at(1, 1) > at(1, 6));
    }

    #[test]
    fn nothing_is_kept_of_nothing() {
        assert_eq!(lowest(&[], &[], EVEN), u16::MAX);
        assert_eq!(lowest(&[0], &[10], EVEN), u16::MAX);
    }
}
