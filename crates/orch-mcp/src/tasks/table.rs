//! All tools of the tasks: what agents are told of each, and an example of its arguments.

use orch_state_sqlite::Tools;
use serde_json::json;

use super::operation::Operation;

const PRD: &str = "PRD-6f1c2d3e-8a4b-4c5d-9e0f-1a2b3c4d5e6f";
const TASK: &str = "TASK-0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d";
const PRODUCT: &str = "3d2c1b0a-9f8e-4d7c-8b6a-5f4e3d2c1b0a";

/// The tools, in the order in which agents see them.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = planning();
    all.extend(tasks());
    all.extend(streams());
    all.extend(results());
    all
}

fn planning() -> Vec<Operation> {
    vec![
        Operation::changes(
            [
                "initiative_link",
                "Link an initiative",
                "Makes an initiative the current one and archives the streams of the one before. Call it first when you \
                 plan a new piece of work: PRDs made afterwards belong to it.",
            ],
            Tools::initiative_link,
        )
        .begins()
        .example(json!({"initiativeId": "INIT-invitations", "title": "Invite people"})),
        Operation::adds(
            [
                "prd_create",
                "Create a PRD",
                "Stores a product requirements document in the current initiative and gives its id. Call it before you \
                 make the tasks of a plan; what is to be built, and when it is accepted, stands in its content.",
            ],
            Tools::prd_create,
        )
        .begins()
        .example(json!({"title": "Invite people", "content": "People invite others by mail.\n\nDone when: …"})),
        Operation::reads(
            ["prd_get", "Get a PRD", "Gives one PRD. Call it to read what is to be built and how far its tasks are."],
            Tools::prd_get,
        )
        .example(json!({"id": PRD, "includeContent": true})),
        Operation::reads(
            [
                "prd_list",
                "List PRDs",
                "Lists the PRDs with the progress of their tasks. Call it to find the id of a PRD, or to see what is \
                 planned already.",
            ],
            Tools::prd_list,
        )
        .example(json!({"status": "active"})),
    ]
}

fn tasks() -> Vec<Operation> {
    vec![
        Operation::adds(
            [
                "task_create",
                "Create a task",
                "Makes a task and gives its id; metadata.streamId puts it into a stream, metadata.dependencies names the \
                 streams that have to be completed before that one. Call it for each piece of work of a plan.",
            ],
            Tools::task_create,
        )
        .begins()
        .example(json!({
            "title": "Add the table of invitations",
            "prdId": PRD,
            "assignedAgent": "me",
            "metadata": {
                "streamId": "Stream-B",
                "streamName": "Storage",
                "streamPhase": "parallel",
                "files": ["src/storage.rs"],
                "dependencies": ["Stream-A"]
            }
        })),
        Operation::changes(
            [
                "task_update",
                "Update a task",
                "Changes the status, notes, agent or metadata of a task. Call it when you begin a task (in_progress), when \
                 it is done (completed, with notes on what was done), and when you can't go on (blocked, with \
                 blockedReason).",
            ],
            Tools::task_update,
        )
        .example(json!({"id": TASK, "status": "in_progress", "notes": "The table is there; its tests are next."})),
        Operation::reads(
            [
                "task_get",
                "Get a task",
                "Gives one task with its notes and metadata. Call it before you begin the task, to see what is asked for.",
            ],
            Tools::task_get,
        )
        .example(json!({"id": TASK})),
        Operation::reads(
            [
                "task_list",
                "List tasks",
                "Lists tasks, of one stream, PRD, parent, agent or status. Call it with your streamId to see what is left \
                 to do.",
            ],
            Tools::task_list,
        )
        .example(json!({"streamId": "Stream-B", "status": "pending"})),
    ]
}

fn streams() -> Vec<Operation> {
    vec![
        Operation::reads(
            [
                "stream_list",
                "List streams",
                "Lists the streams of the current initiative with their progress, files and dependencies. Call it after \
                 planning, to check that the streams are there and wait for each other as they should.",
            ],
            Tools::stream_list,
        )
        .example(json!({"includeArchived": false})),
        Operation::reads(
            [
                "stream_get",
                "Get a stream",
                "Gives one stream with all of its tasks and where it stands. Call it to see what a stream is about.",
            ],
            Tools::stream_get,
        )
        .example(json!({"streamId": "Stream-B"})),
        Operation::reads(
            [
                "stream_conflict_check",
                "Check files for conflicts",
                "Says which other streams are changing or have changed any of the files. Call it before you change files that \
                 your stream did not name.",
            ],
            Tools::stream_conflict_check,
        )
        .example(json!({"files": ["src/storage.rs"], "excludeStreamId": "Stream-B"})),
        Operation::changes(
            [
                "stream_unarchive",
                "Bring a stream back",
                "Brings an archived stream and its tasks back. Call it when work that was put away is wanted again.",
            ],
            |tools, input, now| tools.stream_unarchive(&input, now),
        )
        .example(json!({"streamId": "Stream-B"})),
        Operation::changes(
            [
                "stream_archive_all",
                "Archive all streams",
                "Puts all streams away, finished or not. Call it only when somebody wants to begin afresh; confirm has to \
                 be true.",
            ],
            |tools, input, now| tools.stream_archive_all(&input, now),
        )
        .example(json!({"confirm": true})),
        Operation::reads(
            [
                "progress_summary",
                "Summarise the progress",
                "Counts the PRDs, tasks and work products of the current initiative. Call it to see how everything stands.",
            ],
            Tools::progress_summary,
        )
        .example(json!({})),
    ]
}

fn results() -> Vec<Operation> {
    vec![
        Operation::adds(
            [
                "work_product_store",
                "Store a work product",
                "Stores what came of a task, such as a design, a test plan or a report, and gives its id. Call it for what \
                 others have to read and no file of the project says.",
            ],
            Tools::work_product_store,
        )
        .example(json!({
            "taskId": TASK,
            "type": "technical_design",
            "title": "How invitations are stored",
            "content": "One row an invitation; …"
        })),
        Operation::reads(
            [
                "work_product_get",
                "Get a work product",
                "Gives one work product in full. Call it to read what came of an earlier task.",
            ],
            Tools::work_product_get,
        )
        .example(json!({"id": PRODUCT})),
        Operation::reads(
            [
                "work_product_list",
                "List work products",
                "Lists the work products of a task. Call it to find what earlier work has left for you.",
            ],
            Tools::work_product_list,
        )
        .example(json!({"taskId": TASK})),
    ]
}
