#!/usr/bin/env python3
"""A database that rots under a real hearthd: it is moved aside and made again, nothing that was acknowledged is
lost, the daemon stays up and says what happened. Also when it is killed while it mends, and when nothing is left."""
import os
import random
import shutil
import signal
import time
import unittest

import house as faults
import hearthd
from hearthd import wait_until
from kill import answers, kill_ledger, ledger_pid

PAGE = 4096


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
            self.daemon.kill()
        self.daemon.start()
        self.house.check()
        self.goes_on()
        self.assertEqual(self.daemon.stop(), 0)
        kept = [name for name in os.listdir(self.state) if name.startswith("ledger.damaged-")]
        self.assertLessEqual(len(kept), 4)
        self.assertFalse(os.path.exists(os.path.join(self.state, "rebuild")))

    def test_cut_short_while_it_runs(self):
        """The process dies of it; the next one mends it."""
        self.daemon.start()
        killed = ledger_pid(self.daemon)
        os.truncate(self.data, 2 * PAGE)
        try:
            self.daemon.ask("log", limit=1000)
        except (OSError, ValueError):
            pass
        wait_until(lambda: answers(self.daemon, killed), "another process")
        self.house.check()
        self.goes_on()
        self.assertEqual(self.daemon.stop(), 0)


if __name__ == "__main__":
    hearthd.isolate()
    unittest.main()
