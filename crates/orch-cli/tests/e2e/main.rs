//! The program as it is, with real processes in real folders.
//!
//! Nothing here sleeps. A test waits for what happens: a line of `--events -`, a word in a named pipe between it and a
//! worker, the end of a process. What never comes ends the test after [`support::PATIENCE`].

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod bad_disk;
mod bad_index;
mod bad_state;
mod generate;
mod generate_bad;
mod generate_earlier;
mod generate_from;
mod handover;
mod holding;
mod limits;
mod looking;
mod mcp;
mod milestones;
mod milestones_bad;
mod milestones_bad_places;
mod milestones_bad_summaries;
mod milestones_bad_work;
mod milestones_ended;
mod milestones_hand;
mod milestones_new;
mod milestones_sessions;
mod options;
mod output;
mod reports;
mod requests;
mod resume;
mod review;
mod signals;
mod streams;
mod streams_bad;
mod streams_done;
mod streams_looking;
mod streams_merging;
mod streams_resume;
mod streams_workspaces;
mod survivors;
mod validation;
mod waves;
mod waves_bad;
mod waves_bad_branches;
mod waves_bad_checkouts;
mod waves_bad_plans;
mod waves_bad_together;
mod waves_bad_tools;
mod waves_bad_words;
mod waves_bad_worktrees;
mod waves_generate;
mod weavers;
mod weavers_bad_limits;
mod weavers_bad_places;
mod weavers_bad_plans;
mod weavers_bad_words;
mod weavers_branch;
mod weavers_checks;
mod weavers_claims;
mod weavers_failures;
mod weavers_looking;
mod weavers_pulls;
mod weavers_resume;
mod weavers_rework;
mod weavers_sessions;
mod weavers_stack;
mod weavers_state;
mod weavers_stopping;
mod weavers_telling;
mod weavers_trees;
mod weavers_words;
mod worktree;
