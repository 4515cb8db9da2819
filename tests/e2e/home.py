"""home.py: a household with its proxy, in namespaces of the test's own: hearthd, hearth-proxy, devices at addresses of
fd68:6561:7274::/64 on `lo`, names of other sites in a hosts file that only the test sees, and a scratch HOME for
browsers. All of it ends with the test, however that ends: the processes are in a process namespace of its own."""
import json
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "cli"))

from house import House  # noqa: E402 (what the tests of the command line use)
from device import Device, Identity  # noqa: E402

WAIT_S = 30
PREFIX = "fd68:6561:7274::"
MACHINE = ("/etc", "/usr/local/share", "/var/lib")
PROXY = ("127.0.0.1", 4680)
PUBLIC = {"www.site.example": PREFIX + "80"}


def address(number):
    return f"{PREFIX}{number}"


def enter():
    """Starts the program again inside the namespaces; 77 where the machine forbids them."""
    if os.environ.get("HEARTH_INSIDE"):
        return
    outside = ["unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child=SIGKILL"]
    if os.getuid() != 0:
        outside[1:1] = ["--user", "--map-root-user", "--map-auto"]
    tried = subprocess.run([*outside, "true"], capture_output=True, encoding="utf-8")
    if tried.returncode != 0:
        print(f"{sys.argv[0]}: namespaces can't be made here: {tried.stderr}")
        sys.exit(77)
    os.environ["HEARTH_INSIDE"] = "1"
    os.execvp(outside[0], [*outside, sys.executable, "-B", os.path.abspath(sys.argv[0]), *sys.argv[1:]])


def wait_until(holds, what, seconds=WAIT_S):
    """The first true value of holds(); bounded."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.02)
    raise RuntimeError(f"waited for: {what}")


def listens(at):
    try:
        socket.create_connection(at, timeout=1).close()
        return True
    except OSError:
        return False


class Home(House):
    def __init__(self, build, config=""):
        super().__init__(build, config)
        os.chmod(self.dir, 0o755)  # another user's program must fail by the proxy's word
        self.proxy, self.devices, self.identities = None, {}, {}
        self.passed, self.untouched = 0, set()
        self._make_network()
        for part in ("home", "run-user", "tmp"):
            os.makedirs(self.path(part), 0o700)

    def _make_network(self):
        # What `hearth trust` writes as root is this test's alone: copies, in memory, lie over the machine's folders.
        over = self.path("over")
        os.makedirs(over)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", over], check=True)
        for folder in MACHINE:
            copy = os.path.join(over, folder.strip("/").replace("/", "-"))
            if folder == "/var/lib":  # is large, and nothing in it is needed
                os.makedirs(copy)
            else:  # not all is for all to read
                subprocess.run(["cp", "-a", "--no-preserve=ownership", folder, copy], stderr=subprocess.DEVNULL)
            subprocess.run(["mount", "--bind", copy, folder], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for number in [f"{n:x}" for n in range(0x20, 0x40)] + ["80", "81", "82"]:
            subprocess.run(["ip", "-6", "address", "add", f"{address(number)}/64", "dev", "lo", "nodad"], check=True)
        self.hosts({})
        self._lay_over("/etc/resolv.conf", "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")

    def hosts(self, more):
        """Names that are known without the proxy."""
        names = {"localhost": "127.0.0.1", **PUBLIC, **more}
        self._lay_over("/etc/hosts", "".join(f"{at} {name}\n" for name, at in names.items()))

    def _lay_over(self, path, text):
        """The file has this text, for this test alone."""
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w") as out:
            out.write(text)

    def environment(self, home="home"):
        """Of a browser and of `hearth trust`: a HOME with nothing in it but what this test put there."""
        home = self.path(home)
        os.makedirs(os.path.join(home, ".cache"), 0o700, exist_ok=True)
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")
                if key in os.environ}  # nothing of the desktop on which the test may run
        return {**kept, "HOME": home, "XDG_CACHE_HOME": home + "/.cache", "XDG_RUNTIME_DIR": self.path("run-user"),
                "TMPDIR": self.path("tmp"), "MOZ_HEADLESS": "1", "HEARTH_DIR": self.dir}

    # --- the household ---

    def start(self, label="maple"):
        super().start()
        self.expect(0, "init", label)

    def identity(self, name, *more):
        if name not in self.identities:
            self.identities[name] = Identity(self, name, *more)
        return self.identities[name]

    def device(self, name, number, identity=None, adopt=True, **more):
        """A device, published by `adopt` with the key that it has."""
        device = Device(name, address(number), identity or self.identity(name), **more)
        self.devices[name] = device
        if adopt:
            at = device.address if device.port == 443 else f"[{device.address}]:{device.port}"
            self.expect(0, "adopt", name, at, "--yes")
            device.forget()
        return device

    def publish(self, name, number, *fingerprints, port=443):
        """Address and keys, said by hand."""
        self.expect(0, "set", name, "AAAA", address(number))
        if fingerprints:
            self.expect(0, "set", f"_{port}._tcp.{name}", "TLSA", *(f"3 1 1 {one}" for one in fingerprints))

    # --- the proxy ---

    def start_proxy(self, *words):
        self.proxy_log = open(self.path("hearth-proxy.log"), "ab")
        self.proxy = subprocess.Popen([os.path.join(self.bin, "hearth-proxy"), "-d", self.dir, *words],
                                      stdin=subprocess.DEVNULL, stdout=self.proxy_log, stderr=self.proxy_log,
                                      env=self.environment())
        wait_until(lambda: self.proxy.poll() is not None or listens(PROXY), "hearth-proxy listens")
        if self.proxy.poll() is not None:
            raise RuntimeError(f"hearth-proxy ended with {self.proxy.returncode}: {self.said_by_proxy()}")

    def said_by_proxy(self):
        with open(self.path("hearth-proxy.log"), errors="replace") as log:
            return log.read()

    def stop_proxy(self):
        if self.proxy:
            self.proxy.terminate()
            try:
                self.check(self.proxy.wait(timeout=WAIT_S) == 0,
                           f"hearth-proxy ends cleanly: {self.proxy.returncode}")
            except subprocess.TimeoutExpired:
                self.check(False, "hearth-proxy ends")
                self.proxy.kill()
                self.proxy.wait()
            self.proxy = None

    def ca(self):
        return self.path("proxy", "ca.pem")

    def trust(self, *words, home="home"):
        """`hearth trust`, as the user of that HOME runs it; its JSON."""
        done = self.run("trust", *words, "--json", env=self.environment(home))
        self.check(done.returncode == 0, f"trust {words}: {done.returncode} {done.stdout} {done.stderr}")
        return json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def close(self):
        try:
            self.stop_proxy()
            for device in self.devices.values():
                device.stop()
        finally:
            if self.failed and os.path.exists(self.path("hearth-proxy.log")):
                print(self.said_by_proxy()[-20000:])
            subprocess.run(["umount", "--lazy", self.path("over")])
            super().close()

    def run_stories(self, stories, wanted, *arguments):
        """Each in turn; what one breaks, the next is not kept from."""
        for story in stories:
            if wanted and story.__name__ not in wanted:
                continue
            before, began = self.failed, time.monotonic()
            try:
                story(self, *arguments)
            except Exception as why:  # noqa: BLE001 (told, and the next story is played)
                import traceback
                self.check(False, f"{story.__name__}: {type(why).__name__}: {why}\n{traceback.format_exc()}")
            self.passed += self.failed == before
            print(f"{'ok    ' if self.failed == before else 'FAILED'} {story.__name__} ({time.monotonic() - began:.1f} s)",
                  flush=True)

    def ending(self, what):
        print(f"{what}: {self.passed} stories hold" + (f", {self.failed} checks failed" if self.failed else ""))
        return 1 if self.failed else 0

