"""website.py: what a well-made device serves: pages, cookies, long bodies both ways, WebSocket, a service worker."""
import base64
import hashlib
import json
import struct

from device import page

BLOCK = bytes((i * 7 + (i >> 8)) & 255 for i in range(65536))  # what long bodies are made of
WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

# Counts the octets of a long body of BLOCKs, in the page itself; tells it by its title.
COUNT = """<!doctype html><title>counting</title><script>
(async () => {
  const block = new Uint8Array(65536);
  for (let i = 0; i < block.length; i++) block[i] = (i * 7 + (i >> 8)) & 255;
  const answer = await fetch("/big" + location.search);
  const reader = answer.body.getReader();
  let at = 0, wrong = -1;
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    for (let i = 0; i < value.length; i++)
      if (value[i] !== block[(at + i) & 65535] && wrong < 0) wrong = at + i;
    at += value.length;
  }
  document.title = wrong < 0 ? "counted " + at : "wrong at " + wrong;
})().catch(why => { document.title = "failed: " + why; });
</script>"""

# With ?stubborn it answers everything by itself, for ever.
WORKER = """
const stubborn = location.search === "?stubborn";
self.addEventListener("install", event => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => {
  if (event.request.url.endsWith("/from-the-worker")) event.respondWith(new Response("the worker's own"));
  else if (stubborn) event.respondWith(new Response("<title>stubborn</title>", {headers: {"Content-Type": "text/html"}}));
});
"""


def cookies(connection, request):
    host = request.field("host") or ""
    wide = host.split(".", 1)[-1].split(":")[0]
    connection.answer("<!doctype html><title>cookies</title>", more=(
        "Set-Cookie: own=1; Path=/; Secure", "Set-Cookie: __Host-own=1; Path=/; Secure; HttpOnly",
        f"Set-Cookie: wide=1; Domain={wide}; Path=/; Secure", f"Set-Cookie: dotted=1; domain=.{wide}; Path=/",
        "Set-Cookie: suffix=1; Domain=home.arpa; Path=/; Secure"))


def echo(connection, request):
    connection.answer(json.dumps({"method": request.method, "target": request.target, "fields": request.fields,
                                  "body": b"".join(connection.body(request)).decode("latin-1")}),
                      kind="application/json")


def promises(connection, request):
    """What a device must not tell a browser."""
    connection.answer("<!doctype html><title>promises</title>", more=(
        "Strict-Transport-Security: max-age=31536000; includeSubDomains", 'Alt-Svc: h3=":443"; ma=86400',
        'Public-Key-Pins: pin-sha256="AAAA"; max-age=5', "Public-Key-Pins-Report-Only: max-age=5",
        "Expect-CT: max-age=5, enforce", "X-Kept: yes"))


def big(connection, request):
    octets, chunked = int(request.query["octets"]), "chunked" in request.query
    if chunked:
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    else:
        connection.send(f"HTTP/1.1 200 OK\r\nContent-Length: {octets}\r\n\r\n".encode())
    many = BLOCK * 4
    while octets > 0:
        piece = many[:octets]
        octets -= len(piece)
        connection.send(b"%x\r\n" % len(piece) + piece + b"\r\n" if chunked else piece)
    if chunked:
        connection.send(b"0\r\n\r\n")


def upload(connection, request):
    """Says what came: its length and hash."""
    digest, length = hashlib.sha256(), 0
    for piece in connection.body(request):
        digest.update(piece)
        length += len(piece)
    connection.answer(f"{length} {digest.hexdigest()}", kind="text/plain")


def read_frame(connection):
    first, second = connection.read_exactly(2)
    length = second & 127
    if length > 125:
        wide = 2 if length == 126 else 8
        length = int.from_bytes(connection.read_exactly(wide), "big")
    mask = connection.read_exactly(4) if second & 128 else b"\0\0\0\0"
    data = connection.read_exactly(length)
    stretched = (mask * (length // 4 + 1))[:length]
    return first & 15, (int.from_bytes(data, "big") ^ int.from_bytes(stretched, "big")).to_bytes(length, "big")


def frame(kind, data):
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data)) \
        if len(data) < 65536 else b"\x7f" + struct.pack(">Q", len(data))
    return bytes([128 | kind]) + length + data


def websocket(connection, request):
    """Echoes each message (RFC 6455)."""
    key = (request.field("sec-websocket-key") or "").encode()
    accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET).digest()).decode()
    connection.send(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
    while True:
        kind, data = read_frame(connection)
        connection.send(frame(kind, data))
        if kind == 8:
            connection.wait_for_close()


def count(connection, request):
    connection.answer(COUNT)


def worker(connection, request):
    connection.answer(WORKER, kind="text/javascript")


PATHS = {"/cookies": cookies, "/count": count, "/echo": echo, "/promises": promises, "/big": big, "/upload": upload, "/socket": websocket,
         "/worker.js": worker}


def site(connection, request):
    PATHS.get(request.path, page)(connection, request)
