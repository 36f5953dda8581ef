//! A tmux server for one test, and ways to see what became of things.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use orch_exec::process::{Exit, Launch, Processes, Worker, receipt};
use orch_exec::tmux::{SessionName, Started, Tmux, TmuxError};

use crate::process_support::{LONG, Place, processes, wait_for_all};

/// A folder with a server, ended with it.
pub(crate) struct Server {
    pub(crate) place: Place,
    pub(crate) tmux: Tmux,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with_config("")
    }

    pub(crate) fn with_config(config: &str) -> Self {
        Self::with(config, &[])
    }

    pub(crate) fn with(config: &str, more: &[(&str, &str)]) -> Self {
        let place = Place::new();
        fs::write(place.path(".tmux.conf"), config).unwrap();
        fs::create_dir(place.path("launches")).unwrap();
        let mut environment = environment(&place);
        environment.extend(more.iter().map(|(name, value)| (name.into(), value.into())));
        let tmux = match Tmux::find_in(environment, None) {
            Ok(tmux) => tmux,
            Err(TmuxError::NotInstalled) => panic!("these tests need tmux: install it"),
            Err(error) => panic!("{error}"),
        };
        Self { place, tmux: tmux.with_grace(LONG) }
    }

    /// The words that run [`the_pane`](crate::the_pane). The last shows that a semicolon ends nothing.
    pub(crate) fn pane(&self) -> Vec<OsString> {
        let words = ["--exact", "the_pane", "--ignored", "--nocapture", "--test-threads=1", "no;"];
        let program = std::env::current_exe().unwrap().into_os_string();
        std::iter::once(program).chain(words.map(OsString::from)).collect()
    }

    /// A shell script with a receipt.
    pub(crate) fn script(&self, script: &str) -> Launch {
        Launch { receipt: Some(self.place.path("receipt")), ..self.place.script(script) }
    }

    pub(crate) fn try_start(&self, name: &str, launch: &Launch) -> Result<Started, TmuxError> {
        self.tmux.start(&session(name), launch, &self.pane(), &self.place.path("launches"))
    }

    /// Starts what does not end by itself.
    pub(crate) fn start(&self, name: &str, launch: &Launch) -> Worker {
        match self.try_start(name, launch).unwrap() {
            Started::Running(worker) => worker,
            Started::Ended => panic!("ended: {}", self.place.log()),
        }
    }

    /// Starts it and has it watched as number 1.
    pub(crate) fn watched(&self, name: &str, launch: &Launch, grace: Duration) -> (Worker, Processes) {
        let worker = self.start(name, launch);
        let mut processes = processes(false, grace);
        assert!(processes.adopt(1, &worker, &launch.marker, launch.receipt.clone(), None));
        (worker, processes)
    }

    /// Runs it to its end and returns what the receipt says.
    pub(crate) fn run(&self, name: &str, launch: &Launch) -> Exit {
        let path = launch.receipt.clone().unwrap();
        let started = self.try_start(name, launch).unwrap();
        let mut processes = processes(false, LONG);
        if let Started::Running(worker) = started
            && processes.adopt(1, &worker, &launch.marker, Some(path.clone()), None)
        {
            let exit = wait_for_all(&mut processes)[0].exit;
            assert_eq!(receipt::read(&path), Some(exit));
        }
        receipt::read(&path).expect("a receipt")
    }

    /// The plain tmux program, as a person would use it.
    pub(crate) fn by_hand(&self, words: &[&str]) -> String {
        let output = self.command().args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.env_clear().envs(environment(&self.place));
        command
    }

    /// Sessions go a moment after what ran in them.
    pub(crate) fn wait_until_gone(&self, name: &str) {
        until("the session is gone", || !self.tmux.has(&session(name)).unwrap());
    }

    pub(crate) fn launch_files(&self) -> usize {
        fs::read_dir(self.place.path("launches")).unwrap().count()
    }

    /// A program named `tmux` that runs a script, in which `$TMUX_PROGRAM` is the real one.
    pub(crate) fn with_tmux_replaced(&self, script: &str) -> Tmux {
        let folder = self.place.path("fake");
        fs::create_dir_all(&folder).unwrap();
        let real = ["/usr/local/bin/tmux", "/usr/bin/tmux", "/bin/tmux", "/opt/homebrew/bin/tmux"];
        let real = real.into_iter().find(|path| fs::exists(path).unwrap()).expect("tmux in a usual place");
        let script =
            format!("#!/bin/sh\nTMUX_PROGRAM={real}\ntest $1 = -V && exec $TMUX_PROGRAM -V\n{script}\n");
        // Put there by another program: while this one has it open for writing, a process that another test just starts
        // may have it open, too, and it could not be run.
        fs::write(folder.join("script"), script).unwrap();
        let mut install = Command::new("install");
        install.args(["-m", "755"]).arg(folder.join("script")).arg(folder.join("tmux"));
        assert!(install.status().unwrap().success());
        let path = (
            OsString::from("PATH"),
            std::env::join_paths([folder, "/usr/bin".into(), "/bin".into()]).unwrap(),
        );
        Tmux::find_in(environment(&self.place).into_iter().chain([path]), None).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended with its last session.
        let _ = self.command().arg("kill-server").output();
    }
}

fn environment(place: &Place) -> Vec<(OsString, OsString)> {
    vec![
        ("PATH".into(), std::env::var_os("PATH").unwrap()),
        ("HOME".into(), place.path("").into()),
        ("TMUX_TMPDIR".into(), place.path("").into()),
        ("LANG".into(), "C.UTF-8".into()),
    ]
}

pub(crate) fn session(name: &str) -> SessionName {
    name.parse().unwrap()
}

/// For what nobody announces.
pub(crate) fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !reached() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A pipe that a script waits at (`read -r go <$GO`) until it is told to go on.
pub(crate) struct Gate(Place);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Place::new())
    }

    pub(crate) fn for_launch(&self, launch: &mut Launch) {
        launch.env.push(("GO".into(), self.path().into()));
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path("say")
    }

    pub(crate) fn open(&self) {
        fs::write(self.path(), "go\n").unwrap();
    }
}
