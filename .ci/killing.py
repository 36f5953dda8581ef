"""What the scripts share that end orch at every point where something changes: the points, the ending, the report."""

import collections
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

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
