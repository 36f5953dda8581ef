//! Inputs that the benchmarks share: random layered graphs, reproducible in any language; plans in folders.

pub mod drain;
pub mod plans;

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
    pub fn below(&mut self, limit: u32) -> u32 {
        (((self.draw() >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// A random graph in layers of about √`tasks` tasks. A task needs one task of the layer before its own, so that there are as
/// many steps as layers, and up to five more of the last four layers: 3.3 on average. The first layer needs nothing. Pairs
/// of (task, what it depends on), in that order.
pub fn layered(tasks: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut random = Random(seed);
    let width = (f64::from(tasks).sqrt().round() as u32).max(8);
    let mut edges = Vec::new();
    for task in width..tasks {
        let layer = task / width * width;
        let more = random.below(6);
        let mut on = vec![layer - width + random.below(width)];
        let first = layer.saturating_sub(4 * width);
        on.extend((0..more).map(|_| first + random.below(layer - first)));
        on.sort_unstable();
        on.dedup();
        edges.extend(on.into_iter().map(|on| (task, on)));
    }
    edges
}

/// The same graph with its tasks numbered at random: list order is no order of work, and neighbours are far apart in
/// memory. Ordered by task, as a file would be.
pub fn shuffled(tasks: u32, mut edges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    let mut random = Random(7);
    let mut number: Vec<u32> = (0..tasks).collect();
    for n in (1..tasks as usize).rev() {
        number.swap(n, random.below(n as u32 + 1) as usize);
    }
    for (task, on) in &mut edges {
        (*task, *on) = (number[*task as usize], number[*on as usize]);
    }
    edges.sort_unstable();
    edges
}

/// Every task needs the one before it.
pub fn chain(tasks: u32) -> Vec<(u32, u32)> {
    (1..tasks).map(|task| (task, task - 1)).collect()
}

/// Every task needs the first one.
pub fn fan_out(tasks: u32) -> Vec<(u32, u32)> {
    (1..tasks).map(|task| (task, 0)).collect()
}

/// The last task needs every other.
pub fn fan_in(tasks: u32) -> Vec<(u32, u32)> {
    (0..tasks - 1).map(|on| (tasks - 1, on)).collect()
}

/// Names as people give them to many tasks: `t0000000`, `t0000001`, ….
pub fn names(tasks: u32) -> Vec<String> {
    (0..tasks).map(|n| format!("t{n:07}")).collect()
}

/// The least of some durations: what the work itself takes, when nothing else is in its way.
pub fn least(samples: &[u128]) -> u128 {
    samples.iter().copied().min().unwrap_or(0)
}

/// The middle of some durations, in nanoseconds.
pub fn median(mut samples: Vec<u128>) -> u128 {
    samples.sort_unstable();
    samples[samples.len() / 2]
}
