//! What a plan and its run hold in memory, counted by the allocator: the same on every machine.

use orch_benches::{drain, layered};
use orch_core::Plan;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One test, so that nothing else allocates meanwhile.
#[test]
fn a_task_takes_at_most_150_bytes_in_the_core_and_none_more_while_it_runs() {
    for tasks in [10_000, 100_000] {
        let edges = layered(tasks, 1);
        let before = MEMORY.current_usage();
        let plan = Plan::build(drain::draft(tasks, &edges)).unwrap();
        let mut run = drain::run(plan);
        let held = MEMORY.current_usage() - before - drain::ID * tasks as usize;
        MEMORY.reset_peak_usage();
        let start = MEMORY.peak_usage();
        drain::drain(&mut run);
        let more = MEMORY.peak_usage() - start;
        assert!(held <= 150 * tasks as usize, "{tasks} tasks: {} bytes each", held / tasks as usize);
        assert!(more <= 16 << 10, "{tasks} tasks: {more} bytes more while they run");
    }
}
