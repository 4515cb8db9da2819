"""The DNS servers that Hearth is measured beside, from Debian's packages, run by hand on loopback with a configuration
of their own in the scratch folder; and the echo that is the floor of all of them. One worker each."""
import os
import pwd
import socket
import struct
import time

import common
import house

PACKAGES = ("gdnsd", "nsd", "knot", "dnsperf")
OPTIONAL_PACKAGES = ("ldnsutils", "valgrind")


def write_zone(path, devices, generic=False):
    """The household's names as a master file. `generic`: TLSA as RFC 3597, for servers that do not know it."""
    with open(path, "w", encoding="ascii") as file:
        file.write(f"$ORIGIN {house.ZONE}.\n$TTL 300\n"
                   "@ 3600 IN SOA localhost. nobody.invalid. 1 604800 86400 2592000 300\n"
                   "@ 3600 IN NS localhost.\n")
        for i in range(devices):
            file.write(f"{house.device(i)} IN AAAA {house.address(i)}\n")
            tlsa = house.spki_hash(i)
            data = f"TYPE52 \\# 35 030101{tlsa}" if generic else f"TLSA 3 1 1 {tlsa}"
            file.write(f"_443._tcp.{house.device(i)} IN {data}\n")
    return path


def sign_zone(bench, path):
    """path.signed, by an Ed25519 key made here, with NSEC."""
    keys = bench.folder("zone-keys")
    key = common.run([common.find_program("ldns-keygen"), "-a", "ED25519", "-k", house.ZONE], cwd=keys).strip()
    common.run([common.find_program("ldns-signzone"), "-e", "20500101", "-o", house.ZONE,
                path, os.path.join(keys, key)])
    return path + ".signed"


def zone_of(bench, devices, kind):
    path = bench.path("zones", f"{devices}.{kind}")
    if kind == "signed" and not os.path.exists(path + ".signed"):
        common.say(f"signing {devices:,} devices")
        return sign_zone(bench, write_zone(path, devices))
    if kind == "signed":
        return path + ".signed"
    return path if os.path.exists(path) else write_zone(path, devices, kind == "generic")


class Server:
    """A server under test: a process on a port of loopback."""
    signed = False

    def __init__(self, name, process, port):
        self.name, self.process, self.port = name, process, port

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        common.stop(self.process)


class HearthServer(Server):
    def __init__(self, bench, devices):
        self.house = house.copy_house(bench, devices, "dns")
        self.house.start()
        super().__init__("Hearth", self.house.process, self.house.port)

    def stop(self):
        self.house.stop()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def me():
    return pwd.getpwuid(os.getuid()).pw_name


def start_echo(bench, devices):
    port = house.free_port()
    return Server("echo", common.start([bench.program("bench_echo"), str(port)], bench.path("log", "echo")), port)


def start_gdnsd(bench, devices):
    port = house.free_port()
    folder = bench.folder(f"gdnsd-{devices}")
    zones = bench.folder(f"gdnsd-{devices}", "zones")
    for part in ("run", "state"):
        bench.folder(f"gdnsd-{devices}", part)
    target = os.path.join(zones, house.ZONE)
    if not os.path.exists(target):
        os.link(zone_of(bench, devices, "generic"), target)
    write(os.path.join(folder, "config"),
          f"options => {{ listen => 127.0.0.1:{port}, udp_threads => 1, tcp_threads => 1,\n"
          f" run_dir => {folder}/run, state_dir => {folder}/state }}\n")
    process = common.start([common.find_program("gdnsd"), "-c", folder, "start"], bench.path("log", "gdnsd"))
    return Server("gdnsd", process, port)


def start_nsd(bench, devices, kind="plain", port=None):
    port = port or house.free_port()
    folder = bench.folder(f"nsd-{devices}-{kind}")
    config = write(os.path.join(folder, "nsd.conf"),
                   f'server:\n server-count: 1\n ip-address: 127.0.0.1@{port}\n username: "{me()}"\n chroot: ""\n'
                   f' zonesdir: "{folder}"\n database: ""\n pidfile: "{folder}/pid"\n verbosity: 0\n'
                   f' zonelistfile: "{folder}/zones"\n xfrdfile: "{folder}/xfrd"\n minimal-responses: yes\n'
                   f" rrl-ratelimit: 0\nremote-control:\n control-enable: no\n"
                   f'zone:\n name: "{house.ZONE}"\n zonefile: "{zone_of(bench, devices, kind)}"\n')
    process = common.start([common.find_program("nsd"), "-d", "-c", config], bench.path("log", "nsd"))
    return Server("NSD", process, port)


def start_nsd_signed(bench, devices):
    server = start_nsd(bench, devices, "signed")
    server.name, server.signed = "NSD, signed", True
    return server


def start_knot(bench, devices):
    port = house.free_port()
    folder = bench.folder(f"knot-{devices}")
    config = write(os.path.join(folder, "knot.conf"),
                   f"server:\n rundir: {folder}\n listen: 127.0.0.1@{port}\n udp-workers: 1\n tcp-workers: 1\n"
                   f" background-workers: 1\n user: {me()}\ndatabase:\n storage: {folder}\n"
                   f"log:\n - target: stderr\n   any: error\n"
                   f"template:\n - id: default\n   journal-content: none\n   zonefile-sync: -1\n"
                   f"zone:\n - domain: {house.ZONE}\n   file: {zone_of(bench, devices, 'plain')}\n")
    process = common.start([common.find_program("knotd"), "-c", config], bench.path("log", "knot"))
    return Server("Knot", process, port)


STARTERS = (("echo", start_echo), ("Hearth", HearthServer), ("gdnsd", start_gdnsd), ("NSD", start_nsd),
            ("NSD, signed", start_nsd_signed), ("Knot", start_knot))


def ask(port, name, kind):
    """One question; the answer's octets, or None."""
    query = struct.pack(">HHHHHH", 0x4242, 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query += struct.pack(">HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(1)
        try:
            sock.send(query)
            return sock.recv(4096)
        except OSError:
            return None


def wait_for_answer(server, devices):
    """Until the last device is known there."""
    name = f"{house.device(devices - 1)}.{house.ZONE}"

    def answered():
        if server.process.poll() is not None:
            raise SystemExit(f"{server.name} ended ({server.process.returncode})")
        answer = ask(server.port, name, 28)
        if not answer:
            time.sleep(0.05)
            return False
        return server.name == "echo" or (answer[3] & 15 == 0 and answer[7] == 1)

    common.wait_until(answered, f"{server.name} answers for {name}")
