"""DNS over UDP: queries a second beside an echo that thinks of nothing, and the processor time of one answer."""
import os
import random
import re
import subprocess

import common
import house
import peers
from common import Missing, Table

SOCKETS, OUTSTANDING, QUERIES, WARM_S = 4, 200, 100_000, 1


def write_queries(bench, devices):
    """50 % AAAA, 30 % TLSA, 20 % names that are not there; the same at every run."""
    path = bench.path("queries", str(devices))
    dice = random.Random(1)
    with open(path, "w", encoding="ascii") as file:
        for _ in range(QUERIES):
            kind, index = dice.random(), dice.randrange(devices)
            if kind < 0.5:
                file.write(f"{house.device(index)}.{house.ZONE} AAAA\n")
            elif kind < 0.8:
                file.write(f"_443._tcp.{house.device(index)}.{house.ZONE} TLSA\n")
            else:
                file.write(f"no{house.device(index)}.{house.ZONE} AAAA\n")
    return path


class Row:
    """What one server did, round by round."""

    def __init__(self, name):
        self.name = name
        self.qps, self.user, self.system = [], [], []
        self.lost = self.completed = 0
        self.size = 0
        self.noerror = 0.0


def drive(bench, server, queries, seconds, row=None):
    """dnsperf on its core against the server on another; one round of the row."""
    arguments = ["taskset", "-c", str(bench.client_core), common.find_program("dnsperf"), "-s", "127.0.0.1",
                 "-p", str(server.port), "-d", queries, "-l", str(seconds), "-c", str(SOCKETS), "-q", str(OUTSTANDING)]
    before = common.cpu_seconds(server.pid)
    said = common.run(arguments + (["-e", "-D"] if server.signed else []))
    after = common.cpu_seconds(server.pid)

    def figure(pattern):
        found = re.search(pattern, said)
        return float(found.group(1)) if found else 0.0

    completed = int(figure(r"Queries completed:\s+(\d+)"))
    if row is None or completed == 0:
        return
    row.qps.append(figure(r"Queries per second:\s+([\d.]+)"))
    row.user.append((after[0] - before[0]) / completed * 1e6)
    row.system.append((after[1] - before[1]) / completed * 1e6)
    row.lost += int(figure(r"Queries lost:\s+(\d+)"))
    row.completed += completed
    row.size = int(figure(r"response (\d+)"))
    row.noerror = figure(r"NOERROR \d+ \(([\d.]+)%\)")


def start_servers(bench, devices):
    servers = []
    for name, starter in peers.STARTERS:
        try:
            server = starter(bench, devices)
        except Missing as missing:
            common.say(f"{name} is left out: {missing}")
            continue
        peers.wait_for_answer(server, devices)
        common.pin(server.pid, bench.server_core)
        servers.append(server)
    return servers


def instructions(bench, devices, queries):
    """Instructions of one answer of Hearth's, counted and not timed; None without valgrind."""
    try:
        valgrind = common.find_program("valgrind")
    except Missing:
        return None
    view = os.path.join(house.build_house(bench, devices), "view", "names.view")
    out = bench.path("log", f"callgrind-{devices}")
    done = subprocess.run([valgrind, "--tool=callgrind", f"--callgrind-out-file={out}", "--toggle-collect=answer_packet",
                           bench.program("bench_answer"), view, queries, "1"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1)) / QUERIES


def answer_alone(bench, devices, queries):
    """Nanoseconds of one answer without any socket, by round."""
    view = os.path.join(house.build_house(bench, devices), "view", "names.view")
    said = common.run(["taskset", "-c", str(bench.server_core), bench.program("bench_answer"), view, queries,
                       str(2 * bench.rounds)])
    return [float(line) for line in said.split()]


def bench_size(bench, devices, table, alone):
    common.say(f"DNS, {devices:,} devices")
    queries = write_queries(bench, devices)
    servers = start_servers(bench, devices)
    rows = [Row(server.name) for server in servers]
    try:
        for server in servers:
            drive(bench, server, queries, WARM_S)
        for _ in range(bench.rounds):
            for server, row in zip(servers, rows):
                drive(bench, server, queries, bench.seconds, row)
    finally:
        for server in servers:
            server.stop()
    for row in rows:
        table.add(f"{devices:,}", row.name, common.ratio(row.qps, rows[0].qps), common.spread(row.qps),
                  common.spread(row.user, 2), common.spread(row.system, 2), row.size, f"{row.noerror:.0f}", row.lost)
    counted = instructions(bench, devices, queries)
    alone.add(f"{devices:,}", common.spread(answer_alone(bench, devices, queries)),
              f"{counted:,.0f}" if counted else "–")


def bench_dns(bench):
    table = Table("DNS over UDP",
                  "50 % AAAA, 30 % TLSA, 20 % names that do not exist, in random order. Server on one core, dnsperf on "
                  f"the other, {OUTSTANDING} queries under way over {SOCKETS} sockets.",
                  "devices", "server", "QPS by echo's", "QPS", "user µs a query", "system µs a query",
                  "octets an answer", "NOERROR %", "lost")
    alone = Table("One answer of Hearth's alone",
                  "The same queries given to `answer_packet` without any socket, one after the other.",
                  "devices", "ns", "instructions")
    for devices in bench.sizes:
        bench_size(bench, devices, table, alone)
    return [table, alone]
