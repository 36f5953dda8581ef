//! The command line. The names here are a contract: scripts rely on them.

mod milestones;
mod run;
mod waves;

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

pub(crate) use milestones::{Ack, Begin, Collect, Dispatch, New, Show, SwitchMode};
pub(crate) use run::{Run, command_line, tools};
pub(crate) use waves::PlanCommand;

/// Runs a plan that you have already, of prompts, milestones, streams, weavers or waves: starts what may run, judges what came back,
/// writes everything down, and goes on after any crash.
#[derive(Debug, Parser)]
#[command(name = "orch", version, about, max_term_width = 100, disable_help_subcommand = true)]
#[command(
    after_help = "Exit codes: 0 all SUCCESS · 1 some FAIL or blocked · 2 usage · 3 INCOMPLETE or a person is needed \
· 4 nothing to do · 65 invalid plan · 75 come back later · 130, 143 stopped by a signal"
)]
pub(crate) struct Args {
    /// Go to this folder first, like git.
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// What to do; without a command, the status of what is here.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the plan, or go on with it.
    Run(Run),
    /// Say what is wrong with the plan, and show its structure by depth.
    Check(Looked),
    /// Show where every task stands.
    Status {
        #[command(flatten)]
        looked: Looked,
        /// Show every row, however many there are.
        #[arg(long)]
        all: bool,
        /// The form it is shown in.
        #[arg(long, value_enum, default_value = "text", conflicts_with = "json")]
        format: StatusFormat,
    },
    /// Show where every task stands, again and again: whenever something changes, and every so many seconds.
    ///
    /// When that does not go to a terminal, it is written when something has changed, and ends when nothing is left to do or
    /// the run that was seen is over.
    Watch(Watch),
    /// Say what came of the plan as a whole: of waves the final report, of weavers the summary, of others what is done, what
    /// failed and what is left.
    Report(Looked),
    /// Show what may start next.
    Next {
        #[command(flatten)]
        looked: Looked,
        /// As a run with this many at once would see it.
        #[arg(short, long, value_name = "N")]
        jobs: Option<NonZeroU32>,
    },
    /// Say why a task is not running.
    Why {
        /// The task, by id or short id.
        id: String,
        #[command(flatten)]
        looked: Looked,
    },
    /// Show the graph.
    Graph {
        #[command(flatten)]
        looked: Looked,
        /// The form it is shown in.
        #[arg(long, value_enum, default_value = "text")]
        format: GraphFormat,
    },
    /// Print what the worker of a task would be told.
    Prompt {
        /// The task, by id or short id.
        id: String,
        #[command(flatten)]
        looked: Looked,
        /// As this agent would be told.
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
        /// Say where each part of it comes from.
        #[arg(long)]
        explain: bool,
    },
    /// Print the output of a task's worker.
    Logs {
        /// The task, by id or short id.
        id: String,
        #[command(flatten)]
        looked: Looked,
        /// Go on as long as the worker runs.
        #[arg(short, long)]
        follow: bool,
        /// Of this attempt, counted from one; the latest unless given.
        #[arg(long, value_name = "N")]
        attempt: Option<u32>,
    },
    /// Have tasks done again, in the run under way or the next one.
    Retry {
        /// The tasks, by id or short id; a plan's file or folder may stand among them.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        kind: Kinded,
    },
    /// Stop the run under way, or only some of its tasks; without one, end the workers that an earlier run left.
    Stop {
        /// The tasks, by id or short id; all of them when none is given. A plan's file or folder may stand among them.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        kind: Kinded,
    },
    /// Look into the terminal session of a task's worker.
    Attach {
        /// The task, by id or short id.
        id: String,
        #[command(flatten)]
        plan: Pointed,
    },
    /// Hand a milestone to a person: print what its worker is told, and write down that it is under way.
    Dispatch(Dispatch),
    /// Take in the summaries that workers of milestones have left, and bring the planning document up to date.
    Collect(Collect),
    /// Say that you have looked at what came back, or approve what a milestone waits for.
    Ack(Ack),
    /// Show all there is to know of a milestone.
    Show(Show),
    /// Switch how the prompts of milestones are handed over.
    Mode(SwitchMode),
    /// End the session on a planning document; the document keeps everything.
    Close(Pointed),
    /// Write a new plan.
    New {
        #[command(subcommand)]
        what: New,
    },
    /// Make a PRD and streams of what is wanted: an agent plans with orch's tools, or a file says it.
    Generate(Generate),
    /// Serve orch's tools to an agent, on standard input and output (the Model Context Protocol).
    Mcp(Mcp),
    /// Print the stack of branches and pull requests in the order in which they can be merged.
    MergeOrder {
        #[command(flatten)]
        looked: Looked,
    },
    /// Rebase branches whose base was merged or has moved, in order; stops at a conflict, and loses nothing.
    Restack {
        /// Only what this task's branch needs; all of the plan's unless given. A plan's file or folder may stand here.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        kind: Kinded,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// Change a plan of waves, also one that is being run: its next version is on its branch, and the run goes on with it.
    Plan {
        #[command(subcommand)]
        command: PlanCommand,
    },
    /// List the plans of waves in this repository, the oldest first.
    Sessions {
        /// As one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// List, remove or rescue work trees.
    Worktree {
        #[command(subcommand)]
        command: WorktreeCommand,
    },
    /// Run a worker in the terminal session that was opened for it. (orch calls this itself.)
    #[command(hide = true)]
    Pane {
        /// What is to be run.
        file: PathBuf,
    },
    /// See the workers of a run end. (orch calls this itself.)
    #[command(hide = true)]
    Witness,
    /// What belongs to other systems.
    #[command(external_subcommand)]
    Other(Vec<String>),
    /// Print completions for a shell.
    #[command(alias = "completion")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The options of `orch generate`.
#[derive(Debug, Group)]
pub(crate) struct Generate {
    /// What is wanted, such as "Users can sign in".
    #[arg(conflicts_with = "from")]
    pub(crate) wish: Option<String>,
    /// Make them of this YAML or JSON file instead (`-` for standard input), without an agent.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// The agent that plans: claude, codex, or one from orch.toml.
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    pub(crate) agent: Option<String>,
    /// Answer questions with yes: unfinished streams of the initiative before are archived, and the agent is asked a second
    /// time when it has stored nothing; a plan of waves is to be carried out.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Who says whether a plan of waves is to be carried out: you (unless it comes from a file), an agent in your place (`user`
    /// in the table `[waves]` of orch.toml, else the one that plans), or nobody, because it is.
    #[arg(long, value_enum, value_name = "WHO", conflicts_with = "yes")]
    pub(crate) confirm: Option<ConfirmedBy>,
    /// What kind of plan it is to be: streams, or waves (tasks in the branches of the repository). Unless given: streams where
    /// there is a database of streams, else waves where there is a branch `flow`.
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<GeneratedKind>,
}

/// Who says whether a plan is to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfirmedBy {
    /// A person at the terminal.
    Ask,
    /// An agent in the person's place.
    Agent,
    /// Nobody: it is to be carried out.
    Yes,
}

/// The kinds of plans that can be made of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GeneratedKind {
    /// Tasks in a database.
    Streams,
    /// Tasks in the branches of a repository.
    Waves,
}

/// Which tools are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ToolSet {
    /// Those on tasks and streams.
    Tasks,
    /// Those on plans and tasks that are kept in the branches of the repository here.
    Git,
    /// All that there are; for the worker of a stream those on tasks.
    All,
}

/// The options of `orch mcp`.
#[derive(Debug, Group)]
pub(crate) struct Mcp {
    /// Which tools.
    #[arg(long, value_enum, value_name = "TOOLS", default_value = "all")]
    pub(crate) tools: ToolSet,
    /// The database of the tasks; that of the project here unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// For the worker of this stream: what is another stream's can be read, and not be changed. It has no tools on branches.
    #[arg(long, value_name = "ID")]
    pub(crate) stream: Option<String>,
}

/// What is done to work trees.
#[derive(Debug, Subcommand)]
pub(crate) enum WorktreeCommand {
    /// The work trees of the repository: whose they are, and what stands against removing each.
    List {
        #[command(flatten)]
        looked: Looked,
    },
    /// Remove work trees that hold nothing unsaved, and leave their branches.
    Remove {
        /// Tasks or paths; all that are safe to remove when none is given. A plan's file or folder may stand among
        /// them.
        #[arg(value_name = "ID")]
        names: Vec<String>,
        #[command(flatten)]
        kind: Kinded,
        /// Also those that hold unsaved work: it is kept under a rescue ref first.
        #[arg(long)]
        force: bool,
    },
    /// Keep all that is in a work tree, saved or not, under a ref; without a name, list what was kept.
    Rescue {
        /// Tasks or paths. A plan's file or folder may stand among them.
        #[arg(value_name = "ID")]
        names: Vec<String>,
        #[command(flatten)]
        kind: Kinded,
    },
}

/// A plan that is pointed at.
#[derive(Debug, Group)]
pub(crate) struct Pointed {
    /// The plan: its file or folder, or the id of a plan of weavers.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
}

/// A plan that is only looked at.
#[derive(Debug, Group)]
pub(crate) struct Looked {
    /// The plan: an index file, a planning document, or the folder it is in. Without it, what is found in the current folder.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
    /// As one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What kind of plan it is.
#[derive(Debug, Group)]
pub(crate) struct Kinded {
    /// What kind of plan it is, instead of what it looks like.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// The streams of all initiatives, not of the current one alone.
    #[arg(long)]
    pub(crate) all_initiatives: bool,
}

/// The form in which the status is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFormat {
    /// For people.
    Text,
    /// One JSON document, as with `--json`.
    Json,
    /// Of streams alone: the lines of the original check_streams_data.py. Whitespace in a stream's id becomes `_`, and
    /// where there is no database or no stream, a line says so and the exit code is 0.
    Lines,
}

/// The options of `orch watch`.
#[derive(Debug, Group)]
pub(crate) struct Watch {
    /// The plan, as for other commands. A whole number is always the seconds: write ./15 for a folder of that name.
    pub(crate) plan: Option<String>,
    /// After how many seconds it is looked at again although nothing was heard of it; 15 unless given.
    pub(crate) seconds: Option<String>,
    #[command(flatten)]
    pub(crate) kind: Kinded,
    /// Show every row, however many there are.
    #[arg(long)]
    pub(crate) all: bool,
}

/// The form in which the graph is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Levels by depth, for people.
    Text,
    /// For Graphviz.
    Dot,
    /// For Mermaid, as in Markdown.
    Mermaid,
    /// For scripts.
    Json,
}

impl Args {
    /// Whether the answer, and so an error, is to be JSON.
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            Some(Command::Run(run)) => run.json,
            Some(Command::Dispatch(dispatch)) => dispatch.json,
            Some(Command::Collect(collect)) => collect.json,
            Some(Command::Show(show)) => show.looked.json,
            Some(Command::Plan { command }) => command.change().json,
            Some(Command::Sessions { json }) => *json,
            Some(Command::Status { looked, format, .. }) => looked.json || *format == StatusFormat::Json,
            Some(
                Command::Check(looked)
                | Command::Report(looked)
                | Command::Next { looked, .. }
                | Command::Why { looked, .. }
                | Command::Graph { looked, .. }
                | Command::Prompt { looked, .. }
                | Command::Logs { looked, .. }
                | Command::MergeOrder { looked }
                | Command::Worktree { command: WorktreeCommand::List { looked } },
            ) => looked.json,
            Some(
                Command::Retry { .. }
                | Command::Watch(_)
                | Command::Stop { .. }
                | Command::Attach { .. }
                | Command::Ack(_)
                | Command::Mode(_)
                | Command::Close(_)
                | Command::New { .. }
                | Command::Restack { .. }
                | Command::Worktree { .. }
                | Command::Pane { .. }
                | Command::Witness
                | Command::Generate(_)
                | Command::Mcp(_)
                | Command::Completions { .. }
                | Command::Other(_),
            )
            | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_contract_is_understood() {
        for line in [
            "orch",
            "orch run",
            "orch run PLAN.md -j 4 --agent mine --executor process --fresh --retry-failed --keep-going \
             --only A B --until C --timeout 30m --retries 2 --dry-run --events - --strict-resume --no-review \
             --no-validation --durability power --yes --json",
            "orch run --stop-on-fail --require-validation --durability process",
            "orch retry PROMPT-01 PROMPT-02",
            "orch stop",
            "orch stop PROMPT-01",
            "orch check PLAN.md --json",
            "orch status --json",
            "orch status --format lines",
            "orch watch",
            "orch watch PLAN.md 5 --all",
            "orch watch 5 --kind streams --all-initiatives",
            "orch next",
            "orch graph --format mermaid",
            "orch report PLAN.md --json",
            "orch why PROMPT-01 --json",
            "orch logs PROMPT-01 -f --attempt 2",
            "orch prompt PROMPT-01 --explain",
            "orch -C /tmp status --kind prompts",
            "orch status -C /tmp",
            "orch run plan/session-20250112-143000 --continuous",
            "orch plan add \"x\" --requires A --requires B --provides C --file a.rs --time 8m --priority high",
            "orch plan replace 005 --by 008,009",
            "orch plan replace 005 x --provides C --plan plan/session-20250112-143000",
            "orch plan drop 005 006 --learned y",
            "orch sessions --json",
        ] {
            Args::try_parse_from(line.split_whitespace()).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        for line in [
            "orch run -j 0",
            "orch run --keep-going --stop-on-fail",
            "orch run --executor magic",
            "orch status --json --format lines",
            "orch watch a b c",
            "orch retry",
            "orch plan replace 005",
            "orch plan drop",
        ] {
            let error = Args::try_parse_from(line.split_whitespace()).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
