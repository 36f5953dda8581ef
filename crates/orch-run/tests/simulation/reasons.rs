//! Why a task starts or does not, by what is written and what was told, independently of the core.

use orch_core::{OnIncomplete, Order, Status, TaskIx};

use crate::world::World;

/// Whether work that was sent back could start instead of `new`, by what is written.
pub(crate) fn goes_first(world: &World, task: TaskIx, new: TaskIx) -> bool {
    let plan = &world.scenario.plan;
    let stood = world.disk.stood(task);
    let held_up = |claim: &str| {
        let mut running =
            plan.tasks().filter(|&other| other != new && world.disk.status(other) == Status::Running);
        running.any(|other| plan.claimed(other).any(|theirs| theirs == claim))
    };
    let is_beside = || match world.scenario.policy.order {
        Order::List => false,
        Order::Graph => true,
        Order::Waves => {
            let depths = plan.depths();
            depths[task.index()] == depths[new.index()]
        }
    };
    stood.sent_back > 0
        && is_beside()
        && stood.standing.status == Status::Pending
        && !world.process.held.contains(&task)
        && !waits_in_vain(world, task)
        && world.process.rests.get(&task).is_none_or(|&until| until <= world.clock())
        && !plan.claimed(task).any(held_up)
}

/// Whether something that the task needs directly is not done, by what is written, or something it awaits is not known
/// to hold.
fn waits_in_vain(world: &World, task: TaskIx) -> bool {
    world.scenario.plan.graph().depends_on(task).iter().any(|&needed| {
        let standing = world.disk.stood(needed).standing;
        let release = world.scenario.policy.on_incomplete == OnIncomplete::Release;
        !(standing.status == Status::Success || standing.status == Status::Incomplete && release)
            || standing.review_due
    }) || !world.told_all(task)
}

/// Whether a list or the waves go on after this task, by what is written and what was told: it is settled, or nobody waits
/// for it.
pub(crate) fn is_passed(world: &World, task: TaskIx) -> bool {
    let standing = world.disk.stood(task).standing;
    let held = world.process.held.contains(&task);
    match standing.status {
        Status::Pending => held || waits_in_vain(world, task),
        Status::Running => false,
        _ => held || !standing.review_due,
    }
}

/// Whether some task is kept from starting by a condition alone, and the run is to wait for that.
pub(crate) fn waits_for_a_condition(world: &World) -> bool {
    let plan = &world.scenario.plan;
    let release = world.scenario.policy.on_incomplete == OnIncomplete::Release;
    let done = |task: &TaskIx| {
        let standing = world.disk.stood(*task).standing;
        let done = match standing.status {
            Status::Success => true,
            Status::Incomplete => release,
            _ => false,
        };
        done && !standing.review_due
    };
    let alone = |task: TaskIx| {
        world.disk.status(task) == Status::Pending
            && !world.told_all(task)
            && !world.process.held.contains(&task)
            && plan.graph().depends_on(task).iter().all(done)
    };
    world.scenario.policy.wait_for_conditions && plan.tasks().any(alone)
}

/// Whether a pending task waits for something that this run will not bring.
pub(crate) fn can_never_start(world: &World, task: TaskIx) -> bool {
    let release = world.scenario.policy.on_incomplete == OnIncomplete::Release;
    let held = |task| world.process.held.contains(&task);
    let never = |&needed: &TaskIx| match world.disk.status(needed) {
        Status::Fail => true,
        Status::Incomplete if !release => true,
        Status::Success | Status::Incomplete => world.disk.stood(needed).standing.review_due && held(needed),
        Status::Pending => can_never_start(world, needed),
        Status::Running => false,
    };
    let no_wait = !world.scenario.policy.wait_for_conditions;
    held(task)
        || no_wait && !world.told_all(task)
        || world.scenario.plan.graph().depends_on(task).iter().any(never)
}
