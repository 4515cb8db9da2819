#!/usr/bin/env python3
"""System mode, as installed: an installation in a scratch folder, its accounts and folders made from its own snippets,
bound over /etc, /run and /var/lib in mount and network namespaces of the test's own. hearthd runs without -d, once
started by root and once as hearthd.service starts it.

Needs root, or `unshare --map-auto` (package uidmap) for a user of one's own."""
import atexit
import grp
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import hearthd
from hearthd import Hearthd, dns_rcode, wait_until

BUILD = os.environ["HEARTH_BUILD"]
ADDRESS, PORT = "127.0.0.153", 53
CAMERA = "camera.maple.home.arpa"
BIND_ONLY = 1 << 10  # CAP_NET_BIND_SERVICE, linux/capability.h
EXPOSURE = {"hearthd": 18, "hearth-proxy": 14}  # tenths; docs/sandbox.md has the figures and what they are made of
ALICE, BOB = 61001, 61002  # neither is anybody; Bob is in the group hearth
PREFIX = "/mnt"  # where the installed programs are, for everybody


def run(*command, check=True, **options):
    result = subprocess.run(command, capture_output=True, text=True, timeout=hearthd.WAIT_S, **options)
    if check and result.returncode != 0:
        raise AssertionError(f"{command}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def enter_namespaces():
    """Runs this file again, as root of namespaces of its own."""
    if os.environ.get("HEARTH_IN_NAMESPACE"):
        return
    os.environ["HEARTH_IN_NAMESPACE"] = "1"
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user", "--map-auto"]
    os.execvp("unshare", ["unshare", "--mount", "--net", *user, sys.executable, "-B", *sys.argv])


def install():
    """The installation; its root."""
    root = tempfile.mkdtemp(prefix="hearth-system-")
    atexit.register(shutil.rmtree, root, True)
    os.chmod(root, 0o755)
    run("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": root})
    for folder in ("etc", "run", "var/lib"):
        os.makedirs(os.path.join(root, folder), 0o755)
    for name in ("nsswitch.conf", "ld.so.cache"):
        if os.path.exists(f"/etc/{name}"):
            shutil.copy(f"/etc/{name}", f"{root}/etc/{name}")
    with open(f"{root}/etc/passwd", "w") as file:
        file.write("root:x:0:0::/root:/bin/sh\n"
                   f"alice:x:{ALICE}:{ALICE}::/:/bin/sh\nbob:x:{BOB}:{BOB}::/:/bin/sh\n")
    with open(f"{root}/etc/group", "w") as file:
        file.write(f"root:x:0:\nalice:x:{ALICE}:\nbob:x:{BOB}:\n")
    return root


def make_accounts(root):
    run("systemd-sysusers", f"--root={root}")
    run("systemd-tmpfiles", f"--root={root}", "--create")


def find(root, name):
    found = [os.path.join(folder, name) for folder, _, files in os.walk(root) if name in files]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def lay_over(root):
    """Only this process and its children see it."""
    run("mount", "--make-rprivate", "/")
    prefix = os.path.dirname(os.path.dirname(find(root, "hearthd")))
    for source, target in ((prefix, PREFIX), (f"{root}/etc", "/etc"), (f"{root}/run", "/run"),
                           (f"{root}/var/lib", "/var/lib")):
        run("mount", "--bind", source, target)
    run("ip", "link", "set", "lo", "up")


def proc_status(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def as_user(uid, groups=()):
    return {"user": uid, "group": uid, "extra_groups": list(groups)}


def hearth(*arguments, check=True, **options):
    return run(f"{PREFIX}/bin/hearth", *arguments, check=check, **options)


class SystemHearthd(Hearthd):
    """Without -d; as root, or as the unit starts it."""

    def __init__(self, launcher=()):
        super().__init__(directory="/")
        self.config, self.socket = "/etc/hearth/hearth.conf", "/run/hearth/control.sock"
        self.launcher = launcher

    def start(self, ready=True):
        self.lines = []
        self.process = subprocess.Popen([*self.launcher, f"{PREFIX}/sbin/hearthd", "-v"], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._collect, daemon=True)
        self.reader.start()
        if ready:
            self.wait_for("hearthd: ready")
        return self


AS_UNIT = ("setpriv", "--reuid=hearth", "--regid=hearth", "--clear-groups", "--no-new-privs",
           "--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service",
           "--bounding-set=-all,+net_bind_service")


class System(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = install()
        make_accounts(cls.root)
        lay_over(cls.root)
        cls.uid = pwd.getpwnam("hearth").pw_uid
        cls.gid = grp.getgrnam("hearth").gr_gid

    def setUp(self):
        for folder in ("/var/lib/hearth", "/etc/hearth", "/run/hearth"):
            shutil.rmtree(folder, True)
        make_accounts(self.root)

    def start(self, launcher=(), config=None):
        daemon = SystemHearthd(launcher)
        self.addCleanup(daemon.kill)
        if config:
            daemon.configure(config)
        return daemon.start()

    def check_processes(self, daemon):
        """Nobody is root, nobody can become it, and only the parent may bind."""
        children = daemon.children()
        pids = {"parent": daemon.process.pid, **{role: child["pid"] for role, child in children.items()}}
        self.assertEqual(len(pids), 3)
        for role, pid in pids.items():
            status = proc_status(pid)
            self.assertEqual(status["Uid"].split(), [str(self.uid)] * 4, role)
            self.assertEqual(status["Gid"].split(), [str(self.gid)] * 4, role)
            self.assertIn(status["Groups"].split(), ([], [str(self.gid)]), role)
            rights = BIND_ONLY if role == "parent" else 0
            for field in ("CapEff", "CapPrm"):
                self.assertEqual(int(status[field], 16), rights, (role, field))
            self.assertEqual(int(status["CapInh"], 16) & ~BIND_ONLY, 0, role)
            self.assertEqual(status["NoNewPrivs"], "1", role)
            if role != "parent":
                self.assertEqual(int(status["CapAmb"], 16), 0, role)
                for task in os.listdir(f"/proc/{pid}/task"):
                    self.assertEqual(proc_status(f"{pid}/task/{task}")["Seccomp"], "2", role)
                with open(f"/proc/{pid}/limits") as file:
                    self.assertIn("Max core file size        0                    0 ", file.read())
        # A process that can't be dumped belongs to root, in /proc.
        self.assertEqual(os.stat(f"/proc/{pids['ledger']}/environ").st_uid, 0)
        self.assertEqual(os.stat(f"/proc/{pids['resolver']}/environ").st_uid, self.uid)

    def check_service(self, daemon):
        self.assertEqual(hearth("init", "maple", "--yes").returncode, 0)
        self.assertEqual(hearth("set", "camera", "AAAA", "fd00::20").returncode, 0)
        self.assertEqual(dns_rcode(PORT, CAMERA, ADDRESS), 0)
        self.assertEqual(dns_rcode(PORT, "nobody.maple.home.arpa", ADDRESS), 3)
        self.assertEqual(daemon.count("upstream could not be set up"), 0)

    def check_rights(self):
        """Who may do what, of the machine's users."""
        self.assertEqual(hearth("ls", **as_user(ALICE)).returncode, 0)
        refused = hearth("set", "door", "AAAA", "fd00::21", check=False, **as_user(ALICE))
        self.assertEqual(refused.returncode, 4, refused)
        self.assertIn("may read, but not change", refused.stdout + refused.stderr)
        self.assertEqual(hearth("set", "door", "AAAA", "fd00::21", **as_user(BOB, [self.gid])).returncode, 0)
        self.assertEqual(os.stat("/run/hearth/control.sock").st_mode & 0o777, 0o666)
        refused = hearth("backup", "/tmp/alice.bundle", check=False, **as_user(ALICE))
        self.assertEqual(refused.returncode, 4, refused)
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            hearth("backup", os.path.join(folder, "bundle"), **as_user(BOB, [self.gid]))
        owner = [os.path.join("/etc/hearth/owner", name) for name in os.listdir("/etc/hearth/owner")]
        self.assertTrue(owner)
        keys = [os.path.join(folder, name) for folder, _, names in os.walk("/var/lib/hearth/state") for name in names]
        self.assertGreater(len(keys), 2)
        for path in owner:
            self.assertEqual((os.stat(path).st_uid, os.stat(path).st_mode & 0o777), (0, 0o600))
        for user, paths in ((ALICE, owner + keys), (BOB, owner + keys), (self.uid, owner)):
            for path in paths:
                self.assertNotEqual(run("test", "-r", path, check=False, **as_user(user)).returncode, 0, (user, path))
        self.assertEqual(run("test", "-r", "/var/lib/hearth/view/names.view", **as_user(ALICE)).returncode, 0)

    def test_started_by_root(self):
        daemon = self.start(config="[resolver]\nlocal-upstream = 127.0.0.1@9\n")
        self.check_processes(daemon)
        self.check_service(daemon)
        self.check_rights()
        with self.subTest("a port below 1024, bound later"):
            daemon.configure(f"[resolver]\nlisten = {ADDRESS}@{PORT}, 127.0.0.1@54\n")
            daemon.signal(signal.SIGHUP)
            daemon.wait_for("hearthd: ready", 2)
            self.assertEqual(dns_rcode(54, CAMERA), 0)
            self.check_processes(daemon)
        with self.subTest("more threads, later"):  # more sockets of the same address, which one user alone may share
            daemon.configure(f"[resolver]\nthreads = 3\nlisten = {ADDRESS}@{PORT}\n")
            daemon.signal(signal.SIGHUP)
            daemon.wait_for("hearthd: ready", 3)
            self.assertEqual([dns_rcode(PORT, CAMERA, ADDRESS) for _ in range(8)], [0] * 8)
        self.assertEqual(daemon.stop(), 0)

    def test_address_that_comes_later(self):
        """At boot, a configured address may not be there yet: no reason to end."""
        for later in ("192.0.2.77", "2001:db8::77"):
            daemon = self.start(config=f"[resolver]\nthreads = 2\nlisten = {ADDRESS}@{PORT}, {later}@{PORT}\n")
            daemon.wait_for(f"{later}@{PORT} is no address of this machine yet")
            self.assertEqual(dns_rcode(PORT, "localhost", ADDRESS), 0)
            run("ip", "address", "add", later, "dev", "lo")
            # The question comes from that address too, which nobody has allowed: refused is an answer.
            self.assertEqual(dns_rcode(PORT, "localhost", later), 5)
            daemon.signal(signal.SIGHUP)
            daemon.wait_for("hearthd: ready", 2)
            self.assertEqual(daemon.count("is no address of this machine yet"), 1)
            self.assertEqual(daemon.stop(), 0)

    def test_started_as_the_unit_does(self):
        os.mkdir("/run/hearth", 0o755)
        os.chown("/run/hearth", self.uid, self.gid)
        daemon = self.start(AS_UNIT)
        self.check_processes(daemon)
        self.check_service(daemon)
        self.check_rights()
        self.assertEqual(daemon.stop(), 0)

    def test_one_after_the_other(self):
        """What root's left, the unit's takes over, and the other way round."""
        daemon = self.start()
        self.check_service(daemon)
        daemon.process.kill()
        daemon.process.wait()
        for launcher in (AS_UNIT, ()):
            daemon = self.start(launcher)
            wait_until(lambda: dns_rcode(PORT, CAMERA, ADDRESS) == 0, "served again")
            self.assertEqual(daemon.stop(), 0)

    def test_without_rights(self):
        for message, launcher in (("start as root", ("setpriv", f"--reuid={ALICE}", "--clear-groups")),):
            daemon = SystemHearthd(launcher).start(ready=False)
            self.assertEqual(daemon.process.wait(hearthd.WAIT_S), 1)
            daemon.reader.join(hearthd.WAIT_S)
            self.assertIn(message, " ".join(daemon.lines))

    def test_without_account(self):
        with open("/etc/passwd") as file:
            before = file.read()
        with open("/etc/passwd", "w") as file:
            file.writelines(line + "\n" for line in before.splitlines() if not line.startswith("hearth:"))
        try:
            daemon = SystemHearthd().start(ready=False)
            self.assertEqual(daemon.process.wait(hearthd.WAIT_S), 1)
            daemon.reader.join(hearthd.WAIT_S)
            self.assertIn("there is no user hearth", " ".join(daemon.lines))
        finally:
            with open("/etc/passwd", "w") as file:
                file.write(before)

    def test_units(self):
        """They are right by systemd's own reading, their exposure is no more than the documents say, and none is
        enabled. The proxy's are two: the system's own, as a user that the installation makes, and one for each user."""
        for service, exposure in EXPOSURE.items():
            unit = next(os.path.join(folder, f"{service}.service") for folder, _, files in os.walk(self.root)
                        if folder.endswith("lib/systemd/system") and f"{service}.service" in files)
            run("systemd-analyze", "security", "--offline=true", f"--threshold={exposure}", unit)
            with open(unit) as file:
                text = file.read()
            program = text.split("ExecStart=", 1)[1].split()[0]
            self.assertTrue(os.access(self.root + program, os.X_OK), program)
            user = text.split("\nUser=", 1)[1].split()[0]
            with open(f"{self.root}/etc/passwd") as file:
                self.assertIn(f"\n{user}:", file.read())
        for folder, _, files in os.walk(self.root):
            if folder.endswith("lib/systemd/user"):
                self.assertEqual(files, ["hearth-proxy.service"])
            self.assertFalse(folder.endswith(".wants") and files, folder)


if __name__ == "__main__":
    enter_namespaces()
    unittest.main()
