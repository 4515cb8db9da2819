"""What a household takes: memory of each process, files on the disk, and how both grow with the names."""
import os

import common
import dns
import house
import peers
from common import Missing, Table

ROLES = ("parent", "ledger", "resolver")


class Sizes:
    """Of one household, at rest after every device was asked for once and one was changed."""

    def __init__(self, bench, devices):
        home = house.copy_house(bench, devices, "memory")
        home.start()
        server = peers.Server("Hearth", home.process, home.port)
        try:
            dns.drive(bench, server, dns.write_queries(bench, devices), 1)
        except Missing as missing:
            common.say(f"no queries before measuring: {missing}")
        home.hearth("set", house.device(0), "AAAA", "fd00::ffff")
        pids = {"parent": home.pid, **home.children()}
        self.pss = {role: common.memory_kib(pids[role])[0] for role in ROLES}
        self.anonymous = {role: common.memory_kib(pids[role])[1] for role in ROLES}
        self.store, self.view = os.path.getsize(home.store), os.path.getsize(home.view)
        home.stop()


def mib(kib):
    return f"{kib / 1024:,.1f}"


def bench_memory(bench):
    low, high = bench.sizes[0], bench.sizes[-1]
    wanted = sorted({low, int((low * high) ** 0.5), high})
    sizes = {devices: Sizes(bench, devices) for devices in wanted}
    columns = [f"PSS {role}, MiB" for role in ROLES] + [f"of it anonymous: {role}" for role in ROLES]
    table = Table("Memory and files",
                  "PSS counts a page that several processes map in shares: the view is in the resolver's and in the page "
                  "cache, not copied. Each device has two record sets.",
                  "devices", *columns, "store, MiB", "view, MiB")
    for devices in wanted:
        of = sizes[devices]
        table.add(f"{devices:,}", *[mib(of.pss[role]) for role in ROLES], *[mib(of.anonymous[role]) for role in ROLES],
                  mib(of.store / 1024), mib(of.view / 1024))
    span = high - low

    def slope(get, unit):
        return f"{(get(sizes[high]) - get(sizes[low])) * unit / span:,.0f}"

    table.add("octets a device", *[slope(lambda of, r=role: of.pss[r], 1024) for role in ROLES],
              *[slope(lambda of, r=role: of.anonymous[r], 1024) for role in ROLES],
              slope(lambda of: of.store, 1), slope(lambda of: of.view, 1))
    return [table]
