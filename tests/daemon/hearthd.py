"""Starts a real hearthd in a scratch directory and talks to it over its control socket (docs/control-protocol.md)."""
import array
import atexit
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

WAIT_S = 60  # for anything that happens sooner or later; nothing is asserted about how soon

BINARY = os.environ.get("HEARTHD") or os.path.join(os.environ.get("HEARTH_BUILD", "build"), "bin", "hearthd")


def isolate():
    """A network of our own, so that the default ports are free and nobody else is disturbed. Without the right to
    make one, the machine's own is used. Returns whether it can be changed at will."""
    new_user, new_net = 0x10000000, 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(new_net if uid == 0 else new_user | new_net) != 0:
        return False
    if uid != 0:
        for path, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{path}", "w") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:  # ip link set lo up
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))
    return uid == 0


def wait_until(condition, what):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"never: {what}")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def processor_ticks(pid):
    """What it has used so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


class Client:
    """One connection to the control socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(WAIT_S)
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise
        self.fd = None  # that came with the last answer

    def send(self, op, **fields):
        payload = json.dumps({"version": 1, "op": op, **fields}).encode()
        self.sock.sendall(struct.pack(">I", len(payload)) + payload)

    def _read(self, count):
        data = b""
        while len(data) < count:
            part, control, _, _ = self.sock.recvmsg(count - len(data), socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
            for level, kind, value in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    self.fd = array.array("i", value[:4])[0]
            if not part:
                raise ConnectionError("closed")
            data += part
        return data

    def receive(self):
        self.fd = None
        return json.loads(self._read(struct.unpack(">I", self._read(4))[0]))

    def ask(self, op, **fields):
        self.send(op, **fields)
        return self.receive()

    def close(self):
        self.sock.close()


class Hearthd:
    def __init__(self, config=None, directory=None, environment=None, pass_fds=()):
        self.directory = directory or tempfile.mkdtemp(prefix="hearthd-daemon-")
        if not directory:
            atexit.register(shutil.rmtree, self.directory, True)
        self.config = os.path.join(self.directory, "hearth.conf")
        self.socket = os.path.join(self.directory, "run", "control.sock")
        if config is not None:
            self.configure(config)
        self.environment = {**os.environ, **(environment or {})}
        self.pass_fds = pass_fds
        self.process = None
        self.lines = []

    def configure(self, text):
        with open(self.config, "w") as file:
            file.write(text)

    def start(self, ready=True):
        self.lines = []
        self.process = subprocess.Popen([BINARY, "-d", self.directory, "-v"], env=self.environment,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=self.pass_fds,
                                        text=True)
        atexit.register(self.kill)
        self.reader = threading.Thread(target=self._collect, daemon=True)
        self.reader.start()
        if ready:
            self.wait_for("hearthd: ready")
        return self

    def _collect(self):
        lines = self.lines
        with self.process.stderr as stream:
            for line in stream:
                lines.append(line.rstrip("\n"))

    def count(self, text):
        return sum(text in line for line in self.lines)

    def wait_for(self, text, count=1):
        def seen():
            if self.count(text) >= count:
                return True
            if self.process.poll() is not None:
                self.reader.join(WAIT_S)
                if self.count(text) < count:
                    raise AssertionError(f"hearthd ended ({self.process.returncode}) without saying {text!r}: "
                                         + "\n".join(self.lines))
            return False
        try:
            wait_until(seen, text)
        except AssertionError:
            print("\n".join(self.lines), file=sys.stderr)
            raise

    def connect(self):
        return Client(self.socket)

    def ask(self, op, **fields):
        client = self.connect()
        try:
            return client.ask(op, **fields)
        finally:
            client.close()

    def children(self):
        return {child["role"]: child for child in self.ask("status")["children"]}

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        status = self.process.wait(WAIT_S)
        self.reader.join(WAIT_S)
        return status

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def dns_query(name):
    """Asks for an A record."""
    query = struct.pack(">HHHHHH", 0x4242, 0x0100, 1, 0, 0, 0)
    return query + b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"


class Router:
    """A local upstream: has an address for every name, but says nothing while it is told to hold its answers."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.asked, self.holds = [], False
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            packet, peer = self.sock.recvfrom(4096)
            end = packet.index(b"\0", 12) + 5
            self.asked.append(packet[12:end - 5].lower())
            if not self.holds:
                answer = packet[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + packet[12:end]
                self.sock.sendto(answer + b"\xc0\x0c" + struct.pack(">HHIH4B", 1, 1, 3600, 4, 192, 168, 1, 1), peer)

    def count(self, name):
        return self.asked.count(dns_query(name)[12:-5])


def dns_rcode(port, name, address="127.0.0.1"):
    """Asks for an A record over UDP; the answer's RCODE, or None when nobody listens there."""
    query = dns_query(name)
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
        sock.settimeout(1)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:  # a lost datagram is asked again; a closed port says so at once
            try:
                sock.send(query)
                answer = sock.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return None
            if answer[:2] == query[:2]:
                return answer[3] & 15
    return None
