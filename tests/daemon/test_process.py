#!/usr/bin/env python3
"""hearthd as processes: start, second instance, children that die, a parent that dies, signals, listeners, notify.
Each test starts the real program in a directory of its own."""
import fcntl
import os
import resource
import signal
import socket
import subprocess
import tempfile
import unittest

import hearthd
from hearthd import Hearthd, Router, dns_query, dns_rcode, free_port, is_running, wait_until

NAME = "camera.maple.home.arpa"


def run(*arguments, **options):
    return subprocess.run([hearthd.BINARY, *arguments], capture_output=True, text=True, timeout=hearthd.WAIT_S,
                          **options)


def has_open(pid, name):
    try:
        folder = f"/proc/{pid}/fd"
        return any(os.readlink(os.path.join(folder, fd)).endswith(name) for fd in os.listdir(folder))
    except OSError:
        return False


def listening(port=None):
    return f"[resolver]\nlisten = 127.0.0.1@{port or free_port()}\n"


class CommandLine(unittest.TestCase):
    def test_help_and_version(self):
        for option in ("--help", "--version"):
            result = run(option)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn("hearthd", result.stdout)

    def test_usage(self):
        for arguments in (["-x"], ["-d"], ["-d", ""], ["more"], ["-d", "/" + "x" * 120]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertNotEqual(result.stderr, "")

    def test_check(self):
        daemon = Hearthd("[resolver]\nthreads = 2\n")
        self.assertEqual(run("-n", "-d", daemon.directory).returncode, 0)
        self.assertEqual(run("-n", env={**os.environ, "HEARTH_DIR": daemon.directory}).returncode, 0)
        self.assertFalse(os.path.exists(os.path.join(daemon.directory, "state")))
        daemon.configure("[resolver]\n\nthreads = many\n")
        for arguments in (["-n", "-d", daemon.directory], ["-d", daemon.directory]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2)
            self.assertTrue(result.stderr.startswith(f"{daemon.config}:3: [resolver] threads: "), result.stderr)


class Instance(unittest.TestCase):
    def start_under_lock(self):
        """Starts one whose lock another process holds until it has been asked for; did it get it?"""
        daemon = Hearthd(listening())
        os.mkdir(os.path.join(daemon.directory, "run"), 0o700)
        with open(os.path.join(daemon.directory, "run", "hearthd.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            daemon.start(ready=False)
            wait_until(lambda: has_open(daemon.process.pid, "hearthd.lock") or daemon.process.poll() is not None,
                       "the lock is asked for")
        wait_until(lambda: daemon.count("hearthd: ready") or daemon.process.poll() is not None, "an outcome")
        if daemon.process.poll() is not None:
            return False
        self.assertEqual(daemon.stop(), 0)
        return True

    def test_lock_that_is_about_to_go(self):
        """As after kill -9 of a parent that has just forked: its child holds the lock for a moment more. A machine that
        is busy may let more than that moment pass: three tries."""
        self.assertTrue(any(self.start_under_lock() for _ in range(3)))

    def test_second_is_refused(self):
        daemon = Hearthd(listening()).start()
        second = run("-d", daemon.directory)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"another hearthd (process {daemon.process.pid})", second.stderr)
        self.assertTrue(daemon.ask("hello")["ok"])
        self.assertEqual(daemon.stop(), 0)

    def test_stop_is_clean(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = Hearthd(listening()).start()
            pids = [child["pid"] for child in daemon.children().values()]
            self.assertEqual(len([pid for pid in pids if is_running(pid)]), 2)
            daemon.signal(number)
            self.assertEqual(daemon.process.wait(hearthd.WAIT_S), 0)
            self.assertFalse(any(is_running(pid) for pid in pids))
            self.assertFalse(os.path.exists(daemon.socket))

    def test_a_ledger_that_is_busy_gets_its_time(self):
        daemon = Hearthd(listening()).start()
        ledger = daemon.children()["ledger"]["pid"]
        os.kill(ledger, signal.SIGSTOP)  # busy with one step for as long as we want
        daemon.signal(signal.SIGTERM)
        try:
            daemon.wait_for("ledger is ending a write: it gets up to 10 s")
        finally:
            os.kill(ledger, signal.SIGCONT)
        self.assertEqual(daemon.process.wait(hearthd.WAIT_S), 0)
        daemon.reader.join(hearthd.WAIT_S)
        self.assertEqual(daemon.count("was killed"), 0, daemon.lines)

    def test_a_child_that_never_ends_is_killed(self):
        daemon = Hearthd(listening()).start()
        children = {role: child["pid"] for role, child in daemon.children().items()}
        for pid in children.values():
            os.kill(pid, signal.SIGSTOP)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(daemon.count("resolver did not end in 700 ms and was killed"), 1, daemon.lines)
        self.assertEqual(daemon.count("ledger did not end in 10000 ms and was killed"), 1, daemon.lines)
        self.assertFalse(any(is_running(pid) for pid in children.values()))

    def test_parent_killed(self):
        """The children end with it, and what it left is taken over by the next."""
        daemon = Hearthd(listening()).start()
        pids = [child["pid"] for child in daemon.children().values()]
        daemon.process.kill()
        daemon.process.wait()
        for pid in pids:
            wait_until(lambda: not is_running(pid), "the children end")
        self.assertTrue(os.path.exists(daemon.socket))
        again = Hearthd(directory=daemon.directory).start()
        self.assertTrue(again.ask("hello")["ok"])
        self.assertEqual(again.stop(), 0)

    def test_keys_stay(self):
        daemon = Hearthd(listening()).start()
        node = daemon.ask("node")
        self.assertEqual(daemon.stop(), 0)
        daemon.start()
        self.assertEqual(daemon.ask("node"), node)
        self.assertEqual(daemon.stop(), 0)


class Children(unittest.TestCase):
    def test_restarted_with_back_off(self):
        port = free_port()
        daemon = Hearthd(listening(port)).start()
        other = {"ledger": "resolver", "resolver": "ledger"}
        for round_number, delay in ((1, 100), (2, 200)):
            for role in ("resolver", "ledger"):
                before = daemon.children()
                os.kill(before[role]["pid"], signal.SIGKILL)
                daemon.wait_for(f"{role} ended by signal 9; it is started again in {delay} ms")
                daemon.wait_for("hearthd: ready", 2 * round_number + (role == "ledger"))
                after = daemon.children()
                self.assertNotEqual(after[role]["pid"], before[role]["pid"])
                self.assertEqual(after[role]["restarts"], round_number)
                self.assertEqual(after[other[role]]["pid"], before[other[role]]["pid"])
        self.assertIsNotNone(wait_until(lambda: dns_rcode(port, NAME) is not None, "an answer"))
        self.assertEqual(daemon.stop(), 0)

    def test_confined(self):
        """No new privileges, no descriptor that somebody else left open, keys that can't be dumped."""
        read_end, write_end = os.pipe()
        daemon = Hearthd(listening(), pass_fds=(write_end,)).start()
        os.close(write_end)
        lost = os.stat(read_end).st_ino
        self.assertIn(f"pipe:[{lost}]", self.links(daemon.process.pid))
        for role, child in daemon.children().items():
            with open(f"/proc/{child['pid']}/status") as file:
                status = file.read()
            self.assertIn("NoNewPrivs:\t1", status, role)
            if os.getuid() == 0:  # the ledger's are not even shown to its own user
                links = self.links(child["pid"])
                self.assertNotIn(f"pipe:[{lost}]", links)
                self.assertFalse([link for link in links if link.endswith("hearthd.lock")], role)
        self.assertEqual(daemon.stop(), 0)
        os.close(read_end)

    @staticmethod
    def links(pid):
        folder = f"/proc/{pid}/fd"
        return [os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)]

    def test_ledger_that_cannot_open(self):
        """It fails, is tried again, and comes up when the reason is gone."""
        daemon = Hearthd(listening())
        os.mkdir(os.path.join(daemon.directory, "state"), 0o700)
        key = os.path.join(daemon.directory, "state", "signing.key")
        with open(key, "w") as file:
            file.write("no key\n")
        os.chmod(key, 0o600)
        daemon.start(ready=False)
        daemon.wait_for("ledger ended with status 1", 2)
        self.assertEqual(daemon.count("hearthd: ready"), 0)
        os.unlink(key)
        daemon.wait_for("hearthd: ready")
        self.assertEqual(daemon.stop(), 0)


class Listeners(unittest.TestCase):
    def test_serves_before_there_is_a_household(self):
        port = free_port()
        daemon = Hearthd(listening(port)).start()
        self.assertEqual(dns_rcode(port, NAME), 3)
        status = daemon.ask("status")
        self.assertFalse(status["healthy"])
        self.assertEqual(status["problems"], [{"text": "no household yet", "hint": "hearth init LABEL"}])
        self.assertIsNone(status["generation"])
        self.assertEqual(os.listdir(os.path.join(daemon.directory, "view")), ["generation"])
        self.assertEqual(daemon.stop(), 0)

    def test_none(self):
        daemon = Hearthd("[resolver]\nlisten = none\n").start()
        status = daemon.ask("status")
        self.assertEqual([child["state"] for child in status["children"]], ["ready", "off"])
        self.assertEqual([door["door"] for door in status["doors"]], ["nss", "control"])
        self.assertEqual(len(status["problems"]), 1)
        self.assertEqual(daemon.stop(), 0)

    def test_taken_default_is_a_warning(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # it would share; hearthd does not
            taken.bind(("127.0.0.1", 5300))
            daemon = Hearthd("").start()
            daemon.wait_for("warning: 127.0.0.1@5300 is taken")
            status = daemon.ask("status")
            doors = {door["address"]: door["bound"] for door in status["doors"] if door["door"] == "dns"}
            self.assertFalse(doors.pop("127.0.0.1@5300"))
            self.assertIn("127.0.0.1@5300 is taken by another program: no DNS there",
                          [problem["text"] for problem in status["problems"]])
            if doors:
                self.assertEqual(dns_rcode(5300, NAME, "::1"), 3)
        daemon.signal(signal.SIGHUP)  # free now
        daemon.wait_for("configuration read again")
        wait_until(lambda: dns_rcode(5300, NAME) == 3, "the freed address is served")
        self.assertTrue(all(door["bound"] for door in daemon.ask("status")["doors"] if door["door"] == "dns"))
        self.assertEqual(daemon.stop(), 0)

    def test_taken_by_another_hearthd(self):
        """SO_REUSEPORT must not let a second one take a share of the questions."""
        first = Hearthd("").start()
        second = Hearthd("").start()
        second.wait_for("warning: 127.0.0.1@5300 is taken")
        self.assertEqual(second.children()["resolver"]["state"], "off")
        self.assertEqual(first.stop(), 0)
        second.wait_for("an address that was taken is free")  # by itself
        wait_until(lambda: dns_rcode(5300, NAME) == 3, "the freed address is served")
        self.assertTrue(all(door["bound"] for door in second.ask("status")["doors"] if door["door"] == "dns"))
        self.assertEqual(second.stop(), 0)

    def test_room_for_clients(self):
        """A shell's limit of open files is raised, as far as it may be, before the processes get their own for good."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 1024:
            self.skipTest("no room")
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            daemon = Hearthd(listening()).start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with open(f"/proc/{daemon.children()['resolver']['pid']}/limits") as file:
            limits = next(line.split()[3:5] for line in file if line.startswith("Max open files"))
        self.assertGreater(int(limits[0]), 1000)
        self.assertEqual(limits[0], limits[1])
        self.assertEqual(daemon.stop(), 0)

    def test_taken_configured_is_an_error(self):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as taken:
                taken.bind(("127.0.0.1", 0))
                if kind == socket.SOCK_STREAM:
                    taken.listen()
                port = taken.getsockname()[1]
                daemon = Hearthd(f"[resolver]\nthreads = 1\nlisten = 127.0.0.1@{free_port()}, 127.0.0.1@{port}\n")
                result = run("-d", daemon.directory)
                self.assertEqual(result.returncode, 2)
                self.assertIn(f"{daemon.config}:3: [resolver] listen: 127.0.0.1@{port}: Address already in use",
                              result.stderr)
                self.assertFalse(os.path.exists(daemon.socket))


class Reload(unittest.TestCase):
    def test_good_file(self):
        old, new = free_port(), free_port()
        daemon = Hearthd(listening(old)).start()
        before = daemon.children()
        daemon.configure(f"[resolver]\nlisten = 127.0.0.1@{new}\nthreads = 2\n")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("configuration read again")
        daemon.wait_for("hearthd: ready", 2)
        self.assertEqual(dns_rcode(new, NAME), 3)
        self.assertIsNone(dns_rcode(old, NAME))
        after = daemon.children()
        self.assertEqual(after["ledger"]["pid"], before["ledger"]["pid"])
        self.assertNotEqual(after["resolver"]["pid"], before["resolver"]["pid"])
        self.assertEqual(after["resolver"]["restarts"], 0)
        self.assertEqual([door["address"] for door in daemon.ask("status")["doors"]][0], f"127.0.0.1@{new}")
        self.assertEqual(daemon.stop(), 0)

    def test_same_address(self):
        """With other threads, an address that stays is never given up."""
        port = free_port()
        daemon = Hearthd(listening(port)).start()
        for threads in (3, 1):
            daemon.configure(listening(port) + f"threads = {threads}\n")
            ready = daemon.count("hearthd: ready")
            daemon.signal(signal.SIGHUP)
            daemon.wait_for("hearthd: ready", ready + 1)
            self.assertEqual([dns_rcode(port, NAME) for _ in range(8)], [3] * 8)
        self.assertEqual(daemon.stop(), 0)

    def test_bad_file(self):
        port = free_port()
        daemon = Hearthd(listening(port)).start()
        before = daemon.children()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            wrong = [("[resolver]\nlisten = here\n", ":2: [resolver] listen: "),
                     (listening(taken.getsockname()[1]), ":2: [resolver] listen: ")]
            for number, (text, message) in enumerate(wrong, 1):
                daemon.configure(text)
                daemon.signal(signal.SIGHUP)
                daemon.wait_for("the configuration before stays in force", number)
                self.assertEqual(daemon.count(daemon.config + message), number)
        self.assertEqual(daemon.children(), before)
        self.assertEqual(dns_rcode(port, NAME), 3)
        self.assertEqual(daemon.stop(), 0)


class Network(unittest.TestCase):
    NEWS = "after sleep or in another network: what the upstream had learnt is forgotten"

    def setUp(self):
        self.router = Router()
        self.port = free_port()
        self.daemon = Hearthd(self.text(self.router)).start()
        self.has_way = False

    def tearDown(self):
        if self.has_way:
            self.change_network()

    def text(self, router):
        return listening(self.port) + f"local-upstream = 127.0.0.1@{router.port}\n"

    def change_network(self):
        """There is a way to the root's servers, or none any more."""
        verb = "delete" if self.has_way else "add"
        subprocess.run(["ip", "address", verb, "198.41.0.1/24", "dev", "lo"], check=True)
        self.has_way = not self.has_way

    def learn(self, router, name="nas.home.arpa"):
        """Asked once, it is known."""
        before = router.count(name)
        for _ in range(3):
            self.assertEqual(dns_rcode(self.port, name), 0)
        self.assertEqual(router.count(name), before + 1)

    @unittest.skipUnless(os.getuid() == 0, "only root can change a network")
    def test_another_network(self):
        """What was learnt in the one before is asked for again, in the sandbox, as often as it changes."""
        self.assertTrue(CHANGEABLE)
        pid = self.daemon.children()["resolver"]["pid"]
        self.learn(self.router)
        for number in (1, 2, 3):
            self.change_network()
            self.daemon.wait_for(self.NEWS, number)
            self.learn(self.router)
        self.assertEqual(self.daemon.children()["resolver"]["pid"], pid)
        self.assertEqual(self.daemon.stop(), 0)

    @unittest.skipUnless(os.getuid() == 0, "only root can change a network")
    def test_open_questions_are_asked_anew(self):
        self.assertTrue(CHANGEABLE)
        for attempt in range(1, 6):
            name = f"slow{attempt}.home.arpa"
            self.router.holds = True
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.connect(("127.0.0.1", self.port))
                client.settimeout(hearthd.WAIT_S)
                client.send(dns_query(name))
                wait_until(lambda: self.router.count(name) > 0, "the router is asked")
                self.change_network()
                self.daemon.wait_for(self.NEWS, attempt)
                self.router.holds = False
                if client.recv(4096)[3] & 15 == 0:
                    break  # else this machine was so slow that the question's time was up
        else:
            self.fail("no open question outlived the change")
        self.assertEqual(self.daemon.stop(), 0)

    def test_another_upstream(self):
        """SIGHUP with another upstream: the new one is asked, also for what the old one had answered."""
        self.learn(self.router)
        other = Router()
        self.daemon.configure(self.text(other))
        self.daemon.signal(signal.SIGHUP)
        self.daemon.wait_for("hearthd: ready", 2)
        before = self.router.count("nas.home.arpa")
        self.learn(other)
        self.assertEqual(self.router.count("nas.home.arpa"), before)
        self.assertEqual(self.daemon.stop(), 0)


class Notify(unittest.TestCase):
    def test_service_manager_is_told(self):
        folder = tempfile.TemporaryDirectory()
        for address in (os.path.join(folder.name, "notify"), f"\0hearth-test-{os.getpid()}"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.settimeout(hearthd.WAIT_S)
                manager.bind(address)
                shown = address.replace("\0", "@")
                daemon = Hearthd(listening(), environment={"NOTIFY_SOCKET": shown}).start()
                self.assertIn(b"READY=1", manager.recv(4096))
                daemon.signal(signal.SIGHUP)
                self.assertRegex(manager.recv(4096), rb"RELOADING=1\nMONOTONIC_USEC=[0-9]+")
                self.assertIn(b"READY=1", manager.recv(4096))
                self.assertEqual(daemon.stop(), 0)
                self.assertIn(b"STOPPING=1", manager.recv(4096))
        folder.cleanup()


if __name__ == "__main__":
    CHANGEABLE = hearthd.isolate()
    unittest.main()
