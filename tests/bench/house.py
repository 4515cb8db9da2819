"""Households for the benches: N devices, each with an AAAA at its name and a TLSA at _443._tcp below it, made by
`hearth init` and `hearth import` in a scratch folder and served by a real hearthd on loopback."""
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time

import common

LABEL = "maple"
ZONE = f"{LABEL}.home.arpa"


def device(index):
    return f"dev{index:06d}"


def address(index):
    return f"fd00::{index >> 16:x}:{index & 0xffff:x}"


def spki_hash(index):
    return hashlib.sha256(str(index).encode()).hexdigest()


def write_records(path, devices):
    """What `hearth import` reads."""
    with open(path, "w", encoding="ascii") as file:
        for i in range(devices):
            file.write(f"{device(i)} 300 IN AAAA {address(i)}\n")
            file.write(f"_443._tcp.{device(i)} 300 IN TLSA 3 1 1 {spki_hash(i)}\n")
    return path


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class House:
    """A folder with a household in it, and the hearthd that serves it."""

    def __init__(self, bench, folder):
        self.bench, self.folder, self.process = bench, folder, None
        self.port = free_port()
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "hearth.conf"), "w", encoding="ascii") as file:
            file.write(f"[resolver]\nlisten = 127.0.0.1@{self.port}\n")

    @property
    def pid(self):
        return self.process.pid

    @property
    def view(self):
        return os.path.join(self.folder, "view", "names.view")

    @property
    def store(self):
        return os.path.join(self.folder, "state", "ledger", "data.mdb")

    @property
    def control(self):
        return os.path.join(self.folder, "run", "control.sock")

    def start(self, environment=None):
        """Returns the seconds until it said that it is ready."""
        read_end, write_end = os.pipe()
        begin = time.monotonic()
        self.process = subprocess.Popen([self.bench.program("hearthd"), "-d", self.folder, "-v"],
                                        stdin=subprocess.DEVNULL, stdout=write_end, stderr=write_end,
                                        env={**os.environ, **(environment or {})})
        common.STARTED.append(self.process)
        os.close(write_end)
        said = b""
        while b"hearthd: ready" not in said:
            more = os.read(read_end, 65536)
            if not more:
                raise SystemExit(f"hearthd ended: {said.decode()}")
            said += more
        ready = time.monotonic() - begin
        self.drain = subprocess.Popen(["cat"], stdin=read_end, stdout=subprocess.DEVNULL)
        os.close(read_end)
        return ready

    def stop(self):
        common.stop(self.process)
        self.drain.wait()
        self.process = None

    def hearth(self, *arguments):
        return common.run([self.bench.program("hearth"), "-d", self.folder, *arguments])

    def children(self):
        """Process ids by role."""
        status = json.loads(self.hearth_status())
        return {child["role"]: child["pid"] for child in status["children"]}

    def hearth_status(self):
        done = subprocess.run([self.bench.program("hearth"), "-d", self.folder, "--json", "status"],
                              stdout=subprocess.PIPE, text=True, check=False)
        return done.stdout


def build_house(bench, devices):
    """A stopped household of that many devices; made once a run. Returns its folder."""
    folder = os.path.join(bench.scratch, f"house-{devices}")
    if os.path.exists(folder):
        return folder
    common.say(f"making a household of {devices:,} devices")
    house = House(bench, folder + ".new")
    house.start()
    house.hearth("--yes", "init", LABEL, "--recovery-out", os.path.join(folder + ".new", "recovery"))
    records = write_records(bench.path(f"{devices}.records"), devices)
    begin = time.monotonic()
    house.hearth("import", "--format", "zone", records)
    common.say(f"imported {2 * devices:,} record sets in {time.monotonic() - begin:.1f} s")
    house.stop()
    os.rename(folder + ".new", folder)
    return folder


def copy_house(bench, devices, name):
    """One's own copy of it, not yet started."""
    folder = os.path.join(bench.scratch, f"{name}-{devices}")
    shutil.rmtree(folder, True)
    shutil.copytree(build_house(bench, devices), folder, ignore=shutil.ignore_patterns("run"))
    return House(bench, folder)
