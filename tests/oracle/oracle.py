#!/usr/bin/env python3
"""A second implementation of the ledger's rules, written from docs/ledger-format.md and docs/ledger-rules.md
alone: slow, plain, and sharing nothing with the product. It judges a whole set of entries at once, from nothing.

  oracle.py FILE              reads a bundle (HLB1) and says what its households' names are (JSON)
  oracle.py --verify FILE     the same, and checks every Ed25519 signature (slowly)
  oracle.py --stream          reads cases from standard input and compares state roots: each is a length (4),
                              a bundle, a trusted branch's id or zeros (32), the product's state root (32)
"""
import hashlib
import json
import struct
import sys

import ed25519

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


class Path:
    """What the authority entries of one path, or of several joined, have established."""

    def __init__(self):
        self.owner = self.commitment = None
        self.era = ZERO             # the last RECOVER or GENESIS
        self.grants = {}            # key -> {role, flags, spki, zone, scopes: frozenset of commitments (without zero), id}
        self.burnt = frozenset()
        self.revokes = frozenset()  # (key, entry id, heads), all on the way here
        self.past = frozenset()     # those of them before the present era
        self.lifts = frozenset()
        self.tenures = frozenset()  # (key, role, steps) of the present era; a step: (commitment, heads or None)
        self.old = frozenset()      # of each key, those of the last era in which it was granted before
        self.policy = (168, 720, 1)

    def copy(self):
        other = Path()
        other.__dict__.update(self.__dict__)
        other.grants = dict(self.grants)
        return other


def join(sides, base):
    """The state of several sides; rights to deny are left to the caller's views (frozen) or united (MERGE)."""
    joined = base.copy()
    for field in ("burnt", "revokes", "past", "tenures", "old"):
        setattr(joined, field, frozenset().union(*(getattr(s, field) for s in sides)))
    joined.lifts = frozenset.intersection(*(s.lifts for s in sides))
    joined.grants = {}
    for key, grant in base.grants.items():
        if key in joined.burnt:
            continue
        lists = [s.grants[key]["scopes"] for s in sides if key in s.grants]
        joined.grants[key] = dict(grant, scopes=frozenset().union(*lists) if lists else grant["scopes"])
    return joined


class Household:
    def __init__(self, raws, trusted=ZERO, verify=False):
        self.trusted = trusted
        self.held = {}
        self.paths = {}
        self.effects = {}
        self.genesis = None
        waiting = [Entry(raw) for raw in raws]
        while True:
            rest = [e for e in waiting if not self.accept(e, verify)]
            if len(rest) == len(waiting):
                break
            waiting = rest
        self.waiting = waiting
        self.children = {}
        for e in self.held.values():
            self.children.setdefault(e.prev if e.seq else (e.author, e.stream), []).append(e)
        if self.genesis:
            self.judge()

    # --- acceptance ---

    def accept(self, e, verify):
        if e.id in self.held:
            return True
        if e.stream == 0:
            good = self.accept_authority(e)
        else:
            good = self.accept_feed(e)
        if good and verify and not ed25519.verify(e.author, b"hearth/v1/entry\0" + e.raw[:-64], e.signature):
            return False
        if good:
            self.held[e.id] = e
            if e.stream == 0:
                self.fold(e)
        return good

    def accept_authority(self, e):
        if e.type == GENESIS:
            if self.genesis or e.author != e.body["owner"] or not ed25519.is_valid_point(e.author):
                return False
            self.genesis = e
            return True
        before = self.held.get(e.prev)
        if not self.genesis or e.namespace != self.genesis.id or not before or before.stream or e.seq != before.seq + 1:
            return False
        path = self.paths[e.prev]
        if e.type == RECOVER:
            key = e.body["key"]
            return e.author == key and hashed("hearth1.recovery", b"\1" + key) == path.commitment
        if e.type == MERGE and self.held.get(e.body["other"], e).stream != 0:
            return False
        if e.type == MERGE and e.body["other"] not in self.held:
            return False
        return e.author == path.owner

    def accept_feed(self, e):
        if not self.genesis or e.namespace != self.genesis.id:
            return False
        named = {g.body["key"] for g in self.held.values() if g.type == GRANT}
        if e.author not in named or not ed25519.is_valid_point(e.author):
            return False
        if e.seq == 0:
            return True
        before = self.held.get(e.prev)
        return bool(before) and (before.author, before.stream, before.seq + 1) == (e.author, e.stream, e.seq)

    # --- one path ---

    def fold(self, e):
        path = Path() if e.type == GENESIS else self.paths[e.prev].copy()
        b = e.body
        rule = None
        if e.type in (GENESIS, RECOVER):
            path.owner, path.commitment, path.era = b["owner"], b["commitment"], e.id
        if e.type == RECOVER:
            again = {key for key, _, _ in path.tenures}
            path.old = path.tenures | {t for t in path.old if t[0] not in again}
            path.tenures, path.past, path.grants = frozenset(), path.revokes, {}
        elif e.type == GRANT:
            rule = self.grant_rule(path, b)
            if not rule:
                scopes = frozenset() if b["scope"] == ZERO else frozenset([b["scope"]])
                path.grants[b["key"]] = {"role": b["role"], "flags": b["flags"], "spki": b["spki"], "zone": b["zone"],
                                         "scopes": scopes, "id": e.id}
                path.tenures |= {(b["key"], b["role"], ((b["scope"], None),))}
        elif e.type == SCOPE:
            rule = self.scope_rule(path, b)
            if not rule:
                scopes = frozenset() if b["scope"] == ZERO else frozenset([b["scope"]])
                path.grants[b["key"]] = dict(path.grants[b["key"]], flags=b["flags"], spki=b["spki"], zone=b["zone"],
                                             scopes=scopes)
                step = ((b["scope"], tuple(b["heads"])),)
                path.tenures = frozenset((k, r, steps + step if k == b["key"] else steps) for k, r, steps in path.tenures)
        elif e.type == REVOKE:
            path.grants.pop(b["key"], None)
            path.burnt |= {b["key"]}
            path.revokes |= {(b["key"], e.id, tuple(b["heads"]))}
        elif e.type == LIFT:
            path.lifts |= {b["target"]}
        elif e.type == POLICY:
            if not 1 <= b["soft"] <= b["hard"]:
                rule = "policy-range"
            else:
                path.policy = (b["soft"], b["hard"], b["min_version"])
        elif e.type == MERGE:
            rule = self.merge_rule(e)
            if not rule:
                path = join([self.paths[e.prev], self.paths[b["other"]]], path)
        self.effects[e.id] = rule
        self.paths[e.id] = path

    def grant_rule(self, path, b):
        if b["key"] in path.grants:
            return "key-live"
        if b["key"] in path.burnt:
            return "key-burnt"
        if len(path.grants) >= 64:
            return "grants-full"
        if b["role"] not in (ADMIN, NODE):
            return "role"
        if b["flags"] & ~3 or (b["flags"] & 2 and b["scope"] != ZERO):
            return "grant-flags"
        if not ed25519.is_valid_point(b["key"]) or not ed25519.is_valid_point(b["zone"]):
            return "key-invalid"
        message = (b"hearth/v1/possess\0" + self.genesis.id + b"\1" + b["key"] + b["spki"] + b"\1" + b["zone"] +
                   bytes([b["role"], b["flags"]]) + b["scope"])
        return None if ed25519.verify(b["key"], message, b["possession"]) else "possession"

    @staticmethod
    def scope_rule(path, b):
        if b["key"] not in path.grants:
            return "key-not-live"
        if b["flags"] & ~3 or (b["flags"] & 2 and b["scope"] != ZERO):
            return "grant-flags"
        return None if ed25519.is_valid_point(b["zone"]) else "key-invalid"

    def line(self, entry_id):
        """The entry and its ancestors by prev, newest first."""
        while entry_id != ZERO and entry_id in self.held:
            yield entry_id
            entry_id = self.held[entry_id].prev

    def merge_rule(self, e):
        other = e.body["other"]
        if self.paths[e.prev].era != self.paths[other].era:
            return "merge-paths"
        if other in self.line(e.prev) or e.prev in self.line(other):
            return "merge-paths"
        return None

    # --- the tree ---

    def subtree(self, e):
        found, todo = [], [e]
        while todo:
            x = todo.pop()
            found.append(x)
            todo += [c for c in self.children.get(x.id, []) if c.stream == 0]
        return found

    def standing(self, at):
        """The branches at a point that are neither absorbed nor beaten by a RECOVER."""
        branches = [c for c in self.children.get(at.id, []) if c.stream == 0]
        if len(branches) < 2:
            return branches
        trees = {branch.id: self.subtree(branch) for branch in branches}
        absorbed = {x.body["other"] for tree in trees.values() for x in tree
                    if x.type == MERGE and self.effects[x.id] is None}
        left = [b for b in branches if any(self.is_end(x) and x.id not in absorbed for x in trees[b.id])]
        recovered = [b for b in left if any(x.type == RECOVER for x in trees[b.id])]
        return recovered or left

    def is_end(self, e):
        return not self.children.get(e.id)

    def sides(self, branches):
        """All ends of what is left of these branches."""
        ends, todo = [], list(branches)
        while todo:
            at = todo.pop()
            if self.is_end(at):
                ends.append(at)
            todo += self.standing(at)
        return ends

    def choose(self):
        """(state, the views by which rights to deny are judged, where the line ends, is it frozen)."""
        at = self.genesis
        while not self.is_end(at):
            left = self.standing(at)
            if len(left) > 1:
                left = [b for b in left if any(x.id == self.trusted for x in self.subtree(b))] or left
            if len(left) > 1:
                sides = [self.paths[end.id] for end in self.sides(left)]
                base = self.paths[at.id]
                return join(sides, base), sides + [base], at, True
            at = left[0]
        return self.paths[at.id], [self.paths[at.id]], at, False

    # --- denials ---

    def judge(self):
        self.path, self.views, self.head, self.frozen = self.choose()
        feeds = [e for e in self.held.values() if e.stream]
        self.kinds = {}
        self.openings = {}
        for e in feeds:
            if e.type == OPEN and not e.upgrade and e.body.get("opening") is not None:
                self.openings[hashed("hearth1.scopelst", e.body["opening"])] = e.body["scope"]
        self.overrun = {a for a in {e.author for e in feeds} if self.is_overrun(a)}
        self.suspended, self.withdrawn, self.denials = set(), {}, []
        for e in feeds:
            if e.type in (SUSPEND, WITHDRAW) and not e.upgrade and e.id not in self.path.lifts and self.counts(e):
                self.denials.append(e.id)
                if e.type == SUSPEND:
                    self.suspended.add(e.body["key"])
                else:
                    self.withdrawn.setdefault(e.body["hash"], []).append(e)
        self.killed = self.find_killed(feeds)
        self.find_winners(feeds)

    def kind(self, e):
        root = e
        while root.seq:
            root = self.held[root.prev]
        return 0 if root.upgrade else root.body["kind"]

    def is_overrun(self, author):
        streams = {e.stream for e in self.held.values() if e.stream and e.author == author}
        forks = sum(len(c) > 1 for c in self.children.values() if c[0].stream and c[0].author == author)
        return len(streams) > 64 or forks > 8

    def in_list(self, commitment, name):
        """Is the name (None: every name, as a WITHDRAW needs) in the list behind the commitment?"""
        if commitment == ZERO:
            return True
        if name is None:
            return False
        return any(name[len(name) - len(n):] == n for n in self.openings.get(commitment, ()))

    def up_to(self, e, heads):
        """Is e an ancestor-or-equal of a listed head?"""
        for stream, seq, head in heads:
            if head in self.held:
                if e.id in self.line(head):
                    return True
            elif e.stream == int.from_bytes(stream, "big") and e.seq <= int.from_bytes(seq, "big"):
                return True
        return False

    def lists_allow(self, e, lists):
        return all(lists) and self.up_to(e, [head for heads in lists for head in heads])

    def tenure_allows(self, e, role, steps, name):
        if e.type == SUSPEND:
            return role == ADMIN
        ended = []
        for commitment, heads in reversed(steps):
            if self.in_list(commitment, name):
                return not ended or self.lists_allow(e, ended)
            ended.append(heads or ())
        return False

    def counts(self, e):
        """REVOKEs of all sides hold (the last view is the base); each view has rights by its own era and lists."""
        everywhere = frozenset().union(*(v.revokes for v in self.views)) - self.views[-1].past
        asked = [heads for key, _, heads in everywhere if key == e.author]
        name = e.body["name"] if e.type == SET else None
        if not any(self.has_right(view, e, name) for view in self.views):
            return False
        return not asked or self.lists_allow(e, asked)

    def has_right(self, view, e, name):
        tenures = [t for t in view.tenures if t[0] == e.author]
        if not tenures and any(key == e.author for key, _, _ in view.revokes - view.past):
            tenures = [t for t in view.old if t[0] == e.author]
        return any(self.tenure_allows(e, role, steps, name) for _, role, steps in tenures)

    # --- names ---

    def set_breaks_a_rule(self, e):
        return e.upgrade or self.kind(e) not in (PRIVATE, SHARED) or not rdata_is_good(e.body)

    def find_killed(self, feeds):
        """(killed id, name, type) of every counting `over`."""
        killed = set()
        for e in feeds:
            if e.type == SET and e.body["over"] and not self.set_breaks_a_rule(e) and self.counts(e):
                killed.update((target, e.body["name"], e.body["rrtype"]) for target in e.body["over"])
        return killed

    def is_valid(self, e):
        grant = self.path.grants.get(e.author)
        return (grant and e.author not in self.suspended and e.author not in self.overrun and
                all(self.in_list(c, e.body["name"]) for c in grant["scopes"]) and not self.set_breaks_a_rule(e))

    def find_winners(self, feeds):
        slots = {}
        for e in feeds:
            if e.type == SET and (e.id, e.body["name"], e.body["rrtype"]) not in self.killed and self.is_valid(e):
                slots.setdefault((canonical(e.body["name"]), e.body["rrtype"]), []).append(e)
        self.slots = slots
        self.winners = {}
        for slot, live in slots.items():
            self.winners[slot] = max(live, key=lambda e: (self.path.grants[e.author]["role"] == ADMIN, e.time, e.id))

    def state_root(self):
        out = [struct.pack(">Q", len(self.winners))]
        for slot in sorted(self.winners):
            e = self.winners[slot]
            out.append(wire(e.body["name"]) + struct.pack(">H", slot[1]) + e.id)
        for section in (sorted(self.denials), sorted({target for target, _, _ in self.killed}), sorted(self.path.burnt)):
            out.append(struct.pack(">Q", len(section)) + b"".join(section))
        return hashed("hearth1.state.rt", b"".join(out))

    def records(self, e):
        rrs = e.body["rrs"]
        if e.body["rrtype"] == 52:
            rrs = [rr for rr in rrs if not (rr[2] == 1 and rr[3:] in self.withdrawn)]
        return rrs


# --- rdata ---

EMPTY = {1: hashlib.sha256(b"").digest(), 2: hashlib.sha512(b"").digest()}


def publishable(address):
    v6 = address if len(address) == 16 else None
    if v6 and v6[:12] == bytes(10) + b"\xff\xff":
        address, v6 = v6[12:], None
    if v6:
        if v6 == bytes(16) or v6 == bytes(15) + b"\1" or v6[0] == 0xff or (v6[0] == 0xfe and v6[1] & 0xc0 == 0x80):
            return False
        if v6[:12] != bytes(12):
            return True
        address = v6[12:]
    return not (address[0] in (0, 127) or address[:2] == b"\xa9\xfe" or 224 <= address[0] <= 239 or
                address == b"\xff" * 4)


def good_tlsa(rr):
    if len(rr) < 3 or rr[0] > 3 or rr[1] > 1 or rr[2] not in (1, 2):
        return False
    return len(rr) - 3 == (32, 64)[rr[2] - 1] and rr[3:] != EMPTY[rr[2]]


def good_txt(rr):
    at = 0
    while at < len(rr):
        at += 1 + rr[at]
    return at == len(rr) > 0


# Generated histories use these types; for others a bundle of a real household is taken at its word.
CHECKS = {1: lambda rr: len(rr) == 4 and publishable(rr), 28: lambda rr: len(rr) == 16 and publishable(rr),
          16: good_txt, 52: good_tlsa, 65280: lambda rr: len(rr) == 33}
KNOWN = {1, 16, 28, 33, 44, 52, 64, 65, 257}


def rdata_is_good(body):
    rrtype, name = body["rrtype"], body["name"]
    at_peer = bool(name) and name[-1] == b"_peer"
    if (rrtype == 65280) != at_peer:
        return False
    if rrtype == 65280 and (len(name) != 2 or not petname(name[0]) or len(body["rrs"]) > 1):
        return False
    if rrtype not in KNOWN and not 65280 <= rrtype <= 65534:
        return False
    return all(CHECKS.get(rrtype, lambda rr: True)(rr) for rr in body["rrs"])


def petname(label):
    base32 = len(label) == 52 and all(c in b"abcdefghijklmnopqrstuvwxyz234567" for c in label)
    return not (base32 or b"_" in label or label in (b"hearth", b"in-addr", b"ip6"))


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


def describe(household):
    return {
        "namespace": household.genesis.id.hex(), "state_root": household.state_root().hex(), "frozen": household.frozen,
        "entries": len(household.held), "waiting": len(household.waiting),
        "names": [{"name": ".".join(label.decode() for label in e.body["name"]) or "@", "type": slot[1],
                   "id": e.id.hex(), "rrs": [rr.hex() for rr in household.records(e)],
                   "conflicts": len(household.slots[slot]) - 1}
                  for slot, e in sorted(household.winners.items())],
    }


def stream(source):
    cases = 0
    while head := source.read(4):
        data = source.read(int.from_bytes(head, "big"))
        trusted, expected = source.read(32), source.read(32)
        for raws in read_bundle(data).values():
            household = Household(raws, trusted)
            if household.waiting or household.state_root() != expected:
                name = f"oracle-case-{cases}.bundle"
                with open(name, "wb") as file:
                    file.write(data)
                sys.exit(f"case {cases}: another state root than the product's ({len(household.waiting)} waiting); "
                         f"the history is in {name}")
        cases += 1
    print(f"{cases} histories agree")
    return cases


def main():
    arguments = sys.argv[1:]
    if arguments == ["--stream"]:
        sys.exit(0 if stream(sys.stdin.buffer) else 1)
    verify = "--verify" in arguments
    with open(arguments[-1], "rb") as file:
        households = read_bundle(file.read())
    print(json.dumps([describe(Household(raws, verify=verify)) for raws in households.values()], indent=1))


if __name__ == "__main__":
    main()
