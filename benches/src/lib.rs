//! Inputs that the benchmarks share: random layered graphs, reproducible in any language.

pub mod finished;

/// SplitMix64: the same numbers for the same seed everywhere.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit
    }
}

/// A random graph in layers: `tasks` tasks in about √`tasks` layers, each with one to six dependencies on the layer
/// before it (3.5 on average), the first layer with none. Pairs of (task, what it depends on).
pub fn layered(tasks: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut random = Random(seed);
    let width = f64::from(tasks).sqrt() as u32;
    let mut edges = Vec::new();
    for task in width..tasks {
        let layer = task / width;
        let (first, end) = ((layer - 1) * width, layer * width);
        let mut on: Vec<u32> =
            (0..=random.below(6)).map(|_| first + random.below(u64::from(end - first)) as u32).collect();
        on.sort_unstable();
        on.dedup();
        edges.extend(on.into_iter().map(|on| (task, on)));
    }
    edges
}

/// The middle of some durations, in nanoseconds.
pub fn median(mut samples: Vec<u128>) -> u128 {
    samples.sort_unstable();
    samples[samples.len() / 2]
}
