"""The resolver process, asked by a real dig over UDP and TCP, with an upstream of the test's own.

Everything is on loopback; each wait is bounded and ends with the thing waited for.
"""
import base64
import calendar
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TRUSTING, VALIDATING, SIGNED = sys.argv[1:4]
CAMERA = "camera.maple.home.arpa"
PROBLEMS = []


def check(condition, text):
    print(("ok    " if condition else "FAIL  ") + text)
    if not condition:
        PROBLEMS.append(text)


# --- an upstream ---

def read_question(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    rrtype, = struct.unpack_from(">H", packet, at + 1)
    return ".".join(labels).lower(), rrtype, at + 5


class Upstream:
    """Answers A for every name, over UDP and TCP on one port; remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.hang = False
        while True:
            self.tcp = socket.create_server(("127.0.0.1", 0))
            self.port = self.tcp.getsockname()[1]
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self.udp.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self.tcp.close()
                self.udp.close()
        for work in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def answer(self, packet, stream):
        name, rrtype, end = read_question(packet)
        self.asked.append((name, rrtype))
        if self.hang or name.startswith("hang"):
            return None
        body, count, flags = b"", 0, 0x8180
        if name.startswith("big") and rrtype == 16:
            if not stream:
                flags |= 0x0200
            else:
                for i in range(20):
                    body += b"\xc0\x0c" + struct.pack(">HHIHB", 16, 1, 60, 201, 200) + bytes([65 + i]) * 200
                count = 20
        elif rrtype == 1:
            address = "192.168.1.1" if name.startswith("rebind") or name.endswith("home.arpa") else "203.0.113.7"
            body = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
            count = 1
        opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)
        return packet[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 1) + packet[12:end] + body + opt

    def serve_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(4096)
            reply = self.answer(packet, False)
            if reply:
                self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            stream, _ = self.tcp.accept()
            with stream:
                header = stream.recv(2, socket.MSG_WAITALL)
                if len(header) == 2:
                    reply = self.answer(stream.recv(struct.unpack(">H", header)[0], socket.MSG_WAITALL), True)
                    if reply:
                        stream.sendall(struct.pack(">H", len(reply)) + reply)

    def asked_names(self):
        return [name for name, _ in self.asked]


TYPES = {"A": 1, "NS": 2, "SOA": 6, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48}


def wire_name(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".") if x) + b"\0"


def wire_time(text):
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%S"))


def wire_data(rrtype, f):
    """The octets of rdata as the zone file spells it."""
    if rrtype == "A":
        return socket.inet_aton(f[0])
    if rrtype == "NS":
        return wire_name(f[0])
    if rrtype == "SOA":
        return wire_name(f[0]) + wire_name(f[1]) + struct.pack(">5I", *map(int, f[2:]))
    if rrtype == "DNSKEY":
        return struct.pack(">HBB", *map(int, f[:3])) + base64.b64decode(f[3])
    if rrtype == "NSEC":
        bits = bytearray(8)
        for name in f[1:]:
            bits[TYPES[name] // 8] |= 0x80 >> TYPES[name] % 8
        used = bytes(bits).rstrip(b"\0")
        return wire_name(f[0]) + bytes([0, len(used)]) + used
    return struct.pack(">HBBIIIH", TYPES[f[0]], int(f[1]), int(f[2]), int(f[3]), wire_time(f[4]), wire_time(f[5]),
                       int(f[6])) + wire_name(f[7]) + base64.b64decode(f[8])


class SignedUpstream(Upstream):
    """Serves signed_root.zone; one address in it is forged on the way."""

    def __init__(self):
        self.rrsets = {}
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "signed_root.zone")
        for line in open(path):
            if line.startswith(";"):
                continue
            owner, ttl, _, rrtype, *data = line.split()
            covered = data[0] if rrtype == "RRSIG" else rrtype
            if owner == "forged.signed." and rrtype == "A":
                data = ["198.51.100.66"]
            wire = wire_data(rrtype, data)
            self.rrsets.setdefault((owner.strip(".").lower(), TYPES[covered]), []).append(
                wire_name(owner) + struct.pack(">HHIH", TYPES[rrtype], 1, int(ttl), len(wire)) + wire)
        super().__init__()

    def answer(self, packet, stream):
        name, rrtype, end = read_question(packet)
        self.asked.append((name, rrtype))
        here = self.rrsets.get((name, rrtype), [])
        denial, rcode = [], 0
        if not here:
            exists = any(key[0] == name for key in self.rrsets)
            rcode = 0 if exists else 3
            proofs = [(name, 47)] if exists else [("forged.signed", 47), ("", 47)]
            denial = [rr for key in [("", 6)] + proofs for rr in self.rrsets[key]]
        opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0x8000, 0)
        return (packet[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(here), len(denial), 1) + packet[12:end]
                + b"".join(here) + b"".join(denial) + opt)


# --- the house ---

class House:
    def __init__(self, program, *options, view=True):
        self.program = program
        self.dir = tempfile.mkdtemp(prefix="house.")
        self.generation = 0
        if view:
            self.publish()
        self.process = subprocess.Popen([program, "serve", self.dir, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port, self.wildcard = map(int, self.process.stdout.readline().split())

    def publish(self, state="fresh"):
        self.generation += 1
        subprocess.run([self.program, "view", self.dir, str(self.generation), state], check=True)

    def dig(self, name, rrtype="A", *options, server="127.0.0.1", port=None):
        """Returns (status, flags, answers, whole text)."""
        out = subprocess.run(["dig", "@" + server, "-p", str(port or self.port), name, rrtype, "+tries=2",
                              "+time=8", *options], capture_output=True, text=True, timeout=30).stdout
        status, flags, answers, section = None, [], [], None
        for line in out.splitlines():
            if "status: " in line:
                status = line.split("status: ")[1].split(",")[0]
            elif line.startswith(";; flags: "):
                flags = line[len(";; flags: "):].split(";")[0].split()
            elif line.endswith(" SECTION:"):
                section = line[3:].split()[0]
            elif section == "ANSWER" and line and not line.startswith(";"):
                answers.append(line.split())
        return status, flags, answers, out

    def end(self, gently=True):
        """Ends it and returns the exit status and the counters."""
        started = time.monotonic()
        if gently:
            self.process.terminate()
        else:
            self.process.stdin.close()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "hangs"
        self.seconds = time.monotonic() - started
        counters = dict((line.rsplit(" ", 1)[0], int(line.rsplit(" ", 1)[1])) for line in self.process.stdout)
        shutil.rmtree(self.dir)
        return status, counters


def frame(packet):
    return struct.pack(">H", len(packet)) + packet


def query(name, rrtype, ident):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split(".") if x)
    return struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", rrtype, 1)


def read_frame(stream):
    header = stream.recv(2, socket.MSG_WAITALL)
    return stream.recv(struct.unpack(">H", header)[0], socket.MSG_WAITALL) if len(header) == 2 else b""


# --- what is claimed ---

def test_household(house):
    for options in ([], ["+tcp"], ["+noedns"], ["+dnssec"], ["+nocookie"]):
        status, flags, answers, _ = house.dig(CAMERA, "AAAA", *options)
        check(status == "NOERROR" and "aa" in flags and [a[4] for a in answers] == ["fd68:6561::1"],
              f"AAAA {' '.join(options)}")
    status, flags, answers, text = house.dig("_443._tcp." + CAMERA, "TLSA")
    check(status == "NOERROR" and answers[0][4:7] == ["3", "1", "1"], "TLSA")
    check("COOKIE" in text and "(good)" in text, "dig finds the cookie good")
    status, _, answers, text = house.dig("nobody.maple.home.arpa")
    check(status == "NXDOMAIN" and "AUTHORITY: 1" in text, "NXDOMAIN with SOA")
    status, _, answers, text = house.dig("_tcp." + CAMERA)
    check(status == "NOERROR" and not answers and "AUTHORITY: 1" in text, "empty non-terminal")
    status, _, answers, _ = house.dig("9.7.168.192.in-addr.arpa", "PTR")
    check(status == "NOERROR" and answers[0][4] == CAMERA + ".", "PTR")
    check("ede: 15" in house.dig("_443._tcp.gone.maple.home.arpa", "TLSA")[3].lower(), "withdrawn is said")
    status, _, answers, _ = house.dig("maple.home.arpa", "SOA", "+short")
    check(house.dig("maple.home.arpa", "SOA")[2][0][3] == "SOA", "SOA")
    text = house.dig("big.maple.home.arpa", "TXT", "+ignore")[3]
    check(" tc" in text, "TC over UDP")
    check(len(house.dig("big.maple.home.arpa", "TXT")[2]) == 8, "and dig comes back over TCP for all of it")
    check(house.dig(CAMERA, "A", "+edns=1", "+noednsneg")[0] == "BADVERS", "BADVERS")
    check(house.dig(CAMERA, "A", "+opcode=4")[0] == "NOTIMP", "NOTIMP")
    check(house.dig(CAMERA, "A", "-c", "CH")[0] == "REFUSED", "class CH")
    check(house.dig("maple.home.arpa", "AXFR")[3].find("Transfer failed") >= 0, "no transfer")


def test_wildcard(house):
    """dig insists on an answer from the address that it asked."""
    for address in ("127.0.0.1", "127.0.0.2", "127.9.8.7"):
        check(house.dig(CAMERA, "AAAA", server=address, port=house.wildcard)[0] == "NOERROR",
              f"answered from {address}")
        check(house.dig("www.example.com", "A", server=address, port=house.wildcard)[0] == "NOERROR",
              f"and from the upstream by {address}")


def test_upstream(house, upstream):
    status, flags, answers, _ = house.dig("www.example.com")
    check(status == "NOERROR" and answers[0][4] == "203.0.113.7" and "aa" not in flags and "ra" in flags,
          "other names come from the upstream")
    check("www.example.com" in upstream.asked_names(), "which was asked")
    check(house.dig("www.example.com", "A", "+tcp")[2][0][4] == "203.0.113.7", "over TCP too")
    check(len(house.dig("big.example.com", "TXT")[2]) == 20, "a long answer from outside")
    status, _, answers, _ = house.dig("rebind.example.com")
    check(not answers, "no public name leads into the house")
    for name in ("nas.home.arpa", "home.arpa", "a.b.maple.home.arpa", "hearth.home.arpa", "printer.local", "x.onion",
                 "x.test", "x.invalid", "localhost", "1.1.168.192.in-addr.arpa"):
        for rrtype in ("A", "SOA", "DS", "NS"):
            status = house.dig(name, rrtype)[0]
            check(status in ("NXDOMAIN", "NOERROR"), f"{name} {rrtype} is answered here: {status}")
    status, _, _, text = house.dig("nas.home.arpa")
    check(status == "NXDOMAIN" and "not a household name" in text, "and says why")
    left = [name for name in upstream.asked_names()
            if name.endswith(("home.arpa", "local", "onion", "test", "invalid", "localhost", "168.192.in-addr.arpa"))]
    check(not left, f"and none of them ever left {left}")


def test_hung_upstream(house, upstream):
    """Household names while a dozen questions hang upstream; those end with SERVFAIL."""
    hung = [subprocess.Popen(["dig", "@127.0.0.1", "-p", str(house.port), f"hang{i}.example.com", "+tries=1", "+time=20"]
                             + (["+tcp"] if i % 2 else []), stdout=subprocess.PIPE, text=True) for i in range(12)]
    while len([n for n in upstream.asked_names() if n.startswith("hang")]) < 12:
        if any(p.poll() is not None for p in hung):
            break
        time.sleep(0.02)
    for i in range(10):
        check(house.dig(CAMERA, "AAAA", *(["+tcp"] if i % 2 else []))[0] == "NOERROR",
              "household name while the upstream hangs")
        if i == 1:
            check(all(p.poll() is None for p in hung), "and those that hang still wait")
    texts = [p.communicate(timeout=30)[0] for p in hung]
    check(all("status: SERVFAIL" in t and "EDE: 23" in t for t in texts), "then they end with SERVFAIL and why")


def test_stream(house):
    """Pipelining, pieces, many clients, and those that don't keep to the rules (RFC 7766)."""
    with socket.create_connection(("127.0.0.1", house.port), 20) as stream:
        queries = b"".join(frame(query("www.example.com" if i % 3 == 0 else CAMERA, 1, i)) for i in range(60))
        stream.sendall(queries)
        got = {struct.unpack(">H", read_frame(stream)[:2])[0] for _ in range(60)}
        check(got == set(range(60)), "60 queries in one write, all answered")
        for octet in frame(query(CAMERA, 28, 7)):
            stream.sendall(bytes([octet]))
        check(read_frame(stream)[:2] == b"\0\7", "one octet at a time")
        stream.sendall(frame(query("late.example.com", 1, 9)))
        stream.shutdown(socket.SHUT_WR)
        check(read_frame(stream)[:2] == b"\0\x09", "an answer after the client has closed its side")
        check(stream.recv(1) == b"", "and then the end")
    for junk in (b"\xff\xff" + b"x" * 100, b"\0\0", frame(b"short"), frame(b"\0\1\x80\0" + b"\0" * 8)):
        with socket.create_connection(("127.0.0.1", house.port), 20) as stream:
            stream.sendall(junk)
            check(stream.recv(1) == b"", f"closed on junk {junk[:4]!r}")
    clients = [socket.create_connection(("127.0.0.1", house.port), 20) for _ in range(200)]
    for i, stream in enumerate(clients):
        stream.sendall(frame(query(CAMERA, 1, i)))
    check(all(read_frame(s)[:2] == struct.pack(">H", i) for i, s in enumerate(clients)), "200 clients at once")
    for stream in clients:
        stream.close()


def test_flood(house):
    """A client that asks without end and reads nothing is held back, and harms nobody."""
    with socket.create_connection(("127.0.0.1", house.port), 20) as stream:
        stream.settimeout(1)
        block = frame(query("big.maple.home.arpa", 16, 1)) * 200
        try:
            for _ in range(2000):
                stream.sendall(block)
            held = False
        except TimeoutError:
            held = True
        check(held, "who reads nothing is not read from for ever")
        check(house.dig(CAMERA, "AAAA", "+tcp")[0] == "NOERROR", "others are served meanwhile")


def test_new_view(house):
    house.publish("soft")
    status, _, answers, text = house.dig(CAMERA, "AAAA")
    check(int(answers[0][1]) <= 60 and "EDE: 3" in text, "a new view is seen at once: stale")
    house.publish("hard")
    status, _, _, text = house.dig("_443._tcp." + CAMERA, "TLSA")
    check(status == "SERVFAIL" and "EDE: 22" in text, "past the hard limit no TLSA")
    check(house.dig(CAMERA, "AAAA", "+tcp")[0] == "NOERROR", "but addresses")
    house.publish("damaged")
    check(house.dig(CAMERA, "AAAA")[0] == "SERVFAIL", "a damaged view is SERVFAIL")
    house.publish()
    check(house.dig(CAMERA, "AAAA")[0] == "NOERROR", "and a good one heals it")


def test_main():
    upstream = Upstream()
    house = House(TRUSTING, f"forward={upstream.port}", "threads=2")
    test_household(house)
    test_upstream(house, upstream)
    test_wildcard(house)
    test_stream(house)
    test_flood(house)
    test_hung_upstream(house, upstream)
    test_new_view(house)
    status, counters = house.end()
    check(status == 0, f"SIGTERM ends it: {status} after {house.seconds:.2f} s")
    check(counters["queries"] > 150 and counters["household"] > 100 and counters["upstream"] > 20
          and counters["refused"] >= 2 and counters["malformed"] >= 2 and counters["servfail"] >= 12
          and counters["tcp_clients"] > 200, f"counters {counters}")


def read_ede(packet):
    """The code of an extended error in a reply that ends with an OPT of that option alone."""
    return struct.unpack_from(">H", packet, packet.rindex(b"\0\x0f\0") + 4)[0]


def receive_stamped(client):
    """A datagram, and the kernel's word on when it came: the order stays known however late we read."""
    packet, control, _, _ = client.recvmsg(2048, 64)
    (_, _, stamp), = control
    return struct.unpack("qq", stamp), packet


def ask_too_much(house, count, each):
    """Questions for which nobody answers, `each` from one socket, so that no buffer overflows; one for a household
    name behind them comes back when they have been taken. Returns how long it took to ask them all, and of each answer
    (time, code of the extended error, RCODE), in the order in which they came."""
    started = time.monotonic()
    opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)
    clients, replies = [], []
    for first in range(0, count, each):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        clients.append(client)
        client.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        client.connect(("127.0.0.1", house.port))
        client.settimeout(60)
        for i in range(first, first + each):
            packet = bytearray(query(f"h{i}.example.com", 1, i) + opt)
            packet[11] = 1
            client.send(packet)
        client.send(query(CAMERA, 1, 0xffff))
        taken = False
        while not taken:
            stamp, packet = receive_stamped(client)
            taken = packet[:2] == b"\xff\xff"
            if not taken:
                replies.append((client, stamp, packet))
    seconds = time.monotonic() - started
    for client in clients:
        missing = each - sum(owner is client for owner, _, _ in replies)
        replies += [(client, *receive_stamped(client)) for _ in range(missing)]
        client.close()
    return seconds, sorted((stamp, read_ede(packet), packet[3] & 15) for _, stamp, packet in replies)


def test_too_many():
    """600 questions to an upstream that hangs: 512 wait for it, the others hear at once that it is too much.

    They can be counted only if all are asked before the first one's time is up (4 s): a machine that was too slow for
    it tries again."""
    for _ in range(8):
        upstream = Upstream()
        upstream.hang = True
        house = House(TRUSTING, f"forward={upstream.port}")
        seconds, replies = ask_too_much(house, 600, 50)
        ended = house.end()[0]
        if seconds < 3:
            break
    check(all(rcode == 2 for _, _, rcode in replies), "600 questions to a dead upstream: all SERVFAIL")
    check([code for _, code, _ in replies] == [14] * 88 + [23] * 512, "the rest at once, then 512 after the wait")
    check(ended == 0, "ends")


def test_end_while_asking():
    """SIGTERM while questions hang upstream."""
    upstream = Upstream()
    upstream.hang = True
    house = House(TRUSTING, f"forward={upstream.port}")
    hung = [subprocess.Popen(["dig", "@127.0.0.1", "-p", str(house.port), f"h{i}.example.com", "+tries=1", "+time=9"]
                             + (["+tcp"] if i % 2 else []), stdout=subprocess.PIPE, text=True) for i in range(6)]
    while len(set(upstream.asked_names())) < 6 and all(p.poll() is None for p in hung):
        time.sleep(0.02)
    check(house.end()[0] == 0, f"ends while questions are open, after {house.seconds:.2f} s")
    for process in hung:
        process.communicate(timeout=30)


def test_local_upstream():
    world, router = Upstream(), Upstream()
    house = House(TRUSTING, f"forward={world.port}", f"local={router.port}")
    status, flags, answers, _ = house.dig("nas.home.arpa")
    check(status == "NOERROR" and answers and answers[0][4] == "192.168.1.1", "the router's own names come from it")
    check(house.dig("www.example.com")[2][0][4] == "203.0.113.7", "the world's from the world")
    for name in (CAMERA, "nobody.maple.home.arpa", "hearth.home.arpa", "x.hearth.home.arpa"):
        house.dig(name)
    check(not [n for n in world.asked_names() if n.endswith("home.arpa")], "nothing of home.arpa goes to the world")
    check(set(router.asked_names()) <= {"nas.home.arpa", "home.arpa"}, f"nor more to the router: {router.asked}")
    check(house.end(gently=False)[0] == 0, "it ends when the parent does")


def test_no_household():
    house = House(TRUSTING, "forward=1", view=False)
    check(house.dig(CAMERA)[0] == "NXDOMAIN", "no household yet: NXDOMAIN")
    status, _, _, text = house.dig("www.example.com")
    check(status == "SERVFAIL" and "EDE: 2" in text, "an upstream that is not there: SERVFAIL, and why")
    house.publish()
    check(house.dig(CAMERA)[0] == "NOERROR", "a household that is founded later is seen")
    check(house.end()[0] == 0, "ends")


def test_validation():
    upstream = Upstream()
    house = House(VALIDATING, f"forward={upstream.port}")
    status, _, answers, text = house.dig("www.example.com")
    check(status == "SERVFAIL" and not answers and "EDE: 6" in text, "an upstream that signs nothing is bogus")
    check(house.dig(CAMERA, "AAAA")[0] == "NOERROR", "household names don't care")
    check(house.end()[0] == 0, "ends")
    router = Upstream()
    house = House(VALIDATING, "forward=1", f"local={router.port}")
    check(house.dig("nas.home.arpa")[0] == "NOERROR", "a local upstream needs no signatures, nor the world")
    check(house.end()[0] == 0, "ends")


def test_signed():
    upstream = SignedUpstream()
    house = House(SIGNED, f"forward={upstream.port}")
    status, flags, answers, _ = house.dig("www.signed", "A", "+noadflag")
    check(status == "NOERROR" and "ad" not in flags and len(answers) == 1, "a signed name, AD not asked for")
    check("ad" in house.dig("www.signed", "A", "+adflag")[1], "AD asked for by AD")
    status, flags, answers, _ = house.dig("www.signed", "A", "+noadflag", "+dnssec", "+tcp")
    check("ad" in flags and [a[3] for a in answers] == ["A", "RRSIG"], "and by DO, with the signature")
    status, flags, _, text = house.dig("nobody.signed", "A", "+dnssec")
    check(status == "NXDOMAIN" and "ad" in flags and "NSEC" in text, "a denial with its proof")
    status, _, answers, text = house.dig("forged.signed", "A")
    check(status == "SERVFAIL" and not answers and "EDE: 6" in text, "a forged address is bogus")
    status, flags, answers, _ = house.dig("forged.signed", "A", "+cdflag")
    check(status == "NOERROR" and "ad" not in flags and len(answers) == 1, "but seen by who checks for himself (CD)")
    check(house.end()[0] == 0, "ends")


if not shutil.which("dig"):
    print("needs dig (Debian: bind9-dnsutils)")
    sys.exit(77)
for test in (test_main, test_too_many, test_end_while_asking, test_local_upstream, test_no_household, test_validation,
             test_signed):
    print(f"-- {test.__name__}", flush=True)
    test()
sys.exit(1 if PROBLEMS else 0)
