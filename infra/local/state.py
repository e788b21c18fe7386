"""The state folder of a local cloud (`.local/`): its processes and files. Each clone has its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "infra" / "local"


class LocalCloudError(Exception):
    """An error whose text tells the user what to do."""


def folder(argument):
    """The state folder given on the command line, created if necessary, readable by its owner only."""
    state = (ROOT / argument).resolve()
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    return state


def read_json(path, default):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return default


def write_json(path, value):
    """Writes a file atomically: readers wait for it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=2) + "\n")
    part.replace(path)


def start(state, name, command, environment, port):
    """Starts a background process with a log file and records it."""
    with open(state / f"{name}.log", "wb") as log:
        process = subprocess.Popen(
            command, cwd=state, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
    processes = read_json(state / "processes.json", {})
    processes[name] = {"pid": process.pid, "port": port, "born": _born(process.pid)}
    write_json(state / "processes.json", processes)
    return process


def running(state, name):
    """The record of a running process, or None."""
    process = read_json(state / "processes.json", {}).get(name)
    if process is None or _born(process["pid"]) != process["born"]:
        return None
    return process


def stop_all(state):
    """Stops all recorded processes with their children and waits until they ended."""
    processes = read_json(state / "processes.json", {})
    alive = [(name, process["pid"]) for name, process in processes.items() if running(state, name)]
    for name, pid in alive:
        _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while any(_group_alive(pid) for _, pid in alive) and time.monotonic() < deadline:
        time.sleep(0.05)
    for name, pid in alive:
        _signal_group(pid, signal.SIGKILL)
    (state / "processes.json").unlink(missing_ok=True)
    (state / "stack.json").unlink(missing_ok=True)
    return [name for name, _ in alive]


def stop(state, name):
    """Stops a recorded process and waits until it ended, if it runs."""
    process = running(state, name)
    if process is None:
        return
    _signal_group(process["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 10
    while _group_alive(process["pid"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal_group(process["pid"], signal.SIGKILL)


def wait_until(what, condition, process, log, seconds):
    """Waits for a condition until a deadline or until the process ended; both are errors that show its log."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LocalCloudError(f"{what} did not start{'' if log is None else end_of(log, 15)}")
        time.sleep(0.05)


def end_of(log, lines):
    return f"; the end of {log}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _born(pid):
    """The start time of a process, which tells it from a later one with the same number."""
    return {entry_pid: born for entry_pid, _, born in _processes()}.get(pid)


def _group_alive(group):
    return any(entry_group == group for _, entry_group, _ in _processes())


def _processes():
    """Number, group and start time of each process except zombies, from /proc or `ps`."""
    entries = []
    if Path("/proc/self/stat").exists():
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                words = stat.read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue  # It ended while the list was read.
            if words[0] not in "ZX":
                entries.append((int(stat.parent.name), int(words[2]), words[19]))
        return entries
    answer = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat=,lstart="], capture_output=True, text=True)
    for line in answer.stdout.splitlines():
        pid, group, stat, born = line.split(None, 3)
        if not stat.startswith("Z"):
            entries.append((int(pid), int(group), born))
    return entries


def _signal_group(pid, number):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass


def say(text):
    print(text, file=sys.stderr, flush=True)
