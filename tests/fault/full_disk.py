#!/usr/bin/env python3
"""A disk that is full: writes are refused and say why, everything else goes on, also after kill -9 and a new start,
and when there is room again nothing has to be repaired. The disk is a small tmpfs in a mount namespace of our own."""
import ctypes
import os
import shutil
import sys
import tempfile
import unittest

import house as faults
import hearthd
from hearthd import dns_rcode, free_port, wait_until
from kill import answers, kill_ledger

NEW_NS, NEW_USER = 0x00020000, 0x10000000
PRIVATE, RECURSIVE = 1 << 18, 1 << 14
SIZE = 4 << 20


def mount(libc, source, target, kind, flags, options):
    if libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags),
                  options.encode() if options else None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def small_disk():
    """Where it is mounted. It goes away with this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    target = tempfile.mkdtemp(prefix="hearth-disk-")
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(NEW_NS if uid == 0 else NEW_NS | NEW_USER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if uid != 0:
        for path, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{path}", "w") as file:
                file.write(text)
    mount(libc, "none", "/", None, PRIVATE | RECURSIVE, None)
    mount(libc, "tmpfs", target, "tmpfs", 0, f"size={SIZE},mode=700")
    return target


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(dir=DISK)
        self.stuffing = os.path.join(self.directory, "stuffing")
        self.port = free_port()
        self.house = faults.House(writers=1, directory=self.directory)
        self.daemon = self.house.daemon
        self.daemon.configure(f"[resolver]\nlisten = 127.0.0.1@{self.port}\n")

    def tearDown(self):
        self.daemon.kill()
        self.empty()
        shutil.rmtree(self.directory)

    def stuff(self):
        with open(self.stuffing, "ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass

    def empty(self):
        if os.path.exists(self.stuffing):
            os.unlink(self.stuffing)

    def set(self, name, number):
        return self.daemon.ask("set", by="fault", records=[
            {"name": name, "type": faults.AAAA, "ttl": 60, "rrs": [faults.address(number)]}])

    def keep(self, name, number):
        answer = self.set(name, number)
        if answer["ok"]:
            self.house.acknowledged.update(bytes.fromhex(text) for text in answer["ids"])
            self.house.values[name] = faults.address(number)
        return answer

    def found(self):
        self.daemon.start()
        self.house.found()
        for number in range(20):
            self.assertTrue(self.keep(f"device{number}", number + 1)["ok"])

    def expect_refused(self):
        """What is free inside the files is used up first; then every write is refused, and changes nothing."""
        number = 100
        while (answer := self.keep(f"more{number}", number))["ok"]:
            number += 1
            self.stuff()
            self.assertLess(number, 400)
        self.assertIn(answer["status"], ("FULL", "IO"))
        if answer["status"] == "FULL":
            self.assertIn("no room on the disk", answer["error"])
            self.assertIn("make room", answer["hint"])
            self.assertNotIn(f"more{number}", self.house.listed())
        else:  # stored in what was left, but the view found no room: said, and mended by itself later
            self.assertIn("could not be published", answer["error"])
            self.house.values[f"more{number}"] = faults.address(number)
        self.assertIn("is full: writes are refused", " ".join(p["text"] for p in self.daemon.ask("status")["problems"]))

    def expect_served(self):
        self.house.check()
        genuine = next(iter(self.house.values))
        namespace = self.daemon.ask("hello")["household"]
        name = f"{genuine}.{namespace}.home.arpa"
        self.assertEqual(dns_rcode(self.port, name), 0)
        self.assertEqual(dns_rcode(self.port, "nothing." + name.split(".", 1)[1]), 3)

    def expect_recovery(self):
        self.empty()
        wait_until(lambda: self.keep("after", 999)["ok"], "a write")
        self.house.check()
        wait_until(lambda: not [p for p in self.daemon.ask("status")["problems"] if "full" in p["text"]
                                or "can't be" in p["text"]], "no problem any more")
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.house.check()
        self.assertEqual(self.daemon.stop(), 0)

    def test_writes_are_refused(self):
        self.found()
        self.stuff()
        self.expect_refused()
        self.expect_served()
        self.expect_recovery()

    def test_killed_on_a_full_disk(self):
        self.found()
        self.stuff()
        self.expect_refused()
        for _ in range(3):
            killed = kill_ledger(self.daemon)
            wait_until(lambda: answers(self.daemon, killed), "an answer")
            self.expect_served()
            self.stuff()
            self.assertFalse(self.set("refused", 1)["ok"])
        self.expect_recovery()

    def test_started_on_a_full_disk(self):
        self.found()
        self.stuff()
        self.expect_refused()
        self.assertEqual(self.daemon.stop(), 0)
        self.stuff()
        self.daemon.start()
        self.expect_served()
        self.assertFalse(self.set("refused", 1)["ok"])
        self.expect_recovery()

    def test_first_start_on_a_full_disk(self):
        """Keys and ledger come to be once there is room, without anybody's help."""
        os.mkdir(os.path.join(self.directory, "run"))
        self.stuff()
        self.daemon.start(ready=False)
        self.daemon.wait_for("ledger ended with status 1", 2)
        self.empty()
        self.daemon.wait_for("hearthd: ready")
        self.house.found()
        self.assertEqual(self.daemon.ask("status")["entries"], 2)
        self.assertEqual(self.daemon.stop(), 0)

    def test_mended_once_there_is_room(self):
        """A database that rots on a full disk stays where it is until a new one fits beside it."""
        self.found()
        self.assertEqual(self.daemon.stop(), 0)
        data = os.path.join(self.directory, "state", "ledger", "data.mdb")
        os.truncate(data, os.path.getsize(data) // 2)
        self.stuff()
        self.daemon.start(ready=False)
        self.daemon.wait_for("ledger ended with status 1", 2)
        self.assertTrue(os.path.exists(data))
        self.empty()
        self.daemon.wait_for("hearthd: ready")
        self.house.check()
        self.expect_recovery()


if __name__ == "__main__":
    try:
        DISK = small_disk()
    except OSError as error:
        print(f"skipped: {error}", file=sys.stderr)
        sys.exit(77)
    hearthd.isolate()
    unittest.main()
