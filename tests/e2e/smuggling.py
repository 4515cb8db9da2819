#!/usr/bin/env python3
"""smuggling.py BUILD [--bare] [SERVER…]: real web servers as devices behind hearth-proxy, asked what has two readings.

Every case of smuggled.py goes to every server, with TLS and without, and by a whole URL; afterwards each server's own log says which
requests it read: those that the proxy passed, in their order, with the head that the proxy wrote, and no other. Then a
device that says more than it was asked; and a browser never gets that for an answer.

--bare leaves the proxy out and shows what the cases do to the servers by themselves: a test of the test.
"""
import collections
import re
import ssl
import sys

import home
import smuggled
import webservers
from client import Client, Closed

# Ways to a server: TLS in a tunnel, HTTP in a tunnel, a whole URL; with the number of the first case, of four digits
# always, so that lengths are known.
Way = collections.namedtuple("Way", "port is_url first")
WAYS = [Way(443, False, 2000), Way(80, False, 6000), Way(80, True, 4000)]
NOT_PASSED = {"keep-alive", "proxy-connection", "te", "trailer", "http2-settings", "x-hop"}
OF_THE_CONNECTION = NOT_PASSED | {"connection", "upgrade", "transfer-encoding", "content-length", "host"}
OWN = {"lighttpd": {200, 400, 403, 404, 405, 411}}  # statuses that a server says by itself; else 200


def name_of(server, port):
    return f"{server.name}.maple.home.arpa" if port == 443 else f"{server.name}-plain.maple.home.arpa"


# --- the sending side ---

def cases_of(way):
    """Numbered. After a whole URL the proxy closes: of such a connection only the first request counts."""
    for number, case in enumerate(smuggled.all_cases(), way.first):
        if not way.is_url:
            yield number, case._replace(octets=case.octets + smuggled.AFTER, seen=after(case))
        elif re.match("[A-Z]+ /N", case.octets):
            kind = "passed" if case.kind == "refused" and case.seen else case.kind
            yield number, case._replace(octets=case.octets.replace(" /N", " http://§/N", 1) + smuggled.AFTER,
                                        seen=case.seen[:1], kind=kind)


def after(case):
    return (*case.seen, "/N-after") if case.kind == "passed" else case.seen


def open_client(h, server, way, bare):
    name = name_of(server, way.port)
    if bare:
        client = Client(h, (server.tls if way.port == 443 else server.plain, way.port))
        if way.port == 443:
            context = ssl._create_unverified_context()
            client.stream = context.wrap_socket(client.stream, server_hostname=name)
        return client
    client = Client(h)
    if not way.is_url:
        opened = client.connect(f"{name}:{way.port}")
        if opened.status != 200:
            raise RuntimeError(f"CONNECT {name}:{way.port}: {opened}")
    if way.port == 443:
        client.tls(name)
    return client


def answers(client, method):
    """Every answer until the proxy closes; what is none ends the list as a text."""
    found = []
    try:
        while True:
            found.append(client.answer(method))
            method = "GET"
    except Closed as why:
        if str(why) != "b''":
            found.append(f"half an answer: {why}")
    except (ValueError, TimeoutError) as why:
        found.append(f"{type(why).__name__}: {why}")
    return found


def play(h, server, way, number, case, bare):
    """The case, and a last request behind it: the answers."""
    text = smuggled.octets(case.octets, number, name_of(server, way.port), way.port)
    with open_client(h, server, way, bare) as client:
        client.send(text)
        return answers(client, case.octets.split(" ", 1)[0])


def check_answers(h, server, what, case, found):
    statuses = [getattr(answer, "status", answer) for answer in found]
    own = OWN.get(server.name, {200})
    if case.kind == "cut":
        h.check(len(found) <= 1, f"{what}: {statuses}")
        return
    served, told = statuses[:len(case.seen)], statuses[len(case.seen):]
    h.check(len(served) == len(case.seen) and all(status in own for status in served)
            and (told == [] if case.kind == "passed" else told in ([400], [403])), f"{what}: {statuses}")


# --- what the servers saw ---

def sent_fields(text):
    """Of the first request, strictly read: what goes on to the device as it is."""
    head = text.lstrip(b"\r\n").split(b"\r\n\r\n", 1)[0].decode("latin-1")
    fields = [tuple(part.strip(" \t") for part in line.split(":", 1)) for line in head.split("\r\n")[1:]]
    listed = {word.strip().lower() for name, value in fields if name.lower() == "connection" for word in value.split(",")}
    return [(name, value) for name, value in fields if name.lower() not in OF_THE_CONNECTION | listed]


def check_head(h, what, seen, host):
    """As the proxy writes them."""
    fields = list(seen.fields.items()) if isinstance(seen.fields, dict) else seen.fields
    values = collections.defaultdict(list)
    for name, value in fields:
        values[name.lower()].append(value)
    codings, lengths = values["transfer-encoding"], values["content-length"]
    h.check(values["host"] == [host], f"{what}: {seen.line}: Host {values['host']}")
    h.check(codings in ([], ["chunked"]) and len(lengths) <= 1 and not (codings and lengths)
            and all(re.fullmatch("0|[1-9][0-9]*", length) for length in lengths),
            f"{what}: {seen.line}: lengths {lengths}, codings {codings}")
    h.check(not values["x-rest"], f"{what}: {seen.line}: a field out of a body")
    h.check(not values.keys() & NOT_PASSED, f"{what}: {seen.line}: {values.keys() & NOT_PASSED}")
    return [(name, value) for name, value in fields if name.lower() not in OF_THE_CONNECTION]


def check_seen(h, server, way, number, case, seen):
    host, what = name_of(server, way.port), f"{server.name}, {way}, {case.name}"
    targets = [one.line.split(" ")[1] for one in seen]
    right = [path.replace("/N", f"/{number}") for path in case.seen]
    h.check(targets == right or (case.kind == "cut" and targets == []), f"{what}: it saw {targets}, not {right}")
    if server.name == "nginx" and "_" in case.name:
        return  # it was passed, and counted once; but nginx's log has one name for Transfer-Encoding and its namesake
    for index, one in enumerate(seen):
        kept = check_head(h, what, one, host)
        if index == 0 and case.kind == "passed" and isinstance(one.fields, list):
            right = sent_fields(smuggled.octets(case.octets, number, host, way.port))
            h.check(kept == right, f"{what}: fields {kept}, not {right}")


def check_log(h, server, played):
    by_number, odd = collections.defaultdict(list), []
    for seen in server.requests():
        found = re.match(r"[A-Z]+ /(\d{4})\b", seen.line)
        if found and int(found[1]) in played:
            by_number[int(found[1])].append(seen)
        else:
            odd.append(seen)
    h.check(not odd, f"{server.name}: it read what nobody sent: {odd[:5]}")
    for number, (way, case) in played.items():
        check_seen(h, server, way, number, case, by_number[number])
    print(f"      {server.name}: {len(played)} cases, {sum(map(len, by_number.values()))} requests")


def adopt(h, server):
    h.expect(0, "adopt", server.name, server.tls, "--yes")
    h.expect(0, "set", f"{server.name}-plain", "AAAA", server.plain)


def every_case(kind, bare):
    def story(h):
        smuggle(h, kind, bare)
    story.__name__ = kind.name
    return story


def smuggle(h, kind, bare):
    """Every case to this server."""
    at = 0x20 + 2 * webservers.ALL.index(kind)
    server = kind(h, f"{at:x}", f"{at + 1:x}")
    played = {}
    try:
        server.wait()
        adopt(h, server)
        for way in WAYS:
            for number, case in cases_of(way):
                found = play(h, server, way, number, case, bare)
                played[number] = way, case
                check_answers(h, server, f"{server.name}, {way}, {case.name}", case, found)
    finally:
        server.stop()
    check_log(h, server, played)


# --- a device that says too much ---

OK = "HTTP/1.1 200 OK\r\n"
POISON = OK + "Content-Length: 6\r\n\r\npoison"
TOO_MUCH = [  # (method, status of the answer, its body, what the device says)
    ("GET", 200, b"first", OK + "Content-Length: 5\r\n\r\nfirst" + POISON),
    ("GET", 200, b"", OK + "Content-Length: 0\r\n\r\n" + POISON),
    ("GET", 200, b"first", OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n" + POISON),
    ("GET", 200, b"first", OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\nX: y\r\n\r\n" + POISON),
    ("GET", 204, b"", "HTTP/1.1 204 No Content\r\n\r\n" + POISON),
    ("GET", 204, b"", f"HTTP/1.1 204 No Content\r\nContent-Length: {len(POISON)}\r\n\r\n" + POISON),
    ("GET", 304, b"", f"HTTP/1.1 304 Not Modified\r\nContent-Length: {len(POISON)}\r\n\r\n" + POISON),
    ("GET", 304, b"", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n" + POISON),
    ("HEAD", 200, b"", OK + f"Content-Length: {len(POISON)}\r\n\r\n" + POISON),
    ("HEAD", 200, b"", OK + "Transfer-Encoding: chunked\r\n\r\n" + POISON),
    ("HEAD", 200, b"", OK + "\r\n" + POISON),
    ("GET", 200, b"first", "HTTP/1.1 100 Continue\r\n\r\n" + OK + "Content-Length: 5\r\n\r\nfirst" + POISON),
    ("GET", 200, b"first", f"HTTP/1.1 103 Early Hints\r\nContent-Length: {len(POISON)}\r\n\r\n" + OK + "Content-Length: 5\r\n\r\nfirst"),
    ("GET", 200, b"first", "HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n" + OK + "Content-Length: 5\r\n\r\nfirst" + POISON),
    ("GET", 200, b"first", OK + "Connection: close\r\nContent-Length: 5\r\n\r\nfirst" + POISON),
    ("POST", 200, b"first", OK + "Content-Length: 5\r\n\r\nfirst" + POISON),
]
TALKER = "talker.maple.home.arpa"


def talk(octets):
    """The first request of a connection is answered with these; any other with what it asked for."""
    def answer(connection, request):
        for _ in connection.body(request):
            pass
        if request.path == "/talk":
            connection.send(octets.encode("latin-1"))
        else:
            connection.answer(request.path)
    return answer


def own_answer(h, what, client):
    """The next request gets its own answer, or none."""
    try:
        answer = client.get("/next", TALKER)
        h.check(answer.status == 502 or answer.body == b"/next", f"{what}: {answer}")
    except Closed:
        pass


def says_too_much(h):
    device = h.device("talker", "38")
    for method, status, body, octets in TOO_MUCH:
        device.answer = talk(octets)
        what = f"{method}, {octets[:60]!r}"
        for tries in range(3):  # later ones may find the device's connection of the one before
            with Client(h) as client:
                client.connect(f"{TALKER}:443")
                client.tls(TALKER)
                more = "Content-Length: 0\r\n" if method == "POST" else ""
                answer = client.get("/talk", TALKER, more, method)
                h.check(answer.status == status and answer.body == body and answer.whole, f"{what}: {answer}")
                if tries > 0:
                    own_answer(h, what, client)
            with Client(h) as client:
                client.connect(f"{TALKER}:443")
                client.tls(TALKER)
                own_answer(h, f"another connection after {what}", client)


def main():
    home.enter()
    words = sys.argv[2:]
    bare = "--bare" in words
    wanted = [word for word in words if not word.startswith("-")]
    h = home.Home(sys.argv[1])
    try:
        h.start()
        if not bare:
            h.start_proxy()
        stories = [every_case(kind, bare) for kind in webservers.ALL] + ([] if bare else [says_too_much])
        h.run_stories(stories, wanted)
    finally:
        h.close()
    return h.ending("e2e/smuggling")


if __name__ == "__main__":
    sys.exit(main())
