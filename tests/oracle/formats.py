"""The formats of docs/ledger-format.md, read anew for the oracle: entries, scope openings, bundles."""
import hashlib

GENESIS, GRANT, SCOPE, REVOKE, LIFT, POLICY, MERGE, RECOVER = 1, 2, 3, 4, 5, 6, 7, 9
OPEN, SET, SUSPEND, WITHDRAW = 0x21, 0x22, 0x23, 0x24
PRIVATE, SHARED, DENIALS = 1, 2, 3
ADMIN, NODE = 1, 2
ZERO = bytes(32)


def hashed(personalisation, data):
    return hashlib.blake2b(data, digest_size=32, person=personalisation.encode()).digest()


class Refused(Exception):
    """Not well-formed, or made by a newer version on stream 0."""


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Refused("truncated")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def end(self):
        if self.at != len(self.data):
            raise Refused("trailing octets")

    def name(self):
        """A relative owner name as a tuple of labels."""
        start, labels = self.at, []
        while True:
            length = self.number(1)
            if length == 0:
                break
            label = self.take(length)
            if length > 63 or label[:1] == b"-" or label[-1:] == b"-":
                raise Refused("label")
            if any(c not in b"abcdefghijklmnopqrstuvwxyz0123456789-_" for c in label):
                raise Refused("label")
            labels.append(label)
        if self.at - start > 180:
            raise Refused("name too long")
        return tuple(labels)


def canonical(name):
    return tuple(reversed(name))


def wire(name):
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def rising(items, what):
    if any(a >= b for a, b in zip(items, items[1:])):
        raise Refused(f"{what} do not rise")
    return items


class Entry:
    def __init__(self, raw):
        self.raw = raw
        if len(raw) > 2048:
            raise Refused("too long")
        r = Bytes(raw)
        if r.take(4) != b"HLE1":
            raise Refused("magic")
        self.type, self.flags, body_len = r.number(1), r.number(1), r.number(2)
        self.namespace, self.author = r.take(32), r.take(32)
        self.stream, self.seq = r.number(8), r.number(8)
        self.prev, self.auth_head, self.time = r.take(32), r.take(32), r.number(8)
        body = r.take(body_len)
        self.signature = r.take(64)
        r.end()
        if body_len > 1824:
            raise Refused("body too long")
        self.id = hashed("hearth1.entry.id", raw[:-64])
        self.check_header()
        self.upgrade = self.flags != 0
        self.body = self.read_body(Bytes(body))
        if self.upgrade and self.stream == 0:
            raise Refused("upgrade")

    def check_header(self):
        if (self.stream == 0) != (self.type < 0x20):
            raise Refused("type and stream")
        if (self.seq == 0) != (self.prev == ZERO):
            raise Refused("seq and prev")
        first = GENESIS if self.stream == 0 else OPEN
        if (self.seq == 0) != (self.type == first):
            raise Refused("first of its stream")
        if (self.type == GENESIS) != (self.namespace == ZERO):
            raise Refused("namespace")

    def key(self, r):
        if r.number(1) != 1:
            self.upgrade = True
        return r.take(32)

    def heads(self, r):
        count = r.number(1)
        if count > 16:
            raise Refused("heads")
        return [(h[:8], h[8:16], h[16:]) for h in rising([r.take(48) for _ in range(count)], "heads")]

    def tail(self, r, known):
        found, last = {}, -1
        while r.at < len(r.data):
            tag, length = r.number(1), r.number(2)
            value = r.take(length)
            if tag <= last:
                raise Refused("tags do not rise")
            last = tag
            if tag in known:
                found[tag] = value
            elif tag & 0x80:
                self.upgrade = True
        return found

    def read_body(self, r):
        b = {}
        if self.type == GENESIS:
            b = {"owner": self.key(r), "commitment": r.take(32), "salt": r.take(32)}
        elif self.type == GRANT:
            b = {"key": self.key(r), "spki": r.take(32), "zone": self.key(r), "role": r.number(1), "flags": r.number(1),
                 "scope": r.take(32), "possession": r.take(64)}
        elif self.type == SCOPE:
            b = {"key": self.key(r), "spki": r.take(32), "zone": self.key(r), "flags": r.number(1),
                 "scope": r.take(32), "heads": self.heads(r)}
        elif self.type == REVOKE:
            b = {"key": self.key(r), "reason": r.number(1), "heads": self.heads(r)}
        elif self.type == LIFT:
            b = {"target": r.take(32)}
        elif self.type == POLICY:
            b = {"soft": r.number(2), "hard": r.number(2), "min_version": r.number(2)}
        elif self.type == MERGE:
            b = {"other": r.take(32)}
        elif self.type == RECOVER:
            b = {"key": self.key(r), "owner": self.key(r), "commitment": r.take(32)}
        elif self.type == OPEN:
            b = {"kind": r.number(1)}
            b["opening"] = self.tail(r, {1} if b["kind"] == PRIVATE else set()).get(1)
            if b["opening"] is not None:
                b["scope"] = read_opening(b["opening"])
            return b
        elif self.type == SET:
            b = {"name": r.name(), "rrtype": r.number(2), "ttl": r.number(4)}
            count = r.number(1)
            if count > 8 or b["ttl"] >= 1 << 31:
                raise Refused("over or ttl")
            b["over"] = rising([r.take(32) for _ in range(count)], "over")
            count = r.number(1)
            if count > 8:
                raise Refused("rrs")
            b["rrs"] = rising([r.take(r.number(2)) for _ in range(count)], "rrs")
            by = self.tail(r, {1}).get(1)
            if by is not None and not (1 <= len(by) <= 64 and all(0x21 <= c <= 0x7e for c in by)):
                raise Refused("by")
            return b
        elif self.type == SUSPEND:
            b = {"key": self.key(r)}
        elif self.type == WITHDRAW:
            b = {"hash": r.take(32), "reason": r.number(1)}
        else:
            self.upgrade = True
            return b
        self.tail(r, set())
        return b


def read_opening(value):
    if len(value) > 1600:
        raise Refused("opening")
    r = Bytes(value)
    r.take(16)
    names = [r.name() for _ in range(r.number(1))]
    r.end()
    rising([canonical(n) for n in names], "scope names")
    return names


# --- bundles ---

def read_list(r):
    return [r.take(r.number(2)) for _ in range(r.number(4))]


def read_bundle(data):
    if data[-32:] != hashed("hearth1.bundle.1", data[:-32]):
        raise Refused("the bundle's hash is wrong")
    r = Bytes(data[:-32])
    if r.take(4) != b"HLB1":
        raise Refused("no bundle")
    households = {}
    for _ in range(r.number(4)):
        start = r.at
        namespace = r.take(32)
        parts = Bytes(r.take(r.number(8)))
        if r.take(32) != hashed("hearth1.bundle.1", data[start:r.at - 32]):
            raise Refused("a section's hash is wrong")
        authority, _, feeds = read_list(parts), read_list(parts), read_list(parts)
        parts.end()
        households[namespace] = authority + feeds
    r.end()
    return households
