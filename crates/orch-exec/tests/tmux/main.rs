//! Workers in real tmux sessions, each test with a server of its own.

mod ending;
mod place;
#[path = "../process_support/mod.rs"]
mod process_support;
mod showing;
mod starting;

/// Runs as a program of its own, in the panes of the tests.
#[test]
#[ignore = "the pane program; started by the tests"]
fn the_pane() {
    let file = std::env::args_os().next_back().unwrap();
    assert!(file.to_string_lossy().ends_with(orch_exec::tmux::LAUNCH_FILE_ENDING), "not called from a pane");
    let _ = orch_exec::tmux::pane(file.as_ref());
    // The test runner would go on to write to the terminal, which may take nothing.
    std::process::exit(0);
}
