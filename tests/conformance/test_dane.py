#!/usr/bin/env python3
"""The verdict on a matrix of devices and TLSA records, beside OpenSSL's DANE code and ldns-dane.

    test_dane.py DANE_MATRIX

dane_matrix makes the certificates, asks Hearth and OpenSSL, and prints what they say. Here stands, apart from
both, what each judge should say: RFC 6698 and RFC 7671 in a few lines, and by name every point in which a judge
differs from the others (DIFFERENCES). A judgement that these lines do not give is a failure, and so is a
difference that no judgement needs. ldns-dane, a program a judgement, is asked for a sample.
"""
import base64
import collections
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys
import tempfile

# What a judge does that RFC 7671 and Hearth, for a public name, do not. Who has it is laxer (+) or stricter (-).
DIFFERENCES = {
    "forgives": "+ a trust anchor's chain may be out of date and misnamed: Hearth names that, and lets the key of a "
                "household name decide",
    "public-cas": "+ usages 0 and 1 vouch where the machine's store agrees: Hearth never asks the public CAs, so that "
                  "for it such a record is none",
    "store-if-none": "+ where no record is usable, the machine's store decides: Hearth refuses (no-record)",
    "anchor-in-record": "+ an anchor that only the record brings (matching type 0) serves, its own signature unasked: "
                        "Hearth wants it presented",
    "anchor-dates": "+ the dates of an anchor that did not sign itself are not asked: Hearth's way to a public name "
                    "ends with the anchor, that included",
    "agility": "- of several records of one usage and selector only the strongest hash counts (RFC 7671, section 9): "
               "for Hearth any record that matches serves, as a rollover needs it",
    "store-first": "- beside a record of usage 0 or 1, an anchor that the store trusts too is the store's, and none "
                   "of usage 2: Hearth judges each record alone",
}
OPENSSL = {"public-cas", "store-if-none", "anchor-in-record", "anchor-dates", "agility", "store-first"}
JUDGES = {"public": set(), "household": {"forgives"}, "openssl": OPENSSL, "ldns": OPENSSL}

# What is true of each chain by the way it was made (dane_chains.c). `paths`: from the leaf to each presented card
# on which it hangs, all signatures and the right to make them being there; `late`: cards out of date; `store`: the
# way to the root that the machine's store trusts; `brought`: what hangs on a card that only a record brings, as
# (selector, card): the way there, or to a namesake of it that was presented.
GOOD = {"m": "lm", "r": "lmr"}
Chain = collections.namedtuple("Chain", "paths late misnamed store brought", defaults=("", False, "lmr", {}))
CHAINS = {
    "lone": Chain({}, store="", brought={"1l": "l"}),
    "lone-ca": Chain({}, store=""),
    "lone-expired": Chain({}, "l", store="", brought={"1l": "l"}),
    "lone-misnamed": Chain({}, "", True, store="", brought={"1l": "l"}),
    "twice": Chain({}, store="", brought={"1l": "l"}),
    "lone-and-root": Chain({}, store="", brought={"1l": "l"}),
    "pair": Chain({"r": "lr"}, store="lr"),
    "three": Chain(GOOD),
    "leaf-only": Chain({}, store="", brought={"0m": "lm", "1m": "lm"}),
    "no-root": Chain({"m": "lm"}, brought={"0r": "lmr", "1r": "lmr"}),
    "no-middle": Chain({}, store="", brought={"0m": "lm", "1m": "lm"}),
    "shuffled": Chain(GOOD),
    "stranger-between": Chain(GOOD),
    "leaf-again": Chain({"m": "lm"}, brought={"0r": "lmr", "1r": "lmr"}),
    "expired": Chain(GOOD, "l"),
    "expired-middle": Chain(GOOD, "m"),
    "expired-root": Chain(GOOD, "r"),
    "not-yet": Chain(GOOD, "l"),
    "not-yet-middle": Chain(GOOD, "m"),
    "wildcard": Chain(GOOD),
    "misnamed": Chain(GOOD, "", True),
    "name-in-cn": Chain(GOOD),
    "forged": Chain({}, store="", brought={"0o": "lo"}),
    "forged-middle": Chain({"m": "lm"}, store="", brought={"0o": "lmo"}),
    "broken": Chain({}, store=""),
    "broken-middle": Chain({"m": "lm"}, store=""),
    "no-ca": Chain({}, store=""),
    "path-too-long": Chain({"m": "lm"}, store=""),
    "constrained": Chain({}, store=""),
    "client-only": Chain({}, store=""),
    "sha1": Chain(GOOD),
    "md5": Chain(GOOD),
    "renewed": Chain(GOOD),
    "impostor": Chain({}, store="", brought={"1l": "l"}),
    "impostor-named": Chain({}, store=""),
}


def elements(der):
    """The DER elements one after the other: (tag, whole, content)."""
    at = 0
    while at < len(der):
        length, head = der[at + 1], 2
        if length & 0x80:
            head += length & 0x7f
            length = int.from_bytes(der[at + 2:at + head], "big")
        yield der[at], der[at:at + head + length], der[at + head:at + head + length]
        at += head + length


def spki_of(der):
    """RFC 5280, section 4.1: the sixth of the fields behind the version."""
    certificate = next(elements(der))[2]
    fields = [whole for tag, whole, _ in elements(next(elements(certificate))[2]) if tag != 0xa0]
    return fields[5]


def read_cards(folder, chain):
    with open(f"{folder}/{chain}.cards.pem", encoding="ascii") as file:
        blocks = re.findall("BEGIN CERTIFICATE-----(.*?)-----END", file.read(), re.S)
    ders = [base64.b64decode(block) for block in blocks]
    with open(f"{folder}/{chain}.root.pem", "w", encoding="ascii") as file:
        file.write(f"-----BEGIN CERTIFICATE-----{blocks[2]}-----END CERTIFICATE-----\n")
    return {letter: (der, spki_of(der)) for letter, der in zip("lmro", ders, strict=True)}


HASHES = {1: hashlib.sha256, 2: hashlib.sha512}


class Record:
    def __init__(self, rdata, taken):
        self.taken = taken  # by OpenSSL
        self.numbers, self.data = tuple(rdata[:3]), rdata[3:]
        self.usage, self.selector, self.matching = self.numbers if len(rdata) >= 3 else (256, 256, 256)

    def is_formed(self):
        if self.usage > 3 or self.selector > 1 or self.matching > 2:
            return False
        return len(self.data) == HASHES[self.matching]().digest_size if self.matching else len(self.data) > 0

    def is_usable(self, manner):
        if "public-cas" in manner:
            return self.taken
        return (self.is_formed() and self.usage in (2, 3)
                and (self.matching == 0 or self.data != HASHES[self.matching](b"").digest()))

    def matches(self, card):
        selected = card[self.selector]
        return self.data == (HASHES[self.matching](selected).digest() if self.matching else selected)


class Cell:
    """One line: a chain, records, and what was said of them."""

    def __init__(self, line, cards):
        (self.name, self.data, self.of, records, self.public, self.household, taken, self.openssl,
         self.handshake) = line.split(" ")
        self.line = line
        self.chain, self.cards = CHAINS[self.name.split(".")[0]], cards[self.name]
        rdatas = records.split(",") if taken else []
        self.records = [Record(bytes.fromhex(rdata), bit == "1") for rdata, bit in zip(rdatas, taken, strict=True)]

    def __str__(self):
        numbers = ", ".join(" ".join(map(str, record.numbers)) for record in self.records)
        return f"{self.name}: {numbers}: {self.data} of {self.of}"


# --- what each judge should say ---

def is_path_fine(cell, path, manner):
    late = set(path) & set(cell.chain.late)
    if "anchor-dates" in manner:
        late -= set(path[-1]) - {"r", "l"}
    if "forgives" in manner:
        return True
    return not late and not cell.chain.misnamed


def store_agrees(cell, manner):
    return bool(cell.chain.store) and is_path_fine(cell, cell.chain.store, manner)


def in_front(records):
    """Digest agility: of each usage and selector, what has the strongest hash, and what has none."""
    best = {}
    for record in records:
        key = record.usage, record.selector
        best[key] = max(best.get(key, 0), record.matching)
    return [record for record in records if record.matching in (0, best[record.usage, record.selector])]


def brings_anchor(cell, record, manner):
    if "anchor-in-record" not in manner or record.matching != 0:
        return False
    ways = {**{"0" + letter: path for letter, path in cell.chain.paths.items()}, **cell.chain.brought}
    for (selector, letter), path in ways.items():
        octets = cell.cards[letter][record.selector]
        # A certificate's last octet is its signature's: what an anchor's signature is, nobody asks.
        same = record.data == octets or (record.selector == 0 and record.data[:-1] == octets[:-1]
                                         and len(record.data) == len(octets))
        if str(record.selector) == selector and same and is_path_fine(cell, path, manner):
            return True
    return False


def is_vouched_for(cell, record, manner, beside):
    leaf = cell.cards["l"]
    if record.usage == 3:
        return record.matches(leaf)
    if record.usage == 1:
        return record.matches(leaf) and store_agrees(cell, manner)
    if record.usage == 0:
        return store_agrees(cell, manner) and any(record.matches(cell.cards[card]) for card in cell.chain.store[1:])
    for letter, path in cell.chain.paths.items():
        if letter == "r" and "store-first" in manner and any(other.usage < 2 for other in beside):
            continue
        if record.matches(cell.cards[letter]) and is_path_fine(cell, path, manner):
            return True
    return brings_anchor(cell, record, manner)


def expected(cell, manner):
    """matched, mismatch or no-record."""
    records = [record for record in cell.records if record.is_usable(manner)]
    if not records:
        return "matched" if "store-if-none" in manner and store_agrees(cell, manner) else "no-record"
    front = in_front(records) if "agility" in manner else records
    return "matched" if any(is_vouched_for(cell, record, manner, records) for record in front) else "mismatch"


# --- the judgements ---

PROBLEMS = collections.Counter()
SHOWN_MAX = 10


def check(condition, kind, text):
    if not condition:
        PROBLEMS[kind] += 1
        if PROBLEMS[kind] <= SHOWN_MAX:
            print(f"FAIL  {kind}: {text}")


def yes(verdict):
    return "yes" if verdict == "matched" else "no"


def check_cell(cell):
    for judge in ("public", "household"):
        said, should = getattr(cell, judge), expected(cell, JUDGES[judge])
        check(said == should, judge, f"{cell}: {said}, should be {should}")
    should = yes(expected(cell, OPENSSL))
    check(cell.openssl == should, "openssl", f"{cell}: {cell.openssl}, should be {should}")
    check(cell.handshake in ("-", cell.openssl), "handshake", f"{cell}: {cell.handshake} in a handshake, else {cell.openssl}")
    for record in cell.records:
        # Of matching type 0 OpenSSL takes only what is a certificate, or a key: that is its own affair.
        if record.matching != 0 or cell.data == "right":
            check(record.taken == record.is_formed(), "form", f"{cell}: {'taken' if record.taken else 'not taken'}")


def check_needed(cells):
    """A difference that changes no judgement is none."""
    for judge in ("household", "openssl"):
        manner = JUDGES[judge]
        for name in sorted(manner):
            needed = sum(expected(cell, manner) != expected(cell, manner - {name}) for cell in cells)
            check(needed > 0, "difference", f"{judge}: {name} changes nothing")
            print(f"      {judge}: {name}: {needed} judgements. {DIFFERENCES[name]}")


# --- ldns-dane ---

OPENSSL_CONF = """openssl_conf = whole
[whole]
ssl_conf = ssl
[ssl]
system_default = old
[old]
CipherString = DEFAULT@SECLEVEL=0
"""


def is_writable(cell):
    """Can its records be written in a master file?"""
    return cell.records and all(record.data for record in cell.records)


def sample(cells):
    """By chain, usages and outcome a few, always the same ones; public CAs are not what is to be shown."""
    kept = collections.defaultdict(list)
    for cell in sorted(filter(is_writable, cells), key=lambda cell: hashlib.sha256(str(cell).encode()).digest()):
        usages = tuple(sorted(record.usage for record in cell.records))
        chain = cell.name if usages in ((2,), (3,)) else "any"
        kept[chain, usages, cell.openssl].append(cell)
        kept[cell.data, cell.openssl].append(cell)
    return {id(cell): cell for group in kept.values() for cell in group[:1]}.values()


def ask_ldns(folder, number, cell):
    """-n: no names under DANE-EE (it does compare them under DANE-TA). The name is given because the records' owner
    would be compared with its final dot. Nothing is looked up."""
    records = f"{folder}/{number}.tlsa"
    with open(records, "w", encoding="ascii") as file:
        for record in cell.records:
            numbers = " ".join(map(str, record.numbers))
            file.write(f"_443._tcp.camera.maple.home.arpa. 3600 IN TLSA {numbers} {record.data.hex()}\n")
    done = subprocess.run(
        ["ldns-dane", "-n", "-f", f"{folder}/{cell.name}.root.pem", "-c", f"{folder}/{cell.name}.pem", "-t", records,
         "verify", "camera.maple.home.arpa", "443"], env={**os.environ, "OPENSSL_CONF": f"{folder}/openssl.cnf"}, capture_output=True, text=True,
        timeout=30, check=False)
    return "yes" if done.returncode == 0 else "no", done.stdout + done.stderr


def check_ldns(folder, cells):
    with open(f"{folder}/openssl.cnf", "w", encoding="ascii") as file:
        file.write(OPENSSL_CONF)
    chosen = list(sample(cells))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: ask_ldns(folder, *pair), enumerate(chosen)))
    for cell, (said, why) in zip(chosen, answers, strict=True):
        should = yes(expected(cell, JUDGES["ldns"]))
        check(said == should, "ldns-dane", f"{cell}: {said}, should be {should}: {why.strip()}")
    print(f"      ldns-dane: {len(chosen)} judgements")


# --- the whole ---

PARTS = 2


def run_matrix(program, folder):
    parts = [subprocess.Popen([program, folder, str(part), str(PARTS)], stdout=subprocess.PIPE, text=True)
             for part in range(PARTS)]
    with concurrent.futures.ThreadPoolExecutor(PARTS) as pool:
        outputs = list(pool.map(lambda part: part.communicate()[0], parts))
    check(all(part.returncode == 0 for part in parts), "dane_matrix", [part.returncode for part in parts])
    return [line for output in outputs for line in output.splitlines()]


def main():
    with tempfile.TemporaryDirectory() as folder:
        cards, cells = {}, []
        for line in run_matrix(sys.argv[1], folder):
            name = line.split(" ", 1)[0]
            if name not in cards:
                cards[name] = read_cards(folder, name)
            cells.append(Cell(line, cards))
        check({name.split(".")[0] for name in cards} == set(CHAINS), "chains", "not those of the table")
        for cell in cells:
            check_cell(cell)
        print(f"      {len(cells)} judgements, {sum(cell.handshake != '-' for cell in cells)} of them in handshakes too")
        check_needed(cells)
        check_ldns(folder, cells)
    print(f"{sum(PROBLEMS.values())} failures" if PROBLEMS else "ok")
    sys.exit(1 if PROBLEMS else 0)


main()
