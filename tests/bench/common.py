"""What all benches share: the bench's settings, processes that end with it, medians, and tables."""
import atexit
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TICKS = os.sysconf("SC_CLK_TCK")
WAIT_S = 120  # for anything that happens sooner or later


class Missing(Exception):
    """A program that a row needs is not installed."""


class Bench:
    """One run: where the programs are, how much to do, and where to put things."""

    def __init__(self, build, rounds, seconds, sizes, scratch=None):
        self.build = build
        self.rounds = rounds
        self.seconds = seconds
        self.sizes = sizes
        self.scratch = scratch or tempfile.mkdtemp(prefix="hearth-bench-")
        os.makedirs(self.scratch, exist_ok=True)
        if not scratch:
            atexit.register(shutil.rmtree, self.scratch, True)
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.client_core = cores[0], cores[-1]

    def program(self, name):
        """A program of ours, or a bench program beside it."""
        path = os.path.join(self.build, "bin", name)
        if not os.path.exists(path):
            raise Missing(f"{path}: build it first")
        return path

    def library(self, name):
        return os.path.join(self.build, "lib", name)

    def path(self, *parts):
        path = os.path.join(self.scratch, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def folder(self, *parts):
        path = os.path.join(self.scratch, *parts)
        os.makedirs(path, exist_ok=True)
        return path


def find_program(name):
    """A program from the system, administrators' folders included."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Missing(f"{name} is not installed")
    return path


def say(text):
    print(f"# {text}", flush=True)


# --- processes ---

STARTED = []


def start(arguments, log, **options):
    """Starts a program that ends, at the latest, with the bench."""
    with open(log, "ab") as file:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=file, **options)
    STARTED.append(process)
    return process


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process in STARTED:
        STARTED.remove(process)


@atexit.register
def stop_all():
    for process in list(STARTED):
        stop(process)


def run(arguments, **options):
    """Runs to the end; returns what it printed. A failure ends the bench, with what it said."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def wait_until(condition, what):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.005)
    raise SystemExit(f"never: {what}")


def family(pid):
    """A process and all that it started, as far as they are there."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
        except OSError:
            continue
    return found


def pin(pid, core):
    for member in family(pid):
        for task in os.listdir(f"/proc/{member}/task"):
            os.sched_setaffinity(int(task), {core})


def cpu_seconds(pid):
    """User and system time of a process and its children, by the kernel's ticks."""
    user = system = 0
    for member in family(pid):
        with open(f"/proc/{member}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        user += int(fields[11])
        system += int(fields[12])
    return user / TICKS, system / TICKS


def memory_kib(pid):
    """PSS and anonymous memory of one process."""
    found = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[-1] == "kB":
                found[words[0]] = int(words[1])
    return found["Pss:"], found["Anonymous:"]


# --- figures ---

def spread(values, digits=0):
    """Median (least–greatest)."""
    if not values:
        return "–"
    def show(value):
        return f"{value:,.{digits}f}"
    return f"{show(statistics.median(values))} ({show(min(values))}–{show(max(values))})"


def median(values):
    return statistics.median(values)


def ratio(values, floor, digits=2):
    """Of two rows of the same rounds, pair by pair."""
    return spread([value / base for value, base in zip(values, floor)], digits)


class Table:
    """A Markdown table that grows by rows."""

    def __init__(self, title, note, *columns):
        self.title, self.note, self.columns, self.rows = title, note, columns, []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])
        print("  " + " | ".join(self.rows[-1]), flush=True)

    def markdown(self):
        def line(cells):
            return "| " + " | ".join(cells) + " |"
        lines = [f"### {self.title}", "", self.note, ""] if self.note else [f"### {self.title}", ""]
        lines += [line(self.columns), "|" + "---|" * len(self.columns)]
        return "\n".join(lines + [line(row) for row in self.rows]) + "\n"
