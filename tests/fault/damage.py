#!/usr/bin/env python3
"""A database that rots under a real hearthd: it is moved aside and made again, nothing that was acknowledged is
lost, the daemon stays up and says what happened. Also when it is killed while it mends, and when nothing is left.

FAULT_LONG=1 tries each length while it runs, and many more bits."""
import os
import random
import shutil
import signal
import time
import unittest

import house as faults
import hearthd
from hearthd import wait_until
from kill import answers, kill_all, kill_ledger, ledger_pid

PAGE = 4096
LONG = os.environ.get("FAULT_LONG") == "1"


class Damage(unittest.TestCase):
    def setUp(self):
        self.house = faults.House()
        self.daemon = self.house.daemon
        self.state = os.path.join(self.daemon.directory, "state")
        self.data = os.path.join(self.state, "ledger", "data.mdb")
        self.copy = os.path.join(self.state, "backup.bundle")
        self.daemon.start()
        self.house.found()
        self.house.write()
        wait_until(lambda: len(self.house.acknowledged) > 30, "some writes")
        self.house.rest()
        self.house.pending = {}
        self.assertEqual(self.daemon.stop(), 0)

    def octets(self):
        with open(self.data, "rb") as file:
            return file.read()

    def flip(self, *places):
        """Bits of these octets."""
        with open(self.data, "r+b") as file:
            for place in places:
                file.seek(place)
                octet = file.read(1)[0]
                file.seek(place)
                file.write(bytes([octet ^ 1 << random.randrange(8)]))

    def entries(self):
        """Where entries stand in the file."""
        data, at, found = self.octets(), -1, []
        while (at := data.find(b"HLE1", at + 1)) >= 0:
            found.append(at)
        return found

    def problems(self):
        return [problem for problem in self.daemon.ask("status")["problems"] if "ledger" in problem["text"]]

    def goes_on(self):
        self.house.write()
        before = len(self.house.acknowledged)
        wait_until(lambda: len(self.house.acknowledged) > before + 5, "writes go on")
        self.house.rest()
        self.house.pending = {}
        self.house.check()

    def expect_rebuilt(self, kept="ledger.damaged-1"):
        self.daemon.start()
        self.house.check()
        (problem,) = self.problems()
        self.assertIn("was damaged: it was rebuilt", problem["text"])
        self.assertIn(f"{self.state}/{kept}", problem["hint"])
        self.assertTrue(os.path.exists(os.path.join(self.state, kept, "data.mdb")))
        self.goes_on()
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()  # nothing is wrong with the new one, and what happened is still told
        self.assertEqual(self.daemon.count("is damaged"), 0)
        self.assertEqual(self.problems(), [problem])
        os.unlink(os.path.join(self.state, "rescued"))
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.assertEqual(self.problems(), [])
        self.assertEqual(self.daemon.stop(), 0)

    def test_flipped_bits(self):
        self.flip(*(place + 200 for place in self.entries()))
        self.expect_rebuilt()

    def test_page_overwritten(self):
        for number in range(2):
            page = random.choice(self.entries()) // PAGE
            with open(self.data, "r+b") as file:
                file.seek(page * PAGE)
                file.write(random.randbytes(PAGE))
            self.daemon.start()
            self.house.check()
            self.assertEqual(self.daemon.stop(), 0)

    def test_cut_short(self):
        os.truncate(self.data, os.path.getsize(self.data) // 2 // PAGE * PAGE)
        self.expect_rebuilt()

    def put_back(self):
        """All as it was when it was whole."""
        shutil.rmtree(self.state)
        shutil.copytree(self.kept, self.state)

    def keep(self):
        self.kept = os.path.join(self.daemon.directory, "kept")
        shutil.copytree(self.state, self.kept)

    def test_cut_short_at_every_page(self):
        """Served at the first start after it, with every name and entry."""
        self.keep()
        for length in range(0, os.path.getsize(self.data), PAGE):
            with self.subTest(length=length):
                self.put_back()
                os.truncate(self.data, length)
                self.daemon.start()
                self.house.check(oracle=False)
                self.assertEqual(self.daemon.count("ledger ended"), 0)
                self.assertEqual(self.daemon.stop(), 0)

    def test_a_bit_here_and_there(self):
        self.keep()
        rng = random.Random(23)
        for _ in range(1000 if LONG else 20):
            bit = rng.randrange(os.path.getsize(self.data) * 8)
            with self.subTest(bit=bit):
                self.put_back()
                data = bytearray(self.octets())
                data[bit // 8] ^= 1 << bit % 8
                with open(self.data, "wb") as file:
                    file.write(data)
                self.daemon.start()
                self.house.check(oracle=False)
                self.assertEqual(self.daemon.count("ledger ended"), 0)
                self.assertEqual(self.daemon.stop(), 0)

    def test_without_a_copy(self):
        """What was committed is read from the damaged file alone; its meta pages are gone."""
        os.unlink(self.copy)
        with open(self.data, "r+b") as file:
            file.write(bytes(2 * PAGE))
        self.expect_rebuilt()

    def test_everything_lost_but_the_copy(self):
        shutil.rmtree(os.path.join(self.state, "ledger"))
        self.daemon.start()
        self.house.check()
        (problem,) = self.problems()
        self.assertIn("was missing: it was rebuilt", problem["text"])
        self.goes_on()
        self.assertEqual(self.daemon.stop(), 0)

    def test_nothing_left(self):
        """It starts, says so, does not found another household by mistake, and takes a backup that is put there."""
        backup = os.path.join(self.daemon.directory, "backup")
        os.rename(self.copy, backup)
        with open(self.data, "wb") as file:
            file.write(random.randbytes(8 * PAGE))
        self.daemon.start()
        self.assertIsNone(self.daemon.ask("hello")["household"])
        (problem,) = self.problems()
        self.assertIn("no household could be read again", problem["text"])
        refusal = self.daemon.ask("ingest", own=True, entries=[faults.Owner(b"another".ljust(32)).genesis.hex()])
        self.assertEqual(refusal["status"], "EXISTS")
        self.assertEqual(self.daemon.stop(), 0)
        shutil.copy(backup, self.copy)
        self.daemon.start()
        self.house.check()
        self.goes_on()
        self.assertEqual(self.daemon.stop(), 0)

    def test_killed_while_it_mends(self):
        rng = random.Random(5)
        for number in range(12):
            if not os.path.exists(os.path.join(self.state, "rebuild")):
                self.flip(*(place + 200 for place in rng.sample(self.entries(), 5)))
            self.daemon.start(ready=False)
            wait_until(lambda: ledger_pid(self.daemon), "a child")
            time.sleep(rng.random() * 0.1)
            kill_ledger(self.daemon)
            kill_all(self.daemon)
        self.daemon.start()
        self.house.check()
        self.goes_on()
        self.assertEqual(self.daemon.stop(), 0)
        kept = [name for name in os.listdir(self.state) if name.startswith("ledger.damaged-")]
        self.assertLessEqual(len(kept), 4)
        self.assertFalse(os.path.exists(os.path.join(self.state, "rebuild")))

    def test_cut_short_while_it_runs(self):
        """The process dies of it, or finds it out; the next one mends it."""
        self.keep()
        lengths = range(0, os.path.getsize(self.data), PAGE)
        for length in lengths if LONG else [0, PAGE, 2 * PAGE, *random.Random(3).sample(lengths[3:], 3)]:
            with self.subTest(length=length):
                self.put_back()
                self.daemon.start()
                os.truncate(self.data, length)
                try:
                    self.daemon.ask("log", limit=1000)
                except (OSError, ValueError):
                    pass
                wait_until(lambda: answers(self.daemon, []), "an answer")
                kill_all(self.daemon)
                self.daemon.start()
                self.house.check()
                self.assertEqual(self.daemon.stop(), 0)


class Keys(unittest.TestCase):
    """A key that is damaged is not replaced: the ledger process says which, and serves again with it put back."""

    def setUp(self):
        self.house = faults.House()
        self.daemon = self.house.daemon
        self.daemon.start()
        self.house.found()
        self.assertEqual(self.daemon.stop(), 0)

    def path(self, name):
        return os.path.join(self.daemon.directory, "state", name)

    def expect_refused(self, name, data, message, mode=0o600):
        with open(self.path(name), "rb") as file:
            genuine = file.read()
        with open(self.path(name), "wb") as file:
            file.write(data if data is not None else genuine)
        os.chmod(self.path(name), mode)
        self.daemon.start(ready=False)
        self.daemon.wait_for(message)
        self.daemon.wait_for("ledger ended with status 1", 2)
        self.assertIsNone(self.daemon.process.poll())
        with open(self.path(name), "wb") as file:
            file.write(genuine)
        os.chmod(self.path(name), 0o600)
        self.daemon.wait_for("hearthd: ready")
        self.house.check()
        self.assertEqual(self.daemon.stop(), 0)

    def test_damaged(self):
        for name in ("signing.key", "zone.key"):
            with self.subTest(name=name):
                self.expect_refused(name, b"hearth-key 1", "the node's keys in")
        self.expect_refused("tls.key", b"nonsense", "the TLS key in")

    def test_certificate(self):
        """It says nothing that the key does not: it is made anew."""
        with open(self.path("tls.pem"), "r+b") as file:
            file.seek(60)
            file.write(b"XXXX")
        self.daemon.start()
        self.house.check()
        self.assertEqual(self.daemon.stop(), 0)

    def test_readable_by_others(self):
        for name, message in (("signing.key", "the node's keys in"), ("tls.key", "the TLS key in")):
            with self.subTest(name=name):
                self.expect_refused(name, None, message, mode=0o644)


if __name__ == "__main__":
    hearthd.isolate()
    unittest.main()
