"""hostile_devices.py: things that answer as no device should, in their handshake and after it. What the browser's side
gets is the right page, or the proxy's own, or an answer that is plainly cut short; never another one taken for whole."""
import os
import queue
import ssl
import struct
import subprocess
import threading

from client import WAIT_S, Client, Closed, ask
from device import Cut, Device, Gone, page
from home import address, wait_until

HOSTILE = "hostile.maple.home.arpa"
GO_ON = "Connection: close\r\n"


def says(*pieces, then="close"):
    """A device that answers every request with these octets."""
    def answer(connection, request):
        for _ in connection.body(request):
            pass
        for piece in pieces:
            connection.send(piece if isinstance(piece, bytes) else piece.encode("latin-1"))
        if then == "close":
            raise Gone
    return answer


def endless(start, piece):
    """Until nobody listens any more; how much went out is kept."""
    def answer(connection, request):
        connection.device.sent = 0
        connection.send(start)
        while connection.device.sent < 256 << 20:
            connection.send(piece)
            connection.device.sent += len(piece)
    return answer


OK = "HTTP/1.1 200 OK\r\n"
BROKEN = [  # no HTTP that could be passed on
    ("bare LF", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    ("one bare LF", OK + "Content-Length: 5\n\r\nhello"), ("bare CR", OK + "X: a\rb\r\nContent-Length: 5\r\n\r\nhello"),
    ("a folded line", OK + "X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello"),
    ("a blank before the colon", OK + "Content-Length : 5\r\n\r\nhello"),
    ("CL and TE", OK + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("two CL", OK + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    ("two equal CL", OK + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("a list of CL", OK + "Content-Length: 5, 5\r\n\r\nhello"), ("CL below zero", OK + "Content-Length: -5\r\n\r\nhello"),
    ("CL with a sign", OK + "Content-Length: +5\r\n\r\nhello"), ("no CL", OK + "Content-Length:\r\n\r\nhello"),
    ("CL beyond 64 bits", OK + "Content-Length: 18446744073709551621\r\n\r\nhello"),
    ("TE: gzip, chunked", OK + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("two TE", OK + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("TE in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("HTTP/0.9", "<html>hello</html>"), ("HTTP/2", "HTTP/2 200\r\n\r\nhello"), ("HTTP/1.9", "HTTP/1.9 200 OK\r\n\r\nhello"),
    ("status 99", "HTTP/1.1 99 No\r\n\r\n"), ("status 1000", "HTTP/1.1 1000 No\r\n\r\n"), ("status 600", "HTTP/1.1 600 No\r\n\r\n"),
    ("status with a sign", "HTTP/1.1 +200 OK\r\nContent-Length: 5\r\n\r\nhello"), ("no status", "HTTP/1.1 OK\r\n\r\n"),
    ("NUL in a value", OK + "X: a\0b\r\nContent-Length: 5\r\n\r\nhello"), ("a field without a name", OK + ": x\r\n\r\n"),
    ("a field without a colon", OK + "evil\r\n\r\n"), ("an odd field name", OK + "X\xff: y\r\n\r\n"),
    ("101 fields", OK + "A: b\r\n" * 101 + "\r\n"), ("a head of 40,000", OK + "X: " + "a" * 40000 + "\r\n\r\n"),
    ("101 unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello"),
    ("another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
    ("nothing", ""), ("half a head", OK + "Content-Length: 5"), ("TLS again", "\x16\x03\x01\x00\x05hello"),
    ("interim answers alone", "HTTP/1.1 100 Continue\r\n\r\n" * 3), ("SSH", "SSH-2.0-OpenSSH_9.2\r\n")]

SHORT = [  # begins well
    ("a body cut short", OK + "Content-Length: 500\r\n\r\nhello"),
    ("chunks cut short", OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    ("a chunk cut short", OK + "Transfer-Encoding: chunked\r\n\r\nff\r\nhello"),
    ("a chunk longer than it says", OK + "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n"),
    ("a chunk with LF", OK + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"),
    ("a chunk with 0x", OK + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"),
    ("a chunk below zero", OK + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n"),
    ("a blank in a size", OK + "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n"),
    ("a size beyond 64 bits", OK + "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"),
    ("an endless size", OK + "Transfer-Encoding: chunked\r\n\r\n" + "0" * 70000),
    ("an endless extension", OK + "Transfer-Encoding: chunked\r\n\r\n5;" + "x" * 70000 + "\r\nhello\r\n0\r\n\r\n"),
    ("a trailer without an end", OK + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b"),
    ("an endless trailer", OK + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + "A: b\r\n" * 90000)]


def hostile(h):
    """One device that the stories make over; its key is right."""
    if "hostile" not in h.devices:
        h.device("hostile", "24")
    return h.devices["hostile"]


def broken_answers(h):
    device = hostile(h)
    for what, octets in BROKEN:
        device.answer = says(octets)
        answer = ask(h, "/", HOSTILE)
        h.check(answer.status == 502 and answer.whole and "hello" not in answer.text, f"{what}: {answer}")
        h.check(answer.field("connection") == "close", f"{what}: the last answer of its connection")
    device.answer = page
    h.check(ask(h, "/", HOSTILE).status == 200, "and when it behaves again")


def short_answers(h):
    device = hostile(h)
    for what, octets in SHORT:
        device.answer = says(octets)
        try:
            answer = ask(h, "/", HOSTILE)
            h.check(not answer.whole or answer.status == 502, f"{what}: {answer}")
        except Closed:
            pass
    device.answer = page


def good_answers(h):
    """Odd, and right."""
    device = hostile(h)
    for what, octets, body in [
            ("until the end", OK + "\r\nhello", b"hello"), ("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
            ("no reason", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", b"hello"),
            ("a Latin-1 reason", "HTTP/1.1 200 \xfcbel\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
            ("chunks", OK + "Transfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n00\r\nTrailer: x\r\n\r\n", b"hello"),
            ("interim first", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + "Content-Length: 5\r\n\r\nhello", b"hello"),
            ("empty", OK + "Content-Length: 0\r\n\r\n", b""), ("204", "HTTP/1.1 204 No Content\r\n\r\n", b"")]:
        device.answer = says(octets)
        answer = ask(h, "/", HOSTILE)
        h.check(answer.whole and answer.body == body and answer.status in (200, 204), f"{what}: {answer}")
        h.check(answer.field("trailer") is None, f"{what}: {answer.fields}")
    device.answer = page


def endless_answers(h):
    """The proxy stops reading long before such a device has said much."""
    device = hostile(h)
    for what, start, piece in [("a head", OK.encode(), b"X: " + b"a" * 1000 + b"\r\n"), ("a status line", b"HTTP/1.1 200 ", b"a" * 1000),
                               ("interim answers", b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40), ("nothing but LF", b"", b"\n" * 1000)]:
        device.answer = endless(start, piece)
        answer = ask(h, "/", HOSTILE)
        h.check(answer.status == 502 and answer.whole, f"endless {what}: {answer}")
        h.check(device.sent < 16 << 20, f"endless {what}: it could send {device.sent} octets")
    device.answer = page


def poison(h):
    """What a device says beyond its answer is no answer to the next request, and none to another's."""
    device = hostile(h)

    def twice(connection, request):
        connection.send((OK + "Content-Length: 5\r\n\r\nfirst" + OK + "Content-Length: 6\r\n\r\npoison").encode())
    device.answer = twice
    for pause in (0, 0.2):
        with Client(h) as client:
            client.connect(f"{HOSTILE}:443")
            client.tls(HOSTILE)
            h.check(client.get("/1", HOSTILE).body == b"first", "the first answer")
            threading.Event().wait(pause)
            try:
                h.check(client.get("/2", HOSTILE).body != b"poison", "the second is no leftover")
            except Closed:
                pass
        h.check(ask(h, "/3", HOSTILE).body == b"first", "another connection gets its own answer")
    device.answer = page

    def early(connection, request):  # an answer to HEAD or GET that goes on where there must be no body
        connection.send((f"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n{OK}Content-Length: 6\r\n\r\npoison").encode())
    device.answer = early
    with Client(h) as client:
        client.connect(f"{HOSTILE}:443")
        client.tls(HOSTILE)
        h.check(client.get("/1", HOSTILE).status == 304, "304 has no body")
        try:
            h.check(client.get("/2", HOSTILE).body != b"poison", "what follows 304 is no answer")
        except Closed:
            pass
    device.answer = page


# --- the handshake ---

def not_tls(connection):
    connection.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    connection.wait_for_close()


def plain_http(connection):
    connection.read_until(b"\n", 100)
    connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def alert(code):
    def greet(connection):
        connection.read()
        connection.send(bytes([0x15, 3, 3, 0, 2, 2, code]))
    return greet


def hang(connection):
    connection.wait_for_close()


def close_at_once(connection):
    raise Gone


def reset_at_once(connection):
    connection.reset()


def record(kind, data):
    return b"".join(bytes([kind, 3, 3]) + struct.pack(">H", len(data[at:at + 16384])) + data[at:at + 16384]
                    for at in range(0, len(data), 16384))


def server_hello():
    """TLS 1.2, ECDHE-RSA-AES128-GCM-SHA256, secure renegotiation told."""
    body = bytes([3, 3]) + b"\x5a" * 32 + bytes([0, 0xc0, 0x2f, 0]) + bytes([0, 5, 0xff, 1, 0, 1, 0])
    return bytes([2]) + len(body).to_bytes(3, "big") + body


def huge_certificate(connection):
    """As much as the field's length allows: 16 MiB."""
    connection.read()
    size = (1 << 24) - 1
    connection.send(record(0x16, server_hello()))
    connection.device.sent = 0
    data = bytes([11]) + size.to_bytes(3, "big") + (size - 3).to_bytes(3, "big") + (size - 6).to_bytes(3, "big")
    connection.send(record(0x16, data))
    for _ in range(size // 16384):
        connection.send(record(0x16, b"\x30" * 16384))
        connection.device.sent += 16384
    connection.wait_for_close()


def endless_warnings(connection):
    connection.read()
    connection.device.sent = 0
    while connection.device.sent < 64 << 20:
        connection.send(bytes([0x15, 3, 3, 0, 2, 1, 90]) * 1000)
        connection.device.sent += 7000


def endless_hellos(connection):
    """Handshake messages that ask to begin, over and over."""
    connection.read()
    connection.device.sent = 0
    while connection.device.sent < 64 << 20:
        connection.send(record(0x16, bytes(4)) * 1000)
        connection.device.sent += 9000


def empty_records(connection):
    connection.read()
    connection.device.sent = 0
    while connection.device.sent < 64 << 20:
        connection.send(bytes([0x16, 3, 3, 0, 0]) * 1000)
        connection.device.sent += 5000


def bad_handshakes(h):
    device = hostile(h)
    for greet, word in [(not_tls, "TLS"), (plain_http, "TLS"), (alert(40), None), (alert(120), None), (close_at_once, None),
                        (reset_at_once, None), (huge_certificate, None), (endless_warnings, None), (endless_hellos, None),
                        (empty_records, None)]:
        device.greet, device.sent = greet, 0
        answer = ask(h, "/secret", HOSTILE, more="Cookie: secret\r\n")
        what = getattr(greet, "__name__", "")
        h.check(answer.status in (502, 504) and answer.whole and HOSTILE in answer.words, f"{what}: {answer}")
        h.check(word is None or word in answer.words, f"{what}: no {word!r} in {answer.words[:1500]}")
        h.check(device.sent < 8 << 20, f"{what}: it could send {device.sent} octets")
        h.check(b"secret" not in device.octets(), f"{what}: nothing of the request came")
        h.check(ask(h).status == 200, f"{what}: others are served")
    device.greet = None
    h.check(ask(h, "/", HOSTILE).status == 200, "and when it behaves again")


def h2_only(h):
    device = h.device("modern", "23", h2_only=True, adopt=False)
    h.publish("modern", "23", device.identity.fingerprint)
    answer = ask(h, "/secret", "modern.maple.home.arpa")
    h.check(answer.status == 502 and "HTTP/2" in answer.words, f"h2 only: {answer}")
    h.check(b"secret" not in device.octets(), f"h2 only: {device.octets()[:100]!r}")


def hangs(h):
    """One that says nothing keeps only its own browser waiting, and that one not for ever."""
    h.device("hang", "25")
    h.devices["hang"].greet = hang
    found = queue.Queue()
    threading.Thread(target=lambda: found.put(ask(h, "/secret", "hang.maple.home.arpa")), daemon=True).start()
    wait_until(lambda: h.devices["hang"].accepted > 0, "the device is dialled")
    h.check(all(ask(h).status == 200 for _ in range(20)), "others are served meanwhile")
    answer = found.get(timeout=60)
    h.check(answer.status in (502, 504) and "hang.maple.home.arpa" in answer.words, f"{answer}")
    h.check(b"secret" not in h.devices["hang"].octets(), "and got nothing")


def asks_for_a_certificate(h):
    """The browser has none to give through a proxy: what only asks is served without, what insists is not."""
    asking = h.device("asking", "26", ask="optional", adopt=False)
    h.publish("asking", "26", asking.identity.fingerprint)
    h.check(ask(h, "/", "asking.maple.home.arpa").status == 200, "asked only")
    asking.manner["ask"] = "required"
    asking.cut()
    try:
        answer = ask(h, "/secret", "asking.maple.home.arpa")
        h.check(answer.status in (502, 504), f"insists: {answer}")
    except Closed:
        pass


def changes_its_certificate(h):
    """Between two connections; and with sessions and open connections of the one before at hand."""
    device = hostile(h)
    impostor = h.identity("impostor")
    first = h.identity("hostile")
    for manner in ({}, {"newest": ssl.TLSVersion.TLSv1_2}):
        device.manner.update(manner)
        for _ in range(3):
            h.check(ask(h, "/", HOSTILE).status == 200, "the right key")
        device.cut()
        device.identity = impostor
        device.forget()
        for _ in range(3):
            answer = ask(h, "/secret", HOSTILE, more="Cookie: secret\r\n")
            h.check(answer.status == 502 and impostor.fingerprint in answer.words and first.fingerprint in answer.words, f"{answer}")
        h.check(device.octets() == b"", f"the impostor got {device.octets()[:100]!r}")
        device.identity = first
    h.check(ask(h, "/", HOSTILE).status == 200, "the right key again")


def turns(h):
    """TLS 1.2 lets a server begin its handshake anew, with another certificate, once it was judged."""
    h.identity("turned-first"), h.identity("turned-then")
    device = subprocess.Popen([os.path.join(h.bin, "hearth-device"), "--listen", address("27"), "--port", "443", "--max-tls", "1.2",
                               "--key-type", "p256", "--key", h.path("turned-first.key"), "--turn", h.path("turned-then.key")],
                              stdout=subprocess.PIPE, encoding="utf-8")
    try:
        h.check(device.stdout.readline().startswith("ready"), "hearth-device turns")
        h.publish("turned", "27", h.identity("turned-first").fingerprint)
        request = "GET / HTTP/1.1\r\nHost: turned.maple.home.arpa\r\n\r\n"
        careless = subprocess.run(["openssl", "s_client", "-quiet", "-connect", f"[{address('27')}]:443"], input=request,
                                  capture_output=True, encoding="utf-8", timeout=WAIT_S)
        h.check("This is the device itself" in careless.stdout, f"who lets it turn is answered: {careless}")
        try:
            answer = ask(h, "/", "turned.maple.home.arpa")
            h.check(answer.status in (502, 504) and "This is the device itself" not in answer.text, f"renegotiated: {answer}")
        except Closed:
            pass
    finally:
        device.kill()
        device.wait()
        device.stdout.close()


def cuts(h):
    """The device's side ends after every number of octets, gently or rudely: a page, or an answer that is plainly cut."""
    behind = Device("behind", address("82"), h.identity("behind"), port=8443, tickets=False,
                    answer=says(OK + "Content-Length: 40\r\n\r\n" + "0123456789" * 4))
    fronts = []
    for number in range(4):
        fronts.append(Cut(address(f"{0x28 + number:x}"), behind))
        h.publish(f"cut{number}", f"{0x28 + number:x}", behind.identity.fingerprint)
    try:
        for newest in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            behind.manner["newest"] = newest
            h.check(ask(h, "/", "cut0.maple.home.arpa").body == b"0123456789" * 4, "uncut")
            octets = wait_until(lambda: fronts[0].passed, "the length of an exchange")
            h.check(octets > 600, f"an exchange has {octets} octets")
            positions = queue.Queue()
            for at in range(octets + 1):
                positions.put(at)
            outcomes = []

            def work(number):
                while True:
                    try:
                        at = positions.get_nowait()
                    except queue.Empty:
                        return
                    fronts[number].octets, fronts[number].rudely = at, at % 2 == 1
                    try:
                        answer = ask(h, "/", f"cut{number}.maple.home.arpa")
                        outcomes.append((at, answer.status, answer.whole and answer.body, answer))
                    except Exception as why:  # noqa: BLE001 (an outcome too)
                        outcomes.append((at, 0, False, repr(why)))

            workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            h.check(len(outcomes) == octets + 1, "every position")
            wrong = [outcome for outcome in outcomes if not (
                (outcome[1] == 200 and outcome[2] in (False, b"0123456789" * 4)) or outcome[1] in (502, 504) and outcome[2]
                or outcome[1] == 0 and "Closed" in outcome[3])]
            h.check(not wrong, f"{len(wrong)} odd outcomes: {wrong[:5]}")
            pages = sum(1 for outcome in outcomes if outcome[1] in (502, 504))
            h.check(pages > 400, f"{pages} pages")
            for front in fronts:
                front.octets = None
    finally:
        for front in fronts:
            front.stop()
        behind.stop()


STORIES = [broken_answers, short_answers, good_answers, endless_answers, poison, bad_handshakes, h2_only, asks_for_a_certificate,
           changes_its_certificate, turns, hangs, cuts]
