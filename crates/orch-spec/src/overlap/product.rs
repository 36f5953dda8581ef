//! The product of two patterns, one part after another, in which a wild part stands for any number of parts.

/// Whether something matches both `a` and `b`.
///
/// `is_wild` tells the parts that stand for any number of parts, also none. `meets` is asked for the places of two other
/// parts, and whether what is behind them can match the same.
pub(super) fn product<T>(
    a: &[T],
    b: &[T],
    is_wild: impl Fn(&T) -> bool,
    meets: impl Fn(usize, usize, bool) -> bool,
) -> bool {
    // Row by row from the end: `below[j]` says whether a[i + 1..] and b[j..] meet, `row[j]` the same for a[i..].
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        let is_wild_a = a.get(i).map(&is_wild);
        for j in (0..=b.len()).rev() {
            row[j] = match (is_wild_a, b.get(j).map(&is_wild)) {
                (None, None) => true,
                (Some(true), None) => below[j],
                (None, Some(true)) => row[j + 1],
                (Some(true), Some(_)) | (Some(_), Some(true)) => below[j] || row[j + 1],
                (Some(false), Some(false)) => meets(i, j, below[j + 1]),
                (Some(false), None) | (None, Some(false)) => false,
            };
        }
        below = row;
    }
    below[0]
}
