#!/usr/bin/env python3
"""A second implementation of the ledger's rules, written from docs/ledger-format.md and docs/ledger-rules.md
alone: slow, plain, and sharing nothing with the product. It judges a whole set of entries at once, from nothing.

  oracle.py FILE              reads a bundle (HLB1) and says what its households' names are (JSON)
  oracle.py --verify FILE     the same, and checks every Ed25519 signature (slowly)

What the product makes of the same sets is compared by compare.py.

The rules are kept close to the page's words: a right to deny is judged by *views*, one for each line of entries
that a join has on its sides, so that none lends another its era, its lists or its REVOKEs.
"""
import json
import struct
import sys

import ed25519
import rdata
from formats import (ADMIN, DENIALS, GENESIS, GRANT, LIFT, MERGE, NODE, OPEN, POLICY, PRIVATE, RECOVER, REVOKE, SCOPE, SET,
                     SHARED, SUSPEND, WITHDRAW, ZERO, Entry, hashed, read_bundle, wire)

NO_VIEW = (frozenset(), frozenset(), False)


class State:
    """What holds after an authority entry."""

    def __init__(self):
        self.owner = self.commitment = None
        self.era = ZERO             # the last RECOVER or GENESIS
        self.grants = {}            # live: key -> {role, flags, spki, zone, scopes: commitments (not zero), id}
        self.burnt = frozenset()
        self.revokes = frozenset()  # (key, entry id, heads): all on the way here
        self.past = frozenset()     # those of them before the present era
        self.lifts = frozenset()
        # key -> views, each (tenures in its era, those of the last era before with any, REVOKEd since its RECOVER).
        # A tenure: (role, lists), the lists from the GRANT's on: (commitment, heads; None: the GRANT).
        self.views = {}
        self.policy = (168, 720, 1)

    def copy(self):
        other = State()
        other.__dict__.update(self.__dict__)
        other.grants, other.views = dict(self.grants), dict(self.views)
        return other

    def each_view(self, key, change):
        self.views[key] = frozenset(change(*view) for view in self.views.get(key, {NO_VIEW}))

    def end_views(self):
        """By a RECOVER. Where some line that a MERGE joined had granted the key in the era that ends, a line that had
        neither granted nor reinstated it keeps nothing of the time before."""
        for key, views in self.views.items():
            granted = any(held for held, _, _ in views)
            self.each_view(key, lambda held, last, revoked: (
                frozenset(), held or (last if revoked or not granted else frozenset()), False))

    def of_its_era(self, key):
        return {r for r in self.revokes - self.past if r[0] == key}


def union(sets):
    return frozenset().union(*sets)


def join(sides, base, left=None):
    """The state of several sides; `left`: the states that RECOVERs left (frozen), None for a MERGE."""
    joined = base.copy()
    joined.burnt = union(s.burnt for s in sides)
    joined.revokes = asked_revokes(sides, base) | base.past
    joined.past = base.past
    joined.lifts = frozenset.intersection(*(s.lifts for s in sides))
    judges = sides + [base] + (left or [])
    joined.views = {key: union(s.views.get(key, {NO_VIEW}) for s in judges) for key in union(s.views for s in judges)}
    narrowing = sides if left is None else judges
    joined.grants = {key: dict(grant, scopes=union(s.grants[key]["scopes"] for s in narrowing if key in s.grants))
                     for key, grant in base.grants.items() if key not in joined.burnt}
    return joined


def asked_revokes(sides, base):
    """Those whose heads are asked, the same for every side."""
    asked = set(base.revokes - base.past)
    for side in sides:
        more = side.revokes - base.revokes
        late = more - side.past
        lately = {key for key, _, _ in late}
        asked |= late | {r for r in more if r[0] not in lately}
    return frozenset(asked)


class Household:
    def __init__(self, raws, trusted=ZERO, verify=False):
        self.trusted, self.verify = trusted, verify
        self.held, self.states, self.effects = {}, {}, {}
        self.genesis, self.named = None, set()
        self.children, self.kinds = {}, {}  # kinds: of the OPEN from which each descends; 0 if it has no effect
        waiting = [raw if isinstance(raw, Entry) else Entry(raw) for raw in raws]
        while True:
            rest = [e for e in waiting if not self.accept(e)]
            if len(rest) == len(waiting):
                break
            waiting = rest
        self.waiting = waiting
        if self.genesis:
            self.judge()

    # --- acceptance ---

    def accept(self, e):
        if e.id in self.held:
            return True
        if not self.may_accept(e):
            return False
        if self.verify and not ed25519.verify(e.author, b"hearth/v1/entry\0" + e.raw[:-64], e.signature):
            return False
        self.held[e.id] = e
        self.children.setdefault(e.prev if e.seq else (e.author, e.stream), []).append(e)
        self.kinds[e.id] = self.kinds[e.prev] if e.seq else e.body["kind"] if e.type == OPEN and not e.upgrade else 0
        if e.stream == 0:
            self.fold(e)
        if e.type == GRANT:
            self.named.add(e.body["key"])
        return True

    def may_accept(self, e):
        if not ed25519.is_valid_point(e.author):
            return False
        if e.type == GENESIS:
            if self.genesis or e.author != e.body["owner"]:
                return False
            self.genesis = e
            return True
        if not self.genesis or e.namespace != self.genesis.id:
            return False
        return self.may_follow(e) if e.stream == 0 else self.may_append(e)

    def may_follow(self, e):
        before = self.held.get(e.prev)
        if not before or before.stream or e.seq != before.seq + 1:
            return False
        state = self.states[e.prev]
        if e.type == RECOVER:
            key = e.body["key"]
            return e.author == key and hashed("hearth1.recovery", b"\1" + key) == state.commitment
        if e.type == MERGE and (e.body["other"] not in self.held or self.held[e.body["other"]].stream):
            return False
        return e.author == state.owner

    def may_append(self, e):
        if e.author not in self.named:
            return False
        before = self.held.get(e.prev)
        return e.seq == 0 or (bool(before) and
                              (before.author, before.stream, before.seq + 1) == (e.author, e.stream, e.seq))

    # --- one path ---

    def fold(self, e):
        """The state after an authority entry, and the rules that it breaks."""
        state = State() if e.type == GENESIS else self.states[e.prev].copy()
        rules = set()
        if e.type in (GRANT, SCOPE):
            rules = self.grant_rules(state, e.body) if e.type == GRANT else self.scope_rules(state, e.body)
        elif e.type == POLICY:
            rules = set() if 1 <= e.body["soft"] <= e.body["hard"] else {"policy-range"}
        elif e.type == MERGE:
            rules = set() if self.merges(e) else {"merge-paths"}
        if not rules:
            state = self.after(state, e)
        self.effects[e.id], self.states[e.id] = rules, state

    def after(self, state, e):
        b = e.body
        if e.type == MERGE:
            return join([state, self.states[b["other"]]], state)
        if e.type in (GENESIS, RECOVER):
            state.owner, state.commitment, state.era = b["owner"], b["commitment"], e.id
            state.past, state.grants = state.revokes, {}
            state.end_views()
        elif e.type in (GRANT, SCOPE):
            grant = {"scopes": frozenset({b["scope"]} - {ZERO}), **{f: b[f] for f in ("flags", "spki", "zone")}}
            grant.update({"role": b["role"], "id": e.id} if e.type == GRANT else
                         {f: state.grants[b["key"]][f] for f in ("role", "id")})
            state.grants[b["key"]] = grant
            if e.type == GRANT:
                tenure = (b["role"], ((b["scope"], None),))
                state.each_view(b["key"], lambda held, last, revoked: (held | {tenure}, last, revoked))
            else:
                step = ((b["scope"], tuple(b["heads"])),)
                state.each_view(b["key"], lambda held, last, revoked: (
                    frozenset((role, lists + step) for role, lists in held), last, revoked))
        elif e.type == REVOKE:
            state.grants.pop(b["key"], None)
            state.burnt |= {b["key"]}
            state.revokes |= {(b["key"], e.id, tuple(b["heads"]))}
            # Granted again on any line before: then in that role alone, and no other line's old one comes back.
            again = any(held for held, _, _ in state.views.get(b["key"], ()))
            state.each_view(b["key"], lambda held, last, revoked: (held, last, revoked or bool(held) or not again))
        elif e.type == LIFT:
            state.lifts |= {b["target"]}
        elif e.type == POLICY:
            state.policy = (b["soft"], b["hard"], b["min_version"])
        return state

    def grant_rules(self, state, b):
        rules = set()
        if b["key"] in state.grants:
            rules.add("key-live")
        if b["key"] in state.burnt:
            rules.add("key-burnt")
        if len(state.grants) >= 64:
            rules.add("grants-full")
        if b["role"] not in (ADMIN, NODE):
            rules.add("role")
        if b["flags"] & ~3 or (b["flags"] & 2 and b["scope"] != ZERO):
            rules.add("grant-flags")
        if not ed25519.is_valid_point(b["key"]) or not ed25519.is_valid_point(b["zone"]):
            rules.add("key-invalid")
        message = (b"hearth/v1/possess\0" + self.genesis.id + b"\1" + b["key"] + b["spki"] + b"\1" + b["zone"] +
                   bytes([b["role"], b["flags"]]) + b["scope"])
        if not ed25519.verify(b["key"], message, b["possession"]):
            rules.add("possession")
        return rules

    @staticmethod
    def scope_rules(state, b):
        rules = set()
        if b["key"] not in state.grants:
            rules.add("key-not-live")
        if b["flags"] & ~3 or (b["flags"] & 2 and b["scope"] != ZERO):
            rules.add("grant-flags")
        if not ed25519.is_valid_point(b["zone"]):
            rules.add("key-invalid")
        return rules

    def line(self, entry_id):
        """The entry and its ancestors by prev, newest first."""
        while entry_id in self.held:
            yield entry_id
            entry_id = self.held[entry_id].prev

    def merges(self, e):
        other = e.body["other"]
        return (self.states[e.prev].era == self.states[other].era and
                other not in self.line(e.prev) and e.prev not in self.line(other))

    # --- the tree ---

    def branches(self, at):
        return self.children.get(at.id, [])

    def subtree(self, e):
        if e.id not in self.trees:
            found = [e]
            for x in found:
                found += self.branches(x)
            self.trees[e.id] = found
        return self.trees[e.id]

    def is_end(self, e):
        return not self.branches(e)

    def others(self, entries):
        """What the MERGEs in effect among these name."""
        return {x.body["other"] for x in entries if x.type == MERGE and not self.effects[x.id]}

    def standing(self, at):
        """The branches at a point that are neither absorbed nor beaten by a RECOVER."""
        branches = self.branches(at)
        if len(branches) < 2:
            return branches
        absorbed = self.others(self.subtree(at)[1:])
        left = [b for b in branches if any(self.is_end(x) and x.id not in absorbed for x in self.subtree(b))]
        recovered = [b for b in left if any(x.type == RECOVER for x in self.subtree(b))]
        return recovered or left

    def ends(self, branches):
        """All ends of what is left of these branches."""
        todo = list(branches)
        for at in todo:
            todo += self.standing(at)
        return [x for x in todo if self.is_end(x)]

    def choose(self):
        """The state that holds; where the line ends or forks; the ends that make it; is it frozen?"""
        self.trees, self.trust_chose = {}, False
        at = self.genesis
        while not self.is_end(at):
            left = self.standing(at)
            if len(left) > 1:
                trusted = [b for b in left if any(x.id == self.trusted for x in self.subtree(b))]
                self.trust_chose = self.trust_chose or bool(trusted)
                left = trusted or left
            if len(left) > 1:
                ends = self.ends(left)
                base, sides = self.states[at.id], [self.states[end.id] for end in ends]
                return join(sides, base, self.left_states(at, ends)), at, ends, True
            at = left[0]
        return self.states[at.id], at, [at], False

    def left_states(self, base, ends):
        left = []
        for end in ends:
            for entry_id in self.line(end.id):
                if entry_id == base.id:
                    break
                if self.held[entry_id].type == RECOVER:
                    left.append(self.states[self.held[entry_id].prev])
        return left

    # --- denials ---

    def judge(self):
        self.state, self.at, self.chosen, self.frozen = self.choose()
        self.openings = {}
        feeds = [e for e in self.held.values() if e.stream]
        for e in feeds:
            if e.type == OPEN and not e.upgrade and e.body.get("opening") is not None:
                self.openings[hashed("hearth1.scopelst", e.body["opening"])] = e.body["scope"]
        self.overrun = {a for a in {e.author for e in feeds} if self.is_overrun(a)}
        self.denials = [e for e in feeds if e.type in (SUSPEND, WITHDRAW) and not e.upgrade and
                        e.id not in self.state.lifts and self.counts(e)]
        self.suspended = {e.body["key"] for e in self.denials if e.type == SUSPEND}
        self.withdrawn = {e.body["hash"] for e in self.denials if e.type == WITHDRAW}
        self.killed = self.find_killed(feeds)
        self.find_winners(feeds)

    def is_overrun(self, author):
        streams = {e.stream for e in self.held.values() if e.stream and e.author == author}
        forks = sum(len(c) > 1 for c in self.children.values() if c[0].stream and c[0].author == author)
        return len(streams) > 64 or forks > 8

    def in_list(self, commitment, name):
        """Is the name (None: every name, as a WITHDRAW needs) in the list behind the commitment?"""
        if commitment == ZERO:
            return True
        return name is not None and any(name[len(name) - len(n):] == n for n in self.openings.get(commitment, ()))

    def is_ancestor(self, e, head):
        return head in self.held and e.id in self.line(head)

    def covers(self, e, heads):
        """Is e an ancestor-or-equal of a listed head?"""
        for stream, seq, head in heads:
            if head in self.held:
                if self.is_ancestor(e, head):
                    return True
            elif e.stream == int.from_bytes(stream, "big") and e.seq <= int.from_bytes(seq, "big"):
                return True
        return False

    def allowed(self, e, lists):
        """Lists add up; an empty one voids all."""
        return all(lists) and self.covers(e, [head for heads in lists for head in heads])

    def tenure_allows(self, e, role, lists):
        if e.type == SUSPEND:
            return role == ADMIN
        name = e.body["name"] if e.type == SET else None
        ended = []
        for commitment, heads in reversed(lists):
            if self.in_list(commitment, name):
                return not ended or self.allowed(e, ended)
            ended.append(heads or ())
        return False

    def view_allows(self, e, held, last, revoked):
        tenures = held or (last if revoked else ())
        return any(self.tenure_allows(e, role, lists) for role, lists in tenures)

    def counts(self, e):
        """Has its author the right in one of the views, and do the REVOKEs asked let it pass?"""
        if not any(self.view_allows(e, *view) for view in self.state.views.get(e.author, ())):
            return False
        asked = [heads for _, _, heads in self.state.of_its_era(e.author)]
        return not asked or self.allowed(e, asked)

    # --- names ---

    def breaks(self, e):
        """The rules that a SET breaks for itself."""
        if not hasattr(e, "broken"):
            e.broken = {"upgrade"} if e.upgrade else rdata.broken(e.body)
        return e.broken if self.kinds[e.id] in (PRIVATE, SHARED) else e.broken | {"stream-kind"}

    def find_killed(self, feeds):
        """(killed id, name, type) of every counting `over`."""
        killed = set()
        for e in feeds:
            if e.type == SET and e.body["over"] and not self.breaks(e) and self.counts(e):
                killed.update((target, e.body["name"], e.body["rrtype"]) for target in e.body["over"])
        return killed

    def is_killed(self, e):
        return (e.id, e.body["name"], e.body["rrtype"]) in self.killed

    def author_rules(self, author, name):
        rules = set()
        grant = self.state.grants.get(author)
        if not grant:
            rules.add("not-granted")
        elif not all(self.in_list(c, name) for c in grant["scopes"]):
            rules.add("scope")
        if author in self.state.burnt:
            rules.add("revoked")
        if author in self.suspended:
            rules.add("suspended")
        if author in self.overrun:
            rules.add("overrun")
        return rules

    def rank(self, e):
        return self.state.grants[e.author]["role"] == ADMIN, e.time, e.id

    def find_winners(self, feeds):
        self.slots = {}
        for e in feeds:
            if e.type == SET and not (self.is_killed(e) or self.breaks(e) or
                                      self.author_rules(e.author, e.body["name"])):
                self.slots.setdefault((e.body["name"][::-1], e.body["rrtype"]), []).append(e)
        self.winners = {slot: max(live, key=self.rank) for slot, live in self.slots.items()}

    def records(self, e):
        """What is left of a winner's RRs."""
        rrs = e.body["rrs"]
        if e.body["rrtype"] == rdata.TLSA:
            rrs = [rr for rr in rrs if not (rr[2] == 1 and rr[3:] in self.withdrawn)]
        if e.body["rrtype"] == rdata.PEER and len(self.slots[e.body["name"][::-1], rdata.PEER]) > 1:
            return []
        return rrs

    # --- hashes ---

    def state_root(self):
        out = [struct.pack(">Q", len(self.winners))]
        for slot in sorted(self.winners):
            e = self.winners[slot]
            out.append(wire(e.body["name"]) + struct.pack(">H", slot[1]) + e.id)
        for section in (sorted(e.id for e in self.denials), sorted({target for target, _, _ in self.killed}),
                        sorted(self.state.burnt)):
            out.append(struct.pack(">Q", len(section)) + b"".join(section))
        return hashed("hearth1.state.rt", b"".join(out))

    def frontier(self, shared):
        leaves = [e for e in self.held.values() if self.is_end(e) and
                  not (shared and e.stream and self.kinds[e.id] not in (SHARED, DENIALS))]
        return hashed("hearth1.frontier", b"".join(sorted(e.author + struct.pack(">QQ", e.stream, e.seq) + e.id
                                                          for e in leaves)))


def describe(household):
    return {
        "namespace": household.genesis.id.hex(), "state_root": household.state_root().hex(), "frozen": household.frozen,
        "entries": len(household.held), "waiting": len(household.waiting),
        "names": [{"name": ".".join(label.decode() for label in e.body["name"]) or "@", "type": slot[1],
                   "id": e.id.hex(), "rrs": [rr.hex() for rr in household.records(e)],
                   "conflicts": len(household.slots[slot]) - 1}
                  for slot, e in sorted(household.winners.items())],
    }


def main():
    arguments = sys.argv[1:]
    verify = "--verify" in arguments
    with open(arguments[-1], "rb") as file:
        households = read_bundle(file.read())
    print(json.dumps([describe(Household(raws, verify=verify)) for raws in households.values()], indent=1))


if __name__ == "__main__":
    main()
