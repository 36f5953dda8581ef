//! Where time comes from.

use std::time::{Instant, SystemTime};

use orch_core::Time;

/// Says what time it is. Never goes back within one run.
pub trait Clock {
    /// Now.
    fn now(&self) -> Time;
}

/// The machine's clock: wall time when it was made, and from there on monotonic time, so that a clock that is set back
/// while a run is under way changes no duration and no order.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    began: Time,
    since: Instant,
}

impl SystemClock {
    /// A clock that starts at the present wall time.
    pub fn new() -> Self {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { began: Time::from_millis(wall.as_millis() as u64), since: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        self.began + self.since.elapsed()
    }
}
