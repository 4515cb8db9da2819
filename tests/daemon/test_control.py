#!/usr/bin/env python3
"""The operations of docs/control-protocol.md, asked of a real hearthd with a household whose owner is this test."""
import base64
import hashlib
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest

import hearthd
from hearthd import Hearthd, dns_rcode, free_port
from owner import Owner

A, TXT, AAAA, TLSA, PEER, NOTE = 1, 16, 28, 52, 65280, 65282
ADDRESS = "fd6865617274" + "00" * 9 + "01"
HASH = bytes(range(32)).hex()
TLSA_311 = "030101" + HASH


def record(name, kind, *rrs, ttl=300):
    return {"name": name, "type": kind, "ttl": ttl, "rrs": list(rrs)}


def address(number):
    return "fd" + "00" * 11 + struct.pack(">I", number).hex()


def base32(octets):
    """An id as names spell it."""
    return base64.b32encode(octets).decode().rstrip("=").lower()


def spki_sha256(certificate):
    """Of a certificate in PEM, by another program than ours."""
    key = subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=certificate.encode(), capture_output=True,
                         check=True).stdout
    return hashlib.sha256(subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key,
                                         capture_output=True, check=True).stdout).hexdigest()


class WithHearthd(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.daemon = Hearthd(f"[resolver]\nlisten = 127.0.0.1@{self.port}\n").start()
        self.client = self.daemon.connect()

    def tearDown(self):
        self.client.close()
        self.assertEqual(self.daemon.stop(), 0)

    def ok(self, op, **fields):
        answer = self.client.ask(op, **fields)
        self.assertTrue(answer["ok"], answer)
        return answer

    def refused(self, status, op, **fields):
        answer = self.client.ask(op, **fields)
        self.assertEqual((answer["ok"], answer.get("status")), (False, status), answer)
        self.assertNotEqual(answer["error"], "")
        return answer

    def found(self, role=1, petname="maple"):
        owner = Owner()
        node = self.ok("node")
        possession = self.ok("possess", namespace=owner.namespace.hex(), role=role, flags=0,
                             scope_commitment=None)["possession"]
        entries = [owner.genesis.hex(), owner.grant(node, possession, role).hex()]
        self.answer = self.ok("ingest", entries=entries, own=True, label="hall")
        if petname:
            self.ok("set", by="init", records=[record(f"{petname}._peer", PEER, owner.namespace.hex() + "00")])
        return owner

    def generation_of_view(self):
        with open(os.path.join(self.daemon.directory, "view", "names.view"), "rb") as file:
            view = file.read(16)
        with open(os.path.join(self.daemon.directory, "view", "generation"), "rb") as file:
            self.assertEqual(file.read(8), view[8:])
        return view[8:].hex()


class BeforeAHousehold(WithHearthd):
    def test_answers(self):
        hello = self.ok("hello")
        self.assertEqual((hello["household"], hello["petname"], hello["write"]), (None, "", True))
        for op, fields in (("authority", {}), ("list", {}), ("log", {}), ("withdrawn", {}), ("commit", {}),
                           ("why", {"name": "a", "type": A}), ("forget", {"name": "a"}),
                           ("set", {"records": [record("a", AAAA, ADDRESS)]}), ("withdraw", {"hash": HASH})):
            answer = self.refused("NO_HOUSEHOLD", op, **fields)
            self.assertEqual(answer["hint"], "hearth init LABEL")

    def test_unknown(self):
        self.refused("MALFORMED", "dance")
        self.client.sock.sendall(struct.pack(">I", 14) + b'{"version": 1}')
        self.assertEqual(self.client.receive()["status"], "MALFORMED")
        self.ok("hello")

    def test_what_is_no_text(self):
        """An answer is JSON all the same: a character is not cut in two, and a path that is no UTF-8 is shown."""
        answer = self.refused("MALFORMED", "x" * 63 + "\u20ac")
        self.assertIn('"' + "x" * 63 + '"', answer["error"])
        daemon = Hearthd("[resolver]\nlisten = none\n", tempfile.mkdtemp(prefix="hearthd-\udcff-"))
        self.addCleanup(shutil.rmtree, daemon.directory, True)
        daemon.start()
        doors = {door["door"]: door["address"] for door in daemon.ask("status")["doors"]}
        self.assertEqual(sorted(doors), ["control", "nss"])
        self.assertTrue(all("hearthd-\\xff-" in address for address in doors.values()), doors)
        self.assertEqual(daemon.stop(), 0)

    def test_nothing_founds_by_accident(self):
        owner = Owner()
        answer = self.refused("FOREIGN", "ingest", entries=[owner.genesis.hex()])
        self.assertEqual(answer["index"], 0)
        self.refused("MALFORMED", "ingest", entries=[])
        self.refused("MALFORMED", "ingest", entries=["zz"], own=True)
        self.refused("TRUNCATED", "ingest", entries=[owner.genesis.hex()[:-2]], own=True)
        self.refused("SIGNATURE", "ingest", entries=[owner.genesis.hex()[:-2] + "ff"], own=True)
        self.assertIsNone(self.ok("hello")["household"])

    def test_all_or_none(self):
        owner = Owner()
        stranger = Owner(b"somebody else".ljust(32, b"\0"))
        answer = self.refused("EXISTS", "ingest", entries=[owner.genesis.hex(), stranger.genesis.hex()], own=True)
        self.assertEqual(answer["index"], 1)
        self.assertIsNone(self.ok("hello")["household"])
        self.assertEqual(self.ok("status")["entries"], 0)
        self.found()

    def test_possession_is_checked(self):
        owner = Owner()
        node = self.ok("node")
        entries = [owner.genesis.hex(), owner.grant(node, "00" * 64).hex()]
        results = self.ok("ingest", entries=entries, own=True)["results"]
        self.assertEqual([result["rule"] for result in results], ["in-effect", "possession"])
        self.assertEqual(self.ok("authority")["grants"], [])
        self.assertEqual(self.refused("RULE", "set", records=[record("a", AAAA, ADDRESS)])["rule"], "not-granted")


class Household(WithHearthd):
    def test_founding(self):
        owner = self.found()
        self.assertEqual([result["rule"] for result in self.answer["results"]], ["in-effect"] * 2)
        hello = self.ok("hello")
        self.assertEqual((hello["household"], hello["petname"]), (base32(owner.namespace), "maple"))
        node = self.ok("node")
        self.assertEqual(node["label"], "hall")
        authority = self.ok("authority")
        self.assertEqual((authority["namespace"], authority["owner"], authority["head"], authority["head_seq"]),
                         (owner.namespace.hex(), owner.key.public.hex(), owner.head.hex(), 1))
        self.assertEqual(authority["head_time"], f"{owner.time_ms << 16:016x}")
        self.assertEqual((authority["frozen"], authority["soft_hours"], authority["hard_hours"]), (False, 168, 720))
        grant = authority["grants"][0]
        self.assertEqual((grant["key"], grant["role"], grant["state"], grant["label"], grant["granted"]),
                         (node["signing_key"], "admin", "live", "hall", owner.time_ms))
        self.assertEqual((grant["grant_id"], grant["by_id"], grant["scoped"]), (owner.head.hex(), None, False))
        status = self.ok("status")
        self.assertEqual(status["household"], hello["household"])
        self.assertTrue(status["healthy"], status["problems"])
        self.assertEqual([(node["label"], node["role"], node["state"], node["self"]) for node in status["nodes"]],
                         [("hall", "admin", "live", True)])
        self.refused("EXISTS", "ingest", entries=[Owner(b"x" * 32).genesis.hex()], own=True)

    def test_grant_has_the_tls_key(self):
        """Others know this node by the key of its TLS certificate: the GRANT names that, and possession signs it."""
        with open(os.path.join(self.daemon.directory, "state", "tls.pem")) as file:
            spki = spki_sha256(file.read())
        node = self.ok("node")
        self.assertEqual(node["spki_sha256"], spki)
        owner = Owner()
        possession = self.ok("possess", namespace=owner.namespace.hex(), role=1, flags=0,
                             scope_commitment=None)["possession"]
        other = owner.grant({**node, "spki_sha256": "ab" * 32}, possession).hex()
        right = owner.grant(node, possession).hex()
        results = self.ok("ingest", entries=[owner.genesis.hex(), other, right], own=True)["results"]
        self.assertEqual([result["rule"] for result in results], ["in-effect", "possession", "in-effect"])
        self.assertEqual([grant["spki_sha256"] for grant in self.ok("authority")["grants"]], [spki])
        self.client.close()
        self.assertEqual(self.daemon.stop(), 0)
        self.client = self.daemon.start().connect()
        self.assertEqual(self.ok("node")["spki_sha256"], spki)

    def test_survives(self):
        self.found()
        self.ok("set", records=[record("camera", AAAA, ADDRESS)])
        before = self.ok("list")["records"]
        os.kill(self.daemon.children()["ledger"]["pid"], signal.SIGKILL)
        self.daemon.wait_for("hearthd: ready", 2)
        self.client.close()
        self.client = self.daemon.connect()
        self.assertEqual(self.ok("list")["records"], before)
        self.assertEqual(self.ok("hello")["petname"], "maple")
        self.assertEqual(self.ok("node")["label"], "hall")
        self.assertEqual(dns_rcode(self.port, "camera.maple.home.arpa"), 0)

    def test_set_is_published(self):
        """An answer to a write means: in the view that readers see."""
        self.found()
        for number in range(5):
            answer = self.ok("set", by="cli", records=[record("camera", AAAA, address(number))])
            self.assertEqual(answer["generation"], self.generation_of_view())
            self.assertEqual(len(answer["ids"]), 1)
        self.assertEqual(dns_rcode(self.port, "camera.maple.home.arpa"), 0)
        self.assertEqual(dns_rcode(self.port, "printer.maple.home.arpa"), 3)
        found = self.ok("list", under="camera")["records"]
        self.assertEqual([(r["name"], r["type"], r["ttl"], r["rrs"], r["by"], r["conflicts"], r["internal"])
                          for r in found], [("camera", AAAA, 300, [address(4)], "cli", 0, False)])
        self.assertEqual(found[0]["author"], self.ok("node")["signing_key"])

    def test_refusals_name_the_record(self):
        self.found()
        rows = [("ADDRESS_LOOPBACK", record("b", AAAA, "00" * 15 + "01")), ("RDATA", record("b", AAAA, "00")),
                ("ADDRESS_LINK_LOCAL", record("b", AAAA, "fe80" + "00" * 14)),
                ("TLSA_LENGTH", record("_443._tcp.b", TLSA, "030101" + "00")),
                ("TYPE_UNSUPPORTED", record("b", 5, "00")), ("NOT_FOUND", record("b", AAAA)),
                ("NAME_U_LABEL", record("kühl", AAAA, ADDRESS)), ("LABEL_EMPTY", record("a..b", AAAA, ADDRESS)),
                ("LABEL_TOO_LONG", record("x" * 64, AAAA, ADDRESS)), ("NAME_CHARACTER", record("a b", AAAA, ADDRESS)),
                ("NAME_TOO_LONG", record(".".join(["x" * 60] * 4), AAAA, ADDRESS)),
                ("NAME_TOO_LONG", record(".".join(["x" * 60] * 3), AAAA, ADDRESS)),
                ("RANGE", record("b", AAAA, ADDRESS, ttl=1 << 31)), ("RANGE", record("b", AAAA, ADDRESS, ttl=-1)),
                ("RANGE", record("b", 65536, ADDRESS)), ("MALFORMED", record("b", "AAAA", ADDRESS)),
                ("MALFORMED", record("b", AAAA, "0")), ("MALFORMED", record("b", AAAA, "zz")), ("MALFORMED", "b"),
                ("MALFORMED", {"name": "b", "type": AAAA, "ttl": 1}), ("MALFORMED", record(7, AAAA, ADDRESS)),
                ("FULL", record("b", AAAA, *[address(n) for n in range(9)])),
                ("TOO_LONG", record("b", TXT, "00" * 1825))]
        before = self.ok("status")["entries"]
        for status, wrong in rows:
            answer = self.refused(status, "set", records=[record("a", AAAA, ADDRESS), wrong])
            self.assertEqual(answer["index"], 1, status)
        self.refused("TOO_LONG", "set", by="x" * 65, records=[record("a", AAAA, ADDRESS)])
        self.refused("MALFORMED", "set", records=[])
        self.refused("MALFORMED", "set")
        self.assertEqual(self.ok("status")["entries"], before)
        self.assertEqual(self.ok("list", under="a")["records"], [])

    def test_list(self):
        self.found()
        names = [f"d{number:03}" for number in range(40)] + ["deep.d005", "_443._tcp.d005"]
        self.ok("set", records=[record(name, AAAA if name[0] == "d" else TLSA,
                                       ADDRESS if name[0] == "d" else TLSA_311) for name in names])
        whole = self.ok("list", limit=1000)
        self.assertIsNone(whole["next"])
        self.assertEqual(len(whole["records"]), 43)
        paged, cursor = [], None
        while True:
            page = self.ok("list", limit=5, **({"after": cursor} if cursor else {}))
            self.assertLessEqual(len(page["records"]), 5)
            paged += page["records"]
            cursor = page["next"]
            if not cursor:
                break
        self.assertEqual(paged, whole["records"])
        below = ["d005", "_443._tcp.d005", "deep.d005"]
        self.assertEqual([r["name"] for r in self.ok("list", under="d005")["records"]], below)
        page = self.ok("list", under="d005", limit=2)
        self.assertEqual([r["name"] for r in page["records"]], below[:2])
        page = self.ok("list", under="d005", limit=2, after=page["next"])
        self.assertEqual(([r["name"] for r in page["records"]], page["next"]), (below[2:], None))
        # A cursor need not be there, may be before what is asked for, or behind it.
        for after, found in (("d000 1", below), ("c.b.a 9", below), ("d005 27", below), ("d005 28", below[1:]),
                             ("a.d005 1", below[2:]), ("d006 28", [])):
            self.assertEqual([r["name"] for r in self.ok("list", under="d005", after=after)["records"]], found, after)
        self.ok("set", records=[record("@", TXT, "0161")])
        page = self.ok("list", limit=1)
        self.assertEqual((page["records"][0]["name"], page["next"]), ("@", f"@ {TXT}"))
        self.assertEqual(self.ok("list", limit=1, after=page["next"])["records"], whole["records"][:1])
        for wrong in ({"limit": 0}, {"limit": -1}, {"limit": "x"}):
            self.refused("RANGE", "list", **wrong)
        for cursor in ("d005", "d005 ", "d005 x", "d005 70000", " 1"):
            self.assertFalse(self.client.ask("list", after=cursor)["ok"] and cursor != " 1", cursor)

    def test_page_fits_a_frame(self):
        """Large records: a page ends before the frame does."""
        self.found()
        text = "ff" + "61" * 255
        for number in range(400):
            self.client.send("stage", records=[record(f"t{number}", TXT, text * 7)])
            self.assertTrue(self.client.receive()["ok"])
        self.ok("commit")
        total, cursor, pages = 0, None, 0
        while True:
            page = self.ok("list", under="@", limit=1000, **({"after": cursor} if cursor else {}))
            total, pages, cursor = total + len(page["records"]), pages + 1, page["next"]
            if not cursor:
                break
        self.assertEqual(total, 401)
        self.assertGreater(pages, 1)
        entries, cursor = 0, None
        while True:
            page = self.ok("log", limit=1000, **({"before": cursor} if cursor else {}))
            entries, cursor = entries + len(page["entries"]), page["next"]
            if not cursor:
                break
        self.assertEqual(entries, self.ok("status")["entries"])

    def test_forget(self):
        self.found()
        self.ok("set", records=[record("cam", AAAA, ADDRESS), record("cam", NOTE, "01" + "61"),
                                record("_443._tcp.cam", TLSA, TLSA_311), record("_acme-challenge.cam", TXT, "0161"),
                                record("x._sip._tcp.cam", TXT, "0161"), record("child.cam", AAAA, ADDRESS),
                                record("_443._tcp.child.cam", TLSA, TLSA_311), record("camera", AAAA, ADDRESS)])
        answer = self.ok("forget", name="cam", by="cli")
        self.assertEqual(sorted((item["name"], item["type"]) for item in answer["removed"]),
                         [("_443._tcp.cam", TLSA), ("_acme-challenge.cam", TXT), ("cam", AAAA), ("cam", NOTE),
                          ("x._sip._tcp.cam", TXT)])
        self.assertEqual(len(answer["ids"]), 5)
        self.assertEqual([r["name"] for r in self.ok("list")["records"]],
                         ["maple._peer", "child.cam", "_443._tcp.child.cam", "camera"])
        self.assertEqual(answer["generation"], self.generation_of_view())
        self.refused("NOT_FOUND", "forget", name="cam")
        self.refused("NOT_FOUND", "forget", name="maple._peer")  # that is for unfollow
        self.refused("MALFORMED", "forget")

    def test_stage_and_commit(self):
        self.found()
        self.refused("NOT_FOUND", "commit")
        for part in range(10):
            staged = self.ok("stage", by="import", records=[record(f"n{part}-{i}", AAAA, address(i))
                                                            for i in range(100)])
            self.assertEqual(staged["staged"], 100 * (part + 1))
        self.assertEqual(self.refused("RDATA", "set", records=[record("x", AAAA, "00")])["index"], 0)
        wrong = self.refused("MALFORMED", "stage", records=[record("y", AAAA, ADDRESS), {"name": "z"}])
        self.assertEqual(wrong["index"], 1001)
        other = self.daemon.connect()  # a batch is its connection's own
        self.assertEqual(other.ask("commit")["status"], "NOT_FOUND")
        other.close()
        self.assertEqual(self.ok("status")["names"], 0)
        answer = self.ok("commit")
        self.assertEqual((answer["written"], answer["generation"]), (1000, self.generation_of_view()))
        self.assertEqual(self.ok("status")["names"], 1000)
        self.refused("NOT_FOUND", "commit")

    def test_commit_ends_before_the_daemon(self):
        """SIGTERM in the middle of a large write: it is made, published and answered first."""
        self.found()
        count = 8000
        for first in range(0, count, 1000):
            self.ok("stage", records=[record(f"n{i}", AAAA, address(i)) for i in range(first, first + 1000)])
        ledger = self.daemon.children()["ledger"]["pid"]
        before = hearthd.processor_ticks(ledger)
        self.client.send("commit")
        hearthd.wait_until(lambda: hearthd.processor_ticks(ledger) > before + 3, "the ledger works on it")
        self.daemon.signal(signal.SIGTERM)
        answer = self.client.receive()
        self.assertEqual((answer["ok"], answer.get("written")), (True, count), answer)
        self.assertEqual(self.daemon.process.wait(hearthd.WAIT_S), 0)
        self.daemon.reader.join(hearthd.WAIT_S)
        self.assertEqual(self.daemon.count("was killed"), 0, self.daemon.lines)
        self.assertEqual(self.generation_of_view(), answer["generation"])
        self.client.close()
        self.client = self.daemon.start().connect()
        self.assertEqual(self.ok("status")["names"], count)

    def test_commit_is_all_or_none(self):
        self.found()
        before = self.ok("list")
        self.ok("stage", records=[record(f"n{i}", AAAA, address(i)) for i in range(500)])
        self.ok("stage", records=[record("bad", A, "7f000001"), record("more", AAAA, ADDRESS)])
        answer = self.refused("ADDRESS_LOOPBACK", "commit")
        self.assertEqual(answer["index"], 500)
        self.assertIn("bad", answer["error"])
        self.assertEqual(self.ok("list"), before)
        self.refused("NOT_FOUND", "commit")
        self.ok("set", records=[record("bad", AAAA, ADDRESS)])

    def test_withdraw(self):
        self.found()
        self.ok("set", records=[record("_443._tcp.cam", TLSA, TLSA_311)])
        answer = self.ok("withdraw", hash=HASH, reason=2)
        self.assertEqual(answer["generation"], self.generation_of_view())
        withdrawn = self.ok("withdrawn")
        self.assertEqual([(w["hash"], w["id"], w["reason"]) for w in withdrawn["withdrawn"]],
                         [(HASH, answer["id"], 2)])
        self.assertIsNone(withdrawn["next"])
        found = self.ok("list", under="cam")["records"]
        self.assertEqual([(r["rrs"], r["removed"]) for r in found], [([], [TLSA_311])])
        for number in range(3):
            self.ok("withdraw", hash=bytes([number] * 32).hex())
        hashes, cursor = [], None
        while True:
            page = self.ok("withdrawn", limit=2, **({"after": cursor} if cursor else {}))
            hashes += [w["hash"] for w in page["withdrawn"]]
            cursor = page["next"]
            if not cursor:
                break
        self.assertEqual(hashes, sorted([HASH] + [bytes([n] * 32).hex() for n in range(3)]))
        for wrong in ({}, {"hash": "00"}, {"hash": 1}, {"hash": "zz" * 32}):
            self.refused("MALFORMED", "withdraw", **wrong)
        self.refused("RANGE", "withdraw", hash=HASH, reason=256)

    def test_log(self):
        owner = self.found()
        for number in range(3):
            self.ok("set", records=[record("cam", AAAA, address(number)), record("other", AAAA, address(number))])
        self.ok("withdraw", hash=HASH)
        entries = self.ok("log", limit=1000)["entries"]
        self.assertEqual([entry["kind"] for entry in entries[:2]], ["withdraw", "open"])
        self.assertEqual([(e["kind"], e["id"]) for e in entries[-2:]],
                         [("grant", owner.head.hex()), ("genesis", owner.namespace.hex())])
        self.assertEqual(entries[0]["hash"], HASH)
        sets = [e for e in entries if e.get("name") == "cam"]
        self.assertEqual([(e["rrs"][0], e["rule"]) for e in sets],
                         [(address(2), "in-effect"), (address(1), "replaced"), (address(0), "replaced")])
        self.assertEqual(sets[0]["over"], [sets[1]["id"]])
        self.assertEqual(self.ok("log", name="cam")["entries"], sets)
        paged, cursor = [], None
        while True:
            page = self.ok("log", limit=2, **({"before": cursor} if cursor else {}))
            paged += page["entries"]
            cursor = page["next"]
            if not cursor:
                break
        self.assertEqual(paged, entries)
        self.refused("MALFORMED", "log", before="newest")

    def test_log_of_one_name_among_many(self):
        """What does not match costs time too: a page ends after so much of it, and says where to go on."""
        self.found()
        self.ok("set", records=[record("cam", AAAA, ADDRESS)])
        for start in range(0, 5000, 1000):
            self.ok("stage", records=[record(f"n{i}", AAAA, ADDRESS) for i in range(start, start + 1000)])
        self.ok("commit")
        page = self.ok("log", name="cam")
        self.assertEqual(page["entries"], [])
        self.assertIsNotNone(page["next"])
        page = self.ok("log", name="cam", before=page["next"])
        self.assertEqual([entry["name"] for entry in page["entries"]], ["cam"])
        self.assertIsNone(page["next"])

    def test_why(self):
        self.found()
        self.ok("set", records=[record("cam", AAAA, ADDRESS)], by="adopt")
        live = self.ok("why", name="cam", type=AAAA)["live"]
        self.assertEqual([(item["rule"], item["by"], item["grant"]["role"]) for item in live],
                         [("in-effect", "adopt", "admin")])
        self.assertEqual(self.ok("why", name="cam", type=A)["live"], [])
        self.refused("MALFORMED", "why", name="cam")

    def test_revoked_node_is_refused(self):
        owner = self.found()
        self.ok("set", records=[record("cam", AAAA, ADDRESS)])
        key = bytes.fromhex(self.ok("node")["signing_key"])
        self.ok("ingest", entries=[owner.revoke(key).hex()])
        answer = self.refused("RULE", "set", records=[record("cam", AAAA, address(2))])
        self.assertEqual((answer["rule"], answer["index"]), ("revoked", 0))
        status = self.ok("status")
        self.assertFalse(status["healthy"])
        self.assertEqual(status["nodes"][0]["state"], "revoked")
        self.assertEqual(dns_rcode(self.port, "cam.maple.home.arpa"), 3)

    def test_many_writers(self):
        """Writes that come together share a view, and each gets its answer."""
        self.found()
        clients = [self.daemon.connect() for _ in range(20)]
        for number, client in enumerate(clients):
            client.send("set", records=[record(f"n{number}", AAAA, address(number))])
        answers = [client.receive() for client in clients]
        self.assertTrue(all(answer["ok"] for answer in answers))
        self.assertIn(self.generation_of_view(), [answer["generation"] for answer in answers])
        self.assertEqual(self.ok("status")["names"], 20)
        for client in clients:
            client.close()

    def test_bundle(self):
        owner = self.found()
        answer = self.ok("bundle")
        bundle = self.client.fd
        self.assertIsNotNone(bundle)
        octets = os.read(bundle, 1 << 20)
        self.assertEqual((len(octets), octets[:4]), (answer["bytes"], b"HLB1"))
        self.assertIn(owner.genesis, octets)
        with self.assertRaises(OSError):
            os.write(bundle, b"x")
        os.close(bundle)

    def test_local_upstream_is_in_the_view(self):
        self.found()

        def flags():
            with open(os.path.join(self.daemon.directory, "view", "names.view"), "rb") as file:
                return struct.unpack(">I", file.read(36)[32:])[0]

        self.assertEqual(flags() & 1, 0)
        self.daemon.configure(f"[resolver]\nlisten = 127.0.0.1@{self.port}\nlocal-upstream = 127.0.0.1@9\n")
        self.daemon.signal(signal.SIGHUP)
        hearthd.wait_until(lambda: flags() & 1, "the flag of the local upstream")


class Rights(WithHearthd):
    @unittest.skipUnless(os.getuid() == 0, "only root can ask as somebody else")
    def test_others(self):
        """The socket keeps other users out; and if its mode did not, hearthd would."""
        def ask():
            """What nobody is told; in a process of its own, since there is no way back from nobody."""
            reader, writer = os.pipe()
            if os.fork() == 0:
                try:
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                    client = self.daemon.connect()
                    os.write(writer, client.receive()["status"].encode())
                    client.close()
                except OSError as error:
                    os.write(writer, type(error).__name__.encode())
                finally:
                    os._exit(0)
            os.close(writer)
            with os.fdopen(reader) as file:
                said = file.read()
            os.wait()
            return said

        os.chmod(self.daemon.directory, 0o755)
        self.assertEqual(ask(), "PermissionError")
        os.chmod(os.path.dirname(self.daemon.socket), 0o755)
        os.chmod(self.daemon.socket, 0o666)
        self.assertEqual(ask(), "DENIED")


class Publishing(WithHearthd):
    def test_view_that_cannot_be_written(self):
        """The change is kept, the answer says that readers don't see it, and they do when they can."""
        self.found()
        view = os.path.join(self.daemon.directory, "view")
        os.mkdir(os.path.join(view, "names.view.tmp"))  # stands where the next view is made
        answer = self.refused("IO", "set", records=[record("cam", AAAA, ADDRESS)])
        self.assertIn("stored", answer["error"])
        self.assertIn("the view can't be published", " ".join(p["text"] for p in self.ok("status")["problems"]))
        self.assertEqual(len(self.ok("list", under="cam")["records"]), 1)
        os.rmdir(os.path.join(view, "names.view.tmp"))
        hearthd.wait_until(lambda: dns_rcode(self.port, "cam.maple.home.arpa") == 0, "published at last")
        self.assertTrue(self.ok("status")["healthy"])


if __name__ == "__main__":
    hearthd.isolate()
    unittest.main()
