"""What the scripts share that end orch at every point where something changes: the points, the ending, the report."""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# What a call that fails may say instead of changing anything.
ERRORS = {"openat": ["ENOSPC"], "write": ["ENOSPC", "EIO"], "pwrite64": ["ENOSPC", "EIO"], "fsync": ["EIO"],
          "fdatasync": ["EIO"], "rename": ["ENOSPC", "EIO"], "mkdir": ["ENOSPC"], "unlink": ["EIO"], "ftruncate": ["EIO"],
          "sendfile": ["ENOSPC"], "copy_file_range": ["ENOSPC"], "mknodat": ["ENOSPC"]}
# So many runs have to be enough after everything was ended.
MOST_RUNS = 6
CALLS = ("write pwrite64 sendfile copy_file_range fdatasync fsync rename renameat2 unlink unlinkat rmdir ftruncate fchmod "
         "mkdir mknodat flock openat clone3 clone vfork wait4").split()
PATH = "/usr/local/bin:/usr/bin:/bin"
# The first process of its own process space: it takes all others with it, as when the machine goes down.
FENCED = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
# How a run can be ended: where, and what is wrong after that.
Way = collections.namedtuple("Way", "points end")


class Bad(Exception):
    pass


def strace(inject):
    return ["strace", "-qq", "-o", "/dev/null", "-e", f"inject={inject}"]


def changing(lines):
    """Of traced system calls those that change anything: which call, and how many of its kind its process had made."""
    made, points = collections.Counter(), {}
    for line in lines:
        found = re.match(r"(\d+ +)?(\w+)\(", line)
        if not found:
            continue
        made[found[1], found[2]] += 1
        if "CLONE_THREAD" not in line and (found[2] != "openat" or "O_CREAT" in line or "O_TRUNC" in line):
            points[found[2], made[found[1], found[2]]] = None
    return list(points)


def everything(root):
    """All that a run which has nothing to do must leave alone; the lock is signed by every run."""
    files = (path for path in root.rglob("*") if path.is_file() and path.name != "lock")
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def processes(folder):
    """The processes that belong to a folder, by what they were told: their ids and their command lines."""
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            if str(folder).encode() in told and b"tmux" not in (process / "comm").read_bytes():
                said = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                found[int(process.name)] = said
        except OSError:
            continue
    return found


def wait_for_quiet(folder, limit=10):
    """Waits until none of them is left; the command lines of those that still are."""
    until = time.monotonic() + limit
    while (left := processes(folder)) and time.monotonic() < until:
        time.sleep(0.02)
    return list(left.values())


def end_all(folder):
    """Ends what a bad point has left running."""
    for process in processes(folder):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass


def locks_of_git(root):
    return [str(path) for path in (root / ".git").rglob("*.lock") if not {"orch", "objects"} & set(path.parts)]


class Repository:
    """A repository `shop` in which orch runs a plan, a copy of TEMPLATE, and beside it a folder for what happens.

    Of its own each kind of plan has the statics TEMPLATE, ORCH, LOUD and TASKS (all that is begun, each once), and says
    where the HISTORY lies and what is `whole` and `come_of_it`."""

    MAY_STAY = ("work trees",)

    def __init__(self, folder, env=()):
        self.folder = pathlib.Path(folder)
        self.root, self.outside = self.folder / "shop", self.folder / "outside"
        shutil.copytree(self.TEMPLATE, folder, dirs_exist_ok=True, symlinks=True)
        self.env = {"PATH": PATH, "OUTSIDE": str(self.outside), "HOME": str(self.outside), "GIT_CONFIG_NOSYSTEM": "1",
                    "LC_ALL": "C", "TZ": "UTC", **dict(env)}
        command = [str(self.outside / "worker")]
        (self.root / "orch.toml").write_text(
            '[run]\nagent = "worker"\ngrace = "200ms"\nbackoff = "10ms"\n\n'
            f'[agents.worker]\ncommand = {json.dumps(command)}\nresult = "exit"\nmcp = []\npass_env = ["OUTSIDE"]\n')

    def orch(self, *words, before=(), limit=120):
        """Runs orch to its end, `orch run` unless told otherwise: its exit code and what it said."""
        with open(self.outside / "said", "w+") as said:
            # Not a pipe: whoever outlives orch would keep it open.
            code = subprocess.run([*before, self.ORCH, *(words or ["run"])], cwd=self.root, env=self.env, stdin=subprocess.DEVNULL,
                                  stdout=said, stderr=said, timeout=limit).returncode
            said.seek(0)
            return code, said.read()

    def git(self, *words):
        done = subprocess.run(["git", *words], cwd=self.root, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise Bad(f"git {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def record(self, line=None):
        path = self.outside / "record"
        if line is not None:
            with open(path, "a") as record:
                record.write(line + "\n")
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def succeeded(self):
        """The tasks that the history has as done."""
        done = set()
        for path in self.history().rglob("history.jsonl"):
            for line in path.read_bytes().splitlines():
                found = re.search(rb'"task":"([^"]+)".*"to":"([a-zA-Z]+)"', line)
                if found:
                    (done.add if found[2].upper() == b"SUCCESS" else done.discard)(found[1].decode())
        return done

    def everything(self):
        """All that a run which has nothing to do leaves alone."""
        return everything(self.root)

    def begun(self):
        """What speaks against the record of the workers."""
        wrong, running, seen, over = [], {}, collections.Counter(), set()
        is_sure = True
        for line in self.record():
            what, *rest = line.split()
            if what == "crash":
                if rest[0] == "all":
                    running.clear()
                    is_sure = False
                is_sure &= rest[0] != "fail"
                over |= set(rest[1].split(",")) if len(rest) > 1 else set()
                continue
            task, attempt, *more = rest
            if what == "begin":
                if attempt in seen:
                    wrong.append(f"{attempt} began twice")
                if task in running:
                    wrong.append(f"{attempt} began beside {running[task]}")
                if task in over:
                    wrong.append(f"{task} was done and began again")
                seen[attempt] += 1
                running[task] = attempt
            elif what == "end":
                running.pop(task, None)
            elif what == "unmerged":
                wrong.append(f"{attempt} began without what {more[0]} has made")
            else:
                wrong.append(line)
        times = collections.Counter(re.sub(r"^[^.]*\.|\.[^.]*$", "", attempt) for attempt in seen)
        if is_sure and times != dict.fromkeys(self.TASKS, 1):
            wrong.append(f"workers began {dict(times)}")
        return wrong

    def outcome(self, may_stay=()):
        """What speaks against the end, at which everything is done and merged once."""
        wrong = [f"left running: {process}" for process in wait_for_quiet(self.folder)]
        wrong += self.whole() + self.begun()
        expected = {
            **self.come_of_it(),
            "done": (self.succeeded(), set(self.TASKS)),
            "work trees": (self.git("worktree", "list", "--porcelain").count("worktree "), 1),
            "left": ([path.name for folder in {self.root, self.history()} for path in folder.rglob("*")
                      if path.suffix in (".tmp", ".launch", ".new", ".old") or re.search(r"-\d+-\d+\.", path.name)], []),
            "locks": (locks_of_git(self.root), []),
        }
        wrong += [f"{name}: {found!r} is not {meant!r}" for name, (found, meant) in expected.items()
                  if found != meant and name not in may_stay]
        self.git("fsck", "--strict")
        before = self.everything()
        code, said = self.orch()
        after = self.everything()
        if code != 4 or after != before:
            changed = {str(name) for name in {*before, *after} if before.get(name) != after.get(name)}
            wrong.append(f"running it once more was not nothing: {code} {said} {changed}")
        return wrong

    def goes_on(self, how, may_stay=()):
        """Calls `orch run` until it ends well, as a person would, and looks at what came of it."""
        wrong = self.whole()
        if how == "fail":
            # What is under way comes to its end: nobody has killed it.
            wrong += [f"left running: {process}" for process in wait_for_quiet(self.folder)]
        self.record(f"crash {how} {','.join(sorted(self.succeeded()))}")
        for _ in range(1 if how == "run" else MOST_RUNS):
            code, said = self.orch()
            if "panicked" in said:
                wrong.append(f"panicked: {said}")
            if code in (0, 4):
                return wrong + self.outcome(may_stay)
            wrong += self.whole()
            self.ask_again()
        return wrong + [f"it does not end well: {code}: {said}"]

    def ask_again(self):
        """Asks again for what is done and could not be merged, as a person is told to."""
        _, said = self.orch("status", "--json")
        for task in json.loads(said[said.index("{"):])["tasks"]:
            if task["outcome"] == "obstructed":
                self.orch("retry", task["id"])

    def kill(self, how, call, k):
        fenced = FENCED if how == "all" else []
        _, said = self.orch(before=[*fenced, *strace(f"{call}:signal=KILL:when={k}")])
        wrong = [f"panicked: {said}"] if "panicked" in said else []
        return wrong + self.goes_on(how)

    def fail(self, call, k, error):
        code, said = self.orch(before=strace(f"{call}:error={error}:when={k}"))
        # The write with which the watch of files is woken never fails so, and it relies on that.
        wrong = [f"panicked: {said}"] if "panicked" in said and "inotify.rs" not in said else []
        if code < 0 or code > 128:
            wrong.append(f"ended with {code}: {said}")
        if self.LOUD and said:
            print(f"-- {call} {k} {error}: {code}: {said.strip()}")
        return wrong + self.goes_on("fail", self.may_stay(said))

    def may_stay(self, said):
        """What could not be tidied up after a call that failed costs nothing but room."""
        return self.MAY_STAY

    @classmethod
    def points(cls):
        """The calls of a run that nobody ends."""
        with tempfile.TemporaryDirectory(prefix="orch-kill-") as folder:
            repository = cls(folder)
            trace = repository.outside / "trace"
            code, said = repository.orch(before=["strace", "-qq", "-o", str(trace)])
            wrong = repository.outcome()
            if code or wrong:
                sys.exit(f"without a kill: {code} {said} {wrong}")
            return [point for point in changing(trace.read_text().splitlines()) if point[0] in CALLS]

    @classmethod
    def of_failures(cls):
        return [(*point, error) for point in cls.points() for error in ERRORS.get(point[0], [])]

    @classmethod
    def ways(cls):
        return {"run": Way(cls.points, lambda folder, *point: cls(folder).kill("run", *point)),
                "all": Way(cls.points, lambda folder, *point: cls(folder).kill("all", *point)),
                "fail": Way(cls.of_failures, lambda folder, *point: cls(folder).fail(*point))}


def try_repositories(kind, template, failures=()):
    """Ends runs in repositories of this kind at every point that is asked for; whether anything was wrong."""
    arguments = Arguments(["run", "all", "fail"])
    kind.ORCH, kind.LOUD = arguments.orch, arguments.is_loud
    ways = kind.ways()

    def tried(way, point):
        with tempfile.TemporaryDirectory(prefix="orch-kill-") as folder:
            try:
                return ways[way].end(folder, *point)
            except (Bad, OSError, KeyError, ValueError, subprocess.TimeoutExpired, *failures) as error:
                return [f"{type(error).__name__}: {error}"]
            finally:
                end_all(folder)

    def made(folder):
        kind.TEMPLATE = folder
        template(folder)

    return try_all(arguments, ways, tried, made, fenced=["all"])


def taken(arguments, option):
    """The values of an option that may come several times."""
    values = []
    while option in arguments:
        at = arguments.index(option)
        values.append(arguments.pop(at + 1))
        arguments.pop(at)
    return values


class Arguments:
    """[ORCH] [--every N] [--only WAY]... [--jobs N] [--point WORD:WORD...]... [--loud]"""

    def __init__(self, ways):
        words = sys.argv[1:]
        self.every = int((taken(words, "--every") or [1])[-1])
        self.ways = taken(words, "--only") or ways
        self.jobs = int((taken(words, "--jobs") or [4])[-1])
        parts = (point.split(":") for point in taken(words, "--point"))
        self.points = [tuple(int(word) if word.isdigit() else word for word in point) for point in parts]
        self.is_loud = "--loud" in words
        named = [word for word in words if not word.startswith("--")]
        self.orch = os.path.abspath(named[0] if named else "target/debug/orch")


def try_all(arguments, ways, tried, make_template, fenced):
    """Ends runs at every point of the ways that are asked for, and says what was wrong; whether anything was.

    `tried(way, point)` says what is wrong after one; the repositories are copies of what `make_template(folder)` makes."""
    wanted = arguments.ways
    if subprocess.run([*FENCED, "true"], capture_output=True).returncode:
        print(f"unshare may not make a process space here: left out are {fenced}")
        wanted = [way for way in wanted if way not in fenced]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="orch-kill-") as made:
        make_template(pathlib.Path(made))
        for way in wanted:
            # To find them is to run without a kill, which says what has to come of it.
            found = ways[way].points()
            points = arguments.points or found[::arguments.every]
            bad = 0
            with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
                for point, wrong in zip(points, pool.map(lambda point: tried(way, point), points)):
                    if wrong:
                        bad += 1
                        print(way, *point, "; ".join(wrong), flush=True)
            print(f"{way}: {len(points)} points, {bad} bad", flush=True)
            failed += bad
    return failed > 0
