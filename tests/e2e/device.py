"""device.py: the things of the household, in Python: each has its key and certificate, answers as told, and
keeps every octet that it got after its handshake, so that a test can show what reached it, and what did not.

    camera = Device(home, CAMERA, home.identity("camera"), answer=site)
    camera.identity = home.identity("impostor")     # from the next connection on
    camera.octets() == b""                          # nothing of a request came
"""
import os
import select
import socket
import ssl
import struct
import subprocess
import threading

OCTETS_KEPT = 1 << 20


class Identity:
    """A key and a certificate, made by hearth-device, which can make all that old devices have."""

    def __init__(self, h, name, *more):
        self.key, self.certificate = h.path(name + ".key"), h.path(name + ".pem")
        minter = subprocess.Popen([os.path.join(h.bin, "hearth-device"), "--key", self.key, "--certificate-out",
                                   self.certificate, *(more or ("--key-type", "p256"))],
                                  stdout=subprocess.PIPE, encoding="utf-8")
        try:
            words = minter.stdout.readline().split()
        finally:
            minter.kill()
            minter.wait()
            minter.stdout.close()
        if words[:1] != ["ready"]:
            raise RuntimeError(f"hearth-device made no certificate for {name}")
        self.fingerprint = words[3]

    def context(self, oldest, newest, ask=False, alpn=None, tickets=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if not tickets:
            context.num_tickets = 0
            context.options |= ssl.OP_NO_TICKET
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = oldest, newest
        context.load_cert_chain(self.certificate, self.key)
        if ask:
            context.verify_mode = ssl.CERT_OPTIONAL if ask == "optional" else ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        if alpn:
            context.set_alpn_protocols(alpn)
        return context


class Request:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = (lines[0].split(" ", 2) + ["", ""])[:3]
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if ":" in line]
        self.body = b""

    def field(self, name):
        """The values of this name, joined; None if it is not there."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def path(self):
        return self.target.split("?", 1)[0]

    @property
    def query(self):
        return dict(part.split("=", 1) for part in self.target.split("?", 1)[1].split("&")) if "?" in self.target else {}


class Gone(Exception):
    """The other side has closed."""


class Connection:
    """One client at the device, after the handshake."""

    def __init__(self, device, stream):
        self.device, self.stream = device, stream
        self.octets, self.total, self.buffer = b"", 0, b""

    def read(self, size=262144):
        """What there is, at least an octet."""
        if self.buffer:
            got, self.buffer = self.buffer[:size], self.buffer[size:]
            return got
        try:
            got = self.stream.recv(size)
        except OSError as why:
            raise Gone from why
        if not got:
            raise Gone
        self.total += len(got)
        if len(self.octets) < OCTETS_KEPT:
            self.octets += got
        return got

    def read_until(self, end, limit=1 << 20):
        data = b""
        while end not in data and len(data) < limit:
            data += self.read()
        whole, mark, rest = data.partition(end)
        self.buffer = rest + self.buffer
        return whole + mark

    def read_exactly(self, size):
        data = b""
        while len(data) < size:
            data += self.read(size - len(data))
        return data

    def body(self, request):
        """The octets of the body, piece by piece."""
        if (request.field("transfer-encoding") or "").lower() == "chunked":
            while True:
                size = int(self.read_until(b"\r\n").split(b";")[0], 16)
                if size == 0:
                    while self.read_until(b"\r\n") != b"\r\n":
                        pass
                    return
                while size > 0:
                    piece = self.read(min(size, 262144))
                    size -= len(piece)
                    yield piece
                self.read_exactly(2)
        left = int(request.field("content-length") or 0)
        while left > 0:
            piece = self.read(min(left, 262144))
            left -= len(piece)
            yield piece

    def send(self, data):
        try:
            self.stream.sendall(data)
        except OSError as why:
            raise Gone from why

    def answer(self, body, status="200 OK", kind="text/html; charset=utf-8", more=()):
        if isinstance(body, str):
            body = body.encode()
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def wait_for_close(self):
        """Until the other side goes, whatever it still says."""
        try:
            while True:
                self.read()
        except Gone:
            pass

    def reset(self):
        """Goes without a word: RST."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


def page(connection, request):
    """The plainest device: one page, with its own name as the marker."""
    for _ in connection.body(request):
        pass
    connection.answer(f"<!doctype html><title>{connection.device.name}</title><h1>{connection.device.name}</h1>")


class Device:
    """Serves until stop(). `answer(connection, request)` answers one request; `greet(connection)`, where given, takes
    the bare TCP connection instead of a handshake; `plain` speaks HTTP without TLS."""

    def __init__(self, name, address, identity, answer=page, port=443, greet=None, plain=False,
                 oldest=ssl.TLSVersion.TLSv1_2, newest=ssl.TLSVersion.TLSv1_3, ask=False, alpn=None, tickets=True, h2_only=False):
        self.name, self.address, self.port, self.identity = name, address, port, identity
        self.answer, self.greet, self.plain = answer, greet, plain
        self.h2_only = h2_only
        self.manner = {"oldest": oldest, "newest": newest, "ask": ask, "alpn": ["h2"] if h2_only else alpn, "tickets": tickets}
        self.lock = threading.Lock()
        self.accepted, self.connections, self.requests = 0, [], []
        self.open = set()
        self.listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(128)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def octets(self):
        with self.lock:
            return b"".join(connection.octets for connection in self.connections)

    def forget(self):
        """Empties the record."""
        with self.lock:
            self.accepted, self.connections, self.requests = 0, [], []

    def cut(self):
        """Closes what is open."""
        with self.lock:
            for stream in self.open:
                try:
                    socket.socket.shutdown(stream, socket.SHUT_RDWR)
                except OSError:
                    pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(timeout=10)
        self.listener.close()
        self.cut()

    def _run(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            raw.settimeout(60)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.accepted += 1
                self.open.add(raw)
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        stream = raw
        try:
            if self.greet:
                self.greet(self._record(raw))
                return
            if self.h2_only and b"\x02h2" not in raw.recv(65536, socket.MSG_PEEK):
                raw.recv(65536)
                raw.sendall(bytes([0x15, 3, 3, 0, 2, 2, 120]))  # no_application_protocol
                return
            if not self.plain:
                context = self.identity.context(**self.manner)
                stream = context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
                with self.lock:
                    self.open.discard(raw)
                    self.open.add(stream)
                stream.do_handshake()
            self._requests(self._record(stream))
        except (Gone, OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(stream)
            try:
                if stream is not raw:
                    stream.settimeout(1)
                    stream.unwrap()  # close_notify, which some wait for
            except (OSError, ValueError):
                pass
            stream.close()

    def _record(self, stream):
        connection = Connection(self, stream)
        with self.lock:
            self.connections.append(connection)
        return connection

    def _requests(self, connection):
        while True:
            head = connection.read_until(b"\r\n\r\n")
            request = Request(head[:-4])
            with self.lock:
                self.requests.append(request)
            self.answer(connection, request)
            if (request.field("connection") or "").lower() == "close":
                return


class Cut:
    """In front of a device: passes on `octets` of what it says, then closes (by RST if `rudely`)."""

    def __init__(self, address, behind, port=443):
        self.behind, self.octets, self.rudely = behind, None, False
        self.listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(128)
        self.passed = 0  # of the connection that ended last
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(timeout=10)
        self.listener.close()

    def _run(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(near, self.octets), daemon=True).start()

    def _relay(self, near, left):
        far = socket.create_connection((self.behind.address, self.behind.port), timeout=30)
        passed = 0
        try:
            while left is None or passed < left:
                for ready in select.select([near, far], [], [], 30)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is far:
                        data = data if left is None else data[:left - passed]
                        passed += len(data)
                    (near if ready is far else far).sendall(data)
        except OSError:
            pass
        finally:
            self.passed = passed
            if self.rudely:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            near.close()
            far.close()
