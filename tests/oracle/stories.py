#!/usr/bin/env python3
"""Little stories whose end the page decides, told to the oracle: what it is worth is seen here, without the product.

Keys are letters; what a line of a story makes is known by its entry. o is the first owner, r its recovery key.
"""
import struct
import sys

import ed25519
from formats import (ADMIN, DENIALS, GENESIS, GRANT, LIFT, MERGE, NODE, OPEN, POLICY, PRIVATE, RECOVER, REVOKE, SCOPE, SET,
                     SHARED, SUSPEND, WITHDRAW, ZERO, Entry, hashed, wire)
from oracle import Household

AAAA, TLSA = 28, 52


def seed(letter):
    return letter.encode() * 32


def public(letter):
    return ed25519.public_key(seed(letter))


def key(letter):
    return b"\1" + public(letter)


def zone(letter):
    return b"\1" + ed25519.public_key(bytes([ord(letter) | 0x80]) * 32)


def name(text):
    return wire(tuple(label.encode() for label in text.split(".")))


def opening(scope):
    """Of a list of names with commas between them."""
    names = sorted((text.split(".")[::-1] for text in scope.split(",")))
    return (scope.encode() + bytes(16))[:16] + bytes([len(names)]) + b"".join(name(".".join(n[::-1])) for n in names)


def commitment(scope):
    return hashed("hearth1.scopelst", opening(scope)) if scope else ZERO


def heads(entries):
    return bytes([len(entries)]) + b"".join(sorted(struct.pack(">QQ", e.stream, e.seq) + e.id for e in entries))


class Story:
    """Entries are made without signatures, except for what a GRANT proves."""

    def __init__(self):
        self.entries, self.owners, self.time = [], {}, 1700000000000 << 16
        self.genesis = self.make("o", GENESIS, key("o") + hashed("hearth1.recovery", key("r")) + ZERO, None)
        self.owners[self.genesis.id] = "o", "r"

    def make(self, author, entry_type, body, before, stream=0, flags=0):
        self.time += 1
        at = before if isinstance(before, Entry) else None
        raw = (b"HLE1" + bytes([entry_type, flags]) + struct.pack(">H", len(body)) +
               (self.genesis.id if entry_type != GENESIS else ZERO) + public(author) +
               struct.pack(">QQ", stream, at.seq + 1 if at else 0) + (at.id if at else ZERO) + ZERO +
               struct.pack(">Q", self.time) + body + bytes(64))
        self.entries.append(Entry(raw))
        return self.entries[-1]

    # --- authority ---

    def owned(self, at, entry_type, body):
        e = self.make(self.owners[at.id][0], entry_type, body, at)
        self.owners[e.id] = self.owners[at.id]
        return e

    def grant(self, at, who, role=NODE, scope=None, flags=0):
        fixed = key(who) + who.encode() * 32 + zone(who) + bytes([role, flags]) + commitment(scope)
        proof = ed25519.sign(seed(who), b"hearth/v1/possess\0" + self.genesis.id + fixed)
        return self.owned(at, GRANT, fixed + proof)

    def scope(self, at, who, scope, *listed):
        return self.owned(at, SCOPE, key(who) + who.encode() * 32 + zone(who) + b"\0" + commitment(scope) + heads(listed))

    def revoke(self, at, who, *listed):
        return self.owned(at, REVOKE, key(who) + b"\0" + heads(listed))

    def lift(self, at, entry):
        return self.owned(at, LIFT, entry.id)

    def policy(self, at):
        return self.owned(at, POLICY, struct.pack(">HHH", 1, 2, 1))

    def merge(self, at, other):
        return self.owned(at, MERGE, other.id)

    def recover(self, at, owner):
        old = self.owners[at.id][1]
        e = self.make(old, RECOVER, key(old) + key(owner) + hashed("hearth1.recovery", key(owner.lower())), at)
        self.owners[e.id] = owner, owner.lower()
        return e

    # --- feeds ---

    def open(self, who, kind=SHARED, stream=1, scope=None):
        tail = b"\1" + struct.pack(">H", len(opening(scope))) + opening(scope) if scope else b""
        return self.make(who, OPEN, bytes([kind]) + tail, None, stream)

    def fed(self, at, entry_type, body):
        who = next(letter for letter in "abcdefghijklmnopqrstuvwxyz" if public(letter) == at.author)
        return self.make(who, entry_type, body, at, at.stream)

    def set(self, at, text, over=(), rrtype=AAAA, rrs=(b"\xfd" + bytes(14) + b"\1",)):
        return self.fed(at, SET, name(text) + struct.pack(">HI", rrtype, 300) + bytes([len(over)]) +
                        b"".join(sorted(e.id for e in over)) + bytes([len(rrs)]) +
                        b"".join(struct.pack(">H", len(rr)) + rr for rr in rrs))

    def suspend(self, at, who):
        return self.fed(at, SUSPEND, key(who))

    def withdraw(self, at, octet):
        return self.fed(at, WITHDRAW, bytes([octet]) * 32 + b"\2")

    # --- the end ---

    def without(self, *missing):
        return Household([e for e in self.entries if e not in missing])


def has(household, text):
    return (tuple(label.encode() for label in reversed(text.split("."))), AAAA) in household.winners


def is_denied(household, entry):
    return entry.id in {e.id for e in household.denials}


def expect(what, found, expected=True):
    if found != expected:
        sys.exit(f"{what}: {found}, not {expected}")
    print(f"ok {what}")


def suspended_door(s, by="a", whose="t"):
    suspension = s.suspend(s.open(by, DENIALS), whose)
    s.set(s.open(whose), "door")
    return suspension


def right_on_the_left_state():
    s = Story()
    fork = s.grant(s.genesis, "t")
    s.recover(s.grant(fork, "a", ADMIN), "O")
    suspension = suspended_door(s)
    expect("left: one branch alone, its RECOVER ended all", s.without().denials, [])
    s.recover(fork, "P")
    household = s.without()
    expect("left: frozen", household.frozen)
    expect("left: the state that RECOVER left gives the right", is_denied(household, suspension))
    expect("left: door gone", has(household, "door"), False)


def base_list():
    s = Story()
    granted = s.grant(s.genesis, "k", scope="cam")
    s.recover(granted, "O")
    s.grant(s.recover(granted, "P"), "k")
    feed = s.open("k", PRIVATE, scope="cam")
    s.set(s.set(feed, "door"), "cam")
    expect("base: door is in no list of the base", has(s.without(), "door"), False)
    expect("base: cam is", has(s.without(), "cam"))


def left_list():
    s = Story()
    granted = s.grant(s.genesis, "k")
    s.recover(s.scope(granted, "k", "cam"), "O")
    s.recover(granted, "P")
    feed = s.open("k", PRIVATE, scope="cam")
    s.set(s.set(feed, "door"), "cam")
    expect("left list: door is outside", has(s.without(), "door"), False)
    expect("left list: cam is in it", has(s.without(), "cam"))


def later_revoke_is_asked():
    s = Story()
    fork = s.grant(s.grant(s.genesis, "a", ADMIN), "t")
    suspension = suspended_door(s)
    a = s.revoke(s.recover(s.revoke(fork, "a"), "O"), "a", suspension)
    only_a = s.without()
    b = s.grant(s.recover(fork, "P"), "a", ADMIN)
    both = s.without()
    only_b = Household([e for e in s.entries if e.stream or e.id in set(both.line(b.id))])
    expect("later REVOKE: one branch holds all", a.id in only_a.held and b.id in only_b.held)
    for what, household in (("A", only_a), ("B", only_b), ("frozen", both)):
        expect(f"later REVOKE: {what}: door gone", has(household, "door"), False)
    expect("later REVOKE: frozen counts", is_denied(both, suspension) and both.frozen)


def reinstated_on_one_side():
    def told(ending):
        s = Story()
        at = s.grant(s.grant(s.genesis, "a", ADMIN), "t")
        suspension = suspended_door(s)
        fork = s.grant(s.recover(at, "O"), "t")
        p = s.grant(fork, "a") if ending != "Q" else None
        q = s.revoke(fork, "a", suspension) if ending != "P" else None
        if ending == "P+Q":
            s.merge(p, q)
        elif ending == "Q+P":
            s.merge(q, p)
        return is_denied(s.without(), suspension)
    for ending, counts in (("P", False), ("Q", True), ("tied", True), ("P+Q", True), ("Q+P", True)):
        expect(f"reinstated: {ending}", told(ending), counts)


def recovered_after_merge():
    """a was admin, then a node on one line of an era; the other line REVOKEs or says nothing. Both are joined."""
    def told(reinstated, swapped):
        s = Story()
        at = s.grant(s.grant(s.genesis, "a", ADMIN), "t")
        suspension = suspended_door(s)
        fork = s.grant(s.recover(at, "O"), "t")
        lower = s.grant(fork, "a")
        other = s.revoke(fork, "a", suspension) if reinstated else s.policy(fork)
        at = s.merge(other, lower) if swapped else s.merge(lower, other)
        if not reinstated:
            at = s.revoke(at, "a", suspension)
        before = is_denied(s.without(), suspension)
        s.revoke(s.grant(s.recover(at, "P"), "t"), "a", suspension)
        return before, is_denied(s.without(), suspension)
    for swapped in (False, True):
        expect("merged, then recovered: in the new role", told(False, swapped), (False, False))
        expect("merged, then recovered: what had been reinstated", told(True, swapped), (True, True))


def scoped_after_merge():
    """t was granted any name, then on one line again and later a list; the other line says nothing."""
    s = Story()
    at = s.grant(s.genesis, "t")
    withdrawal = s.withdraw(s.open("t"), 1)
    fork = s.recover(at, "O")
    at = s.scope(s.grant(s.merge(s.grant(fork, "t"), s.policy(fork)), "b"), "t", "cam")
    expect("merged, then scoped: no head", is_denied(s.without(), withdrawal), False)
    s.revoke(s.recover(at, "P"), "t", withdrawal)
    expect("merged, then recovered: the list of the last era", is_denied(s.without(), withdrawal), False)


def lists_of_scopes():
    s = Story()
    at = s.grant(s.grant(s.genesis, "b"), "k")
    cam = s.set(s.open("b"), "cam")
    other = s.set(cam, "cam")
    s.open("k", PRIVATE, 2, "door")
    over = s.set(s.open("k"), "cam", [cam])
    s.set(over, "cam", [other])
    one = s.scope(at, "k", "door", over)
    expect("SCOPE: up to its heads, not beyond", {t for t, _, _ in s.without().killed}, {cam.id})
    s.scope(one, "k", "door")
    expect("SCOPE: an empty list since voids", s.without().killed, set())


def told_to(s, head):
    """The same, REVOKEd from that head on."""
    revoked = s.entries.pop()
    s.revoke(next(e for e in s.entries if e.id == revoked.prev), "a", head)
    return s.without()


def unheld_heads():
    s = Story()
    at = s.grant(s.grant(s.genesis, "a", ADMIN), "t")
    suspension = suspended_door(s)
    later = s.suspend(suspension, "a")
    s.revoke(at, "a", later)
    expect("heads: not held, of those before it", is_denied(s.without(later), suspension))
    expect("heads: held, its ancestors", is_denied(s.without(), suspension))
    expect("heads: not those after it", is_denied(told_to(s, suspension), later), False)


def points():
    s = Story()
    at = s.recover(s.genesis, "O")
    bad = bytearray(at.raw)
    bad[193 + 1:193 + 33] = bytes(32)  # the new owner's key: no point
    at = Entry(bytes(bad))
    body = struct.pack(">HHH", 1, 2, 1)
    raw = (b"HLE1\6\0" + struct.pack(">H", len(body)) + s.genesis.id + bytes(32) + struct.pack(">QQ", 0, 2) + at.id + ZERO +
           bytes(8) + body + bytes(64))
    household = Household([s.genesis, at, Entry(raw)])
    expect("points: an owner who is none signs nothing", (len(household.held), len(household.waiting)), (2, 1))


def main():
    for story in (right_on_the_left_state, base_list, left_list, later_revoke_is_asked, reinstated_on_one_side,
                  recovered_after_merge, scoped_after_merge, lists_of_scopes, unheld_heads, points):
        story()


if __name__ == "__main__":
    main()
