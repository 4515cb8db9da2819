"""From a command to the answer: one AAAA changed over the control socket, and the resolver asked until it knows."""
import common
import house
from common import Table


def measure(bench, devices):
    home = house.copy_house(bench, devices, "commit")
    durable = bench.path("durable", str(devices))
    with open(durable, "wb") as file:
        file.write(bytes(8))
    home.start({"LD_PRELOAD": bench.library("libbench_durable_clock.so"), "HEARTH_BENCH_DURABLE": durable})
    # Large views are published twice a second at most: each change must find hearthd at rest.
    changes, pause_us, rest_ms = (20, 100, 20) if devices <= 10_000 else (2, 1000, 1500)
    said = common.run([bench.program("bench_commit"), home.control, str(home.port), house.device(devices // 2),
                       house.ZONE, str(bench.rounds * changes), str(pause_us), str(rest_ms), durable])
    home.stop()
    return [[float(word) for word in line.split()] for line in said.splitlines()]


def bench_commit(bench):
    table = Table("From a change to its answer",
                  "Milliseconds. The commit is what the disk needs, the rest is Hearth's: building the view, publishing "
                  "it, and the resolver's noticing.",
                  "devices", "changes", "command to durable", "durable to the resolver's answer",
                  "command to the resolver's answer", "command to its own answer")
    for devices in bench.sizes:
        rows = measure(bench, devices)
        durable, told, seen = zip(*rows)
        table.add(f"{devices:,}", len(rows), common.spread(durable, 2),
                  common.spread([b - a for a, b in zip(durable, seen)], 2), common.spread(seen, 2),
                  common.spread(told, 2))
    return [table]
