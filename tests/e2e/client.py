"""client.py: a program that speaks to hearth-proxy by itself, as well or as badly as a test wants.

    with Client(home) as client:
        client.connect("camera.maple.home.arpa:443")      # CONNECT; .status
        client.tls("camera.maple.home.arpa")              # trusts the household's CA alone
        answer = client.get("/")                          # .status, .field("content-type"), .body
"""
import re
import socket
import ssl

PROXY = ("127.0.0.1", 4680)
WAIT_S = 30
HOST = "camera.maple.home.arpa"


class Answer:
    def __init__(self, status, fields, body, whole):
        self.status, self.fields, self.body, self.whole = status, fields, body, whole

    def field(self, name):
        values = [value for key, value in self.fields if key.lower() == name]
        return ", ".join(values) if values else None

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def words(self):
        """What a page says: without its marks, styles and blanks."""
        return "".join(re.sub(r"<style>.*?</style>|<[^>]*>", "", self.text, flags=re.DOTALL).split())

    def __repr__(self):
        return f"<{self.status}{'' if self.whole else ', cut short'} {(self.words or self.text)[:300]!r}>"


class Closed(Exception):
    """The proxy closed instead of answering."""


class Client:
    def __init__(self, h, at=PROXY):
        self.h = h
        self.stream = socket.create_connection(at, timeout=WAIT_S)
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()

    def send(self, data):
        """What the proxy does not take any more is no matter: its answer counts."""
        try:
            self.stream.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        except TimeoutError:
            raise
        except OSError:
            pass

    def connect(self, authority, host=None, more=""):
        """CONNECT; the answer, which stands open if it is 200."""
        self.send(f"CONNECT {authority} HTTP/1.1\r\nHost: {host or authority}\r\n{more}\r\n")
        return self.answer("CONNECT")

    def tls(self, name, alpn=("http/1.1",), newest=None, verify=True):
        context = ssl.create_default_context(cafile=self.h.ca())
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if newest:
            context.maximum_version = newest
        self.stream = context.wrap_socket(self.stream, server_hostname=name)
        return self.stream

    def get(self, path="/", host=HOST, more="", method="GET"):
        self.send(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n")
        return self.answer(method)

    # --- reading ---

    def _read(self):
        """b"" at the end, however it came."""
        try:
            got = self.stream.recv(262144)
        except TimeoutError:
            raise
        except OSError:
            got = b""
        self.buffer += got
        return got

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._read():
                raise Closed(repr(self.buffer[:200]))
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def _take(self, size):
        """That many octets, or what there is before the end."""
        while len(self.buffer) < size and self._read():
            pass
        got, self.buffer = self.buffer[:size], self.buffer[size:]
        return got

    def answer(self, method="GET"):
        """The next answer, interim ones left out."""
        while True:
            version, status = self._line().split(" ")[:2]
            if version != "HTTP/1.1":
                raise ValueError(f"no HTTP/1.1: {version}")
            fields = []
            for line in iter(self._line, ""):
                name, value = line.split(":", 1)
                fields.append((name, value.strip()))
            if not (status.startswith("1") and status != "101"):
                break
        made = Answer(int(status), fields, b"", True)
        if method == "HEAD" or status in ("101", "204", "304") or (method == "CONNECT" and status == "200"):
            return made
        if (made.field("transfer-encoding") or "").lower() == "chunked":
            self._chunks(made)
        elif made.field("content-length") is not None:
            size = int(made.field("content-length"))
            made.body = self._take(size)
            made.whole = len(made.body) == size
        else:
            made.body = self._rest()
        return made

    def _chunks(self, made):
        pieces = []
        try:
            while True:
                size = int(self._line().split(";")[0], 16)
                if size == 0:
                    while self._line():
                        pass
                    break
                piece = self._take(size)
                pieces.append(piece)
                if len(piece) < size or self._take(2) != b"\r\n":
                    made.whole = False
                    break
        except Closed:
            made.whole = False
        made.body = b"".join(pieces)

    def _rest(self):
        while self._read():
            pass
        got, self.buffer = self.buffer, b""
        return got

    def rest(self):
        """Everything until the proxy closes."""
        return self._rest()

    def is_closed(self):
        """Waits for the end; octets that come before it are kept out."""
        return self._rest() is not None


def ask(h, path="/", name=HOST, port=443, more="", method="GET", body=b""):
    """One request through the proxy, as a well-made program sends it: the answer."""
    with Client(h) as client:
        opened = client.connect(f"{name}:{port}")
        if opened.status != 200:
            return opened
        client.tls(name)
        host = name if port == 443 else f"{name}:{port}"
        client.send(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode() + body)
        return client.answer(method)
