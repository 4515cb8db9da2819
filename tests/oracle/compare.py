#!/usr/bin/env python3
"""Compares what the product made of sets of entries with what the oracle makes of them.

  compare.py FILE …            every case of the files (of standard input without one)
  compare.py --keep FILE NEW   writes the case anew with the oracle's root and without facts, for tests/oracle/cases/,
                               whose roots unit_ledger_history_kept and this program hold against what they come to

A case, as unit_ledger_history writes it with HEARTH_ORACLE=FILE: length (4), a bundle of all entries given, also of
those that wait; a trusted branch's id or zeros (32); the product's state root (32); length (4), its facts as text
(tests/unit/ledger/history_facts.c), one to a line, all ids, keys and names in hex. Facts lie outside the root:
who holds what, which rule keeps an entry from its effect, where it is frozen. Where the page does not say which of
several broken rules is named, any of them is right, but none where one is broken never is.

On a difference the case is kept in the working folder as oracle-case-N, to be given to this program again.
"""
import sys

import formats
import rdata
from formats import LIFT, MERGE, REVOKE, SCOPE, SET, SUSPEND, WITHDRAW
from oracle import Household

BROKEN_FORM = {"rdata", "address", "tlsa", "rr-type", "peer-name"}


def path_entries(household):
    """The authority entries whose effects the chosen state is made of."""
    found, todo = set(), [e.id for e in household.chosen]
    for entry_id in todo:
        for at in household.line(entry_id):
            if at in found:
                break
            found.add(at)
            todo += household.others([household.held[at]])
    return found


def rules_of_authority(household, e, on_path):
    rules = household.effects[e.id]
    if e.id not in on_path:
        return rules | {"beaten-branch", "tied-branch"}
    if e.type == LIFT and e.body["target"] not in household.state.lifts:
        return {"tied-branch"}  # not on all sides of a join
    if e.id in household.line(household.at.id):
        return rules
    # On a side of a join beside its base, only some do what they say.
    if rules or e.type == REVOKE:
        return rules
    partly = e.type in (SCOPE, MERGE) or (e.type == LIFT and e.body["target"] in household.state.lifts)
    return {"tied-branch", "in-effect"} if partly else {"tied-branch"}


def rules_of(household, e, on_path):
    """The rules of which one keeps the entry from its effect; empty when it is in effect."""
    if e.stream == 0:
        return rules_of_authority(household, e, on_path)
    if e.type == SET:
        rules = household.breaks(e) | household.author_rules(e.author, e.body["name"])
        if rules & BROKEN_FORM:
            rules |= BROKEN_FORM
        if household.is_killed(e):
            rules.add("replaced")
        winner = household.winners.get((e.body["name"][::-1], e.body["rrtype"]))
        return rules or (set() if winner is e else {"outranked"})
    if e.upgrade:
        return {"upgrade"}
    if e.type not in (SUSPEND, WITHDRAW):
        return set()
    if e in household.denials:
        return set()
    return {"no-right", "denial-ended"} | ({"lifted"} if e.id in household.state.lifts else set())


def grant_states(household, key):
    if key in household.state.grants:
        return {name for name, keys in (("suspended", household.suspended), ("overrun", household.overrun))
                if key in keys} or {"live"}
    return {"revoked"} if key in household.state.burnt else {"cleared"}


def fixed_facts(household):
    """Lines that must be there word for word."""
    state = household.state
    head = max((e.id for e in household.chosen))
    after = household.states[head]
    yield f"held {len(household.held)}"
    yield f"frozen {household.at.id.hex()}" if household.frozen else "frozen no"
    yield f"next {head.hex()} {household.held[head].seq} {after.owner.hex()} {after.commitment.hex()}"
    yield "policy {} {} {}".format(*state.policy)
    yield f"frontier {household.frontier(False).hex()} {household.frontier(True).hex()}"
    authority = [e for e in household.held.values() if e.stream == 0]
    absorbed = household.others(authority)
    for e in authority:
        if household.is_end(e) and e.id not in absorbed:
            yield f"head {e.id.hex()}"
    for slot, e in household.winners.items():
        left = len(household.records(e))
        conflicts = len(household.slots[slot]) - 1
        if slot[1] == rdata.PEER and conflicts:  # whoever reads it leaves it out (resolver/daemon/publication.c)
            left = len(e.body["rrs"])
        yield (f"set {formats.wire(e.body['name']).hex()} {slot[1]} {e.id.hex()} {conflicts} {left} "
               f"{len(e.body['rrs']) - left}")
    for e in household.denials:
        if e.type == WITHDRAW:
            yield f"withdrawal {e.body['hash'].hex()} {e.id.hex()}"


def check_grant(household, words):
    key, state, role, flags, spki, zone, scope, grant_id = words
    key = bytes.fromhex(key)
    if state not in grant_states(household, key):
        return f"grant: {state}, not {grant_states(household, key)}"
    grant = household.state.grants.get(key)
    if not grant:
        return None
    held = (str(grant["role"]), str(grant["flags"]), grant["spki"].hex(), grant["zone"].hex(), grant["id"].hex())
    if held != (role, flags, spki, zone, grant_id):
        return f"grant: not {held}"
    lists = grant["scopes"] or {b""}
    if household.frozen:  # what is shown is that of the GRANT or SCOPE in force, all others hold beside it
        lists = lists | (household.states[household.at.id].grants[key]["scopes"] or {b""})
    scopes = {c.hex() or "any" for c in lists}
    return None if scope in scopes else f"scope: not one of {scopes}"


def check_may(household, words):
    key, name, rule = words
    name = tuple(formats.Bytes(bytes.fromhex(name)).name())
    rules = household.author_rules(bytes.fromhex(key), name) or {"in-effect"}
    return None if rule in rules else f"may write: not {rules}"


def differences(household, facts):
    """What the product says otherwise, as lines."""
    lines = facts.decode().splitlines()
    said = {line for line in lines if line.split()[0] not in ("rule", "grant", "may")}
    own = set(fixed_facts(household))
    for line in sorted(said - own):
        yield f"product alone: {line}"
    for line in sorted(own - said):
        yield f"oracle alone: {line}"
    on_path = path_entries(household)
    seen, live = set(), set()
    for kind, *words in (line.split() for line in lines):
        wrong = None
        if kind == "rule":
            e = household.held.get(bytes.fromhex(words[0]))
            rules = (rules_of(household, e, on_path) or {"in-effect"}) if e else {"(not held)"}
            wrong = None if words[1] in rules else f"type {e.type if e else 0}: not {rules}"
            seen.add(words[0])
        elif kind == "grant":
            wrong = check_grant(household, words)
            live.add(bytes.fromhex(words[0]))
        elif kind == "may":
            wrong = check_may(household, words)
        if wrong:
            yield f"{kind} {' '.join(words)}: {wrong}"
    if len(seen) != len(household.held) or not set(household.state.grants) <= live:
        yield "an entry without a rule, or a live key without a grant"


def read_cases(source):
    """(octets, entries, trusted, root, facts) of each; entries read once though several cases in a row hold them."""
    known = {}
    while head := source.read(4):
        data = source.read(int.from_bytes(head, "big"))
        fixed = source.read(68)
        facts = source.read(int.from_bytes(fixed[64:], "big"))
        (raws,) = formats.read_bundle(data).values()
        known = {raw: known.get(raw) or formats.Entry(raw) for raw in raws}
        yield head + data + fixed + facts, list(known.values()), fixed[:32], fixed[32:64], facts


def disagreements(case, household_class=Household):
    _, entries, trusted, root, facts = case
    household = household_class(entries, trusted)
    found = [] if household.state_root() == root else ["another state root"]
    return found + (list(differences(household, facts)) if facts else [])


def keep(path, new):
    with open(path, "rb") as source, open(new, "wb") as file:
        for octets, entries, trusted, _, facts in read_cases(source):
            bundle = octets[:-len(facts) - 68] if facts else octets[:-68]
            file.write(bundle + trusted + Household(entries, trusted).state_root() + bytes(4))


def each_case(paths):
    for path in paths:
        with open(path, "rb") as file:
            yield from read_cases(file)


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--keep"]:
        keep(*arguments[1:])
        return
    cases = failed = 0
    for case in each_case(arguments) if arguments else read_cases(sys.stdin.buffer):
        if found := disagreements(case):
            name = f"oracle-case-{cases}"
            with open(name, "wb") as file:
                file.write(case[0])
            print(f"{name}: the product judges otherwise:", *found[:12], sep="\n  ")
            failed += 1
            if failed == 10:
                break
        cases += 1
    if failed:
        sys.exit(f"{failed} of {cases} cases differ")
    print(f"{cases} cases agree")


if __name__ == "__main__":
    main()
