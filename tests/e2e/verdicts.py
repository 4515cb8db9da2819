"""verdicts.py: which devices are let through, which page comes instead, and what a change of the names does to what is
open. Nothing of a request reaches a device that failed its check: measured at the device."""
import os
import ssl
import subprocess
import time

from client import HOST, Client, Closed, ask
from home import address, wait_until
from website import frame, site

CUT_S = 5  # a withdrawal ends what is open within a second; the machine of a test may be slow
HOPELESS = ("--key-type", "rsa1024", "--hash", "sha1", "--cn", "ipcam.vendor.example", "--not-before", "2007-05-01",
            "--not-after", "2017-05-01")
UPGRADE = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")


def is_own_page(h, answer, status, what, *words):
    """One of the proxy's pages: complete, harmless, and it says these words."""
    h.check(answer.status == status and answer.whole, f"{what}: {answer}")
    for word in words:
        h.check(word.replace(" ", "") in answer.words, f"{what}: no {word!r} in {answer.words[:1500]}")
    policy = answer.field("content-security-policy") or ""
    h.check("default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy,
            f"{what}: {policy}")
    h.check(answer.field("connection") == "close" and "no-store" in (answer.field("cache-control") or ""), f"{what}: {answer.fields}")
    h.check("<script" not in answer.text.lower(), f"{what}: a script")
    h.check((answer.field("content-type") or "").startswith("text/html") and "nosniff" in (answer.field("x-content-type-options") or ""),
            f"{what}: {answer.fields}")


def hopeless(h):
    """Expired, for another name, RSA-1024, SHA-1, TLS 1.0: with the published key it is served all the same."""
    for number, name, newest in [("31", "fax", ssl.TLSVersion.TLSv1), ("32", "ipcam", ssl.TLSVersion.TLSv1_2)]:
        device = h.device(name, number, h.identity(name, *HOPELESS), oldest=ssl.TLSVersion.TLSv1, newest=newest)
        answer = ask(h, "/x", f"{name}.maple.home.arpa")
        h.check(answer.status == 200 and f"<h1>{name}</h1>" in answer.text, f"{name}: {answer}")
        h.check([request.target for request in device.requests] == ["/x"], f"{name}: one request")


def mismatch(h):
    victim = h.device("victim", "33")
    victim.identity = h.identity("impostor")
    expected, presented = h.identity("victim").fingerprint, h.identity("impostor").fingerprint
    for method, more in [("GET", ""), ("POST", "Content-Length: 6\r\nCookie: secret=1\r\nAuthorization: Basic c2VjcmV0\r\n"), ("PUT", "Content-Length: 6\r\n")]:
        answer = ask(h, "/secret", "victim.maple.home.arpa", more=more, method=method, body=b"secret" if method != "GET" else b"")
        is_own_page(h, answer, 502, f"mismatch, {method}", expected, presented, "victim.maple.home.arpa")
        h.check("cache" in (answer.field("clear-site-data") or "") and "storage" in (answer.field("clear-site-data") or ""),
                f"mismatch: {answer.fields}")
    head = ask(h, "/secret", "victim.maple.home.arpa", method="HEAD")
    h.check(head.status == 502, f"HEAD: {head}")
    worker = ask(h, "/worker.js", "victim.maple.home.arpa", more="Service-Worker: script\r\nSec-Fetch-Site: same-origin\r\n")
    h.check(worker.status == 200 and worker.field("content-type").startswith("text/javascript") and
            "self.registration.unregister()" in worker.text, f"a worker's script: {worker}")
    socket = ask(h, "/socket", "victim.maple.home.arpa", more=UPGRADE + "Origin: https://victim.maple.home.arpa\r\n")
    h.check(socket.status == 502, f"WebSocket: {socket}")
    h.check(victim.accepted > 0 and victim.octets() == b"", f"the impostor got {victim.octets()[:200]!r}")
    victim.identity = h.identity("victim")
    h.check(ask(h, "/", "victim.maple.home.arpa").status == 200, "the right key again")


def no_verdict(h):
    """Names without keys, without addresses, without anything; ports that are not published; nobody there."""
    is_own_page(h, ask(h, "/", "nobody.maple.home.arpa"), 502, "no such name", "nobody.maple.home.arpa")
    is_own_page(h, ask(h, "/", "maple.home.arpa"), 502, "the household's own name", "maple.home.arpa")
    nas = h.devices["nas"]
    nas.forget()
    answer = ask(h, "/", "nas.maple.home.arpa", 8443)
    h.check(answer.status in (403, 502) and nas.accepted == 0, f"a port that is not published: {answer}")
    h.publish("gone", "34", "ab" * 32)
    answer = ask(h, "/", "gone.maple.home.arpa")
    h.check(answer.status in (502, 504), f"nobody there: {answer}")
    is_own_page(h, answer, answer.status, "nobody there", "gone.maple.home.arpa", "34")
    h.expect(0, "set", "_443._tcp.homeless", "TLSA", "3", "1", "1", "ab" * 32)
    is_own_page(h, ask(h, "/", "homeless.maple.home.arpa"), 502, "no address", "homeless.maple.home.arpa")
    device = h.device("keyless", "35", adopt=False)
    h.publish("keyless", "35")
    is_own_page(h, ask(h, "/secret", "keyless.maple.home.arpa"), 502, "no key", "keyless.maple.home.arpa")
    h.check(device.octets() == b"", "no key: the device gets nothing")


def rollover(h):
    """Two keys are published, the old and the next: each is right, a third is not."""
    device = h.device("turning", "36")
    old, next_one = h.identity("turning"), h.identity("next")
    h.publish("turning", "36", old.fingerprint, next_one.fingerprint)
    for identity in (old, next_one, old):
        device.identity = identity
        device.cut()
        h.check(ask(h, "/", "turning.maple.home.arpa").status == 200, "one of the two")
    device.identity = h.identity("impostor")
    device.cut()
    device.forget()
    answer = ask(h, "/secret", "turning.maple.home.arpa")
    is_own_page(h, answer, 502, "a third", old.fingerprint, next_one.fingerprint, h.identity("impostor").fingerprint)
    h.check(device.octets() == b"", "a third gets nothing")


def other_ports(h):
    device = h.device("ported", "37", port=8443)
    answer = ask(h, "/", "ported.maple.home.arpa", 8443)
    h.check(answer.status == 200 and device.requests[-1].field("host") == "ported.maple.home.arpa:8443", f"{answer}")
    with Client(h) as client:
        client.connect("ported.maple.home.arpa:8443")
        client.tls("ported.maple.home.arpa")
        answer = client.get("/", "ported.maple.home.arpa")
        h.check(answer.status in (400, 403), f"Host without its port: {answer}")


def vendor_ca(h):
    """`adopt --ca`: the device's own key may change, its CA may not."""
    def play(*words):
        device = subprocess.Popen([os.path.join(h.bin, "hearth-device"), "--listen", address("22"), "--port", "443", "--key-type",
                                   "p256", "--title", "vendored", *words], stdout=subprocess.PIPE, encoding="utf-8")
        h.check(device.stdout.readline().startswith("ready"), f"hearth-device {words}")
        return device
    vendor = ["--issuer", "Vendor CA", "--issuer-key", h.path("vendor.key")]
    for number, (words, status) in enumerate([(vendor, 200), (vendor, 200), ([], 502), (
            ["--issuer", "Vendor CA", "--issuer-key", h.path("another-vendor.key")], 502)]):
        device = play("--san", "vendored.maple.home.arpa", *words)
        try:
            if number == 0:
                h.expect(0, "adopt", "vendored", address("22"), "--ca", "--yes")
            answer = ask(h, "/", "vendored.maple.home.arpa")
            h.check(answer.status == status and ("<h1>vendored</h1>" in answer.text) == (status == 200), f"{number}: {answer}")
        finally:
            device.kill()
            device.wait()
            device.stdout.close()


def listed_origin(h):
    """A household may let one site's pages use a device; no other's."""
    nas, other = "https://nas.maple.home.arpa", "https://fax.maple.home.arpa"
    more = "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nOrigin: {}\r\n"
    h.check(ask(h, "/", more=more.format(nas)).status == 403, "before")
    h.expect(0, "set", "camera", "ORIGINS", nas)
    h.check(ask(h, "/", more=more.format(nas)).status == 200, "the one that may")
    h.check(ask(h, "/", more=more.format(other)).status == 403, "another")
    h.expect(0, "unset", "camera", "ORIGINS")
    h.check(ask(h, "/", more=more.format(nas)).status == 403, "afterwards")


# --- what is open ---

def open_socket(h, name):
    client = Client(h)
    client.connect(f"{name}:443")
    client.tls(name)
    answer = client.get("/socket", name, UPGRADE + f"Origin: https://{name}\r\n")
    h.check(answer.status == 101 and answer.field("upgrade") == "websocket", f"{name}: {answer}")
    return client


def echoes(client, text):
    client.send(b"\x81" + bytes([128 | len(text)]) + b"\0\0\0\0" + text)
    return client._take(2 + len(text)) == frame(1, text)


def ends(h, client, what):
    """The tunnel is closed, from the proxy's side, without anybody's doing but the change."""
    began = time.monotonic()
    client.stream.settimeout(CUT_S)
    try:
        h.check(client.rest() == b"", f"{what}: octets after the cut")
    except TimeoutError:
        h.check(False, f"{what}: still open after {CUT_S} s")
    client.close()
    return time.monotonic() - began


def live_cut(h):
    """Withdrawn, changed, moved, forgotten: what is open to that device ends; what is open to another stays."""
    bystander = open_socket(h, HOST)
    for number, (what, change) in enumerate([
            ("withdrawn", lambda name: h.expect(0, "revoke", name, "--yes")),
            ("another key", lambda name: h.expect(0, "set", f"_443._tcp.{name}", "TLSA", "3", "1", "1", "cd" * 32)),
            ("moved", lambda name: h.expect(0, "set", name, "AAAA", "fd68:6561:7274::3f")),
            ("forgotten", lambda name: h.expect(0, "forget", name))]):
        name = f"live{number}"
        device = h.device(name, "38", h.identity(name), answer=site)
        client = open_socket(h, f"{name}.maple.home.arpa")
        h.check(echoes(client, b"before"), f"{what}: before")
        h.expect(0, "set", "unrelated", "TXT", f"change {number}")
        time.sleep(0.5)  # longer than the proxy needs to see the change; nothing is to happen
        h.check(echoes(client, b"still"), f"{what}: a change elsewhere cuts nothing")
        change(name)
        ends(h, client, what)
        device.forget()
        answer = ask(h, "/secret", f"{name}.maple.home.arpa")
        h.check(answer.status in (502, 504), f"{what}: afterwards {answer}")
        h.check(device.octets() == b"", f"{what}: afterwards the device gets nothing")
        if what == "withdrawn":
            is_own_page(h, answer, 502, "withdrawn", device.identity.fingerprint, "withdrawn")
        device.stop()
        del h.devices[name]
    h.check(echoes(bystander, b"bystander"), "another device's socket stays")
    bystander.close()


def cut_while_loading(h):
    """A long download, an idle connection and a request on its way, withdrawn in the middle."""
    device = h.device("loading", "39", answer=site)
    name = "loading.maple.home.arpa"
    idle, busy = Client(h), Client(h)
    for client in (idle, busy):
        client.connect(f"{name}:443")
        client.tls(name)
    h.check(idle.get("/", name).status == 200, "an idle connection")
    busy.send(f"GET /big?octets=1000000000 HTTP/1.1\r\nHost: {name}\r\n\r\n")
    h.check(busy.stream.recv(100).startswith(b"HTTP/1.1 200"), "a download has begun")
    h.expect(0, "revoke", "loading", "--yes")
    wait_until(lambda: not device.open, "the device's connections are closed", CUT_S)
    device.forget()
    try:
        answer = idle.get("/secret", name)
        h.check(answer.status == 502, f"the idle connection: {answer}")
    except Closed:
        pass
    h.check(device.octets() == b"", "nothing more reaches it")
    busy.stream.settimeout(CUT_S)
    octets = 0
    try:
        while piece := busy.stream.recv(1 << 20):
            octets += len(piece)
    except TimeoutError:
        h.check(False, "the download goes on")
    except OSError:
        pass
    h.check(octets < 1000000000, "cut short")
    idle.close()
    busy.close()


STORIES = [hopeless, mismatch, no_verdict, rollover, other_ports, vendor_ca, listed_origin, live_cut, cut_while_loading]
