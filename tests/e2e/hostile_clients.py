"""hostile_clients.py: programs that speak to the proxy as no browser does. What each sees, and what reached the device."""
import socket
import ssl
import subprocess
import sys
import threading

from client import HOST, Answer, Client, Closed, ask
from home import address, wait_until

NAS = "nas.maple.home.arpa"


def nothing_came(h, name, what):
    h.check(h.devices[name].octets() == b"", f"{what}: the device got {h.devices[name].octets()[:200]!r}")


# --- CONNECT ---

NAMES_NOBODY = [  # (authority, answers that are right)
    ("user@camera.maple.home.arpa:443", {400}), ("user:word@camera.maple.home.arpa:443", {400}),
    ("camera.maple.home.arpa:0", {400}), ("camera.maple.home.arpa:65536", {400}), ("camera.maple.home.arpa:+443", {400}),
    ("camera.maple.home.arpa:443443443443443443443", {400}), ("camera.maple.home.arpa:", {400}),
    ("camera.maple.home.arpa", {400}), (":443", {400}), ("camera..maple.home.arpa:443", {400}),
    ("camera.maple.home.arpa..:443", {400}), ("camera%2emaple.home.arpa:443", {400}),
    ("camera.maple.home.arpa:443/", {400}), ("https://camera.maple.home.arpa:443", {400}),
    ("camera\x00.maple.home.arpa:443", {400}), ("camera\xff.maple.home.arpa:443", {400}),
    ("a" * 8192 + ".maple.home.arpa:443", {400}), (("a" * 63 + ".") * 128 + "home.arpa:443", {400}),
    ("127.0.0.1:443", {403}), ("127.0.0.1:5300", {403}), ("[::1]:443", {403}), (f"[{address('20')}]:443", {403}),
    ("[::ffff:127.0.0.1]:443", {403}), ("127.1:443", {400, 403}), ("2130706433:443", {400, 403}), ("0x7f000001:443", {400, 403}),
    ("localhost:443", {403}), ("www.site.example:443", {403}), ("home.arpa.site.example:443", {403}),
    ("evilhome.arpa:443", {403}), ("hearthd:5300", {403})]


def targets(h):
    trap = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)  # what no CONNECT may lead to
    trap.bind((address("80"), 443))
    trap.listen(8)
    camera = h.devices["camera"]
    camera.forget()
    for authority, right in NAMES_NOBODY:
        with Client(h) as client:
            answer = client.connect(authority)
            h.check(answer.status in right, f"CONNECT {authority[:60]!r}: {answer}")
            h.check(answer.whole and len(answer.body) > 0, f"CONNECT {authority[:60]!r}: says why")
    h.check(camera.accepted == 0, "no connection was made for any")
    trap.setblocking(False)
    try:
        trap.accept()
        h.check(False, "a foreign host was connected to")
    except BlockingIOError:
        pass
    trap.close()


def spellings(h):
    """One host, however it is written."""
    for authority in ["CAMERA.Maple.Home.ARPA:443", "camera.maple.home.arpa.:443", "camera.maple.home.arpa:0443"]:
        with Client(h) as client:
            answer = client.connect(authority)
            if answer.status != 200 and authority.endswith("0443"):
                h.check(answer.status == 400, f"CONNECT {authority}: {answer}")
                continue
            h.check(answer.status == 200, f"CONNECT {authority}: {answer}")
            client.tls(HOST)
            shown = client.get("/", host=authority.rsplit(":", 1)[0])
            h.check(shown.status == 200 and "<h1>camera</h1>" in shown.text, f"CONNECT {authority}: {shown}")


def first_lines(h):
    """What is no CONNECT, and no http URL."""
    for head in ["GET / HTTP/1.1\r\nHost: camera.maple.home.arpa\r\n\r\n", "GET /\r\n\r\n",
                 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "CONNECT camera.maple.home.arpa:443 HTTP/2\r\nHost: x\r\n\r\n",
                 "CONNECT  camera.maple.home.arpa:443 HTTP/1.1\r\nHost: x\r\n\r\n",
                 "CONNECT camera.maple.home.arpa:443 HTTP/1.1\nHost: camera.maple.home.arpa:443\n\n",
                 "GET https://camera.maple.home.arpa/ HTTP/1.1\r\nHost: camera.maple.home.arpa\r\n\r\n",
                 "GET ftp://camera.maple.home.arpa/ HTTP/1.1\r\nHost: camera.maple.home.arpa\r\n\r\n",
                 "\x16\x03\x01\x00\x05hello\r\n\r\n", "X" * 40000,
                 "CONNECT camera.maple.home.arpa:443 HTTP/1.1\r\n" + "A: b\r\n" * 200 + "\r\n"]:
        h.devices["camera"].forget()
        with Client(h) as client:
            client.send(head)
            try:
                answer = client.answer()
                h.check(answer.status in (400, 403), f"{head[:60]!r}: {answer}")
            except Closed:
                h.check(False, f"{head[:60]!r}: closed without a word")
        nothing_came(h, "camera", repr(head[:60]))


def smuggled_after_connect(h):
    """The head of CONNECT, and more in the same segment: TLS is fine, all else is refused."""
    for more in [b"GET / HTTP/1.1\r\nHost: camera.maple.home.arpa\r\n\r\n", b"\x80\x2e\x01\x00\x02", b"\x00" * 40,
                 b"CONNECT nas.maple.home.arpa:443 HTTP/1.1\r\nHost: nas.maple.home.arpa:443\r\n\r\n"]:
        h.devices["camera"].forget()
        with Client(h) as client:
            client.send(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode() + more)
            said = client.rest()
            h.check(b"HTTP/1.1 400" in said and b"<h1>camera</h1>" not in said, f"{more[:30]}: {said[:300]}")
        nothing_came(h, "camera", f"after CONNECT: {more[:30]}")
    context = ssl.create_default_context(cafile=h.ca())
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    inside = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
    try:
        inside.do_handshake()
    except ssl.SSLWantReadError:
        pass
    with Client(h) as client:
        client.send(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode() + outgoing.read())
        h.check(client.answer("CONNECT").status == 200, "CONNECT with a ClientHello behind it")
        incoming.write(client.buffer)
        client.buffer = b""
        while True:
            try:
                inside.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.send(outgoing.read())
                incoming.write(client.stream.recv(65536))
        h.check(inside.getpeercert()["subjectAltName"] == (("DNS", HOST),), "the handshake was done")


def other_names(h):
    """CONNECT, the name in the handshake and Host are one."""
    h.devices["camera"].forget()
    h.devices["nas"].forget()
    with Client(h) as client:
        client.connect(f"{HOST}:443")
        client.tls(NAS, verify=False)
        answer = client.get("/", host=NAS)
        h.check(answer.status == 400, f"another SNI: {answer}")
    for host in [NAS, "www.site.example", f"{HOST}:444", f"user@{HOST}", "", HOST + "\r\nHost: " + HOST, f"{HOST}, {HOST}"]:
        with Client(h) as client:
            client.connect(f"{HOST}:443")
            client.tls(HOST)
            answer = client.get("/", host=host)
            h.check(answer.status in (400, 403), f"Host: {host!r}: {answer}")
    nothing_came(h, "camera", "another Host")
    nothing_came(h, "nas", "another Host")
    for host in [f"{HOST}:443", HOST + ".", HOST.upper()]:
        with Client(h) as client:
            client.connect(f"{HOST}:443")
            client.tls(HOST)
            answer = client.get("/echo", host=host)
            sent = [value for name, value in h.devices["camera"].requests[-1].fields if name.lower() == "host"]
            h.check(answer.status == 200 and sent == [HOST], f"Host: {host}: {answer} {sent}")
    with Client(h) as client:
        client.connect(f"{HOST}:443")
        client.tls(None, verify=False)
        h.check(client.get("/").status == 200, "no SNI")


# --- requests inside the tunnel ---

GOOD = f"Host: {HOST}\r\n"
SMUGGLED = [
    ("CL and TE", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"),
    ("TE and CL", f"POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    ("two CL", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    ("two equal CL", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("a list of CL", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: 5, 5\r\n\r\nhello"),
    ("CL with a sign", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: +5\r\n\r\nhello"),
    ("CL below zero", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: -1\r\n\r\n"),
    ("CL in hex", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: 0x5\r\n\r\nhello"),
    ("CL beyond 64 bits", f"POST / HTTP/1.1\r\n{GOOD}Content-Length: 18446744073709551621\r\n\r\nhello"),
    ("an empty CL", f"POST / HTTP/1.1\r\n{GOOD}Content-Length:\r\n\r\nhello"),
    ("a folded line", f"POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    ("a folded Host", f"GET / HTTP/1.1\r\n{GOOD} evil\r\n\r\n"),
    ("a blank before the colon", f"POST / HTTP/1.1\r\n{GOOD}Content-Length : 5\r\n\r\nhello"),
    ("a blank before the first name", f"GET / HTTP/1.1\r\n {GOOD}\r\n"),
    ("bare LF", f"GET / HTTP/1.1\nHost: {HOST}\n\n"),
    ("one bare LF", f"GET / HTTP/1.1\r\nHost: {HOST}\nX: y\r\n\r\n"),
    ("bare CR", f"GET / HTTP/1.1\r\nHost: {HOST}\rX: y\r\n\r\n"),
    ("NUL in a value", f"GET / HTTP/1.1\r\n{GOOD}X: a\0b\r\n\r\n"),
    ("TE: xchunked", f"POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    ("TE: chunked, identity", f"POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    ("TE: gzip, chunked", f"POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("two TE", f"POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    ("TE with a vertical tab", f"POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    ("TE in quotes", f'POST / HTTP/1.1\r\n{GOOD}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n'),
    ("TE in HTTP/1.0", f"POST / HTTP/1.0\r\n{GOOD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("no Host", "GET / HTTP/1.1\r\n\r\n"),
    ("two Hosts", f"GET / HTTP/1.1\r\n{GOOD}{GOOD}\r\n"),
    ("a whole URL", f"GET https://{HOST}/ HTTP/1.1\r\n{GOOD}\r\n"),
    ("another URL", f"GET http://nas.maple.home.arpa/ HTTP/1.1\r\n{GOOD}\r\n"),
    ("an authority", f"CONNECT {HOST}:443 HTTP/1.1\r\n{GOOD}\r\n"),
    ("no path", f"GET evil HTTP/1.1\r\n{GOOD}\r\n"),
    ("a blank in the path", f"GET /a b HTTP/1.1\r\n{GOOD}\r\n"),
    ("a tab for a blank", f"GET\t/ HTTP/1.1\r\n{GOOD}\r\n"),
    ("two blanks", f"GET  / HTTP/1.1\r\n{GOOD}\r\n"),
    ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("HTTP/1.2", f"GET / HTTP/1.2\r\n{GOOD}\r\n"),
    ("HTTP/0.9", "GET /\r\n\r\n"),
    ("a field without a colon", f"GET / HTTP/1.1\r\n{GOOD}evil\r\n\r\n"),
    ("a field without a name", f"GET / HTTP/1.1\r\n{GOOD}: evil\r\n\r\n"),
    ("an odd field name", f"GET / HTTP/1.1\r\n{GOOD}X(evil): y\r\n\r\n"),
    ("101 fields", f"GET / HTTP/1.1\r\n{GOOD}" + "A: b\r\n" * 101 + "\r\n"),
    ("a head without an end", f"GET / HTTP/1.1\r\n{GOOD}X: " + "a" * 40000),
    ("Connection lists Host", f"GET / HTTP/1.1\r\n{GOOD}Origin: https://x.example\r\nConnection: close, origin\r\n\r\n"),
]


def smuggling(h):
    """Each alone, and as the second request of a connection: 400, and the device has seen nothing of it."""
    for what, head in SMUGGLED:
        for before in ("", f"GET /first HTTP/1.1\r\n{GOOD}\r\n"):
            h.devices["camera"].forget()
            with Client(h) as client:
                client.connect(f"{HOST}:443")
                client.tls(HOST)
                client.send(before + head)
                answer = Answer(0, [], b"", False)
                try:
                    if before:
                        h.check(client.answer().status == 200, f"{what}: the request before it")
                    answer = client.answer()
                    h.check(answer.status in (400, 403), f"{what}: {answer}")
                except Closed as why:
                    h.check(False, f"{what}: closed without a page: {why}")
                h.check(client.rest() == b"", f"{what}: nothing follows")
            seen = [request.target for request in h.devices["camera"].requests]
            h.check(seen == (["/first"] if before else []), f"{what}: the device saw {seen}")
            h.check(b"evil" not in h.devices["camera"].octets(), f"{what}: {h.devices['camera'].octets()[:300]!r}")


BAD_CHUNKS = ["5\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
              "+5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
              "10000000000000005\r\nhello\r\n0\r\n\r\n", "5;x=\0\r\nhello\r\n0\r\n\r\n", "5;" + "x" * 9000 + "\r\nhello\r\n0\r\n\r\n",
              "5\r\nhello\r\n0\r\nA: b\n\r\n", "5\r\nhello\r\n0\r\n" + "A: b\r\n" * 9000 + "\r\n", "5\rhello\r\n0\r\n\r\n"]


def chunks(h):
    """Bad ones end the connection, and no whole request has reached the device; good ones are written anew."""
    camera = h.devices["camera"]
    for body in BAD_CHUNKS:
        camera.forget()
        with Client(h) as client:
            client.connect(f"{HOST}:443")
            client.tls(HOST)
            client.send(f"POST /upload HTTP/1.1\r\n{GOOD}Transfer-Encoding: chunked\r\n\r\n{body}GET /evil HTTP/1.1\r\n{GOOD}\r\n")
            said = client.rest()
            h.check(b"HTTP/1.1 200" not in said, f"chunks {body[:30]!r}: {said[:200]}")
        h.check(b"0\r\n\r\n" not in camera.octets() and b"evil" not in camera.octets(),
                f"chunks {body[:30]!r}: the device has {camera.octets()[-200:]!r}")
    camera.forget()
    with Client(h) as client:
        client.connect(f"{HOST}:443")
        client.tls(HOST)
        client.send(f"POST /echo HTTP/1.1\r\n{GOOD}Transfer-Encoding: CHUNKED\r\nTrailer: evil\r\n\r\n"
                    "5;evil=\"1\"\r\nhello\r\n00006\r\n world\r\n0\r\nEvil: yes\r\n\r\n")
        answer = client.answer()
        h.check(answer.status == 200 and '"body": "hello world"' in answer.text, f"good chunks: {answer}")
        h.check(b"evil" not in camera.octets().lower(), f"extension and trailer stay behind: {camera.octets()!r}")


def written_anew(h):
    """What a device gets is the proxy's own writing: one Host, nothing of the connection's."""
    camera = h.devices["camera"]
    camera.forget()
    with Client(h) as client:
        client.connect(f"{HOST}:443", more="Proxy-Authorization: Basic eDp5\r\n")
        client.tls(HOST)
        answer = client.get("/echo?a=b#".rstrip("#"), host=HOST.upper() + ".", more="X-Kept:   some  thing  \r\nConnection: "
                            "keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authorization: y\r\n"
                            "TE: trailers\r\nTrailer: z\r\nUser-Agent: test\r\n")
    h.check(answer.status == 200 and camera.requests[0].target == "/echo?a=b", f"{answer}")
    fields = {name.lower(): value for name, value in camera.requests[0].fields}
    h.check(fields.get("host") == HOST and fields.get("x-kept") == "some  thing" and fields.get("user-agent") == "test", f"{fields}")
    gone = {"x-hop", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer"} & fields.keys()
    h.check(not gone, f"{gone} went on to the device")
    camera.forget()
    with Client(h) as client:  # in one go: each answered, in order
        client.connect(f"{HOST}:443")
        client.tls(HOST)
        client.send("".join(f"GET /{n} HTTP/1.1\r\n{GOOD}\r\n" for n in range(20)))
        h.check(all(client.answer().status == 200 for _ in range(20)), "twenty requests in one go")
    h.check([request.target for request in camera.requests] == [f"/{n}" for n in range(20)], "in order, each once")


def promises(h):
    """What a device must not tell a browser stays here; the rest goes through."""
    answer = ask(h, "/promises")
    for name in ["strict-transport-security", "alt-svc", "public-key-pins", "public-key-pins-report-only", "expect-ct"]:
        h.check(answer.field(name) is None, f"{name} is removed")
    h.check(answer.status == 200 and answer.field("x-kept") == "yes", f"the rest stays: {answer.fields}")
    cookies = [value for name, value in ask(h, "/cookies").fields if name.lower() == "set-cookie"]
    h.check(len(cookies) == 5 and not any("domain" in cookie.lower() for cookie in cookies), f"cookies: {cookies}")
    h.check("__Host-own=1; Path=/; Secure; HttpOnly" in cookies, f"cookies: {cookies}")


# --- whose request it is ---

CAMERA_ORIGIN = f"https://{HOST}"
UPGRADE = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
FOREIGN = [  # (method, fields, status)
    ("GET", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", 403),
    ("GET", "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", 403),
    ("POST", "Sec-Fetch-Site: cross-site\r\nOrigin: https://www.site.example\r\nContent-Length: 0\r\n", 403),
    ("POST", "Origin: https://nas.maple.home.arpa\r\nContent-Length: 0\r\n", 403),
    ("POST", "Origin: null\r\nContent-Length: 0\r\n", 403),
    ("POST", f"Origin: http://{HOST}\r\nContent-Length: 0\r\n", 403),
    ("POST", f"Origin: {CAMERA_ORIGIN}:444\r\nContent-Length: 0\r\n", 403),
    ("POST", f"Origin: {CAMERA_ORIGIN}\r\nOrigin: https://x.example\r\nContent-Length: 0\r\n", 403),
    ("POST", f"Origin: {CAMERA_ORIGIN}\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n", 403),
    ("GET", "Sec-Fetch-Site: nonsense\r\n", 403),
    ("GET", "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n", 403),
    ("GET", "Referer: https://www.site.example/\r\n", 403),
    ("GET", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 403),
    ("POST", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nContent-Length: 0\r\n", 403),
    ("GET", UPGRADE, 403), ("GET", UPGRADE + "Origin: https://www.site.example\r\n", 403),
    ("GET", UPGRADE + "Origin: https://nas.maple.home.arpa\r\n", 403), ("GET", UPGRADE + "Origin: null\r\n", 403),
    ("GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n" + f"Origin: {CAMERA_ORIGIN}\r\n", 403),
    ("OPTIONS", "Origin: https://www.site.example\r\nAccess-Control-Request-Method: PUT\r\n", 403)]
OWN = [("GET", "", 200), ("GET", "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n", 200),
       ("GET", "Sec-Fetch-Site: same-origin\r\n", 200), ("POST", f"Origin: {CAMERA_ORIGIN}\r\nContent-Length: 0\r\n", 200),
       ("GET", UPGRADE + f"Origin: {CAMERA_ORIGIN}\r\n", 101)]


def guard(h):
    h.devices["camera"].forget()
    for method, fields, status in FOREIGN:
        answer = ask(h, "/change", more=fields, method=method)
        h.check(answer.status == status, f"{method} with {fields!r}: {answer}")
    answer = ask(h, "/settings?a=<b>&c", more="Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n")
    h.check(answer.status == 200 and 'href="https://camera.maple.home.arpa/settings?a=&lt;b&gt;&amp;c"' in answer.text,
            f"a link followed: {answer.status} {answer.text[:3000]}")
    nothing_came(h, "camera", "foreign requests")
    for method, fields, status in OWN:
        answer = ask(h, "/socket" if status == 101 else "/", more=fields, method=method)
        h.check(answer.status == status, f"own {method} with {fields!r}: {answer}")


# --- who, and how many ---

STRANGER = """
import encodings.idna, os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
door = socket.create_connection(("127.0.0.1", 4680), timeout=30)
try:
    door.sendall(b"CONNECT camera.maple.home.arpa:443 HTTP/1.1\\r\\nHost: camera.maple.home.arpa:443\\r\\n\\r\\n")
    said = door.recv(4096)
except OSError:
    said = b""
sys.stdout.write(said.decode("latin-1"))
"""


def another_user(h):
    h.devices["camera"].forget()
    done = subprocess.run([sys.executable, "-c", STRANGER], capture_output=True, encoding="utf-8", timeout=60)
    h.check(done.returncode == 0 and "200" not in done.stdout.split("\r\n")[0], f"another user: {done}")
    h.check(h.devices["camera"].accepted == 0, "for another user nothing is dialled")
    same = subprocess.run([sys.executable, "-c", STRANGER.replace("os.setuid(65534)", "pass")], capture_output=True,
                          encoding="utf-8", timeout=60)
    h.check(" 200 " in same.stdout, f"the same program as the proxy's own user: {same}")


def slow_and_many(h):
    """Heads that come octet by octet, and hundreds that say nothing, keep nobody else waiting."""
    idle = [Client(h) for _ in range(200)]
    half = [Client(h) for _ in range(50)]
    for client in half:
        client.send(f"CONNECT {HOST}:443 HT")
    tunnels = [Client(h) for _ in range(50)]
    for client in tunnels:
        client.connect(f"{HOST}:443")
    try:
        with Client(h) as client:
            for octet in f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode():
                client.send(bytes([octet]))
            h.check(client.answer("CONNECT").status == 200, "CONNECT octet by octet")
            client.tls(HOST)
            for octet in f"GET /echo HTTP/1.1\r\n{GOOD}\r\n".encode():
                client.send(bytes([octet]))
            h.check(client.answer().status == 200, "a request octet by octet")
        for client in half:
            client.send("TP/1.1\r\nHost: x\r\n\r\n")
    finally:
        for client in idle + half + tunnels:
            client.close()
    h.check(ask(h).status == 200, "afterwards")


def gone_in_the_middle(h):
    """Clients that go away at each stage leave nothing behind, and the next is served."""
    def at(stage):
        client = Client(h)
        if stage > 0:
            client.connect(f"{HOST}:443")
        if stage > 1:
            client.tls(HOST)
        if stage > 2:
            client.send(f"POST /upload HTTP/1.1\r\n{GOOD}Content-Length: 1000000\r\n\r\n" + "x" * 1000)
        if stage > 3:
            client.send("x" * 999000)
        client.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()

    for stage in range(5):
        for _ in range(10):
            at(stage)
    with Client(h) as client:  # a download that nobody reads any more
        client.connect(f"{HOST}:443")
        client.tls(HOST)
        client.send(f"GET /big?octets=300000000 HTTP/1.1\r\n{GOOD}\r\n")
        client.stream.recv(1000)
    h.check(ask(h).status == 200, "afterwards")
    camera = h.devices["camera"]
    wait_until(lambda: len(camera.open) < 20, "the proxy lets go of the device")


def long_bodies(h):
    """300 MiB each way, and both ways at once over one proxy."""
    import hashlib
    from website import BLOCK
    octets = 300 << 20

    def down(path, found):
        with Client(h) as client:
            client.connect(f"{HOST}:443")
            client.tls(HOST)
            client.send(f"GET {path} HTTP/1.1\r\n{GOOD}Connection: close\r\n\r\n")
            size, head = 0, b""
            while b"\r\n\r\n" not in head:
                head += client.stream.recv(16)
            tail = head.split(b"\r\n\r\n", 1)[1]
            size, fine = len(tail), BLOCK.startswith(tail)
            if "chunked" in path:
                client.buffer = tail
                found.append(len(client._rest()) >= octets)
                return
            while size < octets:
                piece = client.stream.recv(1 << 20)
                if not piece:
                    break
                start = size & 65535
                fine = fine and (BLOCK * (len(piece) // 65536 + 2))[start:start + len(piece)] == piece
                size += len(piece)
            found.append(fine and size == octets)

    found = []
    reader = threading.Thread(target=down, args=(f"/big?octets={octets}", found), daemon=True)
    reader.start()
    digest, body = hashlib.sha256(), BLOCK * 16
    with Client(h) as client:
        client.connect(f"{HOST}:443")
        client.tls(HOST)
        client.send(f"POST /upload HTTP/1.1\r\n{GOOD}Content-Length: {octets}\r\n\r\n")
        for _ in range(octets // len(body)):
            client.send(body)
            digest.update(body)
        answer = client.answer()
    h.check(answer.text == f"{octets} {digest.hexdigest()}", f"upload: {answer}")
    reader.join(timeout=120)
    h.check(found == [True], "download")


def plain_http(h):
    """A device without a key: by a whole URL, and through CONNECT; never where a key is published."""
    radio = h.device("radio", "30", port=80, plain=True, adopt=False)
    h.publish("radio", "30")
    with Client(h) as client:
        client.send("GET http://radio.maple.home.arpa/ HTTP/1.1\r\nHost: radio.maple.home.arpa\r\n\r\n")
        answer = client.answer()
        h.check(answer.status == 200 and "<h1>radio</h1>" in answer.text, f"a whole URL: {answer}")
    h.check([request.target for request in radio.requests] == ["/"], "in origin form to the device")
    before = len(radio.requests)
    for more in ["Origin: https://www.site.example\r\nContent-Length: 0\r\n", "Origin: null\r\nContent-Length: 0\r\n"]:
        with Client(h) as client:
            client.send(f"POST http://radio.maple.home.arpa/ HTTP/1.1\r\nHost: radio.maple.home.arpa\r\n{more}\r\n")
            h.check(client.answer().status == 403, "a foreign POST")
    with Client(h) as client:
        client.send("GET http://radio.maple.home.arpa/ HTTP/1.1\r\nHost: nas.maple.home.arpa\r\n\r\n")
        h.check(client.answer().status in (400, 403), "a URL with another Host")
    h.check(len(radio.requests) == before, "none of them reached it")
    h.devices["camera"].forget()
    with Client(h) as client:
        client.send(f"GET http://{HOST}/path HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        answer = client.answer()
        h.check(answer.status in (301, 302, 307, 308, 403, 502) and "<h1>camera</h1>" not in answer.text, f"http where a key is: {answer}")
    nothing_came(h, "camera", "http for a name that has a key")


STORIES = [targets, spellings, first_lines, smuggled_after_connect, other_names, smuggling, chunks, written_anew, promises,
           guard, another_user, slow_and_many, gone_in_the_middle, long_bodies, plain_http]
