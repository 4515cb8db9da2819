"""What a name costs a program: getaddrinfo for an IPv6 address, in one process, through one name service at a time."""
import ctypes
import os
import random

import common
import house
import peers
from common import Missing, Table

FILES_LINES, FIRST_CALLS, MS_BIND = 50, 25, 1 << 12


def replace_file(path, text, bench):
    """Another file at that path, in our mount namespace alone."""
    ours = peers.write(bench.path("etc", os.path.basename(path)), text)
    if ctypes.CDLL(None, use_errno=True).mount(ours.encode(), path.encode(), None, ctypes.c_ulong(MS_BIND), None) != 0:
        raise SystemExit(f"{path} can't be replaced: {os.strerror(ctypes.get_errno())}")


def write_names(bench, devices):
    path = bench.path("names", str(devices))
    dice = random.Random(2)
    with open(path, "w", encoding="ascii") as file:
        for _ in range(min(100_000, 20 * devices)):
            file.write(f"{house.device(dice.randrange(devices))}.{house.ZONE}\n")
    return path


class Row:
    def __init__(self, title, service, names, calls, view=None, first_too=True):
        self.title, self.service, self.names, self.calls, self.view = title, service, names, calls, view
        self.first_too = first_too
        self.ns, self.first = [], []

    def measure(self, bench):
        environment = {**os.environ, "LD_LIBRARY_PATH": os.path.join(bench.build, "lib")}
        if self.view:
            environment["HEARTH_VIEW"] = self.view
        self.ns.append(self.ask(bench, environment, str(self.calls), 1)[0])
        if self.first_too:
            self.first.append(common.median(self.ask(bench, environment, "first", FIRST_CALLS)))

    def ask(self, bench, environment, calls, rounds):
        said = common.run(["taskset", "-c", str(bench.client_core), bench.program("bench_nss"), self.service,
                           self.names, calls, str(rounds)], env=environment)
        return [float(line) for line in said.split()]


def start_dns(bench, devices):
    """NSD at port 53 of this namespace, on the other core; None without it."""
    try:
        server = peers.start_nsd(bench, devices, port=53)
    except Missing as missing:
        common.say(f"DNS is left out: {missing}")
        return None
    peers.wait_for_answer(server, devices)
    return server


def make_rows(bench, many, dns):
    small, large = bench.sizes
    numeric = peers.write(bench.path("names", "numeric"), "fd00::1\n")
    names = {devices: write_names(bench, devices) for devices in (FILES_LINES, small, large)}
    views = {devices: os.path.join(house.build_house(bench, devices), "view", "names.view") for devices in bench.sizes}
    rows = [Row("a module that answers a constant", "constant", names[FILES_LINES], many),
            Row("a numeric address: no service is asked", "files", numeric, many, first_too=False)]
    rows += [Row(f"hearth, {devices:,} devices", "hearth", names[devices], many, views[devices])
             for devices in bench.sizes]
    rows.append(Row(f"files, {FILES_LINES} lines", "files", names[FILES_LINES], many // 5))
    if dns:
        rows.append(Row(f"dns, NSD with {large:,} devices", "dns", names[large], many // 20))
    rows += [Row(f"the hearth module's own call, {devices:,} devices", "call:hearth", names[devices], 2 * many,
                 views[devices], first_too=False) for devices in bench.sizes]
    return rows


def bench_nss(bench):
    hosts = "".join(f"{house.address(i)} {house.device(i)}.{house.ZONE}\n" for i in range(FILES_LINES))
    replace_file("/etc/hosts", hosts, bench)
    replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\n", bench)
    dns = start_dns(bench, bench.sizes[-1])
    rows = make_rows(bench, 20_000 * bench.seconds, dns)
    for _ in range(bench.rounds):
        for row in rows:
            row.measure(bench)
    if dns:
        dns.stop()
    table = Table("Name service",
                  "`getaddrinfo` for AF_INET6 in one process, names in random order; processor time, for dns the time "
                  f"that passes. The first call of a process (median of {FIRST_CALLS} processes) loads the module and "
                  "maps what it reads.",
                  "service", "ns a call", "by the constant module's", "µs, first call")
    for row in rows:
        table.add(row.title, common.spread(row.ns), common.ratio(row.ns, rows[0].ns),
                  common.spread([ns / 1000 for ns in row.first]))
    return [table]
