"""smuggled.py: requests that two readers may read differently, each with what the proxy has to make of it. § stands
for the device's name and N for the number of the case: every request has its own path, so that what a server saw can be told apart.

A case is passed (the device sees the requests that are named, in order, and the answers come back), refused (400; the
device sees nothing of it), or cut (its head is fine, its body is not: the device sees no more than that one request,
never whole, and nothing after it). Behind every case comes GET /N-after, which a prefix left over would be glued to.
"""
import collections
import re

Case = collections.namedtuple("Case", "name octets seen kind")

HOST = "Host: §\r\n"
EVIL = f"GET /N-evil HTTP/1.1\r\n{HOST}\r\n"
PREFIX = f"GET /N-evil HTTP/1.1\r\n{HOST}X-Rest: "
AFTER = f"GET /N-after HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"


def passed(name, octets, *targets):
    return Case(name, octets, targets or ("/N",), "passed")


def refused(name, octets, *before):
    return Case(name, octets, before, "refused")


def cut(name, octets):
    return Case(name, octets, ("/N",), "cut")


def post(fields, body="", method="POST"):
    return f"{method} /N HTTP/1.1\r\n{HOST}{fields}\r\n{body}"


def get(fields):
    return f"GET /N HTTP/1.1\r\n{HOST}{fields}\r\n"


CHUNKED = "Transfer-Encoding: chunked\r\n"
HELLO = "5\r\nhello\r\n0\r\n\r\n"
EMPTY = "0\r\n\r\n"


def length(text, base="d"):
    """Of the text as it is when the case is filled in."""
    return f"\ue000{base}{text}\ue001"


# --- where the body ends ---

CODINGS = ["chunked", "Chunked", "\tchunked", "chunked ", "xchunked", "chunkedx", "chunk", "identity", "chunked, identity",
           "identity, chunked", "gzip, chunked", "chunked, chunked", "chunked,", ",chunked", "chunked;q=1", "chunked; a=b",
           '"chunked"', "'chunked'", "chunked\x0b", "\x0bchunked", "chunked\x00", "\x00chunked", "chunked\x7f",
           "\xa0chunked", "chun\tked", "chu-nked", "cow", "", ",", "deflate", "chunked\x0c", "\x85chunked", "ｃhunked"]
GOOD_CODINGS = {"chunked", "Chunked", "\tchunked", "chunked "}


def coding_cases():
    for coding in CODINGS:
        alone = post(f"Transfer-Encoding:{coding}\r\n", HELLO)
        yield (passed if coding in GOOD_CODINGS else refused)(f"TE {coding!r}", alone)
        for fields in (f"Content-Length: 5\r\nTransfer-Encoding:{coding}\r\n",
                       f"Transfer-Encoding:{coding}\r\nContent-Length: 5\r\n"):
            yield refused(f"TE {coding!r} and CL", post(fields, EMPTY + EVIL))
    for fields in (CHUNKED + CHUNKED, CHUNKED + "Transfer-Encoding: identity\r\n", "Transfer-Encoding: identity\r\n" + CHUNKED,
                   CHUNKED + "Transfer-Encoding:\r\n", "Transfer-Encoding:\r\n" + CHUNKED, CHUNKED + "transfer-encoding: x\r\n"):
        yield refused(f"TE twice: {fields!r}", post(fields, EMPTY + EVIL))
    yield refused("TE in HTTP/1.0", f"POST /N HTTP/1.0\r\n{HOST}{CHUNKED}\r\n{EMPTY}{EVIL}")
    yield refused("TE in HTTP/1.0 that stays open", f"POST /N HTTP/1.0\r\n{HOST}{CHUNKED}Connection: keep-alive\r\n\r\n{EMPTY}{EVIL}")


# Beside a Content-Length that covers PREFIX: who reads the line as Transfer-Encoding ends the body at once.
TE_LINES = ["Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", " Transfer-Encoding: chunked", "\tTransfer-Encoding: chunked",
            "Transfer-Encoding:\r\n chunked", "Transfer-Encoding:\r\n\tchunked", "Transfer-Encoding: x\r\n chunked",
            "X: y\r\n Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked",
            "X: y\r\r\nTransfer-Encoding: chunked", "X: y\n\rTransfer-Encoding: chunked", "Transfer-Encoding\x00: chunked",
            "\x00Transfer-Encoding: chunked", "Transfer\x00-Encoding: chunked", "Transfer-Encoding chunked", "Transfer-Encoding",
            "Transfer-Encoding=chunked", "Transfer Encoding: chunked", "Transfer-Encoding\x0b: chunked", "\x0bTransfer-Encoding: chunked",
            "Transfer-Encoding\r: chunked", "\rTransfer-Encoding: chunked", "Transfer-Encoding;: chunked", "(Transfer-Encoding): chunked",
            "Transfer-Encoding\xa0: chunked", "Tr\xe4nsfer-Encoding: chunked", ":Transfer-Encoding: chunked", "Transfer-Encoding/: chunked"]
# Names of their own, that some take for the other. They are passed on as they are, beside the length.
TE_NAMESAKES = ["Transfer_Encoding: chunked", "Transfer.Encoding: chunked", "X-Transfer-Encoding: chunked", "Transfer-Encoding-: chunked",
                "Transfer--Encoding: chunked", "'Transfer-Encoding: chunked", "Content-Transfer-Encoding: chunked",
                "Content_Length: 0", "Content-Length-: 0", "Content-Encoding: chunked", "Content-Lenght: 0", "X-Content-Length: 0"]


def line_cases():
    body = EMPTY + PREFIX
    for line in TE_LINES:
        for fields in (f"Content-Length: {length(body)}\r\n{line}\r\n", f"{line}\r\nContent-Length: {length(body)}\r\n"):
            yield refused(f"a line {line!r}", post(fields, body))
    for line in TE_NAMESAKES:
        yield passed(f"a namesake {line!r}", post(f"{line}\r\nContent-Length: {length(body)}\r\n", body))


LENGTHS = ["+5", "-5", "-0", "0x5", "5a", "a5", "5 5", "5,5", "5, 5", "5, 6", "5;", "5.0", "5e0", "05x", "", " ", "\x0b5", "5\x0b", "5\x00", "\x005",
           "٥", "５", "18446744073709551621", "4294967301 5", "99999999999999999999999", "9223372036854775808", "4611686018427387905",
           "5\r\n 6", "5\n6", "5\r6", "0b101", "0o5", "1_0", "five", "'5'", '"5"', "5\xa0", "NaN", "null", "true"]


def length_cases():
    for text in LENGTHS:
        yield refused(f"CL {text!r}", post(f"Content-Length: {text}\r\n", "hello" + EVIL))
    for fields in ("Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 0\r\nContent-Length: 5\r\n",
                   "Content-Length: 5\r\nContent-Length: 0\r\n", "Content-Length: 5\r\nX: y\r\ncontent-length: 5\r\n",
                   "Content-Length:\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nContent-Length:\r\n"):
        yield refused(f"CL twice: {fields!r}", post(fields, "hello" + EVIL))
    for text in ("5", "005", "\t5", "5 \t"):
        yield passed(f"CL {text!r}", post(f"Content-Length: {text}\r\n", "hello"))
    whole = f"Content-Length: {length(EVIL)}\r\n"
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        yield passed(f"{method} whose body is a request", post(whole, EVIL, method))
        yield passed(f"{method} whose body is half a request", post(f"Content-Length: {length(PREFIX)}\r\n", PREFIX, method))
        chunks = f"{length(EVIL, 'x')}\r\n{EVIL}\r\n{EMPTY}"
        yield passed(f"{method} whose chunk is a request", post(CHUNKED, chunks, method))
    yield passed("HEAD whose body is a request", post(whole, EVIL, "HEAD"))
    yield passed("HTTP/1.0 with a body", f"POST /N HTTP/1.0\r\n{HOST}Connection: keep-alive\r\n{whole}\r\n{EVIL}")
    yield passed("CL 0, and a request behind it", post("Content-Length: 0\r\n") + EVIL, "/N", "/N-evil")
    yield passed("no length, and a request behind it", post("") + EVIL, "/N", "/N-evil")


# --- chunks ---

BAD_SIZES = ["", " ", "5 ", " 5", "\t5", "5\t", "0x5", "x5", "+5", "-5", "-0", "5.", "5h", "g", "5\x00", "\x005", "5\x0b", "5,", "5 ;a", "5\r", "5\n", "\r\n5",
             "\n5", "00000000000000005", "10000000000000005", "ffffffffffffffff", "fffffffffffffffb", "7fffffffffffffff0", "5;a\nb", "5;\n", "5;a\rb",
             "5;a\x00", "5;" + "x" * 9000, "5:a", "5=a", "5 a", "5\r\r", "０5", "5\xa0"]
GOOD_SIZES = ["5", "05", "000000000000005", "5;", "5;a", "5;a=b", '5;a="b;c"', "5; a", "5;0\t0", '5;a="', "5;;;", "5;\xff"]
BAD_BODIES = ["5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhelloX\n0\r\n\r\n",
              "5\r\nhello\rX0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n",
              "5\r\nhell\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\n",
              "5\r\nhello\r\n0\n\n", "0\r\r\n\r\n", "0\r\n\r\r\n", "5\r\nhello\r\n0\r\nX: y\n\r\n", "5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n",
              "5\r\nhello\r\n0\r\nX: a\x00b\r\n\r\n", "5\r\nhello\r\n0\r\n" + "X: y\r\n" * 3000 + "\r\n", "\r\n" + HELLO, "5\r\nhello\r\n-0\r\n\r\n",
              "5\r\nhello\r\n0x0\r\n\r\n", "5\r\nhello\r\n0 \r\n\r\n"]
TRAILERS = ["X: y", "Host: evil.example", "Content-Length: 9", "Transfer-Encoding: chunked", "Content-Length: 0\r\nTransfer-Encoding: identity",
            "X: y\r\n folded", "no colon", "GET /N-evil HTTP/1.1", "Cookie: evil=1", "X-Tag: other", ": empty"]


def chunk_cases():
    for size in BAD_SIZES:
        yield cut(f"a size {size[:20]!r}", post(CHUNKED, f"{size}\r\nhello\r\n0\r\n\r\n{EVIL}"))
        yield cut(f"a second size {size[:20]!r}", post(CHUNKED, f"2\r\nab\r\n{size}\r\nhello\r\n0\r\n\r\n{EVIL}"))
    for body in BAD_BODIES:
        yield cut(f"chunks {body[:40]!r}", post(CHUNKED, body + EVIL))
    for size in GOOD_SIZES:
        yield passed(f"a size {size!r}", post(CHUNKED, f"{size}\r\nhello\r\n0\r\n\r\n"))
    for end in ("0", "00", "000000000000000", "0;a", "0;a=b"):
        yield passed(f"an end {end!r}", post(CHUNKED, f"5\r\nhello\r\n{end}\r\n\r\n"))
    for trailer in TRAILERS:
        yield passed(f"a trailer {trailer!r}", post(CHUNKED + "Trailer: X\r\n", f"5\r\nhello\r\n0\r\n{trailer}\r\n\r\n"))
    yield passed("an empty body in chunks", post(CHUNKED, EMPTY))
    yield passed("a request behind chunks", post(CHUNKED, HELLO) + EVIL, "/N", "/N-evil")


# --- heads ---

BAD_HEADS = ["GET /N HTTP/1.1\nHOST_LF\n", "GET /N HTTP/1.1\r\nHost: §\n\r\n", "GET /N HTTP/1.1\nHost: §\r\n\r\n", "GET /N HTTP/1.1\r\nHost: §\r\n\n",
             "GET /N HTTP/1.1\rHost: §\r\r", "GET /N HTTP/1.1\r\nHost: §\r\n\rX: y\r\n\r\n", "\nGET /N HTTP/1.1\r\nHost: §\r\n\r\n",
             "\r\n\r\nGET /N HTTP/1.1\r\nHost: §\r\n\r\n", "\rGET /N HTTP/1.1\r\nHost: §\r\n\r\n", " GET /N HTTP/1.1\r\nHost: §\r\n\r\n",
             "\x00GET /N HTTP/1.1\r\nHost: §\r\n\r\n", "GET  /N HTTP/1.1\r\nHost: §\r\n\r\n", "GET /N  HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET /N HTTP/1.1 \r\nHost: §\r\n\r\n", "GET\t/N\tHTTP/1.1\r\nHost: §\r\n\r\n", "GET\x0b/N HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET /N HTTP/1.1\x00\r\nHost: §\r\n\r\n", "GET /N\x00 HTTP/1.1\r\nHost: §\r\n\r\n", "GET /N\x7f HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET /N\xe9 HTTP/1.1\r\nHost: §\r\n\r\n", "GET /N HTTP/1.1 /N-evil HTTP/1.1\r\nHost: §\r\n\r\n", "GET /N a HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET /N#evil HTTP/1.1\r\nHost: §\r\n\r\n", "GET /N\r\n\r\n", "GET /N HTTP/0.9\r\nHost: §\r\n\r\n", "GET /N HTTP/1\r\nHost: §\r\n\r\n",
             "GET /N HTTP/1.2\r\nHost: §\r\n\r\n", "GET /N HTTP/1.10\r\nHost: §\r\n\r\n", "GET /N HTTP/01.1\r\nHost: §\r\n\r\n",
             "GET /N HTTP/2.0\r\nHost: §\r\n\r\n", "GET /N http/1.1\r\nHost: §\r\n\r\n", "GET /N HTTP 1.1\r\nHost: §\r\n\r\n",
             "GET /N XHTTP/1.1\r\nHost: §\r\n\r\n", "G ET /N HTTP/1.1\r\nHost: §\r\n\r\n", "G\xcbT /N HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET: /N HTTP/1.1\r\nHost: §\r\n\r\n", "(GET) /N HTTP/1.1\r\nHost: §\r\n\r\n", "/N HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET N HTTP/1.1\r\nHost: §\r\n\r\n", "GET * HTTP/1.1\r\nHost: §\r\n\r\n", "GET ?N HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET https://§/N HTTP/1.1\r\nHost: §\r\n\r\n", "GET http://§/N HTTP/1.1\r\nHost: §\r\n\r\n",
             "GET https://evil.example/N HTTP/1.1\r\nHost: §\r\n\r\n", "GET https:/N HTTP/1.1\r\nHost: §\r\n\r\n",
             "CONNECT §:443 HTTP/1.1\r\nHost: §\r\n\r\n", "GET §:443 HTTP/1.1\r\nHost: §\r\n\r\n", "GET \\N HTTP/1.1\r\nHost: §\r\n\r\n",
             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
BAD_HOSTS = ["", "Host:\r\n", "Host: \r\n", HOST + HOST, HOST + "Host: evil.example\r\n", "Host: evil.example\r\n" + HOST, HOST + "Host:\r\n",
             HOST + "host: §\r\n", HOST + " evil\r\n", "Host: evil.example\r\n", "Host: §, evil.example\r\n", "Host: § evil\r\n",
             "Host: §/N-evil\r\n", "Host: §?x\r\n", "Host: §#x\r\n", "Host: user@§\r\n", "Host: §@evil.example\r\n",
             "Host: §:x\r\n", "Host: §:444\r\n", "Host: §:\r\n", "Host: §:0\r\n", "Host: §..\r\n", "Host: .§\r\n",
             "Host: §\x00\r\n", "Host: §\\\r\n", "Host : §\r\n", " Host: §\r\n", "Host\x00: §\r\n", "Host: §\x0bevil\r\n",
             "Host: [::1]\r\n", "Host: 127.0.0.1\r\n", "Host: §.evil.example\r\n", "Host: evil.§\r\n", "Host: %48%4F\r\n"]
GOOD_HOSTS = ["Host: §.\r\n", "Host:§\r\n", "host: §\r\n", "HOST: §\r\n", "Host:\t § \t\r\n", "Host: §:PORT\r\n"]
BAD_FIELDS = ["no colon\r\n", ": y\r\n", "X y: z\r\n", "X : y\r\n", "X\t: y\r\n", "X\x00: y\r\n", "X\xe4: y\r\n", "X: a\x00b\r\n", "X: a\x01b\r\n", "X: a\x1bb\r\n", "X: a\x7fb\r\n",
              "X: a\rb\r\n", "X: a\nb\r\n", "X: a\r\n b\r\n", "X: a\r\n\tb\r\n", "X: a\r\n  \r\n", "X[]: y\r\n", "X{}: y\r\n", "X@: y\r\n", "X;: y\r\n", '"X": y\r\n', "A: b\r\n" * 101,
              "X: " + "a" * 33000 + "\r\n", "X" * 33000 + ": y\r\n"]
GOOD_FIELDS = ["X-Tag: a:b\r\n", "X-Tag:\r\n", "X-Tag:\t a \t b \t\r\n", "X-Tag: \xe4\xff\r\n", "x!#$%&'*+-.^_`|~9: y\r\n", "X-Tag: a\r\nX-Tag: b\r\n",
               "X-Forwarded-Host: evil.example\r\nX-Forwarded-For: 127.0.0.1\r\n", "X-Original-URL: /N-evil\r\nX-Rewrite-URL: /N-evil\r\n",
               "X-HTTP-Method-Override: DELETE\r\n", "X-Tag: GET /N-evil HTTP/1.1\r\n", "A: b\r\n" * 90, "X-Tag: " + "a" * 6000 + "\r\n"]


def head_cases():
    for head in BAD_HEADS:
        yield refused(f"a head {head[:50]!r}", head.replace("HOST_LF", "Host: §\n") + EVIL)
        yield refused(f"a second head {head[:50]!r}", f"GET /N-first HTTP/1.1\r\n{HOST}\r\n" + head.replace("HOST_LF", "Host: §\n") + EVIL, "/N-first")
    for fields in BAD_HOSTS:
        yield refused(f"hosts {fields!r}", f"GET /N HTTP/1.1\r\n{fields}\r\n{EVIL}")
        yield refused(f"hosts behind another field: {fields!r}", f"GET /N HTTP/1.1\r\nX-Tag: a\r\n{fields}\r\n{EVIL}")
    for fields in GOOD_HOSTS:
        yield passed(f"hosts {fields!r}", f"GET /N HTTP/1.1\r\n{fields}\r\n")
    for fields in BAD_FIELDS:
        yield refused(f"fields {fields[:40]!r}", get(fields) + EVIL)
        yield refused(f"fields before Host: {fields[:40]!r}", f"GET /N HTTP/1.1\r\n{fields}{HOST}\r\n{EVIL}")
    for fields in GOOD_FIELDS:
        yield passed(f"fields {fields[:40]!r}", get(fields))
    for target in ("/N?a=b&c=%0d%0aX:%20y", "/N/%2e%2e/%2f", "/N//x", "/N\\x", "/N;a=b", "/N?http://evil.example/", "/N'\"<>{}|^`"):
        yield passed(f"a target {target!r}", f"GET {target} HTTP/1.1\r\n{HOST}\r\n", target)
    yield passed("one empty line first", f"\r\nGET /N HTTP/1.1\r\n{HOST}\r\n")
    yield passed("HTTP/1.0 that stays open", f"GET /N HTTP/1.0\r\n{HOST}Connection: keep-alive\r\n\r\n")
    yield passed("ten in one go", "".join(f"GET /N-{i} HTTP/1.1\r\n{HOST}\r\n" for i in range(10)), *(f"/N-{i}" for i in range(10)))


# --- the connection ---

SOCKET = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ORIGIN\r\n"
LISTED = ["host", "Host", "origin", "cookie", "content-length", "keep-alive, Content-Length", "referer", "authorization", "content-type", "sec-fetch-site"]


def connection_cases():
    for word in LISTED:
        yield refused(f"Connection: {word}", post(f"Connection: {word}\r\nContent-Length: 5\r\n", "hello" + EVIL))
    yield passed("Connection: transfer-encoding", post(CHUNKED + "Connection: transfer-encoding\r\n", HELLO))
    yield passed("Connection lists a field", get("Connection: keep-alive, X-Hop\r\nX-Hop: y\r\n"))
    yield passed("fields of the connection", get("Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nHTTP2-Settings: AAMAAABk\r\n"))
    yield passed("Expect: 100-continue", post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"))
    # No device answers 101 here: what follows is HTTP, and is read as such.
    yield passed("a WebSocket that is none", get("Connection: Upgrade\r\nUpgrade: websocket\r\n" + SOCKET) + EVIL, "/N", "/N-evil")
    yield refused("a WebSocket that is none, and no HTTP", get("Connection: Upgrade\r\nUpgrade: websocket\r\n" + SOCKET) + "\x81\x05hello\r\n" + EVIL, "/N")


def all_cases():
    return [case for cases in (coding_cases, line_cases, length_cases, chunk_cases, head_cases, connection_cases) for case in cases()]


def octets(text, number, host, port):
    """A case's text, filled in."""
    scheme = "https" if port == 443 else "http"
    for mark, value in (("/N", f"/{number}"), ("ORIGIN", f"{scheme}://{host}"), ("PORT", str(port)), ("§", host)):
        text = text.replace(mark, value)
    text = re.sub("\ue000(.)(.*?)\ue001", lambda found: format(len(found[2]), found[1]), text, flags=re.S)
    return b"".join(letter.encode("latin-1" if ord(letter) < 256 else "utf-8") for letter in text)
