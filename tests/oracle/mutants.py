#!/usr/bin/env python3
"""A test of the tests: the oracle with one sentence of the page taken away must judge some history otherwise.

  mutants.py FILE …      cases as for compare.py; fails when a mutant agrees with all of them. --count: how often each differs
"""
import sys

import compare
import oracle
import rdata
from formats import LIFT, RECOVER, REVOKE, SET, SUSPEND, ZERO
from oracle import NO_VIEW, Household, union

MUTANTS = {}


def mutant(name, **changes):
    """Methods of the household, or `join` or `asked_revokes`, done otherwise."""
    functions = {key: changes.pop(key) for key in ("join", "asked_revokes") if key in changes}
    MUTANTS[name] = type("Mutant", (Household,), changes), functions


# --- heads ---

mutant("unheld head covers nothing",
       covers=lambda self, e, heads: any(self.is_ancestor(e, head) for _, _, head in heads))
mutant("held heads by stream and seq",
       covers=lambda self, e, heads: any(e.stream == int.from_bytes(stream, "big") and e.seq <= int.from_bytes(seq, "big")
                                         for stream, seq, _ in heads))
mutant("head covers only itself", is_ancestor=lambda self, e, head: e.id == head)
mutant("empty list does not void", allowed=lambda self, e, lists: self.covers(e, sum((list(x) for x in lists), [])))
mutant("lists do not add up", allowed=lambda self, e, lists: all(self.covers(e, heads) for heads in lists))


# --- lists ---

def only_newest(self, e, role, lists):
    return e.type == SUSPEND and role == 1 or e.type != SUSPEND and self.in_list(lists[-1][0], e.body.get("name"))


def newest_heads(self, e, role, lists):
    """Heads of the newest SCOPE alone."""
    if e.type == SUSPEND or not lists or self.in_list(lists[-1][0], e.body.get("name")):
        return Household.tenure_allows(self, e, role, lists)
    return (any(self.in_list(commitment, e.body.get("name")) for commitment, _ in lists) and
            self.allowed(e, [lists[-1][1] or ()]))


def any_list(self, e, role, lists):
    return e.type == SUSPEND and role == 1 or (e.type != SUSPEND and
                                               any(self.in_list(commitment, e.body.get("name")) for commitment, _ in lists))


mutant("only the newest SCOPE's heads", tenure_allows=newest_heads)
mutant("SCOPE heads ignored", tenure_allows=only_newest)
mutant("SCOPE ends no denial", tenure_allows=any_list)
mutant("a node may suspend", tenure_allows=lambda self, e, role, lists: Household.tenure_allows(self, e, 1, lists))
mutant("no list is open", in_list=lambda self, commitment, name: commitment == ZERO)
mutant("a WITHDRAW lies in lists", in_list=lambda self, commitment, name: name is None or
       Household.in_list(self, commitment, name))


# --- REVOKE and RECOVER ---

def counts_with(self, e, revokes):
    asked = [heads for key, _, heads in revokes if key == e.author]
    return (any(self.view_allows(e, *view) for view in self.state.views.get(e.author, ())) and
            (not asked or self.allowed(e, asked)))


def late_or_early(sides, base):
    return union([base.revokes - base.past] + [side.revokes - base.revokes for side in sides])


mutant("REVOKEs before the RECOVER asked", counts=lambda self, e: counts_with(self, e, self.state.revokes))
mutant("base REVOKEs before its RECOVER asked",
       asked_revokes=lambda sides, base: oracle_asked(sides, base) | base.revokes, join=lambda sides, base, left=None:
       forget_past(oracle_join(sides, base, left), left))
mutant("a side's REVOKEs before its RECOVER asked too", asked_revokes=late_or_early)
mutant("REVOKEs of the base only", asked_revokes=lambda sides, base: base.revokes - base.past)
mutant("REVOKE asked never", counts=lambda self, e: any(self.view_allows(e, *view)
                                                        for view in self.state.views.get(e.author, ())))
mutant("no reinstatement", view_allows=lambda self, e, held, last, revoked:
       Household.view_allows(self, e, held, last, False))
mutant("RECOVER ends no denial", view_allows=lambda self, e, held, last, revoked:
       Household.view_allows(self, e, held or last, last, True))
mutant("reinstated beside a new grant", view_allows=lambda self, e, held, last, revoked:
       Household.view_allows(self, e, held, last, revoked) or
       Household.view_allows(self, e, frozenset(), last, revoked))

oracle_join, oracle_asked = oracle.join, oracle.asked_revokes


def revoke_everywhere(self, state, e):
    state = Household.after(self, state, e)
    if e.type == REVOKE:
        state.each_view(e.body["key"], lambda held, last, revoked: (held, last, True))
    return state


mutant("REVOKE reinstates beside a grant before a MERGE", after=revoke_everywhere)


def ended(ends):
    """What a line of a key keeps at a RECOVER, otherwise."""
    def after(self, state, e):
        before = dict(state.views)
        state = Household.after(self, state, e)
        if e.type == RECOVER:
            state.views = {key: frozenset((frozenset(), ends(any(v[0] for v in views), *view), False) for view in views)
                           for key, views in before.items()}
        return state
    return after


mutant("RECOVER keeps what a line had before a GRANT of another",
       after=ended(lambda granted, held, last, revoked: held or last))
mutant("RECOVER keeps nothing reinstated beside a GRANT",
       after=ended(lambda granted, held, last, revoked: held or (frozenset() if granted else last)))


def forget_past(joined, left):
    if left is not None:
        joined.past = frozenset()
    return joined


# --- joins ---

def joining(change):
    def join(sides, base, left=None):
        return change(oracle_join(sides, base, left), sides, base, left)
    return join


def set_field(field, value):
    def change(joined, sides, base, left):
        setattr(joined, field, value(sides, base))
        return joined
    return joining(change)


def with_scopes(states):
    """A key's names lie in the lists of these states alone."""
    def change(joined, sides, base, left):
        joined.grants = {key: dict(grant, scopes=union(s.grants[key]["scopes"] for s in states(sides, base, left)
                                                       if key in s.grants)) for key, grant in joined.grants.items()}
        return joined
    return joining(change)


def all_grants(joined, sides, base, left):
    for side in sides:
        for key, grant in side.grants.items():
            if key not in joined.burnt:
                joined.grants.setdefault(key, grant)
    return joined


def union_views(joined, sides, base, left):
    """One view of what all sides together have, era by era."""
    joined.views = {key: frozenset([(union(v[0] for v in views), union(v[1] for v in views), any(v[2] for v in views))])
                    for key, views in joined.views.items()}
    return joined


def own_views(joined, sides, base, left):
    if left is None:
        joined.views = dict(base.views)
    return joined


def sides_views(joined, sides, base, left):
    joined.views = {key: union(s.views.get(key, {NO_VIEW}) for s in sides) for key in union(s.views for s in sides)}
    return joined


mutant("MERGE rights of prev only", join=joining(own_views))
mutant("views united", join=joining(union_views))
mutant("no rights of base and left states", join=joining(sides_views))
mutant("lists of the base only", join=with_scopes(lambda sides, base, left: [base]))
mutant("list of the base not asked", join=with_scopes(lambda sides, base, left: sides + (left or [])))
mutant("left states ignored", left_states=lambda self, base, ends: [])
mutant("LIFT on any side", join=set_field("lifts", lambda sides, base: union(s.lifts for s in sides)))
mutant("LIFT ignored", join=oracle_join, after=lambda self, state, e: state if e.type == LIFT else
       Household.after(self, state, e))
mutant("burnt on the base only", join=set_field("burnt", lambda sides, base: base.burnt))
mutant("grants of all sides", join=joining(all_grants))
mutant("policy of a side", join=set_field("policy", lambda sides, base: sides[-1].policy))


# --- the tree ---

def never_recovered(self, at):
    branches = self.branches(at)
    absorbed = self.others(self.subtree(at)[1:])
    return branches if len(branches) < 2 else [b for b in branches if any(self.is_end(x) and x.id not in absorbed
                                                                        for x in self.subtree(b))]


def never_absorbed(self, at):
    branches = self.branches(at)
    recovered = [b for b in branches if any(x.type == RECOVER for x in self.subtree(b))]
    return branches if len(branches) < 2 else recovered or branches


mutant("MERGE absorbs nothing", standing=never_absorbed)
mutant("RECOVER beats nothing", standing=never_recovered)
mutant("MERGE across eras", merges=lambda self, e: e.body["other"] not in self.line(e.prev) and
       e.prev not in self.line(e.body["other"]))
mutant("MERGE of an ancestor", merges=lambda self, e: self.states[e.prev].era == self.states[e.body["other"]].era)
mutant("MERGE without effect", merges=lambda self, e: False)
mutant("trusted branch ignored", __init__=lambda self, raws, trusted=ZERO, verify=False:
       Household.__init__(self, raws, ZERO, verify))


# --- effects and names ---

def without_rule(method, rule):
    return lambda self, *arguments: getattr(Household, method)(self, *arguments) - {rule}


for the_rule in ("key-live", "key-burnt", "grants-full", "role", "grant-flags", "key-invalid", "possession"):
    mutant(f"GRANT without {the_rule}", grant_rules=without_rule("grant_rules", the_rule))
for the_rule in ("not-granted", "scope", "suspended", "overrun"):
    mutant(f"SET without {the_rule}", author_rules=without_rule("author_rules", the_rule), **(
        {"rank": lambda self, e: (0, e.time, e.id)} if the_rule == "not-granted" else {}))
for the_rule in ("stream-kind", "upgrade", "peer-name", "rr-type"):
    mutant(f"SET without {the_rule}", breaks=without_rule("breaks", the_rule))
for the_type in rdata.FORMS:
    mutant(f"any rdata for type {the_type}", breaks=lambda self, e, the_type=the_type:
           Household.breaks(self, e) - ({"rdata", "address", "tlsa"} if e.body["rrtype"] == the_type else set()))


def any_address(self, e):
    rules = Household.breaks(self, e)
    return rules if e.body["rrtype"] not in (rdata.A, rdata.AAAA) or any(len(rr) not in (4, 16) for rr in e.body["rrs"]) \
        else rules - {"rdata", "address"}


mutant("any address", breaks=any_address)


def only_valid(self, feeds):
    return {(target, e.body["name"], e.body["rrtype"]) for e in feeds if e.type == SET and e.body["over"] and
            not self.breaks(e) and self.counts(e) and e.author in self.state.grants for target in e.body["over"]}


mutant("over of the living only", find_killed=only_valid)
mutant("over across names", is_killed=lambda self, e: e.id in {target for target, _, _ in self.killed})
mutant("no overrun", is_overrun=lambda self, author: False)
mutant("a node beside an admin", rank=lambda self, e: (0, e.time, e.id))
mutant("time does not count", rank=lambda self, e: (self.state.grants[e.author]["role"] == 1, e.id))
mutant("WITHDRAW takes nothing out", records=lambda self, e: e.body["rrs"])


def differs(cls, functions, case):
    oracle.join = functions.get("join", oracle_join)
    oracle.asked_revokes = functions.get("asked_revokes", oracle_asked)
    try:
        return bool(compare.disagreements(case, cls))
    finally:
        oracle.join, oracle.asked_revokes = oracle_join, oracle_asked


def main():
    counting = "--count" in sys.argv
    cases = list(compare.each_case(path for path in sys.argv[1:] if path != "--count"))
    alive = []
    for name, (cls, functions) in MUTANTS.items():
        found = 0
        for number, case in enumerate(cases):
            if differs(cls, functions, case):
                found += 1
                if not counting:
                    break
        if counting:
            print(f"{found:6} {name}")
        if not found:
            alive.append(name)
    if alive:
        sys.exit("no history tells these from the page: " + ", ".join(alive))
    print(f"{len(MUTANTS)} mutants are found out among {len(cases)} cases")


if __name__ == "__main__":
    main()
